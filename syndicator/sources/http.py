"""The polite fetcher: one conditional GET, bounded in time, size and hops, that never raises for what it meets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

import aiohttp
from yarl import URL

from syndicator.model import Fetched, Outcome, Validators
from syndicator.network import Network, guarded_connector
from syndicator.sources.body import read_body, too_large
from syndicator.sources.headers import Headers, is_field_value, updated
from syndicator.sources.links import hub_links
from syndicator.sources.target import Target, redacted, shortened
from syndicator.sources.trouble import explain
from syndicator.sources.wire import ByteTrueRequest

FEED_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
PAGE_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"

_MAX_HOPS = 10
_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT | {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT}
# A 206 to a request without Range is a part; 204 and 205 have no body to read. None of them is a document.
_DOCUMENT = frozenset({HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION})
_NETWORK_ERRORS = (aiohttp.ClientError, OSError, ValueError)  # TimeoutError is an OSError


@dataclass(frozen=True, slots=True)
class _Hop:
    """A redirect: where to, and whether the server means it for good."""

    to: Target
    permanent: bool


class _TimeLeft:
    """The time one fetch may still take. Waiting for a free slot does not count: that is our own doing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the time run; TimeoutError when it is used up."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                yield
        finally:
            self._seconds -= time.monotonic() - began


class Fetcher:
    """Fetches URLs over one shared aiohttp session; use as an async context manager.

    `user_agent` names us and a way to reach us: "Syndicator/0.1.0 (+https://example.org/contact)".
    `allow_private` are the networks that may be reached although they are not public. `timeout` is the whole
    time a fetch may take, redirects and body included; `max_body` the largest body in bytes, as sent
    and decoded. At most `per_host` requests run at once to a host, `concurrency` in all.

    It sends a GET for the URL and nothing else: no cookies, no Referer, no Range, no proxies from the environment.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        allow_private: tuple[Network, ...] = (),
        timeout: timedelta = timedelta(seconds=30),
        max_body: int = 8 * 2**20,
        per_host: int = 2,
        concurrency: int = 16,
    ) -> None:
        if not is_field_value(user_agent.encode()):
            raise ValueError(f"a User-Agent must be one line: {user_agent!r}")
        self._user_agent = user_agent.encode().decode("latin-1")  # as wire.py sends it
        self._allow_private = allow_private
        self._timeout_s = timeout.total_seconds()
        self._max_body = max_body
        self._per_host = per_host
        self._slots = asyncio.Semaphore(concurrency)
        self._host_slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(self._allow_private, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=ByteTrueRequest,
            trust_env=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=16_384,
            max_field_size=32_768,  # some sites send a security policy of 10 KB and more
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, url: str, validators: Validators = Validators(), *, accept: str = FEED_ACCEPT) -> Fetched:  # noqa: B008 - frozen
        """Ask for `url` as of now. What goes wrong out there is an Outcome.FAILED with a line for people.

        `validators` are sent only to the resource they came from (`validators.url`; the first one asked where
        that is None): an ETag means nothing to another resource, and a date could make it say "unchanged".
        `accept` is the Accept field: FEED_ACCEPT, or PAGE_ACCEPT for web pages.
        """
        try:
            target = Target.parse(url)
        except ValueError as error:
            return Fetched(Outcome.FAILED, redacted(url), error=str(error))
        time_left = _TimeLeft(self._timeout_s)
        asked: set[str] = set()
        permanent = True
        while target.url not in asked and len(asked) <= _MAX_HOPS:
            ours = validators.url == target.url or (validators.url is None and not asked)
            try:
                answer = await self._ask(target, validators if ours else Validators(), accept, time_left)
            except _NETWORK_ERRORS as error:
                return _failed(target, explain(error, target, self._timeout_s))
            if isinstance(answer, Fetched):
                return _after_hops(answer, target, permanent=permanent, hops=len(asked))
            asked.add(target.url)
            permanent = permanent and answer.permanent
            target = answer.to
        why = "redirected in a circle" if target.url in asked else f"redirected more than {_MAX_HOPS} times"
        return _failed(target, f"{why}, in the end to {shortened(target.url)}")

    async def _ask(self, target: Target, conditions: Validators, accept: str, time_left: _TimeLeft) -> Fetched | _Hop:
        if self._session is None:
            raise RuntimeError("Fetcher.get needs `async with Fetcher(...)` around it")
        host_slots = self._host_slots.setdefault(target.host, asyncio.Semaphore(self._per_host))
        url = URL(target.url, encoded=True)
        fields = _fields(target, conditions, accept)
        async with (
            host_slots,
            self._slots,
            time_left.running(),
            self._session.get(url, headers=fields, allow_redirects=False) as response,
        ):
            return await self._read(response, target, conditions)

    async def _read(self, response: aiohttp.ClientResponse, target: Target, conditions: Validators) -> Fetched | _Hop:
        headers = Headers(response.raw_headers, datetime.now(UTC))
        status = response.status
        links = hub_links(headers.text(b"link"), target.url)
        if status in _REDIRECTS and (location := headers.first(b"location")):
            return _hop(target, status, location)
        if status in _DOCUMENT:
            if (response.content_length or 0) > self._max_body:
                raise too_large(self._max_body)
            return Fetched(
                Outcome.FRESH,
                target.url,
                status,
                body=await read_body(response.content.iter_any(), headers.codings, self._max_body),
                content_type=headers.text(b"content-type") or None,
                validators=headers.validators(target.url),
                max_age=headers.max_age(),
                hubs=links.hubs,
                self_url=links.self_url,
            )
        if status == HTTPStatus.NOT_MODIFIED and (conditions.etag or conditions.last_modified):
            fresh = headers.validators(target.url)
            return Fetched(
                Outcome.UNCHANGED,
                target.url,
                status,
                validators=updated(conditions, fresh),
                max_age=headers.max_age(),
                hubs=links.hubs,
                self_url=links.self_url,
            )
        outcome = Outcome.GONE if status == HTTPStatus.GONE else Outcome.FAILED
        return Fetched(outcome, target.url, status, retry_after=headers.retry_after(), error=_refusal(status))


def _hop(target: Target, status: int, location: bytes) -> _Hop:
    """Where a redirect leads. Raises ValueError when that is no place to go."""
    to = target.redirected(location)
    # One lapse of a server must not make us ask in the clear for ever after.
    downgrade = (target.scheme, to.scheme) == ("https", "http")
    return _Hop(to, permanent=status in _PERMANENT and not downgrade)


def _fields(target: Target, conditions: Validators, accept: str) -> dict[str, str]:
    """The header fields of one request. What may not stand in a header (RFC 9110 §5.5) is left out."""
    fields = {"Accept": accept}
    if target.authorization:
        fields["Authorization"] = target.authorization
    for name, value in (("If-None-Match", conditions.etag), ("If-Modified-Since", conditions.last_modified)):
        if value is not None and is_field_value(value):
            fields[name] = value.decode("latin-1")  # one character a byte: see wire.py
    return fields


def _after_hops(answer: Fetched, target: Target, *, permanent: bool, hops: int) -> Fetched:
    """What an answer means for the URL first asked: has it moved, and is it the one that is gone?"""
    if answer.outcome is Outcome.GONE and not permanent:
        return replace(answer, outcome=Outcome.FAILED)
    if hops and permanent and answer.outcome in {Outcome.FRESH, Outcome.UNCHANGED}:
        return replace(answer, moved_to=target.full_url)
    return answer


def _failed(target: Target, error: str) -> Fetched:
    return Fetched(Outcome.FAILED, target.url, error=error)


def _refusal(status: int) -> str:
    if status in _REDIRECTS:
        return f"HTTP {status}: a redirect that does not say where to"
    if status == HTTPStatus.NOT_MODIFIED:
        return "HTTP 304: unchanged, says the server, although we sent no validators"
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
