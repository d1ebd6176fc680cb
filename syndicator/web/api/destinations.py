"""`/destinations`: list, add, look at, change, try out and remove them, and switch them on again.

What is secret goes in and never comes out: `where` says where a destination leads as far as everybody may know.
"""

from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, field_validator
from starlette.requests import Request

from syndicator import shapes
from syndicator.access import Scope, may
from syndicator.config import DestinationKind
from syndicator.destinationdesk import TEST_S, DestinationDesk, Reached
from syndicator.errors import NotFoundError
from syndicator.store import DestinationRow, TokenRow
from syndicator.web.api.access import TheHouse, by, needs
from syndicator.web.api.asked import Asked
from syndicator.web.api.bodies import Body, Span
from syndicator.web.api.frame import BODY_BYTES
from syndicator.web.api.jsonbodies import JsonRoute
from syndicator.web.api.preconditions import CHANGED, CREATED, TAGGED, destination_tag, must_match
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House

Reads = Annotated[TokenRow, needs(Scope.DESTINATIONS_READ)]
Writes = Annotated[TokenRow, needs(Scope.DESTINATIONS_WRITE)]
Name = Annotated[str, Path(description="The destination's name.", max_length=100)]

router = APIRouter(tags=["destinations"], route_class=JsonRoute, responses=documented(401, 403, 422, 429, 503))
_CHANGES = TAGGED | CHANGED | documented(404)


class _Keys(Body):
    """What a destination is made of, as in [destinations.NAME]. There is no `path`: no file is written from here."""

    to: str | None = Field(default=None, description="The mail address, of kind email.", examples=["a@desk.example"])
    url: str | None = Field(default=None, description="Of kind webhook or apprise. It does not come out again.")
    secret: str | None = Field(
        default=None, description="What a webhook is signed with: whsec_… It does not come out again."
    )
    timeout: Span | None = Field(default=None, description='How long a webhook may take: "15s", or seconds.')
    owner: str | None = Field(default=None, description="Who is told when it is switched off.")


class NewDestination(_Keys):
    """A destination to be kept. Its owner is the token's, unless it says otherwise."""

    name: str = Field(description="Small letters, digits and hyphens.", examples=["desk"])
    kind: Literal["email", "webhook", "apprise"]

    @field_validator("kind", mode="before")
    @classmethod
    def _elsewhere(cls, value: object) -> object:
        if isinstance(value, str) and value in {"file", "console"}:
            raise ValueError("a token can't have this server write files or to its terminal: add it with the command")
        return value


class DestinationChange(_Keys):
    """What is to change of a destination (RFC 7396): a key that is null goes back to its default."""

    previous_secret: None = Field(default=None, description="null: sign with the newer secret only.")


class RemovalAsked(Asked):
    """How a destination is to be removed."""

    force: bool = Field(default=False, description="Although alerts use it.")


class DestinationList(shapes.Shape):
    """Every destination, by name."""

    destinations: tuple[shapes.Destination, ...]


def destination_meant(house: House, name: str) -> DestinationRow:
    """The destination of this name. 404 where there is none."""
    try:
        return _desk(house).find(name)
    except NotFoundError:
        raise ProblemError(404, "No destination is called so. GET /destinations lists them.") from None


def _desk(house: House) -> DestinationDesk:
    return DestinationDesk(house.settings, house.store)


def _changeable(house: House, name: str, request: Request) -> DestinationRow:
    row = destination_meant(house, name)
    if row.from_config:
        raise ProblemError(
            409,
            f"The destination {row.name!r} stands in config.toml: change it there. Here it can be tested.",
            name="in-config",
            title="It stands in config.toml",
        )
    must_match(request, destination_tag(house.store, row))
    return row


async def _told(house: House, row: DestinationRow, response: Response, token: TokenRow) -> shapes.Destination:
    """A destination as it stands, which counts all its deliveries: too many for the event loop's thread."""
    response.headers.update({"ETag": destination_tag(house.store, row), **UNSTORED})
    standing = await house.reading.read(lambda store: DestinationDesk(house.settings, store).standing(row))
    return _shown(standing, token)


def _shown(standing: Reached, token: TokenRow) -> shapes.Destination:
    """A destination as a token sees it: what folders this machine has is for those who work at it.

    What alerts are called is for those who may read them: at the desk there are some that are somebody's own.
    """
    if standing.row.kind == DestinationKind.FILE:
        standing = replace(standing, where=PurePath(standing.where).name)
    return shapes.Destination.of(standing if _reads_alerts(token) else replace(standing, alerts=()))


def _reads_alerts(token: TokenRow) -> bool:
    return may(token.scopes, Scope.ALERTS_READ)


@router.get("/destinations")
async def list_destinations(token: Reads, house: TheHouse, response: Response) -> DestinationList:
    """Every destination: where it leads, how it does, and what waits for it."""
    response.headers.update(UNSTORED)
    standing = await house.reading.read(lambda store: DestinationDesk(house.settings, store).all())
    return DestinationList(destinations=tuple(_shown(each, token) for each in standing))


@router.post("/destinations", status_code=201, responses=CREATED | documented(409, 413), max_body_size=BODY_BYTES)
async def add_destination(
    token: Writes, house: TheHouse, request: Request, response: Response, body: NewDestination
) -> shapes.Destination:
    """Keep a new destination. A name that is taken is 409."""
    raw = {"owner": token.owner} | {key: value for key, value in body.given().items() if value is not None}
    row = _desk(house).add(raw.pop("name"), raw, house.clock(), by=by(token))
    response.headers["Location"] = f"{request.scope['root_path']}/destinations/{row.name}"
    return await _told(house, row, response, token)


@router.get("/destinations/{name}", responses=TAGGED | documented(404))
async def show_destination(token: Reads, house: TheHouse, response: Response, name: Name) -> shapes.Destination:
    """One destination as it stands."""
    return await _told(house, destination_meant(house, name), response, token)


@router.patch("/destinations/{name}", responses=_CHANGES | documented(409, 413), max_body_size=BODY_BYTES)
async def change_destination(
    *, token: Writes, house: TheHouse, request: Request, response: Response, name: Name, body: DestinationChange
) -> shapes.Destination:
    """Change what is given, and leave the rest. Its kind stays. The secret before goes on signing beside a new one."""
    row = _changeable(house, name, request)
    if changes := body.given():
        row = _desk(house).edit(row.name, changes, house.clock(), by=by(token)).row
    return await _told(house, row, response, token)


@router.delete("/destinations/{name}", status_code=204, responses=CHANGED | documented(404, 409))
async def remove_destination(
    token: Writes,
    house: TheHouse,
    request: Request,
    name: Name,
    asked: Annotated[RemovalAsked, Query()],
) -> None:
    """Remove a destination. While alerts use it that is 409, unless `force` says so."""
    row, desk = _changeable(house, name, request), _desk(house)
    users = desk.users(row.name)
    if users and not asked.force:
        named = f": {', '.join(users[:10])}" if _reads_alerts(token) else ""
        raise ProblemError(
            409,
            f"Alerts use it{named}. Give them another destination first, or say force=true.",
            name="conflict",
            title="What is there stands against it",
        )
    desk.remove(row.name, house.clock(), force=asked.force, by=by(token))


@router.post("/destinations/{name}/on", responses=_CHANGES)
async def switch_on(
    token: Writes, house: TheHouse, request: Request, response: Response, name: Name
) -> shapes.Destination:
    """Send there again, after it was switched off or while it waits for its next try."""
    row = destination_meant(house, name)
    must_match(request, destination_tag(house.store, row))
    return await _told(house, _desk(house).switch_on(row.name, house.clock(), by=by(token)), response, token)


@router.post("/destinations/{name}/test", responses=documented(404))
async def try_out(token: Writes, house: TheHouse, response: Response, name: Name) -> shapes.TestAnswer:
    """Send a real test message there, now, and tell what the other side says, which may well be no."""
    response.headers.update(UNSTORED)
    row = destination_meant(house, name)
    answer = await _desk(house).test(row.name, house.addresses, house.clock(), by=by(token), seconds=TEST_S)
    return shapes.TestAnswer.of(row, answer)
