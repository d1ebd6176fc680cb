"""The audit log: who did what, and when. Nothing in it can be changed, here or anywhere."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.people import Role
from syndicator.store import Store
from syndicator.web.desk.address import number_in, query_of, words_of
from syndicator.web.desk.deeds import Deed, Deeds, acts_told
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.visitor import Visitor

PAGE = 50
_LONGEST = 200
_MOST_DIGITS = 15


def audit_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/audit`."""
    return [Route(f"{desk.base}/audit", Behind(desk, Role.CHIEF, get=AuditLog(desk).get))]


class AuditLog:
    """Answers for the page of the audit log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """A page of it, newest first: all of it, of one person, or about one thing."""
        who, about = words_of(request, "who", _LONGEST), words_of(request, "about", _LONGEST)
        before = number_in(request.query_params.get("before", ""), _MOST_DIGITS)
        house = self._desk.house
        acts = acts_told(about) if about else ()

        def look(store: Store) -> tuple[tuple[Deed, ...], list[str]]:
            rows = store.audit.newest(limit=PAGE + 1, before=before, who=who or None, about=about or None, acts=acts)
            return Deeds(store, house.settings, visitor.user, house.clock()).read(rows), store.audit.people()

        rows, people = await (house.searching if about else house.reading).read(look)
        older = rows[PAGE - 1] if len(rows) > PAGE else None
        kept = {"who": who, "about": about}
        return self._desk.page(
            "audit.html",
            visitor,
            here="/audit",
            rows=rows[:PAGE],
            people=people,
            who=who,
            about=about,
            is_first=before is None,
            newest=query_of(kept) or "?",
            older=None if older is None else query_of({**kept, "before": str(older.number)}),
        )
