"""`/articles` and `/search`: what is published, one by one, in pages, and by a query."""

from collections.abc import Callable, Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from starlette.requests import Request

from syndicator.model import FeedItem, Kind, Reason, State
from syndicator.query import Query as Parsed
from syndicator.query import parse
from syndicator.store import ALL, Narrowed, Retired, Store, size
from syndicator.web.api import representation, shapes
from syndicator.web.api.access import READER, TheHouse
from syndicator.web.api.answering import UNCHANGED, address, answered
from syndicator.web.api.asked import ArticlesAsked, SearchAsked
from syndicator.web.api.pages import cursor, cut, next_link, place
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.house import House

router = APIRouter(
    tags=["articles"], dependencies=[READER], responses=UNCHANGED | documented(400, 401, 403, 404, 422, 429, 503)
)

Reference = Annotated[
    str,
    Path(
        description="The article's id, with or without `urn:uuid:`, or six or more of its first characters.",
        examples=["6c2f1ab0-7f0e-5c3a-9a55-0d8f1d1f0b7e"],
        max_length=100,
    ),
]
_SEVERAL = "There is no article of this id, or several begin so: give the whole of it."
_GONE = documented(410)


@router.get("/articles", response_model=shapes.ArticlePage, summary="Articles, newest first")
async def articles(request: Request, house: TheHouse, asked: Annotated[ArticlesAsked, Query()]) -> Response:
    """Everything that is published, in pages. `next` and the Link header lead to the page behind."""
    if asked.topic != ALL and asked.topic not in {topic.name for topic in house.settings.topics}:
        raise ProblemError(404, f"There is no topic {asked.topic!r}: those that there are stand at /topics.")
    wanted = Narrowed(
        topic=asked.topic,
        source=asked.source,
        state=State(asked.state) if asked.state else None,
        since=asked.since,
        until=asked.until,
        after=place(asked.cursor),
    )
    query = parse(asked.q) if asked.q is not None else None

    def look(store: Store) -> tuple[bytes, str | None]:
        found = store.listing.page(wanted) if query is None else (item for item, _ in _hits(store, query, wanted))
        page = cut(found, asked.limit, size)
        following = cursor(store.listing.place(page.items[-1])) if page.more else None
        shape = shapes.ArticlePage(articles=tuple(map(representation.article, page.items)), next=following)
        return representation.as_json(shape), following

    return await _paged(request, house, asked, "articles", look)


@router.get("/search", response_model=shapes.HitPage, summary="Search, with reasons")
async def search(request: Request, house: TheHouse, asked: Annotated[SearchAsked, Query()]) -> Response:
    """Articles that a query matches, newest first, each with the words that made it match and where they stand."""
    query = parse(asked.q)
    wanted = Narrowed(since=asked.since, until=asked.until, after=place(asked.cursor))

    def look(store: Store) -> tuple[bytes, str | None]:
        page = cut(_hits(store, query, wanted), asked.limit, lambda hit: size(hit[0]))
        following = cursor(store.listing.place(page.items[-1][0])) if page.more else None
        hits = tuple(representation.hit(item, reasons) for item, reasons in page.items)
        shape = shapes.HitPage(query=str(query), hits=hits, next=following)
        return representation.as_json(shape), following

    return await _paged(request, house, asked, "search", look)


def _hits(store: Store, query: Parsed, wanted: Narrowed) -> Iterator[tuple[FeedItem, tuple[Reason, ...]]]:
    for hit in store.search.find(query, within=wanted):
        yield store.listing.item(hit.article.id), hit.reasons


@router.get(
    "/articles/{reference}", response_model=shapes.Article, summary="One article", responses=_GONE, tags=["articles"]
)
async def article(request: Request, house: TheHouse, reference: Reference) -> Response:
    """An article as it now is. A withdrawn one is the notice that took its place; 410: it is past its retention."""

    def look(store: Store) -> bytes:
        return representation.as_json(representation.article(_found(store, reference)))

    return await answered(request, house, await house.reading.read(look))


@router.get(
    "/articles/{reference}/versions",
    response_model=shapes.History,
    summary="Its history",
    responses=_GONE,
    tags=["articles"],
)
async def versions(request: Request, house: TheHouse, reference: Reference) -> Response:
    """When an article was changed, by whose side and why: never what it said before."""

    def look(store: Store) -> bytes:
        item = _found(store, reference)
        ours = item.article.kind is Kind.ADVISORY
        lines = tuple(representation.version(each, ours=ours) for each in store.changes.of(item.article.id))
        return representation.as_json(
            shapes.History(id=item.article.id, source=representation.source(item), versions=lines)
        )

    return await answered(request, house, await house.reading.read(look))


def _found(store: Store, reference: str) -> FeedItem:
    found = store.listing.find(reference)
    if found is None:
        raise ProblemError(404, _SEVERAL)
    if isinstance(found, Retired):
        raise ProblemError(
            410, f"{found.id} was published once. It is past the newsroom's retention, and nothing of it is kept."
        )
    return found


async def _paged(
    request: Request,
    house: House,
    asked: ArticlesAsked | SearchAsked,
    name: str,
    look: Callable[[Store], tuple[bytes, str | None]],
) -> Response:
    """A page, with a link to the one behind it."""
    room = house.reading if asked.q is None else house.searching
    body, following = await room.read(look)
    link = None if following is None else next_link(address(house, f"/{name}"), asked, following)
    return await answered(request, house, body, link=link)
