"""From a replaced store into a restored one: the numbers that were given out, and what must not be undone."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlite_utils import Database

from syndicator.model import State
from syndicator.people import COMMAND
from syndicator.store.handover import Unsorted, hand_over_audit, hand_over_people, hand_over_sorting
from syndicator.store.records import LOST_NUMBERS, lost_numbers, moment, seconds

# A store that is restored where the replaced one is lost does not know how far its numbers went. No newsroom gives out
# so many between two backups.
GAP = 1_000_000

_BRANCH = "branch"
# In the order in which they can be filled: followers and questions are about topics.
_HUB = ("hub_topics", "hub_followers", "hub_questions")


@dataclass(frozen=True, slots=True)
class Undone:
    """A correction, kill or hold that a restored store does not have. `known`: whether it has the article at all."""

    id: str
    state: State
    url: str | None
    at: datetime
    known: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a replaced store could tell: the last number of each table's sequence, and what is undone (None: unknown).

    `refusals_kept`: it told, and the restored store has, all that was closed, revoked and unsubscribed since, and who
    may sign in. `unsorted` are decisions by hand that the restored store has no article for.
    """

    numbers: dict[str, int]
    undone: tuple[Undone, ...] | None
    refusals_kept: bool
    unsorted: tuple[Unsorted, ...] = ()


NOTHING = Taken({}, None, refusals_kept=False)


def take_over(replaced: Database, restored: Database) -> Taken:
    """Take what the replaced store knew better into the restored one, inside its transaction.

    Where the replaced store is damaged, what can't be read is left.
    """
    numbers: dict[str, int] = {}
    restored.execute("SAVEPOINT taken")
    try:
        numbers = last_numbers(replaced)
        # Of a damaged store an index may tell less than the truth.
        is_sound = replaced.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        is_line = is_sound and _line(replaced) == _line(restored)
        is_same = is_line and _is_later(numbers, last_numbers(restored))
        _keep_refusals(replaced, restored, is_same=is_same)
        if is_same or not is_line:  # of people, an older copy of the same store knows nothing that the backup doesn't
            hand_over_people(replaced, restored, is_same=is_same)
        hand_over_audit(replaced, restored, is_same=is_same)
        unsorted = hand_over_sorting(replaced, restored, is_same=is_same)
        return Taken(numbers, undone(replaced, restored) if is_sound else None, is_same, unsorted)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        # It is damaged, which may be why it is replaced: begin again without it.
        restored.execute("ROLLBACK TO taken")
        return Taken(numbers, None, refusals_kept=False)


def last_numbers(db: Database) -> dict[str, int]:
    """The last number that each table's sequence gave out."""
    return {row["name"]: row["seq"] for row in db.query("SELECT name, seq FROM sqlite_sequence")}


def _is_later(numbers: Mapping[str, int], than: Mapping[str, int]) -> bool:
    """Whether no table's sequence is behind, as it is in an older copy that somebody put in the place of a store."""
    return all(numbers.get(name, 0) >= last for name, last in than.items())


def undone(replaced: Database, restored: Database) -> tuple[Undone, ...]:
    """What people did to articles that the restored store does not know of, newest first."""
    found = []
    rows = replaced.query(
        "SELECT id, version, state, url, updated FROM articles WHERE state IN ('corrected', 'killed') AND kind = 'news'"
        " UNION ALL SELECT id, version, state, url, updated FROM articles WHERE state = 'embargoed'"
    )
    for row in rows:
        before = next(iter(restored.query("SELECT version, state FROM articles WHERE id = ?", [row["id"]])), None)
        # One that its source holds back comes again as it came.
        is_held = row["state"] == State.EMBARGOED and (before is None or before["state"] == State.EMBARGOED)
        is_there = before is not None and (before["version"], before["state"]) == (row["version"], row["state"])
        if not is_there and not is_held:
            state, at = State(row["state"]), moment(row["updated"])
            found.append(Undone(row["id"], state, row["url"], at, before is not None))
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def _line(db: Database) -> tuple[str | None, str | None]:
    """By what a store is known through all its copies: when it was made, to the microsecond, and where it branched off.

    It branches off where a restore could not ask the store before: of what that had been refused, it knows nothing.
    """
    rows = db.query(
        "SELECT (SELECT min(applied_at) FROM _sqlite_migrations WHERE migration_set = 'syndicator') AS made,"
        " (SELECT value FROM facts WHERE name = ?) AS branch",
        [_BRANCH],
    )
    return next((row["made"], row["branch"]) for row in rows)


def _keep_refusals(replaced: Database, restored: Database, *, is_same: bool) -> None:
    """Whoever said no since the backup has said no: to alerts, private feeds, tokens, deliveries and the hub's pushes.

    What is *not* in the replaced store says so only if that is the same store, later: one that was begun anew in the
    place of a lost one, or from another backup of it, may lack what nobody has ended.
    """
    _keep_opt_outs(replaced, restored, is_same=is_same)
    if is_same:
        _keep_private_feeds(replaced, restored)
        _keep_hub(replaced, restored)
    if "tokens" in replaced.table_names():
        for row in replaced.query("SELECT hash, revoked FROM tokens WHERE revoked IS NOT NULL"):
            restored.execute(
                "UPDATE tokens SET revoked = ? WHERE hash = ? AND revoked IS NULL", [row["revoked"], row["hash"]]
            )
    # One that has become another place since is not the one that said it is gone.
    for row in replaced.query(
        "SELECT name, kind, definition, off, off_since FROM destinations WHERE off IS NOT NULL AND gone = 0"
    ):
        restored.execute(
            "UPDATE destinations SET off = :off, off_since = :off_since"
            " WHERE name = :name AND kind = :kind AND definition = :definition AND off IS NULL",
            row,
        )


def _keep_opt_outs(replaced: Database, restored: Database, *, is_same: bool) -> None:
    alerts = {row["id"] for row in restored.query("SELECT id FROM alerts")}
    if is_same:
        known = json.dumps([row["id"] for row in replaced.query("SELECT id FROM alerts")])
        restored.execute("DELETE FROM opt_outs WHERE alert IN (SELECT value FROM json_each(?))", [known])
    for row in replaced.query("SELECT alert, destination, at FROM opt_outs"):
        if row["alert"] in alerts:
            restored.execute(
                "INSERT OR IGNORE INTO opt_outs VALUES (?, ?, ?)", [row["alert"], row["destination"], row["at"]]
            )


def _keep_private_feeds(replaced: Database, restored: Database) -> None:
    kept = list(replaced.query("SELECT id, feed_token FROM alerts"))
    known = json.dumps([row["id"] for row in kept])
    # First none has one: two alerts may have exchanged theirs, and each is unique.
    restored.execute("UPDATE alerts SET feed_token = NULL WHERE id IN (SELECT value FROM json_each(?))", [known])
    for row in kept:
        restored.execute("UPDATE OR IGNORE alerts SET feed_token = ? WHERE id = ?", [row["feed_token"], row["id"]])


def _keep_hub(replaced: Database, restored: Database) -> None:
    """Who follows our feeds, and what each was sent last. What is rendered anew differs from that, or is nothing new.

    Their generations count the announcements of a topic, so the three tables come together or not at all.
    """
    if not set(_HUB) <= set(replaced.table_names()):
        return
    for table in reversed(_HUB):
        restored.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant of this module
    for table in _HUB:
        theirs = {column.name for column in replaced[table].columns}
        columns = [column.name for column in restored[table].columns if column.name in theirs]
        listed, marks = ", ".join(columns), ", ".join("?" * len(columns))
        for row in replaced.query(f"SELECT {listed} FROM {table}"):  # noqa: S608 - our own schema's names
            restored.execute(f"INSERT INTO {table} ({listed}) VALUES ({marks})", list(row.values()))  # noqa: S608


def start_anew(db: Database, taken: Taken, now: datetime) -> None:
    """Numbers go on behind all that were given out; every source is fetched whole, at once; every feed is rendered.

    Nobody is signed in, and no link leads in: what was ended since the backup must not live again.
    """
    if not taken.refusals_kept:
        db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [_BRANCH, token_hex(8)])
    db.execute(
        "INSERT INTO sqlite_sequence SELECT 'versions', 0 WHERE 'versions' NOT IN (SELECT name FROM sqlite_sequence)"
    )
    for name, last in last_numbers(db).items():
        number = max(last, taken.numbers.get(name, 0)) + GAP
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", [number, name])
        if name == "versions":
            lost = [*lost_numbers(db), (last, number)]
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [LOST_NUMBERS, json.dumps(lost)])
    db.execute(
        "UPDATE sources SET etag = NULL, last_modified = NULL, validators_url = NULL, body_hash = NULL,"
        " lease_until = NULL, owner = NULL, due = min(due, ?)",
        [seconds(now)],
    )
    db.execute("UPDATE push_subscriptions SET lease_until = NULL, owner = NULL, due = min(due, ?)", [seconds(now)])
    db.execute("DELETE FROM sessions")
    db.execute("DELETE FROM invitations")
    db.execute(
        "INSERT INTO audit (at, who, act, thing, detail) VALUES (?, ?, 'restored from a backup', 'the store', '')",
        [seconds(now), COMMAND],
    )
    # The service renders everything whose look it does not know.
    db.execute("DELETE FROM facts WHERE name IN ('look', 'day', 'shown')")
