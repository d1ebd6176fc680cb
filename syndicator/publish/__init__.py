"""Feed documents in, files in `feeds/` out: RSS 2.0, Atom 1.0, JSON Feed 1.1, pages for people, OPML."""

from syndicator.publish.gone import FORMATS
from syndicator.publish.pages import stylesheet
from syndicator.publish.publisher import Publisher
from syndicator.publish.site import RESERVED_NAMES, FeedSummary, PublicSite
from syndicator.publish.xmlfeed import MEDIA_TYPES, PAGE_TYPE

__all__ = [
    "FORMATS",
    "MEDIA_TYPES",
    "PAGE_TYPE",
    "RESERVED_NAMES",
    "FeedSummary",
    "PublicSite",
    "Publisher",
    "stylesheet",
]
