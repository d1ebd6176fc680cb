"""Who may sign in, for admins: add somebody, give them another role, a new link, or no way in any more."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.errors import UsageError
from syndicator.people import Role
from syndicator.userdesk import Invited, UserDesk
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.question import Question
from syndicator.web.desk.visitor import Visitor

FORM_BYTES = 16_384


def people_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/people` and `/desk/people/remove`."""
    pages = People(desk)
    here = f"{desk.base}/people"
    return [
        Route(here, Behind(desk, Role.ADMIN, get=pages.get, post=pages.post), max_body_size=FORM_BYTES),
        Route(f"{here}/remove", Behind(desk, Role.ADMIN, get=pages.removal)),
    ]


class People:
    """Answers for the page about people."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._users = UserDesk(desk.house.settings, desk.house.store)

    async def get(self, _request: Request, visitor: Visitor) -> Response:
        """Everybody, with their role and when they were last seen."""
        return self._page(visitor)

    async def post(self, _request: Request, visitor: Visitor, form: Form) -> Response:
        """One act on one of them. A link that is made is shown this once."""
        try:
            done = self._done(form, visitor.user.name)
        except UsageError as error:
            return self._page(visitor, wrong=str(error), status=400)
        if isinstance(done, Invited):
            return self._page(visitor, invited=done)
        return self._desk.go("/people", said=done)

    async def removal(self, request: Request, visitor: Visitor) -> Response:
        """What goes with somebody, before they go."""
        user = self._users.find(request.query_params.get("name", ""))
        return Question(
            "Remove",
            user.name,
            (
                "They are signed out at once, and their tokens end. Their alerts stay, and so does the audit log.",
                "This can’t be undone. To keep them out for a while, lock them out instead.",
            ),
            "/people",
            "/people",
            keep="Keep them",
            fields={"name": user.name},
        ).page(self._desk, visitor, "/people")

    def _done(self, form: Form, by: str) -> Invited | str:
        """What was done, in a sentence; or a link. Raises UsageError, NotFoundError."""
        name, now = form.text("name"), self._desk.house.clock()
        match form.text("do"):
            case "add":
                return self._users.add(name, _role(form), now, by=by)
            case "invite":
                return self._users.invite(name, now, by=by)
            case "role":
                changed = self._users.set_role(name, _role(form), now, by=by)
                return f"{changed.user.name} is now {changed.user.role.value}.{changed.aftermath}"
            case "disable" | "enable" as do:
                changed = self._users.set_enabled(name, do == "enable", now, by=by)
                return f"{changed.user.name} may {'' if do == 'enable' else 'not '}sign in.{changed.aftermath}"
            case "remove":
                changed = self._users.remove(name, now, by=by)
                return f"{changed.user.name} is removed. Their alerts stay.{changed.aftermath}"
        raise UsageError("That can't be done here.")

    def _page(
        self, visitor: Visitor, *, invited: Invited | None = None, wrong: str = "", status: int = 200
    ) -> Response:
        everybody = self._desk.house.store.users.all()
        return self._desk.page(
            "people.html", visitor, here="/people", status=status, everybody=everybody, invited=invited, wrong=wrong
        )


def _role(form: Form) -> Role:
    try:
        return Role(form.text("role"))
    except ValueError:
        raise UsageError(f"Choose a role: {', '.join(Role)}.") from None
