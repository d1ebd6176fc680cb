"""What a source's entries mean: new, edited, moved, the same. Decisions on records, no store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.identity import article_id, article_id_for_guid, canonical_url, fingerprint
from syndicator.ingest import (
    Appearance,
    Appeared,
    Edited,
    Known,
    Moved,
    NewArticle,
    Snapshot,
    decide,
    keyed,
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
                    articles[intent.id] = Known(
                        intent.id,
                        intent.canonical,
                        intent.entry.url,
                        intent.entry.content.title,
                        mark,
                        intent.state,
                    )
                case Edited():
                    articles[intent.id] = replace(
                        articles[intent.id], fingerprint=fingerprint(intent.content), title=intent.content.title
                    )
            if not isinstance(intent, Moved):
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
    (moved,) = told("bbc", [entry(url="https://news.example/2026/boats")], ("bbc", [entry()]))
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
    assert seen == Appeared(Appearance("sky", "s9", article_id(URL), fingerprint(entry().content)))


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
