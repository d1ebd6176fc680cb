"""What of our troubles is news, and the messages that tell it: once when a trouble begins, once when it is over.

A trouble is over when it has stayed away for SETTLED. One success among failures ends nothing, and so repeats nothing:
until staff are told otherwise, what they were told last still holds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from syndicator.alerts.trouble import Clock, Trouble

SETTLED = timedelta(hours=6)

_MOST_TOGETHER = 20  # troubles written out in one notice, and four times as many by name


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble that was told, as it is remembered until it is over: when, and since when it has been away."""

    key: str
    subject: str
    owner: str
    at: datetime
    away_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is news: troubles that began, and those that are over. `told` is to be remembered in place of what was."""

    raised: tuple[Trouble, ...]
    cleared: tuple[Trouble, ...]
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One maintenance message to one owner; the first line is its subject."""

    owner: str
    lines: tuple[str, ...]


def changes(told: Iterable[Told], present: Iterable[Trouble], now: datetime, zone: tzinfo = UTC) -> Changes:
    """What of the present troubles was not told yet, and which of those told are over.

    A trouble that is over has been away for SETTLED without a break; a clock that was set back begins that anew.
    """
    clock = Clock(now, zone)
    here = {trouble.key: trouble for trouble in present}
    kept: list[Told] = []
    cleared: list[Trouble] = []
    for known in told:
        if known.key in here:
            kept.append(replace(known, away_since=None))
        elif known.away_since is None or known.away_since > now:
            kept.append(replace(known, away_since=now))
        elif now - known.away_since < SETTLED:
            kept.append(known)
        else:
            cleared.append(_over(known, known.away_since, clock))
    known_keys = {known.key for known in kept}
    raised = [trouble for trouble in here.values() if not trouble.lingering and trouble.key not in known_keys]
    kept += [Told(trouble.key, trouble.lines[0], trouble.owner, now) for trouble in raised]
    return Changes(tuple(raised), tuple(cleared), tuple(kept))


def notices(found: Changes) -> tuple[Notice, ...]:
    """The messages to send: to each owner one for all that began and one for all that is over.

    When our own line is down every source fails at once: that is one message, not a thousand.
    """
    return tuple(
        notice
        for among, noun in ((found.raised, "troubles"), (found.cleared, "troubles are over"))
        for notice in _together(among, noun)
    )


def _together(among: Iterable[Trouble], noun: str) -> Iterator[Notice]:
    by_owner: dict[str, list[Trouble]] = {}
    for trouble in among:
        by_owner.setdefault(trouble.owner, []).append(trouble)
    for owner, its in by_owner.items():
        if len(its) == 1:
            yield Notice(owner, its[0].lines)
            continue
        lines = [f"{len(its)} {noun}"]
        for trouble in its[:_MOST_TOGETHER]:
            lines += ["", *trouble.lines]
        if len(its) > _MOST_TOGETHER:
            lines += ["", f"And {len(its) - _MOST_TOGETHER} more, among them:"]
            lines += [trouble.lines[0] for trouble in its[_MOST_TOGETHER : 5 * _MOST_TOGETHER]]
        yield Notice(owner, tuple(lines))


def _over(known: Told, since: datetime, clock: Clock) -> Trouble:
    lines = (f"Over: {known.subject}", f"Told {clock.at(known.at)}, not seen {clock.since(since)}.")
    return Trouble(known.key, lines, known.owner)
