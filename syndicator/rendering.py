"""From stale marks to feed files: which documents to render, and what goes into each.

A mark is struck off only after its files are on disk, and only if the feed did not go stale again meanwhile: a
crash at any point leaves the mark, and the next cycle renders the same bytes. In the same transaction is written what
the files say now: where that differs from what was announced last, hubs and subscribers are told.
"""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from syndicator import __version__
from syndicator.config import Settings
from syndicator.errors import PublishError, StoreError
from syndicator.metrics import Since, Stage, on_disk, timed
from syndicator.model import FeedDocument, FeedItem, SourceKind, Tombstone
from syndicator.publish import FeedSummary, Headline, Publisher, headline
from syndicator.store import ALL, INDEX, Edge, Stale, Store, Topic

log = logging.getLogger(__name__)

# Headlines of a feed that the index shows.
NEWEST = 3


@dataclass(frozen=True, slots=True)
class Published:
    """What one round of rendering did: the files whose bytes changed, and what failed, a line each."""

    files: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A feed's name, and what people read above its items."""

    name: str
    title: str
    description: str


class Rendering:
    """Renders stale feeds through the publisher."""

    def __init__(self, store: Store, publisher: Publisher, settings: Settings) -> None:
        self._store = store
        self.publisher = publisher
        self._settings = settings
        # Pushed are subscription documents alone: an archive's are not subscribed to (RFC 5005 §4, WebSub §4).
        self._hubs = (settings.hub_url,) if settings.hub_url else ()
        self._folders = frozenset(source.name for source in settings.sources if source.kind is SourceKind.FOLDER)
        site = settings.site
        self._shelves = {topic.name: Shelf(topic.name, topic.title, topic.description) for topic in settings.topics}
        self._shelves[ALL] = Shelf(
            ALL, f"{site.title}: all articles", f"Every article of {site.title}, whatever its topic."
        )

    def notice_changes(self, now: datetime, *, sources_changed: bool) -> None:
        """Mark every feed stale whose look or window has changed since it was last rendered.

        That is: after a change of config or program, on a new day (windows are reckoned in whole days), and for a
        feed whose files are missing.
        """
        store = self._store
        look = self._look()
        with store.transaction():
            if sources_changed or store.fact("look") != look:
                for name in self._shelves:
                    self._mark_with_archive(name)
                store.remember("look", look)
            day = now.strftime("%Y-%m-%d")
            if store.fact("day") != day:
                store.feeds.mark_stale(self._shelves)
                store.remember("day", day)
            for name in self._shelves:
                edge = store.feeds.last_edge(name)
                if not self.publisher.has(name, edge.months if edge else ()):
                    self._mark_with_archive(name)
            if store.fact("shown") is None and not store.figures.newest_seq():
                # A new store has no archive: all that comes is news.
                store.remember("shown", "0")
            if not self.publisher.has_index():
                store.feeds.mark_stale([INDEX])

    def publish(self, now: datetime) -> Published:
        """Render what is stale. A feed that fails costs itself: its last good copy stands, its mark stays."""
        with self._store.publishing():
            return self._publish(now)

    def _publish(self, now: datetime) -> Published:
        stale = self._store.feeds.stale()
        if not stale:
            return Published()
        began, newest = time.monotonic(), self._store.figures.newest_seq()
        self.publisher.sweep()
        files: list[Path] = []
        problems: list[str] = []
        for name in sorted({mark.topic for mark in stale} | {INDEX}, key=lambda name: (name == INDEX, name)):
            # Asked for anew: rendering a feed makes the index stale, which comes last.
            marks = [mark for mark in self._store.feeds.stale() if mark.topic == name]
            try:
                with timed(Stage.RENDER):
                    files += self._render_index(marks) if name == INDEX else self._render(name, marks, now)
            except StoreError:
                raise
            except Exception as error:
                if not isinstance(error, PublishError):
                    log.exception("feed %s", name)
                problems.append(f"{name}: {error}")
        if not problems:
            self._time_lag(newest, now + timedelta(seconds=time.monotonic() - began))
        return Published(tuple(files), tuple(problems))

    def _time_lag(self, newest: int, now: datetime) -> None:
        """Everything up to version `newest` is on disk: how long did what is there for the first time take?"""
        store = self._store
        shown = store.fact("shown")
        if shown == str(newest):
            return
        with store.transaction():
            store.remember("shown", str(newest))
        # An archive that comes with an upgrade is no news.
        for published, seen in (
            store.figures.first_shown(int(shown), newest, without_backlog=self._folders) if shown is not None else ()
        ):
            on_disk({Since.PUBLISHED: now - published, Since.FIRST_SEEN: now - seen})

    def _render_index(self, marks: list[Stale]) -> list[Path]:
        """The pages that list all feeds, and the list of those that are gone."""
        files = self.publisher.write_index(self._summaries())
        gone = self._store.topics.gone()
        files += self.publisher.write_gone(gone)
        with self._store.transaction():
            self._store.announcements.retire(gone)
            for mark in marks:
                self._store.feeds.rendered(mark)
        return files

    def _render(self, name: str, marks: list[Stale], now: datetime) -> list[Path]:
        """The subscription document of one topic, and the months of its archive that changed."""
        store, feeds = self._store, self._store.feeds
        shelf = self._shelves.get(name)
        files: list[Path] = []
        if shelf is not None:
            limits = self._settings.feeds
            since = window_start(now, limits.window)
            items, edge = feeds.window(shelf.name, since, minimum=limits.min_items, maximum=limits.max_items)
            before = feeds.last_edge(shelf.name)
            tombstones = feeds.tombstones(shelf.name, since)
            months = edge.months if edge else ()
            document = self._document(shelf, items, tombstones)
            document = replace(document, previous=months[-1] if months else None, hubs=self._hubs)
            files += self.publisher.write(document)
            for month in _months_to_render(months, {mark.month for mark in marks}, before, edge):
                if edge is not None:
                    files += self.publisher.write(self._month(shelf, month, edge))
            files += self.publisher.prune_archives(shelf.name, months)
            newest = [astuple(headline(item)) for item in items[:NEWEST]]
            summary = [document.title, document.description, len(items), _timestamp(document.updated), newest]
            topics = self._topics(shelf.name)
        with store.transaction():
            if shelf is not None:
                store.announcements.announce(shelf.name, topics, now, hub=self._settings.other_hub)
                feeds.remember_edge(shelf.name, edge)
                store.remember(f"summary {shelf.name}", json.dumps(summary))
                feeds.mark_stale([INDEX])
            for mark in marks:
                feeds.rendered(mark)
        return files

    def _topics(self, name: str) -> list[Topic]:
        """What a feed says on disk now, in each format that is pushed."""
        digests = self.publisher.digests(name)
        return [
            Topic(f"{self._settings.feeds_url}{name}.{extension}", name, extension, digest)
            for extension, digest in digests.items()
        ]

    def _month(self, shelf: Shelf, month: str, edge: Edge) -> FeedDocument:
        previous, following = _neighbours(edge.months)[month]
        document = self._document(shelf, self._store.feeds.month(shelf.name, month, edge), ())
        return replace(document, archive=month, previous=previous, following=following)

    def _document(self, shelf: Shelf, items: Iterable[FeedItem], tombstones: Iterable[Tombstone]) -> FeedDocument:
        items, tombstones = tuple(items), tuple(tombstones)
        moments = [item.article.updated for item in items] + [stone.when for stone in tombstones]
        return FeedDocument(
            name=shelf.name,
            title=shelf.title,
            description=shelf.description or shelf.title,
            language=self._settings.site.language,
            items=items,
            tombstones=tombstones,
            updated=max(moments, default=None),
        )

    def _summaries(self) -> list[FeedSummary]:
        """What the index and the OPML say of every feed: kept from its last rendering."""
        found = []
        for name in self._shelves:
            kept = self._store.fact(f"summary {name}")
            if kept is not None:
                # One that was kept by an older program has no headlines; its feed is rendered anew in the same round.
                title, description, items, updated, *more = json.loads(kept)
                moment = None if updated is None else datetime.fromisoformat(updated)
                newest = tuple(Headline(*each) for each in (more[0] if more else ()))
                found.append(FeedSummary(name, title, description, items, moment, newest))
        return found

    def _mark_with_archive(self, name: str) -> None:
        edge = self._store.feeds.last_edge(name)
        months = edge.months if edge else ()
        self._store.feeds.mark_stale([name, *(f"{name}/{month}" for month in months)])

    def _look(self) -> str:
        """A digest of everything outside the articles that shows in a feed."""
        settings = self._settings
        shown = [
            __version__,
            settings.site.title,
            settings.site.url,
            settings.site.language,
            settings.site.contact,
            settings.feeds_url,
            str(settings.server.public),
            str(settings.feeds),
            str(settings.hub_url),
            *map(str, self._shelves.values()),
        ]
        return sha256("\n".join(shown).encode()).hexdigest()[:16]


def window_start(now: datetime, window: timedelta) -> datetime:
    """Where a feed's window begins: in whole UTC days, so that a feed changes when its articles do and at midnight."""
    return (now - window).replace(hour=0, minute=0, second=0, microsecond=0)


def _months_to_render(
    months: tuple[str, ...], stale: set[str | None], before: Edge | None, edge: Edge | None
) -> list[str]:
    """The archive months whose document may have changed.

    Those marked stale, those that the window's edge moved over, and the neighbours of months that came or went,
    since they link to each other.
    """
    linked, were_linked = _neighbours(months), _neighbours(before.months if before else ())
    wanted = {month for month in months if month in stale or linked[month] != were_linked.get(month)}
    if before is not None and edge is not None and before != edge:
        low, high = sorted([before.published, edge.published])
        wanted |= {month for month in months if f"{low:%Y-%m}" <= month <= f"{high:%Y-%m}"}
    return [month for month in months if month in wanted]


def _neighbours(months: tuple[str, ...]) -> dict[str, tuple[str | None, str | None]]:
    """Each month with the one before and the one after it."""
    padded = (None, *months, None)
    return {month: (padded[place], padded[place + 2]) for place, month in enumerate(months)}


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
