"""The sources as they stand: which are well, what is wrong with the others, and a look at one now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.errors import UsageError
from syndicator.people import Role
from syndicator.sourcedesk import Condition, SourceDesk, SourceStanding
from syndicator.store import Store
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.spark import DAYS, Spark, spark
from syndicator.web.desk.visitor import Visitor

FORM_BYTES = 4_096
_DAY = timedelta(days=1)
# What is in a word of these wants somebody's eye.
TROUBLED = frozenset({Condition.FAILING, Condition.REFUSED, Condition.QUIET, Condition.GONE})


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source as the page shows it: `a_week` is None in its first day, which says nothing about a week."""

    standing: SourceStanding
    chart: Spark
    a_week: int | None


def source_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/sources`."""
    pages = Sources(desk)
    looking = Behind(desk, Role.VIEWER, get=pages.get, post=pages.post)
    return [Route(f"{desk.base}/sources", looking, max_body_size=FORM_BYTES)]


class Sources:
    """Answers for the page about sources."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._house = desk.house

    async def get(self, _request: Request, visitor: Visitor) -> Response:
        """Every source, those in trouble first."""
        return await self._page(visitor)

    async def post(self, request: Request, _visitor: Visitor, form: Form) -> Response:
        """Have one looked at now, as soon as that is polite."""
        visitor = self._desk.admit(request, Role.EDITOR)
        desk = SourceDesk(self._house.settings, self._house.store)
        try:
            zone = ZoneInfo(visitor.user.zone)
            source = desk.poll_now(form.text("name"), self._house.clock(), zone, by=visitor.user.name)
        except UsageError as error:
            return await self._page(visitor, str(error), 409)
        seconds = max(round(self._house.settings.schedule.tick.total_seconds()), 1)
        when = "now" if seconds == 1 else f"within {seconds} seconds"
        return self._desk.go("/sources", said=f"Looking at {source.title} {when}.")

    async def _page(self, visitor: Visitor, wrong: str = "", status: int = 200) -> Response:
        now, zone, settings = self._house.clock(), ZoneInfo(visitor.user.zone), self._house.settings

        def look(store: Store) -> list[SourceLine]:
            return [_line(each, now, zone) for each in SourceDesk(settings, store).all(now, zone)]

        lines = await self._house.reading.read(look)
        lines.sort(key=lambda each: each.standing.condition not in TROUBLED)
        return self._desk.page(
            "sources.html",
            visitor,
            status=status,
            here="/sources",
            wrong=wrong,
            lines=lines,
            troubled=sum(each.standing.condition in TROUBLED for each in lines),
            may_ask=visitor.user.role.reaches(Role.EDITOR),
            config=settings.path.name,
        )


def _line(standing: SourceStanding, now: datetime, zone: ZoneInfo) -> SourceLine:
    since = now - (DAYS + 1) * _DAY
    chart = spark(((each, 1) for each in standing.arrivals if each >= since), now, zone, noun="item")
    began = standing.state.first_success if standing.state else None
    known = standing.health is not None and began is not None and now - began >= _DAY
    return SourceLine(standing, chart, round(standing.health.items_per_week) if known and standing.health else None)
