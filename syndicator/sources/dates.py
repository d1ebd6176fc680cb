"""Dates as feeds write them: RFC 822 and its descendants, ISO 8601 and its profiles, and what people make of them."""

import re
from datetime import UTC, datetime, timedelta, timezone

_EARLIEST_YEAR = 1971
_LATEST_YEAR = 2100
_LAST_HOUR = 24  # midnight at the end of the day (ISO 8601)
_LAST_MINUTE = 59

_MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)  # noqa: SIM905 - twelve words read best as one line
}
# Hours east of Greenwich. Where a name means several zones, the one that news feeds mean: BST is British.
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0,
    "bst": 1, "ist": 5.5, "west": 1, "cet": 1, "met": 1, "cest": 2, "mest": 2, "wat": 1,
    "eet": 2, "eest": 3, "sast": 2, "cat": 2, "msk": 3, "eat": 3, "trt": 3, "gst": 4, "pkt": 5,
    "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5,
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "brt": -3, "art": -3, "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5,
    "cst": -6, "cdt": -5, "ct": -6, "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8,
    "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\b\.?)?"
)
_ZONE = r"(?P<zone>z|(?:(?:gmt|utc)\s*)?[+-]\s*\d{1,2}(?::?\d{2})?|[a-z]{2,5})?"
_ISO = re.compile(
    r"(?P<year>\d{4})(?!\d)(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
    rf"(?:(?:t|\s+){_CLOCK}\s*{_ZONE})?"
)
_ISO_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:t?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?P<fraction>(?!))?(?P<half>(?!))?"
    rf"\s*{_ZONE})?"
)
_DAY_FIRST = re.compile(
    rf"(?:[a-z]+\.?,?\s*)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<name>[a-z]{{3,9}})\.?,?[\s-]+(?P<year>\d{{4}}|\d{{2}})(?![\d:]),?"
    rf"(?:\s+(?:(?:at|-)\s+)?{_CLOCK}\s*{_ZONE})?"
)
_MONTH_FIRST = re.compile(
    rf"(?:[a-z]+\.?,?\s+)?(?P<name>[a-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}|\d{{2}})(?![\d:]),?"
    rf"(?:\s+(?:(?:at|-)\s+)?{_CLOCK}\s*{_ZONE})?"
)
_ASCTIME = re.compile(
    rf"(?:[a-z]+,?\s+)?(?P<name>[a-z]{{3,9}})\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s*{_ZONE}\s*(?P<year>\d{{4}})"
)
_FORMS = (_ISO, _DAY_FIRST, _MONTH_FIRST, _ASCTIME, _ISO_BASIC)
_LONGEST = 100


def parse_date(value: str) -> datetime | None:
    """An aware UTC datetime, or None for what can't be read or can't be meant.

    A date without a time is midnight; one without a zone, or with an unknown one, is UTC. A date before 1971
    (0001-01-01 and the epoch are what programs write for "none") or from 2100 on is no date. A future
    date is kept: what to make of it is ingest's to decide.
    """
    text = " ".join(value[:_LONGEST].lower().split())
    for form in _FORMS:
        # What trails is a comment or a weekday, as in "(GMT)": the date before it stands.
        if match := form.match(text):
            found = _moment(match)
            if found is not None:
                return found
    return None


def in_range(moment: datetime) -> bool:
    """Whether a date can be meant: see `parse_date`."""
    return _EARLIEST_YEAR <= moment.year < _LATEST_YEAR


def _moment(match: re.Match[str]) -> datetime | None:
    part = match.groupdict()
    month = _MONTHS.get(part["name"][:3]) if part.get("name") else int(part["month"] or 1)
    if month is None:
        return None
    year = int(part["year"])
    if len(part["year"]) == 2:  # noqa: PLR2004 - RFC 2822 §4.3: two digits below 50 are this century
        year += 2000 if year < 50 else 1900  # noqa: PLR2004 - see above
    hour = int(part["hour"] or 0)
    if part["half"]:
        hour = hour % 12 + (12 if part["half"] == "p" else 0)
    minute = int(part["minute"] or 0)
    if hour > _LAST_HOUR or minute > _LAST_MINUTE:
        return None
    # A leap second counts as the one before it.
    second = min(int(part["second"] or 0), 59)
    microsecond = int((part["fraction"] or "0")[:6].ljust(6, "0"))
    try:
        local = datetime(year, month, int(part["day"] or 1), tzinfo=UTC) + timedelta(
            hours=hour, minutes=minute, seconds=second, microseconds=microsecond
        )
        moment = local.replace(tzinfo=_zone(part["zone"])).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if in_range(moment) else None


def _zone(written: str | None) -> timezone:
    if not written:
        return UTC
    if written in _ZONES:
        return timezone(timedelta(hours=_ZONES[written]))
    digits = "".join(character for character in written if character.isdigit())
    if not digits:
        return UTC
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))  # noqa: PLR2004 - "+1" or "+01"
    offset = timedelta(hours=hours, minutes=minutes)
    if offset > timedelta(hours=14):
        return UTC
    return timezone(-offset if "-" in written else offset)
