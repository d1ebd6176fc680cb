"""What an alert found and what became of it, why it fired or did not, and what it would have caught so far."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from syndicator import shapes
from syndicator.access import Scope
from syndicator.model import Article, State
from syndicator.previewing import DAYS, NEWEST, account, draft, look_back
from syndicator.store import Store, TokenRow
from syndicator.watch import Watched, watched_alert
from syndicator.web.api.access import TheHouse, needs
from syndicator.web.api.alerts import Reference, desk_of, found
from syndicator.web.api.asked import Asked
from syndicator.web.api.bodies import Body, Names, Yes
from syndicator.web.api.frame import BODY_BYTES
from syndicator.web.api.jsonbodies import JsonRoute
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.api.shapes import MAX_SEQ
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House

_MOST_DAYS = 366
_MOST_NEWEST = 50
_DAYS = "Over how many days, today among them."
_NEWEST = "How many of the newest articles to show."

Reads = Annotated[TokenRow, needs(Scope.ALERTS_READ)]

router = APIRouter(tags=["alerts"], route_class=JsonRoute, responses=documented(401, 403, 422, 429, 503))


class HistoryAsked(Asked):
    """Which page of what an alert found."""

    limit: int = Field(default=20, ge=1, le=200, description="How many at most; what is held back is left out.")
    cursor: int | None = Field(default=None, description="`next` of the page before.", ge=1, le=MAX_SEQ)


class HistoryPage(shapes.Shape):
    """What an alert found, newest first."""

    fired: tuple[shapes.Fired, ...]
    next: int | None = Field(description="Ask for the next page with `cursor=` this. null: there is none.")


class WhyAsked(Asked):
    """Which article."""

    article: str = Field(description="Its id, six or more characters of that, or its URL.", max_length=2048)


class Draft(Body):
    """An alert that is not saved, and how far to look back with it."""

    query: str = Field(description="In the language of the topics.", examples=["asylum NEAR/8 hotel"])
    topics: Names = Field(default=(), description="Only articles of these topics.")
    sources: Names = Field(default=(), description="Only articles from these sources.")
    group_stories: Yes = Field(default=True, description="Count each story once; false: every article.")
    days: int = Field(default=DAYS, strict=True, ge=1, le=_MOST_DAYS, description=_DAYS)
    newest: int = Field(default=NEWEST, strict=True, ge=0, le=_MOST_NEWEST, description=_NEWEST)


class PreviewAsked(Asked):
    """How far to look back."""

    days: int = Field(default=DAYS, ge=1, le=_MOST_DAYS, description=_DAYS)
    newest: int = Field(default=NEWEST, ge=0, le=_MOST_NEWEST, description=_NEWEST)


def article_meant(store: Store, reference: str) -> Article:
    """The article that an id, the beginning of one, or a URL names. What is held back is not there."""
    articles = [each for each in store.articles.find(reference) if each.state is not State.EMBARGOED]
    if len(articles) != 1:
        raise ProblemError(404, "No article is called so, or several ids begin so: give its whole id, or its URL.")
    return articles[0]


@router.get("/alerts/{reference}/history", responses=documented(404))
async def history(
    _token: Reads, house: TheHouse, response: Response, reference: Reference, asked: Annotated[HistoryAsked, Query()]
) -> HistoryPage:
    """What an alert found, newest first, and what became of it."""
    response.headers.update(UNSTORED)
    limit = asked.limit

    def look(store: Store) -> HistoryPage:
        desk = desk_of(house, store)
        fired = desk.history(found(desk, reference).id, limit=limit + 1, before=asked.cursor)
        shown = [each for each in fired[:limit] if each.article.state is not State.EMBARGOED]
        following = fired[limit - 1].hit.n if len(fired) > limit else None
        return HistoryPage(fired=tuple(map(shapes.Fired.of, shown)), next=following)

    return await house.reading.read(look)


@router.get("/alerts/{reference}/why", responses=documented(404))
async def why(
    _token: Reads, house: TheHouse, response: Response, reference: Reference, asked: Annotated[WhyAsked, Query()]
) -> shapes.Account:
    """Why an alert fired on an article or did not, and every attempt to tell of it."""
    response.headers.update(UNSTORED)

    def look(store: Store) -> shapes.Account:
        row = found(desk_of(house, store), reference)
        return shapes.Account.of(account(store, house.settings, row, article_meant(store, asked.article)))

    return await house.searching.read(look)


@router.get("/alerts/{reference}/preview", responses=documented(404))
async def preview_of_alert(
    _token: Reads, house: TheHouse, response: Response, reference: Reference, asked: Annotated[PreviewAsked, Query()]
) -> shapes.Preview:
    """What a saved alert would have caught, as it is now."""
    response.headers.update(UNSTORED)
    watched = watched_alert(found(desk_of(house), reference), house.settings)
    return await _looked_back(house, watched, house.clock(), asked.days, asked.newest)


@router.post("/preview", responses=documented(413), max_body_size=BODY_BYTES)
async def preview(_token: Reads, house: TheHouse, response: Response, body: Draft) -> shapes.Preview:
    """What an alert would have caught, day by day, and whether it would flood or never fire. Nothing is saved."""
    response.headers.update(UNSTORED)
    watched = draft(body.query, house.settings, topics=body.topics, sources=body.sources, grouped=body.group_stories)
    return await _looked_back(house, watched, house.clock(), body.days, body.newest)


async def _looked_back(house: House, watched: Watched, now: datetime, days: int, newest: int) -> shapes.Preview:
    def look(store: Store) -> shapes.Preview:
        return shapes.Preview.with_newest(look_back(store, house.settings, watched, now, days=days, newest=newest))

    return await house.searching.read(look)
