"""Where alerts go: everybody who has alerts sees what there is, admins add, change, test and remove.

What is secret goes in and never comes out: not the address of a webhook, and no secret but one we made, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.alerts import Verdict
from syndicator.config import DestinationKind
from syndicator.delivery import new_secret
from syndicator.destinationdesk import TEST_S, DestinationDesk, Reached
from syndicator.errors import ConflictError, NotFoundError, UsageError
from syndicator.people import Role
from syndicator.plurals import counted
from syndicator.store import LastAttempts, Store
from syndicator.web.desk.destinationform import KEYS, Refused, kind_chosen, refused_form
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.question import Question
from syndicator.web.desk.rights import place_shown
from syndicator.web.desk.trials import too_often
from syndicator.web.desk.visitor import Visitor

FORM_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class Line:
    """A destination as the page shows it."""

    reached: Reached
    last: LastAttempts


def destination_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/destinations` and `/desk/destinations/NAME`."""
    pages = Destinations(desk)
    here = f"{desk.base}/destinations"
    return [
        Route(here, Behind(desk, Role.EDITOR, get=pages.all, post=pages.add), max_body_size=FORM_BYTES),
        Route(f"{here}/{{name}}/remove", Behind(desk, Role.ADMIN, get=pages.removal)),
        Route(f"{here}/{{name}}", Behind(desk, Role.ADMIN, get=pages.one, post=pages.change), max_body_size=FORM_BYTES),
    ]


class Destinations:
    """Answers for the pages about destinations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._house = desk.house
        self._destinations = DestinationDesk(desk.house.settings, desk.house.store)

    async def all(self, _request: Request, visitor: Visitor) -> Response:
        """Every destination as it stands."""
        return await self._all(visitor)

    async def add(self, request: Request, _visitor: Visitor, form: Form) -> Response:
        """Keep a new one. A secret that we make is shown this once."""
        visitor = self._desk.admit(request, Role.ADMIN)
        kind, name = kind_chosen(form), form.text("name").lower()
        raw = {key: form.text(key) for key in KEYS[kind] if form.text(key)}
        made = new_secret() if kind is DestinationKind.WEBHOOK and "secret" not in raw else None
        raw |= {"secret": made} if made else {}
        now, by = self._house.clock(), visitor.user.name
        try:
            if kind is DestinationKind.APPRISE:
                await self._check(request, name, {"kind": kind.value, **raw})
            row = self._destinations.add(name, {"kind": kind.value, **raw}, now, by=by)
        except UsageError as error:
            return await self._all(visitor, refused=refused_form(kind, {"name": name, **raw}, error), status=400)
        if made:
            return await self._one(visitor, row.name, made=made)
        return self._desk.go(f"/destinations/{row.name}", said=f"{row.name} is added. Try it with a test.")

    async def one(self, request: Request, visitor: Visitor) -> Response:
        """One destination, to be changed where it was added by hand."""
        name = request.path_params["name"]
        try:
            return await self._one(visitor, self._destinations.find(name).name)
        except NotFoundError:
            return self._missing(visitor, name)

    async def change(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """One act on one of them."""
        name = request.path_params["name"]
        try:
            return await self._changed(request, visitor, self._destinations.find(name).name, form)
        except NotFoundError:
            return self._missing(visitor, name)

    async def _changed(self, request: Request, visitor: Visitor, name: str, form: Form) -> Response:
        match form.text("do"):
            case "test":
                return await self._test(visitor, name)
            case "on":
                self._destinations.switch_on(name, self._house.clock(), by=visitor.user.name)
                return self._desk.go(f"/destinations/{name}", said=f"{name} is on. What waits is tried at once.")
            case "remove":
                return await self._remove(visitor, name, force=form.ticked("force"))
            case "new secret":
                made = new_secret()
                return await self._edit(request, visitor, name, {"secret": made}, made=made)
            case "drop":
                return await self._edit(request, visitor, name, {"previous_secret": None})
            case "edit":
                return await self._edit(request, visitor, name, self._changes(name, form))
        raise UsageError("That can't be done here.")

    def _missing(self, visitor: Visitor, name: str) -> Response:
        return self._desk.page(
            "trouble.html",
            visitor,
            status=404,
            here="/destinations",
            trouble=f"There is no destination “{name}”.",
            back="/destinations",
            back_to="All destinations",
        )

    async def removal(self, request: Request, visitor: Visitor) -> Response:
        """What goes with a destination, and which alerts lose it, before it goes."""
        name = request.path_params["name"]
        try:
            row = self._destinations.find(name)
        except NotFoundError:
            return self._missing(visitor, name)
        users = self._destinations.users(row.name)
        lines = ["What was sent there stays in the history. What waits will not be sent. This can’t be undone."]
        if users:
            lines.insert(0, f"{counted(len(users), 'alert')} would not go there any more: {', '.join(users)}.")
        here = f"/destinations/{row.name}"
        asked = Question("Remove", row.name, tuple(lines), here, here, fields={"force": "yes"} if users else {})
        return asked.page(self._desk, visitor, "/destinations")

    def _changes(self, name: str, form: Form) -> dict[str, str | None]:
        """What was written; an empty field leaves what is secret as it is, and takes the owner away."""
        keys = KEYS.get(DestinationKind(self._destinations.find(name).kind), ())
        changes: dict[str, str | None] = {key: form.text(key) for key in keys if form.text(key)}
        return changes if "owner" in changes else {**changes, "owner": None}

    async def _edit(
        self,
        request: Request,
        visitor: Visitor,
        name: str,
        changes: Mapping[str, str | None],
        *,
        made: str | None = None,
    ) -> Response:
        try:
            row = self._destinations.find(name)
            if row.kind == DestinationKind.APPRISE and "url" in changes:
                await self._check(request, name, {"kind": row.kind, "url": changes["url"]})
            with self._house.store.transaction():
                if "secret" in changes and self._signs_twice(name):
                    raise ConflictError("It has two secrets already: drop the old one first.")
                edited = self._destinations.edit(name, changes, self._house.clock(), by=visitor.user.name)
        except UsageError as error:
            kind = DestinationKind(self._destinations.find(name).kind)
            filled = {key: value for key, value in changes.items() if value is not None}
            return await self._one(visitor, name, refused=refused_form(kind, filled, error), status=400)
        if made:
            return await self._one(visitor, name, made=made)
        said = f"{name} is changed."
        if edited.moved:
            said += " What waits is tried at the new address at once."
        if edited.ended:
            said += f" Somebody ended there, and they stay ended: {', '.join(edited.ended)}."
        return self._desk.go(f"/destinations/{name}", said=said)

    async def _check(self, request: Request, name: str, raw: Mapping[str, object]) -> None:
        """Have it tried whether it can be used, which takes its time, and take the turn to write anew.

        Raises UsageError; TurnedAwayError where whoever asks may not any more.
        """
        await self._destinations.check(name, raw, self._house.addresses)
        await self._desk.turn(request, Role.ADMIN)

    async def _remove(self, visitor: Visitor, name: str, *, force: bool) -> Response:
        if (users := self._destinations.users(name)) and not force:
            return await self._one(
                visitor, name, wrong=f"{counted(len(users), 'alert')} would have nowhere to go.", status=409
            )
        lost = self._destinations.remove(name, self._house.clock(), force=force, by=visitor.user.name)
        said = f"{name} is removed."
        if lost:
            said += f" {counted(lost, 'message')} that waited will not be sent."
        return self._desk.go("/destinations", said=said)

    async def _test(self, visitor: Visitor, name: str) -> Response:
        if (wait := self._desk.trials.refuse_after(visitor.user, name)) is not None:
            refused = await self._one(visitor, name, wrong=too_often(name, wait), status=429)
            refused.headers["Retry-After"] = str(wait)
            return refused
        house = self._house
        answer = await self._destinations.test(
            name, house.addresses, house.clock(), by=visitor.user.name, seconds=TEST_S
        )
        if answer.verdict is Verdict.DELIVERED:
            return self._desk.go(f"/destinations/{name}", said=f"The test was taken: {answer.said}")
        return await self._one(visitor, name, wrong=f"The test was not taken: {answer.said}")

    def _signs_twice(self, name: str) -> bool:
        return '"previous_secret"' in self._destinations.find(name).definition

    async def _all(self, visitor: Visitor, *, refused: Refused | None = None, status: int = 200) -> Response:
        settings, is_admin = self._house.settings, visitor.user.role.reaches(Role.ADMIN)

        def look(store: Store) -> list[Line]:
            last = store.ledger.last_attempts()
            return [
                Line(
                    replace(each, where=place_shown(visitor.user, each.row, each.where)),
                    last.get(each.row.name, LastAttempts()),
                )
                for each in DestinationDesk(settings, store).all()
            ]

        return self._desk.page(
            "destinations.html",
            visitor,
            status=status,
            here="/destinations",
            wrong=refused.mistakes.get("", "") if refused else "",
            lines=await self._house.reading.read(look),
            is_admin=is_admin,
            refused=refused,
            has_mail=settings.smtp is not None,
        )

    async def _one(
        self,
        visitor: Visitor,
        name: str,
        *,
        refused: Refused | None = None,
        made: str | None = None,
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        settings, row = self._house.settings, self._destinations.find(name)
        reached = await self._house.reading.read(lambda store: DestinationDesk(settings, store).standing(row))
        return self._desk.page(
            "destination.html",
            visitor,
            status=status,
            here="/destinations",
            wrong=wrong or (refused.mistakes.get("", "") if refused else ""),
            reached=reached,
            keys=KEYS.get(DestinationKind(row.kind), ()),
            refused=refused,
            made=made,
            both_sign=self._signs_twice(row.name),
            config=settings.path.name,
        )
