"""What subscribers are to be asked or told at their callbacks, as work rows: claimed with a lease, settled once."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.store.claims import Claim
from syndicator.store.records import Row, seconds
from syndicator.websub import Asked, Mode

# Questions that may be asked now, unless somebody is at it.
_DUE = "FROM hub_questions w WHERE (w.due <= :now OR w.due > :now + :wait)"


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

    def ask(self, asked: Asked, generation: int, *, client: str = "") -> None:
        """Have the callback asked whether this was meant. It takes the place of an older question to it."""
        self._db.execute(
            "INSERT OR REPLACE INTO hub_questions (mode, topic, url, host, secret, lease, generation, client)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                asked.mode,
                asked.topic,
                asked.callback,
                asked.host,
                asked.secret,
                int(asked.lease.total_seconds()),
                generation,
                client,
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

    def claim(self, claim: Claim, *, most_attempts: int) -> list[Question]:
        """Take questions that are due, those that were never asked before the others.

        Questions that were begun `most_attempts` times are dropped unasked: something ended us each time.
        """
        self._db.execute("DELETE FROM hub_questions WHERE attempts >= ?", [most_attempts])
        rows = claim.take(self._db, "hub_questions", _DUE, first="(w.attempts > 0)", also=", attempts = attempts + 1")
        return sorted(map(_question, rows), key=lambda question: (question.attempts > 1, question.n))

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
            f"SELECT 1 {_DUE} LIMIT 1", {"now": seconds(now), "wait": int(longest_wait.total_seconds())}
        )
        return any(True for _ in rows)

    def waiting(self, host: str | None = None, *, client: str | None = None) -> int:
        """How many questions to callbacks (on this host, asked for by this client) are not settled."""
        rows = self._db.query(
            "SELECT count(*) AS n FROM hub_questions WHERE host = coalesce(?, host) AND client = coalesce(?, client)",
            [host, client],
        )
        return next(int(row["n"]) for row in rows)


def _question(row: Row) -> Question:
    asked = Asked(Mode(row["mode"]), row["topic"], row["url"], timedelta(seconds=row["lease"]), row["secret"])
    return Question(row["n"], asked, row["generation"], row["attempts"], row["reason"])
