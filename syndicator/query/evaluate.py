"""One query against one article: whether it matches, and which words say so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, assert_never

from syndicator.model import Reason
from syndicator.query.analysis import Analysed
from syndicator.query.atoms import Name, Run, Span, Where
from syndicator.query.compiler import compiled
from syndicator.query.plan import All, Any, Close, Facts, Group, Leaf, Never, Often, Plan, leaves
from syndicator.query.syntax import Query

K = TypeVar("K")

MAX_MENTIONS = 100  # reasons given for one clause; ATLEAST never needs more
_MAX_WORDS = 400  # characters of the original shown in a reason


@dataclass(frozen=True, slots=True)
class Match(Generic[K]):
    """A query that matched, by its key, and why. `reasons` are empty only where they were not asked for."""

    key: K
    reasons: tuple[Reason, ...]


def matches(query: Query, article: Analysed) -> bool:
    """Whether the query matches the article."""
    return compiled(query, article.analyser).holds(Facts(article))


def evaluate(query: Query, article: Analysed) -> Match[Query] | None:
    """The match of a query with an article, with its reasons; None if it does not match."""
    plan, facts = compiled(query, article.analyser), Facts(article)
    return Match(query, reasons(plan, facts)) if plan.holds(facts) else None


def reasons(plan: Plan, facts: Facts) -> tuple[Reason, ...]:
    """Why a plan that holds does: the mentions that satisfied it, clause by clause, each once."""
    return tuple(dict.fromkeys(_evidence(plan, facts)))


def _evidence(plan: Plan, facts: Facts) -> Iterator[Reason]:  # noqa: C901 - one branch a kind of node
    match plan:
        case Leaf():
            known = facts.mentions.get(plan)
            if known is None:
                known = facts.mentions[plan] = tuple(_all_mentions(plan, facts))
            yield from known
        case All(children) | Any(children):
            for child in children:
                if child.holds(facts):
                    yield from _evidence(child, facts)
        case Close(operands):
            for operand, linked in zip(operands, plan.linked(facts), strict=True):
                yield from _evidence_within(operand, set(linked), facts)
        case Often(_, child):
            yield from _evidence(child, facts)
        case Group(members):
            for leaf in members:
                yield from _evidence(leaf, facts)
        case Never():
            return
        case _:
            assert_never(plan)


def _all_mentions(leaf: Leaf, facts: Facts) -> Iterator[Reason]:
    if isinstance(leaf.atom, Name):
        if facts[leaf.atom]:
            value = leaf.atom.names(facts.article)[leaf.atom.name]
            yield Reason(leaf.clause, value, leaf.atom.where.name.lower(), 0, len(value))
    else:
        yield from _mentions(leaf, facts.spans(leaf.atom), facts.article)


def _evidence_within(operand: Leaf | Group, allowed: set[Span], facts: Facts) -> Iterator[Reason]:
    for leaf in leaves(operand):
        yield from _mentions(leaf, [span for span in leaf.spans(facts) if span in allowed], facts.article)


def _mentions(leaf: Leaf, spans: list[Span], article: Analysed) -> Iterator[Reason]:
    assert isinstance(leaf.atom, Run)
    for first, last in spans[:MAX_MENTIONS]:
        if leaf.atom.where is Where.AUTHOR:
            author = article.document.authors[article.author_of[first]]
            yield Reason(leaf.clause, author, "author", 0, len(author))
            continue
        start, end = article.body.starts[first], article.body.ends[last]
        field, text = ("title", article.document.title) if last < article.title_end else ("text", article.document.text)
        yield Reason(leaf.clause, _shown(text, start, end), field, start, end)


def _shown(text: str, start: int, end: int) -> str:
    """The words as they stand; only their ends, if thousands of dashes lie between them."""
    if end - start <= _MAX_WORDS:
        return text[start:end]
    return f"{text[start : start + _MAX_WORDS // 2]} … {text[end - _MAX_WORDS // 2 : end]}"
