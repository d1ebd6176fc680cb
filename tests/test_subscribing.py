"""Our subscriptions at the hubs of our sources. Cases of websub.rocks are named by their numbers (1xx, 2xx, 3xx)."""

import asyncio
import contextlib
import gzip
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from aiohttp import web
from newsroom import NOW
from outbox import DESK, alert
from starlette.requests import ClientDisconnect, Request
from subscriber import (
    BOATS,
    DAY,
    DOWN,
    FEED,
    HOUR,
    HUB,
    MINUTE,
    NO,
    OTHER_HUB,
    SOURCE,
    TOPIC,
    YES,
    feed,
    fetched,
    subscriber,
)
from typer.testing import CliRunner

from syndicator.cli.app import app
from syndicator.config import load
from syndicator.errors import StoreError
from syndicator.model import Fetched, Outcome, Parsed, Validators
from syndicator.sources import HubClient, parse_feed, parse_page
from syndicator.sources.links import hub_links, hub_links_of_page
from syndicator.store import Store
from syndicator.web import callback
from syndicator.websub import HubAnswer, Offer, Standing, discover, is_told_by
from syndicator.websub.subscribed import LONGEST_LEASE

LOOPBACK = (ip_network("127.0.0.0/8"),)
PAGE = b"""<html><head><title>t</title><link rel="hub self" href="/h"><link rel="self" href="/canonical"></head>
<body><link rel="hub" href="https://evil.example/"><article><h1>A boat</h1><p>%s</p></article></body></html>""" % (
    b"Forty people came ashore at dawn near the old harbour. " * 5
)
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>t</title><updated>2026-11-03T12:00:00Z</updated>
<link rel="hub" href="https://hub.example/"/><link rel="self" href="https://wire.example/feed"/>
<entry><id>1</id><title>A</title><updated>2026-11-03T12:00:00Z</updated><content>b</content></entry></feed>"""
JSON_FEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "t",
        "feed_url": TOPIC,
        "hubs": [{"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "WebSub", "url": HUB}],
        "items": [{"id": "1", "content_text": "x"}],
    }
).encode()


# Discovery (100-104)


@pytest.mark.parametrize(
    ("field", "hubs", "topic"),
    [
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', (HUB,), TOPIC),
        (f"<{HUB}>;rel=hub,<{TOPIC}>;rel=self", (HUB,), TOPIC),
        (f'<{HUB}>; title="a, <b>; rel=self"; REL="Hub"', (HUB,), None),
        (f'<{HUB}>; title="\\"rel=self"; rel="next hub"', (HUB,), None),
        (f"<{HUB}>; rel=hub; rel=self", (HUB,), None),
        ("</h>; rel=hub, <//x.example/y>; rel=self", ("https://wire.example/h",), "https://x.example/y"),
        (f"<{HUB}>; rel=hub, <{OTHER_HUB}>; rel=hub, <{HUB}>; rel=hub", (HUB, OTHER_HUB), None),
        (f"<{HUB}>; rel=hub; anchor=https://else.example/", (), None),
        (f'<{HUB}>; rel=hub; anchor="{FEED}"', (HUB,), None),
        ("<javascript:alert(1)>; rel=hub, <mailto:a@b.example>; rel=self", (), None),
        (f"<{HUB}> rel=hub", (), None),
        (f"{HUB}; rel=hub", (), None),
        (f"<{HUB}; rel=hub", (), None),
        ("<>; rel=hub", (), None),
        ("", (), None),
        (f"<https://x.example/{'a' * 3000}>; rel=hub, <{HUB}>; rel=hub", (HUB,), None),
        (f"<{OTHER_HUB}>; rel=hub; x={'a' * 17_000}, <{HUB}>; rel=hub", (OTHER_HUB,), None),
        (f"<{TOPIC}>; rel=next, " * 64 + f"<{HUB}>; rel=hub", (), None),
    ],
    ids=[
        "both",
        "bare",
        "only in a title",
        "escaped",
        "the first rel counts",
        "relative",
        "each once",
        "of another resource",
        "of this resource",
        "no web address",
        "no semicolon",
        "no angles",
        "not closed",
        "empty",
        "none",
        "too long",
        "too long a field",
        "too many",
    ],
)
def test_100_the_header_names_hub_and_topic(field, hubs, topic):
    found = hub_links(field, FEED)
    assert (found.hubs, found.self_url) == (hubs, topic)


@pytest.mark.parametrize("piece", ["<a>;", "<a>;  ;", '<a>; x="', ", ", "<", '<a>; a="\\', ";" * 8], ids=repr)
def test_a_header_made_to_stall_is_read_at_once(piece):
    began = asyncio.new_event_loop()
    start = began.time()
    hub_links(piece * 200_000, FEED)
    hub_links("<a>" + piece * 200_000, FEED)
    assert began.time() - start < 2
    began.close()


@pytest.mark.parametrize(
    ("body", "parse", "hubs", "topic"),
    [
        (PAGE, parse_page, ("https://wire.example/h",), "https://wire.example/h"),
        (ATOM, parse_feed, (HUB,), TOPIC),
        (feed("A"), parse_feed, (HUB,), TOPIC),
        (JSON_FEED, parse_feed, (HUB,), TOPIC),
    ],
    ids=["101 a page", "102 Atom", "103 RSS", "JSON Feed"],
)
def test_101_to_103_the_document_names_hub_and_topic(body, parse, hubs, topic):
    assert discover(fetched(body), parse(body, None, FEED)) == Offer(hubs, topic, FEED)


def test_101_a_page_is_asked_in_its_head_alone():
    assert hub_links_of_page('<head></head><link rel="hub" href="https://x.example/">', FEED).hubs == ()
    based = '<head><base href="https://b.example/c/"><link rel="hub" href="h"></head>'
    assert hub_links_of_page(based, FEED).hubs == ("https://b.example/c/h",)


@pytest.mark.parametrize(
    ("header", "document", "offer"),
    [
        (((HUB,), TOPIC), ((OTHER_HUB,), "https://o.example/"), Offer((HUB,), TOPIC, FEED)),
        (((HUB,), None), ((OTHER_HUB,), TOPIC), Offer((HUB,), TOPIC, FEED)),
        (((), TOPIC), ((OTHER_HUB,), None), Offer((OTHER_HUB,), TOPIC, FEED)),
        (((), None), ((HUB,), None), Offer((HUB,), FEED, FEED)),
        (((), TOPIC), ((), TOPIC), None),
        (((), None), ((HUB,), "https://x.example/" + "a" * 3000), None),
        (((), None), (("https://x.example/" + "a" * 3000, HUB), TOPIC), Offer((HUB,), TOPIC, FEED)),
        (
            ((), None),
            ([f"{HUB}{n}" for n in range(9)], TOPIC),
            Offer(tuple(f"{HUB}{n}" for n in range(4)), TOPIC, FEED),
        ),
    ],
    ids=[
        "header first",
        "self from the document",
        "hub from the document",
        "no self",
        "no hub",
        "a topic too long",
        "a hub too long",
        "too many hubs",
    ],
)
def test_104_the_headers_word_goes_before_the_documents(header, document, offer):
    answer = fetched(b"", hubs=header[0], self_url=header[1])
    assert discover(answer, Parsed((), hubs=document[0], self_url=document[1])) == offer


def test_what_was_not_read_anew_takes_nothing_back():
    same = Fetched(Outcome.UNCHANGED, FEED, 304)
    assert not is_told_by(same, None)
    assert is_told_by(replace(same, hubs=(HUB,), self_url=TOPIC), None)
    assert not is_told_by(Fetched(Outcome.FAILED, FEED, hubs=(HUB,), self_url=TOPIC), None)
    assert is_told_by(fetched(b""), Parsed(()))


# Subscribing (200-205)


def test_a_hub_is_asked_for_what_the_source_names_and_told_how_to_sign(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.tick()
        ((hub, form),) = sub.hubs.asked
        assert hub == HUB
        assert (form["hub.mode"], form["hub.topic"], form["hub.lease_seconds"]) == ("subscribe", TOPIC, "864000")
        base, _, token = form["hub.callback"].rpartition("/")
        assert base == "https://desk.example/websub/callback"
        assert len(token) >= 40
        assert 64 <= len(form["hub.secret"]) < 200
        assert sub.one().standing is Standing.ASKED
        sub.verify()
        it = sub.one()
        assert (it.standing, it.lease_until) == (Standing.ACTIVE, NOW + 10 * DAY)
        assert token not in repr(it)
        assert it.secret not in repr(it)


@pytest.mark.parametrize(
    ("says", "topic"),
    [
        (fetched(feed("A", topic="https://wire.example/canonical")), "https://wire.example/canonical"),
        (fetched(feed("A", topic=TOPIC), url="https://wire.example/elsewhere"), TOPIC),
        (replace(fetched(feed("A"), url="https://new.example/"), moved_to="https://new.example/"), TOPIC),
        (fetched(feed("A", topic=""), url="https://new.example/f"), "https://new.example/f"),
    ],
    ids=["200 another self", "201 moved for now", "202 moved for good", "no self"],
)
def test_200_to_202_the_topic_is_what_the_document_calls_itself(tmp_path, says, topic):
    with subscriber(tmp_path) as sub:
        sub.web.says = says
        sub.poll()
        sub.tick()
        assert [form["hub.topic"] for form in sub.hubs.forms()] == [topic]


@asynccontextmanager
async def hub_server(*routes):
    """Hubs on loopback: a route is (path, status, location or text); every form is remembered."""
    forms = []

    def answering(path, status, more):
        async def answer(request):
            forms.append((path, dict(await request.post()), request.headers))
            location = {"Location": more} if 300 <= status < 400 else {}
            return web.Response(status=status, text="" if location else more, headers=location)

        return answer

    app = web.Application()
    for path, status, more in routes:
        app.router.add_post(path, answering(path, status, more))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", forms
    finally:
        await runner.cleanup()


FORM = {
    "hub.mode": "subscribe",
    "hub.topic": "https://x.example/?a=1&b=ö",
    "hub.callback": "https://me.example/cb/T0KEN",
}


async def asked(path, *routes, allow=LOOPBACK, **more):
    async with hub_server(*routes) as (base, forms):
        client = HubClient("Test (+https://x.example)", allow_private=allow, **more)
        try:
            return await client.ask(base + path, FORM | {"hub.secret": "5ecret"}), forms
        finally:
            await client.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_203_204_a_hub_that_leads_on_is_followed_with_the_whole_form(status):
    answer, forms = asyncio.run(asked("/old", ("/old", status, "/new"), ("/new", 202, "")))
    assert answer.is_yes
    assert [path for path, *_ in forms] == ["/old", "/new"]
    for _, form, headers in forms:
        assert form == FORM | {"hub.secret": "5ecret"}
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert headers["User-Agent"] == "Test (+https://x.example)"


@pytest.mark.parametrize(
    ("routes", "said", "final"),
    [
        ([("/", 303, "/else")], "HTTP 303", True),
        ([("/", 307, "/")], "redirects more than 5 times", True),
        ([("/", 307, "ftp://x.example/")], "only http and https", False),
        ([("/", 400, "hub.topic  is\x1b[2J unknown")], "HTTP 400 Bad Request: hub.topic is [2J unknown", True),
        ([("/", 422, "can't reach https://me.example/cb/T0KEN with 5ecret")], "can't reach … with …", True),
        ([("/", 404, "<html>lots of it</html>")], "HTTP 404 Not Found", True),
        ([("/", 503, "x" * 10**6)], "HTTP 503 Service Unavailable: xxx", False),
        ([("/", 429, "")], "HTTP 429 Too Many Requests", False),
    ],
    ids=["303", "circle", "ftp", "words", "secrets", "page", "long", "429"],
)
def test_a_hub_that_says_no_is_told_in_a_line(routes, said, final):
    answer, forms = asyncio.run(asked("/", *routes))
    assert len(forms) == (6 if "redirects more" in said else 1)
    assert said in answer.said
    assert not answer.is_yes
    assert answer.is_final is final
    assert len(answer.said) < 300
    assert answer.said.isprintable()
    assert "5ecret" not in answer.said
    assert "T0KEN" not in answer.said


def test_no_hub_leads_us_to_a_private_address():
    answer, forms = asyncio.run(asked("/", ("/", 202, ""), allow=()))
    assert "not a public address" in answer.said
    assert not answer.is_final
    assert forms == []


def test_a_hub_that_never_answers_is_left_in_time():
    async def hanging():
        async def read_and_say_nothing(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_server(read_and_say_nothing, "127.0.0.1", 0)
        client = HubClient("Test", allow_private=LOOPBACK, timeout=timedelta(seconds=0.2))
        try:
            return await client.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", FORM)
        finally:
            await client.close()
            server.close()
            await asyncio.sleep(0.05)  # for the connection's end

    answer = asyncio.run(hanging())
    assert (answer.status, answer.said) == (None, "no complete answer from 127.0.0.1 in 0.2 seconds")


def test_a_hub_that_never_stops_talking_is_not_listened_to():
    async def talking():
        async def talk(_reader, writer):
            writer.write(b"HTTP/1.1 503 Whatever\r\n\r\n")
            with contextlib.suppress(OSError):
                while not writer.is_closing():
                    writer.write(b"no " * 1_000)
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        client = HubClient("Test", allow_private=LOOPBACK, timeout=timedelta(seconds=5))
        try:
            return await client.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", FORM)
        finally:
            await client.close()
            server.close()
            await asyncio.sleep(0.05)  # for the connection's end

    assert asyncio.run(talking()).status == 503


def test_a_secret_is_not_carried_from_https_to_http():
    client = HubClient("Test")

    class Answer:
        status, raw_headers = 307, [(b"location", b"http://hub.example/")]

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

    class Session:
        asked = 0

        def post(self, *_args, **_more):
            self.asked += 1
            return Answer()

    client._session = Session()
    answer = asyncio.run(client.ask("https://hub.example/", FORM))
    assert client._session.asked == 1
    assert answer.is_final
    assert answer.said == "the hub leads from https to http://hub.example/"


@pytest.mark.parametrize(
    "said",
    [
        {"hub_topic": "https://wire.example/other"},
        {"hub_topic": ""},
        {"hub_mode": "unsubscribe"},
        {"hub_mode": "publish"},
        {"hub_mode": ""},
        {"hub_challenge": ""},
        {"hub_challenge": "x" * 5000},
    ],
    ids=["205 another topic", "no topic", "unsubscribe", "publish", "no mode", "no challenge", "huge challenge"],
)
def test_205_what_we_did_not_ask_for_is_not_confirmed(tmp_path, said):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.tick()
        before = sub.one()
        sub.verify(status=404, **said)
        assert sub.one() == before
        sub.verify()


def test_a_token_that_is_not_ours_opens_nothing(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        form = sub.hubs.asked[-1][1]
        wrong = form | {"hub.callback": form["hub.callback"][:-1] + "~"}
        sub.verify(wrong, status=404)
        sub.verify(wrong, status=404, hub_mode="denied")
        sub.push(feed("Boat two"), form=wrong, status=410)
        assert sub.titles() == ["Boat one"]


def test_what_nobody_waits_for_is_not_read(tmp_path, monkeypatch):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        form = sub.hubs.asked[-1][1]
        monkeypatch.setattr(Request, "stream", lambda _request: pytest.fail("it was read"))
        sub.push(feed("Boat two"), form=form | {"hub.callback": form["hub.callback"] + "x"}, status=410)


@pytest.mark.parametrize("mode", ["subscribe", "denied"])
def test_looking_without_asking_changes_nothing(tmp_path, mode):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.tick()
        before = sub.one()
        query = {"hub.mode": mode, "hub.topic": TOPIC, "hub.challenge": "x", "hub.lease_seconds": "9"}
        assert sub.get(sub.hubs.forms()[-1], query, "HEAD").status == 404
        assert sub.one() == before


def test_nothing_is_confirmed_before_it_was_asked(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.subscribing._plan(sub.it.now)
        it = sub.one()
        assert it.standing is Standing.WANTED
        sub.verify({"hub.mode": "subscribe", "hub.topic": it.topic, "hub.callback": it.callback}, status=404)


def test_a_hub_may_ask_back_before_it_answers(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()

        def at_once(form):
            token = form["hub.callback"].rpartition("/")[2]
            receiving = callback.Receiving(
                sub.room.settings, sub.store, sub.room.pipeline.intake, clock=lambda: sub.it.now, jitter=lambda: 0.0
            )
            assert receiving.confirm(token, "subscribe", form["hub.topic"], 3600)
            return HubAnswer("HTTP 204 No Content", 204)

        sub.hubs.answers[HUB] = at_once
        sub.tick()
        it = sub.one()
        assert (it.standing, it.due) == (Standing.ACTIVE, NOW + HOUR / 2)


# Distribution (300-302)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_300_what_is_pushed_and_signed_is_taken_in(tmp_path, method):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"), sign=method)
        assert sub.titles() == ["Boat one", "Boat two"]
        sub.room.publish(sub.it.now)
        assert set(sub.room.titles("boats")) == {"Boat one", "Boat two"}
        assert sub.one().last_push == NOW


@pytest.mark.parametrize(
    ("sign", "why"),
    [
        ("sha256=" + "0" * 64, "with a wrong signature"),
        ("md5=" + "0" * 32, "with a wrong signature"),
        ("", "without a signature"),
    ],
    ids=["301 wrong", "301 unknown method", "302 none"],
)
def test_301_302_what_is_not_signed_by_the_hub_is_acknowledged_and_ignored(tmp_path, sign, why):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        before = sub.state()
        sub.push(feed("Boat two"), sign=sign)
        assert sub.titles() == ["Boat one"]
        assert sub.state() == before
        it = sub.one()
        assert it.error == f"a push {why} was ignored"
        assert it.last_push is None


def test_what_is_ignored_again_and_again_is_told_once(tmp_path, caplog):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        for _ in range(3):
            sub.push(feed("Boat two"), sign="")
        assert [record.getMessage() for record in caplog.records if "ignored" in record.getMessage()] == [
            "wire: a push without a signature was ignored"
        ]


def test_what_is_ended_while_its_hub_is_asked_is_ended(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(6 * DAY)

        def meanwhile(form):
            if form["hub.mode"] == "subscribe":
                with sub.store.transaction():
                    sub.store.subscriptions.offer("wire", None)
                sub.subscribing._plan(sub.it.now)
            return NO if form["hub.mode"] == "subscribe" else YES

        sub.hubs.answers[HUB] = meanwhile
        sub.tick()
        assert sub.one().standing is Standing.ENDING
        assert [form["hub.mode"] for form in sub.hubs.forms()] == ["subscribe", "subscribe", "unsubscribe"]


def test_a_signature_is_of_this_subscriptions_secret_and_this_body(tmp_path):
    from syndicator.websub import signature

    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        secret = sub.one().secret
        sub.push(feed("Boat two"), sign=signature(feed("Boat two"), "another secret"))
        sub.push(feed("Boat two"), sign=signature(feed("Boat three"), secret))
        assert sub.titles() == ["Boat one"]


def test_an_alert_fires_on_a_pushed_article_exactly_once(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        assert sub.heard() == []
        sub.push(feed("Boat two", "Boat one"))
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        assert sub.after(DAY).poll().new == 0
        assert sub.heard() == ["Boat two"]
        assert sub.titles() == ["Boat one", "Boat two"]


def test_a_pushed_part_of_the_feed_takes_nothing_away(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one", "Boat two")
        sub.push(feed("Boat three", hubs=(), topic=""))
        sub.room.publish(sub.it.now)
        assert set(sub.room.titles("boats")) == {"Boat one", "Boat two", "Boat three"}
        sub.tick()
        assert sub.one().standing is Standing.ACTIVE


def test_links_are_read_against_where_the_source_is_polled(tmp_path):
    relative = (
        feed("Boat one")
        .replace(b"<link>https://wire.example/Boat", b"<link>/Boat")
        .replace(b"<link>https://wire.example/</link>", b"")
    )
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(relative.replace(TOPIC.encode(), b"https://cdn.example/feed"))
        sub.poll()
        sub.tick()
        sub.verify()
        sub.push(relative.replace(b"Boat", b"Ship"))
        urls = [row["url"] for row in sub.store._db.query("SELECT url FROM articles ORDER BY n")]
        assert urls == ["https://wire.example/Boat-one", "https://wire.example/Ship-one"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", None),
        (b"<html><body>moved</body></html>", "is a web page"),
        (b"\x1f\x8b garbage", "what was pushed"),
        (feed(hubs=(), topic=""), "has no entries"),
    ],
    ids=["thin", "page", "garbage", "no entries"],
)
def test_what_is_not_the_feed_makes_the_source_due(tmp_path, body, error):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(2 * MINUTE)
        assert sub.state().due > sub.it.now
        sub.push(body)
        assert sub.state().due == sub.it.now
        assert (error is None and sub.one().error is None) or error in sub.one().error
        assert sub.state().validators.etag is not None
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        assert sub.poll().new == 1
        assert sub.one().misses == 0


def test_a_hub_that_says_so_all_the_time_makes_us_poll_once_a_minute_at_most(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(b"")
        assert sub.state().due == NOW + MINUTE
        assert sub.poll() is None
        sub.after(MINUTE)
        assert sub.poll() is not None
        sub.push(b"")
        assert sub.poll() is None


def test_no_hub_overrules_a_source_that_asked_to_be_left_alone(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.web.says = Fetched(Outcome.FAILED, FEED, 429, retry_after=8 * HOUR, error="HTTP 429")
        sub.after(DAY).poll()
        due = sub.state().due
        assert due >= sub.it.now + 8 * HOUR
        sub.push(b"")
        assert sub.state().due == due


def test_a_ping_that_comes_while_the_source_is_looked_at_is_not_lost(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(DAY)
        (state,) = sub.room.pipeline.claim(sub.it.now)

        async def look():
            return await sub.room.pipeline.take(state, sub.it.now - MINUTE)

        sub.push(b"")
        asyncio.run(look())
        assert sub.state().due <= sub.it.now + MINUTE


def test_an_edit_that_is_pushed_late_does_not_stand(tmp_path):
    """The hub's copy is older than what we polled, and the source says 304 from then on."""
    with subscriber(tmp_path) as sub:
        sub.active("Boat: one aboard")
        sub.web.says = fetched(feed("Boat: three aboard"))
        sub.after(DAY).poll()
        assert sub.titles() == ["Boat: three aboard"]
        sub.push(feed("Boat: two aboard"))
        assert sub.titles() == ["Boat: two aboard"]
        sub.after(MINUTE).poll()
        assert sub.titles() == ["Boat: three aboard"]
        asked = len(sub.web.asked)
        sub.after(2 * MINUTE).poll()
        assert len(sub.web.asked) == asked


def dated(said, hour=None, text="Forty came ashore at dawn near the old harbour."):
    """The feed with one article, which says when it was last updated, or does not."""
    updated = f"<updated>2026-11-03T{hour}:00:00Z</updated>" if hour else ""
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>Wire</title><link rel="hub" href="https://hub.example/"/>'
        f'<link rel="self" href="{TOPIC}"/><entry><id>boat</id><title>{said}</title>{updated}'
        f'<link href="https://wire.example/boat"/><content>{text}</content></entry></feed>'
    ).encode()


ONE, TWO, THREE = "Boat: one aboard", "Boat: two aboard", "Boat: three aboard"


@pytest.mark.parametrize(
    ("known", "pushed", "stands"),
    [
        ([(ONE, 10), (TWO, 11)], (ONE, 10), TWO),
        ([(ONE, 10), (THREE, 12)], (TWO, 11), THREE),
        ([(ONE, None), (TWO, None)], (ONE, None), TWO),
        ([(ONE, 10), (TWO, 10)], (ONE, 10), TWO),
        ([(ONE, 10), (TWO, 11)], (ONE, None), TWO),
        ([(ONE, 10), (TWO, 11)], (THREE, 12), THREE),
        ([(ONE, 10), (TWO, 11)], (ONE, 12), ONE),
        ([(ONE, 10), (TWO, 10)], (THREE, 10), THREE),
        ([(ONE, None), (TWO, None)], (THREE, None), THREE),
    ],
    ids=[
        "replay", "out of order", "replay without dates", "replay with dates that stay", "replay that lost its date",
        "edit", "taken back by its source", "edit with a date that stays", "edit without dates",
    ],
)  # fmt: skip
def test_a_push_that_is_older_than_what_the_source_said_last_is_a_reason_to_ask_it(tmp_path, known, pushed, stands):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(dated(*known[0]))
        sub.poll()
        sub.tick()
        sub.verify()
        for article in known[1:]:
            sub.after(MINUTE).push(dated(*article))
        assert sub.titles() == [known[-1][0]]
        before = sub.store.figures.newest_seq()
        sub.web.says = fetched(dated(*known[-1]))
        sub.after(HOUR).poll()
        sub.after(MINUTE).push(dated(*pushed))
        assert sub.titles() == [stands]
        assert (sub.store.figures.newest_seq() > before) == (stands != known[-1][0])
        # Either way the source itself has the last word, whatever its validators say.
        assert sub.state().due <= sub.it.now + MINUTE
        sub.after(MINUTE).poll()
        assert sub.titles() == [known[-1][0]]


def test_a_late_push_takes_nothing_with_it_and_brings_what_is_new(tmp_path):
    """Its old article had another address; the other one in it is news."""
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(dated(TWO, 11))
        sub.poll()
        sub.tick()
        sub.verify()
        news = b"<entry><id>2</id><title>A storm at night</title><content>Roofs went off in three villages.</content></entry>"
        old = dated(TWO, 10).replace(b"/boat", b"/old-boat").replace(b"</feed>", news + b"</feed>")
        sub.after(MINUTE).push(old)
        assert sub.titles() == [TWO, "A storm at night"]
        (row,) = sub.store._db.query("SELECT url, version FROM articles WHERE title = ?", [TWO])
        assert (row["url"], row["version"]) == ("https://wire.example/boat", 1)


def test_the_same_while_a_look_is_under_way_that_hears_304(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat: one aboard")
        sub.web.says = fetched(feed("Boat: three aboard"))
        sub.after(DAY).poll()
        sub.after(DAY)
        (state,) = sub.room.pipeline.claim(sub.it.now)
        sub.push(feed("Boat: two aboard"))
        asyncio.run(sub.room.pipeline.take(state, sub.it.now))
        sub.after(MINUTE).poll()
        assert sub.titles() == ["Boat: three aboard"]


def test_a_push_before_the_first_poll_only_brings_that_forward(tmp_path):
    """What it leaves of the backlog would alert as news."""
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.store._db.execute("UPDATE sources SET first_success = NULL, body_hash = NULL, etag = NULL")
        sub.after(2 * MINUTE)
        sub.push(feed("Boat two"))
        assert sub.titles() == ["Boat one"]
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.poll()
        assert sub.titles() == ["Boat one", "Boat two"]
        assert sub.heard() == []


def test_a_push_shows_that_the_source_is_alive_and_hides_no_failure_of_its_server(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.web.says = Fetched(Outcome.FAILED, FEED, 500, error="HTTP 500")
        sub.after(DAY).poll()
        failing = sub.state()
        sub.after(MINUTE).push(feed("Boat two"))
        state = sub.state()
        assert state.last_success == sub.it.now
        assert (state.failures, state.last_error, state.failing_since, state.due) == (
            1,
            "HTTP 500",
            failing.failing_since,
            failing.due,
        )


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
def test_a_packed_push_is_unpacked_and_signed_as_sent(tmp_path, coding):
    import zlib

    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        body = feed("Boat two")
        packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
        sub.push(packed, Content_Encoding=coding)
        assert sub.titles() == ["Boat one", "Boat two"]


def test_a_push_that_swells_is_stopped(tmp_path):
    with subscriber(tmp_path, BOATS, DESK, alert(), '[network]\nmax_body = "100KB"\n') as sub:
        sub.active("Boat one")
        sub.push(gzip.compress(feed("Boat two") + b" " * 10**7), Content_Encoding="gzip")
        assert sub.titles() == ["Boat one"]
        assert "larger than" in sub.one().error
        sub.push(feed("Boat two") + b" " * 200_000, status=413)
        sub.push(feed("Boat two") + b" " * 200_000, status=413, Content_Length="300000")
        assert sub.state().due == NOW + MINUTE


@pytest.mark.parametrize("limit", ["PUSHES", "LARGEST"])
def test_pushes_beyond_what_is_held_at_once_are_asked_to_come_back(tmp_path, monkeypatch, limit):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        monkeypatch.setattr(callback, limit, 0)
        reply = sub.push(feed("Boat two"), status=503)
        assert reply["retry-after"] == "30"
        assert sub.titles() == ["Boat one"]
        assert sub.state().due == NOW + MINUTE


@pytest.mark.parametrize("ending", ["well", "badly", "too long", "midway"])
def test_whatever_becomes_of_a_push_its_place_is_free_again(tmp_path, monkeypatch, ending):
    with subscriber(tmp_path, BOATS, DESK, alert(), '[network]\nmax_body = "100KB"\n') as sub:
        sub.active("Boat one")
        monkeypatch.setattr(callback, "PUSHES", 1)
        monkeypatch.setattr(callback, "LARGEST", 1.1)
        body = feed("Boat two") + b" " * (10**6 if ending == "too long" else 60_000)
        for _ in range(3):
            if ending == "midway":
                with monkeypatch.context() as patch:
                    patch.setattr(Request, "stream", broken_off)
                    sub.push(body, status=400)
            else:
                sub.push(body, status=503 if ending == "too long" else 202, sign="x" if ending == "badly" else "sha256")
        sub.push(feed("Boat three"))
        assert "Boat three" in sub.titles()


async def broken_off(_request):
    yield b"x" * 60_000
    raise ClientDisconnect


def test_a_full_disk_makes_the_hub_come_back(tmp_path, monkeypatch):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")

        def full(*_args, **_more):
            raise StoreError("disk full")

        monkeypatch.setattr(sub.room.pipeline.intake, "accept", full)
        sub.push(feed("Boat two"), status=503)
        monkeypatch.undo()
        sub.push(feed("Boat two"))
        assert sub.titles() == ["Boat one", "Boat two"]


# The life of a subscription


def test_a_subscription_is_renewed_well_before_it_ends(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        first = sub.one()
        sub.after(5 * DAY - MINUTE).tick()
        assert len(sub.hubs.asked) == 1
        sub.after(DAY).tick()
        assert sub.hubs.asked[0] == sub.hubs.asked[1]
        sub.push(feed("Boat two"))
        sub.verify()
        it = sub.one()
        assert (it.token, it.secret, it.since) == (first.token, first.secret, first.since)
        assert it.lease_until == sub.it.now + 10 * DAY
        assert sub.titles() == ["Boat one", "Boat two"]


@pytest.mark.parametrize(
    ("said", "lease"),
    [
        ("864000", 10 * DAY),
        ("31536000", LONGEST_LEASE),
        ("9" * 12, LONGEST_LEASE),
        ("9" * 400, 10 * DAY),
        ("0", MINUTE),
        ("-1", 10 * DAY),
        ("soon", 10 * DAY),
        ("", 10 * DAY),
    ],
)
def test_a_lease_is_believed_within_bounds(tmp_path, said, lease):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.tick()
        sub.verify(lease=said)
        assert sub.one().lease_until == NOW + lease


def test_a_hub_that_is_down_for_days_is_asked_ever_more_seldom_and_found_again(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.hubs.answers[HUB] = DOWN
        for _ in range(5 * 24 * 12):
            sub.tick()
            sub.after(5 * MINUTE)
        assert 8 <= len(sub.hubs.asked) <= 12
        assert sub.one().error == DOWN.said
        del sub.hubs.answers[HUB]
        sub.after(DAY * 2).tick()
        sub.verify()
        assert sub.one().standing is Standing.ACTIVE


def test_a_hub_that_never_asks_back_is_asked_again(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.tick()
        sub.after(MINUTE).tick()
        assert len(sub.hubs.asked) == 1
        sub.after(5 * MINUTE).tick()
        assert len(sub.hubs.asked) == 2
        it = sub.one()
        assert it.standing is Standing.ASKED
        assert "has not asked back" in it.error
        sub.verify()
        assert sub.one().error is None


def test_a_hub_that_refuses_is_left_alone_for_days(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.hubs.answers[HUB] = NO
        days = []
        for day in range(20):
            sub.tick()
            days += [day] * (len(sub.hubs.asked) - len(days))
            sub.after(DAY)
        assert days == [0, 1, 3, 7, 14]
        assert (sub.one().standing, sub.one().error) == (Standing.REFUSED, NO.said)


def test_a_hub_may_refuse_at_any_time_and_then_polls_are_quick_again(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.after(HOUR).poll()
        patient = sub.state().due
        form = sub.hubs.asked[-1][1]
        query = {"hub.mode": "denied", "hub.topic": "https://other.example/", "hub.reason": "x"}
        assert sub.get(form, query).status == 404
        query = {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "no\x1b[2J more\nof you" + "!" * 9999}
        assert sub.get(form, query).status == 200
        it = sub.one()
        assert it.standing is Standing.REFUSED
        assert it.error.startswith("the hub denied it: no [2J more of you!!!")
        assert len(it.error) < 300
        assert sub.state().due < patient
        sub.push(feed("Boat three"), status=410)


def test_the_first_hub_that_works_is_the_one(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one", hubs=(HUB, OTHER_HUB)))
        sub.poll()
        sub.hubs.answers[HUB] = NO
        sub.tick()
        assert [hub for hub, _ in sub.hubs.asked] == [HUB]
        sub.tick()
        assert [hub for hub, _ in sub.hubs.asked] == [HUB, OTHER_HUB]
        sub.verify()
        sub.after(30 * MINUTE).tick()
        it = sub.one()
        assert (it.hub, it.standing) == (OTHER_HUB, Standing.ACTIVE)
        assert len(sub.hubs.asked) == 2


def test_when_two_hubs_have_come_to_work_the_later_one_is_let_go(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one", hubs=(HUB, OTHER_HUB)))
        sub.poll()
        for _ in range(10):
            sub.tick()
            sub.after(15 * MINUTE)
        assert {hub for hub, _ in sub.hubs.asked} == {HUB, OTHER_HUB}
        for hub in (HUB, OTHER_HUB):
            sub.verify(sub.hubs.forms(hub)[-1])
        sub.tick()
        assert len(sub.hubs.forms(OTHER_HUB, "unsubscribe")) == 1
        sub.verify(sub.hubs.forms(OTHER_HUB)[-1])
        assert sub.one().hub == HUB


def test_a_source_that_names_another_hub_is_followed_there(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        old = sub.hubs.asked[-1][1]
        sub.web.says = fetched(feed("Boat two", "Boat one", hubs=(OTHER_HUB,)))
        sub.after(DAY).poll()
        sub.tick()
        (goodbye,) = sub.hubs.forms(HUB, "unsubscribe")
        assert goodbye == {
            "hub.mode": "unsubscribe",
            "hub.topic": TOPIC,
            "hub.callback": old["hub.callback"],
        }
        (hello,) = sub.hubs.forms(OTHER_HUB)
        assert hello["hub.callback"] != old["hub.callback"]
        assert hello["hub.secret"] != old["hub.secret"]
        sub.push(feed("Boat three"), form=old, status=410)
        sub.verify(old, status=404)
        sub.verify(goodbye)
        sub.verify(hello)
        assert sub.one().hub == OTHER_HUB
        sub.push(feed("Boat three"), form=hello)
        assert "Boat three" in sub.titles()


def test_a_source_that_names_no_hub_any_more_is_polled_as_ever(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.after(HOUR).poll()
        sub.web.says = fetched(feed("Boat two", "Boat one", hubs=()))
        sub.after(DAY).poll()
        patient = sub.state().due
        sub.tick()
        assert sub.state().due < patient
        sub.verify(sub.hubs.forms(mode="unsubscribe")[-1])
        assert sub.store.subscriptions.all() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(SOURCE, ""),
        lambda text: text.replace(SOURCE, SOURCE + "enabled = false\n"),
        lambda text: text + "\n[websub]\nsubscribe = false\n",
        lambda text: text + "\n[server]\npublic = false\n",
        lambda text: text.replace('url = "https://desk.example"', 'url = "https://moved.example"'),
    ],
    ids=["removed", "disabled", "subscribe off", "not public", "our address"],
)
def test_what_is_no_longer_wanted_is_ended_at_the_hub(tmp_path, change):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        old = sub.hubs.asked[-1][1]
        config = tmp_path / "config.toml"
        config.write_text(change(config.read_text("utf-8")), "utf-8")
        settings = load(config, {})
        sub.begin(settings)
        sub.tick()
        goodbyes = sub.hubs.forms(mode="unsubscribe")
        assert [form["hub.callback"] for form in goodbyes] == [old["hub.callback"]]
        sub.push(feed("Boat two"), form=old, status=410)
        sub.verify(goodbyes[0])
        assert not [it for it in sub.store.subscriptions.all() if it.standing is Standing.ACTIVE]
        again = sub.hubs.forms(mode="subscribe")[1:]
        moved = "moved.example" in settings.site.url
        assert [form["hub.callback"].split("/")[2] for form in again] == ["moved.example"] * moved


def test_a_hub_that_cannot_be_told_goodbye_is_told_a_few_times(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.hubs.answers[HUB] = DOWN
        sub.web.says = fetched(feed("Boat two", hubs=()))
        sub.after(DAY).poll()
        for _ in range(200):
            sub.tick()
            sub.after(HOUR)
        assert len(sub.hubs.forms(mode="unsubscribe")) == 5
        assert sub.store.subscriptions.all() == []


def test_a_source_whose_address_is_a_secret_tells_it_no_hub(tmp_path):
    source = SOURCE.replace(f'"{FEED}"', '"env:WIRE"')
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        config = tmp_path / "config.toml"
        config.write_text(config.read_text("utf-8").replace(SOURCE, source), "utf-8")
        sub.begin(load(config, {"WIRE": FEED}))
        sub.tick()
        assert sub.hubs.asked == []


def test_a_crash_in_the_middle_asks_again_and_under_the_same_callback(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()

        def dies(_form):
            raise KeyboardInterrupt

        sub.hubs.answers[HUB] = dies
        with pytest.raises(KeyboardInterrupt):
            sub.tick()
        sub.hubs.answers.clear()
        sub.begin()
        sub.tick()
        assert len(sub.hubs.asked) == 1, "another process may still be at it"
        sub.verify()  # the hub heard us all the same
        assert sub.one().standing is Standing.ACTIVE
        with sub.store.transaction():
            sub.store.subscriptions.save(replace(sub.one(), standing=Standing.WANTED, due=NOW))
            sub.store.subscriptions.hand_back()  # as the service does when it starts
        sub.tick()
        assert sub.hubs.asked[0] == sub.hubs.asked[1]


def test_what_is_held_by_nobody_is_taken_up_in_the_end(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        sub.subscribing._plan(sub.it.now)
        assert len(sub.subscribing._claim(sub.it.now)) == 1
        sub.begin()
        sub.tick()
        assert sub.hubs.asked == []
        sub.after(5 * MINUTE).tick()
        assert len(sub.hubs.asked) == 1


def test_a_stop_gives_back_what_was_being_asked(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()

        async def stopped():
            waiting = asyncio.Event()
            sub.hubs.ask = lambda *_: waiting.wait()
            sub.subscribing.start()
            await asyncio.sleep(0)
            await sub.subscribing.stop(0.01)

        asyncio.run(stopped())
        assert sub.hubs.closed
        held = sub.store._db.query("SELECT owner FROM push_subscriptions")
        assert [row["owner"] for row in held] == [None]


def test_only_so_many_hubs_are_asked_at_once(tmp_path):
    sources = [SOURCE.replace('"wire"', f'"w{n}"').replace("/rss", f"/{n}") for n in range(30)]
    with subscriber(tmp_path, BOATS, DESK, alert(), *sources) as sub:
        sub.web.says = fetched(feed("Boat one"))

        async def looks():
            for state in sub.room.pipeline.claim(NOW):
                await sub.room.pipeline.take(state, NOW)

        asyncio.run(looks())
        at_once = []
        ask = sub.hubs.ask

        async def counted(hub, fields):
            at_once.append(len(sub.subscribing._requests))
            return await ask(hub, fields)

        sub.hubs.ask = counted
        sub.tick()
        assert len(sub.hubs.asked) == 31
        assert max(at_once) == 8


# Pace


def test_polls_grow_patient_once_a_hub_has_pushed_and_never_stop(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(HOUR).poll()
        assert sub.state().due <= sub.it.now + 2 * HOUR, "a promise to push is no push"
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.after(2 * HOUR).poll()
        assert sub.state().due == sub.it.now + 6 * HOUR
        for _ in range(20):
            sub.after(6 * HOUR)
            assert sub.poll() is not None


def test_the_operators_limits_hold_for_patience_too(tmp_path):
    with subscriber(tmp_path, source=SOURCE + 'poll_max = "2h"\n') as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.after(3 * HOUR).poll()
        assert sub.state().due == sub.it.now + 2 * HOUR


def test_news_that_was_not_pushed_is_found_by_the_slow_poll_and_ends_the_patience(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.after(2 * HOUR).poll()
        sub.web.says = fetched(feed("Boat three", "Boat two", "Boat one"))
        assert sub.after(6 * HOUR).poll().new == 1
        assert sub.heard() == ["Boat two", "Boat three"]
        it = sub.one()
        assert (it.misses, it.error) == (1, "a poll found news that had not been pushed")
        assert sub.state().due < sub.it.now + 3 * HOUR
        asked = len(sub.hubs.asked)
        sub.after(10 * MINUTE).tick()
        assert len(sub.hubs.asked) == asked + 1, "the hub is asked anew"
        sub.verify()
        # Trust comes back with three pushes, not with a promise.
        for n in range(3):
            assert sub.after(DAY).poll() is not None
            assert sub.state().due < sub.it.now + 6 * HOUR
            sub.push(feed(f"Boat after {n}"))
        sub.after(DAY).poll()
        assert sub.state().due >= sub.it.now + 6 * HOUR


def test_a_hub_that_was_only_slower_than_the_poll_is_not_blamed(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.after(2 * HOUR).poll()
        sub.web.says = fetched(feed("Boat three", "Boat two"))
        sub.after(6 * HOUR).poll()
        sub.after(2 * MINUTE).push(feed("Boat three", "Boat two"))
        it = sub.one()
        assert (it.misses, it.error, it.due) == (0, None, NOW + 5 * DAY)
        sub.after(DAY).poll()
        assert sub.state().due >= sub.it.now + 6 * HOUR


def test_a_dead_hub_is_asked_anew_once_and_not_at_every_poll(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        for n in range(5):
            sub.web.says = fetched(feed(f"Boat new {n}"))
            sub.after(8 * HOUR).poll()
            sub.tick()
            sub.after(11 * MINUTE).tick()
            if sub.one().attempts:
                sub.verify()
        assert len(sub.hubs.asked) == 2
        assert sub.one().misses == 1


def test_news_that_a_hub_told_us_to_fetch_was_not_missed(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(HOUR).poll()
        sub.after(HOUR).push(b"")
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        assert sub.after(MINUTE).poll().new == 1
        assert sub.one().misses == 0
        sub.web.says = fetched(feed("Boat three", "Boat two"))
        assert sub.after(DAY).poll().new == 1
        assert sub.one().misses == 1


def test_a_source_that_fails_is_not_hurried_when_its_hub_leaves(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.after(2 * HOUR).poll()
        sub.web.says = Fetched(Outcome.FAILED, FEED, 503, error="HTTP 503")
        sub.after(6 * HOUR).poll()
        due = sub.state().due
        assert due > sub.it.now
        assert sub.get(sub.hubs.forms()[-1], {"hub.mode": "denied", "hub.topic": TOPIC}).status == 200
        assert sub.state().due == due


def test_news_from_before_the_subscription_was_not_the_hubs_to_push(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        assert sub.after(DAY).poll().new == 1
        assert sub.one().misses == 0


def test_a_lease_that_ends_brings_back_the_sources_own_pace(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.verify(lease=7200)
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.after(HOUR).poll()
        patient = sub.state().due
        assert patient == sub.it.now + 6 * HOUR
        sub.hubs.answers[HUB] = DOWN
        sub.tick()
        sub.after(HOUR).tick()
        it = sub.one()
        assert it.standing is Standing.WANTED
        assert it.error == DOWN.said
        assert sub.state().due < patient - 3 * HOUR


def test_after_a_pause_of_ours_polls_come_at_once_and_blame_no_hub(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.web.says = fetched(feed("Boat two", "Boat one"))
        sub.after(2 * HOUR).poll()
        patient = sub.state().due
        sub.after(4 * HOUR)
        sub.room.pipeline.start(sub.it.now)
        assert sub.state().due == sub.it.now < patient
        sub.web.says = fetched(feed("Boat three", "Boat two"))
        assert sub.poll().new == 1
        assert sub.one().misses == 0


def test_without_a_service_that_listens_no_poll_is_patient(tmp_path):
    """`syndicator once` can't be pushed to."""
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.push(feed("Boat two", "Boat one"))
        sub.room.pipeline.intake.listening = False
        sub.after(2 * HOUR).poll()
        assert sub.state().due < sub.it.now + 6 * HOUR


def test_a_source_that_is_gone_takes_no_pushes(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.web.says = Fetched(Outcome.GONE, FEED, 410, error="HTTP 410 Gone")
        sub.after(DAY).poll()
        assert sub.state().gone
        sub.push(feed("Boat two"), status=410)
        sub.tick()
        assert len(sub.hubs.forms(mode="unsubscribe")) == 1


def test_a_source_at_another_address_is_subscribed_to_anew(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        old = sub.hubs.asked[-1][1]
        sub.store._db.execute("UPDATE sources SET location = 'https://elsewhere.example/'")
        sub.room.pipeline.start(sub.it.now)
        sub.push(feed("Boat two"), form=old)
        assert sub.titles() == ["Boat one"]
        assert sub.heard() == []
        sub.poll()
        sub.tick()
        assert sub.one().topic == TOPIC


def test_what_is_known_outlives_the_process(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        before = sub.store.subscriptions.all()
        other = Store.open(sub.store.path, sub.store.analyser)
        assert other.subscriptions.all() == before
        assert other.subscriptions.offers() == {"wire": Offer((HUB,), TOPIC, FEED)}
        other.close()


def test_unchanged_answers_leave_the_offer_as_it_was(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.active("Boat one")
        sub.after(DAY).poll()
        assert sub.state().validators != Validators()
        sub.tick()
        assert sub.one().standing is Standing.ACTIVE
        assert sub.hubs.forms(mode="unsubscribe") == []


# What people are shown


def sources(sub, *options):
    config = str(sub.room.root / "config.toml")
    now = sub.it.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = CliRunner().invoke(app, ["sources", "--config", config, "--now", now, *options], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_people_are_shown_how_each_subscription_stands_and_no_secret(tmp_path):
    with subscriber(tmp_path) as sub:
        sub.web.says = fetched(feed("Boat one"))
        sub.poll()
        assert json.loads(sources(sub, "--json"))[0]["push"] is None
        sub.hubs.answers[HUB] = NO
        sub.tick()
        assert json.loads(sources(sub, "--json"))[0]["push"]["error"] == NO.said
        del sub.hubs.answers[HUB]
        sub.after(DAY).tick()
        sub.verify()
        sub.after(2 * HOUR).push(feed("Boat two"))
        (record,) = json.loads(sources(sub, "--json"))
        assert record["push"] == {
            "state": "active",
            "since": "2026-11-04T12:00:00Z",
            "hub": HUB,
            "lease_until": "2026-11-14T12:00:00Z",
            "last_push": "2026-11-04T14:00:00Z",
            "missed": 0,
            "error": None,
        }
        it = sub.one()
        for shown in (sources(sub), sources(sub, "--json")):
            assert it.token not in shown
            assert it.secret not in shown
        assert "active, 2 h ago" in sources(sub)
        sub.web.says = fetched(feed("Boat two", hubs=()))
        sub.after(DAY).poll()
        sub.tick()
        assert json.loads(sources(sub, "--json"))[0]["push"] is None
