"""The words of messages: clear, bounded, and nothing from outside can hide or forge anything in them."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_samples import ALL, CORRECTION, DIGEST, HOSTILE, ITEM, KILL, MAINTENANCE, MATCH, NOW, TEST

from syndicator.alerts.message import Excerpt
from syndicator.alerts.wording import (
    COLUMNS,
    SUBJECT_CHARACTERS,
    Passage,
    item_wording,
    link,
    passages,
    plain,
    subject,
    when,
    why,
)
from syndicator.model import Reason, State

ANY_TEXT = st.text(st.characters(), max_size=400)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (MATCH, "[Asylum watch] Minister defends asylum figures as crossings fall"),
        (CORRECTION, "Correction: [Asylum watch] Minister defends asylum figures as crossings fall"),
        (KILL, "Withdrawn: [Asylum watch] article of 3 November 2026 (The Wire)"),
        (DIGEST, "[Asylum watch] 12 stories: Minister defends asylum figures as crossings fall"),
        (replace(DIGEST, items=(ITEM,)), "[Asylum watch] 1 story: Minister defends asylum figures as crossings fall"),
        (
            replace(DIGEST, part=(2, 3)),
            "[Asylum watch] 12 stories, part 2 of 3: Minister defends asylum figures as crossings fall",
        ),
        (MAINTENANCE, "[Test Desk] The Wire has failed for 26 hours"),
        (TEST, "Test: [Asylum watch] message from Test Desk"),
    ],
    ids=["match", "correction", "kill", "digest", "digest of one", "part", "maintenance", "test"],
)
def test_a_subject_says_what_it_is_and_what_of(message, expected):
    assert subject(message) == expected


def test_a_long_headline_is_cut_with_an_ellipsis_and_the_mark_stays():
    long = replace(CORRECTION, items=(replace(ITEM, title=Excerpt("word " * 100)),))
    assert subject(long).startswith("Correction: [Asylum watch] word word")
    assert subject(long).endswith("word…")
    assert len(subject(long)) <= SUBJECT_CHARACTERS


def test_a_title_that_only_looks_marked_keeps_its_words_in_an_ordinary_match():
    marked = replace(MATCH, items=(replace(ITEM, title=Excerpt("Withdrawn: the offer")),))
    assert subject(marked) == "[Asylum watch] Withdrawn: the offer"


@pytest.mark.parametrize("message", ALL.values(), ids=ALL)
def test_plain_lines_fit_a_terminal_but_for_urls(message):
    for line in plain(message).splitlines():
        assert len(line) <= COLUMNS or line.startswith("https://"), line


def test_a_match_in_plain_text_reads_from_headline_to_reason_to_link():
    text = plain(MATCH)
    parts = [
        "Minister defends asylum figures as crossings fall",
        "The Wire, 3 November 2026, 14:01 UTC",
        "Also in: Coast Daily, Harbour Post",
        "*small boats*",
        "*asylum*",
        "*dinghy*",
        "Matched: asylum, small boats",
        "https://wire.example/2026/11/03/minister-defends-figures?edition=uk&part=2",
        "-- \n",
        "because of your alert “Asylum watch”",
        'asylum AND ("small boats" OR dinghy)',
        "https://desk.example/stop/",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(("message", "first"), [(KILL, "WITHDRAWN. Do not use"), (CORRECTION, "CORRECTION. Check")])
def test_what_to_do_and_why_come_before_the_article(message, first):
    text = plain(message)
    item = message.items[0]
    # Wrapped lines are no matter here.
    flat = " ".join(text.split())
    assert flat.index(first) < flat.index(item.note) < flat.rindex(item.title.text)


def test_a_killed_article_tells_nothing_but_its_notice():
    leaky = replace(
        KILL,
        query="SECRETWORD",
        items=(
            replace(
                KILL.items[0],
                excerpt=Excerpt("SECRETWORD in the text", ((0, 10),)),
                reasons=(Reason("SECRETWORD", "SECRETWORD", "text", 0, 10),),
                topics=("SECRETWORD",),
            ),
        ),
    )
    assert "SECRETWORD" not in plain(leaky) + subject(leaky)
    assert "It stood at:\nhttps://wire.example/" in plain(leaky)


def test_a_live_article_has_no_mark_and_no_note():
    said = item_wording(replace(ITEM, note="old"))
    assert (said.mark, said.instruction, said.note) == ("", "", "")


def test_a_correction_names_its_day_only_if_that_is_another():
    item = CORRECTION.items[0]
    assert item_wording(item).times == "3 November 2026, 14:01 UTC; corrected 15:05 UTC"
    later = replace(item, updated=item.updated.replace(day=5))
    assert item_wording(later).times.endswith("; corrected 5 November 2026, 15:05 UTC")


def test_sources_are_named_in_a_match_and_counted_in_a_digest():
    item = replace(ITEM, others=("A", "B", "C", "D"))
    assert item_wording(item).also == "Also in: A, B, C and 1 more source"
    assert item_wording(item, brief=True).also == ""
    assert item_wording(item, brief=True).dateline.endswith("14:01 UTC · +4 sources")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], ""),
        ([("asylum", "text"), ("Asylum", "text")], "asylum"),
        ([("asylum", "title")], "asylum (title)"),
        ([("asylum", "title"), ("ASYLUM", "text")], "asylum"),
        ([("The Wire", "source"), ("boats", "text")], "The Wire (source), boats"),
        ([(f"w{number}", "text") for number in range(10)], "w0, w1, w2, w3, w4, w5, w6, w7 and 2 more"),
    ],
    ids=["none", "once each", "title", "title and text", "source", "many"],
)
def test_the_reason_names_each_word_once(found, expected):
    assert why(tuple(Reason("q", words, field, 0, 1) for words, field in found)) == expected


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://wire.example/a?b=c&d", True),
        ("http://wire.example", True),
        ("https://пример.рф/вест", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https:///path", False),
        ("https://[broken", False),
        ("https://wire.example/a b", False),
        ('https://wire.example/"onmouseover=x', False),
        ("https://wire.example/\u202egpj", False),
        ("https://wire.example/\n", False),
        ("https://wire.example/" + "x" * 3_000, False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_links_that_hide_nothing_are_links(url, kept):
    assert link(url) == (url if kept else None)


@pytest.mark.parametrize(
    ("excerpt", "expected"),
    [
        (Excerpt("one two", ((4, 7),)), (Passage("one "), Passage("two", matched=True))),
        (Excerpt("one two", ((0, 3), (1, 5), (4, 7))), (Passage("one", True), Passage(" "), Passage("two", True))),
        (Excerpt("one", ((2, 9), (-1, 2))), (Passage("one"),)),
        (Excerpt("a\u202eb\x00c", ((1, 3),)), (Passage("a"), Passage("b", True), Passage(" c"))),
        (Excerpt(" \n ", ()), ()),
        (Excerpt("abcdefgh", ((6, 8),)), (Passage("abcd…"),)),
    ],
    ids=["marked", "overlapping", "out of bounds", "hidden characters", "blank", "cut"],
)
def test_passages_hold_the_text_in_order(excerpt, expected):
    assert passages(excerpt, 5 if excerpt.text == "abcdefgh" else 100) == expected


def test_times_are_told_on_their_own_clock():
    assert when(NOW) == "3 November 2026, 14:05 UTC"
    assert when(NOW.astimezone(ZoneInfo("Europe/Belgrade"))) == "3 November 2026, 15:05 CET"


def test_letters_that_need_a_joiner_keep_it_and_the_subject_has_none():
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    message = replace(MATCH, items=(replace(ITEM, title=Excerpt(family)),))
    assert family in plain(message)
    assert subject(message).isprintable()


def hostile(text, base=MATCH):
    """`base` with `text` in every place that comes from outside."""
    item = replace(
        base.items[0] if base.items else ITEM,
        title=Excerpt(text, ((0, 4),)),
        excerpt=Excerpt(text, ((1, 3), (4, 9))),
        source=text,
        others=(text, text),
        url=text,
        note=text,
        reasons=(Reason(text, text, text, 0, 1),),
    )
    return replace(base, site=text, alert=text, query=text, items=(item,), lines=(text, text), unsubscribe=text)


@pytest.mark.parametrize("base", ALL.values(), ids=ALL)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_from_outside_breaks_a_line_or_hides(text, base):
    message = hostile(text, base)
    head = subject(message)
    assert head.isprintable()
    assert len(head) <= SUBJECT_CHARACTERS
    body = plain(message)
    assert all(each.isprintable() or each in "\n\u200c\u200d" for each in body)
    assert len(body) < 20_000


@given(ANY_TEXT, st.sampled_from([State.LIVE, State.CORRECTED, State.KILLED]))
def test_any_text_can_be_worded(text, state):
    message = hostile(text)
    message = replace(message, items=(replace(message.items[0], state=state),))
    assert subject(message).isprintable()
    plain(message).encode()


@given(ANY_TEXT, st.lists(st.tuples(st.integers(-5, 420), st.integers(-5, 420)), max_size=6))
def test_passages_never_lose_or_repeat_text(text, spans):
    whole = "".join(run.text for run in passages(Excerpt(text, tuple(spans)), 10_000))
    clean = "".join(run.text for run in passages(Excerpt(text), 10_000))
    assert whole == clean
