"""Server-sent events (WHATWG HTML §9.2): the change stream on one open connection."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from syndicator.errors import StoreError
from syndicator.web.api.following import Event, Following, gone
from syndicator.web.headers import UNSTORED

log = logging.getLogger(__name__)

# A comment so often keeps proxies from closing what is quiet, and tells us who has gone.
HEARTBEAT_S = 15.0
# Who does not read for so long is cut off, and comes back by its last id. The server itself has less patience with
# connections on which nothing moves; this is for those on which hardly anything does.
SLOW_S = 60.0
RETRY_MS = 3000
PAGE = 100
_HEARTBEAT = b":\n\n"


class EventStream(Response):
    """Events behind `after`, and then as they come, until the client goes, is too slow, or is `welcome` no more."""

    media_type = "text/event-stream"

    def __init__(self, following: Following, after: int, *, welcome: Callable[[], bool]) -> None:
        # `no-transform`, `X-Accel-Buffering`: proxies that pack or collect would hold events back.
        super().__init__(headers={**UNSTORED, "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._following = following
        self._after = after
        self._welcome = welcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, for as long as it takes. Raises ProblemError (429, 503) before its beginning, as Slots.one does."""
        with self._following.streams.one(scope):
            writing = asyncio.create_task(self._write(send))
            leaving = asyncio.create_task(gone(receive))
            try:
                await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                writing.cancel()
                await asyncio.gather(writing, leaving, return_exceptions=True)
            if not writing.cancelled():
                self._end(writing)

    def _end(self, writing: asyncio.Task[None]) -> None:
        """Tell of a defect of ours; who does not read is no news."""
        try:
            writing.result()
        except TimeoutError:
            log.info("a stream was cut off: nothing of it was read for %.0f seconds", SLOW_S)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        """What is sent, piece by piece. The first names the place from which a client goes on that hears no other."""
        following, after = self._following, self._after
        yield b"retry: %d\nid: %d\n\n" % (RETRY_MS, after)
        while True:
            try:
                events = await following.after(after, PAGE)
                if not self._welcome():
                    return
                for event in events.events:
                    yield told(event)
                after = events.next
                if not events.more and not await following.lookout.beyond(events.horizon, HEARTBEAT_S):
                    yield _HEARTBEAT
            except StoreError:
                return


def told(event: Event) -> bytes:
    """An event on the wire. Its JSON is one line, so it is one field."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.seq, event.type.encode(), event.body)
