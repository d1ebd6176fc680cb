"""Questions that may take long are read beside the event loop, and in turn: nobody waits for somebody else's search."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicator.errors import StoreSlowError
from syndicator.query import Analyser
from syndicator.store import Store
from syndicator.web.clients import Clients

READERS = 2
# Questions of one client that are being read: the other readers are for the others.
AT_A_TIME = READERS - 1
# Questions that may be asked at a time, read or waiting; and by one client: a reader of news that is opened asks for
# all its feeds in a second.
PLACES = 256
SHARE = 32
# From asking to the answer, the wait for a reader included.
DEADLINE_S = 5.0
_RETRY_AFTER_S = 5

Found = TypeVar("Found")

# Who is being answered; "" where we ask for ourselves. Whatever is done for a request inherits it.
_client: ContextVar[str] = ContextVar("client", default="")


class Named:
    """ASGI: passes requests on to `app`, whose questions to a reading room are then asked in the client's name."""

    def __init__(self, app: ASGIApp, clients: Clients) -> None:
        self._app = app
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        before = _client.set(self._clients.of(scope))
        try:
            await self._app(scope, receive, send)
        finally:
            _client.reset(before)


class ReadingRoom:
    """A few threads with a connection each, which can't write. Open as a context; its end waits for what is read.

    Clients take turns, and none has all the threads: who asks a hundred things waits for himself.
    """

    def __init__(self, path: Path, analyser: Analyser) -> None:
        self._path = path
        self._analyser = analyser
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
        self._stores: SimpleQueue[Store] = SimpleQueue()
        # By client: questions in all, and those that are being read.
        self._asked: Counter[str] = Counter()
        self._read: Counter[str] = Counter()
        # When each last had a turn.
        self._turns: dict[str, int] = {}
        self._turn_numbers = count(1)
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

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

        Raises StoreSlowError where that takes longer than `seconds`, waiting included, or too many are waiting; 429
        where too many questions of this client are; and what `look` raises. Who goes away before the turn came (a task
        that is cancelled) costs no reader's time.
        """
        end = monotonic() + seconds
        client = _client.get()
        if self._asked[client] >= SHARE:
            raise HTTPException(429, headers={"Retry-After": str(_RETRY_AFTER_S)})
        if self._asked.total() >= PLACES:
            raise StoreSlowError(f"{self._path}: {PLACES} questions are being answered already")
        _add(self._asked, client, 1)
        try:
            async with self._turn(client, seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, look, end)
        finally:
            _add(self._asked, client, -1)
            if client not in self._asked:
                self._turns.pop(client, None)

    @asynccontextmanager
    async def _turn(self, client: str, seconds: float) -> AsyncIterator[None]:
        """A reader, as long as the context is open. Raises StoreSlowError where none is free within `seconds`."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._call()
        try:
            try:
                async with asyncio.timeout(seconds):
                    await turn
            except TimeoutError as error:
                raise StoreSlowError(f"{self._path}: no reader was free within {seconds:g} seconds") from error
            yield
        finally:
            if turn.cancelled():
                # Passed over already, where another's turn ended in the same instant.
                if turn in self._waiting.get(client, ()):
                    self._leave(client, turn)
            else:
                _add(self._read, client, -1)
                self._call()

    def _call(self) -> None:
        """Give the free readers to those who had none yet, then to those who had one longest ago."""
        while self._read.total() < READERS:
            able = [client for client in self._waiting if self._read[client] < AT_A_TIME]
            if not able:
                return
            client = min(able, key=lambda each: self._turns.get(each, 0))
            turn = self._waiting[client][0]
            self._leave(client, turn)
            if turn.done():
                # Its time is up, or whoever asked has gone, which its task does not know yet.
                continue
            self._turns[client] = next(self._turn_numbers)
            _add(self._read, client, 1)
            turn.set_result(None)

    def _leave(self, client: str, turn: asyncio.Future[None]) -> None:
        """Wait no more."""
        self._waiting[client].remove(turn)
        if not self._waiting[client]:
            del self._waiting[client]

    def _look(self, look: Callable[[Store], Found], end: float) -> Found:
        store = self._stores.get()
        try:
            with store.reading(seconds=max(end - monotonic(), 0.0)):
                return look(store)
        finally:
            self._stores.put(store)


def _add(counter: Counter[str], client: str, number: int) -> None:
    """Count, and forget whoever has nothing left."""
    counter[client] += number
    if not counter[client]:
        del counter[client]
