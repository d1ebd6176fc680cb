"""`/desk/history`, and an alert's own: everything that fired, why, who was told, and what the other side answered."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.deliverydesk import DeliveryDesk
from syndicator.errors import NotFoundError, UsageError
from syndicator.people import Role
from syndicator.store import AlertRow, DeliveryRow, Fate, Store, UserRow
from syndicator.web.desk.address import number_in, query_of, words_of
from syndicator.web.desk.alertacts import alert_id
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.firings import Firing, Firings, Wanted
from syndicator.web.desk.form import Form
from syndicator.web.desk.rights import UNKNOWN, check_change, check_sight, may_see, sees_all
from syndicator.web.desk.visitor import Visitor

PAGE = 25
_FORM_BYTES = 16_384
_LONGEST = 100
_MOST_DIGITS = 18
FATES = {
    Fate.TOLD: "somebody was told",
    Fate.WAITING: "waits to be told",
    Fate.DEAD: "a delivery was given up",
    Fate.SILENT: "said nothing",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which hits somebody wants to see: of alerts with these `words` in their names, with this fate, before this."""

    words: str = ""
    fate: Fate | None = None
    before: int | None = None

    @classmethod
    def of(cls, request: Request) -> Self:
        """As the address says; what makes no sense in it is left out."""
        params = request.query_params
        fate = next((each for each in Fate if each == params.get("state")), None)
        before = number_in(params.get("before", ""), _MOST_DIGITS)
        return cls(words_of(request, "alert", _LONGEST), fate, before)

    def query(self, before: int | None) -> str:
        """The query of another page of the same, with its question mark; "" where it is the first of all."""
        place = None if before is None else str(before)
        return query_of({"alert": self.words, "state": self.fate, "before": place})


def history_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/history`, and `/desk/alerts/{id}/history`."""
    pages = History(desk)
    behind = Behind(desk, Role.VIEWER, get=pages.get, post=pages.post)
    return [
        Route(f"{desk.base}/history", behind, max_body_size=_FORM_BYTES),
        Route(f"{desk.base}/alerts/{{id:uuid}}/history", behind, max_body_size=_FORM_BYTES),
    ]


class History:
    """Answers for what fired."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """A page of it, newest first."""
        return await self._page(request, visitor)

    async def post(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """Send again what was given up."""
        try:
            said = replayed(self._desk, visitor, form)
        except UsageError as error:
            return await self._page(request, visitor, wrong=str(error), status=400)
        asked, one = Asked.of(request), alert_id(request)
        where = f"/alerts/{one}/history" if one else "/history"
        return self._desk.go(where + asked.query(asked.before), said=said)

    async def _page(self, request: Request, visitor: Visitor, *, wrong: str = "", status: int = 200) -> Response:
        asked, one, house = Asked.of(request), alert_id(request), self._desk.house
        user, now = visitor.user, house.clock()

        def look(store: Store) -> tuple[AlertRow | None, list[Firing]]:
            row = check_sight(user, _kept(store, one)) if one else None
            wanted = Wanted((row.id,) if row else _seen(store, user, asked.words), asked.fate, asked.before)
            firings = Firings(store, house.settings, user, now)
            return row, firings.read(wanted, PAGE + 1)

        row, found = await house.searching.read(look)
        return self._desk.page(
            "history.html",
            visitor,
            status=status,
            here="/history",
            row=row,
            asked=asked,
            fates=FATES,
            firings=found[:PAGE],
            older=asked.query(found[PAGE - 1].hit.n) if len(found) > PAGE else "",
            wrong=wrong,
        )


def replayed(desk: Desk, visitor: Visitor, form: Form) -> str:
    """Queue a dead delivery again, for whoever may change its alert; what came of it. Raises NotFoundError, UsageError.

    Of our own troubles, which no alert tells, chiefs may.
    """
    house, user = desk.house, visitor.user
    deliveries, now = DeliveryDesk(house.settings, house.store), house.clock()
    with house.store.transaction():
        row = deliveries.delivery(form.text("delivery"))
        _check(house.store, user, row)
        done = deliveries.replay(now, references=[row.id], by=user.name)
        if not done.queued:
            raise UsageError(f"The destination {row.destination} is switched off or gone: it has to be on first.")
    return f"It is queued again, and goes to {row.destination} now."


def _check(store: Store, user: UserRow, delivery: DeliveryRow) -> None:
    if delivery.alert is None:
        if not sees_all(user):
            raise NotFoundError("There is no such delivery.")
        return
    check_change(user, store.alerts.get(delivery.alert))


def _kept(store: Store, id_: str) -> AlertRow:
    """An alert, in use or removed."""
    try:
        return store.alerts.get(id_)
    except KeyError:
        raise NotFoundError(UNKNOWN) from None


def _seen(store: Store, user: UserRow, words: str) -> tuple[str, ...] | None:
    """The alerts that somebody may see and that are called so, removed ones too; None for all there are."""
    if sees_all(user) and not words:
        return None
    folded = words.casefold()
    rows = store.alerts.changed_since(0)
    return tuple(row.id for row in rows if folded in row.name.casefold() and may_see(user, row))
