"""Dates, addresses and plain text in the forms that feeds want."""

import locale
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest

from syndicator.publish.text import (
    clean,
    day,
    excerpt,
    language_tag,
    mime_type,
    one_line,
    paragraphs,
    rfc822,
    rfc3339,
    web_url,
)

MOMENT = datetime(2026, 11, 3, 9, 5, 7, 999_999, tzinfo=UTC)


def test_dates_are_written_to_the_second_in_utc():
    assert rfc822(MOMENT) == "Tue, 03 Nov 2026 09:05:07 GMT"
    assert rfc3339(MOMENT) == "2026-11-03T09:05:07Z"
    assert day(MOMENT) == "3 November 2026"


def test_other_zones_are_brought_to_utc():
    belgrade = datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert rfc822(belgrade) == "Thu, 31 Dec 2026 23:30:00 GMT"
    assert rfc3339(belgrade) == "2026-12-31T23:30:00Z"


@pytest.mark.parametrize("write", [rfc822, rfc3339, day])
def test_a_naive_date_is_refused(write):
    with pytest.raises(ValueError, match="no time zone"):
        write(datetime(2026, 11, 3))  # noqa: DTZ001 - the point


def test_a_year_of_days_reads_back_as_it_was():
    for number in range(366):
        moment = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=number, hours=number)
        assert parsedate_to_datetime(rfc822(moment)) == moment
        assert datetime.fromisoformat(rfc3339(moment)) == moment


def test_dates_do_not_ask_for_the_locale(monkeypatch):
    monkeypatch.setattr(locale, "setlocale", lambda *_: pytest.fail("setlocale is process-wide"))
    assert rfc822(MOMENT)


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("a\x00b\x08c\x0bd\x1fe", "abcde"),
        ("bell\x07 nel\x85 del\x7f", "bell nel del"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("not a character \ufffe\uffff\ufdd0", "not a character "),
        ("kept: tab\t line\n é 你 🧭 \u200f", "kept: tab\t line\n é 你 🧭 \u200f"),
    ],
)
def test_what_xml_cannot_hold_is_cleaned_away(dirty, expected):
    assert clean(dirty) == expected


def test_one_line_folds_white_space():
    assert one_line("  a\n\tb\u00a0 c  ") == "a b c"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://a.example/b?c=d&e=f%20g#h", "https://a.example/b?c=d&e=f%20g#h"),
        (" https://a.example/a b ", "https://a.example/a%20b"),
        ("https://a.example/ћирилица", "https://a.example/%D1%9B%D0%B8%D1%80%D0%B8%D0%BB%D0%B8%D1%86%D0%B0"),
        ("https://münchen.example:8080/ü", "https://xn--mnchen-3ya.example:8080/%C3%BC"),
        ('https://a.example/"<>', "https://a.example/%22%3C%3E"),
        ("HTTP://a.example/", "http://a.example/"),
        ("javascript:alert(1)", None),
        ("/relative", None),
        ("//a.example/", None),
        ("https:///nohost", None),
        ("https://[::1", None),
        ("mailto:a@b.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_web_url_is_absolute_and_ascii(given, expected):
    assert web_url(given) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "en"),
        ("sr-Cyrl-RS", "sr-Cyrl-RS"),
        ("en_GB", None),
        ("", None),
        (None, None),
        ('en" onload="x', None),
    ],
)
def test_language_tags_are_checked_for_shape(tag, expected):
    assert language_tag(tag) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("audio/mpeg", "audio/mpeg"),
        ("Audio/MPEG; codecs=x", "audio/mpeg"),
        ("", "application/octet-stream"),
        ("mp3", "application/octet-stream"),
        ("a/b c", "application/octet-stream"),
    ],
)
def test_mime_types_are_checked_for_shape(given, expected):
    assert mime_type(given) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Short enough.", 20, "Short enough."),
        ("Two\n\nparagraphs here", 40, "Two paragraphs here"),
        ("One sentence here. Another that is too long", 30, "One sentence here."),
        ("He said “it is done.” And then some more words", 30, "He said “it is done.”"),
        ("no sentence ends in these many words at all", 20, "no sentence ends in…"),
        ("One. then a very long sentence without end", 20, "One. then a very…"),
        ("x" * 50, 10, "x" * 9 + "…"),
        ("一二三四五六七八九十。十一十二", 12, "一二三四五六七八九十。"),
        ("3.14 is a number and not a sentence end at 2.71 or so", 20, "3.14 is a number…"),
    ],
)
def test_an_excerpt_ends_where_a_reader_would_pause(text, limit, expected):
    assert excerpt(text, limit) == expected
    assert len(excerpt(text, limit)) <= limit


def test_paragraphs_escape_what_they_wrap():
    assert paragraphs("a < b\nc & d\n\n  \n\ne") == ["<p>a &lt; b<br>c &amp; d</p>", "<p>e</p>"]
    assert paragraphs(" \n\n ") == []
