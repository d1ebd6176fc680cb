"""A small chart of how much came each day: the numbers of an SVG picture, and its words for who does not see it.

Everything is an attribute of its own: our policy lets no style attribute through.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from syndicator.plurals import counted

DAYS = 30
WIDTH, HEIGHT = 120, 28
_BAR, _GAP = 3, 1
# A day on which one came is seen beside one on which a thousand came.
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in the units of its picture."""

    x: int
    y: int
    height: int
    width: int = _BAR


@dataclass(frozen=True, slots=True)
class Spark:
    """A chart: its bars, what it says in words, and how many came in all and in the last seven days."""

    bars: tuple[Bar, ...]
    words: str
    total: int
    week: int
    width: int = WIDTH
    height: int = HEIGHT


def spark(came: Iterable[tuple[datetime, int]], now: datetime, zone: ZoneInfo, *, noun: str, days: int = DAYS) -> Spark:
    """The chart of the `days` days that end with today, by the clock of `zone`; `came` are moments with counts."""
    counts: Counter[date] = Counter()
    for moment, number in came:
        counts[moment.astimezone(zone).date()] += number
    today = now.astimezone(zone).date()
    row = [counts[today - timedelta(days=days - 1 - index)] for index in range(days)]
    most = max(row)
    bars = tuple(
        Bar(index * (_BAR + _GAP), HEIGHT - height, height)
        for index, number in enumerate(row)
        if (height := _height(number, most))
    )
    return Spark(bars, _words(row, today, noun), sum(row), sum(row[-7:]))


def _height(number: int, most: int) -> int:
    return max(_LEAST, round(number / most * HEIGHT)) if number else 0


def _words(row: list[int], today: date, noun: str) -> str:
    most = max(row)
    if not most:
        return f"No {noun}s in {len(row)} days"
    day = today - timedelta(days=len(row) - 1 - row.index(most))
    came = f"{counted(sum(row), noun)} in {len(row)} days"
    return f"{came}, most on {day.day} {day:%B}: {most}; today: {row[-1]}"
