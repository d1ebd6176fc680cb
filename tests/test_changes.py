"""The change stream as the store tells it: which versions are public, what each did, and what is still said of it."""

import sqlite3
import threading
import time
from datetime import timedelta

import pytest
from newsroom import BOATS, NOW, WIRE, newsroom
from outbox import DESK, alert
from writers import Writer

from syndicator.model import Change, Content, Entry, State
from syndicator.store import Narrowed, Store
from syndicator.store.migrations import migrations

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE) as opened:
        opened.start()
        yield opened


def entry(guid="a", text="A dinghy sank.", url=None, until=None):
    return Entry(Content(f"Boat {guid}", text), guid, url or f"https://wire.example/{guid}", NOW, embargo_until=until)


def take(room, *entries, now=NOW):
    with room.store.transaction():
        room.pipeline.intake.accept("wire", entries, now)


def ids(room):
    return [row["id"] for row in room.store._db.query("SELECT id FROM articles WHERE kind = 'news' ORDER BY n")]


def told(room, after=0, **limits):
    """What the stream tells, in short: (type, version, with its article?)."""
    page = room.store.changes.after(after, **({"limit": 100} | limits))
    return [(change.type.value, change.version, change.item is not None) for change in page.changes]


def hits(room):
    """How many articles alerts fired on, and how many messages are queued."""
    (row,) = room.store._db.query(
        "SELECT (SELECT count(*) FROM hits) AS hits, (SELECT count(*) FROM messages) AS messages"
    )
    return row["hits"], row["messages"]


def embargo(room, hours=1):
    room.desk.embargo(ids(room)[0], NOW + HOUR * hours, NOW, by="ann")


def correct(room):
    room.desk.correct(ids(room)[0], "It was a boat.", NOW, by="ann", text="A boat sank.")


def kill(room):
    room.desk.kill(ids(room)[0], "Not so.", NOW, by="ann")


def release(room):
    room.pipeline.keep_house(NOW + HOUR * 2)


def retire(room):
    with room.store.transaction():
        room.store.articles.retire(NOW + HOUR * 9)


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([take], [("insert", 1, True)]),
        ([take, "edit"], [("insert", 1, False), ("edit", 2, True)]),
        ([take, "move"], [("insert", 1, False), ("move", 2, True)]),
        ([take, "edit and move"], [("insert", 1, False), ("edit", 2, True)]),
        ([take, correct], [("insert", 1, False), ("correction", 2, True)]),
        ([take, correct, correct], [("insert", 1, False), ("correction", 2, False), ("correction", 3, True)]),
        ([take, kill], [("insert", 1, False), ("kill", 2, True), ("insert", 1, True)]),
        ([take, embargo], [("insert", 1, False), ("hold", 2, False)]),
        ([take, embargo, release], [("insert", 1, False), ("hold", 2, False), ("release", 3, True)]),
        ([take, embargo, "edit"], [("insert", 1, False), ("hold", 2, False)]),
        ([take, embargo, "move"], [("insert", 1, False), ("hold", 2, False)]),
        ([take, embargo, correct], [("insert", 1, False), ("hold", 2, False)]),
        ([take, embargo, correct, release], [("insert", 1, False), ("hold", 2, False), ("release", 4, True)]),
        ([take, embargo, kill], [("insert", 1, False), ("hold", 2, False), ("kill", 3, True), ("insert", 1, True)]),
        (["held"], []),
        (["held", "edit"], []),
        (["held", correct], []),
        (["held", kill], []),
        (["held", release], [("insert", 2, True)]),
        (["held", correct, release], [("insert", 3, True)]),
        (["held", release, "edit"], [("insert", 2, False), ("edit", 3, True)]),
        ([take, retire], [("insert", 1, False)]),
        ([take, retire, "move"], [("insert", 1, False)]),
        ([take, retire, "edit"], [("insert", 1, False), ("edit", 2, True)]),
    ],
    ids=lambda value: "-".join(getattr(each, "__name__", str(each)) for each in value if not isinstance(each, tuple)),
)
def test_each_act_is_told_as_what_it_did(room, acts, expected):
    for act in acts:
        match act:
            case "held":
                take(room, entry(until=NOW + HOUR))
            case "edit":
                take(room, entry(text="Two dinghies sank."))
            case "move":
                take(room, entry(url="https://wire.example/elsewhere"))
            case "edit and move":
                take(room, entry(text="Two dinghies sank.", url="https://wire.example/elsewhere"))
            case _ if act is take:
                take(room, entry())
            case _:
                act(room)
    assert told(room) == expected


def test_numbers_rise_and_pages_join_without_a_gap_or_a_repeat(room):
    for number in range(7):
        take(room, entry(f"{number}"), entry(f"h{number}", until=NOW + HOUR))
    whole = [change.seq for change in room.store.changes.after(0, limit=100).changes]
    assert whole == sorted(whole)
    assert len(whole) == 7
    paged, after, more = [], 0, True
    while more:
        page = room.store.changes.after(after, limit=2)
        paged += [change.seq for change in page.changes]
        after, more = paged[-1], page.more
    assert paged == whole


def test_a_page_ends_early_where_articles_are_long_but_is_never_empty(room):
    for number in range(3):
        take(room, entry(f"{number}", text="word " * 200))
    page = room.store.changes.after(0, limit=100, characters=1500)
    assert len(page.changes) == 1
    assert page.more
    assert len(room.store.changes.after(0, limit=100, characters=10).changes) == 1


def test_what_is_held_moves_no_number_that_is_told(room):
    take(room, entry())
    before = room.store.changes.after(0, limit=10)
    take(room, entry("b", until=NOW + HOUR))
    after = room.store.changes.after(0, limit=10)
    assert (after.changes, after.newest, after.more) == (before.changes, before.newest, before.more)
    assert after.horizon > before.horizon


def test_a_version_names_the_next_public_one(room):
    take(room, entry())
    embargo(room)
    correct(room)
    release(room)
    changes = room.store.changes.after(0, limit=10).changes
    assert [change.superseded_by for change in changes] == [changes[1].seq, changes[2].seq, None]


def test_notes_are_told_until_the_article_is_taken_back(room):
    take(room, entry())
    correct(room)
    notes = [change.note for change in room.store.changes.after(0, limit=10).changes]
    assert notes == [None, "It was a boat."]
    room.desk.kill(ids(room)[0], "Not so.", NOW, by="ann")
    notes = [change.note for change in room.store.changes.of(ids(room)[0])]
    assert notes == [None, None, "Not so."]


def test_a_move_is_a_version_but_nothing_to_read_anew(room):
    take(room, entry())
    before = room.store.articles.get(ids(room)[0])
    take(room, entry(url="https://wire.example/elsewhere"), now=NOW + HOUR)
    after = room.store.articles.get(before.id)
    assert (after.version, after.seq > before.seq) == (2, True)
    assert (after.updated, after.content) == (before.updated, before.content)
    assert after.url == "https://wire.example/elsewhere"
    assert room.store.articles.history(before.id)[-1].author == "wire"


def test_a_retired_article_that_moves_stays_retired(room):
    take(room, entry())
    retire(room)
    take(room, entry(url="https://wire.example/elsewhere"))
    assert room.store.articles.is_retired(ids(room)[0])
    assert room.store.topics.of(ids(room)[0]) == {}


def test_the_history_of_a_retired_article_is_kept_without_its_notes(room):
    take(room, entry())
    correct(room)
    retire(room)
    changes = room.store.changes.after(0, limit=10).changes
    assert [(change.type, change.note, change.retired) for change in changes] == [
        (Change.INSERT, None, True),
        (Change.CORRECTION, None, True),
    ]


def test_an_unpublished_article_has_no_history(room):
    take(room, entry(until=NOW + HOUR))
    assert room.store.changes.of(ids(room)[0]) == ()
    assert room.store.changes.newest() == 0


def test_versions_from_before_are_told_apart_when_a_database_is_migrated(tmp_path, room):
    """The acts of a newsroom whose versions did not say yet what they did."""
    take(room, entry("a"), entry("b"), entry("c"), entry("d", until=NOW + HOUR))
    first, second, third, _ = ids(room)
    take(room, entry("a", text="Two dinghies sank."))
    room.desk.correct(first, "One.", NOW, by="ann", text="One dinghy sank.")
    room.desk.correct(first, "One boat.", NOW, by="ann", text="One boat sank.")
    room.desk.kill(second, "No.", NOW, by="ann")
    room.desk.embargo(third, NOW + HOUR, NOW, by="ann")
    room.pipeline.keep_house(NOW + HOUR * 2)
    expected = [row["change"] for row in room.store._db.query("SELECT change FROM versions ORDER BY seq")]
    assert set(expected) == {change.value for change in Change} - {"move"}
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as copy:
        room.store._db.conn.backup(copy)
        copy.execute("ALTER TABLE versions DROP COLUMN change")
        copy.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0010_changes'")
    copy.close()
    store = Store.open(path, room.store.analyser)
    assert [row["change"] for row in store._db.query("SELECT change FROM versions ORDER BY seq")] == expected
    store.close()
    assert "m0010_changes" in {migration.name for migration in migrations._migrations}


def test_the_notice_of_a_retired_article_stands_where_everything_stands(room):
    take(room, entry())
    retire(room)
    kill(room)
    assert room.store.listing.item(ids(room)[0]).article.state is State.KILLED
    assert [item.article.id for item in room.store.listing.page(Narrowed())][-1] == ids(room)[0]


def test_numbers_are_given_in_the_order_of_commits(room):
    """Who writes later waits before it takes a number: nothing comes up behind what was read."""
    other, begun = Writer(room), threading.Event()

    def later():
        begun.set()
        other.publish(9, 0)

    thread = threading.Thread(target=later)
    with room.store.transaction():
        room.pipeline.intake.accept("wire", [entry("first")], NOW)
        thread.start()
        begun.wait()
        time.sleep(0.2)
        reader = Store.open_for_reading(room.settings.store.path, room.store.analyser)
        assert reader.changes.after(0, limit=10).changes == ()
        reader.close()
    thread.join()
    other.store.close()
    changes = room.store.changes.after(0, limit=10).changes
    assert [change.item.article.content.title for change in changes] == ["Boat first", "Boat 9"]


def test_a_move_alerts_nobody_and_mends_the_link(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE, DESK, alert()) as room:
        room.start()
        take(room, entry())
        room.publish()
        sent = hits(room)
        take(room, entry(url="https://wire.example/elsewhere"), now=NOW + HOUR)
        room.publish(NOW + HOUR)
        (item,) = room.feed("boats")["items"]
        assert hits(room) == sent == (1, 1)
    assert item["url"] == "https://wire.example/elsewhere"
    assert item["date_modified"] == item["date_published"]
