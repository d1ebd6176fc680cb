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
# Shown with a form that was sent again after signing in anew.
ANEW = "You signed in anew since you opened this, so nothing was saved. What you wrote is here: send it once more."
_UNSENT_BYTES = 262_144


class TurnedAwayError(Exception):
    """Whoever asks is not signed in (no `visitor`), or may not do this: it takes the role `needed`."""

    def __init__(self, visitor: Visitor | None, needed: Role) -> None:
        self.visitor = visitor
        self.needed = needed
        super().__init__()


class Onward(RedirectResponse):
    """Leads on to another page of the desk, which shows what was `said`: the door signs that for whoever did it."""

    def __init__(self, where: str, said: str) -> None:
        self.said = said
        super().__init__(where, status_code=303, headers=UNKEPT)


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

    def admit(self, request: Request, role: Role) -> Visitor:
        """Whoever this request is from, as they stand now, if their role reaches `role`. Raises TurnedAwayError."""
        visitor = self.sessions.of(request)
        if visitor is None or not visitor.user.role.reaches(role):
            raise TurnedAwayError(visitor, role)
        return visitor

    async def turn(self, request: Request, role: Role) -> Visitor:
        """Take the turn to write for whoever may still do it then: it, and what came before, may have taken long.

        Raises TurnedAwayError, StoreBusyError.
        """
        await self.house.turn()
        return self.admit(request, role)

    def go(self, path: str, *, said: str = "") -> Response:
        """Lead on to another page of the desk after something was done (303), which shows what was `said`."""
        return Onward(f"{self.base}{path}", said)

    def signed(self, answer: Response, visitor: Visitor) -> Response:
        """An answer that may lead on, with what was said for this visitor alone."""
        if isinstance(answer, Onward) and answer.said:
            where = answer.headers["location"]
            sign = "&" if "?" in where else "?"
            answer.headers["location"] = f"{where}{sign}{self.sessions.told(answer.said, visitor.session)}"
        return answer

    def after_sign_in(self, following: str) -> str:
        """Where to go after signing in: a page of the desk, whatever the address says (no open redirect)."""
        base = f"{self.base}/"
        parts = urlsplit(following) if following.isprintable() and "\\" not in following else urlsplit("")
        is_ours_too = not parts.scheme and not parts.netloc and parts.path.startswith(base)
        return following if is_ours_too else base


class Behind:
    """An ASGI endpoint behind the door: `get` shows, `post` changes; for those whose role reaches `role`.

    A `post` has the turn to write when it begins. Where it `writes` not at all or not always, it takes the turn itself
    (`Desk.turn`). Either way it begins with who they are by then: what they send may come slowly, and whoever is
    locked out meanwhile does nothing any more.

    Whoever is not signed in is led to where they can be, and back. A form without its proof is refused with 403. Where
    somebody may have written for long, `restore` shows the form again as it was sent, and changes nothing: what they
    wrote outlives their session. No form with a password or another secret in it has one.
    What an act raises on purpose is told on a page of its own: 404 for what is not there, 400 for what can't be done.
    """

    def __init__(
        self,
        desk: Desk,
        role: Role,
        *,
        get: Look | None = None,
        post: Act | None = None,
        restore: Act | None = None,
        writes: bool = True,
    ) -> None:
        self._desk = desk
        self._role = role
        self._writes = writes
        self._get = get
        self._post = post
        self._restore = restore
        self.allow = ", ".join([*(["GET", "HEAD"] if get else []), *(["POST"] if post else [])])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "POST" and not is_ours(request, self._desk.origin):
            raise HTTPException(403)
        try:
            return await self._admitted(request, self._desk.admit(request, self._role))
        except TurnedAwayError as error:
            if error.visitor is None:
                return await self._signed_out(request)
            return self._desk.page("refused.html", error.visitor, status=403, needed=error.needed)

    async def _admitted(self, request: Request, visitor: Visitor) -> Response:
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
            if self._restore is not None:
                return await self._restore(request, visitor, form)
            return self._desk.page("stale.html", visitor, status=403)
        visitor = await self._desk.turn(request, self._role) if self._writes else self._desk.admit(request, self._role)
        return self._desk.signed(await act(request, visitor, form), visitor)

    async def _signed_out(self, request: Request) -> Response:
        """The way to sign in; for a form that was sent, a page that says so and holds what was written."""
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        way = f"{self._desk.base}/sign-in"
        if request.method in {"GET", "HEAD"}:
            return RedirectResponse(f"{way}?next={quote(here)}", status_code=303, headers=UNKEPT)
        kept = await self._unsent(request) if self._restore is not None else []
        back = f"?next={quote(here)}" if self._get is not None and not kept else ""
        return self._desk.page("signed_out.html", None, status=403, way=f"{way}{back}", here=here, kept=kept)

    async def _unsent(self, request: Request) -> list[tuple[str, str]]:
        """What somebody wrote, to be sent again; nothing where it is longer than we hand back to just anybody."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _UNSENT_BYTES:
                return []
        fields = Form.of(bytes(body), request.headers.get("content-type", "")).fields
        return [(name, value) for name, values in fields.items() if name != "proof" for value in values]
