"""What people do with alerts: add, change, mute, remove, export, import. Commands, an API and a desk call these.

Alerts that stand in config.toml are changed there: here they can be muted and looked at.
"""

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import tomli_w

from syndicator.alerting import Alerting
from syndicator.alerts import Alert
from syndicator.config import AlertSettings, Settings, read_alert
from syndicator.errors import ConflictError, NotFoundError, SyndicatorError, UsageError
from syndicator.model import Article
from syndicator.people import COMMAND
from syndicator.store import AlertRow, DeliveryRow, HitRow, Store, new_token
from syndicator.watch import alert_definition, alert_of

WEEK = timedelta(days=7)
_SHORTEST_ID = 4
_MOST_LISTED = 10
# Names that a misspelt one is compared with: a fraction of a second.
_MOST_COMPARED = 5000


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it stands: `problem` says why it can't work, `week` how often it fired in the last seven days.

    `waiting` counts the hits that wait to be told, from `due` on. `opted_out` are destinations that ended it.
    """

    row: AlertRow
    alert: Alert | None
    problem: str | None
    week: int
    last_fired: datetime | None
    waiting: int
    opted_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fired:
    """A hit with its article, the names of the other sources that carry the story, and the deliveries that told it."""

    hit: HitRow
    article: Article
    others: tuple[str, ...]
    deliveries: tuple[DeliveryRow, ...]


class AlertDesk:
    """The acts of people on alerts. Each is one transaction, with the note of who did it in the audit log."""

    def __init__(self, settings: Settings, store: Store, alerting: Alerting) -> None:
        self._settings = settings
        self._store = store
        self._alerting = alerting

    def find(self, reference: str) -> AlertRow:
        """The alert of this name, in any case, or whose id begins so. Raises NotFoundError."""
        meant = self.meant(reference)
        if len(meant) == 1:
            return meant[0]
        if meant:
            listed = ", ".join(f"{row.id[:8]} ({row.name})" for row in meant)
            raise NotFoundError(f"{reference!r} could be any of these; give more of the id: {listed}")
        known = self._store.alerts.names(limit=_MOST_COMPARED)
        raise NotFoundError.among(f"No alert is called {reference!r}", reference, known, "alerts list")

    def meant(self, reference: str) -> list[AlertRow]:
        """The alert with this id; else that of this name, in any case; else those whose ids begin so, at most ten."""
        # Before the name: nobody can have what is meant for one alert done to theirs, by calling it by the other's id.
        exact = [row for row in self._store.alerts.beginning(reference, limit=1) if row.id == reference]
        if exact:
            return exact
        named = self._store.alerts.named(reference)
        if named is not None:
            return [named]
        if len(reference) < _SHORTEST_ID:
            return []
        return self._store.alerts.beginning(reference, limit=_MOST_LISTED)

    def standing(self, row: AlertRow, now: datetime) -> Standing:
        """An alert as it stands now."""
        return self._standing(row, self._store.hits.count(row.id, now - WEEK))

    def all(self, now: datetime) -> list[Standing]:
        """Every alert as it stands now, by name."""
        counts = self._store.hits.counts(now - WEEK)
        return [self._standing(row, counts.get(row.id, (0, now))[0]) for row in self._store.alerts.all()]

    def page(self, now: datetime, *, after: str | None, limit: int) -> list[Standing]:
        """At most so many alerts as they stand now, by name: those that come `after` this name."""
        return [self.standing(row, now) for row in self._store.alerts.page(after, limit=limit)]

    def _standing(self, row: AlertRow, week: int) -> Standing:
        alert, problem = None, None
        try:
            alert = alert_of(row, self._settings)
        except SyndicatorError as error:
            problem = str(error)
        return Standing(
            row,
            alert,
            problem,
            week,
            self._store.hits.last(row.id),
            len(self._store.hits.waiting(row.id)),
            self._store.alerts.opted_out(row.id),
        )

    def add(self, raw: Mapping[str, object], now: datetime, *, by: str = COMMAND, copied: str = "") -> AlertRow:
        """Keep a new alert, in config.toml's spelling; `copied` is the name of the one that it is a copy of.

        Raises UsageError with everything that is wrong with it.
        """
        with self._store.transaction():
            id_ = uuid4().hex
            self._keep(id_, self._checked(raw), now)
            row = self._store.alerts.get(id_)
            self._note(now, by, "alert added", row, f"a copy of {copied}" if copied else "")
        return row

    def edit(self, reference: str, changes: Mapping[str, object], now: datetime, *, by: str = COMMAND) -> AlertRow:
        """Change an alert's keys; None takes a key back to its default. It looks forward from now."""
        with self._store.transaction():
            row = self._writable(reference)
            raw = written(row) | dict(changes)
            definition = self._checked({key: value for key, value in raw.items() if value is not None}, but=row.id)
            again: frozenset[str] = frozenset()
            if "destinations" in changes:
                # Whoever names a destination again wants it again; any other change leaves those alone that ended it.
                again = self._store.alerts.opted_out(row.id) & frozenset(definition.destinations)
                for destination in again:
                    self._store.alerts.opt_in(row.id, destination)
            self._change(row, definition, now, by, also=("destinations",) if again else ())
            self._alerting.reschedule(row.id, now)
        return self._store.alerts.get(row.id)

    def remove(self, reference: str, now: datetime, *, by: str = COMMAND) -> AlertRow:
        """Remove an alert. What waits to be told is dropped; who had something keeps being told of corrections."""
        with self._store.transaction():
            row = self._writable(reference)
            self._store.alerts.remove(row.id)
            self._note(now, by, "alert removed", row)
        return row

    def mute(self, reference: str, until: datetime | None, now: datetime, *, by: str = COMMAND) -> AlertRow:
        """Hold an alert's messages until then (None: end that). What it finds meanwhile is told afterwards."""
        with self._store.transaction():
            row = self.find(reference)
            self._store.alerts.mute(row.id, until)
            keys = written(row)
            if until is None and keys.pop("mute_until", None) is not None:
                # It was muted by its own definition.
                self._keep(self._writable(row.id).id, read_alert(keys, self._settings, destinations=None), now)
            said = "" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
            self._note(now, by, "alert unmuted" if until is None else "alert muted", row, said)
            self._alerting.reschedule(row.id, now)
        return self._store.alerts.get(row.id)

    def history(self, reference: str, *, limit: int, before: int | None = None) -> list[Fired]:
        """What an alert found, newest first, and what became of it: before this hit (`n`)."""
        store = self._store
        fired = []
        for hit in store.hits.of(self.find(reference).id, limit=limit, before=before):
            article = store.articles.get(hit.article)
            others = [name for name in store.stories.sources(hit.story) if name != article.source]
            deliveries = store.ledger.carrying(hit.message) if hit.message else []
            fired.append(Fired(hit, article, tuple(others), tuple(deliveries)))
        return fired

    def renew_feed(self, reference: str, now: datetime, *, close: bool = False, by: str = COMMAND) -> AlertRow:
        """Give an alert's private feed a new address, or none. The old address is dead from now on."""
        with self._store.transaction():
            row = self.find(reference)
            if row.feed_token is None and close:
                return row
            self._store.alerts.give_token(row.id, None if close else new_token())
            done = "closed" if close else "opened" if row.feed_token is None else "given a new address"
            self._note(now, by, f"alert’s feed {done}", row)
        return self._store.alerts.get(row.id)

    def export(self, references: Sequence[str] = ()) -> str:
        """These alerts, or all, as TOML that `import_` and config.toml read. It holds no secrets."""
        rows = [self.find(reference) for reference in references] or self._store.alerts.all()
        return tomli_w.dumps({"alerts": [_exported(row) for row in rows]}, multiline_strings=True)

    def import_(self, text: str, now: datetime, *, replace: bool = False, by: str = COMMAND) -> list[AlertRow]:
        """Keep all alerts of a TOML text, or none if one of them can't be used. Raises UsageError.

        An alert whose name is taken is a mistake, unless `replace` says to put the new one in its place.
        """
        with self._store.transaction():
            kept: list[str] = []
            problems: list[str] = []
            for number, raw in enumerate(_alert_tables(text), 1):
                try:
                    old = self._store.alerts.named(str(raw.get("name", "")))
                    if old is not None and replace and old.id not in kept:
                        row = self._writable(old.id)
                        self._change(row, self._checked(raw, but=row.id), now, by)
                        kept.append(row.id)
                    else:
                        kept.append(self.add(raw, now, by=by).id)
                except SyndicatorError as error:
                    problems.append(f"alert {number} ({str(raw.get('name', 'without a name'))[:100]}): {error}")
            if problems:
                raise UsageError("\n".join(["Nothing was imported.", *problems]))
            for id_ in kept:
                self._alerting.reschedule(id_, now)
        return [self._store.alerts.get(id_) for id_ in kept]

    def _checked(self, raw: Mapping[str, object], *, but: str | None = None) -> AlertSettings:
        """An alert that can be used, under a name that is free (or its own: `but`)."""
        destinations = [row.name for row in self._store.destinations.all()]
        definition = read_alert(dict(raw), self._settings, destinations)
        taken = self._store.alerts.named(definition.name)
        if taken is not None and taken.id != but:
            # As it was typed, not as it is kept: that may be somebody's own.
            raise ConflictError(f"name: there is an alert called {definition.name!r} already: choose another name.")
        return definition

    def _change(
        self, row: AlertRow, definition: AlertSettings, now: datetime, by: str, *, also: Collection[str] = ()
    ) -> None:
        """Keep an alert's new definition, and note what is new about it, and `also` these keys."""
        before = written(row)
        self._keep(row.id, definition, now)
        row = self._store.alerts.get(row.id)
        after = written(row)
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}.union(also)
        if changed:
            act, detail = _what_changed(changed, before, after)
            self._note(now, by, act, row, detail)

    def _note(self, now: datetime, by: str, act: str, row: AlertRow, detail: str = "") -> None:
        said = f"{row.name}: {detail}" if detail else row.name
        self._store.audit.note(now, by, act, f"alert {row.id}", said)

    def _keep(self, id_: str, definition: AlertSettings, now: datetime) -> None:
        self._store.alerts.put(alert_definition(id_, definition), now)

    def _writable(self, reference: str) -> AlertRow:
        row = self.find(reference)
        if row.from_config:
            raise ConflictError(f"The alert {row.name!r} stands in {self._settings.path}: change it there.")
        return row


def written(row: AlertRow) -> dict[str, Any]:
    """An alert's keys as config.toml would have them; those that have their defaults are left out."""
    keys: dict[str, Any] = json.loads(row.definition)
    return keys


def _what_changed(changed: Collection[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """How the audit log calls a change of these keys, and what it says of it."""
    match sorted(changed):
        case ["enabled"]:
            return ("alert on" if after.get("enabled", True) else "alert off"), ""
        case ["owner"]:
            return "alert handed over", f"{before.get('owner') or 'nobody'} → {after.get('owner') or 'nobody'}"
        case keys:
            return "alert changed", ", ".join(keys)


def _exported(row: AlertRow) -> dict[str, Any]:
    """The same with the mute that was given by command, so that an import is as silent as the original."""
    mute = {"mute_until": row.muted_until.strftime("%Y-%m-%dT%H:%M:%SZ")} if row.muted_until else {}
    return written(row) | mute


def _alert_tables(text: str) -> list[dict[str, object]]:
    try:
        tables = tomllib.loads(text).get("alerts", [])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"This is not TOML: {error}.") from None
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError("There is no alert in it: begin each with [[alerts]].")
    return tables
