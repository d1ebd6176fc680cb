"""The web server inside the service: uvicorn on the service's own event loop, which keeps its own signals.

News must flow whether or not anybody can be served: an address that can't be had is told of and tried again.
"""

import asyncio
import logging
import math
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from syndicator.web import connection
from syndicator.web.clients import Clients, Network
from syndicator.web.descriptors import places
from syndicator.web.listening import address, listen
from syndicator.web.pacing import Paced
from syndicator.web.room import Room

log = logging.getLogger(__name__)

RETRY_S = 30.0
# How long answers that are under way may take after a stop was asked for.
GRACE_S = 2.0
# Connections that the system may take on for us while we are busy: who comes after them has to knock again, a second
# later. And those that we take over at a time, before we see to others again.
BACKLOG = 4_096
AT_A_TIME = 64


class _Server(uvicorn.Server):
    """uvicorn's server, which sees to the time its guests take.

    Without its signal handlers: they would take SIGTERM away from the worker.
    """

    def __init__(self, config: uvicorn.Config, room: Room) -> None:
        super().__init__(config)
        self._room = room

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        for each in sockets or []:
            # asyncio knows one number for both.
            each.listen(BACKLOG)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._room.hurry(connection.limits())
        return await super().on_tick(counter)


class Serving:
    """Serves `app` on `host` and `port` (0: any free one) while the context is open.

    `report` is told where, or why not. An address that can't be had is told of once, and tried again every RETRY_S
    seconds: its last holder may only be slow to end.

    What strangers send is bounded (see connection and room); `trusted_proxies` are addresses that speak for many
    clients, so that no client's share of the connections binds them.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        report: Callable[[str], None],
        *,
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._host = host
        self._port = port
        self._report = report
        self._told = ""
        self._stopping = asyncio.Event()
        room = Room(places(connection.CONNECTIONS), connection.SHARE)
        protocol: Any = partial(connection.BoundedConnection, room, Clients(trusted_proxies))
        self._server = _Server(
            uvicorn.Config(
                Paced(app),
                http=protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=math.ceil(connection.IDLE_S),
                backlog=AT_A_TIME,
            ),
            room,
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
            state = self._server.server_state
            for each in list(state.connections):
                each.transport.abort()
            _, late = await asyncio.wait(late, timeout=GRACE_S)
            for task in (*late, *state.tasks):
                task.cancel()
            await asyncio.gather(self._task, *state.tasks, return_exceptions=True)

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
