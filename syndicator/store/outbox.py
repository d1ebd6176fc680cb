"""The outbox: durable rows of what is to be told to whom, written in the transaction that found it out."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid5

from sqlite_utils import Database

from syndicator.alerts import URGENT, Event
from syndicator.identity import NAMESPACE
from syndicator.model import Reason
from syndicator.store.records import dump_reasons, load_reasons, number, seconds

# A delivery that arrived, or may have: taken, under way, or with an attempt that ended in something else than refusal.
_REACHED = (
    "(d.state = 'delivered' OR d.lease_until IS NOT NULL OR EXISTS ("
    "SELECT 1 FROM attempts t WHERE t.delivery = d.n AND t.verdict NOT IN ('permanent', 'gone')))"
)


@dataclass(frozen=True, slots=True)
class Carried:
    """An article version that a message carries, and why."""

    article: str
    seq: int
    story: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """A message to be queued. `key` names what it tells: nothing is queued twice under one key.

    `alert` is None for our own troubles, which `lines` tell. `part` is as in `alerts.Message`.
    """

    key: str
    event: Event
    alert: str | None
    items: tuple[Carried, ...] = ()
    lines: tuple[str, ...] = ()
    part: tuple[int, int] = (1, 1)

    @property
    def id(self) -> str:
        """The message's permanent id."""
        return uuid5(NAMESPACE, f"message {self.key}").hex


class Outbox:
    """The messages, message_items and deliveries tables. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def queue(self, message: Queued, destinations: Iterable[str], now: datetime) -> int:
        """Queue a message, one delivery a destination; returns how many. One that is there already is left as it is.

        What goes to a destination that is switched off is dead at once: kept, listed, and replayable. What takes
        something back waits until it is on again.
        """
        inserted = self._db.execute(
            "INSERT OR IGNORE INTO messages (id, key, event, alert, at, part, parts, lines)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                message.id,
                message.key,
                message.event,
                message.alert,
                seconds(now),
                *message.part,
                json.dumps(message.lines),
            ],
        )
        if inserted.rowcount:
            for place, item in enumerate(message.items):
                self._db.execute(
                    "INSERT INTO message_items VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        message.id,
                        place,
                        number(self._db, item.article),
                        item.seq,
                        item.story,
                        dump_reasons(item.reasons),
                    ],
                )
        return sum(self._address(message, destination, now) for destination in destinations)

    def _address(self, message: Queued, destination: str, now: datetime) -> int:
        """One delivery, due whatever the clock says. A destination that the store does not know gets none."""
        cursor = self._db.execute(
            """
            INSERT OR IGNORE INTO deliveries
                (id, message, destination, urgent, follows, state, due, queued, settled, said)
            SELECT :id, :message, name, :urgent, :follows,
                CASE WHEN off IS NULL OR :urgent THEN 'pending' ELSE 'dead' END, 0, :now,
                CASE WHEN off IS NULL OR :urgent THEN NULL ELSE :now END,
                CASE WHEN off IS NULL OR :urgent THEN NULL ELSE 'the destination is switched off: ' || off END
            FROM destinations WHERE name = :name
            """,
            {
                "id": "msg_" + uuid5(NAMESPACE, f"delivery {message.key}\n{destination}").hex,
                "message": message.id,
                "name": destination,
                "urgent": int(message.event in URGENT),
                "follows": json.dumps(self._thread(message, destination)),
                "now": seconds(now),
            },
        )
        return cursor.rowcount

    def _thread(self, message: Queued, destination: str) -> list[str]:
        """The deliveries to this destination, by this alert, that told of the same article before: oldest first."""
        if message.event not in URGENT:
            return []
        articles = json.dumps([number(self._db, item.article) for item in message.items])
        rows = self._db.query(
            """
            SELECT DISTINCT d.n, d.id FROM message_items i JOIN messages m ON m.id = i.message
            JOIN deliveries d ON d.message = m.id
            WHERE i.article IN (SELECT value FROM json_each(?)) AND m.alert IS ? AND d.destination = ?
            """  # noqa: S608 - a constant
            f"AND {_REACHED} ORDER BY d.n",
            [articles, message.alert, destination],
        )
        return [row["id"] for row in rows]

    def items(self, message: str) -> tuple[Carried, ...]:
        """The article versions that a message carries, in its order."""
        rows = self._db.query(
            "SELECT a.id, i.seq, i.story, i.reasons FROM message_items i JOIN articles a ON a.n = i.article"
            " WHERE i.message = ? ORDER BY i.place",
            [message],
        )
        return tuple(Carried(row["id"], row["seq"], row["story"], load_reasons(row["reasons"])) for row in rows)

    def split(self, message: Queued, destination: str, held: Iterable[str], until: datetime, now: datetime) -> None:
        """Tell this destination of these articles of a message later, each in a message of its own."""
        chosen = frozenset(held)
        for item in message.items:
            if item.article in chosen:
                later = _apart(message, destination, item)
                self.queue(later, [destination], now)
                self._db.execute(
                    "UPDATE deliveries SET due = ? WHERE message = ? AND attempts = 0", [seconds(until), later.id]
                )

    def split_off(self, message: Queued, destination: str) -> frozenset[str]:
        """The articles of this message that this destination is told of in later ones."""
        later = {_apart(message, destination, item).id: item.article for item in message.items}
        rows = self._db.query(
            "SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(list(later))]
        )
        return frozenset(later[row["id"]] for row in rows)

    def is_corrected_later(self, message: Queued, destination: str, item: Carried) -> bool:
        """Whether this is the message of a correction, and a later one of the same article goes there too."""
        rows = self._db.query(
            """
            SELECT 1 FROM message_items i JOIN messages m ON m.id = i.message JOIN deliveries d ON d.message = m.id
            WHERE i.article = ? AND i.seq > ? AND m.event = 'correction' AND m.alert IS ? AND d.destination = ? LIMIT 1
            """,
            [number(self._db, item.article), item.seq, message.alert, destination],
        )
        return message.event is Event.CORRECTION and any(True for _ in rows)

    def readers_of(self, article: str) -> list[tuple[str | None, str]]:
        """The (alert, destination) pairs that had, or may have had, a version of this article.

        Whoever took a message with it; and whoever was sent one that was never acknowledged.
        """
        rows = self._db.query(
            """
            SELECT DISTINCT m.alert, d.destination FROM message_items i JOIN messages m ON m.id = i.message
            JOIN deliveries d ON d.message = m.id
            WHERE i.article = ?
            """  # noqa: S608 - a constant
            f"AND {_REACHED} ORDER BY m.alert, d.destination",
            [number(self._db, article)],
        )
        return [(row["alert"], row["destination"]) for row in rows]


def _apart(message: Queued, destination: str, item: Carried) -> Queued:
    key = f"{message.key}/held:{destination}:{item.article}"
    return replace(message, key=key, items=(item,), part=(1, 1))
