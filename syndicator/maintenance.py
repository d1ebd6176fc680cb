"""Our own troubles, told to staff through the same outbox as everything else: never as feed items."""

import logging
import shutil
from datetime import datetime

from syndicator.alerts import (
    DestinationCondition,
    Disk,
    Event,
    Limits,
    SourceCondition,
    changes,
    notices,
    troubles,
)
from syndicator.config import Settings
from syndicator.health import LOOKBACK, health
from syndicator.model import SourceState
from syndicator.store import DestinationRow, Queued, Store

log = logging.getLogger(__name__)


class Maintenance:
    """Looks after sources, destinations and the disk, and queues what staff have to know."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def check(self, now: datetime) -> int:
        """Queue a message for each trouble that began or ended; returns how many deliveries were queued.

        What nobody is there to be told of stands in the log at least.
        """
        settings, store = self._settings, self._store
        zone = settings.site.zone
        limits = Limits(settings.maintenance.failing_after, settings.maintenance.disk_free)
        unheard: list[tuple[str, ...]] = []
        with store.transaction():
            present = troubles(
                sources=[self._source(state, now) for state in store.sources.all()],
                destinations=[self._destination(row) for row in store.destinations.all()],
                disk=self._disk(),
                limits=limits,
                now=now,
                zone=zone,
            )
            found = changes(store.troubles.told(), present, now, zone)
            store.troubles.remember(found.told)
            queued = 0
            for number, notice in enumerate(notices(found)):
                key = f"maintenance:{int(now.timestamp())}:{number}:{notice.lines[0]}"
                message = Queued(key, Event.MAINTENANCE, None, lines=notice.lines)
                readers = store.outbox.queue(message, self._readers(notice.owner), now)
                queued += readers
                if not readers:
                    unheard.append(notice.lines)
        for lines in unheard:
            log.warning("nobody is there to be told: %s", " | ".join(lines))
        return queued

    def _source(self, state: SourceState, now: datetime) -> SourceCondition:
        arrivals = self._store.sources.arrivals(state.name, now - LOOKBACK)
        return SourceCondition(state.name, health(state, arrivals, now), state.failing_since)

    def _destination(self, row: DestinationRow) -> DestinationCondition:
        return DestinationCondition(
            name=row.name,
            owner=row.owner,
            failing_since=min(filter(None, (row.failing_since, row.refusing_since)), default=None),
            error=self._store.deliveries.last_trouble(row.name),
            off_because=row.off,
            off_since=row.off_since,
        )

    def _disk(self) -> Disk | None:
        try:
            usage = shutil.disk_usage(self._store.path.parent)
        except OSError:
            return None
        return Disk(usage.free, usage.total)

    def _readers(self, owner: str) -> list[str]:
        """Staff, and whatever else the owner can be reached by."""
        own = [row.name for row in self._store.destinations.all() if owner and row.owner == owner and row.off is None]
        return list(dict.fromkeys([*self._settings.maintenance.destinations, *own]))
