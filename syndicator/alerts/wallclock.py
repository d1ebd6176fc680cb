"""What the clock on the wall shows: time zones, times of day, and the days on which the clock is changed.

Moments are aware datetimes in UTC; a time of day is a naive `time` in whole minutes. zoneinfo resolves local times
as PEP 495 says; what to make of a time that a day lacks or has twice is decided here.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# These are files in the database, but mean another place on another machine, or none.
_NO_PLACE = frozenset({"localtime", "Factory"})

_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


@cache
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in sorted(available_timezones() - _NO_PLACE)}


def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name ("Europe/London"), in any case.

    Raises ValueError for anything that is not in the time zone database. A name never becomes a path before it was
    found in the list of zones.
    """
    names = _zone_names()
    key = names.get(name.strip().casefold())
    if key is not None:
        return ZoneInfo(key)
    if not names:
        raise ValueError(
            "this machine has no time zone data: install the system's tzdata, or the Python package tzdata"
        )
    raise ValueError(f"{quoted(name)} is no time zone: write one of the IANA database, such as {zone_like(name)}")


def zone_like(name: str) -> str:
    """A time zone to show to whoever wrote this: one that is called nearly so, or in that city; else Europe/London."""
    names = _zone_names()
    city = name[:60].casefold().replace(" ", "_")
    near = get_close_matches(city, names, n=1, cutoff=0.7) or [each for each in names if each.endswith(f"/{city}")]
    return names[near[0]] if near else "Europe/London"


def quoted(text: str) -> str:
    """Return the text for an error: in quotes, printable, on one line and short."""
    return repr(text if len(text) <= 40 else text[:40] + "…")  # noqa: PLR2004 - about half a line


def time_of_day(text: str) -> time:
    """Read "07:30" or "7:30"; raise ValueError for anything else."""
    found = _TIME.fullmatch(text)
    if found:
        hour, minute = int(found[1]), int(found[2])
        if hour < 24 and minute < 60:  # noqa: PLR2004 - hours of a day, minutes of an hour
            return time(hour, minute)
    raise ValueError(f"{quoted(text)} is no time of day: write hours and minutes, from 00:00 to 23:59")


def is_time_of_day(at: time) -> bool:
    """Tell whether the time is what the clock on the wall shows: local, in whole minutes."""
    return at == time(at.hour, at.minute)


def clock_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """Return the moment in (after, until] at which the zone's UTC offset changes, None if it stays.

    The two may lie two days apart: no zone changes its clock twice so soon.
    """
    before = after.astimezone(zone).utcoffset()
    if until.astimezone(zone).utcoffset() == before:
        return None
    low, high = after, until
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    # Clocks are changed at a whole second, and only one lies in (low, high].
    return high.replace(microsecond=0)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when the clock first shows that time on that day; where it skips it, the first moment after the gap."""
    local = datetime.combine(day, at, tzinfo=zone)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first <= second:
        return first
    # In a gap the two offsets change places (PEP 495): the change lies between what they make of the time.
    return clock_change(zone, second, first) or first
