"""A query held against index rows: what FTS5 can't decide is decided without reading articles again.

A row holds every word and stem in its order, so the positions that NEAR and ATLEAST ask for are those of the analysis.
They are looked up for the query's own words alone. Where the words stand in the original a row does not say: it tells
whether a query matches, and `evaluate` tells why.
"""

from collections.abc import Iterable, Iterator

from syndicator.query.analysis import GAP, Analysed, Analyser, Tokens
from syndicator.query.atoms import Form, Run, Where
from syndicator.query.compiler import compiled
from syndicator.query.document import Document
from syndicator.query.plan import Facts, leaves
from syndicator.query.rows import FtsRow, authors_in, names_in, tokens_of
from syndicator.query.syntax import Query

_UNREAD = Document("", "")
_GAP = [""] * GAP


class Indexed:
    """A query, made ready to be held against many rows."""

    def __init__(self, query: Query, analyser: Analyser) -> None:
        self._plan = compiled(query, analyser)
        self._analyser = analyser
        runs = [leaf.atom for leaf in leaves(self._plan) if isinstance(leaf.atom, Run)]
        self._stems = _Asked(run for run in runs if run.form is Form.STEM)
        self._words = _Asked(run for run in runs if run.form is not Form.STEM and run.where is not Where.AUTHOR)
        self._authors = _Asked(run for run in runs if run.where is Where.AUTHOR)

    def matches(self, row: FtsRow) -> bool:
        """Whether the query matches the article of this row."""
        title = tokens_of(row.title_stem)
        stems = [*title, *_GAP, *tokens_of(row.text_stem)]
        words = [*tokens_of(row.title), *_GAP, *tokens_of(row.text)] if self._words else stems
        authors = authors_in(row.author) if self._authors else []
        names = names_in(row.meta)
        text_start = len(title) + GAP
        article = Analysed(
            document=_UNREAD,
            analyser=self._analyser,
            body=Tokens(
                words, stems, [], [], self._words.places(words, row.title, row.text), self._stems.places(stems)
            ),
            title_end=len(title),
            text_start=text_start,
            lead_end=text_start + len(tokens_of(row.lead_stem)),
            authors=Tokens(authors, authors, [], [], self._authors.places(authors, row.author), {}),
            author_of=[],
            sources=names[Where.SOURCE],
            topics=names[Where.TOPIC],
            languages=names[Where.LANG],
        )
        return self._plan.holds(Facts(article))


class _Asked:
    """The words that some runs ask for, whole and by their beginnings."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._whole: set[str] = set()
        self._beginnings: tuple[str, ...] = ()
        for run in runs:
            *whole, last = run.tokens
            self._whole.update(whole)
            if run.form is Form.BEGINNING:
                self._beginnings += (last,)
            else:
                self._whole.add(last)

    def __bool__(self) -> bool:
        return bool(self._whole or self._beginnings)

    def places(self, line: list[str], *columns: str) -> dict[str, list[int]]:
        """Where those of them that are on this line stand, ascending. `columns` are what the line was made of."""
        wanted = self._whole.union(
            word for beginning in self._beginnings for column in columns for word in _beginning_with(beginning, column)
        )
        # A word that is not there has no places at all, as in an analysis.
        found: dict[str, list[int]] = {}
        for place, word in enumerate(line):
            if word in wanted:
                found.setdefault(word, []).append(place)
        return found


def _beginning_with(beginning: str, column: str) -> Iterator[str]:
    column = f" {column} "
    at = column.find(f" {beginning}")
    while at >= 0:
        end = column.index(" ", at + 1)
        yield column[at + 1 : end]
        at = column.find(f" {beginning}", end)
