"""The schema's history: numbered, append-only. A migration that has shipped is never edited.

Times are whole seconds since 1970 in UTC. `versions.seq` is the store-wide sequence that feeds, the change
stream and the alert matcher follow; AUTOINCREMENT keeps a number from ever being given out again.
"""

from sqlite_utils import Database, Migrations

from syndicator.query import create_fts

migrations = Migrations("syndicator")


@migrations()
def m0001_sources(db: Database) -> None:
    """Sources are work rows: what was learnt of each, when it is due, who is at work on it."""
    db.execute("""
        CREATE TABLE sources (
            name TEXT PRIMARY KEY,
            location TEXT NOT NULL,
            label TEXT NOT NULL DEFAULT '',
            title TEXT NOT NULL DEFAULT '',
            home TEXT,
            address TEXT,
            republish TEXT NOT NULL,
            enabled INTEGER NOT NULL DEFAULT 1,
            due INTEGER NOT NULL,
            lease_until INTEGER,
            owner TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            etag BLOB,
            last_modified BLOB,
            validators_url TEXT,
            moved_to TEXT,
            body_hash TEXT,
            gone INTEGER NOT NULL DEFAULT 0,
            interval INTEGER,
            ttl INTEGER,
            skip_hours TEXT NOT NULL DEFAULT '[]',
            skip_days TEXT NOT NULL DEFAULT '[]',
            failures INTEGER NOT NULL DEFAULT 0,
            last_attempt INTEGER,
            last_success INTEGER,
            first_success INTEGER,
            last_error TEXT
        ) STRICT
    """)
    db.execute("CREATE INDEX sources_due ON sources (due) WHERE enabled = 1 AND gone = 0")


@migrations()
def m0002_articles(db: Database) -> None:
    """Articles, their versions, which source carries each under which key, and what was said and taken back."""
    db.execute("""
        CREATE TABLE articles (
            n INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            seq INTEGER NOT NULL UNIQUE,
            version INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('embargoed', 'live', 'corrected', 'killed')),
            kind TEXT NOT NULL CHECK (kind IN ('news', 'advisory')),
            source TEXT NOT NULL,
            url TEXT,
            canonical TEXT,
            title TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            sketch TEXT NOT NULL DEFAULT '[]',
            published INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            first_seen INTEGER NOT NULL,
            embargo_until INTEGER,
            about TEXT REFERENCES articles (id),
            retired INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("CREATE INDEX articles_canonical ON articles (canonical) WHERE canonical IS NOT NULL")
    db.execute("CREATE INDEX articles_put_right ON articles (updated) WHERE state IN ('corrected', 'killed')")
    db.execute("CREATE INDEX articles_published ON articles (published)")
    db.execute("CREATE INDEX articles_embargo ON articles (embargo_until) WHERE state = 'embargoed'")
    db.execute("""
        CREATE TABLE versions (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            article INTEGER NOT NULL REFERENCES articles (n) DEFERRABLE INITIALLY DEFERRED,
            version INTEGER NOT NULL,
            state TEXT NOT NULL,
            at INTEGER NOT NULL,
            author TEXT NOT NULL,
            note TEXT,
            content TEXT NOT NULL CHECK (json_valid(content)),
            UNIQUE (article, version)
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE appearances (
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            article INTEGER NOT NULL REFERENCES articles (n),
            fingerprint TEXT NOT NULL,
            canonical TEXT,
            title TEXT NOT NULL,
            sketch TEXT NOT NULL,
            first_seen INTEGER NOT NULL,
            PRIMARY KEY (source, key)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE withdrawn (
            fingerprint TEXT PRIMARY KEY,
            article INTEGER NOT NULL REFERENCES articles (n)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX appearances_article ON appearances (article)")
    db.execute("CREATE INDEX appearances_seen ON appearances (source, first_seen)")


@migrations()
def m0003_topics(db: Database) -> None:
    """Topics as last applied, the articles under each, the search index, and the feeds that want rendering."""
    db.execute("""
        CREATE TABLE topics (
            name TEXT PRIMARY KEY,
            meaning TEXT NOT NULL,
            gone INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE article_topics (
            topic TEXT NOT NULL,
            published INTEGER NOT NULL,
            article INTEGER NOT NULL REFERENCES articles (n),
            reasons TEXT NOT NULL CHECK (json_valid(reasons)),
            PRIMARY KEY (topic, published, article)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX article_topics_article ON article_topics (article)")
    db.execute("""
        CREATE TABLE stale_feeds (
            name TEXT PRIMARY KEY,
            generation INTEGER NOT NULL
        ) STRICT
    """)
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    db.execute(create_fts("article_fts"))


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
