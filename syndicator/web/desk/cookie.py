"""The desk's cookies: for our pages alone, and out of every script's reach."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from syndicator.web.house import House


class Cookie:
    """One cookie, by its name. Under https browsers hold us to Secure, to our host alone and to the whole of it.

    They do so by the prefix of its name (RFC 6265bis §4.1.3.2).
    """

    def __init__(self, name: str, house: House) -> None:
        self._secure = house.settings.site.url.startswith("https:")
        self._name = f"__Host-{name}" if self._secure else name

    def of(self, request: Request) -> str:
        """Its value; "" where a browser does not have it."""
        return request.cookies.get(self._name, "")

    def give(self, answer: Response, value: str, span: timedelta) -> None:
        """Have a browser keep it for so long."""
        answer.set_cookie(
            self._name,
            value,
            max_age=int(span.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def take_back(self, answer: Response) -> None:
        """Have a browser forget it."""
        answer.delete_cookie(self._name, path="/", secure=self._secure, httponly=True, samesite="lax")
