"""How alerts and deliveries are told to people, in a few words. `shapes` tells programs."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Annotated, Any

import typer

from syndicator.alertdesk import AlertDesk, Standing
from syndicator.alerts import Alert
from syndicator.alerts.wording import why as matched
from syndicator.cli.output import at, short
from syndicator.cli.session import Newsroom
from syndicator.errors import UsageError
from syndicator.model import Reason
from syndicator.store import AlertRow
from syndicator.watch import alert_of

Reference = Annotated[
    str, typer.Argument(help="Its name, or four or more of its id's first characters.", metavar="NAME")
]


def desk_of(room: Newsroom) -> AlertDesk:
    """The alert desk of a newsroom."""
    return AlertDesk(room.settings, room.store, room.pipeline.alerting)


def zone_of(room: Newsroom, alert: Alert | None) -> tzinfo:
    """The zone in which an alert's times are told."""
    return alert.timing.zone if alert else room.settings.site.zone


def zone_of_row(room: Newsroom, row: AlertRow) -> tzinfo:
    """The same of a stored alert, whether it can be used or not."""
    try:
        return alert_of(row, room.settings).timing.zone
    except UsageError:
        return room.settings.site.zone


def words(reasons: tuple[Reason, ...]) -> str:
    """The words that matched, as messages name them."""
    return matched(reasons) or "what it is, not on any word"


def short_id(id_: str) -> str:
    """As much of an article's id as a person needs to name it."""
    return id_.removeprefix("urn:uuid:")[:8]


def destinations_of(room: Newsroom, keys: Mapping[str, Any]) -> str:
    """The destinations, with those that are switched off or gone marked."""
    said = []
    for name in keys.get("destinations", ()):
        row = room.store.destinations.get(name)
        said.append(f"{name} (gone)" if row is None or row.gone else f"{name} (off)" if row.off is not None else name)
    return ", ".join(said) or "–"


def state_of(room: Newsroom, standing: Standing, now: datetime) -> str:
    """How an alert does, in a few words."""
    alert = standing.alert
    if alert is None:
        return f"can't be used: {short(standing.problem or '', 60)}"
    zone = zone_of(room, alert)
    said = [] if alert.enabled else ["off"]
    muted = alert.timing.muted_until
    if muted is not None and muted > now:
        said.append(f"muted until {at(muted, zone)}")
    if standing.waiting:
        due = standing.row.due
        until = f" until {at(due, zone)}" if due is not None and due > now and due != muted else ""
        said.append(f"{standing.waiting} {'waits' if standing.waiting == 1 else 'wait'}{until}")
    return ", ".join(said) or "on"


def unheard(room: Newsroom, standing: Standing) -> list[str]:
    """Why nobody may hear of it."""
    if standing.alert is None:
        return []
    name = standing.row.name
    lines = [] if standing.alert.enabled else [f"It is off: syndicator alerts edit {name!r} --enable"]
    if not standing.alert.destinations:
        lines.append(f"It has no destination; what it finds is in its private feed: syndicator alerts feed {name!r}")
    for each in standing.alert.destinations:
        row = room.store.destinations.get(each)
        if row is None or row.gone:
            lines.append(f"Its destination {each} is gone: syndicator destinations list")
        elif row.off is not None:
            lines.append(f"Its destination {each} is switched off: {row.off}")
        elif each in standing.opted_out:
            lines.append(f"Its destination {each} has ended this alert by the link in a message.")
    return lines
