"""One request to an address that strangers gave, and one bounded answer: what webhooks, hubs and subscribers share.

Redirects are answers, not ways. Name, connection, TLS, request and answer together have one deadline, and of the
answer's body only its beginning is read. Trouble of the other side is an answer, never an exception.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from urllib.parse import quote, unquote, urlsplit

import aiohttp
from yarl import URL

from syndicator.alerts.message import Answer, Verdict
from syndicator.delivery.answers import LONGEST_WAIT, one_line, status_line, verdict
from syndicator.httptimes import retry_after
from syndicator.network import AddressRefusedError, Network, guarded_connector

_BODY_BYTES = 1_024
# Once the status is there all is decided; the body only explains, and is not worth waiting for.
_BODY_SECONDS = 2.0
# From here on aiohttp wants a stream, which it writes in parts.
_LARGE_BYTES = 2**20
# Path segments of this length are keys (those of chat services are); "hooks" and "v1" are not.
_KEY_CHARACTERS = 16
_NOT_QUOTED = "!#$%&'()*+,-./:;=?@[]_|~"


def guarded_session(user_agent: str, allow: tuple[Network, ...] = ()) -> aiohttp.ClientSession:
    """Make a session for exchanges. It must be closed; make it inside the event loop that uses it.

    It reaches public addresses and the networks of `allow`, whatever name led there; it knows no proxies, no cookies.
    """
    session = aiohttp.ClientSession(
        # Who sends bounds how much is in flight; a limit here would make one slow receiver everybody's.
        connector=guarded_connector(allow, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        # Unpacking an answer that nobody needs could only cost memory.
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        headers={"User-Agent": user_agent, "Accept-Encoding": "identity"},
    )
    # One exchange is one request: aiohttp would repeat a GET whose answer was cut off, and has no public switch for it.
    session._retry_connection = False  # noqa: SLF001
    return session


@dataclass(frozen=True, slots=True)
class Sending:
    """What is sent, where, and by when an answer must be there. Without a `body` it is a GET, else a POST.

    `hidden` are the parts of it that stand in no answer's words. `advice` is what the words say of a redirect.
    `reads`: the answer's body is what is asked for, and is waited for as long as for its head; at most `most` bytes.
    """

    url: URL
    within: timedelta
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hidden: Sequence[str] = ()
    advice: str = ""
    reads: bool = False
    most: int = _BODY_BYTES


@dataclass(frozen=True, slots=True)
class Reply:
    """What an attempt brought, and the beginning of the answer's body, empty where there was none to read."""

    answer: Answer
    body: bytes = b""


async def exchange(session: aiohttp.ClientSession, sending: Sending, now: datetime) -> Reply:
    """Send once and tell what came back. `now` is what a Retry-After date is reckoned from, for want of a better."""
    body = sending.body
    large = body is not None and len(body) > _LARGE_BYTES
    try:
        async with asyncio.timeout(sending.within.total_seconds()) as deadline:
            response = await session.request(
                "GET" if body is None else "POST",
                sending.url,
                data=BytesIO(body) if large and body is not None else body,
                headers=sending.headers,
                allow_redirects=False,
            )
            try:
                said = await _beginning(response, deadline, sending)
                return Reply(_answer(response, said, sending, now), said)
            finally:
                # A body that was not read to its end would otherwise be waited for.
                response.close() if not response.content.at_eof() else response.release()
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        return Reply(_unanswered(error, sending))


def as_written(text: str) -> URL:
    """`text` as a URL that is sent as it stands: one that was signed and then requoted would be another URL."""
    return URL(quote(text, safe=_NOT_QUOTED), encoded=True) if text.isascii() else URL(text)


def secret_parts(text: str, secrets: Sequence[str] = ()) -> tuple[str, ...]:
    """All of the URL `text` that must not be shown, as written, as sent, and as the other side may have read it.

    And the `secrets` that go with it, in the same forms.
    """
    written, sent = urlsplit(text), as_written(text)
    keys = [segment for segment in written.path.split("/") if len(segment) >= _KEY_CHARACTERS]
    query = [value for pair in written.query.split("&") for value in (pair, pair.partition("=")[2])]
    parts = [text, written.query, *keys, *query, str(sent), sent.raw_path_qs, *secrets]
    return tuple(form for part in parts for form in (part, unquote(part)))


def _answer(response: aiohttp.ClientResponse, body: bytes, sending: Sending, now: datetime) -> Answer:
    status = response.status
    said = status_line(status)
    judged = verdict(status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        said += ": redirects are not followed" + sending.advice
        said += _new_place(response.headers.get("Location"), sending)
    else:
        words = one_line(body[:_BODY_BYTES].decode("utf-8", "replace"), sending.hidden)
        said += f": {words}" if words else ""
    wait = None
    if judged is Verdict.TEMPORARY:
        fields = response.headers
        wait = retry_after(fields.get("Retry-After", ""), fields.get("Date", ""), now, longest=LONGEST_WAIT)
    return Answer(judged, one_line(said), status, retry_after=wait)


async def _beginning(response: aiohttp.ClientResponse, deadline: asyncio.Timeout, sending: Sending) -> bytes:
    """The beginning of the answer's body, or what came of it in time; nothing where it is packed."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return b""
    read = bytearray()
    by = asyncio.get_running_loop().time() + (sending.within.total_seconds() if sending.reads else _BODY_SECONDS)
    try:
        # Ahead of the deadline, which would turn an answer we have into none.
        async with asyncio.timeout_at(min(by, (deadline.when() or by) - 0.05)):
            while chunk := await response.content.read(sending.most - len(read)):
                read += chunk
    except (aiohttp.ClientError, OSError):
        pass
    return bytes(read)


def _new_place(location: str | None, sending: Sending) -> str:
    """Where a redirect leads, by its host alone: what follows may be as secret as our own path."""
    try:
        origin = sending.url.join(URL(location or "")).origin()
    except ValueError:
        return ""
    return f" (at {one_line(str(origin), sending.hidden)})" if origin != sending.url.origin() else ""


def _unanswered(error: Exception, sending: Sending) -> Answer:
    host = sending.url.host or ""
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
            said = f"no TLS connection to {host}, port {sending.url.port}"
        case aiohttp.ClientConnectorError(os_error=trouble):
            reason = os.strerror(trouble.errno) if trouble.errno else str(trouble)
            said = f"no connection to {host}, port {sending.url.port}: {reason}"
        case TimeoutError():
            said = f"no answer from {host} in {sending.within.total_seconds():g} seconds"
        case aiohttp.ServerDisconnectedError() | OSError():
            said = f"{host} closed the connection without an answer"
        case aiohttp.ClientResponseError():
            said = f"what {host} answered is not valid HTTP"
        case _:
            said = f"nothing could be sent to {host} ({type(error).__name__})"
    return Answer(kind, one_line(said, sending.hidden), answered=False)
