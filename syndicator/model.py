"""The records that move through the house, left to right: Entry, Article, FeedDocument.

All are frozen. Times are aware datetimes in UTC. Text is clean when it gets here: no control
characters, no lone surrogates, HTML sanitised once (`sources/clean.py`), URLs absolute.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """The editorial life of an article: embargoed → live → corrected → killed."""

    EMBARGOED = "embargoed"
    LIVE = "live"
    CORRECTED = "corrected"
    KILLED = "killed"


class Kind(StrEnum):
    """What an item is: news, or an advisory of ours that says that news was withdrawn."""

    NEWS = "news"
    ADVISORY = "advisory"


class Change(StrEnum):
    """What a new version did to its article.

    A `release` lets a held article out. What its source changed is an `edit`, or a `move` where that was its address
    alone; what the newsroom changed is a `correction`.
    """

    INSERT = "insert"
    EDIT = "edit"
    MOVE = "move"
    CORRECTION = "correction"
    KILL = "kill"
    HOLD = "hold"
    RELEASE = "release"


class Republish(StrEnum):
    """How much of a source's article our feeds may carry."""

    FULL = "full"
    SUMMARY = "summary"
    LINK = "link"


class SourceKind(StrEnum):
    """Where news comes from."""

    FEED = "feed"
    PAGE = "page"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with an article (RSS 2.0 `enclosure`); `length` in bytes, None when unknown."""

    url: str
    mime_type: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    r"""What an article says: the part that makes a new version when it changes.

    `text` is plain text with a blank line ("\\n\\n") between paragraphs; offsets of match reasons count
    characters in `title` and in `text`. `html` is sanitised and is "" when the source gave no markup.
    `summary` is plain text, "" when there is none.
    """

    title: str
    text: str
    html: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    language: str | None = None
    categories: tuple[str, ...] = ()
    image: str | None = None
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a source published it, cleaned; not yet an article.

    `guid` is the source's own id (any string), `url` the article's page as given, absolute. One of the two
    may be None; where both are, ingest derives the identity from the content's fingerprint.
    `published` and `updated` are None where the source gave none or one that can't be read.
    `embargo_until` holds the article back until then (only a folder or a person can set it).
    """

    content: Content
    guid: str | None = None
    url: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a document held: entries in document order, and what it says about itself.

    `ttl` is how long a reader should wait between polls (RSS `ttl`, `sy:updatePeriod`); `skip_hours` are hours
    of the day in UTC (0-23) and `skip_days` weekdays (0 = Monday) in which the source asks not to be polled.
    `warnings` are lines for people: items left out and why, repairs made.
    """

    entries: tuple[Entry, ...]
    title: str = ""
    home: str | None = None
    language: str | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    hubs: tuple[str, ...] = ()
    self_url: str | None = None
    warnings: tuple[str, ...] = ()


class Outcome(StrEnum):
    """How a fetch ended."""

    FRESH = "fresh"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Validators:
    """`ETag` and `Last-Modified` exactly as they came, to be echoed byte for byte (RFC 9110 §13.1).

    `url` is the resource that gave them, the only one they are sent to; None: the one that is asked first.
    """

    etag: bytes | None = None
    last_modified: bytes | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one polite GET (or the reading of a local file).

    `url` is where the body came from; `moved_to` is set when every hop was permanent (301/308) and the source
    should be asked there from now on. `validators` are those of the final answer; on a 304 they are merged over
    the ones sent (RFC 9111 §3.2). `retry_after` and `max_age` are spans from the answer's own time, so a
    server's clock need not agree with ours. `error` is one line for people when `outcome` is FAILED or GONE.
    `hubs` and `self_url` are what its `Link` fields say (RFC 8288), absolute; a document has its own (see Parsed).
    """

    outcome: Outcome
    url: str
    status: int | None = None
    body: bytes = b""
    content_type: str | None = None
    validators: Validators = Validators()
    moved_to: str | None = None
    max_age: timedelta | None = None
    retry_after: timedelta | None = None
    error: str | None = None
    hubs: tuple[str, ...] = ()
    self_url: str | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is remembered of a source between polls. `due` is when it may be asked next.

    `moved_to` is the remembered permanent redirect. `body_hash` is the SHA-256 (hex) of the last body that was
    taken in, so that a server without validators costs no parsing. `interval` is the present pace.
    `first_success` is when its backlog was taken in: what comes after may alert. `failing_since` is the first of its
    present run of `failures`, None while it is well. `alone_until` is until when it asked not to be asked. `ttl`,
    `skip_hours` and `skip_days` are what its last parsed document asked for (see Parsed): they outlive a 304.
    """

    name: str
    due: datetime
    validators: Validators = Validators()
    moved_to: str | None = None
    body_hash: str | None = None
    gone: bool = False
    interval: timedelta | None = None
    failures: int = 0
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    first_success: datetime | None = None
    last_error: str | None = None
    failing_since: datetime | None = None
    alone_until: datetime | None = None
    home: str | None = None
    title: str = ""
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Article:
    """One article in its newest version, as the store holds it.

    `id` is permanent (`urn:uuid:…`); `seq` is the store-wide number of this version; `version` counts from 1
    within the article. `published` is when the source published it, never after it was `first_seen`;
    `updated` is when this version came. `about` is the id of the withdrawn article an advisory speaks of.
    `note` is what a correction or a kill says of itself.
    """

    id: str
    seq: int
    version: int
    state: State
    kind: Kind
    source: str
    url: str | None
    content: Content
    published: datetime
    updated: datetime
    first_seen: datetime
    note: str | None = None
    embargo_until: datetime | None = None
    about: str | None = None

    @property
    def link(self) -> str | None:
        """Where readers may be led: nowhere for a killed article, since an address often spells its headline out."""
        return None if self.state is State.KILLED else self.url


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a query matched: `words` as they stand in the text, which field, and where.

    `field` is "title", "text", "source", "author", "topic" or "lang". `start` and `end` are character offsets
    into the article's `title` or `text`; for the other fields they span the whole value. `clause` is the
    part of the query that these words satisfied.
    """

    clause: str
    words: str
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An article as a feed carries it: with its topics' names and what its source allows and is called.

    `source_url` is the source's web page, `source_feed` its feed; either may be unknown, or not for publication.
    """

    article: Article
    topics: tuple[str, ...]
    source_title: str
    source_url: str | None
    republish: Republish
    source_feed: str | None = None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A withdrawn entry (RFC 6721 `at:deleted-entry`): its id, when, and what to say of it."""

    ref: str
    when: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """One feed to be rendered: the subscription document of a topic, or one month of its archive.

    `name` is the topic's name ("asylum", "all"); `items` are newest first. `archive` is None for the
    subscription document, else the month as "2026-10". `previous` and `following` are the neighbouring archive
    months (RFC 5005 §4 `prev-archive`, `next-archive`). `updated` is the newest change in it, None when empty.
    """

    name: str
    title: str
    description: str
    language: str
    items: tuple[FeedItem, ...]
    tombstones: tuple[Tombstone, ...] = ()
    archive: str | None = None
    previous: str | None = None
    following: str | None = None
    updated: datetime | None = None
    hubs: tuple[str, ...] = field(default=())
