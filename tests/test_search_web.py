"""Searches over HTTP: the page, and every query as a feed."""

import asyncio
import json
from contextlib import contextmanager, suppress
from datetime import timedelta

import feedparser
import pytest
from asgi import ask
from feed_validator import problems
from house import house
from lxml import html
from newsroom import BOATS, COURTS, NOW, newsroom, rss
from outbox import DESK, alert, desk
from starlette.exceptions import HTTPException

from syndicator.errors import StoreSlowError
from syndicator.web import web_app
from syndicator.web.computed import KEPT, KEPT_WHILE_BUSY
from syndicator.web.reading import ReadingRoom

MINUTE = timedelta(minutes=1)
FORMATS = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
SERVER = "[server]\nrate = 20\n"


class Web:
    """A newsroom's searches, asked without a network."""

    def __init__(self, it, house):
        self.it, self.house, self.app = it, house, web_app(house)

    def ask(self, path, method="GET", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.app, path, method, headers=named)

    def titles(self, query="boat"):
        reply = self.ask(f"/search.json?q={query}")
        assert reply.status == 200, reply.body
        return [item["title"] for item in json.loads(reply.body)["items"]]

    def after(self, span=timedelta(seconds=2)):
        self.it.now += span

    def kill(self, title):
        self.it.room.desk.kill(self.it.article(title), "Forged.", self.it.now, by="anna")

    def count(self, monkeypatch):
        """How often a search is really done, from now on."""
        done = []
        search = type(self.it.store.search)
        find = search.find
        monkeypatch.setattr(search, "find", lambda *args, **more: done.append(1) or find(*args, **more))
        return done


@contextmanager
def web(root, *parts):
    with desk(root, DESK, alert(query="nothing"), BOATS, COURTS, *parts) as it, house(it.room, lambda: it.now) as there:
        it.now += MINUTE
        yield Web(it, there)


@pytest.mark.parametrize("extension", FORMATS)
def test_any_query_is_a_valid_feed_that_calls_itself_by_its_own_address(tmp_path, extension):
    with web(tmp_path) as it:
        it.it.say("A boat came in", "A dinghy & a <b>court</b>", "Rain on Tuesday")
        path = f"/search.{extension}?q=boat%20OR%20dinghy"
        reply = it.ask(path)
        assert reply.status == 200
        assert reply["content-type"] == FORMATS[extension]
        assert problems(reply.body, extension, now=NOW + MINUTE, url=f"https://desk.example{path}") == []
        assert b"Rain" not in reply.body
        assert reply["access-control-allow-origin"] == "*"
        assert reply["x-robots-tag"] == "noindex"
        assert reply["cache-control"] == "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
        assert reply["link"] == f'<https://desk.example{path}>; rel="self"'


def test_all_spellings_of_a_query_are_one_feed(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat at court")
        replies = [it.ask(f"/search.atom?q={query}") for query in ("boat%20court", "boat+AND+court", "+boat++court%20")]
        assert len({reply.body for reply in replies}) == 1
        other = feedparser.parse(it.ask("/search.atom?q=boat").body)
        one = feedparser.parse(replies[0].body)
        assert one.feed.id != other.feed.id
        assert one.feed.title == "Search: boat court"
        assert one.feed.link == "https://desk.example/search?q=boat%20court"


def test_formats_carry_the_same_items_newest_first_and_at_most_fifty(tmp_path):
    with web(tmp_path) as it:
        for number in range(53):
            it.it.say(f"Boat {number:02}")
            it.after(timedelta(seconds=1))
        titles = it.titles()
        assert titles == [f"Boat {number:02}" for number in range(52, 2, -1)]
        for extension in ("rss", "atom"):
            entries = feedparser.parse(it.ask(f"/search.{extension}?q=boat").body).entries
            assert [entry.title for entry in entries] == titles


def test_embargoed_and_withdrawn_articles_are_not_found(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat stays", "A boat is held", "A boat is killed")
        it.after()
        it.it.room.desk.embargo(it.it.article("A boat is held"), it.it.now + MINUTE, it.it.now, by="anna")
        it.kill("A boat is killed")
        assert it.titles() == ["A boat stays"]
        page = it.ask("/search?q=boat").body
        assert b"is held" not in page
        assert b"is killed" not in page


def test_a_kill_reaches_a_search_feed_at_once_and_leaves_a_tombstone(tmp_path):
    """In every search feed: which queries the withdrawn words matched is not told."""
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        id_ = it.it.article("A boat came in")
        first = it.ask("/search.atom?q=boat")
        it.after()
        it.kill("A boat came in")
        for query in ("boat", "umbrella"):
            reply = it.ask(f"/search.atom?q={query}", if_none_match=first["etag"])
            assert reply.status == 200
            assert feedparser.parse(reply.body).entries == []
            assert f'ref="{id_}"'.encode() in reply.body
            assert b"came in" not in reply.body
            assert problems(reply.body, "atom", now=it.it.now) == []
        deleted = json.loads(it.ask("/search.json?q=boat").body)["_syndicator"]["deleted"]
        assert [each["ref"] for each in deleted] == [id_]


def test_validators_answer_who_has_the_newest_bytes(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        it.after()
        first = it.ask("/search.rss?q=boat")
        date = first["last-modified"]
        for headers, status in [
            ({"if_none_match": first["etag"]}, 304),
            ({"if_none_match": f'"x", W/{first["etag"]}'}, 304),
            ({"if_none_match": "*"}, 304),
            ({"if_none_match": '"x"', "if_modified_since": date}, 200),
            ({"if_modified_since": date}, 304),
            ({"if_modified_since": "Tue, 03 Nov 2026 11:00:00 GMT"}, 200),
            ({"if_modified_since": "Wed, 03 Nov 2027 12:00:00 GMT"}, 200),
            ({"if_modified_since": "not a date"}, 200),
        ]:
            reply = it.ask("/search.rss?q=boat", **headers)
            assert reply.status == status, headers
            assert reply["etag"] == first["etag"]
            assert reply["last-modified"] == date
            assert (reply.body == b"") == (status == 304)
        head = it.ask("/search.rss?q=boat", "HEAD")
        assert (head.status, head["etag"]) == (200, first["etag"])
        it.it.say("A second boat")
        it.after()
        later = it.ask("/search.rss?q=boat", if_none_match=first["etag"], if_modified_since=date)
        assert later.status == 200
        assert b"A second boat" in later.body
        assert later["etag"] != first["etag"]
        assert later["last-modified"] > date


def test_a_reader_that_sends_dates_alone_misses_nothing(tmp_path):
    """News that come in within one second, and a clock that was set back."""
    with web(tmp_path) as it:
        it.it.now = it.it.now.replace(microsecond=0)
        seen, date = 0, None
        for number, step in enumerate([0.0, 0.2, 0.2, 0.2, 3.0, -120.0, 0.5, 130.0], 1):
            it.it.now += timedelta(seconds=step)
            it.it.say(f"Boat {number}")
            reply = it.ask("/search.json?q=boat", **({"if_modified_since": date} if date else {}))
            assert reply.status == 200
            assert len(json.loads(reply.body)["items"]) == number > seen
            seen, date = number, reply.get("last-modified") or date
        assert date is not None


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_packed_bytes_have_a_tag_of_their_own(tmp_path, coding):
    with web(tmp_path) as it:
        it.it.say("A boat came in", text="All of it. " * 100)
        plain = it.ask("/search.atom?q=boat")
        packed = it.ask("/search.atom?q=boat", accept_encoding=coding)
        assert packed["content-encoding"] == coding
        assert len(packed.body) < len(plain.body)
        assert packed["etag"] != plain["etag"]
        assert plain["vary"] == packed["vary"] == "Accept-Encoding"
        for known, other in ((plain, coding), (packed, coding), (packed, "identity")):
            again = it.ask("/search.atom?q=boat", accept_encoding=other, if_none_match=f'"x", {known["etag"]}')
            assert (again.status, again["etag"]) == (304, known["etag"])
        assert it.ask("/search.atom?q=boat", accept_encoding=f"{coding};q=0").get("content-encoding") is None


def test_a_search_is_done_once_while_nothing_changes(tmp_path, monkeypatch):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        done = it.count(monkeypatch)
        for _ in range(3):
            it.ask("/search.atom?q=boat")
        assert len(done) == 1
        it.it.say("Rain")
        it.ask("/search.atom?q=boat")
        assert len(done) == 2
        it.after(KEPT)
        it.ask("/search.atom?q=boat")
        assert len(done) == 3


def test_readers_who_ask_at_the_same_time_wait_for_one_search(tmp_path, monkeypatch):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        done = it.count(monkeypatch)
        replies = asyncio.run(_together(it.app, "/search.atom", b"q=boat", 8))
        assert replies == [200] * 8
        assert len(done) == 1


async def _together(app, path, query, number):
    async def one():
        sent = []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"]

    return await asyncio.gather(*(one() for _ in range(number)))


def test_work_is_limited_and_what_is_kept_is_free(tmp_path):
    with web(tmp_path, SERVER) as it:
        it.it.say("A boat came in")
        replies = [it.ask(f"/search.atom?q=boat{number}") for number in range(25)]
        refused = [reply for reply in replies if reply.status == 429]
        assert [reply.status for reply in replies[:5]] == [200] * 5
        assert refused
        assert all(int(reply["retry-after"]) > 0 for reply in refused)
        page = it.ask("/search?q=boat")
        assert page.status == 429
        assert f"again in {page['retry-after']} seconds" in page.body.decode()
        assert it.ask("/search").status == 200
        assert {it.ask("/search.atom?q=boat0").status for _ in range(30)} == {200}


@pytest.mark.parametrize("path", ["/search.atom", "/search.rss", "/search.json", "/search"])
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("%22boat", "is never closed"),
        ("boat AND", "character"),
        ("-boat", "character"),
        ("boat)", "character 5"),
        ("topic:nowhere", "nowhere"),
        ("titel:boat", "title:"),
        ("x" * 5000, "too long"),
        ("%3Cscript%3Ealert(1)%3C/script%3E%20(", "character"),
        ("%FF%FE(", "character"),
    ],
)
def test_a_bad_query_is_told_where_and_how_to_mend_it(tmp_path_factory, one_web, path, query, told):
    reply = one_web.ask(f"{path}?q={query.replace(' ', '%20')}")
    assert reply.status == 400
    text = html.fromstring(reply.body).text_content() if path == "/search" else reply.body.decode()
    assert told in text
    assert "^" in text
    assert reply["cache-control"] == "no-store"
    if path != "/search":
        assert reply["content-type"] == "text/plain; charset=utf-8"
    else:
        assert b"<script" not in reply.body


@pytest.fixture(scope="module")
def one_web(tmp_path_factory):
    with web(tmp_path_factory.mktemp("search")) as it:
        yield it


@pytest.mark.parametrize("query", ["", "?q=", "?q=%20", "?other=boat"])
@pytest.mark.parametrize(("path", "status"), [("/search.atom", 400), ("/search", 200)])
def test_without_a_query_people_get_help_and_readers_are_told(one_web, path, query, status):
    reply = one_web.ask(path + query)
    assert reply.status == status
    assert b"asylum" in reply.body


def test_parameters_that_are_not_ours_do_no_harm(one_web):
    assert one_web.ask("/search.atom?utm_source=x&q=boat").body == one_web.ask("/search.atom?q=boat").body


@pytest.mark.parametrize("path", ["/search.csv?q=boat", "/search.html?q=boat", "/search.?q=boat", "/search/?q=boat"])
def test_there_is_no_other_format(one_web, path):
    assert one_web.ask(path).status == 404


@pytest.mark.parametrize("path", ["/search?q=boat", "/search.atom?q=boat"])
def test_searches_can_only_be_read(one_web, path):
    reply = one_web.ask(path, "DELETE")
    assert reply.status == 405
    assert "GET" in reply["allow"]


@pytest.mark.parametrize("path", ["/search?q=unasked", "/search.atom?q=unasked"])
def test_a_search_that_takes_too_long_is_put_off(one_web, monkeypatch, path):
    one_web.after(KEPT * 2)

    async def slow(*_, **__):
        await asyncio.sleep(0)
        raise StoreSlowError("not done")

    monkeypatch.setattr(type(one_web.house.searching), "read", slow)
    reply = one_web.ask(path)
    assert reply.status == 503
    assert int(reply["retry-after"]) > 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(StoreSlowError("not done"), 503, id="too slow, or too many"),
        pytest.param(HTTPException(429, headers={"Retry-After": "5"}), 429, id="this client has had its share"),
    ],
)
def test_while_there_is_no_time_the_last_good_feed_stands_unless_anything_has_changed(
    tmp_path, monkeypatch, error, status
):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        first = it.ask("/search.atom?q=boat")

        async def busy(*_, **__):
            await asyncio.sleep(0)
            raise error

        monkeypatch.setattr(ReadingRoom, "read", busy)
        it.after(KEPT * 3)
        reply = it.ask("/search.atom?q=boat")
        assert (reply.status, reply.body) == (200, first.body)
        assert it.ask("/search.atom?q=court").status == status
        it.kill("A boat came in")
        reply = it.ask("/search.atom?q=boat")
        assert reply.status == status
        assert int(reply["retry-after"]) > 0


def test_a_last_good_feed_is_not_given_out_for_ever(tmp_path, monkeypatch):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        it.ask("/search.atom?q=boat")

        async def busy(*_, **__):
            await asyncio.sleep(0)
            raise StoreSlowError("not done")

        monkeypatch.setattr(ReadingRoom, "read", busy)
        it.after(KEPT_WHILE_BUSY)
        assert it.ask("/search.atom?q=boat").status == 503


# Scripts of other sites


def test_browsers_may_ask_again_by_the_tag_from_any_site(one_web):
    wanted = {"origin": "https://x", "access_control_request_method": "GET"}
    reply = one_web.ask("/search.atom?q=boat", "OPTIONS", access_control_request_headers="if-none-match", **wanted)
    assert reply.status == 204
    assert reply["access-control-allow-origin"] == "*"
    assert reply["access-control-allow-methods"] == reply["allow"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in reply["access-control-allow-headers"]
    page = one_web.ask("/search?q=boat", "OPTIONS", **wanted)
    assert page.get("access-control-allow-origin") is None
    assert page.get("access-control-allow-methods") is None


@pytest.mark.parametrize("status", [200, 304, 400, 405, 429, 500, 503])
def test_scripts_of_any_site_may_read_every_answer_about_a_search_feed(tmp_path, monkeypatch, status):
    with web(tmp_path, SERVER) as it:
        path, method, headers = "/search.atom?q=boat", "GET", {}
        if status == 304:
            headers["if_none_match"] = it.ask(path)["etag"]
        elif status == 400:
            path = "/search.atom?q=boat)"
        elif status == 405:
            method = "DELETE"
        elif status >= 429:
            error = {429: HTTPException(429), 500: ZeroDivisionError(), 503: StoreSlowError("not done")}[status]

            async def read(*_, **__):
                await asyncio.sleep(0)
                raise error

            monkeypatch.setattr(ReadingRoom, "read", read)
        reply = failing(it.app, path, method, headers) if status == 500 else it.ask(path, method, **headers)
        assert reply.status == status
        assert reply["access-control-allow-origin"] == "*"
        exposed = reply["access-control-expose-headers"].split(", ")
        assert {"ETag", "Last-Modified", "Link", "Retry-After"} <= set(exposed)
        assert reply["cross-origin-resource-policy"] == "cross-origin"
        assert reply["x-content-type-options"] == "nosniff"


def failing(app, path, method, headers):
    """The answer of an application that tells its server of a defect besides."""

    async def tolerant(scope, receive, send):
        with suppress(ZeroDivisionError):
            await app(scope, receive, send)

    return ask(tolerant, path, method, headers=headers)


# The page


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", None])
def test_pages_are_packed_and_kept_by_nobody(one_web, coding):
    plain = one_web.ask("/search?q=boat")
    reply = one_web.ask("/search?q=boat", **({"accept_encoding": coding} if coding else {}))
    assert reply.get("content-encoding") == coding
    assert reply["content-length"] == str(len(reply.body))
    assert (len(reply.body) < len(plain.body) / 2) == (coding is not None)
    assert (reply["vary"], reply["cache-control"]) == ("Accept-Encoding", "no-store")


def test_the_page_marks_what_matched_and_offers_its_feeds(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat came in", text="It was a small boat.\n\nNothing else.")
        page = html.fromstring(it.ask("/search?q=boat").body)
        assert page.xpath("//article//mark/text()") == ["boat", "boat"]
        found = {link.get("type"): link.get("href") for link in page.iterfind(".//link[@rel='alternate']")}
        assert found == {kind: f"https://desk.example/search.{name}?q=boat" for name, kind in FORMATS.items()}
        assert page.xpath("//ul[@class='subscribe']//a/@href") == [f"search.{name}?q=boat" for name in FORMATS]
        assert page.xpath("//input[@readonly]/@value") == ["https://desk.example/search.atom?q=boat"]
        assert page.xpath("//input[@name='q']/@value") == ["boat"]
        assert "1 article for boat" in page.text_content()
        assert page.xpath("//div[@class='tail']/p/a/@href") == [
            f"https://desk.example/articles/{it.it.article('A boat came in')[9:]}"
        ]


def test_words_of_a_page_are_text_and_never_markup(tmp_path):
    with web(tmp_path) as it:
        it.it.say("<img src=x onerror=alert(1)> boat", text='boat "><script>alert(2)</script>')
        reply = it.ask("/search?q=boat%20%3Cscript%3Ealert(3)%3C/script%3E%20OR%20boat")
        page = html.fromstring(reply.body)
        assert page.find(".//script") is None
        assert page.find(".//img") is None
        assert page.xpath("//article/h2")[0].text_content() == "<img src=x onerror=alert(1)> boat"
        assert "script-src" not in reply["content-security-policy"]
        assert "default-src 'none'" in reply["content-security-policy"]


def test_markup_between_the_words_of_a_phrase_is_marked_as_text(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat <img src=x> away")
        page = html.fromstring(it.ask("/search?q=%22boat%20img%20src%22").body)
        assert page.xpath("//article/h2//mark/text()") == ["boat <img src"]
        assert page.find(".//img") is None


LINKED = '[[sources]]\nname = "wire"\nkind = "feed"\nurl = "https://wire.example/rss"\nrepublish = "link"\n'


def test_of_a_source_that_gives_its_headlines_alone_a_search_shows_no_more(tmp_path):
    with newsroom(tmp_path, BOATS, LINKED) as room, house(room, lambda: NOW) as open_house:
        room.web.pages["https://wire.example/rss"] = rss(("1", "A headline", "The secret boat"))
        room.cycle()
        app = web_app(open_house)
        for path in ("/search?q=boat", "/search.atom?q=boat", "/search.rss?q=boat", "/search.json?q=boat"):
            reply = ask(app, path)
            assert b"A headline" in reply.body
            assert b"secret" not in reply.body
