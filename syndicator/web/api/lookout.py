"""Waiting for the next change, whoever makes it: this process or another on the same store."""

import asyncio

from syndicator.store import Store

# How often the store is looked at while somebody waits; a look is a few microseconds.
LOOK_S = 0.25


class Lookout:
    """Looks at the store's newest number for all who wait, and only while somebody does. For one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[asyncio.Future[None], int] = {}
        self._task: asyncio.Task[None] | None = None

    async def beyond(self, seq: int, seconds: float) -> bool:
        """Whether something with a greater number is committed within so many seconds; returns when it is.

        Nothing is missed between a look and the wait: what was committed before is seen at once. Raises StoreError.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = seq
        if self._task is None:
            self._task = asyncio.create_task(self._look(), name="lookout")
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes together with the result.
            async with asyncio.timeout(seconds):
                await waiter
        except TimeoutError:
            return False
        finally:
            del self._waiting[waiter]
        return True

    async def _look(self) -> None:
        try:
            while self._waiting:
                self._wake()
                await asyncio.sleep(LOOK_S)
        finally:
            self._task = None

    def _wake(self) -> None:
        """Tell those for whom something has come; or all, where the store can't be read."""
        try:
            newest = self._store.changes.horizon()
        except Exception as error:  # noqa: BLE001 - raised where somebody waits for it
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_exception(error)
            return
        for waiter, seq in self._waiting.items():
            if newest > seq and not waiter.done():
                waiter.set_result(None)
