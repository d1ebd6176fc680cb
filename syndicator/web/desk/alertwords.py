"""How an alert stands, in an editor's words: when it speaks, where it goes, and what keeps it from doing so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from syndicator.alertdesk import Standing
from syndicator.alerts import Alert, Every
from syndicator.alerts.schedule import WEEKDAYS
from syndicator.config.values import duration_text
from syndicator.errors import UsageError
from syndicator.store import AlertRow, DestinationRow, Lost, Store

MORNING = time(7)
# What somebody may choose, and how it is called.
MUTES = {"hour": "For an hour", "tomorrow": "Until tomorrow morning, 07:00", "week": "For a week"}


@dataclass(frozen=True, slots=True)
class Place:
    """A destination of an alert. `trouble` says in a few words what keeps messages from it; "" where it is well."""

    name: str
    kind: str
    trouble: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """Every destination by name, and by alert (id) and destination what was given up there since the last success."""

    known: Mapping[str, DestinationRow]
    lost: Mapping[tuple[str, str], Lost]

    @classmethod
    def of(cls, store: Store, alerts: Iterable[AlertRow]) -> Self:
        """How things stand for these alerts."""
        ids = [row.id for row in alerts]
        return cls({row.name: row for row in store.destinations.all()}, store.ledger.lost(ids))


def places(standing: Standing, ways: Ways) -> tuple[Place, ...]:
    """Where an alert goes, with the state of each; none where it can't be used."""
    names = standing.alert.destinations if standing.alert else ()
    return tuple(
        _place(name, ways.known.get(name), ways.lost.get((standing.row.id, name)), ended=name in standing.opted_out)
        for name in names
    )


def _place(name: str, row: DestinationRow | None, lost: Lost | None, *, ended: bool) -> Place:
    if row is None or row.gone:
        return Place(name, "", "is gone")
    if row.off is not None:
        return Place(name, row.kind, "is switched off", row.off)
    if ended:
        return Place(name, row.kind, "has ended this alert", "by the link in a message")
    if lost is not None:
        return Place(name, row.kind, f"is failing: {lost.words}", lost.said)
    if row.failing_since is not None:
        return Place(name, row.kind, "is failing", f"{row.failures} in a row did not get through")
    return Place(name, row.kind)


def troubles(standing: Standing, ways: Ways) -> tuple[str, ...]:
    """Why nobody may hear of an alert that is on, a few words each."""
    if standing.alert is None:
        return ("can't be used",)
    found = places(standing, ways)
    if not found:
        return ("no destination",)
    return tuple(f"{place.name} {place.trouble}" for place in found if place.trouble)


def muted_until(standing: Standing, now: datetime) -> datetime | None:
    """The end of a mute that lasts."""
    until = standing.alert.timing.muted_until if standing.alert else standing.row.muted_until
    return until if until is not None and until > now else None


def is_on(standing: Standing) -> bool:
    """Whether it looks for anything: one that can't be used does not."""
    return standing.alert is not None and standing.alert.enabled


def timing(alert: Alert) -> Iterator[str]:
    """When it speaks, a sentence each."""
    schedule, zone = alert.timing.schedule, alert.timing.zone
    at = f"{schedule.at:%H:%M}" if schedule.at else ""
    timed = bool(at) or alert.timing.quiet is not None
    match schedule.every:
        case Every.IMMEDIATE:
            yield "It tells at once."
        case Every.HOURLY:
            yield "It gathers, and tells once an hour."
        case Every.DAILY:
            yield f"It gathers, and tells every day at {at}."
        case Every.WEEKLY:
            yield f"It gathers, and tells every {WEEKDAYS[schedule.weekday or 0].capitalize()} at {at}."
    if quiet := alert.timing.quiet:
        yield f"It is quiet between {quiet.start:%H:%M} and {quiet.end:%H:%M}."
    if timed:
        yield f"That is by the clock of {zone.key}."
    if alert.timing.cooldown:
        yield f"Between two messages it waits {duration_text(alert.timing.cooldown)} at least."
    yield "It tells each story once." if alert.grouped else "It tells every article, each of a story too."


def mute_end(span: str, now: datetime, zone: ZoneInfo) -> datetime:
    """When a mute that somebody chose ends, by their own clock. Raises UsageError for none of MUTES."""
    match span:
        case "hour":
            return now + timedelta(hours=1)
        case "tomorrow":
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            return datetime.combine(tomorrow, MORNING, zone).astimezone(UTC)
        case "week":
            return now + timedelta(days=7)
    raise UsageError("Choose until when it is muted.")
