"""Who did what, and when: written in the transaction that does it, and never changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.store.records import moment, seconds


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One act of somebody's. `thing` is what it was done to ("alert 3f…", "article urn:uuid:…"); `detail` says more."""

    number: int
    at: datetime
    who: str
    act: str
    thing: str
    detail: str


class Audit:
    """The audit table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, now: datetime, who: str, act: str, thing: str, detail: str = "") -> None:
        """Somebody did something."""
        self._db.execute(
            "INSERT INTO audit (at, who, act, thing, detail) VALUES (?, ?, ?, ?, ?)",
            [seconds(now), who, act, thing, detail],
        )

    def newest(
        self,
        *,
        limit: int,
        before: int | None = None,
        thing: str | None = None,
        who: str | None = None,
        about: str | None = None,
        acts: Sequence[str] = (),
    ) -> list[AuditRow]:
        """The newest acts (on this thing, by this person, that name `about` in what they were done to or in detail).

        `about` may also be in the name that an alert has now, or in the headline of an article; or the act is one of
        `acts`. At most `limit`, with a number below `before`; newest first.
        """
        rows = self._db.query(
            "SELECT * FROM audit WHERE (:before IS NULL OR n < :before) AND (:thing IS NULL OR thing = :thing)"
            " AND (:who IS NULL OR who = :who)"
            " AND (:about IS NULL OR instr(lower(thing || ' ' || act || ' ' || detail), lower(:about))"
            " OR act IN (SELECT value FROM json_each(:acts))"
            " OR thing GLOB 'alert *' AND EXISTS ("
            "SELECT 1 FROM alerts WHERE id = substr(thing, 7) AND instr(folded, :folded))"
            " OR thing GLOB 'article *' AND EXISTS ("
            "SELECT 1 FROM articles WHERE id = substr(thing, 9) AND instr(lower(title), lower(:about))))"
            " ORDER BY n DESC LIMIT :limit",
            {
                "before": before,
                "thing": thing,
                "who": who,
                "about": about,
                "folded": about and about.casefold(),
                "acts": json.dumps(acts),
                "limit": limit,
            },
        )
        return [AuditRow(r["n"], moment(r["at"]), r["who"], r["act"], r["thing"], r["detail"]) for r in rows]

    def people(self) -> list[str]:
        """Everybody who ever did something, by name; those who are no longer here, too."""
        return [row["who"] for row in self._db.query("SELECT DISTINCT who FROM audit ORDER BY who COLLATE NOCASE")]
