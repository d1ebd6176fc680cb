"""Conditional requests (RFC 9110 §13): answers that cost nothing while a reader has the newest bytes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

_TAG = re.compile(r'"([^"]*)"')
# What servers in front of us append to an entity tag when they compress the body, and readers send back.
_COMPRESSED = re.compile(r"(?:--?|;)(?:gzip|br|zstd|deflate)$")
# The longest HTTP date, "Wednesday, 09-Nov-94 08:49:37 GMT", has 33 characters.
_DATE_CHARACTERS = 40


def entity_tag(body: bytes) -> str:
    """A strong entity tag: equal for equal bytes alone (RFC 9110 §8.8.3)."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def is_current(request: Request, tag: str, modified: datetime | None) -> bool:
    """Whether a GET or HEAD should be answered 304: the asker has what `tag` and `modified` name.

    If-None-Match decides alone where it is sent; its tags are compared weakly. A date that can't be read is as
    good as none (RFC 9110 §13.1.2, §13.1.3, §13.2.2).
    """
    tags = request.headers.getlist("if-none-match")
    if tags:
        known = ",".join(tags)
        ours = tag.strip('"')
        return known.strip() == "*" or any(_COMPRESSED.sub("", each) == ours for each in _TAG.findall(known))
    since = _date(request.headers.getlist("if-modified-since"))
    return since is not None and modified is not None and modified.replace(microsecond=0) <= since


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    modified: datetime | None,
    now: datetime,
    headers: Mapping[str, str],
) -> Response:
    """The answer to a GET or HEAD: 200 with the body, or 304; `headers` go with either.

    A `modified` ahead of our clock is not told, and matches nothing (RFC 9110 §8.8.2.1).
    """
    told = modified if modified is not None and modified <= now else None
    tag = entity_tag(body)
    validators = {"ETag": tag}
    if told is not None:
        validators["Last-Modified"] = format_datetime(told.astimezone(UTC), usegmt=True)
    if is_current(request, tag, told):
        return Response(status_code=304, headers={**headers, **validators})
    return Response(body, media_type=media_type, headers={**headers, **validators})


def _date(values: list[str]) -> datetime | None:
    """The moment that one HTTP date names, in any of its three forms (RFC 9110 §5.6.7)."""
    if len(values) != 1 or len(values[0]) > _DATE_CHARACTERS:
        return None
    try:
        moment = parsedate_to_datetime(values[0])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
