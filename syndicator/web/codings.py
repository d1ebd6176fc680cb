"""Content codings: which one a reader gets, and the bytes in it (RFC 9110 §8.4, §12.5.3; RFC 7932, RFC 8878)."""

import gzip
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import brotli  # type: ignore[import-untyped]  # it brings no types
import zstandard

# What is smaller than this grows by being packed, or saves nothing that counts: a packet is 1,400 bytes.
LEAST_BYTES = 200
# Real fields have some sixty characters; nobody gets a better answer by writing a longer one.
_FIELD_CHARACTERS = 512
# From here on another step costs several times the time and saves one byte in a hundred (on real feeds).
_BROTLI_QUALITY = 6
_GZIP_LEVEL = 9
_ZSTD_LEVEL = 12


class Coding(StrEnum):
    """How a body is packed, by its registered name; the order is ours, where a reader likes several equally well."""

    BROTLI = "br"
    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


_PACKED = (Coding.BROTLI, Coding.ZSTD, Coding.GZIP)
_QUALITY = re.compile(r"\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE | re.ASCII)
_ALIASES = {"x-gzip": "gzip"}


def chosen(fields: Sequence[str], size: int) -> Coding:
    """The coding for a body of `size` bytes, by the Accept-Encoding fields of a request (RFC 9110 §12.5.3).

    Without a field, and where it rules out everything we have, the bytes as they are: a feed that comes unasked is of
    more use than a refusal. What can't be read in a field counts as not said.
    """
    if size < LEAST_BYTES or not fields:
        return Coding.IDENTITY
    return _preferred(",".join(fields)[:_FIELD_CHARACTERS])


@lru_cache(maxsize=256)
def _preferred(field: str) -> Coding:
    weights: dict[str, float] = {}
    for part in field.split(","):
        name, _, parameters = part.partition(";")
        name = name.strip().lower()
        weights.setdefault(_ALIASES.get(name, name), _weight(parameters))
    anything = weights.get("*", 0.0)
    # What is not named is not acceptable, but for the identity: that is the last resort, unless it is named.
    wanted = {coding: weights.get(coding, anything) for coding in _PACKED}
    best = max(_PACKED, key=lambda coding: wanted[coding])
    return best if wanted[best] > 0 and wanted[best] >= weights.get(Coding.IDENTITY, 0.0) else Coding.IDENTITY


def _weight(parameters: str) -> float:
    """A quality value from 0 to 1; 1 where there is none, 0 where it can't be read."""
    if not parameters.strip():
        return 1.0
    quality = _QUALITY.fullmatch(parameters)
    return float(quality[1]) if quality else 0.0


def packed(body: bytes, coding: Coding) -> bytes:
    """`body` in this coding: the same bytes for the same body, whenever and wherever it is packed."""
    match coding:
        case Coding.BROTLI:
            return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY))
        case Coding.ZSTD:
            return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_content_size=True).compress(body)
        case Coding.GZIP:
            # Without the time of packing, which would be in the bytes.
            return gzip.compress(body, _GZIP_LEVEL, mtime=0)
        case Coding.IDENTITY:
            return body
