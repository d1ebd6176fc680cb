"""What this process times and counts of its own work: Prometheus instruments in a registry of our own.

One line a stage where the work is done; who may read them is `web.scraping`'s business. What lies in the store is not
counted here but read when somebody asks, so that it is right after a restart and covers other processes.

Label values are ours or config's alone: what strangers send never makes a new series.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics

REGISTRY = CollectorRegistry(auto_describe=True)

# The kind of answers to what was no request yet.
REFUSED = "refused"

# From a row written to a mail server that hangs.
_STAGE_S = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
# From "while you look" to "next week": what a newsroom would call quick, late and lost.
_LAG_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
_REQUEST_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30)

# A second series for each counter that says when it began: the process's start says so for all.
disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotation
ProcessCollector(registry=REGISTRY)


class Stage(StrEnum):
    """The steps of the work, in their order."""

    FETCH = "fetch"
    PARSE = "parse"
    STORE = "store"
    MATCH = "match"
    RENDER = "render"
    DELIVER = "deliver"


class Since(StrEnum):
    """From when a lag is reckoned: what the source says, or when we first saw it."""

    PUBLISHED = "published"
    FIRST_SEEN = "first_seen"


_STAGES = Histogram(
    "syndicator_stage_seconds",
    "Time of one step: a fetch (with waiting for its turn), a parsed document, a stored batch, its matching against"
    " topics and alerts, a rendered feed with its archive, an attempt at a delivery.",
    ["stage"],
    buckets=_STAGE_S,
    registry=REGISTRY,
)
_FEED_LAG = Histogram(
    "syndicator_feed_lag_seconds",
    "From an article's publication, or our first look at it, to its feeds on disk. The backlog of a new feed or page is"
    " left out, and what is given in by hand.",
    ["since"],
    buckets=_LAG_S,
    registry=REGISTRY,
)
_ALERT_LAG = Histogram(
    "syndicator_alert_lag_seconds",
    "From an article's publication, or our first look at it, to its immediate alert taken by a destination. Digests are"
    " left out: they wait on purpose.",
    ["since"],
    buckets=_LAG_S,
    registry=REGISTRY,
)
_REQUESTS = Counter("syndicator_http_requests", "Answers of the web server.", ["kind", "status"], registry=REGISTRY)
_REQUEST_TIMES = Histogram(
    "syndicator_http_request_seconds",
    "From a request to the beginning of its answer.",
    ["kind"],
    buckets=_REQUEST_S,
    registry=REGISTRY,
)

# Looked up once: `labels` takes a lock and costs more than what it is asked for. And a series that is there from the
# beginning, at zero, is one that `rate` sees the first step of.
_STAGE = {stage: _STAGES.labels(stage.value) for stage in Stage}
_ON_DISK = {since: _FEED_LAG.labels(since.value) for since in Since}
_TOLD = {since: _ALERT_LAG.labels(since.value) for since in Since}
_TROUBLES = (429, 500, 503)
_ANSWERED: dict[tuple[str, int], Counter] = {}
_ANSWER_TIMES: dict[str, Histogram] = {}


def timed(stage: Stage) -> AbstractContextManager[object]:
    """Time what is done inside, also when it fails."""
    return _STAGE[stage].time()


def on_disk(lags: dict[Since, timedelta]) -> None:
    """An article is in its feeds for the first time."""
    for since, lag in lags.items():
        _ON_DISK[since].observe(max(lag.total_seconds(), 0))


def told(lags: dict[Since, timedelta]) -> None:
    """A destination took an immediate alert."""
    for since, lag in lags.items():
        _TOLD[since].observe(max(lag.total_seconds(), 0))


def expected(kinds: Iterable[str]) -> None:
    """Such answers may be given: what somebody should look at is counted from zero, so that the first is seen."""
    for kind in kinds:
        for status in _TROUBLES:
            _answers(kind, status)


def refused(status: int) -> None:
    """The web server turned something away before it was a request for anything."""
    _answers(REFUSED, status).inc()


def answered(kind: str, status: int, seconds: float) -> None:
    """The web server began an answer. `kind` is one of a few, never an address."""
    _answers(kind, status).inc()
    times = _ANSWER_TIMES.get(kind)
    if times is None:
        times = _ANSWER_TIMES[kind] = _REQUEST_TIMES.labels(kind)
    times.observe(seconds)


def _answers(kind: str, status: int) -> Counter:
    found = _ANSWERED.get((kind, status))
    if found is None:
        found = _ANSWERED[kind, status] = _REQUESTS.labels(kind, str(int(status)))
    return found
