"""The ledger: what was told to whom, every attempt at it, and what the other side said."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.alerts import Answer, DeliveryState, Event
from syndicator.store.records import Row, moment, number, optional_moment, seconds


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt. `verdict` is one of `alerts.Verdict`, or "interrupted" where the program ended during it."""

    at: datetime
    took_ms: int
    verdict: str
    status: int | None
    said: str


@dataclass(frozen=True, slots=True)
class LastAttempts:
    """When a destination last took something, and when it last did not."""

    taken: datetime | None = None
    failed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """So many messages in a row, the newest ones, were given up; what was said of the last of them."""

    total: int
    said: str

    @property
    def words(self) -> str:
        """As in "last 3 not delivered"."""
        return f"last {'one' if self.total == 1 else self.total} not delivered"


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message to one destination, as it stands. `title` is of its first item, or the first line it says.

    `held`: that item is held back now.
    """

    n: int
    id: str
    event: Event
    alert: str | None
    alert_name: str | None
    destination: str
    state: DeliveryState
    title: str
    items: int
    attempts: int
    queued: datetime
    due: datetime
    settled: datetime | None
    said: str | None
    held: bool


_SELECT = """
    SELECT d.n, d.id, m.event, m.alert, l.name AS alert_name, d.destination, d.state, d.attempts, d.queued, d.due,
        d.settled, d.said, (SELECT count(*) FROM message_items i WHERE i.message = m.id) AS items,
        EXISTS (SELECT 1 FROM message_items i JOIN articles a ON a.n = i.article
            WHERE i.message = m.id AND i.place = 0 AND a.state = 'embargoed') AS held,
        coalesce((SELECT a.title FROM message_items i JOIN articles a ON a.n = i.article
            WHERE i.message = m.id AND i.place = 0), json_extract(m.lines, '$[0]'), '') AS title
    FROM deliveries d JOIN messages m ON m.id = d.message LEFT JOIN alerts l ON l.id = m.alert
"""


class Ledger:
    """Reads of deliveries and attempts, and the writing of attempts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write(self, delivery: int, at: datetime, took_ms: int, answer: Answer) -> None:
        """One attempt and what came of it."""
        self._db.execute(
            "INSERT INTO attempts (delivery, at, took_ms, verdict, status, said) VALUES (?, ?, ?, ?, ?, ?)",
            [delivery, seconds(at), took_ms, answer.verdict, answer.status, answer.said],
        )

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        destination: str | None = None,
        alert: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[DeliveryRow]:
        """Deliveries in this state, to this destination, of this alert (by id), newest first, `before` this `n`."""
        rows = self._db.query(
            f"{_SELECT} WHERE d.state = coalesce(:state, d.state)"
            " AND d.destination = coalesce(:destination, d.destination)"
            " AND (:alert IS NULL OR m.alert = :alert) AND (:before IS NULL OR d.n < :before)"
            " ORDER BY d.n DESC LIMIT :limit",
            {"state": state, "destination": destination, "alert": alert, "before": before, "limit": limit},
        )
        return [_load(row) for row in rows]

    def newest(self) -> int:
        """The number of the delivery that was queued last; 0 where there is none."""
        return int(self._db.execute("SELECT coalesce(max(n), 0) FROM deliveries").fetchone()[0])

    def pending_since(self, n: int) -> frozenset[str]:
        """The destinations for which something was queued after this number, and waits."""
        rows = self._db.query("SELECT DISTINCT destination FROM deliveries WHERE n > ? AND state = 'pending'", [n])
        return frozenset(row["destination"] for row in rows)

    def find(self, reference: str) -> list[DeliveryRow]:
        """The deliveries meant by an id, or the first eight or more characters of one; at most ten, oldest first."""
        bare = reference.removeprefix("msg_")
        rows = self._db.query(
            f"{_SELECT} WHERE length(:bare) >= 8 AND d.id >= 'msg_' || :bare AND d.id < 'msg_' || :bare || '~'"
            " ORDER BY d.n LIMIT 10",
            {"bare": bare},
        )
        return [_load(row) for row in rows]

    def about(self, alert: str, article: str) -> list[DeliveryRow]:
        """Every delivery of this alert that carries this article, oldest first."""
        rows = self._db.query(
            f"{_SELECT} WHERE m.alert = ? AND EXISTS ("  # noqa: S608 - a constant
            "SELECT 1 FROM message_items i WHERE i.message = m.id AND i.article = ?) ORDER BY d.n",
            [alert, number(self._db, article)],
        )
        return [_load(row) for row in rows]

    def carrying(self, message: str) -> list[DeliveryRow]:
        """Every delivery of this message, by destination."""
        return [_load(row) for row in self._db.query(f"{_SELECT} WHERE m.id = ? ORDER BY d.destination", [message])]

    def attempts(self, delivery: int) -> list[AttemptRow]:
        """Every attempt at a delivery, oldest first."""
        rows = self._db.query("SELECT * FROM attempts WHERE delivery = ? ORDER BY n", [delivery])
        return [
            AttemptRow(moment(row["at"]), row["took_ms"], row["verdict"], row["status"], row["said"]) for row in rows
        ]

    def last_attempts(self) -> dict[str, LastAttempts]:
        """For each destination the last attempt that was taken there, and the last that was not."""
        rows = self._db.query(
            "SELECT d.destination, max(CASE WHEN a.verdict = 'delivered' THEN a.at END) AS taken,"
            " max(CASE WHEN a.verdict <> 'delivered' THEN a.at END) AS failed"
            " FROM attempts a JOIN deliveries d ON d.n = a.delivery GROUP BY d.destination"
        )
        return {
            row["destination"]: LastAttempts(optional_moment(row["taken"]), optional_moment(row["failed"]))
            for row in rows
        }

    def lost(self, alerts: Collection[str]) -> dict[tuple[str, str], Lost]:
        """By alert (id) and destination, what was given up there since anything it found was last delivered.

        Begins with what was given up, which is little: where all is well, it costs next to nothing.
        """
        rows = self._db.query(
            """
            WITH dead AS MATERIALIZED (
                SELECT m.alert, d.destination, d.n, d.said FROM deliveries d JOIN messages m ON m.id = d.message
                WHERE d.state = 'dead' AND m.alert IN (SELECT value FROM json_each(?))
            ), told AS MATERIALIZED (
                SELECT h.alert, d.destination, max(d.n) AS n
                FROM hits h JOIN deliveries d ON d.message = h.message AND d.state = 'delivered'
                WHERE h.alert IN (SELECT alert FROM dead) GROUP BY h.alert, d.destination
            )
            SELECT dead.alert, dead.destination, count(*) AS total, max(dead.n), dead.said
            FROM dead LEFT JOIN told ON told.alert = dead.alert AND told.destination = dead.destination
            WHERE dead.n > coalesce(told.n, 0) GROUP BY dead.alert, dead.destination
            """,
            [json.dumps(list(alerts))],
        )
        return {(row["alert"], row["destination"]): Lost(row["total"], row["said"] or "") for row in rows}

    def lost_at(self, destination: str | None = None) -> dict[str, Lost]:
        """For this destination, or each, what was given up there since anything was last delivered."""
        rows = self._db.query(
            """
            WITH told AS MATERIALIZED (
                SELECT p.destination, coalesce((SELECT d.n FROM deliveries d
                    WHERE d.state = 'delivered' AND d.destination = p.destination ORDER BY d.n DESC LIMIT 1), 0) AS n
                FROM (SELECT DISTINCT destination FROM deliveries WHERE state = 'dead') p
                WHERE ?1 IS NULL OR p.destination = ?1
            )
            SELECT d.destination, count(*) AS total, max(d.n), d.said
            FROM deliveries d JOIN told ON told.destination = d.destination
            WHERE d.state = 'dead' AND d.n > told.n GROUP BY d.destination
            """,
            [destination],
        )
        return {row["destination"]: Lost(row["total"], row["said"] or "") for row in rows}

    def counts(self, destination: str) -> dict[DeliveryState, int]:
        """How many deliveries to this destination are in each state."""
        rows = self._db.query(
            "SELECT state, count(*) AS total FROM deliveries WHERE destination = ? GROUP BY state", [destination]
        )
        return {DeliveryState(row["state"]): row["total"] for row in rows}


def _load(row: Row) -> DeliveryRow:
    return DeliveryRow(
        n=row["n"],
        id=row["id"],
        event=Event(row["event"]),
        alert=row["alert"],
        alert_name=row["alert_name"],
        destination=row["destination"],
        state=DeliveryState(row["state"]),
        title=row["title"],
        items=row["items"],
        attempts=row["attempts"],
        queued=moment(row["queued"]),
        due=max(moment(row["due"]), moment(row["queued"])),
        settled=optional_moment(row["settled"]),
        said=row["said"],
        held=bool(row["held"]),
    )
