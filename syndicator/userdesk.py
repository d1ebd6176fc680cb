"""The acts of people on people: who may sign in, with which role, and the link by which somebody chooses a password."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count
from secrets import token_urlsafe

from syndicator.access import fingerprint, may_give
from syndicator.config import Settings
from syndicator.config.values import line
from syndicator.errors import ConflictError, NotFoundError, UsageError
from syndicator.people import COMMAND, INVITATION, Role, is_persons
from syndicator.store import Store, UserRow
from syndicator.tokendesk import TokenDesk

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who may choose a password by `link`, until `ends`. The link is shown to whoever invites, this once."""

    user: UserRow
    link: str = field(repr=False)
    ends: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody after a change, or before they were removed. `revoked` counts the tokens of theirs that this ended."""

    user: UserRow
    revoked: int = 0

    @property
    def aftermath(self) -> str:
        """What became of their tokens, a sentence with a space before it; "" where nothing did."""
        if not self.revoked:
            return ""
        return f" {self.revoked} of their tokens {'is' if self.revoked == 1 else 'are'} revoked."


class UserDesk:
    """The acts on people, each one transaction that also writes what was done and by whom."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._tokens = TokenDesk(store)

    def find(self, name: str) -> UserRow:
        """Somebody by name, in any case. Raises NotFoundError."""
        row = self._store.users.named(name.strip())
        if row is not None:
            return row
        known = [user.name for user in self._store.users.all()]
        raise NotFoundError.among(f"Nobody is called {name!r}", name, known, "users list")

    def add(self, name: str, role: Role, now: datetime, *, by: str = COMMAND) -> Invited:
        """Somebody new, who chooses a password by a link. Raises UsageError, ConflictError where the name is taken."""
        name = _name(name)
        with self._store.transaction():
            if self._store.users.named(name) is not None:
                raise ConflictError(f"Somebody is called {name!r} already: give another name.")
            id_ = self._store.users.add(name, role, self._settings.site.zone.key, now)
            self._store.audit.note(now, by, "user added", f"user {name}", role.value)
            return self._invite(id_, now)

    def invite(self, name: str, now: datetime, *, by: str = COMMAND) -> Invited:
        """A new link to choose a password by; the one before, and nothing else, is over. Raises UsageError."""
        with self._store.transaction():
            user = self.find(name)
            if user.disabled is not None:
                raise ConflictError(f"{user.name} may not sign in: let them in first.")
            self._store.audit.note(now, by, "link made", f"user {user.name}")
            return self._invite(user.id, now)

    def set_role(self, name: str, role: Role, now: datetime, *, by: str = COMMAND) -> Changed:
        """What somebody may do from their next click on. Tokens of theirs that may do more than that end.

        Raises ConflictError where nobody would be left to run it.
        """
        with self._store.transaction():
            user = self.find(name)
            if role is not Role.ADMIN:
                self._keep_an_admin(user)
            self._store.users.set_role(user.id, role)
            self._store.audit.note(now, by, "role changed", f"user {user.name}", f"{user.role.value} → {role.value}")
            revoked = 0
            if not role.reaches(user.role):
                why = f"{user.name} is {role.value} now"
                revoked = self._tokens.end_those_of(user.name, now, but=may_give(role), why=why, by=by)
        return Changed(self.find(user.name), revoked)

    def set_enabled(self, name: str, enabled: bool, now: datetime, *, by: str = COMMAND) -> Changed:
        """Let somebody in again; or out at once, and end their tokens. Raises ConflictError as `set_role` does."""
        with self._store.transaction():
            user = self.find(name)
            if not enabled:
                self._keep_an_admin(user)
            self._store.users.set_disabled(user.id, None if enabled else now)
            self._store.audit.note(now, by, "enabled" if enabled else "disabled", f"user {user.name}")
            why = f"{user.name} is disabled"
            revoked = 0 if enabled else self._tokens.end_those_of(user.name, now, why=why, by=by)
        return Changed(self.find(user.name), revoked)

    def remove(self, name: str, now: datetime, *, by: str = COMMAND) -> Changed:
        """Forget somebody, and end their tokens. Their alerts stay, and what they did in the audit log does.

        Raises ConflictError as `set_role` does.
        """
        with self._store.transaction():
            user = self.find(name)
            self._keep_an_admin(user)
            self._store.users.remove(user.id)
            self._store.audit.note(now, by, "user removed", f"user {user.name}", user.role.value)
            revoked = self._tokens.end_those_of(user.name, now, why=f"{user.name} is removed", by=by)
        return Changed(user, revoked)

    def first_link(self, now: datetime) -> str | None:
        """Where the first admin is made, until one has come in, however: a new link each time it is asked for."""
        with self._store.transaction():
            if self._store.users.admins():
                return None
            waiting = [user for user in self._store.users.all() if user.role is Role.ADMIN and user.disabled is None]
            if waiting:
                return self.invite(waiting[0].name, now).link
            names = chain(["admin"], (f"admin-{number}" for number in count(2)))
            name = next(name for name in names if self._store.users.named(name) is None)
            return self.add(name, Role.ADMIN, now).link

    def _invite(self, id_: int, now: datetime) -> Invited:
        token = token_urlsafe(32)
        ends = now + INVITATION
        self._store.users.invite(id_, fingerprint(token), ends)
        user = self._store.users.get(id_)
        if user is None:
            raise NotFoundError("they were removed a moment ago")
        return Invited(user, f"{self._settings.site.url}/desk/welcome/{token}", ends)

    def _keep_an_admin(self, user: UserRow) -> None:
        can_enter = user.password is not None or user.last_seen is not None
        last = user.role is Role.ADMIN and user.disabled is None and can_enter
        if last and self._store.users.admins() == 1:
            raise ConflictError(f"{user.name} is the only admin: make somebody else one first.")


def _name(text: str) -> str:
    try:
        name = line(text)
    except ValueError as error:
        raise UsageError(f"The name {error}.") from None
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"The name is longer than {_LONGEST_NAME} characters.")
    if not is_persons(name):
        raise UsageError(f"The audit log says {name!r} of what no person did: give another name.")
    return name
