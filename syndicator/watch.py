"""All saved alerts as one matcher, kept in step with the store.

Any process may change an alert while this one is at work: before each use, what has changed since is read anew.
"""

import json
import logging
from dataclasses import dataclass, replace

from syndicator.alerts import Alert, scoped
from syndicator.config import AlertSettings, Settings, read_alert
from syndicator.errors import SyndicatorError
from syndicator.query import Analysed, Match, Matcher, Query, parse
from syndicator.store import AlertDefinition, AlertRow, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """An alert that can work, and the whole query it asks: its own within its topics and sources."""

    alert: Alert
    query: Query


class Watch:
    """Every alert that is on, ready to be matched."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._matcher: Matcher[str] = Matcher({}, store.analyser)
        self._watched: dict[str, Watched] = {}
        self._revision = 0
        # `store.undone` when alerts were taken in that are not yet written for good.
        self._doubted: int | None = None

    def match(self, article: Analysed) -> list[Match[str]]:
        """The alerts, by id, that this article makes fire, with the reasons. `article` knows its topics."""
        self.refresh()
        return self._matcher.match(article)

    def __getitem__(self, id_: str) -> Watched:
        """The alert of this id. KeyError where it is off, gone, or can't be used."""
        return self._watched[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._watched

    def refresh(self) -> None:
        """Take in what has changed. An alert that can't be used (its topic is gone, say) costs itself alone."""
        self._forget_what_was_undone()
        changed = self._store.alerts.changed_since(self._revision)
        if changed and self._store.in_transaction:
            self._doubted = self._store.undone
        for row in changed:
            self._revision = row.revision
            self._watched.pop(row.id, None)
            if row.id in self._matcher:
                self._matcher.remove(row.id)
            try:
                watched = watched_alert(row, self._settings)
            except SyndicatorError as error:
                log.warning("alert %r can't be used: %s", row.name, error)
                continue
            except Exception:  # a defect of ours must cost this alert alone, not every article that comes in
                log.exception("alert %r can't be used", row.name)
                continue
            if watched.alert.enabled and not row.gone:
                self._watched[row.id] = watched
                self._matcher.add(row.id, watched.query)

    def _forget_what_was_undone(self) -> None:
        """Begin anew where a transaction was undone after alerts were read in it: their revisions come again."""
        if self._doubted is None:
            return
        if self._store.undone != self._doubted:
            self._matcher, self._watched, self._revision = Matcher({}, self._store.analyser), {}, 0
        elif self._store.in_transaction:
            return
        self._doubted = None


def alert_definition(id_: str, alert: AlertSettings) -> AlertDefinition:
    """What the store keeps of an alert."""
    return AlertDefinition(id_, alert.name, alert.owner, json.dumps(alert.to_dict(), ensure_ascii=False))


def alert_of(row: AlertRow, settings: Settings) -> Alert:
    """The working record of a stored alert. Raises SyndicatorError where its definition can't be used."""
    definition = read_alert(json.loads(row.definition), settings, destinations=None)
    alert = definition.as_alert(row.id, from_config=row.from_config, feed_token=row.feed_token)
    mutes = [until for until in (alert.timing.muted_until, row.muted_until) if until]
    return replace(alert, timing=replace(alert.timing, muted_until=max(mutes, default=None)))


def watched_alert(row: AlertRow, settings: Settings) -> Watched:
    """A stored alert with the whole query it asks. Raises SyndicatorError where it can't be used."""
    alert = alert_of(row, settings)
    return Watched(alert, scoped(parse(alert.query), alert.topics, alert.sources))
