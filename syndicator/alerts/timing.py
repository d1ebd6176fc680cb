"""When an alert may speak: its schedule, cooldown, mute and quiet hours put together.

All of them hold a match back, none drops it. What was found is kept in a due time, and the clock may have been set
since: `is_due` reads it.
"""

from datetime import UTC, datetime, timedelta

from syndicator.alerts.alert import Timing
from syndicator.alerts.quiet import quiet_until
from syndicator.alerts.schedule import LONGEST, Every, next_run

# A mute until "for ever" is at the end of the calendar, where local times can't be reckoned with.
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
# Quiet hours are shorter than a day of the clock on the wall, which a change may lengthen.
_QUIET = timedelta(days=2)


def speaks_at(timing: Timing, now: datetime, last_message: datetime | None) -> datetime:
    """Return the earliest moment (UTC) at which an alert may tell a match that waits since now.

    That is the schedule's next run, put off to the end of the cooldown, the mute and the quiet hours that it falls in.
    A `last_message` in the future is one sent before the clock was set back: it counts as sent now. Ask when the first
    match comes, and keep the answer: a run that was missed is then due as soon as somebody looks.
    """
    moment = now if timing.schedule.every is Every.IMMEDIATE else next_run(timing.schedule, timing.zone, now)
    if last_message is not None:
        moment = max(moment, min(last_message, now) + timing.cooldown)
    return _allowed(timing, moment)


def held_until(timing: Timing, now: datetime) -> datetime | None:
    """Return when mute and quiet hours let something speak that is due now; None when it may."""
    allowed = _allowed(timing, now)
    return allowed if allowed > now else None


def longest_wait(timing: Timing, now: datetime) -> timedelta:
    """Return the furthest that `speaks_at` may lie ahead of now: a due time beyond was made by another clock."""
    muted = timing.muted_until - now if timing.muted_until is not None else timedelta()
    run = timedelta() if timing.schedule.every is Every.IMMEDIATE else LONGEST
    return max(run, timing.cooldown, muted) + _QUIET


def is_due(due: datetime, now: datetime, longest: timedelta) -> bool:
    """Tell whether the time has come, or lies so far ahead that the clock must have been set back since it was made."""
    return due <= now or due - now > longest


def _allowed(timing: Timing, moment: datetime) -> datetime:
    if timing.muted_until is not None:
        moment = max(moment, timing.muted_until)
    if timing.quiet is None or moment >= _FOR_EVER:
        return moment
    # Nothing else holds back what has waited for the end of the quiet hours: the rest are all bounds from below.
    return quiet_until(timing.quiet, timing.zone, moment) or moment
