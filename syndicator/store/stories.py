"""Which articles tell the same story, and the index by which a new one finds its kin."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlite_utils import Database

from syndicator.alerts import Candidate, Told
from syndicator.store.records import moment, number, seconds

# Of more stories than these an article shares no more than a phrase with most.
MOST_CANDIDATES = 50


class Stories:
    """The story_articles and story_bands tables. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, article: str) -> str | None:
        """The story of an article; None where it has not been asked for yet."""
        rows = self._db.query(
            "SELECT s.story FROM story_articles s JOIN articles a ON a.n = s.article WHERE a.id = ?", [article]
        )
        return next((str(row["story"]) for row in rows), None)

    def candidates(self, bands: Sequence[int], since: datetime) -> list[Candidate]:
        """Stories opened by articles published since then that share a band, those that share most of them first."""
        rows = self._db.query(
            """
            SELECT s.story, s.told FROM story_articles s JOIN (
                SELECT article, count(*) AS shared FROM story_bands
                WHERE band IN (SELECT value FROM json_each(:bands)) AND at >= :since
                GROUP BY article ORDER BY shared DESC, article DESC LIMIT :limit) b ON b.article = s.article
            """,
            {"bands": json.dumps(list(bands)), "since": seconds(since), "limit": MOST_CANDIDATES},
        )
        return [Candidate(row["story"], _load_told(row["told"])) for row in rows]

    def open(self, article: str, story: str, told: Told, bands: Sequence[int]) -> None:
        """An article opens a story: later ones find it by its bands."""
        n, at = number(self._db, article), seconds(told.published)
        self._db.execute("INSERT INTO story_articles VALUES (?, ?, ?, ?)", [n, story, _dump_told(told), at])
        self._db.execute(
            "INSERT INTO story_bands SELECT value, ?, ? FROM json_each(?)", [n, at, json.dumps(list(bands))]
        )

    def join(self, article: str, story: str, published: datetime) -> None:
        """An article tells a story that is known."""
        self._db.execute(
            "INSERT INTO story_articles VALUES (?, ?, NULL, ?)", [number(self._db, article), story, seconds(published)]
        )

    def sources(self, story: str) -> list[str]:
        """The names of all sources that carry a story, by articles that still stand; first seen first."""
        rows = self._db.query(
            """
            SELECT p.source FROM story_articles s JOIN articles a ON a.n = s.article
            JOIN appearances p ON p.article = s.article
            WHERE s.story = ? AND a.state IN ('live', 'corrected')
            GROUP BY p.source ORDER BY min(p.first_seen), p.source
            """,
            [story],
        )
        return [row["source"] for row in rows]

    def others(self, article: str, *, limit: int) -> list[str]:
        """The ids of other articles that tell the same story and still stand, newest first."""
        rows = self._db.query(
            """
            SELECT a.id FROM story_articles s JOIN articles a ON a.n = s.article
            WHERE s.story = (SELECT s.story FROM story_articles s JOIN articles a ON a.n = s.article WHERE a.id = :id)
              AND a.id <> :id AND a.state IN ('live', 'corrected') AND a.retired = 0
            ORDER BY a.published DESC, a.n DESC LIMIT :limit
            """,
            {"id": article, "limit": limit},
        )
        return [row["id"] for row in rows]

    def forget(self, before: datetime) -> None:
        """Take stories opened by articles published before then out of the index: nothing joins them any more."""
        self._db.execute("DELETE FROM story_bands WHERE at < ?", [seconds(before)])
        self._db.execute("UPDATE story_articles SET told = NULL WHERE at < ? AND told IS NOT NULL", [seconds(before)])


def _dump_told(told: Told) -> str:
    # Not by `asdict`, which copies a few hundred numbers one by one: it took a fifth of the whole intake.
    fields = {
        "source": told.source,
        "published": seconds(told.published),
        "title": told.title,
        "words": told.words,
        "names": told.names,
        "figures": told.figures,
        "version": told.version,
    }
    return json.dumps(fields, separators=(",", ":"))


def _load_told(value: str) -> Told:
    fields = json.loads(value)
    return Told(
        source=fields["source"],
        published=moment(fields["published"]),
        title=tuple(fields["title"]),
        words=tuple(fields["words"]),
        names=tuple(fields["names"]),
        figures=tuple(fields["figures"]),
        version=fields["version"],
    )
