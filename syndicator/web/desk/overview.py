"""The desk's first page: how things stand, and where to go on."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.alertdesk import AlertDesk, Standing
from syndicator.people import Role
from syndicator.store import SourceFigures, Store
from syndicator.web.desk.alertwords import Ways, troubles
from syndicator.web.desk.door import UNKEPT, Behind, Desk
from syndicator.web.desk.rights import is_own
from syndicator.web.desk.visitor import Visitor
from syndicator.web.resource import Resource


def overview_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/`, and `/desk`, which leads there."""

    async def lead(_request: Request) -> Response:
        return RedirectResponse(f"{desk.base}/", 308, UNKEPT)

    async def get(_request: Request, visitor: Visitor) -> Response:
        house = desk.house
        now = house.clock()

        def look(store: Store) -> tuple[list[tuple[Standing, tuple[str, ...]]], list[SourceFigures]]:
            alerts = AlertDesk(house.settings, store, house.pipeline.alerting)
            own = [row for row in store.alerts.all() if is_own(visitor.user, row)]
            ways = Ways.of(store, own)
            mine = [(each, troubles(each, ways)) for each in (alerts.standing(row, now) for row in own)]
            return mine, store.figures.sources(now)

        mine, sources = await house.reading.read(look)
        return desk.page(
            "overview.html",
            visitor,
            here="/",
            mine=mine,
            sources=sources,
            titles=house.settings.source_titles,
        )

    return [Route(desk.base, Resource(get=lead)), Route(f"{desk.base}/", Behind(desk, Role.VIEWER, get=get))]
