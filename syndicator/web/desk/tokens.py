"""Tokens for programs: everybody gives out their own, for what they may do themselves; admins see all."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.access import Scope, may_give
from syndicator.errors import NotFoundError, UsageError
from syndicator.people import Role
from syndicator.store import TokenRow
from syndicator.tokendesk import Given, TokenDesk
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.question import Question
from syndicator.web.desk.visitor import Visitor

FORM_BYTES = 16_384
# For how long a token may be good, as the form offers it: days, or until it is revoked.
SPANS = {"30": "30 days", "90": "90 days", "365": "a year", "": "until it is revoked"}
WORDS = {
    Scope.NEWS_READ: "read and search the news",
    Scope.ALERTS_READ: "see all alerts and what they found",
    Scope.ALERTS_WRITE: "make and change all alerts",
    Scope.DESTINATIONS_READ: "see where alerts can go",
    Scope.DESTINATIONS_WRITE: "add and change where alerts go",
    Scope.DELIVERIES_READ: "see what was sent to whom",
    Scope.DELIVERIES_WRITE: "send again what did not arrive",
}


def token_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/tokens` and `/desk/tokens/revoke`."""
    pages = Tokens(desk)
    here = f"{desk.base}/tokens"
    return [
        Route(here, Behind(desk, Role.EDITOR, get=pages.get, post=pages.post), max_body_size=FORM_BYTES),
        Route(f"{here}/revoke", Behind(desk, Role.EDITOR, get=pages.end)),
    ]


class Tokens:
    """Answers for the page about tokens."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._tokens = TokenDesk(desk.house.store)

    async def get(self, _request: Request, visitor: Visitor) -> Response:
        """One's own tokens; for admins, everybody's."""
        return self._page(visitor)

    async def post(self, _request: Request, visitor: Visitor, form: Form) -> Response:
        """Give one out, shown this once; or revoke one."""
        try:
            match form.text("do"):
                case "add":
                    return self._page(visitor, given=self._add(visitor, form))
                case "revoke":
                    name = self._revoke(visitor, form.text("name"))
                    return self._desk.go("/tokens", said=f"{name} is revoked: it opens nothing any more.")
        except UsageError as error:
            return self._page(visitor, wrong=str(error), form=form, status=400)
        raise UsageError("That can't be done here.")

    async def end(self, request: Request, visitor: Visitor) -> Response:
        """What ends with a token, before it is revoked."""
        row = self._found(visitor, request.query_params.get("name", ""))
        return Question(
            "Revoke",
            row.name,
            ("Whatever program uses it is turned away from then on. This can’t be undone: it would need a new token.",),
            "/tokens",
            "/tokens",
            do="revoke",
            fields={"name": row.name},
        ).page(self._desk, visitor, "/tokens")

    def _add(self, visitor: Visitor, form: Form) -> Given:
        """A new token, whose owner is whoever makes it. Raises UsageError."""
        scopes = frozenset(scope for scope in Scope if scope.value in form.all("scope"))
        if scopes - may_give(visitor.user.role):
            raise UsageError("That is more than you may do yourself: ask an admin for such a token.")
        if not scopes:
            raise UsageError("A token that may do nothing would open nothing: tick what it may do.")
        if (days := form.text("days")) not in SPANS:
            raise UsageError("Choose for how long it is good.")
        now, lifetime = self._desk.house.clock(), timedelta(days=int(days)) if days else None
        who = visitor.user.name
        return self._tokens.add(form.text("name"), scopes, now, owner=who, lifetime=lifetime, by=who)

    def _revoke(self, visitor: Visitor, name: str) -> str:
        row = self._found(visitor, name)
        return self._tokens.revoke(row.name, self._desk.house.clock(), by=visitor.user.name).name

    def _found(self, visitor: Visitor, name: str) -> TokenRow:
        """Raises NotFoundError, too for a token that is somebody else's: there is none for them."""
        row = next((each for each in self._seen(visitor) if each.name == name), None)
        if row is None:
            raise NotFoundError("There is no such token.")
        return row

    def _seen(self, visitor: Visitor) -> list[TokenRow]:
        if visitor.user.role.reaches(Role.ADMIN):
            return self._tokens.all()
        return self._tokens.of(visitor.user.name)

    def _page(
        self,
        visitor: Visitor,
        *,
        given: Given | None = None,
        form: Form | None = None,
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        may = may_give(visitor.user.role)
        return self._desk.page(
            "tokens.html",
            visitor,
            status=status,
            here="/tokens",
            wrong=wrong,
            tokens=self._seen(visitor),
            given=given,
            scopes=[scope for scope in Scope if scope in may],
            words=WORDS,
            spans=SPANS,
            name=form.text("name") if form else "",
            ticked=form.all("scope") if form else (),
            chosen=form.text("days") if form else "90",
            is_admin=visitor.user.role.reaches(Role.ADMIN),
            api=f"{self._desk.house.settings.site.url}/api/v1",
        )
