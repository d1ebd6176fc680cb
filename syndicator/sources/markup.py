"""HTML as a flat run of tokens: the one scanner that sanitising, plain text and the limits share.

It follows the tokeniser of the HTML standard (§13.2.5) for where a tag, a comment and raw text end, so
that it and the real parser see the same tags. It builds nothing, and it is linear: every alternative of
`_TOKEN` consumes what it has looked at, to the end of the input if need be, so no byte is scanned twice.
"""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple


def names(listed: str) -> frozenset[str]:
    """A set of element names from one string with spaces between them."""
    return frozenset(listed.split())


VOID = names("area base br col embed hr img input link meta param source track wbr")
"""Elements without an end tag (HTML §13.1.2)."""

BLOCK = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol optgroup option p pre section "
    "summary table tbody tfoot thead tr ul video audio iframe object"
)
"""Elements that begin and end a paragraph of plain text."""

CELL = frozenset(("td", "th"))

RAW_TEXT = names("script style title textarea iframe noembed noframes xmp")
"""Elements whose content holds no tags; none of it is news."""

INLINE = names(
    "a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark nobr picture q rb rp rt "
    "ruby s samp small span strike strong sub sup time tt u var"
)

NAMES = VOID | BLOCK | CELL | RAW_TEXT | INLINE | names("button canvas svg math noscript select template")
"""What counts as an HTML element where markup is doubtful, as in a title."""

_SPACE = r"[\t\n\f\r ]"
_ATTRIBUTES = (
    rf"(?:{_SPACE[:-1]}/]++"
    r"|[^\t\n\f\r />][^\t\n\f\r />=]*+"
    rf"(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+)?+)*+"""
)
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rf"|<(?P<slash>/?)(?P<name>[a-zA-Z][^\t\n\f\r />]*+)(?P<attributes>{_ATTRIBUTES})(?:>|\Z)"
    r"|<[!?/][^>]*+(?:>|\Z)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"([^\t\n\f\r />][^\t\n\f\r />=]*+)"
    rf"(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"([^"]*+)(?:"|\Z)|'([^']*+)(?:'|\Z)|([^\t\n\f\r >"'][^\t\n\f\r >]*+))?+)?+"""
)
_RAW_END = {name: re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE) for name in RAW_TEXT}
# int() refuses more than 4,300 digits, and html.unescape passes that on; no character needs more than seven.
_HUGE_REFERENCE = re.compile(r"&#[0-9]{9,}+;?")


class Tag(NamedTuple):
    """A start or end tag: lower-case name, its raw attributes, and where it stands in the markup."""

    name: str
    end: bool
    attributes: str
    start: int
    stop: int


class Text(NamedTuple):
    """A run between tags, as it stands: its character references are not decoded. `raw` is the name of the
    element whose content it is when that holds no tags (`script`, `style` …), else "".
    """

    source: str
    raw: str = ""


def tokens(markup: str) -> Iterator[Tag | Text]:
    """Yield the tags and texts of `markup` in order; comments and declarations are left out."""
    place = 0
    while match := _TOKEN.search(markup, place):
        if match.start() > place:
            yield Text(markup[place : match.start()])
        place = match.end()
        if match["name"] is None:
            continue
        tag = Tag(match["name"].lower(), bool(match["slash"]), match["attributes"], match.start(), place)
        yield tag
        if tag.name in RAW_TEXT and not tag.end:
            close = _RAW_END[tag.name].search(markup, place)
            stop = close.start() if close else len(markup)
            yield Text(markup[place:stop], raw=tag.name)
            place = stop
    if place < len(markup):
        yield Text(markup[place:])


def attributes(raw: str) -> dict[str, str]:
    """The attributes of a tag by lower-case name, values decoded; the first of a name counts, as in browsers."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(raw):
        found.setdefault(name.lower(), decode(double or single or bare))
    return found


def decode(text: str) -> str:
    """Character references decoded once: `&amp;lt;` becomes `&lt;`."""
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text
