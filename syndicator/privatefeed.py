"""Private feeds: what an alert found, for whoever has the feed's address. Rendered when asked for, by the renderer of
topic feeds; nothing is written to the feeds folder.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicator.config import Settings
from syndicator.model import FeedDocument
from syndicator.publish import FORMATS, MEDIA_TYPES, PAGE_TYPE, Publisher
from syndicator.rendering import window_start
from syndicator.store import AlertRow, Store

# A look at a source carries the time at which it began, so what it brings may be dated so long before it is stored,
# on top of the time that fetching may take: for parsing, and for a database that was busy.
_STORING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PrivateFeed:
    """A private feed in one format: its bytes, its media type, and a time after which it has not changed."""

    body: bytes
    media_type: str
    modified: datetime


def private_address(settings: Settings, token: str) -> str:
    """Where the private feed of this token is, without the "." and the format (one of FORMATS) at its end."""
    return f"{settings.site.url}/alerts/{token}"


class PrivateFeeds:
    """The private feeds of all alerts, whether the alert is on, off or muted."""

    def __init__(self, store: Store, settings: Settings, publisher: Publisher) -> None:
        self._store = store
        self._settings = settings
        self._publisher = publisher

    def read(self, token: str, extension: str, now: datetime) -> PrivateFeed | None:
        """The feed that `token` opens; None where it opens none, or there is no such format. Raises PublishError."""
        row = self._store.alerts.with_token(token)
        if row is None or extension not in FORMATS:
            return None
        document = self._document(row, now)
        body = self._publisher.render(document, extension, at=private_address(self._settings, token))
        return PrivateFeed(body, MEDIA_TYPES.get(extension, PAGE_TYPE), self._modified(row, document))

    def _document(self, row: AlertRow, now: datetime) -> FeedDocument:
        limits, site, feeds = self._settings.feeds, self._settings.site, self._store.feeds
        since = window_start(now, limits.window)
        return FeedDocument(
            # No topic can be called so: a topic's name has no full stop.
            name=f"alert.{row.id}",
            title=f"Alert: {row.name}",
            description=f"What the alert {row.name} of {site.title} has found. Whoever has this address can read it.",
            language=site.language,
            items=tuple(feeds.alert_window(row.id, since, minimum=limits.min_items, maximum=limits.max_items)),
            tombstones=tuple(feeds.alert_tombstones(row.id, since)),
        )

    def _modified(self, row: AlertRow, document: FeedDocument) -> datetime:
        """The last moment at which what the feed shows can have come into the store (RFC 9110 §8.8.2).

        A later one than the newest date in it: articles are dated when the look at their source began, so a slow one
        comes in behind a quick one with an older date. With the newest date itself, a reader that sends nothing
        but If-Modified-Since would be told that nothing changed, and miss the slow one for good.
        """
        moments = [item.article.updated for item in document.items]
        moments += [stone.when for stone in document.tombstones]
        fired = self._store.hits.last(row.id)
        newest = max([*moments, fired or row.created, row.created])
        return newest + self._settings.network.timeout + _STORING
