"""`/metrics`: what Prometheus reads. The process's own instruments, and what there is to count in the store.

Answered only to this machine and to `server.trusted_proxies`, and only where nobody passed the question on: the names
of sources and destinations are no secret, but they are nobody's business either. Everybody else finds nothing there.
"""

import logging
import platform
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_network

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from syndicator import __version__
from syndicator.config import Settings
from syndicator.errors import StoreError
from syndicator.metrics import REGISTRY
from syndicator.readiness import Waiting
from syndicator.store import Attempts, Store
from syndicator.web.clients import Clients
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.resource import Resource

log = logging.getLogger(__name__)

_THIS_MACHINE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# What proxies add to a question that they pass on.
_PASSED_ON = {b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"}
# Prometheus gives up after ten seconds, and asks again in a minute.
_DEADLINE_S = 8.0


def scraping_routes(house: House) -> list[BaseRoute]:
    """`/metrics`."""
    return [Route(f"{house.base}/metrics", Resource(get=Scraping(house).get))]


class Scraping:
    """Answers for `/metrics`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._near = Clients((*_THIS_MACHINE, *house.settings.server.trusted_proxies))
        self._attempts = Attempts.none()

    async def get(self, request: Request) -> Response:
        """Every figure there is. Where the store can't be read, those of the process, and that it is so."""
        if not self._is_near(request.scope):
            raise HTTPException(404)
        now = self._house.clock()
        encode, media_type = choose_encoder(request.headers.get("accept", ""))

        def figures(store: Store) -> tuple[bytes, Attempts]:
            attempts = store.figures.attempts(self._attempts)
            return encode(_Exposition([_readable(1), *_figures(store, self._house.settings, attempts, now)])), attempts

        try:
            body, self._attempts = await self._house.reading.read(figures, seconds=_DEADLINE_S)
        except StoreError as error:
            log.warning("%s", error)
            body = encode(_Exposition([_readable(0)]))
        return Response(body, headers={**UNSTORED, "Content-Type": media_type})

    def _is_near(self, scope: Scope) -> bool:
        peer = scope.get("client")
        passed_on = any(name in _PASSED_ON for name, _ in scope["headers"])
        return peer is not None and not passed_on and self._near.trusts(peer[0])


class _Exposition:
    """What runs here, the process's instruments and some more families, as one registry."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield _build()
        yield from REGISTRY.collect()
        yield from self._families


def _build() -> Metric:
    labels = {"version": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    build = GaugeMetricFamily("syndicator_build_info", "Always 1; the labels say what runs here.", labels=list(labels))
    build.add_metric(list(labels.values()), 1)
    return build


def _readable(value: int) -> Metric:
    return _gauge("syndicator_store_readable", "Whether the store could be read for this answer.", value)


def _figures(store: Store, settings: Settings, attempts: Attempts, now: datetime) -> Iterator[Metric]:
    """What there is to count in the store."""
    figures = store.figures
    articles = GaugeMetricFamily(
        "syndicator_articles", "Articles in the store by state, retired ones too.", labels=["state"]
    )
    for state, number in sorted(figures.articles().items()):
        articles.add_metric([state.value], number)
    yield articles
    yield _gauge(
        "syndicator_newest_seq",
        "The newest version's number: every article, edit, correction and kill has the next. A restore skips some.",
        figures.newest_seq(),
    )
    yield _gauge("syndicator_topics", "Topics in config.toml.", len(settings.topics))
    yield from _feeds(store, settings)
    yield from _sources(store, now)
    yield from _queues(store, now)
    told = CounterMetricFamily(
        "syndicator_delivery_attempts",
        "Attempts at deliveries in the ledger, by kind of destination and how they ended.",
        labels=["kind", "outcome"],
    )
    for (kind, outcome), number in sorted(attempts.counts.items()):
        told.add_metric([kind, outcome], number)
    yield told
    yield _gauge(
        "syndicator_deliveries_dead",
        "Deliveries that were given up, and can be replayed.",
        figures.dead_deliveries(),
    )
    yield _gauge("syndicator_destinations_off", "Destinations that are switched off.", figures.destinations_off())


def _feeds(store: Store, settings: Settings) -> Iterator[Metric]:
    items = GaugeMetricFamily("syndicator_feed_items", "Items of a feed when it was last rendered.", labels=["feed"])
    newest = GaugeMetricFamily(
        "syndicator_feed_newest_timestamp_seconds", "Publication of a feed's newest article.", labels=["feed"]
    )
    for feed in store.figures.feeds([topic.name for topic in settings.topics]):
        items.add_metric([feed.name], feed.items)
        if feed.newest is not None:
            newest.add_metric([feed.name], feed.newest.timestamp())
    yield from (items, newest)


def _sources(store: Store, now: datetime) -> Iterator[Metric]:
    up, failures, success, newest, entries = (
        GaugeMetricFamily(f"syndicator_source_{name}", documentation, labels=["source"])
        for name, documentation in (
            ("up", "Whether the last look at a source succeeded."),
            ("failures", "Looks at a source that failed, one after the other, until now."),
            ("last_success_timestamp_seconds", "The last look at a source that succeeded."),
            ("newest_entry_timestamp_seconds", "When a source's newest entry was first seen."),
            ("entries_last_day", "Entries of a source that were first seen within the last 24 hours."),
        )
    )
    for source in store.figures.sources(now):
        name = [source.name]
        up.add_metric(name, source.is_up)
        failures.add_metric(name, source.failures)
        entries.add_metric(name, source.entries)
        if source.last_success is not None:
            success.add_metric(name, source.last_success.timestamp())
        if source.newest is not None:
            newest.add_metric(name, source.newest.timestamp())
    yield from (up, failures, success, newest, entries)


def _queues(store: Store, now: datetime) -> Iterator[Metric]:
    """What waits: how much, and how long the oldest of it has."""
    figures = store.figures
    waiting: dict[str, Waiting] = {
        "sources": figures.due_sources(now),
        "feeds": figures.stale_feeds(),
        **{f"deliveries_{kind}": queue for kind, queue in figures.deliveries().items()},
        **figures.websub(now),
    }
    items = GaugeMetricFamily(
        "syndicator_queue_items",
        "Work that waits: sources that are due, feeds to be rendered, deliveries by kind of destination, the hub's.",
        labels=["queue"],
    )
    oldest = GaugeMetricFamily(
        "syndicator_queue_oldest_seconds",
        "How long the oldest of it has waited; 0 where nothing does.",
        labels=["queue"],
    )
    for name, queue in waiting.items():
        items.add_metric([name], queue.number)
        oldest.add_metric([name], queue.age(now).total_seconds())
    yield from (items, oldest)


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)
