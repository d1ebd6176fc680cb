"""The FTS5 index: filled from the same analysis as the matcher, asked with the same language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.model import Article, Reason
from syndicator.query import Analysed, Analyser, Document, Query, evaluate, index_row, to_fts
from syndicator.store.listing import Narrowed
from syndicator.store.records import ARTICLE_COLUMNS, Row, load_article, number, seconds

# Characters of a text that queries see. A long novel has a million; an article this long is a document dump, and
# hostile ones must not hold up the rest.
READ = 200_000


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that a search found, and why."""

    article: Article
    reasons: tuple[Reason, ...]


class Search:
    """The article_fts table. It holds every live and corrected article: nothing embargoed, nothing withdrawn."""

    def __init__(self, db: Database, analyser: Analyser) -> None:
        self._db = db
        self.analyser = analyser

    def document(self, article: Article, topics: frozenset[str]) -> Document:
        """An article as the query language sees it, under every source that carries it."""
        rows = self._db.query(
            "SELECT DISTINCT p.source FROM appearances p JOIN articles a ON a.n = p.article WHERE a.id = ?"
            " ORDER BY p.source",
            [article.id],
        )
        return Document(
            title=article.content.title,
            text=(article.content.text or article.content.summary)[:READ],
            sources=tuple(row["source"] for row in rows),
            authors=article.content.authors,
            topics=topics,
            language=article.content.language,
        )

    def analyse(self, article: Article, topics: frozenset[str] = frozenset()) -> Analysed:
        """An article's tokens, ready for the matcher, for `evaluate`, and for this index."""
        return self.analyser.analyse(self.document(article, topics))

    def index(self, article: Article, analysed: Analysed) -> None:
        """Put an article's newest version into the index, or renew it there."""
        self.remove(article)
        row = index_row(analysed)
        columns = ", ".join(("rowid", *row._fields))
        marks = ", ".join("?" for _ in (None, *row))
        self._db.execute(
            f"INSERT INTO article_fts ({columns}) VALUES ({marks})",  # noqa: S608 - the index's own column names
            [number(self._db, article.id), *row],
        )

    def remove(self, article: Article) -> None:
        """Take an article out of the index."""
        self._db.execute("DELETE FROM article_fts WHERE rowid = ?", [number(self._db, article.id)])

    def find(
        self,
        query: Query,
        *,
        since: datetime | None = None,
        limit: int | None = None,
        within: Narrowed | None = None,
    ) -> Iterator[Hit]:
        """Articles that `query` matches, newest first, each verified and with its reasons.

        `since` bounds the time of publication, `within` what is looked through. FTS5 proposes; `evaluate`, which is
        the matcher's own meaning, disposes and explains.
        """
        wanted = to_fts(query, self.analyser)
        found = 0
        rows = self._candidates(wanted.expression, since) if within is None else self._among(wanted.expression, within)
        for row in rows:
            article = load_article(row)
            topics = frozenset(row["topics"].split())
            match = evaluate(query, self.analyse(article, topics))
            if match is not None:
                yield Hit(article, match.reasons)
                found += 1
                if found == limit:
                    return

    def revision(self) -> int:
        """A number that moves with every version of every article: while it stands, no words have changed."""
        return int(next(iter(self._db.query("SELECT coalesce(max(seq), 0) AS seq FROM versions")))["seq"])

    def everything(self) -> Iterator[Article]:
        """Every article that belongs in the index, oldest first: for building it anew."""
        rows = self._db.query(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - a constant
            " WHERE a.state IN ('live', 'corrected') AND a.retired = 0 AND a.kind = 'news' ORDER BY a.n"
        )
        return (load_article(row) for row in rows)

    def clear(self) -> None:
        """Empty the index, to build it anew."""
        self._db.execute("DELETE FROM article_fts")

    def _candidates(self, expression: str, since: datetime | None) -> Iterator[Row]:
        return self._db.query(
            f"""
            SELECT {ARTICLE_COLUMNS},
                (SELECT coalesce(group_concat(topic, ' '), '') FROM article_topics WHERE article = a.n) AS topics
            FROM article_fts f JOIN articles a ON a.n = f.rowid JOIN versions v ON v.seq = a.seq
            WHERE article_fts MATCH :expression AND a.state IN ('live', 'corrected')
              AND a.published >= :since
            ORDER BY a.published DESC, a.n DESC
            """,  # noqa: S608 - a constant
            {
                "expression": expression,
                "since": seconds(since) if since else 0,
            },
        )

    def _among(self, expression: str, within: Narrowed) -> Iterator[Row]:
        """The candidates among what is wanted. The index is asked first, whatever SQLite's planner thinks best."""
        return self._db.query(
            f"""
            SELECT {ARTICLE_COLUMNS},
                (SELECT coalesce(group_concat(topic, ' '), '') FROM article_topics WHERE article = a.n) AS topics
            FROM article_fts f CROSS JOIN articles a ON a.n = f.rowid
            CROSS JOIN article_topics t ON t.article = a.n JOIN versions v ON v.seq = a.seq
            WHERE article_fts MATCH :expression AND a.state IN ('live', 'corrected') AND {Narrowed.WHERE}
            ORDER BY a.published DESC, a.n DESC
            """,  # noqa: S608 - constants
            {"expression": expression, **within.values()},
        )
