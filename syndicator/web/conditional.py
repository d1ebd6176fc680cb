"""Conditional requests (RFC 9110 §13): answers that cost nothing while a reader has the newest bytes."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from syndicator.httptimes import parsed_date

_TAG = re.compile(r'"([^"]*)"')
# What servers in front of us append to an entity tag when they compress the body, and readers send back.
_COMPRESSED = re.compile(r"(?:--?|;)(?:gzip|br|zstd|deflate)$")
# A reader keeps one tag for an address, a cache a few. What stands behind these is not looked at.
_LIST_CHARACTERS = 4096
# Readers of one feed send the same few dates.
_date = lru_cache(maxsize=256)(parsed_date)


def entity_tag(body: bytes) -> str:
    """A strong entity tag: equal for equal bytes alone (RFC 9110 §8.8.3)."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def is_current(tags: Sequence[str], since: Sequence[str], tag: str, modified: datetime | None) -> bool:
    """Whether a GET or HEAD should be answered 304: the asker has what `tag` and `modified` name.

    `tags` and `since` are the values of the request's If-None-Match and If-Modified-Since fields. If-None-Match
    decides alone where it is sent; its tags are compared weakly, whatever coding they name. A date that can't be read
    is as good as none (RFC 9110 §13.1.2, §13.1.3, §13.2.2).
    """
    if tags:
        if tags[0] == tag:
            return True
        known = ",".join(tags)[:_LIST_CHARACTERS]
        ours = tag.strip('"')
        return known.strip() == "*" or any(_COMPRESSED.sub("", each) == ours for each in _TAG.findall(known))
    if len(since) != 1 or modified is None:
        return False
    date = _date(since[0])
    return date is not None and modified.replace(microsecond=0) <= date


def named(tags: Sequence[str], ours: Sequence[str]) -> str | None:
    """The first of `ours` that If-None-Match names as we wrote it; None where it names none of them."""
    if not tags:
        return None
    known = {f'"{each}"' for each in _TAG.findall(",".join(tags)[:_LIST_CHARACTERS])}
    return next((tag for tag in ours if tag in known), None)


def told(modified: datetime | None, now: datetime) -> datetime | None:
    """The Last-Modified that may be told: one ahead of our clock is not, and matches nothing (RFC 9110 §8.8.2.1)."""
    return modified if modified is not None and modified <= now else None
