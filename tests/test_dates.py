"""Dates as feeds write them come out as UTC, or as none."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.dates import parse_date


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


TEN = utc(2026, 1, 5, 10)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 05 Jan 2026 10:00:00 GMT", TEN),
        ("Mon, 5 Jan 2026 10:00 +0000", TEN),
        ("mon,05 jan 2026 10:00:00 z", TEN),
        ("05 January 2026 10:00:00 UT", TEN),
        ("Mon, 05-Jan-26 10:00:00 UTC", TEN),
        ("Mon, 05 Jan 2026 11:00:00 BST", TEN),
        ("Mon, 05 Jan 2026 11:00:00 CET", TEN),
        ("Mon, 05 Jan 2026 15:30:00 IST", utc(2026, 1, 5, 10)),
        ("Mon, 05 Jan 2026 05:00:00 EST", TEN),
        ("Mon, 05 Jan 2026 02:00:00 PST", TEN),
        ("Mon, 05 Jan 2026 10:00:00 XYZ", TEN),
        ("Mon, 05 Jan 2026 10:00:00 Europe/London", TEN),
        ("Mon, 05 Jan 2026 11:00:00 GMT+1", TEN),
        ("Mon, 05 Jan 2026 11:00:00 GMT+01:00", TEN),
        ("Mon, 05 Jan 2026 05:00:00 -0500 (EST)", TEN),
        ("Mon, 05 Jan 2026 10:00:00 -9900", TEN),
        ("Mon, 05 Jan 2026 10:00:00", TEN),
        ("Mon, 05 Jan 2026", utc(2026, 1, 5)),
        ("Mon, 05 Jan 2026 24:00:00 GMT", utc(2026, 1, 6)),
        ("Wed, 31 Dec 2025 23:59:60 GMT", utc(2025, 12, 31, 23, 59, 59)),
        ("January 5, 2026 10:00 AM", TEN),
        ("Monday, January 5, 2026 - 10:00", TEN),
        ("Jan 5, 2026 12:00 p.m.", utc(2026, 1, 5, 12)),
        ("Jan 5, 2026 12:30 am", utc(2026, 1, 5, 0, 30)),
        ("Mon Jan  5 10:00:00 GMT 2026", TEN),
        ("Mon Jan 5 10:00:00 2026", TEN),
        ("2026-01-05T10:00:00Z", TEN),
        ("2026-01-05t10:00:00.000+00:00", TEN),
        ("2026-01-05T10:00:00.123456789Z", utc(2026, 1, 5, 10, 0, 0, 123456)),
        ("2026-01-05T05:00:00-0500", TEN),
        ("2026-01-05T11:00+01", TEN),
        ("2026-01-05 10:00:00", TEN),
        ("2026-01-05 11:00:00 +0100", TEN),
        ("2026-1-5", utc(2026, 1, 5)),
        ("2026-01", utc(2026, 1, 1)),
        ("2026", utc(2026, 1, 1)),
        ("20260105", utc(2026, 1, 5)),
        ("20260105T100000Z", TEN),
        (" 2026-01-05\n", utc(2026, 1, 5)),
        ("Fri, 01 Jan 2099 00:00:00 GMT", utc(2099, 1, 1)),
    ],
)
def test_a_date_is_read_as_utc(written, moment):
    assert parse_date(written) == moment


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "05/01/2026",
        "Mon, 32 Jan 2026 10:00:00 GMT",
        "2026-13-01",
        "2026-02-30",
        "Mon, 05 Foo 2026 10:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "9999-12-31T23:59:59Z",
        "1769000000",
        "2026-01-05T99:00:00Z",
    ],
)
def test_what_is_no_date_is_none(written):
    assert parse_date(written) is None


@given(st.text(max_size=200) | st.from_regex(r"[0-9:TZ+. a-zA-Z-]{1,40}", fullmatch=True))
def test_nothing_makes_it_raise(written):
    found = parse_date(written)
    assert found is None or found.tzinfo is UTC
