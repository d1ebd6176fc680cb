"""The service: APScheduler ticks that start the pipeline's steps. No logic of its own.

Periodic jobs: look for due sources, keep house, render what is stale, deliver what is due, look after ourselves. Each
look at a source and each delivery is a task of its own, so that a slow one holds up neither the others nor the feeds.
What else works by itself as long as the service does (the hub, say) is started with every round of deliveries.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from syndicator.courier import Courier
from syndicator.errors import StoreBusyError, StoreError
from syndicator.intake import Taken
from syndicator.model import SourceState
from syndicator.pipeline import Pipeline
from syndicator.readiness import Pulse
from syndicator.rendering import Published
from syndicator.store import BUSY_TIMEOUT_S

log = logging.getLogger(__name__)

HOUSEKEEPING = timedelta(seconds=30)
RENDERING = timedelta(seconds=1)
DELIVERING = timedelta(seconds=1)
MAINTENANCE = timedelta(minutes=10)
# How long steps and looks that are under way may go on after a stop was asked for.
GRACE_S = 5.0
# How long the last steps wait for another process that writes: what they would do is done at the next start.
LAST_S = 1.0

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class StoreTrouble:
    """A step could not be done because the store can't be read or written. It comes again by itself."""

    problem: str


def utc_now() -> datetime:
    """The real clock, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


class Beside(Protocol):
    """Work on due rows of its own, beside the pipeline's."""

    def start(self) -> None:
        """Begin on what is due, without waiting for it. Raises StoreError."""

    async def stop(self, grace_s: float) -> None:
        """Let what is under way end, within bounds, and give back the rest."""


class Worker:
    """Runs a pipeline until told to stop. `report` is told of everything that happened.

    A step waits for its turn while another process writes, and holds up nothing else meanwhile; while it waits it is
    not begun again.

    `each_look` is called before every look for due sources: where one round of the work ends and the next begins.
    `pulse` says how the worker is.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        courier: Courier,
        *,
        tick: timedelta,
        report: Callable[[Taken | Published | StoreTrouble], None],
        clock: Callable[[], datetime] = utc_now,
        beside: Sequence[Beside] = (),
        each_look: Callable[[], None] = lambda: None,
    ) -> None:
        self._pipeline = pipeline
        self._courier = courier
        self._beside = beside
        self._each_look = each_look
        self.pulse = Pulse()
        self._report = report
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._problems: tuple[str, ...] = ()
        self._troubles: dict[str, str] = {}
        self._waiting: set[str] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for step, every in (
            (self._look, tick),
            (self._keep_house, HOUSEKEEPING),
            (self._render, RENDERING),
            (self._deliver, DELIVERING),
            (self._look_after_ourselves, MAINTENANCE),
        ):
            self._scheduler.add_job(self._tick, "interval", args=[step], seconds=every.total_seconds())

    def stop(self) -> None:
        """Ask the worker to stop; `run` then finishes or hands back what it holds."""
        self._stopping.set()

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM stop it, whenever they come; one that comes before `run` makes that short."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def run(self) -> None:
        """Work until `stop` is called."""
        try:
            self._scheduler.start()
            self._under_way(self._begin(), "begin")
            await self._stopping.wait()
        finally:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            await self._finish()

    async def _begin(self) -> None:
        """What is not to wait for its first tick."""
        await self._keep_house()
        await self._look()

    async def _tick(self, step: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """The scheduler is done at once: it would complain of a step that waits for its turn, and of one cut off."""
        self._under_way(step(), step.__name__)

    def _under_way(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do it beside everything else; it is given its time at the end."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s", task.get_name(), exc_info=error)

    async def _look(self) -> None:
        if self._stopping.is_set():
            return
        self._each_look()
        for state in await self._attempt("look", lambda: self._pipeline.claim(self._clock())) or ():
            self._under_way(self._take(state), state.name)

    async def _take(self, state: SourceState) -> None:
        taken = await self._pipeline.take(state, self._clock())
        self._report(taken)
        if taken.new or taken.changed:
            await self._deliver()
            await self._render()

    async def _deliver(self) -> None:
        await self._attempt("deliver", self._send)

    def _send(self) -> None:
        self._pipeline.alerting.gather_due(self._clock())
        self._courier.start()
        for work in self._beside:
            work.start()

    async def _look_after_ourselves(self) -> None:
        await self._attempt("look after ourselves", lambda: self._pipeline.look_after_ourselves(self._clock()))

    async def _keep_house(self) -> None:
        await self._attempt("keep house", self._keep_this_house)

    def _keep_this_house(self) -> None:
        self._pipeline.keep_house(self._clock())
        self.pulse.wrote = self._clock()

    async def _render(self, *, wait_s: float = BUSY_TIMEOUT_S) -> None:
        self.pulse.ticked = self._clock()
        await self._attempt("render", self._publish, wait_s=wait_s)

    def _publish(self) -> None:
        try:
            published = self._pipeline.publish(self._clock())
        except StoreBusyError:
            # A command is writing feeds this moment. This comes again in a second; how long they wait is readiness'.
            return
        if not published.problems:
            self.pulse.rendered = self._clock()
        if published.problems == self._problems:
            published = replace(published, problems=())
        else:
            self._problems = published.problems
        if published.files or published.problems:
            self._report(published)

    async def _attempt(self, name: str, step: Callable[[], Done], *, wait_s: float = BUSY_TIMEOUT_S) -> Done | None:
        """Do a step that comes again soon; None where the store stops it, or it waits for its turn already.

        What stops it (a full disk, say) is told once, not every second, nor of every step that it stops.
        """
        if name in self._waiting:
            return None
        self._waiting.add(name)
        try:
            done = await self._pipeline.in_turn(step, seconds=wait_s)
        except StoreError as error:
            self._tell_trouble(name, error)
            return None
        finally:
            self._waiting.discard(name)
        self._troubles.pop(name, None)
        return done

    def _tell_trouble(self, name: str, error: StoreError) -> None:
        problem = str(error)
        if problem not in self._troubles.values():
            self._report(StoreTrouble(f"{problem} It is tried again."))
        self._troubles[name] = problem

    async def _finish(self) -> None:
        """Let what is under way end, within bounds; hand back what it held."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE_S)
            for look in late:
                look.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._render(wait_s=LAST_S)
        ends = (self._courier.stop(GRACE_S), *(work.stop(GRACE_S) for work in self._beside))
        await asyncio.gather(*(self._end(number, end) for number, end in enumerate(ends)))
        await self._attempt("hand back", self._pipeline.hand_back, wait_s=LAST_S)

    async def _end(self, number: int, end: Awaitable[None]) -> None:
        """What can't be given back now is taken back at the next start."""
        try:
            await end
        except StoreError as error:
            self._tell_trouble(f"end {number}", error)
