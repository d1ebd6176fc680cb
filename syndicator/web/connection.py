"""One connection, with an end: uvicorn itself waits for ever for a request that doesn't come.

Its `timeout_keep_alive` counts from an answer to the next byte, and every byte stops it. So who connects and says
nothing, says a byte a minute, or asks and does not read the answer, would stay.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

# From the first byte (or from connecting) to a whole request with its body, and the answer to it.
REQUEST_S = 20.0
# To read an answer: two megabytes at a slow phone's 35 KB/s.
READING_S = 60.0
# Open connections beyond this number are closed at once: files and feeds need descriptors too.
CONNECTIONS = 256


class BoundedConnection(H11Protocol):
    """A connection that is cut off when the other side takes too long, or when there are too many."""

    _end: asyncio.TimerHandle | None = None
    _waiting = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        self._end_in(REQUEST_S)

    def data_received(self, data: bytes) -> None:
        """A part of a request. The first one after an answer begins a new wait; the others do not prolong it."""
        if self._waiting:
            self._waiting = False
            self._end_in(REQUEST_S)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """The answer is written, though perhaps not read."""
        self._waiting = True
        self._end_in(READING_S)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def _end_in(self, seconds: float) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(seconds, self.transport.abort)


def cut_off(connections: set[Any]) -> None:
    """Close these connections, whatever is under way on them."""
    for connection in list(connections):
        connection.transport.abort()
