"""The passage of a text that shows why it matched, with the matched words marked.

Of many matches it shows the place where most of the query's clauses come together: that is where an editor sees
whether the article is worth reading.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from syndicator.alerts.message import Excerpt
from syndicator.model import Reason

MOST = 300  # characters of an excerpt or a title, its ellipses included

_ELLIPSIS = "…"
_EDGES = 4  # "… " and " …"
# The end of a sentence, with what closes it, before a space; or the end of a paragraph.
_SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’»)\]]*(?=\s)|[。！？][”’»」』）]*|\n\s*\n)\s*")
_SPACE = re.compile(r"\s+")

# Where matched words are: start, end, and the clauses they satisfy.
_Found = tuple[int, int, frozenset[str]]


def marked(title: str, reasons: Iterable[Reason]) -> Excerpt:
    """A title on one line, with its matched words marked.

    It is whole, unless it is longer than MOST characters: then it ends with a word before that, and an ellipsis. Some
    feeds put the whole text where the title belongs.
    """
    begin = len(title) - len(title.lstrip())
    end = len(title.rstrip())
    if end - begin > MOST:
        end = _cut_at_word(title, begin, MOST - _EDGES // 2)
    return _on_one_line(title, 0, end, [(start, stop) for start, stop, _ in _found(title, reasons, "title")])


def excerpt(text: str, reasons: Iterable[Reason], field: str, around: int = 100) -> Excerpt:
    """The passage about the place where most clauses of the query come together, the first such place.

    `text` is what the offsets of the reasons of `field` point into, `around` about how many characters are shown
    before and after the matched words. It is on one line, at most MOST characters long, cut where a sentence or at
    least a word ends, with an ellipsis at each cut. A reason whose words are not where it says (the text changed since)
    marks nothing. Empty where nothing is marked.
    """
    found = _found(text, reasons, field)
    if not found:
        return Excerpt("")
    room = MOST - _EDGES
    first, last = _best_cluster(found, max(room - 2 * around, room // 2))
    if last - first > room:
        last = _cut_after(text, first, room)
    before, after = _shares(room - (last - first), min(around, first), min(around, len(text) - last))
    start, end = _cut_before(text, first, before), _cut_after(text, last, after)
    return _on_one_line(text, start, end, [(left, right) for left, right, _ in found])


def spans(text: str, reasons: Iterable[Reason], field: str) -> tuple[tuple[int, int], ...]:
    """Where the words of the reasons of `field` stand in `text`, ascending, each place once."""
    return tuple((start, end) for start, end, _ in _found(text, reasons, field))


def _found(text: str, reasons: Iterable[Reason], field: str) -> list[_Found]:
    """Where the reasons' words stand, ascending; what overlaps or touches is one."""
    clauses: dict[tuple[int, int], set[str]] = {}
    for reason in reasons:
        if reason.field == field and _stands(text, reason):
            clauses.setdefault((reason.start, reason.end), set()).add(reason.clause)
    merged: list[_Found] = []
    for (start, end), names in sorted(clauses.items()):
        if merged and start <= merged[-1][1]:
            before = merged.pop()
            merged.append((before[0], max(before[1], end), before[2] | names))
        else:
            merged.append((start, end, frozenset(names)))
    return merged


def _stands(text: str, reason: Reason) -> bool:
    """Whether the words are still there. Of very long ones the reason has only the ends, about an ellipsis."""
    if not 0 <= reason.start < reason.end <= len(text) or reason.words.isspace():
        return False
    there = text[reason.start : reason.end]
    if there == reason.words:
        return True
    head, cut, tail = reason.words.partition(f" {_ELLIPSIS} ")
    return bool(cut) and there.startswith(head) and there.endswith(tail)


def _best_cluster(found: Sequence[_Found], width: int) -> tuple[int, int]:
    """First and last character of the places within `width` that have most clauses, then most marks; the first such."""
    held: Counter[str] = Counter()
    best, cluster = (0, 0), (0, 0)
    left = 0
    for right, (_, end, clauses) in enumerate(found):
        for clause in clauses:
            held[clause] += 1
        while left < right and end - found[left][0] > width:
            for clause in found[left][2]:
                held[clause] -= 1
                if not held[clause]:
                    del held[clause]
            left += 1
        rank = (len(held), right - left + 1)
        if rank > best:
            best, cluster = rank, (found[left][0], end)
    return cluster


def _shares(room: int, before: int, after: int) -> tuple[int, int]:
    """The room divided between the two sides: what one does not want, the other may have."""
    left = min(before, max(room // 2, room - after))
    return left, min(after, room - left)


def _cut_before(text: str, first: int, reach: int) -> int:
    """Where to begin, at most `reach` characters before the matched words: with a sentence, else with a word."""
    earliest = first - reach
    if earliest == 0:
        return 0
    # One character more shows whether a word or a sentence begins just there.
    ends = (end.end() for end in _SENTENCE_END.finditer(text, earliest - 1, first + 1))
    sentence = next((end for end in ends if earliest <= end <= first), None)
    if sentence is not None:
        return sentence
    word = _SPACE.search(text, earliest - 1, first)
    if word is not None:
        return word.end()
    while earliest < first and unicodedata.category(text[earliest]).startswith("M"):
        earliest += 1
    return earliest


def _cut_after(text: str, last: int, reach: int) -> int:
    """Where to end, at most `reach` characters after the matched words: with a sentence, else with a word."""
    latest = last + reach
    if latest == len(text):
        return latest
    ends = [end.start() + len(end.group().rstrip()) for end in _SENTENCE_END.finditer(text, last, latest + 1)]
    if fitting := [end for end in ends if end <= latest]:
        return fitting[-1]
    return _cut_at_word(text, last, reach)


def _cut_at_word(text: str, last: int, reach: int) -> int:
    """Where to end, at most `reach` characters after `last`: with a word, else with a letter and its accents."""
    latest = last + reach
    spaces = [space.start() for space in _SPACE.finditer(text, last, latest + 1)]
    if spaces:
        return spaces[-1]
    while latest > last and unicodedata.category(text[latest]).startswith("M"):
        latest -= 1
    return latest


def _on_one_line(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> Excerpt:
    """text[start:end] with each run of white space as one space, ellipses where it was cut, and the spans in it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    lead = f"{_ELLIPSIS} " if text[:start].strip() else ""
    # Where each piece between white space begins, in the text and in what is shown.
    pieces: list[str] = []
    at_text: list[int] = []
    at_shown: list[int] = []
    shown = len(lead)
    for piece in re.finditer(r"\S+", text[start:end]):
        at_text.append(start + piece.start())
        at_shown.append(shown)
        pieces.append(piece.group())
        shown += len(piece.group()) + 1

    def place(offset: int) -> int:
        i = bisect_left(at_text, offset + 1) - 1
        return at_shown[i] + min(offset - at_text[i], len(pieces[i]))

    trail = f" {_ELLIPSIS}" if text[end:].strip() else ""
    inside = [(max(left, start), min(right, end)) for left, right in spans if left < end and right > start]
    return Excerpt(lead + " ".join(pieces) + trail, tuple((place(left), place(right)) for left, right in inside))
