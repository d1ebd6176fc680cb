"""What people do with what could not be delivered: look at it, and send it again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndicator.alerts import DeliveryState
from syndicator.config import Settings
from syndicator.destinationdesk import DestinationDesk
from syndicator.errors import ConflictError, NotFoundError
from syndicator.people import COMMAND
from syndicator.store import AttemptRow, DeliveryRow, Store

_MOST = 2**31  # deliveries of one listing: all of them


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many dead deliveries are queued again; how many were left, by destination, since that is switched off."""

    queued: int
    left: Mapping[str, int]


class DeliveryDesk:
    """The acts of people on deliveries. Each is one transaction, with the note of who did it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._store = store
        self._destinations = DestinationDesk(settings, store)

    def delivery(self, reference: str) -> DeliveryRow:
        """The one delivery meant by an id, or by eight or more of its first characters. Raises NotFoundError."""
        found = self._store.ledger.find(reference)
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(f"No delivery {reference!r}: give its id, or eight or more of its first characters.")
        listed = ", ".join(row.id for row in found)
        raise NotFoundError(f"{reference!r} could be any of these; give more of the id: {listed}")

    def attempts(self, row: DeliveryRow) -> list[AttemptRow]:
        """Every attempt at a delivery, oldest first."""
        return self._store.ledger.attempts(row.n)

    def replay(
        self,
        now: datetime,
        *,
        references: Collection[str] = (),
        destination: str | None = None,
        alert: str | None = None,
        by: str = COMMAND,
    ) -> Replayed:
        """Queue dead deliveries again: these, or all to a destination, of an alert (by id), or all there are.

        One that is named and is not dead is a mistake. Those to destinations that are switched off are left. Those that
        are named have a line each in the audit log, all others one together.
        """
        with self._store.transaction():
            if references:
                rows = [self._dead(reference) for reference in references]
            else:
                if destination is not None:
                    destination = self._destinations.find(destination).name
                rows = self._store.ledger.deliveries(
                    state=DeliveryState.DEAD, destination=destination, alert=alert, limit=_MOST
                )
            on = {row.name for row in self._store.destinations.all() if row.off is None}
            left: dict[str, int] = {}
            for row in rows:
                if row.destination not in on:
                    left[row.destination] = left.get(row.destination, 0) + 1
            again = {row.n: row for row in rows if row.destination in on}
            queued = self._store.deliveries.replay(sorted(again), now)
            if references:
                for row in again.values():
                    thing = f"delivery {row.id}"
                    self._store.audit.note(now, by, "delivery sent again", thing, f"to {row.destination}")
            elif queued:
                thing = f"alert {alert}" if alert else f"destination {destination}" if destination else "deliveries"
                said = f"{queued} to {destination}" if destination else str(queued)
                self._store.audit.note(now, by, "deliveries sent again", thing, said)
            return Replayed(queued, left)

    def _dead(self, reference: str) -> DeliveryRow:
        row = self.delivery(reference)
        if row.state is not DeliveryState.DEAD:
            raise ConflictError(f"{row.id} is {row.state}: only what is dead can be replayed.")
        return row
