"""Feed documents in, files in `feeds/` out: RSS 2.0, Atom 1.0, JSON Feed 1.1, pages for people, OPML."""

from syndicator.publish.publisher import Publisher
from syndicator.publish.site import RESERVED_NAMES, FeedSummary, PublicSite

__all__ = ["RESERVED_NAMES", "FeedSummary", "PublicSite", "Publisher"]
