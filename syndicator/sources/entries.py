"""What RSS, Atom and JSON Feed have in common: turning bodies, lists and links into an Entry's content."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicator.identity import canonical_url
from syndicator.model import Enclosure, Entry
from syndicator.sources import markup as html
from syndicator.sources.clean import absolute, is_web_url, paragraphs, sanitise, shorten, text, to_text

LONGEST_WAIT = timedelta(days=31)
"""The longest pause between polls that a feed may ask for."""

_SUMMARY_LENGTH = 2_000
_NAME_LENGTH = 200
_MOST_NAMES = 100
_GUID_LENGTH = 2_000
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_OLDEST = datetime.min.replace(tzinfo=UTC)
_SHOWS = ("<img", "<video", "<audio", "<picture")


@dataclass(frozen=True, slots=True)
class Body:
    r"""An article's body: sanitised `html` ("" if it came without markup), and `text`, "\n\n" between paragraphs."""

    html: str = ""
    text: str = ""


def body(value: str, *, markup: bool, base_url: str | None) -> Body:
    """Read a body that is HTML (or may be, as in RSS) when `markup`, else plain text."""
    if not markup:
        return Body(text=paragraphs(value))
    if not has_tags(value):
        return Body(text=paragraphs(html.decode(value)))
    cleaned = sanitise(value, base_url)
    plain = to_text(cleaned)
    return Body(cleaned if plain or any(tag in cleaned for tag in _SHOWS) else "", plain)


def has_tags(value: str) -> bool:
    """Whether `value` holds an HTML element or a comment, rather than text with a "<" in it."""
    return "<" in value and any(
        isinstance(token, html.Tag) and token.name in html.NAMES for token in html.tokens(value)
    )


def pick(bodies: Sequence[Body]) -> tuple[Body, str]:
    """The fullest of an item's bodies, and a summary from the first of the others that says less, or "".

    They come in the order of preference: a content element before a description that is no longer.
    """
    fullest = max(bodies, key=lambda each: len(each.text), default=Body())
    if not fullest.text:
        fullest = next((each for each in bodies if each.html), Body())
    summary = next((text(each.text) for each in bodies if each.text and each.text != fullest.text), "")
    return fullest, shorten(summary, _SUMMARY_LENGTH)


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Authors or categories, cleaned: each once whatever its case, in order, bounded in number and length."""
    found: dict[str, str] = {}
    for value in values:
        if name := shorten(text(value), _NAME_LENGTH):
            found.setdefault(name.casefold(), name)
        if len(found) >= _MOST_NAMES:
            break
    return tuple(found.values())


def language(*values: str | None) -> str | None:
    """The first of `values` that looks like a BCP 47 tag ("en_GB" counts as "en-GB"), or None."""
    for value in values:
        tag = (value or "").strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tag):
            return tag
    return None


def guid(value: str) -> str | None:
    """A source's own id as one clean line, or None when it is empty. Too long a one is cut: it is compared only."""
    return text(value)[:_GUID_LENGTH] or None


def link(value: str | None, base_url: str | None) -> str | None:
    """An absolute http or https URL without white space, or None."""
    return absolute(text(value).replace(" ", "%20"), base_url) if value and value.strip() else None


def enclosures(found: Iterable[tuple[str | None, str, int | None]], base_url: str | None) -> tuple[Enclosure, ...]:
    """Enclosures of (URL, media type, length in bytes), each URL once; those without a usable URL are dropped."""
    kept: dict[str, Enclosure] = {}
    for url, mime_type, length in found:
        if (where := link(url, base_url)) and len(kept) < _MOST_NAMES:
            kept.setdefault(where, Enclosure(where, text(mime_type) or "application/octet-stream", length))
    return tuple(kept.values())


def is_empty(entry: Entry) -> bool:
    """Whether an entry has nothing to publish: no headline, no text, no picture, no link."""
    content = entry.content
    return not (content.title or content.text or content.html or content.enclosures or entry.url)


def distinct(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """`entries` without those given twice (same id, link and headline): the later version stays, in the first's
    place. Entries that share an id or a link only are left for ingest to tell apart. Returns warnings too.
    """
    kept: dict[tuple[str | None, str | None, str, str], Entry] = {}
    for entry in entries:
        known = entry.guid or canonical_url(entry.url)
        key = (entry.guid, entry.url, entry.content.title, "" if known else entry.content.text)
        first = kept.setdefault(key, entry)
        if _version(entry) > _version(first):
            kept[key] = entry
    lost = len(entries) - len(kept)
    return tuple(kept.values()), (f"entries given twice, read once: {lost}",) if lost else ()


def _version(entry: Entry) -> datetime:
    return entry.updated or entry.published or _OLDEST


def web_urls(values: Iterable[str | None], base_url: str | None) -> tuple[str, ...]:
    """The usable of `values` as absolute URLs, each once, at most ten: hubs and the like."""
    found = (link(value, base_url) for value in values)
    return tuple(dict.fromkeys(url for url in found if url is not None and is_web_url(url)))[:10]


def minutes(value: float) -> timedelta | None:
    """A pause in minutes as a span of at most `LONGEST_WAIT`; None when it is not positive."""
    return timedelta(minutes=min(value, LONGEST_WAIT / timedelta(minutes=1))) if value > 0 else None
