"""What is announced to hubs, and the built-in hub's subscribers."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0008_hub(db: Database) -> None:
    """Topics of WebSub, each a feed in one format; who follows each, and who is to be asked or told something."""
    # `digest` is the SHA-256 of the bytes last published; `generation` counts how often it changed. What is `due` at 0
    # may go at once, whatever the clock says; another time is the end of a wait.
    db.execute("""
        CREATE TABLE hub_topics (
            url TEXT PRIMARY KEY,
            feed TEXT NOT NULL,
            extension TEXT NOT NULL,
            digest TEXT NOT NULL,
            generation INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            gone INTEGER NOT NULL DEFAULT 0
        ) STRICT
    """)
    db.execute("CREATE INDEX hub_topics_feed ON hub_topics (feed)")
    # Subscribers of the built-in hub are sent the bytes; a hub elsewhere is told that there are new ones.
    db.execute("""
        CREATE TABLE hub_followers (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('subscriber', 'hub')),
            topic TEXT NOT NULL REFERENCES hub_topics (url),
            url TEXT NOT NULL,
            host TEXT NOT NULL,
            secret TEXT,
            since INTEGER NOT NULL,
            expires INTEGER,
            sent INTEGER NOT NULL,
            due INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            failing_since INTEGER,
            said TEXT,
            lease_until INTEGER,
            owner TEXT,
            UNIQUE (topic, kind, url)
        ) STRICT
    """)
    db.execute("CREATE INDEX hub_followers_behind ON hub_followers (topic, sent)")
    db.execute("CREATE INDEX hub_followers_expire ON hub_followers (expires) WHERE expires IS NOT NULL")
    db.execute("CREATE INDEX hub_followers_host ON hub_followers (host)")
    # What a callback is to be asked (did you mean it?) or told (you are no longer subscribed).
    db.execute("""
        CREATE TABLE hub_questions (
            n INTEGER PRIMARY KEY AUTOINCREMENT,
            mode TEXT NOT NULL CHECK (mode IN ('subscribe', 'unsubscribe', 'denied')),
            topic TEXT NOT NULL REFERENCES hub_topics (url),
            url TEXT NOT NULL,
            host TEXT NOT NULL,
            secret TEXT,
            lease INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            due INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            lease_until INTEGER,
            owner TEXT,
            UNIQUE (topic, url)
        ) STRICT
    """)
    db.execute("CREATE INDEX hub_questions_due ON hub_questions (due)")
    db.execute("CREATE INDEX hub_questions_host ON hub_questions (host)")
