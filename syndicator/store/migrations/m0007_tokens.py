"""Tokens for programs."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0007_tokens(db: Database) -> None:
    """Who may use the API, and for what: the hashes of secrets that we do not keep."""
    db.execute("""
        CREATE TABLE tokens (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE,
            scopes TEXT NOT NULL CHECK (json_valid(scopes)),
            owner TEXT NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER,
            last_used INTEGER,
            revoked INTEGER
        ) STRICT
    """)
    db.execute("CREATE UNIQUE INDEX tokens_folded ON tokens (folded) WHERE revoked IS NULL")
