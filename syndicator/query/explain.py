"""Why a query matched an article, or did not: its clauses, one by one."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from syndicator.query.analysis import Analysed
from syndicator.query.atoms import Name, Span
from syndicator.query.compiler import compiled
from syndicator.query.plan import All, Any, Close, Facts, Group, Leaf, Never, Often, Plan, within
from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Query, Term


@dataclass(frozen=True, slots=True)
class Explanation:
    """One clause of a query, held against an article.

    `clause` is its spelling and `satisfied` whether the article does what it asks; for `-x` that is to be without x.
    `mentions` counts the words found, None where words are not what is asked for. `needed` is the N of ATLEAST.
    `nearest` is, for a NEAR that is not satisfied although every side is there, how many words apart the two sides
    come at best; None if they are never in one section.
    """

    clause: str
    satisfied: bool
    mentions: int | None = None
    needed: int | None = None
    nearest: int | None = None
    children: tuple["Explanation", ...] = ()

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
        if self.nearest is not None:
            return f": both are there, nearest {self.nearest} words apart"
        if self.mentions:
            return f": {self.mentions} mention{'s' if self.mentions > 1 else ''}"
        return ""


def explain(query: Query, article: Analysed) -> Explanation:
    """The whole query against one article. Its root is satisfied exactly if the query matches."""
    return _explain(query.root, compiled(query, article.analyser), Facts(article), "")


def _explain(node: Node, plan: Plan, facts: Facts, field: str) -> Explanation:
    """Tree and plan have one shape, but for Field, which the plan has in its atoms."""
    clause = f"{field}:{node}" if field and isinstance(node, Term) else str(node)
    satisfied = plan.holds(facts)
    match node, plan:
        case Field(name, child), _:
            inner = _explain(child, plan, facts, name)
            return inner if isinstance(child, Term) else Explanation(clause, satisfied, children=(inner,))
        case Term(), Leaf(atom):
            return Explanation(clause, satisfied, None if isinstance(atom, Name) else len(facts.spans(atom)))
        case (And(nodes), All(plans)) | (Or(nodes), Any(plans) | Group(plans)):
            pairs = zip(nodes, plans, strict=True)
            return Explanation(clause, satisfied, children=tuple(_explain(n, p, facts, field) for n, p in pairs))
        case Not(child), Never(inner_plan):
            return Explanation(clause, satisfied, children=(_explain(child, inner_plan, facts, field),))
        case Near(nodes), Close(plans):
            pairs = zip(nodes, plans, strict=True)
            children = tuple(_explain(n, p, facts, field) for n, p in pairs)
            there = not satisfied and all(child.satisfied for child in children)
            return Explanation(clause, satisfied, nearest=_nearest(plan, facts) if there else None, children=children)
        case AtLeast(count, child), Often(_, inner_plan):
            mentions = len(inner_plan.spans(facts))
            inner_field = child.name if isinstance(child, Field) else field
            operand = child.child if isinstance(child, Field) else child
            children = (_explain(operand, inner_plan, facts, inner_field),)
            return Explanation(clause, satisfied, mentions, needed=count, children=children)
    raise AssertionError(f"tree and plan differ at {node}")


def _nearest(plan: Close, facts: Facts) -> int | None:
    """The least distance at the first link of the chain that breaks."""
    reached = plan.operands[0].spans(facts)
    for operand, limit in zip(plan.operands[1:], plan.distances, strict=True):
        spans = operand.spans(facts)
        following = list(within(limit, reached, spans))
        if not following:
            return least_distance(reached, spans, facts.article.title_end)
        reached = following
    return None


def least_distance(some: list[Span], others: list[Span], title_end: int) -> int | None:
    """Words between the closest two that do not overlap and are in one section; None if there are none such."""
    least: int | None = None
    for in_title in (True, False):
        ends = sorted(end for _, end in some if (end < title_end) is in_title)
        starts = sorted(start for start, end in some if (end < title_end) is in_title)
        for start, end in others:
            if (end < title_end) is not in_title:
                continue
            before, after = bisect_left(ends, start) - 1, bisect_right(starts, end)
            apart = [start - ends[before]] if before >= 0 else []
            if after < len(starts):
                apart.append(starts[after] - end)
            least = min([*apart, *([least] if least is not None else [])], default=None)
    return least
