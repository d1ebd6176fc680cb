"""What keeps pushes in order, and slow or greedy strangers in their place."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0012_said_when(db: Database) -> None:
    """When a source's words are from, by the source itself: NULL where it does not say."""
    db.execute("ALTER TABLE appearances ADD COLUMN updated INTEGER")


@migrations()
def m0013_slow_and_greedy(db: Database) -> None:
    """Whether a follower was slow to answer last time; which client asked for a question, "" for ourselves."""
    db.execute("ALTER TABLE hub_followers ADD COLUMN slow INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE hub_questions ADD COLUMN client TEXT NOT NULL DEFAULT ''")
