"""The address policy: only public addresses, unless a network is named."""

import asyncio
import pickle
import socket
from ipaddress import ip_network

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver

from syndicator.network import AddressRefusedError, guarded_connector, is_allowed

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001::1"]
REFUSED = [
    *("0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("100::1", "64:ff9b:1::1", "2001::1", "2001:10::1", "2001:db8::1", "3fff::1", "4000::1", "5f00::1"),
    *("", "localhost", "127.1", "0x7f.0.0.1", "2130706433"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address):
    assert is_allowed(address)


@pytest.mark.parametrize("address", REFUSED)
def test_anything_that_is_not_a_public_address_is_refused(address):
    assert not is_allowed(address)


@pytest.mark.parametrize(
    ("carrier", "allowed"),
    [
        ("::ffff:127.0.0.1", False),
        ("::ffff:a9fe:a9fe", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("2002:7f00:1::1", False),
        ("2002:c0a8:101::", False),
        ("2002:808:808::", True),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_an_embedded_ipv4_address_is_judged_as_itself(carrier, allowed):
    assert is_allowed(carrier) is allowed


@pytest.mark.parametrize(
    ("address", "network", "allowed"),
    [
        ("127.0.0.1", "127.0.0.0/8", True),
        ("::ffff:127.0.0.1", "127.0.0.0/8", True),
        ("0.0.0.0", "127.0.0.0/8", False),
        ("::1", "127.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.0/24", True),
        ("10.1.3.3", "10.1.2.0/24", False),
        ("fd12::1", "fd12::/16", True),
        ("fe80::1%eth0", "fe80::/10", True),
        ("8.8.8.8", "10.0.0.0/8", True),
    ],
)
def test_a_named_network_opens_itself_and_nothing_else(address, network, allowed):
    assert is_allowed(address, (ip_network(network),)) is allowed


def test_the_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(AddressRefusedError("10.0.0.1")))
    assert error.address == "10.0.0.1"
    assert "not a public address" in str(error)


class _Answers(AbstractResolver):
    """A name server that has been told to say private addresses, as rebinding does on the second question."""

    def __init__(self, *addresses):
        self.addresses = addresses

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}
            for address in self.addresses
        ]

    async def close(self):
        pass


async def _reach(url, resolver=None, allow=()):
    """Connect to `url` with the guard on; return the number of connections the loopback server saw."""
    seen = []

    async def answer(reader, writer):
        seen.append(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = guarded_connector(allow, resolver=resolver, use_dns_cache=False)
    try:
        async with (
            server,
            aiohttp.ClientSession(connector=connector, trust_env=False) as session,
            session.get(url.format(port=port)),
        ):
            pass
    finally:
        assert len(seen) == bool(allow)
    return len(seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "http://0.0.0.0:{port}/",
        "http://127.0.0.1.:{port}/",
    ],
)
def test_no_spelling_of_loopback_is_connected_to(url):
    with pytest.raises(aiohttp.ClientError):
        asyncio.run(_reach(url))


def test_a_name_that_turns_private_after_it_was_looked_at_is_refused():
    resolver = _Answers("127.0.0.1")
    with pytest.raises(aiohttp.ClientConnectorError) as caught:
        asyncio.run(_reach("http://news.example:{port}/", resolver))
    assert isinstance(caught.value.os_error, AddressRefusedError)
    assert caught.value.os_error.address == "127.0.0.1"


def test_a_host_with_several_private_addresses_is_still_named_as_refused():
    resolver = _Answers("127.0.0.1", "::1", "10.0.0.1")
    with pytest.raises(aiohttp.ClientConnectorError) as caught:
        asyncio.run(_reach("http://news.example:{port}/", resolver))
    assert isinstance(caught.value.os_error, AddressRefusedError)


def test_a_named_network_is_connected_to():
    assert asyncio.run(_reach("http://127.0.0.1:{port}/", allow=(ip_network("127.0.0.0/8"),))) == 1
