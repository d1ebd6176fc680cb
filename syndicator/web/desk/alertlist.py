"""`/desk/alerts`: everybody's own alerts and the shared ones, and what can be done to several at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.alertdesk import AlertDesk, Standing, written
from syndicator.errors import UsageError
from syndicator.people import Role
from syndicator.plurals import counted
from syndicator.store import AlertRow, Store, UserRow
from syndicator.web.desk.address import number_in, query_of, words_of
from syndicator.web.desk.alertacts import AlertActs
from syndicator.web.desk.alertwords import MUTES, Ways, muted_until, troubles
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.rights import check_change, is_own, is_shared, may_change, may_see
from syndicator.web.desk.visitor import Visitor

PAGE = 50
_FORM_BYTES = 65_536
_LONGEST = 200
_MOST_DIGITS = 5
_WHOSE = ("", "mine", "others")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which alerts somebody wants to see: `words` in name, query or owner; `whose` is one of "", "mine", "others"."""

    words: str = ""
    whose: str = ""
    page: int = 1

    @classmethod
    def of(cls, request: Request) -> Self:
        """As the address says; what makes no sense in it is left out."""
        params = request.query_params
        whose, page = params.get("whose", ""), number_in(params.get("page", ""), _MOST_DIGITS)
        return cls(words_of(request, "q", _LONGEST), whose if whose in _WHOSE else "", page or 1)

    def address(self, page: int) -> str:
        """The address of another page of the same."""
        given = {"q": self.words, "whose": self.whose, "page": str(page) if page > 1 else ""}
        return f"/alerts{query_of(given)}"

    def wants(self, user: UserRow, row: AlertRow) -> bool:
        """Whether an alert is among them."""
        if self.whose and is_own(user, row) != (self.whose == "mine"):
            return False
        text = f"{row.name}\n{written(row).get('query', '')}\n{row.owner}".casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    standing: Standing
    query: str
    is_own: bool
    is_shared: bool
    may_change: bool
    muted: datetime | None
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list. `total` alerts were found, of `seen` that somebody may see."""

    lines: tuple[Listed, ...]
    total: int
    seen: int


def alertlist_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/alerts`."""
    pages = AlertList(desk)
    behind = Behind(desk, Role.VIEWER, get=pages.get, post=pages.post)
    return [Route(f"{desk.base}/alerts", behind, max_body_size=_FORM_BYTES)]


class AlertList:
    """Answers for the list of alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._acts = AlertActs(desk.house)

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """Own ones first, then the others, by name."""
        asked = Asked.of(request)
        return await self._page(visitor, asked)

    async def post(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """One act on all that are ticked, or on none of them where somebody may not do it to one."""
        asked = Asked.of(request)
        try:
            said = self._done(form, visitor)
        except UsageError as error:
            return await self._page(visitor, asked, wrong=str(error), status=400)
        return self._desk.go(asked.address(asked.page), said=said)

    def _done(self, form: Form, visitor: Visitor) -> str:
        do, ids = form.text("do"), form.all("alert")
        if not ids:
            raise UsageError("Tick the alerts first.")
        store = self._desk.house.store
        with store.transaction():
            rows = [check_change(visitor.user, self._acts.row(id_)) for id_ in dict.fromkeys(ids)]
            left = [row for row in rows if row.from_config and do in {"enable", "disable"}]
            for row in rows:
                if row not in left:
                    try:
                        self._acts.several(do, row, visitor, form)
                    except UsageError as error:
                        raise UsageError(f"{row.name}: {error}") from None
        done = {"enable": "on", "disable": "off", "mute": "muted", "unmute": "no longer muted"}[do]
        number = len(rows) - len(left)
        told = f"{counted(number, 'alert is', 'alerts are')} {done}." if number else ""
        stand = f" {', '.join(row.name for row in left)}: made in config.toml, and changed there." if left else ""
        return f"{told}{stand}".strip()

    async def _page(self, visitor: Visitor, asked: Asked, *, wrong: str = "", status: int = 200) -> Response:
        found = await self._desk.house.reading.read(lambda store: self._found(store, visitor.user, asked))
        return self._desk.page(
            "alerts.html",
            visitor,
            status=status,
            here="/alerts",
            asked=asked,
            found=found,
            pages=-(-found.total // PAGE),
            mutes=MUTES,
            wrong=wrong,
        )

    def _found(self, store: Store, user: UserRow, asked: Asked) -> Found:
        house = self._desk.house
        seen = [row for row in store.alerts.all() if may_see(user, row)]
        wanted = [row for row in seen if asked.wants(user, row)]
        wanted.sort(key=lambda row: not is_own(user, row))
        shown = wanted[(asked.page - 1) * PAGE :][:PAGE]
        desk, now = AlertDesk(house.settings, store, house.pipeline.alerting), house.clock()
        ways = Ways.of(store, shown)

        def lines() -> Iterator[Listed]:
            for row in shown:
                standing = desk.standing(row, now)
                yield Listed(
                    standing,
                    str(written(row).get("query", "")),
                    is_own(user, row),
                    is_shared(row),
                    may_change(user, row),
                    muted_until(standing, now),
                    troubles(standing, ways),
                )

        return Found(tuple(lines()), len(wanted), len(seen))
