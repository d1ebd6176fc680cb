"""A web server in a test, and clients that write and read bytes by hand."""

import asyncio
import re
import socket
import threading
from contextlib import contextmanager, nullcontext

from syndicator.web import Serving


async def hello(scope, receive, send):
    """An application: /large has more than socket buffers hold, /slow never answers, the rest says what it was sent."""
    assert scope["type"] == "http"
    if scope["path"] == "/slow":
        await asyncio.sleep(60)
    sent = b""
    if scope["path"] == "/body":
        while True:
            message = await receive()
            sent += message.get("body", b"")
            if not message.get("more_body"):
                break
    body = b"x" * 30_000_000 if scope["path"] == "/large" else sent or b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def no_noise(caplog):
    yield
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


class Client:
    """One connection by hand."""

    @classmethod
    async def to(cls, port, source=None):
        client = cls()
        address = None if source is None else (source, 0)
        client.reader, client.writer = await asyncio.open_connection("127.0.0.1", port, local_addr=address)
        return client

    async def say(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def get(self, path="/"):
        await self.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return await self.answer()

    async def answer(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: (\d+)", head)[1])
        return head, await self.reader.readexactly(length)

    async def end(self):
        """Wait until the other side closes; what it still said."""
        said = b""
        try:
            while part := await asyncio.wait_for(self.reader.read(65_536), 5):
                said += part
        except ConnectionError:
            pass
        return said

    def close(self):
        self.writer.close()


def served(play, *, app=hello, host="127.0.0.1", port=0, seconds=15, **options):
    """Run `play(port, lines)` beside a server; the lines it told."""
    lines = []

    async def run():
        async with Serving(app, host, port, lines.append, **options):
            told = re.search(r"http://.*:(\d+)$", lines[0])
            await play(int(told[1]) if told else None, lines)

    asyncio.run(asyncio.wait_for(run(), seconds))
    return lines


@contextmanager
def beside(opened=None, **options):
    """A server in a thread of its own; yields its port. `opened`: a context in which there is an application."""
    ready, lines, stops = threading.Event(), [], []

    async def run(app):
        stop = asyncio.Event()
        async with Serving(app, "127.0.0.1", 0, lines.append, **options):
            stops.extend((asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    def serve():
        with opened or nullcontext(hello) as app:
            asyncio.run(run(app))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(10)
        yield int(lines[0].rpartition(":")[2])
    finally:
        for loop, stop in zip(stops[::2], stops[1::2], strict=True):
            loop.call_soon_threadsafe(stop.set)
        thread.join()


def said(port, data, *, step=1_000_000, timeout=10):
    """Everything that the server answers to these bytes; it must close in the end."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for start in range(0, len(data), step):
                line.sendall(data[start : start + step])
            while part := line.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    return answer
