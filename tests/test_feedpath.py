"""The feeds folder over HTTP: validators, codings, what is not there, and what is kept when the disk fails."""

import asyncio
import gzip
import json
import os
import re
import shutil
import socket
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.request import urlopen

import brotli
import pytest
import zstandard
from asgi import ask
from feed_validator import problems
from house import house
from newsroom import BOATS, COURTS, HEAD, INBOX, NOW, newsroom
from served import CHECKS, checked, passes
from test_nginx import NGINX, free_port, nginx
from test_run import running, wait_for

from syndicator.errors import StoreError
from syndicator.publish import Address
from syndicator.publish.files import replace
from syndicator.web import copies, web_app
from syndicator.web import shelf as shelves
from syndicator.web.codings import Coding, chosen, packed
from syndicator.web.conditional import is_current
from syndicator.web.front import folder_path
from syndicator.web.listening import listen

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress, None: bytes}
SHORT = "public, max-age=60, stale-while-revalidate=60, stale-if-error=86400"
DAY = SHORT.replace("max-age=60", "max-age=86400")
WEEK = SHORT.replace("max-age=60", "max-age=604800")


class Site:
    """A newsroom's web application, asked without a network; `now` is an hour after what was published."""

    def __init__(self, room):
        self.room, self.folder = room, room.root / "feeds"
        self.now = NOW + timedelta(hours=1)
        self.app = None

    def ask(self, path, method="GET", **headers):
        more = {"raw": headers.pop("raw")} if "raw" in headers else {}
        return ask(self.app, path, method, headers={k.replace("_", "-"): v for k, v in headers.items()}, **more)

    def feed(self, **headers):
        return self.ask("/feeds/boats.atom", **headers)

    def write(self, title):
        (self.room.root / "inbox").mkdir(exist_ok=True)
        file = self.room.root / "inbox" / f"{title}.txt"
        file.write_text(f"{title}\n\nWhat {title.lower()} has to say is said by nobody else on this day.", "utf-8")
        os.utime(file, (0, 0))
        self.room.cycle(self.now)

    def age(self, file="boats.atom", at=NOW):
        """Date a file as if it had been written at `at`."""
        os.utime(self.folder / file, (at.timestamp(), at.timestamp()))


@contextmanager
def site(root, *parts, settings=None):
    with newsroom(root, *(parts or (BOATS, COURTS, INBOX))) as room:
        it = Site(room)
        it.write("A boat comes in")
        for file in it.folder.rglob("*.*"):
            os.utime(file, (NOW.timestamp(), NOW.timestamp()))
        with house(room, lambda: it.now, settings and settings(room.settings)) as open_house:
            it.app = web_app(open_house)
            yield it


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """One site for all who change nothing; beside its feeds lie things that are nobody's business."""
    root = tmp_path_factory.mktemp("standing")
    with site(root) as it:
        for ending, element in (("rss", b"rss"), ("atom", b"feed")):
            replace(it.folder / f"archive/boats/2026-09.{ending}", b"<%b>an archive</%b>" % (element, element))
        (it.folder / "secret.txt").write_text("secret")
        (it.folder / "link.atom").symlink_to(root / "config.toml")
        os.mkfifo(it.folder / "pipe.atom")
        (it.folder / "dir.atom").mkdir()
        (it.folder / "linked").symlink_to(root)
        yield it


# What is there


@pytest.mark.parametrize(
    ("path", "kind", "life"),
    [
        ("boats.rss", "application/rss+xml", SHORT),
        ("boats.atom", "application/atom+xml", SHORT),
        ("boats.json", "application/feed+json", SHORT),
        ("boats.html", "text/html; charset=utf-8", SHORT),
        ("all.atom", "application/atom+xml", SHORT),
        ("archive/boats/2026-09.rss", "application/rss+xml", DAY),
        ("archive/boats/2026-09.atom", "application/atom+xml", DAY),
        ("index.html", "text/html; charset=utf-8", SHORT),
        ("", "text/html; charset=utf-8", SHORT),
        ("style.css", "text/css; charset=utf-8", WEEK),
        ("subscriptions.opml", "text/x-opml; charset=utf-8", SHORT),
    ],
)
def test_every_file_is_served_as_it_stands_on_disk(standing, path, kind, life):
    reply = standing.ask(f"/feeds/{path}")
    assert reply.status == 200
    assert reply.body == (standing.folder / (path or "index.html")).read_bytes()
    assert reply["content-length"] == str(len(reply.body))
    assert (reply["content-type"], reply["cache-control"]) == (kind, life)
    assert reply["vary"] == "Accept-Encoding"
    assert reply["access-control-allow-origin"] == "*"
    assert {"ETag", "Last-Modified", "Link"} <= set(reply["access-control-expose-headers"].split(", "))
    assert reply["accept-ranges"] == "none"
    assert reply["x-content-type-options"] == "nosniff"
    page = kind.startswith("text/html")
    assert reply["cross-origin-resource-policy"] == ("same-origin" if page else "cross-origin")
    assert ("style-src 'self'" in (reply.get("content-security-policy") or "")) == page
    assert reply.get("set-cookie") is None
    assert reply.get("x-robots-tag") is None
    head = standing.ask(f"/feeds/{path}", "HEAD")
    assert (head.status, head.body, sorted(head.headers)) == (200, b"", sorted(reply.headers))


def test_last_modified_is_when_these_bytes_came_to_be_and_not_told_before(tmp_path):
    with site(tmp_path) as it:
        assert it.feed()["last-modified"] == "Tue, 03 Nov 2026 12:00:00 GMT"
        it.now = NOW - timedelta(seconds=1)
        assert it.feed().get("last-modified") is None
        late = {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
        assert it.feed(**late).status == 200
        it.now = NOW
        assert it.feed(**late).status == 304


def test_a_date_between_two_seconds_counts_as_the_later_one(tmp_path):
    """With the earlier one, who fetched the old bytes in between would be told that they still stand."""
    with site(tmp_path) as it:
        it.write("A second boat")
        it.age(at=NOW + timedelta(seconds=5.5))
        assert it.feed(if_modified_since="Tue, 03 Nov 2026 12:00:05 GMT").status == 200
        assert it.feed()["last-modified"] == "Tue, 03 Nov 2026 12:00:06 GMT"


def test_bytes_that_change_within_a_second_have_dates_of_their_own(tmp_path):
    path = tmp_path / "a"
    dates = []
    for number in range(4):
        assert replace(path, b"%d" % number)
        dates.append(path.stat().st_mtime_ns)
        assert not replace(path, b"%d" % number)
        assert path.stat().st_mtime_ns == dates[-1]
    assert all(date % 1_000_000_000 == 0 for date in dates)
    assert dates == sorted(set(dates))
    assert dates[0] >= (time.time() - 5) * 1e9


def test_a_replaced_file_is_younger_than_one_from_the_future(tmp_path):
    path = tmp_path / "a"
    replace(path, b"old")
    os.utime(path, (4_000_000_000.5, 4_000_000_000.5))
    replace(path, b"new")
    assert path.stat().st_mtime_ns == 4_000_000_002 * 1_000_000_000


def test_robots_are_told_what_config_says(tmp_path):
    with site(tmp_path, BOATS, INBOX, '[server]\nrobots = "noindex"\nmax_age = "5m"\n') as it:
        for path in ("boats.atom", "index.html"):
            reply = it.ask(f"/feeds/{path}")
            assert reply["x-robots-tag"] == "noindex"
            assert reply["cache-control"] == SHORT.replace("max-age=60", "max-age=300")


def declared(reply, kind):
    """The (rel, address) pairs of self and hub: in the header, and in the document."""
    said = re.findall(r'<([^>]+)>; rel="([a-z]+)"', reply["link"])
    header = sorted((rel, url) for url, rel in said)
    if kind == "json":
        document = json.loads(reply.body)
        inside = [("self", document["feed_url"]), *(("hub", hub["url"]) for hub in document.get("hubs", []))]
    else:
        links = [dict(re.findall(rb'(rel|href)="([^"]+)"', link)) for link in re.findall(rb"link [^>]*", reply.body)]
        inside = [(link[b"rel"].decode(), link[b"href"].decode()) for link in links if b"rel" in link]
        inside = [pair for pair in inside if pair[0] in {"self", "hub"}]
    return header, sorted(inside)


@pytest.mark.parametrize("kind", ["rss", "atom", "json"])
@pytest.mark.parametrize(
    ("websub", "hubs"),
    [
        ("", ["https://desk.example/websub/hub"]),
        ('[websub]\nhub = "none"\n', []),
        ('[websub]\nhub = "https://hub.example/push"\n', ["https://hub.example/push"]),
        ("[server]\npublic = false\n", []),
    ],
    ids=["ours", "none", "elsewhere", "not public"],
)
def test_header_and_document_name_the_same_self_and_hub(tmp_path, kind, websub, hubs):
    with site(tmp_path, BOATS, INBOX, websub) as it:
        reply = it.ask(f"/feeds/boats.{kind}")
        header, document = declared(reply, kind)
        assert header == document
        assert header == sorted([*(("hub", hub) for hub in hubs), ("self", f"https://desk.example/feeds/boats.{kind}")])
        again = it.ask(f"/feeds/boats.{kind}", if_none_match=reply["etag"])
        assert (again.status, again["link"]) == (304, reply["link"])
        assert problems(reply.body, kind) == []


def test_archives_name_themselves_and_no_hub(tmp_path):
    with site(tmp_path, BOATS, INBOX, "[feeds]\nmin_items = 0\n") as it:
        it.now += timedelta(days=40)
        it.room.cycle(it.now)
        for kind in ("rss", "atom"):
            header, document = declared(it.ask(f"/feeds/archive/boats/2026-11.{kind}"), kind)
            assert header == document == [("self", f"https://desk.example/feeds/archive/boats/2026-11.{kind}")]


def test_another_hub_is_named_in_feeds_already_written(tmp_path):
    with site(tmp_path, BOATS, INBOX):
        pass
    with newsroom(tmp_path, BOATS, INBOX, '[websub]\nhub = "none"\n') as room:
        room.cycle()
        assert "hubs" not in room.feed("boats")


# Validators


@pytest.mark.parametrize("accepted", ["identity", "gzip", "br", "zstd"])
def test_each_coding_has_its_own_strong_tag_and_all_of_them_mean_the_same_bytes(standing, accepted):
    plain = standing.feed()
    reply = standing.feed(accept_encoding=accepted)
    assert UNPACK[reply.get("content-encoding")](reply.body) == plain.body
    assert reply["content-length"] == str(len(reply.body))
    assert reply["etag"] == (plain["etag"] if accepted == "identity" else f'{plain["etag"][:-1]}-{accepted}"')
    for known in ("", "-gzip", "-br", "-zstd", "--gzip"):
        for weak in ("", "W/"):
            tag = f'{weak}{plain["etag"][:-1]}{known}"'
            again = standing.feed(accept_encoding=accepted, if_none_match=tag)
            # A cache finds what it has by the tag that it sent: ours is told back, another's is not.
            told = tag.removeprefix("W/") if known != "--gzip" else reply["etag"]
            assert (again.status, again.body, again["etag"]) == (304, b"", told)
            for name in ("cache-control", "vary", "last-modified", "access-control-allow-origin", "link"):
                assert again[name] == reply[name]
            for name in ("content-length", "content-type", "content-encoding"):
                assert again.get(name) is None


TAG = '"0123456789abcdef"'
DATE = "Tue, 03 Nov 2026 12:00:00 GMT"
LATER = "Tue, 03 Nov 2026 12:30:00 GMT"


@pytest.mark.parametrize(
    ("tags", "since", "current"),
    [
        pytest.param([TAG], [], True, id="the tag"),
        pytest.param([f'"nope", {TAG}, "x"'], [], True, id="in a list"),
        pytest.param(['"nope"', f"W/{TAG}"], [], True, id="weak, in a second field"),
        pytest.param([" * "], [], True, id="any"),
        pytest.param(['"nope"'], [LATER], False, id="another tag, which decides"),
        pytest.param([""], [LATER], False, id="an empty field, which decides"),
        pytest.param([TAG.strip('"')], [], False, id="no tag"),
        pytest.param([f"{TAG[:-1]}-other" + '"'], [], False, id="a longer tag"),
        pytest.param([", ".join(['"nope"'] * 100_000) + f", {TAG}"], [], False, id="behind a list without end"),
        pytest.param([], [DATE], True, id="the date"),
        pytest.param([], [LATER], True, id="a later date"),
        pytest.param([], ["Tue, 03 Nov 2026 11:59:59 GMT"], False, id="an earlier date"),
        pytest.param([], [DATE, DATE], False, id="two dates"),
        pytest.param([], ["not a date"], False, id="no date"),
        pytest.param([], ["9" * 100_000], False, id="a date without end"),
    ],
)
def test_conditions(tags, since, current):
    assert is_current(tags, since, TAG, NOW) is current


def test_a_condition_on_a_date_that_we_have_not_is_not_met():
    assert not is_current([], [LATER], TAG, None)


def test_the_endpoint_takes_conditions_from_all_fields(standing):
    tag = standing.feed()["etag"]
    ours = {"If-None-Match": '"a"', "if-none-match": tag}
    reply = ask(standing.app, "/feeds/boats.atom", headers=list(ours.items()))
    assert reply.status == 304
    assert standing.feed(if_modified_since=DATE).status == 304
    assert standing.feed(if_modified_since="Tue, 03 Nov 2026 11:59:59 GMT").status == 200
    assert standing.feed(if_none_match='"a"', if_modified_since=LATER).status == 200


@pytest.mark.parametrize(("header", "value"), [("range", "bytes=0-9"), ("a_im", "feed")])
def test_parts_and_deltas_are_not_given(standing, header, value):
    reply = standing.feed(**{header: value, "if_none_match": '"old"'})
    assert (reply.status, reply.body) == (200, standing.feed().body)
    assert reply.get("im") is None


# Codings


@pytest.mark.parametrize(
    ("fields", "coding"),
    [
        ([], "identity"),
        ([""], "identity"),
        (["gzip"], "gzip"),
        (["x-gzip"], "gzip"),
        (["GZip"], "gzip"),
        (["gzip, deflate"], "gzip"),
        (["gzip, deflate, br, zstd"], "br"),
        (["gzip, zstd"], "zstd"),
        (["gzip", "br"], "br"),
        (["gzip;q=1.0, br;q=0.9"], "gzip"),
        (["gzip;q=0.001"], "gzip"),
        (["gzip;q=0"], "identity"),
        (["gzip; q=0.000, br ; Q=0.1"], "br"),
        (["*"], "br"),
        (["br;q=0, *"], "zstd"),
        (["*;q=0"], "identity"),
        (["gzip, *;q=0"], "gzip"),
        (["identity"], "identity"),
        (["identity, gzip"], "gzip"),
        (["identity;q=1, gzip;q=0.5"], "identity"),
        (["identity;q=0.5, gzip"], "gzip"),
        (["identity;q=0"], "identity"),
        (["identity;q=0, gzip;q=0"], "identity"),
        (["identity;q=0, *;q=0.1"], "br"),
        (["compress, sdch"], "identity"),
        (["gzip;q=2"], "identity"),
        (["gzip;q=high, br;q=0.1"], "br"),
        (["gzip;q=0.1234"], "identity"),
        (["gzip;level=9"], "identity"),
        ([";;;,,,=;q=,\xff"], "identity"),
        (["x," * 99_999 + "gzip"], "identity"),
    ],
    ids=lambda value: value if isinstance(value, str) else " + ".join(value)[:40] or "nothing",
)
def test_the_reader_gets_the_coding_that_it_likes_best(fields, coding):
    assert chosen(fields, 5000) == coding


def test_what_is_tiny_is_sent_as_it_is(tmp_path):
    assert chosen(["gzip"], 199) == "identity"
    with site(tmp_path) as it:
        replace(it.folder / "archive/boats/2026-09.rss", b"<rss></rss>")
        reply = it.ask("/feeds/archive/boats/2026-09.rss", accept_encoding="gzip, identity;q=0")
        assert (reply.status, reply.body, reply.get("content-encoding")) == (200, b"<rss></rss>", None)


@pytest.mark.parametrize("coding", list(Coding))
def test_the_same_bytes_are_packed_alike(coding):
    body = b"The same bytes, for the same reader. " * 1000
    assert packed(body, coding) == packed(bytes(bytearray(body)), coding)
    assert UNPACK[None if coding == "identity" else coding](packed(body, coding)) == body


def test_who_asks_at_the_same_time_waits_for_one_reading_and_one_packing(tmp_path, monkeypatch):
    calls = []

    def slowly(what):
        def work(*args):
            calls.append(what.__name__)
            time.sleep(0.05)
            return what(*args)

        return work

    with site(tmp_path) as it:
        it.write("A second boat")
        monkeypatch.setattr(copies, "packed", slowly(packed))
        monkeypatch.setattr(shelves, "_bytes", slowly(shelves._bytes))
        sizes = []

        async def one():
            scope = {"type": "http", "method": "GET", "path": "/feeds/boats.atom", "raw_path": b"/feeds/boats.atom"}
            scope["headers"] = [(b"accept-encoding", b"gzip")]

            async def send(message):
                sizes.append(len(message.get("body", b"")))

            await it.app(scope, None, send)

        async def play():
            asks = [asyncio.create_task(one()) for _ in range(20)]
            await asyncio.sleep(0.02)
            asks[0].cancel()
            done = await asyncio.gather(*asks, return_exceptions=True)
            assert isinstance(done[0], asyncio.CancelledError)
            await one()

        asyncio.run(play())
        assert calls == ["_bytes", "packed"]
        assert len({size for size in sizes if size}) == 1
        assert sum(size > 0 for size in sizes) == 20


# What is not there


@pytest.mark.parametrize("file", ["boats.atom", "courts.html", "index.html", "subscriptions.opml"])
def test_what_nobody_has_asked_for_yet_has_a_last_good_copy_too(tmp_path, file):
    with site(tmp_path) as it:
        body = (it.folder / file).read_bytes()
        (it.folder / file).unlink()
        reply = it.ask(f"/feeds/{file}")
        assert (reply.status, reply.body) == (200, body)


@pytest.mark.parametrize(
    "path",
    [
        *("nosuch.atom", "boats.csv", "boats", "boats.atom/", "Boats.atom", "gone.json", "gone.map", "gone.atom"),
        *("README.md", "secret.txt", ".boats.atom.0.unfinished", "archive", "archive/", "archive/boats/"),
        *("archive/boats/2026-13.atom", "archive/boats/2026-01.atom", "archive/boats/2026-09.json", "index.atom"),
        *("../config.toml", "archive/../boats.atom", "archive/../../syndicator.db", "..", ".", "/", "//boats.atom"),
        *("boats.atom\x00", "boats\x00.atom", "..\\config.toml", "boats.atom\n", "link.atom", "pipe.atom", "dir.atom"),
        *("linked/boats.atom", "a" * 60_000 + ".atom", "\u0431\u0440\u043e\u0434.atom", "~/boats.atom"),
    ],
    ids=lambda path: ascii(path[:30]),
)
@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_nothing_else_is_found(standing, path, method):
    reply = standing.ask(f"/feeds/{path}", method)
    nothing = standing.ask("/nothing", "GET")
    assert (reply.status, reply.headers, reply.body) == (404, nothing.headers, nothing.body)


def test_names_without_end_are_not_kept_in_mind(standing, monkeypatch):
    seen = []
    real = Address.of_file
    monkeypatch.setattr(Address, "of_file", staticmethod(lambda site, file: seen.append(len(file)) or real(site, file)))
    longest = f"archive/{'b' * 100}/2026-09.atom"
    for path in (longest, "b" * 126, "archive/" * 5_000):
        assert standing.ask(f"/feeds/{path}").status == 404
    assert set(seen) == {len(longest)}


def test_an_encoded_slash_is_no_slash(standing):
    path = "/feeds/archive/boats/2026-09.atom"
    assert standing.ask(path).status == 200
    assert standing.ask(path, raw=b"/feeds/archive%2Fboats%2f2026-09.atom").status == 404
    assert standing.ask(path, raw=b"/feeds/archive/boats/2026%2D09.atom").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"])
def test_it_can_only_be_read(standing, method):
    reply = standing.ask("/feeds/boats.atom", method)
    assert (reply.status, reply["allow"], reply["cache-control"]) == (405, "GET, HEAD, OPTIONS", "no-store")
    assert standing.feed().status == 200


def test_a_page_of_another_site_may_ask_conditionally(standing):
    reply = standing.ask("/feeds/boats.atom", "OPTIONS", origin="https://reader.example")
    assert (reply.status, reply.body) == (204, b"")
    assert reply["access-control-allow-origin"] == "*"
    assert reply["access-control-allow-methods"] == reply["allow"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in reply["access-control-allow-headers"]
    assert reply["access-control-max-age"] == "86400"


def test_a_topic_that_was_taken_out_is_gone_in_all_its_forms(tmp_path):
    with site(tmp_path):
        pass
    with site(tmp_path, BOATS, INBOX) as it:
        for path in ("courts.rss", "courts.atom", "courts.json", "courts.html", "archive/courts/2026-09.atom"):
            reply = it.ask(f"/feeds/{path}")
            assert reply.status == 410, path
            assert reply["cache-control"] == SHORT
            assert it.ask(f"/feeds/{path}", "HEAD").body == b""
        assert it.ask("/feeds/boats.atom").status == 200
    with site(tmp_path) as it:
        assert it.ask("/feeds/courts.atom").status == 200


def test_a_topic_taken_out_while_we_have_it_is_gone(tmp_path):
    with site(tmp_path) as it:
        assert it.feed().status == 200
        it.room.pipeline.rendering.publisher.write_gone(["boats"])
        assert it.feed().status == 410
        replace(it.folder / "gone.json", b'{"gone": []}')
        assert it.feed().status == 503


@pytest.mark.parametrize("spoilt", [b"no list", b"[]", b'{"gone": 7}', None])
def test_a_list_of_what_is_gone_that_cannot_be_read_holds_what_it_held(tmp_path, spoilt):
    with site(tmp_path) as it:
        it.room.pipeline.rendering.publisher.write_gone(["boats"])
        assert it.feed().status == 410
        (it.folder / "gone.json").unlink()
        if spoilt:
            replace(it.folder / "gone.json", spoilt)
        assert it.feed().status == 410


def test_a_feed_that_is_still_to_be_written_is_asked_for_again_soon(tmp_path):
    with newsroom(tmp_path, BOATS) as room, house(room, lambda: NOW) as open_house:
        app = web_app(open_house)
        for path in ("boats.atom", "all.json", "index.html", "", "style.css", "subscriptions.opml"):
            reply = ask(app, f"/feeds/{path}")
            assert (reply.status, reply["retry-after"], reply["cache-control"]) == (503, "30", "no-store")
        assert ask(app, "/feeds/courts.atom").status == 404
        assert ask(app, "/feeds/archive/boats/2026-10.atom").status == 404
        room.start()
        room.publish()
        assert ask(app, "/feeds/boats.atom").status == 200


# What changes, and what fails


def test_what_another_process_writes_is_served_at_once(tmp_path):
    with site(tmp_path) as it:
        first = it.feed(accept_encoding="gzip")
        replace(it.folder / "boats.atom", b"<feed>killed</feed>" * 20)
        second = it.feed(accept_encoding="gzip", if_none_match=first["etag"], if_modified_since=LATER)
        assert second.status == 200
        assert gzip.decompress(second.body) == b"<feed>killed</feed>" * 20
        assert second["etag"] != first["etag"]


def test_bytes_that_come_again_keep_their_date(tmp_path):
    with site(tmp_path) as it:
        first = it.feed()
        body = (it.folder / "boats.atom").read_bytes()
        (it.folder / "boats.atom").unlink()
        replace(it.folder / "boats.atom", body)
        it.age(at=NOW + timedelta(minutes=5))
        assert it.feed().headers == first.headers


def test_a_backup_that_is_put_back_is_news_to_readers(tmp_path):
    with site(tmp_path) as it:
        first = it.feed()
        replace(it.folder / "boats.atom", b"<feed>older</feed>")
        it.age(at=NOW - timedelta(days=3))
        second = it.feed(if_modified_since=first["last-modified"])
        assert second.status == 200
        assert parsedate_to_datetime(second["last-modified"]) > parsedate_to_datetime(first["last-modified"])


def broken(how):
    def loses(it, monkeypatch):
        file = it.folder / "boats.atom"
        if how == "deleted":
            file.unlink()
        elif how == "the folder away":
            it.folder.rename(it.folder.with_name("away"))
        elif how == "emptied":
            file.write_bytes(b"")
        elif how == "broken off":
            file.write_bytes(file.read_bytes()[:-20])
        elif how == "a folder in its place":
            file.unlink()
            file.mkdir()
        elif how == "a link out of the folder":
            file.unlink()
            file.symlink_to(it.room.root / "config.toml")
        else:

            def fails(*_args, **_more):
                raise OSError(5, "Input/output error")

            replace(file, b"new bytes on a broken disk")
            monkeypatch.setattr(shelves.os, "open", fails)

    return loses


HOW = [
    "deleted",
    "the folder away",
    "emptied",
    "broken off",
    "a folder in its place",
    "a link out of the folder",
    "a broken disk",
]


@pytest.mark.parametrize("how", HOW)
def test_the_last_good_copy_is_served_on(tmp_path, how, monkeypatch, caplog):
    with site(tmp_path) as it:
        first = it.feed()
        broken(how)(it, monkeypatch)
        for _ in range(3):
            again = it.feed()
            assert (again.status, again.body, again.headers) == (200, first.body, first.headers)
        assert it.feed(if_none_match=first["etag"]).status == 304
        assert it.feed(accept_encoding="gzip")["content-encoding"] == "gzip"
    told = [record.getMessage() for record in caplog.records if "last good copy" in record.getMessage()]
    assert len(told) == 1
    assert "boats.atom" in told[0]


def test_a_file_that_is_written_again_is_served_again(tmp_path):
    with site(tmp_path) as it:
        it.feed()
        (it.folder / "boats.atom").unlink()
        it.feed()
        replace(it.folder / "boats.atom", b"<feed>again</feed>")
        assert it.feed().body == b"<feed>again</feed>"


def test_a_folder_that_is_a_link_may_lead_elsewhere_from_now_on(tmp_path):
    with site(tmp_path) as it:
        it.folder.rename(tmp_path / "first")
        it.folder.symlink_to("first")
        assert it.feed().status == 200
        shutil.copytree(tmp_path / "first", tmp_path / "second")
        replace(tmp_path / "second/boats.atom", b"<feed>elsewhere</feed>")
        it.folder.unlink()
        it.folder.symlink_to("second")
        assert it.feed().body == b"<feed>elsewhere</feed>"


def test_an_archive_month_lives_as_long_as_the_feed_has_it(tmp_path, monkeypatch):
    with site(tmp_path, BOATS, INBOX, "[feeds]\nmin_items = 0\n") as it:
        it.now += timedelta(days=40)
        it.room.cycle(it.now)
        path = "/feeds/archive/boats/2026-11.atom"
        file = it.folder / "archive/boats/2026-11.atom"
        first = it.ask(path)
        assert first.status == 200
        file.unlink()
        assert it.ask(path).body == first.body, "it was deleted by accident"

        def fails(_):
            raise StoreError("the disk is full")

        with monkeypatch.context() as broken_store:
            broken_store.setattr(type(it.room.store.feeds), "last_edge", lambda _self, name: fails(name))
            assert it.ask(path).body == first.body, "nobody can say whether it should be there"
        with it.room.store.transaction():
            it.room.store.feeds.remember_edge("boats", None)
        assert it.ask(path).status == 404, "the feed has no archive any more"


def test_archives_take_no_more_memory_than_they_may(tmp_path, monkeypatch):
    monkeypatch.setattr(shelves, "PASSING_BYTES", 3500)
    opened = []
    real = shelves._bytes
    with site(tmp_path) as it:
        monkeypatch.setattr(shelves, "_bytes", lambda root, path: opened.append(path.stem) or real(root, path))
        months = [f"2026-0{number}" for number in range(1, 6)]
        for month in months:
            replace(it.folder / f"archive/boats/{month}.rss", month.encode() + b"." * 1000 + b"</rss>")
        for month in [*months, "2026-05", "2026-03", "2026-01", "2026-03", "2026-05"]:
            assert it.ask(f"/feeds/archive/boats/{month}.rss").body.startswith(month.encode())
            it.feed()
        assert opened == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-01"]


# The front door


@pytest.mark.parametrize(
    ("site_url", "feeds_url", "folder"),
    [
        ("https://desk.example", None, "/feeds/"),
        ("https://desk.example/news", None, "/news/feeds/"),
        ("https://desk.example/the%20news", None, "/the news/feeds/"),
        ("https://desk.example", "https://DESK.example/out", "/out/"),
        ("https://desk.example/news", "https://desk.example/news/out", "/news/out/"),
        ("https://desk.example/news", "https://desk.example/newsfeeds", "/news/feeds/"),
        ("https://desk.example", "https://cdn.example/out", "/feeds/"),
        ("https://desk.example", "https://desk.example:8443/out", "/feeds/"),
        ("https://desk.example", "https://desk.example", "/"),
    ],
)
def test_the_folder_is_found_at_its_public_address_or_below_the_sites(tmp_path, site_url, feeds_url, folder):
    def moved(settings):
        return settings.model_copy(
            update={
                "site": settings.site.model_copy(update={"url": site_url}),
                "feeds": settings.feeds.model_copy(update={"url": feeds_url}),
            }
        )

    with site(tmp_path, settings=moved) as it:
        assert folder_path(moved(it.room.settings)) == folder
        assert it.ask(f"{folder}boats.atom").status == 200
        assert it.ask(folder)["content-type"] == "text/html; charset=utf-8"
        assert it.ask(f"{folder}nothing").status == 404
        quoted = folder.replace(" ", "%20")
        base = folder[: folder.rstrip("/").rfind("/")] if folder != "/" else ""
        for path in {"/", base, f"{base}/"} - {"", folder}:
            reply = it.ask(path, host="evil.example")
            assert (reply.status, reply["location"]) == (302, quoted)
        if folder != "/":
            reply = it.ask(folder[:-1], host="evil.example")
            assert (reply.status, reply["location"]) == (308, quoted)


def test_the_folder_hides_nothing_of_the_application(standing):
    assert b"This link does not work" in standing.ask("/unsubscribe/x").body


def test_the_end_of_an_answer_does_not_wait_for_the_reader_to_confirm_its_beginning():
    (listener,) = asyncio.run(listen("127.0.0.1", 0, backlog=1))
    with listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# The numbered checks


needs_checks = pytest.mark.skipif(not CHECKS.exists(), reason="the shared checks of publishers are not here")
LIMITS = '[feeds]\nmin_items = 3\n[schedule]\ntick = "1s"\npoll_min = "1s"\n'


@contextmanager
def published(root, url, port):
    """A newsroom with news of four months, a topic that was taken out, a correction and a kill; what changes it again."""
    (root / "inbox").mkdir()
    now = datetime.now(UTC)
    for number in range(1, 31):
        day = now - timedelta(days=4 * number)
        text = f"Title: A boat of day {number}\nDate: {day:%Y-%m-%d %H:%M}\n\nBoat {number} & <others> “came” in."
        (root / f"inbox/{number}.txt").write_text(text, "utf-8")
        os.utime(root / f"inbox/{number}.txt", (0, 0))
    head, server = HEAD.replace("https://desk.example", url), f"[server]\nport = {port}\n"
    with newsroom(root, server, LIMITS, INBOX, BOATS, COURTS, head=head) as room:
        room.cycle(now)
    with newsroom(root, server, LIMITS, INBOX, BOATS, head=head) as room:
        room.cycle(now)

        def put_right():
            newest, second, third = (item["id"] for item in room.feed("boats")["items"])
            room.desk.correct(newest, "The number was wrong.", datetime.now(UTC), by="test", title="A boat, put right")
            room.desk.kill(second, "There was no boat.", datetime.now(UTC), by="test")
            room.publish(datetime.now(UTC))
            time.sleep(1.1)  # until the date of the files has come
            return f"cd {root} && {sys.executable} -m syndicator article kill {third} >/dev/null"

        yield put_right


@pytest.mark.thorough
@needs_checks
def test_the_service_passes_every_check_of_a_publisher_after_a_correction_and_a_kill(tmp_path):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with published(tmp_path, base, port) as put_right, running(tmp_path) as service:
        wait_for(lambda: answers(port) or service.poll() is not None, 30)
        change = put_right()
        found = checked(f"{base}/feeds/", gone=f"{base}/feeds/courts.atom", change=change, name="boats")
        service.terminate()
        output, _ = service.communicate(timeout=20)
    passes(found)
    assert "Traceback" not in output


@pytest.mark.thorough
@needs_checks
@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_the_folder_behind_nginx_passes_them_too(tmp_path):
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with published(tmp_path, base, free_port()) as put_right, nginx(tmp_path, port):
        change = put_right()
        found = checked(f"{base}/feeds/", gone=f"{base}/feeds/courts.atom", change=change, name="boats")
    passes(found)


def answers(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/feeds/courts.atom", timeout=5):
            return False
    except OSError as error:
        return getattr(error, "code", None) == 410
