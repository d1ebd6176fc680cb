"""Why a query matched an article, or did not: its clauses, one by one.

`explain` finds the facts, all of them through the plan that decides the match; `failures` puts them into words.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from syndicator.query.analysis import Analysed
from syndicator.query.atoms import Form, Name, Run, Span, Where, run
from syndicator.query.compiler import compiled
from syndicator.query.plan import All, Any, Close, Facts, Group, Leaf, Never, Often, Plan, within
from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Query, Term
from syndicator.query.tokens import chunks, fold_word, words

_MAX_FORMS = 20  # mentions looked at for other forms of a word


class Shape(StrEnum):
    """What kind of clause it is."""

    TERM = "term"
    FIELD = "field"
    AND = "and"
    OR = "or"
    NOT = "not"
    NEAR = "near"
    ATLEAST = "atleast"


class Instead(StrEnum):
    """What an article has in place of the words it lacks.

    Nothing of them; the same words outside the field asked for; other forms of them; all of them, but not side by
    side in that order; only some of them.
    """

    NOTHING = "nothing"
    ELSEWHERE = "elsewhere"
    OTHER_FORM = "other form"
    APART = "apart"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clause of a query, held against an article.

    `clause` is its spelling and `satisfied` whether the article does what it asks; for `-x` that is to be without x.
    `mentions` counts the words found, None where words are not what is asked for. `needed` is the N of ATLEAST.
    `nearest` is, for a NEAR that is not satisfied although every side is there, how many words apart the two sides
    come at best at `link`, the first link of the chain that breaks (0: between its first two sides); 0 if they are only
    ever the same words, None if they are never in one section. `reach` is the limit of that link, or of the only one.

    `sought` is the clause without its field, `field` that field, "" for none. `instead` tells what is there where a
    term is not, and `words` which: of other forms the words as they stand, of some words those that are missing.
    For a source, a topic, a language or an author they are the names that the article has, satisfied or not.
    """

    clause: str
    satisfied: bool
    mentions: int | None = None
    needed: int | None = None
    nearest: int | None = None
    children: tuple["Explanation", ...] = ()
    shape: Shape = Shape.TERM
    sought: str = ""
    field: str = ""
    instead: Instead | None = None
    words: tuple[str, ...] = ()
    link: int | None = None
    reach: int | None = None

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented lines for people."""
        yield f"{'  ' * depth}{'yes' if self.satisfied else 'no ':3} {self.clause}{self._detail()}"
        for child in self.children:
            yield from child.lines(depth + 1)

    def _detail(self) -> str:
        if self.needed is not None:
            return f": {self.mentions} of {self.needed} mentions"
        if self.nearest == 0:
            return ": both sides are the same words"
        if self.nearest is not None:
            return f": both are there, nearest {self.nearest} words apart"
        if self.mentions:
            return f": {self.mentions} mention{'s' if self.mentions > 1 else ''}"
        return ""


def explain(query: Query, article: Analysed) -> Explanation:
    """The whole query against one article. Its root is satisfied exactly if the query matches."""
    return _explain(query.root, compiled(query, article.analyser), Facts(article), "")


def _explain(node: Node, plan: Plan, facts: Facts, field: str) -> Explanation:  # noqa: PLR0911 - one a kind of node
    """Tree and plan have one shape, but for Field, which the plan has in its atoms."""
    satisfied = plan.holds(facts)
    match node, plan:
        case Field(name, child), _:
            inner = _explain(child, plan, facts, name)
            if isinstance(child, Term):
                return inner
            return Explanation(str(node), satisfied, children=(inner,), shape=Shape.FIELD, sought=str(child))
        case Term(), Leaf(atom):
            return _term(node, atom, facts, field)
        case (And(nodes), All(plans)) | (Or(nodes), Any(plans) | Group(plans)):
            shape = Shape.AND if isinstance(node, And) else Shape.OR
            children = _each(nodes, plans, facts, field)
            return Explanation(str(node), satisfied, children=children, shape=shape, sought=str(node), field=field)
        case Not(child), Never(inner_plan):
            children = (_explain(child, inner_plan, facts, field),)
            return Explanation(str(node), satisfied, children=children, shape=Shape.NOT, sought=str(node), field=field)
        case Near(nodes), Close(plans):
            children = _each(nodes, plans, facts, field)
            broken = not satisfied and all(child.satisfied for child in children)
            link, nearest = _break(plan, facts) if broken else (None, None)
            return Explanation(
                clause=str(node),
                satisfied=satisfied,
                nearest=nearest,
                children=children,
                shape=Shape.NEAR,
                sought=str(node),
                field=field,
                link=link,
                reach=None if satisfied else _reach(plan, link),
            )
        case AtLeast(count, child), Often(_, inner_plan):
            within_field = child.name if isinstance(child, Field) else field
            operand = child.child if isinstance(child, Field) else child
            return Explanation(
                clause=str(node),
                satisfied=satisfied,
                mentions=len(inner_plan.spans(facts)),
                needed=count,
                children=(_explain(operand, inner_plan, facts, within_field),),
                shape=Shape.ATLEAST,
                sought=str(operand),
                field=within_field,
            )
    raise AssertionError(f"tree and plan differ at {node}")


def _reach(plan: Close, link: int | None) -> int | None:
    if link is not None:
        return plan.distances[link]
    return plan.distances[0] if len(plan.distances) == 1 else None


def _each(nodes: Sequence[Node], plans: Sequence[Plan], facts: Facts, field: str) -> tuple[Explanation, ...]:
    return tuple(_explain(node, plan, facts, field) for node, plan in zip(nodes, plans, strict=True))


def _term(term: Term, atom: Run | Name, facts: Facts, field: str) -> Explanation:
    clause = f"{field}:{term}" if field else str(term)
    sought = term.text + "*" * term.open_ended if field else str(term)
    satisfied = facts[atom]
    if isinstance(atom, Name):
        names = tuple(dict.fromkeys(atom.names(facts.article).values()))
        return Explanation(clause, satisfied, sought=sought, field=field, words=names)
    mentions = len(facts.spans(atom))
    if atom.where is Where.AUTHOR:
        authors = facts.article.document.authors
        return Explanation(clause, satisfied, mentions, sought=sought, field=field, words=authors)
    instead, found = (None, ()) if satisfied else _instead(term, atom, facts)
    return Explanation(clause, satisfied, mentions, sought=str(term), field=field, instead=instead, words=found)


def _instead(term: Term, atom: Run, facts: Facts) -> tuple[Instead, tuple[str, ...]]:
    """The nearest thing to a run that the article has: other questions of the same kind, put to the same facts."""
    if atom.where is not Where.ANYWHERE and facts[run(Where.ANYWHERE, atom.form, atom.tokens)]:
        return Instead.ELSEWHERE, ()
    if atom.form is Form.EXACT:
        forms = run(atom.where, Form.STEM, facts.article.analyser.stems(term.text))
        if facts[forms]:
            stand = (_as_they_stand(span, facts.article) for span in facts.spans(forms)[:_MAX_FORMS])
            return Instead.OTHER_FORM, tuple(dict.fromkeys(stand))
    if len(atom.tokens) > 1:
        missing = [word for word, one in zip(_written(term.text), _singly(atom), strict=True) if not facts[one]]
        if not missing:
            return Instead.APART, ()
        if len(missing) < len(atom.tokens):
            return Instead.SOME, tuple(dict.fromkeys(missing))
    return Instead.NOTHING, ()


def _singly(atom: Run) -> list[Run]:
    """Each word of a run by itself."""
    *before, last = atom.tokens
    whole = Form.EXACT if atom.form is Form.BEGINNING else atom.form
    return [*(run(atom.where, whole, (token,)) for token in before), run(atom.where, atom.form, (last,))]


def _written(text: str) -> list[str]:
    """The words of a term as its author wrote them, one for each of its tokens."""
    return [word for chunk in chunks(text) for _, _, word in words(chunk.group()) if fold_word(word)]


def _as_they_stand(span: Span, article: Analysed) -> str:
    text = article.document.title if span[1] < article.title_end else article.document.text
    return text[article.body.starts[span[0]] : article.body.ends[span[1]]]


def _break(plan: Close, facts: Facts) -> tuple[int, int | None]:
    """The first link of the chain that breaks, and the least distance at it."""
    reached = plan.operands[0].spans(facts)
    for link, (operand, limit) in enumerate(zip(plan.operands[1:], plan.distances, strict=True)):
        spans = operand.spans(facts)
        following = list(within(limit, reached, spans))
        if not following:
            return link, least_distance(reached, spans, facts.article.title_end)
        reached = following
    raise AssertionError("a chain without a break holds")


def least_distance(some: list[Span], others: list[Span], title_end: int) -> int | None:
    """Words between the closest two in one section; 0 if all such two overlap, None if there are none such."""
    least: int | None = None
    for in_title in (True, False):
        ends = sorted(end for _, end in some if (end < title_end) is in_title)
        starts = sorted(start for start, end in some if (end < title_end) is in_title)
        for start, end in others:
            if (end < title_end) is not in_title:
                continue
            before, after = bisect_left(ends, start) - 1, bisect_right(starts, end)
            if starts and least is None:
                least = 0
            apart = [start - ends[before]] if before >= 0 else []
            if after < len(starts):
                apart.append(starts[after] - end)
            least = min([*apart, *([least] if least else [])], default=least)
    return least
