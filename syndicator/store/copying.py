"""Databases copied whole: of one moment, on the disk before they have their name, and through no link that waits there.

Backups, the copies before migrations and restores are all made of this. Nothing here knows what is in a database.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic

from syndicator.errors import StoreBusyError, StoreError

# What SQLite keeps beside a database.
BESIDE = ("-wal", "-shm", "-journal")
# How long a copy waits for others. sqlite3 itself would wait for ever.
PATIENCE_S = 30.0
_SLEEP_S = 0.05
# Fewer than the tables of any store of ours, so that its first step is never its last.
_STEP_PAGES = 16


def copy_database(connection: sqlite3.Connection, target: Path) -> None:
    """A finished copy at `target`, for its owner's eyes only, while others write. What had the name is replaced.

    Raises sqlite3.DatabaseError, OSError, and StoreBusyError where others do not let go; then `target` is as it was.
    """
    with partial(target) as unfinished:
        copy_into(connection, unfinished)
        sync(unfinished)
        unfinished.replace(target)
        sync(target.parent)


def copy_into(connection: sqlite3.Connection, target: Path) -> None:
    """All of a database, of one moment, as one file that needs no log beside it. It is not synced yet."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # Nothing to roll back: an unfinished copy is thrown away. Its bytes are synced at the end, once.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        connection.backup(copy, progress=_Patience(target), sleep=_SLEEP_S)
        copy.execute("PRAGMA journal_mode = DELETE")


def copy_over(source: Path, live: Path, confirm: Callable[[], None]) -> None:
    """All pages of `source` into `live`, in one transaction: whoever has that open sees all of it or nothing.

    `confirm` is called once, when nobody else can write to `live` any more and nothing is written yet: what it raises
    leaves `live` as it was, and comes through. `source` is nobody else's; `live` keeps a log (`keep_log`).
    Raises StoreBusyError, sqlite3.DatabaseError.
    """
    patience, confirmed = _Patience(live), False

    def progress(status: int, remaining: int, total: int) -> None:
        nonlocal confirmed
        patience(status, remaining, total)
        if status == sqlite3.SQLITE_OK and not confirmed:
            # The first step has taken the write lock, and an exception rolls it back.
            confirm()
            confirmed = True

    with (
        closing(sqlite3.connect(source)) as new,
        closing(sqlite3.connect(live, timeout=PATIENCE_S, isolation_level=None)) as old,
    ):
        old.execute("PRAGMA synchronous = FULL")
        new.backup(old, pages=_STEP_PAGES, progress=progress, sleep=_SLEEP_S)
        # It is done, and in the log on the disk, also where that can't be cleared away now.
        with suppress(sqlite3.DatabaseError):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def keep_log(live: Path) -> None:
    """Let readers and a writer work side by side in a database (WAL). Raises sqlite3.DatabaseError."""
    with closing(sqlite3.connect(live, timeout=PATIENCE_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


class _Patience:
    """Ends a copy that does not come on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = monotonic() + PATIENCE_S

    def __call__(self, status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and monotonic() > self._end:
            raise StoreBusyError(f"{self._path}: another process does not let go of it.")


@contextmanager
def partial(target: Path) -> Iterator[Path]:
    """A new file `TARGET.part` that is ours alone, whatever a killed predecessor left there; gone in the end.

    Raises OSError (a link is never followed), StoreBusyError where another process is at it.
    """
    unfinished = target.with_name(target.name + ".part")
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusyError(f"{unfinished}: another process is writing it.") from error
        if not _is(unfinished, handle):
            raise StoreBusyError(f"{unfinished}: another process has just written it.")
        os.ftruncate(handle, 0)
        os.fchmod(handle, 0o600)
        for ending in BESIDE:
            unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
        try:
            yield unfinished
        finally:
            # With its new name it is no longer there; and by now another one might be.
            if _is(unfinished, handle):
                for ending in ("", *BESIDE):
                    with suppress(OSError):
                        unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
    finally:
        os.close(handle)


def clear_partials(path: Path, kind: str) -> None:
    """Remove what killed processes left of `NAME.KIND-….part`; what somebody is still writing stays."""
    beginning = f"{path.name}.{kind}-"
    for left in path.parent.iterdir():
        if left.name.startswith(beginning) and left.name.endswith(".part"):
            with suppress(OSError, StoreBusyError), partial(left.with_suffix("")):
                pass


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def sync(path: Path) -> None:
    """What a file or folder says outlives a power cut from here on."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told(where: Path | str) -> Iterator[None]:
    """SQLite's and the system's troubles as one line of ours (StoreError), with the file they are about."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{where}: {error}. Nothing was changed.") from error
    except OSError as error:
        raise StoreError(f"{where}: {error.strerror or error}. Nothing was changed.") from error
