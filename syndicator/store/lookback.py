"""The archive looked back over: when and from where all that a query matches came, without reading what it says."""

import json
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from sqlite_utils import Database

from syndicator.query import Query, evaluate, to_fts
from syndicator.store.records import ALL, ARTICLE_COLUMNS, load_article, seconds
from syndicator.store.search import Hit, Search


class Sighting(NamedTuple):
    """An article that a query matches. `published` in seconds since 1970; `story`: its own id for none."""

    number: int
    published: int
    source: str
    story: str


class LookBack:
    """Counts what searches would find.

    Where FTS5 says a query exactly, its answer is the answer and no article is read. Else each candidate is read and
    held against `evaluate`, as in a search.
    """

    def __init__(self, db: Database, search: Search) -> None:
        self._db = db
        self._search = search

    def sightings(self, query: Query, since: datetime) -> list[Sighting]:
        """Everything published since then that a query matches, newest first."""
        wanted = to_fts(query, self._search.analyser)
        # The index is asked first, whatever SQLite's planner thinks best.
        rows = self._db.execute(
            """
            SELECT a.n, a.published, a.source, coalesce(s.story, a.id)
            FROM article_fts f CROSS JOIN articles a ON a.n = f.rowid
            LEFT JOIN story_articles s ON s.article = a.n
            WHERE article_fts MATCH ? AND a.state IN ('live', 'corrected') AND a.published >= ?
            """,
            [wanted.expression, seconds(since)],
        )
        found = sorted(map(Sighting._make, rows), key=itemgetter(1, 0), reverse=True)
        if wanted.exact:
            return found
        matched = {number for number, _ in self._verified(query, [one.number for one in found])}
        return [one for one in found if one.number in matched]

    def hits(self, query: Query, numbers: list[int]) -> list[Hit]:
        """These articles, with the reasons for which the query matches them; in the order given."""
        found = dict(self._verified(query, numbers))
        return [found[number] for number in numbers if number in found]

    def is_anywhere(self, query: Query) -> bool:
        """Whether any article in the archive matches."""
        wanted = to_fts(query, self._search.analyser)
        if not wanted.exact:
            return next(self._search.find(query, limit=1), None) is not None
        rows = self._db.execute("SELECT 1 FROM article_fts WHERE article_fts MATCH ? LIMIT 1", [wanted.expression])
        return rows.fetchone() is not None

    def articles(self, since: datetime) -> int:
        """How many articles were published since then."""
        rows = self._db.execute(
            "SELECT count(*) FROM article_topics WHERE topic = ? AND published >= ?", [ALL, seconds(since)]
        )
        return int(rows.fetchone()[0])

    def _verified(self, query: Query, numbers: list[int]) -> Iterator[tuple[int, Hit]]:
        rows = self._db.query(
            f"""
            SELECT {ARTICLE_COLUMNS},
                (SELECT coalesce(group_concat(topic, ' '), '') FROM article_topics WHERE article = a.n) AS topics
            FROM json_each(?) j CROSS JOIN articles a ON a.n = j.value JOIN versions v ON v.seq = a.seq
            """,  # noqa: S608 - a constant
            [json.dumps(numbers)],
        )
        for row in rows:
            article = load_article(row)
            match = evaluate(query, self._search.analyse(article, frozenset(row["topics"].split())))
            if match is not None:
                yield row["n"], Hit(article, match.reasons)
