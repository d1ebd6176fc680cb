"""The order of the work, end to end on real files and a real store: taken in, tagged, published, once each."""

import json
from datetime import timedelta

import pytest
from newsroom import BOATS, COURTS, INBOX, NOW, WIRE, FakeWeb, newsroom, rss

from syndicator.model import Fetched, Outcome, State

URL = "https://wire.example/rss"
TWO = rss(("1", "Boat sinks", "Forty aboard a dinghy."), ("2", "Court rules", "The judge spoke."))


@pytest.fixture
def web():
    return FakeWeb({URL: TWO})


def later(hours):
    return NOW + timedelta(hours=hours)


def test_a_feeds_items_stand_in_the_feeds_of_their_topics_and_in_all(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as room:
        assert room.cycle()["wire"].new == 2
        assert room.titles("boats") == ["Boat sinks"]
        assert room.titles("courts") == ["Court rules"]
        assert sorted(room.titles("all")) == ["Boat sinks", "Court rules"]


def test_a_second_cycle_writes_no_byte(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        before = room.files()
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle(later(2))
        assert room.web.asked == [URL, URL]
        assert room.files() == before


def test_a_rebuilt_store_gives_the_same_bytes(tmp_path, web):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with newsroom(tmp_path / "one", WIRE, BOATS, web=web) as room:
        room.cycle()
        first = room.files()
    with newsroom(tmp_path / "two", WIRE, BOATS, web=FakeWeb({URL: TWO})) as room:
        room.cycle()
        assert room.files() == first


def test_an_edit_changes_the_item_and_adds_none(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        (before,) = room.feed("boats")["items"]
        web.pages[URL] = rss(
            ("1", "Boat sinks off Kent", "Fifty aboard a dinghy."), ("2", "Court rules", "The judge spoke.")
        )
        assert room.cycle(later(2))["wire"].changed == 1
        (after,) = room.feed("boats")["items"]
        assert after["id"] == before["id"]
        assert after["title"] == "Boat sinks off Kent"
        assert after["date_modified"] > before["date_modified"]
        assert after["date_published"] == before["date_published"]


def test_a_touched_date_alone_changes_no_feed(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        before = room.files()
        date = "Tue, 03 Nov 2026 11:00:00 GMT"
        web.pages[URL] = rss(
            ("1", "Boat sinks", "Forty aboard a dinghy.", date), ("2", "Court rules", "The judge spoke.")
        )
        room.cycle(later(2))
        assert room.files() == before


def test_an_edit_that_changes_the_topic_moves_the_item(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as room:
        room.cycle()
        web.pages[URL] = rss(("1", "Court hears of sinking", "Forty aboard."), ("2", "Court rules", "The judge spoke."))
        room.cycle(later(2))
        assert room.titles("boats") == []
        assert len(room.titles("courts")) == 2


def test_a_source_that_fails_is_told_in_a_line_and_costs_itself(tmp_path, web):
    other = WIRE.replace("wire", "dead").replace("The Wire", "Dead")
    with newsroom(tmp_path, other, WIRE, BOATS, web=web) as room:
        taken = room.cycle()
        assert taken["dead"].error == "the name wire.example is not known"
        assert taken["wire"].new == 2
        states = {state.name: state for state in room.store.sources.all()}
        assert states["dead"].failures == 1
        assert states["dead"].last_error == "the name wire.example is not known"


def test_a_document_that_is_no_feed_is_a_failure_and_its_validators_are_not_kept(tmp_path, web):
    web.pages[URL] = b"<html><body>Down for maintenance</body></html>"
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        assert room.cycle()["wire"].error
        (state,) = room.store.sources.all()
        assert state.validators.etag is None
        web.pages[URL] = TWO
        assert room.cycle(later(30))["wire"].new == 2


def test_one_entry_that_can_not_be_stored_costs_itself_alone(tmp_path, web, monkeypatch):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        file = room.pipeline.filing.file

        def refuse(article, now, **more):
            if article.content.title == "Court rules":
                raise ValueError("poison")
            file(article, now, **more)

        monkeypatch.setattr(room.pipeline.filing, "file", refuse)
        taken = room.cycle()["wire"]
        assert taken.new == 1
        assert taken.warnings == ("left out '2': poison",)
        assert room.titles("all") == ["Boat sinks"]


def test_gone_is_never_asked_again(tmp_path, web):
    web.pages[URL] = Fetched(Outcome.GONE, URL, 410, error="gone")
    with newsroom(tmp_path, WIRE, web=web) as room:
        room.cycle()
        room.cycle(later(24 * 30))
        assert web.asked == [URL]


# Folders


def drop(root, name, text):
    (root / "inbox").mkdir(exist_ok=True)
    path = root / "inbox" / name
    path.write_text(text, "utf-8")
    import os

    os.utime(path, (1_700_000_000, 1_700_000_000))


def test_a_dropped_file_is_taken_in_once_and_moved(tmp_path):
    drop(tmp_path, "boats.txt", "Boats cross\n\nForty people in a dinghy reached Kent on Monday.")
    with newsroom(tmp_path, INBOX, BOATS) as room:
        assert room.cycle()["inbox"].new == 1
        assert room.titles("boats") == ["Boats cross"]
        assert (tmp_path / "inbox/done/boats.txt").exists()
        assert room.cycle(later(1))["inbox"].new == 0


def test_a_file_that_can_not_be_read_is_moved_aside_with_the_reason(tmp_path):
    drop(tmp_path, "bad.json", '{"title": ')
    drop(tmp_path, "boats.txt", "Boats cross\n\nForty people in a dinghy reached Kent on Monday.")
    with newsroom(tmp_path, INBOX, BOATS) as room:
        taken = room.cycle()["inbox"]
        assert taken.new == 1
        assert "bad.json" in taken.error
        assert (tmp_path / "inbox/failed/bad.json").exists()
        assert (tmp_path / "inbox/failed/bad.json.error.txt").read_text("utf-8").strip()


# Topics


def test_a_changed_query_is_noticed_at_start_and_applied_to_the_archive(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
    changed = BOATS.replace("boat OR dinghy", "judge")
    with newsroom(tmp_path, WIRE, changed, web=web) as room:
        assert room.start() == {"boats": 2}
        room.publish()
        assert room.titles("boats") == ["Court rules"]
    with newsroom(tmp_path, WIRE, changed, web=web) as room:
        assert room.start() == {}


def test_a_new_topic_finds_its_articles_in_the_archive(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as room:
        assert room.start() == {"courts": 1}
        room.publish()
        assert room.titles("courts") == ["Court rules"]
        assert "courts" in room.feed("all")["items"][0].get("tags", []) + room.feed("all")["items"][1].get("tags", [])


def test_a_removed_topic_is_gone_and_may_come_back(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as room:
        room.cycle()
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.start()
        room.publish()
        assert not (tmp_path / "feeds/courts.rss").exists()
        assert "courts" in (tmp_path / "feeds/gone.json").read_text()
        assert "courts" not in (tmp_path / "feeds/index.html").read_text()
    with newsroom(tmp_path, WIRE, BOATS, COURTS, web=web) as room:
        room.start()
        room.publish()
        assert room.titles("courts") == ["Court rules"]
        assert "courts" not in (tmp_path / "feeds/gone.json").read_text()


def test_feeds_that_were_deleted_come_back(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        before = room.files()
        for name in ("boats.rss", "all.json"):
            (tmp_path / "feeds" / name).unlink()
        room.cycle(later(1))
        assert room.files() == before


def test_a_new_title_of_the_site_shows_in_every_feed(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
    with newsroom(tmp_path, WIRE, BOATS.replace('"Boats"', '"Small boats"'), web=web) as room:
        room.cycle(later(1))
        assert room.feed("boats")["title"].startswith("Small boats")


def test_what_a_source_allows_to_republish_may_change(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        assert "dinghy" in room.feed("boats")["items"][0].get("content_html", "")
    with newsroom(tmp_path, WIRE.replace('"full"', '"link"'), BOATS, web=web) as room:
        room.cycle(later(1))
        assert "dinghy" not in str(room.feed("boats")["items"][0])


# Windows and archives


def dated(n, day, month=10):
    return (
        str(n),
        f"Boat {n}",
        "A dinghy.",
        f"{day:02d} {['', 'Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov'][month]} 2026 09:00:00 GMT",
    )


def in_archive(root, month):
    path = root / "feeds/archive/boats" / f"{month}.atom"
    return path.read_text("utf-8").count("<entry") if path.exists() else None


SMALL = "[feeds]\nmin_items = 3\n"


def test_the_window_is_by_time_with_a_least_number_and_the_archive_has_the_rest(tmp_path, web):
    items = [dated(n, n, 11) for n in (1, 2)] + [dated(20 + n, n, 10) for n in range(1, 6)] + [dated(40, 5, 8)]
    web.pages[URL] = rss(*items)
    with newsroom(tmp_path, SMALL, WIRE, BOATS, web=web) as room:
        room.cycle()
        assert len(room.titles("boats")) == 3
        assert in_archive(tmp_path, "2026-10") == 4
        assert in_archive(tmp_path, "2026-08") == 1
        assert in_archive(tmp_path, "2026-09") is None


def test_feed_and_archives_together_are_complete_and_share_nothing(tmp_path, web):
    import feedparser

    items = [dated(n, 1 + n % 28, 1 + n % 10) for n in range(1, 60)]
    web.pages[URL] = rss(*items)
    with newsroom(tmp_path, SMALL, WIRE, BOATS, web=web) as room:
        room.cycle()
        paths = [tmp_path / "feeds/boats.atom", *sorted((tmp_path / "feeds/archive/boats").glob("*.atom"))]
        ids = [entry.id for path in paths for entry in feedparser.parse(path.read_bytes()).entries]
        assert len(ids) == len(set(ids)) == 59


def test_items_leave_the_window_for_the_archive_as_days_pass(tmp_path, web):
    web.pages[URL] = rss(*(dated(n, n, 11) for n in (1, 2)), *(dated(20 + n, 20 + n, 10) for n in range(1, 6)))
    with newsroom(tmp_path, SMALL, WIRE, BOATS, web=web) as room:
        room.cycle()
        assert len(room.titles("boats")) == 7
        assert in_archive(tmp_path, "2026-10") is None
        room.cycle(NOW + timedelta(days=9))
        assert len(room.titles("boats")) == 3
        assert in_archive(tmp_path, "2026-10") == 4


def test_an_edit_of_an_archived_article_reaches_its_archive(tmp_path, web):
    items = [dated(n, n, 11) for n in (1, 2, 3)] + [dated(40, 5, 8)]
    web.pages[URL] = rss(*items)
    with newsroom(tmp_path, SMALL, WIRE, BOATS, web=web) as room:
        room.cycle()
        web.pages[URL] = rss(*items[:3], ("40", "Boat 40 corrected", "A dinghy.", items[3][3]))
        room.cycle(later(2))
        assert "Boat 40 corrected" in (tmp_path / "feeds/archive/boats/2026-08.atom").read_text("utf-8")


# What time brings


def test_an_embargoed_article_is_nowhere_until_its_time(tmp_path):
    drop(
        tmp_path, "held.md", "---\ntitle: Boat report\nembargo: 2026-11-03T15:00:00Z\n---\n\nA dinghy sank off Kent.\n"
    )
    with newsroom(tmp_path, INBOX, BOATS) as room:
        room.cycle()
        (held,) = room.store.articles.find(room.store._db.execute("SELECT id FROM articles").fetchone()[0])
        assert held.state is State.EMBARGOED
        assert room.titles("all") == room.titles("boats") == []
        assert not any(b"Boat report" in data for data in room.files().values())
        room.cycle(later(4))
        assert room.titles("boats") == room.titles("all") == ["Boat report"]
        (item,) = room.feed("boats")["items"]
        assert item["date_published"].startswith("2026-11-03T16:00:00")


def test_retention_takes_old_articles_out_of_everything(tmp_path, web):
    web.pages[URL] = rss(dated(1, 1, 11), dated(2, 5, 8))
    keep = '[schedule]\nretention = "30d"\n'
    with newsroom(tmp_path, SMALL, keep, WIRE, BOATS, web=web) as room:
        room.cycle(NOW)
        room.cycle(NOW + timedelta(days=31))
        assert room.titles("boats") == []
        assert not any(b"Boat 2" in data for data in room.files().values())
        assert room.cycle(NOW + timedelta(days=33))["wire"].new == 0


def test_a_feed_whose_window_is_empty_is_published_empty(tmp_path, web):
    web.pages[URL] = rss(dated(1, 5, 8))
    with newsroom(tmp_path, "[feeds]\nmin_items = 0\n", WIRE, BOATS, web=web) as room:
        room.cycle()
        assert room.titles("boats") == []
        assert in_archive(tmp_path, "2026-08") == 1


def test_retention_leaves_a_held_article_alone(tmp_path):
    drop(
        tmp_path, "held.md", "---\ntitle: Boat report\nembargo: 2026-12-30T15:00:00Z\n---\n\nA dinghy sank off Kent.\n"
    )
    with newsroom(tmp_path, '[schedule]\nretention = "15d"\n', INBOX, BOATS) as room:
        for days in (0, 30, 58):
            room.cycle(NOW + timedelta(days=days))
        assert room.titles("boats") == ["Boat report"]


def test_a_retired_article_that_is_edited_retires_again(tmp_path, web):
    web.pages[URL] = rss(dated(2, 5, 8))
    with newsroom(tmp_path, SMALL, '[schedule]\nretention = "30d"\n', WIRE, BOATS, web=web) as room:
        room.cycle(NOW)
        room.cycle(NOW + timedelta(days=31))
        assert room.titles("boats") == []
        web.pages[URL] = rss(("2", "Boat 2 rewritten", "A dinghy.", dated(2, 5, 8)[3]))
        room.cycle(NOW + timedelta(days=32))
        assert room.titles("boats") == ["Boat 2 rewritten"]
        room.cycle(NOW + timedelta(days=70))
        assert room.titles("boats") == []


def test_a_sources_language_is_its_items_where_they_say_none(tmp_path, web):
    with newsroom(tmp_path, WIRE + 'language = "sr-Latn"\n', BOATS, web=web) as room:
        room.cycle()
        assert b'xml:lang="sr-Latn"' in room.files()["boats.atom"]


def test_a_move_is_a_change_and_not_new(tmp_path, web):
    with newsroom(tmp_path, WIRE, BOATS, web=web) as room:
        room.cycle()
        moved = (
            "1",
            "Boat sinks",
            "Forty aboard a dinghy.",
            "Tue, 03 Nov 2026 09:00:00 GMT",
            "https://wire.example/x/1",
        )
        web.pages[URL] = rss(moved, ("2", "Court rules", "The judge spoke."))
        taken = room.cycle(later(2))["wire"]
        assert (taken.new, taken.changed) == (0, 1)


def test_a_refused_file_shows_in_the_health_of_its_folder(tmp_path):
    drop(tmp_path, "bad.json", '{"title": ')
    with newsroom(tmp_path, INBOX, BOATS) as room:
        room.cycle()
        (state,) = room.store.sources.all()
        assert state.failures == 0
        assert "bad.json" in state.last_error
        drop(tmp_path, "boats.txt", "Boats cross\n\nForty people in a dinghy reached Kent on Monday.")
        room.cycle(later(1))
        (state,) = room.store.sources.all()
        assert state.last_error is None


def test_more_files_than_one_look_brings_are_all_taken_in(tmp_path):
    for n in range(510):
        drop(tmp_path, f"{n}.json", json.dumps({"title": f"Boat {n}", "text": f"Dinghy number {n}."}))
    with newsroom(tmp_path, INBOX, BOATS) as room:
        assert room.cycle()["inbox"].new == 510


@pytest.mark.parametrize("name", ["index.html", "subscriptions.opml", "archive/boats/2026-08.atom"])
def test_any_file_that_was_deleted_or_emptied_comes_back(tmp_path, web, name):
    web.pages[URL] = rss(*(dated(n, n, 11) for n in (1, 2, 3)), dated(40, 5, 8))
    with newsroom(tmp_path, SMALL, WIRE, BOATS, web=web) as room:
        room.cycle()
        before = room.files()
        for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(b"")):
            damage(tmp_path / "feeds" / name)
            room.cycle(later(1))
            assert room.files() == before
