"""A query from the boxes of a form, for those who do not want to learn the language; and back into the boxes.

What is typed means just that: operators, colons, signs and unpaired quotation marks are no more than words or nothing.
Only two things mean more, as everywhere on the web: words in quotation marks belong together, and `migra*` is a
beginning.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from syndicator.errors import QueryError
from syndicator.query.lexer import MAX_COUNT, QUOTES, Kind, lex
from syndicator.query.parser import parse
from syndicator.query.syntax import And, Field, Near, Node, Not, Or, Query, Term
from syndicator.query.tokens import MIN_PREFIX, fold_text, is_unspaced

WITHIN = 10
_PIECE = re.compile(rf"[{QUOTES}]([^{QUOTES}]*)[{QUOTES}]|([^\s{QUOTES}]+)|[{QUOTES}]")


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes as somebody filled them in. `within` is in words, 1 to 100; `in_title` is of what is wanted."""

    all: str = ""
    phrase: str = ""
    any: str = ""
    near: str = ""
    near_to: str = ""
    within: int = WITHIN
    none: str = ""
    in_title: bool = False


def written(boxes: Boxes) -> str:
    """The query that asks for what stands in the boxes, in its canonical spelling; "" where nothing is wanted."""
    wanted: list[Node] = [*_terms(boxes.all), *_whole(boxes.phrase, quoted=True), *_choice(_terms(boxes.any))]
    near, near_to = _whole(boxes.near), _whole(boxes.near_to)
    if near and near_to:
        wanted.append(Near((near[0], near_to[0]), (min(max(boxes.within, 1), MAX_COUNT),)))
    else:
        wanted += [*near, *near_to]
    wanted = list(dict.fromkeys(wanted))
    if not wanted:
        return ""
    asked = wanted[0] if len(wanted) == 1 else And(tuple(wanted))
    if boxes.in_title:
        asked = Field("title", asked)
    unwanted = [Not(term) for term in _terms(boxes.none)]
    if not unwanted:
        return str(asked)
    before = asked.children if isinstance(asked, And) else (asked,)
    return str(And((*before, *unwanted)))


def boxes_of(query: Query) -> Boxes | None:
    """The boxes that write a query of this meaning; None where boxes can't say it."""
    boxes = _read(query.root)
    if boxes is None:
        return None
    try:
        again = parse(written(boxes)).root
    except QueryError:
        return None
    return boxes if _parts(again) == _parts(query.root) else None


def _read(root: Node) -> Boxes | None:
    """The boxes that may write it."""
    wanted: list[Node] = [each for each in _all(root) if not isinstance(each, Not)]
    unwanted = [each.child for each in _all(root) if isinstance(each, Not)]
    in_title = False
    match wanted:
        case [Field("title", child)]:
            in_title, wanted = True, list(_all(child))
    terms: list[Term] = []
    phrase, choice, near, near_to, within = "", "", "", "", WITHIN
    for each in wanted:
        match each:
            case Term(text, quoted=True) if not phrase and " " in text:
                phrase = str(each)[1:-1]
            case Term():
                terms.append(each)
            case Or(children) if not choice:
                choice = _typed(children)
            case Near((Term() as one, Term() as other), (distance,)) if not near:
                near, near_to, within = str(one), str(other), distance
            case _:
                return None
    return Boxes(_typed(terms), phrase, choice, near, near_to, within, _typed(unwanted), in_title)


def _all(node: Node) -> Sequence[Node]:
    return node.children if isinstance(node, And) else (node,)


def _parts(node: Node) -> frozenset[Node]:
    """What a query asks, in whatever order it asks."""
    return frozenset(
        Field(each.name, And(tuple(sorted(set(_all(each.child)), key=str)))) if isinstance(each, Field) else each
        for each in _all(node)
    )


def _typed(nodes: Iterable[Node]) -> str:
    return " ".join(map(str, nodes))


def _choice(terms: Sequence[Term]) -> list[Node]:
    return [Or(tuple(terms))] if len(terms) > 1 else list(terms)


def _terms(typed: str) -> list[Term]:
    """What is typed, word by word; what stands in quotation marks is one."""
    found: list[Term] = []
    for piece in _PIECE.finditer(typed):
        quoted, word = piece.groups()
        if word is None:
            found += _whole(quoted or "", quoted=True)
        elif (term := _word(word)) is not None:
            found.append(term)
    return list(dict.fromkeys(found))


def _whole(typed: str, *, quoted: bool = False) -> list[Term]:
    """What is typed as one: a word in any form, several words as they stand; nothing where no word is."""
    if not quoted and len(typed.split()) == 1 and not re.search(f"[{QUOTES}]", typed):
        word = _word(typed.strip())
        return [word] if word is not None else []
    text = " ".join(re.sub(f"[{QUOTES}]", " ", typed).split())
    open_ended = _is_beginning(text)
    text = " ".join(text.replace("*", " ").split())
    return [Term(text, quoted=True, open_ended=open_ended)] if fold_text(text) else []


def _word(typed: str) -> Term | None:
    """One word as it is typed, in any form; as it stands where the language would read more into it."""
    open_ended = _is_beginning(typed)
    text = "".join(_without_signs(typed.replace("*", " ")))
    if not fold_text(text):
        return None
    if text in {"AND", "OR", "NOT", "NEAR", "ATLEAST"}:
        text = text.lower()
    return Term(text, quoted=not _is_plain(text), open_ended=open_ended)


def _without_signs(text: str) -> Iterator[str]:
    """The characters from the first letter or digit to the last, marks that belong to them included."""
    held = ""
    begun = False
    for sign in " ".join(text.split()):
        if unicodedata.category(sign)[0] in "LNM":
            yield held + sign if begun else sign
            held, begun = "", True
        else:
            held += sign


def _is_beginning(typed: str) -> bool:
    if not typed.endswith("*") or typed.endswith(" *"):
        return False
    words = fold_text(typed.replace("*", " "))
    return bool(words) and (len(words[-1]) >= MIN_PREFIX or is_unspaced(words[-1]))


def _is_plain(text: str) -> bool:
    """Whether the language reads it as one word and no more."""
    try:
        read = list(lex(text))
    except QueryError:
        return False
    return [lexeme.kind for lexeme in read] == [Kind.WORD, Kind.END] and read[0].text == text
