"""The page about an article: what it says as far as its source allows, where it comes from, and why it stands where."""

import re
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.alerts import Excerpt, marked
from syndicator.config import Access
from syndicator.model import FeedItem, Kind, Reason, Republish, State
from syndicator.pipeline import public_site
from syndicator.provenance import Filed, Provenance, Retired, provenance
from syndicator.publish import Carried, PublicSite, allowance, carry, page_entry
from syndicator.web.answering import answered
from syndicator.web.copies import Copy
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.marking import Piece, paragraphs, pieces
from syndicator.web.pages import site_page
from syndicator.web.resource import Resource

# Characters of a text that a page shows; what is longer is continued at its source.
MOST_TEXT = 200_000
# Matched words that are named for a topic.
MOST_WORDS = 8
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Why:
    """A topic, the words that an article stands there for, how many more there are, and whether people put it there."""

    topic: str
    words: tuple[str, ...]
    more: int
    by_hand: bool = False


def article_routes(house: House) -> list[BaseRoute]:
    """`/articles/UUID`."""
    settings = house.settings
    site = replace(public_site(settings), service=settings.site.url)
    headers = {"Cache-Control": f"public, max-age={int(settings.server.max_age.total_seconds())}"}
    if settings.server.robots:
        headers["X-Robots-Tag"] = settings.server.robots
    api = f"{settings.site.url}/api/v1/articles" if settings.api.read is Access.PUBLIC else None

    async def get(request: Request) -> Response:
        """The page; 404 for what was never out in the open or is held back now, 410 for what was forgotten."""
        uuid = request.path_params["uuid"]
        if not _ID.fullmatch(uuid):
            raise HTTPException(404)
        told = await house.reading.read(lambda store: provenance(store, f"urn:uuid:{uuid}"))
        if told is None:
            raise HTTPException(404)
        if isinstance(told, Retired):
            return HTMLResponse(site_page("retired.html", site, search=f"{house.base}/search"), 410, UNSTORED)
        body = site_page(
            "article.html",
            site,
            search=f"{house.base}/search",
            api=api and f"{api}/{uuid}",
            **_shown(told, site),
        )
        copy = Copy(body, house.clock())
        return await answered(request, copy, "text/html; charset=utf-8", modified=None, headers=headers)

    return [Route(f"{house.base}/articles/{{uuid}}", Resource(get=get))]


def _shown(told: Provenance, site: PublicSite) -> dict[str, object]:
    """What the template wants to know."""
    article = told.item.article
    level = allowance(told.item)
    carried = carry(told.item, level, site.language)
    reasons = [reason for filed in told.filed for reason in filed.reasons]
    return {
        "told": told,
        "article": article,
        "entry": page_entry(told.item, site.language, site),
        "carried": carried,
        "title": carried.title,
        "heading": _heading(told.item, carried, reasons),
        "level": level.value,
        "text": _text(told.item, carried, level, reasons),
        "cut": level is Republish.FULL and len(_whole(told.item)) > MOST_TEXT,
        "original": None if article.kind is Kind.ADVISORY else carried.url,
        "whys": [why(filed) for filed in told.filed],
        "kin": [page_entry(item, site.language, site) for item in told.kin],
        "pair": told.pair and page_entry(told.pair, site.language, site),
        "withdrawn": article.state is State.KILLED,
        "advisory": article.kind is Kind.ADVISORY,
    }


def _heading(item: FeedItem, carried: Carried, reasons: list[Reason]) -> tuple[Piece, ...]:
    """The headline with its matched words marked; as feeds give it where the article has none."""
    passage = marked(item.article.content.title, reasons)
    return pieces(passage if passage.text.strip() else Excerpt(carried.title))


def _whole(item: FeedItem) -> str:
    return item.article.content.text or item.article.content.summary


def _text(item: FeedItem, carried: Carried, level: Republish, reasons: list[Reason]) -> list[tuple[Piece, ...]]:
    """As much of the text as may be shown, in paragraphs."""
    if level is Republish.FULL:
        return list(paragraphs(_whole(item)[:MOST_TEXT], reasons))
    return list(paragraphs(carried.summary, ()))


def why(filed: Filed) -> Why:
    """The words of a topic's reasons, each once however it is spelt, in the order in which they come."""
    words = {" ".join(reason.words.split()).casefold(): reason.words for reason in reversed(filed.reasons)}
    ordered = tuple(reversed(words.values()))
    return Why(filed.topic, ordered[:MOST_WORDS], max(0, len(ordered) - MOST_WORDS), filed.by_hand)
