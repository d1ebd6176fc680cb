"""`syndicator backup` and `syndicator restore`: of one moment, whole or not at all, and nothing missed afterwards."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from datetime import timedelta

import pytest
from asgi import ask
from house import house
from newsroom import BOATS, COURTS, NOW, WIRE, newsroom, rss
from outbox import DESK, alert, desk
from test_crash import STRIDE
from test_crash import run as crashes  # noqa: F401 - a fixture
from typer.testing import CliRunner

from syndicator.access import Scope
from syndicator.cli.app import app
from syndicator.errors import StoreBusyError, StoreError, StoreTooNewError, UsageError
from syndicator.store import InstanceLock, back_up, restore, restoring
from syndicator.store.copying import copy_database, partial
from syndicator.store.takeover import GAP
from syndicator.tokendesk import TokenDesk
from syndicator.web import web_app

HOUR = timedelta(hours=1)
WIRE_URL = "https://wire.example/rss"
FIRST = ("1", "Boat sinks", "x")
SECOND = ("2", "Dinghy lands", "y", "Tue, 03 Nov 2026 12:30:00 GMT")


def run(root, *args):
    return CliRunner().invoke(app, [*map(str, args), "--config", str(root / "config.toml")])


def count(path, query="SELECT count(*) FROM articles"):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchone()[0]


def leftovers(root):
    return [path.name for path in root.iterdir() if ".part" in path.name]


@pytest.fixture
def store(tmp_path):
    """A newsroom's store with one article of the wire's, and the place for a backup."""
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(FIRST)
        room.cycle()
    return tmp_path / "syndicator.db"


# Backup


def test_a_backup_holds_everything_in_one_file_for_its_owner(store, tmp_path):
    made = back_up(store, tmp_path / "copy.db")
    assert (made.articles, made.seq, made.size) == (1, 1, (tmp_path / "copy.db").stat().st_size)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(f"file:{tmp_path / 'copy.db'}?immutable=1", uri=True)) as copy:
        assert copy.execute("SELECT title FROM articles").fetchall() == [("Boat sinks",)]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not leftovers(tmp_path)


def test_the_command_says_what_it_made(store, tmp_path):
    done = run(tmp_path, "backup", tmp_path / "copy.db")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{tmp_path / 'copy.db'}: 1 article, ")
    done = run(tmp_path, "backup", tmp_path / "copy.db", "--force", "--json")
    size = (tmp_path / "copy.db").stat().st_size
    assert json.loads(done.stdout) == {"file": str(tmp_path / "copy.db"), "bytes": size, "articles": 1, "seq": 1}


def test_a_file_that_is_there_is_replaced_only_when_asked_for(store, tmp_path):
    target = tmp_path / "copy.db"
    other_database(target, store)
    target.chmod(0o644)
    before = target.read_bytes()
    with pytest.raises(UsageError, match="--force"):
        back_up(store, target)
    assert isinstance(run(tmp_path, "backup", target).exception, UsageError)
    assert target.read_bytes() == before
    back_up(store, target, force=True)
    assert count(target) == 1
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("config.toml", "no SQLite database"),
        ("empty", "no SQLite database"),
        ("feeds", "a folder"),
        ("pipe", "no regular file"),
        ("link.toml", r"config\.toml is no SQLite database"),
    ],
)
def test_force_replaces_databases_alone(store, tmp_path, name, said):
    (tmp_path / "empty").touch()
    (tmp_path / "feeds").mkdir(exist_ok=True)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.toml").symlink_to("config.toml")
    before = (tmp_path / "config.toml").read_bytes()
    with pytest.raises(UsageError, match=said):
        back_up(store, tmp_path / name, force=True)
    assert (tmp_path / "config.toml").read_bytes() == before
    assert run(tmp_path, "backup", tmp_path / name, "--force").exit_code != 0
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("is_there", [True, False], ids=["to an older backup", "to nothing yet"])
def test_a_link_stays_and_the_backup_is_where_it_leads(store, tmp_path, is_there):
    (tmp_path / "big").mkdir()
    (tmp_path / "latest.db").symlink_to("big/news.db")
    if is_there:
        other_database(tmp_path / "big/news.db", store)
    made = back_up(store, tmp_path / "latest.db", force=is_there)
    assert made.file == tmp_path / "big/news.db"
    assert (tmp_path / "latest.db").is_symlink()
    assert not (tmp_path / "big/news.db").is_symlink()
    assert count(tmp_path / "big/news.db") == 1


def test_a_link_in_a_circle_is_refused(store, tmp_path):
    (tmp_path / "latest.db").symlink_to("latest.db")
    with pytest.raises(UsageError, match="there already"):
        back_up(store, tmp_path / "latest.db")
    with pytest.raises(UsageError, match="not there"):
        back_up(store, tmp_path / "latest.db", force=True)


def test_a_file_that_appears_during_the_copy_is_not_replaced(store, tmp_path, monkeypatch):
    from syndicator.store import backup

    target = tmp_path / "copy.db"
    checked = backup.counted
    monkeypatch.setattr(backup, "counted", lambda path: target.write_text("precious") and checked(path))
    with pytest.raises(UsageError, match="there already"):
        back_up(store, target)
    assert target.read_text() == "precious"
    assert not leftovers(tmp_path)


@pytest.mark.parametrize(
    "name", ["syndicator.db", "syndicator.db-wal", "syndicator.db.lock", "link.db", "sub/../syndicator.db"]
)
def test_the_store_itself_is_never_overwritten(store, tmp_path, name):
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.db").symlink_to(store)
    with pytest.raises(UsageError, match="store itself"):
        back_up(store, tmp_path / name, force=True)
    assert count(store) == 1


def test_without_a_store_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(UsageError, match="no store"):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_plainly(store, tmp_path):
    with pytest.raises(StoreError, match=r"nowhere/copy\.db: No such file or directory"):
        back_up(store, tmp_path / "nowhere/copy.db")


def damage(path):
    """Overwrite the pages of the articles' table, as a bad disk would."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'articles'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def cut(path):
    """Lose the end of a store."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("happens", [damage, cut], ids=["overwritten", "cut"])
def test_a_damaged_store_gives_no_backup_and_has_the_blame(store, tmp_path, happens):
    happens(store)
    with pytest.raises(StoreError, match=r"syndicator\.db(: damaged|(, copied to .*)?: database disk image)"):
        back_up(store, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert not leftovers(tmp_path)


def test_a_row_that_points_nowhere_is_damage_too(store, tmp_path):
    with closing(sqlite3.connect(store)) as db:
        db.execute("INSERT INTO opt_outs VALUES ('nobody', 'desk', 0)")
        db.commit()
    with pytest.raises(StoreError, match="damaged: a row of opt_outs"):
        back_up(store, tmp_path / "copy.db")


def test_two_backups_to_one_file_do_not_meet(store, tmp_path):
    with partial(tmp_path / "copy.db"), pytest.raises(StoreBusyError, match="another process"):
        back_up(store, tmp_path / "copy.db")
    assert not leftovers(tmp_path)


def test_what_a_killed_backup_left_is_no_hindrance_and_no_trap(store, tmp_path):
    (tmp_path / "copy.db.part").write_bytes(b"half a copy" * 1000)
    (tmp_path / "copy.db.part-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"x" * 1000)
    back_up(store, tmp_path / "copy.db")
    assert count(tmp_path / "copy.db") == 1
    (tmp_path / "other.db.part").symlink_to(tmp_path / "config.toml")
    before = (tmp_path / "config.toml").read_bytes()
    with pytest.raises(StoreError):
        back_up(store, tmp_path / "other.db")
    assert (tmp_path / "config.toml").read_bytes() == before


WRITER = """
    import sqlite3, sys
    db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    n = 0
    while True:
        n += 1
        if n == 2:
            print("begun", flush=True)
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT OR REPLACE INTO facts VALUES ('left', ?)", [str(n)])
        db.execute("UPDATE ballast SET value = value + 1 WHERE n % 7 = ?", [n % 7])
        db.execute("INSERT OR REPLACE INTO facts VALUES ('right', ?)", [str(n)])
        db.execute("COMMIT")
"""


def test_a_copy_is_of_one_moment_while_another_process_writes(store, tmp_path):
    with closing(sqlite3.connect(store)) as db:
        db.execute("CREATE TABLE ballast (n INTEGER PRIMARY KEY, value INTEGER, text TEXT)")
        rows = ((n, 0, "x" * 500) for n in range(4000))
        db.executemany("INSERT INTO ballast VALUES (?, ?, ?)", rows)
        db.commit()
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), store], stdout=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout.readline() == "begun\n"
            seen = set()
            for number in range(4):
                copy = tmp_path / f"copy{number}.db"
                back_up(store, copy)
                left = count(copy, "SELECT value FROM facts WHERE name = 'left'")
                assert left == count(copy, "SELECT value FROM facts WHERE name = 'right'")
                # Every transaction added to one row in seven.
                touched = count(copy, "SELECT sum(value) FROM ballast")
                assert abs(touched - int(left) * 4000 / 7) < 4
                seen.add(left)
            assert writer.poll() is None
            assert len(seen) > 1, "nobody wrote"
        finally:
            writer.kill()


# Restore


def test_a_restored_store_is_the_backup_and_the_replaced_one_is_kept(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        room.cycle(NOW + HOUR)
    assert count(store) == 2
    done = restore(store, tmp_path / "copy.db", NOW + 2 * HOUR)
    assert done.articles == count(store) == 1
    assert done.kept == tmp_path / "syndicator.db.before-restore-20261103T140000Z"
    assert count(done.kept) == 2
    assert done.kept.stat().st_mode & 0o777 == 0o600
    assert done.undone == ()
    assert not leftovers(tmp_path)
    again = restore(store, tmp_path / "copy.db", NOW + 2 * HOUR)
    assert again.kept.name == "syndicator.db.before-restore-20261103T140000Z-2"
    assert count(done.kept) == 2


def test_what_came_since_the_backup_comes_again_and_alerts(tmp_path):
    parts = (BOATS, WIRE, DESK, alert(query="boat OR dinghy"))
    with desk(tmp_path, *parts) as it:
        it.room.web.pages[WIRE_URL] = rss(FIRST)
        it.room.cycle(it.now)
        back_up(it.store.path, tmp_path / "copy.db")
        it.now += HOUR
        it.room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        it.room.cycle(it.now)
        it.deliver()
        assert it.titles() == ["Dinghy lands"]
        (before,) = [message.id for message in it.wire.sent["desk"]]
        files, article = it.room.files(), it.article("Dinghy lands")
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    with desk(tmp_path, *parts) as it:
        # The server would answer 304 to the validators of what was fetched last.
        it.room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        it.now += HOUR
        it.room.cycle(it.now)
        it.deliver()
        assert it.article("Dinghy lands") == article
        assert it.titles() == ["Dinghy lands"]
        # Told again, under an id of its own: no receiver may take it for something else that it had.
        assert [message.id for message in it.wire.sent["desk"]] != [before]
        assert it.room.files().keys() == files.keys()
        assert it.room.titles("boats") == ["Dinghy lands", "Boat sinks"]


def test_the_same_body_is_taken_in_again(store, tmp_path):
    """Between backup and restore the source has changed nothing: its validators and its body are those of then."""
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        room.cycle(NOW + HOUR)
        back_up(store, tmp_path / "copy.db")
        # As if the backup had been made between the fetch and the articles of another program's.
    with closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        assert db.execute("SELECT etag IS NOT NULL FROM sources").fetchone() == (1,)
    restore(store, tmp_path / "copy.db", NOW + HOUR)
    row = "SELECT etag, last_modified, validators_url, body_hash, owner, lease_until FROM sources"
    with closing(sqlite3.connect(store)) as db:
        assert db.execute(row).fetchall() == [(None,) * 6]
        assert db.execute("SELECT due FROM sources").fetchone()[0] <= (NOW + HOUR).timestamp()


def test_numbers_go_on_behind_all_that_were_given_out(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        for hour in range(1, 4):
            room.web.pages[WIRE_URL] = rss(("1", f"Boat sinks {hour}", "x"))
            room.cycle(NOW + 6 * hour * HOUR)
        newest = room.store.figures.newest_seq()
    assert newest == 4
    done = restore(store, tmp_path / "copy.db", NOW)
    assert done.seq == 1
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(("1", "Boat sinks again", "x"))
        room.cycle(NOW + 24 * HOUR)
        seqs = [row["seq"] for row in room.store._db.query("SELECT seq FROM versions ORDER BY seq")]
    assert seqs == [1, newest + GAP + 1]


def test_whoever_heard_what_a_restored_store_does_not_know_is_told_so_and_all_others_go_on(store, tmp_path):
    def changes(room, after):
        with house(room, lambda: NOW) as open_house:
            answer = ask(web_app(open_house), f"/api/v1/changes?after={after}")
        said = json.loads(answer.body)
        return answer.status, said.get("detail") or [each["seq"] for each in said["changes"]]

    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        for hour in range(1, 4):
            room.web.pages[WIRE_URL] = rss(("1", f"Boat sinks {hour}", "x"))
            room.cycle(NOW + 6 * hour * HOUR)
        assert changes(room, 4) == (200, [])
        assert changes(room, 5)[0] == 409
        assert "5 is no number of this store's" in changes(room, 5)[1]
    restore(store, tmp_path / "copy.db", NOW)
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        assert changes(room, 1) == (200, [])
        assert [changes(room, after)[0] for after in (2, 4, 4 + GAP, 4 + GAP + 1)] == [409] * 4
        room.web.pages[WIRE_URL] = rss(SECOND, ("1", "Boat sinks 3", "x"))
        room.cycle(NOW + 24 * HOUR)
        assert changes(room, 1) == (200, [4 + GAP + 1, 4 + GAP + 2])
        assert changes(room, 4 + GAP + 1) == (200, [4 + GAP + 2])
        assert [changes(room, after)[0] for after in (2, 4, 4 + GAP, 4 + GAP + 3)] == [409] * 4
    restore(store, tmp_path / "copy.db", NOW)
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(SECOND, ("1", "Boat sinks 3", "x"))
        room.cycle(NOW + 24 * HOUR)
        assert [changes(room, after)[0] for after in (1, 2, 4 + GAP, 4 + GAP + 2)] == [200, 409, 409, 409]


@pytest.mark.parametrize("before", ["nothing", "a new store", "no database"])
def test_numbers_go_on_also_where_the_replaced_store_knows_nothing(store, tmp_path, before):
    back_up(store, tmp_path / "copy.db")
    for path in tmp_path.glob("syndicator.db*"):
        path.unlink()
    if before == "a new store":
        with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
            room.start()
    elif before == "no database":
        store.write_bytes(b"The disk is not what it was. " * 1000)
        (tmp_path / "syndicator.db-wal").write_bytes(b"nor is this")
    done = restore(store, tmp_path / "copy.db", NOW)
    assert count(store) == 1
    for table in ("versions",):
        assert count(store, f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'") >= GAP + 1
    assert not (tmp_path / "syndicator.db-wal").exists()
    if before == "nothing":
        assert (done.kept, done.undone) == (None, None)
    elif before == "no database":
        assert done.undone is None
        assert done.kept.read_bytes() == b"The disk is not what it was. " * 1000
        assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == b"nor is this"
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        assert room.store.problems() == []


def test_a_damaged_store_is_replaced_and_kept_as_it_is(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    damage(store)
    done = restore(store, tmp_path / "copy.db", NOW)
    assert done.undone is None
    assert done.kept.exists()
    assert count(store) == 1
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        assert room.store.problems() == []


def test_every_feed_is_rendered_anew(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    restore(store, tmp_path / "copy.db", NOW)
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.start()
        assert {mark.name for mark in room.store.feeds.stale()} >= {"all", "boats", "courts"}


def test_corrections_and_kills_since_the_backup_are_named(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(FIRST, ("4", "Boat four", "z"), ("5", "Boat five", "z"), ("6", "Boat six", "z"))
        room.cycle()
        ids = {row["title"]: row["id"] for row in room.store._db.query("SELECT id, title FROM articles")}
        room.desk.kill(ids["Boat six"], "", NOW, by="anna")
        back_up(room.store.path, tmp_path / "copy.db")
        room.web.pages[WIRE_URL] = rss(SECOND)
        room.cycle(NOW + 6 * HOUR)
        (ids["Dinghy lands"],) = [
            row["id"] for row in room.store._db.query("SELECT id FROM articles WHERE title = 'Dinghy lands'")
        ]
        room.desk.kill(ids["Boat sinks"], "", NOW + 7 * HOUR, by="anna")
        room.desk.correct(ids["Boat four"], "so it is", NOW + 8 * HOUR, by="anna")
        room.desk.embargo(ids["Boat five"], NOW + 99 * HOUR, NOW + 9 * HOUR, by="anna")
        room.desk.kill(ids["Dinghy lands"], "", NOW + 10 * HOUR, by="anna")
    done = run(tmp_path, "restore", tmp_path / "copy.db", "--json")
    assert done.exit_code == 0, done.output
    undone = json.loads(done.stdout)["undone"]
    assert [(each["id"], each["state"], each["known"]) for each in undone] == [
        (ids["Dinghy lands"], "killed", False),
        (ids["Boat five"], "embargoed", True),
        (ids["Boat four"], "corrected", True),
        (ids["Boat sinks"], "killed", True),
    ]


def test_people_are_told_what_to_do_again(tmp_path):
    with newsroom(tmp_path, BOATS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(FIRST)
        room.cycle()
        (id_,) = [row["id"] for row in room.store._db.query("SELECT id FROM articles")]
        back_up(room.store.path, tmp_path / "copy.db")
        room.desk.kill(id_, "", NOW + HOUR, by="anna")
    done = run(tmp_path, "restore", tmp_path / "copy.db")
    assert done.exit_code == 0
    assert "1 article, as in" in done.stdout
    assert f"{id_} was killed 2026-11-03 13:00 (https://wire.example/1)" in done.stderr


def test_who_said_no_since_the_backup_has_said_no(tmp_path):
    parts = (BOATS, WIRE, DESK, alert(), alert("Other", "court"))
    with desk(tmp_path, *parts) as it:
        boats, other = (it.store.alerts.named(name).id for name in ("Boats", "Other"))
        with it.store.transaction():
            it.store.alerts.opt_out(boats, "desk", NOW)
            tokens = TokenDesk(it.store)
        closed = tokens.add("gone", [next(iter(Scope))], NOW)
        kept = tokens.add("here", [next(iter(Scope))], NOW)
        for id_ in (boats, other):
            it.store._db.execute("UPDATE alerts SET feed_token = ? WHERE id = ?", [f"token-of-{id_}", id_])
        back_up(it.store.path, tmp_path / "copy.db")
        with it.store.transaction():
            it.store.alerts.opt_in(boats, "desk")
            it.store.alerts.opt_out(other, "desk", NOW)
            it.store.tokens.revoke(closed.row.id, NOW)
            it.store._db.execute("UPDATE alerts SET feed_token = NULL WHERE id = ?", [boats])
            it.store._db.execute("UPDATE alerts SET feed_token = ? WHERE id = ?", [f"token-of-{boats}", other])
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW)
    with desk(tmp_path, *parts) as it:
        assert not it.store.alerts.opted_out(boats)
        assert set(it.store.alerts.opted_out(other)) == {"desk"}
        assert [row.name for row in it.store.tokens.all()] == [kept.row.name]
        found = {row["id"]: row["feed_token"] for row in it.store._db.query("SELECT id, feed_token FROM alerts")}
        assert found == {boats: None, other: f"token-of-{boats}"}


def test_what_was_waiting_is_told_under_its_old_id(tmp_path):
    from outbox import DOWN

    parts = (BOATS, WIRE, DESK, alert())
    with desk(tmp_path, *parts) as it:
        it.room.cycle(it.now)
        it.wire.answers["desk"] = DOWN
        it.say("Boat one")
        back_up(it.store.path, tmp_path / "copy.db")
        it.wire.answers.clear()
        it.after(HOUR)
        (before,) = [message.id for message in it.wire.sent["desk"]]
    restore(tmp_path / "syndicator.db", tmp_path / "copy.db", NOW + HOUR)
    with desk(tmp_path, *parts) as it:
        it.now += HOUR
        it.deliver()
        assert [message.id for message in it.wire.sent["desk"]] == [before]


# What is refused


def text_file(path, _store):
    path.write_text("no database")


def other_database(path, _store):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE articles (n INTEGER)")
        db.commit()


def empty_file(path, _store):
    path.touch()


def newer(path, store):
    back_up(store, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('syndicator', 'm9999_hence', '')"
        )
        db.commit()


def damaged(path, store):
    back_up(store, path)
    damage(path)


def truncated(path, store):
    back_up(store, path)
    os.truncate(path, path.stat().st_size // 2)


def header_alone(path, _store):
    path.write_bytes(b"SQLite format 3\0 and what somebody wrote behind it" * 100)


def other_pages(path, store):
    back_up(store, path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size = 8192")
        db.execute("VACUUM")


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (text_file, UsageError, "no SQLite database"),
        (lambda path, _store: path.mkdir(), UsageError, "is a folder"),
        (truncated, StoreError, "malformed"),
        (header_alone, StoreError, "not a database"),
        (other_database, UsageError, "no backup of a Syndicator store"),
        (empty_file, UsageError, "no SQLite database, so it is no backup of a Syndicator store"),
        (newer, StoreTooNewError, "m9999_hence"),
        (damaged, StoreError, "damaged|malformed"),
        (other_pages, UsageError, "pages of 8192 bytes"),
        (lambda _path, _store: None, UsageError, "not there"),
        (lambda path, store: path.symlink_to(store), UsageError, "the store itself"),
    ],
    ids=[
        "text",
        "folder",
        "truncated",
        "header alone",
        "other database",
        "empty",
        "newer",
        "damaged",
        "other pages",
        "missing",
        "itself",
    ],
)
def test_what_is_no_sound_backup_of_ours_changes_nothing(store, tmp_path, make, error, said):
    make(tmp_path / "copy.db", store)
    before = snapshot(store)
    with pytest.raises(error, match=said) as raised:
        restore(store, tmp_path / "copy.db", NOW)
    # It is about the file that was given, not about the store, which is sound.
    assert str(raised.value).startswith(str(tmp_path / "copy.db"))
    assert "syndicator.db:" not in str(raised.value)
    assert raised.value.exit_code == (1 if error is StoreError else 2)
    assert snapshot(store) == before
    assert not leftovers(tmp_path)
    assert not list(tmp_path.glob("*before-restore*"))


def snapshot(path):
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def test_a_running_service_is_not_pulled_away_from_under(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    before = snapshot(store)
    with InstanceLock(store):
        done = run(tmp_path, "restore", tmp_path / "copy.db")
    assert done.exit_code != 0
    assert isinstance(done.exception, StoreBusyError)
    assert snapshot(store) == before


def test_a_backup_made_by_an_older_program_is_brought_up_to_date(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0011_stale_since'")
        db.execute("ALTER TABLE stale_feeds DROP COLUMN since")
        db.commit()
    restore(store, tmp_path / "copy.db", NOW)
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.start()
        assert room.store.figures.stale_feeds().number > 0


def test_others_who_have_the_store_open_see_the_restored_one(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        room.cycle(NOW + HOUR)
        assert room.store.figures.newest_seq() == 2
        restore(store, tmp_path / "copy.db", NOW + HOUR)
        assert room.store.figures.newest_seq() == 1
        with room.store.transaction():
            room.store.remember("still", "here")
    assert count(store, "SELECT value FROM facts WHERE name = 'still'") == "here"
    assert count(store, "PRAGMA integrity_check") == "ok"


def test_a_store_that_is_held_ends_the_patience_and_stays(store, tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.store.copying.PATIENCE_S", 0.2)
    back_up(store, tmp_path / "copy.db")
    before = snapshot(store)
    with closing(sqlite3.connect(store, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError, match=r"syndicator\.db: another process does not let go"):
            restore(store, tmp_path / "copy.db", NOW)
        writer.rollback()
    assert snapshot(store) == before
    assert not leftovers(tmp_path)
    assert not list(tmp_path.glob("*before-restore*"))


def test_what_a_command_writes_while_the_store_is_kept_is_in_what_is_kept(store, tmp_path, monkeypatch):
    """Another process, after the copy that is kept was made and before the store is overwritten."""
    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        (id_,) = [row["id"] for row in room.store._db.query("SELECT id FROM articles")]
    overwriting, times = restoring.copy_over, []

    def killing(*args):
        if not times:
            line = [sys.executable, "-m", "syndicator", "article", "kill", id_, "--config", tmp_path / "config.toml"]
            assert subprocess.run(line, check=False).returncode == 0
        times.append(1)
        overwriting(*args)

    monkeypatch.setattr(restoring, "copy_over", killing)
    done = restore(store, tmp_path / "copy.db", NOW)
    assert len(times) == 2
    assert count(done.kept, "SELECT state FROM articles WHERE kind = 'news'") == "killed"
    assert [(each.id, each.state) for each in done.undone] == [(id_, "killed")]
    assert list(tmp_path.glob("*before-restore*")) == [done.kept]
    assert count(store, "SELECT state FROM articles") == "live"


def test_a_store_that_keeps_no_log_is_read_and_written_once(store, tmp_path, monkeypatch):
    """As one is that was put there as a file. Turning it into one with a log is no writing of somebody else's."""
    back_up(store, tmp_path / "copy.db")
    for path in tmp_path.glob("syndicator.db*"):
        path.unlink()
    restore(store, tmp_path / "copy.db", NOW)
    assert count(store, "PRAGMA journal_mode") == "delete"
    monkeypatch.setattr(restoring, "_TRIES", 1)
    restore(store, tmp_path / "copy.db", NOW)
    assert count(store, "PRAGMA journal_mode") == "wal"


def test_a_store_that_another_program_locks_is_not_taken_for_a_broken_one(store, tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.store.copying.PATIENCE_S", 0.2)
    monkeypatch.setattr("syndicator.store.database.BUSY_TIMEOUT_S", 0.2)
    back_up(store, tmp_path / "copy.db")
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        inode = store.stat().st_ino
        with pytest.raises(StoreError, match=r"syndicator\.db: database is locked"):
            restore(store, tmp_path / "copy.db", NOW)
        other.rollback()
    assert store.stat().st_ino == inode
    assert count(store) == 1


def test_a_restore_gives_up_where_others_go_on_writing(store, tmp_path, monkeypatch):
    back_up(store, tmp_path / "copy.db")
    overwriting, times = restoring.copy_over, []

    def writing(*args):
        times.append(1)
        with closing(sqlite3.connect(store)) as writer:
            writer.execute("INSERT OR REPLACE INTO facts VALUES ('written', ?)", [str(len(times))])
            writer.commit()
        overwriting(*args)

    monkeypatch.setattr(restoring, "copy_over", writing)
    with pytest.raises(StoreBusyError, match="go on writing"):
        restore(store, tmp_path / "copy.db", NOW)
    assert count(store, "SELECT value FROM facts WHERE name = 'written'") == str(len(times))
    assert not list(tmp_path.glob("*before-restore*"))
    assert not leftovers(tmp_path)


def test_nobody_can_write_between_the_last_look_and_the_overwriting(store, tmp_path, monkeypatch):
    back_up(store, tmp_path / "copy.db")
    overwriting, said = restoring.copy_over, []

    def looking(source, live, confirm):
        def confirmed():
            confirm()
            with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as writer:
                try:
                    writer.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    said.append(str(error))

        overwriting(source, live, confirmed)

    monkeypatch.setattr(restoring, "copy_over", looking)
    restore(store, tmp_path / "copy.db", NOW)
    assert said == ["database is locked"]


def test_what_a_killed_restore_was_keeping_goes_at_the_next_one(store, tmp_path):
    back_up(store, tmp_path / "copy.db")
    left = tmp_path / "syndicator.db.before-restore-20261101T000000Z.part"
    left.write_bytes(b"half a store" * 1000)
    left.with_name(left.name + "-journal").touch()
    busy = tmp_path / "syndicator.db.before-restore-20261102T000000Z"
    other = tmp_path / "other.db.before-restore-20261101T000000Z.part"
    other.touch()
    with partial(busy) as written:
        restore(store, tmp_path / "copy.db", NOW)
        assert written.exists()
    assert leftovers(tmp_path) == [other.name]


# Copies before migrations


def test_a_copy_follows_no_link_and_leaves_nothing_half_done(store, tmp_path, monkeypatch):
    (tmp_path / "copy.db.part").symlink_to(tmp_path / "config.toml")
    before = (tmp_path / "config.toml").read_bytes()
    with closing(sqlite3.connect(store)) as db:
        with pytest.raises(OSError, match="symbolic links"):
            copy_database(db, tmp_path / "copy.db")
        assert (tmp_path / "config.toml").read_bytes() == before
        (tmp_path / "copy.db.part").unlink()
        (tmp_path / "copy.db.part").write_text("what a killed process left")
        synced = []
        monkeypatch.setattr("syndicator.store.copying.sync", lambda path: synced.append(path.name))
        copy_database(db, tmp_path / "copy.db")
    assert synced == ["copy.db.part", tmp_path.name]
    assert count(tmp_path / "copy.db") == 1
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert not leftovers(tmp_path)


def test_what_a_killed_migration_was_copying_goes_at_the_next_one(store, tmp_path):
    with closing(sqlite3.connect(store)) as db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0011_stale_since'")
        db.execute("ALTER TABLE stale_feeds DROP COLUMN since")
        db.commit()
    (tmp_path / "syndicator.db.backup-20261101T000000Z.part").write_bytes(b"half a store" * 1000)
    with newsroom(tmp_path, BOATS, COURTS, WIRE):
        (copy,) = tmp_path.glob("syndicator.db.backup-*")
    assert count(copy) == 1


# Killed restores


def whole(store, old, new):
    """The store is the old one or the new one, and sound."""
    assert count(store, "PRAGMA integrity_check") == "ok"
    found = count(store)
    assert found in {old, new}
    return found


def test_a_restore_that_is_killed_at_any_step_leaves_the_old_or_the_new_store(crashes, tmp_path):  # noqa: F811
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(FIRST)
        room.cycle()
        back_up(room.store.path, tmp_path / "copy.db")
        room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        room.cycle(NOW + HOUR)
    store = tmp_path / "syndicator.db"
    back_up(store, tmp_path / "newest.db")
    args = ["restore", "copy.db", "--now", "2026-11-03T15:00:00Z"]
    steps = crashes(tmp_path, *args)["steps"]
    assert steps > 20
    found = []
    for step in {1, steps, *range(1 + random.randrange(STRIDE), steps + 1, STRIDE)}:
        for path in [*tmp_path.glob("syndicator.db*")]:
            path.unlink()
        restore(store, tmp_path / "newest.db", NOW)
        assert crashes(tmp_path, *args, die_at=step)["status"] == -signal.SIGKILL
        found.append((step, whole(store, 2, 1)))
    assert (1, 2) in found
    assert (steps, 1) in found
    assert crashes(tmp_path, *args)["status"] == 0
    assert count(store) == 1
    assert not leftovers(tmp_path)


# A child for each trial, forked from a process that has imported everything.
RESTORER = """
    import os, signal, sys, time
    from datetime import UTC, datetime
    from pathlib import Path
    from syndicator.store import restore
    for line in sys.stdin:
        child = os.fork()
        if not child:
            restore(Path(sys.argv[1]), Path(sys.argv[2]), datetime(2026, 11, 3, tzinfo=UTC))
            os._exit(0)
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_restore_that_is_killed_while_it_copies_leaves_the_old_or_the_new_store(store, tmp_path):
    with closing(sqlite3.connect(store)) as db:
        db.execute("CREATE TABLE ballast (n INTEGER PRIMARY KEY, text TEXT)")
        db.executemany("INSERT INTO ballast VALUES (?, ?)", ((n, "x" * 3000) for n in range(4000)))
        db.commit()
    back_up(store, tmp_path / "copy.db")
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        room.web.pages[WIRE_URL] = rss(SECOND, FIRST)
        room.cycle(NOW + HOUR)
    line = [sys.executable, "-c", textwrap.dedent(RESTORER), store, tmp_path / "copy.db"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        # Most often somewhere in the copying; where exactly is the machine's affair.
        for tenth in range(10):
            process.stdin.write(f"{0.01 + tenth * 0.03}\n")
            process.stdin.flush()
            killed = int(process.stdout.readline())
            found = whole(store, 2, 1)
            assert killed == -signal.SIGKILL or (killed, found) == (0, 1)
            for path in tmp_path.glob("*before-restore*"):
                path.unlink()
        process.stdin.close()
    restore(store, tmp_path / "copy.db", NOW)
    assert count(store) == 1
    assert not leftovers(tmp_path)
