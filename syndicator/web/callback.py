"""`/websub/callback/TOKEN`: where the hubs of our sources ask back, and push to (W3C WebSub §5.2, §5.3, §7)."""

import re
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.receiving import Receipt, Receiving
from syndicator.subscribing import CALLBACK
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.resource import Resource
from syndicator.websub import Mode

# Pushes that are read or taken in at once, and the largest bodies that they may hold in memory together. Hubs with more
# to say are asked to come back.
PUSHES = 64
LARGEST = 4
_RETRY_AFTER_S = 30
_CHALLENGE_CHARACTERS = 4_096
_DIGITS = re.compile(r"[0-9]{1,12}")


def callback_routes(house: House) -> list[BaseRoute]:
    """`/websub/callback/TOKEN`."""
    receiving = Receiving(house.settings, house.store, house.pipeline.intake, clock=house.clock)
    answers = Callback(receiving, house.turn, max_body=house.settings.network.max_body)
    return [Route(f"{house.base}{CALLBACK}{{token}}", Resource(get=answers.get, post=answers.post))]


class Callback:
    """Answers the hubs of our sources. `max_body` is the largest document taken, in bytes; `turn` waits for a write."""

    def __init__(self, receiving: Receiving, turn: Callable[[], Awaitable[None]], *, max_body: int) -> None:
        self._receiving = receiving
        self._turn = turn
        self._max_body = max_body
        self._pushes = 0
        self._held = 0

    async def get(self, request: Request) -> Response:
        """The hub asks whether we meant it, or tells that it will not: 404 for what is not ours, or was not asked."""
        if request.method != "GET":
            raise HTTPException(404)
        token, said = request.path_params["token"], request.query_params
        mode, topic, challenge = (said.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
        if mode == Mode.DENIED:
            await self._turn()
            known = self._receiving.deny(token, topic, said.get("hub.reason", ""))
            return _said("", 200 if known else 404)
        if not 0 < len(challenge) <= _CHALLENGE_CHARACTERS:
            raise HTTPException(404)
        lease = said.get("hub.lease_seconds", "")
        lease_s = int(lease) if _DIGITS.fullmatch(lease) else None
        await self._turn()
        if not self._receiving.confirm(token, mode, topic, lease_s):
            raise HTTPException(404)
        return _said(challenge, 200)

    async def post(self, request: Request) -> Response:
        """The hub pushes. 2xx also for what is ignored (§8), so that nobody learns by trying what a signature needs.

        410 for what nobody waits for any more, so that the hub stops; 503 where it should try again. Raises StoreError.
        """
        token = request.path_params["token"]
        if not self._receiving.is_ours(token):
            return _said("Nobody is subscribed here any more.\n", 410)
        if self._pushes >= PUSHES:
            return await self._come_back(token)
        body = bytearray()
        self._pushes += 1
        try:
            return await self._take(request, token, body)
        except ClientDisconnect:
            return Response(status_code=400)
        finally:
            self._pushes -= 1
            self._held -= len(body)

    async def _come_back(self, token: str) -> Response:
        await self._turn()
        self._receiving.turned_away(token)
        return _said("Too much at once: please try again.\n", 503, {"Retry-After": str(_RETRY_AFTER_S)})

    async def _take(self, request: Request, token: str, body: bytearray) -> Response:
        """Read a push into `body`, and take it in."""
        length = request.headers.get("content-length", "")
        expected = int(length) if _DIGITS.fullmatch(length) else 0
        if expected <= self._max_body:
            async for chunk in request.stream():
                body += chunk
                self._held += len(chunk)
                if self._held > LARGEST * self._max_body:
                    return await self._come_back(token)
                if len(body) > self._max_body:
                    break
        if max(expected, len(body)) > self._max_body:
            await self._turn()
            self._receiving.turned_away(token)
            return _said("That is more than is taken here.\n", 413)
        codings = (name.strip().lower() for name in request.headers.get("content-encoding", "").split(","))
        receipt = await self._receiving.receive(
            token,
            bytes(body),
            signature=request.headers.get("x-hub-signature"),
            codings=tuple(name for name in codings if name not in {"", "identity"}),
            content_type=request.headers.get("content-type"),
        )
        return _said("", 410 if receipt is Receipt.GONE else 202)


def _said(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text, status_code=status, headers={**UNSTORED, **(headers or {})})
