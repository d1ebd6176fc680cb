"""Searches as feeds: any query, the newest articles that match it, and what was taken back.

An article that is withdrawn leaves every search: which queries its words matched is nobody's business any more. So a
search feed bears the tombstones of all articles that were taken back lately, whatever it asks: a reader that knows
them drops what it should, and nothing is told of the words.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from syndicator.config import Settings
from syndicator.model import FeedDocument, FeedItem, Reason
from syndicator.query import MAX_BYTES, Query, parse
from syndicator.rendering import window_start
from syndicator.store import ALL, Store

# What a search shows: the newest so many.
MOST = 50
_TOMBSTONES = 100
_TITLE = 120


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a search found, and which of its words matched."""

    item: FeedItem
    reasons: tuple[Reason, ...]


def read_query(text: str, settings: Settings) -> Query:
    """A search as somebody wrote it. Raises QueryError."""
    return parse(text, topics=[topic.name for topic in settings.topics])


def spelling(query: Query) -> str:
    """The one spelling that stands for all that mean the same tree; as written, should that be too long to be asked."""
    canonical = str(query)
    return canonical if len(canonical.encode()) <= MAX_BYTES else query.text


def address(settings: Settings) -> str:
    """Where searches are: their page, and with "." and a format behind it their feeds. What they ask stands behind."""
    return f"{settings.site.url}/search"


def asked(query: Query) -> str:
    """What stands behind the "?" in a search's own address."""
    return f"q={quote(spelling(query), safe='')}"


def find(store: Store, query: Query) -> tuple[Found, ...]:
    """What a search finds, newest first: each held against the query, none that is held back or withdrawn."""
    reasons = {hit.article.id: hit.reasons for hit in store.search.find(query, limit=MOST)}
    return tuple(Found(item, reasons[item.article.id]) for item in store.feeds.items(reasons))


def search_document(store: Store, settings: Settings, query: Query, now: datetime) -> FeedDocument:
    """A search as a feed."""
    words, site = spelling(query), settings.site
    since = window_start(now, settings.feeds.window)
    return FeedDocument(
        # No topic can be called so: a topic's name has no full stop.
        name=f"search.{sha256(words.encode()).hexdigest()[:32]}",
        title=f"Search: {words if len(words) <= _TITLE else words[: _TITLE - 1] + '…'}",
        description=f"The newest articles of {site.title} that match {words}",
        language=site.language,
        items=tuple(found.item for found in find(store, query)),
        tombstones=tuple(store.feeds.tombstones(ALL, since)[:_TOMBSTONES]),
    )
