"""One address, and what may be done there."""

from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from syndicator.web.headers import PREFLIGHT, share

Act = Callable[[Request], Awaitable[Response]]


class Resource:
    """An ASGI endpoint that answers the methods it has acts for, HEAD as GET, and OPTIONS.

    Other methods are refused with 405 and the list of those that work (RFC 9110 §9.3.7, §15.5.6). `shared`: scripts of
    any site may read what is answered here, and ask again by its tag.
    """

    def __init__(self, *, get: Act, post: Act | None = None, shared: bool = False) -> None:
        self._acts: dict[str, Act] = {"GET": get, "HEAD": get}
        if post is not None:
            self._acts["POST"] = post
        self._shared = shared
        self.allow = ", ".join([*self._acts, "OPTIONS"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._shared:
            share(scope)
        act = self._acts.get(scope["method"])
        if act is not None:
            response = await act(Request(scope, receive))
        elif scope["method"] == "OPTIONS":
            response = Response(status_code=204, headers={"Allow": self.allow, **(PREFLIGHT if self._shared else {})})
        else:
            raise HTTPException(405, headers={"Allow": self.allow})
        await response(scope, receive, send)
