"""The console channel: a few readable lines on standard output, so that a newcomer sees an alert fire."""

import asyncio
import io
from collections.abc import Callable, Iterable

from rich.console import Console
from rich.text import Text

from syndicator.alerts.message import Answer, Event, Message, Verdict
from syndicator.alerts.wording import Passage, body_lines, item_wording, one_line, subject

_INDENT = "  "
_LONGEST = 120


class ConsoleChannel:
    """Prints messages through `write`, which takes finished text. `colour`: matched words are bold, for a terminal."""

    def __init__(self, write: Callable[[str], object], *, colour: bool = False) -> None:
        self._write = write
        self._colour = colour

    async def send(self, message: Message) -> Answer:
        """Print `message`. It counts as delivered when `write` took it."""
        try:
            # In a thread, since whoever reads our output may be slow.
            await asyncio.to_thread(self._write, shown(message, colour=self._colour))
        except (OSError, ValueError) as error:  # a closed stream is a ValueError
            return Answer(Verdict.TEMPORARY, f"the console can't be written to: {error}", answered=False)
        return Answer(Verdict.DELIVERED, "printed")

    async def close(self) -> None:
        """Nothing to give back: the stream is not ours."""


def shown(message: Message, *, colour: bool) -> str:
    """`message` as lines for a terminal, each ended by a line break. Codes from outside are taken out (`wording`)."""
    # A match says its headline below, with its words marked: once is enough.
    top = f"Alert: {one_line(message.alert or '', _LONGEST)}" if message.event is Event.MATCH else subject(message)
    lines = [Text(top, style="bold yellow" if message.event is Event.MATCH else "bold")]
    lines += [Text(_INDENT + line) for line in body_lines(message) if line]
    for number, item in enumerate(message.items):
        said = item_wording(item, brief=message.event is Event.DIGEST)
        if number:
            lines.append(Text())
        lines += [Text(_INDENT + line, style="bold red") for line in (said.instruction, said.note) if line]
        lines.append(_marked(said.title))
        lines.append(Text(_INDENT + said.dateline, style="dim"))
        lines += [_marked(said.excerpt)] if said.excerpt else []
        lines += [Text(f"{_INDENT}why: {said.why}", style="green")] if said.why else []
        lines += [Text(_INDENT + line) for line in (said.link, said.also) if line]
    stream = io.StringIO()
    # Long lines are left to the terminal: it knows its width, and a wrapped URL can't be clicked.
    console = Console(
        file=stream, force_terminal=colour, no_color=not colour, color_system="standard" if colour else None,
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    for line in lines:
        console.print(line)
    return stream.getvalue()


def _marked(passages: Iterable[Passage]) -> Text:
    parts = ((passage.text.replace("\n", " "), "bold" if passage.matched else "") for passage in passages)
    return Text.assemble(_INDENT, *parts)
