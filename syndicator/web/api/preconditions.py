"""Lost updates: who changes a thing may say which state of it they have seen (RFC 9110 §13.1.1).

A tag stands for what people have written, and not for what the newsroom counts beside it: an alert that fires is still
the same alert. Nobody caches these answers, so nothing else hangs on it.
"""

import re
from hashlib import sha256
from hmac import digest

from starlette.requests import Request

from syndicator.addresses import opt_out_key
from syndicator.store import AlertRow, DestinationRow, Store
from syndicator.web.api.problems import ProblemError

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
