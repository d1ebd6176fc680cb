"""Mail addresses: read once, strictly, so that nothing in them can reach into a header or an SMTP command."""

import re
from dataclasses import dataclass

# RFC 5322 §3.2.3 dot-atom; RFC 5321 §4.5.3.1 bounds its length.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
# Python's IDNA is the old one (RFC 3490), which maps these to others: mail for straße.de would go to strasse.de.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address, its domain in ASCII, and the name before it ("" for none)."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """`desk@site.example` or `The Desk <desk@site.example>`; international domains become ASCII.

        Raises ValueError, with a line for people, for everything else: lists, comments, quoted local parts (RFC 5321
        §4.1.2 advises against them), and local parts outside ASCII, which need SMTPUTF8 all the way.
        """
        named = _NAMED.fullmatch(text.strip())
        name, address = (named["name"], named["address"].strip()) if named else ("", text.strip())
        if not text.strip().isprintable():
            raise ValueError("a mail address has no hidden characters")
        local, at, domain = address.rpartition("@")
        if not at:
            raise ValueError(f"{address[:80]!r} is no mail address: it has no @")
        if not local.isascii():
            raise ValueError("the part of a mail address before the @ must be ASCII")
        if not _LOCAL.fullmatch(local) or len(local) > 64:  # noqa: PLR2004 - RFC 5321 §4.5.3.1.1
            raise ValueError(f"{address[:80]!r} is no mail address: something is wrong before the @")
        host = ascii_host(domain)
        if host is None:
            raise ValueError(f"{address[:80]!r} is no mail address: something is wrong behind the @")
        return cls(f"{local}@{host}", name.strip().strip('"').replace("\\", "").strip())


def ascii_host(name: str) -> str | None:
    """A host's name in ASCII and lower case (RFC 5891 A-labels), or None where it can't be one."""
    if not name.isascii():
        if _DEVIATIONS & set(name):
            return None
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return name.lower() if len(name) <= 253 and _HOST.fullmatch(name) else None  # noqa: PLR2004 - RFC 1035 §2.3.4
