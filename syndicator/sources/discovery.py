"""The feeds that a web page names: `<link rel="alternate">` (RSS autodiscovery, HTML §4.6.6.3)."""

from syndicator.sources import markup as html
from syndicator.sources.clean import absolute

_FEED_TYPES = {
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/json",
}
_HEAD_LENGTH = 512 * 1024
_MOST = 20


def feeds_of_page(page: str, url: str) -> tuple[str, ...]:
    """Absolute URLs of the feeds that an HTML page at `url` names, in its order, each once."""
    base = url
    found: dict[str, None] = {}
    for token in html.tokens(page[:_HEAD_LENGTH]):
        if not isinstance(token, html.Tag) or token.end:
            continue
        if token.name == "base" and base == url:
            base = absolute(html.attributes(token.attributes).get("href", ""), url) or url
        elif token.name == "link" and "alternate" in token.attributes.lower():
            given = html.attributes(token.attributes)
            relations = given.get("rel", "").lower().split()
            media_type = given.get("type", "").partition(";")[0].strip().lower()
            where = absolute(given.get("href", "").strip(), base)
            if "alternate" in relations and media_type in _FEED_TYPES and where and len(found) < _MOST:
                found[where] = None
    return tuple(found)
