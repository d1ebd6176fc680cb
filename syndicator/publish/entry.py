"""One item in all formats, rendered once into bytes that every feed then shares."""

import json
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from lxml import etree

from syndicator.model import FeedItem, Republish
from syndicator.publish.carried import Carried, carry
from syndicator.publish.extension import ATOM_NAMESPACES, RSS_NAMESPACES, AtomEntry, RssItem
from syndicator.publish.jsonfeed import json_item

CACHE_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Rendition:
    """An item as bytes, without namespace declarations: those stand on the root of the document around it."""

    atom: bytes
    rss: bytes
    json: bytes

    @property
    def size(self) -> int:
        """Bytes it adds to a document, in the format that needs the most."""
        return max(len(self.atom), len(self.rss), len(self.json))


def feed_entry(carried: Carried) -> Any:
    """The `feedgen.entry.FeedEntry` of an item, with our extension on it."""
    entry = FeedEntry()
    entry.register_extension("mended_atom", AtomEntry, atom=True, rss=False)
    entry.register_extension("mended_rss", RssItem, atom=False, rss=True)
    entry.mended_atom.carried = carried
    entry.mended_rss.carried = carried
    entry.guid(carried.id, permalink=False)
    entry.title(carried.title)
    entry.updated(carried.updated)
    entry.author([{"name": name} for name in carried.authors])
    entry.category([{"term": name} for name in carried.categories])
    if carried.url:
        entry.link(href=carried.url)
    if carried.source_feed:
        entry.source(carried.source_feed, carried.source_title)
    if carried.complete or not carried.url:
        # feedgen ties these together, so the order counts: summary() sets both formats, description() then
        # gives RSS its own, as HTML, and content() takes back what that did to Atom's content.
        if carried.summary:
            entry.summary(carried.summary)
            entry.description(escape(carried.summary, quote=False))
        entry.content(carried.html, type="html")
    else:
        entry.summary(carried.html, type="html")
    return entry


def render(carried: Carried) -> Rendition:
    """`carried` in the three formats. Raises ValueError or TypeError on what no format can hold."""
    entry = feed_entry(carried)
    return Rendition(
        atom=_fragment(entry.atom_entry(), ATOM_NAMESPACES),
        rss=_fragment(entry.rss_entry(), RSS_NAMESPACES),
        json=json.dumps(json_item(carried), ensure_ascii=False).encode(),
    )


def _fragment(element: etree._Element, namespaces: dict[str, str]) -> bytes:
    """`element` as it reads inside a root that declares `namespaces`."""
    root = etree.Element("root", nsmap=dict(namespaces))
    root.append(element)
    written = etree.tostring(root, encoding="UTF-8")
    return written[written.index(b"<", written.index(b">", written.index(b"<root"))) : written.rindex(b"</root>")]


class RenditionCache:
    """Renditions kept by what they were made from, the least used dropped first. Safe between threads."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Rendition] = OrderedDict()
        self._lock = threading.Lock()

    def rendition(self, item: FeedItem, level: Republish, language: str) -> Rendition:
        """`item` at `level` for a feed in `language`. Raises what `render` raises."""
        # The hash covers every field of the article and its source, so a change that made no new version is seen
        # too. It can only be mistaken between two states of one article, once in 2**64.
        key = (item.article.id, hash(item), level, language)
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        made = render(carry(item, level, language))
        with self._lock:
            self._kept[key] = made
            self._bytes += _weight(made)
            while self._bytes > self._limit:
                self._bytes -= _weight(self._kept.popitem(last=False)[1])
        return made


def _weight(rendition: Rendition) -> int:
    return len(rendition.atom) + len(rendition.rss) + len(rendition.json)
