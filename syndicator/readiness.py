"""Is the service doing its work? Signs of life that the worker leaves, and what they come to. Pure; times in UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# The worker ticks every second, and writes to the store every half minute.
TICK_LATE = timedelta(minutes=1)
WRITE_LATE = timedelta(minutes=3)
STALE_LATE = timedelta(minutes=15)


@dataclass(slots=True)
class Pulse:
    """When the worker last came round, last wrote to the store, and last had no feed left to render."""

    ticked: datetime | None = None
    wrote: datetime | None = None
    rendered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that lies ready: how much, and since when the oldest of it (None: there is none)."""

    number: int
    oldest: datetime | None

    def age(self, now: datetime) -> timedelta:
        """How long the oldest has waited."""
        return timedelta() if self.oldest is None else max(now - self.oldest, timedelta())


def unready(pulse: Pulse, stale: Waiting | None, now: datetime) -> Sequence[str]:
    """Why the service should not be relied on just now, a line each; empty when it may be.

    `stale` are the feeds that wait to be rendered; None: the store could not be asked.
    """
    reasons = []
    if pulse.ticked is None:
        reasons.append("the worker has not begun")
    elif now - pulse.ticked > TICK_LATE:
        reasons.append(f"the worker last came round {_seconds(now - pulse.ticked)} ago")
    if stale is None:
        reasons.append("the store can't be read")
    if pulse.wrote is None:
        reasons.append("nothing has been written to the store yet")
    elif now - pulse.wrote > WRITE_LATE:
        reasons.append(f"nothing could be written to the store for {_seconds(now - pulse.wrote)}")
    if pulse.rendered is None:
        reasons.append("the feeds have not been rendered yet")
    if stale is not None and stale.age(now) > STALE_LATE:
        reasons.append(f"feeds wait to be rendered: {stale.number}, the oldest for {_seconds(stale.age(now))}")
    return reasons


def _seconds(span: timedelta) -> str:
    return f"{int(span.total_seconds())} seconds"
