"""Destinations: where alerts go, and how each does. None of their secrets."""

from typing import Self

from pydantic import Field

from syndicator.alerts import Answer, Verdict
from syndicator.config import DestinationKind
from syndicator.destinationdesk import Reached
from syndicator.shapes.base import Moment, Shape
from syndicator.store import DestinationRow


class Destination(Shape):
    """A destination as it stands, without what is secret."""

    name: str = Field(examples=["desk"])
    kind: DestinationKind
    owner: str
    where: str | None = Field(
        description="Where it leads, as far as that is no secret.", examples=["https://hooks.example/…"]
    )
    from_config: bool = Field(description="It stands in config.toml, and is changed there.")
    off: str | None = Field(description="Why it is switched off; null while it is on.")
    off_since: Moment | None
    failing_since: Moment | None
    retry_at: Moment | None
    trouble: str | None = Field(description="What the other side last said of what it did not take.")
    waiting: int
    delivered: int
    dead: int
    alerts: tuple[str, ...] = Field(
        description="The names of the alerts that use it; empty for a token without `alerts:read`."
    )
    problem: str | None = Field(description="Why it can't be used, where it can't.")

    @classmethod
    def of(cls, each: Reached) -> Self:
        """The shape of a destination."""
        row = each.row
        return cls(
            name=row.name,
            kind=DestinationKind(row.kind),
            owner=row.owner,
            where=each.where or None,
            from_config=row.from_config,
            off=row.off,
            off_since=row.off_since,
            failing_since=row.failing_since,
            retry_at=row.retry_at,
            trouble=each.trouble,
            waiting=each.waiting,
            delivered=each.delivered,
            dead=each.dead,
            alerts=each.alerts,
            problem=each.problem,
        )


class TestAnswer(Shape):
    """What the other side said of a test message."""

    destination: str
    taken: bool
    status: int | None = Field(description="The HTTP or SMTP code that came back.")
    said: str
    off: str | None = Field(description="Why the destination is switched off; null while it is on.")

    @classmethod
    def of(cls, row: DestinationRow, answer: Answer) -> Self:
        """The shape of a destination's answer to a test."""
        return cls(
            destination=row.name,
            taken=answer.verdict is Verdict.DELIVERED,
            status=answer.status,
            said=answer.said,
            off=row.off,
        )
