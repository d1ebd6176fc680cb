"""The built-in web server: private feeds, links that end alerts, and the service around it."""

import asyncio
import base64
import hashlib
import http.client
import re
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import feedparser
import pytest
from asgi import ask
from documents import read
from house import house
from lxml import html
from mailserver import MailServer
from newsroom import NOW
from outbox import DESK, alert, desk
from test_nginx import NGINX, documented, free_port
from test_run import running, wait_for
from wire import Client, served

from syndicator.access import Scope
from syndicator.addresses import opt_out_key
from syndicator.alerts import sign_opt_out
from syndicator.config import load
from syndicator.errors import StoreError, StoreSlowError
from syndicator.metrics import REGISTRY
from syndicator.pipeline import analyser
from syndicator.store import Store
from syndicator.tokendesk import TokenDesk
from syndicator.web import connection, descriptors, web_app
from syndicator.web.form import form_fields
from syndicator.web.reading import ReadingRoom
from syndicator.web.unsubscribe import FORM_BYTES, masked

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MAIL = '[destinations.anna]\nkind = "email"\nto = "anna.petrovic@mail.example"\n'
SMTP = '[smtp]\nhost = "127.0.0.1"\nport = 25\nsecurity = "none"\nsender = "alerts@desk.example"\n'
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = {"body": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": FORM}}
UNDO = {"body": b"List-Unsubscribe=Undo", "headers": {"Content-Type": FORM}}
MULTIPART = b'--x y\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x y--\r\n'


class Web:
    """A newsroom's web application, asked without a network."""

    def __init__(self, it, house):
        self.it, self.store = it, it.store
        self.app = web_app(house)
        self.row = it.store.alerts.all()[0]

    def ask(self, path, method="GET", **more):
        return ask(self.app, path, method, **more)

    def feed(self, extension="atom"):
        return f"/alerts/{self.store.alerts.get(self.row.id).feed_token}.{extension}"

    def link(self, destination="anna"):
        return f"/unsubscribe/{sign_opt_out(opt_out_key(self.store), self.row.id, destination)}"

    def opted_out(self):
        return set(self.store.alerts.opted_out(self.row.id))


@contextmanager
def web(root, *parts):
    parts = parts or (DESK, MAIL, SMTP, alert(to=("desk", "anna")))
    with desk(root, *parts) as it, house(it.room, lambda: it.now) as open_house:
        yield Web(it, open_house)


# Private feeds


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [
        ("atom", "application/atom+xml"),
        ("rss", "application/rss+xml"),
        ("json", "application/feed+json"),
        ("html", "text/html; charset=utf-8"),
    ],
)
def test_a_private_feed_is_served_to_whoever_has_its_address_and_to_no_search_engine(tmp_path, extension, media_type):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        address = it.feed(extension)
        reply = it.ask(address)
    assert reply.status == 200
    assert b"A boat came in" in reply.body
    assert reply["content-type"] == media_type
    assert reply["content-length"] == str(len(reply.body))
    assert reply["cache-control"] == "private, max-age=60"
    assert reply["link"] == f'<https://desk.example{address}>; rel="self"'
    assert reply.get("access-control-allow-origin") is None
    assert reply["x-robots-tag"] == "noindex"
    assert reply["referrer-policy"] == "no-referrer"
    assert re.fullmatch(r'"[0-9a-f]{32}"', reply["etag"])


def test_last_modified_is_since_when_the_bytes_were_seen_once_that_can_be_relied_on(tmp_path):
    """In the second in which we began, others may have been given out before us."""
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        assert it.ask(it.feed()).get("last-modified") is None
        it.it.now += HOUR
        first = it.ask(it.feed())
        it.it.now += HOUR
        assert it.ask(it.feed())["last-modified"] == first["last-modified"] == "Tue, 03 Nov 2026 12:00:01 GMT"


# The entity tag stands as E, Last-Modified as 13:00:00.
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([("If-None-Match", "E")], 304, id="the tag"),
        pytest.param([("If-None-Match", "W/E")], 304, id="weak, as a compressing proxy makes it"),
        pytest.param([("If-None-Match", '"other", E')], 304, id="in a list"),
        pytest.param([("If-None-Match", '"a,b",W/E,"c"')], 304, id="in a list with a comma in a tag"),
        pytest.param([("If-None-Match", '"other"'), ("If-None-Match", "E")], 304, id="in a second field"),
        pytest.param([("If-None-Match", "*")], 304, id="any"),
        pytest.param([("If-None-Match", "E-gzip")], 304, id="of the packed bytes, as Apache names them too"),
        pytest.param([("If-None-Match", "E--gzip")], 304, id="as Jetty does"),
        pytest.param([("If-None-Match", '"other"')], 200, id="another tag"),
        pytest.param([("If-None-Match", "E-something")], 200, id="a longer tag"),
        pytest.param([("If-None-Match", "bare")], 200, id="no tag at all"),
        pytest.param([("If-None-Match", "")], 200, id="an empty field"),
        pytest.param([("If-None-Match", '"' * 9_999)], 200, id="nonsense"),
        pytest.param([("If-Modified-Since", "Tue, 03 Nov 2026 13:00:00 GMT")], 304, id="the date"),
        pytest.param(
            [("If-Modified-Since", "Tue, 03 Nov 2026 13:30:00 GMT")], 200, id="a later date, which is not ours"
        ),
        pytest.param(
            [("If-Modified-Since", "Tuesday, 03-Nov-26 13:00:00 GMT")], 200, id="the date as we never write it"
        ),
        pytest.param([("If-Modified-Since", "Tue, 03 Nov 2026 12:59:59 GMT")], 200, id="an earlier date"),
        pytest.param([("If-Modified-Since", "yesterday")], 200, id="no date"),
        pytest.param([("If-Modified-Since", "")], 200, id="an empty date"),
        pytest.param([("If-Modified-Since", "Tue, 99 Nov 2026 13:00:00 GMT")], 200, id="an impossible date"),
        pytest.param([("If-Modified-Since", "9" * 5_000)], 200, id="a very long date"),
        pytest.param([("If-Modified-Since", "Tue, 03 Nov 2026 13:00:00 GMT")] * 2, 200, id="two dates"),
        pytest.param(
            [("If-None-Match", '"other"'), ("If-Modified-Since", "Tue, 03 Nov 2026 13:00:00 GMT")],
            200,
            id="another tag and the date: the tag decides",
        ),
        pytest.param(
            [("If-None-Match", "E"), ("If-Modified-Since", "Tue, 03 Nov 2020 13:00:00 GMT")],
            304,
            id="the tag and an earlier date: the tag decides",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_newest_bytes_is_told_so(tmp_path, headers, status, method):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        it.it.now += HOUR
        tag = it.ask(it.feed())["etag"]

        def put_in(value):
            return re.sub(r"(^|[/ ,])E(-*)(\w*)", lambda m: f'{m[1]}{tag[:-1]}{m[2]}{m[3]}"', value)

        asked = [(name, put_in(value) if name == "If-None-Match" else value) for name, value in headers]
        reply = it.ask(it.feed(), method, headers=asked)
    assert reply.status == status
    # Our name for packed bytes is told back to who has them.
    assert reply["etag"] == (f'{tag[:-1]}-gzip"' if ("If-None-Match", "E-gzip") in headers else tag)
    assert reply["cache-control"] == "private, max-age=60"
    assert (reply.get("content-type") is None) == (status == 304)
    if status == 304:
        assert reply.body == b""
        assert reply.get("content-length") is None


def test_a_hit_on_an_article_of_long_ago_is_in_the_next_answer(tmp_path):
    """As when an alert is held against the archive: no article has changed."""
    with web(tmp_path) as it:
        it.it.say("A ferry came in", "A boat came in")
        assert b"A ferry" not in it.ask(it.feed()).body
        id_ = it.it.article("A ferry came in")
        with it.store.transaction():
            it.store.hits.add(it.row.id, id_, seq=1, story=id_, reasons=[], silent=None, now=it.it.now)
        assert b"A ferry" in it.ask(it.feed()).body


def test_while_there_is_no_time_a_private_feed_stands_unless_anything_has_changed(tmp_path, monkeypatch):
    async def busy(*_, **__):
        await asyncio.sleep(0)
        raise StoreSlowError("not done")

    with web(tmp_path) as it:
        it.it.say("A boat came in")
        address = it.feed()
        first = it.ask(address)
        it.it.now += MINUTE
        with monkeypatch.context() as patch:
            patch.setattr(ReadingRoom, "read", busy)
            assert it.ask(address).body == first.body
            it.it.say("A second boat")
            assert it.ask(address).status == 503
        assert b"A second boat" in it.ask(address).body
        with it.store.transaction():
            it.store.alerts.give_token(it.row.id, "another" * 6)
        with monkeypatch.context() as patch:
            patch.setattr(ReadingRoom, "read", busy)
            assert it.ask(address).status == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/websub/hub", FORM, id="the hub"),
        pytest.param("LINK", FORM, id="a link that ends an alert"),
        pytest.param("/api/v1/preview", "application/json", id="the API"),
    ],
)
def test_who_hangs_up_within_a_body_is_no_defect(tmp_path, path, kind, caplog):
    caplog.set_level("INFO")
    with web(tmp_path) as it:
        path = it.link() if path == "LINK" else path
        token = TokenDesk(it.store).add("anna", frozenset(Scope), it.it.now).secret
        errors = []
        before = counted()

        async def watched(scope, receive, send):
            try:
                await it.app(scope, receive, send)
            except Exception as error:
                errors.append(error)
                raise

        async def play(port, _):
            client = await Client.to(port)
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n"
            await client.say(f"{head}Authorization: Bearer {token}\r\n\r\nab".encode())
            await asyncio.sleep(0.1)
            client.close()
            await asyncio.sleep(0.2)

        served(play, app=watched)
        assert errors == []
        assert [record for record in caplog.records if record.name != "syndicator.store"] == []
        assert {status for status, number in counted().items() if number > before.get(status, 0)} == {"400"}


def counted():
    """Answers so far, by status."""
    found = {}
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            if sample.name == "syndicator_http_requests_total":
                found[sample.labels["status"]] = found.get(sample.labels["status"], 0) + sample.value
    return found


def test_no_date_hides_news_that_came_in_late(tmp_path):
    """A reader that sends dates alone: those we gave it, or that of its clock."""
    with web(tmp_path) as it:
        it.it.now += MINUTE
        it.it.say("A boat from a quick source")
        asked = it.it.now + timedelta(seconds=10)
        it.it.now -= timedelta(seconds=20)
        it.it.say("A boat from a slow source")
        for later in (MINUTE, HOUR):
            it.it.now = asked + later
            since = asked.strftime("%a, %d %b %Y %H:%M:%S GMT")
            reply = it.ask(it.feed(), headers={"If-Modified-Since": since})
            assert reply.status == 200
            assert b"slow source" in reply.body


def test_what_opens_nothing_is_answered_alike(tmp_path):
    with web(tmp_path) as it:
        right = it.feed()
        with it.store.transaction():
            it.store.alerts.give_token(it.row.id, "x" * 27)
        wrong = [right, "/alerts/nothing.atom", f"{it.feed()}.csv", "/alerts/.atom", "/alerts/", "/feeds/no.rss"]
        wrong += [it.feed("csv"), it.feed().replace(".atom", ""), f"{it.feed()}/", "/alerts/../config.toml"]
        replies = [it.ask(path) for path in wrong]
        assert it.ask(it.feed()).status == 200
    assert {reply.status for reply in replies} == {404}
    assert len({(tuple(reply.headers), reply.body) for reply in replies}) == 1
    assert replies[0].body == b"There is nothing at this address.\n"
    assert replies[0]["cache-control"] == "no-store"


def test_answers_stand_below_the_path_of_the_public_address(tmp_path):
    with desk(tmp_path, DESK, alert()) as it:
        below = it.room.settings.model_copy(
            update={"site": it.room.settings.site.model_copy(update={"url": "https://desk.example/the%20news"})}
        )
        with house(it.room, lambda: it.now, below) as open_house:
            app = web_app(open_house)
            token = it.store.alerts.all()[0].feed_token
            reply = ask(app, f"/the news/alerts/{token}.atom")
            assert reply.status == 200
            assert f'"https://desk.example/the%20news/alerts/{token}.atom"'.encode() in reply.body
            assert ask(app, f"/alerts/{token}.atom").status == 404


# Ending an alert


def words(reply):
    return " ".join(html.fromstring(reply.body).text_content().split())


def buttons(reply):
    found = html.fromstring(reply.body).xpath("//form[@method='post' and not(@action)]//button")
    return [(button.get("name"), button.get("value")) for button in found]


def test_following_the_link_asks_and_changes_nothing(tmp_path):
    with web(tmp_path) as it:
        for method in ("GET", "HEAD", "OPTIONS"):
            reply = it.ask(it.link(), method, body=ONE_CLICK["body"], headers=ONE_CLICK["headers"])
            assert reply.status in (200, 204)
            assert it.opted_out() == set()
        reply = it.ask(it.link())
    assert "The alert Boats is sent to a•••@mail.example." in words(reply)
    assert b"petrovic" not in reply.body
    assert buttons(reply) == [("List-Unsubscribe", "One-Click")]
    assert reply["cache-control"] == "no-store"
    assert reply["x-robots-tag"] == "noindex"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(FORM, b"List-Unsubscribe=One-Click", id="url-encoded"),
        pytest.param(f"{FORM}; charset=UTF-8", b"a=b&List-Unsubscribe=One-Click", id="with more in it"),
        pytest.param('multipart/form-data; boundary="x y"', MULTIPART, id="multipart"),
        pytest.param("Multipart/Form-Data; charset=utf-8; boundary=xy", MULTIPART.replace(b"x y", b"xy"), id="bare"),
    ],
)
def test_one_click_ends_this_alert_for_this_destination(tmp_path, content_type, body):
    with web(tmp_path) as it:
        for _ in range(2):
            reply = it.ask(it.link(), "POST", body=body, headers={"Content-Type": content_type})
            assert reply.status == 200
            assert it.opted_out() == {"anna"}
        assert "The alert Boats is no longer sent to a•••@mail.example." in words(reply)
        assert it.ask(it.link()).body == reply.body


def test_what_matches_later_is_not_delivered_there(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A first boat")
        it.ask(it.link(), "POST", **ONE_CLICK)
        it.it.say("A second boat")
        it.ask(it.link(), "POST", **UNDO)
        it.it.say("A third boat")
        assert it.it.titles("anna") == ["A first boat", "A third boat"]
        assert it.it.titles("desk") == ["A first boat", "A second boat", "A third boat"]


def test_it_can_be_undone_from_the_same_page(tmp_path):
    with web(tmp_path) as it:
        ended = it.ask(it.link(), "POST", **ONE_CLICK)
        assert buttons(ended) == [("List-Unsubscribe", "Undo")]
        for _ in range(2):
            reply = it.ask(it.link(), "POST", **UNDO)
            assert it.opted_out() == set()
        assert buttons(reply) == [("List-Unsubscribe", "One-Click")]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(FORM, b"", id="nothing"),
        pytest.param(FORM, b"List-Unsubscribe=Never", id="another word"),
        pytest.param(FORM, b"&".join([b"a=b"] * 1000), id="many fields"),
        pytest.param(FORM, b"List-Unsubscribe=%FF\xff", id="no text"),
        pytest.param("text/plain", b"List-Unsubscribe=One-Click", id="no form"),
        pytest.param("multipart/form-data", MULTIPART, id="no boundary"),
        pytest.param("multipart/form-data; boundary=other", MULTIPART, id="another boundary"),
        pytest.param('multipart/form-data; boundary="é"', b"\r\n--" * 900, id="only boundaries"),
    ],
)
def test_a_post_that_says_something_else_changes_nothing(tmp_path, content_type, body):
    with web(tmp_path) as it:
        reply = it.ask(it.link(), "POST", body=body, headers={"Content-Type": content_type})
        assert reply.status == 400
        assert it.opted_out() == set()
        assert buttons(reply) == [("List-Unsubscribe", "One-Click")]


def test_the_first_field_of_a_name_counts_and_names_are_not_searched_for_in_values():
    assert form_fields(b"a=1&a=2", FORM) == {"a": "1"}
    forged = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nname="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--'
    assert form_fields(forged, "multipart/form-data; boundary=b") == {"x": 'name="List-Unsubscribe"\r\n\r\nOne-Click'}


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "without"])
def test_a_large_body_is_refused(tmp_path, told):
    body = b"List-Unsubscribe=One-Click&x=" + b"x" * FORM_BYTES
    length = {"Content-Length": str(len(body))} if told else {}
    with web(tmp_path) as it:
        reply = it.ask(it.link(), "POST", body=body, headers={"Content-Type": FORM, **length})
        assert reply.status == 413
        assert it.opted_out() == set()


def test_links_that_we_did_not_make_lead_nowhere(tmp_path):
    with web(tmp_path) as it:
        good = it.link()
        foreign = sign_opt_out("another key", it.row.id, "anna")
        unknown = sign_opt_out(opt_out_key(it.store), "no such alert", "anna")
        for path in (good[:-1], good + "x", "/unsubscribe/x", f"/unsubscribe/{foreign}", f"/unsubscribe/{unknown}"):
            for method, more in (("GET", {}), ("POST", ONE_CLICK)):
                reply = it.ask(path, method, **more)
                assert reply.status == 404
                assert "This link does not work" in words(reply)
                assert buttons(reply) == []
        assert it.opted_out() == set()


def test_what_a_link_ends_and_begins_again_is_in_the_audit_log_once(tmp_path):
    with web(tmp_path) as it:
        for asked in (ONE_CLICK, ONE_CLICK, UNDO, UNDO, {"body": b"x=y", "headers": ONE_CLICK["headers"]}):
            it.ask(it.link(), "POST", **asked)
        lines = it.store.audit.newest(limit=9, thing=f"alert {it.row.id}", who="the link in a mail")
    assert [(row.act, row.detail) for row in reversed(lines)] == [
        ("alert ended by mail", "Boats: anna"),
        ("alert begun again by mail", "Boats: anna"),
    ]


def test_nobody_fills_the_audit_log_with_a_link(tmp_path):
    with web(tmp_path) as it:
        replies = [it.ask(it.link(), "POST", **asked) for _ in range(20) for asked in (UNDO, ONE_CLICK)]
        assert {reply.status for reply in replies[1::2]} == {200}, "one can always end it"
        refused = [reply for reply in replies[::2] if reply.status == 429]
        assert len(refused) == 15
        assert 1 <= int(refused[0]["retry-after"]) <= 60
        assert it.opted_out() == {"anna"}
        assert len(it.store.audit.newest(limit=99)) == 9


def test_what_a_link_says_that_means_nothing_writes_nothing(tmp_path, monkeypatch):
    with web(tmp_path) as it:
        link = it.link()
        assert it.ask(link).status == 200
        monkeypatch.setattr(it.store, "transaction", lambda: pytest.fail("a transaction"))
        assert it.ask(link, "POST", body=b"x=y", headers=ONE_CLICK["headers"]).status == 400


def test_a_destination_and_an_alert_that_are_gone_can_still_be_ended(tmp_path):
    """Corrections of what it had go there until then."""
    with web(tmp_path) as it:
        with it.store.transaction():
            it.store.destinations.remove("anna", "gone", NOW)
            it.store.alerts.remove(it.row.id)
        assert "The alert Boats is sent to anna." in words(it.ask(it.link()))
        assert it.ask(it.link(), "POST", **ONE_CLICK).status == 200
        assert it.opted_out() == {"anna"}


def test_names_are_text_and_nothing_else(tmp_path):
    with web(tmp_path, DESK, alert(name="<script>alert(1)</script>&amp;")) as it:
        reply = it.ask(it.link("desk"))
    assert b"<script" not in reply.body
    assert "The alert <script>alert(1)</script>&amp; is sent to desk." in words(reply)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anna@example.org", "a•••@example.org"),
        ("a@example.org", "•••@example.org"),
        ('"odd@one"@example.org', '"•••@example.org'),
    ],
)
def test_addresses_are_masked(address, shown):
    assert masked(address) == shown


# Every answer


def test_methods_that_do_not_apply_are_refused_with_those_that_do(tmp_path):
    with web(tmp_path) as it:
        for path, allowed in ((it.feed(), "GET, HEAD, OPTIONS"), (it.link(), "GET, HEAD, POST, OPTIONS")):
            options = it.ask(path, "OPTIONS")
            assert (options.status, options["allow"], options.body) == (204, allowed, b"")
            for method in {"POST", "PUT", "DELETE", "PATCH", "BREW", "TRACE"} - set(allowed.split(", ")):
                refused = it.ask(path, method)
                assert (refused.status, refused["allow"]) == (405, allowed)


def test_every_answer_carries_the_guarding_headers(tmp_path, monkeypatch):
    with web(tmp_path) as it:
        tag = it.ask(it.feed())["etag"]
        replies = [
            it.ask(it.feed()),
            it.ask(it.feed(), headers={"If-None-Match": tag}),
            it.ask(it.link()),
            it.ask(it.link(), "OPTIONS"),
            it.ask(it.link(), "PUT"),
            it.ask("/nowhere"),
            it.ask(it.link(), "POST", body=b"x" * 9_999),
            it.ask(it.link(), "POST"),
        ]
    assert sorted(reply.status for reply in replies) == [200, 200, 204, 304, 400, 404, 405, 413]
    for reply in replies:
        policy = reply["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert reply["x-content-type-options"] == "nosniff"
        assert reply["referrer-policy"] == "no-referrer"
        assert reply.get("set-cookie") is None


def test_pages_bring_all_they_need_and_the_policy_knows_it(tmp_path):
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        for path in (it.feed("html"), it.link(), "/unsubscribe/x"):
            reply = it.ask(path)
            tree = html.fromstring(reply.body)
            (style,) = tree.xpath("//style/text()")
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in reply["content-security-policy"]
            assert "prefers-color-scheme: dark" in style
            assert not tree.xpath("//script | //img | //iframe | //link[@rel='stylesheet'] | //@style | //@onclick")
            assert tree.xpath("//meta[@name='viewport']")


def test_trouble_with_the_store_is_told_to_try_again_and_a_defect_tells_nothing(tmp_path, monkeypatch, caplog):
    with web(tmp_path) as it:
        path, link = it.feed(), it.link()

        def broken(error):
            def fail(*_, **__):
                raise error

            return fail

        monkeypatch.setattr(type(it.store.alerts), "with_token", broken(StoreError("the disk is full at /srv/secret")))
        reply = it.ask(path)
        assert (reply.status, reply["retry-after"]) == (503, "60")
        assert b"/srv" not in reply.body
        assert "the disk is full" in caplog.text
        monkeypatch.setattr(it.store.alerts, "opt_out", broken(StoreError("the disk is full")))
        assert it.ask(link, "POST", **ONE_CLICK).status == 503
        monkeypatch.setattr(type(it.store.alerts), "with_token", broken(ZeroDivisionError("/srv/secret")))
        with pytest.raises(ZeroDivisionError):
            it.ask(path)  # passed on, so that the server writes a traceback


# The service


@pytest.mark.thorough
def test_the_service_serves_feeds_and_ends_alerts(tmp_path):
    """`syndicator run` as a process: subscribe, come back, unsubscribe by the mail's own link, and be locked out."""
    with MailServer() as mail, closing(socket.socket()) as held:
        write(tmp_path, mail.port, port=0)
        with running(tmp_path) as service:
            address, told = listens(service)
            drop(tmp_path, "First boat")
            wait_for(lambda: mail.mails, 30)
            link = mail.mails[0]["List-Unsubscribe"].strip("<> ")
            store, row = opened(tmp_path)
            feed = f"{address}/alerts/{row.feed_token}.atom"
            first = feedparser.parse(feed)
            assert [entry.title for entry in first.entries] == ["First boat"]
            assert first.headers["content-type"] == "application/atom+xml"
            assert feedparser.parse(feed, etag=first.etag).status == 304

            assert urlsplit(link).path.startswith("/unsubscribe/")
            post = Request(address + urlsplit(link).path, data=b"List-Unsubscribe=One-Click", method="POST")
            with urlopen(post, timeout=10) as reply:
                assert "is no longer sent to a•••@mail.example" in " ".join(reply.read().decode().split()).replace(
                    "<bdi>", ""
                ).replace("</bdi>", "")
            drop(tmp_path, "Second boat")
            wait_for(lambda: len(feedparser.parse(feed).entries) == 2, 30)
            assert feedparser.parse(feed, etag=first.etag).status == 200
            time.sleep(1.5)
            assert len(mail.mails) == 1

            with store.transaction():
                store.alerts.give_token(row.id, None)
            assert feedparser.parse(feed).status == 404
            store.close()
            # An idle connection does not hold up the end.
            held.connect(("127.0.0.1", urlsplit(address).port))
            began = time.monotonic()
            service.terminate()
            output = told + service.communicate(timeout=20)[0]
            assert time.monotonic() - began < 8
    assert service.returncode == 0, output
    assert output.rstrip().endswith("Stopped.")
    assert "Traceback" not in output
    assert row.feed_token not in output
    assert link not in output


def test_the_service_works_on_where_its_port_is_taken(tmp_path):
    with MailServer() as mail, closing(socket.create_server(("127.0.0.1", 0))) as other:
        write(tmp_path, mail.port, port=other.getsockname()[1])
        with running(tmp_path) as service:
            drop(tmp_path, "First boat")
            wait_for(lambda: mail.mails, 30)
            service.terminate()
            output, _ = service.communicate(timeout=20)
    assert service.returncode == 0, output
    (line,) = [line for line in output.splitlines() if "[server]" in line]
    assert "already in use" in line
    assert output.rstrip().endswith("Stopped.")


def write(room, smtp, *, port):
    (room / "inbox").mkdir()
    parts = [
        '[site]\ntitle = "Test Desk"\nurl = "https://desk.example"\ncontact = "https://desk.example/contact"\n',
        f'[server]\nport = {port}\n[schedule]\ntick = "1s"\n',
        '[[sources]]\nname = "inbox"\nkind = "folder"\npath = "inbox"\n',
        '[topics.boats]\ntitle = "Boats"\nquery = "boat"\n',
        SMTP.replace("25", str(smtp)),
        MAIL,
        alert(to=("anna",)),
    ]
    (room / "config.toml").write_text("\n".join(parts), "utf-8")


def listens(service):
    """The address that the service prints, and the lines up to it."""
    told = ""
    for line in service.stdout:
        told += line
        if match := re.fullmatch(r"Listening on (http://127\.0\.0\.1:\d+)\n", line):
            return match[1], told
    raise AssertionError(told)


def drop(room, title):
    text = f"{title}\n\nWhat {title.lower()} has to say is said by nobody else on this day."
    (room / "inbox" / f"{title}.txt").write_text(text, "utf-8")


def opened(room):
    settings = load(room / "config.toml", {})
    store = Store.open(settings.store.path, analyser(settings))
    return store, store.alerts.named("Boats")


# The documents


def test_the_page_on_deployment_tells_the_limits_as_they_are():
    section = " ".join(read("docs/deploy.md").text.split("## The built-in server")[1].split())
    for line in (
        f"{connection.REQUEST_S:.0f} seconds for its headers and as long again for its body",
        f"none of which is read for {connection.READING_S:.0f} seconds",
        f"closed after {connection.IDLE_S:.0f} seconds",
        f"{connection.TARGET_BYTES >> 10} KB of address",
        f"{connection.HEAD_BYTES >> 10} KB and {connection.HEADERS} headers",
        f"{connection.REQUEST_BYTES >> 20} MB",
        f"{connection.AHEAD} requests may be sent ahead",
        f"{connection.CONNECTIONS:,} connections",
        f"{connection.SHARE} of them from one address",
        f"{connection.BUSY:,} requests are answered at a time",
        f"{descriptors.RESERVED} files",
    ):
        assert line in section


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_as_it_is_documented_passes_on_what_is_ours(tmp_path):
    (tmp_path / "nginx").mkdir()
    with web(tmp_path) as it:
        it.it.say("A boat came in")
        it.it.now += HOUR
        front = free_port()

        async def play(port, _):
            text = documented(tmp_path, front, port)
            (tmp_path / "nginx/nginx.conf").write_text(text, "utf-8")
            command = [NGINX, "-p", tmp_path, "-c", tmp_path / "nginx/nginx.conf"]
            nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - a test
            try:
                await asyncio.to_thread(through, front)
            finally:
                nginx.terminate()
                await asyncio.to_thread(nginx.wait)

        def through(front):
            wait_for(lambda: answers(front), 10)
            status, headers, _ = asked(front, it.feed(), {"Accept-Encoding": "gzip"})
            assert (status, headers["Content-Encoding"]) == (200, "gzip")
            assert headers["Cache-Control"] == "private, max-age=60"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert asked(front, it.feed(), {"If-None-Match": headers["ETag"]})[0] == 304
            assert asked(front, it.link())[0] == 200
            status, _, body = asked(front, "/unsubscribe/.begins-with-a-dot")
            assert status == 404
            assert b"This link does not work" in body

        served(play, app=it.app)


def answers(port):
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asked(port, path, headers=()):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request("GET", path, headers=dict(headers))
        reply = line.getresponse()
        return reply.status, reply.headers, reply.read()
