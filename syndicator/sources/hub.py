"""Asking the hubs of our sources: a form by POST, bounded in time, size and hops, to public addresses alone."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from syndicator.network import Network, guarded_connector
from syndicator.sources.headers import Headers
from syndicator.sources.target import Target, redacted, shortened
from syndicator.sources.trouble import explain
from syndicator.websub import HubAnswer

TIMEOUT = timedelta(seconds=30)
"""The time that one request may take, redirects included: some hubs ask back before they answer."""

_MAX_HOPS = 5
# §5.1 knows 307 and 308. Behind 301 and 302 is most often the same hub by https, to which the form is sent as well.
_REDIRECTS = frozenset({301, 302, 307, 308})
_WORDS_BYTES = 600


class HubClient:
    """Sends requests to hubs. It must be closed, in the event loop that worked with it."""

    def __init__(
        self, user_agent: str, *, allow_private: tuple[Network, ...] = (), timeout: timedelta = TIMEOUT
    ) -> None:
        self._user_agent = user_agent
        self._allow_private = allow_private
        self._timeout_s = timeout.total_seconds()
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, hub: str, fields: Mapping[str, str]) -> HubAnswer:
        """POST `fields` to `hub` and tell what it said. Trouble is an answer, not an exception.

        What the hub says in words is told without the values of `hub.secret` and `hub.callback`.
        """
        try:
            target = Target.parse(hub)
        except ValueError as error:
            return HubAnswer(str(error), HTTPStatus.BAD_REQUEST)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(target, fields)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            return HubAnswer(explain(error, target, self._timeout_s))

    async def close(self) -> None:
        """Close what connections there are; the next request opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=guarded_connector(self._allow_private, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            )
        return self._session

    async def _follow(self, target: Target, fields: Mapping[str, str]) -> HubAnswer:
        session = self._opened()
        form = urlencode(fields)
        for _ in range(_MAX_HOPS + 1):
            async with session.post(
                URL(target.url, encoded=True),
                data=form.encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                allow_redirects=False,
            ) as response:
                headers = Headers(response.raw_headers, datetime.now(UTC))
                location = headers.first(b"location")
                if response.status not in _REDIRECTS or not location:
                    return await _answer(response, headers, fields)
            there = target.redirected(location)
            if (target.scheme, there.scheme) == ("https", "http"):
                # The secret was meant for a line that nobody reads along on.
                return HubAnswer(f"the hub leads from https to {redacted(there.url)}", HTTPStatus.BAD_REQUEST)
            target = there
        return HubAnswer(f"the hub redirects more than {_MAX_HOPS} times", HTTPStatus.BAD_REQUEST)


async def _answer(response: aiohttp.ClientResponse, headers: Headers, fields: Mapping[str, str]) -> HubAnswer:
    status = response.status
    try:
        said = f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = f"HTTP {status}"
    answer = HubAnswer(said, status, headers.retry_after())
    if answer.is_yes or headers.codings:
        response.close()
        return answer
    words = (await response.content.read(_WORDS_BYTES)).decode("utf-8", "replace")
    response.close()  # the rest is not waited for
    for name in ("hub.secret", "hub.callback"):
        if fields.get(name):
            words = words.replace(fields[name], "…")
    words = " ".join(words.split())
    # A web page explains nothing in two lines.
    return HubAnswer(f"{said}: {shortened(words)}" if words and words[0] != "<" else said, status, answer.retry_after)
