"""The store in a file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import note, say, show_json
from syndicator.cli.session import read_settings
from syndicator.model import State
from syndicator.plurals import counted
from syndicator.store import InstanceLock, Restored, back_up
from syndicator.store import restore as restore_store

_DONE = {State.KILLED: "killed", State.CORRECTED: "corrected", State.EMBARGOED: "held"}

# Where nothing tells who said no since the backup, only people know.
_OPEN_AGAIN = """\
Who said no since the backup is not known either, and may be open again. Before you start the service:
  tokens that were revoked: `syndicator tokens list`, and `tokens rm NAME` for each that should open nothing
  people who were locked out, removed or given another role: `syndicator users list`, and `users disable`, `rm`, `role`
  passwords that were changed: those before them are good again, so have them changed
  private feeds that were closed or renewed: `syndicator alerts feed NAME --close`, or `--renew` for a new address
  people who unsubscribed: take them out of the alert (`syndicator alerts edit`) if you know who they are
  destinations that were switched off, and the hub's subscribers: the next 410 ends them again"""


def add_to(app: typer.Typer) -> None:
    """Put these commands on the top level."""
    for command in (backup, restore):
        app.command()(command)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to: a file that is not there yet.", metavar="FILE")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is an older backup.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Copy the store to a file, checked, while the service runs."""
    made = back_up(read_settings(config).store.path, file, force=force)
    if as_json:
        show_json({"file": made.file, "bytes": made.size, "articles": made.articles, "seq": made.seq})
        return
    say(f"{made.file}: {counted(made.articles, 'article')}, {_size(made.size)}; the copy is sound.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `syndicator backup` made.", metavar="FILE")],
    *,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the store, which is kept beside it. The service must not run."""
    path = read_settings(config).store.path
    with InstanceLock(path):
        restored = restore_store(path, file, now)
    if as_json:
        show_json(
            {
                "store": path,
                "articles": restored.articles,
                "seq": restored.seq,
                "kept": restored.kept,
                "undone": restored.undone,
                "refusals_kept": restored.refusals_kept,
                "unsorted": restored.unsorted,
            }
        )
        return
    say(f"{path}: {counted(restored.articles, 'article')}, as in {file}.")
    if restored.kept is not None:
        say(f"The store that was there is kept: {restored.kept}")
    say(
        "Sources are fetched whole and feeds rendered anew when the service starts. What was told since the backup may "
        "be told again. Whoever was signed in at the desk signs in again."
    )
    _warn(restored)


def _warn(restored: Restored) -> None:
    """What people have to do again, since no source will."""
    if restored.undone is None:
        why = f"{restored.kept} can't be read whole" if restored.kept is not None else "There was no store before"
        note(f"{why}: corrections and kills since the backup are not known, and undone.")
    elif restored.undone:
        note(f"Done by hand since the backup, and undone by this ({len(restored.undone)}). Do it again:")
    for each in restored.undone or ():
        where = "" if each.known else "; not in the backup, so first let its source bring it again"
        note(f"  {each.id} was {_DONE[each.state]} {each.at:%Y-%m-%d %H:%M} ({each.url or 'no URL'}){where}")
    if restored.unsorted:
        note(
            f"Sorted by hand since, of articles not in the backup ({len(restored.unsorted)}). Once they are here again:"
        )
    for one in restored.unsorted:
        option = "--add" if one.inside else "--remove"
        note(f"  syndicator article topic {one.id} {one.topic} {option}  ({one.url or 'no URL'})")
    if not restored.refusals_kept:
        note(_OPEN_AGAIN)


def _size(size: int) -> str:
    """A number of bytes, for people."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
