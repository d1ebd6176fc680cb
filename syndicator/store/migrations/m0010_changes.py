"""What each version did to its article: the types of the change stream."""

from sqlite_utils import Database

from syndicator.store.migrations.registry import migrations


@migrations()
def m0010_changes(db: Database) -> None:
    """Versions say what they did. Those from before are told apart by their states, notes and authors.

    An author that is a source made an edit; anybody else a correction, which has a note of its own.
    """
    db.execute("""
        ALTER TABLE versions ADD COLUMN change TEXT NOT NULL DEFAULT 'insert' CHECK (change IN
            ('insert', 'edit', 'move', 'correction', 'kill', 'hold', 'release'))
    """)
    db.execute("""
        UPDATE versions SET change = (
            SELECT CASE
                WHEN versions.state = 'killed' THEN 'kill'
                WHEN versions.state = 'embargoed' AND before.state <> 'embargoed' THEN 'hold'
                WHEN versions.state <> 'embargoed' AND before.state = 'embargoed' THEN 'release'
                WHEN versions.note IS NOT NULL AND (versions.note IS NOT before.note
                    OR NOT EXISTS (SELECT 1 FROM sources s WHERE s.name = versions.author)) THEN 'correction'
                ELSE 'edit'
            END
            FROM versions before
            WHERE before.article = versions.article AND before.version = versions.version - 1)
        WHERE version > 1
    """)
