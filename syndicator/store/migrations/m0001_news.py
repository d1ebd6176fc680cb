"""Sources, articles, topics and the search index."""

from sqlite_utils import Database

from syndicator.query import create_fts
from syndicator.store.migrations.registry import migrations


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
