"""The file channel: one line of JSON a message, the same as a webhook's body, safe on disk before it counts as sent."""

import asyncio
import errno
import fcntl
import os
import stat
import time
from pathlib import Path

from syndicator.alerts.message import Answer, Message, Verdict
from syndicator.delivery.payload import payload

# How long to wait for whoever else has the file locked, and how often to ask.
_PATIENCE_S = 5.0
_PAUSE_S = 0.05


class JsonLinesChannel:
    """Appends to the file at `path`. Other processes may append too, as long as they lock it (`flock`) as we do.

    The file and its folder are made when first needed, so a file that a log rotation moves away begins anew. Answers
    name the file and not its folder: they are told to whoever may read deliveries over the API.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: Message) -> Answer:
        """Append one line. A full disk or a missing permission is worth another try: somebody will mend it."""
        try:
            await asyncio.to_thread(_append, self._path, payload(message))
        except _NotAFileError:
            return Answer(Verdict.PERMANENT, f"{self._path.name} is not a regular file", answered=False)
        except _HeldError:
            return Answer(Verdict.TEMPORARY, f"{self._path.name}: another program holds the file", answered=False)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return Answer(Verdict.TEMPORARY, f"{self._path.name} can't be written: {reason}", answered=False)
        return Answer(Verdict.DELIVERED, f"written to {self._path.name}")

    async def close(self) -> None:
        """Nothing to give back: the file is open only while it is written."""


class _NotAFileError(Exception):
    """The path leads to a device, a pipe or a folder."""


class _HeldError(Exception):
    """Somebody else has had the file locked all the time that we wait."""


def _append(path: Path, line: bytes) -> None:
    is_new = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    # Without O_NONBLOCK, opening some devices waits for whoever is at their other end.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o644)
    except IsADirectoryError:
        raise _NotAFileError from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _NotAFileError
        _lock(descriptor)
        size = os.fstat(descriptor).st_size
        # A crash in the middle of a line leaves it torn: what comes now must not be glued to it.
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        try:
            _write(descriptor, (b"\n" if torn else b"") + line + b"\n")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        _sync_folder(path.parent)


def _lock(descriptor: int) -> None:
    """Wait for the file, but not for ever: a thread that waits inside flock could not be ended, not even by a stop."""
    by = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= by:
                raise _HeldError from None
            time.sleep(_PAUSE_S)
        else:
            return


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last through a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
