"""Alerts: what they ask, when they speak and to whom, and how they do."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import Field

from syndicator.alertdesk import Standing, written
from syndicator.config import Settings
from syndicator.privatefeed import private_address
from syndicator.shapes.base import Moment, Shape
from syndicator.store import AlertRow


class Alert(Shape):
    """An alert as it stands. Its private feed's address is left out: whoever has it can read the feed."""

    id: str = Field(examples=["0c9f7e1c6d0a4d5f8f1be2f0f3c5a7b1"])
    name: str = Field(examples=["Hotels"])
    owner: str
    query: str = Field(examples=["asylum NEAR/8 hotel"])
    topics: tuple[str, ...] = Field(description="It asks among their articles only; none: among all.")
    sources: tuple[str, ...] = Field(description="It asks among their articles only; none: among all.")
    destinations: tuple[str, ...]
    schedule: str = Field(examples=["daily at 07:30"])
    zone: str | None = Field(description="The time zone of its hours.", examples=["Europe/London"])
    quiet_hours: str | None = Field(examples=["22:00-07:00"])
    cooldown: timedelta | None = Field(description="The least time between two messages, in seconds.")
    group_stories: bool = Field(description="It tells of each story once, not of every article.")
    shared: bool = Field(description="At the desk everybody sees it, not its owner and chiefs alone.")
    enabled: bool
    muted_until: Moment | None
    from_config: bool = Field(description="It stands in config.toml, and is changed there.")
    created: Moment
    week: int = Field(description="How often it fired in the last seven days.")
    last_fired: Moment | None
    last_message: Moment | None
    waiting: int = Field(description="How many matches wait to be told.")
    due: Moment | None = Field(description="From when on they may be told.")
    opted_out: tuple[str, ...] = Field(description="Destinations that ended it by the link in a mail.")
    problem: str | None = Field(description="Why it can't be used, where it can't.")

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> Self:
        """The shape of an alert."""
        row, alert, keys = standing.row, standing.alert, written(standing.row)
        muted = alert.timing.muted_until if alert else row.muted_until
        return cls(
            id=row.id,
            name=row.name,
            owner=row.owner,
            query=keys.get("query", ""),
            topics=keys.get("topics", ()),
            sources=keys.get("sources", ()),
            destinations=keys.get("destinations", ()),
            schedule=keys.get("schedule", "immediate"),
            zone=alert.timing.zone.key if alert else keys.get("zone"),
            quiet_hours=keys.get("quiet_hours"),
            cooldown=(alert.timing.cooldown if alert else timedelta()) or None,
            group_stories=keys.get("group_stories", True),
            shared=keys.get("shared", True),
            enabled=keys.get("enabled", True),
            muted_until=muted if muted is not None and muted > now else None,
            from_config=row.from_config,
            created=row.created,
            week=standing.week,
            last_fired=standing.last_fired,
            last_message=row.last_message,
            waiting=standing.waiting,
            due=row.due,
            opted_out=tuple(sorted(standing.opted_out)),
            problem=standing.problem,
        )


class PrivateFeed(Shape):
    """The addresses of an alert's private feed, null while it is closed. Whoever has one can read it."""

    alert: str
    rss: str | None
    atom: str | None
    # Not `json`, which is a method that pydantic still has.
    json_: str | None = Field(alias="json", serialization_alias="json")

    @classmethod
    def of(cls, row: AlertRow, settings: Settings) -> Self:
        """The shape of an alert's private feed."""
        base = private_address(settings, row.feed_token) if row.feed_token else None
        rss, atom, json = (None if base is None else f"{base}.{kind}" for kind in ("rss", "atom", "json"))
        return cls.model_validate({"alert": row.name, "rss": rss, "atom": atom, "json": json})
