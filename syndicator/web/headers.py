"""The headers that guard every answer, in one place."""

from base64 import b64encode
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator.publish import stylesheet
from syndicator.web.pages import page_style

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
# For what is meant for one reader: search engines leave it alone.
UNLISTED = {"X-Robots-Tag": "noindex"}
# Also for what is not there, so that a feed which is opened again is not hidden by an old answer.
UNSTORED = {"Cache-Control": "no-store", **UNLISTED}


class GuardingHeaders:
    """ASGI middleware that puts EVERYWHERE's headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in EVERYWHERE.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)
