"""Files that readers are fetching while we write: each is replaced whole, and only when its bytes differ."""

import contextlib
import math
import os
import secrets
import time
from pathlib import Path

_UNFINISHED = ".unfinished"
# How documents end, by what their names do.
_ENDS = {
    "rss": b"</rss>",
    "atom": b"</feed>",
    "json": b"]}",
    "html": b"</html>",
    "opml": b"</opml>",
    "css": b"}",
}
_LONGEST_END = 16


def replace(path: Path, data: bytes) -> bool:
    """Make `data` the content of `path`; True when that changed it.

    A reader sees the old bytes or the new ones, also after a power cut: temporary file in the same folder,
    fsync, rename, fsync of the folder (rename(2) is atomic within a file system and durable only then). An
    unchanged file keeps its modification time, so a static server's validators stay good. A changed one gets a time
    in whole seconds that is later than the last one's, and not before now: static servers make their entity tags of
    that time and the size, and who was given the old bytes with a date must not find it on the new. Raises OSError.
    """
    before = 0
    with contextlib.suppress(FileNotFoundError):
        standing = path.stat()
        before = math.ceil(standing.st_mtime)
        if standing.st_size == len(data) and path.read_bytes() == data:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}{_UNFINISHED}")
    try:
        # Not tempfile: its files are for their owner's eyes alone, and a web server is another user.
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            modified = max(math.ceil(time.time()), before + 1)
            os.utime(file.fileno(), (modified, modified))
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # People know this name, and it is the same when it fails again.
            error.filename, error.filename2 = str(path), None
        raise
    _sync(path.parent)
    return True


def remove(path: Path) -> bool:
    """Remove a file; True when there was one. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _sync(path.parent)
    return True


def sweep(folder: Path) -> None:
    """Clear away what a killed writer left in `folder` and below. For the one writer, before it begins."""
    for left in folder.rglob(f".*{_UNFINISHED}"):
        with contextlib.suppress(OSError):
            left.unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_whole(path: Path) -> bool:
    """Whether `path` is a document of ours to its end: an accident or a broken disk can leave a part of one."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_END))
            return ends_whole(path.name, file.read())
    except OSError:
        return False


def ends_whole(name: str, data: bytes) -> bool:
    """Whether `data` ends as a document called `name` does."""
    end = _ENDS.get(name.rpartition(".")[2])
    return bool(data) if end is None else data.rstrip().endswith(end)
