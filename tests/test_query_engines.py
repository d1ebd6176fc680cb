"""One meaning: matcher, evaluate, FTS5 search and the plain reference agree on every article and every query."""

import pytest
from ftsindex import filled, opened, proposed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_reference import LEXICON, Story, holds

from syndicator.errors import QueryError
from syndicator.query import (
    Analyser,
    Document,
    Indexed,
    Matcher,
    Query,
    evaluate,
    explain,
    index_row,
    matches,
    parse,
    to_fts,
)
from syndicator.query.syntax import And, AtLeast, Field, Near, Not, Or, Term

ENGLISH = Analyser("en")
SOURCES = ["BBC News", "The Sun", "dépêche"]
AUTHORS = ["Starmer", "O’Brien", "asylum", "Đoković", "Beograd"]
TOPICS = ["asylum", "Channel"]
LANGUAGES = ["en", "en-GB", "sr", "sr-Latn"]


def written(document: Story) -> Document:
    return Document(
        title=" ".join(document.title),
        text="\n\n".join(", ".join(paragraph) + "." for paragraph in document.paragraphs),
        sources=document.sources,
        authors=document.authors,
        topics=document.topics,
        language=document.language,
    )


words = st.sampled_from(sorted(LEXICON))
stories = st.builds(
    Story,
    title=st.lists(words, max_size=4).map(tuple),
    paragraphs=st.lists(st.lists(words, min_size=1, max_size=8).map(tuple), max_size=4).map(tuple),
    sources=st.lists(st.sampled_from(SOURCES), max_size=2, unique=True).map(tuple),
    authors=st.lists(st.lists(st.sampled_from(AUTHORS), min_size=1, max_size=3).map(" ".join), max_size=2).map(tuple),
    topics=st.frozensets(st.sampled_from(TOPICS)),
    language=st.none() | st.sampled_from(LANGUAGES),
)
bare = words.map(Term)
phrases = st.lists(words, min_size=1, max_size=3).map(lambda found: Term(" ".join(found), quoted=True))
beginnings = st.sampled_from(["mi", "migra", "ho", "be", "dj", "30", "star"]).map(lambda b: Term(b, open_ended=True))
terms = bare | phrases | beginnings
operands = terms | st.lists(terms, min_size=2, max_size=3).map(lambda found: Or(tuple(found)))
chains = st.lists(operands, min_size=2, max_size=3).flatmap(
    lambda found: st.lists(st.integers(1, 6), min_size=len(found) - 1, max_size=len(found) - 1).map(
        lambda distances: Near(tuple(found), tuple(distances))
    )
)
counted = st.builds(AtLeast, st.integers(1, 4), operands)


def booleans(leaves):
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner | inner.map(Not), min_size=2, max_size=3).map(lambda found: And(tuple(found)))
            | st.lists(inner, min_size=2, max_size=3).map(lambda found: Or(tuple(found)))
            | inner.map(Not)
        ),
        max_leaves=6,
    )


def named(field, names):
    return booleans(st.sampled_from(names).map(lambda name: Term(name, quoted=True))).map(lambda n: Field(field, n))


said = booleans(terms | chains | counted)
fielded = st.builds(Field, st.sampled_from(["title", "lead"]), said)
meta = (
    named("source", [*SOURCES, "bbc news"])
    | named("topic", [*TOPICS, "ASYLUM"])
    | named("lang", [*LANGUAGES, "EN-gb"])
    | booleans(
        st.sampled_from(AUTHORS).map(Term) | st.sampled_from(["Starmer O’Brien"]).map(lambda t: Term(t, quoted=True))
    ).map(lambda n: Field("author", n))
)
nodes = booleans(
    terms
    | chains
    | counted
    | fielded
    | meta
    | st.builds(AtLeast, st.integers(1, 3), st.builds(Field, st.just("lead"), operands))
)


@st.composite
def queries(draw) -> Query:
    node = draw(nodes)
    try:
        return parse(str(node))
    except QueryError:  # it asks for nothing that must be there: let it
        return parse(f"({node}) {draw(words)}")


@pytest.fixture(scope="module")
def index():
    with opened() as connection:
        yield connection


def search(index, articles, query: Query, is_broad=lambda _: False) -> set[int]:
    found = to_fts(query, ENGLISH, is_broad)
    rows = proposed(index, found)
    if found.exact:
        return rows
    indexed = Indexed(query, ENGLISH)
    return {row for row in rows if indexed.matches(index_row(articles[row]))}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(stories, min_size=1, max_size=4), st.lists(queries(), min_size=1, max_size=4))
def test_all_engines_agree_with_the_reference(index, found_stories, found_queries):
    articles = [ENGLISH.analyse(written(story)) for story in found_stories]
    filled(index, articles)
    matcher = Matcher(dict(enumerate(found_queries)), ENGLISH)
    for number, query in enumerate(found_queries):
        expected = {row for row, story in enumerate(found_stories) if holds(query.root, story)}
        evaluated = {row: evaluate(query, article) for row, article in enumerate(articles)}
        matched = {
            row: match
            for row, article in enumerate(articles)
            for match in matcher.match(article)
            if match.key == number
        }
        assert {row for row, match in evaluated.items() if match} == expected
        assert set(matched) == expected
        assert search(index, articles, query) == expected
        assert search(index, articles, query, lambda beginning: len(beginning) % 2 == 0) == expected
        assert search(index, articles, query, lambda _: True) == expected
        indexed = Indexed(query, ENGLISH)
        assert {row for row, article in enumerate(articles) if indexed.matches(index_row(article))} == expected
        assert {row for row, article in enumerate(articles) if explain(query, article).satisfied} == expected
        for row in expected:
            assert evaluated[row] is not None
            assert evaluated[row].reasons == matched[row].reasons
            assert evaluated[row].reasons, "a match without a reason"
            for reason in evaluated[row].reasons:
                assert_points_at_its_words(reason, articles[row].document, query)


def assert_points_at_its_words(reason, document: Document, query: Query) -> None:
    whole = {"title": [document.title], "text": [document.text], "author": document.authors, "source": document.sources}
    whole |= {"topic": document.topics, "lang": [document.language]}
    assert any(reason.words == value[reason.start : reason.end] for value in whole[reason.field])
    assert reason.words
    if reason.field in {"title", "text"}:
        # The words by themselves satisfy the clause that they are given for.
        clause = reason.clause.removeprefix("lead:").removeprefix("title:")
        assert matches(parse(clause), ENGLISH.analyse(Document("", reason.words)))


@settings(max_examples=60, deadline=None)
@given(st.lists(queries(), min_size=2, max_size=8), st.lists(stories, min_size=1, max_size=3), st.data())
def test_a_matcher_changed_step_by_step_is_one_built_anew(found_queries, found_stories, data):
    grown = Matcher(dict(enumerate(found_queries)), ENGLISH)
    kept = dict(enumerate(found_queries))
    for _ in range(data.draw(st.integers(1, 6))):
        key = data.draw(st.integers(0, len(found_queries)))
        if key in kept and data.draw(st.booleans()):
            grown.remove(key)
            del kept[key]
        else:
            kept[key] = data.draw(st.sampled_from(found_queries))
            grown.add(key, kept[key])
    anew = Matcher(kept, ENGLISH)
    assert len(grown) == len(anew)
    for story in found_stories:
        article = ENGLISH.analyse(written(story))
        assert {m.key: m.reasons for m in grown.match(article)} == {m.key: m.reasons for m in anew.match(article)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(queries(), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(["asylum", "hotel", "uk", "beograd", "cafe"]), st.integers(0, 9)),
    stories,
)
def test_frequencies_change_no_result(found_queries, frequency, story):
    article = ENGLISH.analyse(written(story))
    with_it = Matcher(dict(enumerate(found_queries)), ENGLISH, frequency).match(article)
    without = Matcher(dict(enumerate(found_queries)), ENGLISH).match(article)
    assert {m.key for m in with_it} == {m.key for m in without}


@settings(max_examples=200, deadline=None)
@given(queries())
def test_the_canonical_spelling_parses_back(query):
    assert parse(str(query)).root == query.root
    assert str(parse(str(query))) == str(query)
