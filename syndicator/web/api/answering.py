"""How reading is answered: with a validator, so that asking again costs next to nothing."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from syndicator.config.serving import Access
from syndicator.web.conditional import answer
from syndicator.web.house import House

MEDIA_TYPE = "application/json"
# What every route that answers so says in openapi.json.
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have the newest."}}


def answered(request: Request, house: House, body: bytes, *, link: str | None = None) -> Response:
    """200 with this JSON, or 304 where the asker has it (RFC 9110 §13).

    Caches ask us each time: what was withdrawn must not stand anywhere for their sake. The entity tag is a weak one,
    since the same bytes may go out packed.
    """
    public = house.settings.api.read is Access.PUBLIC and "authorization" not in request.headers
    headers = {"Cache-Control": f"{'public' if public else 'private'}, no-cache"}
    if link is not None:
        headers["Link"] = link
    response = answer(request, body, MEDIA_TYPE, modified=None, now=house.clock(), headers=headers)
    response.headers["ETag"] = "W/" + response.headers["ETag"]
    return response


def address(house: House, path: str) -> str:
    """The whole address of a path of the API, as the outside knows it."""
    return f"{house.settings.site.url.rstrip('/')}/api/v1{path}"
