"""Waiting for changes: long polls and server-sent events, over one open connection each."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest
from asgi import ask
from house import house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsroom import BOATS, NOW, WIRE, newsroom
from starlette.applications import Starlette
from test_following import ACTS
from wire import Client, no_noise, served
from writers import AtWork, Mirror, Writer, facts_of, published

from syndicator.access import Scope
from syndicator.tokendesk import TokenDesk
from syndicator.web import Serving, web_app
from syndicator.web.api import api_routes, eventstream, following
from syndicator.web.api.lookout import Lookout

SOON = 20.0  # seconds within which what is to happen has happened, on the slowest machine


class Connection:
    """One request whose answer is read bit by bit, by a client that may go away or stop reading."""

    def __init__(self, app, path, headers=(), client="127.0.0.1"):
        path, _, query = path.partition("?")
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in dict(headers).items()],
            "client": (client, 1),
            "server": ("127.0.0.1", 80),
        }
        self._app = app
        self._asked = False
        self._gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()
        self._sent = asyncio.Queue()
        self.status = None
        self.headers = {}
        self.body = b""
        self.over = False

    async def __aenter__(self):
        self.task = asyncio.create_task(self._app(self._scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_):
        self._gone.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.task, SOON)

    async def _receive(self):
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.over = not message.get("more_body", False)
            await self._sent.put(message.get("body", b""))

    async def chunk(self):
        """The next bytes that were sent."""
        return await asyncio.wait_for(self._sent.get(), SOON)

    async def answer(self):
        """The whole of an answer that ends."""
        await asyncio.wait_for(asyncio.shield(self.task), SOON)
        return json.loads(b"".join(self._sent.get_nowait() for _ in range(self._sent.qsize())))

    async def event(self):
        """The next event: its fields; comments are passed over."""
        while True:
            lines = (await self.chunk()).decode().splitlines()
            fields = dict(line.split(": ", 1) for line in lines if line and not line.startswith(":"))
            if fields:
                return fields


class There:
    """A newsroom with an open API, and another hand that writes into its store."""

    def __init__(self, room, home):
        self.room = room
        self.home = home
        self.app = Starlette(routes=api_routes(home))
        self.other = Writer(room)

    def open(self, path, headers=(), client="127.0.0.1"):
        return Connection(self.app, f"/api/v1{path}", headers, client)

    @property
    def following(self):
        return self.app.routes[0]._app._app._app.state.following


@pytest.fixture
def there(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE, "[server]\nrate = 1000000\n") as room, house(room, lambda: NOW) as home:
        room.start()
        found = There(room, home)
        found.other.publish(0, 0)
        yield found
        found.other.store.close()


async def taken(slots):
    """Wait until a place is taken."""
    while not slots.taken:  # noqa: ASYNC110 - they tell nobody
        await asyncio.sleep(0.01)


def test_a_long_poll_answers_at_once_when_there_is_something(there):
    async def run():
        async with there.open("/changes?after=0&wait=30") as poll:
            page = await poll.answer()
            assert [change["seq"] for change in page["changes"]] == [1]
            assert poll.headers["cache-control"] == "no-store"

    asyncio.run(run())


def test_a_long_poll_waits_until_somebody_commits_something_public(there):
    async def run():
        async with there.open("/changes?after=1&wait=30") as poll:
            await asyncio.sleep(0.3)
            there.other.publish_held(1, 0)
            await asyncio.sleep(0.6)
            assert not poll.task.done()
            there.other.publish(2, 0)
            page = await poll.answer()
            assert [(change["seq"], change["type"]) for change in page["changes"]] == [(3, "insert")]
            assert page["next"] == 3

    asyncio.run(run())


def test_a_long_poll_ends_empty_when_its_time_is_over(there):
    async def run():
        async with there.open("/changes?after=1&wait=1") as poll:
            assert await poll.answer() == {"changes": [], "next": 1, "more": False}

    asyncio.run(run())


def test_nothing_is_missed_between_the_look_and_the_wait(there, monkeypatch):
    """What is committed after the store was read, and before the wait begins, ends the wait."""
    beyond = Lookout.beyond

    async def late(self, seq, seconds):
        there.other.publish(1, 0)
        return await beyond(self, seq, seconds)

    monkeypatch.setattr(Lookout, "beyond", late)

    async def run():
        async with there.open("/changes?after=1&wait=30") as poll:
            assert len((await poll.answer())["changes"]) == 1

    asyncio.run(run())


def test_who_goes_away_leaves_a_place(there):
    async def run():
        async with there.open("/changes?after=1&wait=30") as poll, there.open("/stream") as stream:
            await stream.chunk()
            await taken(there.following.waits)
            assert there.following.streams.taken == 1
        assert (there.following.waits.taken, there.following.streams.taken) == (0, 0)
        assert poll.task.done()

    asyncio.run(run())


@pytest.mark.parametrize(("path", "place"), [("/changes?after=1&wait=30", "waits"), ("/stream", "streams")])
def test_places_are_bounded(there, path, place):
    async def run():
        slots = getattr(there.following, place)
        slots._most = 1
        async with there.open(path):
            await taken(slots)
            async with there.open(path) as refused:
                problem = await refused.answer()
        assert (refused.status, problem["status"]) == (503, 503)
        assert refused.headers["retry-after"] == "5"
        assert refused.headers["content-type"] == "application/problem+json"

    asyncio.run(run())


@pytest.mark.parametrize(("path", "place"), [("/changes?after=1&wait=30", "waits"), ("/stream", "streams")])
def test_one_client_gets_its_share_of_the_places_and_the_others_get_theirs(there, path, place, monkeypatch):
    monkeypatch.setattr(following, "SHARE", 2)
    slots = getattr(there.following, place)

    async def run():
        async with AsyncExitStack() as open_:
            for _ in range(2):
                await open_.enter_async_context(there.open(path, client="2001:db8::1"))
            while slots.taken < 2:  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.01)
            async with there.open(path, client="2001:db8::2") as refused:
                problem = await refused.answer()
            assert (refused.status, problem["status"], refused.headers["retry-after"]) == (429, 429, "5")
            assert refused.headers["content-type"] == "application/problem+json"
            await open_.enter_async_context(there.open(path, client="192.0.2.1"))
            while slots.taken < 3:  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.01)
        assert slots.taken == 0
        assert not slots._taken  # nobody who has gone is remembered
        async with there.open(path, client="2001:db8::1"):
            await taken(slots)

    asyncio.run(run())


def test_all_who_come_back_at_once_are_served(tmp_path):
    """After a restart everybody opens a stream in the same second."""

    async def run():
        async with AsyncExitStack() as open_:
            streams = [
                await open_.enter_async_context(there.open("/stream", client=f"192.0.2.{n}"))
                for n in range(following.STREAMS)
            ]
            first = [await stream.chunk() for stream in streams]
        assert set(first) == {b"retry: 3000\nid: 1\n\n"}

    with newsroom(tmp_path, BOATS, WIRE) as room, house(room, lambda: NOW) as home:
        room.start()
        there = There(room, home)
        there.other.publish(0, 0)
        reads = []
        read = home.reading.read

        async def counted(look, **more):
            reads.append(look)
            return await read(look, **more)

        there.following._house = replace(home, reading=SimpleNamespace(read=counted))
        asyncio.run(run())
        there.other.store.close()
    assert len(reads) < 10


@pytest.mark.parametrize("comes", [True, False], ids=["news", "nothing"])
def test_a_long_poll_whose_token_is_revoked_meanwhile_tells_nothing(tmp_path, comes):
    async def run():
        headers = {"Authorization": f"Bearer {given.secret}"}
        async with there.open(f"/changes?after=1&wait={30 if comes else 1}", headers) as poll:
            await taken(there.following.waits)
            TokenDesk(there.other.store).revoke("mirror", NOW)
            if comes:
                there.other.publish(1, 0)
            problem = await poll.answer()
            assert (poll.status, problem["type"]) == (401, "urn:syndicator:problem:token")
            assert poll.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert "changes" not in problem

    with newsroom(tmp_path, BOATS, WIRE, '[api]\nread = "token"\n') as room, house(room, lambda: NOW) as home:
        room.start()
        there = There(room, home)
        there.other.publish(0, 0)
        given = TokenDesk(room.store).add("mirror", [Scope.NEWS_READ], NOW)
        asyncio.run(run())
        there.other.store.close()


def test_nobody_waits_nobody_looks(there, monkeypatch):
    async def run():
        lookout = Lookout(there.room.store)
        waits = [asyncio.create_task(lookout.beyond(1, 0.4)) for _ in range(20)]
        looks = 0
        horizon = there.room.store.changes.horizon

        def counted():
            nonlocal looks
            looks += 1
            return horizon()

        monkeypatch.setattr(there.room.store.changes, "horizon", counted)
        assert await asyncio.gather(*waits) == [False] * 20
        await asyncio.sleep(0.6)
        assert 1 <= looks <= 5
        assert lookout._task is None

    asyncio.run(run())


def test_a_store_that_can_not_be_read_is_told_to_who_waits(there, monkeypatch):
    def broken():
        raise OSError("disk")

    async def run():
        monkeypatch.setattr(there.room.store.changes, "horizon", broken)
        with pytest.raises(OSError, match="disk"):
            await Lookout(there.room.store).beyond(1, 5)

    asyncio.run(run())


def test_many_at_one_place_are_read_for_once(there, monkeypatch):
    reads = []
    read = following.Following._read

    async def counted(self, seq, limit):
        reads.append(seq)
        return await read(self, seq, limit)

    monkeypatch.setattr(following.Following, "_read", counted)

    async def run():
        pages = await asyncio.gather(*(there.following.after(0, 10) for _ in range(50)))
        assert {page.next for page in pages} == {1}

    asyncio.run(run())
    assert reads == [0]


# Server-sent events


def test_a_stream_begins_now_and_names_its_place(there):
    async def run():
        async with there.open("/stream") as stream:
            assert await stream.chunk() == b"retry: 3000\nid: 1\n\n"
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert "content-length" not in stream.headers
            there.other.publish(0, 1)
            event = await stream.event()
            assert (event["id"], event["event"]) == ("2", "edit")
            change = json.loads(event["data"])
            assert change["article"]["content_text"] == "A boat of kind 1 sank."
            return change

    change = asyncio.run(run())
    assert json.loads(ask(there.app, "/api/v1/changes?after=1").body)["changes"] == [change]


@pytest.mark.parametrize(
    ("path", "headers", "first"),
    [
        ("/stream?after=0", {}, "1"),
        ("/stream?after=1", {}, "2"),
        ("/stream?after=0", {"Last-Event-ID": "1"}, "2"),
        ("/stream", {"Last-Event-ID": "0"}, "1"),
    ],
    ids=["after", "later", "id-before-after", "id"],
)
def test_a_stream_goes_on_from_where_it_was(there, path, headers, first):
    there.other.publish(1, 0)

    async def run():
        async with there.open(path, headers) as stream:
            assert (await stream.event())["id"] == str(int(first) - 1)
            assert (await stream.event())["id"] == first

    asyncio.run(run())


def test_a_stream_from_the_future_is_refused(there):
    reply = ask(there.app, "/api/v1/stream", headers={"Last-Event-ID": "9"})
    assert (reply.status, json.loads(reply.body)["newest"]) == (409, 1)


def test_head_of_a_stream_ends(there):
    reply = ask(there.app, "/api/v1/stream", "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert there.following.streams.taken == 0


def test_a_quiet_stream_has_a_heartbeat(there, monkeypatch):
    monkeypatch.setattr(eventstream, "HEARTBEAT_S", 0.05)

    async def run():
        async with there.open("/stream") as stream:
            await stream.chunk()
            assert await stream.chunk() == b":\n\n"

    asyncio.run(run())


def test_who_does_not_read_is_cut_off(there, monkeypatch):
    monkeypatch.setattr(eventstream, "SLOW_S", 0.05)

    async def run():
        async with there.open("/stream") as stream:
            await stream.chunk()
            stream.reads.clear()
            there.other.publish(1, 0)
            await asyncio.wait_for(asyncio.shield(stream.task), SOON)
            assert not stream.over
        assert there.following.streams.taken == 0

    asyncio.run(run())


def test_a_stream_ends_when_its_token_is_no_longer_good(there, monkeypatch):
    good = [True]
    monkeypatch.setattr("syndicator.web.api.changes.is_still_welcome", lambda *_: good[0])

    async def run():
        async with there.open("/stream") as stream:
            await stream.chunk()
            good[0] = False
            there.other.publish(1, 0)
            await asyncio.wait_for(asyncio.shield(stream.task), SOON)
            assert stream.over

    asyncio.run(run())


def test_events_are_one_line_of_json_whatever_an_article_says(there):
    there.other.desk.correct(there.other._id(0), "a\r\nb\u2028c", NOW, by="ann", text="one\n\ntwo\r\nid: 99\ndata: x")

    async def run():
        async with there.open("/stream?after=1") as stream:
            await stream.chunk()
            chunk = await stream.chunk()
            assert chunk.count(b"\n") == 4
            assert b"\r" not in chunk
            json.loads(chunk.decode().split("\n")[2].removeprefix("data: "))

    asyncio.run(run())


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    scripts=st.lists(st.lists(ACTS, min_size=3, max_size=15), min_size=2, max_size=2),
    stays=st.lists(st.integers(1, 6), min_size=1, max_size=8),
)
def test_a_stream_that_breaks_and_is_opened_again_ends_with_what_is_published(tmp_path_factory, scripts, stays):
    root = tmp_path_factory.mktemp("stream")

    async def follow(there, writers):
        """Open, take some events, break off, and open again by the last id; until all is written and told."""
        mirror, last, turn = Mirror(), 0, 0
        while True:
            over = writers.done
            newest = there.room.store.changes.newest()
            async with there.open("/stream?after=0", {"Last-Event-ID": str(last)} if last else {}) as stream:
                await stream.event()  # its place
                for _ in range(stays[turn % len(stays)]):
                    if last >= newest:
                        break
                    event = await stream.event()
                    assert int(event["id"]) > last
                    last = int(event["id"])
                    mirror.apply(json.loads(event["data"]))
            turn += 1
            if over and last >= newest:
                return mirror
            await asyncio.sleep(0.005)

    with newsroom(root, BOATS, WIRE, "[server]\nrate = 1000000\n") as room, house(room, lambda: NOW) as home:
        room.start()
        there = There(room, home)
        with AtWork(room, scripts) as writers:
            mirror = asyncio.run(follow(there, writers))
        facts, said, retired = published(room.store)
        mirror.forget(retired)
        assert facts_of(mirror.articles) == facts
        assert mirror.articles == said
        there.other.store.close()


# On a real socket, behind everything that stands before the API


def test_streams_and_polls_go_through_the_whole_house_and_end_with_it(there, caplog):
    async def play(port):
        stream, poll, late = clients = [await Client.to(port) for _ in range(3)]
        await stream.say(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        head = await stream.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert b"content-encoding" not in head.lower()
        assert b"x-accel-buffering: no" in head.lower()
        await stream.reader.readuntil(b"id: 1\n\n")
        await poll.say(b"GET /api/v1/changes?after=1&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.3)
        there.other.publish(1, 0)
        event = await asyncio.wait_for(stream.reader.readuntil(b"}\n\n"), SOON)
        assert b"id: 2\nevent: insert\n" in event
        head, body = await asyncio.wait_for(poll.answer(), SOON)
        assert head.startswith("HTTP/1.1 200 OK")
        assert json.loads(body)["next"] == 2
        await late.say(b"GET /api/v1/changes?after=2&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.2)
        return clients

    async def run():
        lines = []
        async with Serving(web_app(there.home), "127.0.0.1", 0, lines.append):
            clients = await play(int(lines[0].rpartition(":")[2]))
        for client in clients:
            await client.end()
            client.close()

    with no_noise(caplog):
        asyncio.run(asyncio.wait_for(run(), 3 * SOON))


def test_a_client_that_goes_is_noticed_by_the_house(there, caplog):
    async def play(port, _):
        stream = await Client.to(port)
        await stream.say(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await stream.reader.readuntil(b"id: 1\n\n")
        while not (looking := {task for task in asyncio.all_tasks() if task.get_name() == "lookout"}):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the place is told before the wait begins
        stream.close()
        _, left = await asyncio.wait(looking, timeout=SOON)
        assert not left  # nobody waits any more

    with no_noise(caplog):
        served(play, app=web_app(there.home), seconds=3 * SOON)
