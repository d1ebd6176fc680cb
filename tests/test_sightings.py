"""Last-Modified of what is made when it is asked for: never the same for two sets of bytes, whatever the clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.web.sightings import Sightings

BEGAN = datetime(2026, 11, 3, 12, tzinfo=UTC)


def at(seconds):
    return BEGAN + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "since"),
    [
        pytest.param([(0.2, "a")], [1], id="in our first second others may have been given out before us"),
        pytest.param([(5.7, "a")], [5], id="in whole seconds"),
        pytest.param([(5, "a"), (9, "a"), (700, "a")], [5, 5, 5], id="the same bytes keep it"),
        pytest.param([(5, "a"), (9, "b")], [5, 9], id="other bytes move it"),
        pytest.param([(5.2, "a"), (5.6, "b")], [5, 6], id="in one second, too"),
        pytest.param([(5.2, "a"), (5.4, "b"), (5.6, "a")], [5, 6, 7], id="back and forth in one second"),
        pytest.param([(5, "a"), (9.1, "a"), (9.8, "b")], [5, 5, 10], id="behind the last answer with the old bytes"),
        pytest.param([(50, "a"), (9, "b"), (60, "b")], [50, 51, 51], id="a clock that was set back"),
    ],
)
def test_a_moment_stands_for_one_set_of_bytes(asked, since):
    sightings = Sightings(BEGAN)
    assert [sightings.since("feed", tag, at(second)) for second, tag in asked] == [at(second) for second in since]


def test_addresses_do_not_move_each_other():
    sightings = Sightings(BEGAN)
    sightings.since("one", "a", at(5))
    assert sightings.since("other", "b", at(5)) == at(5)


def test_what_was_forgotten_was_something_else():
    """Strangers can make us forget an address, by asking for many others."""
    sightings = Sightings(BEGAN, most=2)
    sightings.since("feed", "a", at(5))
    for number in range(2):
        sightings.since(number, "x", at(5.3))
    assert sightings.since("feed", "b", at(5.6)) == at(6)


MOVES = st.lists(st.tuples(st.sampled_from("abc"), st.floats(-3, 3), st.sampled_from([1, 2, 3])), max_size=30)


@given(MOVES)
def test_nobody_who_asks_by_date_is_ever_told_wrongly_that_nothing_changed(moves):
    """Readers that send the date we gave them, and readers that send the time of our last answer, by our own clock."""
    sightings, second = Sightings(BEGAN, most=2), 5.0
    held = {}
    for tag, step, feed in moves:
        second += step
        now = at(second)
        since = sightings.since(feed, tag, now)
        had = held.get(feed)
        if had is not None and had["tag"] != tag and since <= now:
            assert since > had["since"]
            assert since > had["answered"].replace(microsecond=0)
        told = since if since <= now else BEGAN
        held[feed] = {"tag": tag, "since": max(told, had["since"]) if had else told, "answered": now}
