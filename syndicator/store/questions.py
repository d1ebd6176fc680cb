"""What subscribers are to be asked or told at their callbacks, as work rows: claimed with a lease, settled once."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.store.records import Row, seconds
from syndicator.websub import Asked, Mode

# Longer than any question may take.
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Question:
    """One that is ours to ask. `asked` is what whoever owns the callback is said to want, or what they are denied.

    `generation` is the topic's when it was asked for; `attempts` are those begun, this one included.
    """

    n: int
    asked: Asked
    generation: int
    attempts: int
    reason: str = field(default="")

    @property
    def host(self) -> str:
        """The callback's host."""
        return self.asked.host


class Questions:
    """The hub_questions table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ask(self, asked: Asked, generation: int) -> None:
        """Have the callback asked whether this was meant. It takes the place of an older question to it."""
        self._db.execute(
            "INSERT OR REPLACE INTO hub_questions (mode, topic, url, host, secret, lease, generation)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                asked.mode,
                asked.topic,
                asked.callback,
                asked.host,
                asked.secret,
                int(asked.lease.total_seconds()),
                generation,
            ],
        )

    def deny(self, topics: Collection[str], reason: str) -> None:
        """End all subscriptions to these topics, verified or not, and have each callback told so."""
        where = {"topics": json.dumps(sorted(topics)), "reason": reason}
        self._db.execute(
            """
            INSERT OR REPLACE INTO hub_questions (mode, topic, url, host, lease, generation, reason)
            SELECT 'denied', topic, url, host, 0, 0, :reason FROM hub_followers
            WHERE kind = 'subscriber' AND topic IN (SELECT value FROM json_each(:topics))
            UNION SELECT 'denied', topic, url, host, 0, 0, :reason FROM hub_questions
            WHERE mode = 'subscribe' AND topic IN (SELECT value FROM json_each(:topics))
            """,
            where,
        )
        self._db.execute(
            "DELETE FROM hub_followers WHERE kind = 'subscriber' AND topic IN (SELECT value FROM json_each(:topics))",
            where,
        )
        self._db.execute(
            "DELETE FROM hub_questions WHERE mode <> 'denied' AND topic IN (SELECT value FROM json_each(:topics))",
            where,
        )

    def claim(
        self,
        owner: str,
        now: datetime,
        *,
        room: int,
        share: int,
        busy: Mapping[str, int],
        under_way: Collection[int],
        longest_wait: timedelta,
        most_attempts: int,
    ) -> list[Question]:
        """Take up to `room` questions that are due, at most `share` a host together with those that are `busy`.

        Questions that were begun `most_attempts` times are dropped unasked: something ended us each time.
        """
        self._db.execute("DELETE FROM hub_questions WHERE attempts >= ?", [most_attempts])
        rows = self._db.query(
            """
            UPDATE hub_questions SET lease_until = :now + :lease, owner = :owner, attempts = attempts + 1
            WHERE n IN (
                SELECT n FROM (
                    SELECT n, row_number() OVER (PARTITION BY host ORDER BY due, n)
                        + coalesce((SELECT value FROM json_each(:busy) WHERE key = host), 0) AS place
                    FROM hub_questions
                    WHERE (due <= :now OR due > :now + :wait)
                      AND (lease_until IS NULL OR lease_until <= :now OR lease_until > :now + :lease)
                      AND n NOT IN (SELECT value FROM json_each(:under_way)))
                WHERE place <= :share ORDER BY n LIMIT :room)
            RETURNING *
            """,
            {
                "now": seconds(now),
                "lease": int(LEASE.total_seconds()),
                "wait": int(longest_wait.total_seconds()),
                "owner": owner,
                "room": room,
                "share": share,
                "busy": json.dumps(dict(busy)),
                "under_way": json.dumps(list(under_way)),
            },
        )
        return sorted(map(_question, rows), key=lambda question: question.n)

    def settle(self, n: int) -> bool:
        """Strike a question off; False where it no longer stood, since another took its place or the topic went."""
        return bool(list(self._db.query("DELETE FROM hub_questions WHERE n = ? RETURNING n", [n])))

    def postpone(self, n: int, until: datetime) -> None:
        """Ask again then."""
        self._db.execute(
            "UPDATE hub_questions SET due = ?, lease_until = NULL, owner = NULL WHERE n = ?", [seconds(until), n]
        )

    def hand_back(self, owner: str | None = None) -> None:
        """Let go what `owner` was asking (None: anybody, at start, when no other can be at work)."""
        self._db.execute(
            "UPDATE hub_questions SET lease_until = NULL, owner = NULL WHERE owner = coalesce(?, owner)", [owner]
        )

    def is_any_due(self, now: datetime, *, longest_wait: timedelta) -> bool:
        """Whether anything may be claimed: to ask takes no lock, as a claim does."""
        rows = self._db.query(
            "SELECT 1 FROM hub_questions WHERE due <= :now OR due > :wait LIMIT 1",
            {"now": seconds(now), "wait": seconds(now + longest_wait)},
        )
        return any(True for _ in rows)

    def waiting(self, host: str | None = None) -> int:
        """How many questions to callbacks (on this host) are not settled."""
        rows = self._db.query("SELECT count(*) AS n FROM hub_questions WHERE host = coalesce(?, host)", [host])
        return next(int(row["n"]) for row in rows)


def _question(row: Row) -> Question:
    asked = Asked(Mode(row["mode"]), row["topic"], row["url"], timedelta(seconds=row["lease"]), row["secret"])
    return Question(row["n"], asked, row["generation"], row["attempts"], row["reason"])
