"""How a single value is written in config.toml: durations, moments, sizes, web addresses, networks, paths, languages.

Each is a plain function from what TOML gave to the value we keep. It raises ValueError with a sentence for the
editor: what is wrong and what would be right. The sentence never repeats the value (the report shows it, unless
it came from the environment and may be a secret); where others wrote the sentence it is a `QuotedError`.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo

from syndicator.alerts.schedule import zone
from syndicator.config.context import context_of
from syndicator.errors import QueryError
from syndicator.query import parse

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_S = 100 * 366 * 86_400
_DURATION = re.compile(r"([0-9]{1,12}) ?([smhdw])")

_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_LARGEST_BYTES = 10**9
_LARGEST_DISK_BYTES = 10**12
_SIZE = re.compile(r"([0-9]{1,12}) ?([KMG]i?B|B)", re.IGNORECASE)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,6}")
MAIL = re.compile(r"[!#$%&'*+/=?^_`{|}~.A-Za-z0-9-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LONGEST_URL = 2048
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 64

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


class QuotedError(ValueError):
    """A refusal in whose sentence the value itself stands, so that it can't be said of what may be secret."""


def duration(value: object) -> timedelta:
    """A span of time: "90s", "15m", "6h", "14d", "2w", or a whole number of seconds; at least one second."""
    if isinstance(value, timedelta):
        return value
    seconds = -1
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        seconds = int(match[1]) * _SECONDS[match[2]]
    elif isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        seconds = int(value.strip()[:13])
    if seconds < 0:
        raise ValueError('is not a duration: write it as "90s", "15m", "6h" or "14d", or as a number of seconds')
    if not 1 <= seconds <= _LONGEST_S:
        raise ValueError("is out of range: a duration is at least one second and at most a hundred years")
    return timedelta(seconds=seconds)


def duration_text(span: timedelta) -> str:
    """A duration of whole seconds in its shortest spelling, which `duration` reads back: "10m", "36h", "7d"."""
    seconds = int(span.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def moment(value: object, zone: tzinfo) -> datetime:
    """A point in time, in UTC: a TOML date-time or RFC 3339 text; without an offset it is local time in `zone`."""
    wrong = 'is not a point in time: write it as 2026-12-01T08:00:00Z or "2026-12-01T09:00:00+01:00"'
    if isinstance(value, str) and _MOMENT.fullmatch(value.strip()):
        try:
            value = datetime.fromisoformat(value.strip().upper())
        except ValueError:
            raise ValueError("names a day or an hour that no calendar has") from None
    if not isinstance(value, datetime):
        raise ValueError(wrong)  # noqa: TRY004 - see whole()
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("is too early or too late for any clock") from None


def moment_text(value: datetime) -> str:
    """A point in time as RFC 3339 text in UTC, which `moment` reads back."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def zone_named(value: object) -> ZoneInfo:
    """An IANA time zone: "Europe/London"."""
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise ValueError('is not a time zone: write it in quotes, as "Europe/London"')  # noqa: TRY004 - see whole()
    try:
        return zone(value)
    except ValueError as error:
        raise QuotedError(str(error)) from None


def size(value: object) -> int:
    """A number of bytes: "512KB", "8MB" (powers of ten), "8MiB" (powers of two), or a whole number of bytes."""
    return _bytes(value, _LARGEST_BYTES, "1GB")


def disk_size(value: object) -> int:
    """A number of bytes on a disk, written like `size`, at most a terabyte."""
    return _bytes(value, _LARGEST_DISK_BYTES, "1000GB")


def _bytes(value: object, largest: int, written: str) -> int:
    number = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        number = int(match[1]) * _BYTES[match[2].upper()]
    elif isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        number = int(value.strip()[:13])
    if number < 0:
        raise ValueError('is not a size: write it as "512KB" or "8MB", or as a number of bytes')
    if not 1 <= number <= largest:
        raise ValueError(f"is out of range: a size is at least one byte and at most {written}")
    return number


def whole(value: object) -> object:
    """Refuse `true` where a number is meant: Python would read it as 1."""
    if isinstance(value, bool):
        raise ValueError("is not a whole number: write it without quotes, as in 14")  # noqa: TRY004 - pydantic
    return value  # reports a ValueError with its place; a TypeError would end the whole reading


def sentence(value: str) -> str:
    """Text on one line, without blanks around it; may be empty."""
    value = value.strip()
    if not value.isprintable():
        raise ValueError("has line breaks or control characters: write it on one line")
    return value


def line(value: str) -> str:
    """Text on one line, not empty."""
    value = sentence(value)
    if not value:
        raise ValueError("is empty: write some text between the quotes")
    return value


def slug(value: str, what: str) -> str:
    """A name that stands in a header, in file names and in commands: "channel-crossings"."""
    if len(value) > _LONGEST_NAME or not _NAME.fullmatch(value):
        raise ValueError(
            f"is not a {what} name: small letters a-z, digits and single hyphens between them, "
            f"at most {_LONGEST_NAME} characters"
        )
    return value


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is not a web address: write it as https://example.org/news") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("is not a web address: it has to begin with https:// or http:// and name a host")
    if "@" in parts.netloc:
        raise ValueError("has a name or password in it, which would stand in logs and feeds: take it out")
    if len(value) > _LONGEST_URL or not value.isprintable() or " " in value or "\\" in value:
        raise ValueError(f"is not a web address: no blanks or backslashes, at most {_LONGEST_URL} characters")
    return parts


def web_address(value: str) -> str:
    """An absolute http or https URL with a host; no user name, no password. The fragment is dropped."""
    return _split(value.strip())._replace(fragment="").geturl()


def public_base(value: str) -> str:
    """A URL that others are built on by adding "/feeds/…": ASCII, no query, no slash at its end."""
    value = value.strip()
    parts = _split(value)
    if "?" in value or "#" in value:
        raise ValueError("has a question mark or # in it: write only the part in front of it")
    if not value.isascii():
        raise ValueError("has characters outside ASCII: write the host in its xn-- form and the rest %-encoded")
    return parts.geturl().rstrip("/")


def contact(value: str) -> str:
    """A mail address, or the URL of a page, by which a publisher can reach us; goes into the User-Agent."""
    value = value.strip().removeprefix("mailto:")
    if MAIL.fullmatch(value):
        return value
    if "://" in value and value.isascii() and not set("()") & set(value):
        return _split(value).geturl()
    raise ValueError("is neither a mail address nor a web page: write news@example.org or https://example.org/contact")


def network(value: object) -> IPv4Network | IPv6Network:
    """An address range in CIDR form ("10.0.0.0/8"), or one address."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError('is not a network: write it in quotes, as "10.0.0.0/8"')  # noqa: TRY004 - see whole()
    try:
        return ip_network(value.strip())
    except ValueError:
        pass
    try:
        wider = ip_network(value.strip(), strict=False)
    except ValueError:
        raise ValueError('is not a network: write it as "10.0.0.0/8", "fd00::/8" or one address') from None
    raise ValueError(f"has bits set to the right of its prefix: did you mean {wider}?")


def language(value: str) -> str:
    """A language tag (BCP 47): "en", "en-GB", "sr-Latn"."""
    if not _LANGUAGE.fullmatch(value):
        raise ValueError('is not a language tag: write "en", "en-GB" or "sr-Latn"')
    return value


def location(value: object, info: ValidationInfo) -> Path:
    """A path, absolute once read: relative ones start in the config file's folder, `~` is the home folder."""
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError('is not a path: write it in quotes, as "inbox"')
    try:
        return Path(context_of(info).root, Path(value).expanduser()).resolve()
    except (OSError, RuntimeError):
        raise ValueError("is a path that can't be followed: write it out in full") from None


def topic_query(value: str) -> str:
    """A topic's query: it parses, and does not ask for topics. Kept as written."""
    try:
        parse(value, allow_topic=False)
    except QueryError as error:
        raise QuotedError(str(error)) from None
    return value


def alert_query(value: str, info: ValidationInfo) -> str:
    """An alert's query: it parses, and the topics that it asks for are there. Kept as written."""
    try:
        parse(value, topics=context_of(info).topics)
    except QueryError as error:
        raise QuotedError(str(error)) from None
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Zone = Annotated[ZoneInfo, PlainValidator(zone_named)]
Size = Annotated[int, BeforeValidator(size)]
DiskSize = Annotated[int, BeforeValidator(disk_size)]
Whole = Annotated[int, BeforeValidator(whole)]
Sentence = Annotated[str, AfterValidator(sentence)]
Line = Annotated[str, AfterValidator(line)]
WebAddress = Annotated[str, AfterValidator(web_address)]
PublicBase = Annotated[str, AfterValidator(public_base)]
Contact = Annotated[str, AfterValidator(contact)]
Net = Annotated[IPv4Network | IPv6Network, BeforeValidator(network)]
Language = Annotated[str, AfterValidator(language)]
Location = Annotated[Path, BeforeValidator(location)]
TopicQuery = Annotated[str, AfterValidator(topic_query)]
AlertQuery = Annotated[str, AfterValidator(alert_query)]
