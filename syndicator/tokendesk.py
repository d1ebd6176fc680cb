"""What people do with tokens: give them out, list and revoke them. And whose a token is that a program shows.

Every look goes to the store, so a token that one process revokes opens nothing in another from that moment on.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from secrets import token_bytes

from syndicator.access import SECRET_BYTES, Scope, fingerprint, is_written_right, written
from syndicator.config.values import line, sentence
from syndicator.errors import NotFoundError, StoreError, UsageError
from syndicator.people import COMMAND
from syndicator.store import Store, TokenRow

log = logging.getLogger(__name__)

_LONGEST_NAME = 100
_LONGEST_OWNER = 200


@dataclass(frozen=True, slots=True)
class Given:
    """A new token. `secret` is shown to whoever asked for it, this once: only its hash is kept."""

    row: TokenRow
    secret: str = field(repr=False)


class TokenDesk:
    """The acts of people on tokens, each one transaction with the note of who did it; and what the API asks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        scopes: Iterable[Scope],
        now: datetime,
        *,
        owner: str = "",
        lifetime: timedelta | None = None,
        by: str = COMMAND,
    ) -> Given:
        """Give out a token, good for `lifetime` or until it is revoked. Raises UsageError.

        The name of one that is past its time is free again.
        """
        name, owner = _line(name), _owner(owner)
        chosen = frozenset(scopes)
        if not chosen:
            raise UsageError(f"A token without a scope would open nothing: name some of {', '.join(Scope)}.")
        secret = written(token_bytes(SECRET_BYTES))
        tokens = self._store.tokens
        with self._store.transaction():
            old = tokens.named(name)
            if old is not None and tokens.is_live(old.id, now):
                raise UsageError(f"There is a token called {old.name!r} already: choose another name, or revoke it.")
            if old is not None:
                tokens.revoke(old.id, now)
            expires = None if lifetime is None else _after(now, lifetime)
            tokens.add(name, fingerprint(secret), scopes=chosen, owner=owner, now=now, expires=expires)
            self._store.audit.note(now, by, "made", f"token {name}", ", ".join(sorted(chosen)))
        return Given(self.find(name), secret)

    def all(self) -> list[TokenRow]:
        """Every token that was not revoked, by name; those past their time too."""
        return self._store.tokens.all()

    def of(self, owner: str) -> list[TokenRow]:
        """Those of them that are somebody's, by name in any case."""
        return [row for row in self.all() if row.owner.casefold() == owner.casefold()]

    def find(self, name: str) -> TokenRow:
        """The token of this name, in any case. Raises NotFoundError."""
        row = self._store.tokens.named(name.strip())
        if row is not None:
            return row
        # Who types the token in the place of its name does not want to read it in a log.
        missing = "No token is called so" if is_written_right(name.strip()) else f"No token is called {name!r}"
        raise NotFoundError.among(missing, name, [each.name for each in self.all()], "tokens list")

    def revoke(self, name: str, now: datetime, *, by: str = COMMAND) -> TokenRow:
        """End a token, for good. Raises NotFoundError."""
        with self._store.transaction():
            row = self.find(name)
            self._end(row, now, by)
        return row

    def end_those_of(
        self, owner: str, now: datetime, *, why: str, by: str, but: Collection[Scope] = frozenset()
    ) -> int:
        """End somebody's tokens, `but` those that may do no more than these scopes. Returns how many."""
        with self._store.transaction():
            rows = [row for row in self.of(owner) if not row.scopes <= frozenset(but)]
            for row in rows:
                self._end(row, now, by, why)
        return len(rows)

    def _end(self, row: TokenRow, now: datetime, by: str, why: str = "") -> None:
        self._store.tokens.revoke(row.id, now)
        self._store.audit.note(now, by, "revoked", f"token {row.name}", why)

    def holder(self, secret: str, now: datetime) -> TokenRow | None:
        """The token that this secret is of; None where it is of none, or of one that is revoked or past its time."""
        if not is_written_right(secret):
            return None
        row = self._store.tokens.with_hash(fingerprint(secret))
        if row is None or (row.expires is not None and row.expires <= now):
            return None
        self._note_use(row, now)
        return row

    def _note_use(self, row: TokenRow, now: datetime) -> None:
        """Write down the day, once a day. A full disk, or another process that writes, keeps nobody from reading."""
        today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        if (row.last_used is not None and row.last_used >= today) or not self._store.is_free():
            return
        try:
            with self._store.transaction():
                self._store.tokens.used(row.id, today)
        except StoreError as error:
            log.warning("the last use of a token could not be noted: %s", error)


def _line(name: str) -> str:
    try:
        name = line(name)
    except ValueError as error:
        raise UsageError(f"name {error}.") from None
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"name is too long: at most {_LONGEST_NAME} characters.")
    return name


def _owner(owner: str) -> str:
    try:
        owner = sentence(owner)
    except ValueError as error:
        raise UsageError(f"owner {error}.") from None
    if len(owner) > _LONGEST_OWNER:
        raise UsageError(f"owner is too long: at most {_LONGEST_OWNER} characters.")
    return owner


def _after(now: datetime, lifetime: timedelta) -> datetime:
    try:
        return now + lifetime
    except OverflowError:
        raise UsageError("That is later than any calendar goes.") from None
