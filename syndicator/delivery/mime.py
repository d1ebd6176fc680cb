"""The form of a mail (RFC 5322, MIME), written by hand so that one message gives the same bytes for ever.

The standard library's generator changes its folding between patch releases, raises on some characters, and writes
long URLs of `List-Unsubscribe` as encoded words, which no receiver follows. What is here is small: the
header forms that we send, and text parts in 7 bits with lines of at most 76 characters.
"""

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterable, Sequence
from textwrap import wrap

CRLF = "\r\n"

_WORD_BYTES = 45  # as base64 with its frame 72 characters: RFC 2047 §2 allows 75
_UNENCODED = re.compile(r"[ -~]*")
_LINE = 76


def field(name: str, value: str) -> str:
    """A header field from a value already in its final form, folded at spaces where it is long (RFC 5322 §2.2.3).

    Raises ValueError where that form could begin another field: the last guard, for no caller makes such a value.
    """
    if not _UNENCODED.fullmatch(value.replace("\r\n ", " ")):
        raise ValueError(f"the value of {name} is not one header field")
    if CRLF in value or len(name) + 2 + len(value) <= _LINE:
        return f"{name}: {value}{CRLF}"
    # The field's name counts for the first line; a URL or id longer than a line stays whole.
    lines = wrap(f"{name}: {value}", _LINE, break_long_words=False, break_on_hyphens=False)
    if lines[0] == f"{name}:":
        lines[:2] = [" ".join(lines[:2])]
    return f"{CRLF} ".join(lines) + CRLF


def unstructured(text: str) -> str:
    """Text for a header such as Subject: as it is where it is ASCII, else as encoded words (RFC 2047)."""
    return text if _UNENCODED.fullmatch(text) and "=?" not in text else _encoded(text)


def phrase(text: str) -> str:
    """A display name: a quoted string (RFC 5322 §3.2.4), or encoded words."""
    if _UNENCODED.fullmatch(text) and "=?" not in text:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return _encoded(text)


def alternative(headers: Sequence[str], parts: Iterable[tuple[str, str]], boundary: str) -> bytes:
    """A multipart/alternative message (RFC 2046 §5.1.4): finished `headers`, then parts as (subtype of text, text).

    `boundary` must begin with "=_", which neither of the two encodings ever writes (RFC 2045 §6.7).
    """
    written = [
        *headers,
        field("MIME-Version", "1.0"),
        f'Content-Type: multipart/alternative;{CRLF} boundary="{boundary}"{CRLF}',
        CRLF,
    ]
    for subtype, text in parts:
        encoding, encoded = _text(text)
        written += [
            f"--{boundary}{CRLF}",
            field("Content-Type", f"text/{subtype}; charset=utf-8"),
            field("Content-Transfer-Encoding", encoding),
            CRLF,
            encoded,
            CRLF,
        ]
    written.append(f"--{boundary}--{CRLF}")
    return "".join(written).encode("ascii")


def _encoded(text: str) -> str:
    """Encoded words on lines of their own, each of whole characters (RFC 2047 §5)."""
    words: list[bytes] = [b""]
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(words[-1]) + len(octets) > _WORD_BYTES:
            words.append(b"")
        words[-1] += octets
    return f"{CRLF} ".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


def _text(text: str) -> tuple[str, str]:
    """The shorter of the two encodings and `text` in it, its lines ended by CRLF."""
    octets = re.sub("\r\n?|\n", CRLF, text).encode("utf-8", "replace")
    quoted = b2a_qp(octets, istext=True)
    plain = encodebytes(octets).replace(b"\n", b"\r\n")
    if len(quoted) <= len(plain):
        return "quoted-printable", quoted.decode("ascii")
    return "base64", plain.decode("ascii")
