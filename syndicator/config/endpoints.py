"""How the far end of a delivery is written in config.toml: mail addresses, hosts, signing secrets, Apprise URLs.

Functions like those of `values.py`. Much of what comes through here is secret: no sentence repeats it.
"""

import re
from base64 import b64decode
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator

from syndicator.config.values import MAIL

_LONGEST_MAIL = 254  # RFC 5321 §4.5.3.1.3, without the angle brackets
_LONGEST_LOCAL_PART = 64  # §4.5.3.1.1
_SENDER = re.compile(r"\"?([^\"<>]*)\"?\s*<([^<>]*)>")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_LONGEST_HOST = 253
_LONGEST_CREDENTIAL = 1000
_LONGEST_APPRISE_URL = 8000  # keys of some services stand in theirs

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret of Standard Webhooks begins with
_SECRET_BYTES = range(24, 65)

_APPRISE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.+)")
# What Apprise takes for the beginning of a second URL: a separator and a scheme.
_ANOTHER_URL = re.compile(r"[\s,;]+[a-z0-9]+://", re.IGNORECASE)
# Apprise's services that act on the machine that runs it, and `file`, where it would read its set-up from.
ON_THIS_MACHINE = frozenset(
    {"blink1", "dbus", "file", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)


def mail_address(value: str) -> str:
    """One mail address, in ASCII, without a display name (RFC 5321 `Mailbox`, without quoted local parts)."""
    value = value.strip()
    local, _, domain = value.rpartition("@")
    if not value.isascii():
        raise ValueError("has characters outside ASCII: write the part behind the @ in its xn-- form")
    if (
        not MAIL.fullmatch(value)
        or len(value) > _LONGEST_MAIL
        or len(local) > _LONGEST_LOCAL_PART
        or not _HOST.fullmatch(domain)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
    ):
        raise ValueError(
            "is not one mail address: write it as desk@example.org; a second one is a destination of its own"
        )
    return value


def sender(value: str) -> str:
    """A mail address with or without a display name: "Newsroom alerts <alerts@example.org>"."""
    value = value.strip()
    name, address = sender_parts(value)
    if not value.isprintable():
        raise ValueError("has line breaks or control characters: write it on one line")
    if "<" in value and not _SENDER.fullmatch(value):
        raise ValueError("is not a sender: write alerts@example.org or Newsroom alerts <alerts@example.org>")
    address = mail_address(address)
    return f"{name} <{address}>" if name else address


def sender_parts(value: str) -> tuple[str, str]:
    """The display name ("" for none) and the address of a sender."""
    if match := _SENDER.fullmatch(value):
        return " ".join(match[1].split()), match[2].strip()
    return "", value


def host(value: str) -> str:
    """A host name or an IP address: no scheme, no port."""
    value = value.strip().removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(value))
    except ValueError:
        pass
    if len(value) > _LONGEST_HOST or not _HOST.fullmatch(value):
        raise ValueError("is not a host: write mail.example.org or an IP address, without smtp:// and without a port")
    return value


def is_loopback(name: str) -> bool:
    """Whether a host, as `host` leaves it, is this machine itself."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.rstrip(".").lower() == "localhost"


def credential(value: str) -> str:
    """A user name or a password, kept as it is written."""
    if not value.strip():
        raise ValueError("is empty: write it between the quotes")
    if not value.isprintable() or len(value) > _LONGEST_CREDENTIAL:
        raise ValueError(f"has line breaks or control characters, or more than {_LONGEST_CREDENTIAL} characters")
    return value


def webhook_secret(value: str) -> str:
    """A signing secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes."""
    value = value.strip()
    try:
        key = b64decode(value.removeprefix(_SECRET_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not value.startswith(_SECRET_PREFIX) or len(key) not in _SECRET_BYTES:
        raise ValueError(
            f"is not a signing secret: write {_SECRET_PREFIX} and behind it the base64 of {_SECRET_BYTES[0]} to "
            f"{_SECRET_BYTES[-1]} random bytes, such as `openssl rand -base64 32` prints"
        )
    return value


def apprise_url(value: str) -> str:
    """One Apprise URL, of a service that is reached over the network; secret, since tokens stand in it."""
    value = value.strip()
    if not (match := _APPRISE.fullmatch(value)):
        raise ValueError("is not an Apprise URL: write it as scheme://…, such as slack://TokenA/TokenB/TokenC")
    scheme = match[1]
    if scheme.lower() in {"http", "https"}:
        raise ValueError(
            'is a plain web address, not an Apprise URL: use kind = "webhook", or json:// (jsons:// for https) to have '
            "Apprise post to it"
        )
    if scheme != scheme.lower():
        raise ValueError("has capitals in front of its ://: write them small")
    if scheme in ON_THIS_MACHINE:
        raise ValueError("acts on the machine that runs Syndicator: name a service that is reached over the network")
    if len(value) > _LONGEST_APPRISE_URL or not value.isprintable() or _ANOTHER_URL.search(value):
        raise ValueError(
            f"is not one Apprise URL: no line breaks, at most {_LONGEST_APPRISE_URL} characters, one URL a destination"
        )
    return value


MailAddress = Annotated[str, AfterValidator(mail_address)]
Sender = Annotated[str, AfterValidator(sender)]
Host = Annotated[str, AfterValidator(host)]
Credential = Annotated[str, AfterValidator(credential)]
WebhookSecret = Annotated[str, AfterValidator(webhook_secret)]
