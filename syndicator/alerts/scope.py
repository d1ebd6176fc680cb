"""The query an alert really asks: its own, under its topics, from its sources.

The scope is joined to the syntax tree and not to the text. So the matcher, search, `explain` and `describe` see one
query, and a name with a quotation mark or a star in it, which the language has no spelling for, is still that name.
"""

import re
from collections.abc import Collection

from syndicator.query import Query
from syndicator.query.folding import fold_name
from syndicator.query.syntax import And, Field, Node, Or, Term

# What needs no quotation marks. AND, OR, NOT, NEAR and ATLEAST do, even as names.
_PLAIN = re.compile(r"(?!(?:AND|OR|NOT|NEAR|ATLEAST)\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def scoped(query: Query, topics: Collection[str], sources: Collection[str]) -> Query:
    """The query, and one of the topics if any are named, and one of the sources if any are named.

    Names are compared as `topic:` and `source:` compare them: whole, with their punctuation, capitals and accents
    folded; two that fold alike are one. A blank name is nobody's: alone it lets nothing through, for to leave it out
    would open the alert to everything.

    `str` of the result parses back to an equal tree, unless it is past the limits of `parse` or a name is blank or has
    a quotation mark or a star in it. So keep the three parts, and put them together with this.
    """
    scope = [field for name, among in (("topic", topics), ("source", sources)) if (field := _one_of(name, among))]
    if not scope:
        return query
    own = query.root.children if isinstance(query.root, And) else (query.root,)
    root = And((*own, *scope))
    return Query(str(root), root)


def _one_of(field: str, names: Collection[str]) -> Field | None:
    """`field:(a OR b)`, in an order of its own: a set of names has one spelling, whichever order it comes in."""
    folded = {fold_name(name): name for name in sorted(names, reverse=True)}
    if len(folded) > 1:
        folded.pop("", None)
    terms: list[Node] = [_term(folded[key]) for key in sorted(folded)]
    if not terms:
        return None
    return Field(field, terms[0] if len(terms) == 1 else Or(tuple(terms)))


def _term(name: str) -> Term:
    text = " ".join(name.split())  # as the lexer reads what is in quotes
    return Term(text, quoted=_PLAIN.fullmatch(text) is None)
