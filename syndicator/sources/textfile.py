"""What a dropped file may be: plain text, Markdown, a web page, JSON, or a whole feed.

The name's ending decides, and the content where the ending says nothing. A file has no address of its own, so
its articles are known by the file's name ("file:NAME"): the same name dropped again is the same article, edited.
A `guid` or `url` in front matter is better, and wins.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from syndicator.errors import ParseError
from syndicator.model import Content, Entry, Parsed
from syndicator.sources import boilerplate
from syndicator.sources.charset import decode
from syndicator.sources.clean import from_text, paragraphs, plain_title, sanitise, text, to_text
from syndicator.sources.feed import parse_feed
from syndicator.sources.frontmatter import Fields, read_fields, split
from syndicator.sources.headline import take_headline
from syndicator.sources.jsonfile import Item, json_items
from syndicator.sources.page import parse_page

FILE = "file:"
"""How the guid begins of an article that is known by its file's name."""

_LONGEST = 2 * 1024 * 1024  # characters of one article; a long novel has one million
_FORMATS = {
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
    ".html": "page", ".htm": "page", ".xhtml": "page", ".json": "json",
    ".xml": "feed", ".rss": "feed", ".atom": "feed", ".rdf": "feed",
}  # fmt: skip
_NOT_TEXT = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a Word document or another zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Outlook document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip file"),
)
_FEED_ROOT = re.compile(r"<(?:[a-z]+:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
_PAGE_ROOT = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:\S+\Z")
_HEADING = re.compile(r"\s*<h([1-3])>(.{1,2000}?)</h\1>", re.DOTALL)
# Press releases say so in words. A report on a trade embargo does not begin like this.
_EMBARGO_LINE = re.compile(
    r"\W*(?:strictly )?(?:(?:embargoed|under embargo)\b.{0,30}?\b(?:until|till|for|to)\b|embargo(?:ed)?\s*:|"
    r"(?:not for (?:publication|release|broadcast)|hold for release)\b.{0,30}?\b(?:before|until|till)\b)",
    re.IGNORECASE,
)
# The same as a key, in front matter or header lines that could not be recognised as such.
_EMBARGO_KEY = re.compile(
    r"^\W{0,3}(?:embargo\w*|hold_until|not_before|publish_at)\W?\s*[:=].*", re.IGNORECASE | re.MULTILINE
)
_EMBARGO_HEAD = 4_000  # characters at the start of a file in which that is looked for
_EMBARGO_LINE_LENGTH = 160  # characters
_MOST_WARNINGS = 50
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST_DAMAGE = 0.02  # share of characters that text in a foreign encoding may lose and still be text


def parse_file(name: str, body: bytes) -> Parsed:
    """Read a dropped file; `name` is its file name, without folders.

    Raises ParseError, in words for the person who dropped it. One bad article among several in a JSON file
    costs itself: it becomes a warning.
    """
    form = _FORMATS.get(PurePath(name).suffix.lower())
    if form == "feed" and b"\0" in body and body[:2] not in _UTF16:
        # Feeds have a reader that mends them: one stray byte must not cost the other items.
        body = body.replace(b"\0", b"")
    document, warning = _decode(name, body)
    form = form or _sniffed(document)
    if form in {"feed", "page"}:
        form = _sniffed(document) if _sniffed(document) in {"feed", "page"} else form
    if form == "feed":
        parsed = _feed(name, body)
    elif form == "page":
        parsed = _page(name, body)
    elif form == "json":
        parsed = _json(name, body, document)
    else:
        entry, warnings = (_markdown if form == "markdown" else _plain)(name, document)
        parsed = Parsed((entry,), warnings=warnings)
    if warning and form in {"text", "markdown", "json"}:
        parsed = replace(parsed, warnings=(warning, *parsed.warnings))
    return parsed


def _decode(name: str, body: bytes) -> tuple[str, str | None]:
    if not body.strip():
        raise ParseError(name, "the file is empty")
    for start, kind in _NOT_TEXT:
        if body.startswith(start):
            raise ParseError(name, f"this is not text: {kind}; save it as plain text, Markdown or HTML")
    document, warning = decode(body, None)
    damaged = sum(map(document.count, map(chr, (*range(9), *range(14, 27), 0xFFFD))))
    if "\0" in document or damaged > _MOST_DAMAGE * len(document):
        raise ParseError(name, "this is not text: it holds bytes that no text has")
    return re.sub(r"\r\n?|[\v\f\u0085\u2028\u2029]", "\n", document.removeprefix("\ufeff")), warning


def _sniffed(document: str) -> str:
    start = document[:4000].lstrip()
    if start.startswith("<") and (_PAGE_ROOT.search(start) or _FEED_ROOT.search(start)):
        page, feed = _PAGE_ROOT.search(start), _FEED_ROOT.search(start)
        return "feed" if feed and (not page or feed.start() < page.start()) else "page"
    if re.match(r"\{\s*\"|\[\s*\{", start):
        return "json"
    return "text"


def _plain(name: str, document: str) -> tuple[Entry, tuple[str, ...]]:
    fields, rest = _split(name, document)
    kept = boilerplate.strip(paragraphs(_bounded(name, rest)).split("\n\n"))
    return _entry(name, fields, _non_empty(name, kept)), fields.warnings


def _markdown(name: str, document: str) -> tuple[Entry, tuple[str, ...]]:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only Markdown needs it

    fields, rest = _split(name, document)
    # Pasted HTML is let through here because the sanitiser judges it like any other.
    rendered = MarkdownIt("commonmark", {"html": True}).enable("table").render(_bounded(name, rest))
    return _from_html(name, fields, rendered), fields.warnings


def _from_html(name: str, fields: Fields, markup: str) -> Entry:
    """An article whose body is HTML: its first heading is its title if nothing else is."""
    cleaned = sanitise(markup, fields.url)
    heading = _HEADING.match(cleaned)
    if heading and plain_title(heading[2], markup=True).casefold() in {fields.title.casefold(), ""}:
        cleaned = cleaned[heading.end() :].lstrip()
    elif heading and not fields.title:
        fields = replace(fields, title=plain_title(heading[2], markup=True))
        cleaned = cleaned[heading.end() :].lstrip()
    kept = _non_empty(name, boilerplate.strip(to_text(cleaned).split("\n\n")))
    entry = _entry(name, fields, kept)
    return replace(entry, content=replace(entry.content, html=boilerplate.strip_html(cleaned)))


def _entry(name: str, fields: Fields, kept: Sequence[str]) -> Entry:
    """The entry of an article in paragraphs; without a title of its own it gets its first line or sentence."""
    title, body = fields.title, _without_embargo_line(name, fields, kept)
    if not title:
        title, body = take_headline(body)
    elif len(body) > 1 and body[0].casefold() == title.casefold():
        body = body[1:]
    content = Content(
        title=plain_title(title, markup=False) or PurePath(name).stem or name,
        text="\n\n".join(body),
        summary=fields.summary,
        authors=fields.authors,
        language=fields.language,
        categories=fields.categories,
        image=fields.image,
    )
    return Entry(
        content,
        guid=fields.guid or (None if fields.url else _file_guid(name)),
        url=fields.url,
        published=fields.published,
        updated=fields.updated,
        embargo_until=fields.embargo_until,
    )


def _without_embargo_line(name: str, fields: Fields, kept: Sequence[str]) -> list[str]:
    """The paragraphs without an "EMBARGOED UNTIL …" at their head; refused where we were not told the time."""
    marks = [p for p in kept[:4] if len(p) <= _EMBARGO_LINE_LENGTH and _EMBARGO_LINE.match(p)]
    if marks and fields.embargo_until is None:
        raise _held(name, marks[0])
    return _non_empty(name, [paragraph for paragraph in kept if paragraph not in marks])


def _split(name: str, document: str) -> tuple[Fields, str]:
    fields, rest = split(name, document)
    key = _EMBARGO_KEY.search(document[:_EMBARGO_HEAD])
    if key and fields.embargo_until is None:
        raise _held(name, key[0])
    return fields, rest


def _held(name: str, said: str) -> ParseError:
    return ParseError(
        name,
        f"it says {text(said)[:80]!r}, and the article must not go out early: begin the file with a line such as "
        '"Embargo: 2026-10-31 18:00 Europe/London" and a blank line (JSON: the key "embargo"), or take that out',
    )


def _page(name: str, body: bytes) -> Parsed:
    try:
        parsed = parse_page(body)
    except ParseError as error:
        raise ParseError(name, error.message) from error
    entries = tuple(entry if entry.url else replace(entry, guid=_file_guid(name)) for entry in parsed.entries)
    return replace(parsed, entries=entries)


def _feed(name: str, body: bytes) -> Parsed:
    """A feed as a file. A guid that is no URI is unique within its feed only, so the feed's name goes before it."""
    try:
        parsed = parse_feed(body, content_type=None, url="")
    except ParseError as error:
        raise ParseError(name, error.message) from error
    feed = parsed.self_url or parsed.home or parsed.title or name
    entries = tuple(
        entry if entry.guid is None or _URI.match(entry.guid) else replace(entry, guid=f"{feed}#{entry.guid}")
        for entry in parsed.entries
    )
    return replace(parsed, entries=entries)


def _json(name: str, body: bytes, document: str) -> Parsed:
    items = json_items(name, document)
    if items is None:
        return _feed(name, body)
    entries: list[Entry] = []
    warnings: list[str] = []
    for item in items:
        try:
            entry, said = _json_article(name, item, several=len(items) > 1)
        except ParseError as error:
            if len(items) == 1:
                raise
            warnings.append(f"left out: {error.message}")
        else:
            entries.append(entry)
            warnings += said
    if not entries:
        raise ParseError(name, f"no article in it can be read; {warnings[0] if warnings else 'the list is empty'}")
    if len(warnings) > _MOST_WARNINGS:
        warnings[_MOST_WARNINGS:] = [f"and {len(warnings) - _MOST_WARNINGS:,} more of these"]
    return Parsed(tuple(entries), warnings=tuple(warnings))


def _json_article(name: str, item: Item, *, several: bool) -> tuple[Entry, tuple[str, ...]]:
    if item.values is None:
        raise ParseError(name, f"{item.place}: must be an article (an object with keys), not {item.kind}")
    fields = read_fields(name, item.values, item.place)
    if not fields.guid and not fields.url:
        fields = replace(fields, guid=_file_guid(f"{name}#{item.number}" if several else name))
    # Plain text is what the author meant to be read; HTML is what it should look like.
    if not fields.html and not fields.text.strip():
        raise ParseError(name, f'{item.place}: has no text; write it as "text" or "html"')
    markup = fields.html or from_text(paragraphs(_bounded(name, fields.text)))
    entry = _from_html(name, fields, _bounded(name, markup))
    return (entry if fields.html else replace(entry, content=replace(entry.content, html=""))), fields.warnings


def _bounded(name: str, document: str) -> str:
    if len(document) > _LONGEST:
        raise ParseError(name, f"the article is longer than {_LONGEST // 2**20} million characters")
    return document


def _non_empty(name: str, kept: list[str]) -> list[str]:
    if not any(kept):
        raise ParseError(name, "there is no article text in it")
    return kept


def _file_guid(name: str) -> str:
    return FILE + text(unicodedata.normalize("NFC", name))
