"""What a mail server's reply means for a message: taken, worth another try, or refused for good.

A reply is final only where it speaks of this recipient's address or this message's content. What it says of us, of the
line, or of the server itself may be mended within the days that the outbox keeps trying: a wrong password
must not cost a newsroom its alerts. Codes: RFC 5321 §4.2.3, RFC 3463 (5.1.1 and the like), RFC 7372 for 5.7.20 on.
"""

import re
from enum import StrEnum

from syndicator.alerts.message import Verdict


class Step(StrEnum):
    """Where in its conversation with the server a delivery stands; the value completes "while …"."""

    CONNECT = "connecting"
    HELLO = "saying hello"
    TLS = "turning on encryption"
    LOGIN = "logging in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    CONTENT = "handing over the message"


_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")

_NO_SUCH_RECIPIENT = frozenset({501, 550, 551, 553, 556})
_SENDER_ADDRESS = frozenset({7, 8})  # 5.1.7 and 5.1.8 speak of the sender's address, 5.1.x else of the recipient's
_MAILBOX_FULL = 2  # 5.2.2
_TOO_LARGE = 552
_TOO_LARGE_FOR_SYSTEM = "3.4"  # 5.3.4
_UNAUTHENTICATED = range(20, 30)  # 5.7.20 on: SPF, DKIM and DMARC, which our domain's owner can mend


def verdict(step: Step, code: int, text: str) -> Verdict:
    """What a reply of `code` and `text` at `step` means. Never GONE: SMTP has no word for it that can be trusted."""
    if 200 <= code < 300:  # noqa: PLR2004 - the class of positive replies
        return Verdict.DELIVERED
    if not 500 <= code < 600:  # noqa: PLR2004 - the class of permanent replies
        return Verdict.TEMPORARY
    found = _ENHANCED.match(text)
    subject, detail = (int(found[1]), int(found[2])) if found else (None, None)
    final = False
    if step is Step.SENDER:
        # The size is declared there, so that a message too large costs no transfer (RFC 1870 §6.1).
        final = code == _TOO_LARGE or f"{subject}.{detail}" == _TOO_LARGE_FOR_SYSTEM
    elif step is Step.RECIPIENT:
        final = _recipient_refused(code, text, subject, detail)
    elif step is Step.CONTENT:
        final = not (subject == 4 or (subject == 7 and detail in _UNAUTHENTICATED) or _is_ours(code))  # noqa: PLR2004 - X.4: routing, quotas
    return Verdict.PERMANENT if final else Verdict.TEMPORARY


def _recipient_refused(code: int, text: str, subject: int | None, detail: int | None) -> bool:
    if subject is None:
        # Exim refuses to relay with a bare 550: our login is wrong then, not the address.
        return code in _NO_SUCH_RECIPIENT and "relay" not in text.lower()
    return (subject == 1 and detail not in _SENDER_ADDRESS) or (subject == 2 and detail != _MAILBOX_FULL)  # noqa: PLR2004 - X.2: the mailbox


def _is_ours(code: int) -> bool:
    """Codes for a command out of order or a login missing: nothing about the content."""
    return code in (500, 502, 503, 504, 530, 535)
