"""People of the desk as rows, their sessions and invitations. No secret stands here, only what knows it again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.people import Role
from syndicator.store.records import Row, moment, optional_moment, seconds


@dataclass(frozen=True, slots=True)
class UserRow:
    """Somebody who may sign in. `password` is an argon2id hash; None: it was not chosen yet, or is not asked for.

    `zone` is the clock that they are shown times by. `disabled`: since when they may not sign in any more.
    """

    id: int
    name: str
    role: Role
    password: str | None
    zone: str
    created: datetime
    last_seen: datetime | None
    disabled: datetime | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Somebody who is signed in: since when, when they were last seen, and by which browser, in its own words."""

    hash: str
    user: int
    began: datetime
    seen: datetime
    client: str


class Users:
    """The tables users, sessions and invitations. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, name: str, role: Role, zone: str, now: datetime) -> int:
        """Keep somebody new; their id. The name must be free."""
        rows = self._db.query(
            "INSERT INTO users (name, folded, role, zone, created) VALUES (?, ?, ?, ?, ?) RETURNING id",
            [name, name.casefold(), role.value, zone, seconds(now)],
        )
        return next(int(row["id"]) for row in rows)

    def all(self) -> list[UserRow]:
        """Everybody, by name."""
        return [_user(row) for row in self._db.query("SELECT * FROM users ORDER BY folded")]

    def get(self, id_: int) -> UserRow | None:
        """Somebody by id."""
        return self._one("id = ?", id_)

    def named(self, name: str) -> UserRow | None:
        """Somebody by name, in any case."""
        return self._one("folded = ?", name.casefold())

    def stands(self, user: UserRow) -> bool:
        """Whether somebody may sign in as when this row was read: with the same password, not locked out or removed."""
        now = self.get(user.id)
        return now is not None and now.disabled is None and now.password == user.password

    def admins(self) -> int:
        """How many admins can sign in: they have a password, or have come in some other way."""
        rows = self._db.query(
            "SELECT count(*) AS n FROM users"
            " WHERE role = ? AND disabled IS NULL AND (password IS NOT NULL OR last_seen IS NOT NULL)",
            [Role.ADMIN.value],
        )
        return next(int(row["n"]) for row in rows)

    def set_role(self, id_: int, role: Role) -> None:
        """What they may do from now on."""
        self._db.execute("UPDATE users SET role = ? WHERE id = ?", [role.value, id_])

    def set_zone(self, id_: int, zone: str) -> None:
        """The clock that they are shown times by."""
        self._db.execute("UPDATE users SET zone = ? WHERE id = ?", [zone, id_])

    def set_password(self, id_: int, hash_: str | None) -> None:
        """The argon2id hash that knows their password; invitations are over."""
        self._db.execute("UPDATE users SET password = ? WHERE id = ?", [hash_, id_])
        self._db.execute("DELETE FROM invitations WHERE user = ?", [id_])

    def set_disabled(self, id_: int, since: datetime | None) -> None:
        """They may not sign in any more, and are signed out; None: they may again."""
        self._db.execute("UPDATE users SET disabled = ? WHERE id = ?", [None if since is None else seconds(since), id_])
        if since is not None:
            self.end_sessions(id_)
            self._db.execute("DELETE FROM invitations WHERE user = ?", [id_])

    def remove(self, id_: int) -> None:
        """Forget somebody, with their sessions. What they did stays in the audit log."""
        self._db.execute("DELETE FROM users WHERE id = ?", [id_])

    def invite(self, id_: int, hash_: str, ends: datetime) -> None:
        """Keep an invitation to choose a password; those before are over."""
        self._db.execute("DELETE FROM invitations WHERE user = ?", [id_])
        self._db.execute("INSERT INTO invitations (hash, user, ends) VALUES (?, ?, ?)", [hash_, id_, seconds(ends)])

    def invited(self, hash_: str, now: datetime) -> UserRow | None:
        """Whose invitation this is, if it is good still."""
        return self._one(
            "disabled IS NULL AND id = (SELECT user FROM invitations WHERE hash = ? AND ends > ?)", hash_, seconds(now)
        )

    def accept(self, hash_: str, now: datetime) -> UserRow | None:
        """Whose invitation this is, if it is good still; it is over with this."""
        user = self.invited(hash_, now)
        self._db.execute("DELETE FROM invitations WHERE hash = ?", [hash_])
        return user

    def begin_session(self, hash_: str, user: int, now: datetime, client: str) -> None:
        """Somebody has signed in."""
        self._db.execute(
            "INSERT INTO sessions (hash, user, began, seen, client) VALUES (?, ?, ?, ?, ?)",
            [hash_, user, seconds(now), seconds(now), client],
        )
        self._db.execute("UPDATE users SET last_seen = ? WHERE id = ?", [seconds(now), user])

    def session(self, hash_: str) -> tuple[SessionRow, UserRow] | None:
        """A session and whose it is; whether it is over, `people.Stay` knows."""
        for row in self._db.query(
            "SELECT s.hash AS session_hash, s.began, s.seen, s.client, u.*"
            " FROM sessions s JOIN users u ON u.id = s.user WHERE s.hash = ? AND u.disabled IS NULL",
            [hash_],
        ):
            user = _user(row)
            session = SessionRow(row["session_hash"], user.id, moment(row["began"]), moment(row["seen"]), row["client"])
            return session, user
        return None

    def sessions(self, user: int) -> Iterator[SessionRow]:
        """Where somebody is signed in, the last seen first."""
        for row in self._db.query("SELECT * FROM sessions WHERE user = ? ORDER BY seen DESC", [user]):
            yield SessionRow(row["hash"], row["user"], moment(row["began"]), moment(row["seen"]), row["client"])

    def seen(self, hash_: str, user: int, now: datetime) -> None:
        """A sign of life."""
        self._db.execute("UPDATE sessions SET seen = ? WHERE hash = ?", [seconds(now), hash_])
        self._db.execute("UPDATE users SET last_seen = ? WHERE id = ?", [seconds(now), user])

    def end_session(self, hash_: str) -> None:
        """Sign out there."""
        self._db.execute("DELETE FROM sessions WHERE hash = ?", [hash_])

    def end_sessions(self, user: int, *, but: str = "") -> None:
        """Sign somebody out everywhere, `but` there."""
        self._db.execute("DELETE FROM sessions WHERE user = ? AND hash <> ?", [user, but])

    def forget(self, began: datetime, seen: datetime, now: datetime) -> None:
        """Drop sessions that began, or were last seen, before these moments; and invitations that are over."""
        self._db.execute("DELETE FROM sessions WHERE began <= ? OR seen <= ?", [seconds(began), seconds(seen)])
        self._db.execute("DELETE FROM invitations WHERE ends <= ?", [seconds(now)])

    def _one(self, condition: str, *values: object) -> UserRow | None:
        rows = self._db.query(f"SELECT * FROM users WHERE {condition}", list(values))  # noqa: S608 - ours
        return next(map(_user, rows), None)


def _user(row: Row) -> UserRow:
    return UserRow(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        password=row["password"],
        zone=row["zone"],
        created=moment(row["created"]),
        last_seen=optional_moment(row["last_seen"]),
        disabled=optional_moment(row["disabled"]),
    )
