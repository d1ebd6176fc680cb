"""What each part of the language means, on articles small enough to read; and how a match explains itself."""

import pytest

from syndicator.model import Reason
from syndicator.query import Analyser, Document, describe, evaluate, explain, matches, parse

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
        topics=frozenset({"asylum"}),
        language="en-GB",
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "hotel", "Hotels", "starmer", '"starmer rwanda"', "drop", "cafe", "beograd", "Београд", "3000", "U.K.",
        "o'brien", "asile", "asylum-hotels", "asylum-seeker", "seek*", '"asylum seek*"', "starm*", "BEO*",
        '"said hotel"', "said NEAR/1 hotel", "channel NEAR/3 crossing", "crossing NEAR/3 channel",
        '"rwanda plan" NEAR/2 dropped', "(lorry OR rwanda) NEAR/1 plan", "starmer NEAR/1 rwanda NEAR/1 plan",
        "hotel NEAR/100 hotel", "ATLEAST/3 hotel", "ATLEAST/5 (hotel OR asylum)", "ATLEAST/2 asylum",
        "title:plan", "lead:plan", "lead:owner", "title:(rwanda NEAR/1 plan)", "lead:(ATLEAST/2 hotel)",
        "ATLEAST/2 lead:hotel", 'source:"bbc news"', 'source:(itv OR "the sun")', "author:smith",
        'author:"jane smith"', "author:smi*", "topic:Asylum", "lang:en", "lang:EN-gb", "hotel -football",
        "hotel -(football OR cricket)", "football OR hotel", "-football hotel",
    ],
)  # fmt: skip
def test_it_matches(text):
    match = evaluate(parse(text), ARTICLE)
    assert match
    assert match.reasons
    assert explain(parse(text), ARTICLE).satisfied


@pytest.mark.parametrize(
    "text",
    [
        '"hotel seekers"', '"seeker"', '"drop"', "asylum-seekers-hotel", "eek*", '"starm*" -starmer',
        '"dropped asylum"', "dropped NEAR/9 asylum",  # no phrase and no NEAR goes from the title into the text
        "channel NEAR/2 crossing", "rwanda NEAR/9 rwanda", '"rwanda plan" NEAR/9 plan', "ATLEAST/4 hotel",
        "ATLEAST/6 (hotel OR asylum OR hotels)",  # the same words count once
        "starmer NEAR/1 plan", "starmer NEAR/1 rwanda NEAR/1 dropped", "title:hotel", "lead:channel",
        'lead:"people the"',  # the lead ends with its second paragraph
        "source:bbc", "source:sun", 'author:"smith john"', "author:smit", "topic:channel", "lang:e", "lang:en-US",
        "hotel -asylum", "hotel football", "asylum -(hotel OR x)",
    ],
)  # fmt: skip
def test_it_does_not_match(text):
    assert evaluate(parse(text), ARTICLE) is None
    assert not explain(parse(text), ARTICLE).satisfied


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("rwand*", [Reason("rwand*", "Rwanda", "title", 10, 16)]),
        ("starmer", [Reason("starmer", "Starmer", "title", 0, 7)]),
        ('"leave the hotels"', [Reason('"leave the hotels"', "leave the hotels", "text", 20, 36)]),
        ('"hotels the"', [Reason('"hotels the"', "hotels, the", "text", 30, 41)]),
        ("author:smith", [Reason("author:smith", "Jane Smith", "author", 0, 10)]),
        ("topic:Asylum", [Reason("topic:Asylum", "asylum", "topic", 0, 6)]),
        ("lang:en", [Reason("lang:en", "en-GB", "lang", 0, 5)]),
        ('source:"bbc news" -x', [Reason('source:"bbc news"', "BBC News", "source", 0, 8)]),
        # Only the pair that is near, not every hotel.
        ("hotel NEAR/2 leave", [Reason("hotel", "hotels", "text", 30, 36), Reason("leave", "leave", "text", 20, 25)]),
        # Only the branch that holds.
        ("football OR title:plan", [Reason("title:plan", "plan", "title", 17, 21)]),
    ],
)
def test_reasons_are_the_words_that_satisfied_it(text, reasons):
    match = evaluate(parse(text), ARTICLE)
    assert match
    assert list(match.reasons) == reasons


def test_reasons_of_one_clause_are_at_most_a_hundred():
    article = ENGLISH.analyse(Document("", "asylum " * 5000))
    match = evaluate(parse("asylum"), article)
    assert match
    assert len(match.reasons) == 100


def test_a_reason_shows_no_page_of_dashes():
    article = ENGLISH.analyse(Document("", "asylum " + "- " * 50_000 + "hotel"))
    match = evaluate(parse('"asylum hotel"'), article)
    assert match
    (reason,) = match.reasons
    assert len(reason.words) < 500
    assert reason.words.startswith("asylum")
    assert reason.words.endswith("hotel")
    assert reason.end == 7 + 100_000 + 5


@pytest.mark.parametrize(("distance", "found"), [(1, True), (2, False)])
def test_near_counts_steps_from_word_to_word(distance, found):
    article = ENGLISH.analyse(Document("", "asylum " + "x " * (distance - 1) + "hotel"))
    assert matches(parse("asylum NEAR/1 hotel"), article) is found


def test_why_it_did_not_fire():
    explanation = explain(parse("channel NEAR/2 crossing ATLEAST/4 hotel -asylum source:itv"), ARTICLE)
    assert str(explanation).splitlines() == [
        "no  channel NEAR/2 crossing ATLEAST/4 hotel -asylum source:itv",
        "  no  channel NEAR/2 crossing: both are there, nearest 3 words apart",
        "    yes channel: 1 mention",
        "    yes crossing: 1 mention",
        "  no  ATLEAST/4 hotel: 3 of 4 mentions",
        "    yes hotel: 3 mentions",
        "  no  -asylum",
        "    yes asylum: 2 mentions",
        "  no  source:itv",
    ]


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("rwanda NEAR/1 hotel", None),  # one in the title, one in the text
        ("starmer NEAR/1 dropped", 4),
        ("starmer NEAR/1 rwanda NEAR/1 dropped", 3),
        ("hotel NEAR/1 hotel", 4),
        ("football NEAR/1 hotel", None),
    ],
)
def test_the_nearest_distance_of_a_failed_near(text, nearest):
    explanation = explain(parse(text), ARTICLE)
    assert not explanation.satisfied
    assert explanation.nearest == nearest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asylum", "articles that mention any form of asylum"),
        ('"Rwanda plan"', "articles that mention exactly “Rwanda plan”"),
        ("migra*", "articles that mention words beginning with migra"),
        ("a OR b OR c", "articles that mention either any form of a, any form of b or any form of c"),
        (
            "asylum NEAR/5 hotel -football",
            (
                "articles that mention any form of asylum within 5 words of any form of hotel,"
                " but none that mention any form of football"
            ),
        ),
        ("ATLEAST/3 asylum", "articles that mention any form of asylum at least 3 times"),
        ("title:asylum", "articles that mention any form of asylum in the title"),
        ('source:(BBC OR "The Sun") lang:en', "articles from the source either BBC or The Sun and in the language en"),
        (
            "(a OR b) (c OR title:d) -e -source:f",
            (
                "articles that mention either any form of a or any form of b and (that mention any form of c or"
                " that mention any form of d in the title), but none that mention any form of e or from the source f"
            ),
        ),
        ("author:smith topic:asylum", "articles by smith and in the topic asylum"),
    ],
)
def test_a_query_in_plain_words(text, said):
    assert describe(parse(text)) == said


def test_plain_words_call_topics_and_sources_by_their_titles():
    titles = {"topic": {"boats": "Channel crossings"}, "source": {"Wire": "The Wire"}}
    query = parse("boats topic:(Boats OR asylum) -source:wire author:wire* title:boats")
    assert describe(query, titles) == (
        "articles that mention any form of boats, in the topic either Channel crossings or asylum, by wire… and that"
        " mention any form of boats in the title, but none from the source The Wire"
    )


def test_an_article_can_be_given_its_topics_afterwards():
    article = ENGLISH.analyse(Document("Plan", "text", topics=frozenset({"channel"})))
    retagged = article.with_topics(frozenset({"asylum"}))
    assert matches(parse("topic:asylum plan"), retagged)
    assert not matches(parse("topic:channel"), retagged)
    assert not matches(parse("topic:asylum"), article)


def test_the_lead_of_a_text_in_one_block_ends_after_150_words():
    words = ["word"] * 149 + ["asylum", "rwanda"]
    article = Analyser("en").analyse(Document("Title", " ".join(words)))
    assert matches(parse("lead:asylum"), article)
    assert not matches(parse("lead:rwanda"), article)
    assert matches(parse("rwanda"), article)
