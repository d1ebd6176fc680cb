"""How a source is doing: is it reached, how much does it publish, and is it strangely quiet? Pure; times in UTC.

A source that fails says so. The one nobody notices is the one that answers "200" every hour and has published
nothing since its feed was moved: so a silence is measured against the source's own habits.

The habit is read from the gaps between arrivals, each weighted by its length: the gap in which you would find
yourself if you looked at a random moment. So a wire's nights and a weekly's single long gap count for what they
are, though bursts of short gaps outnumber them, and a past outage of a few days does not pass for a habit. Nine
times in ten the gap you find yourself in is no longer than the source's long gap; a silence is strange when it
is longer than twice that and than a day. For items that come at random that is about eight times the mean gap,
which chance alone brings once in some 2,400 items; for a source as regular as a clock it is the second issue
missed. Weekends need no calendar, being among the gaps; until two have been seen, three days is the least.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from syndicator.model import SourceState

LOOKBACK = timedelta(weeks=26)  # how far back the arrivals should go; a longer silence leaves nothing to compare

_WINDOW = timedelta(weeks=8)
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_FEWEST_ARRIVALS = 5
_SHARE = 0.9
_STRANGE = 2
_LEAST_SILENCE = timedelta(hours=24)
_LEAST_SILENCE_WHEN_NEW = timedelta(hours=72)
_TWO_WEEKENDS = timedelta(weeks=2)


@dataclass(frozen=True, slots=True)
class Health:
    """The health record of a source.

    `failures` are consecutive, `error` is what the last one said. `items_per_week` is the mean of the last eight
    weeks, or of the time it is known for. `silence` is from its newest item to our last successful look: only that
    long do we know that nothing came. `quiet` is a line for people when that is strange, else None.
    """

    last_success: datetime | None
    failures: int
    error: str | None
    gone: bool
    items_per_week: float
    silence: timedelta | None
    quiet: str | None


def health(state: SourceState, arrivals: Iterable[datetime], now: datetime) -> Health:
    """Judge a source by when its items were first seen by us: one time an item, in any order, back to LOOKBACK."""
    arrivals = sorted(arrivals)
    silence = None
    if arrivals and state.last_success is not None:
        silence = max(state.last_success - arrivals[-1], timedelta())
    return Health(
        last_success=state.last_success,
        failures=state.failures,
        error=state.last_error,
        gone=state.gone,
        items_per_week=_items_per_week(state, arrivals, now),
        silence=silence,
        quiet=None if silence is None or state.gone else _strange(silence, arrivals),
    )


def _items_per_week(state: SourceState, arrivals: Sequence[datetime], now: datetime) -> float:
    """The backlog of the first success is no sign of the pace, and a day says too little about a week."""
    began = max(now - _WINDOW, state.first_success or now)
    count = sum(began < arrival <= now for arrival in arrivals)
    return count / (max(now - began, _DAY) / _WEEK)


def _strange(silence: timedelta, arrivals: Sequence[datetime]) -> str | None:
    """A line for people when the silence is out of the ordinary. Items that came together are one arrival."""
    newest = arrivals[-1]
    moments = sorted({arrival for arrival in arrivals if arrival >= newest - _WINDOW})
    if len(moments) < _FEWEST_ARRIVALS:
        return None
    long_gap = _long_gap([later - earlier for earlier, later in pairwise(moments)])
    seen_weekends = newest - moments[0] >= _TWO_WEEKENDS
    least = _LEAST_SILENCE if seen_weekends else _LEAST_SILENCE_WHEN_NEW
    if silence <= max(least, _STRANGE * long_gap):
        return None
    return f"nothing new for {_in_words(silence)}, where {_in_words(long_gap)} is a long wait"


def _long_gap(gaps: Sequence[timedelta]) -> timedelta:
    """The gap that nine tenths of the time is spent in, or in a shorter one. `gaps` is not empty."""
    wanted = sum(gaps, timedelta()) * _SHARE
    lived = timedelta()
    for gap in sorted(gaps):
        lived += gap
        if lived >= wanted:
            return gap
    return max(gaps)


def _in_words(span: timedelta) -> str:
    for unit, name in ((_DAY, "days"), (timedelta(hours=1), "hours")):
        if span >= 2 * unit:
            return f"{span // unit} {name}"
    return f"{max(span // timedelta(minutes=1), 1)} minutes"
