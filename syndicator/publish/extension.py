"""One extension of feedgen 1.0.0 that mends what it gets wrong, and adds what it lacks.

feedgen writes the elements it gets right; these classes, registered through its own extension interface, write
the rest. What is mended, and how:

- Links: entry links in Atom lose `rel`, `type` and `length`; RSS knows `rel=self` alone and takes its channel
  link from the last link given. So feedgen is given the one alternate link, and every other is written here.
- Dates: feedgen changes the locale of the whole process for each RSS date and gives `updated` the time of
  the call. RSS dates are written here; Atom's are overwritten in the form that ends in "Z".
- Authors: RSS `author` wants a mail address, and feedgen drops those without: `dc:creator` carries the name.
- `atom:source` lacks the `id` and `updated` that RFC 4287 §4.2.11 asks for; `enclosure` says length "None".
- The syndication module is written with wrong names by feedgen's own extension; it is written here.
- New: `xml:lang` on entries, archive marks and links (RFC 5005), tombstones (RFC 6721), `media:thumbnail`.

In feedgen's Atom trees an element of Atom itself has no namespace (it sets `xmlns` as if it were an
attribute), so ours there have none either; written out, both are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from lxml import etree

from syndicator.model import Tombstone
from syndicator.publish.carried import Carried
from syndicator.publish.text import rfc822, rfc3339

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"
SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML = "http://www.w3.org/XML/1998/namespace"

ATOM_NAMESPACES = {"at": TOMBSTONES, "fh": HISTORY, "media": MEDIA}
RSS_NAMESPACES = {"atom": ATOM, "content": CONTENT, "dc": DC, "fh": HISTORY, "media": MEDIA, "sy": SYNDICATION}

# Names the feeds of sources that have no address. Fixed for ever.
_SOURCES = UUID("c2b1a9de-20ab-5c55-b1d7-93a3f0d3b6a4")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a feed (RFC 4287 §4.2.7)."""

    rel: str
    href: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What a feed says of itself beyond what feedgen writes. `updated` is None where nothing ever changed."""

    links: tuple[Link, ...]
    updated: datetime | None
    archive: bool
    tombstones: tuple[Tombstone, ...] = ()


class AtomFeed:
    """The feed element: dates, links, archive mark, tombstones."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that an Atom document declares on its root."""
        return ATOM_NAMESPACES

    def extend_atom(self, feed: etree._Element) -> None:
        """Complete feedgen's `<feed>`."""
        _overwrite(feed, "updated", rfc3339(_at(self.head.updated)))
        _write_links(feed, "link", self.head.links)
        if self.head.archive:
            etree.SubElement(feed, f"{{{HISTORY}}}archive")
        for tombstone in self.head.tombstones:
            deleted = etree.SubElement(
                feed, f"{{{TOMBSTONES}}}deleted-entry", ref=tombstone.ref, when=rfc3339(tombstone.when)
            )
            if tombstone.comment:
                _write(deleted, f"{{{TOMBSTONES}}}comment", tombstone.comment)


class RssChannel:
    """The channel element: lastBuildDate, links, archive mark."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        """The prefixes that an RSS document declares on its root; feedgen adds atom and content."""
        return RSS_NAMESPACES

    def extend_rss(self, rss: etree._Element) -> None:
        """Complete feedgen's `<rss>`, whose first child is the channel."""
        channel = rss[0]
        if self.head.updated is not None:
            _write(channel, "lastBuildDate", rfc822(self.head.updated))
        _write_links(channel, f"{{{ATOM}}}link", self.head.links)
        if not self.head.archive:
            # How often a reader may ask (RSS 1.0 Syndication module): four times an hour.
            _write(channel, f"{{{SYNDICATION}}}updatePeriod", "hourly")
            _write(channel, f"{{{SYNDICATION}}}updateFrequency", "4")
        if self.head.archive:
            etree.SubElement(channel, f"{{{HISTORY}}}archive")


class AtomEntry:
    """An Atom entry: dates, links, source, language, thumbnail."""

    carried: Carried

    def extend_atom(self, entry: etree._Element) -> None:
        """Complete feedgen's `<entry>`."""
        item = self.carried
        if item.language:
            entry.set(f"{{{XML}}}lang", item.language)
        _overwrite(entry, "updated", rfc3339(item.updated))
        _write(entry, "published", rfc3339(item.published))
        alternate = entry.find("link")
        if alternate is not None:
            alternate.set("rel", "alternate")
        for file in item.enclosures:
            link = etree.SubElement(entry, "link", href=file.url, rel="enclosure", type=file.mime_type)
            if file.length is not None:
                link.set("length", str(file.length))
        if item.image:
            etree.SubElement(entry, f"{{{MEDIA}}}thumbnail", nsmap={"media": MEDIA}, url=item.image)
        _write_source(entry, item)


class RssItem:
    """An RSS item: pubDate, names of authors, language, enclosure, thumbnail."""

    carried: Carried

    def extend_rss(self, entry: etree._Element) -> None:
        """Complete feedgen's `<item>`."""
        item = self.carried
        _write(entry, "pubDate", rfc822(item.published))
        if item.updated != item.published:
            _write(entry, f"{{{ATOM}}}updated", rfc3339(item.updated), atom=ATOM)
        for author in item.authors:
            _write(entry, f"{{{DC}}}creator", author, dc=DC)
        if item.language:
            _write(entry, f"{{{DC}}}language", item.language, dc=DC)
        if not item.source_feed:
            _write(entry, f"{{{DC}}}source", item.source_title, dc=DC)
        if item.enclosures:
            # RSS 2.0 allows one, and wants a length: 0 stands for an unknown one.
            file = item.enclosures[0]
            length = str(file.length or 0)
            etree.SubElement(entry, "enclosure", url=file.url, length=length, type=file.mime_type)
        if item.image:
            etree.SubElement(entry, f"{{{MEDIA}}}thumbnail", nsmap={"media": MEDIA}, url=item.image)


def _write_source(entry: etree._Element, item: Carried) -> None:
    """`atom:source`: an entry without authors inherits the source's from here, not the newsroom's (§4.2.1)."""
    source = entry.find("source")
    if source is None:
        source = etree.SubElement(entry, "source")
    source.clear()
    _write(source, "id", item.source_feed or uuid5(_SOURCES, item.article.source).urn)
    _write(source, "title", item.source_title)
    _write(source, "updated", rfc3339(item.updated))
    _write(etree.SubElement(source, "author"), "name", item.source_title)
    for rel, href in (("self", item.source_feed), ("alternate", item.source_url)):
        if href:
            etree.SubElement(source, "link", href=href, rel=rel)


def _write_links(parent: etree._Element, tag: str, links: Sequence[Link]) -> None:
    for link in links:
        element = etree.SubElement(parent, tag, href=link.href, rel=link.rel)
        if link.type:
            element.set("type", link.type)


def _write(parent: etree._Element, tag: str, text: str, **nsmap: str) -> None:
    etree.SubElement(parent, tag, nsmap=nsmap or None).text = text


def _overwrite(parent: etree._Element, tag: str, text: str) -> None:
    element = parent.find(tag)
    assert element is not None, f"feedgen wrote no {tag}"
    element.text = text


def _at(moment: datetime | None) -> datetime:
    return moment or NEVER


# `atom:updated` is required, so a feed in which nothing ever happened needs a date that never moves.
NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
