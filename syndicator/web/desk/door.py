"""The desk's door: every page behind it is for who is signed in, and every form that changes anything is ours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from syndicator.errors import NotFoundError, SyndicatorError, UsageError
from syndicator.people import Role
from syndicator.web.desk.form import Form
from syndicator.web.desk.pages import DeskPages
from syndicator.web.desk.trials import Trials
from syndicator.web.desk.visitor import Sessions, Visitor, is_ours
from syndicator.web.house import House

Look = Callable[[Request, Visitor], Awaitable[Response]]
Act = Callable[[Request, Visitor, Form], Awaitable[Response]]

UNKEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page of the desk works with."""

    house: House
    sessions: Sessions
    pages: DeskPages
    trials: Trials

    @property
    def base(self) -> str:
        """The path that the desk's addresses begin with, without a slash at its end."""
        return f"{self.house.base}/desk"

    @property
    def origin(self) -> str:
        """The origin that our own pages have (RFC 6454)."""
        site = urlsplit(self.house.settings.site.url)
        return f"{site.scheme}://{site.netloc}"

    def page(self, template: str, visitor: Visitor | None, *, status: int = 200, **context: Any) -> Response:
        """A page from one of the desk's templates."""
        return self.pages.page(template, visitor, status=status, **context)

    def go(self, path: str, *, said: str = "") -> Response:
        """Lead on to another page of the desk after something was done (303), which shows what was `said`."""
        told = f"{'&' if '?' in path else '?'}{self.sessions.told(said)}" if said else ""
        return RedirectResponse(f"{self.base}{path}{told}", status_code=303, headers=UNKEPT)

    def after_sign_in(self, following: str) -> str:
        """Where to go after signing in: a page of the desk, whatever the address says (no open redirect)."""
        base = f"{self.base}/"
        parts = urlsplit(following) if following.isprintable() and "\\" not in following else urlsplit("")
        is_ours_too = not parts.scheme and not parts.netloc and parts.path.startswith(base)
        return following if is_ours_too else base


class Behind:
    """An ASGI endpoint behind the door: `get` shows, `post` changes; for those whose role reaches `role`.

    A `post` has the turn to write when it begins. Where it `writes` not at all or not always, it takes the turn itself.

    Whoever is not signed in is led to where they can be, and back. A form without its proof is refused with 403.
    What an act raises on purpose is told on a page of its own: 404 for what is not there, 400 for what can't be done.
    """

    def __init__(
        self, desk: Desk, role: Role, *, get: Look | None = None, post: Act | None = None, writes: bool = True
    ) -> None:
        self._desk = desk
        self._role = role
        self._writes = writes
        self._get = get
        self._post = post
        self.allow = ", ".join([*(["GET", "HEAD"] if get else []), *(["POST"] if post else [])])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST" and not is_ours(request, self._desk.origin):
            raise HTTPException(403)
        visitor = await self._desk.sessions.of(request)
        if visitor is None:
            return self._to_sign_in(request)
        if not visitor.user.role.reaches(self._role):
            return self._desk.page("refused.html", visitor, status=403, needed=self._role)
        try:
            return await self._served(request, visitor)
        except SyndicatorError as error:
            status = 404 if isinstance(error, NotFoundError) else 400 if isinstance(error, UsageError) else 503
            return self._desk.page("trouble.html", visitor, status=status, trouble=str(error))

    async def _served(self, request: Request, visitor: Visitor) -> Response:
        if request.method in {"GET", "HEAD"} and self._get is not None:
            return await self._get(request, visitor)
        if request.method == "POST" and self._post is not None:
            return await self._act(self._post, request, visitor)
        raise HTTPException(405, headers={"Allow": self.allow})

    async def _act(self, act: Act, request: Request, visitor: Visitor) -> Response:
        form = await Form.sent(request)
        if not visitor.proves(form.text("proof")):
            return self._desk.page("stale.html", visitor, status=403)
        if self._writes:
            await self._desk.house.turn()
        return await act(request, visitor, form)

    def _to_sign_in(self, request: Request) -> Response:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        where = f"?next={quote(back)}" if request.method in {"GET", "HEAD"} else ""
        return RedirectResponse(f"{self._desk.base}/sign-in{where}", status_code=303, headers=UNKEPT)
