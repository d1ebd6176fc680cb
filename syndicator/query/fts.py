"""The other engine: a query as an SQLite FTS5 expression, and an article as the row it is searched in.

The tokens in the row are ours, already folded and stemmed, so FTS5's own tokenizer has only to leave them alone:
`ascii` takes every non-ASCII character for a letter and splits at ASCII signs and spaces, which no token has (the
point of a decimal, and of our own marks, is named in `tokenchars`). Stems and words have columns of their own, for
a phrase must lie within one column; so does the lead, though its words are also in the text.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from syndicator.query.analysis import Analysed, Analyser
from syndicator.query.anchors import cover
from syndicator.query.atoms import Atom, Form, Name, Run, Where
from syndicator.query.compiler import compiled
from syndicator.query.plan import All, Any, Close, Group, Leaf, Never, Often, Plan, leaves
from syndicator.query.syntax import Query


class FtsRow(NamedTuple):
    """The columns of the index, in order; each a string of tokens joined by spaces."""

    title: str
    lead: str
    text: str
    title_stem: str
    lead_stem: str
    text_stem: str
    author: str
    meta: str


COLUMNS = FtsRow._fields
TOKENIZE = "ascii tokenchars '.'"


class FtsQuery(NamedTuple):
    """What to MATCH. If not `exact`, some rows that it finds do not match: hold them against `evaluate`."""

    expression: str
    exact: bool


# A token that no word can be: it stands between two authors, and no phrase can reach over it.
_BARRIER = "."
# FTS5's parser gives up at a stack of 100; what is nested deeper than this is widened to its words.
_MAX_DEPTH = 16
_MAX_PAIRS = 32  # NEAR between OR-groups is written out pair by pair

_COLUMNS = {
    Where.ANYWHERE: "title{0} text{0}",
    Where.TITLE: "title{0}",
    Where.LEAD: "title{0} lead{0}",
    Where.AUTHOR: "author",
}


def create_fts(table: str) -> str:
    """The statement that makes the index.

    It keeps its own copy of the tokens. A contentless index would be smaller, but SQLite before 3.43 needs the exact
    old values to delete a row, and one slip would corrupt the index unseen.
    """
    columns = ", ".join(COLUMNS)
    return f'CREATE VIRTUAL TABLE {table} USING fts5({columns}, tokenize="{TOKENIZE}")'


def index_row(article: Analysed) -> FtsRow:
    """The row under which an article is found."""
    body, authors = article.body, article.authors
    title, text = slice(article.title_end), slice(article.text_start, None)
    lead = slice(article.text_start, article.lead_end)
    meta = itertools.chain(
        (_name_token(Where.SOURCE, name) for name in article.sources),
        (_name_token(Where.TOPIC, name) for name in article.topics),
        (_name_token(Where.LANG, name) for name in article.languages),
    )
    return FtsRow(
        title=" ".join(body.words[title]),
        lead=" ".join(body.words[lead]),
        text=" ".join(body.words[text]),
        title_stem=" ".join(body.stems[title]),
        lead_stem=" ".join(body.stems[lead]),
        text_stem=" ".join(body.stems[text]),
        author=" ".join(_with_barriers(authors.words)),
        meta=" ".join(meta),
    )


def to_fts(query: Query, analyser: Analyser) -> FtsQuery:
    """The expression that finds every article the query matches, and no other if it is exact."""
    found = _expression(compiled(query, analyser), 0)
    assert found is not None, f"parse accepted a query without an anchor: {query}"
    return found


def _expression(plan: Plan, depth: int) -> FtsQuery | None:  # noqa: PLR0911 - one return a kind of node
    """A superset of what the plan matches; None where FTS5 can't say it alone (a NOT without a positive)."""
    if depth > _MAX_DEPTH:
        return _widened(plan)
    match plan:
        case Leaf(atom):
            return FtsQuery(_atom(atom), exact=True)
        case All(children):
            return _all(children, depth + 1)
        case Any(children) | Group(children):
            parts = [_expression(child, depth + 1) for child in children]
            whole = [part for part in parts if part is not None]
            if len(whole) < len(parts):
                return None
            return FtsQuery(_joined("OR", whole), all(part.exact for part in whole))
        case Never():
            return None
        case Close():
            return _close(plan)
        case Often(count, child):
            inner = _expression(child, depth + 1)
            return None if inner is None else FtsQuery(inner.expression, inner.exact and count == 1)
    assert_never(plan)


def _all(children: Iterable[Plan], depth: int) -> FtsQuery | None:
    wanted: list[FtsQuery] = []
    unwanted: list[FtsQuery] = []
    exact = True
    for child in children:
        if isinstance(child, Never):
            # Only what is said exactly may be taken away: a superset would take too much.
            part = _expression(child.child, depth)
            if part is not None and part.exact:
                unwanted.append(part)
            else:
                exact = False
        elif (part := _expression(child, depth)) is not None:
            wanted.append(part)
        else:
            exact = False
    if not wanted:
        return None
    expression = _joined("AND", wanted)
    if unwanted:
        expression = f"({expression} NOT {_joined('OR', unwanted)})"
    return FtsQuery(expression, exact and all(part.exact for part in wanted))


def _close(plan: Close) -> FtsQuery:
    links = list(zip(plan.operands, plan.operands[1:], plan.distances, strict=False))
    exact = len(links) == 1
    parts: list[FtsQuery] = []
    for one, other, distance in links:
        pairs = list(itertools.product(leaves(one), leaves(other)))
        if len(pairs) > _MAX_PAIRS:
            parts.extend(FtsQuery(_any(leaf.atom for leaf in leaves(side)), exact=False) for side in (one, other))
            continue
        near = [_near(a.atom, b.atom, distance) for a, b in pairs]
        parts.append(FtsQuery(_joined("OR", near), all(part.exact for part in near)))
    return FtsQuery(_joined("AND", parts), exact and all(part.exact for part in parts))


def _near(one: Atom, other: Atom, distance: int) -> FtsQuery:
    """FTS5 counts the words between, we the steps; it lets mentions overlap, we don't; it stays within a column."""
    assert isinstance(one, Run)
    assert isinstance(other, Run)
    if (one.form is Form.STEM) is not (other.form is Form.STEM):
        return FtsQuery(f"({_atom(one)} AND {_atom(other)})", exact=False)
    apart = not set(one.tokens) & set(other.tokens) and Form.BEGINNING not in {one.form, other.form}
    return FtsQuery(f"{_columns(one)} : NEAR({_phrase(one)} {_phrase(other)}, {distance - 1})", exact=apart)


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
        return f'meta : "{_name_token(atom.where, atom.name)}"'
    return f"{_columns(atom)} : {_phrase(atom)}"


def _columns(run: Run) -> str:
    return f"{{{_COLUMNS[run.where].format('_stem' if run.form is Form.STEM else '')}}}"


def _phrase(run: Run) -> str:
    # Tokens hold letters and digits only; doubling what can't be there costs nothing and needs no proof.
    phrase = " ".join(run.tokens).replace('"', '""')
    return f'"{phrase}" *' if run.form is Form.BEGINNING else f'"{phrase}"'


def _name_token(where: Where, name: str) -> str:
    """A name as one token: hexadecimal, for it may hold anything."""
    return f"{where.name.lower()}.{name.encode('utf-8', 'surrogatepass').hex()}"


def _with_barriers(words: list[str]) -> Iterator[str]:
    """The authors' words, with one barrier for each gap."""
    before = ""
    for word in words:
        if word or before:
            yield word or _BARRIER
        before = word
