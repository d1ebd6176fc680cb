"""Signing in and out, the link by which somebody chooses their first password, and their own account."""

from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.access import fingerprint
from syndicator.errors import CrowdedError
from syndicator.people import Role, feeble
from syndicator.store import UserRow
from syndicator.web.desk.attempts import TOO_OFTEN, Attempts
from syndicator.web.desk.door import UNKEPT, Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.passwords import AGAIN_S, Passwords
from syndicator.web.desk.visitor import Visitor, is_ours
from syndicator.web.resource import Resource

FORM_BYTES = 16_384
# In the address of the page that comes after signing out.
LEFT = "left"
# The same for a name that nobody has, so that it tells nobody which names there are.
_WRONG = "Name or password is wrong."
_UNKNOWN = "Your organisation knows you as {}, and nobody at this desk is called so. An admin can add you by this name."
_LOCKED = "Your organisation knows you as {}, who may not sign in at this desk any more. An admin can change that."
_ANOTHER = "That is not your old password."
_OVER = "This link is over: it was used, replaced, or is older than three days. Ask an admin for a new one."


def signin_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/sign-in`, `/desk/sign-out`, `/desk/welcome/TOKEN` and `/desk/account`."""
    pages = SignIn(desk)
    return [
        Route(f"{desk.base}/sign-in", Resource(get=pages.form, post=pages.sign_in), max_body_size=FORM_BYTES),
        Route(f"{desk.base}/sign-out", Behind(desk, Role.VIEWER, post=pages.sign_out), max_body_size=FORM_BYTES),
        Route(
            f"{desk.base}/welcome/{{token}}",
            Resource(get=pages.welcome, post=pages.choose),
            max_body_size=FORM_BYTES,
        ),
        Route(
            f"{desk.base}/account",
            Behind(desk, Role.VIEWER, get=pages.account, post=pages.change),
            max_body_size=FORM_BYTES,
        ),
    ]


class SignIn:
    """Answers for the pages that need no session, and for the page about one's own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._house = desk.house
        self._passwords = Passwords()
        self._attempts = Attempts(desk.house)

    async def form(self, request: Request) -> Response:
        """Where people sign in; who is signed in already, or whom our proxy has signed in, is led on."""
        following = request.query_params.get("next", "")
        if self._desk.sessions.of(request) is not None:
            return RedirectResponse(self._desk.after_sign_in(following), 303, UNKEPT)
        user = self._desk.sessions.introduced.user(request)
        if user is None:
            return self._form(following, wrong=self._turned_away(request))
        if LEFT in request.query_params:
            return self._desk.page("left.html", None, user=user)
        answer = RedirectResponse(self._desk.after_sign_in(following), 303, UNKEPT)
        header = f"the header {self._house.settings.desk.trusted_header}"
        return answer if await self._desk.sessions.begin(request, user, answer, by=header) else self._form(following)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session, or say that it can't be; the same for a wrong name and a wrong password."""
        if not is_ours(request, self._desk.origin):
            raise HTTPException(403)
        form = await Form.sent(request)
        name, password, following = form.text("name"), form.lines("password"), form.text("next")
        seconds = self._attempts.refuse_after(request, name.casefold())
        if seconds is not None:
            return self._form(following, 429, name, TOO_OFTEN.format(seconds), {"Retry-After": str(seconds)})
        try:
            user = await self._verified(request, name, password)
        except CrowdedError as error:
            return self._form(following, 503, name, str(error), {"Retry-After": str(AGAIN_S)})
        answer = None if user is None else await self._enter(request, user, following, by="password")
        return answer or self._form(following, 403, name, _WRONG)

    async def _verified(self, request: Request, name: str, password: str) -> UserRow | None:
        """Who has this name and password, as they were when that was looked at. Raises CrowdedError."""
        user, gone = self._house.store.users.named(name), request.is_disconnected
        known = self._attempts.is_known(request, name.casefold())
        kept = user.password if user is not None and user.disabled is None else None
        if not await self._passwords.fits(password, kept, gone, known=known) or user is None:
            return None
        if kept and self._passwords.is_dated(kept):
            renewed = await self._passwords.hash(password, gone, known=known)
            await self._house.turn()
            with self._house.store.transaction():
                if self._house.store.users.stands(user):
                    self._house.store.users.set_password(user.id, renewed)
                    return replace(user, password=renewed)
        return user

    async def sign_out(self, request: Request, visitor: Visitor, _form: Form) -> Response:
        """End the session; whom our proxy has signed in is not signed in again at once."""
        left = f"?{LEFT}" if self._desk.sessions.introduced.name(request) else ""
        answer = RedirectResponse(f"{self._desk.base}/sign-in{left}", 303, UNKEPT)
        await self._desk.sessions.end(visitor, answer)
        return answer

    async def welcome(self, request: Request) -> Response:
        """Where somebody who was invited chooses a password. Looking changes nothing."""
        user = self._invited(request)
        if user is None:
            return self._desk.page("over.html", None, status=404, text=_OVER)
        return self._welcome(user)

    async def choose(self, request: Request) -> Response:
        """Keep the password that was chosen, and sign them in. The link is then over."""
        if not is_ours(request, self._desk.origin):
            raise HTTPException(403)
        user = self._invited(request)
        if user is None:
            return self._desk.page("over.html", None, status=404, text=_OVER)
        form = await Form.sent(request)
        wrong = self._wrong(form, user)
        if wrong:
            return self._welcome(user, wrong, 400)
        try:
            kept = await self._passwords.hash(form.lines("password"), request.is_disconnected, known=True)
        except CrowdedError as error:
            return self._welcome(user, str(error), 503)
        await self._house.turn()
        with self._house.store.transaction():
            # It may have been used, or replaced, in the meantime.
            user = self._house.store.users.accept(fingerprint(request.path_params["token"]), self._house.clock())
            if user is not None:
                self._keep(user, kept, "password chosen")
                user = replace(user, password=kept)
        answer = None if user is None else await self._enter(request, user, "", by="their link")
        return answer or self._desk.page("over.html", None, status=404, text=_OVER)

    async def account(self, _request: Request, visitor: Visitor) -> Response:
        """One's own zone, password and sessions."""
        return self._account(visitor)

    async def change(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """Change the zone or the password, or sign out everywhere else."""
        match form.text("do"):
            case "zone":
                return self._set_zone(visitor, form.text("zone"))
            case "password":
                return await self._set_password(request, visitor, form)
            case "elsewhere":
                with self._house.store.transaction():
                    self._house.store.users.end_sessions(visitor.user.id, but=visitor.session.hash)
                    self._note(visitor.user, "signed out everywhere else")
                return self._desk.go("/account", said="Signed out everywhere else.")
        return self._account(visitor, "That can't be done here.", 400)

    async def _set_password(self, request: Request, visitor: Visitor, form: Form) -> Response:
        user, gone = visitor.user, request.is_disconnected
        seconds = self._attempts.refuse_after(request, user.name.casefold())
        if seconds is not None:
            return self._account(visitor, TOO_OFTEN.format(seconds), 429)
        if not await self._passwords.fits(form.lines("old"), user.password, gone, known=True):
            return self._account(visitor, _ANOTHER, 400)
        wrong = self._wrong(form, user)
        if wrong:
            return self._account(visitor, wrong, 400)
        kept = await self._passwords.hash(form.lines("password"), gone, known=True)
        visitor = await self._desk.turn(request, Role.VIEWER)
        with self._house.store.transaction():
            if not self._house.store.users.stands(user):
                return self._account(visitor, _ANOTHER, 400)
            self._keep(user, kept, "password changed", but=visitor.session.hash)
        return self._desk.go("/account", said="Your password is changed; other browsers are signed out.")

    def _set_zone(self, visitor: Visitor, zone: str) -> Response:
        try:
            key = ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._account(visitor, "There is no such zone: write one like Europe/London.", 400)
        user = visitor.user
        if key != user.zone:
            with self._house.store.transaction():
                self._house.store.users.set_zone(user.id, key)
                self._note(user, "zone changed", f"{user.zone} → {key}")
        return self._desk.go("/account", said=f"Times are now in {key}.")

    async def _enter(self, request: Request, user: UserRow, following: str, *, by: str) -> Response | None:
        """Sign them in, unless `user` is out of date by now."""
        answer = RedirectResponse(self._desk.after_sign_in(following), 303, UNKEPT)
        if not await self._desk.sessions.begin(request, user, answer, by=by):
            return None
        self._attempts.know(request, user.name.casefold(), answer)
        return answer

    def _keep(self, user: UserRow, kept: str, act: str, *, but: str = "") -> None:
        """Give somebody a password, and sign them out everywhere, `but` there."""
        self._house.store.users.set_password(user.id, kept)
        self._house.store.users.end_sessions(user.id, but=but)
        self._note(user, act)

    def _note(self, user: UserRow, act: str, detail: str = "") -> None:
        """What somebody did to their own account."""
        self._house.store.audit.note(self._house.clock(), user.name, act, f"user {user.name}", detail)

    def _turned_away(self, request: Request) -> str:
        """Why whom our proxy names can't come in; "" where it names nobody."""
        name = self._desk.sessions.introduced.name(request)
        if not name:
            return ""
        return (_UNKNOWN if self._house.store.users.named(name) is None else _LOCKED).format(name)

    def _invited(self, request: Request) -> UserRow | None:
        return self._house.store.users.invited(fingerprint(request.path_params["token"]), self._house.clock())

    def _wrong(self, form: Form, user: UserRow) -> str | None:
        if form.lines("password") != form.lines("again"):
            return "The two passwords are not the same."
        return feeble(form.lines("password"), name=user.name, site=self._house.settings.site.title)

    def _form(
        self,
        following: str,
        status: int = 200,
        name: str = "",
        wrong: str = "",
        headers: dict[str, str] | None = None,
    ) -> Response:
        oidc = self._house.settings.desk.oidc
        signon = oidc.name if oidc else ""
        answer = self._desk.page(
            "sign_in.html", None, status=status, following=following, name=name, wrong=wrong, signon=signon
        )
        answer.headers.update(headers or {})
        return answer

    def _welcome(self, user: UserRow, wrong: str = "", status: int = 200) -> Response:
        return self._desk.page("welcome.html", None, status=status, user=user, wrong=wrong)

    def _account(self, visitor: Visitor, wrong: str = "", status: int = 200) -> Response:
        sessions = list(self._house.store.users.sessions(visitor.user.id))
        return self._desk.page("account.html", visitor, status=status, sessions=sessions, wrong=wrong)
