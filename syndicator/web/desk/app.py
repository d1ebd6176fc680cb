"""The desk's addresses, a room at a time."""

from starlette.routing import BaseRoute, Route

from syndicator.web.desk.door import Desk
from syndicator.web.desk.overview import overview_routes
from syndicator.web.desk.pages import DeskPages, asset
from syndicator.web.desk.people import people_routes
from syndicator.web.desk.signin import signin_routes
from syndicator.web.desk.visitor import Sessions
from syndicator.web.house import House
from syndicator.web.resource import Resource


def desk_routes(house: House) -> list[BaseRoute]:
    """Every address of the desk, a room at a time; none where config has no desk."""
    if not house.settings.desk.enabled:
        return []
    desk = Desk(house, Sessions(house), DeskPages(house))
    return [
        *signin_routes(desk),
        *overview_routes(desk),
        *people_routes(desk),
        Route(f"{desk.base}/{{name}}", Resource(get=asset)),
    ]
