"""Asking a provider: one request, one JSON object in answer, bounded in size and time.

Only where the admin's own provider sends us, and there under the rules of [network]: what is in a private network must
be named there, as for everything else that we ask.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from syndicator.alerts import Verdict
from syndicator.delivery import Sending, as_written, exchange
from syndicator.errors import SignOnError

# For each request; the longest sign-in has five.
WITHIN = timedelta(seconds=8)
# Metadata have 2 to 10 KB, key sets and tokens less.
MOST_BYTES = 262_144


async def ask(
    session: aiohttp.ClientSession,
    url: str,
    now: datetime,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    hidden: Sequence[str] = (),
) -> dict[str, Any]:
    """GET, or with a `body` POST. Raises SignOnError, in whose words nothing of `hidden` stands."""
    fields = {"Accept": "application/json", **(headers or {})}
    sending = Sending(as_written(url), WITHIN, body, fields, hidden, reads=True, most=MOST_BYTES)
    reply = await exchange(session, sending, now)
    where = url.partition("?")[0]
    if reply.answer.verdict is not Verdict.DELIVERED:
        raise SignOnError(f"{where}: {reply.answer.said}")
    if len(reply.body) >= MOST_BYTES:
        raise SignOnError(f"{where} answers with more than {MOST_BYTES // 1024} KB")
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise SignOnError(f"{where} did not answer with a JSON object in {WITHIN.total_seconds():g} seconds")
    return said
