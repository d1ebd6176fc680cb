"""How a single value is written in config.toml: durations, sizes, web addresses, networks, paths, languages.

Each is a plain function from what TOML gave to the value we keep. It raises ValueError with a sentence for the
editor: what is wrong and what would be right. The sentence never repeats the value (the report shows it, unless
it came from the environment and may be a secret).
"""

import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from syndicator.errors import QueryError
from syndicator.query import parse

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_S = 100 * 366 * 86_400
_DURATION = re.compile(r"([0-9]{1,12}) ?([smhdw])")

_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_LARGEST_BYTES = 10**9
_SIZE = re.compile(r"([0-9]{1,12}) ?([KMG]i?B|B)", re.IGNORECASE)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,6}")
_MAIL = re.compile(r"[!#$%&'*+/=?^_`{|}~.A-Za-z0-9-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LONGEST_URL = 2048


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


def size(value: object) -> int:
    """A number of bytes: "512KB", "8MB" (powers of ten), "8MiB" (powers of two), or a whole number of bytes."""
    number = -1
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        number = int(match[1]) * _BYTES[match[2].upper()]
    elif isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        number = int(value.strip()[:13])
    if number < 0:
        raise ValueError('is not a size: write it as "512KB" or "8MB", or as a number of bytes')
    if not 1 <= number <= _LARGEST_BYTES:
        raise ValueError("is out of range: a size is at least one byte and at most 1GB")
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
    if _MAIL.fullmatch(value):
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
    root = (info.context or {}).get("root", Path.cwd())
    try:
        return Path(root, Path(value).expanduser()).resolve()
    except (OSError, RuntimeError):
        raise ValueError("is a path that can't be followed: write it out in full") from None


def query_text(value: str) -> str:
    """A topic's query: it parses, and does not ask for topics. Kept as written."""
    try:
        parse(value, allow_topic=False)
    except QueryError as error:
        raise ValueError(f"can't be used: {error}") from None
    return value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Size = Annotated[int, BeforeValidator(size)]
Whole = Annotated[int, BeforeValidator(whole)]
Sentence = Annotated[str, AfterValidator(sentence)]
Line = Annotated[str, AfterValidator(line)]
WebAddress = Annotated[str, AfterValidator(web_address)]
PublicBase = Annotated[str, AfterValidator(public_base)]
Contact = Annotated[str, AfterValidator(contact)]
Net = Annotated[IPv4Network | IPv6Network, BeforeValidator(network)]
Language = Annotated[str, AfterValidator(language)]
Location = Annotated[Path, BeforeValidator(location)]
QueryText = Annotated[str, AfterValidator(query_text)]
