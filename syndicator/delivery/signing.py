"""Secrets of webhooks, and the headers that prove with them who sent a message (Standard Webhooks 1.0)."""

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

_PREFIX = "whsec_"


def new_secret() -> str:
    """A new random secret, ready for config: `whsec_` and 32 bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signature_headers(id_: str, body: bytes, secrets: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers that sign `body` as sent at `at`: one signature for each secret, so that secrets can rotate."""
    moment = at.astimezone(UTC)  # the library takes the clock's face for UTC, whatever the zone
    content = body.decode("utf-8")
    signatures = [Webhook(secret).sign(id_, moment, content) for secret in secrets]
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
