"""Checks across sections: what each alone can't know. They get whatever sections were in order."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from syndicator.config.environment import Key
from syndicator.config.settings import Feeds, Network, Schedule, Site, Source, Store

Found = Iterator[tuple[Key, str]]


def names_are_unique(tables: Sequence[object]) -> Found:
    """No two sources have the same name: articles and health records are kept by it. Takes the raw tables."""
    first: dict[str, int] = {}
    for index, table in enumerate(tables):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str) and (folded := name.strip().casefold()):
            if folded in first:
                yield (
                    ("sources", index, "name"),
                    f"is the name of sources[{first[folded]}] too: each needs its own",
                )
            first.setdefault(folded, index)


def places_are_unique(sources: Iterable[tuple[int, Source]]) -> Found:
    """No two sources read the same feed, page or folder: every item would come twice."""
    for (first, one), (second, other) in combinations(sources, 2):
        if one.url and other.url and _address(one.url) == _address(other.url):
            yield ("sources", second, "url"), f"is the address of sources[{first}] ({one.name}) too: leave one out"
        if one.path and one.path == other.path:
            yield ("sources", second, "path"), f"is the folder of sources[{first}] ({one.name}) too: leave one out"


def folders_stay_apart(config: Path, feeds: Feeds, store: Store | None, sources: Iterable[tuple[int, Source]]) -> Found:
    """What is in the feeds folder is public, and what is published must not come in again as news."""
    if store and store.path.is_relative_to(feeds.dir):
        yield ("store", "path"), "lies in the feeds folder: the database would be published with the feeds"
    if config.resolve().is_relative_to(feeds.dir):
        yield ("feeds", "dir"), "holds this config file: it would be published with the feeds"
    for index, source in sources:
        if source.path is None:
            continue
        if source.path.is_relative_to(feeds.dir):
            yield ("sources", index, "path"), "lies in the feeds folder: what comes in would be published as it is"
        elif feeds.dir.is_relative_to(source.path):
            yield ("sources", index, "path"), "holds the feeds folder: what we publish would come in as news"


def paces_are_ordered(schedule: Schedule, sources: Iterable[tuple[int, Source]]) -> Found:
    """A source's own shortest and longest pause fit together, and fit the schedule's where it gives one only."""
    for index, source in sources:
        least, most = source.poll_min or schedule.poll_min, source.poll_max or schedule.poll_max
        if least > most:
            key, other = ("poll_max", "poll_min") if source.poll_max else ("poll_min", "poll_max")
            side = "shorter" if source.poll_max else "longer"
            own = "" if source.poll_min and source.poll_max else "schedule."
            yield (
                ("sources", index, key),
                f"is {side} than {own}{other}: the pause between polls lies between them",
            )


def articles_outlast_feeds(feeds: Feeds, schedule: Schedule) -> Found:
    """What is still in a feed must still be in the store."""
    if schedule.retention is not None and schedule.retention < feeds.window:
        yield ("schedule", "retention"), f"is shorter than feeds.window_days ({feeds.window_days} days)"


def doubts(site: Site, network: Network, sources: Sequence[Source], topics: int) -> Iterator[str]:
    """What is allowed and probably not meant."""
    if site.contact.endswith(("@example.org", "@example.com")) or (urlsplit(site.contact).hostname or "").endswith(
        ("example.org", "example.com")
    ):
        yield "site.contact is still the example: publishers who want to reach you can't"
    for net in network.allow_private:
        if net.prefixlen == 0:
            yield f"network.allow_private has {net}: all private addresses may be reached, whoever gave the URL"
    if not any(source.enabled for source in sources):
        yield "there is no source that is enabled: nothing will come in"
    if not topics:
        yield "there is no topic: only the feed of everything will be published"


def _address(url: str) -> tuple[str, str, int | None, str, str]:
    """What makes two URLs one: the case of the host and a default port do not."""
    parts = urlsplit(url)
    port = None if parts.port == {"http": 80, "https": 443}[parts.scheme] else parts.port
    return parts.scheme, parts.hostname or "", port, parts.path or "/", parts.query
