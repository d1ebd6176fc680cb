"""Private feeds over HTTP."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.privatefeed import PrivateFeeds
from syndicator.web.computed import Computed, Made, Question
from syndicator.web.headers import UNLISTED
from syndicator.web.house import House
from syndicator.web.resource import Resource

# A minute in which a reader that asks again need not: alerts are for seconds, feeds for minutes.
_HEADERS = {"Cache-Control": "private, max-age=60", **UNLISTED}


def private_feed_routes(house: House) -> list[BaseRoute]:
    """`/alerts/TOKEN.FORMAT`."""
    computed = Computed(house.clock)

    async def get(request: Request) -> Response:
        """The feed; 404 for a wrong token, a revoked one and a wrong format alike."""
        token, extension, now = request.path_params["token"], request.path_params["extension"], house.clock()

        async def make() -> Made:
            feed = await house.reading.read(
                lambda store: PrivateFeeds(store, house.settings, house.publisher).read(token, extension, now)
            )
            if feed is None:
                raise HTTPException(404)
            return Made(feed.body, feed.media_type)

        return await computed.answer(request, Question((token, extension), None, make), _HEADERS)

    return [Route(f"{house.base}/alerts/{{token}}.{{extension}}", Resource(get=get))]
