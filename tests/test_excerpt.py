"""The passage that shows why an article matched: where it is cut, and what is marked in it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.alerts.excerpt import MOST, excerpt, marked
from syndicator.alerts.message import Excerpt
from syndicator.cli.output import highlighted
from syndicator.model import Reason
from syndicator.query import Analyser, Document, evaluate, parse

ENGLISH = Analyser("en")
FILLER = "The council met on Tuesday and spoke of roads, schools and the price of bread. "


def reasons(query, text, title=""):
    match = evaluate(parse(query), ENGLISH.analyse(Document(title, text)))
    assert match
    return match.reasons


def shown(query, text, **options):
    found = excerpt(text, reasons(query, text), "text", **options)
    return found.text, [found.text[start:end] for start, end in found.spans]


@pytest.mark.parametrize(
    ("text", "around", "passage"),
    [
        ("The asylum hotel.", 100, "The asylum hotel."),
        (f"{FILLER}The asylum hotel closed.", 30, "… The asylum hotel closed."),
        (f"The asylum hotel closed. {FILLER}", 30, "The asylum hotel closed. …"),
        (f"{FILLER}An asylum seeker. {FILLER}", 20, "… An asylum seeker. …"),
        # No sentence begins or ends so near: whole words, then.
        ("one two three four five six asylum seven eight nine ten eleven", 12, "… five six asylum seven eight …"),
        ("one two three four five asylum seven eight", 1000, "one two three four five asylum seven eight"),
        ("First paragraph\n\nSecond  \t paragraph: asylum", 100, "First paragraph Second paragraph: asylum"),
        (f"{FILLER}\n\nA crosshead\n\nThe asylum hotel", 30, "… A crosshead The asylum hotel"),
        ("“No.” He said: “It is about asylum.” She left the room at once.", 24, "… He said: “It is about asylum.” …"),
    ],
)
def test_it_is_cut_where_a_sentence_or_a_word_ends(text, around, passage):
    assert shown("asylum", text, around=around) == (passage, ["asylum"])


def test_a_script_without_spaces_is_cut_between_its_characters():
    text = "あ" * 500 + "亡命" + "い" * 500
    passage, words = shown("亡命", text, around=10)
    assert passage == "… " + "あ" * 10 + "亡命" + "い" * 10 + " …"
    assert words == ["亡命"]


@pytest.mark.parametrize("length", range(285, 300))
def test_it_is_never_longer_than_it_may_be(length):
    text = "東" * 500 + "亡命" + "い" * (length - 150) + "。" + "う" * 500
    passage, words = shown("亡命", text, around=length - 149)
    assert len(passage) <= MOST
    assert words == ["亡命"]


def test_a_cut_takes_no_accent_from_its_letter():
    passage, _ = shown("東", "e\u0301" * 100 + "東" + "e\u0301" * 100, around=11)
    assert passage == "… " + "e\u0301" * 5 + "東" + "e\u0301" * 5 + " …"


def test_it_shows_where_most_of_the_query_comes_together():
    text = f"Asylum, asylum, asylum. {FILLER * 5}The asylum hotel near the Channel closed. {FILLER * 5}The hotel."
    passage, words = shown("asylum hotel channel", text, around=40)
    assert passage == "… The asylum hotel near the Channel closed. …"
    assert words == ["asylum", "hotel", "Channel"]


LONG = "Asylum " + "and so it went on " * 30


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("x" * MOST, "x" * MOST, id="just fits"),
        pytest.param("x" * (MOST + 1), "x" * (MOST - 2) + " …", id="one word"),
        pytest.param("x" * 297 + " yyy", "x" * 297 + " …", id="word by word"),
        pytest.param("x" * 298 + " yyy", "x" * 298 + " …", id="a word that just fits"),
        pytest.param("x" * 299 + " yyy", "x" * 298 + " …", id="a word that just does not"),
        pytest.param(" " * 400 + "x", "x", id="white space alone"),
        pytest.param("e\u0301" * 200, "e\u0301" * 149 + " …", id="accents"),
        pytest.param("xe\u0301" + "e\u0301" * 200, "x" + "e\u0301" * 148 + " …", id="no letter without its accent"),
    ],
)
def test_a_title_is_bounded(title, text):
    assert marked(title, ()) == Excerpt(text)


def test_of_a_title_that_is_cut_what_is_shown_is_marked():
    title = f"  {LONG}asylum at its end"
    found = marked(title, reasons("asylum", "", title))
    assert len(found.text) <= MOST
    assert found.text.startswith("Asylum and so")
    assert found.text.endswith(" …")
    assert [found.text[start:end] for start, end in found.spans] == ["Asylum"]


@given(st.text("ab \n\u0301", max_size=700), st.integers(0, 700), st.integers(1, 20))
def test_the_marks_of_a_title_lie_in_it(title, start, length):
    words = title[start : start + length]
    found = marked(title, [Reason("c", words, "title", start, start + len(words))] if words.strip() else [])
    assert len(found.text) <= MOST
    assert all(0 <= left <= right <= len(found.text) for left, right in found.spans)


def test_of_equal_places_it_shows_the_first():
    text = f"An asylum here. {FILLER * 5}An asylum there."
    assert shown("asylum", text, around=20)[0].startswith("An asylum here.")


def test_all_marks_of_the_passage_are_there_and_no_others():
    text = f"The asylum hotel, an asylum centre. {FILLER * 6}Asylum."
    assert shown("asylum", text)[1] == ["asylum", "asylum"]


def test_words_that_two_clauses_share_are_marked_once():
    text = "Talk of the Rwanda plan grew."
    assert shown('"Rwanda plan" rwanda plan "the Rwanda"', text)[1] == ["the Rwanda plan"]


def test_words_that_touch_are_one_mark():
    assert shown("東 京", "東京")[1] == ["東京"]


@pytest.mark.parametrize("text", ["   ", "a b"])
def test_white_space_is_never_marked(text):
    found = marked(text, [Reason("x", " ", "title", 1, 2)])
    assert found == Excerpt(text.strip())


def test_only_the_field_asked_for_counts():
    found = reasons("asylum", "The asylum hotel", "Asylum plan")
    assert marked("Asylum plan", found) == Excerpt("Asylum plan", ((0, 6),))
    assert excerpt("The asylum hotel", found, "text") == Excerpt("The asylum hotel", ((4, 10),))


def test_a_title_is_shown_whole_and_on_one_line():
    title = " Asylum\nplan  " + "very " * 50 + "asylum "
    found = marked(title, reasons("asylum", "", title))
    assert found.text == "Asylum plan " + "very " * 50 + "asylum"
    assert [found.text[start:end] for start, end in found.spans] == ["Asylum", "asylum"]
    assert marked("Nothing of it", found and ()) == Excerpt("Nothing of it")


@pytest.mark.parametrize(
    "reason",
    [
        Reason("x", "asylum", "text", 400, 406),
        Reason("x", "asylum", "text", -3, 3),
        Reason("x", "asylum", "text", 6, 3),
        Reason("x", "", "text", 3, 3),
        Reason("x", "hotel", "text", 4, 9),
        Reason("x", "the … asylum", "text", 0, 10),
    ],
    ids=["beyond the end", "before the start", "backwards", "empty", "other words", "other ends"],
)
def test_a_text_that_changed_since_marks_nothing(reason):
    assert excerpt("The asylum hotel", [reason], "text") == Excerpt("")
    assert (
        marked("The asylum hotel", [Reason(reason.clause, reason.words, "title", reason.start, reason.end)]).spans == ()
    )


def test_what_still_stands_is_marked_beside_what_does_not():
    found = excerpt(
        "The asylum hotel", [Reason("a", "asylum", "text", 4, 10), Reason("b", "x", "text", 90, 91)], "text"
    )
    assert found == Excerpt("The asylum hotel", ((4, 10),))


def test_a_very_long_phrase_is_cut_short():
    text = "asylum " + "- " * 50_000 + "hotel"
    found = excerpt(text, reasons('"asylum hotel"', text), "text")
    assert len(found.text) <= MOST
    assert found.text.startswith("asylum - -")
    assert found.text.endswith("- …")
    assert found.spans == ((0, len(found.text) - 2),)


def test_many_reasons_cost_little():
    text = "asylum " * 20_000
    found = [Reason(f"c{i % 200}", "asylum", "text", i * 7, i * 7 + 6) for i in range(20_000)]
    began = time.process_time()
    assert len(excerpt(text, found, "text").text) <= MOST
    assert time.process_time() - began < 5


def test_the_terminal_shows_the_same_in_bold():
    text = f"{FILLER * 3}The asylum hotel closed. {FILLER}"
    passage = highlighted(text, reasons("asylum hotel", text), "text")
    assert passage.plain == "… The asylum hotel closed. …"
    assert [passage.plain[span.start : span.end] for span in passage.spans] == ["asylum", "hotel"]
    assert {str(span.style) for span in passage.spans} == {"bold"}


texts = st.text(st.sampled_from("ab. \n\u0301東。”…"), max_size=700) | st.text(max_size=60)


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(st.tuples(st.integers(-5, 700), st.integers(0, 400)), max_size=12), st.integers(0, 400))
def test_any_reasons_of_any_text_give_a_well_formed_excerpt(text, places, around):
    found = [Reason(f"c{i}", text[max(s, 0) : s + n], "text", s, s + n) for i, (s, n) in enumerate(places)]
    passage = excerpt(text, found, "text", around)
    for made in (passage, marked(text, [Reason(r.clause, r.words, "title", r.start, r.end) for r in found])):
        ends = [offset for span in made.spans for offset in span]
        assert ends == sorted(set(ends)), "spans are in order, none is empty, none touches another"
        assert all(0 <= offset <= len(made.text) for offset in ends)
        assert made.text == " ".join(made.text.split())
    assert len(passage.text) <= MOST
    standing = [text[r.start : r.end] for r in found if 0 <= r.start < r.end <= len(text)]
    if any(word.strip() for word in standing):
        inside = passage.text.removeprefix("… ").removesuffix(" …")
        assert inside in " ".join(text.split())
