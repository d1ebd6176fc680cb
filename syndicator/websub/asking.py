"""What a subscriber asks of a hub (W3C WebSub §5.1): read, and bounded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from syndicator.config import web_address

# How long a subscription stands, where the subscriber does not say, and the bounds of what it may say.
LEASE = timedelta(days=10)
SHORTEST_LEASE = timedelta(hours=1)
LONGEST_LEASE = timedelta(days=30)

# §5.1: "less than 200 bytes in length".
SECRET_BYTES = 199
_TOPIC_CHARACTERS = 2048
_DIGITS = re.compile(r"[0-9]{1,20}")
# What RFC 3986 §2 lets stand in a URL, and "|", which is often left as it is.
_SENDABLE = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|]+")


class Mode(StrEnum):
    """What is wanted. `publish` is what publishers say; a hub tells `denied` to subscribers."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    PUBLISH = "publish"
    DENIED = "denied"


class AskingError(ValueError):
    """A request that can't be understood or granted. Its text is the sentence for whoever asked: what to do instead."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to subscribe or to unsubscribe, in order but not yet verified. `lease` is within our bounds.

    `secret` signs what is sent, None for unsigned.
    """

    mode: Mode
    topic: str
    callback: str
    lease: timedelta = LEASE
    secret: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """The callback's host, in small letters: whoever asks too much is one host, whatever the ports and paths."""
        return host_of(self.callback)


@dataclass(frozen=True, slots=True)
class Announced:
    """A publisher's word that `topic` has changed."""

    topic: str


def read_asked(fields: Mapping[str, str]) -> Asked | Announced:
    """Read a hub's form, by the first value of each name; what is not known is ignored (§5.1). Raises AskingError."""
    said = fields.get("hub.mode", "").strip().lower()
    match said:
        case Mode.SUBSCRIBE | Mode.UNSUBSCRIBE:
            mode = Mode(said)
        case Mode.PUBLISH:
            topic = fields.get("hub.url") or fields.get("hub.topic") or ""
            return Announced(_topic("hub.url", topic))
        case "":
            raise AskingError("hub.mode is missing: send subscribe or unsubscribe, in an URL-encoded form.")
        case _:
            raise AskingError("hub.mode is not one that this hub knows: send subscribe or unsubscribe.")
    topic, callback = _topic("hub.topic", fields.get("hub.topic", "")), _callback(fields.get("hub.callback", ""))
    if mode is Mode.UNSUBSCRIBE:
        return Asked(mode, topic, callback)
    return Asked(mode, topic, callback, _lease(fields.get("hub.lease_seconds", "")), _secret(fields))


def host_of(url: str) -> str:
    """The host of a web address, in small letters, without its port."""
    return urlsplit(url).hostname or ""


def _topic(name: str, value: str) -> str:
    value = value.strip()
    if not value:
        raise AskingError(f"{name} is missing: send the feed's own address, its rel=self link.")
    if len(value) > _TOPIC_CHARACTERS:
        raise AskingError(f"{name} is longer than {_TOPIC_CHARACTERS} characters: send the feed's rel=self link.")
    return value


def _callback(value: str) -> str:
    value = value.strip()
    if not value:
        raise AskingError("hub.callback is missing: send the address that the feed is to be posted to.")
    try:
        web_address(value)
    except ValueError as error:
        raise AskingError(f"hub.callback {error}.") from None
    # Nothing else of it may change: what stands in its query is how a subscriber knows its own (§5.1).
    callback = value.partition("#")[0]
    if not _SENDABLE.fullmatch(callback):
        raise AskingError(
            "hub.callback has characters that no URL has (RFC 3986): write the host in its xn-- form and the rest"
            " %-encoded."
        )
    return callback


def _lease(value: str) -> timedelta:
    value = value.strip()
    if not value:
        return LEASE
    if not _DIGITS.fullmatch(value):
        raise AskingError("hub.lease_seconds is not a number of seconds: write digits only, or leave it out.")
    # PubSubHubbub 0.3, which old subscribers still speak, wrote 0 for "as long as you like".
    wanted = min(int(value), int(LONGEST_LEASE.total_seconds())) or int(LEASE.total_seconds())
    return max(timedelta(seconds=wanted), SHORTEST_LEASE)


def _secret(fields: Mapping[str, str]) -> str | None:
    secret = fields.get("hub.secret", "")
    if len(secret.encode()) > SECRET_BYTES:
        raise AskingError(f"hub.secret is too long: it may have {SECRET_BYTES} bytes.")
    return secret or None
