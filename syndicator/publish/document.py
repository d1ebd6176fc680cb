"""What a document must be before any format is written: consistent with itself, whatever its parts say."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicator.model import FeedDocument, FeedItem, Tombstone
from syndicator.publish.text import one_line

_log = logging.getLogger(__name__)


def each_once(name: str, items: Iterable[FeedItem]) -> tuple[FeedItem, ...]:
    """`items` of feed `name` with no id twice: the first stands, as a reader would have it."""
    seen: dict[str, FeedItem] = {}
    for item in items:
        if seen.setdefault(item.article.id, item) is not item:
            _log.warning("feed %s: %s came twice, the first stands", name, item.article.id)
    return tuple(seen.values())


def settled(document: FeedDocument) -> FeedDocument:
    """`document` with its tombstones and its date in agreement with its items, which are taken as they are.

    One tombstone an id, the newest, as RFC 6721 §3 has it. One whose entry is still there, rewritten to a notice,
    is dated a second before that entry: an entry updated after its tombstone stands, so readers that obey
    tombstones show the notice like all others. `updated` is not before anything inside.
    """
    entries = {item.article.id: max(item.article.updated, item.article.published) for item in document.items}
    newest: dict[str, Tombstone] = {}
    for tombstone in document.tombstones:
        if tombstone.when.tzinfo is None:
            _log.warning("feed %s: the tombstone of %s has no time zone, left out", document.name, tombstone.ref)
        elif tombstone.ref not in newest or newest[tombstone.ref].when < tombstone.when:
            newest[tombstone.ref] = tombstone
    tombstones = tuple(
        Tombstone(stone.ref, _before(stone.when, entries.get(stone.ref)), one_line(stone.comment))
        for stone in newest.values()
    )
    moments = [*entries.values(), *(stone.when for stone in tombstones)]
    if document.updated is not None:
        moments.append(document.updated)
    return replace(document, tombstones=tombstones, updated=max(moments, default=None))


def _before(when: datetime, entry: datetime | None) -> datetime:
    if entry is None:
        return when
    return min(when, entry.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=1))
