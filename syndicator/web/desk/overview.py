"""The desk's first page: how things stand, and where to go on."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.alertdesk import AlertDesk
from syndicator.people import Role
from syndicator.web.desk.door import UNKEPT, Behind, Desk
from syndicator.web.desk.visitor import Visitor
from syndicator.web.resource import Resource


def overview_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/`, and `/desk`, which leads there."""

    async def lead(_request: Request) -> Response:
        return RedirectResponse(f"{desk.base}/", 308, UNKEPT)

    async def get(_request: Request, visitor: Visitor) -> Response:
        house = desk.house
        now = house.clock()
        standings = AlertDesk(house.settings, house.store, house.pipeline.alerting).all(now)
        return desk.page(
            "overview.html",
            visitor,
            here="/",
            mine=[each for each in standings if each.row.owner.casefold() == visitor.user.name.casefold()],
            others=len(standings),
            sources=house.store.figures.sources(now),
        )

    return [Route(desk.base, Resource(get=lead)), Route(f"{desk.base}/", Behind(desk, Role.VIEWER, get=get))]
