"""The newsroom desk: people, their sessions, what they did, and what they sorted by hand."""

from sqlite_utils import Database

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
