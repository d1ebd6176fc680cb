"""The query of a page's address (RFC 3986 §3.4): what makes no sense there reads as nothing."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

# Zero-width (non-)joiners, which Persian and Hindi need; soft hyphen; no-break spaces, wide and narrow.
_IN_WORDS = "\u200c\u200d\u00ad\u00a0\u202f"


def words_of(request: Request, name: str, longest: int) -> str:
    """The words that a parameter says, without control characters or blanks around, at most so many characters.

    They may be a headline, letter by letter: what joins letters and keeps words together stays.
    """
    said = request.query_params.get(name, "")
    return "".join(sign for sign in said if sign.isprintable() or sign in _IN_WORDS)[:longest].strip()


def number_in(text: str, digits: int) -> int | None:
    """The whole number that a text says in at most so many ASCII digits; None where it says none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def query_of(given: Mapping[str, str | None]) -> str:
    """The query that says what is given, with its question mark; "" where that is nothing."""
    said = urlencode({name: value for name, value in given.items() if value})
    return f"?{said}" if said else ""
