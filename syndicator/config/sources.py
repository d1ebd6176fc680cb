"""[[sources]] and [topics.NAME]: where news comes from, and how it is sorted."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from syndicator.config.section import Section
from syndicator.config.values import Duration, Language, Line, Location, Sentence, TopicQuery, WebAddress, slug
from syndicator.model import Republish, SourceKind

# Names of ours in the folder of feeds and in what readers subscribe to: no topic can be called so.
RESERVED_TOPICS = frozenset({"all", "archive", "gone", "index", "style", "subscriptions"})


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
    query: TopicQuery

    @field_validator("name")
    @classmethod
    def _usable_in_file_names(cls, value: str) -> str:
        if value in RESERVED_TOPICS:
            raise ValueError(f"is a name of our own ({', '.join(sorted(RESERVED_TOPICS))}): choose another")
        return slug(value, "topic")
