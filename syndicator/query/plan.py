"""Plans: a query made ready for articles. Same shape as its syntax tree, with atoms for leaves.

A plan is first asked whether it `holds`: booleans over atoms, each answered once an article. Positions are looked
at only where NEAR and ATLEAST ask for them. There is no other code that decides whether an article matches.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never
from weakref import WeakValueDictionary

from syndicator.model import Reason
from syndicator.query.analysis import Analysed
from syndicator.query.atoms import Atom, Run, Span


class Facts(dict[Atom, bool]):
    """What is known of one article so far: `facts[atom]` says whether it has the atom, and finds out only once.

    `mentions` remembers the reasons that a leaf gives, for the next query that shares it.
    """

    __slots__ = ("_spans", "article", "mentions")

    def __init__(self, article: Analysed) -> None:
        super().__init__()
        self.article = article
        self.mentions: dict[Leaf, tuple[Reason, ...]] = {}
        self._spans: dict[Run, list[Span]] = {}

    def __missing__(self, atom: Atom) -> bool:
        held = self[atom] = atom.holds(self.article)
        return held

    def spans(self, atom: Run) -> list[Span]:
        """Every mention of it, ascending."""
        spans = self._spans.get(atom)
        if spans is None:
            spans = self._spans[atom] = atom.spans(self.article)
        return spans


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Leaf:
    """An atom, and how this query spells it. Interned too: most queries share their leaves with others."""

    atom: Atom
    clause: str

    def holds(self, facts: Facts) -> bool:
        """Whether the article has the atom."""
        return facts[self.atom]

    def spans(self, facts: Facts) -> list[Span]:
        """Its mentions; a name has none."""
        return facts.spans(self.atom) if isinstance(self.atom, Run) else []


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every child holds."""

    children: tuple["Plan", ...]

    def holds(self, facts: Facts) -> bool:
        """Whether all do."""
        for child in self.children:  # noqa: SIM110 - a generator costs more than the children
            if not child.holds(facts):
                return False
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Any:
    """At least one child holds."""

    children: tuple["Plan", ...]

    def holds(self, facts: Facts) -> bool:
        """Whether one does."""
        for child in self.children:  # noqa: SIM110 - a generator costs more than the children
            if child.holds(facts):
                return True
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Several leaves taken as one operand of NEAR or ATLEAST: a mention of any is a mention of the group."""

    children: tuple[Leaf, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether one of them does."""
        return any(leaf.holds(facts) for leaf in self.children)

    def spans(self, facts: Facts) -> list[Span]:
        """The distinct mentions of all of them, ascending: words that two members share count once."""
        return sorted({span for leaf in self.children for span in leaf.spans(facts)})


@dataclass(frozen=True, slots=True, eq=False)
class Never:
    """The child does not hold."""

    child: "Plan"

    def holds(self, facts: Facts) -> bool:
        """Whether it doesn't."""
        return not self.child.holds(facts)


@dataclass(frozen=True, slots=True, eq=False)
class Close:
    """A mention of each operand, each within `distances[i]` words of the one before it in the chain."""

    operands: tuple[Leaf | Group, ...]
    distances: tuple[int, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether there is such a chain."""
        if not all(operand.holds(facts) for operand in self.operands):
            return False
        reached = self.operands[0].spans(facts)
        *links, last = zip(self.operands[1:], self.distances, strict=True)
        for operand, distance in links:
            reached = list(within(distance, reached, operand.spans(facts)))
        return next(within(last[1], reached, last[0].spans(facts)), None) is not None

    def linked(self, facts: Facts) -> list[list[Span]]:
        """For each operand, the mentions that are part of a chain."""
        reached = [self.operands[0].spans(facts)]
        for operand, distance in zip(self.operands[1:], self.distances, strict=True):
            reached.append(list(within(distance, reached[-1], operand.spans(facts))))
        for i in range(len(reached) - 2, -1, -1):
            reached[i] = list(within(self.distances[i], reached[i + 1], reached[i]))
        return reached


@dataclass(frozen=True, slots=True, eq=False)
class Often:
    """At least `count` mentions of the child."""

    count: int
    child: Leaf | Group

    def holds(self, facts: Facts) -> bool:
        """Whether there are so many."""
        return self.child.holds(facts) and len(self.child.spans(facts)) >= self.count


Plan = Leaf | All | Any | Group | Never | Close | Often


def leaves(plan: Plan) -> Iterator[Leaf]:
    """Every leaf of a plan, in order."""
    match plan:
        case Leaf():
            yield plan
        case All(children) | Any(children) | Group(children) | Close(children):
            for child in children:
                yield from leaves(child)
        case Never(child) | Often(_, child):
            yield from leaves(child)
        case _:
            assert_never(plan)


_LEAVES: WeakValueDictionary[tuple[Atom, str], Leaf] = WeakValueDictionary()


def leaf(atom: Atom, clause: str) -> Leaf:
    """The one Leaf of these."""
    return _LEAVES.setdefault((atom, clause), Leaf(atom, clause))


def within(limit: int, of: list[Span], spans: list[Span]) -> Iterator[Span]:
    """Those of `spans` that have one of `of` at most `limit` words away on either side, without overlapping it.

    The distance is from edge to nearer edge: neighbours are 1 apart.
    """
    starts = [start for start, _ in of]
    ends = sorted(end for _, end in of)
    for span in spans:
        before = bisect_left(ends, span[0]) - 1
        after = bisect_right(starts, span[1])
        if (before >= 0 and span[0] - ends[before] <= limit) or (
            after < len(starts) and starts[after] - span[1] <= limit
        ):
            yield span
