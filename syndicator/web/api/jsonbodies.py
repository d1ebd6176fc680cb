"""The JSON that is sent to us, read so that it can only mean one thing (RFC 8259 §8.1, I-JSON: RFC 7493 §2)."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

# A key is told of, but no kilobytes of it.
_SHOWN = 100


class JsonRoute(APIRoute):
    """A route whose bodies are read with `read`: `APIRouter(route_class=JsonRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            return await answer(_JsonRequest(request.scope, request.receive))

        return answered


class _JsonRequest(Request):
    async def json(self) -> Any:
        return read(await self.body())


def read(body: bytes) -> Any:
    """What a body says. Raises json.JSONDecodeError, whose `msg` tells the sender what is wrong, whatever it is."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        at = f" (at character {error.pos + 1})" if error.doc else ""
        raise json.JSONDecodeError(f"{error.msg}{at}", "", 0) from None
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start + 1} is not UTF-8") from None
    except RecursionError:
        raise _unreadable("it is nested too deeply") from None
    except ValueError:
        # Python reads whole numbers of up to 4,300 digits.
        raise _unreadable("a number in it has too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _unreadable(f"it has the key {key[:_SHOWN]!r} twice")
        found[key] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise _unreadable(f"{name} is no number in JSON")


def _unreadable(why: str) -> json.JSONDecodeError:
    return json.JSONDecodeError(why, "", 0)
