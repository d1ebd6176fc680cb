"""The service: APScheduler ticks that start the pipeline's steps. No logic of its own.

Periodic jobs: look for due sources, keep house, render what is stale, deliver what is due, look after ourselves. Each
look at a source and each delivery is a task of its own, so that a slow one holds up neither the others nor the feeds.
What else works by itself as long as the service does (the hub, say) is started with every round of deliveries.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from syndicator.courier import Courier
from syndicator.errors import SyndicatorError
from syndicator.intake import Taken
from syndicator.model import SourceState
from syndicator.pipeline import Pipeline
from syndicator.readiness import Pulse
from syndicator.rendering import Published

HOUSEKEEPING = timedelta(seconds=30)
RENDERING = timedelta(seconds=1)
DELIVERING = timedelta(seconds=1)
MAINTENANCE = timedelta(minutes=10)
# How long looks that are under way may go on after a stop was asked for.
GRACE_S = 5.0


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

    `each_look` is called before every look for due sources: where one round of the work ends and the next begins.
    `pulse` says how the worker is.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        courier: Courier,
        *,
        tick: timedelta,
        report: Callable[[Taken | Published], None],
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
        self._looks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._problems: tuple[str, ...] = ()
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
            self._scheduler.add_job(step, "interval", seconds=every.total_seconds())

    def stop(self) -> None:
        """Ask the worker to stop; `run` then finishes or hands back what it holds."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop` is called or SIGINT or SIGTERM comes."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        try:
            await self._keep_house()
            await self._look()
            self._scheduler.start()
            await self._stopping.wait()
        finally:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)
            await self._finish()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def _look(self) -> None:
        self._each_look()
        for state in self._pipeline.claim(self._clock()):
            look = asyncio.create_task(self._take(state), name=state.name)
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    async def _take(self, state: SourceState) -> None:
        taken = await self._pipeline.take(state, self._clock())
        self._report(taken)
        if taken.new or taken.changed:
            await self._deliver()
            await self._render()

    async def _deliver(self) -> None:
        self._attempt(self._send)

    def _send(self) -> None:
        self._pipeline.alerting.gather_due(self._clock())
        self._courier.start()
        for work in self._beside:
            work.start()

    async def _look_after_ourselves(self) -> None:
        self._attempt(lambda: self._pipeline.look_after_ourselves(self._clock()))

    async def _keep_house(self) -> None:
        if self._attempt(lambda: self._pipeline.keep_house(self._clock())):
            self.pulse.wrote = self._clock()

    async def _render(self) -> None:
        self.pulse.ticked = self._clock()
        if self._attempt(self._publish) and not self._problems:
            self.pulse.rendered = self._clock()

    def _publish(self) -> None:
        published = self._pipeline.publish(self._clock())
        if published.problems == self._problems:
            published = replace(published, problems=())
        else:
            self._problems = published.problems
        if published.files or published.problems:
            self._report(published)

    def _attempt(self, step: Callable[[], object]) -> bool:
        """Do a step that comes again soon; whether it went well.

        What stops it (a full disk, say) is told once, not every second.
        """
        try:
            step()
        except SyndicatorError as error:
            if self._problems != (str(error),):
                self._problems = (str(error),)
                self._report(Published(problems=self._problems))
            return False
        return True

    async def _finish(self) -> None:
        """Let looks that are under way end, within bounds; hand back what they held."""
        if self._looks:
            _, late = await asyncio.wait(self._looks, timeout=GRACE_S)
            for look in late:
                look.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._render()
        await asyncio.gather(self._courier.stop(GRACE_S), *(work.stop(GRACE_S) for work in self._beside))
        self._pipeline.hand_back()
