"""The web server inside the service: uvicorn on the service's own event loop, which keeps its own signals.

News must flow whether or not anybody can be served: an address that can't be had is told of and tried again.
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from syndicator.web.connection import BoundedConnection, cut_off
from syndicator.web.listening import address, listen

log = logging.getLogger(__name__)

RETRY_S = 30.0
# How long answers that are under way may take after a stop was asked for.
GRACE_S = 2.0
KEEP_ALIVE_S = 15
# From this many open connections on, requests are answered 503; `connection.CONNECTIONS` is where they end.
BUSY = 192
HEADER_BYTES = 16_384
BACKLOG = 128


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: they would take SIGTERM away from the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """Serves `app` on `host` and `port` (0: any free one) while the context is open.

    `report` is told where, or why not. An address that can't be had is told of once, and tried again every RETRY_S
    seconds: its last holder may only be slow to end.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, report: Callable[[str], None]) -> None:
        self._host = host
        self._port = port
        self._report = report
        self._told = ""
        self._stopping = asyncio.Event()
        self._server = _Server(
            uvicorn.Config(
                app,
                http=BoundedConnection,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                limit_concurrency=BUSY,
                backlog=BACKLOG,
                h11_max_incomplete_event_size=HEADER_BYTES,
            )
        )

    async def __aenter__(self) -> Self:
        # What strangers send wrong is no news of ours; what we do wrong is.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        sockets = await self._listen()
        self._task = asyncio.create_task(self._run(sockets), name="web server")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.should_exit = True
        _, late = await asyncio.wait({self._task}, timeout=GRACE_S)
        if late:
            cut_off(self._server.server_state.connections)
            _, late = await asyncio.wait(late, timeout=GRACE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, sockets: list[socket.socket]) -> None:
        try:
            while not sockets:
                try:
                    await asyncio.wait_for(self._stopping.wait(), RETRY_S)
                except TimeoutError:
                    sockets = await self._listen()
                else:
                    return
            await self._server.serve(sockets)
        except Exception:
            log.exception("the web server has ended")
        finally:
            for each in sockets:
                each.close()

    async def _listen(self) -> list[socket.socket]:
        """The sockets to serve on; none where they can't be had."""
        try:
            sockets = await listen(self._host, self._port, backlog=BACKLOG)
        except OSError as error:
            self._tell(
                f"[server] can't listen on {address(self._host, self._port)}: {error}. "
                f"Going on without the web server, and trying again every {RETRY_S:.0f} seconds."
            )
            return []
        self._tell(f"Listening on http://{address(self._host, sockets[0].getsockname()[1])}")
        return sockets

    def _tell(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self._report(line)
