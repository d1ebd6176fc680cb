"""Which atoms a query hangs on: a few rare ones, of which every article that it matches has at least one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from syndicator.query.atoms import Atom, Form, Name, Run, Where
from syndicator.query.plan import All, Any, Close, Group, Leaf, Never, Often, Plan

# How many articles have a token: stems and folded words alike. A token that is not in it is rare.
Frequency = Mapping[str, int]

# A name is in more articles than any word: a last resort.
_NAME_COST = {Where.SOURCE: 1 << 40, Where.TOPIC: 1 << 41, Where.LANG: 1 << 42}
_MANY_WORDS = 4  # a beginning stands for several words


@dataclass(frozen=True, slots=True)
class Cover:
    """Atoms, one of which every matching article has; `cost` is about how many articles have one."""

    cost: int
    atoms: frozenset[Atom]


def cover(plan: Plan, frequency: Frequency | None) -> Cover | None:
    """The cheapest cover of a plan; None if it could match without any atom, which `parse` has refused.

    All: the cheapest child's. Any: the union of the children's. Close as All, Often as its child. Never has none.
    """
    match plan:
        case Leaf(atom):
            return Cover(cost(atom, frequency), frozenset((atom,)))
        case All(children) | Close(children):
            covers = [found for child in children if (found := cover(child, frequency)) is not None]
            return min(covers, key=lambda found: found.cost, default=None)
        case Any(children) | Group(children):
            parts = [cover(child, frequency) for child in children]
            whole = [part for part in parts if part is not None]
            if len(whole) < len(parts):
                return None
            return Cover(sum(part.cost for part in whole), frozenset().union(*(part.atoms for part in whole)))
        case Often(_, child):
            return cover(child, frequency)
        case Never():
            return None
    assert_never(plan)


def cost(atom: Atom, frequency: Frequency | None) -> int:
    """About how many articles have this atom."""
    if isinstance(atom, Name):
        return _NAME_COST[atom.where]
    if atom.form is Form.BEGINNING and len(atom.tokens) == 1:
        return _guess(atom.tokens[0]) * _MANY_WORDS
    return token_cost(rarest(atom, frequency), frequency)


def rarest(atom: Run, frequency: Frequency | None) -> str:
    """The token a run is filed under: every article that has the run has this token whole."""
    whole = atom.tokens[:-1] if atom.form is Form.BEGINNING else atom.tokens
    return min(whole, key=lambda token: token_cost(token, frequency))


def token_cost(token: str, frequency: Frequency | None) -> int:
    """About how many articles have this token."""
    return _guess(token) if frequency is None else frequency.get(token, 0)


def _guess(token: str) -> int:
    """Long words are rare ones (Zipf's law of abbreviation)."""
    return (1 << 20) >> min(len(token), 20)
