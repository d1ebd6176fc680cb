"""What there is to count in the store, for whoever watches over the service. Each question costs an index range."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from syndicator.model import State
from syndicator.readiness import Waiting
from syndicator.store.records import ALL, moment, optional_moment, seconds

_DAY = timedelta(days=1)
# What is observed of one round of rendering: an import of a whole archive says nothing about the usual lag.
_OBSERVED = 1000


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """How one source does. `newest` is when its newest entry was first seen, `entries` how many were within a day."""

    name: str
    is_up: bool
    failures: int
    last_success: datetime | None
    newest: datetime | None
    entries: int


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """What a feed holds: the items of its window when it was last rendered, and its newest article's publication."""

    name: str
    items: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Attempts:
    """All attempts at deliveries up to the ledger's row `last`, by the kind of destination and how they ended."""

    last: int
    counts: Counter[tuple[str, str]]

    @classmethod
    def none(cls) -> "Attempts":
        """Nothing counted yet."""
        return cls(0, Counter())


class Figures:
    """Counts, for a connection that only reads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def articles(self) -> dict[State, int]:
        """How many articles are in each state. The rare ones have an index each; the others are the rest."""
        rare = {
            state: self._number(f"SELECT count(*) FROM articles WHERE state = '{state}' AND {index}")  # noqa: S608 - ours
            for state, index in (
                (State.EMBARGOED, "state = 'embargoed'"),
                (State.CORRECTED, "state IN ('corrected', 'killed')"),
                (State.KILLED, "state IN ('corrected', 'killed')"),
            )
        }
        return {State.LIVE: self._number("SELECT count(*) FROM articles") - sum(rare.values()), **rare}

    def newest_seq(self) -> int:
        """The number of the newest version."""
        return self._number("SELECT coalesce(max(seq), 0) FROM versions")

    def first_shown(
        self, after: int, newest: int, *, without_backlog: Collection[str] = ()
    ) -> list[tuple[datetime, datetime]]:
        """Of articles that first came out in the open with a version in (after, newest]: when they were published,
        and first seen by us, or released. Not the backlog of a source, if it is none of those `without_backlog`, nor
        what was given in by hand.
        """
        rows = self._db.query(
            """
            SELECT a.published, max(a.first_seen, a.published) AS seen FROM versions v
            JOIN articles a ON a.n = v.article JOIN sources s ON s.name = a.source
            WHERE v.seq > ? AND v.seq <= ? AND v.state IN ('live', 'corrected')
              AND (a.first_seen > s.first_success OR s.name IN (SELECT value FROM json_each(?)))
              AND NOT EXISTS (
                SELECT 1 FROM versions b
                WHERE b.article = v.article AND b.version < v.version AND b.state <> 'embargoed')
            ORDER BY v.seq DESC LIMIT ?
            """,
            [after, newest, json.dumps(list(without_backlog)), _OBSERVED],
        )
        return [(moment(row["published"]), moment(row["seen"])) for row in rows]

    def sources(self, now: datetime) -> list[SourceFigures]:
        """Every source in use, by name."""
        rows = self._db.query(
            """
            SELECT name, failures, gone, last_success,
                (SELECT max(first_seen) FROM appearances WHERE source = name) AS newest,
                (SELECT count(*) FROM appearances WHERE source = name AND first_seen > ?) AS entries
            FROM sources WHERE enabled = 1 ORDER BY name
            """,
            [seconds(now - _DAY)],
        )
        return [
            SourceFigures(
                row["name"],
                is_up=not row["failures"] and not row["gone"] and row["last_success"] is not None,
                failures=row["failures"],
                last_success=optional_moment(row["last_success"]),
                newest=optional_moment(row["newest"]),
                entries=row["entries"],
            )
            for row in rows
        ]

    def feeds(self, topics: Iterable[str]) -> list[FeedFigures]:
        """What the feeds of these topics hold, and `all`."""
        return [
            FeedFigures(
                name,
                self._number("SELECT coalesce(max(json_extract(value, '$[2]')), 0) FROM facts WHERE name = ?", key),
                next(
                    (
                        optional_moment(row["newest"])
                        for row in self._db.query(
                            "SELECT max(published) AS newest FROM article_topics WHERE topic = ?", [name]
                        )
                    ),
                    None,
                ),
            )
            for name in (ALL, *topics)
            for key in (f"summary {name}",)
        ]

    def stale_feeds(self) -> Waiting:
        """Feeds and archive months that wait to be rendered."""
        return self._waiting("SELECT count(*) AS number, min(since) AS oldest FROM stale_feeds")

    def due_sources(self, now: datetime) -> Waiting:
        """Sources that may be asked, and that nobody is asking."""
        return self._waiting(
            "SELECT count(*) AS number, min(due) AS oldest FROM sources"
            " WHERE enabled = 1 AND gone = 0 AND due <= :now AND (lease_until IS NULL OR lease_until <= :now)",
            now=seconds(now),
        )

    def deliveries(self) -> dict[str, Waiting]:
        """Deliveries that wait, by the kind of their destination; every kind that has a destination."""
        rows = self._db.query(
            """
            SELECT q.kind, count(d.n) AS number, min(d.queued) AS oldest
            FROM destinations q LEFT JOIN deliveries d ON d.destination = q.name AND d.state = 'pending'
            WHERE q.gone = 0 OR d.n IS NOT NULL GROUP BY q.kind ORDER BY q.kind
            """
        )
        return {row["kind"]: Waiting(row["number"], optional_moment(row["oldest"])) for row in rows}

    def dead_deliveries(self) -> int:
        """Deliveries that were given up, and can be replayed."""
        return self._number("SELECT count(*) FROM deliveries WHERE state = 'dead'")

    def destinations_off(self) -> int:
        """Destinations that were switched off."""
        return self._number("SELECT count(*) FROM destinations WHERE off IS NOT NULL AND gone = 0")

    def attempts(self, known: Attempts) -> Attempts:
        """All attempts at deliveries; only those after the `known` ones are read: no row of the ledger ever changes."""
        rows = self._db.query(
            """
            SELECT q.kind, t.verdict, count(*) AS number, max(t.n) AS last
            FROM attempts t JOIN deliveries d ON d.n = t.delivery JOIN destinations q ON q.name = d.destination
            WHERE t.n > ? GROUP BY q.kind, t.verdict
            """,
            [known.last],
        )
        counts, last = Counter(known.counts), known.last
        for row in rows:
            counts[row["kind"], row["verdict"]] += row["number"]
            last = max(last, row["last"])
        return Attempts(last, counts)

    def websub(self, now: datetime) -> dict[str, Waiting]:
        """The hub's work, and ours with the hubs of our sources.

        Who follows a feed and is behind has no row that says since when: the age is that of those who failed.
        """
        behind = (
            "SELECT count(*) AS number, min(f.failing_since) AS oldest FROM hub_topics t"
            " JOIN hub_followers f ON f.topic = t.url AND f.sent < t.generation WHERE t.gone = 0 AND f.kind = :kind"
        )
        return {
            "hub_pushes": self._waiting(behind, kind="subscriber"),
            "hub_pings": self._waiting(behind, kind="hub"),
            "hub_questions": self._due("hub_questions", now),
            "subscriptions": self._due("push_subscriptions", now),
        }

    def _due(self, table: str, now: datetime) -> Waiting:
        question = f"SELECT count(*) AS number, min(due) AS oldest FROM {table} WHERE due <= :now"  # noqa: S608 - ours
        return self._waiting(question, now=seconds(now))

    def _waiting(self, question: str, **values: object) -> Waiting:
        for row in self._db.query(question, values):
            return Waiting(row["number"], optional_moment(row["oldest"]))
        return Waiting(0, None)

    def _number(self, question: str, *values: object) -> int:
        return int(self._db.execute(question, list(values)).fetchone()[0])
