"""Atom 1.0 and RSS 2.0 documents: feedgen writes the shell, rendered entries are joined into it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from feedgen.feed import FeedGenerator

from syndicator.model import FeedDocument
from syndicator.publish.extension import NEVER, AtomFeed, Head, Link, RssChannel
from syndicator.publish.site import Address
from syndicator.publish.text import clean, language_tag, one_line

GENERATOR = "Syndicator"
PAGE_TYPE = "text/html"
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}


class _Unwritten(datetime):
    """A date that feedgen keeps and, since it is false, does not write: writing one sets the process's locale."""

    def __bool__(self) -> bool:
        return False

    @classmethod
    def any(cls) -> Self:
        return cls.fromisoformat("1970-01-01T00:00:00+00:00")


def atom_document(document: FeedDocument, address: Address, entries: Iterable[bytes]) -> bytes:
    """`document` as Atom 1.0 (RFC 4287) around entries already rendered."""
    shell = atom_generator(document, address).atom_str(pretty=True)
    return _join(shell, b"</feed>", entries)


def rss_document(document: FeedDocument, address: Address, items: Iterable[bytes]) -> bytes:
    """`document` as RSS 2.0 around items already rendered."""
    shell = rss_generator(document, address).rss_str(pretty=True)
    return _join(shell, b"</channel>", items)


def atom_generator(document: FeedDocument, address: Address) -> Any:
    """The `feedgen.feed.FeedGenerator` of an Atom feed, without its entries."""
    generator = _generator(document, address)
    generator.updated(document.updated or NEVER)
    generator.register_extension("mended_atom", AtomFeed, None, atom=True, rss=False)
    generator.mended_atom.head = head(document, address, "atom")
    return generator


def rss_generator(document: FeedDocument, address: Address) -> Any:
    """The `feedgen.feed.FeedGenerator` of an RSS feed, without its items."""
    generator = _generator(document, address)
    generator.updated(_Unwritten.any())
    generator.register_extension("mended_rss", RssChannel, None, atom=False, rss=True)
    generator.mended_rss.head = head(document, address, "rss")
    return generator


def head(document: FeedDocument, address: Address, extension: str) -> Head:
    """Links and marks of `document` in one format.

    Hubs stand in the subscription document alone: an archive document never changes hands by push.
    """
    archived = document.archive is not None
    here = address.month(document.archive)
    kind = MEDIA_TYPES[extension]
    links = [Link("self", here.url(extension), kind)]
    if archived:
        links.append(Link("current", here.month(None).url(extension), kind))
    else:
        links.extend(Link("hub", hub) for hub in document.hubs)
    if document.previous:
        links.append(Link("prev-archive", here.month(document.previous).url(extension), kind))
    if archived and document.following:
        links.append(Link("next-archive", here.month(document.following).url(extension), kind))
    return Head(tuple(links), document.updated, archived, document.tombstones)


def _generator(document: FeedDocument, address: Address) -> Any:
    site = address.site
    title = one_line(document.title) or document.name
    generator = FeedGenerator()
    generator.id(address.feed_id)
    generator.title(title)
    generator.description(clean(document.description).strip() or title)
    generator.language(language_tag(document.language) or "en")
    generator.author({"name": one_line(site.title) or title, "uri": site.url})
    generator.generator(GENERATOR)
    generator.link(href=address.month(None).url("html"), rel="alternate", type=PAGE_TYPE)
    return generator


def _join(shell: bytes, end: bytes, fragments: Iterable[bytes]) -> bytes:
    """The fragments, one to a line, before the last `end` tag of `shell`."""
    at = shell.rindex(end)
    opening = shell[:at].rstrip()
    return b"\n".join((opening, *fragments, shell[at:]))
