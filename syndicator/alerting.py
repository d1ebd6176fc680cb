"""From an article to what is to be told of it: hits, and messages in the outbox. All inside the ingest transaction.

A hit is durable from the moment its article is. Whether it becomes a message at once or waits (for a digest's hour,
the end of quiet hours, a cooldown, a mute) is only a matter of the alert's `due`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from syndicator.alerts import Event, Every, held_until, speaks_at
from syndicator.model import Article, State
from syndicator.query import Analysed, matches
from syndicator.store import AlertRow, Carried, HitRow, Queued, Silent, Store
from syndicator.storying import Storying
from syndicator.watch import Watch

# Items in one message. A longer digest comes in parts, so that mail servers and chat services take it.
PART = 100


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
        joined: bool,
        before: Callable[[], Analysed | None],
    ) -> None:
        """Hold a new version of an article against all alerts; `before` gives the last one that was out in the open.

        An alert fires once an article. It does so in silence where the article came with its source's backlog, where
        the version before matched already and the alert was not there yet, and where the story has been told. `joined`:
        a source carries it that had not; what was silent as another one's backlog is news by that.
        """
        hits = self._store.hits
        story = self.storying.story_of(article)
        found = self._watch.match(analysed)
        fired = hits.alerts_on(article.id) if found else frozenset()
        fresh = [match for match in found if match.key not in fired]
        if joined and not backlog:
            self._wake_backlog(article, now)
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
        if row.due is not None and row.due <= now:
            return  # it is about to speak: `gather_due` sees whether anything holds it back
        due = speaks_at(self._watch[alert].alert.timing, now, row.last_message)
        if due > now:
            self._store.alerts.set_due(alert, due)
        else:
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
            due = speaks_at(self._watch[alert].alert.timing, now, row.last_message)
        except KeyError:
            due = None  # it is switched off: what waits is told when it is on again
        self._store.alerts.set_due(alert, due)

    def tell_before_leaving(self, staying: Collection[str], now: datetime) -> None:
        """Alerts that config no longer has (a renamed one is another) tell what waits before they go."""
        self._watch.refresh()
        for row in self._store.alerts.all():
            if row.from_config and row.id not in staying and row.id in self._watch:
                self._gather(row, now)

    def look_again(self, now: datetime, *, changed: bool = False) -> None:
        """No alert with something to tell waits longer than it would if its first match came now.

        A due time further ahead was set by a clock that has been set back since, or by other hours (`changed`).
        """
        for alert in self._store.hits.alerts_waiting():
            row = self._store.alerts.get(alert)
            if changed or row.due is None:
                self.reschedule(alert, now)
            elif row.due > now and alert in self._watch:
                due = speaks_at(self._watch[alert].alert.timing, now, row.last_message)
                if due < row.due:
                    self._store.alerts.set_due(alert, due)

    def gather_due(self, now: datetime) -> int:
        """Tell what has waited long enough: digests, the ends of quiet hours and cooldowns. Returns how many spoke."""
        spoke = 0
        if not self._store.alerts.due(now):
            return spoke
        with self._store.transaction():
            self._watch.refresh()
            for row in self._store.alerts.due(now):
                try:
                    until = held_until(self._watch[row.id].alert.timing, now)
                except KeyError:
                    self._store.alerts.set_due(row.id, None)
                    continue
                if until is not None:
                    self._store.alerts.set_due(row.id, until)
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
        self._store.hits.withdraw(article.id)
        self.settle_stories(article, now)
        return told

    def settle_stories(self, article: Article, now: datetime) -> None:
        """After an article was killed, held or released: who speaks for its story now?

        What waits to be told of a held one waits on; of a released one it may be told, unless its story was meanwhile.
        An article that joined a story in silence did so because another spoke. If that one is gone, it speaks.
        """
        self._watch.refresh()
        hits = self._store.hits
        for hit in hits.on(article.id):
            if hit.alert not in self._watch:
                continue  # the alert is off, or gone
            if self._watch[hit.alert].alert.grouped:
                waits = hit.silent is None and hit.message is None and article.state is not State.EMBARGOED
                if waits and hits.has_spoken(hit.alert, hit.story, but=hit.n):
                    hits.silence(hit.n, Silent.JOINED)
                elif not hits.has_spoken(hit.alert, hit.story):
                    hits.wake_next(hit.alert, hit.story)
            if hits.waiting(hit.alert):
                self.schedule(hit.alert, now)

    def _wake_backlog(self, article: Article, now: datetime) -> None:
        """A source brings as news what another had in its backlog."""
        hits = self._store.hits
        for hit in hits.on(article.id):
            if hit.silent is Silent.BACKLOG and hit.alert in self._watch:
                told = self._watch[hit.alert].alert.grouped and hits.has_spoken(hit.alert, hit.story)
                hits.silence(hit.n, Silent.JOINED if told else None)
                if not told:
                    self.schedule(hit.alert, now)

    def addressees(self, alert: str) -> list[str]:
        """Where an alert goes: its destinations, without those that ended it; nowhere where it is off or gone."""
        if alert not in self._watch:
            return []
        opted_out = self._store.alerts.opted_out(alert)
        return [name for name in self._watch[alert].alert.destinations if name not in opted_out]

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
        wanted = self.addressees(row.id)
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
