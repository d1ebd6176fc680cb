"""Whose feeds these are, and the public address of every file we write."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

from syndicator.errors import PublishError

# Fixed for ever: another value would give every feed a new id.
_NAMESPACE = UUID("5d0f6c1b-93c4-5f3e-8a70-1c64be0a7d52")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
# index.html and gone.json are files of our own.
RESERVED_NAMES = frozenset({"index", "gone"})


@dataclass(frozen=True, slots=True)
class PublicSite:
    """The newsroom as the outside sees it.

    `url` is the site's front ("https://news.example"); `feeds_url` is the absolute address of the folder that
    the feed files are served from, and ends in "/". `contact` is a mail address or a page.
    """

    title: str
    url: str
    feeds_url: str
    language: str
    contact: str | None
    description: str = ""


@dataclass(frozen=True, slots=True)
class FeedSummary:
    """One line of the index: a feed, how many items its window holds, and when the newest change came."""

    name: str
    title: str
    description: str
    items: int
    updated: datetime | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where one feed lives: file names relative to the folder, and public URLs. `archive` as "2026-10".

    A feed that is not in the folder lives at `private`, a URL that only wants its extension. Whoever knows it may
    read the feed, so it stands in no list and no log: those have the name.
    """

    site: PublicSite
    name: str
    archive: str | None = None
    private: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in RESERVED_NAMES:
            raise PublishError(f"{self.name!r} can't name a feed: use letters, digits, '-', '_' and '.'")
        if self.archive is not None and not _MONTH.fullmatch(self.archive):
            raise PublishError(f"{self.name}: {self.archive!r} is no archive month such as 2026-10")

    def file(self, extension: str) -> str:
        """Its file in one format, relative to the feeds folder; to its own page where it is private."""
        if self.private is not None:
            return f"{self.private.rpartition('/')[2]}.{extension}"
        stem = self.name if self.archive is None else f"archive/{self.name}/{self.archive}"
        return f"{stem}.{extension}"

    def url(self, extension: str) -> str:
        """The URL of that file."""
        if self.private is not None:
            return f"{self.private}.{extension}"
        return self.site.feeds_url + self.file(extension)

    def month(self, month: str | None) -> "Address":
        """The address of this feed's archive of `month`, or of its subscription document (None)."""
        return replace(self, archive=month)

    @property
    def feed_id(self) -> str:
        """The permanent `atom:id` of the feed, shared by its archive documents: one logical feed (RFC 5005 §4).

        A version-5 UUID over the newsroom's title and the feed's name. Not over the host, which may move; not
        over the name alone, which every newsroom with a topic "asylum" would share.
        """
        return uuid5(_NAMESPACE, f"{self.site.title}\n{self.name}").urn
