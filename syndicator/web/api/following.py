"""The change stream as those who follow it get it: read once for all who stand at the same place, and waited for."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass

from starlette.types import Receive, Scope

from syndicator.store import Store
from syndicator.web.api.lookout import Lookout
from syndicator.web.api.problems import ProblemError
from syndicator.web.api.representation import as_json, change
from syndicator.web.clients import Clients
from syndicator.web.house import House
from syndicator.web.once import Once

# Long polls and streams at a time, each; the rest is sent away for a while.
WAITS = 64
STREAMS = 64
# Of these, one client's: the rest is for the others.
SHARE = 8
# Reads at a time, of the few that the house can do: whoever searches has to get through as well.
_READS = 4
_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Event:
    """One change, ready to be sent: its JSON is one line."""

    seq: int
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Events:
    """A page of the stream: `next` is the number to go on from; see store.ChangesPage for the rest."""

    events: tuple[Event, ...]
    next: int
    more: bool
    newest: int
    follows: bool
    horizon: int


class Slots:
    """Places for those who stay: a crowd of them can't use up the house, nor one of them the places."""

    def __init__(self, most: int, what: str, clients: Clients) -> None:
        self._most = most
        self._what = what
        self._clients = clients
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many there are, of all clients."""
        return self._taken.total()

    @contextmanager
    def one(self, scope: Scope) -> Iterator[None]:
        """A place for this request while the context is open.

        Raises ProblemError: 429 where its client has its share of them, 503 where all are taken.
        """
        client = self._clients.of(scope)
        if self._taken[client] >= SHARE:
            raise self._full(429, f"{SHARE} {self._what} already from your address, and it gets no more at a time.")
        if self.taken >= self._most:
            raise self._full(503, f"{self.taken} {self._what} already, and there is room for no more.")
        self._taken[client] += 1
        try:
            yield
        finally:
            self._taken[client] -= 1
            if not self._taken[client]:
                del self._taken[client]

    def _full(self, status: int, said: str) -> ProblemError:
        advice = "Ask again a little later, or without waiting."
        return ProblemError(status, f"{said} {advice}", headers={"Retry-After": str(_RETRY_AFTER_S)})


class Following:
    """All who follow one newsroom's changes."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reads = asyncio.Semaphore(_READS)
        self._once = Once()
        self.lookout = Lookout(house.store)
        clients = Clients(house.settings.server.trusted_proxies)
        self.waits = Slots(WAITS, "requests are waiting for news", clients)
        self.streams = Slots(STREAMS, "streams are open", clients)

    async def after(self, seq: int, limit: int) -> Events:
        """The changes behind this number. Raises StoreError; ProblemError (409) where there never was such a number."""
        # In nobody's name: the others want it too if whoever asked first has asked for so much that the reading room
        # sends him away.
        events = await self._once.get((seq, limit), lambda: self._read(seq, limit), context=Context())
        if not events.follows:
            raise ProblemError(
                409,
                f"{seq} is no number of this store's: it was restored from a backup since, or begun anew, or this is "
                "another newsroom. Take everything anew, from after=0.",
                name="cursor",
                title="The cursor is from another store",
                newest=events.newest,
            )
        return events

    async def _read(self, seq: int, limit: int) -> Events:
        def look(store: Store) -> Events:
            page = store.changes.after(seq, limit=limit)
            events = tuple(Event(each.seq, each.type.value, as_json(change(each))) for each in page.changes)
            last = events[-1].seq if events else seq
            return Events(events, last, page.more, page.newest, page.follows, page.horizon)

        async with self._reads:
            return await self._house.reading.read(look)


async def gone(receive: Receive) -> None:
    """Return when whoever asked has gone; what they say before that is not heard."""
    while (await receive())["type"] != "http.disconnect":
        pass
