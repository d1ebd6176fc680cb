"""The feeds folder in memory: every file as it stands on disk at this moment, and its last good copy where it doesn't.

Commands and other processes write files too, so each request looks at the file's place on disk (one `stat`), and reads
only what is new. What is correct on disk is served at once, above all a kill.
"""

import asyncio
import errno
import logging
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from syndicator.publish import GONE_FILE, ends_whole, gone_names
from syndicator.web.codings import Coding
from syndicator.web.copies import Copy
from syndicator.web.once import Once

log = logging.getLogger(__name__)

# What is no feed of ours now, but an archive or a leftover: as much of it as fits, the last asked for.
PASSING_BYTES = 64_000_000
# No document that we write is as large.
LARGEST_BYTES = 64_000_000

# What tells one version of a file from another without reading it.
Signature = tuple[int, int, int, int]


class Absence(StrEnum):
    """Why a file is not there."""

    UNKNOWN = "unknown"
    GONE = "gone"
    NOT_YET = "not yet"


class Shelf:
    """The files of `folder`. `kept` are those whose last good copy stays for good; of all others as much as fits.

    `stands(file)` is asked about a kept or passing file that has gone from disk: whether it should be there.
    """

    def __init__(self, folder: Path, kept: Collection[str], stands: Callable[[str], bool]) -> None:
        self._folder = folder
        self._kept = frozenset(kept)
        self._stands = stands
        self._copies: OrderedDict[str, tuple[Signature, Copy]] = OrderedDict()
        self._once = Once()
        self._missed: set[str] = set()
        self._gone: tuple[Signature | None, frozenset[str]] = (None, frozenset())
        self._fill()

    async def find(self, file: str, feed: str | None) -> Copy | Absence:
        """The newest readable version of `file` ("asylum.atom"), which is one of `feed` where it is a feed's."""
        path = f"{self._folder}/{file}"
        signature = _signature(path)
        known = self._copies.get(file)
        if signature is not None:
            if known is not None and known[0] == signature:
                if file not in self._kept:
                    self._copies.move_to_end(file)
                return known[1]
            fresh = await self._once.get(
                (file, signature), lambda: asyncio.to_thread(self._read, file, known and known[1])
            )
            if fresh is not None:
                self._keep(file, *fresh)
                return fresh[1]
        return self._last_good(file, feed)

    async def packed(self, copy: Copy, coding: Coding) -> bytes:
        """The bytes of `copy` in this coding, packed beside the event loop, once for all who ask meanwhile."""
        body = await self._once.get((id(copy), coding), lambda: asyncio.to_thread(copy.pack, coding))
        self._trim()
        return body

    def _fill(self) -> None:
        """Take up what is to be kept as it stands now: nobody may have asked for it when it goes missing."""
        for file in sorted(self._kept):
            found = self._read(file, None)
            if found is not None:
                self._copies[file] = found

    def _last_good(self, file: str, feed: str | None) -> Copy | Absence:
        if feed is not None and feed in self._gone_names():
            absence = Absence.GONE
        elif not self._stands(file):
            absence = Absence.UNKNOWN
        elif (known := self._copies.get(file)) is not None:
            self._miss(file, "it is not there")
            return known[1]
        else:
            return Absence.NOT_YET
        self._copies.pop(file, None)
        return absence

    def _read(self, file: str, before: Copy | None) -> tuple[Signature, Copy] | None:
        """A file's bytes, in a thread; None where they can't be had. `before` stays where they are the same."""
        try:
            signature, body = _bytes(self._folder, self._folder / file)
            if not ends_whole(file, body):
                raise OSError(errno.EINVAL, "it breaks off")
        except OSError as error:
            self._miss(file, error.strerror or str(error))
            return None
        self._missed.discard(file)
        if before is not None and before.plain == body:
            return signature, before
        seconds = -(-signature[2] // 1_000_000_000)
        if before is not None:
            # A backup that was put back is older than what it replaces; to readers it is news.
            seconds = max(seconds, int(before.modified.timestamp()) + 1)
        return signature, Copy(body, datetime.fromtimestamp(seconds, UTC))

    def _keep(self, file: str, signature: Signature, copy: Copy) -> None:
        self._copies[file] = signature, copy
        self._copies.move_to_end(file)
        self._trim()

    def _trim(self) -> None:
        """Forget what was not asked for the longest, among what may be forgotten."""
        passing = [(file, copy.size) for file, (_, copy) in self._copies.items() if file not in self._kept]
        taken = sum(size for _, size in passing)
        for file, size in passing[:-1]:
            if taken <= PASSING_BYTES:
                break
            del self._copies[file]
            taken -= size

    def _gone_names(self) -> frozenset[str]:
        """The feeds on the list of those that were taken down; as it was last read where it can't be read now."""
        path = self._folder / GONE_FILE
        signature = _signature(str(path))
        if signature is not None and signature != self._gone[0]:
            try:
                self._gone = signature, gone_names(_bytes(self._folder, path)[1])
            except (OSError, ValueError) as error:
                self._miss(GONE_FILE, str(error))
        return self._gone[1]

    def _miss(self, file: str, why: str) -> None:
        """Say once that a file can't be read, until it can be again."""
        if file not in self._missed and file in self._copies:
            self._missed.add(file)
            log.warning("%s can't be read (%s): its last good copy is served", self._folder / file, why)


def _signature(path: str) -> Signature | None:
    """What tells this version of a file from others; None where it can't be seen."""
    try:
        seen = os.stat(path)  # noqa: PTH116 - asked for each request, and a Path costs as much as the question
    except (OSError, ValueError):
        return None
    return seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_size


def _bytes(root: Path, path: Path) -> tuple[Signature, bytes]:
    """The content of a file below `root`, and its signature. Raises OSError, also where it is no such thing."""
    real = path.resolve(strict=True)
    if not real.is_relative_to(root.resolve()):
        raise OSError(errno.EPERM, "it is a link that leads out of the folder")
    # A pipe with a feed's name would otherwise be waited for.
    with os.fdopen(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        seen = os.fstat(file.fileno())
        if not stat.S_ISREG(seen.st_mode) or not 0 < seen.st_size <= LARGEST_BYTES:
            raise OSError(errno.EINVAL, "it is no file, empty, or far too large")
        body = file.read(LARGEST_BYTES + 1)
    return (seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_size), body
