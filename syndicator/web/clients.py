"""Who asks: the address that a request comes from, through proxies that we trust, and whose connection it is."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A network this long belongs to one household or host (RFC 6177, RFC 7421): who has one has 2^64 addresses.
_HOUSEHOLD = 64
# More proxies than this stand behind each other nowhere.
_HOPS = 16
# The longest of "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%zone]:65535" that is worth a look.
_LONGEST = 80
_NOBODY = "unknown"


class Clients:
    """Tells clients apart, each by one short name.

    Believes X-Forwarded-For only as far as `trusted` proxies have written it: from its end to the first address that
    is none of them. What stands left of that, anybody may have made up.
    """

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def trusts(self, peer: str) -> bool:
        """Whether this address, as a socket gives it, is one of our proxies, which speak for many."""
        address = parsed(peer)
        return address is not None and self._is_ours(address)

    def share_of(self, peer: str) -> str | None:
        """The name of the client whose connection this is; None if it is one of our proxies, or has no address."""
        address = parsed(peer)
        return None if address is None or self._is_ours(address) else household(address)

    def of(self, scope: Scope) -> str:
        """The name of the client that this HTTP request is from: an IPv4 address, or an IPv6 network of 64 bits.

        A client without an address (a Unix socket) is "unknown".
        """
        peer = scope.get("client")
        address = parsed(peer[0]) if peer else None
        if address is None:
            return _NOBODY
        if self._is_ours(address):
            for told in islice(_forwarded(scope["headers"]), _HOPS):
                hop = parsed(told)
                if hop is None:  # a proxy of ours says that it does not know
                    break
                address = hop
                if not self._is_ours(hop):
                    break
        return household(address)

    def _is_ours(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def household(address: Address) -> str:
    """The name of whoever has this address."""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> _HOUSEHOLD << _HOUSEHOLD, _HOUSEHOLD)))
    return str(address)


def parsed(text: str) -> Address | None:
    """The address that a proxy or a socket wrote, with or without a port or a zone; None if it is none.

    An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is that IPv4 address.
    """
    text = text.strip().strip('"')
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    """What X-Forwarded-For lists, the last first: several lines of it are one list (RFC 9110 §5.3)."""
    for value in reversed([value for name, value in headers if name == b"x-forwarded-for"]):
        yield from reversed(value.decode("latin-1").split(","))
