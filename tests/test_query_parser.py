"""What a query may be, what its tree is, and how a bad one is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.errors import QueryError
from syndicator.query import describe, parse
from syndicator.query.syntax import And, AtLeast, Field, Near, Not, Or, Term


def w(text):
    return Term(text)


def q(text):
    return Term(text, quoted=True)


def p(text):
    return Term(text, open_ended=True)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("asylum", w("asylum")),
        ("a b", And((w("a"), w("b")))),
        ("a AND b", And((w("a"), w("b")))),
        ("a b OR c d", Or((And((w("a"), w("b"))), And((w("c"), w("d")))))),
        ("a (b OR c)", And((w("a"), Or((w("b"), w("c")))))),
        ("a OR (b OR c)", Or((w("a"), w("b"), w("c")))),
        ("((a))", w("a")),
        ("a -b", And((w("a"), Not(w("b"))))),
        ("a NOT b", And((w("a"), Not(w("b"))))),
        ("a AND NOT b", And((w("a"), Not(w("b"))))),
        ("NOT b a", And((Not(w("b")), w("a")))),
        ("--a", w("a")),
        ("NOT (NOT a)", w("a")),
        ("a -(b c)", And((w("a"), Not(And((w("b"), w("c"))))))),
        ('"Rwanda  plan"', q("Rwanda plan")),
        ("“Rwanda plan”", q("Rwanda plan")),
        ("„Rwanda plan“", q("Rwanda plan")),
        ("migra*", p("migra")),
        ('"asylum seek*"', Term("asylum seek", quoted=True, open_ended=True)),
        ("asylum-seeker", w("asylum-seeker")),
        ("a or b and not c", And(tuple(map(w, ["a", "or", "b", "and", "not", "c"])))),
        ("near atleast", And((w("near"), w("atleast")))),
        ("a NEAR/5 b", Near((w("a"), w("b")), (5,))),
        ("a NEAR/005 b", Near((w("a"), w("b")), (5,))),
        ("a NEAR/5 b NEAR/2 c", Near((w("a"), w("b"), w("c")), (5, 2))),
        ("x a NEAR/5 (b OR cc*) y", And((w("x"), Near((w("a"), Or((w("b"), p("cc")))), (5,)), w("y")))),
        ("x NOT a NEAR/5 b", And((w("x"), Not(Near((w("a"), w("b")), (5,)))))),
        ("ATLEAST/3 asylum", AtLeast(3, w("asylum"))),
        ("ATLEAST/3 (a OR b) c", And((AtLeast(3, Or((w("a"), w("b")))), w("c")))),
        ("ATLEAST/3 title:a", AtLeast(3, Field("title", w("a")))),
        ("title:a b", And((Field("title", w("a")), w("b")))),
        ("Title:(a NEAR/3 b)", Field("title", Near((w("a"), w("b")), (3,)))),
        ('source:"BBC News"', Field("source", q("BBC News"))),
        ("source:(BBC OR Sun)", Field("source", Or((w("BBC"), w("Sun"))))),
        ("author:smi*", Field("author", p("smi"))),
        ("lead:(a -b)", Field("lead", And((w("a"), Not(w("b")))))),
        ("a -title:b", And((w("a"), Not(Field("title", w("b")))))),
        ("title:AND", Field("title", w("AND"))),
        ("10:30", w("10:30")),
        ('a"b"(c)', And((w("a"), q("b"), w("c")))),
        ("-football asylum", And((Not(w("football")), w("asylum")))),
        ("\u3000asylum\t\nhotel ", And((w("asylum"), w("hotel")))),
    ],
)
def test_the_tree_of_a_query(text, root):
    query = parse(text)
    assert query.root == root
    assert parse(str(query)).root == root


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a  AND NOT (b)", "a -b"),
        ("NOT a NEAR/5 b c", "-(a NEAR/5 b) c"),
        ("(a b) OR c", "a b OR c"),
        ("(a OR b) c", "(a OR b) c"),
        ("“a  bb*”", '"a bb*"'),
        ("x NOT ATLEAST/2 a", "x -(ATLEAST/2 a)"),
        ("TITLE:(a)", "title:a"),
    ],
)
def test_the_canonical_spelling(text, canonical):
    assert str(parse(text)) == canonical


REFUSED = [
    ("", 0, "empty"),
    ("   ", 0, "empty"),
    ("-a", 0, "none of the words"),
    ("NOT a -b", 0, "none of the words"),
    ("a OR -b", 5, "none of the words"),
    ("a (b OR NOT c) OR -d", 18, "none of the words"),
    ("a OR title:(-b)", 12, "none of the words"),
    ("(a", 0, "never closed"),
    ("a (b (c)", 2, "never closed"),
    ("a)", 1, "closes nothing"),
    ("()", 0, "nothing between"),
    ("a ( )", 2, "nothing between"),
    ('a "b', 2, "never closed"),
    ('""', 0, "no letters"),
    ("a …", 2, "no letters"),
    ("a AND", 5, "missing"),
    ("a OR", 4, "missing"),
    ("a NOT", 5, "missing"),
    ("OR a", 0, "before OR"),
    ("a OR OR b", 5, "before OR"),
    ("a AND AND b", 6, "before AND"),
    ("(a OR) b", 5, "before this )"),
    ("a - b", 2, "minus"),
    ("*x", 0, "only end a word"),
    ("a*b", 1, "only end a word"),
    ("ab**", 2, "only end a word"),
    ("x *", 2, "by itself"),
    ("a*", 0, "too short"),
    ("asylum-s*", 0, "too short"),
    ('"a * b"', 3, "middle of a phrase"),
    ('"a *"', 3, "follow letters"),
    ('"ab"*', 4, "by itself"),
    ("titel:x", 0, "no field titel"),
    ("https://example.org", 0, "no field https"),
    ("title: x", 6, "nothing follows"),
    ("title:-x", 6, "minus"),
    ("title:lead:x", 6, "field inside"),
    ("title:(a lead:b)", 9, "field inside"),
    ("a NEAR b", 2, "without a number"),
    ("a NEAR/ b", 7, "from 1 to 100"),
    ("a NEAR/0 b", 7, "from 1 to 100"),
    ("a NEAR/101 b", 7, "from 1 to 100"),
    ("a NEAR/٥ b", 7, "from 1 to 100"),
    ("a near/5 b", 2, "capitals"),
    ("a NEAR/5", 8, "missing"),
    ("NEAR/5 a", 0, "before NEAR"),
    ("-a NEAR/5 b", 0, "one side of NEAR"),
    ("a NEAR/5 -b", 9, "not there"),
    ("a NEAR/5 NOT b", 9, "not there"),
    ("a NEAR/5 (b c)", 10, "NEAR can't take"),
    ("a NEAR/5 (b NEAR/2 c)", 10, "NEAR can't take"),
    ("a NEAR/5 (b OR -c)", 15, "NEAR can't take"),
    ("a NEAR/5 title:b", 9, "field inside NEAR"),
    ("title:a NEAR/5 b", 0, "field inside NEAR"),
    ("source:(a NEAR/5 b)", 8, "no meaning in source"),
    ("ATLEAST a", 0, "without a number"),
    ("ATLEAST/0 a", 8, "from 1 to 100"),
    ("ATLEAST/3 -a", 10, "nothing to join"),
    ("ATLEAST/3 (a b)", 11, "ATLEAST can't take"),
    ("ATLEAST/3 ATLEAST/2 a", 10, "ATLEAST inside"),
    ("ATLEAST/3 a NEAR/5 b", 0, "NEAR can't take ATLEAST"),
    ("a NEAR/5 ATLEAST/3 b", 9, "NEAR can't take"),
    ("ATLEAST/3 source:a", 10, "field inside ATLEAST"),
    ("author:(ATLEAST/2 a)", 8, "no meaning in author"),
    ("source:bb*", 7, "whole name"),
    ("topic:as*", 6, "whole name"),
    ("lang:en*", 5, "whole name"),
    ("lang:…", 5, "no language"),
    ('lang:"-"', 5, "no language"),
    ('source:""', 7, "takes a name"),
]


@pytest.mark.parametrize(("text", "position", "message"), REFUSED)
def test_a_bad_query_is_refused_where_it_is_bad(text, position, message):
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert message in refused.value.message
    assert refused.value.position == position
    assert refused.value.hint


def test_the_report_shows_the_place_and_what_to_write():
    with pytest.raises(QueryError) as refused:
        parse("asylum titel:hotel")
    lines = str(refused.value).splitlines()
    assert lines[1].index("titel") == lines[2].index("^")
    assert "title:" in lines[3]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a" * 4097, 4096),
        ("ж" * 2049, 2048),
        ("word " * 201, 1000),
        (f'"{"word " * 201}"', 0),
        ("(" * 31 + "a" + ")" * 31, 30),
        (" NEAR/5 ".join("abcdefghijk"), 83),
    ],
)
def test_a_query_past_the_limits_is_refused(text, position):
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert refused.value.position == position


@pytest.mark.parametrize(
    "text", ["a" * 4096, "ж" * 2048, "word " * 200, "(" * 30 + "a" + ")" * 30, "NOT " * 1000 + "a"]
)
def test_a_query_at_the_limits_is_taken(text):
    assert parse(text)


def test_topics_are_known_by_name():
    assert parse("topic:asylum", topics=["Asylum"])
    with pytest.raises(QueryError, match="no topic asylm") as refused:
        parse("x topic:asylm", topics=["asylum", "channel"])
    assert refused.value.position == 8
    assert "Did you mean asylum?" in refused.value.hint


def test_a_topic_can_be_kept_from_referring_to_topics():
    with pytest.raises(QueryError, match="can't refer to topics"):
        parse("topic:asylum", allow_topic=False)


PIECES = [
    "AND",
    "OR",
    "NOT",
    "-",
    "(",
    ")",
    '"',
    "“",
    "*",
    "a",
    "bb*",
    "NEAR/3",
    "ATLEAST/2",
    "title:",
    "source:",
    ":",
    " ",
    "'",
    "\x00",
    "\ud800",
    "é",
    "東",
    "NEAR",
    "/",
]


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)
    | st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
)
def test_any_text_either_parses_or_is_refused_at_a_place_in_it(text):
    query, refused = parsed(text)
    if query is None:
        assert 0 <= refused.position <= len(text)
        assert str(refused)
    else:
        assert parse(str(query)).root == query.root
        assert describe(query).startswith("articles ")


def parsed(text):
    try:
        return parse(text), None
    except QueryError as refused:
        return None, refused


@pytest.mark.parametrize(
    "piece", ["(", "-(", "NOT ", "title:(", "ATLEAST/2 ", "a OR (b ", "a NEAR/2 ", '"', "a -(", "*", "-"]
)
def test_endless_nesting_is_only_refused(piece):
    with pytest.raises(QueryError):
        parse(piece * (4096 // len(piece)))


def documented():
    page = (Path(__file__).parents[1] / "docs" / "query-language.md").read_text(encoding="utf-8")
    table = page.partition("## At a glance")[2].partition("\n\nAn example")[0]
    example = page.partition("everything in it:")[2].strip().splitlines()[0].strip()
    return [example, *re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)]


@pytest.mark.parametrize("text", documented())
def test_every_query_of_the_page_parses(text):
    assert parse(text)


def test_the_page_has_queries():
    assert len(documented()) > 10
