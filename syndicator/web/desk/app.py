"""The desk's addresses, a room at a time."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.people import Role
from syndicator.web.desk.acts import article_routes
from syndicator.web.desk.alert import alert_routes
from syndicator.web.desk.alertlist import alertlist_routes
from syndicator.web.desk.articles import articles_routes
from syndicator.web.desk.audit import audit_routes
from syndicator.web.desk.destinations import destination_routes
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.editor import editor_routes
from syndicator.web.desk.history import history_routes
from syndicator.web.desk.overview import overview_routes
from syndicator.web.desk.pages import ASSETS, DeskPages, asset
from syndicator.web.desk.people import people_routes
from syndicator.web.desk.signin import signin_routes
from syndicator.web.desk.signon import signon_routes
from syndicator.web.desk.sources import source_routes
from syndicator.web.desk.tokens import token_routes
from syndicator.web.desk.topics import topic_routes
from syndicator.web.desk.trials import Trials
from syndicator.web.desk.visitor import Sessions, Visitor
from syndicator.web.house import House
from syndicator.web.resource import Resource


def desk_routes(house: House) -> list[BaseRoute]:
    """Every address of the desk, a room at a time; none where config has no desk."""
    if not house.settings.desk.enabled:
        return []
    desk = Desk(house, Sessions(house), DeskPages(house), Trials())

    async def lost(_request: Request, visitor: Visitor) -> Response:
        return desk.page("lost.html", visitor, status=404)

    return [
        *signin_routes(desk),
        *signon_routes(desk),
        *overview_routes(desk),
        *editor_routes(desk),
        *people_routes(desk),
        *articles_routes(desk),
        *article_routes(desk),
        *source_routes(desk),
        *topic_routes(desk),
        *destination_routes(desk),
        *token_routes(desk),
        *audit_routes(desk),
        *alertlist_routes(desk),
        *history_routes(desk),
        *alert_routes(desk),
        *(Route(f"{desk.base}/{name}", Resource(get=asset(name))) for name in ASSETS),
        # Last, for every other address: who is not signed in learns of none which there are.
        Route(f"{desk.base}/{{path:path}}", Behind(desk, Role.VIEWER, get=lost)),
    ]
