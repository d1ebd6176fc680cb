"""From a query's syntax tree to its plan, under one analysis."""

from functools import lru_cache
from typing import assert_never

from syndicator.query.analysis import Analyser
from syndicator.query.atoms import Atom, Form, Where, name, run
from syndicator.query.folding import fold_name, language_range
from syndicator.query.plan import All, Any, Close, Group, Leaf, Never, Often, Plan, leaf
from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Query, Term
from syndicator.query.tokens import fold_text, is_unspaced

_WHERE = {
    "title": Where.TITLE,
    "lead": Where.LEAD,
    "author": Where.AUTHOR,
    "source": Where.SOURCE,
    "topic": Where.TOPIC,
    "lang": Where.LANG,
}


@lru_cache(maxsize=1024)
def compiled(query: Query, analyser: Analyser) -> Plan:
    """The plan of a query, remembered."""
    return compile_query(query, analyser)


def compile_query(query: Query, analyser: Analyser) -> Plan:
    """The plan of a query. It has the tree's shape, but fields are gone into the atoms."""
    return _Compiler(analyser).plan(query.root, "")


class _Compiler:
    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser

    def plan(self, node: Node, field: str) -> Plan:  # noqa: PLR0911 - one return a kind of node
        match node:
            case Term():
                return self._leaf(node, field)
            case Field(name, child):
                return self.plan(child, name)
            case And(children):
                return All(tuple(self.plan(child, field) for child in children))
            case Or(children):
                return Any(tuple(self.plan(child, field) for child in children))
            case Not(child):
                return Never(self.plan(child, field))
            case Near(operands, distances):
                return Close(tuple(self._operand(operand, field) for operand in operands), distances)
            case AtLeast(count, Field(name, child)):
                return Often(count, self._operand(child, name))
            case AtLeast(count, child):
                return Often(count, self._operand(child, field))
        assert_never(node)

    def _operand(self, node: Node, field: str) -> Leaf | Group:
        if isinstance(node, Or):
            return Group(tuple(self._leaf(child, field) for child in node.children if isinstance(child, Term)))
        assert isinstance(node, Term)
        return self._leaf(node, field)

    def _leaf(self, term: Term, field: str) -> Leaf:
        return leaf(self._atom(term, field), f"{field}:{term}" if field else str(term))

    def _atom(self, term: Term, field: str) -> Atom:
        where = _WHERE.get(field, Where.ANYWHERE)
        if where in {Where.SOURCE, Where.TOPIC}:
            return name(where, fold_name(term.text))
        if where is Where.LANG:
            return name(where, language_range(term.text)[0])
        if not term.quoted and not term.open_ended and where is not Where.AUTHOR:
            return run(where, Form.STEM, self._analyser.stems(term.text))
        tokens = fold_text(term.text)
        begins = term.open_ended and not is_unspaced(tokens[-1])
        return run(where, Form.BEGINNING if begins else Form.EXACT, tokens)
