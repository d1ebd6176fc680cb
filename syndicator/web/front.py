"""The front door: what lies in the feeds folder is answered there, everything else by the application."""

from urllib.parse import quote, unquote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicator.config import Settings
from syndicator.web.feedpath import FeedPath
from syndicator.web.house import House
from syndicator.web.resource import Act, Resource


class Front:
    """ASGI: addresses below the folder's path go to `feeds`, those it has no file for and all others to `app`."""

    def __init__(self, feeds: FeedPath, app: ASGIApp, folder: str) -> None:
        self._feeds = feeds
        self._app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(self._folder) and not _hides_a_slash(scope):
            file = scope["path"][len(self._folder) :]
            if await self._feeds.serve(file, scope, send):
                return
        await self._app(scope, receive, send)


def folder_path(settings: Settings) -> str:
    """The path that the feeds folder is served under: that of its public address, if it is an address of ours.

    Where a CDN has the folder, `/feeds/` below site.url, for the CDN to fetch it from.
    """
    site, feeds = urlsplit(settings.site.url), urlsplit(settings.feeds_url)
    below = site.path.rstrip("/") + "/"
    if site.netloc.lower() == feeds.netloc.lower() and feeds.path.startswith(below):
        return unquote(feeds.path)
    return unquote(f"{below}feeds/")


def door_routes(house: House) -> list[BaseRoute]:
    """`/`, and the folder without its slash: to the index of the feeds. By path alone, for Host is what askers say."""
    folder = folder_path(house.settings)
    moved = {"/": 302, house.base: 302, f"{house.base}/": 302, folder.rstrip("/"): 308}
    return [
        Route(path, Resource(get=_lead_to(folder, status)))
        for path, status in moved.items()
        if path not in {"", folder}
    ]


def _lead_to(folder: str, status: int) -> Act:
    async def get(_request: Request) -> Response:
        return RedirectResponse(quote(folder), status_code=status)

    return get


def _hides_a_slash(scope: Scope) -> bool:
    """Whether a name in the path holds an encoded slash: decoded, it would name another file than the asker did."""
    raw = scope.get("raw_path") or b""
    return b"%" in raw and b"%2f" in raw.lower()
