"""What an alert says: a message with its items, ready for any channel, and what the other side answered.

All text is clean plain text. `Message.id` is that of the delivery: the same however often it is tried, so that a
receiver can tell a repeat (Standard Webhooks `webhook-id`, RFC 5322 `Message-ID`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicator.model import Reason, State


class Event(StrEnum):
    """What a message tells: one match or several gathered, what was corrected or withdrawn, or trouble of our own."""

    MATCH = "match"
    DIGEST = "digest"
    CORRECTION = "correction"
    KILL = "kill"
    MAINTENANCE = "maintenance"
    TEST = "test"


# What goes out at once, past quiet hours, cooldown and mute: it takes back what people already have.
URGENT = frozenset({Event.CORRECTION, Event.KILL})


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage with the matched words in it: `spans` are (start, end) character offsets into `text`, in order."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One article in a message.

    `title` and `excerpt` carry the matched words marked; the excerpt is empty where only the title matched or
    where the article was killed: then `title` is the notice's. `source` is the title of its source, `others` those
    of the other sources that carry the same story. `story` is the story's permanent id (`urn:uuid:…`), `reasons` why
    it matched. `note` is what a correction or a kill says of itself. Both times are on the clock of the alert's zone.
    """

    article: str
    seq: int
    version: int
    state: State
    title: Excerpt
    excerpt: Excerpt
    url: str | None
    source: str
    published: datetime
    updated: datetime
    story: str
    others: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one destination.

    `id` is `msg_…`, ASCII letters, digits and `_` only. `follows` are the ids of the earlier messages of its thread,
    oldest first. `alert`, `alert_id` and `query` are None for maintenance; `lines` is then what it has to say, its
    subject first. `part` is (1, 1), or (2, 3) for the second of three parts of a long digest. `site` is the
    newsroom's title, `home` its public URL. `unsubscribe` is the signed URL that ends this alert for this destination.
    """

    id: str
    event: Event
    created: datetime
    site: str
    home: str
    items: tuple[Item, ...] = ()
    lines: tuple[str, ...] = ()
    alert: str | None = None
    alert_id: str | None = None
    query: str | None = None
    follows: tuple[str, ...] = ()
    part: tuple[int, int] = (1, 1)
    unsubscribe: str | None = None


class Verdict(StrEnum):
    """How an attempt ended: taken; worth another try; refused for good; or the receiver is gone for ever (410)."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt brought. `said` is one printable line, without secrets, of what the other side answered.

    `status` is the SMTP or HTTP code. `answered` tells a receiver that refused this message from one that could
    not be reached at all. `retry_after` is how long it asked us to wait.
    """

    verdict: Verdict
    said: str
    status: int | None = None
    answered: bool = True
    retry_after: timedelta | None = None
