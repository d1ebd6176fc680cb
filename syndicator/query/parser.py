"""The parser: recursive descent over the lexemes, nested at most 30 deep, in linear time.

or    = and { "OR" and }
and   = not { [ "AND" ] not }
not   = { "NOT" | "-" } near
near  = item { "NEAR/N" item }
item  = word | phrase | "(" or ")" | field ":" ( word | phrase | "(" or ")" ) | "ATLEAST/N" item
"""

import difflib
from collections.abc import Collection

from syndicator.errors import QueryError
from syndicator.query.folding import fold_name, language_range
from syndicator.query.lexer import Kind, Lexeme, lex
from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Operand, Or, Query, Term
from syndicator.query.tokens import MIN_PREFIX, fold_text, is_unspaced

MAX_BYTES = 4096
MAX_TERMS = 200
MAX_DEPTH = 30
MAX_CHAIN = 10  # sides of one NEAR

_NAMES = {"source", "topic", "lang"}  # fields whose value is a whole name
_TEXT = {"title", "lead"}
_BEGINS_ITEM = (Kind.WORD, Kind.QUOTED, Kind.OPEN, Kind.FIELD, Kind.ATLEAST, Kind.NOT, Kind.MINUS)


def parse(text: str, *, topics: Collection[str] | None = None, allow_topic: bool = True) -> Query:
    """Parse a query, or say what is wrong with it, where, and what to write instead.

    `topics` are the topics there are: with it, `topic:` must name one of them. `allow_topic=False` refuses
    `topic:` altogether, as a topic's own query must.

    Raises: QueryError.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        fits = len(text.encode("utf-8", "surrogatepass")[:MAX_BYTES].decode("utf-8", "ignore"))
        hint = "Split it into several queries."
        raise QueryError(f"the query is too long: {size} bytes, at most {MAX_BYTES}", text, fits, hint)
    return Query(text, _Parser(text, topics, allow_topic).parse())


class _Parser:
    def __init__(self, text: str, topics: Collection[str] | None, allow_topic: bool) -> None:
        self._text = text
        self._topics = None if topics is None else {fold_name(topic): topic for topic in topics}
        self._allow_topic = allow_topic
        self._lexemes = lex(text)
        self._next = next(self._lexemes)
        self._terms = 0
        self._depth = 0
        self._field: str | None = None

    def parse(self) -> Node:
        if self._sees(Kind.END):
            raise self._error("the query is empty", 0, "Write a word to look for, as in asylum.")
        root = self._or()
        if self._sees(Kind.CLOSE):
            raise self._error("this ) closes nothing", self._next.at, "Leave it out, or open a ( before it.")
        lonely = _without_anchor(root)
        if lonely is not None:
            hint = "Add a word that must be there, as in asylum -football."
            message = "this would match articles that have none of the words you look for"
            raise self._error(message, lonely.at, hint)
        return root

    def _error(self, message: str, at: int, hint: str) -> QueryError:
        return QueryError(message, self._text, at, hint)

    def _take(self) -> Lexeme:
        taken = self._next
        if taken.kind is not Kind.END:
            self._next = next(self._lexemes)
        return taken

    def _sees(self, *kinds: Kind) -> bool:
        return self._next.kind in kinds

    def _or(self) -> Node:
        children = [self._and()]
        while self._sees(Kind.OR):
            self._take()
            children.append(self._and())
        return _flat(Or, children)

    def _and(self) -> Node:
        children = [self._not()]
        while self._sees(Kind.AND, *_BEGINS_ITEM):
            if self._sees(Kind.AND):
                self._take()
            children.append(self._not())
        return _flat(And, children)

    def _not(self) -> Node:
        first, negated, minus = self._next, False, None
        while self._sees(Kind.NOT, Kind.MINUS):
            taken = self._take()
            minus = taken if taken.kind is Kind.MINUS else None
            negated = not negated
        item = self._item()
        if self._sees(Kind.NEAR):
            if minus is not None:
                hint = "Write -(a NEAR/5 b) to leave out the pair, or (a NEAR/5 b) -c to leave out a word."
                raise self._error("a minus on one side of NEAR", minus.at, hint)
            item = self._near(item)
        if not negated:
            return item
        return item.child if isinstance(item, Not) else Not(item, first.at)

    def _near(self, first: Node) -> Node:
        operands, distances = [self._operand(first, "NEAR")], []
        while self._sees(Kind.NEAR):
            if len(operands) == MAX_CHAIN:
                hint = "Split it into several conditions."
                raise self._error(f"a chain of more than {MAX_CHAIN} words with NEAR", self._next.at, hint)
            distances.append(self._take().count)
            if self._sees(Kind.NOT, Kind.MINUS):
                hint = "Write a NEAR/5 b -c to leave out a word."
                raise self._error("NEAR can't look for what is not there", self._next.at, hint)
            operands.append(self._operand(self._item(), "NEAR"))
        if self._field not in {None, *_TEXT}:
            raise self._error(f"NEAR has no meaning in {self._field}:", first.at, "Name the words only.")
        return Near(tuple(operands), tuple(distances), first.at)

    def _operand(self, node: Node, operator: str) -> Operand:
        if isinstance(node, Term):
            return node
        if isinstance(node, Or):
            for child in node.children:
                self._operand(child, operator)
            return node
        if isinstance(node, Field):
            hint = f"Put the field around it, as in title:({'a NEAR/5 b' if operator == 'NEAR' else 'ATLEAST/3 a'})."
            raise self._error(f"a field inside {operator}", node.at, hint)
        hint = "It takes words, phrases, or groups of them joined by OR."
        raise self._error(f"{operator} can't take this", node.at, hint)

    def _item(self) -> Node:
        taken = self._take()
        match taken.kind:
            case Kind.WORD | Kind.QUOTED:
                return self._term(taken)
            case Kind.OPEN:
                return self._group(taken)
            case Kind.FIELD:
                return self._in_field(taken)
            case Kind.ATLEAST:
                return self._at_least(taken)
            case Kind.END:
                raise self._error("something is missing at the end", taken.at, "Write a word here.")
            case Kind.CLOSE:
                hint = "Leave it out, or write a word before it."
                raise self._error("nothing stands before this )", taken.at, hint)
            case _:
                hint = f"Write a word there, or {taken.kind.value.lower()} in small letters if you mean the word."
                raise self._error(f"nothing to join stands before {taken.kind.value}", taken.at, hint)

    def _group(self, opened: Lexeme) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            hint = "Leave out needless ones, or split the query."
            raise self._error(f"more than {MAX_DEPTH} parentheses inside each other", opened.at, hint)
        if self._sees(Kind.CLOSE):
            raise self._error("nothing between ( and )", opened.at, "Leave the parentheses out.")
        inside = self._or()
        if not self._sees(Kind.CLOSE):
            raise self._error("this ( is never closed", opened.at, "Close it with ).")
        self._take()
        self._depth -= 1
        return inside

    def _in_field(self, named: Lexeme) -> Node:
        if self._field is not None:
            hint = "Name one field for each word or group."
            raise self._error("a field inside a field", named.at, hint)
        if named.text == "topic" and not self._allow_topic:
            hint = "Write out the words of that topic instead."
            raise self._error("a topic's query can't refer to topics", named.at, hint)
        self._field = named.text
        child = self._item()
        self._field = None
        return Field(named.text, child, named.at)

    def _at_least(self, taken: Lexeme) -> Node:
        if self._field not in {None, *_TEXT}:
            raise self._error(f"ATLEAST has no meaning in {self._field}:", taken.at, "Name the words only.")
        if self._sees(Kind.ATLEAST):
            raise self._error("ATLEAST inside ATLEAST", self._next.at, "Leave one of them out.")
        item = self._item()
        if self._sees(Kind.NEAR):
            hint = "Write them as two conditions, as in (a NEAR/5 b) ATLEAST/3 a."
            raise self._error("NEAR can't take ATLEAST", taken.at, hint)
        if isinstance(item, Field) and item.name in _TEXT:
            self._operand(item.child, "ATLEAST")
            return AtLeast(taken.count, item, taken.at)
        return AtLeast(taken.count, self._operand(item, "ATLEAST"), taken.at)

    def _term(self, taken: Lexeme) -> Term:
        term = Term(taken.text, taken.kind is Kind.QUOTED, taken.open_ended, taken.at)
        if self._field in _NAMES:
            self._check_name(term, self._field or "")
            count = 1
        else:
            words = fold_text(term.text)
            if not words:
                hint = "Signs are not searched: leave it out."
                raise self._error("no letters or digits here", taken.at, hint)
            if term.open_ended and len(words[-1]) < MIN_PREFIX and not is_unspaced(words[-1]):
                hint = f"Write at least {MIN_PREFIX} letters before *."
                raise self._error("too short a beginning", taken.at, hint)
            count = len(words)
        self._terms += count
        if self._terms > MAX_TERMS:
            hint = "Split it into several queries."
            raise self._error(f"the query has more than {MAX_TERMS} words", taken.at, hint)
        return term

    def _check_name(self, term: Term, field: str) -> None:
        if term.open_ended:
            hint = f'Write it in full, in quotes if it has spaces, as in {field}:"{term.text[:40]}".'
            raise self._error(f"{field}: takes a whole name", term.at, hint)
        name = fold_name(term.text)
        if not name:
            raise self._error(f"{field}: takes a name", term.at, f"Write the name, as in {field}:name.")
        if field == "lang" and not language_range(term.text):
            raise self._error("this is no language", term.at, "Write its tag, as in lang:en or lang:sr-Latn.")
        if field == "topic" and self._topics is not None and name not in self._topics:
            close = difflib.get_close_matches(name, self._topics, 1)
            known = ", ".join(sorted(self._topics.values())[:20])
            hint = f"Did you mean {self._topics[close[0]]}?" if close else f"The topics are {known or 'none yet'}."
            raise self._error(f"there is no topic {term.text[:40]}", term.at, hint)


def _flat(kind: type[And] | type[Or], children: list[Node]) -> Node:
    """One node for `a OR (b OR c)`; a single child is itself."""
    if len(children) == 1:
        return children[0]
    flat: list[Node] = []
    for child in children:
        if isinstance(child, kind):
            flat.extend(child.children)
        else:
            flat.append(child)
    return kind(tuple(flat), children[0].at)


def _without_anchor(node: Node) -> Node | None:
    """The part, if any, for which a document could match that has none of the words looked for."""
    match node:
        case Not():
            return node
        case And(children):
            lonely = [_without_anchor(child) for child in children]
            return lonely[0] if all(lonely) else None
        case Or(children):
            return next((found for child in children if (found := _without_anchor(child)) is not None), None)
        case Field(_, child):
            return _without_anchor(child)
        case _:
            return None
