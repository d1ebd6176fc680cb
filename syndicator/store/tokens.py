"""Tokens as rows: what each may do, whose it is, and the hash by which it is known. No token stands here itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from sqlite_utils import Database

from syndicator.access import Scope
from syndicator.store.records import Row, moment, optional_moment, optional_seconds, seconds


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token. `expires` is the first moment at which it is good no more; None: it is good until it is revoked.

    `last_used` is the midnight (UTC) before its last use: whoever reads often is not to write each time.
    """

    id: int
    name: str
    scopes: frozenset[Scope]
    owner: str
    created: datetime
    expires: datetime | None
    last_used: datetime | None
    revoked: datetime | None


class Tokens:
    """The tokens table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        name: str,
        hash_: str,
        *,
        scopes: Iterable[Scope],
        owner: str,
        now: datetime,
        expires: datetime | None,
    ) -> None:
        """Keep a new token."""
        self._db.execute(
            "INSERT INTO tokens (name, folded, hash, scopes, owner, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                name,
                name.casefold(),
                hash_,
                json.dumps(sorted(scopes)),
                owner,
                seconds(now),
                optional_seconds(expires),
            ],
        )

    def all(self) -> list[TokenRow]:
        """Every token that was not revoked, by name."""
        return self._select("revoked IS NULL ORDER BY folded")

    def named(self, name: str) -> TokenRow | None:
        """The token that has this name, in any case, and was not revoked."""
        return next(iter(self._select("revoked IS NULL AND folded = ?", name.casefold())), None)

    def with_hash(self, hash_: str) -> TokenRow | None:
        """The token of this hash that was not revoked.

        The index compares hashes in a time that depends on where they part, which tells an asker nothing: who does not
        know the token can't choose its hash. What is found is compared once more in a time that does not.
        """
        for row in self._db.query("SELECT * FROM tokens WHERE hash = ? AND revoked IS NULL", [hash_]):
            return _load(row) if compare_digest(row["hash"], hash_) else None
        return None

    def is_live(self, id_: int, now: datetime) -> bool:
        """Whether a token is good still: neither revoked nor past its time."""
        found = self._select("id = ? AND revoked IS NULL AND (expires IS NULL OR expires > ?)", id_, seconds(now))
        return bool(found)

    def used(self, id_: int, day: datetime) -> None:
        """The token was used on this day."""
        self._db.execute("UPDATE tokens SET last_used = ? WHERE id = ?", [seconds(day), id_])

    def revoke(self, id_: int, now: datetime) -> None:
        """The token opens nothing from now on."""
        self._db.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL", [seconds(now), id_])

    def _select(self, condition: str, *values: object) -> list[TokenRow]:
        rows = self._db.query(f"SELECT * FROM tokens WHERE {condition}", list(values))  # noqa: S608 - ours
        return [_load(row) for row in rows]


def _load(row: Row) -> TokenRow:
    return TokenRow(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(each) for each in json.loads(row["scopes"])),
        owner=row["owner"],
        created=moment(row["created"]),
        expires=optional_moment(row["expires"]),
        last_used=optional_moment(row["last_used"]),
        revoked=optional_moment(row["revoked"]),
    )
