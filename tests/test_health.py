"""Source health: the strangely quiet source is noticed, the habitually slow one is left alone."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.health import LOOKBACK, health
from syndicator.model import SourceState

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def every(gap, until, count):
    return [until - gap * n for n in range(count)]


def in_office_hours(until, days, *, weekends=True):
    """An item each half hour from 8 to 18, back from `until`."""
    moments = [until - timedelta(minutes=30) * n for n in range(48 * days)]
    return [m for m in moments if 8 <= m.hour < 18 and (weekends or m.weekday() < 5)]


def at_random(mean, until, count):
    seconds, moment, moments = random.Random(1), until, []
    for _ in range(count):
        moments.append(moment)
        moment -= mean * seconds.expovariate(1)
    return moments


def in_bursts(gap, until, bursts, size):
    return [start - timedelta(minutes=7) * n for start in every(gap, until, bursts) for n in range(size)]


def judge(arrivals, *, last_success=NOW, first_success=NOW - LOOKBACK, **state):
    given = SourceState("wire", NOW, last_success=last_success, first_success=first_success, **state)
    return health(given, arrivals, NOW)


FRIDAY = NOW - 64 * HOUR - timedelta(minutes=60)  # the 20th, 16:00

MONTHLY_THEN_DAILY = every(DAY, NOW - 10 * DAY, 57) + every(30 * DAY, NOW - 80 * DAY, 4)


@pytest.mark.parametrize(
    ("habit", "arrivals", "quiet"),
    [
        ("a busy wire, two hours", every(timedelta(minutes=5), NOW - 2 * HOUR, 10_000), False),
        ("a busy wire, a day and a bit", every(timedelta(minutes=5), NOW - 26 * HOUR, 10_000), True),
        ("a wire with nights, over night", in_office_hours(NOW - 16 * HOUR, 56), False),
        ("a wire with nights, three days", in_office_hours(NOW - 3 * DAY, 56), True),
        ("a weekday paper, on Monday morning", in_office_hours(FRIDAY, 56, weekends=False), False),
        ("a weekday paper, a week later", in_office_hours(FRIDAY - WEEK, 56, weekends=False), True),
        ("a daily blog, two days", every(DAY, NOW - 2 * DAY, 50), False),
        ("a daily blog, ten days", every(DAY, NOW - 10 * DAY, 50), True),
        ("a daily blog by whim, two days", at_random(DAY, NOW - 2 * DAY, 50), False),
        ("a daily blog by whim, ten days", at_random(DAY, NOW - 10 * DAY, 50), True),
        ("a weekly, ten days", every(WEEK, NOW - 10 * DAY, 20), False),
        ("a weekly, sixteen days", every(WEEK, NOW - 16 * DAY, 20), True),
        ("a weekly that comes as forty pieces, ten days", in_bursts(WEEK, NOW - 10 * DAY, 8, 40), False),
        ("a weekly that comes as forty pieces, sixteen days", in_bursts(WEEK, NOW - 16 * DAY, 8, 40), True),
        ("a monthly, half a year", every(30 * DAY, NOW - 180 * DAY, 1), False),
        ("a daily blog, four months", every(DAY, NOW - 120 * DAY, 50), True),
        ("a monthly that has become a daily, ten days", MONTHLY_THEN_DAILY, True),
        ("five items in all", every(DAY, NOW - 10 * DAY, 5), True),
        ("four items in all", every(DAY, NOW - 10 * DAY, 4), False),
        ("five items that came at once", [NOW - 20 * DAY] * 5, False),
        ("a wire known for four days, its first weekend", every(HOUR, NOW - 64 * HOUR, 30), False),
        ("a wire known for four days, four days", every(HOUR, NOW - 96 * HOUR, 30), True),
        ("nothing yet", [], False),
        ("an item from the future, our clock was set back", every(DAY, NOW + 5 * DAY, 50), False),
    ],
)
def test_quiet_is_judged_by_the_habits_of_the_source(habit, arrivals, quiet):
    assert bool(judge(arrivals).quiet) is quiet, habit


def test_one_past_outage_does_not_pass_for_a_habit():
    wire = [m for m in every(timedelta(minutes=10), NOW - 26 * HOUR, 8000) if not 20 * DAY < NOW - m < 23 * DAY]
    assert judge(wire).quiet


def test_the_warning_says_how_long_and_what_is_usual():
    assert judge(every(DAY, NOW - 10 * DAY, 50)).quiet == "nothing new for 10 days, where 24 hours is a long wait"
    wire = every(timedelta(minutes=5), NOW - 30 * HOUR, 10_000)
    assert judge(wire).quiet == "nothing new for 30 hours, where 5 minutes is a long wait"


def test_silence_is_known_only_up_to_our_last_successful_look():
    wire = every(HOUR, NOW - 10 * DAY, 500)
    stopped = judge(wire, last_success=NOW - 10 * DAY + HOUR, failures=7, last_error="HTTP 503")
    assert (stopped.silence, stopped.quiet, stopped.failures, stopped.error) == (HOUR, None, 7, "HTTP 503")


def test_a_source_that_is_gone_is_not_quiet_as_well():
    record = judge(every(DAY, NOW - 20 * DAY, 50), gone=True)
    assert record.gone
    assert record.quiet is None


@pytest.mark.parametrize(
    ("known_for", "arrivals", "per_week"),
    [
        (20 * WEEK, every(DAY, NOW, 100), 7.0),
        (2 * WEEK, every(DAY, NOW, 14), 7.0),
        (2 * WEEK, [*every(DAY, NOW, 14), *[NOW - 2 * WEEK] * 50], 7.0),  # the backlog does not count
        (HOUR, [NOW, NOW], 14.0),
        (20 * WEEK, [], 0.0),
    ],
)
def test_items_per_week(known_for, arrivals, per_week):
    assert judge(arrivals, first_success=NOW - known_for).items_per_week == pytest.approx(per_week)


def test_a_source_never_reached_has_a_record_too():
    record = health(SourceState("new", NOW, failures=2, last_error="no answer"), [], NOW)
    assert (record.last_success, record.items_per_week, record.silence, record.quiet) == (None, 0.0, None, None)
