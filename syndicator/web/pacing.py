"""Answers are handed over no faster than they are read, so that who does not read costs little memory."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Handed over at a time. As much again may wait in uvicorn's transport, and is copied there.
SLICE_BYTES = 65_536


class Paced:
    """ASGI, outside everything else: passes requests on to `app`, and its answers back in slices."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. The server itself is asked by `OPTIONS *` (RFC 9110 §9.3.7): it is there."""
        if scope["path"] == "*":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            return

        async def paced(message: Message) -> None:
            body = message.get("body", b"")
            if len(body) <= SLICE_BYTES:
                await send(message)
                return
            view = memoryview(body)
            for start in range(0, len(view), SLICE_BYTES):
                end = start + SLICE_BYTES
                more = end < len(view) or message.get("more_body", False)
                await send({"type": "http.response.body", "body": view[start:end], "more_body": more})

        try:
            await self._app(scope, receive, paced)
        except asyncio.CancelledError:
            # Only the end of the service cancels, when nobody is connected any more: that is no defect to tell of.
            return
