"""The built-in WebSub hub's address (W3C WebSub §5): subscribers ask here, and are answered 202 or what was wrong."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.errors import HubFullError
from syndicator.pushing import Reception, UnknownTopicError
from syndicator.web.clients import Clients
from syndicator.web.form import form_fields
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.limits import Limits
from syndicator.web.resource import Resource
from syndicator.websub import Announced, AskingError

# A form of the longest callback, topic and secret, each byte of them quoted.
FORM_BYTES = 16_384
FORM_TYPE = "application/x-www-form-urlencoded"
_FULL_RETRY_AFTER_S = 300
_EXPLAINED = (
    "This is the WebSub hub of our feeds (https://www.w3.org/TR/websub/).\n"
    "To subscribe, POST a URL-encoded form: hub.mode=subscribe, hub.topic (a feed's rel=self link), hub.callback.\n"
)


def hub_routes(house: House) -> list[BaseRoute]:
    """`/websub/hub`, where our feeds name it as theirs."""
    if not house.settings.has_hub:
        return []
    desk = Desk(house)
    return [Route(f"{house.base}/websub/hub", Resource(get=desk.get, post=desk.post), max_body_size=FORM_BYTES)]


class Desk:
    """Answers for `/websub/hub`."""

    def __init__(self, house: House) -> None:
        self._reception = Reception(house.store)
        self._turn = house.turn
        self._clients = Clients(house.settings.server.trusted_proxies)
        self._limits = Limits(house.settings.server.rate, house.settings.server.trusted_proxies)

    async def get(self, _request: Request) -> Response:
        """What this address is, for people."""
        return PlainTextResponse(_EXPLAINED, headers=UNSTORED)

    async def post(self, request: Request) -> Response:
        """202 where the callback will be asked, 204 to a publisher, else what is wrong. Raises StoreError."""
        if (seconds := self._limits.refuse_after(request.scope)) is not None:
            raise HTTPException(429, headers={"Retry-After": str(seconds)})
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
            return _said(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send a form as {FORM_TYPE}.")
        fields = form_fields(await request.body(), content_type)
        await self._turn()
        try:
            received = self._reception.receive(fields, client=self._clients.of(request.scope))
        except UnknownTopicError as error:
            return _said(HTTPStatus.NOT_FOUND, str(error))
        except AskingError as error:
            return _said(HTTPStatus.BAD_REQUEST, str(error))
        except HubFullError as error:
            return _said(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": str(_FULL_RETRY_AFTER_S)})
        if isinstance(received, Announced):
            return Response(status_code=204, headers=UNSTORED)
        return _said(HTTPStatus.ACCEPTED, "Accepted: your callback is about to be asked whether you meant it.")


def _said(status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{sentence}\n", status_code=status, headers={**UNSTORED, **(headers or {})})
