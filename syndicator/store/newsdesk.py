"""All articles as the newsroom sees them, newest first: what is held back too, for those who may see it."""

from dataclasses import dataclass

from sqlite_utils import Database

from syndicator.model import FeedItem, State
from syndicator.store.listing import Place
from syndicator.store.records import ITEM_COLUMNS, load_item, moment, optional_seconds

_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Sought:
    """Which articles are wanted: under a topic, from a source, in a state, behind a place; `held`: held ones too."""

    topic: str | None = None
    source: str | None = None
    state: State | None = None
    held: bool = False
    after: Place | None = None


class Newsdesk:
    """Reads of articles for the people of the newsroom. Nothing here writes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, sought: Sought, *, limit: int) -> list[tuple[Place, FeedItem]]:
        """What is wanted, each with the place behind which the next page begins. What was retired is not there."""
        after = sought.after
        rows = self._db.query(
            f"""
            SELECT {ITEM_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq
            LEFT JOIN sources s ON s.name = a.source
            WHERE a.retired = 0 AND (:held OR a.state <> 'embargoed') AND (:state IS NULL OR a.state = :state)
              AND (:source IS NULL OR a.n IN (SELECT article FROM appearances WHERE source = :source))
              AND (:topic IS NULL
                OR EXISTS (SELECT 1 FROM article_topics t WHERE t.article = a.n AND t.topic = :topic)
                OR a.state = 'embargoed' AND EXISTS (SELECT 1 FROM placements p
                  WHERE p.article = a.n AND p.topic = :topic AND p.inside))
              AND a.published <= :published AND (a.published, a.n) < (:published, :number)
            ORDER BY a.published DESC, a.n DESC LIMIT :limit
            """,  # noqa: S608 - constants
            {
                "held": sought.held,
                "state": sought.state,
                "source": sought.source,
                "topic": sought.topic,
                "published": _FOR_EVER if after is None else optional_seconds(after.published),
                "number": _FOR_EVER if after is None else after.number,
                "limit": limit,
            },
        )
        return [(Place(moment(row["published"]), row["n"]), load_item(row)) for row in rows]

    def item(self, id_: str) -> FeedItem:
        """The article with this id, held back or not. KeyError where there is none."""
        rows = self._db.query(
            f"SELECT {ITEM_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - a constant
            " LEFT JOIN sources s ON s.name = a.source WHERE a.id = ?",
            [id_],
        )
        for row in rows:
            return load_item(row)
        raise KeyError(id_)
