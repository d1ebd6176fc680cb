"""One connection, with bounds: uvicorn's own waits for ever, and reads whatever comes.

Its parser (llhttp, by httptools) is strict about what a request looks like: control characters, lengths that contradict
each other, obsolete folding and bare line feeds end in 400. It has no bound on the size of anything, nor on time, and
leaves some of RFC 9112 to us.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httptools
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from syndicator import metrics
from syndicator.web.clients import Clients
from syndicator.web.room import Room, Wait

log = logging.getLogger(__name__)

# Open connections. One that is idle costs us about 10 KB.
CONNECTIONS = 10_240
# As many of them may come from one address, our proxies' aside.
SHARE = 256
# From connecting, or the first byte, to the end of the headers; and from there to the end of the body.
REQUEST_S = 20.0
# Without any of an answer being read.
READING_S = 30.0
# Between an answer and the next request. Longer than proxies keep connections (nginx: 60), so that they end them.
IDLE_S = 75.0
# For the other side to read why it was refused: closed at once, TCP would take the words away from it.
GOODBYE_S = 2.0
# The longest address: a query of 4 KB in letters that take six bytes of it each, twice over.
TARGET_BYTES = 16_384
# The address and the headers together.
HEAD_BYTES = 32_768
HEADERS = 100
# A request with all its body. What is taken in one place may be far less; see each route.
REQUEST_BYTES = 16_777_216
# Requests that may be sent ahead of the answers.
AHEAD = 4
# Requests that are being answered at a time. More are answered 503, if nobody can be sent off.
BUSY = 1_024
_RETRY_AFTER_S = 5
_VERSIONS = {"1.0", "1.1"}


class RefusedError(Exception):
    """What was sent is no request that can be answered; says why, in a line for who sent it."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class BoundedConnection(HttpToolsProtocol):
    """A connection that keeps its place in a Room, and to the bounds above."""

    def __init__(self, room: Room, clients: Clients, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self.address: str | None = None
        self._room = room
        self._clients = clients
        self._app = self.app
        # What the request that is being received waits for: HEAD, BODY; None between requests.
        self._part: Wait | None = Wait.HEAD
        self._is_new = True
        # Of that request: bytes of its body, bytes in all (but those that came with its first), and its headers'.
        self._body_bytes = self._bytes = self._head_bytes = 0
        # Refused: nothing that comes is listened to any more.
        self._is_deaf = False
        self._unread = 0
        # Requests that are not answered yet, the one that is being answered first.
        self._cycles: deque[RequestResponseCycle] = deque()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, and wait for a request."""
        super().connection_made(transport)
        self.address = self._clients.share_of(self.client[0]) if self.client else None
        if self._room.enter(self):
            self._settle()
        else:
            self._is_deaf = True
            self.cut_off()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end. The application hears of it, if it is at work for us; what was sent ahead is not begun any more."""
        self._room.leave(self)
        self.pipeline.clear()
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        self._cycles.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several of them."""
        if self._is_deaf:
            return
        self._unset_keepalive_if_required()
        self._bytes += len(data)
        try:
            self._parse(data)
            self._weigh()
        except RefusedError as error:
            self._refuse(error.status, str(error))
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, RefusedError):
                self._refuse(cause.status, str(cause))
            elif isinstance(error, httptools.HttpParserCallbackError) and not _is_senders(cause):
                log.exception("a request could not be taken in")
                self._refuse(500, "Something is wrong on our side.")
            else:
                self._refuse(400, "This is no HTTP request.")
        self._settle()

    # What the parser tells

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._part = Wait.HEAD
        self._is_new = True
        self._body_bytes = self._bytes = self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        super().on_url(url)
        if len(self.url) > TARGET_BYTES:
            raise RefusedError(414, f"The address is longer than {TARGET_BYTES} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a field after a chunked body, which nobody asked for (RFC 9110 §6.5.1)."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes + len(self.url) > HEAD_BYTES or len(self.headers) >= HEADERS:
            raise RefusedError(431, f"There are more than {HEADERS} headers, or {HEAD_BYTES} bytes of them.")
        if self._part is Wait.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request, whose body is perhaps still to come: begin to answer it."""
        if self._is_upgrade():
            return
        self._check()
        if self.url[:1] not in b"/*":
            self.url = _origin_form(self.url)
        if len(self._cycles) > AHEAD:
            raise RefusedError(429, "Too many requests were sent ahead of their answers.")
        self.app = self._app
        if not self._cycles and len(self.tasks) >= BUSY and not self._room.make_way(Wait.BODY, Wait.READING):
            self.app = _busy
        super().on_headers_complete()
        self._part = Wait.BODY
        self._cycles.append(self.cycle)
        self.cycle.transport = _Outlet(self)  # type: ignore[assignment]
        if self.expect_100_continue:
            # Whether a body comes after an answer that did not ask for it, nobody knows.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > REQUEST_BYTES:
            raise RefusedError(413, f"The body is longer than {REQUEST_BYTES} bytes.")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._is_upgrade():
            return
        self._part = None
        super().on_message_complete()

    # What uvicorn and the transport tell

    def on_response_complete(self) -> None:
        """An answer is written, though perhaps not read."""
        self._cycles.popleft()
        super().on_response_complete()
        if self._is_deaf and not self._cycles:
            self.transport.write_eof()
        self._settle()

    def end(self) -> None:
        """The last answer is written. Where more is being sent, it is let run out until that answer is read."""
        if self._part is None:
            self.transport.close()
        else:
            self._is_deaf = True

    def shutdown(self) -> None:
        """No more requests: answer the one that is being answered."""
        for cycle in self._cycles:
            cycle.keep_alive = False
        if not self._cycles:
            self.transport.close()

    def pause_writing(self) -> None:
        """More of an answer is written than is read."""
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        """It is being read."""
        super().resume_writing()
        self._settle()

    # What the room tells

    def cut_off(self) -> None:
        """Go now, whatever is under way."""
        self.transport.abort()

    def late(self, wait: Wait) -> None:
        """Time is up; unless an answer is being read, however slowly."""
        unread = self.transport.get_write_buffer_size()
        if wait is Wait.READING and unread < self._unread:
            self._unread = unread
        else:
            self.cut_off()

    def _settle(self) -> None:
        """Tell the room what we wait for."""
        unread = self.transport.get_write_buffer_size()
        wait: Wait | None
        if self.transport.is_closing():
            wait = Wait.READING if unread else None
        elif self._is_deaf and not self._cycles:
            wait = Wait.GOODBYE
        elif self._part is not None and not self.pipeline and not self._is_deaf:
            wait = self._part
        elif self._cycles:
            wait = Wait.READING if self.flow.write_paused else None
        else:
            wait = Wait.READING if unread else Wait.IDLE
        if wait is Wait.READING:
            self._unread = unread
        self._room.wait(self, wait, afresh=self._is_new)
        self._is_new = False

    def _parse(self, data: bytes) -> None:
        """Feed the parser. It stops at each request for another protocol: we have none, and go on (RFC 9110 §7.8)."""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as pause:
                data = self._without_upgrade() + data[pause.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
            else:
                return

    def _is_upgrade(self) -> bool:
        return self.parser.should_upgrade()

    def _without_upgrade(self) -> bytes:
        """The head of the request that asked for another protocol, as if it had not."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            raise RefusedError(501, "This is no proxy.")
        lines = [b"%b %b HTTP/%b" % (method, self.url, version.encode())]
        for name, value in self.headers:
            if name == b"connection":
                lines += [b"connection: close"] * (b"close" in value.lower())
            elif name != b"upgrade":
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    def _check(self) -> None:
        """What the parser leaves to us. Raises RefusedError."""
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise RefusedError(505, "Only HTTP/1.1 is spoken here.")
        names = [name for name, _ in self.headers]
        hosts = names.count(b"host")
        if hosts > 1 or (not hosts and version == "1.1"):
            raise RefusedError(400, "There must be one Host header.")  # RFC 9112 §3.2
        if b"transfer-encoding" in names:
            if version == "1.0":
                raise RefusedError(400, "HTTP/1.0 has no Transfer-Encoding.")  # RFC 9112 §6.1
            if [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"] != [b"chunked"]:
                raise RefusedError(501, "No transfer coding but chunked is understood.")
        if self.url == b"*" and self.parser.get_method() != b"OPTIONS":
            raise RefusedError(400, "Only OPTIONS has no address.")

    def _weigh(self) -> None:
        """Count what is neither a whole header nor a body, and is kept or read all the same. Raises RefusedError."""
        if self._part is Wait.HEAD and self._bytes > HEAD_BYTES:
            raise RefusedError(431, f"There are more than {HEAD_BYTES} bytes of headers.")
        if self._part is Wait.BODY and self._bytes > 2 * (HEAD_BYTES + self._body_bytes):
            raise RefusedError(400, "The body is wrapped in more than it holds.")

    def _refuse(self, status: int, why: str) -> None:
        """Listen no more. What is answered already is answered to its end; then say why, if it can still be said."""
        self._is_deaf = True
        metrics.refused(status)
        if self._cycles and self._part is Wait.BODY and self._cycles[-1] is self.cycle:
            # The rest of its body will not come, and it may be waiting for that.
            cut = self._cycles.pop()
            cut.disconnected = True
            cut.message_event.set()
            if self.pipeline:
                self.pipeline.popleft()
            elif cut.response_started:
                self.cut_off()
        if self._cycles:
            return
        body = f"{why}\n".encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        lines = [b"%b: %b\r\n" % header for header in headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
        self.transport.write_eof()


class _Outlet:
    """What uvicorn writes an answer to, and closes after the last one."""

    __slots__ = ("_connection", "is_closing", "write")

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection
        self.is_closing = connection.transport.is_closing
        self.write = connection.transport.write

    def close(self) -> None:
        self._connection.end()


def limits() -> Mapping[Wait, float]:
    """How long a connection may keep us waiting, in seconds."""
    return {
        Wait.HEAD: REQUEST_S,
        Wait.BODY: REQUEST_S,
        Wait.READING: READING_S,
        Wait.IDLE: IDLE_S,
        Wait.GOODBYE: GOODBYE_S,
    }


def _is_senders(cause: BaseException | None) -> bool:
    """Whether this comes of what was sent, and not of a defect of ours."""
    return isinstance(cause, httptools.HttpParserError | UnicodeError)


def _origin_form(url: bytes) -> bytes:
    """Path and query of an address that names us too, as proxies are asked (RFC 9112 §3.2.2)."""
    parts = httptools.parse_url(url)
    if (parts.schema or b"").lower() not in {b"http", b"https"}:
        raise RefusedError(400, "This is no address of ours.")
    return (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")


async def _busy(_scope: Scope, _receive: Receive, send: Send) -> None:
    """ASGI: not now."""
    metrics.refused(HTTPStatus.SERVICE_UNAVAILABLE)
    body = f"{HTTPStatus.SERVICE_UNAVAILABLE.phrase}. Please try again in a moment.\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(_RETRY_AFTER_S).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": HTTPStatus.SERVICE_UNAVAILABLE, "headers": headers})
    await send({"type": "http.response.body", "body": body})
