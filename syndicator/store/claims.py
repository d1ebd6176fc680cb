"""Claiming work rows that go to hosts which strangers chose: under a lease, and only so many a host."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.store.records import Row, seconds

# Longer than any attempt may take.
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims, and how much: up to `room` rows, of which `share` a host, together with those that are `busy`.

    Rows `under_way` are the claimant's already, whatever clock and leases say. A row that would be due later than
    after `longest_wait` was put off before the clock was set back: it is due now.
    """

    owner: str
    now: datetime
    room: int
    share: int
    busy: Mapping[str, int]
    under_way: Collection[int]
    longest_wait: timedelta

    def take(self, db: Database, table: str, due: str, *, first: str, also: str = "", **values: object) -> list[Row]:
        """Claim rows of `table` and give them as they are now, in no order. Belongs inside a transaction.

        All of these are SQL: `due` says FROM what as `w`, and WHERE (it may use :now, :wait and `values`); the lowest
        `first` goes first, of each host and in all; `also` is set in what is claimed.
        """
        return list(
            db.query(
                f"""
                UPDATE {table} SET lease_until = :now + :lease, owner = :owner {also}
                WHERE n IN (
                    SELECT n FROM (
                        SELECT w.n, {first} AS first, row_number() OVER (PARTITION BY w.host ORDER BY {first}, w.n)
                            + coalesce((SELECT value FROM json_each(:busy) WHERE key = w.host), 0) AS place
                        {due}
                          AND (w.lease_until IS NULL OR w.lease_until <= :now OR w.lease_until > :now + :lease)
                          AND w.n NOT IN (SELECT value FROM json_each(:under_way)))
                    WHERE place <= :share ORDER BY first, n LIMIT :room)
                RETURNING *
                """,  # noqa: S608 - constants of the modules that call
                {
                    "now": seconds(self.now),
                    "lease": int(LEASE.total_seconds()),
                    "wait": int(self.longest_wait.total_seconds()),
                    "owner": self.owner,
                    "room": self.room,
                    "share": self.share,
                    "busy": json.dumps(dict(self.busy)),
                    "under_way": json.dumps(list(self.under_way)),
                    **values,
                },
            )
        )
