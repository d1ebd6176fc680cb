"""A request whose header fields go out byte for byte."""

import asyncio

from aiohttp import ClientRequest, ClientResponse
from aiohttp.connector import Connection


class ByteTrueRequest(ClientRequest):
    """A bodiless aiohttp request whose header values are bytes in Latin-1's clothing, one character a byte.

    aiohttp writes header text as UTF-8 and has no way in for bytes. An ETag may hold any byte from 0x80 up
    (RFC 9110 §8.8.3), and one that comes back changed never matches. So, for the rare request with such a
    byte, what aiohttp wrote is turned back on its way to the socket. Its own check against line breaks in
    header values stays in force.
    """

    async def send(self, conn: Connection) -> ClientResponse:
        """Send the request head. The head of a request without a body is written before this returns."""
        protocol = conn.protocol
        if protocol is None or protocol.transport is None or all(map(str.isascii, self.headers.values())):
            return await super().send(conn)
        real = protocol.transport
        protocol.transport = _Latin1Transport(real)
        try:
            return await super().send(conn)
        finally:
            if isinstance(protocol.transport, _Latin1Transport):
                protocol.transport = real


class _Latin1Transport(asyncio.Transport):
    def __init__(self, real: asyncio.Transport) -> None:
        super().__init__()
        self._real = real

    def is_closing(self) -> bool:
        return self._real.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._real.write(bytes(data).decode("utf-8").encode("latin-1"))
