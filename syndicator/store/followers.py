"""Who follows our feeds by push: subscribers of the built-in hub, and hubs elsewhere. Each is a work row.

A follower is behind where it was sent an older generation than its topic has. However many changes it missed, one
delivery of the newest brings it up to date.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlite_utils import Database

from syndicator.store.questions import Question
from syndicator.store.records import Row, optional_moment, seconds

# Longer than any delivery may take.
LEASE = timedelta(minutes=2)

# Followers that may be sent something now, unless somebody is at it.
_DUE = """
    FROM hub_topics t CROSS JOIN hub_followers f ON f.topic = t.url AND f.sent < t.generation
    WHERE t.gone = 0 AND (f.due <= :now OR f.due > :now + :wait)
"""


class FollowerKind(StrEnum):
    """What a follower is: a subscriber, which is sent the bytes, or a hub elsewhere, which is told to fetch them."""

    SUBSCRIBER = "subscriber"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Follower:
    """One that is ours to bring up to date with `topic`, a URL, after so many `failures` in a row.

    `url` is a subscriber's callback, which only they and we should know, or the hub's.
    """

    n: int
    kind: FollowerKind
    topic: str
    url: str = field(repr=False)
    host: str
    secret: str | None = field(repr=False)
    failures: int


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
        failing: bool,
    ) -> list[Follower]:
        """Take up to `room` followers that are due, of those whose last delivery failed, or of those where it did not.

        At most `share` a host, together with those that are `busy`; those longest due first. Subscriptions whose time
        is up go.
        """
        self._db.execute("DELETE FROM hub_followers WHERE expires <= ?", [seconds(now)])
        rows = self._db.query(
            f"""
            UPDATE hub_followers SET lease_until = :now + :lease, owner = :owner
            WHERE n IN (
                SELECT n FROM (
                    SELECT f.n, f.due, row_number() OVER (PARTITION BY f.host ORDER BY f.due, f.n)
                        + coalesce((SELECT value FROM json_each(:busy) WHERE key = f.host), 0) AS place
                    {_DUE} AND (f.failures > 0) = :failing
                      AND (f.lease_until IS NULL OR f.lease_until <= :now OR f.lease_until > :now + :lease)
                      AND f.n NOT IN (SELECT value FROM json_each(:under_way)))
                WHERE place <= :share ORDER BY due, n LIMIT :room)
            RETURNING *
            """,  # noqa: S608 - a constant of this module
            {
                "now": seconds(now),
                "lease": int(LEASE.total_seconds()),
                "wait": int(longest_wait.total_seconds()),
                "owner": owner,
                "room": room,
                "share": share,
                "busy": json.dumps(dict(busy)),
                "under_way": json.dumps(list(under_way)),
                "failing": int(failing),
            },
        )
        return list(map(_follower, sorted(rows, key=lambda row: (row["due"], row["n"]))))

    def reached(self, follower: Follower, generation: int) -> None:
        """It has this generation of its topic. The next one may go at once."""
        self._db.execute(
            "UPDATE hub_followers SET sent = ?, due = 0, failures = 0, failing_since = NULL, said = NULL,"
            " lease_until = NULL, owner = NULL WHERE n = ?",
            [generation, follower.n],
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
    )
