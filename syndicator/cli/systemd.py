"""Tells systemd that the service is up, that it still lives, and that it stops: sd_notify(3), in one datagram each.

Without systemd (no NOTIFY_SOCKET) nothing is told. The sign of life comes from the event loop, so that a loop which
hangs is noticed: `WatchdogSec=` in the unit then has the service killed and started again, which loses nothing.
"""

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self


class Systemd:
    """Open as a context around the running service: "ready" when entered, "stopping" when left."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._every_s = _watchdog_s(environment) / 2
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.tell("READY=1")
        if self._address and self._every_s:
            self._task = asyncio.create_task(self._live(), name="watchdog")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.tell("STOPPING=1")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def tell(self, state: str) -> None:
        """One datagram; a socket that is not there is nobody's loss."""
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.setblocking(False)
            notices.sendto(state.encode(), name)

    async def _live(self) -> None:
        while True:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self._every_s)


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """How long we may be silent (sd_watchdog_enabled(3)): 0 where nobody asks, or asks another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0
    try:
        return max(int(environment.get("WATCHDOG_USEC", "0")), 0) / 1_000_000
    except ValueError:
        return 0
