"""Times in HTTP header fields: dates, and spans in seconds. Nothing here raises: what can't be read was not sent."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

_DIGITS = re.compile(r"[0-9]{1,9}")
# The longest HTTP date, "Wednesday, 09-Nov-94 08:49:37 GMT", has 33 characters.
_DATE_CHARACTERS = 40


def http_date(moment: datetime) -> str:
    """A moment as headers have it (RFC 9110 §5.6.7); fractions of a second are dropped."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def parsed_date(text: str) -> datetime | None:
    """The moment that an HTTP date names, in any of its three forms (RFC 9110 §5.6.7), in UTC."""
    if len(text) > _DATE_CHARACTERS:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def delta_seconds(text: str) -> int | None:
    """A whole number of seconds; one that overflows is very long (RFC 9111 §1.2.2)."""
    if _DIGITS.fullmatch(text):
        return int(text)
    return 10**9 if text.isascii() and text.isdigit() else None


def span(seconds: float, longest: timedelta) -> timedelta | None:
    """A span of so many seconds, at most `longest`; None where there is nothing to wait for."""
    return min(timedelta(seconds=min(seconds, 1e9)), longest) if seconds > 0 else None


def retry_after(value: str, date: str, received: datetime, *, longest: timedelta) -> timedelta | None:
    """How long an answer asks us to stay away (RFC 9110 §10.2.3), at most `longest`; None where it does not say.

    `value` is seconds or a date. A date is reckoned from the answer's own `date`, so that its clock need not agree
    with ours, and from when it was `received` where it has none that can be read.
    """
    seconds = delta_seconds(value.strip())
    if seconds is not None:
        return span(seconds, longest)
    until = parsed_date(value.strip())
    return None if until is None else span((until - (parsed_date(date) or received)).total_seconds(), longest)
