"""Signatures of distributed content: `X-Hub-Signature: method=hex` (W3C WebSub §7.1, §8), made and checked."""

import hmac
import re

# In the order of what §8 asks for: sha1 is what old hubs send, and is to be read, not to be written.
METHODS = ("sha1", "sha256", "sha384", "sha512")
METHOD = "sha256"
# A signature as it stands in the header: the longest, sha512's, has 7 + 128 characters.
_SIGNATURE = re.compile(r"\s*([A-Za-z0-9]{1,10})=([0-9A-Fa-f]{1,128})\s*")


def signature(body: bytes, secret: str, method: str = METHOD) -> str:
    """The value of `X-Hub-Signature` for `body`: HMAC (RFC 2104) keyed with the UTF-8 of `secret`, in lower-case hex.

    Raises ValueError for a method that is not one of METHODS.
    """
    if method not in METHODS:
        raise ValueError(f"{method}: signatures are made with one of {', '.join(METHODS)}")
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def is_signed(body: bytes, secret: str, said: str | None) -> bool:
    """Whether `said`, the header as it came, is a signature of exactly this body by who knows the secret.

    Any of METHODS will do; none, one that can't be read or one of another method is no signature. The comparison takes
    as long for a near miss as for any other (§8 leaves that to us).
    """
    match = _SIGNATURE.fullmatch(said) if said is not None else None
    if match is None or match[1].lower() not in METHODS:
        return False
    return hmac.compare_digest(signature(body, secret, match[1].lower()), f"{match[1].lower()}={match[2].lower()}")
