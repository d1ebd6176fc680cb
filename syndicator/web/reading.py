"""Questions that may take long are read beside the event loop, so that nobody waits for somebody else's search."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

from syndicator.errors import StoreSlowError
from syndicator.query import Analyser
from syndicator.store import Store

READERS = 2
# Questions that may wait for a reader; more are turned away.
WAITING = 32
DEADLINE_S = 5.0

Found = TypeVar("Found")


class ReadingRoom:
    """A few threads with a connection each, which can't write. Open as a context; its end waits for what is read."""

    def __init__(self, path: Path, analyser: Analyser) -> None:
        self._path = path
        self._analyser = analyser
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
        self._stores: SimpleQueue[Store] = SimpleQueue()
        self._asked = 0

    def __enter__(self) -> Self:
        for _ in range(READERS):
            self._stores.put(Store.open_for_reading(self._path, self._analyser))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for _ in range(READERS):
            self._stores.get().close()

    async def read(self, look: Callable[[Store], Found], *, seconds: float = DEADLINE_S) -> Found:
        """What `look` finds in the store, all of one moment.

        Raises StoreSlowError where that takes longer than `seconds`, or too many are waiting; and what `look` raises.
        """
        if self._asked >= READERS + WAITING:
            raise StoreSlowError(f"{self._path}: {self._asked} questions are being answered already")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, look, seconds)
        finally:
            self._asked -= 1

    def _look(self, look: Callable[[Store], Found], seconds: float) -> Found:
        store = self._stores.get()
        try:
            with store.reading(seconds=seconds):
                return look(store)
        finally:
            self._stores.put(store)
