"""Which alert fired on which article, why, and whether that has been told yet."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlite_utils import Database

from syndicator.model import Reason
from syndicator.store.records import Row, dump_reasons, load_reasons, moment, number, optional_moment, seconds


class Silent(StrEnum):
    """Why a hit says nothing by itself.

    It came with its source's backlog; an earlier version matched before the alert was there; its story had
    spoken; its article was withdrawn, or its alert removed, before anybody was told.
    """

    BACKLOG = "backlog"
    EARLIER = "earlier"
    JOINED = "joined"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"


class Fate(StrEnum):
    """What became of a hit: somebody was told; it waits to be told; a delivery was given up; it says nothing."""

    TOLD = "told"
    WAITING = "waiting"
    DEAD = "dead"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class HitRow:
    """One alert's hit on one article: the version (`seq`) that matched, why, and the message that carries it."""

    n: int
    alert: str
    article: str
    seq: int
    story: str
    at: datetime
    published: datetime
    reasons: tuple[Reason, ...]
    silent: Silent | None
    message: str | None


_COLUMNS = "a.published, h.n, h.alert, a.id AS article, h.seq, h.story, h.at, h.reasons, h.silent, h.message"
_FROM = f"SELECT {_COLUMNS} FROM hits h JOIN articles a ON a.n = h.article"  # noqa: S608 - constants

_DELIVERY = "EXISTS (SELECT 1 FROM deliveries d WHERE d.message = h.message AND d.state = '{}')"
_FATES = {
    None: "1",
    Fate.TOLD: _DELIVERY.format("delivered"),
    Fate.WAITING: f"h.silent IS NULL AND (h.message IS NULL OR {_DELIVERY.format('pending')})",
    Fate.DEAD: _DELIVERY.format("dead"),
    Fate.SILENT: "h.silent IS NOT NULL",
}


class Hits:
    """The hits table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        alert: str,
        article: str,
        *,
        seq: int,
        story: str,
        reasons: Iterable[Reason],
        silent: Silent | None,
        now: datetime,
    ) -> None:
        """Keep that an alert fired. It does so once an article."""
        self._db.execute(
            "INSERT INTO hits (alert, article, seq, story, at, reasons, silent) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [alert, number(self._db, article), seq, story, seconds(now), dump_reasons(reasons), silent],
        )

    def alerts_on(self, article: str) -> frozenset[str]:
        """The alerts that have fired on this article, aloud or not."""
        rows = self._db.query("SELECT alert FROM hits WHERE article = ?", [number(self._db, article)])
        return frozenset(row["alert"] for row in rows)

    def on(self, article: str) -> list[HitRow]:
        """Every alert's hit on this article, first first."""
        rows = self._db.query(f"{_FROM} WHERE h.article = ? ORDER BY h.n", [number(self._db, article)])
        return [_load(row) for row in rows]

    def has_spoken(self, alert: str, story: str, *, but: int = 0) -> bool:
        """Whether this alert has told, or is about to tell, of an article of this story that still stands.

        One that was told counts while it is held, too. `but` is a hit that does not count.
        """
        rows = self._db.query(
            "SELECT 1 FROM hits h JOIN articles a ON a.n = h.article"
            " WHERE h.alert = ? AND h.story = ? AND h.n <> ? AND h.silent IS NULL AND a.state <> 'killed'"
            " AND (a.state <> 'embargoed' OR h.message IS NOT NULL) LIMIT 1",
            [alert, story, but],
        )
        return any(True for _ in rows)

    def spoken(self, alert: str, story: str) -> HitRow | None:
        """The first hit by which this alert told of this story aloud."""
        rows = self._db.query(
            f"{_FROM} WHERE h.alert = ? AND h.story = ? AND h.silent IS NULL ORDER BY h.n LIMIT 1", [alert, story]
        )
        return next((_load(row) for row in rows), None)

    def waiting(self, alert: str) -> list[HitRow]:
        """Hits of this alert that no message carries yet, oldest first. Held articles wait for their release."""
        rows = self._db.query(
            f"{_FROM} WHERE h.alert = ? AND h.message IS NULL AND h.silent IS NULL"
            " AND a.state <> 'embargoed' ORDER BY h.n",
            [alert],
        )
        return [_load(row) for row in rows]

    def all_waiting(self) -> frozenset[tuple[str, int]]:
        """The same of all alerts: each with its alert, by their numbers."""
        rows = self._db.query(
            "SELECT h.alert, h.n FROM hits h JOIN articles a ON a.n = h.article"
            " WHERE h.message IS NULL AND h.silent IS NULL AND a.state <> 'embargoed'"
        )
        return frozenset((row["alert"], row["n"]) for row in rows)

    def alerts_waiting(self) -> list[str]:
        """All alerts that have something to tell."""
        rows = self._db.query("SELECT DISTINCT alert FROM hits WHERE message IS NULL AND silent IS NULL ORDER BY alert")
        return [row["alert"] for row in rows]

    def carried(self, hits: Iterable[int], message: str) -> None:
        """These hits are told by this message: the watermark of digests."""
        for n in hits:
            self._db.execute("UPDATE hits SET message = ? WHERE n = ?", [message, n])

    def withdraw(self, article: str) -> None:
        """The article was killed: what waits to be told of it is not told."""
        self._db.execute(
            "UPDATE hits SET silent = ? WHERE article = ? AND message IS NULL AND silent IS NULL",
            [Silent.WITHDRAWN, number(self._db, article)],
        )

    def silence(self, hit: int, silent: Silent | None) -> None:
        """A hit says nothing by itself, for this reason; with None it speaks."""
        self._db.execute("UPDATE hits SET silent = ? WHERE n = ?", [silent, hit])

    def wake_next(self, alert: str, story: str) -> None:
        """The first article of a story that joined it in silence, and stands, speaks now."""
        self._db.execute(
            "UPDATE hits SET silent = NULL WHERE n = (SELECT h.n FROM hits h JOIN articles a ON a.n = h.article"
            " WHERE h.alert = ? AND h.story = ? AND h.silent = 'joined' AND a.state IN ('live', 'corrected')"
            " ORDER BY h.n LIMIT 1)",
            [alert, story],
        )

    def get(self, alert: str, article: str) -> HitRow | None:
        """The hit of this alert on this article, if it fired."""
        rows = self._db.query(f"{_FROM} WHERE h.alert = ? AND a.id = ?", [alert, article])
        return next((_load(row) for row in rows), None)

    def of(self, alert: str, *, limit: int, since: datetime | None = None, before: int | None = None) -> list[HitRow]:
        """The hits of an alert, newest first; those `before` this hit (`n`)."""
        rows = self._db.query(
            f"{_FROM} WHERE h.alert = ? AND h.at >= ? AND (? IS NULL OR h.n < ?) ORDER BY h.n DESC LIMIT ?",
            [alert, seconds(since) if since else 0, before, before, limit],
        )
        return [_load(row) for row in rows]

    def latest(
        self, *, limit: int, alerts: Collection[str] | None = None, fate: Fate | None = None, before: int | None = None
    ) -> list[HitRow]:
        """The hits of these alerts (None: of all, removed ones too), newest first; those `before` this hit (`n`)."""
        among = "1"
        if alerts is not None:
            # Of many alerts the newest hits are soon found among all; of one, by its own.
            one = len(alerts) == 1
            among = "h.alert = :only" if one else "+h.alert IN (SELECT value FROM json_each(:alerts))"
        rows = self._db.query(
            f"{_FROM} WHERE {among} AND {_FATES[fate]} AND (:before IS NULL OR h.n < :before)"
            " ORDER BY h.n DESC LIMIT :limit",
            {
                "alerts": json.dumps(list(alerts or ())),
                "only": next(iter(alerts or ()), None),
                "before": before,
                "limit": limit,
            },
        )
        return [_load(row) for row in rows]

    def newest(self) -> int:
        """The number of the newest hit of any alert: while it stands, none has found anything more."""
        return int(next(iter(self._db.query("SELECT coalesce(max(n), 0) AS n FROM hits")))["n"])

    def last(self, alert: str) -> datetime | None:
        """When the alert last fired aloud."""
        for row in self._db.query("SELECT max(at) AS newest FROM hits WHERE alert = ? AND silent IS NULL", [alert]):
            return optional_moment(row["newest"])
        return None

    def counts(self, since: datetime) -> dict[str, tuple[int, datetime]]:
        """For each alert that fired aloud since then: how often, and when last."""
        rows = self._db.query(
            "SELECT alert, count(*) AS total, max(at) AS newest FROM hits WHERE at >= ? AND silent IS NULL"
            " GROUP BY alert",
            [seconds(since)],
        )
        return {row["alert"]: (row["total"], moment(row["newest"])) for row in rows}

    def count(self, alert: str, since: datetime) -> int:
        """How often this alert fired aloud since then."""
        for row in self._db.query(
            "SELECT count(*) AS total FROM hits WHERE alert = ? AND at >= ? AND silent IS NULL",
            [alert, seconds(since)],
        ):
            return int(row["total"])
        return 0


def _load(row: Row) -> HitRow:
    return HitRow(
        n=row["n"],
        alert=row["alert"],
        article=row["article"],
        seq=row["seq"],
        story=row["story"],
        at=moment(row["at"]),
        published=moment(row["published"]),
        reasons=load_reasons(row["reasons"]),
        silent=Silent(row["silent"]) if row["silent"] else None,
        message=row["message"],
    )
