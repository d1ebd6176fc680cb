"""Headlines for texts without one: the first line if it is one, else made from the first sentence."""

import pytest

from syndicator.sources.headline import is_headline, made_headline, take_headline

LONG = "Ministers met officials from three Balkan capitals on Monday to talk about returns, and went home without an answer."


@pytest.mark.parametrize(
    "line",
    [
        "Britain looks at hubs",
        "What is a return hub?",
        "“No deal,” says Tirana",
        "Crossings fall in the U.K.",
        "Ko plaća hotele",
        "Asylum: the long wait",
    ],
)
def test_a_short_line_without_a_full_stop_is_a_headline(line):
    assert is_headline(line)
    assert take_headline([line, LONG]) == (line, [LONG])


@pytest.mark.parametrize(
    "line", ["They met on Monday.", "He said:", "", "word " * 30, "x" * 200, "He left…", "“They met.”"]
)
def test_a_sentence_is_no_headline(line):
    assert not is_headline(line)


def test_a_line_with_nothing_longer_after_it_stays_in_the_text():
    assert take_headline(["Sarajevo", "Tirana"]) == ("Sarajevo", ["Sarajevo", "Tirana"])
    assert take_headline(["Sarajevo"]) == ("Sarajevo", ["Sarajevo"])


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("They met on Monday. Nothing came of it.", "They met on Monday"),
        ("Will it work? Nobody knows.", "Will it work?"),
        ("It began in the U.S. Senate on Monday. More follows.", "It began in the U.S. Senate on Monday"),
        ("Mr. Cole came home. He slept.", "Mr. Cole came home"),
        # At the end of a clause, where there is one late enough.
        (LONG, "Ministers met officials from three Balkan capitals on Monday to talk about returns…"),
        # Between words, and never after "of the".
        (
            "The government of the largest island in the archipelago has told every member of the assembly to stay at home",
            "The government of the largest island in the archipelago has told every member…",
        ),
        # A quotation is kept whole, or left out whole.
        (
            "The British government weighs up plans to send refused asylum seekers to distant “return hubs” in the region",
            "The British government weighs up plans to send refused asylum seekers to distant “return hubs”…",
        ),
        (
            "The British government has told reporters several times since the spring that it “will not under any circumstances be moved”",
            "The British government has told reporters several times since the spring…",
        ),
    ],
)
def test_a_made_headline_reads_well(paragraph, expected):
    assert made_headline(paragraph) == expected


def test_a_made_headline_of_a_text_without_spaces_is_cut_where_the_room_ends():
    made = made_headline("移" * 300)
    assert made == "移" * 89 + "…"


@pytest.mark.parametrize("paragraph", ["x" * 10_000, "“" * 10_000, ", " * 5_000, "A. " * 5_000, "— " * 5_000])
def test_no_text_gives_a_long_headline(paragraph):
    assert 0 < len(made_headline(paragraph)) <= 105
