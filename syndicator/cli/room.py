"""One act in an opened newsroom, as most commands are; and what such an act leaves for a service to do."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from syndicator.cli.session import Newsroom, open_newsroom, start_unless_running
from syndicator.errors import StoreBusyError
from syndicator.plurals import counted

Result = TypeVar("Result")


def in_newsroom(config: Path, act: Callable[[Newsroom], Result], *, start: datetime | None = None) -> Result:
    """Do one thing in the newsroom of this config; with `start`, bring its store in line with config before."""

    async def acting() -> Result:
        async with open_newsroom(config, console=sys.stderr) as room:
            if start is not None:
                start_unless_running(room, start)
            return act(room)

    return asyncio.run(acting())


def what_waits(room: Newsroom) -> list[str]:
    """A line if messages wait and no service is there to send them; none otherwise."""
    waiting = room.store.deliveries.backlog()
    if not waiting:
        return []
    with suppress(StoreBusyError), room.store.instance_lock():
        verb = "waits" if waiting == 1 else "wait"
        return [f"{counted(waiting, 'message')} {verb}: `syndicator once` sends what is due."]
    return []
