"""Delivery through outages and past bad messages: the rules one by one, and a destination simulated over days."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.alerts.message import Answer, Verdict
from syndicator.alerts.retry import (
    BACKOFF,
    LONGEST_RETRY_AFTER,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    MOST_PATIENCE,
    MOST_REFUSALS,
    PROBE_WINDOW,
    REFUSING_FOR,
    DeliveryState,
    Line,
    Outcome,
    Pending,
    after,
    backoff,
    restores_order,
)
from syndicator.alerts.timing import is_due

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))

TAKEN = Answer(Verdict.DELIVERED, "200 OK", 200)
ERROR = Answer(Verdict.TEMPORARY, "500 Internal Server Error", 500)
BUSY = Answer(Verdict.TEMPORARY, "503 Service Unavailable", 503)
SILENT = Answer(Verdict.TEMPORARY, "connection refused", answered=False)
REFUSED = Answer(Verdict.PERMANENT, "400 Bad Request", 400)
GONE = Answer(Verdict.GONE, "410 Gone", 410)


def may_send(line, now):
    """The store's rule, as `Deliveries.claim` has it."""
    return line.retry_at is None or is_due(line.retry_at, now, LONGEST_WAIT)


def queued(at: datetime = NOW, **known) -> Pending:
    return Pending(queued_at=at, due=at, **known)


def attempts(answers: list[Answer], line: Line = Line(), pending: Pending | None = None) -> Outcome:
    """What follows from attempts at one message, each made as soon as it may be."""
    pending, now, outcome = pending or queued(), NOW, None
    for answer in answers:
        outcome = after(line, pending, answer, now, 0.0)
        line, pending = outcome.line, outcome.pending
        now = max(now, line.retry_at or now, pending.due if pending.aside else now)
    assert outcome is not None
    return outcome


# The rules, one by one.


def test_the_waits_grow_from_seconds_to_half_a_day():
    assert BACKOFF[0] == 5 * SECOND
    assert BACKOFF[-1] == 12 * HOUR
    assert all(earlier < later for earlier, later in pairwise(BACKOFF))
    assert backoff(1000, 0.0) == BACKOFF[-1]


def test_an_attempt_is_made_after_three_days_of_outage():
    moments = list(accumulate(backoff(number, 0.999) for number in range(1, 30)))
    last = next(number for number, moment in enumerate(moments, 2) if moment >= MOST_PATIENCE)
    assert last > MOST_ATTEMPTS
    assert timedelta(hours=76) <= MOST_PATIENCE


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True), st.none() | st.timedeltas())
def test_jitter_lengthens_by_a_fifth_at_most_and_retry_after_is_kept(failures, jitter, retry_after):
    plain, wait = backoff(failures, 0.0), backoff(failures, jitter, retry_after)
    asked = min(retry_after or timedelta(), LONGEST_RETRY_AFTER)
    assert max(plain, asked) <= wait <= max(plain * 1.2, asked) < LONGEST_WAIT


def test_a_delivery_ends_all_streaks():
    line = Line(failures=7, failing_since=NOW - DAY, retry_at=NOW - HOUR, refusals=4)
    outcome = after(line, queued(), TAKEN, NOW, 0.5)
    assert outcome == Outcome(Line(), DeliveryState.DELIVERED, queued(attempts=1))


@pytest.mark.parametrize("answer", [SILENT, BUSY, ERROR], ids=["silent", "busy", "error"])
def test_a_temporary_failure_makes_the_destination_wait(answer):
    first = after(Line(), queued(), answer, NOW, 0.0)
    assert first.state is DeliveryState.PENDING
    assert first.line == Line(failures=1, failing_since=NOW, retry_at=NOW + 5 * SECOND)
    assert not may_send(first.line, NOW + 4 * SECOND)
    assert may_send(first.line, NOW + 5 * SECOND)
    later = NOW + 5 * SECOND
    second = after(first.line, first.pending, answer, later, 0.0)
    assert second.line == Line(failures=2, failing_since=NOW, retry_at=later + 30 * SECOND)
    assert second.pending.attempts == 2


@pytest.mark.parametrize(
    ("asked", "wait"),
    [(SECOND, 5 * SECOND), (HOUR, HOUR), (30 * DAY, 24 * HOUR), (-HOUR, 5 * SECOND)],
    ids=["less than our own wait", "an hour", "a month", "negative"],
)
def test_retry_after_is_honoured_up_to_a_day(asked, wait):
    outcome = after(Line(), queued(), replace(BUSY, retry_after=asked), NOW, 0.0)
    assert outcome.line.retry_at == NOW + wait


def test_after_the_third_error_a_message_is_set_aside_for_a_probe():
    outcome = attempts([ERROR] * 3)
    third = NOW + 35 * SECOND
    assert outcome.pending.aside
    assert outcome.pending.due == third + 5 * SECOND + PROBE_WINDOW > third + BACKOFF[2]
    assert outcome.line.retry_at == third + 5 * SECOND
    assert outcome.line.failing_since == NOW
    assert outcome.line.failures == 2
    assert not outcome.restore_order


@pytest.mark.parametrize(
    "answers",
    [[ERROR] * 2, [SILENT] * 9, [BUSY] * 9, [replace(ERROR, status=429)] * 9, [replace(ERROR, status=421)] * 9],
    ids=["two errors", "silent", "busy", "too many requests", "SMTP shutting down"],
)
def test_no_message_is_set_aside_for_what_is_not_about_it(answers):
    outcome = attempts(answers)
    assert not outcome.pending.aside
    assert outcome.line.probe_until is None
    assert outcome.line.failures == len(answers)


def test_silence_between_errors_neither_counts_nor_clears():
    assert not attempts([ERROR, SILENT, BUSY, ERROR, SILENT]).pending.aside
    assert attempts([ERROR, SILENT, BUSY, ERROR, SILENT, ERROR]).pending.aside


def test_a_probe_waits_as_long_as_the_other_side_asked():
    outcome = attempts([ERROR, ERROR, replace(ERROR, retry_after=HOUR)])
    assert outcome.line.retry_at == NOW + 35 * SECOND + HOUR
    assert outcome.pending.aside
    assert outcome.pending.due > outcome.line.retry_at


def test_a_probe_that_is_taken_ends_the_streak_and_lets_the_others_try_again():
    line = attempts([ERROR] * 3).line
    outcome = after(line, queued(), TAKEN, NOW + MINUTE, 0.0)
    assert outcome.line == Line()
    assert outcome.retry_aside
    assert not outcome.restore_order


@pytest.mark.parametrize("answer", [ERROR, BUSY, SILENT], ids=["error", "busy", "silent"])
def test_a_probe_that_fails_restores_the_order(answer):
    line = attempts([ERROR] * 3).line
    outcome = after(line, queued(), answer, NOW + MINUTE, 0.0)
    assert outcome.restore_order
    assert not outcome.pending.aside
    assert outcome.line == Line(failures=3, failing_since=NOW, retry_at=NOW + 3 * MINUTE)


def test_in_the_next_round_the_probe_is_one_message_further():
    head = attempts([ERROR] * 3)
    probe = after(head.line, queued(), ERROR, NOW + MINUTE, 0.0)
    again = after(probe.line, replace(head.pending, aside=False), ERROR, NOW + HOUR, 0.0)
    assert again.pending.aside, "the first goes aside at once"
    further = after(again.line, probe.pending, ERROR, NOW + HOUR, 0.0)
    assert further.pending.aside, "so does the one that failed as a probe before"
    assert further.line.retry_at == NOW + HOUR + 5 * SECOND
    assert not further.restore_order


@pytest.mark.parametrize("answer", [ERROR, SILENT, BUSY], ids=["error", "silent", "busy"])
def test_a_message_set_aside_goes_by_its_own_backoff(answer):
    line = Line(refusals=2)
    outcome = after(line, queued(attempts=3, errors=3, aside=True), answer, NOW, 0.0)
    assert outcome.line == line
    assert outcome.pending.aside
    assert outcome.pending.due == NOW + BACKOFF[3]
    assert outcome.dead_before is None


def test_a_busy_answer_that_names_a_time_is_for_everybody():
    aside = queued(attempts=3, errors=3, aside=True)
    outcome = after(Line(), aside, replace(BUSY, retry_after=HOUR), NOW, 0.0)
    assert outcome.line == Line(retry_at=NOW + HOUR)
    assert after(Line(), aside, replace(ERROR, retry_after=HOUR), NOW, 0.0).line == Line()


def test_an_overdue_probe_gives_its_place_back():
    line = attempts([ERROR] * 3).line
    over = line.probe_until
    assert over is not None
    assert not restores_order(line, over - SECOND)
    assert restores_order(line, over)
    assert restores_order(line, NOW - 365 * DAY), "the clock was set back"
    assert not restores_order(Line(), NOW)


def test_a_refusal_costs_one_message_and_nobody_waits():
    line = Line(failures=3, failing_since=NOW - HOUR, retry_at=NOW - SECOND)
    outcome = after(line, queued(), REFUSED, NOW, 0.0)
    assert outcome.state is DeliveryState.DEAD
    assert outcome.line == Line(failures=3, failing_since=NOW - HOUR, refusals=1, refusing_since=NOW)
    assert outcome.switch_off is None
    assert outcome.dead_before is None


def test_a_refusal_is_the_beginning_of_trouble():
    line = after(Line(), queued(), REFUSED, NOW, 0.0).line
    assert line == Line(refusals=1, refusing_since=NOW)
    assert after(line, queued(), REFUSED, NOW + HOUR, 0.0).line == Line(refusals=2, refusing_since=NOW)
    assert after(line, queued(), TAKEN, NOW + HOUR, 0.0).line == Line()


def test_refusals_in_a_row_switch_the_destination_off():
    line, reasons = Line(), []
    for number, answer in enumerate(
        [REFUSED] * 4 + [TAKEN] + [REFUSED, SILENT, REFUSED, REFUSED, REFUSED, REFUSED],
    ):
        outcome = after(line, queued(), answer, NOW + number * HOUR, 0.0)
        line = outcome.line
        reasons.append(outcome.switch_off)
    assert reasons[:-1] == [None] * 10
    assert reasons[-1] == f"it refused {MOST_REFUSALS} messages in a row, the last one with: 400 Bad Request"


@pytest.mark.parametrize(
    ("refused", "ago", "off"),
    [
        pytest.param(50, timedelta(), False, id="a burst"),
        pytest.param(50, REFUSING_FOR - SECOND, False, id="not yet an hour"),
        pytest.param(4, REFUSING_FOR, True, id="the fifth, an hour after the first"),
        pytest.param(3, DAY, False, id="too few"),
        pytest.param(50, -HOUR, False, id="clock set back"),
    ],
)
def test_a_receiver_that_is_deployed_anew_is_not_switched_off(refused, ago, off):
    line = Line(failing_since=NOW - DAY, refusals=refused, refusing_since=NOW - ago)
    assert (after(line, queued(), REFUSED, NOW, 0.0).switch_off is not None) == off


def test_gone_switches_off_at_once():
    outcome = after(Line(), queued(), GONE, NOW, 0.0)
    assert outcome.state is DeliveryState.DEAD
    assert outcome.switch_off == "it is gone for ever: 410 Gone"


@pytest.mark.parametrize(
    ("failures", "failing", "age", "state", "cut"),
    [
        pytest.param(9, 76 * HOUR, 80 * HOUR, "dead", True, id="both reached"),
        pytest.param(9, 76 * HOUR, 76 * HOUR, "dead", True, id="exactly as old"),
        pytest.param(9, 76 * HOUR, 75 * HOUR, "pending", True, id="a younger one lives"),
        pytest.param(8, 99 * HOUR, 99 * HOUR, "pending", False, id="too few attempts: the clock jumped"),
        pytest.param(50, 75 * HOUR, 999 * HOUR, "pending", False, id="old, but the trouble is young"),
    ],
)
def test_a_delivery_is_given_up_after_76_hours_and_ten_attempts(failures, failing, age, state, cut):
    line = Line(failures=failures, failing_since=NOW - failing, retry_at=NOW)
    outcome = after(line, queued(NOW - age), SILENT, NOW, 0.0)
    assert outcome.state == state
    assert outcome.dead_before == (NOW - timedelta(hours=76) if cut else None)


@pytest.mark.parametrize(
    ("made", "failing", "state"),
    [
        pytest.param(9, 76 * HOUR, "dead", id="both reached"),
        pytest.param(8, 76 * HOUR, "pending", id="too few attempts"),
        pytest.param(9, 75 * HOUR, "pending", id="too young a failure"),
    ],
)
@pytest.mark.parametrize("aside", [True, False], ids=["aside", "about to be"])
def test_a_message_aside_is_given_up_alone(made, failing, state, aside):
    pending = queued(NOW - 99 * HOUR, attempts=made, errors=made, failing_since=NOW - failing, aside=aside)
    outcome = after(Line(failures=20, failing_since=NOW - 99 * HOUR), pending, ERROR, NOW, 0.0)
    assert outcome.state == state
    assert outcome.dead_before is None


def test_a_clock_that_was_set_back_holds_nothing():
    line = Line(failures=1, failing_since=NOW, retry_at=NOW + 5 * SECOND)
    back = NOW - 365 * DAY
    assert may_send(line, back)
    outcome = after(line, queued(), SILENT, back, 0.0)
    assert outcome.line.failing_since == back
    assert outcome.line.retry_at == back + 30 * SECOND
    assert outcome.pending.due == back


answers = st.sampled_from([TAKEN, ERROR, BUSY, SILENT, REFUSED, GONE, replace(BUSY, retry_after=3 * DAY)])


@given(st.lists(st.tuples(answers, st.timedeltas(-3 * DAY, 3 * DAY), st.floats(0, 1, exclude_max=True)), max_size=30))
def test_no_wait_is_ever_taken_for_a_clock_set_back(steps):
    """Whatever comes in whatever order: what is decided now is not over now, unless it is due."""
    line, pending, now = Line(), queued(), NOW
    for answer, pause, jitter in steps:
        now += pause
        outcome = after(line, pending, answer, now, jitter)
        known = {line.retry_at, line.probe_until, pending.due, None}
        line, pending = outcome.line, outcome.pending
        for decided in {line.retry_at, line.probe_until, pending.due} - known:
            assert decided <= now + LONGEST_WAIT
        if outcome.state is not DeliveryState.PENDING:
            pending = queued(now)


# A destination simulated over days.


@dataclass
class Destination:
    """The rows of one destination, as the store keeps them, and the other side's behaviour."""

    answers: Callable[[int, datetime], Answer]
    jitter: float = 0.0
    line: Line = field(default_factory=Line)
    waiting: dict[int, Pending] = field(default_factory=dict)
    delivered: dict[int, datetime] = field(default_factory=dict)
    dead: dict[int, datetime] = field(default_factory=dict)
    attempts: list[tuple[datetime, int]] = field(default_factory=list)

    def queue(self, number: int, at: datetime) -> None:
        self.waiting[number] = Pending(queued_at=at, due=at)

    def claim(self, now: datetime) -> int | None:
        due = [number for number, row in self.waiting.items() if is_due(row.due, now, LONGEST_WAIT)]
        if not due or not may_send(self.line, now):
            return None
        if restores_order(self.line, now):
            self.restore(now)
            self.line = replace(self.line, probe_until=None)
            return self.claim(now)
        return min(due, key=lambda number: (self.waiting[number].queued_at, number))

    def restore(self, now: datetime) -> None:
        for number, row in self.waiting.items():
            if row.aside:
                self.waiting[number] = replace(row, aside=False, due=now)

    def send(self, now: datetime) -> bool:
        """One attempt at the oldest that is due; False when there is none to be made."""
        number = self.claim(now)
        if number is None:
            return False
        self.attempts.append((now, number))
        outcome = after(self.line, self.waiting[number], self.answers(number, now), now, self.jitter)
        self.line = outcome.line
        self.waiting[number] = outcome.pending
        if outcome.state is not DeliveryState.PENDING:
            del self.waiting[number]
            (self.delivered if outcome.state is DeliveryState.DELIVERED else self.dead)[number] = now
        if outcome.dead_before is not None:
            for old in [old for old, row in self.waiting.items() if row.queued_at <= outcome.dead_before]:
                del self.waiting[old]
                self.dead[old] = now
        if outcome.restore_order:
            self.restore(now)
        if outcome.retry_aside:
            for old, row in self.waiting.items():
                if row.aside:
                    self.waiting[old] = replace(row, due=now)
        return True

    def next_moment(self) -> datetime | None:
        """When there is something to do again, if nothing comes in."""
        if not self.waiting:
            return None
        due = min(row.due for row in self.waiting.values())
        return max(due, self.line.retry_at) if self.line.retry_at is not None else due


def simulate(destination: Destination, arrivals: dict[int, datetime], until: datetime) -> Destination:
    """Run the destination on a clock that jumps from one thing to do to the next; each attempt takes a second."""
    coming, now = sorted((at, number) for number, at in arrivals.items()), NOW
    while now < until:
        while coming and coming[0][0] <= now:
            at, number = coming.pop(0)
            destination.queue(number, at)
        if destination.send(now):
            now += SECOND
            continue
        moments = [coming[0][0]] if coming else []
        wake = destination.next_moment()
        moments += [wake] if wake is not None else []
        if not moments:
            break
        assert min(moments) > now, "nothing was done, and nothing is waited for"
        now = min(moments)
    return destination


def hourly(hours: int) -> dict[int, datetime]:
    return {number: NOW + number * HOUR for number in range(hours)}


def outage(answer: Answer, length: timedelta) -> Callable[[int, datetime], Answer]:
    return lambda _, now: answer if now < NOW + length else TAKEN


@pytest.mark.parametrize("jitter", [0.0, 0.999], ids=["no jitter", "full jitter"])
@pytest.mark.parametrize("answer", [SILENT, BUSY, ERROR], ids=["silent", "busy", "error"])
def test_after_three_days_of_outage_all_arrives_in_order(answer, jitter):
    side = simulate(Destination(outage(answer, 72 * HOUR), jitter), hourly(80), NOW + 30 * DAY)
    assert list(side.delivered) == list(range(80))
    assert not side.dead
    assert max(side.delivered.values()) < NOW + 72 * HOUR + 15 * HOUR


@pytest.mark.parametrize("answer", [SILENT, BUSY, ERROR], ids=["silent", "busy", "error"])
@pytest.mark.parametrize("length", [20 * SECOND, 50 * SECOND, 3 * MINUTE, 17 * MINUTE, 4 * HOUR, 31 * HOUR], ids=str)
def test_after_an_outage_of_any_length_all_arrives_in_order(answer, length):
    arrivals = {number: NOW + number * 7 * MINUTE for number in range(300)}
    side = simulate(Destination(outage(answer, length)), arrivals, NOW + 30 * DAY)
    assert list(side.delivered) == list(range(300))


def test_one_message_a_day_keeps_its_order_through_an_outage():
    arrivals = {number: NOW + number * 8 * HOUR for number in range(12)}
    side = simulate(Destination(outage(ERROR, 60 * HOUR)), arrivals, NOW + 30 * DAY)
    assert list(side.delivered) == list(range(12))


@pytest.mark.parametrize("answer", [SILENT, BUSY, ERROR], ids=["silent", "busy", "error"])
def test_after_four_days_what_is_older_than_76_hours_is_dead(answer):
    side = simulate(Destination(outage(answer, 96 * HOUR)), hourly(110), NOW + 30 * DAY)
    assert sorted([*side.delivered, *side.dead]) == list(range(110))
    assert list(side.delivered) == sorted(side.delivered)
    assert 0 in side.dead
    for number, moment in side.dead.items():
        assert moment - hourly(110)[number] >= timedelta(hours=76)
    back = min(side.delivered.values())
    assert all(back - hourly(110)[number] >= timedelta(hours=74) for number in side.dead), "the young ones lived"


def test_a_destination_that_stays_dead_takes_no_week_a_message():
    side = simulate(
        Destination(outage(SILENT, 365 * DAY)), {number: NOW + number * MINUTE for number in range(500)}, NOW + 30 * DAY
    )
    assert len(side.dead) == 500
    assert max(side.dead.values()) - NOW < timedelta(hours=110)
    assert len(side.attempts) < 25


def lateness(side: Destination, arrivals: dict[int, datetime], bad: set[int]) -> timedelta:
    assert set(side.delivered) == set(arrivals) - bad
    return max(side.delivered[number] - arrivals[number] for number in side.delivered)


def poisoned(bad: set[int], answer: Answer = ERROR) -> Callable[[int, datetime], Answer]:
    return lambda number, _: answer if number in bad else TAKEN


def test_one_poison_message_delays_the_others_by_less_than_a_minute():
    arrivals = {number: NOW + number * SECOND for number in range(200)}
    side = simulate(Destination(poisoned({0})), arrivals, NOW + 30 * DAY)
    assert lateness(side, arrivals, {0}) < MINUTE
    good = [number for number in side.delivered if number]
    assert good == sorted(good)
    assert set(side.dead) == {0}
    assert side.dead[0] - NOW >= timedelta(hours=76)


def test_a_poison_message_that_is_alone_is_tried_by_a_growing_backoff():
    side = simulate(Destination(poisoned({0})), {0: NOW}, NOW + 30 * DAY)
    assert set(side.dead) == {0}
    assert MOST_ATTEMPTS < len(side.attempts) < 20


def test_a_poison_message_delays_what_comes_hours_later_by_seconds():
    arrivals = {number: NOW + number * 5 * HOUR for number in range(20)}
    side = simulate(Destination(poisoned({0})), arrivals, NOW + 30 * DAY)
    assert lateness(side, arrivals, {0}) < MINUTE


@pytest.mark.parametrize(
    ("bad", "longest"), [(2, 4 * MINUTE), (3, 15 * MINUTE), (4, HOUR)], ids=["two", "three", "four"]
)
def test_poison_messages_side_by_side_do_not_hold_up_the_rest(bad, longest):
    arrivals = {number: NOW + number * MINUTE for number in range(100)}
    side = simulate(Destination(poisoned(set(range(bad)))), arrivals, NOW + 30 * DAY)
    assert lateness(side, arrivals, set(range(bad))) < longest
    assert set(side.dead) == set(range(bad)), "none of the good ones dies with them"


def test_a_server_that_limits_its_rate_between_errors_does_not_hide_the_poison():
    turn = iter(range(10**6))
    side = Destination(lambda number, _: TAKEN if number else (ERROR if next(turn) % 2 else replace(BUSY, status=429)))
    arrivals = {number: NOW + number * MINUTE for number in range(50)}
    simulate(side, arrivals, NOW + 30 * DAY)
    assert lateness(side, arrivals, {0}) < HOUR


def test_a_message_with_a_passing_fault_arrives_soon_after_the_others():
    """Set aside in a short outage that ends just before the probe: it is tried again at once."""
    side = simulate(Destination(outage(ERROR, 38 * SECOND)), dict.fromkeys(range(5), NOW), NOW + DAY)
    assert set(side.delivered) == set(range(5))
    assert max(side.delivered.values()) < NOW + MINUTE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 70 * 60), st.integers(1, 300), st.sampled_from([ERROR, BUSY, SILENT])), max_size=6
    ),
    st.integers(1, 400),
    st.floats(0, 1, exclude_max=True),
)
def test_no_outages_within_three_days_lose_anything(outages, pace, jitter):
    def answer(number: int, now: datetime) -> Answer:
        for start, length, failure in outages:
            if NOW + start * MINUTE <= now < NOW + (start + length) * MINUTE:
                return failure
        return TAKEN

    arrivals = {number: NOW + number * pace * MINUTE for number in range(40)}
    side = simulate(Destination(answer, jitter), arrivals, NOW + 60 * DAY)
    assert not side.dead
    assert set(side.delivered) == set(arrivals)
    assert len(side.attempts) < 2000


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 39), max_size=8), st.integers(1, 120))
def test_poison_anywhere_costs_nothing_but_itself(bad, pace):
    arrivals = {number: NOW + number * pace * MINUTE for number in range(40)}
    side = simulate(Destination(poisoned(bad)), arrivals, NOW + 60 * DAY)
    assert set(side.delivered) == set(arrivals) - bad
    assert set(side.dead) == bad
