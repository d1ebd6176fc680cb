"""The schema's history: numbered, append-only, a module for each wing. A migration that has shipped is never edited.

Times are whole seconds since 1970 in UTC. `versions.seq` is the store-wide sequence that feeds, the change
stream and the alert matcher follow; AUTOINCREMENT keeps a number from ever being given out again.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("syndicator")


def split_applied(db: Database) -> tuple[list[str], list[str]]:
    """The names of the migrations that a database has: those that this program knows, and those of a newer one."""
    known = {migration.name for migration in migrations._migrations}  # noqa: SLF001 - the library has no public list
    applied = [migration.name for migration in migrations.applied(db)]
    return [name for name in applied if name in known], [name for name in applied if name not in known]
