"""When an alert may speak: schedule, cooldown, mute and quiet hours together, on any clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.alerts.alert import Timing
from syndicator.alerts.quiet import QuietHours, parse_quiet_hours
from syndicator.alerts.schedule import IMMEDIATE, Every, Schedule, next_run, parse_schedule
from syndicator.alerts.timing import held_until, is_due, longest_wait, speaks_at

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)

moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds UTC
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
timings = st.builds(
    Timing,
    schedule=st.one_of(
        st.just(IMMEDIATE),
        st.just(Schedule(Every.HOURLY)),
        st.builds(Schedule, st.just(Every.DAILY), times),
        st.builds(Schedule, st.just(Every.WEEKLY), times, st.integers(0, 6)),
    ),
    zone=st.sampled_from(["UTC", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"]).map(
        ZoneInfo
    ),
    quiet=st.none()
    | st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair)),
    cooldown=st.timedeltas(timedelta(), timedelta(days=7)),
    muted_until=st.none() | moments,
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timing(schedule="immediate", quiet=None, cooldown=timedelta(), muted=None, zone=LONDON) -> Timing:
    return Timing(
        parse_schedule(schedule),
        zone,
        parse_quiet_hours(quiet) if quiet else None,
        cooldown,
        utc(muted) if muted else None,
    )


@pytest.mark.parametrize(
    ("when", "now", "last", "speaks"),
    [
        pytest.param(timing(), "2026-11-23 12:00:03", None, "2026-11-23 12:00:03", id="at once"),
        pytest.param(timing("hourly"), "2026-11-23 12:00", None, "2026-11-23 13:00", id="next hour"),
        pytest.param(timing("daily at 07:30"), "2026-11-23 12:00", None, "2026-11-24 07:30", id="next morning"),
        pytest.param(timing("daily at 07:30"), "2026-03-28 12:00", None, "2026-03-29 06:30", id="in summer time"),
        pytest.param(timing(cooldown=HOUR), "2026-11-23 12:00", None, "2026-11-23 12:00", id="never spoke"),
        pytest.param(timing(cooldown=HOUR), "2026-11-23 12:00", "2026-11-23 11:20", "2026-11-23 12:20", id="cooldown"),
        pytest.param(
            timing(cooldown=HOUR), "2026-11-23 12:00", "2026-11-23 10:20", "2026-11-23 12:00", id="cooled down"
        ),
        pytest.param(timing(cooldown=HOUR), "2026-11-23 12:00", "2027-11-23 12:00", "2026-11-23 13:00", id="set back"),
        pytest.param(
            timing("hourly", cooldown=3 * HOUR),
            "2026-11-23 12:10",
            "2026-11-23 11:20",
            "2026-11-23 14:20",
            id="cooldown past the run",
        ),
        pytest.param(timing(muted="2026-11-25 09:00"), "2026-11-23 12:00", None, "2026-11-25 09:00", id="muted"),
        pytest.param(timing(muted="2026-11-22 09:00"), "2026-11-23 12:00", None, "2026-11-23 12:00", id="mute over"),
        pytest.param(timing(quiet="22:00-07:00"), "2026-11-23 23:00", None, "2026-11-24 07:00", id="quiet"),
        pytest.param(
            timing("daily at 07:30", quiet="22:00-08:00"),
            "2026-11-23 12:00",
            None,
            "2026-11-24 08:00",
            id="digest in quiet hours",
        ),
        pytest.param(
            timing(quiet="22:00-07:00", cooldown=HOUR),
            "2026-11-23 21:50",
            "2026-11-23 21:30",
            "2026-11-24 07:00",
            id="cooldown ends in quiet hours",
        ),
        pytest.param(
            timing(quiet="22:00-07:00", muted="2026-11-24 03:00"),
            "2026-11-23 12:00",
            None,
            "2026-11-24 07:00",
            id="mute ends in quiet hours",
        ),
        pytest.param(
            timing(quiet="22:00-07:00", muted="2026-11-24 09:00"),
            "2026-11-23 23:00",
            None,
            "2026-11-24 09:00",
            id="quiet hours end in mute",
        ),
        pytest.param(
            timing(quiet="22:00-01:30"), "2026-10-24 23:00", None, "2026-10-25 00:30", id="quiet into the fold"
        ),
        pytest.param(
            timing(quiet="22:00-01:30"), "2026-03-28 23:00", None, "2026-03-29 01:00", id="quiet into the gap"
        ),
        pytest.param(
            timing("daily at 01:30", quiet="22:00-02:30"),
            "2026-03-28 12:00",
            None,
            "2026-03-29 01:30",
            id="digest in the gap",
        ),
        pytest.param(
            timing(quiet="22:00-07:00", muted="9999-12-31 23:59"),
            "2026-11-23 12:00",
            None,
            "9999-12-31 23:59",
            id="muted for ever",
        ),
    ],
)
def test_an_alert_speaks_at_the_first_moment_allowed(when, now, last, speaks):
    assert speaks_at(when, utc(now), utc(last) if last else None) == utc(speaks)


@given(timings, moments, st.none() | moments)
def test_an_alert_never_speaks_in_quiet_hours_or_mute(when, now, last):
    moment = speaks_at(when, now, last)
    assert moment >= now
    assert when.quiet is None or moment.astimezone(when.zone).time() not in when.quiet
    assert when.muted_until is None or moment >= when.muted_until
    assert last is None or last > now or moment >= last + when.cooldown
    assert not is_due(now + longest_wait(when, now), now, longest_wait(when, now))
    assert moment - now <= longest_wait(when, now)


@given(timings, moments, st.none() | moments)
def test_an_alert_waits_no_longer_than_something_holds_it(when, now, last):
    """One moment earlier, some rule would have forbidden it."""
    moment = speaks_at(when, now, last)
    if moment == now:
        return
    sooner = moment - timedelta(microseconds=1)
    run = None if when.schedule == IMMEDIATE else next_run(when.schedule, when.zone, now)
    assert (
        (run is not None and sooner < run)
        or (last is not None and sooner < min(last, now) + when.cooldown)
        or (when.muted_until is not None and sooner < when.muted_until)
        or (when.quiet is not None and sooner.astimezone(when.zone).time() in when.quiet)
    )


def test_a_missed_run_is_due_as_soon_as_somebody_looks():
    daily = timing("daily at 07:30")
    due = speaks_at(daily, utc("2026-11-23 12:00"), None)
    back = utc("2026-11-26 15:00")
    assert is_due(due, back, longest_wait(daily, back))
    assert held_until(daily, back) is None


@pytest.mark.parametrize(
    ("when", "now", "held"),
    [
        pytest.param(timing(), "2026-11-23 23:00", None, id="nothing holds it"),
        pytest.param(
            timing("daily at 07:30", cooldown=HOUR), "2026-11-23 23:00", None, id="neither schedule nor cooldown"
        ),
        pytest.param(timing(quiet="22:00-07:00"), "2026-11-23 23:00", "2026-11-24 07:00", id="quiet"),
        pytest.param(timing(quiet="22:00-07:00"), "2026-11-24 07:00", None, id="quiet no more"),
        pytest.param(timing(muted="2026-11-24 12:00"), "2026-11-23 23:00", "2026-11-24 12:00", id="muted"),
        pytest.param(
            timing(quiet="22:00-07:00", muted="2026-11-24 23:00"),
            "2026-11-23 23:00",
            "2026-11-25 07:00",
            id="mute ends in the next quiet hours",
        ),
    ],
)
def test_what_is_queued_is_held_by_quiet_hours_and_mute_alone(when, now, held):
    assert held_until(when, utc(now)) == (utc(held) if held else None)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param("2026-11-23 11:00", True, id="past"),
        pytest.param("2026-11-23 12:00", True, id="now"),
        pytest.param("2026-11-23 12:00:01", False, id="soon"),
        pytest.param("2026-11-24 12:00", False, id="as far as can be"),
        pytest.param("2026-11-24 12:00:01", True, id="further: the clock was set back"),
    ],
)
def test_a_due_time_beyond_the_longest_wait_was_made_by_another_clock(due, expected):
    assert is_due(utc(due), utc("2026-11-23 12:00"), timedelta(days=1)) is expected
