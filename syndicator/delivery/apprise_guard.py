"""What a fork that sends through Apprise may do: reach allowed addresses and read the files of Python, nothing else.

Whoever writes an Apprise URL chooses hosts, and some services read a template or a key from a path in it. The
interpreter's audit hooks (PEP 578) see every connection and every opened file, whichever library asks, and at the
moment of the act, so that neither redirects nor DNS rebinding lead around them. They can't be taken out again.
"""

import os
import sys
from typing import Any

from syndicator.network import AddressRefusedError, Network, is_allowed

_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTING = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"}
)
_READABLE = tuple(
    {os.path.realpath(place) + os.sep for place in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    # Time zones, certificates, what host and file types are called.
    | {"/usr/share/zoneinfo/", "/etc/ssl/", "/etc/pki/", "/usr/share/ca-certificates/"}
)
_READABLE_FILES = frozenset({"/dev/urandom", "/etc/hosts", "/etc/localtime", "/etc/mime.types", "/etc/resolv.conf"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Guard:
    """Refuses, and remembers what it refused in words for people: many libraries swallow the exception.

    `addresses` are lines about connections, `acts` about files and programs.
    """

    def __init__(self, allow: tuple[Network, ...]) -> None:
        self._allow = allow
        self.addresses: list[str] = []
        self.acts: list[str] = []

    def install(self) -> None:
        """From here on the whole process is under guard, for good."""
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Judge one audit event; raise an OSError to refuse it."""
        if event in _SENDING:
            self._judge_address(arguments[1])
        elif event == "open":
            self._judge_file(arguments[0], arguments[2])
        elif event in _STARTING:
            raise self._refusal("to start a program on this machine")

    def _judge_address(self, address: Any) -> None:
        if address is None:  # a message on a socket whose connection was judged
            return
        # A name (or a path: a Unix socket) is refused as well, since we can't see where it leads.
        host = address[0] if isinstance(address, tuple) and address else None
        if isinstance(host, str) and is_allowed(host, self._allow):
            return
        shown = host if isinstance(host, str) and host else "a socket of this machine"
        self.addresses.append(
            f"{shown} is not a public address; to send there, name its network in allow_private under [network]"
        )
        raise AddressRefusedError(str(shown))

    def _judge_file(self, path: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        place = os.path.realpath(os.fsdecode(path))
        writes = isinstance(flags, int) and flags & _WRITING
        if place == os.devnull or (not writes and (place.startswith(_READABLE) or place in _READABLE_FILES)):
            return
        raise self._refusal("to write a file on this machine" if writes else "to read a file on this machine")

    def _refusal(self, what: str) -> PermissionError:
        self.acts.append(f"the service wants {what}, which is refused")
        return PermissionError("refused by the guard")
