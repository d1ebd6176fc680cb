"""A small client for ASGI applications (HTTP, ASGI 3): one request, the whole answer."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list
    body: bytes

    def __getitem__(self, name):
        """A header that must be there once."""
        (value,) = [value for key, value in self.headers if key == name.lower()]
        return value

    def get(self, name):
        return next((value for key, value in self.headers if key == name.lower()), None)


def ask(app, path, method="GET", **more):
    """One request, in an event loop of its own: see `asked`."""
    return asyncio.run(asked(app, path, method, **more))


async def asked(app, path, method="GET", *, headers=(), body=b"", chunk=1024, raw=None, meanwhile=None):
    """`headers`: a dict or pairs. The body comes in chunks, and is over when it was read. `path` may have a query.

    `meanwhile` is called before the first of the body comes.
    """
    path, _, query = path.partition("?")
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode() if raw is None else raw,
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    chunks = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]
    sent = []

    async def receive():
        nonlocal meanwhile
        if meanwhile:
            meanwhile = meanwhile()
        if not chunks:
            return {"type": "http.disconnect"}
        part = chunks.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(chunks)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    names = [(name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Reply(start["status"], names, b"".join(message.get("body", b"") for message in sent[1:]))
