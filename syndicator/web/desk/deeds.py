"""What people did, as the audit log tells it: things by the names they have now, acts as the buttons call them.

What is kept stays as it was written; all of this is looked up when a page is made.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from syndicator.config import Settings
from syndicator.people import Role
from syndicator.plurals import counted
from syndicator.store import AuditRow, Store, UserRow
from syndicator.web.desk.client import client_named
from syndicator.web.desk.pages import Clock

_UNTIL = re.compile(r"until (\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b\.?")
# Acts that are told otherwise than they are kept.
_ACTS: Mapping[str, str] = MappingProxyType(
    {
        "alert added": "added",
        "alert changed": "changed",
        "alert removed": "removed",
        "alert on": "switched on",
        "alert off": "switched off",
        "alert muted": "muted",
        "alert unmuted": "ended the mute",
        "alert handed over": "handed over",
        "alert ended by mail": "ended it at",
        "alert begun again by mail": "began it again at",
        "alert’s feed opened": "opened its feed",
        "alert’s feed closed": "closed its feed",
        "alert’s feed given a new address": "gave its feed a new address",
        "article corrected": "corrected",
        "article withdrawn": "withdrew",
        "article held": "held back",
        "article released": "released",
        "topic added by hand": "added to a topic",
        "topic removed by hand": "took out of a topic",
        "topic left to the query": "let the query decide",
        "delivery sent again": "sent again",
        "deliveries sent again": "sent again",
        "asked to look now": "polled now",
        "user added": "added",
        "user removed": "removed",
        "link made": "made a new link",
        "enabled": "let in",
        "disabled": "locked out",
    }
)
# Keys of config.toml, as the forms call them.
_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "schedule": "how often",
        "cooldown": "at most once in",
        "zone": "time zone",
        "group_stories": "each story once",
        "shared": "sharing",
        "enabled": "on or off",
        "to": "mail address",
        "url": "address",
        "secret": "signing secret",
        "previous_secret": "old signing secret",
    }
)
_KINDS: Mapping[str, str] = MappingProxyType({"user": "person", "delivery": "message", "deliveries": "messages"})


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit log. `thing` is as it is kept; `kind` and `title` are what it is called, `path` its page.

    `path` is below the desk; "" where there is none, or none for whoever looks.
    """

    number: int
    at: datetime
    who: str
    act: str
    thing: str
    kind: str
    title: str
    path: str
    detail: str


class Deeds:
    """Tells what people did to whoever looks, by their clock."""

    def __init__(self, store: Store, settings: Settings, user: UserRow, now: datetime) -> None:
        self._store = store
        self._is_admin = user.role.reaches(Role.ADMIN)
        self._clock = Clock(ZoneInfo(user.zone), now)
        self._topics = settings.topic_titles
        self._sources = settings.source_titles
        self._known: dict[str, tuple[str, str]] = {}

    def read(self, rows: Iterable[AuditRow]) -> tuple[Deed, ...]:
        """These lines, told."""
        return tuple(self._deed(row) for row in rows)

    def _deed(self, row: AuditRow) -> Deed:
        kind, _, name = row.thing.partition(" ")
        if row.thing not in self._known:
            self._known[row.thing] = self._found(kind, name)
        title, path = self._known[row.thing]
        detail = self._detail(row, title)
        act = _ACTS.get(row.act, row.act)
        return Deed(row.number, row.at, row.who, act, row.thing, _KINDS.get(kind, kind), title, path, detail)

    def _found(self, kind: str, name: str) -> tuple[str, str]:
        """What a thing is called, and its page."""
        title, path = name, ""
        with suppress(KeyError):
            match kind:
                case "alert":
                    alert = self._store.alerts.get(name)
                    title, path = alert.name, f"/alerts/{name}/history" if alert.gone else f"/alerts/{name}"
                case "article":
                    title = self._store.articles.get(name).content.title or "without a headline"
                    path = f"/articles/{name.removeprefix('urn:uuid:')}"
                case "delivery":
                    title, path = self._message(name)
                case "destination":
                    place = self._store.destinations.get(name)
                    path = f"/destinations/{name}" if self._is_admin and place and not place.gone else ""
                case "source":
                    title, path = self._sources[name], "/sources"
                case "user" | "token":
                    path = f"/{'people' if kind == 'user' else 'tokens'}" if self._is_admin else ""
        return title, path

    def _message(self, id_: str) -> tuple[str, str]:
        for row in self._store.ledger.find(id_):
            if row.id == id_:
                return row.title or id_, f"/alerts/{row.alert}/history" if row.alert else ""
        raise KeyError(id_)

    def _detail(self, row: AuditRow, title: str) -> str:
        detail = row.detail
        if row.thing.startswith("alert "):
            # The name that it had then goes before all else; it is said once where it has it still.
            detail = "" if detail == title else detail.removeprefix(f"{title}: ")
        match row.act:
            case "alert changed" | "changed":
                before, mark, keys = detail.rpartition(": ")
                return f"{before}{mark}{', '.join(_KEYS.get(key, key.replace('_', ' ')) for key in keys.split(', '))}"
            case "alert muted" | "article held":
                return _UNTIL.sub(self._until, detail, count=1)
            case "topic added by hand" | "topic removed by hand" | "topic left to the query":
                return self._topics.get(detail, detail)
            case "deliveries sent again" if detail.isdecimal():
                return counted(int(detail), "message")
            case "signed in":
                how, mark, client = detail.partition("; ")
                return f"{how}, {client_named(client)}" if mark else how
        return detail

    def _until(self, found: re.Match[str]) -> str:
        ends = datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        return f"until {self._clock.full(ends)}{'.' if found[0].endswith('.') else ''}"


def acts_told(about: str) -> tuple[str, ...]:
    """The acts, as they are kept, that are told with these words, in any case."""
    return tuple(act for act, told in _ACTS.items() if about.casefold() in told)
