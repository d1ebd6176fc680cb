"""Atoms: what a query finally asks of an article, once for every query that asks it.

Two kinds: a run of words (a word, a phrase, a beginning) in some part of the article, and a name (of a source, a
topic, a language). Atoms are interned: the same question is the same object, so that it can be answered once an
article, by identity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from weakref import WeakValueDictionary

from syndicator.query.analysis import Analysed, Tokens

# First and last position of a mention, both inclusive.
Span = tuple[int, int]


class Where(Enum):
    """In which part of an article an atom is looked for."""

    ANYWHERE = auto()
    TITLE = auto()
    LEAD = auto()
    AUTHOR = auto()
    SOURCE = auto()
    TOPIC = auto()
    LANG = auto()


class Form(Enum):
    """How a word of the query is compared with one of the article."""

    STEM = auto()
    EXACT = auto()
    BEGINNING = auto()  # the last word by its beginning, those before it exactly


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Run:
    """These words, next to each other, in this order. `tokens` are stems if `form` is STEM, else folded words."""

    where: Where
    form: Form
    tokens: tuple[str, ...]

    def holds(self, article: Analysed) -> bool:
        """Whether the article has it at all."""
        if len(self.tokens) == 1:
            if self.where is Where.ANYWHERE and self.form is Form.STEM:  # what is nearly always asked
                return self.tokens[0] in article.body.stem_at
            first = self._first(article)
            return first is not None and first < self._limit(article)
        return bool(self.spans(article, at_most=1))

    def spans(self, article: Analysed, at_most: int | None = None) -> list[Span]:
        """Every mention, ascending; they lie in `article.authors` for an author, else in `article.body`."""
        tokens, limit = self.tokens, self._limit(article)
        size, last = len(tokens), len(tokens) - 1
        found: list[Span] = []
        if size == 1:
            found = [(p, p) for p in self._positions(article) if p < limit]
            return found if at_most is None else found[:at_most]
        line, at = self._line(article)
        fixed = tokens if self.form is not Form.BEGINNING else tokens[:last]
        # Only the places of its rarest word are looked at.
        places: list[int] | None = None
        offset = 0
        for i, token in enumerate(fixed):
            positions = at.get(token)
            if positions is None:
                return []
            if places is None or len(positions) < len(places):
                places, offset = positions, i
        wanted = list(fixed)
        for place in places or ():
            start = place - offset
            end = start + last
            if end >= limit:
                break
            if start < 0 or line[start : start + len(wanted)] != wanted:
                continue
            if self.form is Form.BEGINNING and not line[end].startswith(tokens[last]):
                continue
            found.append((start, end))
            if len(found) == at_most:
                break
        return found

    def _tokens(self, article: Analysed) -> Tokens:
        return article.authors if self.where is Where.AUTHOR else article.body

    def _line(self, article: Analysed) -> tuple[list[str], dict[str, list[int]]]:
        tokens = self._tokens(article)
        return (tokens.stems, tokens.stem_at) if self.form is Form.STEM else (tokens.words, tokens.word_at)

    def _limit(self, article: Analysed) -> int:
        match self.where:
            case Where.TITLE:
                return article.title_end
            case Where.LEAD:
                return article.lead_end
            case _:
                return len(self._tokens(article).words)

    def _first(self, article: Analysed) -> int | None:
        if self.form is Form.BEGINNING:
            tokens = self._tokens(article)
            return min((tokens.word_at[word][0] for word in tokens.beginning_with(self.tokens[0])), default=None)
        positions = self._line(article)[1].get(self.tokens[0])
        return None if positions is None else positions[0]

    def _positions(self, article: Analysed) -> Sequence[int]:
        token = self.tokens[0]
        if self.form is not Form.BEGINNING:
            return self._line(article)[1].get(token, ())
        tokens = self._tokens(article)
        return sorted(p for word in tokens.beginning_with(token) for p in tokens.word_at[word])


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Name:
    """A source, a topic or a language of this name, in its compared form."""

    where: Where
    name: str

    def holds(self, article: Analysed) -> bool:
        """Whether the article has it."""
        return self.name in self.names(article)

    def names(self, article: Analysed) -> dict[str, str]:
        """The article's names of this kind: compared form to form as given."""
        match self.where:
            case Where.SOURCE:
                return article.sources
            case Where.TOPIC:
                return article.topics
            case _:
                return article.languages


Atom = Run | Name

_RUNS: WeakValueDictionary[tuple[Where, Form, tuple[str, ...]], Run] = WeakValueDictionary()
_NAMES: WeakValueDictionary[tuple[Where, str], Name] = WeakValueDictionary()


def run(where: Where, form: Form, tokens: tuple[str, ...]) -> Run:
    """The one Run of these."""
    return _RUNS.setdefault((where, form, tokens), Run(where, form, tokens))


def name(where: Where, name: str) -> Name:
    """The one Name of these."""
    return _NAMES.setdefault((where, name), Name(where, name))
