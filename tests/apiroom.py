"""A newsroom with its API: requests with tokens, as programs send them."""

import json
from contextlib import contextmanager

from asgi import ask
from house import house
from newsroom import BOATS, COURTS, INBOX
from outbox import DESK, alert, desk

from syndicator.access import Scope
from syndicator.tokendesk import TokenDesk
from syndicator.web import web_app

API = "/api/v1"
LOOPBACK = '[network]\nallow_private = ["127.0.0.0/8"]\n'


class Api:
    """`call` sends a request with a token that has these scopes, or the one that is given ("": none)."""

    def __init__(self, it, its_house):
        self.it, self.house, self.store = it, its_house, it.store
        self.app = web_app(its_house)
        self._tokens = {}

    def token(self, *scopes, owner="", **more):
        """A token with these scopes; all there are, where none is named."""
        key = (frozenset(scopes or Scope), owner)
        if more or key not in self._tokens:
            desk = TokenDesk(self.store)
            given = desk.add(f"token {len(desk.all())}", key[0], self.it.now, owner=owner, **more)
            if more:
                return given.secret
            self._tokens[key] = given.secret
        return self._tokens[key]

    def call(self, method, path, body=None, *, token=None, headers=(), **more):
        pairs = list(dict(headers).items())
        token = self.token() if token is None else token
        if token:
            pairs.append(("Authorization", f"Bearer {token}"))
        if body is not None:
            pairs.append(("Content-Type", "application/json"))
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        app = self._connected if path.endswith("/test") else self.app
        return ask(app, API + path, method, headers=pairs, body=raw, **more)

    async def _connected(self, scope, receive, send):
        """The application while connections to the outside can be made, which live no longer than an event loop."""
        addresses = self.house.addresses
        addresses._open.clear()
        async with addresses._channels:
            await self.app(scope, receive, send)

    def said(self, method, path, body=None, *, status=200, **more):
        """The document that is answered, with this status."""
        reply = self.call(method, path, body, **more)
        assert reply.status == status, reply.body.decode()
        return json.loads(reply.body) if reply.body else None

    def refused(self, status, method, path, body=None, **more):
        """The problem that is answered, with this status."""
        reply = self.call(method, path, body, **more)
        assert reply.status == status, reply.body.decode()
        assert reply["content-type"] == "application/problem+json"
        problem = json.loads(reply.body)
        assert problem["status"] == status
        return problem


@contextmanager
def api(root, *parts, rate=1_000_000):
    """A newsroom with topics, an inbox and a console, or with `parts` in their place; `rate` requests a minute."""
    with desk(root, f"[server]\nrate = {rate}\n", *(parts or (INBOX, BOATS, COURTS, DESK, alert()))) as it:
        (root / "inbox").mkdir(exist_ok=True)
        with house(it.room, lambda: it.now) as its_house:
            yield Api(it, its_house)
