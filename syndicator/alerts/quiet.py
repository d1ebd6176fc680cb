"""Quiet hours: a part of every day, by the clock on the wall, in which an alert does not speak."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syndicator.alerts.wallclock import clock_change, is_time_of_day, quoted, time_of_day

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` until just before `end`, local times in whole minutes; over midnight where `end` is the earlier.

    `str()` is the canonical spelling, "22:00-07:00". Equal times are a ValueError: they could mean never or always.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if not (is_time_of_day(self.start) and is_time_of_day(self.end)):
            raise ValueError("quiet hours are local times in whole minutes: write them as 22:00-07:00")
        if self.start == self.end:
            raise ValueError(
                f"quiet hours from {self} would be all day or never: write two different times, or mute the alert"
            )

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    def __contains__(self, shown: time) -> bool:
        """Tell whether it is quiet while the clock on the wall shows that time."""
        if self.start < self.end:
            return self.start <= shown < self.end
        return shown >= self.start or shown < self.end


def parse_quiet_hours(text: str) -> QuietHours:
    """Read "22:00-07:00" (blanks and an en dash will do); ValueError says what is wrong and what to write."""
    parts = re.split("[-–]", text) if len(text) <= 100 else []  # noqa: PLR2004 - eleven characters and room for blanks
    if len(parts) != 2:  # noqa: PLR2004 - a start and an end
        raise ValueError(f"{quoted(text)} are no quiet hours: write them as 22:00-07:00")
    return QuietHours(time_of_day(parts[0].strip()), time_of_day(parts[1].strip()))


def quiet_until(quiet: QuietHours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when the quiet hours that hold now end (UTC), None when it is not quiet.

    It is quiet exactly while the clock on the wall shows a time from `start` until before `end`. So where the clock
    skips the end they end with the jump, and where it goes back across the end or the start they come twice.
    """
    moment = now.astimezone(UTC)
    while (shown := moment.astimezone(zone).time()) in quiet:
        end = moment + (_since_midnight(quiet.end) - _since_midnight(shown)) % _DAY
        change = clock_change(zone, moment, end)
        if change is None:
            return end
        moment = change
    return moment if moment > now else None


def _since_midnight(shown: time) -> timedelta:
    return timedelta(hours=shown.hour, minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
