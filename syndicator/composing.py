"""What a delivery says, decided at the moment it is sent: nothing that was taken back meanwhile leaves the house."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicator.alerts import URGENT, Alert, Event, Excerpt, Item, Message, excerpt, marked
from syndicator.config import Settings
from syndicator.errors import SyndicatorError
from syndicator.model import Article, State
from syndicator.query import evaluate
from syndicator.store import AlertRow, Carried, Claimed, Store
from syndicator.watch import Watched, watched_alert

# A held article whose time is about to come is asked for again after this.
SOON = timedelta(seconds=30)
# Alerts whose definitions are kept at hand.
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Composed:
    """What may be sent now. `message` is None if nothing may; `held` are articles to be told of from `until` on."""

    message: Message | None
    held: tuple[str, ...] = ()
    until: datetime | None = None


class Composer:
    """Makes messages from outbox rows."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._kept: dict[str, tuple[int, Watched | None]] = {}

    def alert(self, id_: str) -> Alert | None:
        """The alert of this id as it is now; None where it can't be used any more."""
        watched = self._watched(self._store.alerts.get(id_))
        return watched.alert if watched else None

    def compose(self, claimed: Claimed, now: datetime, *, unsubscribe: str | None = None) -> Composed:
        """The message of a delivery, without what was killed since and without what is held back now.

        Whoever ended the alert since is told nothing more of it; of one that was removed by hand, only what takes back.
        """
        if not self._is_wanted(claimed):
            return Composed(None)
        apart = self._store.outbox.split_off(claimed.message, claimed.destination)
        standing: list[tuple[Carried, Article]] = []
        held: list[Article] = []
        for carried in claimed.message.items:
            article = self._store.articles.get(carried.article)
            if carried.article in apart:
                continue
            if claimed.message.event is not Event.KILL:
                if article.state is State.KILLED:
                    continue  # whoever may have had it is told by the kill's own message
                if article.state is State.EMBARGOED:
                    held.append(article)
                    continue
            if self._store.outbox.is_corrected_later(claimed.message, claimed.destination, carried):
                continue
            standing.append((carried, article))
        until = max((article.embargo_until or now for article in held), default=None)
        if until is not None:
            until = max(until, now + SOON)
        if not standing and not claimed.message.lines:
            return Composed(None, tuple(article.id for article in held), until)
        return Composed(self._message(claimed, standing, unsubscribe), tuple(article.id for article in held), until)

    def _is_wanted(self, claimed: Claimed) -> bool:
        """Whether the alert is still there, and the destination still wants to hear of it."""
        alert = claimed.message.alert
        if alert is None:
            return True
        row = self._store.alerts.get(alert)
        removed = row.gone and not row.from_config and claimed.message.event not in URGENT
        return not removed and claimed.destination not in self._store.alerts.opted_out(alert)

    def _message(
        self, claimed: Claimed, standing: Sequence[tuple[Carried, Article]], unsubscribe: str | None
    ) -> Message:
        site, queued = self._settings.site, claimed.message
        row = self._store.alerts.get(queued.alert) if queued.alert else None
        watched = self._watched(row) if row else None
        return Message(
            id=claimed.id,
            event=queued.event,
            created=claimed.at,
            site=site.title,
            home=site.url,
            items=tuple(self._item(carried, article, watched) for carried, article in standing),
            lines=queued.lines,
            alert=row.name if row else None,
            alert_id=row.id if row else None,
            query=watched.alert.query if watched else None,
            follows=claimed.follows,
            part=queued.part,
            unsubscribe=unsubscribe if row else None,
        )

    def _watched(self, row: AlertRow) -> Watched | None:
        """The alert as it is now; None where it can't be used any more: what it told is still taken back.

        Kept until the alert changes: reading a definition anew for each delivery costs more than the rest of it.
        """
        kept = self._kept.get(row.id)
        if kept is not None and kept[0] == row.revision:
            return kept[1]
        try:
            watched = watched_alert(row, self._settings)
        except SyndicatorError:
            watched = None
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[row.id] = (row.revision, watched)
        return watched

    def _item(self, carried: Carried, article: Article, watched: Watched | None) -> Item:
        """An article as the message tells it: the version that matched, unless it was put right, or held, since."""
        store = self._store
        topics = store.topics.of(article.id)
        reasons = carried.reasons
        changed = article.state is State.CORRECTED or store.articles.was_held(article.id, since=carried.seq)
        if changed and watched is not None:
            match = evaluate(watched.query, store.search.analyse(article, frozenset(topics)))
            reasons = match.reasons if match else ()
        elif article.state is State.LIVE and article.seq != carried.seq and not changed:
            told = store.articles.version(carried.seq)
            if told is not None:
                article = replace(article, seq=told.seq, version=told.version, content=told.content, updated=told.at)
        content = article.content
        if article.state is State.KILLED:
            reasons, passage = (), Excerpt("")
        else:
            passage = excerpt(content.text or content.summary, reasons, "text")
        zone = watched.alert.timing.zone if watched is not None else self._settings.site.zone
        return Item(
            article=article.id,
            seq=article.seq,
            version=article.version,
            state=article.state,
            title=marked(content.title, reasons),
            excerpt=passage,
            url=article.link,
            source=self._title(article.source),
            published=article.published.astimezone(zone),
            updated=article.updated.astimezone(zone),
            story=carried.story,
            others=tuple(self._others(article, carried.story)),
            topics=tuple(topics),
            reasons=reasons,
            note=article.note,
        )

    def _others(self, article: Article, story: str) -> Iterator[str]:
        """The titles of the other sources that carry this story, each once."""
        own = self._title(article.source)
        titles = (self._title(name) for name in self._store.stories.sources(story))
        yield from (title for title in dict.fromkeys(titles) if title != own)

    def _title(self, source: str) -> str:
        row = self._store.sources.get(source)
        return row.label if row and row.label else source
