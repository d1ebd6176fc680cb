"""The order of the work: claim what is due, take it in, let time do its part, publish. The one module that knows it.

Taking in leaves marks on stale feeds in its own transaction; rendering follows from the marks, so a crash between the
two loses nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid5

from syndicator import pace
from syndicator.alerting import Alerting
from syndicator.config import AlertSettings, DestinationSettings, Settings, Source
from syndicator.errors import UsageError
from syndicator.filing import Filing, Watched, unwatched
from syndicator.identity import NAMESPACE
from syndicator.intake import Fetches, Intake, Parses, Taken
from syndicator.maintenance import Maintenance
from syndicator.model import Article, SourceKind, SourceState, State
from syndicator.publish import PublicSite, Publisher
from syndicator.query import Analyser, Query, parse
from syndicator.rendering import Published, Rendering
from syndicator.store import BUSY_TIMEOUT_S, AlertDefinition, DestinationDefinition, SourceRow, Store
from syndicator.watch import Watch, alert_definition

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 64
# No source can be due later than this, unless the clock was set back since.
LONGEST_WAIT = pace.LONGEST_WAIT + timedelta(days=1)

Done = TypeVar("Done")


class Pipeline:
    """One newsroom's work, step by step. Each step may be stopped anywhere and done again."""

    def __init__(self, settings: Settings, store: Store, fetches: Fetches, parses: Parses, *, owner: str) -> None:
        self._settings = settings
        self._store = store
        self._owner = owner
        self._sources = {source.name: source for source in settings.sources if source.enabled}
        self.alerting = Alerting(store, Watch(store, settings))
        self.filing = Filing(store, topic_queries(settings), self.alerting)
        self.maintenance = Maintenance(store, settings)
        self.intake = Intake(settings, store, self.filing, fetches, parses)
        self.rendering = Rendering(store, Publisher(settings.feeds.dir, public_site(settings)), settings)

    def start(self, now: datetime, *, watched: Watched = unwatched) -> dict[str, int]:
        """Bring the store in line with config: sources, changed topics, feeds whose look changed.

        Returns, for each topic that was applied to the archive anew, how many articles came or went. It is for
        whoever holds the store's instance lock: two processes with different configs would undo each other's work.
        """
        with self._store.transaction():
            changed = self._store.sources.configure(map(_row, self._sources.values()), now)
            self._configure_alerts(now)
            self.intake.catch_up(now)
            retagged = self.filing.bring_up_to_date(watched=watched)
            self.rendering.notice_changes(now, sources_changed=changed)
        return retagged

    def _configure_alerts(self, now: datetime) -> None:
        """Alerts and destinations as config has them. What was added by hand under a name of config's stops us."""
        store, settings = self._store, self._settings
        kept = store.destinations.all()
        taken = {row.name for row in kept if not row.from_config} & {each.name for each in settings.destinations}
        if taken:
            raise UsageError(
                f"{settings.path}: a destination {min(taken)!r} was added by hand as well: give one of them another "
                f"name, or remove that one: syndicator destinations rm {min(taken)}"
            )
        for alert in settings.alerts:
            row = store.alerts.named(alert.name)
            if row is not None and not row.from_config:
                raise UsageError(
                    f"{settings.path}: an alert {row.name!r} was added by hand as well: give one of them another name, "
                    f"or remove that one: syndicator alerts rm {row.id}"
                )
        alerts = [_alert(alert) for alert in settings.alerts]
        self.alerting.tell_before_leaving({alert.id for alert in alerts}, now)
        for name in store.destinations.configure(map(_destination, settings.destinations), now):
            store.deliveries.bury(name, "it is no longer in config.toml", now)
        revision = store.alerts.revision()
        store.alerts.configure(alerts, now)
        self.alerting.look_again(now, changed=store.alerts.revision() != revision)

    def claim(self, now: datetime, names: Collection[str] | None = None) -> list[SourceState]:
        """Sources (of these `names`) that are due, taken for this worker; folders first, since they answer at once."""
        names = self._sources if names is None else names
        with self._store.transaction():
            claimed = self._store.sources.claim(self._owner, now, CLAIM_AT_ONCE, longest_wait=LONGEST_WAIT, names=names)
        log.debug("claimed: %s", ", ".join(state.name for state in claimed) or "nothing is due")
        return sorted(claimed, key=lambda state: self._sources[state.name].kind is not SourceKind.FOLDER)

    def hand_back(self) -> None:
        """Let go of every source this worker holds, at its end."""
        with self._store.transaction():
            self._store.sources.hand_back(self._owner)

    async def in_turn(self, step: Callable[[], Done], *, seconds: float = BUSY_TIMEOUT_S) -> Done:
        """Do a step when no other process writes. Raises StoreError: another did so for so many `seconds`, or trouble.

        The whole of a step is one turn: it has no await.
        """
        await self._store.turn(seconds=seconds)
        with self._store.told_plainly():
            return step()

    async def take(self, state: SourceState, now: datetime) -> Taken:
        """One look at one claimed source: what it has goes into the store."""
        return await self.intake.take(self._sources[state.name], state, now)

    def keep_house(self, now: datetime) -> None:
        """What time alone brings about: embargoes that end, articles that retire, windows that move, digests."""
        store = self._store
        with store.transaction():
            for article in store.articles.released_by(now):
                self.release(article, now)
            self.rendering.notice_changes(now, sources_changed=self._retire(now) > 0)
            self.alerting.storying.forget(now)
            self.alerting.look_again(now)
            # Something is written each time, so that a store that can't be is noticed when nothing else happens.
            store.remember("kept house", now.isoformat())
        self.alerting.gather_due(now)

    def look_after_ourselves(self, now: datetime) -> None:
        """Queue what staff have to know of failing sources, destinations and the disk."""
        self.maintenance.check(now)

    def release(self, article: Article, now: datetime, *, author: str = "embargo") -> Article:
        """Let a held article out, into its feeds and to whom it concerns. Belongs inside the store's transaction."""
        released, put_right = self._release(article, now, author)
        self.filing.file(released, now)
        self.alerting.settle_stories(released, now)
        if put_right:
            self.alerting.correct(released, now)
        return released

    def _release(self, article: Article, now: datetime, author: str) -> tuple[Article, bool]:
        """Let a held article out: as new if nobody had seen it, else as it was, or as corrected if it was while held.

        Returns whether there is such a correction, of which nobody has heard yet.
        """
        versions = self._store.articles.history(article.id)
        seen = [version for version in versions if version.state is not State.EMBARGOED]
        notes = [version.note for version in versions if seen and version.seq > seen[-1].seq and version.note]
        released = self._store.articles.add_version(
            article.id,
            article.content,
            author=author,
            now=now,
            state=State.CORRECTED if notes else seen[-1].state if seen else State.LIVE,
            note=notes[-1] if notes else seen[-1].note if seen else None,
            published=None if seen else now,
        )
        return released, bool(notes)

    def _retire(self, now: datetime) -> int:
        """Once a day, since it renders every feed and archive anew: forget what is past its retention."""
        retention, day = self._settings.schedule.retention, now.strftime("%Y-%m-%d")
        if retention is None or self._store.fact("retired") == day:
            return 0
        self._store.remember("retired", day)
        return self._store.articles.retire(now - retention)

    def publish(self, now: datetime) -> Published:
        """Render what is stale."""
        return self.rendering.publish(now)

    async def once(self, now: datetime) -> AsyncIterator[Taken | Published]:
        """One full cycle. Feeds are rendered as news comes in, so that a slow source delays nobody."""
        self.keep_house(now)
        waiting = set(self._sources)
        while states := self.claim(now, waiting):
            waiting -= {state.name for state in states}
            looks = [asyncio.create_task(self.take(state, now)) for state in states]
            try:
                for look in asyncio.as_completed(looks):
                    taken = await look
                    yield taken
                    if taken.new or taken.changed:
                        yield self.publish(now)
            finally:
                for task in looks:
                    task.cancel()
        yield self.publish(now)


def public_site(settings: Settings) -> PublicSite:
    """What the publisher has to know of the newsroom."""
    site = settings.site
    return PublicSite(
        site.title,
        site.url,
        settings.feeds_url,
        site.language,
        site.contact,
        service=site.url if settings.server.public else None,
        topics=tuple(settings.topic_titles.items()),
    )


def topic_queries(settings: Settings) -> dict[str, Query]:
    """The parsed query of every topic."""
    return {topic.name: parse(topic.query, allow_topic=False) for topic in settings.topics}


def analyser(settings: Settings) -> Analyser:
    """The one text analysis of a newsroom: by its own language."""
    return Analyser(settings.site.language)


def _alert(alert: AlertSettings) -> AlertDefinition:
    """What the store keeps of an alert of config's: its id comes from its name, so that it outlives a new database."""
    return alert_definition(uuid5(NAMESPACE, f"alert {alert.name.casefold()}").hex, alert)


def _destination(destination: DestinationSettings) -> DestinationDefinition:
    """What the store keeps of a destination of config's: nothing that is secret."""
    return DestinationDefinition(destination.name, destination.kind, destination.owner)


def _row(source: Source) -> SourceRow:
    """What the store keeps of a source. An address from the environment may be a secret: it is not published."""
    address = source.url if source.kind is SourceKind.FEED and not source.is_hidden("url") else None
    return SourceRow(source.name, source.url or str(source.path), source.title, source.republish, address=address)
