"""What is published, one by one and in pages, as everybody may see it: nothing held back, nothing retired."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.model import FeedItem, State
from syndicator.store.records import ALL, ITEM_COLUMNS, load_item, moment, number, optional_seconds, seconds

_ID = "urn:uuid:"
# Enough of an id to mean one article among millions, and not to be tried through.
_PREFIX = 6
_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands among all, newest first: when it was published, and its number in this database."""

    published: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which articles are wanted: under a topic, from a source, in a state, published in a span, behind a place.

    `since` belongs to the span, `until` does not.
    """

    topic: str = ALL
    source: str | None = None
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: Place | None = None

    # For rows of `articles a` that stand under the topic by `article_topics t`.
    WHERE = """
        t.topic = :topic AND a.state <> 'embargoed' AND a.retired = 0
        AND (:state IS NULL OR a.state = :state)
        AND (:source IS NULL OR a.n IN (SELECT article FROM appearances WHERE source = :source))
        AND t.published >= :since AND t.published < :until
        AND (t.published, t.article) < (:after_published, :after_number)
    """

    def values(self) -> dict[str, object]:
        """What WHERE asks for."""
        after = self.after
        return {
            "topic": self.topic,
            "state": self.state,
            "source": self.source,
            "since": -_FOR_EVER if self.since is None else seconds(self.since),
            "until": _FOR_EVER if self.until is None else seconds(self.until),
            "after_published": _FOR_EVER if after is None else optional_seconds(after.published),
            "after_number": 0 if after is None else after.number,
        }


@dataclass(frozen=True, slots=True)
class Retired:
    """An article that was published, and of which nothing is kept but that."""

    id: str


@dataclass(frozen=True, slots=True)
class PublicCount:
    """How many articles a topic has that everybody may see, of them since a moment, and the newest."""

    articles: int
    recent: int
    newest: datetime | None


class Listing:
    """Reads of the articles that are out. Nothing here writes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, wanted: Narrowed) -> Iterator[FeedItem]:
        """What is wanted, newest first."""
        rows = self._db.query(
            f"""
            SELECT {ITEM_COLUMNS} FROM article_topics t
            CROSS JOIN articles a ON a.n = t.article JOIN versions v ON v.seq = a.seq
            LEFT JOIN sources s ON s.name = a.source
            WHERE {Narrowed.WHERE} ORDER BY t.published DESC, t.article DESC
            """,  # noqa: S608 - constants
            wanted.values(),
        )
        return map(load_item, rows)

    def find(self, reference: str) -> FeedItem | Retired | None:
        """The one article meant by an id, with or without "urn:uuid:", or by six or more of its first characters.

        None where there is none that everybody may see, or several.
        """
        bare = reference.lower().removeprefix(_ID)
        if len(bare) < _PREFIX:
            return None
        found = list(
            self._db.query(
                """
                SELECT a.id, a.retired FROM articles a
                WHERE a.id >= :low AND a.id < :low || 'g' AND a.state <> 'embargoed'
                  AND EXISTS (SELECT 1 FROM versions v WHERE v.article = a.n AND v.state IN ('live', 'corrected'))
                LIMIT 2
                """,
                {"low": _ID + bare},
            )
        )
        if len(found) != 1:
            return None
        return Retired(found[0]["id"]) if found[0]["retired"] else self.item(found[0]["id"])

    def item(self, id_: str) -> FeedItem:
        """The article with this id as it may be shown. KeyError where there is none that may."""
        rows = self._db.query(
            f"""
            SELECT {ITEM_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq
            LEFT JOIN sources s ON s.name = a.source
            WHERE a.id = ? AND a.state <> 'embargoed' AND a.retired = 0
            """,  # noqa: S608 - constants
            [id_],
        )
        for row in rows:
            return load_item(row)
        raise KeyError(id_)

    def place(self, item: FeedItem) -> Place:
        """Where an article stands: what comes after it is the next page."""
        return Place(item.article.published, number(self._db, item.article.id))

    def pace(self, topic: str, since: datetime) -> list[tuple[datetime, int]]:
        """How many articles of a topic were published in each quarter of an hour since then; oldest first."""
        rows = self._db.query(
            """
            SELECT t.published / 900 * 900 AS began, count(*) AS articles
            FROM article_topics t JOIN articles a ON a.n = t.article
            WHERE t.topic = ? AND t.published >= ? AND a.state <> 'embargoed' AND a.retired = 0
            GROUP BY began ORDER BY began
            """,
            [topic, seconds(since)],
        )
        return [(moment(row["began"]), row["articles"]) for row in rows]

    def count(self, topic: str, since: datetime) -> PublicCount:
        """How full a topic is."""
        rows = self._db.query(
            "SELECT count(*) AS total, coalesce(sum(t.published >= ?), 0) AS recent, max(t.published) AS newest"
            " FROM article_topics t JOIN articles a ON a.n = t.article WHERE t.topic = ? AND a.state <> 'embargoed'",
            [seconds(since), topic],
        )
        (row,) = rows
        return PublicCount(row["total"], row["recent"], None if row["newest"] is None else moment(row["newest"]))
