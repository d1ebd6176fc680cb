"""The scope of an alert: every engine hears exactly the topics and sources it is limited to."""

import pytest
from ftsindex import filled, opened, proposed
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.alerts.scope import scoped
from syndicator.query import (
    Analyser,
    Document,
    Matcher,
    describe,
    evaluate,
    explain,
    matches,
    parse,
    to_fts,
)
from syndicator.query.folding import fold_name
from syndicator.query.lexer import QUOTES

ENGLISH = Analyser("en")

# Names that could be taken for others, or for the language itself.
HOSTILE = [
    "Guardian: immigration and asylum", "Guardian", "Guardian: immigration", "immigration and asylum", "guard*", "*",
    'The "Real" News', "The Real News", "«Вести»", "Вести", "Политика", "C:\\news", "C:\\", "source:BBC", "BBC",
    "BBC OR Sky", "Sky", "(Sky)", "-Sky", "Sky NEAR/5 BBC", "AND", "OR", "NOT", "NEAR", "ATLEAST", "topic:asylum", "O’Brien's", "50% & more", "!", "…",
    "two  spaces", "東京新聞", "a\u00adb", "x" * 100, "BBC-News", "BBC News", "title:(asylum)", '"', "news*desk",
]  # fmt: skip


def from_source(*names, topics=()):
    return ENGLISH.analyse(Document("Asylum", "The hotel.", sources=names, topics=frozenset(topics)))


def spellable(name):
    return bool(fold_name(name)) and not set(name) & {*QUOTES, "*"}


@pytest.mark.parametrize(
    ("text", "topics", "sources", "spelling"),
    [
        ("asylum", [], [], "asylum"),
        ("asylum", ["channel"], [], "asylum topic:channel"),
        ("asylum", [], ["BBC News"], 'asylum source:"BBC News"'),
        ("asylum", ["small-boats", "channel"], ["BBC"], "asylum topic:(channel OR small-boats) source:BBC"),
        ("a OR b", ["channel"], [], "(a OR b) topic:channel"),
        ("a b -c", ["channel"], [], "a b -c topic:channel"),
        ("a NEAR/5 b", ["channel"], [], "a NEAR/5 b topic:channel"),
        ("ATLEAST/3 (a OR b)", [], ["Sky"], "ATLEAST/3 (a OR b) source:Sky"),
        ("a (b OR c d)", [], ["Sky"], "a (b OR c d) source:Sky"),
        ("asylum", [], ["BBC", "bbc", " BBC "], "asylum source:BBC"),
        ("asylum", [], ["", "BBC"], "asylum source:BBC"),
    ],
)
def test_the_scope_is_joined_to_the_whole_query(text, topics, sources, spelling):
    narrowed = scoped(parse(text), topics, sources)
    assert str(narrowed) == spelling
    assert parse(spelling).root == narrowed.root


def test_without_a_scope_the_query_is_the_same_one():
    query = parse("asylum")
    assert scoped(query, (), ()) is query


def test_a_set_of_names_has_one_spelling():
    assert scoped(parse("a"), ["x", "y"], ["B", "A"]) == scoped(parse("a"), ("y", "x"), {"A", "B"})


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_source_is_exactly_the_one_named(name):
    narrowed = scoped(parse("asylum"), (), [name])
    heard = [other for other in HOSTILE if matches(narrowed, from_source(other))]
    assert heard == [name]


@pytest.mark.parametrize("name", [name for name in HOSTILE if spellable(name)])
def test_what_can_be_spelt_parses_back(name):
    narrowed = scoped(parse("asylum OR hotel"), ["channel"], [name, "Elsewhere"])
    assert parse(str(narrowed)).root == narrowed.root


def test_the_scope_is_described_in_plain_words():
    narrowed = scoped(parse("asylum"), ["channel", "hotels"], ['The "Real" News'])
    said = 'articles that mention any form of asylum and in the topic either channel or hotels and from the source The "Real" News'
    assert describe(narrowed) == said.replace(" and in the topic", ", in the topic")


def test_capitals_accents_and_serbian_script_make_no_difference():
    assert matches(scoped(parse("asylum"), (), ["ПОЛИТИКА"]), from_source("Politika"))


@pytest.mark.parametrize("blank", ["", "  ", "\n"], ids=["empty", "spaces", "newline"])
def test_a_blank_name_lets_nothing_through(blank):
    narrowed = scoped(parse("asylum"), (), [blank])
    assert not any(matches(narrowed, from_source(*names)) for names in ((), ("",), ("BBC",)))


def test_an_article_of_two_sources_is_heard_under_either():
    article = from_source("BBC", "Sky")
    assert matches(scoped(parse("asylum"), (), ["Sky"]), article)
    assert not matches(scoped(parse("asylum"), (), ["ITV"]), article)


names = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["asylum", "hotel OR football", "asylum -hotel", "asylum NEAR/3 hotel", "ATLEAST/2 asylum OR hotel"]
    ),
    st.lists(names, max_size=3),
    st.lists(names, max_size=3),
    st.lists(names, max_size=3).map(tuple),
    st.lists(names, max_size=3),
)
def test_all_engines_hear_the_same(text, topics, sources, from_, under):
    article = from_source(*from_, topics=under)
    query = parse(text)
    narrowed = scoped(query, topics, sources)

    def shares(wanted, given):
        return not wanted or bool({fold_name(w) for w in wanted} & {fold_name(g) for g in given} - {""})

    expected = matches(query, article) and shares(topics, under) and shares(sources, from_)
    assert matches(narrowed, article) is expected
    assert (evaluate(narrowed, article) is not None) is expected
    assert explain(narrowed, article).satisfied is expected
    assert bool(Matcher({1: narrowed}, ENGLISH).matching(article)) is expected
    found = to_fts(narrowed, ENGLISH)
    with opened() as connection:
        filled(connection, [article])
        is_proposed = bool(proposed(connection, found))
    assert is_proposed is expected or (is_proposed and not found.exact)
    if all(map(spellable, [*topics, *sources])):
        assert parse(str(narrowed)).root == narrowed.root
