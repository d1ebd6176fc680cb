"""The one connection to SQLite: opened, migrated, locked, copied and checked here and nowhere else."""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Self

from sqlite_utils import Database

from syndicator.errors import StoreBusyError, StoreError, StoreSlowError, StoreTooNewError
from syndicator.store.copying import clear_partials, copy_database
from syndicator.store.migrations import migrations, split_applied

BUSY_TIMEOUT_S = 30.0
# How long one that others work beside, in the same thread, waits for another process at most.
BRIEF_S = 0.2
# Between two looks whether another process still writes, by those that wait without standing in anybody's way.
KNOCK_S = 0.05
# Instructions of SQLite's virtual machine between two looks at the clock: a fraction of a millisecond.
_PROGRESS_STEPS = 10_000


def open_database(path: Path) -> Database:
    """Open the store's database, migrated to this program's schema.

    An older database is copied beside itself first (`NAME.backup-DATE`). Raises StoreTooNewError for one that a
    newer program wrote, StoreError for a file that is no database or can't be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds the secrets of destinations that were added by hand: for its owner's eyes only, as SQLite's own files
        # beside it are then too.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db = Database(connection)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        with file_lock(path.with_name(path.name + ".migrating")):
            _migrate(db, path)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}. Is it a Syndicator database, and is the disk writable?") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}. Check [store] path in config.toml.") from error
    return db


def open_for_reading(path: Path) -> Database:
    """A second connection that can only read, of a store that is open already. Raises StoreError."""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}. Is it a Syndicator database?") from error
    return Database(connection)


@contextmanager
def reading(db: Database, path: Path, *, seconds: float) -> Iterator[None]:
    """One unchanging view of the database (a read transaction). Raises StoreSlowError where it takes longer."""
    end = monotonic() + seconds
    db.conn.set_progress_handler(lambda: monotonic() > end, _PROGRESS_STEPS)
    try:
        db.execute("BEGIN")
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise StoreSlowError(f"{path}: not done within {seconds:g} seconds") from error
        raise StoreError(f"{path}: {error}") from error
    finally:
        db.conn.set_progress_handler(None, 0)
        db.rollback()


def _migrate(db: Database, path: Path) -> None:
    """Bring the schema up to date, or refuse a database from the future."""
    applied, unknown = split_applied(db)
    pending = migrations.pending(db)
    if unknown:
        db.close()
        raise StoreTooNewError(
            f"{path}: written by a newer Syndicator (it has {unknown[-1]}). Run that version, "
            "or restore the backup that it made before migrating."
        )
    if applied and pending:
        clear_partials(path, "backup")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy_database(db.conn, path.with_name(f"{path.name}.backup-{stamp}"))
    if pending:
        migrations.apply(db)


@contextmanager
def transaction(db: Database, *, durable: bool = False) -> Iterator[None]:
    """Everything inside is written together or not at all. A `durable` one outlives a power cut once it has ended.

    BEGIN IMMEDIATE takes the write lock first: under a plain BEGIN, reading and then writing fails at once in WAL
    mode when another process wrote in between, whatever the busy timeout. Inside another transaction it joins it.
    """
    if db.conn.in_transaction:
        yield
        return
    if durable:
        db.execute("PRAGMA synchronous = FULL")
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise
    finally:
        if durable:
            db.execute("PRAGMA synchronous = NORMAL")


def wait_briefly(db: Database) -> None:
    """From now on a write waits for another process's for BRIEF_S alone."""
    _set_busy_timeout(db, BRIEF_S)


def is_free(db: Database) -> bool:
    """Whether a write could begin right now; it waits for nothing. What else stands in its way, the write tells."""
    if db.conn.in_transaction:
        return True
    (before,) = db.execute("PRAGMA busy_timeout").fetchone()
    _set_busy_timeout(db, 0)
    try:
        db.execute("BEGIN IMMEDIATE")
        db.rollback()
    except sqlite3.OperationalError as error:
        # Extended codes have the plain one in their lowest byte.
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    finally:
        _set_busy_timeout(db, before / 1000)
    return True


async def turn(db: Database, path: Path, *, seconds: float) -> None:
    """Come back when no other process writes, without an await between that and the return.

    Raises StoreBusyError after so many `seconds`.
    """
    end = monotonic() + seconds
    while not is_free(db):
        if monotonic() >= end:
            raise StoreBusyError(
                f"{path}: another process has been writing for longer than {seconds:g} seconds. "
                "Nothing of this step was written."
            )
        await asyncio.sleep(KNOCK_S)


def _set_busy_timeout(db: Database, seconds: float) -> None:
    db.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """A database that can't be written now (disk full, locked, input/output error) is a StoreError that says so."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(f"{path}: {error}. Nothing of this step was written.") from error


class InstanceLock:
    """Holds the store for one running service: `with InstanceLock(path): …`.

    An advisory lock on `NAME.lock`, which the kernel lets go when the process ends, however it ends. Raises
    StoreBusyError, naming the holder, when another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._handle: int | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StoreBusyError(
                f"{self._path.with_suffix('')}: another Syndicator is at work on this store (process {holder}). "
                "Stop it first, or give this one a store of its own ([store] path)."
            ) from error
        os.truncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode("ascii"), 0)
        self._handle = handle
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Wait for an advisory lock: for what two processes must do one after the other.

    Raises BlockingIOError where another has it and nobody is to `wait`.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
