"""Schedules and quiet hours: what they read, when they run, and what they make of days with a changed clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicator.alerts.quiet import QuietHours, parse_quiet_hours, quiet_until
from syndicator.alerts.schedule import IMMEDIATE, LONGEST, Every, Schedule, next_run, parse_schedule, zone
from syndicator.alerts.wallclock import clock_change, moment_of

ZONES = [
    "UTC",
    "Europe/London",
    "Europe/Belgrade",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
]
LONDON = ZoneInfo("Europe/London")

zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds UTC
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
timed = st.one_of(
    st.builds(Schedule, st.just(Every.DAILY), times),
    st.builds(Schedule, st.just(Every.WEEKLY), times, st.integers(0, 6)),
)
schedules = st.one_of(st.just(Schedule(Every.HOURLY)), timed)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def runs(text: str, place: str, first: str, number: int) -> list[str]:
    """The next runs after a moment, in UTC."""
    moment, found = utc(first), []
    for _ in range(number):
        moment = next_run(parse_schedule(text), ZoneInfo(place), moment)
        found.append(moment.isoformat(" ", "minutes").removesuffix("+00:00"))
    return found


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("immediate", "immediate"),
        ("  IMMEDIATE ", "immediate"),
        ("hourly", "hourly"),
        ("daily at 07:30", "daily at 07:30"),
        ("daily 07:30", "daily at 07:30"),
        ("Daily  At\t7:05", "daily at 07:05"),
        ("daily at 00:00", "daily at 00:00"),
        ("weekly mon 08:00", "weekly mon 08:00"),
        ("weekly on mon at 08:00", "weekly mon 08:00"),
        ("Weekly on Wednesday at 23:59", "weekly wed 23:59"),
        ("weekly thurs 08:00", "weekly thu 08:00"),
        ("WEEKLY SUN at 8:00", "weekly sun 08:00"),
    ],
)
def test_a_schedule_is_read_and_written(written, canonical):
    assert str(parse_schedule(written)) == canonical
    assert parse_schedule(canonical) == parse_schedule(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "'' is no schedule: write immediate, hourly,"),
        ("sometimes", "'sometimes' is no schedule"),
        ("hourly at 07:30", "nothing goes with hourly"),
        ("immediate 07:30", "nothing goes with immediate"),
        ("daily", 'write "daily at 07:30"'),
        ("daily at", 'write "daily at 07:30"'),
        ("daily at 24:00", "'24:00' is no time of day"),
        ("daily at 07:60", "'07:60' is no time of day"),
        ("daily at 7am", "'7am' is no time of day"),
        ("daily at 07:30:15", "'07:30:15' is no time of day"),
        ("daily at ٠٧:٣٠", "is no time of day"),
        ("daily at 07:30 sharp", "'sharp' does not belong after the time"),
        ("weekly", 'write "weekly mon 08:00"'),
        ("weekly on", 'write "weekly mon 08:00"'),
        ("weekly mon", 'write "weekly mon 08:00"'),
        ("weekly 08:00", "'08:00' is no weekday"),
        ("weekly mo 08:00", "'mo' is no weekday"),
        ("weekly mondays 08:00", "'mondays' is no weekday"),
        ("weekly mon tue 08:00", "does not belong after the time"),
        ("daily at \x00\x1b[2J\u202e" + "x" * 20, "no time of day"),
        ("x" * 100_000, "too long for a schedule"),
    ],
    ids=lambda text: ascii(text[:20]).strip("'").replace("\\", "") or "empty",
)
def test_what_is_no_schedule_is_refused_with_what_to_write(written, said):
    with pytest.raises(ValueError) as refused:
        parse_schedule(written)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "parts",
    [
        (Every.DAILY,),
        (Every.WEEKLY, time(8)),
        (Every.WEEKLY, None, 0),
        (Every.DAILY, time(8), 0),
        (Every.HOURLY, time(8)),
        (Every.IMMEDIATE, None, 3),
        (Every.WEEKLY, time(8), 7),
        (Every.DAILY, time(8, 0, 1)),
        (Every.DAILY, time(8, tzinfo=UTC)),
    ],
    ids=lambda parts: "-".join(str(part).replace(":", "") for part in parts),
)
def test_a_schedule_whose_parts_do_not_fit_cannot_be_made(parts):
    with pytest.raises(ValueError):
        Schedule(*parts)


@pytest.mark.parametrize(
    ("written", "place", "first", "expected"),
    [
        pytest.param(
            "daily at 07:30", "Europe/London", "2026-03-28 00:00",
            ["2026-03-28 07:30", "2026-03-29 06:30", "2026-03-30 06:30"], id="into summer time",
        ),
        pytest.param(
            "daily at 07:30", "Europe/London", "2026-10-24 00:00",
            ["2026-10-24 06:30", "2026-10-25 07:30", "2026-10-26 07:30"], id="out of summer time",
        ),
        pytest.param(
            "daily at 01:30", "Europe/London", "2026-03-28 12:00",
            ["2026-03-29 01:00", "2026-03-30 00:30"], id="London skips the time: first moment after the gap",
        ),
        pytest.param(
            "daily at 01:30", "Europe/London", "2026-10-24 12:00",
            ["2026-10-25 00:30", "2026-10-26 01:30"], id="London has the time twice: once, the first",
        ),
        pytest.param(
            "daily at 02:30", "Europe/Belgrade", "2026-03-28 12:00",
            ["2026-03-29 01:00", "2026-03-30 00:30"], id="Belgrade skips the time",
        ),
        pytest.param(
            "daily at 02:30", "Europe/Belgrade", "2026-10-24 12:00",
            ["2026-10-25 00:30", "2026-10-26 01:30"], id="Belgrade has the time twice",
        ),
        pytest.param(
            "weekly sun 02:15", "America/New_York", "2026-03-02 12:00",
            ["2026-03-08 07:00", "2026-03-15 06:15"], id="New York skips the time",
        ),
        pytest.param(
            "weekly sun 01:15", "America/New_York", "2026-10-26 12:00",
            ["2026-11-01 05:15", "2026-11-08 06:15"], id="New York has the time twice",
        ),
        pytest.param(
            "daily at 02:10", "Australia/Lord_Howe", "2026-10-03 00:00",
            ["2026-10-03 15:30", "2026-10-04 15:10"], id="Lord Howe skips half an hour",
        ),
        pytest.param(
            "daily at 01:45", "Australia/Lord_Howe", "2026-04-03 18:00",
            ["2026-04-04 14:45", "2026-04-05 15:15"], id="Lord Howe has half an hour twice",
        ),
        pytest.param(
            "daily at 07:30", "Asia/Kathmandu", "2026-03-29 00:00",
            ["2026-03-29 01:45", "2026-03-30 01:45"], id="Kathmandu is 5:45 ahead",
        ),
        pytest.param(
            "daily at 00:00", "America/St_Johns", "2010-11-06 12:00",
            ["2010-11-07 02:30", "2010-11-08 03:30"], id="the clock goes back over midnight",
        ),
        pytest.param(
            "daily at 00:00", "America/St_Johns", "2010-11-07 02:45",
            ["2010-11-08 03:30"], id="asked in the second evening of a day",
        ),
        pytest.param(
            "daily at 23:45", "America/St_Johns", "2010-11-07 03:20",
            ["2010-11-08 03:15"], id="asked after the second of two",
        ),
        pytest.param(
            "weekly fri 08:00", "Pacific/Apia", "2011-12-24 00:00",
            ["2011-12-30 10:00", "2012-01-05 18:00"], id="a whole day is skipped",
        ),
        pytest.param(
            "daily at 00:00", "Pacific/Apia", "2011-12-29 00:00",
            ["2011-12-29 10:00", "2011-12-30 10:00", "2011-12-31 10:00"], id="two days fall on one moment",
        ),
        pytest.param(
            "weekly mon 08:00", "UTC", "2026-11-23 08:00",
            ["2026-11-30 08:00"], id="strictly after",
        ),
        pytest.param(
            "weekly mon 08:00", "UTC", "2026-11-23 07:59:59.999999",
            ["2026-11-23 08:00"], id="a moment before",
        ),
        pytest.param(
            "daily at 01:00", "Asia/Tokyo", "2026-12-31 15:30",
            ["2026-12-31 16:00", "2027-01-01 16:00"], id="the zone is a day and a year ahead",
        ),
    ],
)  # fmt: skip
def test_runs_follow_the_clock_on_the_wall(written, place, first, expected):
    assert runs(written, place, first, len(expected)) == expected


@pytest.mark.parametrize(
    ("place", "first", "expected"),
    [
        pytest.param("Europe/London", "2026-03-29 00:00", ["01:00", "02:00"], id="an hour is skipped"),
        pytest.param("Europe/London", "2026-10-25 00:00:01", ["01:00", "02:00"], id="an hour comes twice"),
        pytest.param("Asia/Kathmandu", "2026-03-29 00:00", ["00:15", "01:15", "02:15"], id="45 minutes off"),
        pytest.param("Australia/Lord_Howe", "2026-10-03 14:00", ["14:30", "16:00", "17:00"], id="to half past, on"),
        pytest.param("Australia/Lord_Howe", "2026-04-04 13:30", ["14:00", "15:30", "16:30"], id="to half past, back"),
        pytest.param("Antarctica/Troll", "2026-03-28 23:30", ["00:00", "01:00", "02:00"], id="two hours skipped"),
        pytest.param("America/St_Johns", "2010-11-07 02:00", ["02:30", "03:30", "04:30"], id="midnight twice"),
    ],
)
def test_hourly_runs_whenever_the_clock_shows_a_whole_hour(place, first, expected):
    assert [run[-5:] for run in runs("hourly", place, first, len(expected))] == expected


def test_an_immediate_schedule_has_no_runs():
    with pytest.raises(ValueError, match="immediate"):
        next_run(IMMEDIATE, LONDON, utc("2026-03-29 00:00"))


@given(schedules, zones, moments)
@example(Schedule(Every.DAILY, time(0)), ZoneInfo("America/St_Johns"), utc("2010-11-07 02:31"))
def test_the_next_run_comes_soon_and_shows_the_time_asked_for(schedule, place, now):
    run = next_run(schedule, place, now)
    assert now < run <= now + LONGEST
    assert run.utcoffset() == timedelta()
    local = run.astimezone(place)
    asked = local.time() == schedule.at if schedule.at is not None else local.minute == local.second == 0
    if not asked:
        # Only at the end of a gap that the time lies in.
        assert clock_change(place, run - timedelta(minutes=1), run) == run
        before = (run - timedelta(microseconds=1)).astimezone(place).replace(tzinfo=None)
        skipped = [datetime.combine(before.date() + timedelta(days=day), schedule.at) for day in (0, 1)]
        assert any(before < each < local.replace(tzinfo=None) for each in skipped)
    elif schedule.weekday is not None:
        assert local.weekday() == schedule.weekday


@given(timed, zones, moments)
def test_no_run_is_left_out(schedule, place, now):
    """Each day that the schedule names has its run, and asking at any time in between gives the same one."""
    run = next_run(schedule, place, now)
    following = next_run(schedule, place, run)
    assert next_run(schedule, place, run + (following - run) / 2) == following
    days = [now.astimezone(place).date() + timedelta(days=number) for number in range(-1, 10)]
    wanted = {moment_of(day, schedule.at, place) for day in days if schedule.weekday in {None, day.weekday()}}
    assert run == min(each for each in wanted if each > now)


@given(zones, moments)
def test_hourly_leaves_no_whole_hour_out(place, now):
    quarters = [now.replace(minute=0, second=0, microsecond=0) + timedelta(minutes=15 * n) for n in range(1, 16)]
    whole = [moment for moment in quarters if moment.astimezone(place).minute == 0]
    run = next_run(Schedule(Every.HOURLY), place, quarters[0] - timedelta(minutes=15))
    assert run == whole[0]
    for earlier, later in pairwise(whole):
        assert next_run(Schedule(Every.HOURLY), place, earlier) == later


@given(schedules)
def test_the_canonical_spelling_reads_back(schedule):
    assert parse_schedule(str(schedule)) == schedule


@given(st.text(max_size=40) | st.text("dailywekhorntmu 0123456789:-–", max_size=24))
def test_any_text_is_read_or_refused(text):
    for parse in (parse_schedule, parse_quiet_hours, zone):
        said = ""
        try:
            parse(text)
        except ValueError as refused:
            said = str(refused)
        assert said.isprintable()


def test_no_zone_of_the_database_surprises_the_reckoning():
    """Every zone there is, through a year of weekly runs at an hour at which clocks are changed."""
    for name in sorted(available_timezones()):
        place, moment = ZoneInfo(name), utc("2026-01-01 00:00")
        for _ in range(54):
            run = next_run(Schedule(Every.WEEKLY, time(2, 30), 6), place, moment)
            assert timedelta() < run - moment <= LONGEST, name
            moment = run


@pytest.mark.parametrize(
    ("name", "key"),
    [("Europe/London", "Europe/London"), (" europe/belgrade ", "Europe/Belgrade"), ("utc", "UTC")],
)
def test_a_zone_is_found_by_name(name, key):
    assert zone(name).key == key


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Europe/Londn", "such as Europe/London"),
        ("belgrade", "such as Europe/Belgrade"),
        ("New York", "such as America/New_York"),
        ("", "is no time zone"),
        ("Europe", "is no time zone"),
        ("Mars/Olympus", "is no time zone"),
        ("../../etc/passwd", "is no time zone"),
        ("/etc/localtime", "is no time zone"),
        ("localtime", "is no time zone"),
        ("Factory", "is no time zone"),
        ("right/Europe/London", "is no time zone"),
        ("Europe/London\x00.txt", "is no time zone"),
        ("Europe/Lond\udcffon", "is no time zone"),
        ("tzdata.zi", "is no time zone"),
        ("a/" * 50_000, "is no time zone"),
    ],
    ids=lambda text: ascii(text[:20]).strip("'").replace("\\", "") or "empty",
)
def test_a_name_that_is_no_zone_is_refused(name, said):
    with pytest.raises(ValueError) as refused:
        zone(name)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("written", "canonical"),
    [("22:00-07:00", "22:00-07:00"), (" 9:00 – 17:30 ", "09:00-17:30"), ("00:00-06:00", "00:00-06:00")],
    ids=["over midnight", "en dash", "from midnight"],
)
def test_quiet_hours_are_read_and_written(written, canonical):
    assert str(parse_quiet_hours(written)) == canonical


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "write them as 22:00-07:00"),
        ("22:00", "write them as 22:00-07:00"),
        ("22:00-07:00-09:00", "write them as 22:00-07:00"),
        ("22:00-24:00", "'24:00' is no time of day"),
        ("22-7", "'22' is no time of day"),
        ("08:00-08:00", "all day or never"),
        ("-" * 100_000, "write them as 22:00-07:00"),
    ],
    ids=["empty", "one", "three", "24", "hours", "equal", "long"],
)
def test_what_are_no_quiet_hours_is_refused(written, said):
    with pytest.raises(ValueError) as refused:
        parse_quiet_hours(written)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 200


def test_quiet_hours_are_kept_in_whole_minutes():
    with pytest.raises(ValueError, match="whole minutes"):
        QuietHours(time(22, 0, 30), time(7))


@pytest.mark.parametrize(
    ("quiet", "place", "now", "until"),
    [
        pytest.param("22:00-07:00", "UTC", "2026-11-23 21:59:59.999999", None, id="before"),
        pytest.param("22:00-07:00", "UTC", "2026-11-23 22:00", "2026-11-24 07:00", id="from the first moment"),
        pytest.param("22:00-07:00", "UTC", "2026-11-24 06:59:59.5", "2026-11-24 07:00", id="to the last"),
        pytest.param("22:00-07:00", "UTC", "2026-11-24 07:00", None, id="the end is not quiet"),
        pytest.param("12:00-13:00", "UTC", "2026-11-24 12:30", "2026-11-24 13:00", id="within a day"),
        pytest.param("12:00-13:00", "UTC", "2026-11-24 13:30", None, id="after, within a day"),
        pytest.param("12:00-00:00", "UTC", "2026-11-24 12:30", "2026-11-25 00:00", id="to midnight"),
        pytest.param("22:00-07:00", "Europe/London", "2026-03-28 23:00", "2026-03-29 06:00", id="a short night"),
        pytest.param("22:00-07:00", "Europe/London", "2026-10-24 22:00", "2026-10-25 07:00", id="a long night"),
        pytest.param("22:00-01:30", "Europe/London", "2026-03-28 23:00", "2026-03-29 01:00", id="the end is skipped"),
        pytest.param("22:00-01:00", "Europe/London", "2026-03-28 23:00", "2026-03-29 01:00", id="the end is the gap's"),
        pytest.param("01:15-01:45", "Europe/London", "2026-03-29 01:00", None, id="all of it is skipped"),
        pytest.param("01:30-06:00", "Europe/London", "2026-03-29 01:00", "2026-03-29 05:00", id="the start is skipped"),
        pytest.param("22:00-01:30", "Europe/London", "2026-10-24 23:00", "2026-10-25 00:30", id="the end comes"),
        pytest.param("22:00-01:30", "Europe/London", "2026-10-25 00:45", None, id="between the two ends"),
        pytest.param("22:00-01:30", "Europe/London", "2026-10-25 01:10", "2026-10-25 01:30", id="the end comes again"),
        pytest.param("22:00-02:00", "Europe/London", "2026-10-25 00:50", "2026-10-25 02:00", id="the end of the fold"),
        pytest.param(
            "01:30-06:00", "Europe/London", "2026-10-25 00:40", "2026-10-25 01:00", id="set back before the start"
        ),
        pytest.param(
            "22:00-02:15", "Australia/Lord_Howe", "2026-10-03 15:00", "2026-10-03 15:30", id="half an hour skipped"
        ),
        pytest.param(
            "22:00-01:45", "Australia/Lord_Howe", "2026-04-04 15:05", "2026-04-04 15:15", id="half an hour again"
        ),
        pytest.param("22:00-07:00", "Asia/Kathmandu", "2026-03-28 20:00", "2026-03-29 01:15", id="45 minutes off"),
        pytest.param("22:00-07:00", "America/New_York", "2026-03-08 05:00", "2026-03-08 11:00", id="New York"),
        pytest.param("07:00-06:00", "Pacific/Apia", "2011-12-30 09:00", "2011-12-30 16:00", id="a day is skipped"),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(quiet, place, now, until):
    assert quiet_until(parse_quiet_hours(quiet), ZoneInfo(place), utc(now)) == (utc(until) if until else None)


@given(st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]), zones, moments)
def test_quiet_hours_end_at_the_first_moment_that_is_not_quiet(hours, place, now):
    quiet = QuietHours(*hours)
    until = quiet_until(quiet, place, now)
    if until is None:
        assert now.astimezone(place).time() not in quiet
        return
    assert now < until <= now + timedelta(days=1, hours=3)
    assert until.astimezone(place).time() not in quiet
    for part in range(20):
        assert (now + (until - now) * part / 20).astimezone(place).time() in quiet
    assert (until - timedelta(microseconds=1)).astimezone(place).time() in quiet


def test_the_moment_of_a_time_is_the_first_that_shows_it():
    assert moment_of(date(2026, 10, 25), time(1, 30), LONDON) == utc("2026-10-25 00:30")
    assert moment_of(date(2026, 3, 29), time(1, 30), LONDON) == utc("2026-03-29 01:00")
