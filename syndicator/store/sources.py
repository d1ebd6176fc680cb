"""Sources as work rows: claimed with a lease when due, settled with what was learnt, counted for their health."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.model import Republish, SourceState
from syndicator.store.records import dump_source_state, load_source_state, moment, seconds

# Longer than any fetch, parse and write together may take.
LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as config names it: what the store has to keep of it to render its articles later.

    `home` is its web page, `address` its feed: what may be published of where it is.
    """

    name: str
    location: str
    label: str
    republish: Republish
    home: str | None = None
    address: str | None = None


class Sources:
    """The sources table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def configure(self, rows: Iterable[SourceRow], now: datetime) -> bool:
        """Bring the table in line with config: new sources are due at once, absent ones sleep.

        A source whose location changed forgets its validators and starts anew. Returns whether anything that
        feeds show of a source (its label, what may be republished) has changed.
        """
        before = {
            row["name"]: row for row in self._db.query("SELECT name, location, label, republish, address FROM sources")
        }
        shown = False
        named = set()
        for row in rows:
            named.add(row.name)
            old = before.get(row.name)
            looks = (row.label, row.republish, row.address)
            shown = shown or old is None or (old["label"], old["republish"], old["address"]) != looks
            if old is None or old["location"] != row.location:
                self._db.execute("DELETE FROM sources WHERE name = ?", [row.name])
                self.remember(row, now)
            self._db.execute(
                "UPDATE sources SET label = ?, republish = ?, address = ?, enabled = 1 WHERE name = ?",
                [*looks, row.name],
            )
        for name in before.keys() - named:
            self._db.execute("UPDATE sources SET enabled = 0 WHERE name = ?", [name])
        return shown

    def remember(self, row: SourceRow, now: datetime, *, enabled: bool = True) -> None:
        """A source seen for the first time; `enabled=False` for one that is never polled (given to `ingest`)."""
        self._db.table("sources").insert(
            {
                "name": row.name,
                "location": row.location,
                "label": row.label,
                "republish": row.republish,
                "home": row.home,
                "address": row.address,
                "enabled": int(enabled),
                "due": seconds(now),
            },
            ignore=True,
        )

    def claim(
        self, owner: str, now: datetime, limit: int, *, longest_wait: timedelta, names: Collection[str]
    ) -> list[SourceState]:
        """Take up to `limit` of these sources that are due, longest due first.

        Nobody else gets them until the lease ends.

        A lease or a due time further ahead than either can be was written before the clock was set back, and
        counts as over.
        """
        lease, wait = int(LEASE.total_seconds()), int(longest_wait.total_seconds())
        rows = self._db.query(
            """
            UPDATE sources SET lease_until = :now + :lease, owner = :owner, attempts = attempts + 1
            WHERE name IN (
                SELECT name FROM sources
                WHERE enabled = 1 AND gone = 0 AND name IN (SELECT value FROM json_each(:names))
                  AND (due <= :now OR due > :now + :wait)
                  AND (lease_until IS NULL OR lease_until <= :now OR lease_until > :now + :lease)
                ORDER BY due, name LIMIT :limit)
            RETURNING *
            """,
            {
                "now": seconds(now),
                "lease": lease,
                "wait": wait,
                "owner": owner,
                "limit": limit,
                "names": json.dumps(list(names)),
            },
        )
        return sorted((load_source_state(row) for row in rows), key=lambda state: (state.due, state.name))

    def settle(self, state: SourceState) -> None:
        """Write what a poll learnt and let the source go."""
        self._db.table("sources").update(
            state.name, dump_source_state(state) | {"lease_until": None, "owner": None, "attempts": 0}
        )

    def hand_back(self, owner: str | None = None) -> None:
        """Let go what `owner` holds; with None what anybody holds (at start, when no other can be at work)."""
        self._db.execute(
            "UPDATE sources SET lease_until = NULL, owner = NULL WHERE owner = coalesce(?, owner)", [owner]
        )

    def all(self) -> list[SourceState]:
        """Every source in use, by name."""
        rows = self._db.query("SELECT * FROM sources WHERE enabled = 1 ORDER BY name COLLATE NOCASE")
        return [load_source_state(row) for row in rows]

    def state(self, name: str) -> SourceState | None:
        """What is remembered of one source; None where it is not in use."""
        for row in self._db.query("SELECT * FROM sources WHERE name = ? AND enabled = 1", [name]):
            return load_source_state(row)
        return None

    def heard(self, state: SourceState) -> None:
        """Write what was learnt of a source beside a poll, which may be under way and keeps its claim."""
        told = dump_source_state(state)
        columns = ("due", "etag", "last_modified", "validators_url", "body_hash", "last_success")
        self._db.table("sources").update(state.name, {name: told[name] for name in columns})

    def get(self, name: str) -> SourceRow | None:
        """What is kept of a source for rendering, in use or not."""
        for row in self._db.query("SELECT * FROM sources WHERE name = ?", [name]):
            return SourceRow(name, row["location"], row["label"], Republish(row["republish"]))
        return None

    def arrivals(self, name: str, since: datetime) -> list[datetime]:
        """When this source's items were first seen, oldest first."""
        rows = self._db.query(
            "SELECT first_seen FROM appearances WHERE source = ? AND first_seen >= ? ORDER BY first_seen",
            [name, seconds(since)],
        )
        return [moment(row["first_seen"]) for row in rows]
