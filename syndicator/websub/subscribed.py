"""One subscription of ours at a hub, and what each event makes of it. Pure; times in UTC.

    WANTED ──asked──► ASKED ──verified──► ACTIVE ──renewed in time──► ACTIVE
      ▲                 │                    │ the lease ends, or the hub denies
      └── backoff ◄─────┴── refused ► REFUSED┘            no longer wanted ► ENDING ► gone

The hub alone says that a subscription stands (W3C WebSub §5.3), and only what it pushes says that it works.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

LEASE = timedelta(days=10)
"""What we ask for. Google's hub gives no more."""

LONGEST_LEASE = timedelta(days=14)
"""What we believe: so even a hub that promises a year is asked again whether it still knows us."""

_SHORTEST_LEASE = timedelta(minutes=1)
_RENEWED_AFTER = 0.5  # of the lease; a tenth of it more at random, so that renewals do not come in crowds
# After each try that came to nothing. The last one stays: a hub that is down for days finds us there afterwards.
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 120, 360, 1440))
_REFUSED_WAITS = tuple(timedelta(days=days) for days in (1, 2, 4, 7))
LONGEST_WAIT = max(*_WAITS, *_REFUSED_WAITS, LONGEST_LEASE) * 1.25
"""No subscription can be due later than this, unless the clock was set back."""

_MOST_GOODBYES = 5
_LOST_AFTER = 3  # tries at a hub without its confirmation, from which on the next hub is tried as well
_SLOWER = timedelta(minutes=10)  # what a poll finds first may still be pushed within this
_PROOF = 3  # pushes in a row that a hub owes us after it has lost one
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Standing(StrEnum):
    """How a subscription stands."""

    WANTED = "wanted"
    ASKED = "asked"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription. `callback` is our address for it, which ends in `token`: who knows it is the hub.

    `due` is when something is to be done next, `since` when it came to its standing. `asked_at` is the last time that
    the hub was asked, `verified_at` when it last asked back; `attempts` are those since then. `polled_at` is the last
    poll that went well while it was active; `pushes` are those since the last one that was missed (`missed_at`).
    """

    token: str = field(repr=False)
    source: str
    hub: str
    topic: str
    callback: str = field(repr=False)
    secret: str = field(repr=False)
    standing: Standing
    since: datetime
    due: datetime
    attempts: int = 0
    asked_at: datetime | None = None
    verified_at: datetime | None = None
    lease_until: datetime | None = None
    polled_at: datetime | None = None
    pushes: int = 0
    last_push: datetime | None = None
    misses: int = 0
    missed_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """What a hub said to a request: its status (None: nobody answered), a line for people, how long it asks to wait."""

    said: str
    status: int | None = None
    retry_after: timedelta | None = None

    @property
    def is_yes(self) -> bool:
        """202, or any other 2xx: it will ask back."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_final(self) -> bool:
        """Asking again soon would bring the same."""
        return (
            not self.is_yes
            and self.status is not None
            and self.status < HTTPStatus.INTERNAL_SERVER_ERROR
            and self.status not in _TRY_AGAIN
        )


def asked(it: Subscribed, now: datetime) -> Subscribed:
    """The hub is about to be asked. Written down before it is: it may ask back before it answers."""
    it = _now(it, Standing.WANTED, now) if it.standing is Standing.REFUSED else it
    return replace(it, asked_at=now, attempts=it.attempts + 1)


def answered(it: Subscribed, answer: HubAnswer, now: datetime, jitter: float) -> Subscribed | None:
    """The hub has answered; None where nothing is left to do. `jitter` lies between 0 and 1.

    Where no attempt is open any more, the answer comes too late: the hub has asked back since, or we changed our mind.
    """
    if it.attempts == 0:
        return it
    due = now + _wait(it.attempts, answer, jitter)
    if it.standing is Standing.ENDING:
        if answer.is_final or it.attempts >= _MOST_GOODBYES:
            return None
        return replace(it, due=due, error=None if answer.is_yes else answer.said)
    if answer.is_yes:
        it = it if it.standing is Standing.ACTIVE else _now(it, Standing.ASKED, now)
        doubt = None if it.attempts == 1 else "the hub took our request, but has not asked back whether we meant it"
        return replace(it, due=due, error=doubt)
    if answer.is_final and it.standing is not Standing.ACTIVE:
        return replace(_now(it, Standing.REFUSED, now), due=now + _refused_wait(it), error=answer.said)
    return replace(it, due=due, error=answer.said)


def may_be_verified(it: Subscribed, *, subscribing: bool, topic: str) -> bool:
    """Whether the hub's question is about what we asked for (§5.3.1); hubs may also ask again later."""
    if it.asked_at is None or topic != it.topic:
        return False
    if not subscribing:
        return it.standing is Standing.ENDING
    return it.standing in {Standing.WANTED, Standing.ASKED, Standing.ACTIVE}


def verified(it: Subscribed, lease_s: int | None, now: datetime, jitter: float) -> Subscribed:
    """We confirmed: it stands for `lease_s` seconds (None where the hub gave no number), within our bounds."""
    given = LEASE if lease_s is None else timedelta(seconds=min(lease_s, LONGEST_LEASE.total_seconds()))
    lease = max(given, _SHORTEST_LEASE)
    if it.standing is not Standing.ACTIVE:
        it = replace(_now(it, Standing.ACTIVE, now), polled_at=None)
    it = replace(it, verified_at=now, lease_until=now + lease, attempts=0, error=None)
    return replace(it, due=_renewal(it, jitter))


def denied(it: Subscribed, reason: str, now: datetime) -> Subscribed | None:
    """The hub said no, which it may do at any time (§5.2); None where that is all we want."""
    if it.standing is Standing.ENDING:
        return None
    it = replace(it, attempts=it.attempts + (it.standing is Standing.ACTIVE))
    said = f"the hub denied it{f': {reason}' if reason else ''}"
    return replace(_now(it, Standing.REFUSED, now), due=now + _refused_wait(it), lease_until=None, error=said)


def lapsed(it: Subscribed, now: datetime) -> Subscribed:
    """Its lease ended without a renewal: it is asked for anew, as often as any."""
    why = "its lease ended before the hub renewed it"
    it = replace(it, lease_until=None, due=min(it.due, now), error=f"{why}: {it.error}" if it.error else why)
    return _now(it, Standing.WANTED, now)


def no_longer_wanted(it: Subscribed, now: datetime) -> Subscribed | None:
    """To be ended at the hub; None where the hub knows nothing of it."""
    if it.standing is Standing.ENDING:
        return it
    if it.asked_at is None or it.standing is Standing.REFUSED:
        return None
    return replace(_now(it, Standing.ENDING, now), due=now, attempts=0, error=None)


def pushed(it: Subscribed, now: datetime) -> Subscribed:
    """It pushed something that is signed and is the feed. One that comes soon after a poll had it was only slower."""
    if it.missed_at is not None and it.pushes == 0 and now - it.missed_at <= _SLOWER:
        due = max(it.due, _renewal(it)) if it.standing is Standing.ACTIVE else it.due
        return replace(it, due=due, pushes=1, last_push=now, misses=it.misses - 1, missed_at=None, error=None)
    return replace(it, pushes=it.pushes + 1, last_push=now, error=None)


def polled(it: Subscribed, new_items: int, now: datetime) -> Subscribed:
    """A poll went well and brought so many new items, none of which had been pushed.

    The first of them since the last push makes us doubt the hub: it is asked anew, once it has had time to push.
    What was published before it stood, or while nobody listened (`polled_at` is None), was not its to push.
    """
    if it.standing is not Standing.ACTIVE:
        return it
    judged = it.polled_at is not None and new_items > 0
    it = replace(it, polled_at=now)
    if not judged or (it.missed_at is not None and it.pushes == 0):
        return it
    return replace(
        it,
        pushes=0,
        misses=it.misses + 1,
        missed_at=now,
        due=min(it.due, now + _SLOWER),
        error="a poll found news that had not been pushed",
    )


def is_over(it: Subscribed, now: datetime) -> bool:
    """Whether its lease has ended."""
    return it.standing is Standing.ACTIVE and (it.lease_until is None or it.lease_until <= now)


def is_trusted(it: Subscribed, now: datetime) -> bool:
    """Whether polls may be slow: it stands, and it pushes."""
    if it.standing is not Standing.ACTIVE or is_over(it, now):
        return False
    return it.pushes >= (_PROOF if it.missed_at is not None else 1)


def is_lost(it: Subscribed) -> bool:
    """Whether another hub should be tried as well, where the source names one."""
    return it.standing is Standing.REFUSED or (it.standing is not Standing.ACTIVE and it.attempts >= _LOST_AFTER)


def _now(it: Subscribed, standing: Standing, now: datetime) -> Subscribed:
    return it if it.standing is standing else replace(it, standing=standing, since=now)


def _renewal(it: Subscribed, jitter: float = 0.0) -> datetime:
    """When the present lease should be renewed."""
    if it.verified_at is None or it.lease_until is None:
        return it.due
    return it.verified_at + (it.lease_until - it.verified_at) * (_RENEWED_AFTER + jitter / 10)


def _wait(attempts: int, answer: HubAnswer, jitter: float) -> timedelta:
    wait = _WAITS[min(max(attempts, 1), len(_WAITS)) - 1] * (1 + jitter / 4)
    return max(wait, min(answer.retry_after or timedelta(), _WAITS[-1]))


def _refused_wait(it: Subscribed) -> timedelta:
    return _REFUSED_WAITS[min(max(it.attempts, 1), len(_REFUSED_WAITS)) - 1]
