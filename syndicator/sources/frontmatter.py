"""What a dropped article says about itself: front matter (YAML, TOML), header lines, or the keys of a JSON object.

YAML is read with every value as the text it is: `guid: 0012` stays "0012", `language: no` is Norwegian, and a
date is read by our own reader. There are no tags, no merge keys and no aliases, so nothing can expand.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from syndicator.errors import ParseError
from syndicator.sources.clean import absolute, plain_title, shorten, text
from syndicator.sources.dates import in_range, parse_date
from syndicator.sources.entries import language, names

_LONGEST = 64 * 1024  # characters of front matter
_HEADER_LINES = 40
_SUMMARY_LENGTH = 2_000
_GUID_LENGTH = 2_000
_KEYS = {
    "title": "title", "headline": "title",
    "date": "published", "published": "published", "date_published": "published",
    "updated": "updated", "modified": "updated", "date_modified": "updated", "lastmod": "updated",
    "author": "authors", "authors": "authors", "byline": "authors",
    "url": "url", "link": "url", "canonical_url": "url",
    "guid": "guid", "id": "guid",
    "language": "language", "lang": "language",
    "summary": "summary", "description": "summary", "standfirst": "summary",
    "tags": "categories", "categories": "categories", "keywords": "categories",
    "image": "image",
    "embargo": "embargo", "embargo_until": "embargo", "embargoed": "embargo", "embargoed_until": "embargo",
    "hold_until": "embargo", "not_before": "embargo", "publish_at": "embargo",
    "text": "text", "content_text": "text",
    "html": "html", "content_html": "html",
}  # fmt: skip
_YAML_BLOCK = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_BLOCK = re.compile(r"\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"([A-Za-z][A-Za-z_-]{1,30}):[ \t]*(.*)")
_NAMED_ZONE = re.compile(r"(.+?)\s+\(?([A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_+-]+){1,2})\)?\Z")
_LOOSE_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T\s]+(\d{2}:\d{2}(?::\d{2})?))?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Fields:
    """What was said, read and cleaned; `text` and `html` only where the article is a JSON object."""

    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    url: str | None = None
    guid: str | None = None
    language: str | None = None
    summary: str = ""
    categories: tuple[str, ...] = ()
    image: str | None = None
    embargo_until: datetime | None = None
    text: str = ""
    html: str = ""
    warnings: tuple[str, ...] = ()


def split(name: str, document: str) -> tuple[Fields, str]:
    """The front matter or header lines at the start of `document`, and the rest of it.

    A block that opens with `---` or `+++` counts if it holds keys. Header lines count if the first of them is a
    key we know and all of them, up to a blank line, look like `Key: value`. Raises ParseError for front matter
    that is broken or too long.
    """
    if document.startswith("---"):
        found = _fenced(name, document, _YAML_BLOCK, _read_yaml)
    elif document.startswith("+++"):
        found = _fenced(name, document, _TOML_BLOCK, tomllib.loads)
    else:
        found = _headers(document)
    if found is None:
        return Fields(), document
    raw, rest = found
    body_keys = [key for key in raw if _KEYS.get(_plain_key(key)) in {"text", "html"}]
    return read_fields(name, {key: raw[key] for key in raw if key not in body_keys}, "the front matter"), rest


def read_fields(name: str, raw: Mapping[Any, object], where: str) -> Fields:
    """Read the keys of one article. `where` names the place in messages ("item 3").

    What matters little is left out with a warning when it can't be read. Raises ParseError where going on would
    do harm: an embargo that can't be read (the article would be published early), a text that is no text.
    """
    reader = _Reader(name, where)
    for key, value in raw.items():
        field = _KEYS.get(_plain_key(key))
        if field is None:
            reader.warn(f'unknown key "{text(str(key))[:60]}" was ignored')
        elif value is not None and value != "":
            reader.read(field, str(key), value)
    return Fields(**reader.values, warnings=tuple(reader.warnings))


class _Reader:
    """Reads one article's keys into values, collecting warnings."""

    def __init__(self, name: str, where: str) -> None:
        self._name = name
        self._where = where
        self.values: dict[str, Any] = {}
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(f"{self._where}: {message}")

    def read(self, field: str, key: str, value: object) -> None:
        if field == "embargo":
            self.values.setdefault("embargo_until", self._embargo(key, value))
        elif field in {"published", "updated"}:
            moment = _moment(value)
            if moment is None:
                self.warn(f'"{key}" is not a date that can be read: {_shown(value)}')
            self.values.setdefault(field, moment)
        elif field in {"authors", "categories"}:
            self.values[field] = names([*self.values.get(field, ()), *self._list(key, value)])
        else:
            self._scalar(field, key, value)

    def _scalar(self, field: str, key: str, value: object) -> None:
        if isinstance(value, dict) and field == "image":
            value = value.get("url")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ParseError(self._name, f'{self._where}: "{key}" must be text, not {_kind(value)}')
        self.values.setdefault(field, "")
        self.values[field] = self.values[field] or self._read_text(field, key, str(value))

    def _read_text(self, field: str, key: str, value: str) -> str | None:
        match field:
            case "title":
                return plain_title(value, markup=False)
            case "summary":
                return shorten(text(value), _SUMMARY_LENGTH)
            case "language":
                tag = language(value)
                if tag is None:
                    self.warn(f'"{key}" is not a language tag: {_shown(value)}')
                return tag
            case "url" | "image":
                url = absolute(text(value), None)
                if url is None:
                    self.warn(f'"{key}" is not an absolute http or https URL: {_shown(value)}')
                return url
            case "guid":
                return text(value)[:_GUID_LENGTH] or None
        return value

    def _list(self, key: str, value: object) -> list[str]:
        """Names in a list, in objects with a `name`, or parted by commas (authors: also by semicolons and "and")."""
        found: list[str] = []
        for item in value if isinstance(value, list) else [value]:
            part = item.get("name") if isinstance(item, dict) else item
            if isinstance(part, bool) or not isinstance(part, str | int | float):
                self.warn(f'"{key}" must hold names, not {_kind(part)}')
            elif isinstance(value, list) or isinstance(item, dict):
                found.append(str(part))
            else:
                found += re.split(r"[,;]| and " if _KEYS[_plain_key(key)] == "authors" else "[,;]", str(part))
        return found

    def _embargo(self, key: str, value: object) -> datetime:
        stated = value if isinstance(value, str) else _as_text(value)
        moment, has_zone = _exact(stated)
        if moment is None:
            raise ParseError(
                self._name,
                f'{self._where}: "{key}" can\'t be read, and the article must not go out early: {_shown(value)}; '
                "write it as 2026-10-31T18:00+01:00 or 2026-10-31 18:00 Europe/London",
            )
        if not has_zone:
            self.warn(f'"{key}" has no time zone; it was read as {moment:%Y-%m-%d %H:%M} UTC')
        return moment


def _fenced(name: str, document: str, block: re.Pattern[str], read: Any) -> tuple[Mapping[Any, object], str] | None:
    match = block.match(document[: 2 * _LONGEST])
    if match is None:
        return None
    if len(match[1]) > _LONGEST:
        raise ParseError(name, f"the front matter is longer than {_LONGEST // 1024} KB")
    # A rule across the page is written the same way: front matter begins with a key.
    if not re.match(r"\s*(?:#.*\n\s*)*[\w\"'-]+\s*[:=]", match[1][:1000]) and match[1].strip():
        return None
    try:
        raw = read(match[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ParseError(name, f"the front matter can't be read: {_one_line(error)}") from error
    if raw is None or raw == "":
        raw = {}
    if not isinstance(raw, dict):
        raise ParseError(name, "the front matter must be keys and values, one on each line")
    return raw, document[match.end() :]


def _headers(document: str) -> tuple[Mapping[Any, object], str] | None:
    """Header lines as in a message, closed by a blank line."""
    head, blank, rest = document.partition("\n\n")
    lines = head[:_LONGEST].split("\n")
    matches = [_HEADER.fullmatch(line.strip()) for line in lines[:_HEADER_LINES]]
    first = matches[0]
    if not blank or first is None or _plain_key(first[1]) not in _KEYS or None in matches or len(lines) > _HEADER_LINES:
        return None
    return {match[1]: match[2] for match in matches if match}, rest


class _TextOnly(yaml.BaseLoader):
    """YAML's own loader for text, lists and mappings alone, which also refuses aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def _read_yaml(source: str) -> object:
    return yaml.load(source, Loader=_TextOnly)  # noqa: S506 - BaseLoader makes text, lists and dicts only


def _plain_key(key: object) -> str:
    return str(key).strip().lower().replace("-", "_").replace(" ", "_")


def _as_text(value: object) -> str:
    """TOML's own dates, as they would be written."""
    return value.isoformat() if isinstance(value, date | datetime) else ""


def _moment(value: object) -> datetime | None:
    stated = value if isinstance(value, str) else _as_text(value)
    exact, _ = _exact(stated)
    return exact or parse_date(stated)


def _exact(stated: str) -> tuple[datetime | None, bool]:
    """An ISO 8601 moment with an offset, a named zone ("Europe/London") or none (UTC), and whether it had one."""
    stated = " ".join(stated.split())
    zone: Any = UTC
    named = _NAMED_ZONE.match(stated)
    try:
        if named:
            stated, zone = named[1], ZoneInfo(named[2])
        match = _LOOSE_ISO.match(stated)
        if match is None:
            moment = datetime.fromisoformat(stated)
        else:
            day, clock, offset = match.groups()
            offset = "+00:00" if offset and offset.upper() in {"Z", "UTC", "GMT"} else offset or ""
            moment = datetime.fromisoformat(f"{day}T{clock}{offset}" if clock else day)
        has_zone = named is not None or moment.tzinfo is not None
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, KeyError, OSError):
        return None, False
    return (moment, has_zone) if in_range(moment) else (None, False)


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing", str: "text"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else "a date")


def _shown(value: object) -> str:
    return repr(text(str(value))[:80]) if isinstance(value, str | int | float | date | time) else _kind(value)


def _one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 2}: {text(str(getattr(error, 'problem', '') or 'not YAML'))}"
    return text(str(error))[:200] or type(error).__name__
