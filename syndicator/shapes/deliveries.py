"""Deliveries: one message to one destination, and every attempt at it."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field

from syndicator.alerts import DeliveryState, Event
from syndicator.shapes.base import Moment, Shape
from syndicator.store import AttemptRow, DeliveryRow


class Attempt(Shape):
    """One attempt at a delivery, and what came of it."""

    at: Moment
    took_ms: int
    verdict: str = Field(
        description="delivered, temporary, permanent, gone; or interrupted, where the program ended during it.",
        examples=["delivered"],
    )
    status: int | None = Field(description="The HTTP or SMTP code that came back.", examples=[204])
    said: str = Field(description="What the other side said, without secrets.", examples=["HTTP 204 No Content"])

    @classmethod
    def of(cls, row: AttemptRow) -> Self:
        """The shape of an attempt."""
        return cls(at=row.at, took_ms=row.took_ms, verdict=row.verdict, status=row.status, said=row.said)


class Delivery(Shape):
    """One message to one destination, as it stands."""

    id: str = Field(examples=["msg_3cbb5b0fcf3f5d8c8f4d9a2e6c1b7a10"])
    event: Event
    alert: str | None = Field(description="The alert's name; null where the newsroom speaks of its own troubles.")
    destination: str
    state: DeliveryState
    title: str = Field(description="Of its first article, empty while that is held back; or its first line.")
    items: int = Field(description="How many articles it tells of.")
    attempts: int
    queued: Moment
    due: Moment | None = Field(description="When it may be tried next; null when it is settled.")
    settled: Moment | None
    said: str | None = Field(description="What the other side said last, or why it was not sent.")

    @classmethod
    def of(cls, row: DeliveryRow) -> Self:
        """The shape of a delivery."""
        return cls(
            id=row.id,
            event=row.event,
            alert=row.alert_name,
            destination=row.destination,
            state=row.state,
            # An embargo holds the headline back from scripts, too.
            title="" if row.held else row.title,
            items=row.items,
            attempts=row.attempts,
            queued=row.queued,
            due=row.due if row.settled is None else None,
            settled=row.settled,
            said=row.said,
        )


class Tried(Delivery):
    """A delivery with every attempt at it, oldest first."""

    tries: tuple[Attempt, ...]

    @classmethod
    def with_tries(cls, row: DeliveryRow, attempts: Iterable[AttemptRow]) -> Self:
        """The shape of a delivery and its attempts."""
        return cls(**dict(Delivery.of(row)), tries=tuple(map(Attempt.of, attempts)))
