"""From a replaced store into a restored one: the numbers that were given out, and what must not be undone."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.model import State
from syndicator.store.records import GIVEN_OUT, moment, seconds

# A store that is restored where the replaced one is lost does not know how far its numbers went. No newsroom gives out
# so many between two backups.
GAP = 1_000_000


@dataclass(frozen=True, slots=True)
class Undone:
    """A correction, kill or hold that a restored store does not have. `known`: whether it has the article at all."""

    id: str
    state: State
    url: str | None
    at: datetime
    known: bool


def last_numbers(db: Database) -> dict[str, int]:
    """The last number that each table's sequence gave out."""
    return {row["name"]: row["seq"] for row in db.query("SELECT name, seq FROM sqlite_sequence")}


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


def keep_refusals(replaced: Database, restored: Database) -> None:
    """Whoever said no since the backup has said no: ended alerts, revoked tokens, closed private feeds."""
    alerts = {row["id"] for row in restored.query("SELECT id FROM alerts")}
    kept = [row for row in replaced.query("SELECT id, feed_token FROM alerts") if row["id"] in alerts]
    known = json.dumps([row["id"] for row in kept])
    restored.execute("DELETE FROM opt_outs WHERE alert IN (SELECT value FROM json_each(?))", [known])
    for row in replaced.query("SELECT alert, destination, at FROM opt_outs"):
        if row["alert"] in alerts:
            restored.execute("INSERT INTO opt_outs VALUES (?, ?, ?)", [row["alert"], row["destination"], row["at"]])
    # First none has one: two alerts may have exchanged theirs, and each is unique.
    restored.execute("UPDATE alerts SET feed_token = NULL WHERE id IN (SELECT value FROM json_each(?))", [known])
    for row in kept:
        restored.execute("UPDATE OR IGNORE alerts SET feed_token = ? WHERE id = ?", [row["feed_token"], row["id"]])
    if "tokens" in replaced.table_names():
        for row in replaced.query("SELECT hash, revoked FROM tokens WHERE revoked IS NOT NULL"):
            restored.execute(
                "UPDATE tokens SET revoked = ? WHERE hash = ? AND revoked IS NULL", [row["revoked"], row["hash"]]
            )


def start_anew(db: Database, given_out: dict[str, int], now: datetime) -> None:
    """Numbers go on behind all that were given out; every source is fetched whole, at once; every feed is rendered."""
    db.execute(
        "INSERT INTO sqlite_sequence SELECT 'versions', 0 WHERE 'versions' NOT IN (SELECT name FROM sqlite_sequence)"
    )
    for name, last in last_numbers(db).items():
        number = max(last, given_out.get(name, 0)) + GAP
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", [number, name])
        if name == "versions":
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [GIVEN_OUT, str(number)])
    db.execute(
        "UPDATE sources SET etag = NULL, last_modified = NULL, validators_url = NULL, body_hash = NULL,"
        " lease_until = NULL, owner = NULL, due = min(due, ?)",
        [seconds(now)],
    )
    db.execute("UPDATE push_subscriptions SET lease_until = NULL, owner = NULL, due = min(due, ?)", [seconds(now)])
    # The service renders everything whose look it does not know.
    db.execute("DELETE FROM facts WHERE name IN ('look', 'day', 'shown')")
