"""The body of an answer: taken in chunk by chunk, decompressed by us, never larger than it may be."""

import zlib
from collections.abc import AsyncIterable

_GZIP, _ZLIB, _RAW = 31, 15, -15  # window bits, as zlib names these containers
_MAX_MEMBERS = 100  # each gzip member costs a copy of what is left of the chunk


class BodyError(ValueError):
    """The body can't be had: too large, cut off, or not in the coding it claims. One line for people."""


async def read_body(chunks: AsyncIterable[bytes], codings: tuple[str, ...], limit: int) -> bytes:
    """Collect a body of at most `limit` bytes, both as sent and decoded. Raises BodyError.

    `codings` are the content codings in the order they were applied: gzip, deflate, or none. Memory never
    exceeds the limit by more than a chunk, however well the body was compressed.
    """
    if not codings:
        into: _Plain = _Plain(limit)
    elif codings in {("gzip",), ("x-gzip",), ("deflate",)}:
        into = _Inflated(limit, raw_allowed=codings == ("deflate",))
    else:
        raise BodyError(f"the body is in a coding we did not ask for: {', '.join(codings)[:80]!a}")
    sent = 0
    async for chunk in chunks:
        sent += len(chunk)
        if sent > limit:
            raise too_large(limit)
        into.feed(chunk)
    return into.finish()


def too_large(limit: int) -> BodyError:
    """Make the error of a body that is, or says it will be, larger than `limit` bytes."""
    return BodyError(f"the body is larger than {limit / 2**20:.3g} MiB")


class _Plain:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.body = bytearray()

    def feed(self, data: bytes) -> None:
        self.body += data

    def finish(self) -> bytes:
        return bytes(self.body)


class _Inflated(_Plain):
    """A gzip body (RFC 1952, several members allowed) or a deflate one.

    RFC 9110 §8.4.1.2 means zlib's container by "deflate", and some servers send the bare stream: the first
    two bytes tell.
    """

    def __init__(self, limit: int, *, raw_allowed: bool) -> None:
        super().__init__(limit)
        self.raw_allowed = raw_allowed
        self.held = b""
        self.members = 0
        self.stream = zlib.decompressobj(_ZLIB if raw_allowed else _GZIP)

    def feed(self, data: bytes) -> None:
        if not self.members:
            self.held += data
            if len(self.held) < 2:  # noqa: PLR2004 - the two bytes of a zlib header
                return
            data, self.held = self.held, b""
            self.members = 1
            if self.raw_allowed and not _is_zlib(data):
                self.stream = zlib.decompressobj(_RAW)
        try:
            self._inflate(data)
        except zlib.error:
            raise BodyError("the body is not in the coding it claims (Content-Encoding)") from None

    def _inflate(self, data: bytes) -> None:
        while data:
            if self.stream.eof and not self._begins_member(data):
                return
            self.body += self.stream.decompress(data, self.limit + 1 - len(self.body))
            if len(self.body) > self.limit:
                raise too_large(self.limit)
            data = self.stream.unused_data if self.stream.eof else self.stream.unconsumed_tail

    def _begins_member(self, data: bytes) -> bool:
        """Open the next gzip member. What follows a stream and is none is padding, and left out, as gzip does."""
        if self.raw_allowed or data[0] != 0x1F:  # noqa: PLR2004 - RFC 1952 §2.3.1, ID1
            return False
        self.members += 1
        if self.members > _MAX_MEMBERS:
            raise BodyError(f"the body has more than {_MAX_MEMBERS} gzip members")
        self.stream = zlib.decompressobj(_GZIP)
        return True

    def finish(self) -> bytes:
        if self.held or (self.members and not self.stream.eof):
            raise BodyError("the compressed body was cut off before its end")
        return bytes(self.body)


def _is_zlib(data: bytes) -> bool:
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0  # noqa: PLR2004 - RFC 1950 §2.2
