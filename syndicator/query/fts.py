"""The other engine: a query as an SQLite FTS5 expression."""

import itertools
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple, assert_never

from syndicator.query.analysis import Analyser
from syndicator.query.anchors import cover
from syndicator.query.atoms import Atom, Form, Name, Run, Where
from syndicator.query.compiler import compiled
from syndicator.query.plan import All, Any, Close, Group, Leaf, Never, Often, Plan, leaves
from syndicator.query.rows import name_token
from syndicator.query.syntax import Query


class Count(NamedTuple):
    """That a row has at least `least` of these tokens, one or several of each, in these columns."""

    least: int
    tokens: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The expression that finds what has any of them."""
        return f"{{{' '.join(self.columns)}}} : ({' OR '.join(map(_quoted, self.tokens))})"

    def rows(self, terms: str) -> tuple[str, list[str | int]]:
        """The query that selects such rows from the table of `create_terms`, and its parameters."""
        tokens, columns = (", ".join("?" * len(names)) for names in (self.tokens, self.columns))
        chosen = f"SELECT doc FROM {terms} WHERE term IN ({tokens}) AND col IN ({columns})"  # noqa: S608 - our own name
        return f"{chosen} GROUP BY doc HAVING count(*) >= ?", [*self.tokens, *self.columns, self.least]


class FtsQuery(NamedTuple):
    """What to MATCH, and what rows that it finds must have besides.

    If not `exact`, some rows that it finds and that pass the `counts` do not match: hold them against `Indexed`.
    """

    expression: str
    exact: bool
    counts: tuple[Count, ...] = ()


# FTS5's parser gives up at a stack of 100; what is nested deeper than this is widened to its words.
_MAX_DEPTH = 16
_MAX_PAIRS = 32  # NEAR between OR-groups is written out pair by pair

_COLUMNS = {
    Where.ANYWHERE: "title{0} text{0}",
    Where.TITLE: "title{0}",
    Where.LEAD: "title{0} lead{0}",
    Where.AUTHOR: "author",
}


class _Index(NamedTuple):
    """What expressions are written for: how words become tokens, and which beginnings too many words have."""

    analyser: Analyser
    is_broad: Callable[[str], bool]


def to_fts(query: Query, analyser: Analyser, is_broad: Callable[[str], bool] = lambda _: False) -> FtsQuery:
    """The expression that finds every article the query matches, and no other if it is exact.

    FTS5 merges the lists of all words with a beginning before it finds the first row. NEAR leaves a beginning that
    `is_broad` to whoever reads the rows, if that of its other side is not.
    """
    found = _expression(compiled(query, analyser), _Index(analyser, cache(is_broad)), 0)
    assert found is not None, f"parse accepted a query without an anchor: {query}"
    return found


def _expression(plan: Plan, index: _Index, depth: int) -> FtsQuery | None:  # noqa: PLR0911 - one return a kind of node
    """A superset of what the plan matches; None where FTS5 can't say it alone (a NOT without a positive)."""
    if depth > _MAX_DEPTH:
        return _widened(plan)
    match plan:
        case Leaf(atom):
            return FtsQuery(_atom(atom), exact=True)
        case All(children):
            return _all(children, index, depth + 1)
        case Any(children) | Group(children):
            parts = [_expression(child, index, depth + 1) for child in children]
            whole = [part for part in parts if part is not None]
            if len(whole) < len(parts):
                return None
            return FtsQuery(_joined("OR", whole), all(part.exact and not part.counts for part in whole))
        case Never():
            return None
        case Close():
            return _close(plan, index)
        case Often(count, child):
            inner = _expression(child, index, depth + 1)
            return None if inner is None else _often(count, child, inner)
    assert_never(plan)


def _all(children: Iterable[Plan], index: _Index, depth: int) -> FtsQuery | None:
    wanted: list[FtsQuery] = []
    unwanted: list[FtsQuery] = []
    exact = True
    for child in children:
        if isinstance(child, Never):
            # Only what is said exactly may be taken away: a superset would take too much.
            part = _expression(child.child, index, depth)
            if part is not None and part.exact and not part.counts:
                unwanted.append(part)
            else:
                exact = False
        elif (part := _expression(child, index, depth)) is not None:
            wanted.append(part)
        else:
            exact = False
    if not wanted:
        return None
    expression = _joined("AND", wanted)
    if unwanted:
        expression = f"({expression} NOT {_joined('OR', unwanted)})"
    counts = tuple(count for part in wanted for count in part.counts)
    return FtsQuery(expression, exact and all(part.exact for part in wanted), counts)


def _often(count: int, child: Leaf | Group, once: FtsQuery) -> FtsQuery:
    """Mentions can be counted in the index where each is one token, and none stands in two of the columns."""
    if count == 1:
        return once
    runs = [leaf.atom for leaf in leaves(child) if isinstance(leaf.atom, Run)]
    alike = len({(run.where, run.form) for run in runs}) == 1 and all(len(run.tokens) == 1 for run in runs)
    if not alike or runs[0].form is Form.BEGINNING:
        return FtsQuery(once.expression, exact=False)
    tokens = tuple(sorted({run.tokens[0] for run in runs}))
    return FtsQuery(once.expression, once.exact, (Count(count, tokens, tuple(_columns(runs[0]).split())),))


def _close(plan: Close, index: _Index) -> FtsQuery:
    links = list(zip(plan.operands, plan.operands[1:], plan.distances, strict=False))
    exact = len(links) == 1
    parts: list[FtsQuery] = []
    for one, other, distance in links:
        pairs = list(itertools.product(leaves(one), leaves(other)))
        if len(pairs) > _MAX_PAIRS:
            parts.extend(FtsQuery(_any(leaf.atom for leaf in leaves(side)), exact=False) for side in (one, other))
            continue
        near = [_near(a.atom, b.atom, distance, index) for a, b in pairs]
        parts.append(FtsQuery(_joined("OR", near), all(part.exact for part in near)))
    return FtsQuery(_joined("AND", parts), exact and all(part.exact for part in parts))


def _near(one: Atom, other: Atom, distance: int, index: _Index) -> FtsQuery:
    """FTS5 counts the words between, we the steps; it lets mentions overlap, we don't; it stays within a column."""
    assert isinstance(one, Run)
    assert isinstance(other, Run)
    narrow = [run for run in (one, other) if run.form is not Form.BEGINNING or not index.is_broad(run.tokens[-1])]
    if len(narrow) == 1:
        return FtsQuery(_atom(narrow[0]), exact=False)
    if (one.form is Form.STEM) is not (other.form is Form.STEM):
        both = f"{_atom(one)} AND {_atom(other)}"
        stem, other_stem = _stemmed(one, index.analyser), _stemmed(other, index.analyser)
        if stem and other_stem:
            # Where the words are near each other, their stems are.
            both += f" AND {_chain(stem, other_stem, distance)}"
        return FtsQuery(f"({both})", exact=False)
    apart = not set(one.tokens) & set(other.tokens) and Form.BEGINNING not in {one.form, other.form}
    return FtsQuery(_chain(one, other, distance), exact=apart)


def _chain(one: Run, other: Run, distance: int) -> str:
    return f"{{{_columns(one)}}} : NEAR({_phrase(one)} {_phrase(other)}, {distance - 1})"


def _stemmed(run: Run, analyser: Analyser) -> Run | None:
    """What stands in the columns of stems wherever this stands in those of words; None where that can't be said."""
    if run.form is Form.STEM:
        return run
    stems = [] if run.form is Form.BEGINNING else [stem for word in run.tokens if (stem := analyser.stem_of(word))]
    return Run(run.where, Form.STEM, tuple(stems)) if len(stems) == len(run.tokens) else None


def _widened(plan: Plan) -> FtsQuery | None:
    found = cover(plan, None)
    return None if found is None else FtsQuery(_any(found.atoms), exact=False)


def _any(atoms: Iterable[Atom]) -> str:
    return f"({' OR '.join(sorted({_atom(atom) for atom in atoms}))})"


def _joined(operator: str, parts: list[FtsQuery]) -> str:
    if len(parts) == 1:
        return parts[0].expression
    return f"({f' {operator} '.join(part.expression for part in parts)})"


def _atom(atom: Atom) -> str:
    if isinstance(atom, Name):
        return f'meta : "{name_token(atom.where, atom.name)}"'
    return f"{{{_columns(atom)}}} : {_phrase(atom)}"


def _columns(run: Run) -> str:
    return _COLUMNS[run.where].format("_stem" if run.form is Form.STEM else "")


def _phrase(run: Run) -> str:
    phrase = _quoted(" ".join(run.tokens))
    return f"{phrase} *" if run.form is Form.BEGINNING else phrase


def _quoted(phrase: str) -> str:
    # Tokens hold letters and digits only; doubling what can't be there costs nothing and needs no proof.
    return '"' + phrase.replace('"', '""') + '"'
