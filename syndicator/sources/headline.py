"""Headlines for texts that come without one. Pure."""

import re
from collections.abc import Sequence

from syndicator.sources.clean import TITLE_LENGTH, shorten

_HEADLINE_LENGTH = 140  # characters
_HEADLINE_WORDS = 22
_MADE_LENGTH = 90  # characters of a headline made from a sentence …
_SLACK = 14  # … and how many more it may take to close a quotation
_EARLIEST_CUT = 45

_INITIALS_END = re.compile(r"(?:\b\w\.){2,}[\"'”’»]?\Z")  # "… in the U.S." ends no sentence
_SENTENCE = re.compile(
    r"(?<=[.!?…])(?<!\b\w\.)(?<!\b(?:Mr|Ms|Dr|St|No|vs)\.)(?<!\b(?:Mrs|Gen|Gov|Sen|Rep|Col|Lt\.)\.)[\"'”’»)]*\s+(?=[\"'“‘«(]?[^\W\d_a-z])"
)
_CLAUSE_END = re.compile(r"(?:[,;:]|\s[–—-])(?=\s)")
_QUOTES = {"“": "”", "„": "“”", "«": "»", "‘": "’", '"': '"'}
# English words that a headline should not stop at.
_LOOSE_END = re.compile(
    r"(?:a|an|and|after|are|as|at|before|but|by|for|from|had|has|have|he|her|his|in|into|is|it|its|not|of|on|or|over|she|that|the|"
    r"their|they|to|was|were|which|who|will|with)",
    re.IGNORECASE,
)


def take_headline(paragraphs: Sequence[str]) -> tuple[str, list[str]]:
    """The headline of an article and the paragraphs that are left: its first line, if that is one.

    A first line is a headline if it is short, does not end as a sentence does, and something longer follows.
    Otherwise one is made from the first sentence, and every paragraph stays.
    """
    first, rest = paragraphs[0], list(paragraphs[1:])
    if is_headline(first) and any(len(paragraph) > len(first) for paragraph in rest[:3]):
        return first, rest
    return made_headline(first), list(paragraphs)


def is_headline(line: str) -> bool:
    """Whether a line reads as a headline rather than as a sentence."""
    if not line or len(line) > _HEADLINE_LENGTH or len(line.split()) > _HEADLINE_WORDS:
        return False
    end = line.rstrip("\"'”’»)")[-1:]
    return end not in {".", ",", ";", ":", "…"} or _INITIALS_END.search(line) is not None


def made_headline(paragraph: str) -> str:
    """A headline of at most about 90 characters: the first sentence, or its first clause or words with an ellipsis."""
    sentence = _SENTENCE.split(paragraph[: 4 * TITLE_LENGTH], maxsplit=1)[0]
    if len(sentence) <= _MADE_LENGTH + 1:
        return sentence if _INITIALS_END.search(sentence) else sentence.removesuffix(".")
    clauses = [match.start() for match in _CLAUSE_END.finditer(sentence, _EARLIEST_CUT, _MADE_LENGTH)]
    whole = [cut for cut in clauses if _open_quote(sentence[:cut]) is None]
    cut = whole[-1] if whole else _word_cut(sentence)
    return sentence[:cut].rstrip(" ,;:–—-") + "…"


def _word_cut(sentence: str) -> int:
    """Where to cut between words: no quotation left open, no "of the" at the end."""
    cut = len(shorten(sentence, _MADE_LENGTH).rstrip("…"))
    opened = _open_quote(sentence[:cut])
    if opened is not None:
        closing = _QUOTES[sentence[opened]]
        close = next((i for i in range(cut, min(len(sentence), _MADE_LENGTH + _SLACK)) if sentence[i] in closing), None)
        if close is not None:
            return close + 1
        if opened > _EARLIEST_CUT:
            cut = opened
    words = sentence[:cut].split()
    while len(words) > 5 and _LOOSE_END.fullmatch(words[-1]):  # noqa: PLR2004 - a headline of fewer words says nothing
        words.pop()
    return len(" ".join(words))


def _open_quote(part: str) -> int | None:
    """Where the quotation starts that is still open at the end of `part`, or None."""
    opened: int | None = None
    for place, character in enumerate(part):
        inside_word = place and part[place - 1].isalnum()
        if opened is not None and character in _QUOTES[part[opened]]:
            opened = None
        elif opened is None and character in _QUOTES and not inside_word:
            opened = place
    return opened
