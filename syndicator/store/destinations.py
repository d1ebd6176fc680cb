"""Where alerts go, and how each destination is doing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.store.records import Row, optional_moment, seconds


@dataclass(frozen=True, slots=True)
class DestinationDefinition:
    """A destination to be kept. `definition` is JSON in config.toml's spelling; "{}" for one of config's: its secrets
    stay out of the database.
    """

    name: str
    kind: str
    owner: str
    definition: str = "{}"


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """One destination. `off` is why it was switched off, None while it is on; `failing_since` and
    `refusing_since` are its first failure and its first permanent refusal since its last success.
    """

    name: str
    kind: str
    owner: str
    definition: str
    from_config: bool
    gone: bool
    off: str | None
    off_since: datetime | None
    failures: int
    failing_since: datetime | None
    refusing_since: datetime | None
    retry_at: datetime | None


class Destinations:
    """The destinations table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def configure(self, definitions: Iterable[DestinationDefinition], now: datetime) -> list[str]:
        """Bring config's destinations in line with config.toml. Returns those it no longer has."""
        named = set()
        for each in definitions:
            named.add(each.name)
            old = self.get(each.name)
            self.put(each, from_config=True)
            if old is not None and old.gone:
                self.switch_on(each.name)
        left = [row.name for row in self._select("from_config = 1 AND gone = 0") if row.name not in named]
        for name in left:
            self.remove(name, "it is no longer in config.toml", now)
        return left

    def put(self, each: DestinationDefinition, *, from_config: bool = False) -> None:
        """Keep a destination, new or changed."""
        self._db.execute(
            """
            INSERT INTO destinations (name, kind, owner, definition, from_config)
            VALUES (:name, :kind, :owner, :definition, :from_config)
            ON CONFLICT (name) DO UPDATE SET kind = :kind, owner = :owner, definition = :definition,
                from_config = :from_config, gone = 0
            """,
            {
                "name": each.name,
                "kind": each.kind,
                "owner": each.owner,
                "definition": each.definition,
                "from_config": int(from_config),
            },
        )

    def remove(self, name: str, why: str, now: datetime) -> None:
        """A destination that is no longer wanted: its definition goes, its ledger stays."""
        self._db.execute(
            "UPDATE destinations SET off = ?, off_since = ?, gone = 1, definition = '{}' WHERE name = ?",
            [why, seconds(now), name],
        )

    def switch_off(self, name: str, why: str, now: datetime) -> bool:
        """Nothing more goes there until it is switched on. Whether it was on until now: the first reason stands."""
        update = "UPDATE destinations SET off = ?, off_since = ? WHERE name = ? AND off IS NULL"
        return self._db.execute(update, [why, seconds(now), name]).rowcount > 0

    def switch_on(self, name: str) -> None:
        """Things go there again, and its failures are forgotten."""
        self._db.execute("UPDATE destinations SET off = NULL, off_since = NULL WHERE name = ?", [name])
        self.forget_failures(name)

    def forget_failures(self, name: str) -> None:
        """It is tried as if all were well there; one that is switched off stays so."""
        self._db.execute(
            "UPDATE destinations SET failures = 0, failing_since = NULL, retry_at = NULL, refusals = 0,"
            " refusing_since = NULL, probe_until = NULL WHERE name = ?",
            [name],
        )

    def all(self) -> list[DestinationRow]:
        """Every destination that is in use, by name."""
        return self._select("gone = 0 ORDER BY name")

    def get(self, name: str) -> DestinationRow | None:
        """A destination, in use or gone."""
        return next(iter(self._select("name = ?", name)), None)

    def _select(self, condition: str, *values: object) -> list[DestinationRow]:
        rows = self._db.query(f"SELECT * FROM destinations WHERE {condition}", list(values))  # noqa: S608 - ours
        return [_load(row) for row in rows]


def _load(row: Row) -> DestinationRow:
    return DestinationRow(
        name=row["name"],
        kind=row["kind"],
        owner=row["owner"],
        definition=row["definition"],
        from_config=bool(row["from_config"]),
        gone=bool(row["gone"]),
        off=row["off"],
        off_since=optional_moment(row["off_since"]),
        failures=row["failures"],
        failing_since=optional_moment(row["failing_since"]),
        refusing_since=optional_moment(row["refusing_since"]),
        retry_at=optional_moment(row["retry_at"]),
    )
