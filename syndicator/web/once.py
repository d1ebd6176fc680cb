"""What several ask for at the same time is made once, for all of them."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextvars import Context
from typing import Any, TypeVar

Made = TypeVar("Made")


class Once:
    """What is being made, each thing under a key of its own. For the event loop alone."""

    def __init__(self) -> None:
        self._making: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(
        self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Made]], *, context: Context | None = None
    ) -> Made:
        """What `make` makes, and raises; called where nobody is at it under this key yet.

        Whoever goes away meanwhile does not take it from the others. It is made in `context`; without one, in that of
        whoever asked first.
        """
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(make(), context=context)
            task.add_done_callback(lambda done: self._made(key, done))
        made: Made = await asyncio.shield(task)
        return made

    def _made(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        del self._making[key]
        if not task.cancelled():
            # Looked at, or asyncio would complain where all who waited have gone away.
            task.exception()
