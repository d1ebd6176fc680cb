"""Verification of intent (W3C WebSub §5.3), and denial (§5.2): what a hub asks a callback, and how it is answered."""

import hmac
import secrets
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from syndicator.websub.asking import Mode


def new_challenge() -> str:
    """A random string that only whoever reads at the callback can repeat."""
    return secrets.token_urlsafe(32)


def verification_url(callback: str, mode: Mode, topic: str, challenge: str, lease: timedelta) -> str:
    """Where to ask whether the callback's owner meant it. `hub.lease_seconds` is told of subscriptions alone."""
    terms = {"hub.mode": mode.value, "hub.topic": topic, "hub.challenge": challenge}
    if mode is Mode.SUBSCRIBE:
        terms["hub.lease_seconds"] = str(int(lease.total_seconds()))
    return with_query(callback, terms)


def denial_url(callback: str, topic: str, reason: str) -> str:
    """Where to tell that there is no such subscription, or none any more."""
    return with_query(callback, {"hub.mode": Mode.DENIED.value, "hub.topic": topic, "hub.reason": reason})


def is_confirmed(status: int, body: bytes, challenge: str) -> bool:
    """Whether the callback repeated the challenge: any 2xx with exactly these bytes. All else is a no."""
    taken = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return hmac.compare_digest(body, challenge.encode()) and taken


def with_query(callback: str, terms: dict[str, str]) -> str:
    """`terms` behind what stands in the callback's query, of which no byte changes and no name is replaced (§5.1)."""
    between = "" if callback.endswith(("?", "&")) else "&" if "?" in callback else "?"
    return f"{callback}{between}{urlencode(terms)}"
