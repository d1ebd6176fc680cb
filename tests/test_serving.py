"""The web server on real sockets: what comes in is bounded in size, time and number, and nobody suffers for others."""

import asyncio
import errno
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import Client, beside, hello, no_noise, said, served

from syndicator.metrics import REGISTRY
from syndicator.web import Serving, connection, descriptors, listening, pacing, serving
from syndicator.web.room import Room, Wait


def test_a_free_port_is_found_and_told(caplog):
    async def play(port, lines):
        client = await Client.to(port)
        head, body = await client.get()
        assert body == b"hello"
        assert head.startswith("HTTP/1.1 200 OK\r\n")
        assert re.search(r"^date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r$", head, re.MULTILINE)
        assert "server:" not in head
        client.close()

    with no_noise(caplog):
        lines = served(play)
    assert len(lines) == 1
    assert re.fullmatch(r"Listening on http://127\.0\.0\.1:[1-9]\d+", lines[0])


def test_head_is_get_without_a_body():
    async def play(port, _):
        client = await Client.to(port)
        await client.say(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await client.end()
        assert answer.endswith(b"\r\n\r\n")
        assert b"content-length: 5\r\n" in answer
        client.close()

    served(play)


def test_localhost_means_all_its_addresses_with_one_port():
    async def play(port, _):
        found = await asyncio.get_running_loop().getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
        reached = 0
        for *_, address in found:
            try:
                _, writer = await asyncio.open_connection(*address[:2])
            except OSError:
                continue
            reached += 1
            writer.close()
        assert reached >= 1

    assert served(play, host="localhost")[0].startswith("Listening on http://localhost:")


@pytest.mark.parametrize(
    ("number", "listens"),
    [
        pytest.param(errno.EADDRNOTAVAIL, True, id="which the machine lacks, is left out"),
        pytest.param(errno.EADDRINUSE, False, id="where somebody else answers, is an end to it"),
    ],
)
def test_one_of_several_addresses(monkeypatch, number, listens):
    real = socket.create_server

    def without_ipv6(address, *, family, **more):
        if family == socket.AF_INET6:
            raise OSError(number, "said at more length")
        return real(address, family=family, **more)

    async def both(*_):
        return [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::2")]

    async def play(port, lines):
        assert (port is not None) == listens, lines
        if port is not None:
            client = await Client.to(port)
            assert (await client.get())[1] == b"hello"
            client.close()

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    monkeypatch.setattr(listening, "_addresses", both)
    served(play, host="localhost")


@pytest.mark.parametrize(
    ("host", "why"),
    [
        pytest.param("192.0.2.1", "Cannot assign requested address", id="not ours"),
        pytest.param("no-such-host.invalid", None, id="unknown"),
        pytest.param("a" * 99 + "..b", "this is no host name", id="no name"),
    ],
)
def test_an_address_that_cannot_be_had_is_told_in_one_line_and_work_goes_on(host, why, caplog):
    async def play(port, lines):
        assert port is None

    with no_noise(caplog):
        (line,) = served(play, host=host, port=8080)
    assert line.startswith(f"[server] can't listen on {host}:8080: {why or ''}")
    assert "Going on without the web server" in line
    assert "\n" not in line


def test_a_taken_port_is_tried_again_until_it_is_free(monkeypatch):
    monkeypatch.setattr(serving, "RETRY_S", 0.05)
    other = socket.create_server(("127.0.0.1", 0))
    taken = other.getsockname()[1]

    async def play(port, lines):
        assert port is None
        await asyncio.sleep(0.3)
        assert len(lines) == 1
        other.close()
        while len(lines) < 2:  # noqa: ASYNC110 - the list is what is told
            await asyncio.sleep(0.01)
        client = await Client.to(taken)
        assert (await client.get())[1] == b"hello"
        client.close()

    lines = served(play, port=taken)
    assert f"127.0.0.1:{taken}: Address already in use" in lines[0]
    assert lines[1] == f"Listening on http://127.0.0.1:{taken}"


def test_signals_stay_with_the_worker():
    async def run():
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
        lines = []
        async with Serving(hello, "127.0.0.1", 0, lines.append):
            client = await Client.to(int(lines[0].rpartition(":")[2]))
            await client.get()
            signal.raise_signal(signal.SIGTERM)
            await told.wait()
            await asyncio.sleep(0.4)
            assert (await client.get())[1] == b"hello"
            client.close()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)

    asyncio.run(asyncio.wait_for(run(), 15))


def stopping_takes(begin):
    """How long the server takes to end after `begin(port)`; and then nobody listens."""

    async def run():
        lines = []
        async with Serving(hello, "127.0.0.1", 0, lines.append):
            port = int(lines[0].rpartition(":")[2])
            clients = await begin(port)
            began = time.monotonic()
        took = time.monotonic() - began
        with pytest.raises(OSError):
            await Client.to(port)
        for client in clients:
            await client.end()
            client.close()
        return took

    return asyncio.run(asyncio.wait_for(run(), 15))


def test_it_ends_at_once_with_idle_connections_open(caplog):
    async def begin(port):
        clients = [await Client.to(port) for _ in range(20)]
        for client in clients[:10]:
            await client.get()
        await clients[-1].say(b"GET / HT")
        return clients

    with no_noise(caplog):
        assert stopping_takes(begin) < 1


@pytest.mark.parametrize("path", ["/slow", "/large"], ids=["no answer", "an answer nobody reads"])
def test_it_ends_within_its_grace_with_requests_under_way(monkeypatch, path):
    monkeypatch.setattr(serving, "GRACE_S", 0.3)

    async def begin(port):
        client = await Client.to(port)
        await client.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await asyncio.sleep(0.2)
        return [client]

    assert stopping_takes(begin) < 2


async def trickle(client, request):
    """A byte now and then, as long as it is taken."""
    for byte in request:
        await client.say(bytes([byte]))
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: " + b"x" * 999, id="headers, a byte at a time"),
        pytest.param(
            b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n" + b"x" * 999, id="a body likewise"
        ),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["at once", "after an answer"])
def test_who_never_ends_asking_is_cut_off(monkeypatch, request_, first, caplog):
    monkeypatch.setattr(connection, "REQUEST_S", 0.3)
    monkeypatch.setattr(connection, "IDLE_S", 60 if request_ else 0.6)

    async def play(port, _):
        client = await Client.to(port)
        if not first:
            await client.get()
        began = time.monotonic()
        sending = asyncio.create_task(trickle(client, request_))
        await client.end()
        assert 0.2 < time.monotonic() - began < 2
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        client.close()

    with no_noise(caplog):
        served(play)


def test_who_asks_steadily_is_not_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_S", 0.2)

    async def play(port, _):
        client = await Client.to(port)
        for _ in range(6):
            await asyncio.sleep(0.1)
            assert (await client.get())[1] == b"hello"
        client.close()

    served(play)


def test_who_does_not_read_the_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "READING_S", 0.3)

    async def play(port, _):
        client = await Client.to(port)
        client.writer.transport.pause_reading()
        await client.say(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1)
        client.writer.transport.resume_reading()
        assert len(await client.end()) < 30_000_000
        client.close()

    served(play)


def test_who_reads_an_answer_slowly_gets_it_whole(monkeypatch):
    monkeypatch.setattr(connection, "READING_S", 0.4)

    async def play(port, _):
        client = await Client.to(port)
        await client.say(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        left, began = 30_000_000, time.monotonic()
        while left:
            if left > 20_000_000:  # slowly for a while: longer than the limit in all
                await asyncio.sleep(0.01)
            left -= len(await client.reader.read(min(left, 65_536)))
        assert time.monotonic() - began > 2 * connection.READING_S
        client.close()

    served(play)


def test_an_answer_that_is_not_read_takes_no_memory_to_speak_of():
    handed_over = []

    async def app(scope, receive, send):
        async def counted(message):
            await send(message)
            handed_over.append(len(message.get("body", b"")))

        await pacing.Paced(hello)(scope, receive, counted)

    async def play(port, _):
        client = await Client.to(port)
        client.writer.transport.pause_reading()
        await client.say(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.5)
        assert max(handed_over) <= pacing.SLICE_BYTES
        # Two slices, and what the system keeps at either end.
        assert sum(handed_over) < 10_000_000
        client.close()

    served(play, app=app)


# What may be said


def request(first=b"GET / HTTP/1.1", *headers, body=b"", host=b"Host: x"):
    return b"\r\n".join([first, *[host] * bool(host), *headers, b"", body])


CHUNKED = b"Transfer-Encoding: chunked"
REFUSED = {
    "noise": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a word": (b"hello\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/2 at once": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2 by name": (request(b"GET / HTTP/2.0"), 505),
    "a method nobody has": (request(b"BREW / HTTP/1.1"), 400),
    "CONNECT": (request(b"CONNECT x:443 HTTP/1.1"), 501),
    "no host": (request(host=b""), 400),
    "two hosts": (request(b"GET / HTTP/1.1", b"Host: y"), 400),
    "NUL in a header": (request(b"GET / HTTP/1.1", b"X: a\x00b"), 400),
    "a control character in a header": (request(b"GET / HTTP/1.1", b"X: a\x01b"), 400),
    "a bare CR in a header": (request(b"GET / HTTP/1.1", b"X: a\rb"), 400),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    "a folded header": (request(b"GET / HTTP/1.1", b"X: a\r\n b"), 400),
    "a blank before the colon": (request(b"GET / HTTP/1.1", b"X : a"), 400),
    "a header without a name": (request(b"GET / HTTP/1.1", b": a"), 400),
    "a control character in the address": (request(b"GET /a\x01 HTTP/1.1"), 400),
    "raw UTF-8 in the address": (request("GET /é HTTP/1.1".encode()), 400),
    "a blank in the address": (request(b"GET /a b HTTP/1.1"), 400),
    "no address": (request(b"GET * HTTP/1.1"), 400),
    "an address of another kind": (request(b"GET ftp://x/ HTTP/1.1"), 400),
    "an address with an impossible port": (request(b"GET http://x:99999/ HTTP/1.1"), 400),
    "a length and chunks": (request(b"POST /body HTTP/1.1", b"Content-Length: 4", CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunks and a length": (request(b"POST /body HTTP/1.1", CHUNKED, b"Content-Length: 4", body=b"0\r\n\r\n"), 400),
    "two lengths": (request(b"POST /body HTTP/1.1", b"Content-Length: 1", b"Content-Length: 2", body=b"a"), 400),
    "a list of lengths": (request(b"POST /body HTTP/1.1", b"Content-Length: 1, 1", body=b"a"), 400),
    "a signed length": (request(b"POST /body HTTP/1.1", b"Content-Length: +1", body=b"a"), 400),
    "a length below zero": (request(b"POST /body HTTP/1.1", b"Content-Length: -1", body=b"a"), 400),
    "a length beyond all bounds": (request(b"POST /body HTTP/1.1", b"Content-Length: 9" + b"9" * 30), 400),
    "two chunkings": (request(b"POST /body HTTP/1.1", CHUNKED, CHUNKED, body=b"0\r\n\r\n"), (400, 501)),
    "chunking by another name": (request(b"POST / HTTP/1.1", b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), 501),
    "another coding": (request(b"POST / HTTP/1.1", b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    "chunks in HTTP/1.0": (request(b"POST / HTTP/1.0", CHUNKED, body=b"0\r\n\r\n"), 400),
    "a chunk below zero": (request(b"POST /body HTTP/1.1", CHUNKED, body=b"-1\r\na\r\n0\r\n\r\n"), 400),
    "a chunk beyond all bounds": (request(b"POST /body HTTP/1.1", CHUNKED, body=b"f" * 20 + b"\r\na"), 400),
    "a chunk longer than it says": (request(b"POST /body HTTP/1.1", CHUNKED, body=b"1\r\nab\r\n0\r\n\r\n"), 400),
    "a long address": (request(b"GET /" + b"a" * connection.TARGET_BYTES + b" HTTP/1.1"), 414),
    "a long address without an end": (b"GET /" + b"a" * 10 * connection.HEAD_BYTES, 414),
    "a large header": (request(b"GET / HTTP/1.1", b"X: " + b"a" * connection.HEAD_BYTES), 431),
    "a header without an end": (b"GET / HTTP/1.1\r\nX: " + b"a" * 10 * connection.HEAD_BYTES, 431),
    "many headers": (request(b"GET / HTTP/1.1", *[b"X: a"] * connection.HEADERS), 431),
    "a large body": (
        request(b"POST /body HTTP/1.1", b"Content-Length: 100000", body=b"a" * 100_000),
        413,
    ),
    "a large body in chunks": (
        request(
            b"POST /body HTTP/1.1", CHUNKED, body=b"2710\r\n" + b"a" * 10_000 + b"\r\n" + b"2710\r\n" + b"a" * 10_000
        ),
        413,
    ),
    "many fields after a body": (
        request(b"POST /body HTTP/1.1", CHUNKED, body=b"1\r\na\r\n0\r\n" + b"X: a\r\n" * 99_999),
        431,
    ),
    "a field after a body without an end": (
        request(b"POST /body HTTP/1.1", CHUNKED, body=b"1\r\na\r\n0\r\nX: " + b"a" * 999_999),
        400,
    ),
    "a chunk with a note without an end": (
        request(b"POST /body HTTP/1.1", CHUNKED, body=b"1;" + b"a" * 999_999),
        400,
    ),
}


@pytest.fixture(scope="module")
def server():
    """One for all that is only a question and an answer."""
    with beside() as port:
        yield port


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_request_or_too_large_is_refused_and_the_line_closed(monkeypatch, server, what, caplog):
    monkeypatch.setattr(connection, "REQUEST_BYTES", 16_000)
    # What is refused here, is for what it is, not for the time it takes; and it is told at once.
    for limit in ("REQUEST_S", "IDLE_S", "GOODBYE_S"):
        monkeypatch.setattr(connection, limit, 60)
    data, status = REFUSED[what]
    with no_noise(caplog):
        answer = said(server, data)
    assert int(answer.split()[1]) in (status if isinstance(status, tuple) else (status,))
    assert len(re.findall(rb"^HTTP/1\.1 \d", answer, re.MULTILINE)) == 1
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head
    assert b"\r\ncontent-length: %d\r\n" % len(body) in head
    assert body.count(b"\n") == 1
    assert caplog.text == ""


ACCEPTED = {
    "HTTP/1.0": (request(b"GET / HTTP/1.0", host=b""), b"hello"),
    "an address with our name": (request(b"GET http://x/ HTTP/1.1", b"Connection: close"), b"hello"),
    "our name without an address": (request(b"GET http://x HTTP/1.1", b"Connection: close"), b"hello"),
    "blank lines first": (b"\r\n\r\n" + request(b"GET / HTTP/1.1", b"Connection: close"), b"hello"),
    "bytes that are no ASCII": (request(b"GET / HTTP/1.1", b"X: \xc3\xa9\xff", b"Connection: close"), b"hello"),
    "chunks": (
        request(
            b"POST /body HTTP/1.1", CHUNKED, b"Connection: close", body=b"2;n=1\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n"
        ),
        b"abc",
    ),
    "many small chunks": (
        request(b"POST /body HTTP/1.1", CHUNKED, b"Connection: close", body=b"1\r\na\r\n" * 9_000 + b"0\r\n\r\n"),
        b"a" * 9_000,
    ),
    "a websocket": (
        request(b"GET / HTTP/1.1", b"Upgrade: websocket", b"Connection: Upgrade, close"),
        b"hello",
    ),
    "a body with an upgrade": (
        request(
            b"POST /body HTTP/1.1", b"Upgrade: h2c", b"Connection: Upgrade, close", b"Content-Length: 3", body=b"abc"
        ),
        b"abc",
    ),
    "a body with an upgrade, in chunks": (
        request(
            b"POST /body HTTP/1.1", b"Upgrade: h2c", b"Connection: Upgrade, close", CHUNKED, body=b"1\r\na\r\n0\r\n\r\n"
        ),
        b"a",
    ),
    "OPTIONS for all of us": (request(b"OPTIONS * HTTP/1.1", b"Connection: close"), b""),
}


@pytest.mark.parametrize("step", [100_000, 7], ids=["at once", "in pieces"])
@pytest.mark.parametrize("what", ACCEPTED)
def test_what_is_unusual_but_in_order_is_answered(server, what, step):
    data, expected = ACCEPTED[what]
    head, _, body = said(server, data, step=step).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 204" if not expected else b"HTTP/1.1 200")
    assert body == expected


def test_fields_after_a_body_are_no_headers():
    """A proxy that looks at the headers of a request does not see them."""
    seen = []

    async def app(scope, receive, send):
        await asyncio.sleep(0.1)
        seen.extend(scope["headers"])
        await hello(scope, receive, send)

    async def play(port, _):
        client = await Client.to(port)
        body = b"1\r\na\r\n0\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
        await client.say(request(b"POST / HTTP/1.1", CHUNKED, body=body))
        await client.answer()
        assert [name for name, _ in seen] == [b"host", b"transfer-encoding"]
        client.close()

    served(play, app=app)


def test_after_a_request_for_another_protocol_http_goes_on():
    async def play(port, _):
        client = await Client.to(port)
        first = request(
            b"POST /body HTTP/1.1", b"Upgrade: h2c", b"Connection: Upgrade", b"Content-Length: 3", body=b"abc"
        )
        second = request(b"GET / HTTP/1.1", b"Upgrade: websocket", b"Connection: Upgrade")
        await client.say(first + second + first)
        assert [(await client.answer())[1] for _ in range(3)] == [b"abc", b"hello", b"abc"]
        client.close()

    served(play)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param(b"/body", b"HTTP/1.1 100 Continue\r\n\r\n", id="who reads it"),
        pytest.param(b"/", b"", id="who does not"),
    ],
)
def test_a_body_that_waits_is_asked_for_by(path, answer):
    async def play(port, _):
        client = await Client.to(port)
        await client.say(request(b"POST %b HTTP/1.1" % path, b"Content-Length: 3", b"Expect: 100-continue"))
        if answer:
            assert await client.reader.readexactly(len(answer)) == answer
            await client.say(b"abc")
        # Whether a body follows what it was not asked for, nobody can tell: so that is the end.
        said = await client.end()
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in said
        assert said.endswith(b"abc" if answer else b"hello")
        client.close()

    served(play)


def test_requests_may_be_sent_ahead_but_not_without_end(caplog):
    async def play(port, _):
        client, other = await Client.to(port), await Client.to(port)
        await client.say(request() * (connection.AHEAD + 1))
        for _ in range(connection.AHEAD + 1):
            assert (await client.answer())[1] == b"hello"
        await client.say(request(b"GET / HTTP/1.1") * 9_999)
        assert (await other.get())[1] == b"hello"
        answers = await client.end()
        # Those that are answered, are answered in whole.
        assert answers.count(b"HTTP/1.1 200 ") == answers.count(b"\r\n\r\nhello") == connection.AHEAD + 1
        assert answers.endswith(b"hello")
        client.close()
        other.close()

    with no_noise(caplog):
        served(play)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", "400", id="no request"),
        pytest.param(b"GET /" + b"x" * connection.TARGET_BYTES + b" HTTP/1.1\r\n\r\n", "414", id="too large"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "503", id="one too many"),
    ],
)
def test_what_is_turned_away_is_counted(monkeypatch, said, status):
    monkeypatch.setattr(connection, "BUSY", 0)
    labels = {"kind": "refused", "status": status}

    def counted():
        return REGISTRY.get_sample_value("syndicator_http_requests_total", labels) or 0

    async def play(port, _):
        client = await Client.to(port)
        await client.say(said)
        assert (await client.reader.readline()).startswith(f"HTTP/1.1 {status} ".encode())
        client.close()

    before = counted()
    served(play)
    assert counted() == before + 1


async def slowly(scope, receive, send):
    """Takes its time."""
    await asyncio.sleep(0.2)
    await hello(scope, receive, send)


def test_noise_behind_a_request_does_not_get_into_its_answer(monkeypatch, caplog):
    monkeypatch.setattr(connection, "GOODBYE_S", 60)

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request())
        await asyncio.sleep(0.05)
        await client.say(b"\x00\x01\x02")
        answer = await client.end()
        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\nhello")
        client.close()

    with no_noise(caplog):
        served(play, app=slowly)


@pytest.mark.parametrize("ahead", [0, 1], ids=["first in line", "second in line"])
def test_an_application_whose_request_breaks_off_is_told(ahead, caplog):
    heard = []

    async def app(scope, receive, send):
        if scope["path"] != "/body":
            await slowly(scope, receive, send)
            return
        while (message := await receive())["type"] == "http.request":
            assert message["more_body"]
        heard.append(message["type"])
        await hello({**scope, "path": "/"}, receive, send)

    async def play(port, _):
        client = await Client.to(port)
        broken = request(b"POST /body HTTP/1.1", CHUNKED, body=b"1\r\na\r\nx\r\n")
        await client.say(request() * ahead + broken)
        answer = await client.end()
        assert [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/")] == [
            200 if ahead else 400
        ]
        assert heard == ([] if ahead else ["http.disconnect"])
        client.close()

    with no_noise(caplog):
        served(play, app=app)


def test_noise_in_a_request_does_not_get_into_an_answer_that_has_begun(caplog):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request(b"POST / HTTP/1.1", CHUNKED, body=b"4\r\nnews\r\n"))
        await client.reader.readuntil(b"news")
        await client.say(b"noise")
        assert await client.end() in (b"", b"\r\n")
        client.close()

    with no_noise(caplog):
        served(play, app=app)


NOISE = st.binary(max_size=200)
LINE = st.sampled_from([b"GET", b"HEAD", b"POST", b"OPTIONS", b"TRACE", b"PURGE"]).flatmap(
    lambda method: st.binary(min_size=1, max_size=40).map(lambda path: method + b" /" + path + b" HTTP/1.1")
)
FIELDS = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                *(b"Host: x", b"Content-Length: 5", CHUNKED, b"Expect: 100-continue", b"Upgrade: x"),
                *(b"Connection: upgrade", b"Connection: close", b"Range: bytes=9-1", b'If-None-Match: "'),
            ]
        ),
    ),
    max_size=5,
)
ALMOST = st.tuples(LINE, FIELDS, NOISE).map(lambda parts: request(parts[0], *parts[1], body=parts[2]))


def test_no_noise_is_answered_with_a_defect_or_never(monkeypatch):
    for limit in ("REQUEST_S", "IDLE_S", "GOODBYE_S"):
        monkeypatch.setattr(connection, limit, 0.05)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.one_of(NOISE, ALMOST, st.lists(ALMOST, max_size=3).map(b"".join)))
    def holds(data):
        statuses = [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d+) ", said(port, data), re.MULTILINE)]
        assert not {status for status in statuses if status >= 500} - {501, 505}, data

    with beside() as port:
        holds()
        assert b"200 OK" in said(port, request(b"GET / HTTP/1.1", b"Connection: close"))


# How long an answer may take


@pytest.mark.parametrize("gap", [0.0, 0.15], ids=["at last", "bit by bit"])
def test_an_answer_may_take_as_long_as_it_wants(monkeypatch, gap):
    for limit in ("REQUEST_S", "READING_S", "IDLE_S"):
        monkeypatch.setattr(connection, limit, 0.2)

    async def app(scope, receive, send):
        await asyncio.sleep(0.6)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(5):
            await asyncio.sleep(gap)
            await send({"type": "http.response.body", "body": b"news", "more_body": True})
        await send({"type": "http.response.body"})

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request())
        assert (await client.reader.readuntil(b"0\r\n\r\n")).count(b"news") == 5
        client.close()

    served(play, app=app)


@pytest.mark.parametrize("connection_", ["close", "keep-alive"])
def test_an_answer_that_comes_before_its_request_is_whole_gets_there(connection_):
    """TCP takes it back from who still sends when we close."""

    async def play(port, _):
        for _ in range(5):
            client = await Client.to(port)
            head = request(b"POST / HTTP/1.1", b"Content-Length: 8000000", b"Connection: " + connection_.encode())
            client.writer.write(head + b"x" * 100_000)
            await asyncio.sleep(0.01)
            await client.say(b"x" * 7_900_000)
            assert (await client.answer())[1] == b"hello"
            client.close()

    served(play)


def test_who_goes_on_sending_to_a_refusal_is_cut_off(monkeypatch):
    monkeypatch.setattr(connection, "GOODBYE_S", 0.2)

    async def play(port, _):
        for noise in (b"noise\r\n\r\n", request(b"POST / HTTP/1.1", b"Content-Length: 99", b"Connection: close")):
            client = await Client.to(port)
            await client.say(noise)
            sending = asyncio.create_task(trickle(client, b"x" * 999))
            assert b"HTTP/1.1 " in await client.end()
            await asyncio.wait({sending}, timeout=5)
            assert isinstance(sending.exception(), ConnectionError)
            client.close()

    served(play)


def test_a_defect_of_the_servers_is_ours(monkeypatch, caplog):
    def broken(_):
        raise ZeroDivisionError

    monkeypatch.setattr(connection.BoundedConnection, "_check", broken)

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request())
        assert (await client.end()).startswith(b"HTTP/1.1 500 ")
        client.close()

    served(play)
    assert "ZeroDivisionError" in caplog.text


class Stream:
    """An application that tells for ever, until nobody listens; remembers how its streams ended."""

    def __init__(self):
        self.begun = 0
        self.ended = 0

    async def __call__(self, _scope, receive, send):
        self.begun += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(self.gone(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b": still here\n", "more_body": True})
            await asyncio.wait({gone}, timeout=0.05)
        self.ended += 1

    async def gone(self, receive):
        while (await receive())["type"] != "http.disconnect":
            pass


async def soon(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in the server
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("ahead", [1, 3], ids=["one request", "more sent ahead"])
def test_a_stream_ends_when_its_reader_goes(ahead, caplog):
    stream = Stream()

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request() * ahead)
        await client.reader.readuntil(b"still here")
        client.writer.transport.abort()
        await soon(lambda: stream.ended)
        assert (stream.begun, stream.ended) == (1, 1)

    with no_noise(caplog):
        served(play, app=stream)
    assert caplog.text == ""


def test_streams_end_with_the_server(monkeypatch, caplog):
    monkeypatch.setattr(serving, "GRACE_S", 0.3)
    stream = Stream()

    async def run():
        lines = []
        async with Serving(stream, "127.0.0.1", 0, lines.append):
            clients = [await Client.to(int(lines[0].rpartition(":")[2])) for _ in range(20)]
            for client in clients:
                await client.say(request())
                await client.reader.readuntil(b"still here")
            began = time.monotonic()
        assert time.monotonic() - began < 2
        assert stream.ended == 20
        for client in clients:
            client.close()

    with no_noise(caplog):
        asyncio.run(run())


def test_nothing_is_at_work_any_more_when_the_server_has_ended(monkeypatch, caplog):
    """What it worked with is closed next."""
    monkeypatch.setattr(serving, "GRACE_S", 0.2)
    stubborn = []

    async def app(scope, receive, send):
        stubborn.append(asyncio.current_task())
        await asyncio.sleep(60)

    async def play(port, _):
        client = await Client.to(port)
        await client.say(request())
        await soon(lambda: stubborn)
        client.close()

    with no_noise(caplog):

        async def run():
            lines = []
            async with Serving(app, "127.0.0.1", 0, lines.append):
                await play(int(lines[0].rpartition(":")[2]), lines)
            assert all(task.done() for task in stubborn)

        asyncio.run(run())


# How many there may be


def test_the_newest_connections_get_the_places_of_those_that_say_nothing(monkeypatch):
    monkeypatch.setattr(connection, "CONNECTIONS", 3)

    async def play(port, _):
        held = [await Client.to(port) for _ in range(3)]
        await held[0].get()
        late = await Client.to(port)
        assert (await late.get())[1] == b"hello"
        # The first has spoken since, the second has not.
        assert await held[1].end() == b""
        assert (await held[0].get())[1] == b"hello"
        for client in (*held, late):
            client.close()

    served(play)


def test_who_is_being_answered_keeps_its_place(monkeypatch):
    monkeypatch.setattr(connection, "CONNECTIONS", 2)

    async def play(port, _):
        held = [await Client.to(port) for _ in range(2)]
        for client in held:
            await client.say(request())
        await asyncio.sleep(0.05)
        late = await Client.to(port)
        assert await late.end() == b""
        for client in held:
            assert (await client.answer())[1] == b"hello"
        again = await Client.to(port)
        assert (await again.get())[1] == b"hello"
        for client in (*held, late, again):
            client.close()

    served(play, app=slowly)


@pytest.mark.parametrize("trusted", [False, True], ids=["a stranger", "our proxy"])
def test_one_address_has_a_share_of_the_connections(monkeypatch, trusted):
    monkeypatch.setattr(connection, "SHARE", 2)

    async def play(port, _):
        other = await Client.to(port, source="127.0.0.3")
        crowd = [await Client.to(port, source="127.0.0.2") for _ in range(4)]
        await asyncio.sleep(0.1)
        for place, client in enumerate(crowd):
            if place < 2 and not trusted:
                assert await client.end() == b""
            else:
                assert (await client.get())[1] == b"hello"
            client.close()
        assert (await other.get())[1] == b"hello"
        other.close()

    served(play, trusted_proxies=[ip_network("127.0.0.2/32")] if trusted else [])


@pytest.mark.parametrize("wait", ["body", "reading", "nothing"])
def test_a_busy_server_sends_off_those_who_make_it_wait_or_says_so(monkeypatch, wait):
    monkeypatch.setattr(connection, "BUSY", 2)
    begin = {
        "body": request(b"POST /body HTTP/1.1", b"Content-Length: 5", body=b"a"),
        "reading": request(b"GET /large HTTP/1.1"),
        "nothing": request(b"GET /slow HTTP/1.1"),
    }[wait]

    async def play(port, _):
        held = [await Client.to(port) for _ in range(2)]
        for client in held:
            client.writer.transport.pause_reading()
            await client.say(begin)
            await asyncio.sleep(0.05)
        late = await Client.to(port)
        head, body = await late.get()
        if wait == "nothing":
            assert head.startswith("HTTP/1.1 503 ")
            assert "\r\nretry-after: 5\r\n" in head
        else:
            assert body == b"hello"
            held[0].writer.transport.resume_reading()
            assert len(await held[0].end()) < 30_000_000
        for client in (*held, late):
            client.writer.transport.abort()

    monkeypatch.setattr(serving, "GRACE_S", 0.1)
    served(play)


CROWD = """
import resource, socket, sys
port, wanted = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
lines = []
for place in range(wanted):
    kind = ("silent", "dribble", "again")[place % 3]
    line = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.1.{place % 250 + 1}", 0))
    if kind == "dribble":
        line.send(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nX: ")
    elif kind == "again":
        line.send(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    lines.append(line)
    if kind == "dribble" and place % 100 == 0:
        for line in lines[::30]:
            try:
                line.send(b"a")
            except OSError:
                pass
print("open", flush=True)
sys.stdin.read()
"""


def test_ten_thousand_idle_connections_hinder_nobody():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(10_000, hard - 100)
    print(f"{many} connections")

    async def play(port, _):
        before = memory()
        crowd = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CROWD, str(port), str(many)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        slowest, asked, opening = {False: 0.0, True: 0.0}, 0, asyncio.create_task(crowd.stdout.readline())
        while not (opening.done() and asked > many // 100):
            are_open, began = opening.done(), time.monotonic()
            client = await Client.to(port, source="127.0.2.1")
            assert (await client.get())[1] == b"hello"
            client.close()
            asked += 1
            slowest[are_open] = max(slowest[are_open], time.monotonic() - began)
            await asyncio.sleep(0.01)
        assert opening.result() == b"open\n"
        worst = [f"{seconds * 1000:.0f}" for seconds in slowest.values()]
        print(f"{asked} asked; the slowest took {' ms, and then '.join(worst)} ms; {memory() - before >> 20} MB")
        assert max(slowest.values()) < connection.REQUEST_S / 2
        assert memory() - before < 40_000 * many
        crowd.kill()
        await crowd.communicate()

    served(play, seconds=60)


def memory():
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


# The room, by itself


class Guest:
    def __init__(self, address=None):
        self.address = address
        self.is_gone = False
        self.late_for = []

    def cut_off(self):
        self.is_gone = True

    def late(self, wait):
        self.late_for.append(wait)


class Clock:
    now = 0.0

    def __call__(self):
        self.now += 0.001
        return self.now


def filled(size, *waits, share=99):
    room, guests = Room(size, share, Clock()), [Guest() for _ in waits]
    for guest, wait in zip(guests, waits, strict=True):
        assert room.enter(guest)
        room.wait(guest, wait)
    return room, guests


def test_who_waits_longest_goes_first_whatever_for():
    room, guests = filled(4, Wait.IDLE, Wait.HEAD, Wait.READING, Wait.BODY)
    room.wait(guests[0], Wait.HEAD)  # it has something to say now
    room.wait(guests[1], Wait.HEAD)  # another byte of the same is nothing new
    for _ in range(4):
        assert room.enter(Guest())
    assert [guest.is_gone for guest in guests] == [True] * 4
    room, guests = filled(4, Wait.IDLE, Wait.HEAD, Wait.READING, Wait.BODY)
    room.wait(guests[0], Wait.HEAD)
    order = []
    for guest in guests:
        guest.cut_off = lambda guest=guest: order.append(guests.index(guest))
    while room.make_way(*Wait):
        pass
    assert order == [1, 2, 3, 0]


def test_who_waits_for_us_never_goes():
    room, guests = filled(2, Wait.HEAD, Wait.HEAD)
    for guest in guests:
        room.wait(guest, None)
    assert not room.enter(Guest())
    room.hurry(dict.fromkeys(Wait, 0.0))
    assert [(guest.is_gone, guest.late_for) for guest in guests] == [(False, [])] * 2
    assert len(room) == 2


def test_a_share_is_per_address_and_made_way_in():
    room = Room(99, 2, Clock())
    crowd = [Guest("192.0.2.1") for _ in range(3)]
    others = [Guest("192.0.2.2"), Guest(), Guest(), Guest()]
    for guest in (crowd[0], *others, crowd[1]):
        assert room.enter(guest)
        room.wait(guest, Wait.IDLE)
    room.wait(crowd[0], None)
    assert room.enter(crowd[2])
    assert [guest.is_gone for guest in (*crowd, *others)] == [False, True, False, *[False] * 4]
    room.wait(crowd[2], None)
    assert not room.enter(Guest("192.0.2.1"))
    for guest in (*crowd, *others):
        room.leave(guest)
        room.leave(guest)
    assert len(room) == 0
    assert room._of == {}
    assert not any(room._queues.values())


def test_who_is_late_is_told_once_a_limit():
    room, (one, other) = filled(9, Wait.HEAD, Wait.IDLE)
    limits = {Wait.HEAD: 1.0, Wait.IDLE: 5.0}
    room._clock.now += 2
    room.hurry(limits)
    room.hurry(limits)
    assert (one.late_for, other.late_for) == ([Wait.HEAD], [])
    room._clock.now += 4
    room.hurry(limits)
    assert (one.late_for, other.late_for) == ([Wait.HEAD] * 2, [Wait.IDLE])


def test_a_new_request_starts_a_new_wait():
    room, (one, other) = filled(2, Wait.HEAD, Wait.HEAD)
    room.wait(one, Wait.HEAD, afresh=True)
    assert room.make_way(Wait.HEAD)
    assert (one.is_gone, other.is_gone) == (False, True)


# What the system gives


@pytest.mark.parametrize(
    ("soft", "hard", "places", "raised"),
    [
        pytest.param(1_024, 1_048_576, 10_240, 10_752, id="much is allowed"),
        pytest.param(1_024, -1, 10_240, 10_752, id="everything is allowed"),
        pytest.param(1_024, 4_096, 3_584, 4_096, id="some is allowed"),
        pytest.param(1_024, 1_024, 512, None, id="no more than there is"),
        pytest.param(65_536, 65_536, 10_240, None, id="there is enough"),
        pytest.param(-1, -1, 10_240, None, id="there is everything"),
        pytest.param(256, 256, 64, None, id="there is nearly nothing"),
    ],
)
def test_files_that_may_be_open(monkeypatch, soft, hard, places, raised):
    told = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: told.append(limits))
    assert descriptors.places(10_240) == places
    assert told == ([(raised, hard)] if raised else [])


def test_a_system_that_allows_less_than_it_says(monkeypatch):
    def refuse(*_):
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1_024, 1_048_576))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert descriptors.places(10_240) == 512


def test_connections_inherit_bounds_of_the_system():
    async def run():
        (listener,) = await listening.listen("127.0.0.1", 0, backlog=1)
        with closing(listener), socket.create_connection(listener.getsockname()):
            line, _ = listener.accept()
            with line:
                assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == listening.UNANSWERED_MS
                # Linux counts its own bookkeeping, too.
                assert line.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * listening.UNSENT_BYTES

    asyncio.run(run())
