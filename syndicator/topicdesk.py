"""What people see of topics: what each asks for in plain words, how full it is, and what it caught last.

Topics stand in config.toml, and are changed there: `places` says on which line; `scored` how well their queries tag.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syndicator.config import Settings, Topic, key_places
from syndicator.errors import UsageError
from syndicator.model import FeedItem, Reason
from syndicator.pipeline import analyser, topic_queries
from syndicator.query import describe, parse
from syndicator.scoring import Scores, read_labelled, score
from syndicator.store import Narrowed, Store

NEWEST = 3


@dataclass(frozen=True, slots=True)
class Caught:
    """An article under a topic, and why it stands there; without reasons somebody put it there by hand, say."""

    item: FeedItem
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class TopicStanding:
    """A topic as it stands. `reading` is its query in plain words, `line` where it stands in config.toml, if known.

    `published` is how many articles came, by quarters of an hour.
    """

    topic: Topic
    reading: str
    line: int | None
    published: tuple[tuple[datetime, int], ...]
    newest: tuple[Caught, ...]


def topic_standings(settings: Settings, store: Store, since: datetime) -> list[TopicStanding]:
    """Every topic in the order of config.toml, with what was published since then."""
    lines = places(settings.path)
    return [
        TopicStanding(
            topic,
            describe(parse(topic.query, allow_topic=False), settings.titles),
            lines.get(topic.name),
            tuple(store.listing.pace(topic.name, since)),
            tuple(_newest(store, topic.name)),
        )
        for topic in settings.topics
    ]


def places(path: Path) -> dict[str, int]:
    """The line of each topic in config.toml as it is now, which may be newer than what the service has read."""
    return {str(key[1]): line for key, line in key_places(path).items() if len(key) > 1 and key == ("topics", key[1])}


def scored(settings: Settings, file: Path, name: str) -> Scores:
    """How well the topic queries tag the labelled articles of this file, which is called `name` in what is said of it.

    It takes about as long as taking that many articles in. Raises UsageError.
    """
    try:
        with file.open(encoding="utf-8-sig") as lines:
            articles = read_labelled(lines, name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.") from error
    return score(topic_queries(settings), articles, analyser(settings))


def _newest(store: Store, topic: str) -> list[Caught]:
    found = []
    for item in store.listing.page(Narrowed(topic=topic)):
        found.append(Caught(item, store.topics.of(item.article.id).get(topic, ())))
        if len(found) == NEWEST:
            break
    return found
