"""Why a query did not match, in an editor's words: the smallest clauses that failed, a sentence each.

Only words are chosen here. What holds and what does not was decided by the plan and stands in the Explanation.
"""

from collections.abc import Iterator, Sequence
from typing import assert_never

from syndicator.plurals import counted
from syndicator.query.explain import Explanation, Instead, Shape

MAX_FAILURES = 10
MAX_SENTENCE = 300  # characters
_MAX_NAMES = 8
_MAX_CLAUSE = 60
_MAX_PARTS = 3  # reasons within one sentence

_PLACES = {"": "in it", "title": "in the title", "lead": "in the lead"}
_IN_TEXT = {"title": "in the text, not in the title", "lead": "in the text, but only after the lead"}
_LEFT_OUT = "which the query leaves out"
_NAMES = {"source", "author", "topic", "lang"}


def failures(explanation: Explanation) -> tuple[str, ...]:
    """Why a query did not match; empty exactly if it did.

    At most MAX_FAILURES sentences of at most MAX_SENTENCE printable characters, and one that counts the rest.
    Parts that must all hold fail one by one; of a choice there is one sentence, for one of it would have been enough.
    """
    said = list(dict.fromkeys(_sentence(clause) for clause in _failed(explanation)))
    more = len(said) - MAX_FAILURES
    if more > 0:
        said[MAX_FAILURES:] = [f"And {more} more {'clause' if more == 1 else 'clauses'} failed."]
    return tuple(said)


def _failed(explanation: Explanation) -> Iterator[str]:
    if explanation.satisfied:
        return
    if explanation.shape in {Shape.AND, Shape.FIELD}:
        for child in explanation.children:
            yield from _failed(child)
    else:
        yield _why(explanation)


def _sentence(said: str) -> str:
    """With a capital, unless a quotation begins it, and a full stop."""
    return _short(said[:1].upper() + said[1:], MAX_SENTENCE - 1) + "."


def _why(clause: Explanation) -> str:  # noqa: PLR0911 - one return a shape
    """Why a clause is as it is, satisfied or not."""
    match clause.shape:
        case Shape.TERM:
            return _term(clause)
        case Shape.FIELD:
            return _why(clause.children[0])
        case Shape.NOT:
            return _why(clause.children[0]) if clause.satisfied else _forbidden(clause.children[0])
        case Shape.AND:
            return _reasons([child for child in clause.children if child.satisfied is clause.satisfied])
        case Shape.OR if clause.satisfied:
            return _reasons([child for child in clause.children if child.satisfied])
        case Shape.OR:
            return _no_choice(clause)
        case Shape.NEAR:
            return _near(clause) if clause.satisfied else _not_near(clause)
        case Shape.ATLEAST:
            return _counted(clause)
    assert_never(clause.shape)


def _forbidden(clause: Explanation) -> str:
    """Of what must not be there, that it is."""
    if clause.shape is Shape.TERM and clause.field in _NAMES:
        return f"{_term(clause)}, {_LEFT_OUT}"
    if clause.shape is Shape.TERM:
        where = f" {_PLACES[clause.field]}" if clause.field else ""
        return f"it has {_quoted(clause.sought)}{where}, {_LEFT_OUT}"
    return f"the query leaves this out: {_why(clause)}"


def _reasons(clauses: Sequence[Explanation]) -> str:
    said = [_why(clause) for clause in clauses[:_MAX_PARTS]]
    more = len(clauses) - len(said)
    return "; ".join([*said, f"and {more} more"] if more else said)


def _term(term: Explanation) -> str:
    if term.field in _NAMES:
        wanted = [term.sought]
        return f"it is {_named(term.field, wanted)}" if term.satisfied else _other_name(term.field, wanted, term.words)
    if term.satisfied:
        return f"{_quoted(term.sought)} is {_PLACES[term.field]}, {_times(term.mentions or 0)}"
    return _lacking(term)


def _lacking(term: Explanation) -> str:
    sought, place = _quoted(term.sought), _PLACES[term.field]
    match term.instead:
        case Instead.ELSEWHERE:
            return f"{sought} is {_IN_TEXT[term.field]}"
        case Instead.OTHER_FORM:
            return f"{sought} is {place} only in another form: {_listed(term.words, 'and')}"
        case Instead.APART:
            return f"the words of {sought} are {place}, but not side by side in this order"
        case Instead.SOME:
            missing = _listed([_quoted(word) for word in term.words], "and")
            return f"of {sought}, {missing} {_is(term.words)} not {place}"
        case _:
            return f"{sought} is not {place}" + (", nor anywhere else" if term.field else "")


def _no_choice(choice: Explanation) -> str:
    """Of a choice none: as a list of words where it is one, else with the reason of each."""
    if all(child.shape is Shape.TERM for child in choice.children):
        fields = {child.field for child in choice.children}
        if len(fields) == 1 and fields <= _NAMES:
            return _other_name(fields.pop(), [child.sought for child in choice.children], choice.children[0].words)
        place = _PLACES[fields.pop()] if len(fields) == 1 else _PLACES[""]
        spelt = [child.clause if place == _PLACES[""] else child.sought for child in choice.children]
        return f"none of these is {place}: {_listed(spelt)}"
    return f"none of these holds: {_reasons(choice.children)}"


def _near(near: Explanation) -> str:
    return (
        f"{_listed([_quoted(side.sought) for side in near.children], 'and')} are near each other {_PLACES[near.field]}"
    )


def _not_near(near: Explanation) -> str:
    if near.link is None:
        missing = [side for side in near.children if not side.satisfied]
        there = [_quoted(side.sought) for side in near.children if side.satisfied]
        wanted = "near" if near.reach is None else f"within {counted(near.reach, 'word')} of"
        return f"{_reasons(missing)} (wanted {wanted} {_listed(there, 'and') if there else 'each other'})"
    sides = [_quoted(side.sought) for side in near.children[near.link : near.link + 2]]
    match near.nearest:
        case None:
            why = "one is in the title, the other in the text"
        case 0:
            why = "both are the same words"
        case apart:
            why = f"the nearest are {apart} words apart"
    place = f" {_PLACES[near.field]}" if near.field else ""
    return f"{_listed(sides, 'and')} are not within {counted(near.reach or 0, 'word')} of each other{place}: {why}"


def _counted(clause: Explanation) -> str:
    place = f" {_PLACES[clause.field]}" if clause.field else ""
    sought = _quoted(clause.sought)
    if clause.satisfied:
        return f"{sought} is mentioned{place} {_times(clause.mentions or 0)}"
    times = f"{clause.mentions} time{'' if clause.mentions == 1 else 's'}"
    return f"{sought} is mentioned{place} {times}, of the {clause.needed} wanted"


def _other_name(field: str, wanted: Sequence[str], names: Sequence[str]) -> str:
    """What the article is, and what it is not; no article is of only one topic, so of those what it is says little."""
    if field == "topic":
        if len(wanted) == 1:
            return f"it is not {_named(field, wanted)}"
        return f"it is under none of the topics {_listed(wanted, 'and')}"
    return f"it is {_named(field, names, 'and') if names else _NAMELESS[field]}, not {_named(field, wanted)}"


_NAMELESS = {"source": "from no named source", "author": "by no named author", "lang": "in no known language"}


def _named(field: str, names: Sequence[str], joint: str = "or") -> str:
    article = {"source": "from", "author": "by", "topic": "under the topic", "lang": "in"}[field]
    return f"{article} {_listed(names, joint)}"


def _listed(items: Sequence[str], joint: str = "") -> str:
    """`a, b or c`; without a joint `a, b, c`. At most eight of them."""
    said = [_short(item) for item in items[:_MAX_NAMES]]
    more = len(items) - len(said)
    if more:
        return f"{', '.join(said)} and {more} more"
    if not joint or len(said) == 1:
        return ", ".join(said)
    return f"{', '.join(said[:-1])} {joint} {said[-1]}"


def _quoted(clause: str) -> str:
    """In quotation marks, but for a phrase, which has its own."""
    return _short(clause) if clause.startswith('"') and clause.endswith('"') else f"‘{_short(clause)}’"


def _short(text: str, most: int = _MAX_CLAUSE) -> str:
    """On one line, printable, not too long."""
    text = "".join(character if character.isprintable() else "�" for character in text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def _is(items: Sequence[str]) -> str:
    return "is" if len(items) == 1 else "are"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
