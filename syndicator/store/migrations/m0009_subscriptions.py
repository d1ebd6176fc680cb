"""What sources offer to push, and our subscriptions at their hubs."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0009_subscriptions(db: Database) -> None:
    """Subscriptions are work rows. They outlive their source, since the hub has to be told."""
    db.execute("""
        CREATE TABLE push_offers (
            source TEXT PRIMARY KEY REFERENCES sources (name) ON DELETE CASCADE,
            hubs TEXT NOT NULL CHECK (json_valid(hubs)),
            topic TEXT NOT NULL,
            url TEXT NOT NULL,
            own_due INTEGER,
            pinged INTEGER,
            doubted INTEGER
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE push_subscriptions (
            token TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            hub TEXT NOT NULL,
            topic TEXT NOT NULL,
            callback TEXT NOT NULL,
            secret TEXT NOT NULL,
            standing TEXT NOT NULL CHECK (standing IN ('wanted', 'asked', 'active', 'refused', 'ending')),
            since INTEGER NOT NULL,
            due INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            asked_at INTEGER,
            verified_at INTEGER,
            lease_until INTEGER,
            polled_at INTEGER,
            pushes INTEGER NOT NULL DEFAULT 0,
            last_push INTEGER,
            misses INTEGER NOT NULL DEFAULT 0,
            missed_at INTEGER,
            error TEXT,
            held_until INTEGER,
            owner TEXT
        ) STRICT
    """)
    db.execute("CREATE INDEX push_subscriptions_source ON push_subscriptions (source)")
    db.execute("CREATE INDEX push_subscriptions_due ON push_subscriptions (due)")
