"""What a small form says. Mail services send RFC 8058's as multipart/form-data, browsers as URL-encoded text."""

import re
from urllib.parse import parse_qsl

_FIELDS = 20
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'^content-disposition:\s*form-data;.{0,200}?\bname="([^"]*)"', re.IGNORECASE | re.MULTILINE)


def form_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a form of a few KB, the first of each name; empty where it is no form or can't be read."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
        elif kind == "multipart/form-data":
            pairs = _parts(body, content_type)
        else:
            pairs = []
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _parts(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The named parts of multipart/form-data (RFC 7578 §4, RFC 2046 §5.1.1). Raises ValueError where one is no text."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return []
    parts = (b"\r\n" + body).split(b"\r\n--" + (boundary[1] or boundary[2]).encode())
    found = []
    for part in parts[1 : _FIELDS + 1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is not None:
            found.append((name[1].decode(), value.decode()))
    return found
