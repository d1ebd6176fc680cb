"""Structure looked at before it is parsed: documents and markup whose shape alone would cost minutes.

A parser's time grows with the product of depth, attributes and elements, so a file of a few hundred kilobytes
can hold it for hours. These scans are linear and look at shape only.
"""

from dataclasses import dataclass
from xml.parsers import expat

from syndicator.errors import ParseError
from syndicator.sources import markup as html

MARKUP_LENGTH = 512 * 1024
"""The largest markup of one item, in characters, that is parsed as HTML."""

_MARKUP_DEPTH = 200
_MARKUP_TAGS = 20_000
_TAG_LENGTH = 4_000
_ATTRIBUTES = 200

_DEPTH = 128
_ELEMENTS = 1_000_000
_NAMESPACES = 200
_ENTITIES = 300
_ENTITY_LENGTH = 64

# HTML §13.2.4.3: an end tag does not reach past these ("element in scope"); inside a select it reaches nothing.
_SCOPES = html.names("applet caption marquee math object select svg table td template th")
# §13.2.4.3, formatting: once open they are opened again in every block until they are closed themselves.
_FORMATTING = html.names("a b big code em font i nobr s small strike strong tt u")
# Their end tags may be left out, and their own kind closes them: they do not pile up.
_CLOSED_BY_KIND = html.names("colgroup dd dt li optgroup option p rb rp rt rtc tbody tfoot thead tr")

# What expat says at the end of a document that was cut off: no element, unclosed token, half a character,
# unclosed CDATA section.
_CUT_OFF = {3, 5, 6, 20}
_JUNK_AFTER_ROOT = 9


@dataclass(frozen=True, slots=True)
class EntrySpan:
    """Where one complete item or entry stands, in bytes, and how many elements it holds."""

    start: int
    stop: int
    elements: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of an XML document.

    `root` is the name of its root element without prefix, lower case, "" when there is none. `open_elements`
    are the names open after the last complete entry (where there is none: where reading stopped), and
    `last_entry_stop` is the byte after it. `error` says where the document stops being well-formed;
    `cut_off` that it does so because its end is missing. `root_stop` is the byte after the root element.
    `entities` are the entities that its DTD declares.
    """

    root: str = ""
    entries: tuple[EntrySpan, ...] = ()
    open_elements: tuple[str, ...] = ()
    last_entry_stop: int = 0
    root_stop: int | None = None
    error: str | None = None
    cut_off: bool = False
    entities: tuple[tuple[str, str], ...] = ()


def xml_outline(document: bytes, source: str) -> Outline:
    """Read the shape of `document` (UTF-8) with expat, building nothing.

    Raises ParseError for what no feed needs and parsers choke on: elements nested deeper than 128, more than
    200 attributes on an element, more than 200 namespaces, a million elements, entities that hold other
    entities, external entities. A document that is not well-formed is described as far as it goes.
    """
    return _Scan(source).read(document)


class _Scan:
    """The handlers that expat calls, and what they have seen."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._open: list[str] = []
        self._entries: list[EntrySpan] = []
        self._entry_depth = 0
        self._entry_start = 0
        self._entry_first = 0
        self._after_last_entry: tuple[str, ...] = ()
        self._elements = 0
        self._root = ""
        self._root_ended = False
        self._namespaces: set[tuple[str, str]] = set()
        self._entities: dict[str, str] = {}
        self._stop: int | None = None

    def read(self, document: bytes) -> Outline:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        self._parser = parser
        self._document = document
        error: expat.ExpatError | None = None
        try:
            parser.Parse(document, True)
        except expat.ExpatError as caught:
            error = caught
        if error is not None and self._root_ended and error.code == _JUNK_AFTER_ROOT:
            self._stop = parser.ErrorByteIndex
        stop = self._entries[-1].stop if self._entries else 0
        return Outline(
            root=self._root,
            entries=tuple(self._entries),
            open_elements=self._after_last_entry if self._entries else tuple(self._open),
            last_entry_stop=stop,
            root_stop=self._stop,
            error=None if error is None else str(error),
            cut_off=error is not None and error.code in _CUT_OFF,
            entities=tuple(self._entities.items()),
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if not self._open:
            self._root = _local(name)
        self._open.append(name)
        if len(self._open) > _DEPTH:
            raise self._refused(f"elements are nested more than {_DEPTH} deep")
        if self._elements > _ELEMENTS:
            raise self._refused(f"has more than {_ELEMENTS:,} elements")
        if attributes:
            self._see(attributes)
        if not self._entry_depth and name[-4:].lower() in {"item", "ntry"} and _local(name) in {"item", "entry"}:
            self._entry_depth = len(self._open)
            self._entry_start = self._parser.CurrentByteIndex
            self._entry_first = self._elements

    def _see(self, attributes: dict[str, str]) -> None:
        if len(attributes) > _ATTRIBUTES:
            raise self._refused(f"an element has more than {_ATTRIBUTES} attributes")
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                self._namespaces.add((key, value))
                if len(self._namespaces) > _NAMESPACES:
                    raise self._refused(f"declares more than {_NAMESPACES} namespaces")

    def _end(self, name: str) -> None:
        depth = len(self._open)
        self._open.pop()
        if depth == self._entry_depth:
            self._entry_depth = 0
            at = self._parser.CurrentByteIndex
            if self._has_end_tag(name, at):  # else it is "<item/>", which holds nothing
                stop = self._document.index(b">", at) + 1
                self._entries.append(EntrySpan(self._entry_start, stop, self._elements - self._entry_first))
                self._after_last_entry = tuple(self._open)
        self._root_ended = depth == 1

    def _has_end_tag(self, name: str, at: int) -> bool:
        tag = f"</{name}".encode()
        return self._document.startswith(tag, at) and self._document[at + len(tag) : at + len(tag) + 1] in b" \t\r\n>"

    def _entity(
        self, name: str, _parameter: bool, value: str | None, _base: str | None, system: str | None, *_rest: str | None
    ) -> None:
        if value is None or system is not None:
            return  # external: expat does not fetch it, and a reference to it is repaired like any unknown one
        if "&" in value or "%" in value or len(value) > _ENTITY_LENGTH or len(self._entities) >= _ENTITIES:
            raise self._refused("declares entities that expand to more than a few characters")
        self._entities[name] = value

    def _refused(self, reason: str) -> ParseError:
        return ParseError(self._source, f"refused before parsing: {reason}")


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def html_excess(markup: str) -> str | None:
    """Why this HTML would be slow to parse, or None when it is fit. Linear in its length.

    A tree builder walks its stack of open elements for every tag, so time grows with depth × tags: 100 KB of
    unclosed `<div>` takes seconds. The depth here follows the standard's rules for end tags closely enough
    that misnested markup can't hide from it, and never counts less than formatting elements left open.
    """
    if len(markup) > MARKUP_LENGTH:
        return f"is longer than {MARKUP_LENGTH // 1024} KB"
    if (brackets := markup.count("<")) > _MARKUP_TAGS or markup.count("&") > _MARKUP_TAGS:
        return f"has more than {_MARKUP_TAGS:,} tags or character references"
    # Cheap and common: what has too few tags to be deep and too little room for many attributes.
    if brackets < _MARKUP_DEPTH and len(markup) < _TAG_LENGTH:
        return None
    return tag_excess(markup, _MARKUP_DEPTH)


def tag_excess(markup: str, most_depth: int) -> str | None:
    """Why the tags alone would be slow to parse, or None: nested deeper than `most_depth`, crowded attributes."""
    lowered = markup.lower()
    foreign = "<svg" in lowered or "<math" in lowered
    hidden = 0
    open_elements: list[str] = []
    for token in html.tokens(markup):
        if isinstance(token, html.Text):
            # In SVG and MathML, <style> and its like are ordinary elements, with tags inside.
            hidden += token.source.count("<") if token.raw and foreign else 0
        elif len(token.attributes) > _TAG_LENGTH and len(html.attributes(token.attributes)) > _ATTRIBUTES:
            return f"has more than {_ATTRIBUTES} attributes on one tag"
        elif token.end:
            _close(open_elements, token.name)
        elif token.name not in html.VOID and token.name not in _CLOSED_BY_KIND:
            open_elements.append(token.name)
            if len(open_elements) + hidden > most_depth:
                return f"is nested more than {most_depth} deep"
    return None


def _close(open_elements: list[str], name: str) -> None:
    """Take what an end tag closes off the stack of open elements, in place."""
    for index in range(len(open_elements) - 1, -1, -1):
        if open_elements[index] == name:
            above = open_elements[index + 1 :]
            kept = above if name in _FORMATTING else [other for other in above if other in _FORMATTING]
            open_elements[index:] = kept
            return
        if open_elements[index] in _SCOPES:
            return
