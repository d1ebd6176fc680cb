"""Feed documents in, files in `feeds/` out: RSS 2.0, Atom 1.0, JSON Feed 1.1, pages for people, OPML."""

from syndicator.publish.carried import Carried, allowance, carry
from syndicator.publish.files import ends_whole
from syndicator.publish.gone import FORMATS, GONE_FILE, gone_names
from syndicator.publish.pages import (
    PageEntry,
    headline,
    page_context,
    page_entry,
    page_feeds,
    stylesheet,
    templates,
)
from syndicator.publish.publisher import INDEX_FILES, Publisher
from syndicator.publish.site import RESERVED_NAMES, Address, FeedSummary, Headline, PublicSite
from syndicator.publish.xmlfeed import MEDIA_TYPES, PAGE_TYPE

__all__ = [
    "FORMATS",
    "GONE_FILE",
    "INDEX_FILES",
    "MEDIA_TYPES",
    "PAGE_TYPE",
    "RESERVED_NAMES",
    "Address",
    "Carried",
    "FeedSummary",
    "Headline",
    "PageEntry",
    "PublicSite",
    "Publisher",
    "allowance",
    "carry",
    "ends_whole",
    "gone_names",
    "headline",
    "page_context",
    "page_entry",
    "page_feeds",
    "stylesheet",
    "templates",
]
