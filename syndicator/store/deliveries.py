"""Deliveries as work rows: claimed with a lease when due, settled with what came of the attempt."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.alerts import DeliveryState, Event, Line, Outcome, Pending, restores_order
from syndicator.store.outbox import Outbox, Queued
from syndicator.store.records import Row, moment, optional_moment, optional_seconds, seconds

# Longer than any attempt may take: channels have deadlines of their own.
LEASE = timedelta(minutes=5)
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours to try: what it says, to whom, and how it and its destination stood before.

    `follows` are the ids of the deliveries before it in its thread, oldest first.
    """

    n: int
    id: str
    destination: str
    message: Queued
    at: datetime
    follows: tuple[str, ...]
    pending: Pending
    line: Line


class Deliveries:
    """The deliveries table as a queue. Writes belong inside the store's transaction."""

    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db = db
        self._outbox = outbox

    def claim(
        self,
        owner: str,
        now: datetime,
        *,
        longest_wait: timedelta,
        destination: str | None = None,
        busy: Collection[str] = (),
    ) -> list[Claimed]:
        """Take the next delivery of this destination, or of all that are ready: urgent ones first, then the oldest.

        One at a time a destination, which keeps its messages in order and its troubles its own; none of those that are
        `busy`. Leases and waits much further ahead than they can be were written before the clock was set back, and
        count as over.
        """
        self._end_probes(now)
        rows = list(
            self._db.query(
                """
                UPDATE deliveries SET lease_until = :now + :lease, owner = :owner
                WHERE n IN (
                    SELECT (
                        SELECT d.n FROM deliveries d
                        WHERE d.destination = q.name AND d.state = 'pending' AND (d.due <= :now OR d.due > :now + :wait)
                        ORDER BY d.urgent DESC, d.n LIMIT 1)
                    FROM destinations q
                    WHERE q.name = coalesce(:name, q.name) AND q.off IS NULL
                      AND q.name NOT IN (SELECT value FROM json_each(:busy))
                      AND (q.retry_at IS NULL OR q.retry_at <= :now OR q.retry_at > :now + :wait)
                      AND NOT EXISTS (
                        SELECT 1 FROM deliveries b
                        WHERE b.lease_until > :now AND b.lease_until <= :now + 2 * :lease AND b.destination = q.name))
                RETURNING n
                """,
                {
                    "now": seconds(now),
                    "lease": int(LEASE.total_seconds()),
                    "wait": int(longest_wait.total_seconds()),
                    "owner": owner,
                    "name": destination,
                    "busy": json.dumps(sorted(busy)),
                },
            )
        )
        return sorted((self._claimed(row["n"]) for row in rows), key=lambda each: each.n)

    def _end_probes(self, now: datetime) -> None:
        """Where a probe is overdue, what stood aside for it goes back in line."""
        probing = [
            row["name"]
            for row in self._db.query("SELECT * FROM destinations WHERE probe_until IS NOT NULL")
            if restores_order(_load_line(row), now)
        ]
        for name in probing:
            self._restore_order(name, now)
            self._db.execute("UPDATE destinations SET probe_until = NULL WHERE name = ?", [name])

    def _restore_order(self, destination: str, now: datetime) -> None:
        self._db.execute(
            "UPDATE deliveries SET aside = 0, due = min(due, ?)"
            " WHERE destination = ? AND state = 'pending' AND aside = 1",
            [seconds(now), destination],
        )

    def _claimed(self, n: int) -> Claimed:
        rows = self._db.query(
            """
            SELECT d.*, m.key, m.event, m.alert, m.at, m.part, m.parts, m.lines,
                q.failures, q.failing_since AS line_failing_since, q.retry_at, q.refusals,
                q.refusing_since, q.probe_until
            FROM deliveries d JOIN messages m ON m.id = d.message JOIN destinations q ON q.name = d.destination
            WHERE d.n = ?
            """,
            [n],
        )
        row = next(iter(rows))
        message = Queued(
            key=row["key"],
            event=Event(row["event"]),
            alert=row["alert"],
            items=self._outbox.items(row["message"]),
            lines=tuple(json.loads(row["lines"])),
            part=(row["part"], row["parts"]),
        )
        return Claimed(
            n=n,
            id=row["id"],
            destination=row["destination"],
            message=message,
            at=moment(row["at"]),
            follows=tuple(json.loads(row["follows"])),
            pending=Pending(
                moment(row["queued"]),
                moment(row["due"]),
                row["attempts"],
                row["errors"],
                optional_moment(row["failing_since"]),
                aside=bool(row["aside"]),
            ),
            line=_load_line({**row, "failing_since": row["line_failing_since"]}),
        )

    def settle(self, claimed: Claimed, outcome: Outcome, said: str, now: datetime) -> None:
        """Write what an attempt came to: the delivery's state, and how its destination goes on."""
        pending, line = outcome.pending, outcome.line
        self._db.execute(
            """
            UPDATE deliveries SET state = :state, due = :due, attempts = :attempts, errors = :errors,
                failing_since = :failing_since, aside = :aside, said = :said, settled = :settled, lease_until = NULL,
                owner = NULL
            WHERE n = :n AND state = 'pending'
            """,
            {
                "state": outcome.state,
                "due": seconds(pending.due),
                "attempts": pending.attempts,
                "errors": pending.errors,
                "failing_since": optional_seconds(pending.failing_since),
                "aside": int(pending.aside),
                "said": said,
                "settled": None if outcome.state is DeliveryState.PENDING else seconds(now),
                "n": claimed.n,
            },
        )
        self._db.execute(
            """
            UPDATE destinations SET failures = :failures, failing_since = :failing_since, retry_at = :retry_at,
                refusals = :refusals, refusing_since = :refusing_since, probe_until = :probe_until
            WHERE name = :name
            """,
            {
                "failures": line.failures,
                "failing_since": optional_seconds(line.failing_since),
                "retry_at": optional_seconds(line.retry_at),
                "refusals": line.refusals,
                "refusing_since": optional_seconds(line.refusing_since),
                "probe_until": optional_seconds(line.probe_until),
                "name": claimed.destination,
            },
        )
        if outcome.dead_before is not None:
            self._db.execute(
                "UPDATE deliveries SET state = 'dead', settled = :now, said = :said"
                " WHERE destination = :name AND state = 'pending' AND queued <= :before"
                " AND (due <= :now OR aside = 1)",
                {
                    "now": seconds(now),
                    "said": f"given up with the whole queue: {said}",
                    "name": claimed.destination,
                    "before": seconds(outcome.dead_before),
                },
            )
        if outcome.restore_order:
            self._restore_order(claimed.destination, now)
        if outcome.retry_aside:
            self._db.execute(
                "UPDATE deliveries SET due = ? WHERE destination = ? AND state = 'pending' AND aside = 1",
                [seconds(now), claimed.destination],
            )

    def cancel(self, claimed: Claimed, why: str, now: datetime) -> None:
        """Nothing of this message may be told any more."""
        self._db.execute(
            "UPDATE deliveries SET state = 'cancelled', settled = ?, said = ?, lease_until = NULL, owner = NULL"
            " WHERE n = ?",
            [seconds(now), why, claimed.n],
        )

    def postpone(self, claimed: Claimed, until: datetime) -> None:
        """Give a delivery back untried, to be tried from then on. `until` lies no further ahead than a claim's wait."""
        self._db.execute(
            "UPDATE deliveries SET due = ?, lease_until = NULL, owner = NULL WHERE n = ?",
            [seconds(until), claimed.n],
        )

    def start_over(self, destination: str, now: datetime) -> None:
        """The destination leads elsewhere: what waits is tried there as if for the first time, in its old order."""
        self._db.execute(
            "UPDATE deliveries SET due = min(due, ?), attempts = 0, errors = 0, failing_since = NULL, aside = 0,"
            " said = NULL WHERE destination = ? AND state = 'pending' AND lease_until IS NULL",
            [seconds(now), destination],
        )

    def bury(self, destination: str, why: str, now: datetime) -> int:
        """A destination was switched off: what waits for it is dead, and can be replayed. Returns how many.

        What takes something back waits on, for the day that the destination is there again.
        """
        cursor = self._db.execute(
            "UPDATE deliveries SET state = 'dead', settled = ?, said = ?, lease_until = NULL, owner = NULL"
            " WHERE destination = ? AND state = 'pending' AND urgent = 0 AND lease_until IS NULL",
            [seconds(now), f"the destination is switched off: {why}", destination],
        )
        return cursor.rowcount

    def hand_back(self, now: datetime, owner: str | None = None) -> int:
        """Let go what `owner` was trying (None: anybody, at start, when no other can be at work).

        The ledger tells of each that its attempt was interrupted. Returns how many there were.
        """
        rows = self._db.query(
            "UPDATE deliveries SET lease_until = NULL, owner = NULL"
            " WHERE lease_until IS NOT NULL AND owner = coalesce(?, owner) RETURNING n",
            [owner],
        )
        held = sorted(row["n"] for row in rows)
        for n in held:
            self._db.execute(
                "INSERT INTO attempts (delivery, at, took_ms, verdict, status, said) VALUES (?, ?, 0, ?, NULL, ?)",
                [n, seconds(now), INTERRUPTED, "the program ended during this attempt: it may have arrived"],
            )
        return len(held)

    def replay(self, numbers: Sequence[int], now: datetime) -> int:
        """Queue dead deliveries again, under their old ids and in their old order. Returns how many."""
        cursor = self._db.execute(
            """
            UPDATE deliveries SET state = 'pending', due = :now, queued = :now, attempts = 0, errors = 0,
                failing_since = NULL, aside = 0, settled = NULL, said = NULL
            WHERE n IN (SELECT value FROM json_each(:numbers)) AND state = 'dead'
              AND destination IN (SELECT name FROM destinations WHERE off IS NULL)
            """,
            {"now": seconds(now), "numbers": json.dumps(list(numbers))},
        )
        return cursor.rowcount

    def last_trouble(self, destination: str) -> str | None:
        """What the destination said of the oldest delivery that it did not take and that waits."""
        rows = self._db.query(
            "SELECT said FROM deliveries WHERE destination = ? AND state = 'pending' AND said IS NOT NULL"
            " ORDER BY urgent DESC, n LIMIT 1",
            [destination],
        )
        return next((str(row["said"]) for row in rows), None)

    def is_any_waiting(self) -> bool:
        """Whether anything waits at all: to ask takes no lock, as a claim does."""
        return any(True for _ in self._db.query("SELECT 1 FROM deliveries WHERE state = 'pending' LIMIT 1"))

    def backlog(self) -> int:
        """How many deliveries are waiting."""
        for row in self._db.query("SELECT count(*) AS waiting FROM deliveries WHERE state = 'pending'"):
            return int(row["waiting"])
        return 0


def _load_line(row: Row) -> Line:
    return Line(
        failures=row["failures"],
        failing_since=optional_moment(row["failing_since"]),
        retry_at=optional_moment(row["retry_at"]),
        refusals=row["refusals"],
        refusing_since=optional_moment(row["refusing_since"]),
        probe_until=optional_moment(row["probe_until"]),
    )
