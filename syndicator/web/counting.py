"""Every answer is counted and timed by the kind of its address, and told to the log at debug level.

The kinds are a list of ours: whatever strangers ask for, there are no more series than these times the statuses that
we answer.
"""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator import metrics

log = logging.getLogger(__name__)

FEEDS = "feeds"
OTHER = "other"
# By the first part of a path below site.url, up to its first dot. What is not named here is OTHER.
KINDS = {
    "": "pages",
    "article": "pages",
    "articles": "pages",
    "topics": "pages",
    "search": "search",
    "api": "api",
    "websub": "websub",
    "alerts": "private",
    "unsubscribe": "private",
    "desk": "desk",
    "healthz": "operations",
    "readyz": "operations",
    "metrics": "operations",
}
_LONGEST = 20
# Paths of these kinds have no secrets in them, and are bounded by what exists.
_TOLD = {FEEDS, "pages", "operations"}


class Counting:
    """ASGI: passes requests on to `app`. `base` is the path of site.url, `folder` the one of the feeds."""

    def __init__(self, app: ASGIApp, base: str, folder: str) -> None:
        self._app = app
        self._base = f"{base}/"
        self._folder = folder
        metrics.expected([FEEDS, OTHER, metrics.REFUSED, *KINDS.values()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                took_s = time.perf_counter() - began
                kind = self.kind(scope["path"])
                metrics.answered(kind, message["status"], took_s)
                if log.isEnabledFor(logging.DEBUG):
                    where = scope["path"] if kind in _TOLD else f"({kind})"
                    log.debug("%s %s %d %.1f ms", scope["method"], where, message["status"], took_s * 1000)
            await send(message)

        await self._app(scope, receive, counted)

    def kind(self, path: str) -> str:
        """What is asked for at a path: one of KINDS, FEEDS or OTHER."""
        if path.startswith(self._folder):
            return FEEDS
        if not path.startswith(self._base):
            return OTHER
        first = path[len(self._base) :][:_LONGEST].partition("/")[0].partition(".")[0]
        return KINDS.get(first, OTHER)
