"""A query in plain words, so that its author can see what it will do."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Query, Term

_FIELDS = {
    "title": "in the title",
    "lead": "in the title or the first two paragraphs",
    "source": "from the source",
    "author": "by",
    "topic": "in the topic",
    "lang": "in the language",
}
_NAMES = {"source", "author", "topic", "lang"}
Titles = Mapping[str, Mapping[str, str]]
_UNTITLED: Titles = MappingProxyType({})


def describe(query: Query, titles: Titles = _UNTITLED) -> str:
    """One sentence: "articles that mention any form of asylum within 5 words of any form of hotel, but not …".

    `titles` are what topics and sources are called, by field and name in any case; others are called by their names.
    """
    called = {field: {name.casefold(): title for name, title in names.items()} for field, names in titles.items()}
    return f"articles {_articles(query.root, called)}"


def _articles(node: Node, titles: Titles) -> str:  # noqa: PLR0911 - one return a kind of node
    """What is said of the articles: what they mention, or where they are from."""
    match node:
        case And(children):
            wanted = [_part(child, titles) for child in children if not isinstance(child, Not)]
            unwanted = [_part(child.child, titles) for child in children if isinstance(child, Not)]
            said = _listed(wanted, "and") if wanted else "of any kind"
            return f"{said}, but none {_listed(unwanted, 'or')}" if unwanted else said
        case Or(children):
            if _is_choice(node):
                return f"that mention {_what(node)}"
            return _listed([_part(child, titles) for child in children], "or")
        case Not(child):
            return f"but none {_part(child, titles)}"
        case Field(name, child):
            if name in _NAMES:
                return f"{_FIELDS[name]} {_named(child, titles.get(name, {}))}"
            return f"{_part(child, titles)} {_FIELDS[name]}"
        case AtLeast(count, Field(name, child)):
            return f"that mention {_what(child)} at least {_times(count)} {_FIELDS[name]}"
        case AtLeast(count, child):
            return f"that mention {_what(child)} at least {_times(count)}"
        case Term() | Near():
            return f"that mention {_what(node)}"
    assert_never(node)


def _part(node: Node, titles: Titles) -> str:
    """The same as a part of a longer sentence: in brackets where it would run into its neighbours."""
    if isinstance(node, And | Or | Not) and not _is_choice(node):
        return f"({_articles(node, titles)})"
    return _articles(node, titles)


def _is_choice(node: Node) -> bool:
    return isinstance(node, Or) and all(isinstance(child, Term) for child in node.children)


def _what(node: Node) -> str:
    match node:
        case Term(text, quoted, open_ended):
            if quoted and open_ended:
                return f"“{text}…”"
            if quoted:
                return f"exactly “{text}”"
            return f"words beginning with {text}" if open_ended else f"any form of {text}"
        case Or(children):
            return "either " + _listed([_what(child) for child in children], "or")
        case Near(operands, distances):
            said = _what(operands[0])
            for operand, distance in zip(operands[1:], distances, strict=True):
                reach = "next to" if distance == 1 else f"within {distance} words of"
                said += f" {reach} {_what(operand)}"
            return said
        case _:
            return str(node)


def _named(node: Node, titles: Mapping[str, str]) -> str:
    match node:
        case Term(text, _, open_ended):
            return f"{text}…" if open_ended else titles.get(text.casefold(), text)
        case Or(children):
            return "either " + _listed([_named(child, titles) for child in children], "or")
        case And(children):
            return f"({_listed([_named(child, titles) for child in children], 'and')})"
        case Not(child):
            return f"not {_named(child, titles)}"
        case _:
            return str(node)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _listed(parts: Sequence[str], joint: str) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} {joint} {parts[-1]}"
