"""The drop folder: files that people and programs put there, taken in once they are complete.

A file is moved to `done/` or `failed/` only after the store has committed what it said. A crash between the two
makes it be read again, and taking in the same again changes nothing. What is moved is what was read: a newer
version that slips under the name in the meantime is put back.

A file counts as complete when nothing has written to it for two seconds and, where the kernel can tell (Linux,
fcntl(2) F_SETLEASE), nobody holds it open for writing. That is real time, never the scheduler's: a test may
simulate its clock, but not the pace of another program.
"""

import errno
import fcntl
import heapq
import logging
import os
import signal
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from syndicator.errors import ParseError

log = logging.getLogger(__name__)

SETTLED = 2.0
"""Seconds without a write after which a file may be complete."""

FILE_LENGTH = 64 * 1024 * 1024
"""The largest file that is read, in bytes."""

MOST_FILES = 500
"""How many files one look brings at most; the rest wait for the next."""

_DONE, _FAILED = "done", "failed"
_UNFINISHED = (
    ".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".swp", ".swo", ".swx", ".lock", "~",
)  # fmt: skip
_NOT_NEWS = (".error.txt", "thumbs.db", "desktop.ini")
_NAME_BYTES = 255  # the longest file name of common file systems
_MOST_COPIES = 10_000


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A complete file. `name` is its name in Unicode; `size` (bytes), `mtime_ns` and `inode` tell versions apart."""

    path: Path
    name: str
    size: int
    mtime_ns: int
    inode: int
    limit: int = FILE_LENGTH

    def read(self) -> bytes:
        """Its bytes. Raises ParseError if it is too large, can't be read, or is no plain file any more."""
        if self.size > self.limit:
            raise ParseError(
                self.name, f"the file is larger than {self.limit / 2**20:g} MB; drop its articles one by one"
            )
        try:
            # A link or a pipe that took the name in the meantime must not lead us elsewhere, or make us wait.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as opened:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise ParseError(self.name, "this is not a plain file")
                body = opened.read(self.limit + 1)
        except OSError as error:
            raise ParseError(self.name, f"the file can't be read: {error.strerror}") from error
        if len(body) > self.limit:
            raise ParseError(self.name, "the file grew while it was read")
        return body


@dataclass(frozen=True, slots=True)
class Look:
    """What one look into the folder found.

    `ready` are complete files in order of arrival. `waiting` are names of files that someone may still be
    writing: look again in `SETTLED` seconds. `more` says that there are more ready files than one look brings.
    `error` is one line for people when the folder can't be looked into.
    """

    ready: tuple[DroppedFile, ...] = ()
    waiting: tuple[str, ...] = ()
    more: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DropFolder:
    """A folder to be watched. It is made if only it itself is missing, not its parents: a share that is not
    mounted is an error to be seen, not a place for a new empty folder.
    """

    path: Path
    limit: int = field(default=FILE_LENGTH, kw_only=True)
    most: int = field(default=MOST_FILES, kw_only=True)

    def look(self) -> Look:
        """Find complete files. Never raises, and never waits.

        Left alone are hidden files, files with the endings of unfinished downloads and editors' copies, links,
        and folders.
        """
        try:
            self.path.mkdir(exist_ok=True)
            found, waiting = self._scan()
        except OSError as error:
            return Look(error=f"the folder {self.path} can't be read: {error.strerror}")
        ready = heapq.nsmallest(self.most, found, key=lambda file: (file.mtime_ns, file.name))
        return Look(tuple(ready), tuple(sorted(waiting)), more=len(found) > self.most)

    def settle_done(self, file: DroppedFile) -> str | None:
        """Move a file that is taken in to `done/`. A line for people if that could not be done, else None."""
        _, problem = self._move(file, _DONE)
        return problem

    def settle_failed(self, file: DroppedFile, error: str | Exception) -> str | None:
        """Move a file to `failed/` and say beside it, in NAME.error.txt, what is wrong and what to do."""
        moved, problem = self._move(file, _FAILED)
        if moved is None:
            return problem
        reason = getattr(error, "message", None) or str(error)
        note = (
            f"{file.name} was not taken in.\n\nWhat is wrong: {reason}\n"
            f"Where it was dropped: {self.path}\n"
            f"What to do: mend the file and move it back there. This note can be deleted.\n"
        )
        try:
            moved.with_name(_fitting(moved.name, ".error.txt")).write_text(note, "utf-8", "backslashreplace")
        except OSError as trouble:
            return self._problem(f"{file.name} was moved to {_FAILED}/, but no note written: {trouble.strerror}")
        return None

    def _scan(self) -> tuple[list[DroppedFile], list[str]]:
        ready: list[DroppedFile] = []
        waiting: list[str] = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                if _is_left_alone(entry.name):
                    continue
                # It may be gone by now, or be unreadable: neither is the others' trouble.
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if not stat.S_ISREG(found.st_mode):
                        continue
                    name = os.fsencode(entry.name).decode("utf-8", "replace")
                    if _is_settled(found) and not _is_being_written(entry.path):
                        path = Path(entry.path)
                        ready.append(
                            DroppedFile(path, name, found.st_size, found.st_mtime_ns, found.st_ino, self.limit)
                        )
                    else:
                        waiting.append(name)
        return ready, waiting

    def _move(self, file: DroppedFile, folder: str) -> tuple[Path | None, str | None]:
        """Move what was read, and nothing else, under a free name: where it is now, and what went wrong."""
        try:
            directory = self.path / folder
            directory.mkdir(exist_ok=True)
            target = _reserve(directory, file.path.name, ours=True)
            try:
                file.path.rename(target)
            except OSError:
                target.unlink()
                raise
            if not _is_same(file, target.stat(follow_symlinks=False)):
                self._put_back(target, file.path)
                return None, None
            _sync(directory)
            _sync(self.path)
        except FileNotFoundError:
            return None, self._problem(f"{file.name} was gone before it could be moved to {folder}/")
        except OSError as error:
            return None, self._problem(f"{file.name} can't be moved to {folder}/: {error.strerror}")
        return target, None

    def _put_back(self, target: Path, origin: Path) -> None:
        """Return a version that nobody has read yet to the folder; an even newer one there keeps the name."""
        try:
            origin.hardlink_to(target)
        except OSError:  # the name is taken, or the file system has no hard links
            target.rename(_reserve(self.path, origin.name))
        else:
            target.unlink()

    def _problem(self, line: str) -> str:
        log.warning("%s: %s", self.path, line)
        return line


def _is_left_alone(name: str) -> bool:
    lowered = name.lower()
    return lowered.startswith((".", "~$")) or lowered.endswith(_UNFINISHED) or lowered.endswith(_NOT_NEWS)


def _is_settled(found: os.stat_result) -> bool:
    # A time in the future is from another clock: then only the lease can tell.
    return abs(time.time() - found.st_mtime) >= SETTLED


def _is_being_written(path: str) -> bool:
    """Whether someone holds the file open for writing, as far as can be known."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # unreadable: reading it will say so
    try:
        # Should a writer come just now, the kernel tells us by a signal; SIGIO, the usual one, would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except (OSError, AttributeError) as error:
        # Anything but EAGAIN: not our file, a network file system, another kernel. Then age alone counts.
        return isinstance(error, OSError) and error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def _is_same(file: DroppedFile, found: os.stat_result) -> bool:
    return (found.st_ino, found.st_size, found.st_mtime_ns) == (file.inode, file.size, file.mtime_ns)


def _reserve(directory: Path, name: str, *, ours: bool = False) -> Path:
    """An empty file under a name that was free: `name`, or with "-2", "-3" … before its ending.

    In a folder that is `ours` alone, an empty file is a name reserved by a process that was killed: it is free.
    """
    ending = Path(name).suffix
    for number in range(1, _MOST_COPIES):
        free = name if number == 1 else _fitting(name.removesuffix(ending), f"-{number}{ending}")
        path = directory / free
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            if not ours or path.lstat().st_size:
                continue
        return path
    raise FileExistsError(errno.EEXIST, f"there are {_MOST_COPIES:,} files of that name", str(directory))


def _fitting(stem: str, ending: str) -> str:
    """`stem` and `ending` within the length that file systems allow."""
    room = _NAME_BYTES - len(os.fsencode(ending))
    return os.fsdecode(os.fsencode(stem)[:room]) + ending


def _sync(directory: Path) -> None:
    """Make renames in a directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
