"""Alerts carried from one newsroom to another, as TOML."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from syndicator import shapes
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import say, show_json
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.cli.telling import desk_of
from syndicator.errors import UsageError
from syndicator.plurals import counted

_LARGEST_IMPORT = 5_000_000  # characters


def export_alerts(
    references: Annotated[
        list[str] | None, typer.Argument(help="Their names; all alerts if none is named.", metavar="[NAME …]")
    ] = None,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.", metavar="FILE")] = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
) -> None:
    """Write alerts as TOML, such as `import` and config.toml read. No secret is in it."""
    text = in_newsroom(config, lambda room: desk_of(room).export(references or ()), start=now)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror or error}") from None
    say(f"Wrote {output}.")


def import_alerts(
    file: Annotated[Path, typer.Argument(help="TOML with [[alerts]]; - for standard input.", metavar="FILE")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Put them in the place of those of their names.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Save all alerts of a file, or none if one of them can't be used."""
    text = _read(file)

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        rows = desk.import_(text, now, replace=replace)
        if as_json:
            show_json([shapes.Alert.of(desk.standing(row, now), now).plain() for row in rows])
            return
        for row in rows:
            say(row.name)
        say(f"{counted(len(rows), 'alert')} imported.")

    in_newsroom(config, act, start=now)


def _read(file: Path) -> str:
    """The text of a file, or of standard input. Raises UsageError."""
    try:
        if str(file) == "-":
            text = sys.stdin.read(_LARGEST_IMPORT + 1)
        else:
            with file.open(encoding="utf-8-sig") as stream:
                text = stream.read(_LARGEST_IMPORT + 1)
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from None
    if len(text) > _LARGEST_IMPORT:
        raise UsageError(f"{file} has more than {_LARGEST_IMPORT // 1_000_000} MB: that is no list of alerts.")
    return text
