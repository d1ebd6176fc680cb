"""What a restored store takes over from the one it replaces, and what it says where that one can't tell."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from newsroom import BOATS, NOW, WIRE, newsroom, rss
from outbox import DESK, GONE, PHONE, alert, desk
from test_backup import WIRE_URL, back_up, count, damage, restore, run

from syndicator.access import Scope
from syndicator.store import Topic
from syndicator.tokendesk import TokenDesk

HOUR = timedelta(hours=1)
TOPIC = "https://desk.example/boats.atom"
PARTS = (BOATS, WIRE, DESK, PHONE, alert(to=("desk", "phone")), alert("Other", "court"))
OPEN_AGAIN = "Who said no since the backup is not known"


def follow(it, *names):
    """Subscribers, as the hub keeps them; `sent` is what they were sent last."""
    for name in names:
        it.store._db.execute(
            "INSERT INTO hub_followers (kind, topic, url, host, secret, since, expires, sent)"
            " SELECT 'subscriber', url, ?, ?, ?, 1, ?, generation FROM hub_topics WHERE url = ?",
            [f"https://{name}.example/", f"{name}.example", f"secret of {name}", 2_000_000_000, TOPIC],
        )


def announce(it, digest):
    with it.store.transaction():
        it.store.announcements.announce("boats", [Topic(TOPIC, "boats", "atom", digest)], NOW)


def followers(it):
    rows = it.store._db.query("SELECT url, secret, sent FROM hub_followers WHERE kind = 'subscriber' ORDER BY url")
    return {row["url"].split("//")[1].split(".")[0]: (row["secret"], row["sent"]) for row in rows}


def owed(it):
    """Whom the hub would send what is on disk now."""
    rows = it.store._db.query(
        "SELECT f.url FROM hub_followers f JOIN hub_topics t ON t.url = f.topic WHERE f.sent < t.generation"
    )
    return sorted(row["url"].split("//")[1].split(".")[0] for row in rows)


def backed_up_then(root, before, since):
    """A newsroom's store with a backup of what `before` did, and then `since` done to it."""
    with desk(root, *PARTS) as it:
        it.room.start()
        before(it)
        back_up(it.store.path, root / "copy.db")
        since(it)


def test_the_hubs_subscribers_are_those_of_the_replaced_store(tmp_path):
    def before(it):
        announce(it, "one")
        follow(it, "left", "stayed")

    def since(it):
        it.store._db.execute("DELETE FROM hub_followers WHERE host = 'left.example'")
        it.store._db.execute("UPDATE hub_followers SET secret = 'renewed' WHERE host = 'stayed.example'")
        announce(it, "two")
        announce(it, "three")
        it.store._db.execute("UPDATE hub_followers SET sent = 3")
        follow(it, "came")

    backed_up_then(tmp_path, before, since)
    assert restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert followers(it) == {"came": ("secret of came", 3), "stayed": ("renewed", 3)}
        # What they have is what was announced last, whatever the backup says of it.
        announce(it, "three")
        assert owed(it) == []
        announce(it, "one")
        assert owed(it) == ["came", "stayed"]
        assert it.store.problems() == []


def test_questions_to_callbacks_are_those_of_the_replaced_store(tmp_path):
    def ask(it, name):
        it.store._db.execute(
            "INSERT INTO hub_questions (mode, topic, url, host, lease, generation) VALUES ('subscribe', ?, ?, 'h', 9, 1)",
            [TOPIC, f"https://{name}.example/"],
        )

    def before(it):
        announce(it, "one")
        ask(it, "answered")

    def since(it):
        it.store._db.execute("DELETE FROM hub_questions")
        ask(it, "new")

    backed_up_then(tmp_path, before, since)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    with desk(tmp_path, *PARTS) as it:
        assert [row["url"] for row in it.store._db.query("SELECT url FROM hub_questions")] == ["https://new.example/"]


def test_a_destination_that_is_gone_for_good_stays_off(tmp_path):
    def fail(it):
        it.room.cycle(it.now)
        it.wire.answers["desk"] = GONE
        it.say("Boat one")
        it.deliver()

    backed_up_then(tmp_path, lambda _it: None, fail)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    with desk(tmp_path, *PARTS) as it:
        assert "gone for ever" in it.store.destinations.get("desk").off
        assert it.store.destinations.get("desk").off_since is not None
        assert it.store.destinations.get("phone").off is None


@pytest.mark.parametrize(
    ("change", "off"),
    [
        ("SET off = 'gone', off_since = 1", "gone"),
        # It is another place that is gone, not the one that the backup has.
        ("SET off = 'gone', off_since = 1, definition = '{\"url\": \"elsewhere\"}'", None),
        ("SET off = 'removed', off_since = 1, gone = 1", None),
    ],
    ids=["as it was", "edited since", "removed since"],
)
def test_what_was_switched_off_is_the_place_and_not_the_name(tmp_path, change, off):
    backed_up_then(
        tmp_path,
        lambda _it: None,
        lambda it: it.store._db.execute(f"UPDATE destinations {change} WHERE name = 'desk'"),
    )
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    assert count(tmp_path / "syndicator.db", "SELECT off FROM destinations WHERE name = 'desk'") == off


def refusals(it):
    """Everything that somebody can have said no to."""
    boats = it.store.alerts.named("Boats").id
    with it.store.transaction():
        it.store.alerts.opt_out(boats, "desk", NOW)
    tokens = TokenDesk(it.store)
    for name in ("one", "two"):
        tokens.add(name, [next(iter(Scope))], NOW)
    it.store._db.execute("UPDATE alerts SET feed_token = 'open' WHERE id = ?", [boats])
    announce(it, "one")
    follow(it, "stayed")


def told(root):
    return run(root, "restore", root / "copy.db", "--now", "2026-11-03T15:00:00Z")


def gone(root):
    for path in root.glob("syndicator.db*"):
        path.unlink()


def begun_anew(root):
    """As a service does that is started without its disk, with the same config."""
    gone(root)
    with desk(root, *PARTS) as it:
        it.room.start()
        announce(it, "other")


def no_database(root):
    gone(root)
    (root / "syndicator.db").write_bytes(b"The disk is not what it was. " * 1000)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (gone, "There was no store before: corrections and kills since the backup are not known"),
        (begun_anew, None),
        (lambda root: damage(root / "syndicator.db"), "can't be read whole: corrections and kills"),
        (no_database, "can't be read whole: corrections and kills"),
    ],
    ids=["lost", "begun anew", "damaged", "no database"],
)
def test_where_nobody_can_tell_who_said_no_people_are_told_so(tmp_path, happens, said):
    backed_up_then(tmp_path, refusals, lambda _it: None)
    happens(tmp_path)
    done = told(tmp_path)
    assert done.exit_code == 0
    assert OPEN_AGAIN in done.stderr
    for way_out in ("tokens rm", "alerts feed NAME --close", "unsubscribed", "subscribers"):
        assert way_out in done.stderr
    assert (said is None) == ("corrections and kills" not in done.stderr)
    assert said is None or said in done.stderr


@pytest.mark.parametrize("happens", [gone, begun_anew, no_database], ids=["lost", "begun anew", "no database"])
def test_what_was_refused_before_the_backup_stays_refused(tmp_path, happens):
    """A new store has no opt-outs, feeds or subscribers, which does not mean that all of them were ended."""
    backed_up_then(tmp_path, refusals, lambda _it: None)
    happens(tmp_path)
    assert json.loads(run(tmp_path, "restore", tmp_path / "copy.db", "--json").stdout)["refusals_kept"] is False
    with desk(tmp_path, *PARTS) as it:
        boats = it.store.alerts.named("Boats").id
        assert set(it.store.alerts.opted_out(boats)) == {"desk"}
        tokens = list(it.store._db.query("SELECT feed_token FROM alerts WHERE id = ?", [boats]))
        assert tokens == [{"feed_token": "open"}]
        assert list(followers(it)) == ["stayed"]


def test_a_wrong_backup_in_place_of_a_lost_store_ends_nothing_that_the_right_one_has(tmp_path):
    backed_up_then(tmp_path, lambda _it: None, refusals)
    back_up(tmp_path / "syndicator.db", tmp_path / "right.db")
    gone(tmp_path)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    assert not restore(tmp_path / "syndicator.db", tmp_path / "right.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert set(it.store.alerts.opted_out(it.store.alerts.named("Boats").id)) == {"desk"}
        assert list(followers(it)) == ["stayed"]
        # From here on it can say again what it was refused.
        back_up(it.store.path, tmp_path / "later.db")
    assert restore(tmp_path / "syndicator.db", tmp_path / "later.db", NOW).refusals_kept


def test_what_a_new_store_was_refused_counts_too(tmp_path):
    backed_up_then(tmp_path, lambda _it: None, lambda _it: None)
    begun_anew(tmp_path)
    with desk(tmp_path, *PARTS) as it, it.store.transaction():
        boats = it.store.alerts.named("Boats").id
        it.store.alerts.opt_out(boats, "phone", NOW)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    with desk(tmp_path, *PARTS) as it:
        assert set(it.store.alerts.opted_out(boats)) == {"phone"}


def test_nobody_is_alarmed_where_the_replaced_store_could_tell(tmp_path):
    backed_up_then(tmp_path, refusals, lambda _it: None)
    done = told(tmp_path)
    assert done.exit_code == 0
    assert OPEN_AGAIN not in done.stderr
    assert json.loads(run(tmp_path, "restore", tmp_path / "copy.db", "--json").stdout)["refusals_kept"] is True


def test_a_store_of_an_older_program_tells_what_it_can(tmp_path):
    """The backup is in the newer shape already, as one that was moved to another machine."""

    def before(it):
        announce(it, "one")
        follow(it, "left", "stayed")

    backed_up_then(
        tmp_path, before, lambda it: it.store._db.execute("DELETE FROM hub_followers WHERE host LIKE 'left%'")
    )
    with closing(sqlite3.connect(tmp_path / "syndicator.db")) as db:
        db.execute("ALTER TABLE hub_followers DROP COLUMN said")
        db.commit()
    assert restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert list(followers(it)) == ["stayed"]


def test_a_store_from_before_the_hub_can_be_replaced(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(("1", "Boat sinks", "x"))
        room.cycle()
        back_up(room.store.path, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "syndicator.db")) as db:
        for table in ("hub_questions", "hub_followers", "hub_topics", "tokens"):
            db.execute(f"DROP TABLE {table}")
        db.commit()
    done = restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    assert done.undone == ()
    assert done.refusals_kept
