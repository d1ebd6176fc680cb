"""Alerts as rows: what config and people wrote, and when each may speak next.

`definition` is an alert in config.toml's own spelling, as JSON; what it means is decided above the store.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlite_utils import Database

from syndicator.store.records import Row, moment, optional_moment, optional_seconds, seconds

# Characters of a token that find it; the 112 random bits behind them are the secret.
_TOKEN_BEGINNING = 8


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert. `due` is when its waiting hits may be gathered, None while none waits.

    `last_message` is when it last spoke. `revision` grows with every change of any alert. `gone`: it was removed, and
    only its ledger is left.
    """

    id: str
    name: str
    owner: str
    definition: str
    from_config: bool
    revision: int
    muted_until: datetime | None
    feed_token: str | None
    created: datetime
    due: datetime | None
    last_message: datetime | None
    gone: bool


@dataclass(frozen=True, slots=True)
class AlertDefinition:
    """An alert to be kept: see `AlertRow`."""

    id: str
    name: str
    owner: str
    definition: str


class Alerts:
    """The alerts and opt_outs tables. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def configure(self, definitions: Iterable[AlertDefinition], now: datetime) -> None:
        """Bring the alerts of config.toml in line with it; those it no longer has are gone, their ledger stays."""
        known = {row.id: row for row in self._select("from_config = 1")}
        named = set()
        for each in definitions:
            named.add(each.id)
            old = known.get(each.id)
            if (
                old is None
                or old.gone
                or (old.name, old.owner, old.definition)
                != (
                    each.name,
                    each.owner,
                    each.definition,
                )
            ):
                self.put(each, now, from_config=True)
        for id_, old in known.items():
            if id_ not in named and not old.gone:
                self.remove(id_)

    def put(self, each: AlertDefinition, now: datetime, *, from_config: bool = False) -> None:
        """Keep an alert, new or changed. One that comes back has its private feed under a new token."""
        self._db.execute(
            """
            INSERT INTO alerts (id, name, folded, owner, definition, from_config, revision, feed_token, created)
            VALUES (:id, :name, :folded, :owner, :definition, :from_config, :revision, :token, :now)
            ON CONFLICT (id) DO UPDATE SET name = :name, folded = :folded, owner = :owner, definition = :definition,
                from_config = :from_config, revision = :revision, gone = 0,
                feed_token = CASE WHEN gone THEN :token ELSE feed_token END
            """,
            {
                "id": each.id,
                "name": each.name,
                "folded": each.name.casefold(),
                "owner": each.owner,
                "definition": each.definition,
                "from_config": int(from_config),
                "revision": self._next_revision(),
                "token": new_token(),
                "now": seconds(now),
            },
        )

    def remove(self, id_: str) -> None:
        """An alert that is no longer wanted: it tells nothing more, and its private feed is closed."""
        self._db.execute(
            "UPDATE alerts SET gone = 1, feed_token = NULL, due = NULL, revision = ? WHERE id = ?",
            [self._next_revision(), id_],
        )
        self._db.execute(
            "UPDATE hits SET silent = 'dropped' WHERE alert = ? AND message IS NULL AND silent IS NULL", [id_]
        )

    def mute(self, id_: str, until: datetime | None) -> None:
        """Hold an alert's messages until then; None ends it."""
        self._db.execute(
            "UPDATE alerts SET muted_until = ?, revision = ? WHERE id = ?",
            [optional_seconds(until), self._next_revision(), id_],
        )

    def give_token(self, id_: str, token: str | None) -> None:
        """Open the alert's private feed under a new token, or close it (None)."""
        self._db.execute("UPDATE alerts SET feed_token = ? WHERE id = ?", [token, id_])

    def all(self) -> list[AlertRow]:
        """Every alert that is in use, by name."""
        return sorted(self._select("gone = 0"), key=lambda row: (row.name.casefold(), row.id))

    def get(self, id_: str) -> AlertRow:
        """The alert of this id, in use or gone. KeyError where there is none."""
        for row in self._select("id = ?", id_):
            return row
        raise KeyError(id_)

    def page(self, after: str | None, *, limit: int) -> list[AlertRow]:
        """Alerts in use, at most so many, by name: those behind this name, which may be nobody's; None: all."""
        behind = "" if after is None else "AND folded > ?"
        named = () if after is None else (after.casefold(),)
        return self._select(f"gone = 0 {behind} ORDER BY folded LIMIT ?", *named, limit)

    def beginning(self, id_: str, *, limit: int) -> list[AlertRow]:
        """Alerts in use whose ids begin so, by name."""
        return self._select("gone = 0 AND id >= ? AND id < ? ORDER BY folded LIMIT ?", id_, id_ + "~", limit)

    def names(self, *, limit: int) -> list[str]:
        """The names of alerts in use, at most so many."""
        rows = self._db.query("SELECT name FROM alerts WHERE gone = 0 ORDER BY folded LIMIT ?", [limit])
        return [row["name"] for row in rows]

    def named(self, name: str) -> AlertRow | None:
        """The alert in use that has this name, in any case."""
        return next(iter(self._select("gone = 0 AND folded = ?", name.casefold())), None)

    def with_token(self, token: str) -> AlertRow | None:
        """The alert whose private feed this token opens.

        It is looked up by its beginning, and the rest compared in a time that tells nothing of where they part: an
        index alone would let a patient asker feel the way to a token.
        """
        if len(token) <= _TOKEN_BEGINNING:
            return None
        beginning = token[:_TOKEN_BEGINNING]
        rows = self._select("gone = 0 AND feed_token >= ? AND feed_token < ?", beginning, beginning + "~")
        opened = [row for row in rows if row.feed_token and compare_digest(row.feed_token.encode(), token.encode())]
        return next(iter(opened), None)

    def changed_since(self, revision: int) -> list[AlertRow]:
        """Alerts that came, changed or went after this revision (0: all), in the order of their change."""
        return self._select("revision > ?", revision)

    def revision(self) -> int:
        """The revision of the newest change."""
        for row in self._db.query("SELECT coalesce(max(revision), 0) AS newest FROM alerts"):
            return int(row["newest"])
        return 0

    def due(self, now: datetime) -> list[AlertRow]:
        """Alerts whose waiting hits may be gathered now, longest due first."""
        return self._select("due <= ? ORDER BY due", seconds(now))

    def set_due(self, id_: str, due: datetime | None) -> None:
        """When the alert's waiting hits may be gathered."""
        self._db.execute("UPDATE alerts SET due = ? WHERE id = ?", [optional_seconds(due), id_])

    def spoke(self, id_: str, now: datetime) -> None:
        """The alert's waiting hits were gathered into a message now."""
        self._db.execute("UPDATE alerts SET due = NULL, last_message = ? WHERE id = ?", [seconds(now), id_])

    def opt_out(self, id_: str, destination: str, now: datetime) -> bool:
        """This destination does not want this alert any more. Whether it did until now."""
        values = [id_, destination, seconds(now)]
        return self._db.execute("INSERT OR IGNORE INTO opt_outs VALUES (?, ?, ?)", values).rowcount > 0

    def opt_in(self, id_: str, destination: str) -> bool:
        """It does want it again. Whether it did not until now."""
        values = [id_, destination]
        return self._db.execute("DELETE FROM opt_outs WHERE alert = ? AND destination = ?", values).rowcount > 0

    def opted_out(self, id_: str) -> frozenset[str]:
        """The destinations that do not want this alert."""
        rows = self._db.query("SELECT destination FROM opt_outs WHERE alert = ?", [id_])
        return frozenset(row["destination"] for row in rows)

    def _next_revision(self) -> int:
        return self.revision() + 1

    def _select(self, condition: str, *values: object) -> list[AlertRow]:
        order = "" if "ORDER BY" in condition else " ORDER BY revision"
        rows = self._db.query(f"SELECT * FROM alerts WHERE {condition}{order}", list(values))  # noqa: S608 - ours
        return [_load(row) for row in rows]


def new_token() -> str:
    """An unguessable token: 160 random bits, URL-safe."""
    return secrets.token_urlsafe(20)


def _load(row: Row) -> AlertRow:
    return AlertRow(
        id=row["id"],
        name=row["name"],
        owner=row["owner"],
        definition=row["definition"],
        from_config=bool(row["from_config"]),
        revision=row["revision"],
        muted_until=optional_moment(row["muted_until"]),
        feed_token=row["feed_token"],
        created=moment(row["created"]),
        due=optional_moment(row["due"]),
        last_message=optional_moment(row["last_message"]),
        gone=bool(row["gone"]),
    )
