"""A backup in the place of the store: in one transaction, and the store that was there is kept.

A restored store must not pass for the one it replaces where the world remembers more than it does. So every number
that is given out once goes on far behind all that were: a poller's cursor, a `Last-Event-ID`, a `webhook-id` keep their
meaning. What must not be undone is taken over from the replaced store (takeover.py). And every source is fetched again
as if for the first time, though as news.
"""

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from syndicator.errors import StoreBusyError, StoreError, UsageError
from syndicator.store.copying import (
    BESIDE,
    clear_partials,
    copy_database,
    copy_into,
    copy_over,
    keep_log,
    partial,
    sync,
    told,
)
from syndicator.store.database import open_for_reading
from syndicator.store.handover import Unsorted
from syndicator.store.migrations import migrations
from syndicator.store.soundness import PAGE_BYTES, counted, other_than_database, refuse_damage, refuse_foreign
from syndicator.store.takeover import NOTHING, Undone, start_anew, take_over

_KEPT = "before-restore"
# How often it begins again because somebody has written to the store meanwhile.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was put in place of another, which is `kept` beside it (None: there was none).

    `undone` are corrections, kills and holds of the replaced store that this one does not have; None where that store
    could not be read. `refusals_kept` tells whether it could say who unsubscribed or was locked out, and what was
    closed or revoked, since the backup: not if it was damaged, or not the store that the backup is of. `unsorted` are
    its decisions by hand on articles that this one does not have.
    """

    articles: int
    seq: int
    kept: Path | None
    undone: tuple[Undone, ...] | None
    refusals_kept: bool
    unsorted: tuple[Unsorted, ...]


class _OvertakenError(StoreBusyError):
    """Somebody wrote to the store after it was read."""


def restore(path: Path, source: Path, now: datetime) -> Restored:
    """Put the backup `source` in the place of the store at `path`. For whoever holds the instance lock.

    Killed at any moment, it leaves the old store or the new one. What commands write to the old one meanwhile is in
    what is kept. Raises UsageError for what is no backup of ours, StoreTooNewError, StoreBusyError, StoreError for a
    damaged one; the store is then as it was.
    """
    with told(source):
        other = other_than_database(source)
    if other is not None:
        raise UsageError(f"{source} is {other}, so it is no backup of a Syndicator store. The store was left as it is.")
    if path.exists() and source.samefile(path):
        raise UsageError(f"{source} is the store itself.")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_partials(path, _KEPT)
    for _ in range(_TRIES - 1):
        with suppress(_OvertakenError):
            return _restored(path, source, now)
    return _restored(path, source, now)


def _restored(path: Path, source: Path, now: datetime) -> Restored:
    """One try, whole. Raises _OvertakenError, and has changed nothing, if somebody wrote to the store meanwhile."""
    with told(path), partial(path.with_name(path.name + ".restored")) as prepared:
        _take_in(source, prepared)
        replaced = _readable(path)
        version = _version(replaced)
        with closing(sqlite3.connect(prepared, isolation_level=None)) as connection:
            db = Database(connection)
            migrations.apply(db)
            db.execute("BEGIN")
            taken = NOTHING if replaced is None else take_over(replaced, db)
            start_anew(db, taken, now)
            db.execute("COMMIT")
        found = counted(prepared)
        kept = _keep(path, replaced, now)
        if kept is None or replaced is None:
            _put_in_place(prepared, path)
        else:
            _overwrite(path, prepared, replaced, version, kept)
    return Restored(*found, kept, taken.undone, taken.refusals_kept, taken.unsorted)


def _take_in(source: Path, prepared: Path) -> None:
    """A copy of the backup to work on, if that is one of ours, and sound."""
    with told(f"{source}, copied to {prepared}"), closing(_open_source(source)) as given:
        copy_into(given.conn, prepared)
    refuse_foreign(prepared, source)
    refuse_damage(prepared, source)


def _open_source(source: Path) -> Database:
    """A backup as it lies there, on a medium that can't be written to as well."""
    log = source.with_name(source.name + "-wal")
    mode = "mode=ro" if log.exists() else "immutable=1"
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    return Database(connection)


def _readable(path: Path) -> Database | None:
    """The store that is to be replaced; None where there is none, or nothing that SQLite can write over.

    Raises sqlite3.OperationalError where another process holds it.
    """
    if not path.exists():
        return None
    try:
        db = open_for_reading(path)
        size = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        keep_log(path)
    except StoreError:
        return None
    except sqlite3.DatabaseError as error:
        # Extended codes have the plain one in their lowest byte.
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        return None
    return db if size == PAGE_BYTES else None


def _version(db: Database | None) -> int:
    """Changes whenever somebody else has written (https://www.sqlite.org/pragma.html#pragma_data_version)."""
    return 0 if db is None else int(db.execute("PRAGMA data_version").fetchone()[0])


def _keep(path: Path, replaced: Database | None, now: datetime) -> Path | None:
    """A copy of what will be replaced, under a name that is free; byte by byte where it is no database (any more)."""
    if not path.exists():
        return None
    name = f"{path.name}.{_KEPT}-{now:%Y%m%dT%H%M%SZ}"
    kept = path.with_name(name)
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{name}-{number}")
    with told(f"{path}, kept as {kept}"):
        if replaced is not None:
            copy_database(replaced.conn, kept)
            return kept
        for ending in ("", "-wal"):
            here, there = path.with_name(path.name + ending), kept.with_name(kept.name + ending)
            if here.exists():
                shutil.copyfile(here, there)
                there.chmod(0o600)
                sync(there)
        sync(path.parent)
    return kept


def _overwrite(path: Path, prepared: Path, replaced: Database, version: int, kept: Path) -> None:
    """Replace a store that others may have open, unless it is no longer as it is `kept`. Closes `replaced`."""

    def confirm() -> None:
        if _version(replaced) != version:
            raise _OvertakenError(f"{path}: others go on writing to it. Stop them first; nothing was changed.")
        # Whoever closes it last clears its log away, which this connection could not.
        replaced.close()

    try:
        copy_over(prepared, path, confirm)
    except StoreBusyError:
        kept.unlink(missing_ok=True)
        raise


def _put_in_place(prepared: Path, path: Path) -> None:
    """A database where there is none that could be written to. The log of another one must not be read into it."""
    sync(prepared)
    for ending in BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    sync(path.parent)
    prepared.replace(path)
    sync(path.parent)
