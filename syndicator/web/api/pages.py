"""Pages of a list, by an opaque cursor: the place of the last entry, so that none is missed or repeated between two.

A place stays one while others come and go, unlike an offset.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode

from syndicator.store import PAGE_CHARACTERS, Place
from syndicator.web.api.asked import Asked
from syndicator.web.api.problems import ProblemError, invalid

_PLACE = re.compile(rb"(-?[0-9]{1,12})\.([0-9]{1,18})")
_NAME = re.compile(r"name\.(.{1,1000})", re.DOTALL)
Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class Page(Generic[Listed]):
    """What stands on one page, and whether there is another."""

    items: tuple[Listed, ...]
    more: bool


def cut(found: Iterable[Listed], limit: int, size: Callable[[Listed], int]) -> Page[Listed]:
    """The first page of `found`: at most `limit`, fewer where they are long, by their `size` in characters."""
    kept: list[Listed] = []
    left = PAGE_CHARACTERS
    for each in found:
        left -= size(each)
        if len(kept) == limit or (left < 0 and kept):
            return Page(tuple(kept), more=True)
        kept.append(each)
    return Page(tuple(kept), more=False)


def cursor(place: Place) -> str:
    """A place as it goes out."""
    return _out(b"%d.%d" % (int(place.published.timestamp()), place.number))


def name_cursor(name: str) -> str:
    """A place in a list by name, as it goes out: behind this one, whatever becomes of who bears it."""
    return _out(f"name.{name}".encode())


def place(value: str | None) -> Place | None:
    """The place that a cursor means. Raises ProblemError (422) for one that we did not make."""
    if value is None:
        return None
    try:
        found = _PLACE.fullmatch(_in(value))
        if found is not None:
            return Place(datetime.fromtimestamp(int(found[1]), UTC), int(found[2]))
    except (Error, ValueError, OverflowError, OSError):
        pass
    raise _no_cursor()


def named_place(value: str | None) -> str | None:
    """The name behind which a page begins. Raises ProblemError (422) for a cursor that we did not make."""
    if value is None:
        return None
    try:
        found = _NAME.fullmatch(_in(value).decode())
    except (Error, ValueError):
        found = None
    if found is None:
        raise _no_cursor()
    return found[1]


def _out(place: bytes) -> str:
    return urlsafe_b64encode(place).rstrip(b"=").decode()


def _in(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _no_cursor() -> ProblemError:
    said = "is no cursor of ours: send `next` as it came"
    return invalid([{"type": "cursor", "loc": ("query", "cursor"), "msg": said}])


def next_link(address: str, asked: Asked, following: str) -> str:
    """The Link header of a page that has another (RFC 8288)."""
    parameters = asked.model_dump(mode="json", exclude_unset=True, exclude_none=True) | {"cursor": following}
    return f'<{address}?{urlencode(parameters)}>; rel="next"'
