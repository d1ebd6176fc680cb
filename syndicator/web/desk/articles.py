"""The newsdesk: the latest articles, with where they stand and why; for chiefs what is held back, too."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.errors import QueryError, StoreSlowError
from syndicator.model import FeedItem, State
from syndicator.people import Role
from syndicator.query import Query
from syndicator.searchfeed import read_query
from syndicator.store import Narrowed, Place, Sought, Store
from syndicator.web.desk.address import number_in, query_of
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.filed import Standing, standings
from syndicator.web.desk.visitor import Visitor

PAGE = 30
DEADLINE_S = 3.0
STATES = {
    State.LIVE: "Published",
    State.CORRECTED: "Corrected",
    State.KILLED: "Withdrawn",
    State.EMBARGOED: "Held back",
}
_MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One article in the list."""

    item: FeedItem
    standings: tuple[Standing, ...]

    @property
    def uuid(self) -> str:
        """Its id as it stands in addresses."""
        return self.item.article.id.removeprefix("urn:uuid:")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form above the list says; what it names and is not there is left out."""

    words: str
    topic: str | None
    source: str | None
    state: State | None
    after: Place | None

    def address(self, after: Place | None) -> str:
        """The query of the same list behind a place, with its question mark."""
        said = {"q": self.words, "topic": self.topic, "source": self.source, "state": self.state and self.state.value}
        place = None if after is None else f"{int(after.published.timestamp())}-{after.number}"
        return query_of({**said, "after": place})


def articles_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/articles`."""
    return [Route(f"{desk.base}/articles", Behind(desk, Role.VIEWER, get=Articles(desk).get))]


class Articles:
    """Answers for the list of articles."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._topics, self._sources = desk.house.settings.topic_titles, desk.house.settings.source_titles

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """A page of the list. A query that can't be read is told with its place; one that takes too long, so too."""
        chief = visitor.user.role.reaches(Role.CHIEF)
        asked = self._asked(request, chief=chief)
        lines: list[tuple[Place, Line]] = []
        wrong = ""
        try:
            query = read_query(asked.words, self._desk.house.settings) if asked.words else None
            room = self._desk.house.reading if query is None else self._desk.house.searching
            lines = await room.read(partial(self._look, asked, query, chief), seconds=DEADLINE_S)
        except QueryError as error:
            wrong = f"{error.sentence}. {error.hint}"
        except StoreSlowError:
            wrong = "This took too long. Ask for something narrower, or try again in a moment."
        return self._desk.page(
            "articles.html",
            visitor,
            status=400 if wrong else 200,
            wrong=wrong,
            here="/articles",
            asked=asked,
            lines=[line for _, line in lines[:PAGE]],
            more=asked.address(lines[PAGE - 1][0]) if len(lines) > PAGE else None,
            topics=self._topics,
            sources=self._sources,
            states={state: label for state, label in STATES.items() if chief or state is not State.EMBARGOED},
            labels=STATES,
        )

    def _asked(self, request: Request, *, chief: bool) -> Asked:
        said = request.query_params
        state = next((each for each in STATES if each.value == said.get("state")), None)
        return Asked(
            words=" ".join(said.get("q", "").split()),
            topic=said.get("topic") if said.get("topic") in self._topics else None,
            source=said.get("source") if said.get("source") in self._sources else None,
            state=state if chief or state is not State.EMBARGOED else None,
            after=_place(said.get("after", "")),
        )

    def _look(self, asked: Asked, query: Query | None, held: bool, store: Store) -> list[tuple[Place, Line]]:
        if query is None:
            sought = Sought(asked.topic, asked.source, asked.state, held, asked.after)
            found = store.newsdesk.page(sought, limit=PAGE + 1)
        else:
            within = Narrowed(source=asked.source, state=asked.state, after=asked.after)
            if asked.topic is not None:
                within = Narrowed(asked.topic, asked.source, asked.state, after=asked.after)
            hits = store.search.find(query, limit=PAGE + 1, within=within)
            items = (store.newsdesk.item(hit.article.id) for hit in hits)
            found = [(store.listing.place(item), item) for item in items]
        return [(place, Line(item, tuple(standings(store, item.article, self._topics)))) for place, item in found]


def _place(text: str) -> Place | None:
    """A place as an address says it; None where it says none that can be."""
    published, _, last = text.rpartition("-")
    moment, number = number_in(published.removeprefix("-"), _MOST_DIGITS), number_in(last, _MOST_DIGITS)
    if moment is None or number is None:
        return None
    try:
        return Place(datetime.fromtimestamp(-moment if published.startswith("-") else moment, UTC), number)
    except (ValueError, OverflowError, OSError):
        return None
