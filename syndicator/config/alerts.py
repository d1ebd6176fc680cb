"""[[alerts]] and [maintenance]: what is told, to whom and when; and who hears of our own trouble."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo

from syndicator.alerts.alert import Alert, Timing
from syndicator.alerts.quiet import QuietHours, parse_quiet_hours
from syndicator.alerts.schedule import IMMEDIATE, Schedule, parse_schedule
from syndicator.config.context import context_of, distinct, known_destination, known_source, known_topic
from syndicator.config.section import Section
from syndicator.config.values import (
    AlertQuery,
    DiskSize,
    Duration,
    Line,
    QuotedError,
    Sentence,
    Zone,
    duration,
    duration_text,
    moment,
    moment_text,
    zone_named,
)


def when(value: object) -> Schedule:
    """When an alert speaks: "immediate", "hourly", "daily at 07:30", "weekly mon 08:00"."""
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, str):
        raise ValueError('is not a schedule: write it in quotes, as "daily at 07:30"')  # noqa: TRY004 - see values.whole
    try:
        return parse_schedule(value)
    except ValueError as error:
        raise QuotedError(str(error)) from None


def quiet(value: object) -> QuietHours:
    """The hours in which an alert is silent: "22:00-07:00"."""
    if isinstance(value, QuietHours):
        return value
    if not isinstance(value, str):
        raise ValueError('is not a span of hours: write it in quotes, as "22:00-07:00"')  # noqa: TRY004 - see values.whole
    try:
        return parse_quiet_hours(value)
    except ValueError as error:
        raise QuotedError(str(error)) from None


def own_zone(value: object, info: ValidationInfo) -> object:
    """The zone that is written, or the site's."""
    return context_of(info).zone if value is None else zone_named(value)


def mute_end(value: object, info: ValidationInfo) -> datetime:
    """The end of a mute; without an offset it is local time in the alert's zone."""
    return moment(value, info.data.get("zone") or context_of(info).zone)


Topics = Annotated[tuple[Annotated[str, AfterValidator(known_topic)], ...], AfterValidator(distinct)]
Sources = Annotated[tuple[Annotated[str, AfterValidator(known_source)], ...], AfterValidator(distinct)]
Destinations = Annotated[tuple[Annotated[str, AfterValidator(known_destination)], ...], AfterValidator(distinct)]
When = Annotated[Schedule, PlainValidator(when)]
Quiet = Annotated[QuietHours, PlainValidator(quiet)]
Cooldown = Annotated[timedelta, Field(le=timedelta(days=7)), BeforeValidator(duration)]
MuteEnd = Annotated[datetime, BeforeValidator(mute_end)]


class AlertSettings(Section):
    """[[alerts]]: one alert as people write it; `as_alert` gives the record that works.

    `zone` is the site's where none is written. `mute_until` is in UTC. `cooldown` and `quiet_hours` are None for none.
    `shared`: at the desk everybody sees it, not its owner alone.
    """

    name: Line = Field(max_length=100)
    query: AlertQuery
    owner: Sentence = Field(default="", max_length=200)
    topics: Topics = ()
    sources: Sources = ()
    destinations: Destinations = ()
    schedule: When = IMMEDIATE
    zone: Annotated[Zone, BeforeValidator(own_zone)] = Field(default=None, validate_default=True)
    quiet_hours: Quiet | None = None
    cooldown: Cooldown | None = None
    mute_until: MuteEnd | None = None
    group_stories: bool = True
    shared: bool = True
    enabled: bool = True

    def as_alert(self, id_: str, *, from_config: bool, feed_token: str | None) -> Alert:
        """The record that matching and timing work with."""
        return Alert(
            id=id_,
            name=self.name,
            query=self.query,
            owner=self.owner,
            topics=self.topics,
            sources=self.sources,
            destinations=self.destinations,
            timing=Timing(
                schedule=self.schedule,
                zone=self.zone,
                quiet=self.quiet_hours,
                cooldown=self.cooldown or timedelta(),
                muted_until=self.mute_until,
            ),
            grouped=self.group_stories,
            enabled=self.enabled,
            from_config=from_config,
            feed_token=feed_token,
        )

    def to_dict(self) -> dict[str, object]:
        """The keys that differ from their defaults, as the file would have them; `read_alert` reads them back.

        Text, lists of text and booleans only. The zone is there only if it was written: without it the alert
        goes with the site.
        """
        written = {
            "name": self.name,
            "query": self.query,
            "owner": self.owner,
            "topics": list(self.topics),
            "sources": list(self.sources),
            "destinations": list(self.destinations),
            "schedule": str(self.schedule),
            "zone": self.zone.key,
            "quiet_hours": str(self.quiet_hours),
            "cooldown": duration_text(self.cooldown or timedelta()),
            "mute_until": moment_text(self.mute_until) if self.mute_until else None,
            "group_stories": self.group_stories,
            "shared": self.shared,
            "enabled": self.enabled,
        }
        fields = type(self).model_fields
        return {
            key: value
            for key, value in written.items()
            if key in self.model_fields_set and getattr(self, key) != fields[key].default
        }


class Maintenance(Section):
    """[maintenance]: who hears of our own trouble, and from when on it is trouble. `disk_free` in bytes."""

    destinations: Destinations = ()
    failing_after: Duration = timedelta(days=1)
    disk_free: DiskSize = 500_000_000
