"""What whoever watches over the service has to know."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0011_stale_since(db: Database) -> None:
    """Since when a feed waits to be rendered, in real time: whatever clock the work goes by."""
    db.execute("ALTER TABLE stale_feeds ADD COLUMN since INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE stale_feeds SET since = CAST(strftime('%s', 'now') AS INTEGER)")
