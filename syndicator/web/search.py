"""Search: a page for people, and every search as a feed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.alerts import Excerpt, excerpt, marked
from syndicator.errors import QueryError, StoreSlowError
from syndicator.model import Republish
from syndicator.pipeline import public_site
from syndicator.publish import MEDIA_TYPES, Address, PageEntry, PublicSite, allowance, page_entry, page_feeds
from syndicator.query import Query
from syndicator.searchfeed import Found, address, asked, find, read_query, search_document, spelling
from syndicator.store import Store
from syndicator.web.computed import Computed, Made, Question
from syndicator.web.headers import UNLISTED, UNSTORED, lasting
from syndicator.web.house import House
from syndicator.web.limits import Limits
from syndicator.web.marking import Piece, pieces
from syndicator.web.packing import Packing
from syndicator.web.pages import site_page
from syndicator.web.resource import Resource

# How long a search may take, and when to come back after one that took longer.
DEADLINE_S = 3.0
RETRY_AFTER_S = 30
_EXAMPLES = (
    ("asylum", "the word in any of its forms"),
    ('"Rwanda plan"', "these words in this order"),
    ("migra*", "words that begin so"),
    ("boat OR dinghy", "one of them, or both"),
    ("court -tennis", "the one without the other"),
    ("asylum NEAR/5 claim", "within five words of each other"),
    ("ATLEAST/3 asylum", "mentioned three times at least"),
    ("title:asylum", "in the headline; lead: is the headline and the first two paragraphs"),
    ("lang:en", "in a language"),
)
_TOO_SLOW = "This search took too long. Please try again in a moment, or ask for something narrower."
_TOO_OFTEN = "That was very often. Please search again in {} seconds."
_MISSING = "What are you looking for? Write a query behind ?q=, as in ?q=asylum"


@dataclass(frozen=True, slots=True)
class Result:
    """An article that was found, with its matched words marked; no `passage` where only its headline may be shown."""

    entry: PageEntry
    heading: tuple[Piece, ...]
    passage: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a query: what, where in it (lines of fixed width, a caret in the second), what to write."""

    message: str
    place: str
    hint: str


def search_routes(house: House) -> list[BaseRoute]:
    """`/search?q=…` for people, `/search.FORMAT?q=…` for readers."""
    search = Search(house)
    feeds = [
        Route(f"{house.base}/search.{extension}", Resource(get=partial(search.feed, extension=extension), shared=True))
        for extension in MEDIA_TYPES
    ]
    return [Route(f"{house.base}/search", Packing(Resource(get=search.page))), *feeds]


class Search:
    """Answers for searches. What is kept is free; work is counted against the client that causes it."""

    def __init__(self, house: House) -> None:
        self._house = house
        settings = house.settings
        self._site = replace(public_site(settings), service=settings.site.url)
        self._computed = Computed(house.clock)
        self._limits = Limits(settings.server.rate, settings.server.trusted_proxies)
        self._headers = {"Cache-Control": lasting(settings.server.max_age), **UNLISTED}

    async def feed(self, request: Request, extension: str) -> Response:
        """A search as a feed. 400 with the place of the mistake, 429 and 503 with the seconds to wait."""
        text = request.query_params.get("q", "")
        if not text.strip():
            return _refused(_MISSING)
        try:
            query = read_query(text, self._house.settings)
        except QueryError as error:
            return _refused(str(error))
        house, words = self._house, spelling(query)

        async def make() -> Made:
            body = await house.searching.read(partial(self._rendered, query, extension), seconds=DEADLINE_S)
            return Made(body, MEDIA_TYPES[extension])

        question = Question((words, extension), house.store.search.revision(), make, partial(self._pay, request))
        link = f'<{self._address(query, extension)}>; rel="self"'
        try:
            return await self._computed.answer(request, question, {**self._headers, "Link": link})
        except StoreSlowError as error:
            raise _too_slow() from error

    async def page(self, request: Request) -> Response:
        """What a search finds, or how to search."""
        text = request.query_params.get("q", "")
        if not text.strip():
            return self._page(200, words="")
        try:
            query = read_query(text, self._house.settings)
        except QueryError as error:
            return self._page(400, words=text, mistake=_mistake(error))
        try:
            self._pay(request)
            found = await self._house.searching.read(lambda store: find(store, query), seconds=DEADLINE_S)
        except StoreSlowError:
            return self._page(503, _later(RETRY_AFTER_S), words=text, excuse=_TOO_SLOW)
        except HTTPException as error:
            # This client has had its share.
            more = dict(error.headers or {})
            excuse = _TOO_OFTEN.format(more.get("Retry-After"))
            return self._page(error.status_code, more, words=text, excuse=excuse)
        at = Address(self._site, "search", stem=address(self._house.settings), query=asked(query))
        return self._page(
            200,
            words=text,
            spelling=spelling(query),
            feeds=page_feeds(at),
            results=[_result(each, self._site) for each in found],
        )

    def _rendered(self, query: Query, extension: str, store: Store) -> bytes:
        settings = self._house.settings
        document = search_document(store, settings, query, self._house.clock())
        return self._house.publisher.render(document, extension, at=address(settings), query=asked(query))

    def _address(self, query: Query, extension: str) -> str:
        """Where a search is a feed, as the feed itself says."""
        at = Address(self._site, "search", stem=address(self._house.settings), query=asked(query))
        return at.url(extension)

    def _page(self, status: int, more: Mapping[str, str] = MappingProxyType({}), **context: object) -> Response:
        examples = [*_EXAMPLES, *((f"topic:{name}", f"in the topic {title}") for name, title in self._site.topics[:1])]
        blank: dict[str, object] = {"spelling": "", "mistake": None, "excuse": "", "feeds": (), "results": None}
        form = {"action": f"{self._house.base}/search", "examples": examples}
        body = site_page("search.html", self._site, **{**blank, **form, **context})
        return HTMLResponse(body, status, {**UNSTORED, **more})

    def _pay(self, request: Request) -> None:
        """Raise 429 where this client has had its share of work."""
        seconds = self._limits.refuse_after(request.scope)
        if seconds is not None:
            raise HTTPException(429, headers=_later(seconds))


def _result(found: Found, site: PublicSite) -> Result:
    content = found.item.article.content
    entry = page_entry(found.item, site.language, site)
    heading = marked(content.title, found.reasons)
    passage = Excerpt("")
    if allowance(found.item) is not Republish.LINK:
        passage = excerpt(content.text or content.summary, found.reasons, "text")
        if not passage.text:
            passage = Excerpt(entry.summary)
    return Result(entry, pieces(heading if heading.text.strip() else Excerpt(entry.title)), pieces(passage))


def _mistake(error: QueryError) -> Mistake:
    """What people are told: the error's own lines, as it writes them for a terminal."""
    return Mistake(error.sentence, "\n".join(error.place), error.hint)


def _refused(text: str) -> Response:
    return PlainTextResponse(f"{text}\n", 400, UNSTORED)


def _too_slow() -> HTTPException:
    return HTTPException(503, headers=_later(RETRY_AFTER_S))


def _later(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
