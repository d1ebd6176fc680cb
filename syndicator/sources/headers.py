"""What the header fields of an answer say: validators, how long to wait, how the body is coded.

All of it is hostile and much of it is wrong. Nothing here raises: a field that can't be read is a field that
was not sent.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from syndicator.httptimes import delta_seconds, parsed_date, retry_after, span
from syndicator.model import Validators

LONGEST_WAIT = timedelta(days=7)  # no server silences us for longer, by malice or by a slipped digit

_FIELD_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]{1,4096}")  # RFC 9110 §5.5: no CR, LF, NUL or other control
_DIRECTIVE = re.compile(r',[ \t]*([^\s,;="]+)(?:=(?:"([^"]*)"|([^\s,"]*)))?')


class Headers:
    """The fields of one answer. `received` is our clock, used where the answer has no readable `Date`."""

    def __init__(self, raw: Sequence[tuple[bytes, bytes]], received: datetime) -> None:
        self._fields: dict[bytes, list[bytes]] = {}
        for name, value in raw:
            self._fields.setdefault(name.lower(), []).append(value)
        self._received = received

    def first(self, name: bytes) -> bytes:
        """Return the first value of a field as it came; empty when it is missing."""
        return next(iter(self._fields.get(name, ())), b"").strip(b" \t")

    def text(self, name: bytes) -> str:
        """All values of a field as one list (RFC 9110 §5.3), bytes read as Latin-1; "" when it is missing."""
        return ", ".join(value.decode("latin-1").strip() for value in self._fields.get(name, ()))

    @property
    def codings(self) -> tuple[str, ...]:
        """The content codings in the order they were applied, lower case, without `identity`."""
        names = (name.strip().lower() for name in self.text(b"content-encoding").split(","))
        return tuple(name for name in names if name not in {"", "identity"})

    def validators(self, url: str) -> Validators:
        """The validators of this answer, which came from `url`; one that could not be sent back is left out."""
        etag, modified = self.first(b"etag"), self.first(b"last-modified")
        return Validators(etag if is_field_value(etag) else None, modified if is_field_value(modified) else None, url)

    def retry_after(self) -> timedelta | None:
        """How long the server asks us to stay away (RFC 9110 §10.2.3): seconds, or a date against its own."""
        return retry_after(self.text(b"retry-after"), self.text(b"date"), self._received, longest=LONGEST_WAIT)

    def max_age(self) -> timedelta | None:
        """How long the answer is still fresh (RFC 9111 §4.2): `max-age` less `Age`, or `Expires` less `Date`."""
        directives: dict[str, str] = {}
        for match in _DIRECTIVE.finditer("," + self.text(b"cache-control")):
            directives.setdefault(match[1].lower(), match[2] or match[3] or "")
        if "no-cache" in directives or "no-store" in directives:
            return None
        if "max-age" in directives:
            seconds = delta_seconds(directives["max-age"])
            return None if seconds is None else span(seconds - (delta_seconds(self.text(b"age")) or 0), LONGEST_WAIT)
        until = parsed_date(self.text(b"expires"))
        sent = parsed_date(self.text(b"date")) or self._received
        return None if until is None else span((until - sent).total_seconds(), LONGEST_WAIT)


def is_field_value(value: bytes) -> bool:
    """Tell whether bytes may be sent as a header field: no line breaks or other controls, at most 4 KiB."""
    return _FIELD_VALUE.fullmatch(value) is not None


def updated(stored: Validators, fresh: Validators) -> Validators:
    """Merge the validators of a 304 over those that were sent (RFC 9111 §3.2)."""
    return Validators(fresh.etag or stored.etag, fresh.last_modified or stored.last_modified, fresh.url)
