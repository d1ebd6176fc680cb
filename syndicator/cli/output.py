"""What commands print: plain lines for people, one JSON document for programs, a bar where work takes long.

Results go to standard output, everything else to standard error, so that `--json` can be piped.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from pathlib import Path
from typing import Any, TextIO, TypeVar
from unicodedata import category

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from syndicator.alerts.excerpt import excerpt, marked
from syndicator.model import Reason

Item = TypeVar("Item")

# Control characters, lone halves of surrogate pairs, and what turns the direction of writing for all that follows.
_HIDDEN = {"Cc", "Cs"}
_REORDERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_WIDE = 120  # columns

_RESULTS = Console(highlight=False, soft_wrap=True)
_NOTES = Console(stderr=True, highlight=False, soft_wrap=True)


def say(*parts: str | Text) -> None:
    """A line of results. Text from outside is never read as mark-up, and stays on its line."""
    _RESULTS.print(*map(_on_its_line, parts), markup=False)


def note(*parts: str | Text) -> None:
    """A line about the work, or an error of several, for people, on standard error."""
    _NOTES.print(*(_on_its_line(part, keep="\n") for part in parts), markup=False)


def printable(text: str, *, keep: str = "") -> str:
    """`text` without what moves, hides or recolours something on a terminal: as long as before, on one line.

    Breaks and tabs become spaces, everything else of that kind a replacement character.
    """
    if text.isprintable():
        return text
    return "".join(character if character in keep else _printable(character) for character in text)


def _printable(character: str) -> str:
    if character.isspace() and category(character) != "Zs":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if category(character) in _HIDDEN or character in _REORDERS else character


def _on_its_line(part: str | Text, keep: str = "") -> str | Text:
    if isinstance(part, str):
        return printable(part, keep=keep)
    clean = part.copy()
    clean.plain = printable(part.plain, keep=keep)
    return clean


def print_plainly(text: str, stream: TextIO) -> None:
    """Finished text, at once: whoever reads along, through a pipe too, sees it when it happens."""
    stream.write(text)
    stream.flush()


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """A table; numbers are right-aligned by their column's leading ">"."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in map(_on_its_line, row)))
    Console(highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def show_json(value: object) -> None:
    """One JSON document: records as objects, times as RFC 3339 in UTC."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def with_progress(items: Sequence[Item], doing: str) -> Iterator[Item]:
    """The items, with a bar while they are worked on where a person looks on."""
    if _NOTES.is_terminal and len(items) > 1:
        return iter(track(items, description=doing, console=_NOTES, transient=True))
    return iter(items)


def highlighted(text: str, reasons: Iterable[Reason], field: str, *, around: int = 60) -> Text:
    """A whole title, or the passage of a text with most matches, with the matched words in bold.

    `around` is in characters; it does not count for a title.
    """
    shown = marked(text, reasons) if field == "title" else excerpt(text, reasons, field, around)
    passage = Text(shown.text)
    for start, end in shown.spans:
        passage.stylize("bold", start, end)
    return passage


def ago(moment: datetime | None, now: datetime) -> str:
    """How long before `now`, in the largest fitting unit."""
    if moment is None:
        return "never"
    return _span(now - moment) + " ago" if moment <= now else "in " + _span(moment - now)


def at(moment: datetime, zone: tzinfo) -> str:
    """A time on the clock of a zone, which is told with it: "2026-11-24 07:30 GMT"."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def short(text: str, most: int) -> str:
    """The beginning of a text, its white space folded, in at most so many characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return _RESULTS.width if _RESULTS.is_terminal else 80


def is_narrow() -> bool:
    """Whether a table of many columns would be folded beyond reading; a pipe is as wide as it has to be."""
    return _RESULTS.is_terminal and _RESULTS.width < _WIDE


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum | Path):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
