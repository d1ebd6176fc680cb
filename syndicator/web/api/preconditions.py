"""Lost updates: who changes a thing may say which state of it they have seen (RFC 9110 §13.1.1).

A tag stands for what people have written, and not for what the newsroom counts beside it: an alert that fires is still
the same alert. Nobody caches these answers, so nothing else hangs on it.
"""

import re
from hashlib import sha256
from hmac import digest
from typing import Any

from starlette.requests import Request

from syndicator.addresses import opt_out_key
from syndicator.store import AlertRow, DestinationRow, Store
from syndicator.web.api.problems import ProblemError, documented

_ETAG = {"ETag": {"description": "Send it back as If-Match.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Its address.", "schema": {"type": "string"}}}
# What routes that answer with a thing and its tag say in openapi.json.
TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}}
CREATED: dict[int | str, dict[str, Any]] = {201: {"headers": _ETAG | _LOCATION}}
CHANGED: dict[int | str, dict[str, Any]] = {
    412: {**documented(412)[412], "headers": {"ETag": {"description": "What it is now.", "schema": {"type": "string"}}}}
}

_STRONG = re.compile(r'(?<![/\w])"[^"]*"')


def alert_tag(row: AlertRow) -> str:
    """The entity tag of an alert: a revision is given once, to one alert."""
    return f'"{row.revision}"'


def destination_tag(store: Store, row: DestinationRow) -> str:
    """The entity tag of a destination.

    It is keyed: what it is made of holds secrets, and a plain hash would let whoever may read it try out guesses.
    """
    said = "\0".join((row.name, row.kind, row.owner, row.definition, str(row.off)))
    return f'"{digest(opt_out_key(store).encode(), said.encode(), sha256).hex()[:32]}"'


def must_match(request: Request, tag: str) -> None:
    """412 where the request names another state than the present one. Weak tags match nothing."""
    values = request.headers.getlist("if-match")
    if not values:
        return
    known = ",".join(values)
    if known.strip() != "*" and tag not in _STRONG.findall(known):
        raise ProblemError(
            412,
            "It was changed since you read it. Read it again, and change what it is now.",
            name="changed",
            title="It was changed meanwhile",
            headers={"ETag": tag},
        )
