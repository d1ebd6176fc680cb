"""What a file is, and whether the database in it is sound: looked at before anything is believed or replaced."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from syndicator.errors import StoreError, StoreTooNewError, UsageError
from syndicator.store.copying import told
from syndicator.store.migrations import split_applied

# SQLite's own default since 2016. A log (WAL) can't change it, so a store of other pages can't be written over.
PAGE_BYTES = 4096

# https://www.sqlite.org/fileformat.html, 1.3
_HEADER = b"SQLite format 3\0"


def other_than_database(path: Path) -> str | None:
    """What there is at `path` instead of a SQLite database ("a folder"); None for one, sound or not. Raises OSError."""
    if not path.exists():
        return "not there"
    if path.is_dir():
        return "a folder"
    if not path.is_file():
        return "no regular file"
    with path.open("rb") as file:
        return None if file.read(len(_HEADER)) == _HEADER else "no SQLite database"


def refuse_foreign(copy: Path, origin: Path) -> None:
    """Raises UsageError for a copy of what is no store of ours, StoreTooNewError for one of a newer program's."""
    with told(origin), closing(Database(sqlite3.connect(copy))) as db:
        known, unknown = split_applied(db)
        size = db.execute("PRAGMA page_size").fetchone()[0]
    if not known:
        raise UsageError(f"{origin} is no backup of a Syndicator store. The store was left as it is.")
    if unknown:
        raise StoreTooNewError(
            f"{origin}: written by a newer Syndicator (it has {unknown[-1]}). Restore it with that version."
        )
    if size != PAGE_BYTES:
        raise UsageError(
            f"{origin} has pages of {size} bytes: copy it with `syndicator backup`, or with SQLite's .backup."
        )


def refuse_damage(copy: Path, origin: Path) -> None:
    """Raises StoreError, which blames `origin`, for a copy that SQLite's own checks find fault with."""
    with told(origin), closing(sqlite3.connect(copy)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if found != ["ok"] or broken is not None:
        said = "; ".join(found) if found != ["ok"] else f"a row of {broken[0]} points nowhere"
        raise StoreError(f"{origin}: damaged: {said[:300]}. Nothing was changed.")


def counted(copy: Path) -> tuple[int, int]:
    """How many articles a store's copy holds, and its newest number."""
    with closing(sqlite3.connect(copy)) as connection:
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM versions").fetchone()
    return articles, seq
