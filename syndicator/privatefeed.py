"""Private feeds: what an alert found, for whoever has the feed's address. Rendered when asked for, by the renderer of
topic feeds; nothing is written to the feeds folder.
"""

from dataclasses import dataclass
from datetime import datetime

from syndicator.config import Settings
from syndicator.model import FeedDocument
from syndicator.publish import FORMATS, MEDIA_TYPES, PAGE_TYPE, Publisher
from syndicator.rendering import window_start
from syndicator.store import AlertRow, Store


@dataclass(frozen=True, slots=True)
class PrivateFeed:
    """A private feed in one format: its bytes and its media type."""

    body: bytes
    media_type: str


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
        return PrivateFeed(body, MEDIA_TYPES.get(extension, PAGE_TYPE))

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
