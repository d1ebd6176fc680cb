"""From stale marks to feed files: which documents to render, and what goes into each.

A mark is struck off only after its files are on disk, and only if the feed did not go stale again meanwhile: a
crash at any point leaves the mark, and the next cycle renders the same bytes.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from syndicator import __version__
from syndicator.config import Settings
from syndicator.errors import PublishError, StoreError
from syndicator.model import FeedDocument, FeedItem, Tombstone
from syndicator.publish import FeedSummary, Publisher
from syndicator.store import ALL, INDEX, Edge, Stale, Store

log = logging.getLogger(__name__)


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
        self.publisher.sweep()
        files: list[Path] = []
        problems: list[str] = []
        for name in sorted({mark.topic for mark in stale} | {INDEX}, key=lambda name: (name == INDEX, name)):
            # Asked for anew: rendering a feed makes the index stale, which comes last.
            marks = [mark for mark in self._store.feeds.stale() if mark.topic == name]
            try:
                files += self._render_index(marks) if name == INDEX else self._render(name, marks, now)
            except StoreError:
                raise
            except Exception as error:
                if not isinstance(error, PublishError):
                    log.exception("feed %s", name)
                problems.append(f"{name}: {error}")
        return Published(tuple(files), tuple(problems))

    def _render_index(self, marks: list[Stale]) -> list[Path]:
        """The pages that list all feeds, and the list of those that are gone."""
        files = self.publisher.write_index(self._summaries())
        files += self.publisher.write_gone(self._store.topics.gone())
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
            document = replace(document, previous=months[-1] if months else None)
            files += self.publisher.write(document)
            for month in _months_to_render(months, {mark.month for mark in marks}, before, edge):
                if edge is not None:
                    files += self.publisher.write(self._month(shelf, month, edge))
            files += self.publisher.prune_archives(shelf.name, months)
            summary = [document.title, document.description, len(items), _timestamp(document.updated)]
        with store.transaction():
            if shelf is not None:
                feeds.remember_edge(shelf.name, edge)
                store.remember(f"summary {shelf.name}", json.dumps(summary))
                feeds.mark_stale([INDEX])
            for mark in marks:
                feeds.rendered(mark)
        return files

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
                title, description, items, updated = json.loads(kept)
                moment = None if updated is None else datetime.fromisoformat(updated)
                found.append(FeedSummary(name, title, description, items, moment))
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
            str(settings.feeds),
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
