"""The FTS5 side: expressions that SQLite takes, that find what they should, and that nobody can break out of."""

import pytest
from ftsindex import filled, opened, proposed
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.errors import QueryError
from syndicator.query import Analyser, Document, matches, parse, to_fts

ENGLISH = Analyser("en")
ARTICLES = [
    Document(
        "Rwanda plan dropped",
        "Starmer’s asylum plan.\n\nHotels in Београд, 3.5bn.\n\nThe end OR NEAR title",
        ("BBC News", 'a"b'),
        ("Jane Smith", "John Doe"),
        frozenset({"asylum"}),
        "en-GB",
    ),
    Document("plan", "nothing\n\nelse", ("The Sun",), ("Smith",), frozenset(), "sr"),
    Document("", "", (), (), frozenset({"x y"}), None),
]


@pytest.fixture(scope="module")
def index():
    with opened() as connection:
        filled(connection, map(ENGLISH.analyse, ARTICLES))
        yield connection


@pytest.mark.parametrize(
    ("text", "rows", "exact"),
    [
        ("plan", {0, 1}, True),
        ('"rwanda plan"', {0}, True),
        ('"rwanda pl*"', {0}, True),
        ("hot*", {0}, True),
        ("3.5bn", {0}, True),
        ("beograd", {0}, True),
        ("title:plan -lead:asylum", {1}, True),
        ("lead:nothing lead:else", {1}, True),
        ("lead:near", set(), True),
        ('source:"bbc news"', {0}, True),
        ("topic:asylum", {0}, True),
        ('topic:"x y"', {2}, True),
        ("lang:en", {0}, True),
        ("lang:en-GB OR lang:sr", {0, 1}, True),
        ("author:smith -author:jane", {1}, True),
        ('author:"smith john"', set(), True),
        ("asylum NEAR/1 plan", {0}, True),
        ("starmer NEAR/2 plan", {0}, True),
        ("starmer NEAR/1 plan", set(), True),
        ("(starmer OR rwanda) NEAR/1 (plan OR asylum)", {0}, True),
        ('"dropped" NEAR/3 starmer', set(), False),
        ('"rwanda" NEAR/3 drop', {0}, False),
        ('"3.5bn" NEAR/3 hot*', {0}, False),
        ("asylum NEAR/3 rwan*", {0}, False),
        ("plan NEAR/3 plan", {0, 1}, False),
        ("ATLEAST/2 plan", {0}, True),
        ("ATLEAST/3 plan", set(), True),
        ("ATLEAST/1 plan", {0, 1}, True),
        ('ATLEAST/2 "plan"', {0}, True),
        ("title:(ATLEAST/2 plan)", set(), True),
        ("lead:(ATLEAST/2 plan)", {0}, True),
        ("ATLEAST/2 (plan OR plans OR rwanda)", {0}, True),
        ("ATLEAST/2 plan nothing", set(), True),
        ('ATLEAST/3 (plan OR "plan")', {0, 1}, False),
        ('ATLEAST/2 "asylum plan"', {0}, False),
        ("ATLEAST/2 pla*", {0, 1}, False),
        ("ATLEAST/2 plan OR else", {0, 1}, False),
        ("plan -(ATLEAST/2 plan)", {0, 1}, False),
        ("plan -(asylum -rwanda)", {0, 1}, True),
    ],
)
def test_what_an_expression_finds(index, text, rows, exact):
    found = to_fts(parse(text), ENGLISH)
    assert proposed(index, found) == rows
    assert found.exact is exact


@pytest.mark.parametrize(
    ("text", "left_out", "rows", "exact"),
    [
        ("asylum NEAR/3 rwan*", ["rwan"], {0}, False),
        ("plan NEAR/3 rwan*", ["rwan"], {0, 1}, False),
        ('"plan" NEAR/3 "the rwan*"', ["rwan"], {0, 1}, False),
        ("pla* NEAR/3 rwan*", ["rwan"], {0, 1}, False),
        ("pla* NEAR/3 rwan*", ["rwan", "pla"], {0}, False),
        ("plan NEAR/3 (rwan* OR hot*)", ["rwan"], {0, 1}, False),
        ("plan rwan*", ["rwan"], {0}, True),
    ],
)
def test_near_leaves_a_beginning_that_too_many_words_have_to_whoever_reads(index, text, left_out, rows, exact):
    asked = []
    found = to_fts(parse(text), ENGLISH, lambda beginning: asked.append(beginning) or beginning in left_out)
    assert proposed(index, found) == rows
    assert found.exact is exact
    assert len(asked) == len(set(asked)), "it takes a moment to tell"


HOSTILE = [
    "AND",
    "OR",
    '"',
    "a",
    "plan",
    "as*",
    "^",
    "{title}",
    ":",
    "title:",
    "source:",
    "'",
    ";",
    "--",
    "NEAR(a b)",
    "-",
    "(",
    ")",
    "+",
    '""',
    "\x00",
    "٣",
    "ﷺ",
    "½",
    "東",
    "é",
    "NEAR/2",
    "ATLEAST/2",
    "\\",
    "𝐀",
]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(HOSTILE), max_size=12).map(" ".join)
    | st.lists(st.sampled_from(HOSTILE), max_size=12).map("".join)
    | st.text(max_size=30)
)
def test_nothing_a_query_holds_is_ever_fts_syntax(index, text):
    try:
        query = parse(text)
    except QueryError:
        return
    found = to_fts(query, ENGLISH)
    rows = proposed(index, found)
    matching = {row for row, document in enumerate(ARTICLES) if matches(query, ENGLISH.analyse(document))}
    assert matching == rows if found.exact else matching <= rows


@pytest.mark.parametrize(
    "text",
    [
        "rwanda OR (zebra -(" * 14 + "plan" + "))" * 14,
        "plan (" * 30 + "rwanda" + ")" * 30,
        "rwanda -(" * 30 + "plan" + ")" * 30,
        "title:(" + "rwanda OR (plan zebra -(" * 14 + "zebra" + "))" * 14 + ")",
        " OR ".join(f"word{i}" for i in range(200)),
        " ".join(f"-word{i}" for i in range(199)) + " plan",
        " NEAR/9 ".join(f"word{i}" for i in range(10)),
        "(" + " OR ".join(f"w{i}" for i in range(100)) + ") NEAR/9 (" + " OR ".join(f"v{i}" for i in range(100)) + ")",
        f'"{"plan " * 200}"',
    ],
)
def test_sqlite_takes_the_largest_queries(index, text):
    query = parse(text)
    found = to_fts(query, ENGLISH)
    rows = proposed(index, found)
    matching = {row for row, document in enumerate(ARTICLES) if matches(query, ENGLISH.analyse(document))}
    assert matching == rows if found.exact else matching <= rows
