"""What staff were told is wrong, so that they are told once when it begins and once when it is over."""

from collections.abc import Iterable

from sqlite_utils import Database

from syndicator.alerts import ToldTrouble
from syndicator.store.records import moment, optional_moment, optional_seconds, seconds


class Troubles:
    """The troubles table. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def told(self) -> list[ToldTrouble]:
        """What was told and is not over yet."""
        rows = self._db.query("SELECT * FROM troubles ORDER BY at, key")
        return [
            ToldTrouble(row["key"], row["subject"], row["owner"], moment(row["at"]), optional_moment(row["away_since"]))
            for row in rows
        ]

    def remember(self, told: Iterable[ToldTrouble]) -> None:
        """Keep this in place of what was kept."""
        self._db.execute("DELETE FROM troubles")
        for each in told:
            self._db.execute(
                "INSERT INTO troubles VALUES (?, ?, ?, ?, ?)",
                [each.key, each.subject, each.owner, seconds(each.at), optional_seconds(each.away_since)],
            )
