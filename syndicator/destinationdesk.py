"""What people do with destinations: add, change, test, switch on, remove.

Destinations that stand in config.toml are changed there: here they can be tested and switched on again.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from secrets import token_hex
from urllib.parse import urlsplit

from syndicator.addresses import Addresses, destination_settings, where_it_leads
from syndicator.alertdesk import written
from syndicator.alerts import Answer, DeliveryState, Event, Message, Verdict
from syndicator.config import DestinationSettings, Settings, read_destination
from syndicator.errors import ConflictError, DefinitionError, NotFoundError, SyndicatorError, UsageError
from syndicator.network import is_allowed
from syndicator.people import COMMAND
from syndicator.store import DestinationDefinition, DestinationRow, Lost, Store

# Whoever waits for the answer to a test at a page waits no longer than this, and nobody longer to have it noted.
TEST_S = 15.0
# What makes a destination another place, each for one or two kinds.
_ADDRESS = ("to", "url", "path")


@dataclass(frozen=True, slots=True)
class Reached:
    """A destination as it stands. `where` says where it leads, without what is secret; `problem` why it can't be used.

    `trouble` is what the other side last said of what it did not take. `lost` are the newest messages, where they were
    given up one after the other. `alerts` are the names of those that use it.
    """

    row: DestinationRow
    where: str
    problem: str | None
    trouble: str | None
    waiting: int
    delivered: int
    dead: int
    lost: Lost | None
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """A destination after a change. `moved`: it leads elsewhere now. `both_sign`: its previous secret signs as well.

    `ended` are the names of alerts that somebody ended at its old address, by the link in a mail: they stay ended.
    """

    row: DestinationRow
    moved: bool = False
    both_sign: bool = False
    ended: tuple[str, ...] = ()


class DestinationDesk:
    """The acts of people on destinations. Each is one transaction, with the note of who did it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def find(self, name: str) -> DestinationRow:
        """The destination of this name, in use. Raises NotFoundError."""
        row = self._store.destinations.get(name.strip().lower())
        if row is not None and not row.gone:
            return row
        known = [row.name for row in self._store.destinations.all()]
        raise NotFoundError.among(f"No destination is called {name!r}", name, known, "destinations list")

    def all(self) -> list[Reached]:
        """Every destination as it stands, by name."""
        lost = self._store.ledger.lost_at()
        return [self._standing(row, lost.get(row.name)) for row in self._store.destinations.all()]

    def standing(self, row: DestinationRow) -> Reached:
        """A destination as it stands."""
        return self._standing(row, self._store.ledger.lost_at(row.name).get(row.name))

    def _standing(self, row: DestinationRow, lost: Lost | None) -> Reached:
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
            self._store.deliveries.last_trouble(row.name) or (lost.said if lost else None),
            counts.get(DeliveryState.PENDING, 0),
            counts.get(DeliveryState.DELIVERED, 0),
            counts.get(DeliveryState.DEAD, 0),
            lost,
            self.users(row.name),
        )

    def users(self, name: str) -> tuple[str, ...]:
        """The names of the alerts that use a destination."""
        return tuple(row.name for row in self._store.alerts.all() if name in written(row).get("destinations", ()))

    async def check(self, name: str, raw: Mapping[str, object], addresses: Addresses) -> None:
        """Whether a destination can be used that is written so: nothing is sent or kept. Raises UsageError."""
        try:
            await addresses.check(self._read(name, raw))
        except ValueError as error:
            raise _mistake("url", f"can't be used: {error}") from None

    def add(self, name: str, raw: Mapping[str, object], now: datetime, *, by: str = COMMAND) -> DestinationRow:
        """Keep a new destination, in config.toml's spelling. Raises UsageError with everything that is wrong with it.

        A name that was used before keeps its ledger, and what was taken back since still reaches it.
        """
        store = self._store
        with store.transaction():
            definition = self._read(name, raw)
            in_config = {each.name for each in self._settings.destinations}
            old = store.destinations.get(definition.name)
            if definition.name in in_config or (old is not None and not old.gone):
                raise ConflictError(f"There is a destination {definition.name!r} already: choose another name.")
            stored = json.dumps(definition.to_dict(), ensure_ascii=False)
            store.destinations.put(DestinationDefinition(definition.name, definition.kind, definition.owner, stored))
            if old is not None:
                store.destinations.switch_on(definition.name)
            self._note(now, by, "added", definition.name, definition.kind)
        return self.find(definition.name)

    def edit(self, name: str, changes: Mapping[str, object], now: datetime, *, by: str = COMMAND) -> Edited:
        """Change keys of a destination that was added by hand; None takes a key back to its default.

        A secret that is changed goes on signing beside the new one, as `previous_secret`, until that is taken back. At
        a new address everything that waits is tried at once, as if for the first time. One that is switched off stays
        so. Raises UsageError with everything that is wrong with the change.
        """
        store = self._store
        with store.transaction():
            row = self.find(name)
            if row.from_config:
                raise ConflictError(f"The destination {row.name!r} stands in {self._settings.path}: change it there.")
            old = json.loads(row.definition)
            changed = old | _checked(row, old, changes)
            raw = {key: value for key, value in changed.items() if value is not None}
            new = self._read(row.name, raw) if "url" in changes else read_destination(row.name, raw, self._settings)
            kept = new.to_dict()
            stored = json.dumps(kept, ensure_ascii=False)
            store.destinations.put(DestinationDefinition(row.name, row.kind, new.owner, stored))
            moved = any(kept.get(key) != old.get(key) for key in _ADDRESS)
            if moved:
                store.destinations.forget_failures(row.name)
                store.deliveries.start_over(row.name, now)
            ended = self._ended_at(row.name) if moved else ()
            # What a key is now may be a secret: the log has the keys alone.
            keys = sorted(key for key in kept.keys() | old.keys() if kept.get(key) != old.get(key))
            if keys:
                self._note(now, by, "changed", row.name, ", ".join(keys))
        return Edited(self.find(row.name), moved, new.previous_secret is not None, ended)

    def _read(self, name: str, raw: Mapping[str, object]) -> DestinationSettings:
        """A destination that is written so. Raises UsageError, also for an address that we may not connect to.

        A host's name may lead elsewhere by the time of the connection, and is judged then.
        """
        definition = read_destination(name, raw, self._settings)
        host = urlsplit(definition.url or "").hostname or ""
        if _is_address(host) and not is_allowed(host, self._settings.network.allow_private):
            raise _mistake("url", f"leads to {host}, which is not public: name its network in [network] first")
        return definition

    def _ended_at(self, name: str) -> tuple[str, ...]:
        """The names of the alerts that use a destination, and were ended there."""
        rows = [row for row in self._store.alerts.all() if name in self._store.alerts.opted_out(row.id)]
        return tuple(row.name for row in rows if name in written(row).get("destinations", ()))

    def remove(self, name: str, now: datetime, *, force: bool = False, by: str = COMMAND) -> int:
        """Remove a destination; returns how many messages waited for it: they are dead now, and stay listed.

        Raises UsageError while alerts use it, unless `force`: then they are left with one destination less.
        """
        with self._store.transaction():
            row = self.find(name)
            if row.from_config:
                raise ConflictError(
                    f"The destination {row.name!r} stands in {self._settings.path}: take it out there. "
                    f"What was sent to it stays listed."
                )
            users = self.users(row.name)
            if users and not force:
                raise ConflictError(
                    f"{len(users)} alert{'s use' if len(users) > 1 else ' uses'} {row.name!r}: {', '.join(users)}. "
                    f"Give them another destination first (syndicator alerts edit NAME --to …), or remove it with "
                    f"--force."
                )
            why = "it was removed"
            self._store.destinations.remove(row.name, why, now)
            self._note(now, by, "removed", row.name)
            return self._store.deliveries.bury(row.name, why, now)

    def switch_on(self, name: str, now: datetime, *, by: str = COMMAND) -> DestinationRow:
        """Send there again, with its failures forgotten: what waits is tried at once, what is dead stays dead."""
        with self._store.transaction():
            row = self.find(name)
            self._store.destinations.switch_on(row.name)
            self._store.deliveries.start_over(row.name, now)
            self._note(now, by, "switched on", row.name)
        return self.find(row.name)

    async def test(
        self, name: str, addresses: Addresses, now: datetime, *, by: str = COMMAND, seconds: float | None = None
    ) -> Answer:
        """Send a test through the destination's own channel, at once, and say what the other side answered.

        Who takes longer than so many `seconds` has not taken it.
        """
        row, site = self.find(name), self._settings.site
        message = Message(f"msg_test{token_hex(12)}", Event.TEST, now, site.title, site.url)
        try:
            async with asyncio.timeout(seconds):
                answer = await addresses.send(row.name, message)
        except TimeoutError:
            answer = Answer(Verdict.TEMPORARY, f"no answer within {seconds:.0f} seconds", answered=False)
        await self._store.turn(seconds=TEST_S)
        with self._store.transaction():
            taken = answer.verdict is Verdict.DELIVERED
            self._note(now, by, "tested", row.name, "taken" if taken else "not taken")
        return answer

    def _note(self, now: datetime, by: str, act: str, name: str, detail: str = "") -> None:
        self._store.audit.note(now, by, act, f"destination {name}", detail)


def _mistake(key: str, sentence: str) -> DefinitionError:
    return DefinitionError([f"{key} {sentence}"], [(key, sentence)])


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _checked(row: DestinationRow, old: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The changes, with what follows from them for the previous secret. Raises UsageError for those that can't be."""
    # Every kind needs what it takes, so what the destination has not belongs to other kinds.
    alien = [key for key in (*_ADDRESS, "secret", "previous_secret") if key in changes and key not in old]
    if alien == ["previous_secret"] and "secret" in old:
        alien = []
        if changes["previous_secret"] is None and "secret" not in changes:
            raise UsageError(f"{row.name!r} signs with one secret only: there is no previous one to drop.")
    if alien or changes.get("kind", row.kind) != row.kind:
        lacking = f", which has no {' and no '.join(alien)}" if alien else ""
        raise UsageError(
            f"{row.name!r} is of kind {row.kind}{lacking}. The kind of a destination can't be changed: add another "
            f"(syndicator destinations add NAME --kind …)."
        )
    secret = changes.get("secret", old.get("secret"))
    if secret == old.get("secret") or "previous_secret" in changes:
        return dict(changes)
    if "previous_secret" in old:
        raise UsageError(
            f"{row.name!r} has a previous secret still, from its last change. Once the receiver has the newer one: "
            f"syndicator destinations edit {row.name} --drop-previous. With both options at once, neither of the old "
            f"ones signs any more."
        )
    return {**changes, "previous_secret": old["secret"]}
