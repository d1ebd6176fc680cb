"""Which articles stand under which topics, why, and what each topic meant when it was last applied."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.model import Article, Reason
from syndicator.store.records import ALL, dump_reasons, load_reasons, moment, number, seconds


@dataclass(frozen=True, slots=True)
class TopicCount:
    """How full a topic is: articles in all and since a moment, and when the newest was published."""

    articles: int
    recent: int
    newest: datetime | None


class Topics:
    """The topics, article_topics and left_topics tables. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def tag(self, article: Article, topics: Mapping[str, Iterable[Reason]]) -> frozenset[str]:
        """Put an article under exactly these topics (and `all`); returns those that it stood under before."""
        n = number(self._db, article.id)
        rows = self._db.query("SELECT topic FROM article_topics WHERE article = ?", [n])
        before = frozenset(row["topic"] for row in rows)
        self._db.execute("DELETE FROM article_topics WHERE article = ?", [n])
        under = {ALL: "[]"} | {name: dump_reasons(reasons) for name, reasons in topics.items()}
        self._db.table("article_topics").insert_all(
            {"topic": name, "published": seconds(article.published), "article": n, "reasons": reasons}
            for name, reasons in under.items()
        )
        self._leave(n, before - under.keys())
        self._db.execute(
            "DELETE FROM left_topics WHERE article = ? AND topic IN (SELECT value FROM json_each(?))",
            [n, json.dumps(list(under))],
        )
        return before

    def add(self, article: Article, topic: str, reasons: Iterable[Reason]) -> None:
        """Put an article under one more topic, or renew why it stands there."""
        n = number(self._db, article.id)
        self._db.execute("DELETE FROM left_topics WHERE article = ? AND topic = ?", [n, topic])
        self._db.table("article_topics").upsert(
            {
                "topic": topic,
                "published": seconds(article.published),
                "article": n,
                "reasons": dump_reasons(reasons),
            },
            pk=("topic", "published", "article"),
        )

    def remove(self, article: Article, topic: str) -> None:
        """Take an article out of one topic."""
        n = number(self._db, article.id)
        removed = self._db.execute(
            "DELETE FROM article_topics WHERE topic = ? AND published = ? AND article = ?",
            [topic, seconds(article.published), n],
        )
        if removed.rowcount:
            self._leave(n, {topic})

    def _leave(self, n: int, topics: Iterable[str]) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO left_topics SELECT ?, value FROM json_each(?)", [n, json.dumps(list(topics))]
        )

    def of(self, id_: str) -> dict[str, tuple[Reason, ...]]:
        """The topics of an article with the reasons for each; `all` is left out."""
        rows = self._db.query(
            "SELECT topic, reasons FROM article_topics WHERE article = ? AND topic <> ? ORDER BY topic",
            [number(self._db, id_), ALL],
        )
        return {row["topic"]: load_reasons(row["reasons"]) for row in rows}

    def left(self, id_: str) -> frozenset[str]:
        """The topics that an article once stood under in the open: whoever reads those feeds may have it still."""
        rows = self._db.query("SELECT topic FROM left_topics WHERE article = ?", [number(self._db, id_)])
        return frozenset(row["topic"] for row in rows)

    def under(self, topic: str) -> frozenset[str]:
        """The ids of all news under a topic that a changed query may move: out in the open, not an advisory."""
        rows = self._db.query(
            "SELECT a.id FROM article_topics t JOIN articles a ON a.n = t.article"
            " WHERE t.topic = ? AND a.state IN ('live', 'corrected') AND a.kind = 'news'",
            [topic],
        )
        return frozenset(row["id"] for row in rows)

    def count(self, topic: str, since: datetime) -> TopicCount:
        """How many articles stand under a topic."""
        rows = self._db.query(
            "SELECT count(*) AS total, coalesce(sum(published >= ?), 0) AS recent, max(published) AS newest"
            " FROM article_topics WHERE topic = ?",
            [seconds(since), topic],
        )
        row = next(iter(rows))
        newest = None if row["newest"] is None else moment(row["newest"])
        return TopicCount(row["total"], row["recent"], newest)

    def meanings(self) -> dict[str, str]:
        """For each topic in use, the meaning of its query when the archive was last tagged by it."""
        return {
            row["name"]: row["meaning"] for row in self._db.query("SELECT name, meaning FROM topics WHERE gone = 0")
        }

    def remember(self, name: str, meaning: str) -> None:
        """Keep that the archive is tagged by this meaning of the topic."""
        self._db.table("topics").upsert({"name": name, "meaning": meaning, "gone": 0}, pk="name")

    def drop(self, name: str) -> None:
        """A topic that config no longer has: its tags go, its name is kept as gone."""
        self._db.execute("DELETE FROM article_topics WHERE topic = ?", [name])
        self._db.execute("DELETE FROM left_topics WHERE topic = ?", [name])
        self._db.execute("DELETE FROM stale_feeds WHERE name = ? OR name LIKE ? || '/%'", [name, name])
        self._db.execute("UPDATE topics SET gone = 1 WHERE name = ?", [name])

    def gone(self) -> tuple[str, ...]:
        """Topics that once had feeds and no longer do."""
        return tuple(row["name"] for row in self._db.query("SELECT name FROM topics WHERE gone = 1 ORDER BY name"))
