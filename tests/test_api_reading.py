"""`/api/v1`, the reading side: what is said of articles, topics and sources, to whom, and what never is."""

import gzip
import json
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from asgi import ask
from house import house
from newsroom import BOATS, COURTS, NOW, WIRE, newsroom, rss, write_config

from syndicator.config import load
from syndicator.model import Content, Entry
from syndicator.web import web_app

HOUR = timedelta(hours=1)
LINKED = '[[sources]]\nname = "links"\nkind = "feed"\nurl = "https://links.example/rss"\nrepublish = "link"\n'
BRIEF = '[[sources]]\nname = "brief"\nkind = "feed"\nurl = "https://brief.example/rss"\n'
API = "/api/v1"


class Reader:
    """Somebody who asks the API, in a newsroom with some articles."""

    def __init__(self, room, home):
        self.room = room
        self.app = web_app(home)

    def ask(self, path, method="GET", **more):
        return ask(self.app, API + path, method, **more)

    def get(self, path, status=200, **more):
        reply = self.ask(path, **more)
        assert reply.status == status, reply.body
        kind = "application/json" if status < 400 else "application/problem+json"
        assert reply["content-type"] == kind
        return json.loads(reply.body)

    def titles(self, query=""):
        return [article["title"] for article in self.get(f"/articles{query}")["articles"]]

    def id(self, guid):
        return self.room.store.articles.find(f"https://wire.example/{guid}")[0].id


@contextmanager
def opened(root):
    with newsroom(root, BOATS, COURTS, WIRE, LINKED, BRIEF, "[server]\nrate = 1000000\n") as room:
        room.web.pages["https://wire.example/rss"] = rss(
            ("a", "A boat sinks", "A dinghy sank off Dover.", "Tue, 03 Nov 2026 09:00:00 GMT"),
            ("b", "Court rules", "The court ruled.", "Tue, 03 Nov 2026 10:00:00 GMT"),
            ("c", "A boat floats", "It did not sink.", "Tue, 03 Nov 2026 11:00:00 GMT"),
        )
        room.cycle()
        with house(room, lambda: NOW) as home:
            yield Reader(room, home)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A newsroom that is only read."""
    with opened(tmp_path_factory.mktemp("read")) as there:
        yield there


@pytest.fixture
def desk(tmp_path):
    """One in which something happens."""
    with opened(tmp_path) as there:
        yield there


def everything_said(reader):
    """All that the API tells anybody, in one string."""
    paths = ["/articles?limit=200", "/changes?limit=200", "/topics", "/sources", "/search?q=boat*+OR+court"]
    found = [reader.get(path) for path in paths]
    ids = [article["id"] for article in found[0]["articles"]]
    found += [reader.get(f"/articles/{id_}{part}") for id_ in ids for part in ("", "/versions")]
    return json.dumps(found)


# Articles


def test_articles_come_newest_first(reader):
    assert reader.titles() == ["A boat floats", "Court rules", "A boat sinks"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?topic=boats", ["A boat floats", "A boat sinks"]),
        ("?topic=all&limit=1", ["A boat floats"]),
        ("?source=wire", ["A boat floats", "Court rules", "A boat sinks"]),
        ("?source=links", []),
        ("?since=2026-11-03T10:00:00Z", ["A boat floats", "Court rules"]),
        ("?until=2026-11-03T10:00:00Z", ["A boat sinks"]),
        ("?since=2026-11-03T11:00:00%2B01:00&until=2026-11-03T11:00:00Z", ["Court rules"]),
        ("?state=live", ["A boat floats", "Court rules", "A boat sinks"]),
        ("?state=killed", []),
        ("?q=sink*", ["A boat floats", "A boat sinks"]),
        ("?q=boat+NOT+float*", ["A boat sinks"]),
        ("?q=boat&topic=courts", []),
        ("?q=boat&until=2026-11-03T10:00:00Z", ["A boat sinks"]),
    ],
)
def test_articles_are_narrowed(reader, query, expected):
    assert reader.titles(query) == expected


@pytest.mark.parametrize("query", ["limit=1", "limit=2", "limit=1&q=boat", "limit=1&topic=boats"])
def test_pages_follow_each_other_by_the_link(reader, query):
    whole = reader.titles(f"?{query.replace('limit=1', 'limit=9').replace('limit=2', 'limit=9')}")
    found, path = [], f"/articles?{query}"
    while path:
        reply = reader.ask(path)
        page = json.loads(reply.body)
        found += [article["title"] for article in page["articles"]]
        link = reply.get("link")
        assert (link is None) == (page["next"] is None)
        path = re.fullmatch(r'<https://desk\.example/api/v1(/articles\?.+)>; rel="next"', link)[1] if link else None
        assert path is None or page["next"] in path
    assert found == whole
    assert len(found) > 1


def test_what_comes_in_between_two_pages_moves_none(desk):
    first = desk.get("/articles?limit=1")
    desk.room.web.pages["https://brief.example/rss"] = rss(
        ("n", "New", "News.", "Tue, 03 Nov 2026 11:30:00 GMT", "https://brief.example/n")
    )
    desk.room.cycle(NOW + HOUR)
    assert desk.titles(f"?limit=1&cursor={first['next']}") == ["Court rules"]


def test_an_article_is_found_by_its_id_and_by_its_beginning(reader):
    id_ = reader.id("a")
    whole = reader.get(f"/articles/{id_}")
    bare = id_.removeprefix("urn:uuid:")
    assert whole["title"] == "A boat sinks"
    assert reader.get(f"/articles/{bare}") == whole
    assert reader.get(f"/articles/{bare[:8]}") == whole
    assert reader.get(f"/articles/{bare.upper()}") == whole


@pytest.mark.parametrize(
    "reference", ["abcde", "00000000", "urn:uuid:", "zzzzzzzz", "%25%25%25%25%25%25", "%00%00%00%00%00%00"]
)
def test_what_names_no_article_is_not_found(reader, reference):
    for part in ("", "/versions"):
        assert "no article" in reader.get(f"/articles/{reference}{part}", 404)["detail"]


@pytest.mark.parametrize(
    ("source", "summary", "text", "complete"),
    [
        ("wire", "The boat sank. It was red.", "The boat sank. It was red.", True),
        ("brief", "The boat sank. It was red.", None, False),
        ("links", "", None, False),
    ],
)
def test_an_article_says_what_its_source_allows(desk, source, summary, text, complete):
    desk.room.web.pages[f"https://{source}.example/rss"] = rss(
        ("x", "Boat news", "The boat sank. It was red.", "Tue, 03 Nov 2026 11:30:00 GMT", f"https://{source}.example/x")
    )
    desk.room.cycle(NOW + HOUR)
    (article,) = [each for each in desk.get("/articles")["articles"] if each["title"] == "Boat news"]
    assert (article["summary"], article["content_text"], article["complete"]) == (summary, text, complete)
    assert article["source"]["name"] == source
    assert ("red" in article["content_html"]) == (source != "links")
    (hit,) = [each for each in desk.get("/search?q=sank")["hits"] if each["article"]["id"] == article["id"]]
    assert hit["article"] == article


def test_a_killed_article_is_its_notice(desk):
    desk.room.desk.kill(desk.id("a"), "It floats.", NOW, by="ann.onymous")
    article = desk.get(f"/articles/{desk.id('a')}")
    assert (article["state"], article["note"]) == ("killed", "It floats.")
    said = everything_said(desk)
    assert "A boat sinks" not in said
    assert "off Dover" not in said
    assert "ann.onymous" not in said
    assert [each["kind"] for each in desk.get("/articles")["articles"]].count("advisory") == 1


def test_wrong_words_are_gone_once_they_are_corrected(desk):
    desk.room.desk.correct(desk.id("a"), "It floats.", NOW, by="ann.onymous", title="A boat sails", text="It sailed.")
    said = everything_said(desk)
    assert "A boat sinks" not in said
    assert "off Dover" not in said
    assert "ann.onymous" not in said
    versions = desk.get(f"/articles/{desk.id('a')}/versions")["versions"]
    assert [(each["type"], each["by"], each["note"]) for each in versions] == [
        ("insert", "source", None),
        ("correction", "newsroom", "It floats."),
    ]


def test_what_is_held_is_not_there_in_any_way(desk):
    before = everything_said(desk)
    entry = Entry(Content("A boat secret", "Boats."), "s", "https://wire.example/s", NOW, embargo_until=NOW + HOUR)
    with desk.room.store.transaction():
        desk.room.pipeline.intake.accept("wire", [entry], NOW)
    assert everything_said(desk) == before
    for reference in (desk.id("s"), desk.id("s")[9:17]):
        for part in ("", "/versions"):
            held = desk.ask(f"/articles/{reference}{part}")
            absent = desk.ask(f"/articles/00000000-0000-0000-0000-000000000000{part}")
            assert (held.status, held.body) == (absent.status, absent.body)


def test_what_was_withdrawn_before_it_came_out_was_never_there(desk):
    before = everything_said(desk)
    entry = Entry(Content("A boat secret", "Boats."), "s", "https://wire.example/s", NOW, embargo_until=NOW + HOUR)
    with desk.room.store.transaction():
        desk.room.pipeline.intake.accept("wire", [entry], NOW)
    desk.room.desk.kill(desk.id("s"), "Not so.", NOW, by="ann")
    assert everything_said(desk) == before
    assert desk.get(f"/articles/{desk.id('s')}", 404)
    with desk.room.store.transaction():
        desk.room.store.articles.retire(NOW + HOUR)
    assert desk.get(f"/articles/{desk.id('s')}", 404)


def test_what_was_out_and_is_held_is_taken_down_everywhere(desk):
    desk.room.desk.embargo(desk.id("a"), NOW + HOUR, NOW, by="ann")
    said = everything_said(desk)
    assert "A boat sinks" not in said
    assert desk.get(f"/articles/{desk.id('a')}", 404)
    assert next(topic["articles"] for topic in desk.get("/topics")["topics"] if topic["name"] == "boats") == 1
    assert desk.get("/changes")["changes"][-1]["type"] == "hold"


def test_a_retired_article_is_gone(desk):
    with desk.room.store.transaction():
        desk.room.store.articles.retire(NOW + HOUR)
    for part in ("", "/versions"):
        assert "retention" in desk.get(f"/articles/{desk.id('a')}{part}", 410)["detail"]
    assert desk.titles() == []
    assert all(change["retired"] and change["article"] is None for change in desk.get("/changes")["changes"])


# Search


def test_a_hit_says_why_by_offsets_into_what_is_said(reader):
    hits = reader.get("/search?q=sank+OR+float*")["hits"]
    assert [hit["article"]["title"] for hit in hits] == ["A boat floats", "A boat sinks"]
    where = {"title": "title", "text": "content_text"}
    for hit in hits:
        for reason in hit["reasons"]:
            assert hit["article"][where[reason["field"]]][reason["start"] : reason["end"]] == reason["words"]


def test_a_reason_in_words_that_may_not_be_shown_has_no_offsets(desk):
    desk.room.web.pages["https://brief.example/rss"] = rss(
        ("x", "News", "The dinghy sank.", "Tue, 03 Nov 2026 11:30:00 GMT", "https://brief.example/x")
    )
    desk.room.cycle(NOW + HOUR)
    hit = desk.get("/search?q=dinghy")["hits"][0]
    assert [(each["words"], each["start"], each["end"]) for each in hit["reasons"]] == [("dinghy", None, None)]


@pytest.mark.parametrize("path", ["/search?q=", "/articles?q="])
@pytest.mark.parametrize(
    ("query", "position"), [("boat+AND", 8), ("NOT+boat", 0), ("title:", 6), ("(boat", 0)], ids=str
)
def test_a_query_that_can_not_be_used_is_told_with_the_place_and_a_hint(reader, path, query, position):
    problem = reader.get(path + query, 400)
    assert problem["type"] == "urn:syndicator:problem:query"
    assert problem["query"] == query.replace("+", " ")
    assert problem["position"] == position
    assert problem["hint"]


def test_a_search_in_pages_misses_nothing(reader):
    whole = [hit["article"]["id"] for hit in reader.get("/search?q=boat*+OR+court")["hits"]]
    found, cursor = [], ""
    while cursor is not None:
        page = reader.get(f"/search?q=boat*+OR+court&limit=1{cursor}")
        found += [hit["article"]["id"] for hit in page["hits"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert found == whole
    assert len(found) == 3


# Topics and sources


def test_topics_name_their_feeds_and_count_their_articles(reader):
    topics = reader.get("/topics")["topics"]
    assert [(topic["name"], topic["articles"]) for topic in topics] == [("all", 3), ("boats", 2), ("courts", 1)]
    assert topics[1]["feeds"]["atom"] == "https://desk.example/feeds/boats.atom"
    assert reader.get("/topics/boats") == topics[1]
    assert "no topic" in reader.get("/topics/none", 404)["detail"]
    assert "no topic" in reader.get("/articles?topic=none", 404)["detail"]


def test_sources_say_how_they_are_and_nothing_of_why(reader):
    sources = {each["name"]: each for each in reader.get("/sources")["sources"]}
    assert {name: each["state"] for name, each in sources.items()} == {
        "wire": "well",
        "links": "failing",
        "brief": "failing",
    }
    assert "not known" not in json.dumps(sources)


def test_the_address_of_a_source_that_is_secret_is_not_told(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE) as room:
        config = write_config(tmp_path, WIRE.replace("https://wire.example/rss", "env:WIRE_URL"))
        settings = load(config, {"WIRE_URL": "https://wire.example/rss?key=s3cret"})
        with house(room, lambda: NOW, settings) as home:
            assert Reader(room, home).get("/sources")["sources"][0]["feed"] is None


# HTTP


PATHS = ["/articles", "/search?q=boat", "/topics", "/topics/boats", "/sources"]


@pytest.mark.parametrize("path", PATHS)
def test_asking_again_costs_a_304(desk, path):
    first = desk.ask(path)
    again = desk.ask(path, headers={"If-None-Match": first["etag"]})
    assert (again.status, again.body, again["etag"]) == (304, b"", first["etag"])
    assert first["cache-control"] == "public, no-cache"
    desk.room.desk.correct(desk.id("a"), "It floats.", NOW, by="ann", text="A boat sank.")
    if path in {"/articles", "/search?q=boat"}:
        assert desk.ask(path, headers={"If-None-Match": first["etag"]}).status == 200


@pytest.mark.parametrize("path", [*PATHS, "/changes", "/openapi.json"])
def test_head_is_get_without_a_body(reader, path):
    got, head = reader.ask(path), reader.ask(path, "HEAD")
    assert (head.status, head.body) == (got.status, b"")
    assert head["content-length"] == got["content-length"] == str(len(got.body))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
@pytest.mark.parametrize("path", [*PATHS, "/changes", "/stream", "/articles/x", "/openapi.json"])
def test_what_can_not_be_done_is_refused_with_what_can(reader, path, method):
    reply = reader.ask(path, method)
    assert reply.status == 405
    assert reply["content-type"] == "application/problem+json"
    assert reply["allow"] == "GET, HEAD, OPTIONS"


def test_every_method_of_an_address_is_allowed_together(reader):
    assert reader.ask("/alerts", "OPTIONS")["allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_says_what_can_be_done(reader):
    reply = reader.ask("/articles", "OPTIONS")
    assert (reply.status, reply.body, reply["allow"]) == (204, b"", "GET, HEAD, OPTIONS")


def test_scripts_of_other_sites_may_read_and_no_more(reader):
    assert reader.ask("/articles")["access-control-allow-origin"] == "*"
    assert reader.ask("/nothing")["access-control-allow-origin"] == "*"
    preflight = reader.ask("/articles", "OPTIONS", headers={"Access-Control-Request-Method": "POST"})
    assert preflight["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert "authorization" not in preflight["access-control-allow-headers"].lower()


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/articles/", "/articles/a/b/c", "/docs", "/redoc"])
def test_there_is_nothing_elsewhere(reader, path):
    assert reader.get(path, 404)["type"] == "about:blank"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/articles?limit=0", ["query.limit"]),
        ("/articles?limit=201&since=soon", ["query.since", "query.limit"]),
        ("/articles?since=5", ["query.since"]),
        ("/articles?since=2026-11-03T09:00:00", ["query.since"]),
        ("/articles?state=embargoed", ["query.state"]),
        ("/articles?topics=boats", ["query.topics"]),
        ("/articles?cursor=AAAA", ["query.cursor"]),
        ("/articles?cursor=ä", ["query.cursor"]),
        ("/search", ["query.q"]),
        (f"/search?q={'a' * 8193}", ["query.q"]),
        ("/changes?after=-1", ["query.after"]),
        ("/changes?after=x", ["query.after"]),
        (f"/changes?after={2**63}", ["query.after"]),
        ("/changes?wait=31", ["query.wait"]),
        ("/articles?limit=1&limit=2&q=boat&q=", ["query.limit", "query.q"]),
        ("/stream?after=-1", ["query.after"]),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_request_that_can_not_be_taken_names_every_field(reader, path, fields):
    problem = reader.get(path, 422)
    assert sorted(each["field"] for each in problem["errors"]) == sorted(fields)
    assert all(field in problem["detail"] for field in fields)


def test_a_cursor_from_the_future_is_refused(reader):
    problem = reader.get("/changes?after=4", 409)
    assert (problem["type"], problem["newest"]) == ("urn:syndicator:problem:cursor", 3)
    assert reader.get("/changes?after=3") == {"changes": [], "next": 3, "more": False}


def test_answers_are_packed_for_who_can_unpack_them(reader):
    plain, packed = reader.ask("/articles"), reader.ask("/articles", headers={"Accept-Encoding": "gzip"})
    assert packed["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed["vary"] == "Accept-Encoding"
    assert packed["etag"] != plain["etag"]


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path):
    with newsroom(tmp_path, BOATS, "[server]\nrate = 4\n") as room, house(room, lambda: NOW) as home:
        room.start()
        reader = Reader(room, home)
        replies = [reader.ask("/topics") for _ in range(6)]
        assert [reply.status for reply in replies[:4]] == [200] * 4
        assert replies[-1].status == 429
        assert 1 <= int(replies[-1]["retry-after"]) <= 60
        assert json.loads(replies[-1].body)["status"] == 429
        assert reader.ask("/topics", "OPTIONS").status == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": "65537", "Content-Type": "application/json"}, 413),
        ({"Content-Length": "2", "Content-Type": "text/plain"}, 415),
        ({"Content-Length": "2"}, 415),
        ({"Transfer-Encoding": "chunked", "Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Length": "2", "Content-Type": "application/json; charset=utf-8"}, 401),
    ],
)
def test_bodies_are_small_and_json(reader, headers, status):
    reply = reader.ask("/alerts", "POST", headers=headers, body=b"{}")
    assert reply.status == status
    assert json.loads(reply.body)["status"] == status


def test_a_defect_is_a_problem_too(desk, monkeypatch):
    monkeypatch.setattr("syndicator.web.api.topics.as_json", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # after it was answered, for the log
        desk.ask("/topics")


def test_a_store_that_can_not_answer_is_busy(desk, monkeypatch):
    monkeypatch.setattr("syndicator.web.reading.READERS", -99)
    reply = desk.ask("/topics")
    assert reply.status == 503
    assert reply["retry-after"] == "60"
