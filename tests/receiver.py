"""A real HTTP receiver on loopback: it records what comes, in order, and answers as it is told to.

    with Receiver() as receiver:
        receiver.answer("/hook", Reply(status=429, headers={"Retry-After": "7"}))
        ...
        assert receiver.received("/hook")[0].json["type"] == "match"

It runs in a thread of its own, so tests may be synchronous, asynchronous, or kill the process that sends.
"""

import asyncio
import json
import threading
from dataclasses import dataclass, field

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True)
class Reply:
    """How a path answers. `hang`: never. `drip_s`: one byte of the body each so many seconds. `drop`: it reads
    the request and closes the connection. `delay_s`: only after so long."""

    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    hang: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Received:
    """One request. `target` is path and query as sent; `verified`: a signature of the receiver's secret fits, None
    where it has no secret."""

    method: str
    path: str
    target: str
    headers: dict  # by lower-case name
    body: bytes
    verified: bool | None

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def id(self):
        return self.headers.get("webhook-id")


class Receiver:
    """A receiver; a context manager. `secret` (`whsec_…`) is held against each request's signatures.

    `answer(path, *replies)` sets what a path answers: each reply once, the last one for ever. A function
    `(Received) -> Reply` may stand for a reply. A path that was not set answers 200.
    """

    def __init__(self, secret=None, *, port=0):
        self._secret = secret
        self._port = port
        self._replies = {}
        self._requests = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner = None

    def __enter__(self):
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self):
        return self._port

    def url(self, path="/", *, scheme="http", userinfo=""):
        return f"{scheme}://{userinfo}127.0.0.1:{self._port}{path}"

    def answer(self, path, *replies):
        with self._changed:
            self._replies[path] = list(replies)

    @property
    def requests(self):
        """Everything that came, in the order in which it was read."""
        with self._changed:
            return list(self._requests)

    def received(self, path):
        return [request for request in self.requests if request.path == path]

    def wait_for(self, count, timeout_s=10.0):
        """All requests, once there are at least `count`. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came")
            return list(self._requests)

    def forget(self):
        with self._changed:
            self._requests.clear()

    async def _open(self):
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{tail:.*}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, keepalive_timeout=5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = site._server.sockets[0].getsockname()[1]

    async def _shut(self):
        await self._runner.cleanup()
        # Requests that hang for good would be reported as destroyed while pending.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _respond(self, request):
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(
            request.method, request.path, request.raw_path, headers, body, self._verified(headers, body)
        )
        with self._changed:
            self._requests.append(received)
            replies = self._replies.get(request.path) or [Reply()]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            self._changed.notify_all()
        if callable(reply):
            reply = reply(received)
        if reply.hang:
            await asyncio.Event().wait()
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.drop:
            if request.transport is not None:  # who asked may be gone by now
                request.transport.abort()
            return web.Response()
        if not reply.drip_s:
            return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        await response.prepare(request)
        for byte in reply.body:
            await response.write(bytes([byte]))
            await asyncio.sleep(reply.drip_s)
        return response

    def _verified(self, headers, body):
        if self._secret is None:
            return None
        try:
            Webhook(self._secret).verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True
