"""Checks across sections: what each alone can't know. They get whatever sections were in order.

A section that comes in numbers is given as pairs of the key it stands at, such as ("sources", 2), and itself.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from syndicator.config.destinations import DestinationKind, DestinationSettings
from syndicator.config.environment import Key
from syndicator.config.report import written
from syndicator.config.settings import Feeds, Schedule, Store
from syndicator.config.sources import Source

Found = Iterator[tuple[Key, str]]


def names_are_unique(tables: Iterable[tuple[Key, object]]) -> Found:
    """No two sources, and no two alerts, have the same name: they are remembered by it. Takes the raw tables."""
    first: dict[str, Key] = {}
    for key, table in tables:
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str) and (folded := name.strip().casefold()):
            if folded in first:
                yield (*key, "name"), f"is the name of {written(first[folded])} too: each needs its own"
            first.setdefault(folded, key)


def places_are_unique(sources: Iterable[tuple[Key, Source]]) -> Found:
    """No two sources read the same feed, page or folder: every item would come twice."""
    for (first, one), (second, other) in combinations(sources, 2):
        if one.url and other.url and address(one.url) == address(other.url):
            yield (*second, "url"), f"is the address of {written(first)} ({one.name}) too: leave one out"
        if one.path and one.path == other.path:
            yield (*second, "path"), f"is the folder of {written(first)} ({one.name}) too: leave one out"


def folders_stay_apart(config: Path, feeds: Feeds, store: Store | None, sources: Iterable[tuple[Key, Source]]) -> Found:
    """What is in the feeds folder is public, and what is published must not come in again as news."""
    if store and store.path.is_relative_to(feeds.dir):
        yield ("store", "path"), "lies in the feeds folder: the database would be published with the feeds"
    if config.resolve().is_relative_to(feeds.dir):
        yield ("feeds", "dir"), "holds this config file: it would be published with the feeds"
    for key, source in sources:
        if source.path is None:
            continue
        if source.path.is_relative_to(feeds.dir):
            yield (*key, "path"), "lies in the feeds folder: what comes in would be published as it is"
        elif feeds.dir.is_relative_to(source.path):
            yield (*key, "path"), "holds the feeds folder: what we publish would come in as news"


def files_stay_apart(
    destinations: Iterable[tuple[Key, DestinationSettings]],
    config: Path,
    feeds: Feeds | None,
    store: Store | None,
    sources: Iterable[Source],
) -> Found:
    """Alerts that go to a file are not published, do not come in as news, and are not written over our own files."""
    folders = [(source.name, source.path) for source in sources if source.path]
    for key, destination in destinations:
        path = destination.path
        if path is None:
            continue
        if feeds and path.is_relative_to(feeds.dir):
            yield (*key, "path"), "lies in the feeds folder: what is meant for the newsroom would be published"
        if path == config.resolve():
            yield (*key, "path"), "is this config file: alerts need a file of their own"
        if store and path.parent == store.path.parent and path.name.startswith(store.path.name):
            yield (*key, "path"), "is the database, or is named like a part of it: alerts need a file of their own"
        for name, folder in folders:
            if path.is_relative_to(folder):
                yield (*key, "path"), f"lies in the folder of the source {name!r}: alerts would come in as news"


def mail_has_a_server(destinations: Iterable[tuple[Key, DestinationSettings]], *, smtp: bool) -> Found:
    """Where mail is written, there is a server to hand it to."""
    for key, destination in destinations:
        if destination.kind is DestinationKind.EMAIL and not smtp:
            yield (*key, "kind"), 'is "email", which needs a mail server: name yours in a section [smtp]'


def paces_are_ordered(schedule: Schedule, sources: Iterable[tuple[Key, Source]]) -> Found:
    """A source's own shortest and longest pause fit together, and fit the schedule's where it gives one only."""
    for at, source in sources:
        least, most = source.poll_min or schedule.poll_min, source.poll_max or schedule.poll_max
        if least > most:
            key, other = ("poll_max", "poll_min") if source.poll_max else ("poll_min", "poll_max")
            side = "shorter" if source.poll_max else "longer"
            own = "" if source.poll_min and source.poll_max else "schedule."
            yield (*at, key), f"is {side} than {own}{other}: the pause between polls lies between them"


def articles_outlast_feeds(feeds: Feeds, schedule: Schedule) -> Found:
    """What is still in a feed must still be in the store."""
    if schedule.retention is not None and schedule.retention < feeds.window:
        yield ("schedule", "retention"), f"is shorter than feeds.window_days ({feeds.window_days} days)"


def address(url: str) -> tuple[str, str, int | None, str, str]:
    """What makes two URLs one: the case of the host and a default port do not."""
    parts = urlsplit(url)
    port = None if parts.port == {"http": 80, "https": 443}[parts.scheme] else parts.port
    return parts.scheme, parts.hostname or "", port, parts.path or "/", parts.query
