"""What feeds are made of: which are stale, which articles stand in them, and how far their windows reach."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlite_utils import Database

from syndicator.identity import advisory_id
from syndicator.model import FeedItem, Tombstone
from syndicator.store.records import ITEM_COLUMNS, Row, load_item, moment, seconds

# The stale mark of the pages that list all feeds.
INDEX = "index"
# Whoever watches over the service asks how long a feed waits by the clock on the wall, whatever clock the work goes by.
_NOW = "CAST(strftime('%s', 'now') AS INTEGER)"


@dataclass(frozen=True, slots=True)
class Stale:
    """A feed that wants rendering: a topic's subscription document, or one month ("2026-10") of its archive.

    `generation` tells whether it went stale again while it was rendered.
    """

    topic: str
    month: str | None
    generation: int

    @property
    def name(self) -> str:
        """The row's name: "asylum", or "asylum/2026-10"."""
        return f"{self.topic}/{self.month}" if self.month else self.topic


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a feed's window ends: the (published, article number) of its oldest item, and the months behind it."""

    published: datetime
    article: int
    months: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Members:
    """What a feed is made of: rows `t` that name an `article` each, which of them, and what they are sorted by.

    `late` selects the articles that came to it since `:since`, whenever they were published.
    """

    rows: str
    which: str
    published: str
    values: Mapping[str, object]
    late: str = "SELECT NULL WHERE FALSE"


class Feeds:
    """Reads for rendering, and the `stale_feeds` work rows."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mark_stale(self, names: Iterable[str]) -> None:
        """Say that these feeds ("asylum") or archive months ("asylum/2026-10") must be rendered."""
        for name in names:
            self._db.execute(
                f"INSERT INTO stale_feeds (name, generation, since) VALUES (?, 1, {_NOW})"  # noqa: S608 - a constant
                " ON CONFLICT (name) DO UPDATE SET generation = generation + 1",
                [name],
            )

    def stale(self) -> list[Stale]:
        """What wants rendering, by name."""
        rows = self._db.query("SELECT name, generation FROM stale_feeds ORDER BY name")
        return [
            Stale(topic, month or None, row["generation"])
            for row in rows
            for topic, _, month in [row["name"].partition("/")]
        ]

    def rendered(self, stale: Stale) -> None:
        """Strike a rendered feed off, unless it went stale again meanwhile."""
        struck = self._db.execute(
            "DELETE FROM stale_feeds WHERE name = ? AND generation = ?", [stale.name, stale.generation]
        )
        if not struck.rowcount:
            # It was rendered a moment ago: what it waits with now is new.
            self._db.execute(f"UPDATE stale_feeds SET since = {_NOW} WHERE name = ?", [stale.name])  # noqa: S608

    def window(self, topic: str, since: datetime, *, minimum: int, maximum: int) -> tuple[list[FeedItem], Edge | None]:
        """The items of a topic's subscription document, newest first, and its edge (None when nothing is older).

        All published since `since`, but at least `minimum` items where there are as many, and at most `maximum`; and
        behind them what is older and was corrected, withdrawn or put there by hand since, for readers never fetch an
        archive again.
        """
        members = _of_topic(topic)
        inside, older = self._inside(members, since, minimum=minimum, maximum=maximum)
        if not older:
            return self._items(inside), None
        published, article = _end(inside, since)
        edge = Edge(moment(published), article, self._months(topic, published, article))
        return self._items([*inside, *self._put_right(members, since, published, article)]), edge

    def alert_window(self, alert: str, since: datetime, *, minimum: int, maximum: int) -> list[FeedItem]:
        """The items of an alert's private feed, by the rules of `window`: what it fired on, aloud or not.

        With withdrawn articles come the advisories about them, since readers do not show an item again.
        """
        members = self._of_alert(alert)
        inside, older = self._inside(members, since, minimum=minimum, maximum=maximum)
        if not older:
            return self._items(inside)
        return self._items([*inside, *self._put_right(members, since, *_end(inside, since))])

    def items(self, ids: Iterable[str]) -> list[FeedItem]:
        """These articles as feeds carry them, newest first; without those that are held back, retired or unknown."""
        members = _Members(
            "(SELECT n AS article FROM articles WHERE id IN (SELECT value FROM json_each(:ids))) t",
            "a.retired = 0",
            "a.published",
            {"ids": json.dumps(list(ids))},
        )
        return self._items(self._rows(members, "TRUE", {}, limit=-1))

    def _inside(self, members: _Members, since: datetime, *, minimum: int, maximum: int) -> tuple[list[Row], bool]:
        """The rows of a window, newest first, and whether there are older ones."""
        rows = self._rows(members, "TRUE", {}, limit=maximum + 1)
        inside = [row for i, row in enumerate(rows[:maximum]) if i < minimum or row["published"] >= seconds(since)]
        return inside, len(inside) < len(rows)

    def _put_right(self, members: _Members, since: datetime, published: int, article: int) -> list[Row]:
        """Items older than (published, article) that were corrected or withdrawn since then, or came here only then."""
        return self._rows(
            members,
            "t.article IN (SELECT n FROM articles WHERE state IN ('corrected', 'killed') AND updated >= :since"  # noqa: S608 - ours
            f" UNION {members.late}) AND ({members.published}, t.article) < (:published, :article)",
            {"since": seconds(since), "published": published, "article": article},
            limit=100,
        )

    def month(self, topic: str, month: str, edge: Edge) -> list[FeedItem]:
        """The items of one archive month, newest first: those published in it that the window no longer holds."""
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        rows = self._rows(
            _of_topic(topic),
            "t.published >= :first AND t.published < :following AND (t.published, t.article) < (:published, :article)",
            {
                "first": seconds(first),
                "following": seconds(following),
                "published": seconds(edge.published),
                "article": edge.article,
            },
            limit=-1,
        )
        return self._items(rows)

    def tombstones(self, topic: str, since: datetime) -> list[Tombstone]:
        """Articles of a topic that were taken back since then, killed or held again, newest first (RFC 6721)."""
        return self._tombstones(_of_topic(topic), since)

    def alert_tombstones(self, alert: str, since: datetime) -> list[Tombstone]:
        """The same, of the articles that an alert fired on."""
        return self._tombstones(self._of_alert(alert), since)

    def _tombstones(self, members: _Members, since: datetime) -> list[Tombstone]:
        rows = self._db.query(
            f"""
            SELECT a.id, v.at, v.note FROM articles a
            JOIN versions v ON v.seq = a.seq
            JOIN {members.rows} ON t.article = a.n AND {members.published} = a.published AND {members.which}
            WHERE a.state IN ('killed', 'embargoed') AND v.at >= :since ORDER BY v.at DESC, a.n DESC
            """,  # noqa: S608 - constants of this module
            {"since": seconds(since), **members.values},
        )
        # An entry updated after its tombstone is live again (RFC 6721 §3): the notice that replaces the withdrawn
        # text is, so the tombstone stands a second before it.
        return [Tombstone(row["id"], moment(row["at"] - 1), row["note"] or "") for row in rows]

    def last_edge(self, topic: str) -> Edge | None:
        """Where the window ended when the topic was last rendered."""
        for row in self._db.query("SELECT value FROM facts WHERE name = ?", [f"edge {topic}"]):
            published, article, months = json.loads(row["value"])
            return Edge(moment(published), article, tuple(months))
        return None

    def remember_edge(self, topic: str, edge: Edge | None) -> None:
        """Keep where the window ends now."""
        if edge is None:
            self._db.execute("DELETE FROM facts WHERE name = ?", [f"edge {topic}"])
            return
        value = json.dumps([seconds(edge.published), edge.article, edge.months])
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [f"edge {topic}", value])

    def _months(self, topic: str, published: int, article: int) -> tuple[str, ...]:
        """Months that hold items older than the window, oldest first; one index seek for each."""
        months: list[str] = []
        bound = (published, article)
        while True:
            rows = self._db.query(
                "SELECT t.published FROM article_topics t JOIN articles a ON a.n = t.article"
                " WHERE t.topic = ? AND (t.published, t.article) < (?, ?) AND a.state <> 'embargoed'"
                " ORDER BY t.published DESC, t.article DESC LIMIT 1",
                [topic, *bound],
            )
            found = next(iter(rows), None)
            if found is None:
                return tuple(reversed(months))
            day = moment(found["published"])
            months.append(day.strftime("%Y-%m"))
            start = day.replace(day=1, hour=0, minute=0, second=0)
            bound = (seconds(start), -1)

    def _of_alert(self, alert: str) -> _Members:
        """An alert's hits, and the advisories about those that were withdrawn, whose ids follow from theirs.

        What was withdrawn before it was ever out in the open is not among them.
        """
        killed = self._db.query(
            "SELECT a.id, a.seq FROM articles a WHERE a.state IN ('corrected', 'killed') AND a.state = 'killed'"
            " AND EXISTS (SELECT 1 FROM hits h WHERE h.alert = ? AND h.article = a.n)",
            [alert],
        )
        advisories = json.dumps([advisory_id(row["id"], row["seq"]) for row in killed])
        return _Members(
            "(SELECT article FROM hits WHERE alert = :alert"
            " UNION ALL SELECT n FROM articles WHERE id IN (SELECT value FROM json_each(:advisories))) t",
            "a.retired = 0 AND (a.state <> 'killed' OR EXISTS (SELECT 1 FROM versions seen"
            " WHERE seen.article = a.n AND seen.state IN ('live', 'corrected')))",
            "a.published",
            {"alert": alert, "advisories": advisories},
        )

    def _rows(self, members: _Members, where: str, values: Mapping[str, object], *, limit: int) -> list[Row]:
        """Members that may be shown, newest first. They are sorted before their long columns are read."""
        return list(
            self._db.query(
                f"""
                SELECT {ITEM_COLUMNS}
                FROM (
                    SELECT {members.published} AS published, t.article
                    FROM {members.rows} JOIN articles a ON a.n = t.article
                    WHERE {members.which} AND a.state <> 'embargoed' AND {where}
                    ORDER BY {members.published} DESC, t.article DESC LIMIT :limit
                ) chosen
                JOIN articles a ON a.n = chosen.article JOIN versions v ON v.seq = a.seq
                LEFT JOIN sources s ON s.name = a.source
                ORDER BY chosen.published DESC, chosen.article DESC
                """,  # noqa: S608 - constants of this module
                {"limit": limit, **members.values, **values},
            )
        )

    def _items(self, rows: Sequence[Row]) -> list[FeedItem]:
        return [load_item(row) for row in rows]


def _of_topic(topic: str) -> _Members:
    by_hand = "SELECT article FROM placements WHERE topic = :topic AND inside = 1 AND at >= :since"
    return _Members("article_topics t", "t.topic = :topic", "t.published", {"topic": topic}, by_hand)


def _end(inside: Sequence[Row], since: datetime) -> tuple[int, int]:
    """Where a window ends, as (published, article number); an empty one where it begins, behind all published since."""
    return (inside[-1]["published"], inside[-1]["n"]) if inside else (seconds(since), 0)
