"""What people decided by hand: which articles stand under a topic, or do not, whatever its query says."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.store.records import moment, number, seconds


@dataclass(frozen=True, slots=True)
class Placement:
    """Somebody's decision on one article and one topic: it stands there (`inside`), or it does not."""

    topic: str
    inside: bool
    who: str
    at: datetime


class Placements:
    """The placements table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def decide(self, article: str, placement: Placement) -> None:
        """Keep a decision in the place of an earlier one."""
        self._db.execute(
            "INSERT OR REPLACE INTO placements (article, topic, inside, who, at) VALUES (?, ?, ?, ?, ?)",
            [number(self._db, article), placement.topic, placement.inside, placement.who, seconds(placement.at)],
        )

    def forget(self, article: str, topic: str) -> None:
        """The topic's query decides again."""
        self._db.execute("DELETE FROM placements WHERE article = ? AND topic = ?", [number(self._db, article), topic])

    def of(self, article: str) -> dict[str, Placement]:
        """The decisions on an article, by topic."""
        rows = self._db.query("SELECT * FROM placements WHERE article = ? ORDER BY topic", [number(self._db, article)])
        return {
            row["topic"]: Placement(row["topic"], bool(row["inside"]), row["who"], moment(row["at"])) for row in rows
        }

    def under(self, topic: str, *, inside: bool) -> frozenset[str]:
        """The ids of all news in the open that somebody put under a topic, or took out of it."""
        rows = self._db.query(
            "SELECT a.id FROM placements p JOIN articles a ON a.n = p.article WHERE p.topic = ? AND p.inside = ?"
            " AND a.state IN ('live', 'corrected') AND a.kind = 'news' AND a.retired = 0",
            [topic, inside],
        )
        return frozenset(row["id"] for row in rows)
