"""A bounded number of attempts side by side. The next are claimed ahead, so that hands never wait for the store, nor
for those that hold the others.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from syndicator.errors import StoreError
from syndicator.store import Store

log = logging.getLogger(__name__)

# Between two tries to write down what an attempt came to, while the disk is full or the database locked.
PAUSE_S = 1.0


class Job(Protocol):
    """One claimed row: its number, and the host that its attempt goes to."""

    @property
    def n(self) -> int:
        """The row's number."""

    @property
    def host(self) -> str:
        """The host."""


Claimed = TypeVar("Claimed", bound=Job)


class Crew(Generic[Claimed]):
    """Works at rows with `size` hands, and has as many rows again claimed ahead for them.

    `claim(room)` takes up to so many rows that are due, none of those `under_way`; `work(row)` does one to its end,
    and writes down what came of it.
    """

    def __init__(
        self, size: int, claim: Callable[[int], Sequence[Claimed]], work: Callable[[Claimed], Awaitable[None]]
    ) -> None:
        self._hands = asyncio.Semaphore(size)
        self._most = 2 * size
        # Each claim is a transaction: half of what is ahead at a time.
        self._worth_a_claim = size // 2
        self._claim = claim
        self._work = work
        self._at_it: dict[int, tuple[Claimed, asyncio.Task[None]]] = {}
        self._stopping = False

    @property
    def under_way(self) -> list[int]:
        """The numbers of the rows that are ours at present, whatever clock and leases say."""
        return list(self._at_it)

    @property
    def busy(self) -> Counter[str]:
        """How many of them go to which host."""
        return Counter(job.host for job, _ in self._at_it.values())

    def start(self) -> None:
        """Begin on what is due, as far as there is room. Raises StoreError."""
        room = self._most - len(self._at_it)
        if self._stopping or room <= 0:
            return
        for job in self._claim(room):
            self._at_it[job.n] = (job, asyncio.create_task(self._do(job)))

    async def drain(self) -> None:
        """Do everything that is due now, then return."""
        self.start()
        while self._at_it:
            await asyncio.gather(*(task for _, task in self._at_it.values()))
            self.start()

    async def stop(self, grace_s: float) -> None:
        """Let what is under way end, within bounds, and begin nothing more."""
        self._stopping = True
        tasks = [task for _, task in self._at_it.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _do(self, job: Claimed) -> None:
        try:
            async with self._hands:
                if not self._stopping:
                    await self._work(job)
        except StoreError as error:
            # Nothing is lost: the row waits, and its lease ends by itself.
            log.warning("%s: %s", job.host, error)
        except Exception:
            log.exception("%s: row %s", job.host, job.n)
        finally:
            del self._at_it[job.n]
        if self._most - len(self._at_it) >= self._worth_a_claim:
            try:
                self.start()
            except StoreError as error:
                log.warning("%s", error)


async def written(store: Store, write: Callable[[], None]) -> None:
    """Write down what an attempt came to, however often that takes: to forget it would be to make it again."""
    while True:
        try:
            await store.turn()
            write()
        except StoreError as error:
            log.warning("%s", error)
            await asyncio.sleep(PAUSE_S)
        else:
            return
