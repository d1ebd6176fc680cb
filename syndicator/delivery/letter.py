"""A message as a mail: headers for people, their filters and their robots; plain text and HTML with the same words.

The bytes follow from the message and the two addresses alone, so a retry is the same mail again.
"""

import hashlib
import re
from collections.abc import Iterator
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from syndicator.alerts.message import URGENT, Event, Message
from syndicator.alerts.wording import (
    body_lines,
    closing,
    item_wording,
    link,
    message_headline,
    one_line,
    opening,
    plain,
    subject,
)
from syndicator.delivery.mailbox import Mailbox, ascii_host
from syndicator.delivery.mime import alternative, field, phrase, unstructured

_TEMPLATES = Path(__file__).parent / "templates"
_NOT_ID = re.compile(r"[^A-Za-z0-9_]")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_URI = re.compile(r"https?://[!-;=?-~]{1,900}")
# Enough for any reader to find the thread; RFC 5322 §2.1.1 wants lines and so lists bounded.
_REFERENCES = 20
_NAME_CHARACTERS = 80


def letter(message: Message, sender: Mailbox, to: Mailbox) -> bytes:
    """The mail, ASCII with CRLF line ends, no line over 998 characters (RFC 5322 §2.1.1)."""
    boundary = "=_" + hashlib.sha256(message.id.encode("utf-8", "replace")).hexdigest()[:40]
    return alternative(
        list(_headers(message, sender, to)), [("plain", plain(message)), ("html", html(message))], boundary
    )


def html(message: Message) -> str:
    """The message as a page for mail clients: one column, its styles inline, no images, nothing fetched."""
    brief = message.event is Event.DIGEST
    page = _templates().get_template("mail.html")
    return page.render(
        subject=subject(message),
        opening=opening(message),
        heading=message_headline(message) if message.event is Event.MAINTENANCE else "",
        lines=body_lines(message),
        items=[item_wording(item, brief=brief) for item in message.items],
        closing=closing(message),
        unsubscribe=link(message.unsubscribe),
    )


def message_id(delivery: str, home: str) -> str:
    """`<delivery@host>` (RFC 5322 §3.6.4), host being that of `home`."""
    return f"<{_NOT_ID.sub('', delivery) or 'msg'}@{_host(home)}>"


def _headers(message: Message, sender: Mailbox, to: Mailbox) -> Iterator[str]:
    site = sender.name or one_line(message.site, _NAME_CHARACTERS)
    yield field("From", _address(Mailbox(sender.address, site)))
    yield field("To", _address(to))
    yield field("Subject", unstructured(subject(message)))
    yield field("Date", format_datetime(message.created))
    yield field("Message-ID", message_id(message.id, message.home))
    if message.follows:
        ids = [message_id(earlier, message.home) for earlier in message.follows]
        yield field("In-Reply-To", ids[0])
        yield field("References", " ".join(ids[:1] + ids[1:][-_REFERENCES:]))
    if message.alert_id:
        yield field("List-Id", _list_id(message, message.alert_id))
    stop = message.unsubscribe
    if stop and _URI.fullmatch(stop):
        yield field("List-Unsubscribe", f"<{stop}>")
        if stop.startswith("https:"):  # RFC 8058 §3.1 asks for it
            yield field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    # RFC 3834 §5, and Exchange's own word for the same. No `Precedence: bulk`: it is no standard, and filters
    # hold such mail back, a kill among it.
    yield field("Auto-Submitted", "auto-generated")
    yield field("X-Auto-Response-Suppress", "OOF, AutoReply")
    if message.event in URGENT:
        yield field("Importance", "high")
    yield field("X-Syndicator-Event", str(message.event))


def _address(mailbox: Mailbox) -> str:
    name = one_line(mailbox.name, _NAME_CHARACTERS)
    return f"{phrase(name)} <{mailbox.address}>" if name else mailbox.address


def _list_id(message: Message, alert_id: str) -> str:
    """RFC 2919: what a person's filter rule can hold on to, however the alert is renamed."""
    label = alert_id
    if not _LABEL.fullmatch(label):
        label = "alert-" + hashlib.sha256(label.encode("utf-8", "replace")).hexdigest()[:16]
    name = one_line(message.alert or "", _NAME_CHARACTERS)
    return (f"{phrase(name)} " if name else "") + f"<{label.lower()}.alerts.{_host(message.home)}>"


def _host(home: str) -> str:
    try:
        name = urlsplit(home).hostname or ""
    except ValueError:
        name = ""
    return ascii_host(name) or "syndicator.invalid"


@cache
def _templates() -> Environment:
    """The templates, compiled once a process."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
