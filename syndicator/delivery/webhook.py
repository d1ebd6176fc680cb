"""Webhooks: a signed POST for each message (Standard Webhooks 1.0), told to the outside in docs/webhooks.md."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp

from syndicator.alerts.message import Answer, Message
from syndicator.config import web_address, webhook_secret
from syndicator.delivery.http import Sending, as_written, exchange, guarded_session, secret_parts
from syndicator.delivery.payload import payload
from syndicator.delivery.signing import signature_headers

TIMEOUT = timedelta(seconds=15)
"""The time an attempt may take in all: name, connection, TLS, request and answer."""

webhook_session = guarded_session


def _clock() -> datetime:
    return datetime.now(UTC)


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
        self._url = as_written(web_address(url))
        self._secrets = tuple(webhook_secret(secret) for secret in secrets)
        self._timeout = timeout
        self._now = now
        bare = (secret.removeprefix("whsec_") for secret in self._secrets)
        self._hidden = secret_parts(url, [*self._secrets, *bare])

    async def send(self, message: Message) -> Answer:
        """POST `message` once and tell what came back. Redirects are answers, not ways."""
        body, now = payload(message), self._now()
        sending = Sending(
            self._url,
            self._timeout,
            body,
            {"Content-Type": "application/json", **signature_headers(message.id, body, self._secrets, now)},
            self._hidden,
            advice="; put the new address into the destination",
        )
        return (await exchange(self._session, sending, now)).answer

    async def close(self) -> None:
        """Nothing to give back: the session belongs to whoever made it."""
