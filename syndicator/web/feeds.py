"""Private feeds over HTTP."""

from collections.abc import Callable
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from syndicator.privatefeed import PrivateFeeds
from syndicator.web.conditional import answer
from syndicator.web.headers import UNLISTED

# A minute in which a reader that asks again need not: alerts are for seconds, feeds for minutes.
_HEADERS = {"Cache-Control": "private, max-age=60", **UNLISTED}


class PrivateFeedPages:
    """Answers for `/alerts/TOKEN.FORMAT`."""

    def __init__(self, feeds: PrivateFeeds, clock: Callable[[], datetime]) -> None:
        self._feeds = feeds
        self._clock = clock

    async def get(self, request: Request) -> Response:
        """The feed; 404 for a wrong token, a revoked one and a wrong format alike."""
        now = self._clock()
        feed = self._feeds.read(request.path_params["token"], request.path_params["extension"], now)
        if feed is None:
            raise HTTPException(404)
        return answer(request, feed.body, feed.media_type, modified=feed.modified, now=now, headers=_HEADERS)
