"""Private feeds over HTTP."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.privatefeed import PrivateFeeds, private_address
from syndicator.publish import FORMATS
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
        # Asked of our own connection, for each request: what opens nothing costs no reader's time, and what was taken
        # back opens nothing any more, whatever is kept.
        row = house.store.alerts.with_token(token)
        if row is None or extension not in FORMATS:
            raise HTTPException(404)
        revision = (row.revision, house.store.hits.newest(), house.store.search.revision())

        async def make() -> Made:
            feed = await house.reading.read(
                lambda store: PrivateFeeds(store, house.settings, house.publisher).read(token, extension, now)
            )
            if feed is None:
                raise HTTPException(404)
            return Made(feed.body, feed.media_type)

        link = f'<{private_address(house.settings, token)}.{extension}>; rel="self"'
        return await computed.answer(request, Question((token, extension), revision, make), {**_HEADERS, "Link": link})

    return [Route(f"{house.base}/alerts/{{token}}.{{extension}}", Resource(get=get))]
