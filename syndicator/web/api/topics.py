"""`/topics` and `/sources`: what the newsroom sorts by, and whom it follows."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Response
from starlette.requests import Request

from syndicator.config import Source
from syndicator.health import LOOKBACK, Health, health
from syndicator.model import SourceKind, SourceState
from syndicator.publish.text import web_url
from syndicator.store import ALL, Store
from syndicator.web.api import shapes
from syndicator.web.api.access import READER, TheHouse
from syndicator.web.api.answering import UNCHANGED, answered
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.api.representation import as_json
from syndicator.web.house import House

router = APIRouter(dependencies=[READER], responses=UNCHANGED | documented(401, 403, 422, 429, 503))

_RECENT = timedelta(days=7)


@router.get("/topics", response_model=shapes.TopicList, summary="Every topic", tags=["topics"])
async def topics(request: Request, house: TheHouse) -> Response:
    """The topics, with the addresses of their feeds."""
    now = house.clock()
    names = [ALL, *(topic.name for topic in house.settings.topics)]

    def look(store: Store) -> bytes:
        return as_json(shapes.TopicList(topics=tuple(_topic(house, store, name, now) for name in names)))

    return await answered(request, house, await house.reading.read(look))


@router.get(
    "/topics/{name}", response_model=shapes.Topic, summary="One topic", tags=["topics"], responses={**documented(404)}
)
async def topic(
    request: Request, house: TheHouse, name: Annotated[str, Path(max_length=200, examples=["boats"])]
) -> Response:
    """A topic, with the addresses of its feeds."""
    if name != ALL and name not in {topic.name for topic in house.settings.topics}:
        raise ProblemError(404, f"There is no topic {name!r}: those that there are stand at /topics.")
    now = house.clock()
    body = await house.reading.read(lambda store: as_json(_topic(house, store, name, now)))
    return await answered(request, house, body)


def _topic(house: House, store: Store, name: str, now: datetime) -> shapes.Topic:
    settings = house.settings
    found = next((topic for topic in settings.topics if topic.name == name), None)
    title = found.title if found else f"{settings.site.title}: all articles"
    count = store.listing.count(name, now - _RECENT)
    base = f"{settings.feeds_url.rstrip('/')}/{name}"
    return shapes.Topic(
        name=name,
        title=title,
        description=found.description if found else f"Every article of {settings.site.title}, whatever its topic.",
        query=found.query if found else None,
        feeds=shapes.Feeds(rss=f"{base}.rss", atom=f"{base}.atom", json_feed=f"{base}.json", page=f"{base}.html"),
        articles=count.articles,
        recent=count.recent,
        newest=count.newest,
    )


@router.get("/sources", response_model=shapes.SourceList, summary="Every source", tags=["sources"])
async def sources(request: Request, house: TheHouse) -> Response:
    """Whom the newsroom follows, and how each is doing. What is said of failures is for its staff alone."""
    now = house.clock()
    followed = {source.name: source for source in house.settings.sources if source.enabled}

    def look(store: Store) -> bytes:
        states = {state.name: state for state in store.sources.all()}
        return as_json(
            shapes.SourceList(
                sources=tuple(_source(source, states.get(name), store, now) for name, source in followed.items())
            )
        )

    return await answered(request, house, await house.reading.read(look))


def _source(source: Source, state: SourceState | None, store: Store, now: datetime) -> shapes.SourceHealth:
    judged = None if state is None else health(state, store.sources.arrivals(source.name, now - LOOKBACK), now)
    return shapes.SourceHealth(
        name=source.name,
        title=source.title,
        kind=source.kind.value,
        url=web_url(state.home) if state else None,
        feed=None if source.kind is not SourceKind.FEED or source.is_hidden("url") else web_url(source.url),
        carries=source.republish,
        state=_state(judged),
        last_success=None if judged is None else judged.last_success,
        items_per_week=0.0 if judged is None else round(judged.items_per_week, 1),
    )


def _state(judged: Health | None) -> Literal["new", "well", "quiet", "failing", "gone"]:
    if judged is None:
        return "new"
    if judged.gone:
        return "gone"
    if judged.failures:
        return "failing"
    if judged.last_success is None:
        return "new"
    return "quiet" if judged.quiet else "well"
