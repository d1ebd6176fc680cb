"""How well topic queries tag, at the desk: in words, beside the pages, and whatever the labelled file says."""

import json
import threading
import time

import pytest
from deskroom import desk_room
from newsroom import BOATS, COURTS, WIRE

from syndicator import topicdesk
from syndicator.people import Role
from syndicator.web.desk.scores import PENDING

HOSTILE = "<script>alert(1)</script> rain"
pytestmark = pytest.mark.usefixtures("quick_hashes")
LABELLED = [
    ("1", "A boat in fog", "It came in.", ["boats"]),
    ("2", "The ship's court", "It sat.", ["boats", "courts"]),
    ("3", "A dinghy of a court", "It was a play.", ["courts", "nothing of ours"]),
    ("4", "Rain", "It rained.", []),
]


def labelled(desk, lines):
    file = desk.room.root / "labelled.jsonl"
    file.write_text(lines if isinstance(lines, str) else "\n".join(map(line_of, lines)), "utf-8")
    return file


def line_of(article):
    return json.dumps(dict(zip(("id", "title", "text", "labels"), article, strict=True)))


def scored(browser):
    """The page when the scores are there."""
    for _ in range(500):
        page = browser.get("/desk/topics")
        assert page.status == 200
        if PENDING.said not in page.words:
            return page
        time.sleep(0.02)
    raise AssertionError("it is never worked out")


def card_of(page, title):
    (card,) = page.tree.xpath(f"//section[.//h2='{title}']")
    return " ".join(card.text_content().split())


@pytest.fixture
def scoring(tmp_path):
    with desk_room(tmp_path, BOATS, COURTS, WIRE, '[desk]\nlabelled = "labelled.jsonl"\n') as room:
        yield room


def test_a_topic_says_how_well_its_query_tags_and_what_it_gets_wrong(scoring):
    labelled(scoring, LABELLED)
    page = scored(scoring.signed_in("Vera", Role.VIEWER))
    boats, courts = card_of(page, "Boats"), card_of(page, "Courts")
    assert "Right: 1 of 2 found. Missed: 1 of 2." in boats
    assert "precision 0.500 · recall 0.500 · F1 0.500" in boats
    assert "It misses: The ship's court" in boats
    assert "It should not find: A dinghy of a court because of dinghy" in boats
    assert "Right: 2 of 2 found. Missed: 0 of 2." in courts
    assert "gets wrong" not in courts


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("1", "A boat", "It came.", [])], "Right: 0 of 1 found. No labelled article belongs here."),
        ([("1", "Rain", "It rained.", [])], "Found: none. No labelled article belongs here."),
        ([("1", "Rain", "x", ["boats"])], "Found: none. Missed: 1 of 1."),
        ([(str(n), f"Rain {n}", "x", ["boats"]) for n in range(7)], "Rain 4 and 2 more"),
        ([("1", HOSTILE, "x", ["boats"])], f"It misses: {HOSTILE}"),
        ([("1", "a\ud800b", "x", ["boats"])], "It misses: a?b"),
        ([("1", "long " * 99, "x", ["boats"])], "long long…"),
        ([("no title", " ", "x", ["boats"])], "It misses: no title"),
    ],
    ids=["wrong only", "nothing", "missed only", "many", "markup", "half a character", "long", "no title"],
)
def test_scores_are_said_in_words_whatever_the_file_says(scoring, lines, said):
    labelled(scoring, lines)
    page = scored(scoring.signed_in("Vera", Role.VIEWER))
    assert said in card_of(page, "Boats")
    assert not page.tree.xpath("//main//script")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (None, "labelled.jsonl can't be read: No such file or directory."),
        ("", "No labelled article belongs here"),
        ("{\n", "labelled.jsonl, line 1: not a JSON object"),
        ('{"id": "1", "title": "x", "text": "y"}', "labelled.jsonl, line 1: labels is missing"),
        ("[" * 100_000, "labelled.jsonl, line 1: not a JSON object"),
        (b"\xff\xfe", "labelled.jsonl is not UTF-8 text: save it as UTF-8."),
        (..., "labelled.jsonl is not a file."),
    ],
    ids=["none", "empty", "no JSON", "no labels", "deep", "no text", "a folder"],
)
def test_a_file_that_can_not_be_read_costs_only_the_scores(scoring, lines, said):
    file = scoring.room.root / "labelled.jsonl"
    if lines is ...:
        file.mkdir()
    elif lines is not None:
        file.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    page = scored(scoring.signed_in("Vera", Role.VIEWER))
    assert said in page.words
    assert str(scoring.room.root) not in page.words
    assert "Articles that mention" in card_of(page, "Boats")


def test_a_file_too_large_is_not_read(scoring, monkeypatch):
    monkeypatch.setattr("syndicator.web.desk.scores.MOST_BYTES", 10)
    labelled(scoring, LABELLED)
    assert "labelled.jsonl is larger than" in scored(scoring.signed_in("Vera", Role.VIEWER)).words


def test_a_file_is_scored_once_beside_the_pages_and_again_when_it_changes(scoring, monkeypatch):
    began, go_on, real = [], threading.Event(), topicdesk.scored

    def slow(settings, file, name):
        began.append(name)
        assert go_on.wait(30)
        return real(settings, file, name)

    monkeypatch.setattr("syndicator.web.desk.scores.scored", slow)
    labelled(scoring, LABELLED)
    browser = scoring.signed_in("Vera", Role.VIEWER)
    for _ in range(3):
        assert PENDING.said in browser.get("/desk/topics").words
    assert began == ["labelled.jsonl"]
    go_on.set()
    for _ in range(2):
        assert "Right: 1 of 2 found." in card_of(scored(browser), "Boats")
    assert began == ["labelled.jsonl"]
    labelled(scoring, LABELLED[:1])
    assert "Right: 1 of 1 found." in card_of(scored(browser), "Boats")
    assert began == ["labelled.jsonl"] * 2


def test_a_defect_in_scoring_costs_only_the_scores(scoring, monkeypatch, caplog):
    monkeypatch.setattr("syndicator.web.desk.scores.scored", lambda *_: 1 / 0)
    labelled(scoring, LABELLED)
    assert "a defect of ours" in scored(scoring.signed_in("Vera", Role.VIEWER)).words
    assert "scoring" in caplog.text


def test_without_a_file_the_page_says_how_to_have_scores(tmp_path):
    with desk_room(tmp_path, BOATS, WIRE) as desk:
        words = desk.signed_in("Vera", Role.VIEWER).get("/desk/topics").words
    assert "label some articles by hand, and name their file there: labelled of [desk]." in words
