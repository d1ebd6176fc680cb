"""The frozen settings: one model for each section of config.toml.

Every key, its type, its default and its meaning are in docs/configuration.md; a test holds the two together.
A check that needs one section stands here, at the key that would have to change; those that need several are
in `checks.py`. A validator sees in `info.data` the keys above its own that were in order.
"""

import re
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from syndicator import __version__
from syndicator.config.section import Section
from syndicator.config.values import (
    Contact,
    Duration,
    Language,
    Line,
    Location,
    Net,
    PublicBase,
    QueryText,
    Sentence,
    Size,
    WebAddress,
    Whole,
)
from syndicator.errors import NotFoundError
from syndicator.model import Republish, SourceKind

# Names of ours in the folder of feeds and in what readers subscribe to: no topic can be called so.
RESERVED_TOPICS = frozenset({"all", "archive", "gone", "index", "style", "subscriptions"})
_TOPIC_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_TOPIC_NAME = 64


class Site(Section):
    """[site]: who publishes, and where the public finds it."""

    title: Line
    url: PublicBase
    contact: Contact
    language: Language = "en"

    @property
    def user_agent(self) -> str:
        """What we call ourselves to publishers: name/version and where to reach us (RFC 9110 §10.1.5)."""
        where = self.contact if "://" in self.contact else f"mailto:{self.contact}"
        return f"Syndicator/{__version__} (+{where})"


class Store(Section):
    """[store]: where the database is. `path` is absolute."""

    path: Location = Field(default="syndicator.db", validate_default=True)


class Feeds(Section):
    """[feeds]: where the feed files go and how much each holds. `dir` is absolute, `url` ends without a slash."""

    dir: Location = Field(default="feeds", validate_default=True)
    window_days: Whole = Field(default=14, ge=1, le=3650)
    min_items: Whole = Field(default=20, ge=0, le=5000)
    max_items: Whole = Field(default=500, ge=1, le=5000, validate_default=True)
    url: PublicBase | None = None

    @field_validator("max_items")
    @classmethod
    def _not_below_min_items(cls, value: int, info: ValidationInfo) -> int:
        if value < (least := info.data.get("min_items", 0)):
            raise ValueError(f"is below min_items ({least}): raise this one or lower that one")
        return value

    @property
    def window(self) -> timedelta:
        """How far back a feed looks, by an article's publication."""
        return timedelta(days=self.window_days)


class Server(Section):
    """[server]: the address that `syndicator run` listens on. Port 0 takes any free one."""

    host: Line = "127.0.0.1"
    port: Whole = Field(default=8080, ge=0, le=65535)


class Schedule(Section):
    """[schedule]: how often sources are asked, how often the worker looks for due work, how long articles stay."""

    poll_min: Duration = timedelta(minutes=10)
    poll_max: Duration = Field(default=timedelta(hours=6), validate_default=True)
    tick: Duration = Field(default=timedelta(seconds=10), le=timedelta(hours=1))
    retention: Duration | None = None

    @field_validator("poll_max")
    @classmethod
    def _not_below_poll_min(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value < info.data.get("poll_min", value):
            raise ValueError("is shorter than poll_min: the pause between polls lies between the two")
        return value


class Network(Section):
    """[network]: what may be reached, and the bounds of every fetch. `max_body` in bytes."""

    allow_private: tuple[Net, ...] = ()
    timeout: Duration = Field(default=timedelta(seconds=30), le=timedelta(minutes=10))
    max_body: Size = 8_000_000
    per_host: Whole = Field(default=2, ge=1, le=8)
    concurrency: Whole = Field(default=16, ge=1, le=512)


class Source(Section):
    """[[sources]]: one place that news comes from. A folder has a `path` (absolute), the other kinds a `url`.

    `poll_min` and `poll_max` are None where the schedule's hold: `Settings.poll_range` knows.
    """

    name: Line = Field(max_length=100)
    kind: SourceKind
    url: WebAddress | None = Field(default=None, validate_default=True)
    path: Location | None = Field(default=None, validate_default=True)
    title: Line = Field(default_factory=lambda above: above["name"])
    republish: Republish = Field(
        default_factory=lambda above: Republish.FULL if above["kind"] is SourceKind.FOLDER else Republish.SUMMARY
    )
    language: Language | None = None
    poll_min: Duration | None = None
    poll_max: Duration | None = None
    enabled: bool = True

    @field_validator("url")
    @classmethod
    def _url_unless_folder(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is SourceKind.FOLDER and value is not None:
            raise ValueError('does not go with kind = "folder": a folder has a path')
        if kind in {SourceKind.FEED, SourceKind.PAGE} and value is None:
            raise ValueError(f'is missing: kind = "{kind}" needs the address to fetch')
        return value

    @field_validator("path")
    @classmethod
    def _path_for_folder(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        kind = info.data.get("kind")
        if kind is SourceKind.FOLDER and value is None:
            raise ValueError('is missing: kind = "folder" needs the folder to read')
        if kind in {SourceKind.FEED, SourceKind.PAGE} and value is not None:
            raise ValueError(f'does not go with kind = "{kind}": it has a url')
        return value


class Topic(Section):
    """[topics.NAME]: a saved query with a feed. `query` parses, and does not ask for other topics."""

    name: str
    title: Line
    description: Sentence = ""
    query: QueryText

    @field_validator("name")
    @classmethod
    def _usable_in_file_names(cls, value: str) -> str:
        if value in RESERVED_TOPICS:
            raise ValueError(f"is a name of our own ({', '.join(sorted(RESERVED_TOPICS))}): choose another")
        if len(value) > _LONGEST_TOPIC_NAME or not _TOPIC_NAME.fullmatch(value):
            raise ValueError(
                "is not a topic name: small letters a-z, digits and single hyphens between them, "
                f"at most {_LONGEST_TOPIC_NAME} characters"
            )
        return value


class Settings(Section):
    """All of config.toml. `path` is the file, `root` its folder; `warnings` are lines for people."""

    path: Path
    root: Path
    site: Site
    store: Store = Field(default_factory=Store)
    feeds: Feeds = Field(default_factory=Feeds)
    server: Server = Field(default_factory=Server)
    schedule: Schedule = Field(default_factory=Schedule)
    network: Network = Field(default_factory=Network)
    sources: tuple[Source, ...] = ()
    topics: tuple[Topic, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def feeds_url(self) -> str:
        """The public base of the feed files, ending in a slash: add "asylum.atom" to it."""
        return f"{self.feeds.url or self.site.url + '/feeds'}/"

    def source(self, name: str) -> Source:
        """The source of this name, in any case (NotFoundError where there is none)."""
        for source in self.sources:
            if source.name.casefold() == name.casefold():
                return source
        raise NotFoundError(_no_such("source", name, [source.name for source in self.sources]))

    def topic(self, name: str) -> Topic:
        """The topic of this name (NotFoundError where there is none)."""
        for topic in self.topics:
            if topic.name == name:
                return topic
        raise NotFoundError(_no_such("topic", name, [topic.name for topic in self.topics]))

    def poll_range(self, source: Source) -> tuple[timedelta, timedelta]:
        """The shortest and the longest pause between two polls of this source."""
        return source.poll_min or self.schedule.poll_min, source.poll_max or self.schedule.poll_max


def _no_such(kind: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {kind} is called {name!r} in config.toml" + (f": did you mean {near[0]!r}?" if near else "")
