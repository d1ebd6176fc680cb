"""Our subscriptions at the hubs of our sources, as work rows, and what each source offers to push."""

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from syndicator.store.records import Row, moment, optional_moment, optional_seconds, seconds
from syndicator.websub import Offer, Standing, Subscribed

# Longer than asking a hub may take.
HOLD = timedelta(minutes=5)

_COLUMNS = tuple(field.name for field in fields(Subscribed))


@dataclass(frozen=True, slots=True)
class Pinged:
    """When a hub last said that a source should be looked at, and when its answer was last doubted."""

    at: datetime | None = None
    doubted: datetime | None = None


class Subscriptions:
    """The tables push_offers and push_subscriptions. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def offer(self, source: str, offer: Offer | None) -> None:
        """Keep what a source offers; None: nothing."""
        if offer is None:
            self._db.execute("UPDATE push_offers SET hubs = '[]' WHERE source = ?", [source])
            return
        self._db.execute(
            "INSERT INTO push_offers (source, hubs, topic, url) VALUES (?, ?, ?, ?) ON CONFLICT (source)"
            " DO UPDATE SET hubs = excluded.hubs, topic = excluded.topic, url = excluded.url",
            [source, json.dumps(offer.hubs), offer.topic, offer.url],
        )

    def offers(self) -> dict[str, Offer]:
        """What the sources in use offer, by their names."""
        rows = self._db.query(
            "SELECT o.* FROM push_offers o JOIN sources s ON s.name = o.source"
            " WHERE s.enabled = 1 AND s.gone = 0 AND o.hubs <> '[]'"
        )
        return {row["source"]: Offer(tuple(json.loads(row["hubs"])), row["topic"], row["url"]) for row in rows}

    def ping(self, source: str, now: datetime, *, doubted: bool) -> None:
        """A hub says that a source should be looked at; `doubted`: and that its last answer may not be what counts."""
        self._db.execute(
            "UPDATE push_offers SET pinged = :now, doubted = iif(:doubted, :now, doubted) WHERE source = :source",
            {"now": seconds(now), "doubted": int(doubted), "source": source},
        )

    def pinged(self, source: str) -> Pinged:
        """The last such words."""
        for row in self._db.query("SELECT pinged, doubted FROM push_offers WHERE source = ?", [source]):
            return Pinged(optional_moment(row["pinged"]), optional_moment(row["doubted"]))
        return Pinged()

    def put_off(self, source: str, own_due: datetime | None) -> None:
        """A source is polled later than by its own pace, which wants it at `own_due`; None: it is not."""
        self._db.execute("UPDATE push_offers SET own_due = ? WHERE source = ?", [optional_seconds(own_due), source])

    def own_due(self, source: str) -> datetime | None:
        """When a source that was put off would have been polled by its own pace."""
        for row in self._db.query("SELECT own_due FROM push_offers WHERE source = ?", [source]):
            return optional_moment(row["own_due"])
        return None

    def all(self) -> list[Subscribed]:
        """Every subscription, by its source."""
        return [_load(row) for row in self._db.query("SELECT * FROM push_subscriptions ORDER BY source, since, token")]

    def of(self, source: str) -> list[Subscribed]:
        """The subscriptions of one source."""
        rows = self._db.query("SELECT * FROM push_subscriptions WHERE source = ? ORDER BY since, token", [source])
        return [_load(row) for row in rows]

    def get(self, token: str) -> Subscribed | None:
        """The subscription of this callback."""
        for row in self._db.query("SELECT * FROM push_subscriptions WHERE token = ?", [token]):
            return _load(row)
        return None

    def save(self, it: Subscribed) -> None:
        """Write a subscription, new or known; whoever holds it keeps it."""
        row = _dump(it)
        names = ", ".join(_COLUMNS)
        values = ", ".join(f":{name}" for name in _COLUMNS)
        changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "token")
        self._db.execute(
            f"INSERT INTO push_subscriptions ({names}) VALUES ({values}) ON CONFLICT (token) DO UPDATE SET {changes}",  # noqa: S608 - the record's own names
            row,
        )

    def forget(self, token: str) -> None:
        """A subscription that is over."""
        self._db.execute("DELETE FROM push_subscriptions WHERE token = ?", [token])

    def is_any_due(self, now: datetime, *, longest_wait: timedelta) -> bool:
        """Whether a claim would find something: to ask takes no lock."""
        rows = self._db.query(
            "SELECT 1 FROM push_subscriptions WHERE due <= ? OR due > ? LIMIT 1",
            [seconds(now), seconds(now + longest_wait)],
        )
        return any(True for _ in rows)

    def claim(self, owner: str, now: datetime, limit: int, *, longest_wait: timedelta) -> list[Subscribed]:
        """Take up to `limit` that are due, longest due first; nobody else gets them until they are let go.

        A hold or a due time further ahead than either can be was written before the clock was set back.
        """
        hold = int(HOLD.total_seconds())
        rows = self._db.query(
            """
            UPDATE push_subscriptions SET held_until = :now + :hold, owner = :owner WHERE token IN (
                SELECT token FROM push_subscriptions
                WHERE (due <= :now OR due > :now + :wait)
                  AND (held_until IS NULL OR held_until <= :now OR held_until > :now + :hold)
                ORDER BY due, token LIMIT :limit)
            RETURNING *
            """,
            {
                "now": seconds(now),
                "hold": hold,
                "wait": int(longest_wait.total_seconds()),
                "owner": owner,
                "limit": limit,
            },
        )
        return sorted((_load(row) for row in rows), key=lambda it: (it.due, it.token))

    def let_go(self, token: str) -> None:
        """The hub was asked."""
        self._db.execute("UPDATE push_subscriptions SET held_until = NULL, owner = NULL WHERE token = ?", [token])

    def hand_back(self, owner: str | None = None) -> None:
        """Let go what `owner` holds; with None what anybody holds (at start, when no other can be at work)."""
        self._db.execute(
            "UPDATE push_subscriptions SET held_until = NULL, owner = NULL WHERE owner = coalesce(?, owner)", [owner]
        )


def _load(row: Row) -> Subscribed:
    return Subscribed(
        token=row["token"],
        source=row["source"],
        hub=row["hub"],
        topic=row["topic"],
        callback=row["callback"],
        secret=row["secret"],
        standing=Standing(row["standing"]),
        since=moment(row["since"]),
        due=moment(row["due"]),
        attempts=row["attempts"],
        asked_at=optional_moment(row["asked_at"]),
        verified_at=optional_moment(row["verified_at"]),
        lease_until=optional_moment(row["lease_until"]),
        polled_at=optional_moment(row["polled_at"]),
        pushes=row["pushes"],
        last_push=optional_moment(row["last_push"]),
        misses=row["misses"],
        missed_at=optional_moment(row["missed_at"]),
        error=row["error"],
    )


def _dump(it: Subscribed) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(it, name) for name in _COLUMNS}
    for name, value in row.items():
        if isinstance(value, datetime):
            row[name] = seconds(value)
    return row
