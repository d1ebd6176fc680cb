"""The form that writes queries: whatever is typed parses, means just that, and is read back where it can be."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_query_engines import queries

from syndicator.errors import QueryError
from syndicator.query import Boxes, boxes_of, parse, written
from syndicator.query.syntax import And, Field, Near, Term
from syndicator.query.tokens import fold_text

# What the language would read more into.
SIGNS = [
    "OR",
    "AND",
    "NOT",
    "NEAR/5",
    "near/5",
    "ATLEAST/3",
    "NEAR",
    "title:",
    "x:y",
    "-",
    "(",
    ")",
    '"',
    "“",
    "*",
    ":",
]
typed = st.lists(
    st.one_of(
        st.sampled_from([*SIGNS, "asylum", "boat's", "3,000", "migra*", "a*", "東京", "–", "\u0301", "M&S"]),
        st.text(max_size=6),
    ),
    max_size=6,
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))
filled = st.builds(
    Boxes, all=typed, phrase=typed, any=typed, near=typed, near_to=typed, within=st.integers(1, 100), none=typed,
    in_title=st.booleans(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("boxes", "query"),
    [
        (Boxes(all="asylum hotel"), "asylum hotel"),
        (Boxes(any="boat, dinghy"), "boat OR dinghy"),
        (Boxes(any="boat"), "boat"),
        (Boxes(all="channel", any="boat dinghy"), "channel (boat OR dinghy)"),
        (Boxes(phrase="Rwanda plan"), '"Rwanda plan"'),
        (Boxes(phrase="“Rwanda plan”"), '"Rwanda plan"'),
        (Boxes(near="asylum", near_to="hotel", within=8), "asylum NEAR/8 hotel"),
        (Boxes(near="asylum seekers", near_to="hotel"), '"asylum seekers" NEAR/10 hotel'),
        (Boxes(near="asylum"), "asylum"),
        (Boxes(all="court", none="tennis, football"), "court -tennis -football"),
        (Boxes(any="boat dinghy", none='"gravy boat"'), '(boat OR dinghy) -"gravy boat"'),
        (Boxes(all="asylum hotel", none="sport", in_title=True), "title:(asylum hotel) -sport"),
        (Boxes(all='"Home Office" visa'), '"Home Office" visa'),
        (Boxes(all="migra*"), "migra*"),
        (Boxes(phrase="asylum seek*"), '"asylum seek*"'),
        (Boxes(all="boat boat"), "boat"),
        (Boxes(none="tennis"), ""),
        (Boxes(all=" – * ( "), ""),
        (Boxes(all="boat OR dinghy"), "boat or dinghy"),
        (Boxes(all="NEAR/5"), '"NEAR/5"'),
        (Boxes(all="title:boat"), '"title:boat"'),
        (Boxes(all="-boat (dinghy)"), "boat dinghy"),
        (Boxes(all='6" gun'), "6 gun"),
        (Boxes(all="a*"), "a"),
        (Boxes(all="mi*gra"), '"mi gra"'),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_boxes_write_a_query(boxes, query):
    assert written(boxes) == query


@given(filled)
def test_whatever_is_typed_parses_and_is_written_the_same_again(boxes):
    query = written(boxes)
    assume(query)
    parsed = parse(query)
    assert str(parsed) == query
    again = boxes_of(parsed)
    assert again is None or asked(written(again)) == asked(query)


@given(typed)
def test_all_the_words_that_are_typed_are_asked_for_and_no_other(text):
    assume(not any(mark in text for mark in '"“”„‟«»＂*'))
    query = written(Boxes(all=text))
    wanted = {word for piece in text.split() for word in fold_text(piece)}
    assert set(words_of(query)) == wanted


def asked(query):
    """Every part of a query, in whatever order."""
    root = parse(query).root
    parts = root.children if isinstance(root, And) else (root,)
    return {
        ("title", frozenset(map(str, each.child.children))) if isinstance(each, Field) and isinstance(each.child, And)
        else str(each)
        for each in parts
    }  # fmt: skip


def words_of(query):
    """Every word that a query asks for, folded."""
    found = []

    def walk(node):
        match node:
            case Term(text):
                found.extend(fold_text(text))
            case Near(operands):
                for operand in operands:
                    walk(operand)
            case Field(_, child):
                walk(child)
            case _:
                for child in getattr(node, "children", ()) or (node.child,):
                    walk(child)

    if query:
        walk(parse(query).root)
    return found


@pytest.mark.parametrize(
    ("query", "boxes"),
    [
        ("asylum", Boxes(all="asylum")),
        ("boat OR dinghy", Boxes(any="boat dinghy")),
        ('"Rwanda plan" asylum', Boxes(all="asylum", phrase="Rwanda plan")),
        ('"one plan" "two plans"', Boxes(all='"two plans"', phrase="one plan")),
        ("asylum NEAR/8 hotel -football", Boxes(near="asylum", near_to="hotel", within=8, none="football")),
        ("title:(asylum OR hotel)", Boxes(any="asylum hotel", in_title=True)),
        ("migra* AND NOT bird", Boxes(all="migra*", none="bird")),
        ('"asylum seek*"', Boxes(phrase="asylum seek*")),
        ('"boats"', Boxes(all='"boats"')),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_simple_query_is_read_back(query, boxes):
    assert boxes_of(parse(query)) == boxes


@pytest.mark.parametrize(
    "query",
    [
        "ATLEAST/3 asylum",
        "lead:asylum",
        "source:bbc asylum",
        "(a OR b) (c OR d)",
        "a NEAR/2 b NEAR/3 c",
        "a NEAR/2 b c NEAR/3 d",
        "(a OR b) NEAR/3 c",
        "boat OR (dinghy channel)",
        "boat -(dinghy channel)",
        "title:boat dinghy",
        "title:(boat -dinghy)",
    ],
)
def test_what_boxes_cannot_say_is_left_as_it_is(query):
    assert boxes_of(parse(query)) is None


@given(queries())
def test_boxes_that_are_read_from_a_query_ask_what_it_asks(query):
    try:
        parsed = parse(str(query))
    except QueryError:
        return
    boxes = boxes_of(parsed)
    assert boxes is None or asked(written(boxes)) == asked(str(parsed))
