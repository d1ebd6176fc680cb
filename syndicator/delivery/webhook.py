"""Webhooks: a signed POST for each message (Standard Webhooks 1.0), told to the outside in docs/webhooks.md."""

import asyncio
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote, unquote, urlsplit

import aiohttp
from yarl import URL

from syndicator.alerts.message import Answer, Message, Verdict
from syndicator.config import web_address, webhook_secret
from syndicator.delivery.answers import LONGEST_WAIT, one_line, status_line, verdict
from syndicator.delivery.payload import payload
from syndicator.delivery.signing import signature_headers
from syndicator.httptimes import retry_after
from syndicator.network import AddressRefusedError, Network, guarded_connector

TIMEOUT = timedelta(seconds=15)
"""The time an attempt may take in all: name, connection, TLS, request and answer."""

_BODY_BYTES = 1_024
# Once the status is there all is decided; the body only explains, and is not worth waiting for.
_BODY_SECONDS = 2.0
_NOT_QUOTED = "!#$%&'()*+,-./:;=?@[]_|~"
# Path segments of this length are keys (those of chat services are); "hooks" and "v1" are not.
_KEY_CHARACTERS = 16


def _clock() -> datetime:
    return datetime.now(UTC)


def webhook_session(user_agent: str, allow: tuple[Network, ...] = ()) -> aiohttp.ClientSession:
    """Make the session that all webhooks share. It must be closed; make it inside the event loop that uses it.

    It reaches public addresses and the networks of `allow`, whatever name led there; it knows no proxies, no cookies.
    """
    return aiohttp.ClientSession(
        # The courier bounds how much is in flight; a limit here would make one slow receiver everybody's.
        connector=guarded_connector(allow, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        # Unpacking an answer that nobody needs could only cost memory.
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
    )


class WebhookChannel:
    """One receiver. The session is shared and is not closed here.

    Each of `secrets` gives a signature; more than one while they rotate. `now` gives the time that is signed. Raises
    ValueError for a URL or a secret that can't be used.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        secrets: tuple[str, ...],
        timeout: timedelta = TIMEOUT,
        *,
        now: Callable[[], datetime] = _clock,
    ) -> None:
        if not secrets:
            raise ValueError("a webhook needs at least one secret to sign with")
        self._session = session
        self._url = _as_written(web_address(url))
        self._secrets = tuple(webhook_secret(secret) for secret in secrets)
        self._timeout_s = timeout.total_seconds()
        self._now = now
        self._hidden = tuple(_secret_parts(url, self._url, self._secrets))

    async def send(self, message: Message) -> Answer:
        """POST `message` once and tell what came back. Redirects are answers, not ways."""
        body = payload(message)
        headers = {
            "Content-Type": "application/json",
            **signature_headers(message.id, body, self._secrets, self._now()),
        }
        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                response = await self._session.post(self._url, data=body, headers=headers, allow_redirects=False)
                try:
                    return await self._answer(response, deadline)
                finally:
                    # A body that was not read to its end would otherwise be waited for.
                    response.close() if not response.content.at_eof() else response.release()
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            return self._unanswered(error)

    async def close(self) -> None:
        """Nothing to give back: the session belongs to whoever made it."""

    async def _answer(self, response: aiohttp.ClientResponse, deadline: asyncio.Timeout) -> Answer:
        status = response.status
        said = status_line(status)
        judged = verdict(status)
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            said += ": redirects are not followed; put the new address into the destination"
            said += self._new_place(response.headers.get("Location"))
        else:
            words = one_line(await self._words(response, deadline), self._hidden)
            said += f": {words}" if words else ""
        wait = None
        if judged is Verdict.TEMPORARY:
            fields = response.headers
            wait = retry_after(fields.get("Retry-After", ""), fields.get("Date", ""), self._now(), longest=LONGEST_WAIT)
        return Answer(judged, one_line(said), status, retry_after=wait)

    async def _words(self, response: aiohttp.ClientResponse, deadline: asyncio.Timeout) -> str:
        """The beginning of the answer's body as text; "" where it is packed, late, or cut off."""
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            return ""
        read = bytearray()
        by = asyncio.get_running_loop().time() + _BODY_SECONDS
        try:
            # Ahead of the deadline, which would turn an answer we have into none.
            async with asyncio.timeout_at(min(by, (deadline.when() or by) - 0.05)):
                while chunk := await response.content.read(_BODY_BYTES - len(read)):
                    read += chunk
        except (aiohttp.ClientError, OSError):
            pass
        return read.decode("utf-8", "replace")

    def _new_place(self, location: str | None) -> str:
        """Where a redirect leads, by its host alone: what follows may be as secret as our own path."""
        try:
            origin = self._url.join(URL(location or "")).origin()
        except ValueError:
            return ""
        return f" (at {one_line(str(origin), self._hidden)})" if origin != self._url.origin() else ""

    def _unanswered(self, error: Exception) -> Answer:
        host = self._url.host or ""
        kind = Verdict.TEMPORARY
        match error:
            case aiohttp.ClientConnectorError(os_error=AddressRefusedError() as refusal):
                # Not for ever: a captive network's DNS answers so for a while, and config can be mended.
                said = (
                    f"{host} was not asked: {refusal.address} is not a public address; "
                    "to send there, name its network in allow_private under [network]"
                )
            case aiohttp.InvalidURL():
                kind = Verdict.PERMANENT
                said = "nothing can be sent there: the URL of this destination is not valid"
            case aiohttp.ClientConnectorDNSError():
                said = f"{host} was not found (DNS)"
            case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as why):
                said = f"the certificate of {host} is not to be trusted: {why.verify_message}"
            case aiohttp.ClientSSLError() | ssl.SSLError():
                said = f"no TLS connection to {host}, port {self._url.port}"
            case aiohttp.ClientConnectorError(os_error=trouble):
                reason = os.strerror(trouble.errno) if trouble.errno else str(trouble)
                said = f"no connection to {host}, port {self._url.port}: {reason}"
            case TimeoutError():
                said = f"no answer from {host} in {self._timeout_s:g} seconds"
            case aiohttp.ServerDisconnectedError() | OSError():
                said = f"{host} closed the connection without an answer"
            case aiohttp.ClientResponseError():
                said = f"what {host} answered is not valid HTTP"
            case _:
                said = f"nothing could be sent to {host} ({type(error).__name__})"
        return Answer(kind, one_line(said, self._hidden), answered=False)


def _as_written(text: str) -> URL:
    """`text` as a URL that is sent as it stands: one that was signed and then requoted would be another URL."""
    return URL(quote(text, safe=_NOT_QUOTED), encoded=True) if text.isascii() else URL(text)


def _secret_parts(text: str, url: URL, secrets: tuple[str, ...]) -> list[str]:
    """All of a destination that must not be shown, as written, as sent, and as the other side may have read it."""
    written = urlsplit(text)
    keys = [segment for segment in written.path.split("/") if len(segment) >= _KEY_CHARACTERS]
    query = [value for pair in written.query.split("&") for value in (pair, pair.partition("=")[2])]
    parts = [text, written.query, *keys, *query, str(url), url.raw_path_qs]
    for secret in secrets:
        parts += [secret, secret.removeprefix("whsec_")]
    return [form for part in parts for form in (part, unquote(part))]
