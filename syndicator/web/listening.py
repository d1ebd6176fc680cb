"""Sockets that listen, by the name of a host."""

import asyncio
import errno
import os
import socket

_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
# What the system keeps of an answer that is not read, a connection: left to itself, Linux goes up to four megabytes.
UNSENT_BYTES = 262_144
# How long it goes on sending to where nothing comes back from.
UNANSWERED_MS = 60_000


def address(host: str, port: int) -> str:
    """Host and port as they stand in a URL: "127.0.0.1:8080", "[::1]:8080"."""
    host = host.strip("[]")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def listen(host: str, port: int, *, backlog: int) -> list[socket.socket]:
    """Sockets on every address that `host` has, all with one port (0: any free one).

    Raises OSError, which says in a few words why not.
    """
    sockets: list[socket.socket] = []
    try:
        families = await _addresses(host.strip("[]"), port)
        for place, (family, name) in enumerate(families, 1):
            try:
                sockets.append(_bounded(socket.create_server((name, port), family=family, backlog=backlog)))
            except OSError as error:
                # `localhost` has an IPv6 address also on machines that have none.
                if error.errno not in _NOT_HERE or (place == len(families) and not sockets):
                    raise OSError(os.strerror(error.errno or 0)) from error
            else:
                port = sockets[-1].getsockname()[1]
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets


def _bounded(listener: socket.socket) -> socket.socket:
    """With bounds on what the system does for the connections that come by this socket: they inherit them."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
    # asyncio sets it only where the socket names its protocol, and those we accept do not. Without it an answer's end
    # waits for the reader to say that it has the beginning: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
    return listener


async def _addresses(host: str, port: int) -> list[tuple[int, str]]:
    """The (family, address) pairs of a host, each once."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except socket.gaierror as error:
        raise OSError(error.strerror) from error
    except UnicodeError as error:
        raise OSError("this is no host name") from error
    return list(dict.fromkeys((family, str(sockaddr[0])) for family, *_, sockaddr in found))
