"""What holds for every address of the API, before any of them is asked: methods, sizes, rates, other sites' scripts.

FastAPI answers some of this in its own words (a 405 that names one of two methods, a preflight in plain text); here all
of it is told the same way, from the paths of openapi.json.
"""

from collections import Counter
from collections.abc import Mapping
from re import Pattern

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator.web.api.problems import ProblemError, invalid
from syndicator.web.headers import PREFLIGHT, share
from syndicator.web.limits import Limits

# An alert's query is 4 KB at most; nothing that anybody sends is near this.
BODY_BYTES = 65_536
_BODIED = {"POST", "PUT", "PATCH"}
_JSON = "application/json"


class Frame:
    """ASGI middleware around the API. `paths` are the addresses there are, with their methods; `public` says that
    everybody may read. Scripts of other sites may then, too, and nothing else: no token, no change.
    """

    def __init__(self, app: ASGIApp, paths: Mapping[str, frozenset[str]], limits: Limits, *, public: bool) -> None:
        self._app = app
        self._paths: list[tuple[Pattern[str], frozenset[str]]] = [
            (compile_path(path)[0], methods) for path, methods in paths.items()
        ]
        self._limits = limits
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        if self._public:
            share(scope)
        try:
            response = self._at_once(scope)
        except ProblemError as problem:
            response = problem.response()
        if response is not None:
            await response(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _at_once(self, scope: Scope) -> Response | None:
        """The answer that needs no look at anything, None where there is none. Raises ProblemError."""
        method, headers = scope["method"], Headers(scope=scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        methods = next((methods for pattern, methods in self._paths if pattern.fullmatch(path)), None)
        if methods is None:
            raise ProblemError(404)
        allow = _allow(methods)
        if method == "OPTIONS":
            asked = self._public and "access-control-request-method" in headers
            return Response(status_code=204, headers={"Allow": allow, **(PREFLIGHT if asked else {})})
        seconds = self._limits.refuse_after(scope)
        if seconds is not None:
            raise ProblemError(429, headers={"Retry-After": str(seconds)})
        if method not in allow.split(", "):
            raise ProblemError(405, headers={"Allow": allow})
        _must_be_json(method, headers)
        _must_be_clear(scope["query_string"])
        return None

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A HEAD is a GET whose body stays here (RFC 9110 §9.3.2); after its beginning the asker is as good as gone."""
        done = False

        async def without_body(message: Message) -> None:
            nonlocal done
            if done:
                return
            if message["type"] == "http.response.body":
                done = True
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        async def gone() -> Message:
            return {"type": "http.disconnect"} if done else await receive()

        await self._app({**scope, "method": "GET"}, gone, without_body)


def _allow(methods: frozenset[str]) -> str:
    """The methods of an address as the Allow header has them."""
    return ", ".join([*sorted(methods | ({"HEAD"} if "GET" in methods else set())), "OPTIONS"])


def _must_be_json(method: str, headers: Headers) -> None:
    """413 for a body that says that it is too large, 415 for one that is no JSON."""
    length = headers.get("content-length", "0")
    bodied = "transfer-encoding" in headers or length != "0"
    if length.isdecimal() and int(length) > BODY_BYTES:
        raise ProblemError(413, f"The body has {length} bytes; at most {BODY_BYTES} are taken.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method in _BODIED and bodied and kind != _JSON:
        raise ProblemError(415, headers={"Accept": _JSON})


def _must_be_clear(query: bytes) -> None:
    """422 for a parameter that is there twice: one of the two would be overheard."""
    counts = Counter(name for name, _ in QueryParams(query).multi_items())
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise invalid([{"type": "twice", "loc": ("query", name), "msg": "is there more than once"} for name in twice])
