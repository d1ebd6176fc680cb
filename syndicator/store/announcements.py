"""What the public was last told that our feeds say: each format of each feed is a topic of WebSub, by its own URL.

A topic's generation goes up when its bytes have changed. Whoever follows it remembers the generation that they were
sent last, so what is still to be sent is a comparison, and needs no queue.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.store.questions import Questions
from syndicator.store.records import Row, seconds
from syndicator.websub import host_of


@dataclass(frozen=True, slots=True)
class Topic:
    """One feed in one format: its `rel=self` URL, the SHA-256 (hex) of its bytes on disk, how often they changed."""

    url: str
    feed: str
    extension: str
    digest: str
    generation: int = 0


class Announcements:
    """The hub_topics table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database, questions: Questions) -> None:
        self._db = db
        self._questions = questions

    def announce(self, feed: str, topics: Iterable[Topic], now: datetime, *, hub: str | None = None) -> None:
        """Say what feed `feed` is on disk now. Other addresses that it once had are gone.

        What differs from what was said last makes work due: for subscribers, and for `hub`, a hub elsewhere that is
        to be told from now on, and that alone.
        """
        urls = []
        for topic in topics:
            urls.append(topic.url)
            self._db.execute(
                """
                INSERT INTO hub_topics (url, feed, extension, digest, generation, changed)
                VALUES (?, ?, ?, ?, 1, ?)
                ON CONFLICT (url) DO UPDATE SET feed = excluded.feed, extension = excluded.extension, gone = 0,
                    generation = generation + 1, digest = excluded.digest, changed = excluded.changed
                WHERE digest <> excluded.digest OR gone
                """,
                [topic.url, topic.feed, topic.extension, topic.digest, seconds(now)],
            )
            self._tell(topic.url, hub, now)
        moved = self._db.query(
            "SELECT url FROM hub_topics WHERE feed = ? AND gone = 0 AND url NOT IN (SELECT value FROM json_each(?))",
            [feed, json.dumps(urls)],
        )
        self._end([row["url"] for row in moved], "This feed has moved: subscribe to its new address.")

    def retire(self, feeds: Collection[str]) -> None:
        """These feeds are gone; their subscribers are to be told so."""
        rows = self._db.query(
            "SELECT url FROM hub_topics WHERE gone = 0 AND feed IN (SELECT value FROM json_each(?))",
            [json.dumps(sorted(feeds))],
        )
        self._end([row["url"] for row in rows], "This feed is gone.")

    def topic(self, url: str) -> Topic | None:
        """The topic of this URL; None where there is none, or none any more."""
        for row in self._db.query("SELECT * FROM hub_topics WHERE url = ? AND gone = 0", [url]):
            return _topic(row)
        return None

    def stands(self, topic: Topic) -> bool:
        """Whether `topic` is still what its feed says: announced last, and with nothing that waits to be rendered."""
        rows = self._db.query(
            "SELECT 1 FROM hub_topics t WHERE url = ? AND digest = ? AND gone = 0"
            " AND NOT EXISTS (SELECT 1 FROM stale_feeds s WHERE s.name = t.feed)",
            [topic.url, topic.digest],
        )
        return any(True for _ in rows)

    def topics(self) -> list[Topic]:
        """All topics that there are, by URL."""
        return [_topic(row) for row in self._db.query("SELECT * FROM hub_topics WHERE gone = 0 ORDER BY url")]

    def close(self) -> None:
        """There is no hub of ours any more: every subscription to it ends, and the subscribers are to be told so."""
        rows = self._db.query("SELECT DISTINCT topic FROM hub_followers WHERE kind = 'subscriber'")
        asking = self._db.query("SELECT DISTINCT topic FROM hub_questions WHERE mode <> 'denied'")
        topics = {row["topic"] for row in [*rows, *asking]}
        self._questions.deny(topics, "This hub is closed: the feed says where to subscribe now.")

    def _tell(self, url: str, hub: str | None, now: datetime) -> None:
        self._db.execute("DELETE FROM hub_followers WHERE topic = ? AND kind = 'hub' AND url IS NOT ?", [url, hub])
        if hub is not None:
            self._db.execute(
                "INSERT OR IGNORE INTO hub_followers (kind, topic, url, host, since, sent)"
                " VALUES ('hub', ?, ?, ?, ?, 0)",
                [url, hub, host_of(hub), seconds(now)],
            )

    def _end(self, urls: list[str], reason: str) -> None:
        if urls:
            listed = json.dumps(urls)
            self._db.execute("UPDATE hub_topics SET gone = 1 WHERE url IN (SELECT value FROM json_each(?))", [listed])
            self._db.execute(
                "DELETE FROM hub_followers WHERE kind = 'hub' AND topic IN (SELECT value FROM json_each(?))", [listed]
            )
            self._questions.deny(urls, reason)


def _topic(row: Row) -> Topic:
    return Topic(row["url"], row["feed"], row["extension"], row["digest"], row["generation"])
