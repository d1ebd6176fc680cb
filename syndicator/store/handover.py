"""From a replaced store into a restored one: who may work at the desk, what they sorted by hand, and what they did."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.people import Role
from syndicator.store.records import moment

_PERSON = "name, folded, role, password, zone, created, last_seen, disabled"
_SORTED = "SELECT a.id, a.url, p.topic, p.inside, p.who, p.at FROM placements p JOIN articles a ON a.n = p.article"


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A decision by hand on an article that a restored store does not have: whether it stands under a topic."""

    id: str
    topic: str
    inside: bool
    url: str | None
    at: datetime


def hand_over_people(replaced: Database, restored: Database, *, is_same: bool) -> None:
    """Everybody as they are in the replaced store: with the role, the password and the way in that they have now.

    If that may not be the same store, later, nobody is gone, new or may do more by what it says: it is believed only of
    whom it locks out, and of whom it knows in a smaller role.
    """
    if "users" not in replaced.table_names():
        return
    people = list(replaced.query(f"SELECT id, {_PERSON} FROM users"))  # noqa: S608 - constants
    if is_same:
        restored.execute("DELETE FROM users")
        for row in people:
            restored.execute(
                f"INSERT INTO users (id, {_PERSON}) VALUES (:id, :name, :folded, :role, :password, :zone, :created,"  # noqa: S608
                " :last_seen, :disabled)",
                row,
            )
        return
    for row in people:
        larger = [role for role in Role if role.reaches(Role(row["role"]))]
        restored.execute(
            "UPDATE users SET disabled = coalesce(:disabled, disabled),"
            " role = CASE WHEN role IN (SELECT value FROM json_each(:larger)) THEN :role ELSE role END"
            " WHERE folded = :folded AND created = :created",
            row | {"larger": json.dumps(larger)},
        )


def hand_over_audit(replaced: Database, restored: Database, *, is_same: bool) -> None:
    """What was done since the backup stays written down, the acts that this undoes too.

    The lines of another store have numbers of their own, and come behind ours.
    """
    if "audit" not in replaced.table_names():
        return
    rows = replaced.query("SELECT n, at, who, act, thing, detail FROM audit ORDER BY n")
    if is_same:
        for row in rows:
            restored.execute("INSERT OR IGNORE INTO audit VALUES (:n, :at, :who, :act, :thing, :detail)", row)
        return
    last = restored.execute("SELECT coalesce(max(n), 0) FROM audit").fetchone()[0]
    for row in rows:
        restored.execute(
            "INSERT INTO audit (at, who, act, thing, detail) SELECT :at, :who, :act, :thing, :detail WHERE NOT EXISTS"
            " (SELECT 1 FROM audit WHERE thing = :thing AND n <= :last AND at = :at AND who = :who AND act = :act"
            " AND detail = :detail)",
            row | {"last": last},
        )


def hand_over_sorting(replaced: Database, restored: Database, *, is_same: bool) -> tuple[Unsorted, ...]:
    """What was sorted by hand stands as it was decided last; topics are applied anew where that is news to the backup.

    Returns the decisions on articles that the restored store does not have, newest first.
    """
    if "placements" not in replaced.table_names():
        return ()
    before = _sorting(restored)
    decided = list(replaced.query(f"{_SORTED} ORDER BY p.at DESC"))
    if is_same:
        restored.execute("DELETE FROM placements")
    for row in decided:
        restored.execute(
            "INSERT INTO placements (article, topic, inside, who, at)"
            " SELECT n, :topic, :inside, :who, :at FROM articles WHERE id = :id"
            " ON CONFLICT (article, topic) DO UPDATE SET inside = excluded.inside, who = excluded.who, at = excluded.at"
            " WHERE excluded.at >= at",
            row,
        )
    for _, topic, _ in before ^ _sorting(restored):
        restored.execute("UPDATE topics SET meaning = '' WHERE name = ?", [topic])
    known = {row["id"] for row in restored.query("SELECT id FROM articles")}
    return tuple(
        Unsorted(row["id"], row["topic"], bool(row["inside"]), row["url"], moment(row["at"]))
        for row in decided
        if row["id"] not in known
    )


def _sorting(db: Database) -> set[tuple[str, str, bool]]:
    """Every decision in force: article, topic, whether it stands there."""
    return {(row["id"], row["topic"], bool(row["inside"])) for row in db.query(_SORTED)}
