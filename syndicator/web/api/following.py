"""The change stream as those who follow it get it: read once for all who stand at the same place, and waited for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from syndicator.store import Store
from syndicator.web.api.lookout import Lookout
from syndicator.web.api.problems import ProblemError
from syndicator.web.api.representation import as_json, change
from syndicator.web.house import House

# Long polls and streams at a time, each; the rest is sent away for a while.
WAITS = 64
STREAMS = 64
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
    horizon: int


class Slots:
    """Places for those who stay, so that a crowd of them can't use up the house."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place while the context is open. Raises ProblemError (503) where there is none."""
        if self.taken >= self._most:
            raise ProblemError(
                503,
                f"{self.taken} {self._what} already, and there is room for no more. Ask again a little later, "
                "or without waiting.",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Following:
    """All who follow one newsroom's changes."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._reads = asyncio.Semaphore(_READS)
        self._reading: dict[tuple[int, int], asyncio.Task[Events]] = {}
        self.lookout = Lookout(house.store)
        self.waits = Slots(WAITS, "requests are waiting for news")
        self.streams = Slots(STREAMS, "streams are open")

    async def after(self, seq: int, limit: int) -> Events:
        """The changes behind this number. Raises StoreError; ProblemError (409) where there never was such a number."""
        key = (seq, limit)
        task = self._reading.get(key)
        if task is None:
            # A task of its own: the others want it too if whoever asked first goes away.
            task = self._reading[key] = asyncio.create_task(self._read(seq, limit))
            task.add_done_callback(lambda _: self._reading.pop(key, None))
        events = await asyncio.shield(task)
        if seq > events.newest:
            raise ProblemError(
                409,
                f"The newest change has the number {events.newest}: {seq} is none of this store's. If it was restored "
                "from a backup, take everything anew, from after=0.",
                name="cursor",
                title="The cursor is from the future",
                newest=events.newest,
            )
        return events

    async def _read(self, seq: int, limit: int) -> Events:
        def look(store: Store) -> Events:
            page = store.changes.after(seq, limit=limit)
            events = tuple(Event(each.seq, each.type.value, as_json(change(each))) for each in page.changes)
            last = events[-1].seq if events else seq
            return Events(events, last, page.more, page.newest, page.horizon)

        async with self._reads:
            return await self._house.reading.read(look)
