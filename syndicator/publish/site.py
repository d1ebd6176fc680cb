"""Whose feeds these are, and the public address of every file we write."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from syndicator.errors import PublishError

# Fixed for ever: another value would give every feed a new id.
_NAMESPACE = UUID("5d0f6c1b-93c4-5f3e-8a70-1c64be0a7d52")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_FILE = re.compile(
    rf"(?:archive/(?P<of>{_NAME.pattern})/(?P<month>{_MONTH.pattern})\.(?P<archived>rss|atom)"
    rf"|(?P<feed>{_NAME.pattern})\.(?P<format>rss|atom|json|html))"
)
# index.html and gone.json are files of our own.
RESERVED_NAMES = frozenset({"index", "gone"})


@dataclass(frozen=True, slots=True)
class PublicSite:
    """The newsroom as the outside sees it.

    `url` is the site's front ("https://news.example"); `feeds_url` is the absolute address of the folder that
    the feed files are served from, and ends in "/". `contact` is a mail address or a page.

    `service` is the address under which the public reaches our own server ("https://news.example"), which has
    article pages and search; None where there are only files. `topics` are (name, title) pairs.
    """

    title: str
    url: str
    feeds_url: str
    language: str
    contact: str | None
    description: str = ""
    service: str | None = None
    topics: tuple[tuple[str, str], ...] = ()

    @property
    def search(self) -> str | None:
        """Where the public can search; None where it can't."""
        return None if self.service is None else f"{self.service}/search"

    @property
    def search_form(self) -> str | None:
        """Where a page in the folder sends its search form, from the root of its host; None where it can't.

        Our security policy lets forms go to a page's own host alone, by whichever name people came to it.
        """
        if self.service is None or urlsplit(self.service)[:2] != urlsplit(self.feeds_url)[:2]:
            return None
        return urlsplit(f"{self.service}/search").path

    def article(self, id_: str) -> str | None:
        """The page about an article, by its id; None where the public has none."""
        return None if self.service is None else f"{self.service}/articles/{id_.rpartition(':')[2]}"

    def title_of(self, topic: str) -> str:
        """What people call a topic."""
        return dict(self.topics).get(topic, topic)


@dataclass(frozen=True, slots=True)
class Headline:
    """An article as the index names it; `id` is the article's."""

    id: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """One part of the index: a feed, how many items its window holds, when the newest change came, and the news."""

    name: str
    title: str
    description: str
    items: int
    updated: datetime | None
    newest: tuple[Headline, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """Where one feed lives: file names relative to the folder, and public URLs. `archive` as "2026-10".

    A feed that is not in the folder lives at `stem`, a URL that only wants its extension, and behind that its `query`
    ("q=asylum") where it has one: the page of such a feed is what the stem itself answers. Whoever knows a stem may
    read the feed, so it stands in no list and no log: those have the name.
    """

    site: PublicSite
    name: str
    archive: str | None = None
    stem: str | None = field(default=None, repr=False)
    query: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in RESERVED_NAMES:
            raise PublishError(f"{self.name!r} can't name a feed: use letters, digits, '-', '_' and '.'")
        if self.archive is not None and not _MONTH.fullmatch(self.archive):
            raise PublishError(f"{self.name}: {self.archive!r} is no archive month such as 2026-10")

    def file(self, extension: str) -> str:
        """Its file in one format, relative to the feeds folder; to its own page where it stands in none."""
        if self.stem is not None:
            return self._elsewhere(self.stem.rpartition("/")[2], extension)
        stem = self.name if self.archive is None else f"archive/{self.name}/{self.archive}"
        return f"{stem}.{extension}"

    def url(self, extension: str) -> str:
        """The URL of that file."""
        if self.stem is not None:
            return self._elsewhere(self.stem, extension)
        return self.site.feeds_url + self.file(extension)

    def _elsewhere(self, stem: str, extension: str) -> str:
        if not self.query:
            return f"{stem}.{extension}"
        return f"{stem}?{self.query}" if extension == "html" else f"{stem}.{extension}?{self.query}"

    def month(self, month: str | None) -> "Address":
        """The address of this feed's archive of `month`, or of its subscription document (None)."""
        return replace(self, archive=month)

    @staticmethod
    def of_file(site: PublicSite, file: str) -> "tuple[Address, str] | None":
        """Whose file this is, and in which format: the reverse of `file`. None where it is no feed's."""
        parts = _FILE.fullmatch(file)
        name = parts and (parts["of"] or parts["feed"])
        if parts is None or name is None or name in RESERVED_NAMES:
            return None
        return Address(site, name, parts["month"]), parts["archived"] or parts["format"]

    @property
    def feed_id(self) -> str:
        """The permanent `atom:id` of the feed, shared by its archive documents: one logical feed (RFC 5005 §4).

        A version-5 UUID over the newsroom's title and the feed's name. Not over the host, which may move; not
        over the name alone, which every newsroom with a topic "asylum" would share.
        """
        return uuid5(_NAMESPACE, f"{self.site.title}\n{self.name}").urn
