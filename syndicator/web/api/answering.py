"""How reading is answered: with a validator, so that asking again costs next to nothing."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from syndicator.config.serving import Access
from syndicator.web import answering
from syndicator.web.copies import Copy
from syndicator.web.house import House

MEDIA_TYPE = "application/json"
# What every route that answers so says in openapi.json.
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "You have the newest."}}


async def answered(request: Request, house: House, body: bytes, *, link: str | None = None) -> Response:
    """200 with this JSON, or 304 where the asker has it (RFC 9110 §13).

    Caches ask us each time: what was withdrawn must not stand anywhere for their sake.
    """
    public = house.settings.api.read is Access.PUBLIC and "authorization" not in request.headers
    headers = {"Cache-Control": f"{'public' if public else 'private'}, no-cache"}
    if link is not None:
        headers["Link"] = link
    return await answering.answered(request, Copy(body, house.clock()), MEDIA_TYPE, modified=None, headers=headers)


def address(house: House, path: str) -> str:
    """The whole address of a path of the API, as the outside knows it."""
    return f"{house.settings.site.url.rstrip('/')}/api/v1{path}"
