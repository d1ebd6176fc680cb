"""Why an alert did not fire, in sentences that an editor can act on."""

import pytest
from hypothesis import HealthCheck, given, settings
from test_query_engines import queries, stories, written

from syndicator.query import Analyser, Document, explain, matches, parse
from syndicator.query.explain import least_distance
from syndicator.query.failures import MAX_FAILURES, MAX_SENTENCE, failures

ENGLISH = Analyser("en")
ARTICLE = ENGLISH.analyse(
    Document(
        title="Starmer’s Rwanda plan is dropped",
        text=(
            "Asylum seekers will leave the hotels, the UK said.\n\n"
            "Hotel owners in Београд drank café and waited for 3,000 people.\n\n"
            "The Channel saw no crossing. Asylum-hotel firms met O’Brien at l’asile."
        ),
        sources=("BBC News", "The Sun"),
        authors=("Jane Smith", "John Doe"),
        topics=frozenset({"hotels"}),
        language="en-GB",
    )
)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        # words
        ("football", ["‘football’ is not in it."]),
        ("asylum football cricket", ["‘football’ is not in it.", "‘cricket’ is not in it."]),
        ("footb*", ["‘footb*’ is not in it."]),
        ('"hotel owner"', ['"hotel owner" is in it only in another form: Hotel owners.']),
        ('"seeker"', ['"seeker" is in it only in another form: seekers.']),
        ('"plan Rwanda"', ['The words of "plan Rwanda" are in it, but not side by side in this order.']),
        ('"crossing the Channel"', ['The words of "crossing the Channel" are in it, but not side by side in this order.']),
        ('"plan Rwa*"', ['The words of "plan Rwa*" are in it, but not side by side in this order.']),
        ('"Rwanda scheme"', ['Of "Rwanda scheme", ‘scheme’ is not in it.']),
        ('"Београд ждрал Ниш"', ['Of "Београд ждрал Ниш", ‘ждрал’ and ‘Ниш’ are not in it.']),
        ("football-cricket", ["‘football-cricket’ is not in it."]),
        # fields
        ("title:asylum", ["‘asylum’ is in the text, not in the title."]),
        ("lead:channel", ["‘channel’ is in the text, but only after the lead."]),
        ('title:"asylum seekers"', ['"asylum seekers" is in the text, not in the title.']),
        ('title:"plan rwanda"', ['The words of "plan rwanda" are in the title, but not side by side in this order.']),
        ("title:football", ["‘football’ is not in the title, nor anywhere else."]),
        ("title:(plan asylum)", ["‘asylum’ is in the text, not in the title."]),
        ("title:(asylum OR football)", ["None of these is in the title: asylum, football."]),
        # near
        ("channel NEAR/2 crossing", ["‘channel’ and ‘crossing’ are not within 2 words of each other: the nearest are 3 words apart."]),
        ("channel NEAR/2 football", ["‘football’ is not in it (wanted within 2 words of ‘channel’)."]),
        ("football NEAR/2 channel", ["‘football’ is not in it (wanted within 2 words of ‘channel’)."]),
        ("football NEAR/2 cricket", ["‘football’ is not in it; ‘cricket’ is not in it (wanted within 2 words of each other)."]),
        ("rwanda NEAR/5 hotel", ["‘rwanda’ and ‘hotel’ are not within 5 words of each other: one is in the title, the other in the text."]),
        ("rwanda NEAR/5 rwanda", ["‘rwanda’ and ‘rwanda’ are not within 5 words of each other: both are the same words."]),
        ("starmer NEAR/1 rwanda NEAR/1 dropped", ["‘rwanda’ and ‘dropped’ are not within 1 word of each other: the nearest are 3 words apart."]),
        ("(x OR channel) NEAR/2 (crossing OR y)", ["‘x OR channel’ and ‘crossing OR y’ are not within 2 words of each other: the nearest are 3 words apart."]),
        ("title:(starmer NEAR/1 dropped)", ["‘starmer’ and ‘dropped’ are not within 1 word of each other in the title: the nearest are 4 words apart."]),
        # atleast
        ("ATLEAST/3 asylum", ["‘asylum’ is mentioned 2 times, of the 3 wanted."]),
        ("ATLEAST/3 channel", ["‘channel’ is mentioned 1 time, of the 3 wanted."]),
        ("ATLEAST/3 football", ["‘football’ is mentioned 0 times, of the 3 wanted."]),
        ("ATLEAST/3 lead:hotel", ["‘hotel’ is mentioned in the lead 2 times, of the 3 wanted."]),
        ("ATLEAST/9 (hotel OR asylum)", ["‘hotel OR asylum’ is mentioned 5 times, of the 9 wanted."]),
        # not
        ("asylum -hotel", ["It has ‘hotel’, which the query leaves out."]),
        ("asylum -title:plan", ["It has ‘plan’ in the title, which the query leaves out."]),
        ("asylum -(football OR channel)", ["The query leaves this out: ‘channel’ is in it, once."]),
        ("asylum -(hotel channel)", ["The query leaves this out: ‘hotel’ is in it, 3 times; ‘channel’ is in it, once."]),
        ("asylum -(hotel -football)", ["The query leaves this out: ‘hotel’ is in it, 3 times; ‘football’ is not in it."]),
        ("asylum -(channel NEAR/3 crossing)", ["The query leaves this out: ‘channel’ and ‘crossing’ are near each other in it."]),
        ("asylum -(ATLEAST/2 hotel)", ["The query leaves this out: ‘hotel’ is mentioned 3 times."]),
        (
            "asylum -(hotel channel uk people owner)",
            [
                "The query leaves this out: ‘hotel’ is in it, 3 times; ‘channel’ is in it, once; ‘uk’ is in it, once; and 2 more."
            ],
        ),
        ('asylum -source:"The Sun"', ["It is from The Sun, which the query leaves out."]),
        # or
        ("football OR cricket", ["None of these is in it: football, cricket."]),
        ("hotel (football OR cricket)", ["None of these is in it: football, cricket."]),
        ("title:hotel OR football", ["None of these is in it: title:hotel, football."]),
        (
            "football OR (channel NEAR/2 crossing)",
            ["None of these holds: ‘football’ is not in it; ‘channel’ and ‘crossing’ are not within 2 words of each other: the nearest are 3 words apart."],
        ),
        # names
        ("asylum topic:channel", ["It is not under the topic channel."]),
        ("asylum topic:(channel OR rwanda)", ["It is under none of the topics channel and rwanda."]),
        ("source:Guardian", ["It is from BBC News and The Sun, not from Guardian."]),
        ('source:(Guardian OR "Sky News" OR ITV)', ["It is from BBC News and The Sun, not from Guardian, Sky News or ITV."]),
        ("lang:fr", ["It is in en-GB, not in fr."]),
        ("author:jones", ["It is by Jane Smith and John Doe, not by jones."]),
        ('author:"smith jane"', ["It is by Jane Smith and John Doe, not by smith jane."]),
        # together
        (
            "channel NEAR/2 crossing ATLEAST/4 hotel -asylum source:itv",
            [
                "‘channel’ and ‘crossing’ are not within 2 words of each other: the nearest are 3 words apart.",
                "‘hotel’ is mentioned 3 times, of the 4 wanted.",
                "It has ‘asylum’, which the query leaves out.",
                "It is from BBC News and The Sun, not from itv.",
            ],
        ),
    ],
)  # fmt: skip
def test_each_failed_clause_is_a_sentence(query, said):
    assert list(failures(explain(parse(query), ARTICLE))) == said


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("source:BBC", "It is from no named source, not from BBC."),
        ("author:smith", "It is by no named author, not by smith."),
        ("lang:en", "It is in no known language, not in en."),
        ("topic:asylum", "It is not under the topic asylum."),
    ],
)
def test_an_article_without_names_says_so(query, said):
    assert failures(explain(parse(query), ENGLISH.analyse(Document("a", "b")))) == (said,)


def test_a_match_has_no_failures():
    assert failures(explain(parse("asylum -football (hotel OR cricket)"), ARTICLE)) == ()


def test_a_long_query_is_answered_in_short():
    words = [f"word{number}" for number in range(200)]
    all_of_them = failures(explain(parse(" ".join(words)), ARTICLE))
    assert all_of_them[:2] == ("‘word0’ is not in it.", "‘word1’ is not in it.")
    assert all_of_them[MAX_FAILURES:] == ("And 190 more clauses failed.",)
    one_of_them = failures(explain(parse(" OR ".join(words)), ARTICLE))
    assert one_of_them == (
        "None of these is in it: word0, word1, word2, word3, word4, word5, word6, word7 and 192 more.",
    )


def test_a_page_of_other_forms_is_cut_short():
    spellings = [format(n, "06b").translate({48: "a", 49: "A"}) + "s" for n in range(64)]
    explanation = explain(parse('"aaaaaa"'), ENGLISH.analyse(Document("", " ".join(spellings))))
    assert explanation.words == tuple(spellings[:20])
    (said,) = failures(explanation)
    assert said.endswith("and 12 more.")


def test_one_clause_too_many_is_one_clause():
    said = failures(explain(parse(" ".join(f"word{number}" for number in range(MAX_FAILURES + 1))), ARTICLE))
    assert said[-1] == "And 1 more clause failed."


def test_what_a_query_says_can_not_write_to_a_terminal():
    (said,) = failures(explain(parse("foot\x1b]0;ball"), ARTICLE))
    assert said.isprintable()
    assert said.startswith("‘foot")


def test_a_very_long_word_is_cut():
    (said,) = failures(explain(parse("x" * 4000), ARTICLE))
    assert len(said) < 100


def test_deep_nesting_is_answered_in_short():
    query = "a"
    for number in range(19):
        query = f"(b{number} ({query} OR c{number}))" if number % 2 else f"({query} OR d{number} e{number})"
    said = failures(explain(parse(query), ARTICLE))
    assert said
    assert all(len(sentence) <= MAX_SENTENCE for sentence in said)


@pytest.mark.parametrize(
    ("some", "others", "least"),
    [
        ([(0, 0)], [(0, 0)], 0),
        ([(0, 0), (4, 4)], [(0, 0), (4, 4)], 4),
        ([(0, 1)], [(1, 2), (9, 9)], 8),
        ([(0, 0)], [(20, 20)], None),
        ([(0, 0), (20, 20)], [(0, 0), (25, 25)], 5),
    ],
)
def test_the_least_distance_of_two(some, others, least):
    assert least_distance(some, others, title_end=10) == least


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories, queries())
def test_something_failed_exactly_if_it_did_not_match(story, query):
    article = ENGLISH.analyse(written(story))
    said = failures(explain(query, article))
    assert bool(said) is not matches(query, article)
    assert len(said) <= MAX_FAILURES + 1
    assert all(sentence.isprintable() and len(sentence) <= MAX_SENTENCE for sentence in said)
    assert len(set(said)) == len(said)
