"""Alerts, where they go, the outbox and the ledger."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0004_alerts(db: Database) -> None:
    """Alerts, where they go, which stories articles tell, and which article versions made which alert fire."""
    db.execute("""
        CREATE TABLE alerts (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            owner TEXT NOT NULL,
            definition TEXT NOT NULL CHECK (json_valid(definition)),
            from_config INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            muted_until INTEGER,
            feed_token TEXT UNIQUE,
            created INTEGER NOT NULL,
            due INTEGER,
            last_message INTEGER,
            gone INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("CREATE UNIQUE INDEX alerts_folded ON alerts (folded) WHERE gone = 0")
    db.execute("CREATE INDEX alerts_revision ON alerts (revision)")
    db.execute("CREATE INDEX alerts_due ON alerts (due) WHERE due IS NOT NULL")
    db.execute("""
        CREATE TABLE destinations (
            name TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            owner TEXT NOT NULL,
            definition TEXT NOT NULL CHECK (json_valid(definition)),
            from_config INTEGER NOT NULL,
            gone INTEGER NOT NULL DEFAULT 0,
            off TEXT,
            off_since INTEGER,
            failures INTEGER NOT NULL DEFAULT 0,
            failing_since INTEGER,
            retry_at INTEGER,
            refusals INTEGER NOT NULL DEFAULT 0,
            refusing_since INTEGER,
            probe_until INTEGER
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE opt_outs (
            alert TEXT NOT NULL REFERENCES alerts (id),
            destination TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (alert, destination)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE story_articles (
            article INTEGER PRIMARY KEY REFERENCES articles (n),
            story TEXT NOT NULL,
            told TEXT CHECK (told IS NULL OR json_valid(told)),
            at INTEGER NOT NULL
        ) STRICT
    """)
    db.execute("CREATE INDEX story_articles_story ON story_articles (story)")
    db.execute("CREATE INDEX story_articles_at ON story_articles (at) WHERE told IS NOT NULL")
    db.execute("""
        CREATE TABLE story_bands (
            band INTEGER NOT NULL,
            article INTEGER NOT NULL REFERENCES articles (n),
            at INTEGER NOT NULL,
            PRIMARY KEY (band, article)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX story_bands_at ON story_bands (at)")
    db.execute("""
        CREATE TABLE hits (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            alert TEXT NOT NULL REFERENCES alerts (id),
            article INTEGER NOT NULL REFERENCES articles (n),
            seq INTEGER NOT NULL,
            story TEXT NOT NULL,
            at INTEGER NOT NULL,
            reasons TEXT NOT NULL CHECK (json_valid(reasons)),
            silent TEXT CHECK (silent IN ('backlog', 'earlier', 'joined', 'withdrawn', 'dropped')),
            message TEXT REFERENCES messages (id) DEFERRABLE INITIALLY DEFERRED,
            UNIQUE (alert, article)
        ) STRICT
    """)
    db.execute("CREATE INDEX hits_waiting ON hits (alert) WHERE message IS NULL AND silent IS NULL")
    db.execute("CREATE INDEX hits_story ON hits (alert, story)")
    db.execute("CREATE INDEX hits_article ON hits (article)")


@migrations()
def m0005_outbox(db: Database) -> None:
    """What is to be told, to whom it was told, and every attempt at it."""
    db.execute("""
        CREATE TABLE messages (
            id TEXT PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            event TEXT NOT NULL,
            alert TEXT REFERENCES alerts (id),
            at INTEGER NOT NULL,
            part INTEGER NOT NULL DEFAULT 1,
            parts INTEGER NOT NULL DEFAULT 1,
            lines TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lines))
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE message_items (
            message TEXT NOT NULL REFERENCES messages (id),
            place INTEGER NOT NULL,
            article INTEGER NOT NULL REFERENCES articles (n),
            seq INTEGER NOT NULL,
            story TEXT NOT NULL,
            reasons TEXT NOT NULL CHECK (json_valid(reasons)),
            PRIMARY KEY (message, place)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX message_items_article ON message_items (article)")
    db.execute("""
        CREATE TABLE deliveries (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            message TEXT NOT NULL REFERENCES messages (id),
            destination TEXT NOT NULL REFERENCES destinations (name),
            urgent INTEGER NOT NULL,
            follows TEXT NOT NULL CHECK (json_valid(follows)),
            state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead', 'cancelled')),
            due INTEGER NOT NULL,
            queued INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            errors INTEGER NOT NULL DEFAULT 0,
            failing_since INTEGER,
            aside INTEGER NOT NULL DEFAULT 0,
            lease_until INTEGER,
            owner TEXT,
            settled INTEGER,
            said TEXT,
            UNIQUE (message, destination)
        ) STRICT
    """)
    db.execute("CREATE INDEX deliveries_pending ON deliveries (destination, urgent DESC, n) WHERE state = 'pending'")
    db.execute("CREATE INDEX deliveries_leased ON deliveries (destination, lease_until) WHERE lease_until IS NOT NULL")
    db.execute("CREATE INDEX deliveries_aside ON deliveries (destination) WHERE aside = 1 AND state = 'pending'")
    db.execute("CREATE INDEX deliveries_state ON deliveries (state, n)")
    db.execute("""
        CREATE TABLE attempts (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery INTEGER NOT NULL REFERENCES deliveries (n),
            at INTEGER NOT NULL,
            took_ms INTEGER NOT NULL,
            verdict TEXT NOT NULL,
            status INTEGER,
            said TEXT NOT NULL
        ) STRICT
    """)
    db.execute("CREATE INDEX attempts_delivery ON attempts (delivery)")
    db.execute("""
        CREATE TABLE troubles (
            key TEXT PRIMARY KEY,
            subject TEXT NOT NULL,
            owner TEXT NOT NULL,
            at INTEGER NOT NULL,
            away_since INTEGER
        ) STRICT
    """)


@migrations()
def m0006_failing_since(db: Database) -> None:
    """Since when a source has failed, so that staff are told after a day of it."""
    db.execute("ALTER TABLE sources ADD COLUMN failing_since INTEGER")
