"""The whole store in one file, and back: copied while others write, restored in one transaction.

A restored store must not pass for the one it replaces where the world remembers more than it does. So every number
that is given out once goes on far behind all that were: a poller's cursor, a `Last-Event-ID`, a `webhook-id` keep their
meaning. What must not be undone is taken over from the replaced store: who wants no more mail, which tokens and private
feeds were closed. And every source is fetched again as if for the first time, though as news.
"""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from sqlite_utils import Database

from syndicator.errors import StoreBusyError, StoreError, StoreTooNewError, UsageError
from syndicator.store.database import BUSY_TIMEOUT_S, open_for_reading
from syndicator.store.migrations import migrations
from syndicator.store.takeover import Undone, keep_refusals, last_numbers, start_anew, undone

_BESIDE = ("-wal", "-shm", "-journal")
_OURS = ("", *_BESIDE, ".lock", ".migrating", ".publishing")
_SLEEP_S = 0.05


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A copy that was made and checked. `seq` is the number of its newest version; `size` in bytes."""

    file: Path
    size: int
    articles: int
    seq: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was put in place of another, which is `kept` beside it (None: there was none).

    `undone` are corrections, kills and holds of the replaced store that this one does not have; None where that store
    could not be read.
    """

    articles: int
    seq: int
    kept: Path | None
    undone: tuple[Undone, ...] | None


def back_up(path: Path, target: Path, *, force: bool = False) -> BackedUp:
    """Copy the store at `path` to `target`, checked and on the disk, for its owner's eyes only.

    Others may read and write meanwhile: the copy is of one moment. Raises UsageError for a `target` that is there
    (unless `force`) or is the store itself, StoreError where the copy can't be made or is damaged; then none is left.
    """
    _refuse_ours(path, target)
    if target.exists() and not force:
        raise UsageError(f"{target} is there already: give another name, or --force to replace it.")
    if not path.is_file():
        raise UsageError(f"{path}: there is no store to back up. Check [store] path in config.toml.")
    with _told(target), _partial(target) as partial:
        with closing(open_for_reading(path)) as live:
            _copy(live.conn, partial)
        _refuse_damage(partial)
        found = _counted(partial)
        _sync(partial)
        if force:
            partial.replace(target)
        else:
            _name(partial, target)
        _sync(target.parent)
    return BackedUp(target, target.stat().st_size, *found)


def restore(path: Path, source: Path, now: datetime) -> Restored:
    """Put the backup `source` in the place of the store at `path`. For whoever holds the instance lock.

    Killed at any moment, it leaves the old store or the new one. Raises UsageError for what is no backup of ours,
    StoreTooNewError, StoreError for a damaged one; the store is then as it was.
    """
    if not source.is_file():
        raise UsageError(f"{source}: there is no such file.")
    if path.exists() and source.samefile(path):
        raise UsageError(f"{source} is the store itself.")
    with _told(path), _partial(path.with_name(path.name + ".restored")) as prepared:
        with closing(_open_source(source)) as given:
            _copy(given.conn, prepared)
        _refuse_foreign(prepared, source)
        _refuse_damage(prepared)
        replaced = _readable(path)
        with closing(sqlite3.connect(prepared, isolation_level=None)) as connection:
            db = Database(connection)
            migrations.apply(db)
            lost = _prepare(db, replaced, now)
        found = _counted(prepared)
        kept = _keep(path, replaced, now)
        if replaced is None:
            _put_in_place(prepared, path)
        else:
            replaced.close()
            _overwrite(prepared, path)
    return Restored(*found, kept, lost)


def _prepare(db: Database, replaced: Database | None, now: datetime) -> tuple[Undone, ...] | None:
    """Make a copy ready for its place. What the replaced store knew better is taken over, if it can be read."""
    db.execute("BEGIN")
    lost: tuple[Undone, ...] | None = None
    numbers: dict[str, int] = {}
    if replaced is not None:
        try:
            numbers = last_numbers(replaced)
            keep_refusals(replaced, db)
            # Of a damaged store an index may tell less than the truth.
            lost = undone(replaced, db) if replaced.execute("PRAGMA quick_check(1)").fetchone() == ("ok",) else None
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            # It is damaged, which may be why it is replaced: begin again without it.
            db.rollback()
            db.execute("BEGIN")
            lost = None
    start_anew(db, numbers, now)
    db.execute("COMMIT")
    return lost


def _keep(path: Path, replaced: Database | None, now: datetime) -> Path | None:
    """A copy of what will be replaced, under a name that is free; byte by byte where it is no database (any more)."""
    if not path.exists():
        return None
    name = f"{path.name}.before-restore-{now:%Y%m%dT%H%M%SZ}"
    kept = path.with_name(name)
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{name}-{number}")
    if replaced is not None:
        with _partial(kept) as partial:
            _copy(replaced.conn, partial)
            _sync(partial)
            partial.replace(kept)
    else:
        for ending in ("", "-wal"):
            here, there = path.with_name(path.name + ending), kept.with_name(kept.name + ending)
            if here.exists():
                shutil.copyfile(here, there)
                there.chmod(0o600)
                _sync(there)
    _sync(path.parent)
    return kept


def _overwrite(prepared: Path, path: Path) -> None:
    """All pages of one database into another, in one transaction: whoever has that open sees all of it or nothing."""
    with (
        closing(sqlite3.connect(prepared)) as new,
        closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as live,
    ):
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("PRAGMA synchronous = FULL")
        new.backup(live, progress=_Patience(path), sleep=_SLEEP_S)
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _put_in_place(prepared: Path, path: Path) -> None:
    """A database where there is none that could be written to. The log of another one must not be read into it."""
    _sync(prepared)
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    _sync(path.parent)
    prepared.replace(path)
    _sync(path.parent)


def _readable(path: Path) -> Database | None:
    """The store that is to be replaced; None where there is none, or nothing that SQLite can write over."""
    if not path.exists():
        return None
    try:
        db = open_for_reading(path)
        size = db.execute("PRAGMA page_size").fetchone()[0]
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (StoreError, sqlite3.DatabaseError):
        return None
    return db if size == _PAGE else None


# SQLite's own default since 2016; a log (WAL) can't change it.
_PAGE = 4096


def _open_source(source: Path) -> Database:
    """A backup as it lies there, on a medium that can't be written to as well."""
    log = source.with_name(source.name + "-wal")
    mode = "mode=ro" if log.exists() else "immutable=1"
    connection = sqlite3.connect(f"{source.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    return Database(connection)


def _refuse_foreign(copy: Path, source: Path) -> None:
    """Raises UsageError for what is no store of ours, StoreTooNewError for one of a newer program's."""
    ours = {migration.name for migration in migrations._migrations}  # noqa: SLF001 - the library has no public list
    try:
        with closing(Database(sqlite3.connect(copy))) as db:
            applied = [migration.name for migration in migrations.applied(db)]
            size = db.execute("PRAGMA page_size").fetchone()[0]
    except sqlite3.DatabaseError:
        applied, size = [], 0
    if not ours.intersection(applied):
        raise UsageError(f"{source} is no backup of a Syndicator store. The store was left as it is.")
    unknown = [name for name in applied if name not in ours]
    if unknown:
        raise StoreTooNewError(
            f"{source}: written by a newer Syndicator (it has {unknown[-1]}). Restore it with that version."
        )
    if size != _PAGE:
        raise UsageError(
            f"{source} has pages of {size} bytes: copy it with `syndicator backup`, or with SQLite's .backup."
        )


def _refuse_damage(copy: Path) -> None:
    """Raises StoreError for a database that SQLite's own checks find fault with."""
    with closing(sqlite3.connect(copy)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if found != ["ok"] or broken is not None:
        said = "; ".join(found) if found != ["ok"] else f"a row of {broken[0]} points nowhere"
        raise StoreError(f"damaged: {said[:300]}. Nothing was changed.")


def _counted(copy: Path) -> tuple[int, int]:
    """How many articles a copy holds, and its newest number."""
    with closing(sqlite3.connect(copy)) as connection:
        (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM versions").fetchone()
    return articles, seq


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """All of a database, of one moment, as one file that needs no log beside it."""
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # Nothing to roll back: an unfinished copy is thrown away. Its bytes are synced at the end, once.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        connection.backup(copy, progress=_Patience(target), sleep=_SLEEP_S)
        copy.execute("PRAGMA journal_mode = DELETE")


class _Patience:
    """Ends a copy that does not come on: sqlite3 itself would wait for a lock for ever."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = monotonic() + BUSY_TIMEOUT_S

    def __call__(self, status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and monotonic() > self._end:
            raise StoreBusyError(f"{self._path}: another process does not let go of it.")


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A new file `TARGET.part` that is ours alone, whatever a killed predecessor left there; gone in the end."""
    partial = target.with_name(target.name + ".part")
    handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusyError(f"{partial}: another process is writing it.") from error
        if not _is(partial, handle):
            raise StoreBusyError(f"{partial}: another process has just written it.")
        os.ftruncate(handle, 0)
        os.fchmod(handle, 0o600)
        for ending in _BESIDE:
            partial.with_name(partial.name + ending).unlink(missing_ok=True)
        try:
            yield partial
        finally:
            # With its new name it is no longer there; and by now another one might be.
            if _is(partial, handle):
                for ending in ("", *_BESIDE):
                    with suppress(OSError):
                        partial.with_name(partial.name + ending).unlink(missing_ok=True)
    finally:
        os.close(handle)


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _name(partial: Path, target: Path) -> None:
    """Give a finished file its name, unless somebody else has taken it meanwhile."""
    try:
        target.hardlink_to(partial)
    except FileExistsError:
        raise UsageError(f"{target} is there already: give another name, or --force to replace it.") from None
    except OSError:  # a medium without links
        partial.replace(target)


def _refuse_ours(path: Path, target: Path) -> None:
    """A backup over the store, or over what lies beside it, would destroy what it is for."""
    place = target.parent.resolve() / target.name
    if place in {path.resolve().with_name(path.name + ending) for ending in _OURS}:
        raise UsageError(f"{target} is the store itself: a backup needs another name.")
    if target.exists() and path.exists() and target.samefile(path):
        raise UsageError(f"{target} is the store itself: a backup needs another name.")


def _sync(path: Path) -> None:
    """What a file or folder says outlives a power cut from here on."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's and the system's troubles as one line of ours, with the file they are about."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}. Nothing was changed.") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}. Nothing was changed.") from error
    except (StoreBusyError, StoreTooNewError):
        raise
    except StoreError as error:
        raise StoreError(f"{path}: {error}") from error
