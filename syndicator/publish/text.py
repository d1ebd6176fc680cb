"""Dates, addresses and plain text in the forms that feeds want. Pure; knows nothing of feeds themselves."""

import re
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote, urlsplit, urlunsplit

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What XML 1.0 §2.2 allows, less DEL and the C1 controls: legal, never meant, and readers trip over them.
_NOT_TEXT = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
_MIME_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)]*(?=\s)|[。！？]")
# Everything RFC 3986 lets stand in a URI; the rest is percent-encoded.
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


def rfc822(moment: datetime) -> str:
    """A date for RSS (RFC 822 §5 with the four-digit year of RFC 1123): "Mon, 23 Nov 2026 14:05:00 GMT".

    Written out here because `strftime` obeys the locale and feedgen sets the whole process's to escape that.
    Raises ValueError for a naive datetime.
    """
    at = _utc(moment)
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1][:3]} {at.year:04}"
        f" {at.hour:02}:{at.minute:02}:{at.second:02} GMT"
    )


def rfc3339(moment: datetime) -> str:
    """A date for Atom and JSON Feed (RFC 3339 §5.6), to the second: "2026-11-23T14:05:00Z"."""
    return _utc(moment).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def day(moment: datetime) -> str:
    """A day for people: "23 November 2026"."""
    at = _utc(moment)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def weekday(moment: datetime) -> str:
    """The day of the week for people: "Monday"."""
    return _WEEKDAYS[_utc(moment).weekday()]


def clock(moment: datetime) -> str:
    """A time of day for people: "14:05"."""
    at = _utc(moment)
    return f"{at.hour:02}:{at.minute:02}"


def clean(text: str) -> str:
    """`text` without what XML can't hold: control characters, lone surrogates, noncharacters."""
    return _NOT_TEXT.sub("", text)


def one_line(text: str) -> str:
    """`text` cleaned, with every run of white space one space: a title, a name."""
    return " ".join(clean(text).split())


def web_url(url: str | None) -> str | None:
    """`url` as an absolute http(s) URI in ASCII (RFC 3986), or None where it is no such thing."""
    if not url:
        return None
    try:
        parts = urlsplit(clean(url).strip())
        host = parts.hostname
        if parts.scheme.lower() not in ("http", "https") or not host:
            return None
        netloc = parts.netloc if parts.netloc.isascii() else parts.netloc.replace(host, _ascii_host(host))
    except ValueError:
        return None
    return quote(urlunsplit(parts._replace(netloc=netloc)), safe=_URI_CHARACTERS)


def language_tag(tag: str | None) -> str | None:
    """`tag` where it has the shape of a language tag (RFC 5646 §2.1), else None."""
    return tag if tag and _LANGUAGE.fullmatch(tag) else None


def mime_type(value: str) -> str:
    """`value` where it is a media type (RFC 6838 §4.2), else the one for bytes of unknown kind."""
    essence = value.partition(";")[0].strip().lower()
    return essence if _MIME_TYPE.fullmatch(essence) else "application/octet-stream"


def excerpt(text: str, limit: int) -> str:
    """The beginning of `text` in at most `limit` characters, on one line.

    It ends with the last whole sentence in the second half of that room, else with the last whole word and an
    ellipsis; a script without spaces is cut where the room ends.
    """
    line = one_line(text[: limit * 4])
    if len(line) <= limit:
        return line
    ends = [found.end() for found in _SENTENCE_END.finditer(line, 0, limit + 1) if limit // 2 <= found.end() <= limit]
    if ends:
        return line[: ends[-1]]
    space = line.rfind(" ", limit // 2, limit)
    return line[: space if space > 0 else limit - 1].rstrip(" ,;:–—-") + "…"


def paragraphs(text: str) -> list[str]:
    r"""Plain text as HTML paragraphs: one `<p>` for what stands between blank lines, `<br>` for a single "\n"."""
    blocks = (block.strip() for block in re.split(r"\n[^\S\n]*\n\s*", clean(text)))
    return ["<p>" + escape(block, quote=False).replace("\n", "<br>") + "</p>" for block in blocks if block]


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _ascii_host(host: str) -> str:
    return host.encode("idna").decode("ascii")
