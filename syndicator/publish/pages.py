"""Pages for people: one for each feed, and the index. Rendered once, read without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from syndicator.model import FeedDocument, FeedItem, Kind, Republish, State
from syndicator.publish.carried import allowance, carry, correction
from syndicator.publish.site import Address, FeedSummary, Headline, PublicSite
from syndicator.publish.text import clock, day, excerpt, language_tag, one_line, rfc3339
from syndicator.publish.xmlfeed import MEDIA_TYPES

# A person does not scroll further; the feed has them all.
PAGE_ITEMS = 100
NOTICE_CHARACTERS = 600

_TEMPLATES = Path(__file__).parent / "templates"
_LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}


@dataclass(frozen=True, slots=True)
class PageFeed:
    """One feed's address in one format. `file` is relative to the page."""

    label: str
    type: str
    file: str
    url: str


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One article as a page lists it. `badge` is "Withdrawn", "Corrected", "Advisory" or ""; `note` goes above the
    summary. `page` is the page about the article, where the public has one. `changed` is when it was corrected
    or withdrawn.
    """

    anchor: str
    page: str | None
    title: str
    url: str | None
    language: str | None
    summary: str
    published: datetime
    changed: datetime | None
    source_title: str
    badge: str
    note: str
    topics: tuple[str, ...]


class Pages:
    """The templates, filled in for one newsroom."""

    def __init__(self, site: PublicSite) -> None:
        self._site = site
        self._common = page_context(site)

    def feed(self, document: FeedDocument, address: Address) -> bytes:
        """The page of a feed: its newest items with summaries, and how to subscribe.

        A private page lies elsewhere than the folder that it links to, and brings its style along.
        """
        entries = [page_entry(item, document.language, self._site) for item in document.items[:PAGE_ITEMS]]
        page = (
            _templates()
            .get_template("feed.html" if address.stem is None else "private.html")
            .render(
                self._common,
                folder="" if address.stem is None else self._site.feeds_url,
                style=stylesheet().decode(),
                address=address,
                language=language_tag(document.language) or "en",
                title=one_line(document.title) or document.name,
                description=one_line(document.description),
                updated=document.updated,
                feeds=page_feeds(address),
                entries=entries,
                total=len(document.items),
            )
        )
        return page.encode()

    def index(self, feeds: Sequence[FeedSummary]) -> bytes:
        """The front page: every feed, how large and how fresh, and how to subscribe."""
        listed = [(feed, page_feeds(Address(self._site, feed.name))) for feed in feeds]
        return _templates().get_template("index.html").render(self._common, folder="", listed=listed).encode()


def page_context(site: PublicSite) -> dict[str, object]:
    """What every page of a site is filled in with."""
    return {
        "style_file": f"style.css?{style_mark()}",
        "site": site,
        "site_language": language_tag(site.language) or "en",
        "contact": _contact(site),
    }


@cache
def _templates() -> Environment:
    return templates()


def templates(*folders: Path) -> Environment:
    """The templates of pages, after those in `folders`, which may extend them."""
    environment = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["iso"] = rfc3339
    environment.filters["plain"] = _plain_time
    return environment


@cache
def style_mark() -> str:
    """What changes with style.css: behind its address, so that no cache gives a page the style of last week."""
    return sha256(stylesheet()).hexdigest()[:8]


def stylesheet() -> bytes:
    """style.css, which every page in the folder links, and private pages hold."""
    return (_TEMPLATES / "style.css").read_bytes()


def headline(item: FeedItem) -> Headline:
    """An article's headline, as a page may show it."""
    carried = carry(item, Republish.LINK, "")
    return Headline(carried.id, carried.title, carried.source_title)


def page_entry(item: FeedItem, language: str, site: PublicSite) -> PageEntry:
    """An article as a page in `language` lists it."""
    article = item.article
    level = allowance(item)
    carried = carry(item, Republish.LINK if level is Republish.LINK else Republish.SUMMARY, language)
    badge, note = "", ""
    summary = carried.summary
    if article.state is State.KILLED:
        badge, note = "Withdrawn", one_line(article.note or "")
        summary = excerpt(article.content.text, NOTICE_CHARACTERS)
    elif article.kind is Kind.ADVISORY:
        badge, summary = "Advisory", excerpt(article.content.text, NOTICE_CHARACTERS)
    else:
        note = correction(article)
        badge = "Corrected" if note else ""
    return PageEntry(
        anchor=article.id.rpartition(":")[2],
        page=site.article(article.id),
        title=carried.title,
        url=carried.url,
        language=carried.language,
        summary=summary,
        published=article.published,
        changed=article.updated if badge in ("Corrected", "Withdrawn") else None,
        source_title=carried.source_title,
        badge=badge,
        note="" if note in summary else note,
        topics=item.topics,
    )


def page_feeds(address: Address) -> list[PageFeed]:
    """A feed's addresses, in the order in which a page offers them."""
    return [
        PageFeed(label, MEDIA_TYPES[extension], address.file(extension), address.url(extension))
        for extension, label in _LABELS.items()
    ]


def _contact(site: PublicSite) -> str | None:
    """A link to whom to write to: the page, or the mail address as a `mailto:`."""
    contact = site.contact
    if not contact or contact.startswith(("https://", "http://", "mailto:")):
        return contact or None
    return f"mailto:{contact}" if "@" in contact else None


def _plain_time(moment: datetime) -> str:
    return f"{day(moment)}, {clock(moment)} UTC"
