"""Take away what stands around an article and is not the article: comment invitations, share bars, adverts.

Precision comes first: a sentence of the article is never touched. Three rules see to that.

1. A paragraph goes only if *every* sentence in it has a known shape, and only at the start or the end of the
   text. (The one exception are lone interludes, "Advertisement" or "Read more: …", which are never prose.)
2. A shape that prose could have too is *weak*: it goes only in the company of a strong one before it.
   "Comments are moderated by …" goes after a lone "COMMENTS", and stays as the last sentence of a report.
3. A heading ("Related stories") takes what follows it along only if that looks like titles, not like sentences.

So "Officials share concerns" and a report on cookies stay whole. Text that is nothing but boilerplate becomes
empty: a feed item that says only "Comments" says nothing. The shapes themselves are in `boilerplate.txt`.
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum, auto
from html import unescape
from importlib.resources import files

_LONGEST = 500  # characters; nothing above is judged: boilerplate is short, and this bounds the time
_FURTHEST = 40  # paragraphs looked at from the end
_TITLE_LENGTH = 140  # characters
_PROSE_FIRST = 3  # paragraphs of prose before "Comments (12)" can be the end of the article, not a button above it

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"\w+")
_BAR_PROOF = frozenset(("share", "tweet", "facebook", "twitter", "whatsapp", "linkedin", "reddit", "telegram", "viber"))
_BAR_WORDS = _BAR_PROOF | frozenset(("x", "e", "mail", "email", "print", "pinterest", "pin", "it", "copy", "link"))
_BAR_WORDS |= frozenset(("save", "bookmark", "like", "on", "via", "this", "article", "story", "bluesky", "threads"))


_PROSE_ENDS = frozenset(".!…:;,")
_BLOCK_END = re.compile(r"</(p|h[1-6]|ul|ol|a)>\Z", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,4000}>")


def _read_shapes() -> dict[str, re.Pattern[str]]:
    """One pattern for each section of the table, matching any of its lines."""
    parts: dict[str, str] = {}
    shapes: dict[str, list[str]] = {}
    section = ""
    for line in files("syndicator.sources").joinpath("boilerplate.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        for name, part in parts.items():
            line = line.replace(f"<{name}>", part)  # noqa: PLW2901 - parts are filled in one by one
        if section == "parts":
            name, _, part = line.partition(" = ")
            parts[name] = part
        else:
            shapes.setdefault(section, []).append(f"(?:{line})")
    return {section: re.compile("|".join(lines)) for section, lines in shapes.items()}


_SHAPES = _read_shapes()
_TAIL = re.compile(
    rf"(?<=[.!?…\]\"”»)])\s+(?:{_SHAPES['continue'].pattern})\s*(?:\.{{1,3}}|…|→|»|›|>){{0,3}}\s*\Z", re.IGNORECASE
)


class _Shape(Enum):
    """What a paragraph looks like; see the three rules above."""

    STRONG = auto()
    WEAK = auto()
    HEADING = auto()
    TITLE = auto()
    PROSE = auto()


def strip(paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs that are the article, in order; a trailing "Read more" is cut off the last one.

    Linear in the text. Never invents or joins anything: what comes back is what went in, less some of it.
    """
    article = [paragraph for paragraph in paragraphs if not _is_interlude(paragraph)]
    article = article[: _end([_shape(p) for p in article[-_FURTHEST:]], len(article))]
    article = article[: _comments_start(article)]
    start = 0
    while start < len(article) and _leads(article[start]):
        start += 1
    article = article[start:]
    if article:
        last = article[-1]
        article[-1] = last[:-_TITLE_LENGTH] + _TAIL.sub("", last[-_TITLE_LENGTH:])
    return article


def strip_html(markup: str) -> str:
    """The same for sanitised HTML, at its end only: whole trailing blocks and a trailing "Read more" link.

    It looks at the top-level blocks that close the markup, one after the other, and stops at the first thing
    that is not a plain block: what it does not understand it leaves.
    """
    blocks: list[tuple[int, str]] = []
    end = len(markup.rstrip())
    while len(blocks) < _FURTHEST and (block := _last_block(markup, end)) is not None:
        blocks.append(block)
        end = block[0]
        while end and markup[end - 1].isspace():
            end -= 1
    blocks.reverse()
    before = int(end > 0)
    kept = _end([_list_shape(inner) for _, inner in blocks], before + len(blocks)) - before
    return markup if kept == len(blocks) else markup[: blocks[kept][0]].rstrip()


def _end(shapes: Sequence[_Shape], count: int) -> int:
    """How many of `count` paragraphs to keep, given the shapes of the last ones."""
    keep, titles_below = count, False
    for offset, shape in enumerate(reversed(shapes), start=1):
        if shape is _Shape.PROSE:
            break
        if not titles_below and shape in {_Shape.HEADING, _Shape.STRONG}:
            keep = count - offset
        elif shape is _Shape.HEADING and (count > len(shapes) or _Shape.PROSE in shapes[:-offset]):
            keep, titles_below = count - offset, False
        elif shape is _Shape.TITLE:
            titles_below = True
    return keep


def _comments_start(paragraphs: Sequence[str]) -> int:
    """Where readers' comments begin: a lone heading with a count, or one followed by the rules for commenting."""
    prose = 0
    for index, paragraph in enumerate(paragraphs):
        line = _fold(paragraph[: _LONGEST + 1])
        if prose < _PROSE_FIRST or len(line) > _TITLE_LENGTH:
            prose += _shape(paragraph) is _Shape.PROSE
        elif _is(line, "counted"):
            return index
        elif _is(line, "comments"):
            rules = paragraphs[index + 1 : index + 2]
            if rules and _shape(rules[0]) in {_Shape.STRONG, _Shape.WEAK}:
                return index
    return len(paragraphs)


def _shape(paragraph: str) -> _Shape:
    line = _fold(paragraph) if len(paragraph) <= _LONGEST else None
    if line is None:
        return _Shape.PROSE
    if _is(line, "heading", "comments", "counted"):
        return _Shape.HEADING
    sentences = [_fold(sentence) for sentence in _SENTENCE_END.split(paragraph.strip())]
    if _is(line, "strong") or _is_share_bar(line) or _SHAPES["syndicated"].fullmatch(_one_line(paragraph)):
        return _Shape.STRONG
    if all(_is(sentence, "strong", "weak") for sentence in sentences):
        return _Shape.STRONG if any(_is(sentence, "strong") for sentence in sentences) else _Shape.WEAK
    ends = paragraph.rstrip("\"'”’») \n")[-1:]
    return _Shape.TITLE if len(line) <= _TITLE_LENGTH and ends not in _PROSE_ENDS else _Shape.PROSE


def _leads(paragraph: str) -> bool:
    return len(paragraph) <= _LONGEST and (
        _shape(paragraph) is _Shape.STRONG or _is(_fold(paragraph), "strong", "counted")
    )


def _is(line: str, *sections: str) -> bool:
    return any(_SHAPES[section].fullmatch(line) for section in sections)


def _is_interlude(paragraph: str) -> bool:
    # What points to another article gives its title; with a full stop it is the author's own sentence.
    return len(paragraph) <= _LONGEST and paragraph[-1:] != "." and _is(_fold(paragraph), "interlude")


def _is_share_bar(line: str) -> bool:
    words = _WORD.findall(line)
    return len(words) > 1 and _BAR_WORDS.issuperset(words) and len(_BAR_PROOF.intersection(words)) > 1


def _fold(paragraph: str) -> str:
    return _one_line(paragraph).casefold().strip(" .!…→»›>|•·*#:-–—[]")


def _one_line(paragraph: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", paragraph).replace("’", "'").replace("ʼ", "'").split())


def _last_block(markup: str, end: int) -> tuple[int, str] | None:
    """The block element that ends at `end`: where it starts and what is in it; None if it is not a plain one."""
    close = _BLOCK_END.search(markup, max(0, end - 5), end)
    if close is None:
        return None
    name = close[1].lower()
    start = markup.rfind(f"<{name}", 0, close.start())
    if start < 0 or markup[start + 1 + len(name)] not in "> ":
        return None
    inner = markup[markup.find(">", start) + 1 : close.start()]
    if name == "a" and markup[max(0, start - 20) : start].rstrip()[-1:] not in {">", ""}:
        return None  # the end of a line of text, not a line of its own
    return None if f"</{name}" in inner.lower() else (start, inner)


def _list_shape(inner: str) -> _Shape:
    """The shape of a block's text; a list is as bad as titles if each of its items is."""
    if len(inner) > _LONGEST * _FURTHEST:
        return _Shape.PROSE
    items = [text for part in inner.split("</li>") if (text := unescape(_TAG.sub("", part)).strip())]
    if not items:
        return _Shape.PROSE
    if len(items) == 1:
        return _shape(items[0])
    shapes = {_shape(item) for item in items}
    return _Shape.PROSE if _Shape.PROSE in shapes else _Shape.STRONG if shapes == {_Shape.STRONG} else _Shape.TITLE
