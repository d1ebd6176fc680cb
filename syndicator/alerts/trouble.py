"""Trouble of our own, told to staff: a source that fails or is strangely quiet, a dead destination, a full disk.

Whether it is news is for `notices` to say. So that nothing is told and taken back by turns, trouble that is no longer
bad enough to be told and not yet well enough to be over *lingers*: a source that fails again, until it has failed for
long; the disk, until a quarter more than the limit is free; a lesser trouble that a worse one of the same thing hides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from syndicator.health import Health

_ENOUGH = 1.25  # times the limit: so much must be free until the disk is well again
_LONGEST = 200  # characters of what others said
_GIGABYTE = 10**9


@dataclass(frozen=True, slots=True)
class Limits:
    """[maintenance]: how long a source or destination may fail, and how many bytes of disk must be free."""

    failing_after: timedelta
    disk_free: int


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """A source's health. `failing_since` is the first failure of the present run of failures, None while it is well."""

    name: str
    health: Health
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DestinationCondition:
    """How deliveries to a destination go.

    `failing_since` is the first failure since the last success, `error` what the other side said last, in one line
    without secrets. `off_because` is why it was switched off by us, None while it is on; one that people switched off
    is no trouble, and is not given here. `owner` is who is told, "" for staff.
    """

    name: str
    owner: str = ""
    failing_since: datetime | None = None
    error: str | None = None
    off_because: str | None = None
    off_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that the database is on, in bytes."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `key` names it for as long as it lasts: "disk", "source-failing:BBC".

    The first of `lines` is a subject, then comes what is wrong, since when, and what to do. `owner` is who is told, ""
    for staff. `lingering`: not bad enough to be told, not well enough to be over; it may have no lines.
    """

    key: str
    lines: tuple[str, ...]
    owner: str = ""
    lingering: bool = False


def troubles(
    *,
    sources: Iterable[SourceCondition],
    destinations: Iterable[DestinationCondition],
    disk: Disk | None,
    limits: Limits,
    now: datetime,
    zone: tzinfo = UTC,
) -> tuple[Trouble, ...]:
    """What is wrong at present, one of each key. The lines give times in `zone`. `disk`: None where it is unknown."""
    clock = Clock(now, zone)
    found: dict[str, Trouble] = {}
    for source in sources:
        for trouble in _of_source(source, limits, clock):
            found.setdefault(trouble.key, trouble)
    for destination in destinations:
        for trouble in _of_destination(destination, limits, clock):
            found.setdefault(trouble.key, trouble)
    if disk is not None:
        for trouble in _of_disk(disk, limits):
            found.setdefault(trouble.key, trouble)
    return tuple(found.values())


class Clock:
    """Says moments as people write them."""

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self.now = now
        self._zone = zone

    def at(self, moment: datetime) -> str:
        """As in "2026-11-22 09:00 GMT"."""
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M %Z}"

    def since(self, moment: datetime) -> str:
        """As in "since 2026-11-22 09:00 GMT (26 hours)"."""
        return f"since {self.at(moment)} ({_span(self.now - moment)})"


def _of_source(source: SourceCondition, limits: Limits, clock: Clock) -> Iterator[Trouble]:
    name, health, since = _clean(source.name), source.health, source.failing_since
    gone, failing, quiet = (f"source-{kind}:{source.name}" for kind in ("gone", "failing", "quiet"))
    if health.gone:
        yield Trouble(
            gone,
            (
                f"Source gone: {name}",
                "It answered that it is gone for good (410), and is no longer asked.",
                "Look for its new address, or take it out of config.toml.",
            ),
        )
        yield _hidden(failing)
        yield _hidden(quiet)
    elif since is not None:
        last = "never" if health.last_success is None else clock.at(health.last_success)
        yield Trouble(
            failing,
            (
                f"Source fails: {name}",
                f"It has failed {clock.since(since)}, {_times(health.failures)}; it last answered: {last}.",
                f"The last failure: {_clean(health.error or 'unknown')}",
                "It is asked again by itself. If its address changed, set the new one in config.toml.",
            ),
            lingering=clock.now - since < limits.failing_after,
        )
        yield _hidden(quiet)
    elif health.quiet is not None:
        yield Trouble(
            quiet,
            (
                f"Source strangely quiet: {name}",
                f"It answers, but: {_clean(health.quiet)}.",
                "Look at its web page: it may have moved its feed.",
            ),
        )


def _of_destination(destination: DestinationCondition, limits: Limits, clock: Clock) -> Iterator[Trouble]:
    name, since, owner = _clean(destination.name), destination.failing_since, destination.owner
    off, failing = (f"destination-{kind}:{destination.name}" for kind in ("off", "failing"))
    if destination.off_because is not None:
        when = "" if destination.off_since is None else f" {clock.since(destination.off_since)}"
        yield Trouble(
            off,
            (
                f"Destination switched off: {name}",
                f"Nothing is sent to it{when}: {_clean(destination.off_because)}",
                f"Mend it and try it with: syndicator destinations test {name}",
                "What it did not get is kept: syndicator deliveries list",
            ),
            owner,
        )
        yield _hidden(failing, owner)
    elif since is not None:
        yield Trouble(
            failing,
            (
                f"Destination fails: {name}",
                f"Nothing could be delivered to it {clock.since(since)}.",
                f"The last answer: {_clean(destination.error or 'none')}",
                f"Deliveries wait and are tried again. Try it with: syndicator destinations test {name}",
            ),
            owner,
            lingering=clock.now - since < limits.failing_after,
        )


def _hidden(key: str, owner: str = "") -> Trouble:
    """A lesser trouble behind a worse one: whether it is over can't be seen."""
    return Trouble(key, (), owner, lingering=True)


def _of_disk(disk: Disk, limits: Limits) -> Iterator[Trouble]:
    if disk.free >= limits.disk_free * _ENOUGH:
        return
    share = f" ({disk.free / disk.total:.0%})" if disk.total > 0 else ""
    yield Trouble(
        "disk",
        (
            "Disk nearly full",
            f"{_size(disk.free)} of {_size(disk.total)} are free{share}; {_size(limits.disk_free)} should be.",
            "When it is full nothing new is taken in. Make room, or lower schedule.retention in config.toml.",
        ),
        lingering=disk.free >= limits.disk_free,
    )


def _clean(said: str) -> str:
    """What others said, on one line and not too long."""
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in said[: 4 * _LONGEST]).split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _span(span: timedelta) -> str:
    for unit, name in ((timedelta(days=1), "days"), (timedelta(hours=1), "hours"), (timedelta(minutes=1), "minutes")):
        if span >= 2 * unit:
            return f"{span // unit} {name}"
    return "a minute" if span >= timedelta(minutes=1) else "just now"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= _GIGABYTE else f"{count / 1e6:.0f} MB"
