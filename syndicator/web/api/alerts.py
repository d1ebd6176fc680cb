"""`/alerts`: list, add, look at, change, mute and remove them, and the addresses of their private feeds.

All of it is what `syndicator alerts` does, on the same functions.
"""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, Field
from starlette.requests import Request

from syndicator import shapes
from syndicator.access import Scope
from syndicator.alertdesk import AlertDesk, Standing
from syndicator.errors import SyndicatorError
from syndicator.query import describe
from syndicator.store import AlertRow, Store, TokenRow
from syndicator.watch import watched_alert
from syndicator.web.api.access import TheHouse, by, needs
from syndicator.web.api.asked import Asked, Cursor
from syndicator.web.api.bodies import Body, Names, Span, Yes
from syndicator.web.api.frame import BODY_BYTES
from syndicator.web.api.jsonbodies import JsonRoute
from syndicator.web.api.pages import name_cursor, named_place
from syndicator.web.api.preconditions import CHANGED, CREATED, TAGGED, alert_tag, must_match
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House

Reads = Annotated[TokenRow, needs(Scope.ALERTS_READ)]
Writes = Annotated[TokenRow, needs(Scope.ALERTS_WRITE)]
Reference = Annotated[
    str, Path(description="The alert's id, four or more of its first characters, or its name.", max_length=100)
]

router = APIRouter(tags=["alerts"], route_class=JsonRoute, responses=documented(401, 403, 422, 429, 503))
_CHANGES = TAGGED | CHANGED | documented(404)


class _Keys(Body):
    """The keys of [[alerts]] in config.toml, all optional."""

    owner: str | None = Field(default=None, description="Whose it is: a name or a mail address.")
    topics: Names | None = Field(default=None, description="Only articles of these topics.")
    sources: Names | None = Field(default=None, description="Only articles from these sources.")
    destinations: Names | None = Field(default=None, description="Where it goes.", examples=[["desk"]])
    schedule: str | None = Field(
        default=None,
        description='"immediate", "hourly", "daily at 07:30", "weekly mon 08:00".',
        examples=["daily at 07:30"],
    )
    zone: str | None = Field(default=None, description="The time zone of its hours.", examples=["Europe/London"])
    quiet_hours: str | None = Field(default=None, description="When it waits.", examples=["22:00-07:00"])
    cooldown: Span | None = Field(default=None, description='The least time between two messages: "10m", or seconds.')
    mute_until: str | None = Field(
        default=None, description="Hold its messages back until then.", examples=["2026-12-01T08:00:00Z"]
    )
    group_stories: Yes | None = Field(default=None, description="Tell of a story once; false: of every article.")
    shared: Yes | None = Field(default=None, description="Whether everybody at the desk sees it.")
    enabled: Yes | None = None


class NewAlert(_Keys):
    """An alert to be kept. Its owner is the token's, unless it says otherwise."""

    name: str = Field(examples=["Hotels"])
    query: str = Field(description="See docs/query-language.md.", examples=["asylum NEAR/8 hotel"])


class AlertChange(_Keys):
    """What is to change of an alert (RFC 7396): a key that is null goes back to its default."""

    name: str | None = Field(default=None, description="Another name.")
    query: str | None = Field(default=None, description="Another query.")


class Mute(Body):
    """Until when an alert's messages are held back; null ends that."""

    until: AwareDatetime | None = Field(examples=["2026-12-01T08:00:00Z"])


class AlertsAsked(Asked):
    """Which page of the alerts."""

    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: Cursor = None


class AlertPage(shapes.Shape):
    """Alerts, by name."""

    alerts: tuple[shapes.Alert, ...]
    next: str | None = Field(description="Ask for the next page with `cursor=` this. null: there is none.")


class AlertInFull(shapes.Alert):
    """An alert, and what it finds in plain words."""

    reading: str | None = Field(description="The whole query, its topics and sources too; null where it can't be used.")

    @classmethod
    def read(cls, standing: Standing, house: House, now: datetime) -> Self:
        """The shape of an alert and its reading."""
        try:
            reading = describe(watched_alert(standing.row, house.settings).query, house.settings.titles)
        except SyndicatorError:
            reading = None
        return cls(**dict(shapes.Alert.of(standing, now)), reading=reading)


def desk_of(house: House, store: Store | None = None) -> AlertDesk:
    """The alert desk, at the service's own connection or, to read only, at `store`."""
    return AlertDesk(house.settings, store or house.store, house.pipeline.alerting)


def found(desk: AlertDesk, reference: str) -> AlertRow:
    """The alert that is meant. 404 where there is none, or which of several is not clear."""
    meant = desk.meant(reference)
    if len(meant) != 1:
        raise ProblemError(404, "No alert is called so, or several ids begin so. GET /alerts lists them.")
    return meant[0]


def _changeable(desk: AlertDesk, reference: str, request: Request) -> AlertRow:
    """The alert that is to be changed, where that may be and nobody else did so meanwhile."""
    row = found(desk, reference)
    if row.from_config:
        raise ProblemError(
            409,
            f"The alert {row.name!r} stands in config.toml: change it there. Here it can be muted.",
            name="in-config",
            title="It stands in config.toml",
        )
    must_match(request, alert_tag(row))
    return row


def _seen(desk: AlertDesk, reference: str, request: Request) -> AlertRow:
    """The alert that is meant, of config.toml or not. 412 where the request has seen another state of it."""
    row = found(desk, reference)
    must_match(request, alert_tag(row))
    return row


def _told(house: House, row: AlertRow, response: Response) -> AlertInFull:
    now = house.clock()
    response.headers.update({"ETag": alert_tag(row), **UNSTORED})
    return AlertInFull.read(desk_of(house).standing(row, now), house, now)


@router.get("/alerts")
async def list_alerts(
    _token: Reads, house: TheHouse, response: Response, asked: Annotated[AlertsAsked, Query()]
) -> AlertPage:
    """Every alert as it stands, by name, a page at a time."""
    now, limit, after = house.clock(), asked.limit, named_place(asked.cursor)
    standings = await house.reading.read(lambda store: desk_of(house, store).page(now, after=after, limit=limit + 1))
    response.headers.update(UNSTORED)
    following = name_cursor(standings[limit - 1].row.name) if len(standings) > limit else None
    return AlertPage(alerts=tuple(shapes.Alert.of(each, now) for each in standings[:limit]), next=following)


@router.post("/alerts", status_code=201, responses=CREATED | documented(409, 413), max_body_size=BODY_BYTES)
async def add_alert(
    token: Writes, house: TheHouse, request: Request, response: Response, body: NewAlert
) -> AlertInFull:
    """Keep a new alert. It looks forward: POST /preview shows the past. A name that is taken is 409."""
    raw = {"owner": token.owner} | {key: value for key, value in body.given().items() if value is not None}
    row = desk_of(house).add(raw, house.clock(), by=by(token))
    response.headers["Location"] = f"{request.scope['root_path']}/alerts/{row.id}"
    return _told(house, row, response)


@router.get("/alerts/{reference}", responses=TAGGED | documented(404))
async def show_alert(_token: Reads, house: TheHouse, response: Response, reference: Reference) -> AlertInFull:
    """One alert as it stands, with its query in plain words."""
    return _told(house, found(desk_of(house), reference), response)


@router.patch("/alerts/{reference}", responses=_CHANGES | documented(409, 413), max_body_size=BODY_BYTES)
async def change_alert(
    *, token: Writes, house: TheHouse, request: Request, response: Response, reference: Reference, body: AlertChange
) -> AlertInFull:
    """Change what is given, and leave the rest. The alert looks forward from now."""
    desk = desk_of(house)
    row = _changeable(desk, reference, request)
    if changes := body.given():
        row = desk.edit(row.id, changes, house.clock(), by=by(token))
    return _told(house, row, response)


@router.delete("/alerts/{reference}", status_code=204, responses=CHANGED | documented(404, 409))
async def remove_alert(token: Writes, house: TheHouse, request: Request, reference: Reference) -> None:
    """Remove an alert. Whoever was told of an article still hears when that is corrected or withdrawn."""
    desk = desk_of(house)
    desk.remove(_changeable(desk, reference, request).id, house.clock(), by=by(token))


@router.post("/alerts/{reference}/mute", responses=_CHANGES | documented(413), max_body_size=BODY_BYTES)
async def mute_alert(
    *, token: Writes, house: TheHouse, request: Request, response: Response, reference: Reference, body: Mute
) -> AlertInFull:
    """Hold an alert's messages back for a while. What it finds meanwhile is told afterwards."""
    now, desk = house.clock(), desk_of(house)
    row = _seen(desk, reference, request)
    until = None if body.until is None else body.until.astimezone(UTC).replace(microsecond=0)
    if until is not None and until <= now:
        raise ProblemError(
            422, "That time is over: nothing would be held back.", name="refused", title="It is too late"
        )
    return _told(house, desk.mute(row.id, until, now, by=by(token)), response)


@router.post("/alerts/{reference}/feed-token", responses=CHANGED | documented(404))
async def renew_feed(
    token: Writes, house: TheHouse, request: Request, response: Response, reference: Reference
) -> shapes.PrivateFeed:
    """Give the alert's private feed a new address, which is told this once; the old one is dead."""
    response.headers.update(UNSTORED)
    desk = desk_of(house)
    row = desk.renew_feed(_seen(desk, reference, request).id, house.clock(), by=by(token))
    return shapes.PrivateFeed.of(row, house.settings)


@router.delete("/alerts/{reference}/feed-token", status_code=204, responses=CHANGED | documented(404))
async def close_feed(token: Writes, house: TheHouse, request: Request, reference: Reference) -> None:
    """Take the private feed's address away."""
    desk = desk_of(house)
    desk.renew_feed(_seen(desk, reference, request).id, house.clock(), close=True, by=by(token))
