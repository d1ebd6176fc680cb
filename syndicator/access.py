"""What a token may do, and what one looks like: decided here, without I/O.

A token is `syn_`, 43 letters and digits of a random 256-bit number, and six of their CRC-32. By its beginning scanners
of repositories and logs know it for a secret, by its end we know a slip of the pen from a stranger's guess without
looking anything up. Letters and digits only, so that a double click selects all of it.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from zlib import crc32

from syndicator.people import Role

SECRET_BYTES = 32
_BEGINNING = "syn_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY = 43
_CHECK = 6
_TOKEN = re.compile(rf"{_BEGINNING}[0-9A-Za-z]{{{_BODY + _CHECK}}}")


class Scope(StrEnum):
    """What a token may do. To write a thing is to read it, too (see `may`)."""

    NEWS_READ = "news:read"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    DESTINATIONS_READ = "destinations:read"
    DESTINATIONS_WRITE = "destinations:write"
    DELIVERIES_READ = "deliveries:read"
    DELIVERIES_WRITE = "deliveries:write"


def may(scopes: Iterable[Scope], wanted: Scope) -> bool:
    """Whether a token with these scopes may do what `wanted` names."""
    noun, _, verb = wanted.partition(":")
    return any(scope is wanted or (verb == "read" and scope == f"{noun}:write") for scope in scopes)


# What opens nothing that an editor may not see at the desk as well: the API knows no owners, so a token that reads
# alerts reads everybody's.
_BY_EDITORS = frozenset({Scope.NEWS_READ, Scope.DESTINATIONS_READ})
_BY_CHIEFS = _BY_EDITORS | {Scope.ALERTS_READ, Scope.ALERTS_WRITE, Scope.DELIVERIES_READ, Scope.DELIVERIES_WRITE}


def may_give(role: Role) -> frozenset[Scope]:
    """The scopes that somebody of this role may give to a token of their own: what they may do themselves."""
    if role.reaches(Role.ADMIN):
        return frozenset(Scope)
    if role.reaches(Role.CHIEF):
        return _BY_CHIEFS
    return _BY_EDITORS if role.reaches(Role.EDITOR) else frozenset()


def writes(scope: Scope) -> bool:
    """Whether what it allows changes anything here."""
    return scope.endswith(":write")


def written(secret: bytes) -> str:
    """The token of a random number of SECRET_BYTES bytes."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a token holds {SECRET_BYTES} random bytes, not {len(secret)}")
    body = _in_digits(int.from_bytes(secret), _BODY)
    return f"{_BEGINNING}{body}{_check(body)}"


def is_written_right(token: str) -> bool:
    """Whether this could be a token of ours: the right length and letters, and an end that fits."""
    if not _TOKEN.fullmatch(token):
        return False
    body = token[len(_BEGINNING) : -_CHECK]
    return token.endswith(_check(body))


def fingerprint(secret: str) -> str:
    """What is kept in the place of a secret that we made up (a token, a session's, a link's): its SHA-256, in hex.

    A slow hash, as for passwords, would add nothing: 256 random bits can't be found by trying, at any speed.
    """
    return sha256(secret.encode()).hexdigest()


def _check(body: str) -> str:
    return _in_digits(crc32(body.encode()), _CHECK)


def _in_digits(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
