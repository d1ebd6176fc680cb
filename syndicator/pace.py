"""How often a source is asked: the decision after each fetch. Pure; times are aware datetimes in UTC.

The pace follows the source: about half the usual gap between its items, between the operator's limits, quicker
while news comes thick and slowly back. What the source says about itself comes first: Retry-After, Cache-Control,
RSS `ttl`, `skipHours` and `skipDays`, and 410 for ever. See https://rachelbythebay.com/fs/help.html for how a
feed's owner sees its readers, and RFC 9110 and 9111 for the fields.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from syndicator.model import Fetched, Outcome, Parsed, SourceState, Validators

HISTORY = timedelta(days=28)  # how far back `recent_items` counts
LONGEST_WAIT = timedelta(days=7)  # whatever was asked of us, a source is asked again after this

_FIRST_INTERVAL = timedelta(hours=1)
_LONGEST_FRESHNESS = timedelta(hours=24)  # a max-age of a year on a feed is a CDN's default, not a wish
_LONGEST_BACKOFF = timedelta(hours=24)
_TOO_MANY_REQUESTS_WAIT = timedelta(hours=2)
_GROWTH = 1.25
_PUSHED_INTERVAL = timedelta(hours=6)  # within the operator's limits; a push that was lost waits no longer
_BETWEEN_PINGS = timedelta(minutes=1)
_DAY = timedelta(days=1)
_FAILURES_BEFORE_MOVE_IS_DOUBTED = 5
_MOST_DOUBLINGS = 16  # of a failing source's interval: far past a day, and far from overflowing


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """The operator's limits on the pace of every source."""

    poll_min: timedelta = timedelta(minutes=10)
    poll_max: timedelta = timedelta(hours=6)

    def clip(self, interval: timedelta) -> timedelta:
        """Bring an interval within the limits; where they contradict each other the slower one wins."""
        return max(self.poll_min, min(interval, self.poll_max))


def body_hash(body: bytes) -> str:
    """SHA-256 in hex: how a body is remembered."""
    return hashlib.sha256(body).hexdigest()


def is_news(state: SourceState, fetched: Fetched) -> bool:
    """Tell whether a fetch brought a body that was not taken in before, and so is worth parsing."""
    return fetched.outcome is Outcome.FRESH and body_hash(fetched.body) != state.body_hash


def recent(state: SourceState, arrivals: Iterable[datetime], now: datetime) -> int:
    """Count the items first seen in the last 28 days. The backlog of the first success is no sign of the pace."""
    began = max(now - HISTORY, state.first_success or now)
    return sum(began < arrival <= now for arrival in arrivals)


def after(
    state: SourceState,
    fetched: Fetched,
    parsed: Parsed | None,
    *,
    new_items: int,
    recent_items: int,
    now: datetime,
    limits: PaceLimits,
) -> SourceState:
    """Decide what is remembered of a source after a fetch, and when it is asked next.

    `parsed` is None when there was nothing to parse. A document that could not be parsed comes in as a `fetched`
    whose outcome is FAILED, so that its validators are not kept. `new_items` came with this fetch;
    `recent_items` are those that `recent` counts.
    """
    state = replace(state, last_attempt=now)
    if fetched.outcome is Outcome.GONE and state.moved_to is None:
        state = replace(_failed(state, now), last_error=fetched.error)
        return replace(state, gone=True, due=now + LONGEST_WAIT)
    if fetched.outcome in {Outcome.FAILED, Outcome.GONE}:
        return _after_failure(state, fetched, now, limits)
    if parsed is not None:
        state = replace(
            state,
            title=parsed.title or state.title,
            home=parsed.home or state.home,
            ttl=parsed.ttl,
            skip_hours=parsed.skip_hours,
            skip_days=parsed.skip_days,
        )
    news = new_items if is_news(state, fetched) else 0
    interval = _interval(state, news, recent_items, now, limits)
    return replace(
        state,
        due=_due(state, _wait(state, fetched, interval, limits), now),
        interval=interval,
        failures=0,
        failing_since=None,
        alone_until=None,
        last_error=None,
        last_success=now,
        first_success=state.first_success or now,
        validators=fetched.validators,
        moved_to=fetched.moved_to or state.moved_to,
        body_hash=body_hash(fetched.body) if fetched.outcome is Outcome.FRESH else state.body_hash,
    )


def after_look(state: SourceState, error: str | None, *, refusal: str | None = None, now: datetime) -> SourceState:
    """Decide the same for a folder, which costs nobody anything to look into: it is always due.

    `error` is why the folder could not be looked into, `refusal` why a file in it was not taken in.
    """
    state = replace(state, due=now, last_attempt=now, last_error=error or refusal)
    if error is not None:
        return _failed(state, now)
    return replace(state, failures=0, failing_since=None, last_success=now, first_success=state.first_success or now)


def after_push(state: SourceState, now: datetime, *, edited: bool) -> SourceState:
    """Decide what a pushed document changes in what is remembered: the source is alive; what polls learnt stays.

    Pushes come late and out of order. One that `edited` what we had may be older than that, so the source itself is
    asked, for its whole document: under the validators of its newest, an old text would stand for good.
    """
    state = replace(state, last_success=max(state.last_success or now, now))
    return look_again(state, now, doubted=True) if edited else state


def look_again(state: SourceState, now: datetime, *, doubted: bool = False) -> SourceState:
    """Bring the next poll forward: a hub said that there is something. `doubted`: it shall bring the whole document.

    At most once a minute, and not while the source fails or asks to be left alone: a hub does not overrule it.
    """
    if doubted:
        state = replace(state, validators=Validators(), body_hash=None)
    if state.failures:
        return state
    return replace(state, due=min(state.due, max(now, (state.last_attempt or now - _DAY) + _BETWEEN_PINGS)))


def held_back(state: SourceState, now: datetime, zone: ZoneInfo) -> str | None:
    """Why a source is not asked at once although somebody at the desk wants it, by their clock; None where it may be.

    What it wants comes first: that it is gone, that it asked to be left alone, the hours in which it wants no visits.
    """
    if state.gone:
        return "It says that it will not come back (410): take it out of config.toml, or give it a new address."
    if state.alone_until is not None and now < state.alone_until <= now + LONGEST_WAIT:
        return f"It asked to be left alone until {state.alone_until.astimezone(zone):%-d %B, %H:%M}."
    if (open_again := _due(state, timedelta(), now)) > now:
        return f"It wants no visits before {open_again.astimezone(zone):%-d %B, %H:%M}."
    if state.last_attempt is not None and timedelta() <= now - state.last_attempt < _BETWEEN_PINGS:
        return "It was asked less than a minute ago."
    return None


def at_once(state: SourceState, now: datetime) -> SourceState:
    """Due now: somebody at the desk wants to know."""
    return replace(state, due=min(state.due, now))


def patient(state: SourceState, now: datetime, limits: PaceLimits) -> SourceState:
    """Put the next poll off: what is new is pushed, and polls only make sure that nothing was lost on the way."""
    return replace(state, due=max(state.due, _due(state, limits.clip(_PUSHED_INTERVAL), now)))


def _failed(state: SourceState, now: datetime) -> SourceState:
    return replace(state, failures=state.failures + 1, failing_since=state.failing_since or now)


def _interval(state: SourceState, news: int, recent_items: int, now: datetime, limits: PaceLimits) -> timedelta:
    """The pace from here on: a quarter slower while nothing comes, at least the usual one when something did.

    Half the usual gap means that every other visit brings one item; two or more say that we come too late.
    """
    if state.first_success is None:
        return limits.clip(_FIRST_INTERVAL)
    present = state.interval or _FIRST_INTERVAL
    usual = _half_the_usual_gap(recent_items, now - state.first_success)
    if news:
        return limits.clip(min(present / 2 if news > 1 else present, usual or present))
    return limits.clip(min(present * _GROWTH, max(present, usual or limits.poll_max)))


def _half_the_usual_gap(recent_items: int, known_for: timedelta) -> timedelta | None:
    """Half the mean gap between items; None until a day has been seen. One is added, so silence counts too."""
    if known_for < _DAY:
        return None
    return min(known_for, HISTORY) / (max(recent_items, 0) + 1) / 2


def _wait(state: SourceState, fetched: Fetched, interval: timedelta, limits: PaceLimits) -> timedelta:
    """The pace, slower without validators since each answer is then a whole body, and what the source asks for."""
    kept = fetched.validators
    pace = interval if kept.etag or kept.last_modified else limits.clip(interval * 2)
    asked = max(fetched.max_age or timedelta(), state.ttl or timedelta())
    return max(pace, min(asked, _LONGEST_FRESHNESS))


def _after_failure(state: SourceState, fetched: Fetched, now: datetime, limits: PaceLimits) -> SourceState:
    """Back off, doubling each time; keep what was known, but for a move that leads nowhere."""
    state = _failed(state, now)
    failures = state.failures
    doublings = min(failures, _MOST_DOUBLINGS)
    if fetched.status is None:
        # Nobody answered: as likely our own line as their server, so the first try again comes soon.
        wait = limits.poll_min * 2 ** (doublings - 1)
    else:
        wait = limits.clip(state.interval or _FIRST_INTERVAL) * 2**doublings
    asked = fetched.retry_after or timedelta()
    if fetched.status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = max(wait, _TOO_MANY_REQUESTS_WAIT * 2 ** (doublings - 1))
        asked = max(asked, min(wait, _LONGEST_BACKOFF))
    wait = max(min(wait, _LONGEST_BACKOFF), asked)
    doubted = fetched.outcome is Outcome.GONE or failures >= _FAILURES_BEFORE_MOVE_IS_DOUBTED
    return replace(
        state,
        due=_due(state, wait, now),
        last_error=fetched.error,
        alone_until=now + min(asked, LONGEST_WAIT) if asked else None,
        moved_to=None if doubted else state.moved_to,
    )


def _due(state: SourceState, wait: timedelta, now: datetime) -> datetime:
    """The first moment after the wait outside the hours and days (UTC) in which the source wants no visits."""
    latest = now + LONGEST_WAIT
    due = now + min(wait, LONGEST_WAIT)
    skip_hours = state.skip_hours if len(state.skip_hours) < 24 else frozenset()  # noqa: PLR2004 - hours a day
    skip_days = state.skip_days if len(state.skip_days) < 7 else frozenset()  # noqa: PLR2004 - days a week
    while due < latest and (due.hour in skip_hours or due.weekday() in skip_days):
        due = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return min(due, latest)
