r"""Text and HTML from outside, made fit to keep: the one place where hostile characters and markup end.

What comes out of `text`, `plain_title`, `paragraphs` and `to_text` holds no control characters, lone
surrogates, noncharacters or bidi overrides (a title could otherwise turn round the line it is shown in:
Unicode TR36 §2.5), and is in NFC. `sanitise` gives HTML from an allow-list. Everything runs in linear time.
"""

import re
import unicodedata
from functools import lru_cache
from html import escape
from urllib.parse import urljoin, urlsplit

import nh3

from syndicator.sources import markup as html
from syndicator.sources.structure import html_excess

TITLE_LENGTH = 500
"""The longest headline, in characters."""

# A title with markup is looked at this far; the rest would be cut off anyway.
_TITLE_SOURCE_LENGTH = 8_000
# Longest run of combining marks kept: the Stream-Safe limit of UAX #15 §13. Sorting a longer one is quadratic.
_LONGEST_MARKS = 30
_LONG_WORD = re.compile(r"\S{400,}+")
# A line of hard-wrapped text is at most this wide; where one is longer, every line is a paragraph.
_WIDEST_WRAP = 100
_NARROWEST_WRAP = 40
# Wrapping is rarely exact (hyphens, balanced lines): a line this full counts as full.
_FULL_LINE = 0.9

_INVISIBLE = (
    "\u00ad\u2060\ufeff"  # soft hyphen, word joiner, byte order mark: they hide a word from a search
    "\u202a-\u202e\u2066-\u2069"  # bidi embeddings, overrides, isolates
    "\ufff9-\ufffb"  # interlinear annotation
)
# U+FFFE and U+FFFF are no XML characters; those of the higher planes are, and harm nobody.
_NO_CHARACTERS = "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
# \t \n \v \f \r, FS to US and NEL are white space to str.split and go with it.
_UNWANTED = re.compile(f"[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{_INVISIBLE}{_NO_CHARACTERS}]+")
_UNWANTED_IN_MARKUP = re.compile(f"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_INVISIBLE}{_NO_CHARACTERS}]+")
_NEWLINE = re.compile(r"\r\n|[\n\v\f\r\x85\u2028\u2029]")
_SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*$")

_TAGS = html.names(
    "a abbr address article aside audio b bdi blockquote br caption cite code col colgroup dd del details dfn div dl "
    "dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s samp section "
    "small source span strong sub summary sup table tbody td tfoot th thead time tr u ul var video wbr"
)
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "audio": {"src", "controls"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
    "video": {"src", "poster", "controls", "width", "height"},
}
# Their content is never for readers, so it goes with them.
_DROPPED_WITH_CONTENT = html.RAW_TEXT | {"template"}
_SCHEMES = {"http", "https", "mailto"}
_CANDIDATE = re.compile(r"([^\s,]\S*[^\s,]|[^\s,])(?:\s+(\d+(?:\.\d+)?[wxh]))?\s*(?:,|$)")
_PIXEL_HINT = re.compile(r"(?:width|height)[\"'\s=:]{1,4}[01](?:px)?[\"'\s;/>]", re.IGNORECASE)
_NO_SOURCE = re.compile(r"<img(?![^>]*\ssrc=\")[^>]*>")


def text(value: str) -> str:
    """One line of clean text: NFC, white space collapsed to single spaces, stripped."""
    return _nfc(" ".join(_UNWANTED.sub("", value).split()))


def plain_title(value: str, *, markup: bool) -> str:
    """A headline as plain text of at most `TITLE_LENGTH` characters, cut at a word with an ellipsis.

    With `markup` (RSS, Atom `html`) tags of HTML elements go and character references are decoded once; what
    only looks like a tag ("a < b", "List<String>") stays. Without, the value is text as it stands.
    """
    if markup and ("<" in value or "&" in value):
        value = _without_tags(value[:_TITLE_SOURCE_LENGTH])
    return shorten(text(value), TITLE_LENGTH)


def shorten(value: str, limit: int) -> str:
    """`value` within `limit` characters: cut at a word, with an ellipsis, when it is longer."""
    if len(value) <= limit:
        return value
    cut = value[:limit].rpartition(" ")[0].rstrip(" ,;:-–—")
    # A "word" that fills most of the room (Chinese, a URL) is cut where the room ends.
    return (cut if len(cut) > limit // 2 else value[: limit - 1]) + "…"


def paragraphs(value: str) -> str:
    r"""Plain text with "\n\n" between paragraphs and single spaces within them.

    A blank line always parts paragraphs. So does a single line break, unless the text is hard-wrapped and the
    break is a wrap: the next word would not have fitted on the line.
    """
    lines = [text(line) for line in _NEWLINE.split(value)]
    width = max(map(len, lines))
    wrapped = _NARROWEST_WRAP <= width <= _WIDEST_WRAP
    blank_lines_part = "" in lines[1:-1]
    found: list[list[str]] = []
    previous = ""
    for line in lines:
        full = len(previous) + 1 + len(line.partition(" ")[0]) > width * _FULL_LINE
        ends = not blank_lines_part and _SENTENCE_END.search(previous)
        if line and previous and wrapped and full and not ends:
            found[-1].append(line)
        elif line:
            found.append([line])
        previous = line
    return "\n\n".join(" ".join(paragraph) for paragraph in found)


def to_text(markup: str) -> str:
    r"""The plain text of HTML, with "\n\n" between blocks. A single `<br>` is a space, two make a paragraph."""
    found: list[str] = []
    run: list[str] = []
    breaks = 0

    def end_paragraph() -> None:
        if paragraph := text(html.decode("".join(run))):
            found.append(paragraph)
        run.clear()

    for token in html.tokens(markup):
        if isinstance(token, html.Text):
            if not token.raw:
                run.append(token.source)
                breaks = 0 if not token.source.isspace() else breaks
        elif token.name == "br":
            breaks += 1
            run.append(" ")
            if breaks > 1:
                end_paragraph()
        elif token.name in html.BLOCK:
            end_paragraph()
        elif token.name in html.CELL:
            run.append(" ")
    end_paragraph()
    return "\n\n".join(found)


def from_text(value: str) -> str:
    r"""HTML of plain text: its paragraphs ("\n\n" between them) as `<p>`, everything escaped."""
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in value.split("\n\n") if part)


def sanitise(markup: str, base_url: str | None) -> str:
    """HTML with nothing but what news needs, from an allow-list.

    No scripts, styles, frames, forms, SVG or event handlers; links to http, https and mailto only; relative
    URLs made absolute against `base_url` (absolute, http or https) or dropped; tracking pixels dropped. Markup
    too large, too deep or with too many tags to parse in good time comes back as plain paragraphs.
    """
    if "<" not in markup and "&" not in markup:
        return escape(_UNWANTED_IN_MARKUP.sub("", markup), quote=False).strip()
    markup = _UNWANTED_IN_MARKUP.sub("", markup)
    if html_excess(markup):
        return from_text(to_text(markup))
    if _PIXEL_HINT.search(markup):
        markup = _without_pixels(markup)
    cleaned = _cleaner(base_url if base_url and is_web_url(base_url) else None).clean(markup)
    # Characters written as references (&#x202e;) come out decoded; an img that lost its source shows nothing.
    return _UNWANTED_IN_MARKUP.sub("", _NO_SOURCE.sub("", cleaned)).strip()


def absolute(url: str, base_url: str | None) -> str | None:
    """`url` as an absolute http or https URL, resolved against `base_url`; None when it can't be made one."""
    try:
        joined = urljoin(base_url or "", url)
    except ValueError:
        return None
    return joined if is_web_url(joined) else None


def is_web_url(value: str) -> bool:
    """Whether `value` is an absolute http or https URL with a host."""
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


@lru_cache(maxsize=32)
def _cleaner(base_url: str | None) -> nh3.Cleaner:
    def attribute(_tag: str, name: str, value: str) -> str | None:
        return _srcset(value, base_url) if name == "srcset" else value

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        link_rel=None,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base_url) if base_url else "deny",
    )


def _srcset(value: str, base_url: str | None) -> str | None:
    """The candidates of a srcset, made absolute. One that can't be is dropped; the img keeps its src."""
    kept = [
        f"{url} {size}".strip()
        for candidate, size in _CANDIDATE.findall(value)
        if (url := absolute(candidate, base_url)) is not None
    ]
    return ", ".join(kept) or None


def _without_tags(markup: str) -> str:
    parts: list[str] = []
    for token in html.tokens(markup):
        if isinstance(token, html.Text):
            parts.append("" if token.raw else html.decode(token.source))
        elif token.name not in html.NAMES:
            parts.append(markup[token.start : token.stop])
        elif token.name not in html.INLINE:
            parts.append(" ")
    return "".join(parts)


def _without_pixels(markup: str) -> str:
    """`markup` without images of at most one pixel: they count readers and show nothing."""
    kept: list[str] = []
    place = 0
    for token in html.tokens(markup):
        if isinstance(token, html.Tag) and token.name == "img":
            found = html.attributes(token.attributes)
            if {found.get("width", "").strip(" px"), found.get("height", "").strip(" px")} & {"0", "1"}:
                kept.append(markup[place : token.start])
                place = token.stop
    return "".join([*kept, markup[place:]])


def _nfc(value: str) -> str:
    if value.isascii() or unicodedata.is_normalized("NFC", value):
        return value
    # A run of marks can only be long inside a long word, and most text has none.
    return unicodedata.normalize("NFC", _LONG_WORD.sub(_with_few_marks, value))


def _with_few_marks(word: re.Match[str]) -> str:
    kept: list[str] = []
    run = 0
    for character in word[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _LONGEST_MARKS:
            kept.append(character)
    return "".join(kept)
