"""What people do by hand: nothing that was taken back is left standing anywhere."""

import asyncio
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from newsroom import BOATS, COURTS, NOW, WIRE, FakeWeb, newsroom, rss

from syndicator.errors import NotFoundError, UsageError
from syndicator.model import State
from syndicator.query import parse

URL = "https://wire.example/rss"
STORY = "https://wire.example/1"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
ATOM = "{http://www.w3.org/2005/Atom}"
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    web = FakeWeb({URL: rss(("1", "Minister owns boat", "A dinghy, the minister said."), ("2", "Court rules", "So."))})
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as opened:
        opened.cycle()
        yield opened


def atom(room, name):
    return ET.fromstring((room.root / "feeds" / f"{name}.atom").read_bytes())


def search(room, query):
    return [hit.article.content.title for hit in room.store.search.find(parse(query))]


# Correcting


def test_a_correction_keeps_the_id_moves_updated_and_carries_its_note(room):
    (before,) = room.feed("boats")["items"]
    corrected = room.desk.correct(
        STORY, "It is not the minister's.", LATER, by="jo", title="Minister saw boat", text="A dinghy passed."
    )
    room.publish(LATER)
    (after,) = room.feed("boats")["items"]
    assert corrected.state is State.CORRECTED
    assert after["id"] == before["id"]
    assert after["title"] == "Minister saw boat"
    assert after["date_modified"] == "2026-11-03T13:00:00Z"
    assert after["date_published"] == before["date_published"]
    assert "It is not the minister's." in after["content_html"].replace("&#39;", "'").replace("&#x27;", "'")
    assert "the minister said" not in str(room.feed("all"))


def test_a_corrected_article_is_tagged_anew_and_stays_where_the_wrong_one_stood(room):
    room.desk.correct(STORY, "It was a car.", LATER, by="jo", title="Minister owns car", text="A car.")
    room.publish(LATER)
    assert room.titles("boats") == ["Minister owns car"]
    room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish(LATER)
    assert room.titles("boats") == ["Minister owns car"]
    assert search(room, "dinghy") == []
    assert search(room, "car") == ["Minister owns car"]


def test_the_next_poll_does_not_undo_a_correction(room):
    room.desk.correct(STORY, "It was a car.", LATER, by="jo", title="Minister owns car")
    room.web.pages[URL] = rss(("1", "Minister owns big boat", "A dinghy."), ("2", "Court rules", "So."))
    assert room.cycle(NOW + timedelta(hours=3))["wire"].changed == 0
    assert "Minister owns car" in room.titles("all")


def test_a_correction_without_a_note_is_refused(room):
    with pytest.raises(UsageError, match="needs a note"):
        room.desk.correct(STORY, " ", LATER, by="jo", title="x")


# Killing


def test_a_killed_articles_words_stand_nowhere(room):
    room.desk.kill(STORY, "Libel.", LATER, by="jo")
    room.publish(LATER)
    for name, data in room.files().items():
        assert b"minister" not in data.lower(), name
    assert search(room, "minister") == search(room, "dinghy") == []


def test_a_kill_leaves_a_notice_a_tombstone_and_an_advisory_in_every_feed_it_was_in(room):
    (before,) = room.feed("boats")["items"]
    killed, advice = room.desk.kill(STORY, "Libel.", LATER, by="jo")
    room.publish(LATER)
    for name in ("boats", "all"):
        items = {item["id"]: item for item in room.feed(name)["items"]}
        assert items[before["id"]]["title"] == "Withdrawn: article of 3 November 2026 (The Wire)"
        assert items[advice.id]["title"] == "Advisory: article of 3 November 2026 (The Wire) is withdrawn"
        feed = atom(room, name)
        (stone,) = feed.findall(TOMBSTONE)
        assert stone.get("ref") == before["id"] == killed.id
        (notice,) = (e for e in feed.findall(f"{ATOM}entry") if e.findtext(f"{ATOM}id") == killed.id)
        assert notice.findtext(f"{ATOM}updated") > stone.get("when")
    assert advice.id not in str(room.feed("courts"))


def test_a_killed_article_stays_killed_whatever_its_source_says(room):
    room.desk.kill(STORY, "Libel.", LATER, by="jo")
    room.web.pages[URL] = rss(("1", "Minister owns boat!", "A dinghy again."), ("2", "Court rules", "So."))
    room.cycle(NOW + timedelta(hours=3))
    assert not any("Minister" in title for title in room.titles("all"))
    with pytest.raises(UsageError, match="killed already"):
        room.desk.kill(STORY, "", LATER, by="jo")
    with pytest.raises(UsageError, match="was killed"):
        room.desk.correct(STORY, "n", LATER, by="jo", title="x")
    with pytest.raises(UsageError, match="was killed"):
        room.desk.embargo(STORY, LATER + timedelta(days=1), LATER, by="jo")


def test_a_kill_survives_a_changed_query_and_a_rebuilt_index(room, tmp_path):
    room.desk.kill(STORY, "Libel.", LATER, by="jo")
    room.store.remember("analysis", "older")
    room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish(LATER)
    assert len(room.titles("boats")) == 2
    assert search(room, "dinghy") == []


def test_a_killed_articles_words_do_not_come_back_under_another_name_or_from_another_source(room, tmp_path):
    room.desk.correct(STORY, "Typo.", LATER, by="jo", title="Minister owns a boat")
    room.desk.kill(STORY, "Libel.", LATER, by="jo")
    copy = tmp_path / "copy.json"
    copy.write_text('{"title": "Minister owns boat", "text": "A dinghy, the minister said."}', "utf-8")
    room.web.pages["https://other.example/rss"] = rss(("9", "Minister owns boat", "A dinghy, the minister said."))
    assert give(room, str(copy)).new == give(room, "https://other.example/rss").new == 0
    room.publish(LATER)
    assert not any(b"minister" in data.lower() for data in room.files().values())
    assert room.store.problems() == []


def test_an_advisory_is_no_article_to_correct_or_kill(room):
    _, advice = room.desk.kill(STORY, "", LATER, by="jo")
    for act in (
        lambda: room.desk.kill(advice.id, "", LATER, by="jo"),
        lambda: room.desk.correct(advice.id, "n", LATER, by="jo", title="x"),
        lambda: room.desk.embargo(advice.id, LATER + timedelta(days=1), LATER, by="jo"),
    ):
        with pytest.raises(UsageError, match="is an advisory"):
            act()


def test_a_killed_article_in_the_archive_is_replaced_there(tmp_path):
    old = ("9", "Old minister boat", "A dinghy.", "05 Aug 2026 09:00:00 GMT")
    web = FakeWeb({URL: rss(("1", "Boat", "A dinghy."), old)})
    with newsroom(tmp_path, "[feeds]\nmin_items = 1\n", WIRE, BOATS, web=web) as room:
        room.cycle()
        assert "Old minister boat" in (tmp_path / "feeds/archive/boats/2026-08.atom").read_text()
        room.desk.kill("https://wire.example/9", "", LATER, by="jo")
        room.publish(LATER)
        for name, data in room.files().items():
            assert b"minister" not in data, name


# Holding


def test_an_embargo_takes_a_published_article_back_until_its_time(room):
    until = LATER + timedelta(hours=5)
    held = room.desk.embargo(STORY, until, LATER, by="jo")
    room.publish(LATER)
    assert held.state is State.EMBARGOED
    assert not any(b"Minister" in data for data in room.files().values())
    assert [stone.get("ref") for stone in atom(room, "boats").findall(TOMBSTONE)] == [held.id]
    assert search(room, "dinghy") == []
    room.cycle(until)
    assert room.titles("boats") == ["Minister owns boat"]
    assert atom(room, "boats").findall(TOMBSTONE) == []
    assert search(room, "dinghy") == ["Minister owns boat"]


def test_a_changed_query_does_not_let_an_embargoed_article_out(room):
    room.desk.embargo(STORY, LATER + timedelta(hours=5), LATER, by="jo")
    room.store.remember("analysis", "older")
    room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish(LATER)
    assert room.titles("boats") == []


def test_an_article_killed_before_anyone_saw_it_needs_no_advisory(tmp_path):
    (tmp_path / "inbox").mkdir()
    from newsroom import INBOX

    with newsroom(tmp_path, INBOX, BOATS) as room:
        path = tmp_path / "held.md"
        path.write_text("---\ntitle: Boat report\nembargo: 2026-11-05T15:00:00Z\n---\nA dinghy sank off Kent.\n")
        room.start()
        assert asyncio.run(room.desk.ingest(str(path), NOW)).new == 1
        (id_,) = (row["id"] for row in room.store._db.query("SELECT id FROM articles"))
        _, advice = room.desk.kill(id_, "", LATER, by="jo")
        room.publish(LATER)
        assert advice is None
        assert room.titles("all") == []


def test_a_retag_does_not_make_a_held_article_findable(room):
    held = room.desk.embargo(STORY, LATER + timedelta(hours=5), LATER, by="jo")
    room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish(LATER)
    assert search(room, "dinghy") == []
    assert [stone.get("ref") for stone in atom(room, "boats").findall(TOMBSTONE)] == [held.id]


def test_a_corrected_article_that_was_held_comes_back_with_its_correction(room):
    room.desk.correct(STORY, "It was a car.", LATER, by="jo", title="Minister owns car")
    held = room.desk.embargo(STORY, LATER + timedelta(hours=5), LATER, by="jo")
    assert room.store.articles.get(held.id).note is None
    room.cycle(LATER + timedelta(hours=6))
    (item,) = room.feed("boats")["items"]
    assert "It was a car." in item["content_html"]
    assert room.store.articles.get(held.id).state is State.CORRECTED


def test_a_kill_without_a_note_does_not_repeat_an_older_one(room):
    room.desk.correct(STORY, "Typo in a name.", LATER, by="jo", title="Minister owns a boat")
    killed, _ = room.desk.kill(STORY, "", LATER, by="jo")
    assert killed.note is None


def test_a_correction_of_an_archived_article_stands_in_the_feed_too(tmp_path):
    old = ("9", "Old boat story", "A dinghy.", "05 Aug 2026 09:00:00 GMT")
    web = FakeWeb({URL: rss(("1", "Boat", "A dinghy."), old)})
    with newsroom(tmp_path, "[feeds]\nmin_items = 1\n", WIRE, BOATS, web=web) as room:
        room.cycle()
        assert room.titles("boats") == ["Boat"]
        room.desk.correct("https://wire.example/9", "Wrong harbour.", LATER, by="jo", title="Old boat story, put right")
        room.publish(LATER)
        assert room.titles("boats") == ["Boat", "Old boat story, put right"]


def test_an_embargo_in_the_past_is_refused(room):
    with pytest.raises(UsageError, match="already passed"):
        room.desk.embargo(STORY, LATER - timedelta(days=1), LATER, by="jo")


# Finding and giving in


def test_an_article_nobody_has_is_a_clear_error(room):
    with pytest.raises(NotFoundError, match=r"No article .https://nowhere\.example/x"):
        room.desk.article("https://nowhere.example/x")


def give(room, location):
    return asyncio.run(room.desk.ingest(location, NOW))


def test_a_feed_given_by_url_is_taken_in_and_published(room):
    room.web.pages["https://other.example/rss"] = rss(("7", "Dinghy found", "In a harbour."))
    assert give(room, "https://other.example/rss").new == 1
    assert give(room, "https://other.example/rss").new == 0
    room.publish()
    assert "Dinghy found" in room.titles("boats")
    (item,) = (i for i in room.feed("boats")["items"] if i["title"] == "Dinghy found")
    assert item["_syndicator"]["source"]["title"] == "Wire"


def test_a_configured_feed_given_by_url_counts_for_its_source(room):
    assert give(room, URL).new == 0


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("https://nowhere.example/rss", "the name wire.example is not known"),
        ("/nowhere/at/all.txt", "there is no such file"),
        (".", "is a folder"),
    ],
)
def test_what_can_not_be_taken_in_says_why(room, location, error):
    taken = give(room, location)
    assert error in taken.error
    assert taken.source == location


def test_a_page_that_is_neither_feed_nor_article_says_both(room):
    room.web.pages["https://other.example/"] = b"<html><body><p>Hi</p></body></html>"
    taken = give(room, "https://other.example/")
    assert "; as a page: " in taken.error
