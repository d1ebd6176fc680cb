"""The topics as they stand: what each asks for, what it caught, and where it is changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.alerts import excerpt, marked
from syndicator.people import Role
from syndicator.pipeline import public_site
from syndicator.publish import PublicSite
from syndicator.store import Store
from syndicator.topicdesk import Caught, TopicStanding, topic_standings
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.scores import Board, Scoreboard
from syndicator.web.desk.spark import DAYS, Spark, spark
from syndicator.web.desk.visitor import Visitor
from syndicator.web.marking import Piece, pieces

_AROUND = 60
FORMATS = (("html", "Page"), ("atom", "Atom"), ("rss", "RSS"), ("json", "JSON Feed"))


@dataclass(frozen=True, slots=True)
class Shown:
    """An article of a topic, with the words marked that brought it there; `address` is its public page, if any."""

    title: tuple[Piece, ...]
    passage: tuple[Piece, ...]
    source: str
    published: datetime
    address: str | None


@dataclass(frozen=True, slots=True)
class TopicCard:
    """A topic as the page shows it, with the addresses of its feeds by what they are called."""

    standing: TopicStanding
    chart: Spark
    newest: tuple[Shown, ...]
    feeds: tuple[tuple[str, str], ...]


def topic_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/topics`."""
    return [Route(f"{desk.base}/topics", Behind(desk, Role.VIEWER, get=Topics(desk).get))]


class Topics:
    """Answers for the page about topics."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._site = public_site(desk.house.settings)
        self._scores = Scoreboard(desk.house.settings)

    async def get(self, _request: Request, visitor: Visitor) -> Response:
        """Every topic in the order of config.toml."""
        house = self._desk.house
        now, zone = house.clock(), ZoneInfo(visitor.user.zone)

        def look(store: Store) -> tuple[list[TopicCard], Board | None]:
            since = now - timedelta(days=DAYS + 1)
            standings = topic_standings(house.settings, store, since)
            return [_card(each, self._site, now, zone) for each in standings], self._scores.look()

        cards, board = await house.reading.read(look)
        config = house.settings.path.name
        return self._desk.page("topics.html", visitor, here="/topics", cards=cards, board=board, config=config)


def _card(standing: TopicStanding, site: PublicSite, now: datetime, zone: ZoneInfo) -> TopicCard:
    return TopicCard(
        standing,
        spark(standing.published, now, zone, noun="article"),
        tuple(_shown(each, site) for each in standing.newest),
        tuple((label, f"{site.feeds_url}{standing.topic.name}.{ending}") for ending, label in FORMATS),
    )


def _shown(caught: Caught, site: PublicSite) -> Shown:
    article, reasons = caught.item.article, caught.reasons
    title = marked(article.content.title, reasons)
    passage = excerpt(article.content.text or article.content.summary, reasons, "text", around=_AROUND)
    return Shown(
        pieces(title),
        () if title.spans else pieces(passage),
        caught.item.source_title or article.source,
        article.published,
        site.article(article.id),
    )
