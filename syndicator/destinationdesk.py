"""What people do with destinations, and with what could not be delivered to them: add, test, remove, replay.

Destinations that stand in config.toml are changed there: here they can be tested and switched on again.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from secrets import token_hex
from urllib.parse import urlsplit

from syndicator.addresses import Addresses, destination_settings
from syndicator.alertdesk import written
from syndicator.alerts import Answer, DeliveryState, Event, Message
from syndicator.config import DestinationKind, DestinationSettings, Settings, read_destination
from syndicator.errors import NotFoundError, SyndicatorError, UsageError
from syndicator.store import AttemptRow, DeliveryRow, DestinationDefinition, DestinationRow, Store

_MOST = 2**31  # deliveries of one listing: all of them


@dataclass(frozen=True, slots=True)
class Reached:
    """A destination as it stands. `where` says where it leads, without what is secret; `problem` why it can't be used.

    `trouble` is what the other side last said of what it did not take. `alerts` are the names of those that use it.
    """

    row: DestinationRow
    where: str
    problem: str | None
    trouble: str | None
    waiting: int
    delivered: int
    dead: int
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many dead deliveries are queued again; how many were left, by destination, since that is switched off."""

    queued: int
    left: Mapping[str, int]


class DestinationDesk:
    """The acts of people on destinations and deliveries. Each is one transaction."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def find(self, name: str) -> DestinationRow:
        """The destination of this name, in use. Raises NotFoundError."""
        row = self._store.destinations.get(name.strip().lower())
        if row is not None and not row.gone:
            return row
        near = get_close_matches(name, [row.name for row in self._store.destinations.all()], n=1)
        hint = f": did you mean {near[0]!r}?" if near else ". `syndicator destinations list` names them all."
        raise NotFoundError(f"No destination is called {name!r}{hint}")

    def all(self) -> list[Reached]:
        """Every destination as it stands, by name."""
        return [self.standing(row) for row in self._store.destinations.all()]

    def standing(self, row: DestinationRow) -> Reached:
        """A destination as it stands."""
        where, problem = "", None
        try:
            where = where_it_leads(destination_settings(row, self._settings))
        except SyndicatorError as error:
            problem = str(error)
        counts = self._store.ledger.counts(row.name)
        return Reached(
            row,
            where,
            problem,
            self._store.deliveries.last_trouble(row.name),
            counts.get(DeliveryState.PENDING, 0),
            counts.get(DeliveryState.DELIVERED, 0),
            counts.get(DeliveryState.DEAD, 0),
            self.users(row.name),
        )

    def users(self, name: str) -> tuple[str, ...]:
        """The names of the alerts that use a destination."""
        return tuple(row.name for row in self._store.alerts.all() if name in written(row).get("destinations", ()))

    def add(self, name: str, raw: Mapping[str, object]) -> DestinationRow:
        """Keep a new destination, in config.toml's spelling. Raises UsageError with everything that is wrong with it.

        A name that was used before keeps its ledger, and what was taken back since still reaches it.
        """
        store = self._store
        with store.transaction():
            definition = read_destination(name, raw, self._settings)
            in_config = {each.name for each in self._settings.destinations}
            old = store.destinations.get(definition.name)
            if definition.name in in_config or (old is not None and not old.gone):
                raise UsageError(f"There is a destination {definition.name!r} already: choose another name.")
            stored = json.dumps(definition.to_dict(), ensure_ascii=False)
            store.destinations.put(DestinationDefinition(definition.name, definition.kind, definition.owner, stored))
            if old is not None:
                store.destinations.switch_on(definition.name)
        return self.find(definition.name)

    def remove(self, name: str, now: datetime, *, force: bool = False) -> int:
        """Remove a destination; returns how many messages waited for it: they are dead now, and stay listed.

        Raises UsageError while alerts use it, unless `force`: then they are left with one destination less.
        """
        with self._store.transaction():
            row = self.find(name)
            if row.from_config:
                raise UsageError(
                    f"The destination {row.name!r} stands in {self._settings.path}: take it out there. "
                    f"What was sent to it stays listed."
                )
            users = self.users(row.name)
            if users and not force:
                raise UsageError(
                    f"{len(users)} alert{'s use' if len(users) > 1 else ' uses'} {row.name!r}: {', '.join(users)}. "
                    f"Give them another destination first (syndicator alerts edit NAME --to …), or remove it with "
                    f"--force."
                )
            why = "it was removed"
            self._store.destinations.remove(row.name, why, now)
            return self._store.deliveries.bury(row.name, why, now)

    def switch_on(self, name: str) -> DestinationRow:
        """Send there again, with its failures forgotten: what waits is tried at once, what is dead stays dead."""
        with self._store.transaction():
            row = self.find(name)
            self._store.destinations.switch_on(row.name)
        return self.find(row.name)

    async def test(self, name: str, addresses: Addresses, now: datetime) -> Answer:
        """Send a test through the destination's own channel, at once, and say what the other side answered."""
        row, site = self.find(name), self._settings.site
        message = Message(f"msg_test{token_hex(12)}", Event.TEST, now, site.title, site.url)
        return await addresses.send(row.name, message)

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
    ) -> Replayed:
        """Queue dead deliveries again: these, or all to a destination, of an alert (by id), or all there are.

        One that is named and is not dead is a mistake. Those to destinations that are switched off are left.
        """
        with self._store.transaction():
            if references:
                rows = [self._dead(reference) for reference in references]
            else:
                if destination is not None:
                    destination = self.find(destination).name
                rows = self._store.ledger.deliveries(
                    state=DeliveryState.DEAD, destination=destination, alert=alert, limit=_MOST
                )
            on = {row.name for row in self._store.destinations.all() if row.off is None}
            left: dict[str, int] = {}
            for row in rows:
                if row.destination not in on:
                    left[row.destination] = left.get(row.destination, 0) + 1
            numbers = sorted({row.n for row in rows if row.destination in on})
            return Replayed(self._store.deliveries.replay(numbers, now), left)

    def _dead(self, reference: str) -> DeliveryRow:
        row = self.delivery(reference)
        if row.state is not DeliveryState.DEAD:
            raise UsageError(f"{row.id} is {row.state}: only what is dead can be replayed.")
        return row


def where_it_leads(destination: DestinationSettings) -> str:
    """A destination's address as far as it is no secret: a mail address, a path, of the rest scheme and host only."""
    match destination.kind:
        case DestinationKind.EMAIL:
            return destination.to or ""
        case DestinationKind.FILE:
            return str(destination.path)
        case DestinationKind.CONSOLE:
            return "the service's terminal"
        case DestinationKind.APPRISE:
            # Behind the scheme, hosts too are tokens.
            return f"{(destination.url or '').partition('://')[0]}://…"
        case DestinationKind.WEBHOOK:
            parts = urlsplit(destination.url or "")
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}/…"
