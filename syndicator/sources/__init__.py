"""Sources: everything that comes in. Feeds and pages are fetched politely, read in a sandbox, and cleaned once."""

from syndicator.sources.body import BodyError, read_body
from syndicator.sources.feed import parse_feed
from syndicator.sources.folder import FILE_LENGTH, SETTLED, DropFolder, DroppedFile, Look
from syndicator.sources.http import FEED_ACCEPT, PAGE_ACCEPT, Fetcher
from syndicator.sources.hub import HubClient
from syndicator.sources.page import parse_page
from syndicator.sources.sandbox import Sandbox
from syndicator.sources.textfile import parse_file

__all__ = [
    "FEED_ACCEPT",
    "FILE_LENGTH",
    "PAGE_ACCEPT",
    "SETTLED",
    "BodyError",
    "DropFolder",
    "DroppedFile",
    "Fetcher",
    "HubClient",
    "Look",
    "Sandbox",
    "parse_feed",
    "parse_file",
    "parse_page",
    "read_body",
]
