"""Answers that are packed on their way out: whatever is whole and has no coding yet. Streams of events never are."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator.web.codings import Coding, chosen, packed


class Packing:
    """ASGI middleware: the body in the coding that its asker likes best (RFC 9110 §12.5.3)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have one request answered."""
        accepted = Headers(scope=scope).getlist("accept-encoding")
        start: Message | None = None

        async def whole(message: Message) -> None:
            """Hold the beginning back until it is clear that all of the body is there."""
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                begun, start = start, None
                if not message.get("more_body", False):
                    message = await _packed(begun, message, accepted)
                await send(begun)
            await send(message)

        await self._app(scope, receive, whole)


async def _packed(start: Message, message: Message, accepted: list[str]) -> Message:
    """The message with the body, packed where that is liked and not done; `start` says so, and what it hangs on.

    A 304 has the Vary of the 200 that it stands for (RFC 9110 §15.4.5).
    """
    headers = MutableHeaders(scope=start)
    if "vary" not in headers:
        headers["Vary"] = "Accept-Encoding"
    body = message.get("body", b"")
    coding = Coding.IDENTITY if "content-encoding" in headers else chosen(accepted, len(body))
    if coding is Coding.IDENTITY:
        return message
    body = await asyncio.to_thread(packed, body, coding)
    headers["Content-Encoding"] = coding
    headers["Content-Length"] = str(len(body))
    return {**message, "body": body}
