"""How a document is answered: 200 with its bytes in the coding that the asker likes best, or 304."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from syndicator.httptimes import http_date
from syndicator.web.codings import Coding, chosen
from syndicator.web.conditional import is_current, named
from syndicator.web.copies import Copy

Headers = list[tuple[bytes, bytes]]

_VARY = (b"vary", b"Accept-Encoding")
# Readers of one feed are told the same date.
_date = lru_cache(maxsize=256)(http_date)


@dataclass(frozen=True, slots=True)
class Verdict:
    """200 or 304, the coding of the bytes, and what either answer says of them."""

    status: int
    coding: Coding
    headers: Headers


def judged(scope: Scope, copy: Copy, modified: datetime | None, *, exactly: bool = False) -> Verdict:
    """The answer to a GET or HEAD for `copy`, whose Last-Modified is `modified`.

    `exactly`: a date is believed only where it is the very one that we gave. A 304 bears the tag that the asker has,
    where it is one of ours: by that a cache finds what it may go on using (RFC 9110 §13.1.2, RFC 9111 §4.3.4).
    """
    accepted, tags, since = _asked(scope)
    coding = chosen(accepted, len(copy.plain))
    headers = [_VARY]
    if modified is not None:
        date = _date(modified)
        headers.append((b"last-modified", date.encode()))
        if exactly:
            since = [each for each in since if each == date]
    etag = copy.etag(coding)
    if is_current(tags, since, copy.tag, modified):
        etag = named(tags, [etag, *map(copy.etag, Coding)]) or etag
        return Verdict(304, coding, [(b"etag", etag.encode()), *headers])
    if coding is not Coding.IDENTITY:
        headers.append((b"content-encoding", coding.encode()))
    return Verdict(200, coding, [(b"etag", etag.encode()), *headers])


async def answered(
    request: Request,
    copy: Copy,
    media_type: str,
    *,
    modified: datetime | None,
    headers: Mapping[str, str],
    exactly: bool = False,
) -> Response:
    """The answer to a GET or HEAD as the framework has it; `headers` go with 200 and 304. See `judged`."""
    verdict = judged(request.scope, copy, modified, exactly=exactly)
    if verdict.status == 304:  # noqa: PLR2004 - RFC 9110 §15.4.5
        response = Response(status_code=304, headers=headers)
    else:
        body = copy.body(verdict.coding)
        if body is None:
            body = await asyncio.to_thread(copy.pack, verdict.coding)
        response = Response(body, media_type=media_type, headers=headers)
    response.raw_headers += verdict.headers
    return response


def _asked(scope: Scope) -> tuple[list[str], list[str], list[str]]:
    """The values of Accept-Encoding, If-None-Match and If-Modified-Since."""
    accepted: list[str] = []
    tags: list[str] = []
    since: list[str] = []
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            accepted.append(value.decode("latin-1"))
        elif name == b"if-none-match":
            tags.append(value.decode("latin-1"))
        elif name == b"if-modified-since":
            since.append(value.decode("latin-1"))
    return accepted, tags, since
