"""Private feeds over HTTP."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.privatefeed import PrivateFeeds
from syndicator.web.conditional import answer
from syndicator.web.headers import UNLISTED
from syndicator.web.house import House
from syndicator.web.resource import Resource

# A minute in which a reader that asks again need not: alerts are for seconds, feeds for minutes.
_HEADERS = {"Cache-Control": "private, max-age=60", **UNLISTED}


def private_feed_routes(house: House) -> list[BaseRoute]:
    """`/alerts/TOKEN.FORMAT`."""
    feeds = PrivateFeeds(house.store, house.settings, house.publisher)

    async def get(request: Request) -> Response:
        """The feed; 404 for a wrong token, a revoked one and a wrong format alike."""
        now = house.clock()
        feed = feeds.read(request.path_params["token"], request.path_params["extension"], now)
        if feed is None:
            raise HTTPException(404)
        return answer(request, feed.body, feed.media_type, modified=feed.modified, now=now, headers=_HEADERS)

    return [Route(f"{house.base}/alerts/{{token}}.{{extension}}", Resource(get=get))]
