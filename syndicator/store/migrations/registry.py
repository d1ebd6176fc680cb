"""The schema's history: numbered, append-only, a module for each wing. A migration that has shipped is never edited.

Times are whole seconds since 1970 in UTC. `versions.seq` is the store-wide sequence that feeds, the change
stream and the alert matcher follow; AUTOINCREMENT keeps a number from ever being given out again.
"""

from sqlite_utils import Migrations

migrations = Migrations("syndicator")
