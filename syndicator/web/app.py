"""The web application: which address is answered by what. Everything else is not here."""

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from syndicator.errors import StoreSlowError, SyndicatorError
from syndicator.web.api import api_routes
from syndicator.web.articles import article_routes
from syndicator.web.callback import callback_routes
from syndicator.web.clients import Clients
from syndicator.web.counting import Counting
from syndicator.web.desk import desk_routes
from syndicator.web.feedpath import FeedPath
from syndicator.web.front import Front, door_routes, folder_path
from syndicator.web.headers import UNSTORED, GuardingHeaders
from syndicator.web.health import health_routes
from syndicator.web.house import House
from syndicator.web.hub import hub_routes
from syndicator.web.privatefeeds import private_feed_routes
from syndicator.web.reading import Named
from syndicator.web.scraping import scraping_routes
from syndicator.web.search import search_routes
from syndicator.web.unsubscribe import unsubscribe_routes

log = logging.getLogger(__name__)

_RETRY_AFTER_S = 60


def web_app(house: House) -> ASGIApp:
    """The application, for any ASGI server."""
    app = Starlette(
        routes=_routes(house),
        exception_handlers={
            HTTPException: _refusal,
            ClientDisconnect: _goodbye,
            SyndicatorError: _trouble,
            Exception: _defect,
        },
    )
    # A redirect to the address without a slash at its end would be built from what the asker calls us.
    app.router.redirect_slashes = False
    folder = folder_path(house.settings)
    named = Named(GuardingHeaders(app), Clients(house.settings.server.trusted_proxies))
    return Counting(Front(FeedPath(house), named, folder), house.base, folder)


def _routes(house: House) -> list[BaseRoute]:
    """Every address below site.url that is no file, a room at a time."""
    return [
        *door_routes(house),
        *health_routes(house),
        *scraping_routes(house),
        *api_routes(house),
        *hub_routes(house),
        *callback_routes(house),
        *article_routes(house),
        *search_routes(house),
        *private_feed_routes(house),
        *unsubscribe_routes(house),
        *desk_routes(house),
    ]


async def _refusal(_request: Request, error: Exception) -> Response:
    """404, 405, 413: one line, the same for everything of its kind."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    text = "There is nothing at this address." if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase
    return _line(text, status, dict(headers or {}))


async def _goodbye(_request: Request, _error: Exception) -> Response:
    """Whoever sent half a body has gone: nobody reads this, and it is no news of ours."""
    return _line("The body breaks off.", 400, {})


async def _trouble(_request: Request, error: Exception) -> Response:
    """A full disk, a locked database: it goes by, and what it is belongs in our log; a crowd does not."""
    log.log(logging.DEBUG if isinstance(error, StoreSlowError) else logging.WARNING, "%s", error)
    return _line("This can't be done right now. Please try again later.", 503, {"Retry-After": str(_RETRY_AFTER_S)})


async def _defect(_request: Request, _error: Exception) -> Response:
    return _line("Something is wrong on our side.", 500, {})


def _line(text: str, status: int, headers: dict[str, str]) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={**UNSTORED, **headers})
