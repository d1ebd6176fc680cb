"""How often one client may ask, and who that client is."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.web.clients import Clients, parsed
from syndicator.web.limits import Limits

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
PROXIES = [*LOOPBACK, ip_network("198.51.100.0/24"), ip_network("2001:db8:a::/48")]


def scope(peer="192.0.2.1", *forwarded):
    headers = [(b"host", b"x"), *((b"x-forwarded-for", value.encode("latin-1")) for value in forwarded)]
    return {"type": "http", "client": peer and (peer, 1), "headers": headers}


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


# Who asks


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        pytest.param("192.0.2.1", [], "192.0.2.1", id="directly"),
        pytest.param("192.0.2.1", ["203.0.113.9"], "192.0.2.1", id="a stranger's word about itself"),
        pytest.param("127.0.0.1", [], "127.0.0.1", id="from this machine"),
        pytest.param("127.0.0.1", ["203.0.113.9"], "203.0.113.9", id="by our proxy"),
        pytest.param("127.0.0.1", ["10.9.9.9, 203.0.113.9"], "203.0.113.9", id="by our proxy, with a made-up past"),
        pytest.param("127.0.0.1", ["203.0.113.9, 198.51.100.7"], "203.0.113.9", id="by two of our proxies"),
        pytest.param("127.0.0.1", ["203.0.113.9", "198.51.100.7"], "203.0.113.9", id="on two lines"),
        pytest.param("127.0.0.1", ["10.9.9.9", "203.0.113.9"], "203.0.113.9", id="a made-up line first"),
        pytest.param("127.0.0.1", ["198.51.100.8, 198.51.100.7"], "198.51.100.8", id="from a proxy itself"),
        pytest.param("127.0.0.1", ["unknown"], "127.0.0.1", id="by our proxy, which does not know"),
        pytest.param("127.0.0.1", ["203.0.113.9, unknown, 198.51.100.7"], "198.51.100.7", id="one of them does not"),
        pytest.param("127.0.0.1", [""], "127.0.0.1", id="nothing"),
        pytest.param("127.0.0.1", [","], "127.0.0.1", id="an empty list"),
        pytest.param("127.0.0.1", ["203.0.113.9, <script>"], "127.0.0.1", id="nonsense"),
        pytest.param("127.0.0.1", ["203.0.113.9, \xff\xfe"], "127.0.0.1", id="no text"),
        pytest.param("127.0.0.1", ["0177.0.0.1"], "127.0.0.1", id="an address in octal, which is none"),
        pytest.param("127.0.0.1", ["9" * 30_000], "127.0.0.1", id="an endless number"),
        pytest.param("127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9", id="with a port"),
        pytest.param("127.0.0.1", ['"[2001:db8::9]:4711"'], "2001:db8::/64", id="IPv6 with a port, quoted"),
        pytest.param(
            "127.0.0.1", [", ".join(["203.0.113.9"] + ["198.51.100.7"] * 99)], "198.51.100.7", id="a long way"
        ),
        pytest.param("::1", ["2001:db8::9"], "2001:db8::/64", id="by our proxy, IPv6"),
        pytest.param("::ffff:127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9", id="IPv4 in IPv6 clothes"),
        pytest.param("fe80::1%eth0", [], "fe80::/64", id="with a zone"),
        pytest.param("2001:db8:a::1", ["2001:db8:b:c:1:2:3:4"], "2001:db8:b:c::/64", id="IPv6 by its household"),
        pytest.param(None, ["203.0.113.9"], "unknown", id="by a socket without addresses"),
    ],
)
def test_who_asks(peer, forwarded, client):
    assert Clients(PROXIES).of(scope(peer, *forwarded)) == client


def test_whom_we_trust_may_be_nobody():
    assert Clients([]).of(scope("127.0.0.1", "203.0.113.9")) == "127.0.0.1"
    assert not Clients([]).trusts("127.0.0.1")
    assert Clients(LOOPBACK).trusts("::ffff:127.0.0.1")


@pytest.mark.parametrize(
    ("peer", "share"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::/64"), ("127.0.0.1", None), ("::1", None), ("", None)],
    ids=["IPv4", "IPv6", "a proxy of ours", "another", "no address"],
)
def test_whose_connection_it_is(peer, share):
    assert Clients(PROXIES).share_of(peer) == share


@given(st.text(max_size=200))
def test_whatever_is_forwarded_has_an_address_or_none(text):
    address = parsed(text)
    assert address is None or parsed(str(address)) == address


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_whatever_is_forwarded_somebody_asks(lines):
    headers = [(b"x-forwarded-for", line) for line in lines]
    assert Clients(PROXIES).of({"type": "http", "client": ("127.0.0.1", 1), "headers": headers})


# How often


def passed(limits, times, peer="192.0.2.1"):
    return sum(limits.refuse_after(scope(peer)) is None for _ in range(times))


@pytest.mark.parametrize(
    ("rate", "burst"), [(1, 1), (5, 5), (10, 10), (40, 10), (120, 30), (1_000_000, 250_000)], ids=str
)
def test_a_part_of_a_minutes_requests_may_come_at_once(rate, burst):
    limits = Limits(rate, LOOPBACK, Clock())
    assert limits.burst == burst
    if burst < 1_000:
        assert passed(limits, burst + 5) == burst


@pytest.mark.parametrize(("rate", "seconds"), [(120, 1), (60, 1), (7, 9), (1, 60)], ids=str)
def test_who_is_refused_gets_through_after_the_time_it_was_told(rate, seconds):
    clock = Clock()
    limits = Limits(rate, LOOPBACK, clock)
    passed(limits, limits.burst)
    wait = limits.refuse_after(scope())
    assert wait == seconds
    clock.now += wait
    assert limits.refuse_after(scope()) is None


def test_asking_in_vain_costs_nothing():
    clock = Clock()
    limits = Limits(60, LOOPBACK, clock)
    passed(limits, limits.burst)
    assert passed(limits, 999) == 0
    clock.now += 1
    assert passed(limits, 999) == 1


def test_each_client_has_a_purse_of_its_own_and_a_household_has_one():
    limits = Limits(4, LOOPBACK, Clock())
    assert passed(limits, 9, "192.0.2.1") == 4
    assert passed(limits, 9, "192.0.2.2") == 4
    assert passed(limits, 3, "2001:db8::1") + passed(limits, 3, "2001:db8::ffff:1") == 4
    assert passed(limits, 9, "2001:db8:0:1::1") == 4


def test_a_full_purse_stays_full():
    clock = Clock()
    limits = Limits(4, LOOPBACK, clock)
    passed(limits, 9)
    clock.now += 86_400
    assert passed(limits, 99) == 4


def test_only_so_many_clients_are_remembered_and_who_keeps_asking_is_one_of_them():
    limits = Limits(1, LOOPBACK, Clock(), clients=10)
    for number in range(1_000):
        limits.refuse_after(scope("203.0.113.9"))
        limits.refuse_after(scope(f"10.0.{number >> 8}.{number & 255}"))
        assert len(limits._purse._full_at) <= 10
    assert limits.refuse_after(scope("203.0.113.9")) == 60
    assert limits.refuse_after(scope("10.0.3.231")) == 60


@settings(deadline=None)
@given(
    st.integers(1, 600),
    st.lists(st.tuples(st.floats(0, 90), st.integers(1, 40)), min_size=1, max_size=30),
)
def test_never_more_than_the_rate_and_the_burst_pass(rate, visits):
    """In any stretch of time; and whoever asks all the time gets no less than the rate."""
    clock = Clock()
    limits = Limits(rate, LOOPBACK, clock)
    times = []
    for pause, requests in visits:
        clock.now += pause
        times += [clock.now] * passed(limits, requests)
    for begin in range(len(times)):
        for end in range(begin, len(times)):
            minutes = (times[end] - times[begin]) / 60
            assert end - begin + 1 <= rate * minutes + limits.burst + 1e-3


@settings(deadline=None)
@given(st.integers(1, 600), st.integers(1, 5))
def test_who_asks_all_the_time_gets_the_rate(rate, minutes):
    clock = Clock()
    limits = Limits(rate, LOOPBACK, clock)
    total = passed(limits, limits.burst)
    for _ in range(minutes * 60):
        clock.now += 1
        total += passed(limits, rate // 60 + 1)
    assert total >= minutes * rate + limits.burst - 1
