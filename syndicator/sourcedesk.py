"""What people see of sources, and the one thing they may do with them: have one looked at now.

Sources stand in config.toml, and are changed there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from syndicator.config import Settings, Source
from syndicator.errors import ConflictError, NotFoundError
from syndicator.health import LOOKBACK, Health, health
from syndicator.model import SourceKind, SourceState
from syndicator.pace import at_once, held_back
from syndicator.store import Store
from syndicator.websub import Standing, Subscribed


class Condition(StrEnum):
    """How a source is, in one word."""

    WELL = "well"
    FAILING = "failing"
    REFUSED = "refused"
    QUIET = "quiet"
    GONE = "gone"
    NEW = "not looked at yet"
    OFF = "switched off"


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """A source as it stands. `trouble` says in a sentence what is wrong; `held_back` why it is not asked at once.

    `arrivals` are when its items came, from the day on that its backlog was taken in. Without a `state` the service has
    not begun with it, or it is switched off.
    """

    source: Source
    condition: Condition
    state: SourceState | None
    health: Health | None
    trouble: str | None
    held_back: str | None
    push: Subscribed | None
    arrivals: tuple[datetime, ...] = ()


class SourceDesk:
    """How sources stand, and the act on one, in one transaction with the note of who did it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def all(self, now: datetime, zone: ZoneInfo) -> list[SourceStanding]:
        """Every source in the order of config.toml; times in sentences are by the clock of `zone`."""
        states = {state.name: state for state in self._store.sources.all()}
        pushes = pushes_of(self._store.subscriptions.all())
        return [
            self._standing(source, states.get(source.name), pushes.get(source.name), now, zone)
            for source in self._settings.sources
        ]

    def poll_now(self, name: str, now: datetime, zone: ZoneInfo, *, by: str) -> Source:
        """Have the worker look at a source with its next tick. Raises NotFoundError, ConflictError with the reason."""
        source = self._settings.source(name)
        with self._store.transaction():
            state = self._store.sources.state(source.name)
            if state is None:
                raise NotFoundError(f"{source.name} is not in use.")
            why = _held_back(source, state, now, zone)
            if why is not None:
                raise ConflictError(f"{source.title} is not asked now. {why}")
            self._store.sources.heard(at_once(state, now))
            self._store.audit.note(now, by, "asked to look now", f"source {source.name}")
        return source

    def _standing(
        self, source: Source, state: SourceState | None, push: Subscribed | None, now: datetime, zone: ZoneInfo
    ) -> SourceStanding:
        if state is None:
            condition = Condition.NEW if source.enabled else Condition.OFF
            return SourceStanding(source, condition, None, None, None, None, None)
        arrivals = self._store.sources.arrivals(source.name, now - LOOKBACK)
        judged = health(state, arrivals, now)
        condition, trouble = judge(state, judged)
        since = state.first_success or now
        since_then = tuple(each for each in arrivals if each > since)
        return SourceStanding(
            source, condition, state, judged, trouble, _held_back(source, state, now, zone), push, since_then
        )


def judge(state: SourceState, judged: Health) -> tuple[Condition, str | None]:
    """How a source is, and what is wrong with it, a sentence."""
    if judged.gone:
        return Condition.GONE, "The server says that it will not come back (410). Take it out of config.toml."
    if judged.failures:
        times = "once" if judged.failures == 1 else f"{judged.failures} times in a row"
        return Condition.FAILING, f"Failed {times}: {judged.error}"
    if judged.error:
        return Condition.REFUSED, f"A file was refused: {judged.error}"
    if state.last_attempt is None:
        return Condition.NEW, None
    return (Condition.QUIET, f"Strangely quiet: {judged.quiet}") if judged.quiet else (Condition.WELL, None)


def pushes_of(subscriptions: Iterable[Subscribed]) -> dict[str, Subscribed]:
    """For each source the subscription that matters: the one that works, else the newest that should."""
    found: dict[str, Subscribed] = {}
    for it in sorted(subscriptions, key=lambda it: (it.standing is Standing.ACTIVE, it.since)):
        if it.standing is not Standing.ENDING:
            found[it.source] = it
    return found


def _held_back(source: Source, state: SourceState, now: datetime, zone: ZoneInfo) -> str | None:
    if source.kind is SourceKind.FOLDER:
        return "A folder is looked into all the time."
    return held_back(state, now, zone)
