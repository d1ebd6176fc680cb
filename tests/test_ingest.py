"""What a source's entries mean: new, edited, moved, the same. Decisions on records, no store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.identity import article_id, article_id_for_guid, canonical_url, fingerprint, sketch
from syndicator.ingest import (
    Appearance,
    Appeared,
    Edited,
    Held,
    Known,
    Moved,
    NewArticle,
    Snapshot,
    decide,
    keyed,
    names,
    published_at,
)
from syndicator.model import Content, Entry, State

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
URL = "https://news.example/boats"
NOTHING = Snapshot({}, {}, {})


def entry(title="Boats in the Channel", text="Forty people crossed.", *, guid="g1", url=URL, **more):
    return Entry(Content(title, text), guid=guid, url=url, **more)


def after(*batches):
    """The snapshot a store would give after these (source, entries) batches, seen by the last batch's source."""
    articles, carried = {}, []
    for source, entries in batches:
        for intent in decide(source, entries, seen_by(source, articles, carried), NOW):
            match intent:
                case NewArticle():
                    mark = intent.appearance.fingerprint
                    said, held = intent.entry.content, intent.entry.embargo_until
                    articles[intent.id] = Known(
                        intent.id, intent.canonical, said.title, mark, sketch(said), intent.state, held
                    )
                case Edited():
                    articles[intent.id] = replace(
                        articles[intent.id],
                        fingerprint=fingerprint(intent.content),
                        title=intent.content.title,
                        sketch=sketch(intent.content),
                    )
            if not isinstance(intent, Moved | Held):
                carried = [a for a in carried if (a.source, a.key) != (source, intent.appearance.key)]
                carried.append(intent.appearance)
    return articles, carried


def seen_by(source, articles, carried):
    by_canonical = {}
    for article in articles.values():
        by_canonical.setdefault(article.canonical, []).append(article.id)
    return Snapshot({a.key: a for a in carried if a.source == source}, articles, by_canonical)


def told(source, entries, *batches):
    return decide(source, entries, seen_by(source, *after(*batches)), NOW)


def test_a_first_item_is_a_new_article_known_by_its_url():
    (new,) = told("bbc", [entry()])
    assert isinstance(new, NewArticle)
    assert new.id == article_id(URL)
    assert new.state is State.LIVE


@pytest.mark.parametrize("url", [None, "https://news.example/", "mailto:news@news.example"])
def test_an_item_without_a_page_of_its_own_is_known_by_its_guid(url):
    (new,) = told("bbc", [entry(url=url)])
    assert new.id == article_id_for_guid("bbc", "g1")


def test_the_same_item_again_changes_nothing():
    assert told("bbc", [entry()], ("bbc", [entry()])) == []


def test_a_touched_date_alone_is_no_edit():
    later = entry(published=NOW - timedelta(hours=1), updated=NOW)
    assert told("bbc", [later], ("bbc", [entry()])) == []


@pytest.mark.parametrize("change", [{"title": "Boats in the Channel today"}, {"text": "Fifty people crossed."}])
def test_a_changed_title_or_text_is_a_new_version_of_the_same_id(change):
    (edit,) = told("bbc", [entry(**change)], ("bbc", [entry()]))
    assert isinstance(edit, Edited)
    assert edit.id == article_id(URL)


def test_an_item_stated_twice_in_a_batch_counts_once():
    assert len(told("bbc", [entry(), entry()])) == 1


def test_an_item_whose_url_moves_keeps_its_id():
    (seen, moved) = told("bbc", [entry(url="https://news.example/2026/boats")], ("bbc", [entry()]))
    assert isinstance(seen, Appeared)
    assert moved == Moved(article_id(URL), "https://news.example/2026/boats", "https://news.example/2026/boats")


def test_a_guid_that_changes_with_each_edit_is_still_the_same_article():
    (edit,) = told("bbc", [entry(text="Fifty crossed.", guid="g1#1")], ("bbc", [entry(guid="g1#0")]))
    assert isinstance(edit, Edited)
    assert edit.id == article_id(URL)


def test_items_of_one_batch_that_share_a_url_are_told_apart_by_guid():
    entries = [entry("Flood warning", "Rivers are high.", guid="1"), entry("Gale warning", "Winds.", guid="2")]
    one, two = told("alerts", entries)
    assert {one.id, two.id} == {article_id_for_guid("alerts", "1"), article_id_for_guid("alerts", "2")}


def test_another_piece_under_a_known_url_and_a_new_guid_is_another_article():
    before = ("alerts", [entry("Flood warning", "Rivers are high.", guid="1")])
    (new,) = told("alerts", [entry("Gales expected tonight", "Winds.", guid="2")], before)
    assert isinstance(new, NewArticle)
    assert new.id == article_id_for_guid("alerts", "2")


def test_the_same_canonical_url_from_two_sources_is_one_article():
    (seen,) = told("sky", [entry(guid="s9", url=URL + "?utm_source=sky")], ("bbc", [entry()]))
    said = entry().content
    assert seen == Appeared(Appearance("sky", "s9", article_id(URL), fingerprint(said), URL, said.title, sketch(said)))


def test_another_sources_shorter_copy_is_no_edit():
    short = entry(text="Forty.", guid="s9")
    assert [type(x) for x in told("sky", [short], ("bbc", [entry()]))] == [Appeared]


def test_a_source_in_step_speaks_for_the_article_though_another_had_it_first():
    history = (("bbc", [entry()]), ("sky", [entry(guid="s9")]))
    (edit,) = told("sky", [entry(text="Fifty crossed.", guid="s9")], *history)
    assert isinstance(edit, Edited)


def test_a_source_that_lags_behind_another_does_not_turn_the_article_back():
    history = (("bbc", [entry()]), ("sky", [entry(guid="s9")]), ("bbc", [entry(text="Fifty crossed.")]))
    assert told("sky", [entry(guid="s9")], *history) == []


def test_a_source_out_of_step_is_recorded_and_changes_nothing():
    articles, carried = after(("bbc", [entry()]))
    corrected = {id_: replace(a, fingerprint="by hand", state=State.CORRECTED) for id_, a in articles.items()}
    found = decide("bbc", [entry(text="Fifty crossed.")], seen_by("bbc", corrected, carried), NOW)
    assert [type(x) for x in found] == [Appeared]


def test_a_killed_article_stays_killed():
    articles, carried = after(("bbc", [entry()]))
    killed = {id_: replace(a, state=State.KILLED) for id_, a in articles.items()}
    found = decide("bbc", [entry(text="Fifty crossed.")], seen_by("bbc", killed, carried), NOW)
    assert [type(x) for x in found] == [Appeared]


def test_an_id_that_is_taken_is_never_given_again():
    articles, carried = after(("bbc", [entry()]))
    moved = {id_: replace(a, canonical="https://news.example/elsewhere") for id_, a in articles.items()}
    (new,) = decide("bbc", [entry("Another story", "Other.", guid="g2")], seen_by("bbc", moved, carried), NOW)
    assert new.id == article_id_for_guid("bbc", "g2")


def test_a_dropped_file_edited_under_its_name_is_an_edit():
    old = entry(guid="file:boats.txt", url=None)
    (edit,) = told("inbox", [replace(old, content=Content("Boats in the Channel", "More."))], ("inbox", [old]))
    assert isinstance(edit, Edited)


def test_another_story_in_a_file_of_the_same_name_is_another_article():
    old = entry(guid="file:story.txt", url=None)
    new = entry("Election called", "Polls open.", guid="file:story.txt", url=None)
    (told_new,) = told("inbox", [new], ("inbox", [old]))
    assert isinstance(told_new, NewArticle)
    assert told_new.id != article_id_for_guid("inbox", "file:story.txt")
    assert told("inbox", [new], ("inbox", [old]), ("inbox", [new])) == []


def test_an_embargoed_entry_is_held():
    (new,) = told("inbox", [entry(embargo_until=NOW + timedelta(hours=2))])
    assert new.state is State.EMBARGOED
    (past,) = told("inbox", [entry(embargo_until=NOW - timedelta(hours=2))])
    assert past.state is State.LIVE


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (None, NOW),
        (NOW - timedelta(days=2), NOW - timedelta(days=2)),
        (NOW + timedelta(days=2), NOW),
        (datetime(1, 1, 1, tzinfo=UTC), NOW),
    ],
)
def test_publication_is_what_the_source_says_within_reason(said, counts):
    assert published_at(Entry(Content("T", ""), published=said), NOW) == counts


def test_the_update_counts_as_publication_where_there_is_no_other():
    assert published_at(Entry(Content("T", ""), updated=NOW - timedelta(1)), NOW) == NOW - timedelta(1)


def test_the_key_is_the_guid_else_the_page_else_the_words():
    assert list(keyed([entry()])) == ["g1"]
    assert list(keyed([entry(guid=None)])) == [canonical_url(URL)]
    words = f"sha256:{fingerprint(entry().content)}"
    assert list(keyed([entry(guid=None, url="https://news.example/")])) == [words]
    assert list(keyed([entry(guid=None, url=None)])) == [words]


@pytest.mark.parametrize("url", [URL, "https://news.example/", None])
def test_items_without_guids_on_one_page_are_all_kept(url):
    entries = [entry(f"Warning {n}", f"River {n} is high.", guid=None, url=url) for n in range(3)]
    found = told("alerts", entries)
    assert len({new.id for new in found}) == 3
    assert told("alerts", entries, ("alerts", entries)) == []


def test_a_guid_that_two_items_of_a_batch_share_names_neither():
    entries = [entry("Laptop", "One.", url=URL + "1"), entry("Phone", "Two.", url=URL + "2")]
    assert {new.id for new in told("shop", entries)} == {article_id(URL + "1"), article_id(URL + "2")}
    assert told("shop", entries, ("shop", entries)) == []


def test_two_versions_of_an_item_in_one_batch_count_once():
    assert len(told("bbc", [entry(), entry(text="Fifty crossed.")])) == 1


STORY = "The minister said on Monday that forty people had crossed the Channel in two small boats before dawn."


def test_what_was_killed_does_not_come_back_under_a_new_guid_or_a_known_name():
    for guid, again in (("g1#0", "g1#1"), ("file:a.txt", "file:a.txt")):
        old = entry(text=STORY, guid=guid)
        articles, carried = after(("bbc", [old]))
        killed = {
            id_: replace(a, state=State.KILLED, title="Withdrawn: article", fingerprint="notice", sketch=())
            for id_, a in articles.items()
        }
        found = decide("bbc", [entry(text=STORY + " More.", guid=again)], seen_by("bbc", killed, carried), NOW)
        assert [type(x) for x in found] == [Appeared]


def test_another_source_does_not_bring_back_what_was_killed():
    articles, carried = after(("bbc", [entry(text=STORY)]))
    killed = {id_: replace(a, state=State.KILLED, title="Withdrawn", sketch=()) for id_, a in articles.items()}
    found = decide("sky", [entry("Other words", "Other text", guid="s1")], seen_by("sky", killed, carried), NOW)
    assert [type(x) for x in found] == [Appeared]


def test_a_rewritten_headline_under_a_new_guid_is_an_edit_while_the_text_is_alike():
    (edit,) = told("bbc", [entry("Dozens reach Kent", STORY + " More soon.", guid="2")], ("bbc", [entry(text=STORY)]))
    assert isinstance(edit, Edited)


def test_a_desks_new_headline_does_not_make_the_sources_next_copy_another_article():
    articles, carried = after(("bbc", [entry(text=STORY)]))
    corrected = {
        id_: replace(a, state=State.CORRECTED, title="Nothing of the kind", fingerprint="by hand", sketch=())
        for id_, a in articles.items()
    }
    (seen,) = decide("bbc", [entry(text=STORY + " More.")], seen_by("bbc", corrected, carried), NOW)
    assert isinstance(seen, Appeared)
    assert seen.overruled


def test_another_piece_of_another_source_at_the_same_address_is_kept():
    (new,) = told("two", [entry("Mini car", "It has four wheels.", guid="b")], ("one", [entry(text=STORY)]))
    assert isinstance(new, NewArticle)


def test_a_guid_used_again_for_another_page_is_another_article():
    before = ("wire", [entry("Flood in Kent", "Rivers are high.", guid="1", url=URL + "/a")])
    (new,) = told("wire", [entry("Court opens", "The judge spoke.", guid="1", url=URL + "/c")], before)
    assert isinstance(new, NewArticle)
    assert new.id == article_id(URL + "/c")


def test_one_page_that_shows_one_warning_after_another_gives_an_article_each():
    first = entry("Flood warning in Kent", "Rivers are high.", guid=None)
    second = entry("Gales tonight", "Stay inside until dawn.", guid=None)
    (new,) = told("alerts", [second], ("alerts", [first]))
    assert isinstance(new, NewArticle)
    assert told("alerts", [second], ("alerts", [first]), ("alerts", [second])) == []


def test_an_item_is_known_again_whatever_else_is_in_the_batch():
    twins = [entry("Flood in Kent", "Rivers.", guid="1", url=None), entry("Gales", "Wind.", guid="1", url=None)]
    assert [type(x) for x in told("wire", twins[:1], ("wire", twins))] == [Appeared]
    assert [type(x) for x in told("wire", twins, ("wire", twins[:1]))] == [Appeared, NewArticle]


def test_two_sources_that_disagree_on_the_address_do_not_move_it_to_and_fro():
    a, b = entry(text=STORY, guid="a"), entry(text=STORY, guid="b")
    moved = replace(a, url=URL + "/new")
    history = (("one", [a]), ("two", [b]), ("one", [moved]))
    assert told("two", [b], *history) == []
    assert told("one", [moved], *history, ("two", [b])) == []


def test_http_and_https_are_one_address():
    assert told("bbc", [entry(url=URL.replace("https", "http"), guid=None)], ("bbc", [entry(guid=None)])) == []


def test_another_time_of_embargo_is_taken_over_while_the_article_is_held():
    early, late = NOW + timedelta(days=1), NOW + timedelta(days=9)
    (held,) = told("inbox", [entry(embargo_until=late)], ("inbox", [entry(embargo_until=early)]))
    assert held == Held(article_id(URL), late)
    assert told("inbox", [entry()], ("inbox", [entry(embargo_until=early)])) == []


def test_the_next_days_file_of_the_same_name_and_headline_is_another_article():
    monday = entry("Morning briefing", STORY, guid="file:briefing.txt", url=None)
    tuesday = entry(
        "Morning briefing",
        "Judges in Tirana will hear the appeal on Tuesday, a day after the minister had left for Vienna with her staff.",
        guid="file:briefing.txt",
        url=None,
    )
    (new,) = told("inbox", [tuesday], ("inbox", [monday]))
    assert isinstance(new, NewArticle)
    edited = replace(monday, content=Content("Morning briefing", STORY + " None drowned."))
    assert [type(x) for x in told("inbox", [edited], ("inbox", [monday]))] == [Edited]


HEADLINES = ["Boats cross the Channel", "Boats cross the Channel again", "Court rules on hotel", "Floods"]
TEXTS = [
    STORY,
    STORY + " None of them drowned, the coastguard said.",
    "Judges in Tirana heard the appeal on Tuesday, a day after the minister had left for Vienna with her staff.",
    "Short.",
]
ENTRIES = st.builds(
    entry,
    st.sampled_from(HEADLINES),
    st.sampled_from(TEXTS),
    guid=st.sampled_from([None, "1", "2", "file:a.txt"]),
    url=st.sampled_from([None, URL, URL + "/b", "https://news.example/"]),
)
BATCHES = st.lists(st.tuples(st.sampled_from(["bbc", "sky"]), st.lists(ENTRIES, max_size=4)), min_size=1, max_size=5)


@settings(max_examples=400, deadline=None)
@given(BATCHES)
def test_the_same_batch_again_never_says_anything(batches):
    source, entries = batches[-1]
    assert told(source, entries, *batches) == []


@settings(max_examples=400, deadline=None)
@given(BATCHES)
def test_no_id_is_given_twice(batches):
    given_ids = []
    for at, (source, entries) in enumerate(batches):
        intents = told(source, entries, *batches[:at])
        given_ids += [intent.id for intent in intents if isinstance(intent, NewArticle)]
    assert len(given_ids) == len(set(given_ids))


@settings(max_examples=400, deadline=None)
@given(BATCHES)
def test_what_a_source_now_shows_is_what_it_is_known_by(batches):
    """Nothing missed: after a batch each of its items is kept under the source's name, or is a version of one that is."""
    source, entries = batches[-1]
    _, carried = after(*batches)
    kept = [a for a in carried if a.source == source]
    for one in entries:
        said = fingerprint(one.content)
        assert any(a.fingerprint == said for a in kept) or any(
            a.key in names(one) or a.canonical == canonical_url(one.url) for a in kept
        )
