"""The frozen settings: one model for each section of config.toml; those that come in numbers have modules of their own.

Every key, its type, its default and its meaning are in docs/configuration.md; a test holds the two together.
A check that needs one section stands here, at the key that would have to change; those that need several are
in `checks.py`. A validator sees in `info.data` the keys above its own that were in order.
"""

from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from syndicator import __version__
from syndicator.config.alerts import AlertSettings, Maintenance
from syndicator.config.destinations import DestinationSettings, Smtp
from syndicator.config.section import Section
from syndicator.config.serving import BUILT_IN, NO_HUB, Api, Desk, Log, Server, WebSub
from syndicator.config.sources import Source, Topic
from syndicator.config.values import (
    Contact,
    Duration,
    Language,
    Line,
    Location,
    Net,
    PublicBase,
    Size,
    Whole,
    Zone,
)
from syndicator.errors import NotFoundError


class Site(Section):
    """[site]: who publishes, and where the public finds it."""

    title: Line
    url: PublicBase
    contact: Contact
    language: Language = "en"
    zone: Zone = ZoneInfo("UTC")

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


class Settings(Section):
    """All of config.toml. `path` is the file, `root` its folder; `warnings` are lines for people."""

    path: Path
    root: Path
    site: Site
    store: Store = Field(default_factory=Store)
    feeds: Feeds = Field(default_factory=Feeds)
    server: Server = Field(default_factory=Server)
    api: Api = Field(default_factory=Api)
    desk: Desk = Field(default_factory=Desk)
    websub: WebSub = Field(default_factory=WebSub)
    log: Log = Field(default_factory=Log)
    schedule: Schedule = Field(default_factory=Schedule)
    network: Network = Field(default_factory=Network)
    sources: tuple[Source, ...] = ()
    topics: tuple[Topic, ...] = ()
    smtp: Smtp | None = None
    destinations: tuple[DestinationSettings, ...] = ()
    alerts: tuple[AlertSettings, ...] = ()
    maintenance: Maintenance = Field(default_factory=Maintenance)
    warnings: tuple[str, ...] = ()

    @property
    def feeds_url(self) -> str:
        """The public base of the feed files, ending in a slash: add "asylum.atom" to it."""
        return f"{self.feeds.url or self.site.url + '/feeds'}/"

    @property
    def hub_url(self) -> str | None:
        """The WebSub hub that our feeds name; None where they name none."""
        if self.websub.hub == BUILT_IN:
            return f"{self.site.url}/websub/hub" if self.server.public else None
        return None if self.websub.hub == NO_HUB else self.websub.hub

    @property
    def has_hub(self) -> bool:
        """Whether the hub that our feeds name is our own."""
        return self.websub.hub == BUILT_IN and self.hub_url is not None

    @property
    def other_hub(self) -> str | None:
        """The hub that our feeds name, where it is one elsewhere: it wants to be told of each change."""
        return None if self.has_hub else self.hub_url

    @property
    def titles(self) -> dict[str, dict[str, str]]:
        """What everything is called that a query may name, by field and name."""
        return {"topic": self.topic_titles, "source": self.source_titles}

    @property
    def source_titles(self) -> dict[str, str]:
        """What each source is called, by its name."""
        return {source.name: source.title for source in self.sources}

    @property
    def topic_titles(self) -> dict[str, str]:
        """What each topic is called, by its name."""
        return {topic.name: topic.title for topic in self.topics}

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

    def destination(self, name: str) -> DestinationSettings:
        """The destination of this name (NotFoundError where config.toml has none)."""
        for destination in self.destinations:
            if destination.name == name:
                return destination
        raise NotFoundError(_no_such("destination", name, [destination.name for destination in self.destinations]))

    def poll_range(self, source: Source) -> tuple[timedelta, timedelta]:
        """The shortest and the longest pause between two polls of this source."""
        return source.poll_min or self.schedule.poll_min, source.poll_max or self.schedule.poll_max


def _no_such(kind: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no {kind} is called {name!r} in config.toml" + (f": did you mean {near[0]!r}?" if near else "")
