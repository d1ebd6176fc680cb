"""An alert as it works: a saved query with destinations, and when it may speak."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syndicator.alerts.quiet import QuietHours
from syndicator.alerts.schedule import IMMEDIATE, Schedule

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Timing:
    """When an alert may speak.

    `cooldown` is the least time between two messages; zero for none. Quiet hours and schedule are local times in
    `zone`. Matches of a muted alert wait for the end of the mute, like those of quiet hours.
    """

    schedule: Schedule = IMMEDIATE
    zone: ZoneInfo = UTC
    quiet: QuietHours | None = None
    cooldown: timedelta = timedelta()
    muted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `topics` and `sources` narrow the query to articles under one of them; empty: all.

    `destinations` are names. `grouped`: it speaks once a story. `from_config`: it stands in config.toml and is changed
    there only. `feed_token` opens its private feed; None where that was revoked.
    """

    id: str
    name: str
    query: str
    owner: str = ""
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    timing: Timing = Timing()
    grouped: bool = True
    enabled: bool = True
    from_config: bool = False
    feed_token: str | None = None
