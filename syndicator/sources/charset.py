"""Bytes to text, whatever a document says of its encoding, and whatever its server says.

Order: a byte order mark; what is valid UTF-8 (text in another encoding hardly ever is, so this also mends
feeds that declare ISO-8859-1 and send UTF-8); the document's own declaration; the server's; windows-1252,
which every byte fits. Nothing raises: a byte that can't be read is one replaced character.
"""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# XML 1.0 appendix F: "<?" or "<" and a zero byte betray an encoding of two or four bytes without a mark.
_WIDE = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARED_HTML = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Seven-bit encodings: their text is valid UTF-8 and means something else.
_SEVEN_BIT = ("iso2022", "hz")
# What the web means by these names (WHATWG Encoding §4.2), as Python's codecs take them literally.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
# Python's codecs that are no document encodings; some take quadratic time, or run escapes.
_NO_CHARSET = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7", "mbcs", "oem"}


def decode(body: bytes, content_type: str | None) -> tuple[str, str | None]:
    """The text of `body`, and a line for people when what it declares is not what it is."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), None
    for start, name in _WIDE:
        if body.startswith(start):
            return body.decode(name, "replace"), None
    inside = _DECLARED.search(body[:1024]) or _DECLARED_HTML.search(body[:1024])
    outside = _CHARSET.search(content_type or "")
    declared = _codec(inside[1].decode("ascii")) if inside else None
    served = _codec(outside[1]) if outside else None
    if declared and declared.startswith(_SEVEN_BIT):
        return body.decode(declared, "replace"), None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(body, [name for name in (declared, served) if name and name != "utf-8"])
    wrong = declared if declared not in {None, "utf-8"} and not body.isascii() else None
    return text, f"declares the encoding {wrong} but is UTF-8" if wrong else None


def _not_utf8(body: bytes, candidates: list[str]) -> tuple[str, str | None]:
    for name in candidates:
        try:
            return body.decode(name), None
        except UnicodeDecodeError:
            continue
    if candidates:
        return body.decode(candidates[0], "replace"), f"holds bytes that are not {candidates[0]}"
    return body.decode("utf-8", _WINDOWS_BYTES), "holds bytes that are not UTF-8; they were read as windows-1252"


def _codec(label: str) -> str | None:
    """Python's name of the codec that a label means on the web, or None for one that is none."""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    if name in _NO_CHARSET or not getattr(codecs.lookup(label), "_is_text_encoding", True):
        return None
    return _MEANT.get(name, name)


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: UTF-8 with windows-1252 pasted in is common; its quotes and dashes are worth keeping."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if _SURROGATE.match(error.object, error.start):
        return "", error.start + 3
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


# A lone surrogate written as if it were a character: nothing can be shown for it.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_WINDOWS_BYTES = "syndicator-windows-1252"
codecs.register_error(_WINDOWS_BYTES, _as_windows_1252)
