"""From an article to what is to be told of it: hits, and messages in the outbox. All inside the ingest transaction.

A hit is durable from the moment its article is. Whether it becomes a message at once or waits (for a digest's hour,
the end of quiet hours, a cooldown, a mute) is only a matter of the alert's `due`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from syndicator.alerts import LONGEST, Event, Every, held_until, speaks_at
from syndicator.model import Article
from syndicator.query import Analysed, matches
from syndicator.store import AlertRow, Carried, HitRow, Queued, Silent, Store
from syndicator.storying import Storying
from syndicator.watch import Watch

# Items in one message. A longer digest comes in parts, so that mail servers and chat services take it.
PART = 100
# No due time lies further ahead: one that does tells of a clock that was set back. A longer mute is asked again.
FURTHEST = LONGEST + timedelta(days=7)


class Alerting:
    """Makes alerts fire. Its writes belong inside the store's transaction."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store = store
        self._watch = watch
        self.storying = Storying(store)

    def consider(
        self,
        article: Article,
        analysed: Analysed,
        now: datetime,
        *,
        backlog: bool,
        before: Callable[[], Analysed | None],
    ) -> None:
        """Hold a new version of an article against all alerts; `before` gives the last one that was out in the open.

        An alert fires once an article. It does so in silence where the article came with its source's backlog, where
        the version before matched already and the alert was not there yet, and where the story has been told.
        """
        hits = self._store.hits
        story = self.storying.story_of(article)
        found = self._watch.match(analysed)
        fired = hits.alerts_on(article.id) if found else frozenset()
        fresh = [match for match in found if match.key not in fired]
        if not fresh:
            return
        earlier = None if backlog else before()
        for match in fresh:
            watched = self._watch[match.key]
            silent = None
            if backlog:
                silent = Silent.BACKLOG
            elif earlier is not None and matches(watched.query, earlier):
                silent = Silent.EARLIER
            elif watched.alert.grouped and hits.has_spoken(match.key, story):
                silent = Silent.JOINED
            hits.add(match.key, article.id, seq=article.seq, story=story, reasons=match.reasons, silent=silent, now=now)
            if silent is None:
                self.schedule(match.key, now)

    def schedule(self, alert: str, now: datetime) -> None:
        """Something waits to be told: tell it now if the alert may speak, else note when it may."""
        row = self._store.alerts.get(alert)
        if row.due is None or row.due > now:
            due = speaks_at(self._watch[alert].alert.timing, now, row.last_message)
            if due > now:
                self._store.alerts.set_due(alert, min(due, now + FURTHEST))
                return
        self._gather(row, now)

    def reschedule(self, alert: str, now: datetime) -> None:
        """The alert's hours, or the alert itself, have changed: when may it tell what waits?

        What is overdue stays so: a run that was missed while nobody was at work is made up for, not put off.
        """
        self._watch.refresh()
        row = self._store.alerts.get(alert)
        overdue = row.due is not None and row.due <= now
        if overdue or not self._store.hits.waiting(alert):
            return
        try:
            due = min(speaks_at(self._watch[alert].alert.timing, now, row.last_message), now + FURTHEST)
        except KeyError:
            due = None  # it is switched off: what waits is told when it is on again
        self._store.alerts.set_due(alert, due)

    def released(self, article: Article, now: datetime) -> None:
        """An embargo has ended: what waits to be told of this article may be told."""
        for alert in sorted(self._store.hits.waiting_for(article.id)):
            self.reschedule(alert, now)

    def reschedule_all(self, now: datetime) -> None:
        """After a change of config: no alert with something to tell is left without a time to tell it."""
        for alert in self._store.hits.alerts_waiting():
            self.reschedule(alert, now)

    def gather_due(self, now: datetime) -> int:
        """Tell what has waited long enough: digests, the ends of quiet hours and cooldowns. Returns how many spoke."""
        spoke = 0
        if not self._store.alerts.due(now, FURTHEST):
            return spoke
        with self._store.transaction():
            self._watch.refresh()
            for row in self._store.alerts.due(now, FURTHEST):
                try:
                    until = held_until(self._watch[row.id].alert.timing, now)
                except KeyError:
                    self._store.alerts.set_due(row.id, None)
                    continue
                if until is not None:
                    self._store.alerts.set_due(row.id, min(until, now + FURTHEST))
                else:
                    spoke += self._gather(row, now)
        return spoke

    def correct(self, article: Article, now: datetime) -> int:
        """Tell everybody who has an earlier version of this article that it was corrected. Returns how many."""
        return self._take_back(Event.CORRECTION, article, now)

    def kill(self, article: Article, now: datetime) -> int:
        """Tell everybody who has a version of this article that it was withdrawn; nobody else will hear of it.

        An article of the same story that had kept silent because this one spoke, speaks. Returns how many are told.
        """
        told = self._take_back(Event.KILL, article, now)
        for alert in sorted(self._store.hits.withdraw(article.id)):
            self._watch.refresh()
            try:
                self.schedule(alert, now)
            except KeyError:
                continue  # the alert is off or gone
        return told

    def readers_of(self, article: Article) -> dict[str, list[str]]:
        """Who has, or may have, a version of this article and still wants to hear: destinations by alert id."""
        readers: dict[str, list[str]] = {}
        for alert, destination in self._store.outbox.readers_of(article.id):
            if alert is not None and destination not in self._store.alerts.opted_out(alert):
                readers.setdefault(alert, []).append(destination)
        return readers

    def _take_back(self, event: Event, article: Article, now: datetime) -> int:
        told = 0
        story = self.storying.story_of(article)
        for alert, destinations in self.readers_of(article).items():
            message = Queued(f"{event}:{alert}:{article.seq}", event, alert, (Carried(article.id, article.seq, story),))
            told += self._store.outbox.queue(message, destinations, now)
        return told

    def _gather(self, row: AlertRow, now: datetime) -> int:
        """Everything that waits becomes one message, or the parts of one; with nothing to say there is none."""
        waiting = self._store.hits.waiting(row.id)
        if not waiting:
            self._store.alerts.set_due(row.id, None)
            return 0
        opted_out = self._store.alerts.opted_out(row.id)
        wanted = [name for name in self._watch[row.id].alert.destinations if name not in opted_out]
        alone = len(waiting) == 1 and self._watch[row.id].alert.timing.schedule.every is Every.IMMEDIATE
        event = Event.MATCH if alone else Event.DIGEST
        parts = list(_parts(_newest_story_first(waiting)))
        for number, part in enumerate(parts, 1):
            message = Queued(
                key=f"{event}:{row.id}:{waiting[-1].n}:{number}",
                event=event,
                alert=row.id,
                items=tuple(Carried(hit.article, hit.seq, hit.story, hit.reasons) for hit in part),
                part=(number, len(parts)),
            )
            self._store.outbox.queue(message, wanted, now)
            self._store.hits.carried([hit.n for hit in part], message.id)
        self._store.alerts.spoke(row.id, now)
        return 1


def _newest_story_first(hits: Sequence[HitRow]) -> list[HitRow]:
    """Hits of one story side by side, stories and their hits newest first."""
    newest: dict[str, tuple[datetime, int]] = {}
    for hit in hits:
        at = (hit.published, hit.n)
        newest[hit.story] = max(at, newest.get(hit.story, at))
    return sorted(hits, key=lambda hit: (newest[hit.story], hit.published, hit.n), reverse=True)


def _parts(hits: Sequence[HitRow]) -> Iterable[Sequence[HitRow]]:
    for start in range(0, len(hits), PART):
        yield hits[start : start + PART]
