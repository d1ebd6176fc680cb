"""openapi.json: what FastAPI finds out about the API by itself, and what holds for all of it."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from syndicator.access import Scope
from syndicator.web.api.access import BEARER
from syndicator.web.api.problems import MEDIA_TYPE, documented

DESCRIPTION = """\
What a newsroom publishes and how it changes, for programs. Every problem is an RFC 9457 problem document.
To keep a copy of everything, follow `/changes`, or `/stream` for the same as server-sent events.
Alerts, destinations and deliveries want a token: `Authorization: Bearer TOKEN`.
What can't be done at an address is 405 with `Allow`, everywhere; `HEAD` works wherever `GET` does, and `OPTIONS` too.
"""
_TOKEN = BEARER.scheme_name
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_VALIDATORS = {"ETag": {"description": "Send it back as If-None-Match.", "schema": {"type": "string"}}}
# An operation that may answer so looks at this header.
_CONDITIONS = {
    "304": ("If-None-Match", "The `ETag` of what you have: 304 where that is the newest."),
    "412": ("If-Match", "The `ETag` of what you have seen: 412 where it was changed since."),
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}}}
_RETRIED = {"429", "503"}
_ANYWHERE = (429, 503)
_WITH_BODY = (400, 413, 415)


def drawn(routers: Iterable[APIRouter], *, public: bool) -> dict[str, Any]:
    """What the documents of all newsrooms share that everybody may read (`public`), or none without a token:
    everything but `info` and `servers`.
    """
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    made = get_openapi(title="", version="", routes=app.routes)
    schemas = made["components"]["schemas"]
    # FastAPI's own description of what is wrong with a request: we say it in a Problem.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operation in operations(made).values():
        _complete(operation)
        # What names no scope is reading. A token that is shown must be a good one, even where none is wanted.
        operation.setdefault("security", [{}, {_TOKEN: []}] if public else [{_TOKEN: [Scope.NEWS_READ.value]}])
    return made


def operations(made: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of a document, by (method in capitals, path)."""
    return {
        (method.upper(), path): operation for path, item in made["paths"].items() for method, operation in item.items()
    }


def addresses(made: dict[str, Any]) -> dict[str, frozenset[str]]:
    """The paths of a document with their methods, and that of the document itself."""
    found: dict[str, frozenset[str]] = {"/openapi.json": frozenset({"GET"})}
    for method, path in operations(made):
        found[path] = found.get(path, frozenset()) | {method}
    return found


def _complete(operation: dict[str, Any]) -> None:
    """Add what any operation may answer, and give problems their media type."""
    responses = operation["responses"]
    for status, told in documented(*_ANYWHERE, *(_WITH_BODY if "requestBody" in operation else ())).items():
        responses.setdefault(str(status), {"description": told["description"]})
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
        if status in _RETRIED:
            response["headers"] = _RETRY
        if "304" in responses and status in {"200", "304"}:
            response["headers"] = _VALIDATORS
    for status, (name, description) in _CONDITIONS.items():
        if status in responses:
            asked = {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
            operation["parameters"] = [*operation.get("parameters", ()), asked]
