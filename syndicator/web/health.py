"""Is it there, and is it at work? For whoever keeps the service running: systemd, a load balancer, a monitor.

`/healthz` is answered 200 by any process whose event loop lives: one that does not answer wants to be restarted.
`/readyz` is answered 503 with its reasons while news does not flow: that wants somebody to look. Neither tells anything
that feeds and their dates do not tell as well.
"""

import sqlite3

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.errors import StoreError
from syndicator.readiness import Waiting, unready
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.resource import Resource


def health_routes(house: House) -> list[BaseRoute]:
    """`/healthz` and `/readyz`."""

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=UNSTORED)

    async def ready(_request: Request) -> Response:
        reasons = unready(house.pulse, _stale(house), house.clock())
        body = {"status": "unready" if reasons else "ready", "reasons": list(reasons)}
        return JSONResponse(body, status_code=503 if reasons else 200, headers=UNSTORED)

    return [
        Route(f"{house.base}/healthz", Resource(get=alive)),
        Route(f"{house.base}/readyz", Resource(get=ready)),
    ]


def _stale(house: House) -> Waiting | None:
    """The feeds that wait to be rendered; None where the store does not say."""
    try:
        return house.store.figures.stale_feeds()
    except (StoreError, sqlite3.Error):
        return None
