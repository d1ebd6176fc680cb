"""The reading rooms: each client has a turn, none has all the readers, and waiting is part of the time a look may take."""

import asyncio
import threading
import time

import pytest
from asgi import ask
from house import house
from newsroom import BOATS, NOW, newsroom
from starlette.exceptions import HTTPException

from syndicator.errors import StoreSlowError
from syndicator.web import reading as readings
from syndicator.web import web_app
from syndicator.web.clients import Clients
from syndicator.web.reading import AT_A_TIME, PLACES, READERS, SHARE, Named


@pytest.fixture
def home(tmp_path):
    with newsroom(tmp_path, BOATS) as room, house(room, lambda: NOW) as it:
        yield it


class Held:
    """Looks that last until they are let go; `begun` tells whose, in their order."""

    def __init__(self):
        self.begun = []
        self.go = threading.Event()

    def look(self, name):
        def looked(_store):
            self.begun.append(name)
            assert self.go.wait(10)
            return name

        return looked


def quick(name):
    return lambda _store: name


async def of(client, room, look, **more):
    """Ask as a client at this address."""
    found = []

    async def app(*_):
        found.append(await room.read(look, **more))

    await Named(app, Clients([]))({"type": "http", "client": (client, 1), "headers": []}, None, None)
    return found[0]


@pytest.mark.parametrize("goes", ["away", "out of time"])
def test_a_turn_that_comes_to_whoever_goes_in_that_instant_is_the_next_ones(home, goes):
    """Both in one pass of the event loop: a reader is free, and it was to be the turn of somebody who is leaving."""

    async def play():
        held = Held()
        first = [begin(client, home.reading, held.look(client)) for client in ("192.0.2.1", "192.0.2.2")]
        await asyncio.sleep(0.1)
        leaving = begin("192.0.2.3", home.reading, quick("too late"))
        last = begin("192.0.2.4", home.reading, quick("well"))
        await asyncio.sleep(0.1)
        first[0].cancel()
        if goes == "away":
            leaving.cancel()
        else:
            (turn,) = home.reading._waiting["192.0.2.3"]
            turn.cancel()
        await asyncio.sleep(0.1)
        held.go.set()
        await asyncio.gather(*first, leaving, return_exceptions=True)
        assert await last == "well"
        await asyncio.sleep(0.1)
        assert not home.reading._read
        assert not home.reading._waiting

    asyncio.run(asyncio.wait_for(play(), 10))


def begin(client, room, look, **more):
    return asyncio.create_task(of(client, room, look, **more))


def test_what_is_looked_for_is_found(home):
    assert asyncio.run(home.reading.read(lambda store: store.search.revision())) == 0


def test_one_client_never_has_all_the_readers(home):
    async def play():
        held = Held()
        greedy = [begin("192.0.2.1", home.reading, held.look(number)) for number in range(SHARE)]
        try:
            assert await asyncio.wait_for(of("192.0.2.2", home.reading, quick("other")), 5) == "other"
            assert len(held.begun) == AT_A_TIME < READERS
        finally:
            held.go.set()
        assert await asyncio.gather(*greedy) == list(range(SHARE))

    asyncio.run(play())


def test_clients_take_turns(home):
    """With every reader taken by others who have more to ask, who comes last with one question is not behind theirs."""

    async def play():
        held, served = Held(), []

        def note(name):
            return lambda _store: served.append(name)

        others = [f"192.0.2.{number}" for number in range(READERS)]
        first = [begin(other, home.reading, held.look(other)) for other in others]
        await asyncio.sleep(0.05)
        more = [begin(other, home.reading, note(other)) for other in others for _ in range(10)]
        many = [begin("198.51.100.1", home.reading, note("many")) for _ in range(10)]
        await asyncio.sleep(0)
        last = begin("198.51.100.2", home.reading, note("last"))
        await asyncio.sleep(0.05)
        held.go.set()
        await asyncio.gather(*first, *more, *many, last)
        # Two that were let in at the same time may end in either order.
        assert served.index("last") <= READERS

    asyncio.run(play())


def test_who_has_asked_enough_is_told_when_to_come_back_and_others_get_in(home):
    async def play():
        held = Held()
        greedy = [begin("192.0.2.1", home.reading, held.look(number)) for number in range(SHARE)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(HTTPException) as refused:
                await of("192.0.2.1", home.reading, quick("more"))
            assert refused.value.status_code == 429
            assert int(refused.value.headers["Retry-After"]) > 0
            assert await of("192.0.2.2", home.reading, quick("other")) == "other"
        finally:
            held.go.set()
        await asyncio.gather(*greedy)
        assert await of("192.0.2.1", home.reading, quick("again")) == "again"

    asyncio.run(play())


def test_a_crowd_is_sent_away(home):
    async def play():
        held = Held()
        crowd = [begin(f"192.0.2.{number}", home.reading, held.look(number)) for number in range(PLACES)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(StoreSlowError, match="are being answered"):
                await of("198.51.100.1", home.reading, quick("more"))
        finally:
            held.go.set()
        await asyncio.gather(*crowd)

    asyncio.run(play())


def test_waiting_counts_and_who_gave_up_costs_no_time(home):
    async def play():
        held = Held()
        busy = [begin(f"192.0.2.{number}", home.reading, held.look(number)) for number in range(READERS)]
        await asyncio.sleep(0.05)
        gone = begin("198.51.100.2", home.reading, held.look("gone"))
        try:
            with pytest.raises(StoreSlowError, match="no reader was free"):
                await asyncio.wait_for(of("198.51.100.1", home.reading, held.look("late"), seconds=0.05), 2)
            gone.cancel()
            await asyncio.wait([gone])
        finally:
            held.go.set()
        await asyncio.gather(*busy)
        assert await of("198.51.100.1", home.reading, quick("later")) == "later"
        assert sorted(held.begun) == list(range(READERS))

    asyncio.run(play())


def test_only_what_is_left_of_the_time_is_for_looking(home):
    def long(store):
        # SQLite is asked to stop at its deadline: this would never end.
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        return list(store.search._db.query(endless))

    async def play():
        began = time.monotonic()
        with pytest.raises(StoreSlowError, match="not done within"):
            await home.reading.read(long, seconds=0.2)
        return time.monotonic() - began

    assert 0.19 <= asyncio.run(play()) < 5


SEARCHES = [
    "/search?q=boat",
    "/search.atom?q=boat",
    "/api/v1/search?q=boat",
    "/api/v1/articles?q=boat",
]
LOOKS = ["/articles/00000000-0000-0000-0000-000000000000", "/api/v1/articles", "/api/v1/topics", "/metrics"]


@pytest.mark.parametrize(
    ("path", "room"), [*((path, "searching") for path in SEARCHES), *((path, "reading") for path in LOOKS)]
)
def test_quick_looks_do_not_stand_behind_searches(home, monkeypatch, path, room):
    asked = []
    real = readings.ReadingRoom.read

    async def read(self, look, **more):
        asked.append("searching" if self is home.searching else "reading")
        return await real(self, look, **more)

    monkeypatch.setattr(readings.ReadingRoom, "read", read)
    assert ask(web_app(home), path).status in {200, 404}
    assert asked == [room]
