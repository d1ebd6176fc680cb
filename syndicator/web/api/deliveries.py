"""`/deliveries` and `/replay`: what was told to whom, every attempt at it, and another try for what was given up."""

from collections.abc import Mapping
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, model_validator

from syndicator import shapes
from syndicator.access import Scope
from syndicator.alerts import DeliveryState
from syndicator.deliverydesk import DeliveryDesk
from syndicator.errors import NotFoundError
from syndicator.store import DeliveryRow, Store, TokenRow
from syndicator.web.api.access import TheHouse, by, needs
from syndicator.web.api.alerts import desk_of, found
from syndicator.web.api.asked import Asked
from syndicator.web.api.bodies import Body, Yes
from syndicator.web.api.frame import BODY_BYTES
from syndicator.web.api.jsonbodies import JsonRoute
from syndicator.web.api.problems import ProblemError, documented
from syndicator.web.api.shapes import MAX_SEQ
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House

Reads = Annotated[TokenRow, needs(Scope.DELIVERIES_READ)]
Writes = Annotated[TokenRow, needs(Scope.DELIVERIES_WRITE)]
Reference = Annotated[
    str, Path(description="The delivery's id, or eight or more of its first characters.", max_length=100)
]

router = APIRouter(tags=["deliveries"], route_class=JsonRoute, responses=documented(401, 403, 422, 429, 503))


class DeliveriesAsked(Asked):
    """Which deliveries."""

    state: DeliveryState | None = Field(default=None, description="Only those that stand so.")
    destination: str | None = Field(default=None, description="Only those to it.", max_length=100)
    alert: str | None = Field(default=None, description="Only those of this alert: its id or name.", max_length=100)
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: int | None = Field(default=None, description="`next` of the page before.", ge=1, le=MAX_SEQ)


class DeliveryPage(shapes.Shape):
    """Deliveries, newest first."""

    deliveries: tuple[shapes.Delivery, ...]
    next: int | None = Field(description="Ask for the next page with `cursor=` this. null: there is none.")


class Replay(Body):
    """Which dead deliveries are to be queued again: those of an alert, those to a destination, or all."""

    alert: str | None = Field(default=None, description="An alert's id or name.", max_length=100)
    destination: str | None = Field(default=None, description="A destination's name.", max_length=100)
    all: Yes = False

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.alert is not None or self.destination is not None) == self.all:
            raise ValueError("say which: an alert, a destination, both, or all")
        return self


class Left(shapes.Shape):
    """Deliveries that were left, since their destination is switched off or gone."""

    destination: str
    deliveries: int


class Replayed(shapes.Shape):
    """How many dead deliveries are queued again, and which were left."""

    queued: int
    left: tuple[Left, ...]

    @classmethod
    def of(cls, queued: int, left: Mapping[str, int]) -> Self:
        """The shape of a replay."""
        return cls(
            queued=queued,
            left=tuple(Left(destination=name, deliveries=count) for name, count in sorted(left.items())),
        )


def delivery_meant(desk: DeliveryDesk, reference: str) -> DeliveryRow:
    """The delivery that is meant. 404 where there is none, or which of several is not clear."""
    try:
        return desk.delivery(reference)
    except NotFoundError:
        raise ProblemError(404, "No delivery is called so, or several ids begin so: give the whole id.") from None


@router.get("/deliveries", responses=documented(404))
async def list_deliveries(
    _token: Reads, house: TheHouse, response: Response, asked: Annotated[DeliveriesAsked, Query()]
) -> DeliveryPage:
    """Deliveries, newest first: what was told to whom, or waits, or was given up."""
    response.headers.update(UNSTORED)
    limit = asked.limit

    def look(store: Store) -> DeliveryPage:
        rows = store.ledger.deliveries(
            state=asked.state,
            destination=asked.destination,
            alert=None if asked.alert is None else found(desk_of(house, store), asked.alert).id,
            before=asked.cursor,
            limit=limit + 1,
        )
        following = rows[limit - 1].n if len(rows) > limit else None
        return DeliveryPage(deliveries=tuple(map(shapes.Delivery.of, rows[:limit])), next=following)

    return await house.reading.read(look)


@router.get("/deliveries/{reference}", responses=documented(404))
async def show_delivery(_token: Reads, house: TheHouse, response: Response, reference: Reference) -> shapes.Tried:
    """One delivery with every attempt at it, and what the other side said."""
    response.headers.update(UNSTORED)
    return _tried(house, reference)


@router.post("/replay", responses=documented(404, 413), max_body_size=BODY_BYTES)
async def replay_several(token: Writes, house: TheHouse, response: Response, body: Replay) -> Replayed:
    """Queue dead deliveries again, under their old ids. Those to destinations that are switched off are left."""
    response.headers.update(UNSTORED)
    id_ = None if body.alert is None else found(desk_of(house), body.alert).id
    desk = DeliveryDesk(house.settings, house.store)
    try:
        done = desk.replay(house.clock(), destination=body.destination, alert=id_, by=by(token))
    except NotFoundError:
        raise ProblemError(404, "No destination is called so. GET /destinations lists them.") from None
    return Replayed.of(done.queued, done.left)


@router.post("/deliveries/{reference}/replay", responses=documented(404, 409))
async def replay(token: Writes, house: TheHouse, response: Response, reference: Reference) -> shapes.Tried:
    """Queue a dead delivery again, under its old id, so that a receiver can tell a repeat."""
    response.headers.update(UNSTORED)
    desk = DeliveryDesk(house.settings, house.store)
    row = delivery_meant(desk, reference)
    if not desk.replay(house.clock(), references=[row.id], by=by(token)).queued:
        raise ProblemError(
            409,
            f"The destination {row.destination!r} is switched off or gone: switch it on first.",
            name="conflict",
            title="What is there stands against it",
        )
    return _tried(house, row.id)


def _tried(house: House, reference: str) -> shapes.Tried:
    desk = DeliveryDesk(house.settings, house.store)
    row = delivery_meant(desk, reference)
    return shapes.Tried.with_tries(row, desk.attempts(row))
