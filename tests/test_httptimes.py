"""Times in HTTP header fields: what they name, and that nothing hostile raises."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.httptimes import delta_seconds, parsed_date, retry_after

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 03 Nov 2026 12:00:00 GMT", NOON),
        ("Tuesday, 03-Nov-26 12:00:00 GMT", NOON),
        ("Tue Nov  3 12:00:00 2026", NOON),
        ("Tue, 03 Nov 2026 13:00:00 +0100", NOON),
        ("yesterday", None),
        ("Tue, 99 Nov 2026 12:00:00 GMT", None),
        ("Tue, 03 Nov 2026 12:00:00 GMT" + " " * 40, None),
        ("", None),
    ],
)
def test_a_date_is_read_in_its_three_forms(text, moment):
    assert parsed_date(text) == moment


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("120", 120), ("9" * 40, 10**9), ("-1", None), ("²", None)])
def test_seconds_are_digits_and_an_overflow_is_very_long(text, seconds):
    assert delta_seconds(text) == seconds


@given(st.text(), st.text())
def test_nothing_that_a_server_says_raises(value, date):
    wait = retry_after(value, date, NOON, longest=DAY)
    assert wait is None or timedelta() < wait <= DAY
