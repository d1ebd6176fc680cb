"""Text with the words that matched marked in it, in pieces that a template puts on a page."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from syndicator.alerts import Excerpt, spans
from syndicator.model import Reason

_BETWEEN_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a text, marked or not."""

    text: str
    marked: bool = False


def pieces(passage: Excerpt) -> tuple[Piece, ...]:
    """A passage in pieces."""
    return tuple(_pieces(passage.text, 0, len(passage.text), passage.spans))


def paragraphs(text: str, reasons: Iterable[Reason]) -> Iterator[tuple[Piece, ...]]:
    """The paragraphs of a plain text, the words that the reasons of its "text" name marked."""
    marks = spans(text, reasons, "text")
    start = 0
    for gap in [*_BETWEEN_PARAGRAPHS.finditer(text), None]:
        end = gap.start() if gap else len(text)
        if text[start:end].strip():
            yield tuple(_pieces(text, start, end, [each for each in marks if each[0] < end and each[1] > start]))
        start = gap.end() if gap else end


def _pieces(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    for mark in marks:
        first, last = max(mark[0], at), min(mark[1], end)
        if at < first:
            yield Piece(text[at:first])
        if first < last:
            yield Piece(text[first:last], marked=True)
            at = last
    if at < end:
        yield Piece(text[at:end])
