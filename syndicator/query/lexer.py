"""From a query's characters to its lexemes. What is written wrongly on the level of words is refused here."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from syndicator.errors import QueryError

FIELDS = ("title", "lead", "source", "author", "topic", "lang")
MAX_COUNT = 100  # of NEAR/N and ATLEAST/N
QUOTES = '"“”„‟«»＂'

_LEXEME = re.compile(rf"[()]|[{QUOTES}]|[^\s(){QUOTES}]+")
_CLOSING = re.compile(f"[{QUOTES}]")
_COUNTED = re.compile(r"(NEAR|ATLEAST)(?:/(.*))?", re.DOTALL)
_COUNTED_IN_SMALL = re.compile(r"(near|atleast)/\d+", re.IGNORECASE)
_FIELD = re.compile(r"([^\W\d_]+):(.*)", re.DOTALL)


class Kind(Enum):
    """What a lexeme is."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    MINUS = "-"
    NEAR = "NEAR"
    ATLEAST = "ATLEAST"
    FIELD = "field:"
    WORD = "a word"
    QUOTED = "a phrase"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One lexeme, and the offset it begins at. `text` of a field is its name; `count` is the N of NEAR/N."""

    kind: Kind
    at: int
    text: str = ""
    open_ended: bool = False
    count: int = 0


def lex(query: str) -> Iterator[Lexeme]:
    """The lexemes of a query, END last.

    Raises: QueryError for an open quotation mark, a misplaced `*` or `-`, an unknown field, a NEAR or ATLEAST
    without a proper number.
    """
    at = 0
    while (found := _LEXEME.search(query, at)) is not None:
        text, start, at = found.group(), found.start(), found.end()
        if text in "()":
            yield Lexeme(Kind(text), start)
        elif text in QUOTES:
            closing = _CLOSING.search(query, at)
            if closing is None:
                raise QueryError("this quotation mark is never closed", query, start, 'Close the phrase with ".')
            yield _quoted(query, start, query[at : closing.start()])
            at = closing.end()
        else:
            yield from _bare(query, start, text)
    yield Lexeme(Kind.END, len(query))


def _quoted(query: str, at: int, inside: str) -> Lexeme:
    text = " ".join(inside.split())
    open_ended = text.endswith("*")
    text = text.removesuffix("*")
    if "*" in text:
        hint = 'Inside quotes * may only end the last word, as in "asylum seek*".'
        raise QueryError("* in the middle of a phrase", query, query.index("*", at), hint)
    if text.endswith(" "):
        raise QueryError("* must follow letters", query, query.index("*", at), 'Write "asylum seek*".')
    return Lexeme(Kind.QUOTED, at, text, open_ended)


def _bare(query: str, at: int, text: str) -> Iterator[Lexeme]:
    while text.startswith("-"):
        if len(text) == 1 and query[at + 1 : at + 2] not in {"(", *QUOTES}:
            hint = "Write the minus directly before the word, as in -football."
            raise QueryError("a minus with nothing after it", query, at, hint)
        yield Lexeme(Kind.MINUS, at)
        at, text = at + 1, text[1:]
    if not text:
        return
    if text in {"AND", "OR", "NOT"}:
        yield Lexeme(Kind(text), at)
    elif (counted := _COUNTED.fullmatch(text)) is not None:
        yield Lexeme(Kind(counted[1]), at, count=_count(query, at, counted[1], counted[2]))
    elif _COUNTED_IN_SMALL.fullmatch(text):
        hint = f"Write {text.upper()}, or put it in quotes if you mean the words."
        raise QueryError("operators are written in capitals", query, at, hint)
    elif (field := _FIELD.fullmatch(text)) is not None:
        yield from _field(query, at, field[1], field[2])
    else:
        yield _word(query, at, text)


def _count(query: str, at: int, operator: str, number: str | None) -> int:
    digits = (number or "").lstrip("0")
    if re.fullmatch(r"[1-9][0-9]{0,2}", digits) and int(digits) <= MAX_COUNT:
        return int(digits)
    if number is None:
        hint = f"Write {operator}/5, or {operator.lower()} in small letters if you mean the word."
        raise QueryError(f"{operator} without a number", query, at, hint)
    hint = f"Write a number from 1 to {MAX_COUNT}, as in {operator}/5."
    raise QueryError(f"{operator} takes a number from 1 to {MAX_COUNT}", query, at + len(operator) + 1, hint)


def _field(query: str, at: int, name: str, rest: str) -> Iterator[Lexeme]:
    if name.lower() not in FIELDS:
        close = difflib.get_close_matches(name.lower(), FIELDS, 1)
        meant = f"Did you mean {close[0]}:? " if close else ""
        hint = f"{meant}The fields are {', '.join(FIELDS)}. Put the words in quotes if the colon is part of them."
        raise QueryError(f"there is no field {name[:40]}:", query, at, hint)
    yield Lexeme(Kind.FIELD, at, name.lower())
    at += len(name) + 1
    following = query[at : at + 1]
    if not rest:
        if following not in {"(", *QUOTES}:
            hint = f"Write the word directly after the colon, as in {name.lower()}:london."
            raise QueryError(f"nothing follows {name.lower()}:", query, min(at, len(query)), hint)
    elif rest.startswith("-"):
        raise QueryError("the minus belongs before the field", query, at, f"Write -{name.lower()}:{rest[1:41]}")
    elif (inner := _FIELD.fullmatch(rest)) is not None and inner[1].lower() in FIELDS:
        raise QueryError("a field inside a field", query, at, "Name one field for each word or group.")
    else:
        yield _word(query, at, rest)


def _word(query: str, at: int, text: str) -> Lexeme:
    star = text.find("*")
    if 0 <= star < len(text) - 1:
        hint = "* may only end a word, as in migra*." if star else "Leave the first * out: * may only end a word."
        raise QueryError("* may only end a word", query, at + star, hint)
    if star == 0:
        hint = 'Write it at the end of a word, as in migra*; in a phrase inside the quotes, as in "asylum seek*".'
        raise QueryError("* by itself", query, at, hint)
    return Lexeme(Kind.WORD, at, text.removesuffix("*"), star > 0)
