"""When an alert speaks: at once, or gathered by the hour, the day or the week, by the clock on the wall."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from syndicator.alerts.wallclock import clock_change, is_time_of_day, moment_of, quoted, time_of_day, zone

__all__ = ["IMMEDIATE", "LONGEST", "WEEKDAYS", "Every", "Schedule", "next_run", "parse_schedule", "zone"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# No run is further away than this: a week, and a day for whatever a country does to its clocks.
LONGEST = timedelta(days=8)

_FORMS = 'write immediate, hourly, "daily at 07:30" or "weekly mon 08:00"'
_HOUR = timedelta(hours=1)


class Every(StrEnum):
    """How often an alert may speak."""

    IMMEDIATE = "immediate"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rhythm. `at` is a local time in whole minutes (daily, weekly), `weekday` counts from 0 = Monday (weekly).

    `str()` is its canonical spelling, which parses back. Raises ValueError where the parts do not fit together.
    """

    every: Every
    at: time | None = None
    weekday: int | None = None

    def __post_init__(self) -> None:
        timed = self.every in {Every.DAILY, Every.WEEKLY}
        weekly = self.every is Every.WEEKLY
        if timed != (self.at is not None) or weekly != (self.weekday is not None):
            raise ValueError(f"these parts make no {self.every} schedule: {_FORMS}")
        if self.at is not None and not is_time_of_day(self.at):
            raise ValueError(f"a schedule keeps local time in whole minutes, not {self.at.isoformat()}")
        if self.weekday is not None and self.weekday not in range(7):
            raise ValueError(f"a weekday is 0 (Monday) to 6 (Sunday), not {self.weekday}")

    def __str__(self) -> str:
        if self.weekday is not None:
            return f"{self.every} {WEEKDAYS[self.weekday][:3]} {self.at:%H:%M}"
        return f"{self.every} at {self.at:%H:%M}" if self.at is not None else str(self.every)


IMMEDIATE = Schedule(Every.IMMEDIATE)


def parse_schedule(text: str) -> Schedule:
    """Read `immediate`, `hourly`, `daily at 07:30` or `weekly mon 08:00`, in any case.

    "at" and "on" may be there or not, and days may be written in full. Raises ValueError, which says what is wrong and
    what to write.
    """
    if len(text) > 100:  # noqa: PLR2004 - twice the longest that means something
        raise ValueError(f"{quoted(text)} is too long for a schedule: {_FORMS}")
    word, *rest = text.casefold().split() or [""]
    match word:
        case Every.IMMEDIATE | Every.HOURLY:
            if rest:
                raise ValueError(f"{quoted(text)}: nothing goes with {word}; {_FORMS}")
            return Schedule(Every(word))
        case Every.DAILY:
            return Schedule(Every.DAILY, _at(rest, 'daily needs a time: write "daily at 07:30"'))
        case Every.WEEKLY:
            missing = 'weekly needs a day and a time: write "weekly mon 08:00"'
            if rest and rest[0] == "on":
                rest = rest[1:]
            if not rest:
                raise ValueError(missing)
            weekday = _weekday(rest[0])
            return Schedule(Every.WEEKLY, _at(rest[1:], missing), weekday)
    raise ValueError(f"{quoted(text)} is no schedule: {_FORMS}")


def _at(words: list[str], missing: str) -> time:
    if words and words[0] == "at":
        words = words[1:]
    if not words:
        raise ValueError(missing)
    if len(words) > 1:
        raise ValueError(f"{quoted(' '.join(words[1:]))} does not belong after the time: {_FORMS}")
    return time_of_day(words[0])


def _weekday(word: str) -> int:
    if re.fullmatch(r"[a-z]{3,9}", word):
        for number, name in enumerate(WEEKDAYS):
            if name.startswith(word):
                return number
    raise ValueError(f"{quoted(word)} is no weekday: write mon, tue, wed, thu, fri, sat or sun")


def next_run(schedule: Schedule, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first run strictly after `after`, by the clock of `zone`; both are in UTC.

    A time that a day skips runs at the first moment after the gap, one that comes twice at the first. An hourly
    schedule runs whenever the clock shows a whole hour, each time where an hour comes twice. IMMEDIATE has no runs:
    ValueError.
    """
    if schedule.every is Every.HOURLY:
        return _next_hour(zone, after)
    if schedule.at is None:
        raise ValueError("an immediate schedule has no runs to wait for")
    today = after.astimezone(zone).date()
    ahead = 0 if schedule.weekday is None else (schedule.weekday - today.weekday()) % 7
    step = 1 if schedule.weekday is None else 7
    # The third day is needed where the clock goes back over midnight: its first pass there has been already.
    days = (today + timedelta(days=number) for number in count(ahead, step))
    return next(run for day in days if (run := moment_of(day, schedule.at, zone)) > after)


def _next_hour(zone: ZoneInfo, after: datetime) -> datetime:
    moment = after.astimezone(UTC)
    while True:
        local = moment.astimezone(zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        run = moment + _HOUR - past
        change = clock_change(zone, moment, run)
        if change is None:
            return run
        # Where the clock is moved by half an hour, the whole hour it was heading for does not come.
        if change.astimezone(zone).minute == 0:
            return change
        moment = change
