"""The archive looked back over: when and from where all that a query matches came, without reading what it says."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from statistics import median_low
from typing import NamedTuple

from sqlite_utils import Database

from syndicator.query import COLUMNS, Count, FtsRow, Indexed, Query, evaluate, to_fts
from syndicator.query.tokens import fold_text
from syndicator.store.records import ALL, ARTICLE_COLUMNS, load_article, moment, seconds
from syndicator.store.search import Hit, Search

# What somebody who types can wait for: each of them is about 50 ms of work.
MOST_COUNTED = 10_000
MOST_READ = 500
MOST_PLACES = 150_000
MOST_LATE = 200

# A word that was misspelt is looked for among so many that begin with as many letters alike.
_ALIKE = 3
_MOST_TOKENS = 500

SECOND = timedelta(seconds=1)


class Sighting(NamedTuple):
    """An article that a query matches. `published` in seconds since 1970; `story`: its own id for none."""

    number: int
    published: int
    source: str
    story: str


class Seen(NamedTuple):
    """What a query matches, newest arrivals first: everything published at `since` or later, and some from before."""

    sightings: list[Sighting]
    since: datetime


class LookBack:
    """Counts what searches would find.

    Where FTS5 says a query exactly, its answer is the answer and no article is read. Else the index rows of the
    candidates are held against the query.
    """

    def __init__(self, db: Database, search: Search) -> None:
        self._db = db
        self._search = search

    def sightings(self, query: Query, since: datetime, *, quick: bool = False) -> Seen:
        """What was published since then that a query matches.

        If `quick`, no more than the newest MOST_COUNTED are counted or, where candidates must be read, the newest
        MOST_READ of these; where that is not all of them, the answer is of a later `since`.
        """
        wanted = to_fts(query, self._search.analyser, self._is_broad if quick else lambda _: False)
        counts = [count for count in wanted.counts if not quick or not self._is_common(count)]
        exact = wanted.exact and len(counts) == len(wanted.counts)
        most = (MOST_COUNTED if exact else MOST_READ) if quick else sys.maxsize - 1
        conditions, values = "", list[str | int]()
        for count in counts:
            chosen, more = count.rows("article_terms")
            conditions += f" AND a.n IN ({chosen})"
            values += more
        # The index is asked first, whatever SQLite's planner thinks best: it gives its rows in either order, and no
        # more of them than are taken.
        rows = self._db.execute(
            f"""
            SELECT a.n, a.published, a.source, coalesce(s.story, a.id)
            FROM article_fts f CROSS JOIN articles a ON a.n = f.rowid
            LEFT JOIN story_articles s ON s.article = a.n
            WHERE article_fts MATCH ? AND f.rowid >= (SELECT coalesce(min(n), 0) FROM articles WHERE published >= ?)
              AND a.state IN ('live', 'corrected') AND a.published >= ?{conditions}
            ORDER BY f.rowid DESC LIMIT ?
            """,  # noqa: S608 - conditions of ours, with marks for values
            [wanted.expression, seconds(since), seconds(since), *values, most + 1],
        )
        found, late = [Sighting._make(row) for row in rows], list[Sighting]()
        if len(found) > most:
            # All that came after the last of these was looked at. Little that came before was published as late: what
            # was held for long, or came late. That is read.
            since = max(since, moment(median_low(one.published for one in found[-(most // 50 + 1) :])) + SECOND)
            number = found.pop().number
            late = self._published(since, number)
            if len(late) > MOST_LATE:
                since, late = moment(max(one.published for one in late)) + SECOND, []
        unsure = late if exact else [*found, *late]
        matched = self._matching(Indexed(query, self._search.analyser), [one.number for one in unsure])
        return Seen([*(found if exact else ()), *(one for one in unsure if one.number in matched)], since)

    def hits(self, query: Query, numbers: list[int]) -> list[Hit]:
        """These articles, with the reasons for which the query matches them; in the order given."""
        found = dict(self._verified(query, numbers))
        return [found[number] for number in numbers if number in found]

    def is_anywhere(self, query: Query) -> bool:
        """Whether any article in the archive matches."""
        wanted = to_fts(query, self._search.analyser)
        if not wanted.exact or wanted.counts:
            return next(self._search.find(query, limit=1), None) is not None
        rows = self._db.execute("SELECT 1 FROM article_fts WHERE article_fts MATCH ? LIMIT 1", [wanted.expression])
        return rows.fetchone() is not None

    def word_like(self, word: str) -> str | None:
        """A word of the archive that is spelt nearly like this one and begins alike; None where there is none."""
        folded = fold_text(word)
        if len(folded) != 1 or len(folded[0]) <= _ALIKE:
            return None
        like = get_close_matches(folded[0], self._tokens(folded[0][:_ALIKE]), n=5, cutoff=0.8)
        return next((token for token in like if self._is_word(token)), None)

    def _tokens(self, beginning: str) -> Iterator[str]:
        """The first tokens of the index that begin so: one step each, in however many places they stand."""
        at = beginning
        for _ in range(_MOST_TOKENS):
            row = self._db.execute("SELECT term FROM article_terms WHERE term >= ? LIMIT 1", [at]).fetchone()
            if row is None or not row[0].startswith(beginning):
                return
            yield row[0]
            at = row[0] + "\x01"  # no token has it, so this is the very next place

    def _is_word(self, token: str) -> bool:
        """Whether a token is a word of some article, and not only the stem of one."""
        wanted = f'{{title text}}: "{token}"'
        rows = self._db.execute("SELECT 1 FROM article_fts WHERE article_fts MATCH ? LIMIT 1", [wanted])
        return rows.fetchone() is not None

    def articles(self, since: datetime) -> int:
        """How many articles were published since then."""
        rows = self._db.execute(
            "SELECT count(*) FROM article_topics WHERE topic = ? AND published >= ?", [ALL, seconds(since)]
        )
        return int(rows.fetchone()[0])

    def _is_common(self, count: Count) -> bool:
        return self._fills(f"term IN ({', '.join('?' * len(count.tokens))})", *count.tokens)

    def _is_broad(self, beginning: str) -> bool:
        return self._fills("term >= ? AND term < ?", beginning, f"{beginning}\U0010ffff")

    def _fills(self, terms: str, *values: str) -> bool:
        """Whether these terms stand in so many places that counting or finding them takes long."""
        rows = self._db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM article_terms WHERE {terms} LIMIT ?)",  # noqa: S608 - conditions of ours
            [*values, MOST_PLACES + 1],
        )
        return int(rows.fetchone()[0]) > MOST_PLACES

    def _published(self, since: datetime, number: int) -> list[Sighting]:
        """What was published since then and has at most this number, latest first; not much more than MOST_LATE."""
        rows = self._db.execute(
            """
            SELECT a.n, a.published, a.source, coalesce(s.story, a.id)
            FROM articles a LEFT JOIN story_articles s ON s.article = a.n
            WHERE a.published >= ? AND a.n <= ? AND a.state IN ('live', 'corrected')
            ORDER BY a.published DESC LIMIT ?
            """,
            [seconds(since), number, MOST_LATE + 1],
        )
        return [Sighting._make(row) for row in rows]

    def _matching(self, indexed: Indexed, numbers: list[int]) -> set[int]:
        rows = self._db.execute(
            f"SELECT f.rowid, {', '.join(COLUMNS)} FROM json_each(?) j CROSS JOIN article_fts f ON f.rowid = j.value",  # noqa: S608
            [json.dumps(numbers)],
        )
        return {number for number, *row in rows if indexed.matches(FtsRow._make(row))}

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
