"""A document in memory: its bytes, as they are and packed, and what names each of them."""

from datetime import datetime

from syndicator.web.codings import Coding, packed
from syndicator.web.conditional import entity_tag


class Copy:
    """One version of one document, with its entity tags.

    `modified` is in whole seconds, like the Last-Modified that is made of it.
    """

    def __init__(self, body: bytes, modified: datetime) -> None:
        self.modified = modified
        self.tag = entity_tag(body)
        self._bodies = {Coding.IDENTITY: body}
        self._tags = {coding: self._tagged(coding) for coding in Coding}

    def _tagged(self, coding: Coding) -> str:
        """A strong tag names bytes, and packed ones are others (RFC 9110 §8.8.3.3)."""
        return self.tag if coding is Coding.IDENTITY else f'{self.tag[:-1]}-{coding}"'

    def etag(self, coding: Coding) -> str:
        """The entity tag of the bytes in this coding."""
        return self._tags[coding]

    def body(self, coding: Coding) -> bytes | None:
        """The bytes in this coding; None where they have not been packed yet."""
        return self._bodies.get(coding)

    def pack(self, coding: Coding) -> bytes:
        """Make and keep the bytes in this coding; takes milliseconds, for a large feed a tenth of a second."""
        body = self._bodies[coding] = packed(self.plain, coding)
        return body

    @property
    def plain(self) -> bytes:
        """The bytes of the document."""
        return self._bodies[Coding.IDENTITY]

    @property
    def size(self) -> int:
        """What it takes of our memory, in bytes."""
        return sum(map(len, list(self._bodies.values())))
