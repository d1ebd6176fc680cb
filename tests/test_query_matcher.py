"""The matcher: which queries are looked at, and that it can change while it runs."""

import gc
import weakref

import pytest

from syndicator.query import Analyser, Document, Matcher, parse
from syndicator.query.anchors import cover
from syndicator.query.compiler import compile_query

ENGLISH = Analyser("en")
ARTICLE = ENGLISH.analyse(Document("Rwanda plan", "asylum hotel asylum", sources=("BBC",), language="en"))
FREQUENCY = {"the": 900, "asylum": 50, "hotel": 20, "rwanda": 5, "plan": 100}


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("asylum", {("asylum",)}),
        ("asylum hotel", {("hotel",)}),
        ("asylum hotel lang:en", {("hotel",)}),
        ("asylum OR rwanda", {("asylum",), ("rwanda",)}),
        ("plan (asylum OR rwanda)", {("asylum",), ("rwanda",)}),  # 50 + 5 is rarer than 100
        ("hotel (asylum OR rwanda)", {("hotel",)}),
        ("asylum -rwanda", {("asylum",)}),
        ("asylum NEAR/5 (hotel OR rwanda)", {("hotel",), ("rwanda",)}),
        ("ATLEAST/3 (hotel OR plan) the", {("hotel",), ("plan",)}),
        ('"the plan" the', {("the", "plan")}),
        ("the unheard-of", {("unheard", "of")}),
    ],
)
def test_a_query_hangs_on_its_rarest_words(text, anchors):
    found = cover(compile_query(parse(text), ENGLISH), FREQUENCY)
    assert found
    assert {atom.tokens for atom in found.atoms} == anchors


def test_spellings_of_one_word_share_an_atom():
    plans = [compile_query(parse(text), ENGLISH) for text in ("hotel", "Hotels", "HOTEL")]
    assert len({plan.atom for plan in plans}) == 1
    assert {plan.clause for plan in plans} == {"hotel", "Hotels", "HOTEL"}
    assert compile_query(parse("hotel"), ENGLISH) is plans[0]


def test_atoms_go_when_nobody_asks_for_them():
    gone = weakref.ref(compile_query(parse("zyzzyva"), ENGLISH).atom)
    gc.collect()
    assert gone() is None


def test_each_query_is_found_once_however_many_of_its_words_are_there():
    matcher = Matcher({1: parse("asylum OR hotel OR rwanda*"), 2: parse("asylum")}, ENGLISH)
    assert sorted(matcher.matching(ARTICLE)) == [1, 2]


def test_a_query_can_be_added_replaced_and_removed():
    matcher = Matcher({}, ENGLISH)
    assert matcher.match(ARTICLE) == []
    matcher.add("a", parse("asylum"))
    assert matcher.matching(ARTICLE) == ["a"]
    matcher.add("a", parse("football"))
    assert matcher.matching(ARTICLE) == []
    matcher.add("b", parse("rwan* OR source:bbc"))
    assert matcher.matching(ARTICLE) == ["b"]
    matcher.remove("b")
    assert matcher.matching(ARTICLE) == []
    assert len(matcher) == 1
    assert "a" in matcher
    with pytest.raises(KeyError):
        matcher.remove("b")


def test_removing_does_not_depend_on_frequencies_that_have_moved():
    frequency = {"asylum": 1, "hotel": 9}
    matcher = Matcher({1: parse("asylum hotel"), 2: parse('"asylum hotel"')}, ENGLISH, frequency)
    frequency.update(asylum=9, hotel=1)
    matcher.remove(1)
    matcher.remove(2)
    assert matcher.matching(ARTICLE) == []
    matcher.add(1, parse("asylum hotel"))
    assert matcher.matching(ARTICLE) == [1]


def test_matches_come_with_the_reasons_of_their_own_spelling():
    matcher = Matcher({1: parse("hotels"), 2: parse("HOTEL")}, ENGLISH)
    assert {match.key: match.reasons[0].clause for match in matcher.match(ARTICLE)} == {1: "hotels", 2: "HOTEL"}
