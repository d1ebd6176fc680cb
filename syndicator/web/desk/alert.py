"""`/desk/alerts/{id}`: what an alert asks, when it speaks and to whom, what it found lately, and what to do with it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator import shapes
from syndicator.alertdesk import AlertDesk, Standing, written
from syndicator.errors import SyndicatorError, UsageError
from syndicator.model import Article
from syndicator.people import Role
from syndicator.plurals import counted
from syndicator.query import describe
from syndicator.store import AlertRow, Store, UserRow
from syndicator.watch import watched_alert
from syndicator.web.desk.address import words_of
from syndicator.web.desk.alertacts import AlertActs, alert_id
from syndicator.web.desk.alertwords import MUTES, Place, Ways, is_on, muted_until, places, timing
from syndicator.web.desk.deeds import Deed, Deeds
from syndicator.web.desk.door import Behind, Desk
from syndicator.web.desk.firings import Firing, Firings, Named, Wanted
from syndicator.web.desk.form import Form
from syndicator.web.desk.pages import Clock
from syndicator.web.desk.question import Question
from syndicator.web.desk.rights import check_change, check_sight, is_own, is_shared, may_change, sees_all
from syndicator.web.desk.visitor import Visitor
from syndicator.web.desk.whynot import LONGEST, Answered, answered, meant

_LATELY = 5
_ACTS_SHOWN = 10
_FORM_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Seen:
    """All that an alert's page shows. `feed` are the addresses of its private feed, for those who may change it."""

    standing: Standing
    query: str
    reading: str
    timing: tuple[str, ...]
    places: tuple[Place, ...]
    lately: tuple[Firing, ...]
    acts: tuple[Deed, ...]
    heirs: tuple[str, ...]
    feed: tuple[tuple[str, str], ...]


def alert_routes(desk: Desk) -> list[BaseRoute]:
    """An alert's page, its removal, and why it did not fire. An id is no word: /desk/alerts/new is elsewhere."""
    pages = AlertPages(desk)
    here = f"{desk.base}/alerts/{{id:uuid}}"
    page = Behind(desk, Role.VIEWER, get=pages.get, post=pages.post)
    return [
        Route(here, page, max_body_size=_FORM_BYTES),
        Route(f"{here}/remove", Behind(desk, Role.EDITOR, get=pages.removal)),
        Route(f"{here}/why", Behind(desk, Role.VIEWER, get=pages.why)),
    ]


class AlertPages:
    """Answers for one alert."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._acts = AlertActs(desk.house)

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """The alert as it stands."""
        return await self._page(request, visitor)

    async def post(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """One act on it."""
        try:
            path, said = self._acts.one(alert_id(request), form, visitor)
        except UsageError as error:
            return await self._page(request, visitor, wrong=str(error), status=400)
        return self._desk.go(path, said=said)

    async def removal(self, request: Request, visitor: Visitor) -> Response:
        """What goes with it, before it goes."""
        house = self._desk.house
        row = check_change(visitor.user, self._acts.row(alert_id(request)))
        if row.from_config:
            raise UsageError(f"{row.name} is made in config.toml: take it out there.")
        standing = AlertDesk(house.settings, house.store, house.pipeline.alerting).standing(row, house.clock())
        lost = f" {counted(standing.waiting, 'match that waits', 'matches that wait')} will not be told."
        here = f"/alerts/{row.id}"
        return Question(
            "Remove",
            row.name,
            (
                f"It looks for nothing any more, and its private feed is closed.{lost if standing.waiting else ''}",
                "Its history stays. Whoever was told of an article still hears when that is corrected or withdrawn.",
                "To have it back later, switch it off or mute it instead.",
            ),
            here,
            here,
        ).page(self._desk, visitor, "/alerts")

    async def why(self, request: Request, visitor: Visitor) -> Response:
        """Why it fired on the article that is asked about, or did not."""
        house, user = self._desk.house, visitor.user
        row = check_sight(user, self._acts.row(alert_id(request)))
        about = words_of(request, "about", LONGEST)
        clock = Clock(ZoneInfo(user.zone), house.clock())

        def look(store: Store) -> tuple[list[Article], Answered | None, list[Named], Firings]:
            firings = Firings(store, house.settings, user, house.clock())
            found = meant(store, house.settings, about, held=sees_all(user))
            one = answered(store, house.settings, row, found[0], clock.full) if len(found) == 1 else None
            return found, one, [firings.named(article) for article in found], firings

        found, one, named, firings = await house.searching.read(look)
        return self._desk.page(
            "alert_why.html",
            visitor,
            here="/alerts",
            row=row,
            about=about,
            choice=list(zip(found, named, strict=True)),
            one=one,
            told_by=firings.named(one.account.told_by) if one and one.account.told_by else None,
        )

    async def _page(self, request: Request, visitor: Visitor, *, wrong: str = "", status: int = 200) -> Response:
        house, user = self._desk.house, visitor.user
        row = check_sight(user, self._acts.row(alert_id(request)))
        now = house.clock()
        seen = await house.reading.read(lambda store: self._seen(store, row, user))
        return self._desk.page(
            "alert.html",
            visitor,
            status=status,
            here="/alerts",
            row=row,
            seen=seen,
            is_on=is_on(seen.standing),
            muted=muted_until(seen.standing, now),
            is_own=is_own(user, row),
            is_shared=is_shared(row),
            may_change=may_change(user, row),
            may_copy=user.role.reaches(Role.EDITOR),
            mutes=MUTES,
            wrong=wrong,
        )

    def _seen(self, store: Store, row: AlertRow, user: UserRow) -> Seen:
        house = self._desk.house
        now, changes = house.clock(), may_change(user, row)
        standing = AlertDesk(house.settings, store, house.pipeline.alerting).standing(row, now)
        firings = Firings(store, house.settings, user, now)
        deeds = Deeds(store, house.settings, user, now)
        addresses = shapes.PrivateFeed.of(row, house.settings)
        feed = [("RSS", addresses.rss), ("Atom", addresses.atom), ("JSON Feed", addresses.json_)]
        return Seen(
            standing,
            str(written(row).get("query", "")),
            self._reading(row),
            tuple(timing(standing.alert)) if standing.alert else (),
            places(standing, Ways.of(store, [row])),
            tuple(firings.read(Wanted((row.id,)), _LATELY)),
            deeds.read(store.audit.newest(limit=_ACTS_SHOWN, thing=f"alert {row.id}")) if changes else (),
            tuple(_heirs(store, row)) if changes else (),
            tuple((name, address) for name, address in feed if address) if changes else (),
        )

    def _reading(self, row: AlertRow) -> str:
        """What it asks, in plain words; "" where it can't be used."""
        settings = self._desk.house.settings
        try:
            return describe(watched_alert(row, settings).query, settings.titles)
        except SyndicatorError:
            return ""


def _heirs(store: Store, row: AlertRow) -> list[str]:
    """Whom an alert could be handed over to."""
    return [
        user.name
        for user in store.users.all()
        if user.disabled is None and user.role.reaches(Role.EDITOR) and not is_own(user, row)
    ]
