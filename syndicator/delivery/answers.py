"""What an HTTP status means for a delivery, and how the other side's words are made fit to be shown."""

import re
from collections.abc import Iterable
from datetime import timedelta
from http import HTTPStatus

from syndicator.alerts.message import Verdict

LONGEST_WAIT = timedelta(days=1)
"""No receiver puts a message off for longer at a time, by malice or by a slipped digit."""

_LINE_CHARACTERS = 300
# Shorter than this is no secret, and hiding it would garble honest words.
_SECRET_CHARACTERS = 4
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
# What a terminal obeys (ECMA-48 §5.4, §5.6): CSI sequences, and OSC and other strings up to their end.
_TERMINAL_CODES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*")


def verdict(status: int) -> Verdict:
    """What to do after an answer of this status: 2xx is taken, 408, 425, 429 and 5xx are tried again, 410 is gone.

    Every other status is final: asking again would bring the same.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict.DELIVERED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_AGAIN:
        return Verdict.TEMPORARY
    return Verdict.GONE if status == HTTPStatus.GONE else Verdict.PERMANENT


def status_line(status: int) -> str:
    """`HTTP 503 Service Unavailable`: the standard's phrase, since the server's own could be anything."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` on one printable line of at most 300 characters, with every one of `secrets` hidden."""
    # First what is not printable goes: inside a secret, it would hide the secret from us, not from a reader.
    shown = "".join(each for each in _TERMINAL_CODES.sub(" ", text) if each.isprintable() or each.isspace())
    shown = " ".join(hidden(shown, secrets).split())
    return shown if len(shown) <= _LINE_CHARACTERS else shown[: _LINE_CHARACTERS - 1] + "…"


def hidden(text: str, secrets: Iterable[str]) -> str:
    """`text` with "…" in the place of each secret, the longest first; what is shorter than 4 characters stays."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SECRET_CHARACTERS:
            text = text.replace(secret, "…")
    return text
