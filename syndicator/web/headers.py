"""The headers that guard every answer, in one place."""

from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator.publish import stylesheet
from syndicator.web.pages import page_style

_SHARE = "syndicator.shared"
# Nothing runs, nothing is fetched, nothing frames us. Pages bring their styles along, which the policy knows by hash.
_STYLES = " ".join(
    f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in (stylesheet().decode(), page_style())
)
_POLICY = "default-src 'none'; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
EVERYWHERE = {
    "Content-Security-Policy": _POLICY.format(_STYLES),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Pages in the feeds folder find their style sheet beside them.
ON_PAGES_OF_FILES = {**EVERYWHERE, "Content-Security-Policy": _POLICY.format("'self'")}
# Scripts of any site may read what everybody may read: no token goes along with a `*`.
SHARED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link, Location, Retry-After",
}
# What browsers ask beforehand: whether a script may send what a conditional request needs (Fetch §4.8).
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "A-IM, Cache-Control, If-Modified-Since, If-None-Match, Last-Event-ID, *",
    "Access-Control-Max-Age": "86400",
}
# How long a cache may show what it has while it asks, and while we can't be reached.
STALE_WHILE_ASKING = timedelta(minutes=1)
STALE_WITHOUT_US = timedelta(days=1)
# For what is meant for one reader: search engines leave it alone.
UNLISTED = {"X-Robots-Tag": "noindex"}
# Also for what is not there, so that a feed which is opened again is not hidden by an old answer.
UNSTORED = {"Cache-Control": "no-store", **UNLISTED}


def lasting(age: timedelta) -> str:
    """Cache-Control for what any cache may keep so long (RFC 9111 §5.2.2, RFC 5861)."""
    seconds = [int(span.total_seconds()) for span in (age, STALE_WHILE_ASKING, STALE_WITHOUT_US)]
    return "public, max-age={}, stale-while-revalidate={}, stale-if-error={}".format(*seconds)


def share(scope: Scope) -> None:
    """Let scripts of any site read the answer to this request, whatever it is and whoever gives it."""
    scope[_SHARE] = True


class GuardingHeaders:
    """ASGI middleware that puts EVERYWHERE's headers on every answer, errors included; and SHARED's where `share` was
    called.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # The desk's pages bring a policy of their own.
                headers.update({name: value for name, value in EVERYWHERE.items() if name not in headers})
                if _SHARE in scope:
                    headers.update(SHARED)
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self._app(scope, receive, guarded)
