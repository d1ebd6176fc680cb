"""Maintenance alerts: what is told, when, to whom, and never twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.alerts.notices import SETTLED, changes, notices
from syndicator.alerts.trouble import DestinationCondition, Disk, Limits, SourceCondition, Trouble, troubles
from syndicator.health import Health

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
GB = 10**9
LIMITS = Limits(failing_after=DAY, disk_free=2 * GB)


def source(name="BBC", *, failing=None, error=None, gone=False, quiet=None, answered=NOW - 2 * DAY, failures=7):
    health = Health(answered, failures if failing else 0, error, gone, 10.0, None, quiet)
    return SourceCondition(name, health, None if failing is None else NOW - failing)


def destination(name="desk", *, failing=None, **known):
    return DestinationCondition(name, failing_since=None if failing is None else NOW - failing, **known)


def look(*conditions, disk=None, limits=LIMITS, **how):
    return troubles(
        sources=[one for one in conditions if isinstance(one, SourceCondition)],
        destinations=[one for one in conditions if isinstance(one, DestinationCondition)],
        disk=disk,
        limits=limits,
        now=NOW,
        **how,
    )


def told(found):
    return [trouble.key for trouble in found if not trouble.lingering]


def lingering(found):
    return [trouble.key for trouble in found if trouble.lingering]


@pytest.mark.parametrize(
    ("condition", "keys", "waiting"),
    [
        pytest.param(source(), [], [], id="a source that is well"),
        pytest.param(source(failing=DAY), ["source-failing:BBC"], ["source-quiet:BBC"], id="failing for a day"),
        pytest.param(
            source(failing=DAY - MINUTE), [], ["source-failing:BBC", "source-quiet:BBC"], id="failing for less"
        ),
        pytest.param(source(failing=-DAY), [], ["source-failing:BBC", "source-quiet:BBC"], id="the clock was set back"),
        pytest.param(source(quiet="nothing new"), ["source-quiet:BBC"], [], id="quiet"),
        pytest.param(
            source(quiet="nothing new", failing=2 * DAY),
            ["source-failing:BBC"],
            ["source-quiet:BBC"],
            id="failing and quiet",
        ),
        pytest.param(
            source(gone=True), ["source-gone:BBC"], ["source-failing:BBC", "source-quiet:BBC"], id="gone, at once"
        ),
        pytest.param(
            source(gone=True, failing=2 * DAY),
            ["source-gone:BBC"],
            ["source-failing:BBC", "source-quiet:BBC"],
            id="gone after failing",
        ),
        pytest.param(destination(), [], [], id="a destination that is well"),
        pytest.param(destination(failing=DAY), ["destination-failing:desk"], [], id="a dead destination"),
        pytest.param(destination(failing=HOUR), [], ["destination-failing:desk"], id="a destination dead for an hour"),
        pytest.param(
            destination(off_because="410"), ["destination-off:desk"], ["destination-failing:desk"], id="switched off"
        ),
        pytest.param(
            destination(off_because="410", failing=2 * DAY),
            ["destination-off:desk"],
            ["destination-failing:desk"],
            id="switched off after failing",
        ),
    ],
)
def test_conditions(condition, keys, waiting):
    found = look(condition)
    assert told(found) == keys
    assert lingering(found) == waiting


@pytest.mark.parametrize(
    ("free", "keys", "waiting"),
    [
        (0, ["disk"], []),
        (2 * GB - 1, ["disk"], []),
        (2 * GB, [], ["disk"]),
        (2.5 * GB - 1, [], ["disk"]),
        (2.5 * GB, [], []),
    ],
    ids=["full", "below the limit", "at the limit", "still near it", "a quarter more"],
)
def test_the_disk(free, keys, waiting):
    found = look(disk=Disk(int(free), 100 * GB))
    assert told(found) == keys
    assert lingering(found) == waiting


def test_what_is_told():
    london = ZoneInfo("Europe/London")
    found = look(
        source(failing=26 * HOUR, error="the server\nanswered 500\x1b[0m"),
        source("Sky", quiet="nothing new for 9 days, where 2 days is a long wait"),
        destination(failing=3 * DAY, error="550 no such user", owner="ana"),
        destination("slack", off_because="answered 410: gone", off_since=NOW - HOUR),
        disk=Disk(500_000_000, 100 * GB),
        zone=london,
    )
    assert {trouble.key: list(trouble.lines) for trouble in found if not trouble.lingering} == {
        "source-failing:BBC": [
            "Source fails: BBC",
            "It has failed since 2026-11-22 07:00 GMT (26 hours), 7 times; it last answered: 2026-11-21 09:00 GMT.",
            "The last failure: the server answered 500 [0m",
            "It is asked again by itself. If its address changed, set the new one in config.toml.",
        ],
        "source-quiet:Sky": [
            "Source strangely quiet: Sky",
            "It answers, but: nothing new for 9 days, where 2 days is a long wait.",
            "Look at its web page: it may have moved its feed.",
        ],
        "destination-failing:desk": [
            "Destination fails: desk",
            "Nothing could be delivered to it since 2026-11-20 09:00 GMT (3 days).",
            "The last answer: 550 no such user",
            "Deliveries wait and are tried again. Try it with: syndicator destinations test desk",
        ],
        "destination-off:slack": [
            "Destination switched off: slack",
            "Nothing is sent to it since 2026-11-23 08:00 GMT (60 minutes): answered 410: gone",
            "Mend it and try it with: syndicator destinations test slack",
            "What it did not get is kept: syndicator deliveries list",
        ],
        "disk": [
            "Disk nearly full",
            "500 MB of 100.0 GB are free (0%); 2.0 GB should be.",
            "When it is full nothing new is taken in. Make room, or lower schedule.retention in config.toml.",
        ],
    }
    assert {trouble.owner for trouble in found if "desk" in trouble.key} == {"ana"}


def test_a_source_that_never_answered():
    (failing, _) = look(source(failing=2 * DAY, answered=None, failures=1))
    assert failing.lines[1].endswith("once; it last answered: never.")


@pytest.mark.parametrize("name", ["a\nSubject: b", "x" * 5000, "\x1b]0;x\x07"], ids=["header", "long", "terminal"])
def test_every_line_is_one_short_printable_line(name):
    found = look(
        source(name, failing=9 * DAY, error=name),
        source(f"2{name}", quiet=name),
        source(f"3{name}", gone=True),
        destination(name, failing=9 * DAY, error=name),
        destination(f"2{name}", off_because=name, off_since=NOW),
    )
    lines = [line for trouble in found for line in trouble.lines]
    assert len(lines) == 4 + 3 + 3 + 4 + 4
    assert all(line.isprintable() and len(line) < 500 for line in lines)


def test_one_key_is_one_trouble():
    assert told(look(source(failing=DAY), source(failing=2 * DAY))) == ["source-failing:BBC"]


# What is news


def bad(key="disk", *, owner="", waiting=False):
    return Trouble(key, (f"{key} is wrong", "what to do"), owner, waiting)


def course(*steps):
    """Lives through (minutes from the start, what is present) and returns what was told at each step."""
    known, said = (), []
    for minutes, present in steps:
        found = changes(known, present, NOW + MINUTE * minutes)
        known = found.told
        said.append("".join(["+" * len(found.raised), "-" * len(found.cleared)]))
    return said


HERE, LINGERING, AWAY = [bad()], [bad(waiting=True)], []
SIX = int(SETTLED / MINUTE)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        pytest.param([(0, HERE), (1, HERE), (9000, HERE)], ["+", "", ""], id="told once"),
        pytest.param(
            [(0, HERE), (1, AWAY), (SIX, AWAY), (SIX + 1, AWAY)], ["+", "", "", "-"], id="over once it stays away"
        ),
        pytest.param(
            [(0, HERE), (1, AWAY), (SIX + 1, AWAY), (SIX + 2, AWAY)], ["+", "", "-", ""], id="over is told once"
        ),
        pytest.param([(0, HERE), (1, AWAY), (60, HERE), (70, HERE)], ["+", "", "", ""], id="back within hours"),
        pytest.param(
            [(0, HERE), (1, AWAY), (60, HERE), (61, AWAY), (SIX + 10, AWAY), (SIX + 61, AWAY)],
            ["+", "", "", "", "", "-"],
            id="away is counted anew",
        ),
        pytest.param([(0, HERE), (1, AWAY), (SIX + 1, AWAY), (SIX + 2, HERE)], ["+", "", "-", "+"], id="a second time"),
        pytest.param([(0, LINGERING), (9000, LINGERING)], ["", ""], id="lingering raises nothing"),
        pytest.param([(0, HERE), (1, LINGERING), (9000, LINGERING)], ["+", "", ""], id="lingering ends nothing"),
        pytest.param(
            [(0, HERE), (1, AWAY), (60, LINGERING), (SIX + 1, AWAY), (SIX + 60, AWAY)],
            ["+", "", "", "", ""],
            id="lingering is not away",
        ),
        pytest.param([(0, AWAY), (9000, AWAY)], ["", ""], id="nothing at all"),
        pytest.param(
            [(0, HERE), (900, AWAY), (10, AWAY), (10 + SIX, AWAY)], ["+", "", "", "-"], id="the clock was set back"
        ),
    ],
)
def test_each_trouble_is_told_once_and_over_once(steps, said):
    assert course(*steps) == said


def test_a_source_that_works_once_in_a_while_is_told_once():
    known, said = (), []
    for hour in range(24 * 10):
        now = NOW + hour * HOUR
        # It fails for a day and a half, works once, and fails on.
        run = hour % 36
        failing = None if run == 0 else now - run * HOUR
        condition = SourceCondition("BBC", Health(None, run, "500", False, 1.0, None, None), failing)
        present = troubles(sources=[condition], destinations=[], disk=None, limits=LIMITS, now=now)
        found = changes(known, present, now)
        known = found.told
        said += [*found.raised, *found.cleared]
    assert [trouble.key for trouble in said] == ["source-failing:BBC"]


def test_a_disk_about_its_limit_is_told_once():
    known, said = (), []
    for minute in range(3000):
        disk = Disk(2 * GB + (-1) ** minute * 10**6, 100 * GB)
        now = NOW + minute * MINUTE
        found = changes(known, troubles(sources=[], destinations=[], disk=disk, limits=LIMITS, now=now), now)
        known = found.told
        said += [*found.raised, *found.cleared]
    assert [trouble.key for trouble in said] == ["disk"]


def test_the_end_is_told_to_whom_the_beginning_was():
    began = changes((), [bad("destination-off:desk", owner="ana")], NOW)
    away = changes(began.told, [], NOW + 2 * DAY)
    (over,) = changes(away.told, [], NOW + 2 * DAY + SETTLED, ZoneInfo("Europe/London")).cleared
    assert (over.key, over.owner) == ("destination-off:desk", "ana")
    assert over.lines == (
        "Over: destination-off:desk is wrong",
        "Told 2026-11-23 09:00 GMT, not seen since 2026-11-25 09:00 GMT (6 hours).",
    )


def test_each_owner_gets_one_notice_of_what_began_and_one_of_what_is_over():
    began = changes((), [bad("a"), bad("b", owner="ana"), bad("c")], NOW)
    assert [(notice.owner, notice.lines) for notice in notices(began)] == [
        ("", ("2 troubles", "", "a is wrong", "what to do", "", "c is wrong", "what to do")),
        ("ana", ("b is wrong", "what to do")),
    ]
    away = changes(began.told, [], NOW + HOUR)
    over = changes(away.told, [bad("d")], NOW + HOUR + SETTLED)
    assert [(notice.owner, notice.lines[0]) for notice in notices(over)] == [
        ("", "d is wrong"),
        ("", "2 troubles are over"),
        ("ana", "Over: b is wrong"),
    ]
    assert notices(changes((), [], NOW)) == ()


def test_when_everything_fails_it_is_one_message_that_can_be_read():
    (notice,) = notices(changes((), [bad(f"source-failing:{n}") for n in range(3000)], NOW))
    assert notice.lines[0] == "3000 troubles"
    assert "And 2980 more, among them:" in notice.lines
    assert len(notice.lines) < 200


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.sampled_from([HERE, LINGERING, AWAY])), max_size=40))
def test_beginnings_and_ends_alternate_and_no_end_comes_early(steps):
    minutes, known, open_, last_seen = 0, (), False, None
    for wait, present in steps:
        minutes += wait
        found = changes(known, present, NOW + MINUTE * minutes)
        known = found.told
        if found.raised:
            assert present is HERE
            assert not open_
        assert bool(found.raised) is (present is HERE and not open_)
        if found.cleared:
            assert open_
            assert minutes - last_seen >= SIX
        open_ = (open_ or bool(found.raised)) and not found.cleared
        if present is not AWAY:
            last_seen = minutes
        assert len(known) == open_
