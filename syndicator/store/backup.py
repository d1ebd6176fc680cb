"""The whole store in one file, copied while others write."""

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from syndicator.errors import UsageError
from syndicator.store.copying import BESIDE, copy_into, partial, sync, told
from syndicator.store.database import open_for_reading
from syndicator.store.soundness import counted, other_than_database, refuse_damage

_OURS = ("", *BESIDE, ".lock", ".migrating", ".publishing")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A copy that was made and checked. `seq` is the number of its newest version; `size` in bytes."""

    file: Path
    size: int
    articles: int
    seq: int


def back_up(path: Path, target: Path, *, force: bool = False) -> BackedUp:
    """Copy the store at `path` to `target`, checked and on the disk, for its owner's eyes only.

    Others may read and write meanwhile: the copy is of one moment. A `target` that is a link stays one: the copy is
    where it leads. Raises UsageError for a `target` that is there (with `force`: and is no database) or is the store
    itself, StoreError where the copy can't be made or is damaged; then none is left.
    """
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    _refuse_ours(path, target)
    _refuse_taken(target, force=force)
    if not path.is_file():
        raise UsageError(f"{path}: there is no store to back up. Check [store] path in config.toml.")
    with told(target), partial(target) as unfinished:
        with told(f"{path}, copied to {target}"), closing(open_for_reading(path)) as live:
            copy_into(live.conn, unfinished)
        refuse_damage(unfinished, path)
        found = counted(unfinished)
        sync(unfinished)
        if force:
            unfinished.replace(target)
        else:
            _name(unfinished, target)
        sync(target.parent)
    return BackedUp(target, target.stat().st_size, *found)


def _refuse_taken(target: Path, *, force: bool) -> None:
    """Raises UsageError for a name that is taken; with `force` only where what has it can't be an older backup."""
    if not os.path.lexists(target):
        return
    if not force:
        raise _taken(target)
    with told(target):
        other = other_than_database(target)
    if other is not None:
        raise UsageError(f"{target} is {other}: --force replaces databases alone. Give another name.")


def _name(unfinished: Path, target: Path) -> None:
    """Give a finished file its name, unless somebody else has taken it meanwhile."""
    try:
        target.hardlink_to(unfinished)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a medium without links
        unfinished.replace(target)


def _taken(target: Path) -> UsageError:
    return UsageError(f"{target} is there already: give another name, or --force to replace an older backup.")


def _refuse_ours(path: Path, target: Path) -> None:
    """A backup over the store, or over what lies beside it, would destroy what it is for."""
    place = target.parent.resolve() / target.name
    if place in {path.resolve().with_name(path.name + ending) for ending in _OURS}:
        raise UsageError(f"{target} is the store itself: a backup needs another name.")
    if target.exists() and path.exists() and target.samefile(path):
        raise UsageError(f"{target} is the store itself: a backup needs another name.")
