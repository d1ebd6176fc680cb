"""The preview of an alert: days as the newsroom has them, stories once, and honest advice."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.alerts.preview import FLOOD_A_DAY, Caught, Concern, bars, begin, preview

LONDON = ZoneInfo("Europe/London")
BELGRADE = ZoneInfo("Europe/Belgrade")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def caught(count=1, *, ago=0, source=None, story=None):
    return [Caught(NOW - DAY * ago, source or f"source {number}", story) for number in range(count)]


def look(hits, *, days=7, covered=None, zone=UTC, now=NOW, **known):
    return preview(hits, now=now, days=days, zone=zone, covered=days if covered is None else covered, **known)


def concerns(found):
    return [advice.concern for advice in found.advice]


def test_every_day_is_there_and_zero_days_too():
    found = look(caught(2, ago=6) + caught(1, ago=1))
    assert [day.day for day in found.days] == [date(2026, 11, 17) + DAY * n for n in range(7)]
    assert [day.hits for day in found.days] == [2, 0, 0, 0, 0, 1, 0]
    assert found.hits == found.messages == 3
    assert found.a_day == pytest.approx(3 / 7)


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", 22), ("Europe/Belgrade", 23), ("America/New_York", 22), ("Pacific/Auckland", 23)]
)
def test_days_are_those_of_the_newsroom(zone, day):
    found = look([Caught(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "BBC")], zone=ZoneInfo(zone))
    assert [each.day.day for each in found.days if each.hits] == [day]


@pytest.mark.parametrize(
    ("zone", "now", "days", "began"),
    [
        ("UTC", "2026-11-23T09:00", 1, "2026-11-23T00:00"),
        ("Europe/Belgrade", "2026-11-22T23:30", 1, "2026-11-22T23:00"),
        # The clocks go back on 25 October: the period is an hour longer.
        ("Europe/London", "2026-10-26T12:00", 2, "2026-10-24T23:00"),
        ("Europe/London", "2026-10-26T12:00", 1, "2026-10-26T00:00"),
        # In Beirut they skip midnight, in Havana they repeat it.
        ("Asia/Beirut", "2026-03-29T12:00", 1, "2026-03-28T22:00"),
        ("America/Havana", "2026-11-01T20:00", 1, "2026-11-01T04:00"),
    ],
)
def test_the_period_begins_at_the_first_day_s_midnight(zone, now, days, began):
    moment = begin(datetime.fromisoformat(now).replace(tzinfo=UTC), days, ZoneInfo(zone))
    assert moment == datetime.fromisoformat(began).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Beirut", "America/Havana", "Pacific/Apia"])
@pytest.mark.parametrize("month", [3, 10, 11])
def test_the_period_s_first_moment_is_on_its_first_day_and_the_one_before_is_not(zone, month):
    zone = ZoneInfo(zone)
    for day in range(1, 31):
        now = datetime(2026, month, day, 12, tzinfo=UTC)
        start = begin(now, 3, zone)
        assert look([Caught(start, "a")], now=now, days=3, zone=zone).days[0].hits == 1
        assert look([Caught(start - timedelta(seconds=1), "a")], now=now, days=3, zone=zone).hits == 0


def test_what_was_published_outside_the_period_is_left_out():
    assert look(caught(ago=7) + caught(ago=-1) + caught(ago=3)).hits == 1


def test_a_story_is_one_message_on_its_first_day():
    hits = [*caught(2, ago=1, story="s"), *caught(1, ago=3, story="s"), *caught(1, ago=1, story="t"), *caught(2, ago=1)]
    found = look(hits)
    assert [(day.hits, day.messages) for day in found.days] == [(0, 0), (0, 0), (0, 0), (1, 1), (0, 0), (5, 3), (0, 0)]
    assert found.messages == 4


@pytest.mark.parametrize(
    ("hits", "known", "expected"),
    [
        pytest.param(caught(FLOOD_A_DAY), {"days": 1}, [], id="as many as one can read"),
        pytest.param(caught(FLOOD_A_DAY + 1), {"days": 1}, [Concern.FLOOD], id="one too many"),
        pytest.param(caught(FLOOD_A_DAY + 1), {"days": 2}, [], id="many on one day of two"),
        pytest.param(caught(500, story="s"), {"days": 1}, [], id="one story from everywhere"),
        pytest.param(caught(30), {"articles": 100}, [], id="three in ten"),
        pytest.param(caught(31), {"articles": 100}, [Concern.SHARE], id="more than three in ten"),
        pytest.param(caught(9), {"articles": 10}, [], id="few articles at all"),
        pytest.param([], {}, [Concern.NEVER], id="nothing"),
        pytest.param([], {"unseen": ["asylm"]}, [Concern.UNSEEN, Concern.NEVER], id="misspelt"),
        pytest.param(caught(5, source="BBC"), {}, [Concern.ONE_SOURCE], id="one source"),
        pytest.param(caught(4, source="BBC"), {}, [], id="one source, by chance"),
        pytest.param(caught(5, source="BBC"), {"audible": 1}, [], id="one source, as asked"),
        pytest.param(caught(5, source="BBC"), {"audible": 2}, [Concern.ONE_SOURCE], id="one source of two"),
        pytest.param(caught(3), {"days": 30, "covered": 3}, [Concern.SHORT_ARCHIVE], id="three days of thirty"),
        pytest.param(caught(3), {"days": 30, "covered": 15}, [], id="half of it"),
        pytest.param(
            [], {"days": 30, "covered": 3}, [Concern.NEVER, Concern.SHORT_ARCHIVE], id="nothing in three days"
        ),
        pytest.param([], {"covered": 0, "unseen": ["asylum"]}, [Concern.SHORT_ARCHIVE], id="an empty archive"),
    ],
)
def test_advice(hits, known, expected):
    assert concerns(look(hits, **known)) == expected


def test_the_rate_is_that_of_the_days_the_archive_covers():
    backlog = caught(900, ago=20)
    found = look(backlog + caught(60), days=30, covered=3)
    assert found.a_day == 20
    assert Concern.FLOOD not in concerns(found)
    assert Concern.FLOOD in concerns(look(backlog + caught(180), days=30, covered=3))


def test_advice_is_in_plain_sentences():
    said = [advice.text for advice in look(caught(400, ago=2), articles=1000).advice]
    assert said == [
        "It would flood: about 57 messages a day, 400 on Sat 2026-11-21. Narrow the query, or let a digest gather them.",
        "That is 40% of all articles: too many for an alert.",
    ]
    said = [advice.text for advice in look([], days=30, covered=1, unseen=[f"w{n}" for n in range(10)]).advice]
    assert said == [
        "In no article of the archive: w0, w1, w2, w3, w4, w5, w6, w7 and 2 more. Is that how the news spells it?",
        "It would not have fired once in 1 day.",
        "The archive has 1 day of 30: that is too little to tell how often it would fire.",
    ]
    assert [advice.text for advice in look(caught(5, source="B\x1bC" + "x" * 90)).advice] == [
        f"All of these came from B�C{'x' * 56}…."
    ]
    assert [advice.text for advice in look(caught(5, source="BBC"), titles={"BBC": "The BBC"}).advice] == [
        "All of these came from The BBC."
    ]
    said = [advice.text for advice in look([], unseen=["asylm", "x"], meant=["asylum", "y"], joints=["or"]).advice]
    assert said[:2] == [
        "It looks for “or” like any other word: to join words, write OR.",
        "In no article of the archive: asylm, x. Did you mean asylum or y?",
    ]


def test_the_chart():
    found = look(
        caught(16, ago=6) + caught(8, ago=5) + caught(1, ago=4) + caught(4, ago=3, story="s") + caught(200, ago=1)
    )
    assert bars(found, 50) == [
        "Tue 2026-11-17 █▊ 16",
        "Wed 2026-11-18 ▉ 8",
        "Thu 2026-11-19 ▏ 1",
        "Fri 2026-11-20 ▍ 4 (1 story)",
        "Sat 2026-11-21 0",
        "Sun 2026-11-22 ███████████████████████ 200",
        "Mon 2026-11-23 0",
    ]
    assert bars(found, 50, plain=True) == [
        "Tue 2026-11-17 # 16",
        "Wed 2026-11-18 # 8",
        "Thu 2026-11-19 # 1",
        "Fri 2026-11-20 # 4 (1 story)",
        "Sat 2026-11-21 0",
        f"Sun 2026-11-22 {'#' * 23} 200",
        "Mon 2026-11-23 0",
    ]


def test_days_before_the_archive_are_unknown_not_empty():
    found = look(caught(1, ago=3), days=4, covered=2)
    assert [line.split(maxsplit=2)[2] for line in bars(found, 40)] == ["█" * 23 + " 1", "–", "0", "0"]
    assert bars(found, 40, plain=True)[1] == "Sat 2026-11-21 -"


hits = st.lists(
    st.builds(
        Caught,
        st.integers(-3 * 86400, 15 * 86400).map(lambda s: NOW - timedelta(seconds=s)),
        st.sampled_from(["BBC", "Sky"]),
        st.none() | st.sampled_from(["s", "t"]),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(hits, st.integers(1, 20), st.integers(0, 25), st.sampled_from([UTC, LONDON, BELGRADE]), st.integers(0, 120))
def test_a_chart_adds_up_and_fits(found_hits, days, covered, zone, width):
    found = look(found_hits, days=days, covered=covered, zone=zone)
    assert look(reversed(found_hits), days=days, covered=covered, zone=zone) == found
    start = begin(NOW, days, zone)
    inside = [
        one for one in found_hits if start <= one.published and one.published.astimezone(zone).date() <= NOW.date()
    ]
    assert sum(day.hits for day in found.days) == found.hits == len(inside)
    stories = {one.story for one in inside} - {None}
    assert found.messages == len(stories) + sum(one.story is None for one in inside)
    assert len(found.days) == days
    for plain in (False, True):
        lines = bars(found, width, plain=plain)
        assert len(lines) == days
        assert all(len(line) <= max(width, 40) for line in lines)
        assert all(line.isascii() for line in lines if plain)
        assert all((not day.hits) == (line[15] in "0–-") for day, line in zip(found.days, lines, strict=True))
