"""The address policy: which machines our outgoing connections may reach.

Feeds, staff and redirects supply URLs, and any of them may name the router, the cloud's metadata service or the
database next door (server-side request forgery). A name that is checked before the connection can answer
differently a moment later, so nothing here is decided from a URL: `guarded_connector` judges the numeric
address of every socket at the moment it is made, whatever name, spelling or redirect led to it.
"""

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from aiohttp import AddrInfoType, TCPConnector

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA special-purpose registries (RFC 6890 and its updates), written out: `ipaddress.is_global` calls
# multicast global, and its answers have changed between patch releases of Python.
_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network; many systems connect 0.0.0.0 to themselves
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and where clouds keep their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# IPv6 is closed but for global unicast, so unique local, link-local, site-local, multicast, the discard block
# and every form not yet invented need no line of their own.
_OPEN_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: the last 32 bits are the IPv4 address meant


class AddressRefusedError(OSError):
    """The address policy refused a connection. `address` is what was refused.

    An OSError, and so outside the tree in errors.py, because it travels through the connection code of asyncio
    and aiohttp, which takes an OSError for "try the next address of this host". Its text names no address:
    when every address of a host is refused, equal texts let aiohappyeyeballs raise the error itself.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(errno.EACCES, "not a public address, and no network in allow_private covers it")

    def __reduce__(self) -> tuple[type["AddressRefusedError"], tuple[str]]:
        return type(self), (self.address,)


def is_allowed(address: Address | str, allow: tuple[Network, ...] = ()) -> bool:
    """Tell whether our connections may go to `address`: a public one, or one in a network of `allow`.

    An IPv6 address that only carries an IPv4 address is judged by that one: IPv4-mapped (RFC 4291 §2.5.5.2),
    6to4 (RFC 3056) and NAT64 (RFC 6052). What is no numeric address at all is refused.
    """
    try:
        given = ip_address(address)
    except ValueError:
        return False
    meant = _embedded(given) or given
    if any(given in network or meant in network for network in allow):
        return True
    if isinstance(meant, IPv4Address):
        return not any(meant in block for block in _REFUSED_V4)
    return meant in _OPEN_V6 and not any(meant in block for block in _REFUSED_V6)


def guarded_connector(allow: tuple[Network, ...] = (), **options: Any) -> TCPConnector:
    """Make an aiohttp connector that opens sockets only to addresses the policy allows.

    `options` go to `aiohttp.TCPConnector`. A refused connection surfaces as `aiohttp.ClientConnectorError` whose
    `os_error` is an AddressRefusedError. The session must have `trust_env=False` and no proxy: behind a proxy
    the address we see is the proxy's.
    """

    def checked_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = info
        if not is_allowed(str(target[0]), allow):
            raise AddressRefusedError(str(target[0]))
        return socket.socket(family, kind, protocol)

    return TCPConnector(socket_factory=checked_socket, **options)


def _embedded(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
