"""The API's application: what it is made of, mounted below site.url."""

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicator import __version__
from syndicator.config.serving import Access
from syndicator.web.api import alerts, articles, changes, deliveries, destinations, lookback, topics
from syndicator.web.api.document import DESCRIPTION, addresses, drawn
from syndicator.web.api.following import Following
from syndicator.web.api.frame import Frame
from syndicator.web.api.problems import add_problems
from syndicator.web.house import House
from syndicator.web.limits import Limits
from syndicator.web.packing import Packing

PATH = "/api/v1"

# One line each; a router brings its tags, its dependencies and its `documented` problems.
ROUTERS: list[APIRouter] = [
    articles.router,
    topics.router,
    changes.router,
    alerts.router,
    lookback.router,
    destinations.router,
    deliveries.router,
]


def api_routes(house: House) -> list[BaseRoute]:
    """`/api/v1` and all below it."""
    server = house.settings.server
    app = api_app(house)
    public = house.settings.api.read is Access.PUBLIC
    frame = Frame(
        Packing(app),
        addresses(_drawn(public=public)),
        Limits(server.rate, server.trusted_proxies),
        public=public,
    )
    return [_Below(f"{house.base}{PATH}", frame)]


def api_app(house: House) -> FastAPI:
    """The application for one newsroom, without its frame."""
    site = house.settings.site
    app = FastAPI(
        title=f"{site.title}: API",
        version=__version__,
        servers=[{"url": f"{site.url.rstrip('/')}{PATH}"}],
        root_path_in_servers=False,
        # Their pages load scripts from other people's servers.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.following = Following(house)
    add_problems(app)
    for router in ROUTERS:
        app.include_router(router)
    about = {"title": app.title, "version": app.version, "description": DESCRIPTION}
    made = {**_drawn(public=house.settings.api.read is Access.PUBLIC), "info": about, "servers": app.servers}
    app.openapi = lambda: made  # type: ignore[method-assign]
    return app


@cache
def _drawn(*, public: bool) -> dict[str, Any]:
    """The document's common part, made once: it takes a quarter of a second."""
    return drawn(ROUTERS, public=public)


class _Below(BaseRoute):
    """A path and everything below it. Mount leaves out the path itself, and what has a line break in it."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        self._path = path
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for here; and what the application is to know of where it stands."""
        path = scope["path"]
        if scope["type"] != "http" or not (path == self._path or path.startswith(f"{self._path}/")):
            return Match.NONE, {}
        return Match.FULL, {"root_path": self._path}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """No address of the API is known by a name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._app(scope, receive, send)
