"""Who works at the desk, and what each may do: decided here, without I/O.

Four roles, each of which may do all that the one before it may. Passwords follow NIST SP 800-63B §3.1.1: length counts,
no rules on letters and signs, no expiry.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST_CHARACTERS = 12
# What is longer costs time to hash, and is no better.
MOST_BYTES = 1024
# Who did it, in the audit log, where nobody at the desk did: a command, of this account on the machine if an article's
# versions name it, or a program with the token of this name.
COMMAND = "a command"
# What readers do by the link in a mail, and what nobody does: a destination that refuses everything is given up.
MAIL_LINK = "the link in a mail"
SERVICE = "the service"
_NOBODY = frozenset({COMMAND, MAIL_LINK, SERVICE})
_ACCOUNT, _PROGRAM = "account ", "token "
# What people write when they are told to write something long.
_FEEBLE = ("password", "passwort", "qwertyuiop", "123456789", "letmein", "iloveyou", "newsroom", "syndicator")
# A link to choose a password by, and the mail it goes by, are read within days or not at all.
INVITATION = timedelta(days=3)


class Role(StrEnum):
    """What somebody may do at the desk; in the order of how much."""

    VIEWER = "viewer"
    EDITOR = "editor"
    CHIEF = "chief"
    ADMIN = "admin"

    def reaches(self, needed: "Role") -> bool:
        """Whether somebody of this role may do what wants the role `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Stay:
    """How long somebody stays signed in: without a sign of life, and at all."""

    idle: timedelta
    longest: timedelta

    def ends(self, began: datetime, seen: datetime) -> datetime:
        """The first moment at which a session is over, that `began` then and was last `seen` then."""
        return min(began + self.longest, seen + self.idle)


def program(token: str) -> str:
    """Who did what was done with a token, by the token's name, as the audit log has it."""
    return f"{_PROGRAM}{token}"


def account(name: str) -> str:
    """Who did what was done by a command, by the name of an account on the machine, as the audit log has it."""
    return f"{_ACCOUNT}{name}"


def is_persons(name: str) -> bool:
    """Whether a name is one for somebody at the desk: nobody is to pass for what no person is, in the audit log."""
    folded = name.casefold()
    return folded not in _NOBODY and not folded.startswith((_ACCOUNT, _PROGRAM))


def normal_password(text: str) -> str:
    """A password as it is hashed: the same for the same letters, however a keyboard composes them (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", text)


def feeble(password: str, *, name: str, site: str) -> str | None:
    """What is wrong with a new password, a sentence; None where it will do."""
    plain = normal_password(password)
    folded = plain.casefold()
    if len(plain) < LEAST_CHARACTERS:
        return f"A password has {LEAST_CHARACTERS} characters at least: a few words that only you would put together."
    if len(plain.encode()) > MOST_BYTES:
        return f"A password has {MOST_BYTES} bytes at most."
    if len(set(folded)) < LEAST_CHARACTERS // 3:
        return "That is the same few characters again and again."
    known = (*_FEEBLE, name.casefold(), "".join(site.casefold().split()))
    if any(word and len(folded.replace(word, "")) < LEAST_CHARACTERS // 2 for word in known):
        return "That is among the first that anybody would try."
    return None
