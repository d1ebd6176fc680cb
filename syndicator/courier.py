"""Carries what is in the outbox to its destinations: claim, compose, send, settle. At least once, under a stable id.

One delivery at a time a destination, all destinations side by side: a slow one holds up nobody. What an attempt comes
to is decided in `alerts.retry`; here it is written down, in one transaction with the attempt itself.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndicator.alerts import LONGEST_WAIT, URGENT, Answer, Event, Message, Outcome, Verdict, after, held_until
from syndicator.composing import Composed, Composer
from syndicator.errors import StoreError
from syndicator.metrics import Since, Stage, timed, told
from syndicator.people import SERVICE
from syndicator.store import Claimed, Store

log = logging.getLogger(__name__)

# Between two tries to write down what an attempt came to, while the disk is full or the database locked.
PAUSE_S = 1.0
# At the end an attempt that was made, and that another process keeps us from writing down, is waited for so long.
SETTLING_S = 10.0


class Sends(Protocol):
    """What reaches destinations: `addresses.Addresses`, or a fake in tests."""

    def unsubscribe_url(self, alert: str, destination: str) -> str | None:
        """The link by which this destination ends this alert, where it can follow one."""

    async def send(self, destination: str, message: Message) -> Answer:
        """One attempt. Trouble is an answer, not an exception."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One attempt that was settled, for whoever looks on."""

    destination: str
    event: Event
    answer: Answer
    attempts: int
    switched_off: str | None = None


class Courier:
    """Delivers what is due. `report` hears of every attempt that was settled."""

    def __init__(
        self,
        store: Store,
        composer: Composer,
        sends: Sends,
        *,
        owner: str,
        clock: Callable[[], datetime],
        report: Callable[[Delivered], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._composer = composer
        self._sends = sends
        self._owner = owner
        self._clock = clock
        self._report = report
        self._jitter = jitter
        self._rounds: set[asyncio.Task[None]] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Begin on everything that is due, each destination on its own. Raises StoreError."""
        for claimed in self._claim(busy=[task.get_name() for task in self._rounds]):
            task = asyncio.create_task(self._round(claimed), name=claimed.destination)
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)

    async def drain(self) -> None:
        """Deliver everything that is due now, then return. What fails waits for its next time."""
        await self._store.turn()
        self.start()
        while self._rounds:
            await asyncio.gather(*self._rounds)
            await self._store.turn()
            self.start()

    async def stop(self, grace_s: float) -> None:
        """Let attempts that are under way end, within bounds, and give back what is not settled.

        An attempt that was made is given more time to be written down: forgetting it would send it again.
        """
        self._stopping = True
        if self._rounds:
            _, late = await asyncio.wait(self._rounds, timeout=grace_s)
            settling = late & self._settling
            for task in late - settling:
                task.cancel()
            if settling:
                _, settling = await asyncio.wait(settling, timeout=SETTLING_S)
            for task in settling:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._store.turn(seconds=grace_s)
        with self._store.transaction():
            self._store.deliveries.hand_back(self._clock(), self._owner)

    def _claim(self, destination: str | None = None, *, busy: Collection[str] = ()) -> list[Claimed]:
        if not self._store.deliveries.is_any_waiting():
            return []
        with self._store.transaction():
            return self._store.deliveries.claim(
                self._owner, self._clock(), longest_wait=LONGEST_WAIT, destination=destination, busy=busy
            )

    async def _round(self, claimed: Claimed) -> None:
        """One delivery after the other to one destination, until none is due there or one has failed."""
        try:
            while True:
                await asyncio.sleep(0)  # what is put off costs no await: the rest of the house works on all the same
                await self._deliver(claimed)
                await self._store.turn()
                following = [] if self._stopping else self._claim(claimed.destination)
                if not following:
                    return
                (claimed,) = following
        except StoreError as error:
            # Nothing is lost: the row waits, and its lease ends by itself.
            log.warning("%s: %s", claimed.destination, error)
        except Exception:
            log.exception("%s: delivery %s", claimed.destination, claimed.id)

    async def _deliver(self, claimed: Claimed) -> None:
        await self._store.turn()
        now = self._clock()
        try:
            composed, held = self._compose(claimed, now), self._held_until(claimed, now)
        except StoreError:
            raise
        except Exception as error:
            log.exception("delivery %s can't be composed", claimed.id)
            await self._settle(claimed, Answer(Verdict.TEMPORARY, f"can't be composed: {error}"), now, 0)
            return
        if composed.message is None or held is not None:
            self._put_off(claimed, composed, held, now)
            return
        if composed.until is not None:
            with self._store.transaction():
                until = min(composed.until, now + LONGEST_WAIT)
                self._store.outbox.split(claimed.message, claimed.destination, composed.held, until, now)
        began = time.monotonic()
        try:
            with timed(Stage.DELIVER):
                answer = await self._sends.send(claimed.destination, composed.message)
        except Exception as error:
            log.exception("delivery %s to %s", claimed.id, claimed.destination)
            answer = Answer(Verdict.TEMPORARY, f"a defect of ours: {type(error).__name__}")
        await self._settle(claimed, answer, now, int((time.monotonic() - began) * 1000))
        if answer.verdict is Verdict.DELIVERED and claimed.message.event is Event.MATCH:
            self._time_lag(composed.message)

    def _time_lag(self, message: Message) -> None:
        """How long the news took to whoever was told at once."""
        now = self._clock()
        for item in message.items:
            seen = self._store.articles.get(item.article).first_seen
            told({Since.PUBLISHED: now - item.published, Since.FIRST_SEEN: now - max(seen, item.published)})

    def _compose(self, claimed: Claimed, now: datetime) -> Composed:
        alert = claimed.message.alert
        link = self._sends.unsubscribe_url(alert, claimed.destination) if alert else None
        return self._composer.compose(claimed, now, unsubscribe=link)

    def _held_until(self, claimed: Claimed, now: datetime) -> datetime | None:
        """The end of the alert's quiet hours or mute, which hold back retries too; urgent messages go at once."""
        if claimed.message.alert is None or claimed.message.event in URGENT:
            return None
        alert = self._composer.alert(claimed.message.alert)
        return held_until(alert.timing, now) if alert else None

    def _put_off(self, claimed: Claimed, composed: Composed, held: datetime | None, now: datetime) -> None:
        """There is nothing to tell, or not now."""
        until = held or composed.until
        with self._store.transaction():
            if composed.message is None and composed.until is None:
                self._store.deliveries.cancel(claimed, "withdrawn, or no longer wanted, before it was told", now)
            elif until is not None:
                # Asked again after the longest wait at the latest: a due time beyond would tell of a clock set back.
                self._store.deliveries.postpone(claimed, min(until, now + LONGEST_WAIT))

    async def _settle(self, claimed: Claimed, answer: Answer, now: datetime, took_ms: int) -> None:
        """Write down what an attempt came to. It is tried until it is written: forgetting it would send it again."""
        outcome = after(claimed.line, claimed.pending, answer, self._clock(), self._jitter())
        with self._settling_now():
            while True:
                try:
                    await self._store.turn()
                    self._write_down(claimed, outcome, answer, now, took_ms)
                except StoreError as error:
                    log.warning("delivery %s: %s", claimed.id, error)
                    await asyncio.sleep(PAUSE_S)
                else:
                    break
        told = Delivered(
            claimed.destination, claimed.message.event, answer, outcome.pending.attempts, outcome.switch_off
        )
        self._report(told)

    def _write_down(self, claimed: Claimed, outcome: Outcome, answer: Answer, now: datetime, took_ms: int) -> None:
        store = self._store
        with store.transaction():
            store.ledger.write(claimed.n, now, took_ms, answer)
            store.deliveries.settle(claimed, outcome, answer.said, now)
            if outcome.switch_off is not None:
                if store.destinations.switch_off(claimed.destination, outcome.switch_off, now):
                    # What the other side said stays out of a log that nothing is ever taken from: it may quote us.
                    store.audit.note(now, SERVICE, "switched off", f"destination {claimed.destination}")
                store.deliveries.bury(claimed.destination, outcome.switch_off, now)

    @contextmanager
    def _settling_now(self) -> Iterator[None]:
        """`stop` knows that this task has an attempt to write down."""
        task = asyncio.current_task()
        assert task is not None
        self._settling.add(task)
        try:
            yield
        finally:
            self._settling.discard(task)
