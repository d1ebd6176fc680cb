"""The store as the rest of the house sees it: one object, its parts named by purpose."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Self

from sqlite_utils import Database

from syndicator.errors import StoreBusyError
from syndicator.query import Analyser
from syndicator.store.alerts import Alerts
from syndicator.store.announcements import Announcements
from syndicator.store.articles import Articles
from syndicator.store.audit import Audit
from syndicator.store.batches import Batches
from syndicator.store.changes import Changes
from syndicator.store.database import (
    BUSY_TIMEOUT_S,
    InstanceLock,
    file_lock,
    is_free,
    open_database,
    open_for_reading,
    reading,
    told_plainly,
    transaction,
    turn,
    wait_briefly,
)
from syndicator.store.deliveries import Deliveries
from syndicator.store.destinations import Destinations
from syndicator.store.feeds import Feeds
from syndicator.store.figures import Figures
from syndicator.store.followers import Followers
from syndicator.store.hits import Hits
from syndicator.store.ledger import Ledger
from syndicator.store.listing import Listing
from syndicator.store.lookback import LookBack
from syndicator.store.newsdesk import Newsdesk
from syndicator.store.outbox import Outbox
from syndicator.store.placements import Placements
from syndicator.store.questions import Questions
from syndicator.store.search import Search
from syndicator.store.sources import Sources
from syndicator.store.stories import Stories
from syndicator.store.subscriptions import Subscriptions
from syndicator.store.tokens import Tokens
from syndicator.store.topics import Topics
from syndicator.store.troubles import Troubles
from syndicator.store.users import Users


class Store:
    """Articles, topics, sources, feeds, the search index, alerts and the outbox in one SQLite database.

    Reads may be done at any time; writes that belong together go into one `with store.transaction():`. A write waits
    for other processes' writes, and with it its whole thread. Where others work in the same thread, `turn` is awaited
    right before: it waits too, but in nobody's way.
    """

    def __init__(self, db: Database, path: Path, analyser: Analyser) -> None:
        self._db = db
        self.path = path
        self.analyser = analyser
        self._is_patient = True
        # How many transactions, and parts of one, were undone: what was read in them may not be so.
        self.undone = 0
        self.articles = Articles(db)
        self.batches = Batches(db, self.articles)
        self.changes = Changes(db)
        self.listing = Listing(db)
        self.newsdesk = Newsdesk(db)
        self.topics = Topics(db)
        self.placements = Placements(db)
        self.feeds = Feeds(db)
        self.sources = Sources(db)
        self.subscriptions = Subscriptions(db)
        self.search = Search(db, analyser)
        self.lookback = LookBack(db, self.search)
        self.alerts = Alerts(db)
        self.destinations = Destinations(db)
        self.stories = Stories(db)
        self.hits = Hits(db)
        self.outbox = Outbox(db)
        self.deliveries = Deliveries(db, self.outbox)
        self.ledger = Ledger(db)
        self.troubles = Troubles(db)
        self.figures = Figures(db)
        self.tokens = Tokens(db)
        self.users = Users(db)
        self.audit = Audit(db)
        self.followers = Followers(db)
        self.questions = Questions(db)
        self.announcements = Announcements(db, self.questions)

    @classmethod
    def open(cls, path: Path, analyser: Analyser) -> Self:
        """Open the store at `path`, made or migrated as needed. Raises StoreError, StoreTooNewError."""
        return cls(open_database(path), path, analyser)

    @classmethod
    def open_for_reading(cls, path: Path, analyser: Analyser) -> Self:
        """The store at `path`, which is open elsewhere, by a connection that can't write: for another thread."""
        return cls(open_for_reading(path), path, analyser)

    @contextmanager
    def reading(self, *, seconds: float) -> Iterator[None]:
        """What is read inside is of one moment. Raises StoreSlowError where it is not done in so many `seconds`."""
        with reading(self._db, self.path, seconds=seconds):
            yield

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All writes inside happen together or not at all; joins a transaction that is open already.

        `durable`: on the disk when it ends, for what can't be asked for again.
        """
        joins = self.in_transaction
        try:
            with told_plainly(self.path), transaction(self._db, durable=durable):
                yield
        except BaseException:
            self.undone += not joins
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether what is read now may yet be undone."""
        return self._db.conn.in_transaction

    def wait_briefly(self) -> None:
        """From now on nothing here waits for another process for longer than an instant: StoreBusyError, StoreError.

        For a thread in which others are served. Their writers await `turn` first.
        """
        wait_briefly(self._db)
        self._is_patient = False

    def is_free(self) -> bool:
        """Whether no other process writes right now. For what need not be written."""
        return is_free(self._db)

    async def turn(self, *, seconds: float = BUSY_TIMEOUT_S) -> None:
        """Wait, while others work, until no other process writes: then write, without an await in between.

        Raises StoreBusyError after so many `seconds`.
        """
        await turn(self._db, self.path, seconds=seconds)

    @contextmanager
    def told_plainly(self) -> Iterator[None]:
        """What goes wrong in the database inside is a StoreError; for reads and writes outside a transaction."""
        with told_plainly(self.path):
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone."""
        try:
            with told_plainly(self.path), self._db.atomic():
                yield
        except BaseException:
            self.undone += 1
            raise

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """One process renders at a time: an older rendering must never overwrite a newer one.

        Raises StoreBusyError where another does and this store is not to wait.
        """
        with ExitStack() as held:
            try:
                held.enter_context(
                    file_lock(self.path.with_name(self.path.name + ".publishing"), wait=self._is_patient)
                )
            except BlockingIOError as error:
                raise StoreBusyError(f"{self.path}: another process is writing feeds.") from error
            yield

    def instance_lock(self) -> InstanceLock:
        """The lock that one service holds while it is at work on this store."""
        return InstanceLock(self.path)

    def key(self, name: str) -> str:
        """A secret of this store's own, in hex: made when it is first asked for. Raises StoreError."""
        key = self.fact(name)
        if key is None:
            with self.transaction():
                key = self.fact(name) or token_hex(32)
                self.remember(name, key)
        return key

    def fact(self, name: str) -> str | None:
        """A remembered value: what was last rendered, analysed, cleaned up."""
        for row in self._db.query("SELECT value FROM facts WHERE name = ?", [name]):
            return str(row["value"])
        return None

    def remember(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", [name, value])

    def problems(self) -> list[str]:
        """What SQLite's own checks find wrong with the database; empty when it is sound."""
        found = [row["integrity_check"] for row in self._db.query("PRAGMA integrity_check(20)")]
        broken = [
            f"row {row['rowid']} of {row['table']} points to a missing row of {row['parent']}"
            for row in self._db.query("PRAGMA foreign_key_check")
        ]
        return [line for line in found if line != "ok"] + broken
