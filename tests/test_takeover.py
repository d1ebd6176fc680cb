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
from syndicator.people import COMMAND, Role
from syndicator.store import Topic
from syndicator.tokendesk import TokenDesk
from syndicator.userdesk import UserDesk

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


# The desk: people, what they sorted, what they did


def people(it):
    """Some of each kind, signed in and with a token each."""
    users, tokens = UserDesk(it.room.settings, it.store), TokenDesk(it.store)
    for name in ("Ada", "Smaller", "Larger", "Locked", "Removed", "Renewed"):
        user = users.add(name, Role.ADMIN if name == "Ada" else Role.CHIEF, NOW).user
        with it.store.transaction():
            it.store.users.set_password(user.id, "old")
            it.store.users.begin_session(f"session of {name}", user.id, NOW, "a browser")
        tokens.add(name, [Scope.ALERTS_WRITE], NOW, owner=name)
    users.invite("Renewed", NOW)


def changes_of_people(it):
    users = UserDesk(it.room.settings, it.store)
    users.set_role("Smaller", Role.EDITOR, NOW + HOUR)
    users.set_role("Larger", Role.ADMIN, NOW + HOUR)
    users.set_enabled("Locked", False, NOW + HOUR)
    users.remove("Removed", NOW + HOUR)
    users.add("New", Role.VIEWER, NOW + HOUR)
    with it.store.transaction():
        it.store.users.set_password(it.store.users.named("Renewed").id, "new")


def another_line(root):
    """As if the replaced store had come from a backup of a lost one."""
    with closing(sqlite3.connect(root / "syndicator.db")) as db:
        db.execute("INSERT OR REPLACE INTO facts VALUES ('branch', 'another')")
        db.commit()


def everybody(it):
    """Who may sign in, as what and with which password; None for whoever may not."""
    return {row.name: None if row.disabled else (row.role, row.password) for row in it.store.users.all()}


def test_nobody_gets_back_in_by_a_restore(tmp_path):
    backed_up_then(tmp_path, people, changes_of_people)
    assert restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert everybody(it) == {
            "Ada": (Role.ADMIN, "old"),
            "Larger": (Role.ADMIN, "old"),
            "Locked": None,
            "New": (Role.VIEWER, None),
            "Renewed": (Role.CHIEF, "new"),
            "Smaller": (Role.EDITOR, "old"),
        }
        assert [row.name for row in TokenDesk(it.store).all()] == ["Ada", "Larger", "Renewed"]
        assert it.store.problems() == []


def test_an_older_copy_of_the_store_in_its_place_takes_nothing_back(tmp_path):
    def later(it):
        changes_of_people(it)
        refusals(it)

    backed_up_then(tmp_path, people, later)
    back_up(tmp_path / "syndicator.db", tmp_path / "newest.db")
    with desk(tmp_path, *PARTS) as it:
        expected = everybody(it)
    gone(tmp_path)
    (tmp_path / "copy.db").rename(tmp_path / "syndicator.db")
    assert not restore(tmp_path / "syndicator.db", tmp_path / "newest.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert everybody(it) == expected
        assert set(it.store.alerts.opted_out(it.store.alerts.named("Boats").id)) == {"desk"}
        assert list(followers(it)) == ["stayed"]


def test_a_store_of_another_line_is_believed_of_whom_it_locks_out_and_makes_smaller_alone(tmp_path):
    backed_up_then(tmp_path, people, changes_of_people)
    another_line(tmp_path)
    assert not restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW).refusals_kept
    with desk(tmp_path, *PARTS) as it:
        assert everybody(it) == {
            "Ada": (Role.ADMIN, "old"),
            "Larger": (Role.CHIEF, "old"),
            "Locked": None,
            "Removed": (Role.CHIEF, "old"),
            "Renewed": (Role.CHIEF, "old"),
            "Smaller": (Role.EDITOR, "old"),
        }


def test_whom_the_backup_has_locked_out_another_line_does_not_let_in(tmp_path):
    def locked(it):
        people(it)
        UserDesk(it.room.settings, it.store).set_enabled("Locked", False, NOW)

    def let_in(it):
        UserDesk(it.room.settings, it.store).set_enabled("Locked", True, NOW)

    backed_up_then(tmp_path, locked, let_in)
    another_line(tmp_path)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    with desk(tmp_path, *PARTS) as it:
        assert everybody(it)["Locked"] is None


@pytest.mark.parametrize("happens", [lambda _root: None, another_line, gone], ids=["same", "another line", "lost"])
def test_a_restore_signs_everybody_out_and_ends_every_link(tmp_path, happens):
    backed_up_then(tmp_path, people, lambda _it: None)
    happens(tmp_path)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    for table in ("sessions", "invitations"):
        assert count(tmp_path / "syndicator.db", f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize("happens", [lambda _root: None, another_line], ids=["same", "another line"])
def test_what_was_done_since_the_backup_stays_in_the_audit_log_once(tmp_path, happens):
    backed_up_then(tmp_path, people, changes_of_people)
    happens(tmp_path)
    with desk(tmp_path, *PARTS) as it:
        before = [(row.at, row.who, row.act, row.thing, row.detail) for row in it.store.audit.newest(limit=99)]
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + 2 * HOUR)
    with desk(tmp_path, *PARTS) as it:
        (restored, *after) = [
            (row.at, row.who, row.act, row.thing, row.detail) for row in it.store.audit.newest(limit=99)
        ]
    assert restored == (NOW + 2 * HOUR, COMMAND, "restored from a backup", "the store", "")
    assert after == before
    assert ("role changed", "user Smaller") in [(row[2], row[3]) for row in after]


NEWS = [(name, f"{name} news of a boat", f"{name} {name} only") for name in ("Out", "Left", "Mended", "Held")]
NEWS.append(("In", "Nothing of the kind", "It says nothing of it."))


def sorted_by_hand(root, since):
    """A backup of five articles, one of which stands out of its topic by hand; then `since`, with their ids."""
    with newsroom(root, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(*NEWS)
        room.cycle()
        rows = room.store._db.query("SELECT id, url FROM articles")
        ids = {row["url"].rpartition("/")[2]: row["id"] for row in rows}
        room.desk.sort(ids["Left"], "boats", False, NOW, by="Cleo")
        back_up(room.store.path, root / "copy.db")
        since(room, ids)
    return ids


def sorting(room, ids):
    room.desk.correct(ids["Mended"], "A slip.", NOW + HOUR, by="Cleo", title="Mended news of a dinghy")
    for name, inside in (("Out", False), ("In", True), ("Left", None), ("Mended", False)):
        room.desk.sort(ids[name], "boats", inside, NOW + HOUR, by="Cleo")


def under_boats(root, ids):
    with newsroom(root, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(*NEWS)
        room.cycle(NOW + 2 * HOUR)
        assert room.store.problems() == []
        assert set(room.titles("boats")) == {
            room.store.articles.get(id_).content.title for id_ in room.store.topics.under("boats")
        }
        return {name for name, id_ in ids.items() if id_ in room.store.topics.under("boats")}


def test_what_was_sorted_by_hand_since_the_backup_stays_sorted(tmp_path):
    ids = sorted_by_hand(tmp_path, sorting)
    assert restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR).unsorted == ()
    assert under_boats(tmp_path, ids) == {"Left", "Held", "In"}


def test_what_is_out_of_a_topic_by_hand_leaves_it_though_it_was_corrected(tmp_path):
    """The backup has the correction already, and with it a place in the topic that only a person can take away."""

    def since(room, ids):
        room.desk.sort(ids["Mended"], "boats", False, NOW + HOUR, by="Cleo")

    with newsroom(tmp_path, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(*NEWS)
        room.cycle()
        (id_,) = [row["id"] for row in room.store._db.query("SELECT id FROM articles WHERE title LIKE 'Mended%'")]
        room.desk.correct(id_, "A slip.", NOW, by="Cleo", title="Mended news of a boat once more")
        back_up(room.store.path, tmp_path / "copy.db")
        since(room, {"Mended": id_})
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    assert under_boats(tmp_path, {"Mended": id_}) == set()


def test_another_line_adds_its_decisions_and_ends_none(tmp_path):
    ids = sorted_by_hand(tmp_path, sorting)
    another_line(tmp_path)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    assert under_boats(tmp_path, ids) == {"Held", "In"}


def test_what_was_sorted_and_is_not_in_the_backup_is_told(tmp_path):
    late = ("Late", "Late news of a boat", "Late late only")

    def since(room, _ids):
        room.web.pages[WIRE_URL] = rss(*NEWS, late)
        room.cycle(NOW + HOUR)
        (id_,) = [row["id"] for row in room.store._db.query("SELECT id FROM articles WHERE title LIKE 'Late%'")]
        room.desk.sort(id_, "boats", False, NOW + HOUR, by="Cleo")
        found.append(id_)

    found = []
    sorted_by_hand(tmp_path, since)
    done = told(tmp_path)
    assert done.exit_code == 0
    assert f"syndicator article topic {found[0]} boats --remove  (https://wire.example/Late)" in done.stderr


def test_of_two_decisions_in_two_lines_the_later_stands(tmp_path):
    def earlier(room, ids):
        room.desk.sort(ids["Left"], "boats", True, NOW - HOUR, by="Cleo")

    ids = sorted_by_hand(tmp_path, earlier)
    another_line(tmp_path)
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    assert "Left" not in under_boats(tmp_path, ids)
