"""The web application: which address is answered by what. Everything else is not here."""

import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from syndicator.config import Settings
from syndicator.errors import SyndicatorError
from syndicator.privatefeed import PrivateFeeds
from syndicator.publish import Publisher
from syndicator.store import Store
from syndicator.web.feeds import PrivateFeedPages
from syndicator.web.headers import UNSTORED, GuardingHeaders
from syndicator.web.resource import Resource
from syndicator.web.unsubscribe import FORM_BYTES, Unsubscribing

log = logging.getLogger(__name__)

_RETRY_AFTER_S = 60


def web_app(store: Store, settings: Settings, publisher: Publisher, clock: Callable[[], datetime]) -> ASGIApp:
    """The application, for any ASGI server. It reads and writes `store` in the thread that it is called in."""
    private = PrivateFeedPages(PrivateFeeds(store, settings, publisher), clock)
    unsubscribing = Unsubscribing(store, settings, clock)
    # Links that we write begin with site.url, so we answer below its path.
    base = unquote(urlsplit(settings.site.url).path).rstrip("/")
    routes: list[BaseRoute] = [
        Route(f"{base}/alerts/{{token}}.{{extension}}", Resource(get=private.get)),
        Route(
            f"{base}/unsubscribe/{{token}}",
            Resource(get=unsubscribing.get, post=unsubscribing.post),
            max_body_size=FORM_BYTES,
        ),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refusal, SyndicatorError: _trouble, Exception: _defect},
    )
    # A redirect to the address without a slash at its end would be built from what the asker calls us.
    app.router.redirect_slashes = False
    return GuardingHeaders(app)


async def _refusal(_request: Request, error: Exception) -> Response:
    """404, 405, 413: one line, the same for everything of its kind."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    text = "There is nothing at this address." if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase
    return _line(text, status, dict(headers or {}))


async def _trouble(_request: Request, error: Exception) -> Response:
    """A full disk, a locked database: it goes by, and what it is belongs in our log."""
    log.warning("%s", error)
    return _line("This can't be done right now. Please try again later.", 503, {"Retry-After": str(_RETRY_AFTER_S)})


async def _defect(_request: Request, _error: Exception) -> Response:
    return _line("Something is wrong on our side.", 500, {})


def _line(text: str, status: int, headers: dict[str, str]) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={**UNSTORED, **headers})
