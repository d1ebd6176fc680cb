"""What becomes of a delivery after an attempt: when it is tried again, in which order, and when it is given up.

The deliveries to one destination stand in line, the oldest first, and go one at a time. Three ideas keep that line
moving without losing anything:

- A temporary failure makes the whole line wait, so that what comes after an outage comes in order.
- A message that the other side answers with an error again and again may be the trouble itself. It is *set aside*, and
  the next one in line goes at once, as a *probe*. If the probe is taken, the line goes on, and what stands aside is
  tried by a backoff of its own. If it fails too, the destination is in trouble: all go back to their places, and the
  line waits. The next round begins with the oldest again, and its probe is one message further down the line.
- Nothing is given up before it failed for 76 hours and ten attempts: three days of outage and the night after.

A wait that lies further ahead than LONGEST_WAIT comes from a clock that was set back since, and is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syndicator.alerts.message import Answer, Verdict
from syndicator.alerts.timing import is_due

# The wait after the first failure, the second …; the last one stands for all that follow.
BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=12),
)
JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=24)

# How long what stands aside leaves the line to the probe. Short, so that what comes later does not overtake it; long
# enough for an attempt that runs into its time limit.
PROBE_WINDOW = timedelta(minutes=2)

LONGEST_WAIT = max(BACKOFF[-1] * (1 + JITTER), LONGEST_RETRY_AFTER) + PROBE_WINDOW

# Given up when both are reached.
MOST_ATTEMPTS = 10
MOST_PATIENCE = timedelta(hours=76)

# Permanent refusals in a row, over so long a time, after which the destination itself is taken to be wrong. While a
# receiver is deployed anew, its proxy may answer 404 to a burst of messages; an hour later it no longer does.
MOST_REFUSALS = 5
REFUSING_FOR = timedelta(hours=1)

# Errors after which a message is set aside: as the oldest in line, and as a probe. With fewer for a probe each round
# reaches one message further, so that several bad ones side by side can't hold up the rest for good.
_ERRORS_OF_FIRST = 3
_ERRORS_OF_PROBE = 2

# Answers about the destination, not about the message: SMTP 421 (RFC 5321 §3.8), HTTP 429 (RFC 6585 §4) and 503
# (RFC 9110 §15.6.4).
_BUSY = frozenset({421, 429, 503})


class DeliveryState(StrEnum):
    """Where a delivery stands: waiting; taken; given up (and kept, to be replayed); or withdrawn before it was told."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Line:
    """What is remembered of a destination. The default is one with which all is well.

    `failures` counts the waits since something was last taken, `failing_since` is the first failed attempt since then.
    Nothing is tried before `retry_at`. `refusals` counts permanent refusals since something was last taken, and
    `refusing_since` is the first of them. `probe_until`: messages stand aside for a probe until then: see
    `restores_order`.
    """

    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    refusals: int = 0
    refusing_since: datetime | None = None
    probe_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A delivery that waits. `attempts` are those made; `errors` those of them that the other side answered.

    `failing_since` is its first failed attempt. `aside`: it has lost its place in line and goes by its own `due`.
    """

    queued_at: datetime
    due: datetime
    attempts: int = 0
    errors: int = 0
    failing_since: datetime | None = None
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write after an attempt. `line` and `pending` replace what was there; the rest is about the neighbours.

    `dead_before`: what was queued then or earlier, and is due or aside, is dead too; this comes first.
    `restore_order`: what stands aside goes back in line (aside no longer, due now). `retry_aside`: what stands aside is
    due now, and stays aside. `switch_off` is the reason for people why nothing more should be sent to this destination.
    """

    line: Line
    state: DeliveryState
    pending: Pending
    restore_order: bool = False
    retry_aside: bool = False
    dead_before: datetime | None = None
    switch_off: str | None = None


def restores_order(line: Line, now: datetime) -> bool:
    """Tell whether a probe is overdue. Then, as soon as anything is due, all go back in line first.

    So after a long wait the oldest is tried before a newcomer. Where this is true: put everything that stands aside
    back in line (not aside, due now), set `probe_until` to None, and take the oldest.
    """
    return line.probe_until is not None and is_due(line.probe_until, now, LONGEST_WAIT)


def backoff(failures: int, jitter: float, retry_after: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failures (1 or more).

    `jitter` in [0, 1) lengthens the wait by up to a fifth. It is never shorter than what the other side asked for,
    as long as that is at most LONGEST_RETRY_AFTER.
    """
    wait = BACKOFF[min(failures, len(BACKOFF)) - 1] * (1 + JITTER * jitter)
    return max(wait, min(retry_after, LONGEST_RETRY_AFTER)) if retry_after is not None else wait


def after(line: Line, pending: Pending, answer: Answer, now: datetime, jitter: float) -> Outcome:
    """Decide what follows from an attempt, given how things stood before it. `jitter` is in [0, 1)."""
    tried = replace(pending, attempts=pending.attempts + 1)
    match answer.verdict:
        case Verdict.DELIVERED:
            # What stands aside may have met the same outage: now that it is over, it need not wait.
            return Outcome(Line(), DeliveryState.DELIVERED, tried, retry_aside=line.probe_until is not None)
        case Verdict.GONE | Verdict.PERMANENT:
            return _refused(line, tried, answer, now)
        case Verdict.TEMPORARY:
            busy = not answer.answered or answer.status in _BUSY
            # A busy or silent answer in between says nothing of the message: it neither counts nor clears.
            failed = replace(tried, errors=tried.errors + (not busy), failing_since=_earlier(tried.failing_since, now))
            if pending.aside:
                return _failed_aside(line, failed, answer, now, jitter)
            probing = line.probe_until is not None
            if not busy and failed.errors >= (_ERRORS_OF_PROBE if probing else _ERRORS_OF_FIRST):
                return _set_aside(line, failed, answer, now, jitter)
            return _failed(line, failed, answer, now, jitter)


def _refused(line: Line, tried: Pending, answer: Answer, now: datetime) -> Outcome:
    refusals = line.refusals + 1
    since = _earlier(line.refusing_since, now)
    reason = None
    if answer.verdict is Verdict.GONE:
        reason = f"it is gone for ever: {answer.said}"
    elif refusals >= MOST_REFUSALS and now - since >= REFUSING_FOR:
        reason = f"it refused {refusals} messages in a row, the last one with: {answer.said}"
    # The others need not wait: this was about one message.
    refused = replace(line, refusals=refusals, refusing_since=since, retry_at=None)
    return Outcome(refused, DeliveryState.DEAD, tried, switch_off=reason)


def _failed(line: Line, failed: Pending, answer: Answer, now: datetime, jitter: float) -> Outcome:
    """The line waits, everything in its place."""
    failures = line.failures + 1
    since = _earlier(line.failing_since, now)
    waiting = replace(
        line,
        failures=failures,
        failing_since=since,
        retry_at=now + backoff(failures, jitter, answer.retry_after),
        probe_until=None,
    )
    dead_before = now - MOST_PATIENCE if failures >= MOST_ATTEMPTS and now - since >= MOST_PATIENCE else None
    return Outcome(
        waiting,
        DeliveryState.DEAD if dead_before is not None and failed.queued_at <= dead_before else DeliveryState.PENDING,
        replace(failed, due=min(failed.due, now)),
        restore_order=line.probe_until is not None,
        dead_before=dead_before,
    )


def _set_aside(line: Line, failed: Pending, answer: Answer, now: datetime, jitter: float) -> Outcome:
    """The next in line goes at once, or as soon as the other side allows."""
    probe_at = now + backoff(1, jitter, answer.retry_after)
    probing = replace(
        line,
        failing_since=_earlier(line.failing_since, now),
        retry_at=probe_at,
        probe_until=probe_at + PROBE_WINDOW,
    )
    due = max(now + backoff(failed.attempts, jitter), probe_at + PROBE_WINDOW)
    return Outcome(probing, _patience(failed, now), replace(failed, aside=True, due=due))


def _failed_aside(line: Line, failed: Pending, answer: Answer, now: datetime, jitter: float) -> Outcome:
    """The line does not wait, unless the other side asked everybody to."""
    due = now + backoff(failed.attempts, jitter, answer.retry_after)
    if answer.status in _BUSY and answer.retry_after is not None:
        line = replace(line, retry_at=now + backoff(1, jitter, answer.retry_after))
    return Outcome(line, _patience(failed, now), replace(failed, due=due))


def _patience(failed: Pending, now: datetime) -> DeliveryState:
    """Whether a delivery that goes by itself is to be tried again."""
    spent = failed.attempts >= MOST_ATTEMPTS and now - _earlier(failed.failing_since, now) >= MOST_PATIENCE
    return DeliveryState.DEAD if spent else DeliveryState.PENDING


def _earlier(since: datetime | None, now: datetime) -> datetime:
    """When it began: no later than now, even where the clock was set back since."""
    return now if since is None else min(since, now)
