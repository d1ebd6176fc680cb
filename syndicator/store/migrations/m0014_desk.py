"""The newsroom desk: people, their sessions, what they did, and what they sorted by hand."""

from sqlite_utils import Database

from syndicator.query import create_terms
from syndicator.store.migrations.registry import migrations


@migrations()
def m0014_people(db: Database) -> None:
    """Who may sign in. A password stands as its argon2id hash, a session or invitation as the hash of its secret."""
    db.execute("""
        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL,
            password TEXT,
            zone TEXT NOT NULL,
            created INTEGER NOT NULL,
            last_seen INTEGER,
            disabled INTEGER
        ) STRICT
    """)
    db.execute("""
        CREATE TABLE sessions (
            hash TEXT PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            began INTEGER NOT NULL,
            seen INTEGER NOT NULL,
            client TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX sessions_user ON sessions (user)")
    db.execute("""
        CREATE TABLE invitations (
            hash TEXT PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            ends INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("""
        CREATE TABLE audit (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            who TEXT NOT NULL,
            act TEXT NOT NULL,
            thing TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT
    """)
    db.execute("CREATE INDEX audit_thing ON audit (thing, n)")


@migrations()
def m0015_left_alone(db: Database) -> None:
    """Until when a source asked not to be asked: somebody at the desk may not overrule that."""
    db.execute("ALTER TABLE sources ADD COLUMN alone_until INTEGER")


@migrations()
def m0016_placements(db: Database) -> None:
    """Which articles people put under topics, or took out of them, whatever the topics' queries say."""
    db.execute("""
        CREATE TABLE placements (
            article INTEGER NOT NULL REFERENCES articles (n),
            topic TEXT NOT NULL,
            inside INTEGER NOT NULL,
            who TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (article, topic)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("CREATE INDEX placements_topic ON placements (topic, inside)")


@migrations()
def m0017_terms(db: Database) -> None:
    """Where each token of the search index stands; a view into the index that takes no room."""
    db.execute(create_terms("article_terms", "article_fts"))


@migrations()
def m0018_left_topics(db: Database) -> None:
    """Topics that articles once stood under: what is taken back is told there, too.

    Topics that were dropped left their names in the search index, which is built anew where there are any.
    """
    db.execute("""
        CREATE TABLE left_topics (
            article INTEGER NOT NULL REFERENCES articles (n),
            topic TEXT NOT NULL,
            PRIMARY KEY (article, topic)
        ) STRICT, WITHOUT ROWID
    """)
    db.execute("DELETE FROM facts WHERE name = 'analysis' AND EXISTS (SELECT 1 FROM topics WHERE gone = 1)")
