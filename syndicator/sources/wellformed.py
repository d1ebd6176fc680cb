"""Feeds that are not quite XML, mended to the XML that was meant; and what would stall the parser, cut out.

The parser behind this drops to guessing at the first error and then loses CDATA, namespaces and half of what
follows. Most broken feeds have one of a few faults, so each is mended here first, and said in a warning.
"""

import re
from dataclasses import dataclass
from html import entities as html_entities
from html import escape

from syndicator.errors import ParseError
from syndicator.sources.structure import Outline, tag_excess, xml_outline

ENTRY_LENGTH = 2 * 1024 * 1024
"""The largest entry that is read, in bytes. The parser's time grows faster than an entry does."""

ENTRY_ELEMENTS = 20_000
"""The most elements in one entry."""

MOST_ENTRIES = 10_000
"""How many entries of one document are read, from its top."""

_GUESSED_DEPTH = 128
_GROWTH = 1024 * 1024  # bytes that mending may add to any document
_PROLOG_LENGTH = 64 * 1024
_ROOT = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<root>(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel))(?=[\s>/])", re.IGNORECASE | re.DOTALL
)
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]*+(?P<subset>\[(?:[^\]\"']|\"[^\"]*+\"|'[^']*+')*+\]\s*+)?+>", re.IGNORECASE)
_PROLOG_PART = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|[\s\ufeff]+", re.DOTALL)
# XML 1.0 §2.2: everything else may not appear in a document, not even as a reference.
_NO_XML_CHARACTER = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")
_LAST_CODE = 0x10FFFF
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    r"|&(?:\#[xX](?P<hex>[0-9a-fA-F]{1,8});?|\#(?P<decimal>[0-9]{1,8});?|(?P<name>[A-Za-z][A-Za-z0-9]{0,40});)?"
    r"|<(?![A-Za-z_:/!?])",
    re.DOTALL,
)
_XML_ENTITIES = {"lt", "gt", "amp", "quot", "apos"}
_ENTRY_START = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed ready to be parsed: UTF-8 without declaration or DOCTYPE, and what was done to it, for people."""

    xml: bytes
    warnings: tuple[str, ...]


def root_start(text: str) -> int | None:
    """Where the root element of a feed begins, None when there is none in the first 64 KB."""
    places = (match.start() for match in _ROOT.finditer(text, 0, _PROLOG_LENGTH) if match["root"])
    return next(places, None)


def mended(text: str, source: str) -> Document:
    """Make `text` well-formed if that can be done, and leave out entries that no parser should be given.

    What stands before the root element goes: declaration, DOCTYPE (its entities are kept), junk. Raises
    ParseError for structural attacks (`structure.xml_outline`). What stays ill-formed is handed on, for the
    parser to guess at, within the same limits.
    """
    notes: list[str] = []
    text = _NO_XML_CHARACTER.sub("", text)
    start = root_start(text) or 0
    entities = _entities_of(text[:start], source, notes)
    text = text[start:]
    document = text.encode()
    outline = xml_outline(document, source)
    if outline.error and outline.root_stop is None and not outline.cut_off:
        first_error = outline.error
        document = _with_references(text, entities).encode()
        if len(document) > 2 * len(text.encode()) + _GROWTH:
            raise ParseError(source, "refused before parsing: its entities and ampersands more than double it")
        outline = xml_outline(document, source)
        if not outline.error or outline.cut_off or outline.root_stop is not None:
            notes.append(f"is not well-formed ({first_error}); it was mended")
    if outline.root_stop is not None:
        notes.append("goes on after its end; that was left out")
        document = document[: outline.root_stop]
    elif outline.cut_off:
        notes.append("is cut off; its complete entries were read")
        document = _closed(document, outline)
    elif outline.error:
        notes.append(f"is not well-formed ({outline.error}); it was read by guessing")
        return Document(_guessable(document, source), tuple(notes))
    return Document(_within_limits(document, outline, notes), tuple(notes))


def _entities_of(prolog: str, source: str, notes: list[str]) -> dict[str, str]:
    """The entities that a prolog declares. What is no prolog gets a note."""
    declared = _DOCTYPE.search(prolog)
    rest = prolog[: declared.start()] + prolog[declared.end() :] if declared else prolog
    if _PROLOG_PART.sub("", rest):
        notes.append("begins with something else than XML; that was left out")
    if declared is None or not declared["subset"]:
        return {}
    return dict(xml_outline(f"{declared[0]}<none/>".encode(), source).entities)


def _with_references(text: str, entities: dict[str, str]) -> str:
    """`text` with every reference one that XML knows, and no bare `&` or `<`. CDATA is left alone."""

    def known(match: re.Match[str]) -> str:
        whole = match[0]
        name = match["name"]
        if whole.startswith("<!") or name in _XML_ENTITIES:
            return whole
        if whole == "<":
            return "&lt;"
        if digits := match["hex"] or match["decimal"]:
            code = int(digits, 16 if match["hex"] else 10)
            legal = code <= _LAST_CODE and (code in {9, 10, 13} or not _NO_XML_CHARACTER.match(chr(code)))
            return f"&#{code};" if legal and code else ""
        if name in entities:
            return escape(entities[name])
        if name and (meant := html_entities.html5.get(f"{name};")):
            return escape(meant)
        return "&amp;" + whole[1:]

    return _REFERENCE.sub(known, text)


def _closed(document: bytes, outline: Outline) -> bytes:
    """A document that was cut off, up to its last complete entry, with the end tags that are missing."""
    if not outline.entries:
        return document
    ends = "".join(f"</{name}>" for name in reversed(outline.open_elements))
    return document[: outline.last_entry_stop] + ends.encode()


def _within_limits(document: bytes, outline: Outline, notes: list[str]) -> bytes:
    """The document without entries that are too large, and without those beyond the most."""
    kept: list[bytes] = []
    place = 0
    for number, entry in enumerate(outline.entries, start=1):
        if entry.stop - entry.start > ENTRY_LENGTH:
            notes.append(f"entry {number} left out: it is larger than {ENTRY_LENGTH // 1024:,} KB")
        elif entry.elements > ENTRY_ELEMENTS:
            notes.append(f"entry {number} left out: it has more than {ENTRY_ELEMENTS:,} elements")
        elif number <= MOST_ENTRIES:
            continue
        kept.append(document[place : entry.start])
        place = entry.stop
    if len(outline.entries) > MOST_ENTRIES:
        notes.append(f"holds {len(outline.entries):,} entries; the first {MOST_ENTRIES:,} were read")
    return b"".join([*kept, document[place:]]) if kept else document


def _guessable(document: bytes, source: str) -> bytes:
    """An ill-formed document within the limits, without an entry that its end cuts through."""
    text = document.decode()
    if excess := tag_excess(text, _GUESSED_DEPTH):
        raise ParseError(source, f"refused before parsing: it is not well-formed and {excess}")
    last_end = max((match.end() for match in _ENTRY_END.finditer(text)), default=0)
    last_start = max((match.start() for match in _ENTRY_START.finditer(text)), default=0)
    if 0 < last_end < last_start and not _ROOT_END.search(text, last_start):
        text = text[:last_end]
    return text.encode()
