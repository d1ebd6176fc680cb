"""The change stream: every version that the public may know of, in the order of `seq`.

`seq` is the order of commits: writers take the write lock before they take a number (BEGIN IMMEDIATE), so nothing
with a smaller number can come up behind what was read. What a version says is given out for the newest of its
article alone: superseded, withdrawn and held words never leave.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.model import Change, FeedItem, State
from syndicator.store.records import ITEM_COLUMNS, Row, load_item, lost_numbers, moment

# Characters of titles and texts after which a page ends early: what is read stays within memory, whatever its size.
PAGE_CHARACTERS = 4_000_000

_OPEN = ("live", "corrected")
# Whether a version is public. One that is out in the open is; a kill where there was something to take back; and
# holding what was out. All that happened before an article was ever out, or while it was held, is not.
_SEEN = (
    "EXISTS (SELECT 1 FROM versions p WHERE p.article = v.article AND p.version < v.version"
    " AND p.state IN ('live', 'corrected'))"
)
_PUBLIC = f"(v.state IN ('live', 'corrected') OR v.change = 'hold' OR (v.state = 'killed' AND {_SEEN}))"
_COLUMNS = f"""
    v.seq, v.version, v.state, v.change, v.at, v.note, a.n, a.id, a.seq AS newest, a.state AS stands, a.retired,
    {_SEEN} AS seen,
    (SELECT min(l.seq) FROM versions l WHERE l.article = v.article AND l.version > v.version
     AND (l.state <> 'embargoed' OR l.change = 'hold')) AS superseded_by
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Changed:
    """One public version of an article, and what it did.

    `superseded_by` is the article's next public version. `item` is the article as it now is, None for all but its
    newest version, and where there is nothing that may be said: it is held back, or `retired`. What a version noted of
    itself is not told any more once its article was withdrawn or held.
    """

    seq: int
    type: Change
    id: str
    version: int
    state: State
    at: datetime
    note: str | None
    superseded_by: int | None
    item: FeedItem | None
    retired: bool


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Changes after some number, in order. `more` tells that there are others behind them.

    `newest` is the number of the newest public version. `follows` tells whether the number asked for can have come
    from this store: not where it is greater, or was given out by a store that a restore replaced. Whoever has such a
    one may have heard what never happened here, and would never know. `horizon` is the newest of all, for whoever
    waits for another; it is told nobody outside, since it would tell that something is held.
    """

    changes: tuple[Changed, ...]
    more: bool
    newest: int
    follows: bool
    horizon: int


class Changes:
    """Reads of the versions table. Nothing here writes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def horizon(self) -> int:
        """The newest number of all, 0 in an empty store."""
        return self._one("SELECT coalesce(max(seq), 0) AS seq FROM versions")

    def newest(self) -> int:
        """The newest public number, 0 where nothing was ever published."""
        return self._one(f"SELECT v.seq FROM versions v WHERE {_PUBLIC} ORDER BY v.seq DESC LIMIT 1")  # noqa: S608

    def after(self, seq: int, *, limit: int, characters: int = PAGE_CHARACTERS) -> ChangesPage:
        """The public changes with a greater number, at most `limit` of them, fewer where they say much."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM versions v JOIN articles a ON a.n = v.article"  # noqa: S608 - constants
            f" WHERE v.seq > ? AND {_PUBLIC} ORDER BY v.seq LIMIT ?",
            [seq, limit + 1],
        )
        found: list[Changed] = []
        more = False
        for changed in map(self._changed, rows):
            characters -= size(changed.item)
            more = len(found) == limit or (characters < 0 and bool(found))
            if more:
                break
            found.append(changed)
        newest = self.newest()
        follows = seq <= newest and not any(low < seq <= high for low, high in lost_numbers(self._db))
        return ChangesPage(tuple(found), more, newest, follows, self.horizon())

    def of(self, id_: str) -> tuple[Changed, ...]:
        """The public history of one article, oldest first; none where it was never published. No `item` comes along."""
        rows = self._db.query(
            f"SELECT {_COLUMNS} FROM versions v JOIN articles a ON a.n = v.article"  # noqa: S608 - constants
            f" WHERE a.id = ? AND {_PUBLIC} ORDER BY v.seq",
            [id_],
        )
        return tuple(_changed(row, None) for row in rows)

    def _changed(self, row: Row) -> Changed:
        shown = row["seq"] == row["newest"] and row["stands"] != State.EMBARGOED and not row["retired"]
        return _changed(row, self._item(row["n"]) if shown else None)

    def _item(self, number: int) -> FeedItem:
        (row,) = self._db.query(
            f"SELECT {ITEM_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - constants
            " LEFT JOIN sources s ON s.name = a.source WHERE a.n = ?",
            [number],
        )
        return load_item(row)

    def _one(self, sql: str) -> int:
        return next((int(row["seq"]) for row in self._db.query(sql)), 0)


def size(item: FeedItem | None) -> int:
    """About how many characters an article has."""
    if item is None:
        return 0
    content = item.article.content
    return len(content.text) + len(content.html) + len(content.summary) + len(content.title)


def _changed(row: Row, item: FeedItem | None) -> Changed:
    taken_back = row["stands"] in {State.KILLED, State.EMBARGOED} and row["seq"] != row["newest"]
    return Changed(
        seq=row["seq"],
        type=_type(row),
        id=row["id"],
        version=row["version"],
        state=State(row["state"]),
        at=moment(row["at"]),
        note=None if taken_back or row["retired"] else row["note"],
        superseded_by=row["superseded_by"],
        item=item,
        retired=bool(row["retired"]),
    )


def _type(row: Row) -> Change:
    """What a version did as the public saw it: the first one that came out is the insert."""
    if row["state"] in _OPEN and not row["seen"]:
        return Change.INSERT
    return Change(row["change"])
