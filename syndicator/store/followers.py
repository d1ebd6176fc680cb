"""Who follows our feeds by push: subscribers of the built-in hub, and hubs elsewhere. Each is a work row.

A follower is behind where it was sent an older generation than its topic has. However many changes it missed, one
delivery of the newest brings it up to date.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from syndicator.store.claims import Claim
from syndicator.store.questions import Question
from syndicator.store.records import Row, optional_moment, seconds

# Followers that may be sent something now, unless somebody is at it. A feed that waits to be rendered may still say
# what was taken back since: nobody is sent that, nor told to fetch it.
_DUE = """
    FROM hub_topics t CROSS JOIN hub_followers w ON w.topic = t.url AND w.sent < t.generation
    WHERE t.gone = 0 AND (w.due <= :now OR w.due > :now + :wait)
      AND NOT EXISTS (SELECT 1 FROM stale_feeds s WHERE s.name = t.feed)
"""


class FollowerKind(StrEnum):
    """What a follower is: a subscriber, which is sent the bytes, or a hub elsewhere, which is told to fetch them."""

    SUBSCRIBER = "subscriber"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Follower:
    """One that is ours to bring up to date with `topic`, a URL, after so many `failures` in a row, or a `slow` success.

    `url` is a subscriber's callback, which only they and we should know, or the hub's.
    """

    n: int
    kind: FollowerKind
    topic: str
    url: str = field(repr=False)
    host: str
    secret: str | None = field(repr=False)
    failures: int
    slow: bool


@dataclass(frozen=True, slots=True)
class PushStanding:
    """How a kind of followers stands: how many there are, how many are behind, how many of these are failing.

    `waiting_since` is when the first of them fell behind.
    """

    kind: FollowerKind
    followers: int
    behind: int
    failing: int
    waiting_since: datetime | None


class Followers:
    """The hub_followers table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def subscribe(self, question: Question, now: datetime) -> None:
        """A callback has confirmed: it is subscribed from now on for its lease.

        A new one is sent what changed since it asked. One that renews keeps its place, gets its new secret, and is
        tried at once if it was failing: it is evidently there.
        """
        asked = question.asked
        self._db.execute(
            """
            INSERT INTO hub_followers (kind, topic, url, host, secret, since, expires, sent)
            VALUES ('subscriber', :topic, :url, :host, :secret, :now, :expires, :sent)
            ON CONFLICT (topic, kind, url) DO UPDATE SET secret = excluded.secret, expires = excluded.expires,
                due = 0, failures = 0, failing_since = NULL, said = NULL
            """,
            {
                "topic": asked.topic,
                "url": asked.callback,
                "host": asked.host,
                "secret": asked.secret,
                "now": seconds(now),
                "expires": seconds(now + asked.lease),
                "sent": question.generation,
            },
        )

    def unsubscribe(self, question: Question) -> None:
        """A callback has confirmed that it wants no more."""
        self._db.execute(
            "DELETE FROM hub_followers WHERE topic = ? AND kind = 'subscriber' AND url = ?",
            [question.asked.topic, question.asked.callback],
        )

    def is_subscribed(self, topic: str, callback: str) -> bool:
        """Whether this callback is subscribed to this topic."""
        rows = self._db.query(
            "SELECT 1 FROM hub_followers WHERE topic = ? AND kind = 'subscriber' AND url = ?", [topic, callback]
        )
        return any(True for _ in rows)

    def subscriptions(self, host: str | None = None) -> int:
        """How many subscriptions there are (of callbacks on this host)."""
        rows = self._db.query(
            "SELECT count(*) AS n FROM hub_followers WHERE kind = 'subscriber' AND host = coalesce(?, host)", [host]
        )
        return next(int(row["n"]) for row in rows)

    def subscribers(self, feeds: Collection[str]) -> int:
        """How many callbacks are subscribed to these feeds in any format, each counted once."""
        rows = self._db.query(
            "SELECT count(DISTINCT w.url) AS n FROM hub_followers w JOIN hub_topics t ON t.url = w.topic"
            " WHERE w.kind = 'subscriber' AND t.gone = 0 AND t.feed IN (SELECT value FROM json_each(?))",
            [json.dumps(sorted(feeds))],
        )
        return next(int(row["n"]) for row in rows)

    def claim(self, claim: Claim, *, lagging: bool) -> list[Follower]:
        """Take followers that are due, longest due first: those whose last delivery failed or was slow, or the others.

        Subscriptions whose time is up go.
        """
        self._db.execute("DELETE FROM hub_followers WHERE expires <= ?", [seconds(claim.now)])
        which = f"{_DUE} AND (w.failures > 0 OR w.slow) = :lagging"
        rows = claim.take(self._db, "hub_followers", which, first="w.due", lagging=int(lagging))
        return list(map(_follower, sorted(rows, key=lambda row: (row["due"], row["n"]))))

    def reached(self, follower: Follower, generation: int, *, slow: bool) -> None:
        """It has this generation of its topic, and took its time or not. The next one may go at once."""
        self._db.execute(
            "UPDATE hub_followers SET sent = ?, slow = ?, due = 0, failures = 0, failing_since = NULL, said = NULL,"
            " lease_until = NULL, owner = NULL WHERE n = ?",
            [generation, int(slow), follower.n],
        )

    def missed(self, follower: Follower, due: datetime, said: str, now: datetime) -> None:
        """It could not be reached; it is tried again when `due`, with what is newest then."""
        self._db.execute(
            "UPDATE hub_followers SET due = ?, failures = failures + 1, failing_since = coalesce(failing_since, ?),"
            " said = ?, lease_until = NULL, owner = NULL WHERE n = ?",
            [seconds(due), seconds(now), said, follower.n],
        )

    def postpone(self, follower: Follower, until: datetime) -> None:
        """Give it back untried, to be tried from then on."""
        self._db.execute(
            "UPDATE hub_followers SET due = ?, lease_until = NULL, owner = NULL WHERE n = ?",
            [seconds(until), follower.n],
        )

    def remove(self, follower: Follower) -> None:
        """It follows no more."""
        self._db.execute("DELETE FROM hub_followers WHERE n = ?", [follower.n])

    def hand_back(self, owner: str | None = None) -> None:
        """Let go what `owner` was sending (None: anybody, at start, when no other can be at work)."""
        self._db.execute(
            "UPDATE hub_followers SET lease_until = NULL, owner = NULL WHERE owner = coalesce(?, owner)", [owner]
        )

    def is_any_due(self, now: datetime, *, longest_wait: timedelta) -> bool:
        """Whether a claim would have something to do: to ask takes no lock."""
        rows = self._db.query(
            f"SELECT EXISTS (SELECT 1 {_DUE}) OR EXISTS (SELECT 1 FROM hub_followers WHERE expires <= :now) AS due",  # noqa: S608 - a constant of this module
            {"now": seconds(now), "wait": int(longest_wait.total_seconds())},
        )
        return any(row["due"] for row in rows)

    def standing(self) -> list[PushStanding]:
        """How they stand, by kind."""
        rows = self._db.query(
            """
            SELECT f.kind, count(*) AS followers, sum(f.sent < t.generation) AS behind,
                sum(f.sent < t.generation AND f.failures > 0) AS failing,
                min(CASE WHEN f.sent < t.generation THEN coalesce(f.failing_since, t.changed) END) AS waiting_since
            FROM hub_followers f JOIN hub_topics t ON t.url = f.topic GROUP BY f.kind ORDER BY f.kind
            """
        )
        return [
            PushStanding(
                FollowerKind(row["kind"]),
                row["followers"],
                row["behind"],
                row["failing"],
                optional_moment(row["waiting_since"]),
            )
            for row in rows
        ]


def _follower(row: Row) -> Follower:
    return Follower(
        n=row["n"],
        kind=FollowerKind(row["kind"]),
        topic=row["topic"],
        url=row["url"],
        host=row["host"],
        secret=row["secret"],
        failures=row["failures"],
        slow=bool(row["slow"]),
    )
