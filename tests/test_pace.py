"""The pace of polling: what a server sees of us in simulated hours and days."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from syndicator.model import Fetched, Outcome, Parsed, SourceState, Validators
from syndicator.pace import PaceLimits, after, after_look, body_hash, is_news, recent

START = datetime(2026, 11, 23, 6, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIMITS = PaceLimits()
TAGGED = Validators(etag=b'"1"')
NEW = SourceState("wire", START)


def fresh(body=b"<rss/>", validators=TAGGED, **fields):
    return Fetched(Outcome.FRESH, "http://a/", 200, body=body, validators=validators, **fields)


def unchanged(**fields):
    return Fetched(Outcome.UNCHANGED, "http://a/", 304, **({"validators": TAGGED} | fields))


def failed(status=None, **fields):
    return Fetched(Outcome.FAILED, "http://a/", status, error="no", **fields)


GONE = Fetched(Outcome.GONE, "http://a/", 410, error="HTTP 410 Gone")


def step(state, fetched, parsed=None, *, new_items=0, recent_items=0, now=START, limits=LIMITS):
    return after(state, fetched, parsed, new_items=new_items, recent_items=recent_items, now=now, limits=limits)


@dataclass
class Newsroom:
    """A clock that is set by hand, one source, and the times at which it was asked."""

    answer: object  # (times asked before, now, state) -> (Fetched, Parsed | None, new items)
    state: SourceState = NEW

    def run(self, *, every, rounds):
        self.asked, arrivals = [], []
        for n in range(rounds):
            now = START + n * every
            if not self.state.gone and self.state.due <= now:
                fetched, parsed, new = self.answer(len(self.asked), now, self.state)
                self.asked.append(n)
                arrivals += [now] * new
                self.state = after(
                    self.state,
                    fetched,
                    parsed,
                    new_items=new,
                    recent_items=recent(self.state, arrivals, now),
                    now=now,
                    limits=LIMITS,
                )
        return self.asked


def scripted(*answers, said=Parsed(())):
    """A server that gives these answers in turn, the last one for ever; `said` is what its documents say."""

    def answer(n, _now, _state):
        fetched = answers[min(n, len(answers) - 1)]
        return fetched, (said if fetched.body else None), int(n == 0)

    return answer


@pytest.mark.parametrize(
    ("server", "answer", "rounds_asked"),
    [
        ("validators, never news", scripted(fresh(), unchanged()), [0, 1, 3, 5, 7]),
        ("the same body, touched", scripted(fresh(), fresh(validators=Validators(b'"2"'))), [0, 1, 3, 5, 7]),
        ("no validators", scripted(fresh(validators=Validators())), [0, 2, 5]),
        ("max-age of 3 h", scripted(fresh(max_age=3 * HOUR), unchanged(max_age=3 * HOUR)), [0, 3, 6]),
        ("ttl of 3 h", scripted(fresh(), unchanged(), said=Parsed((), ttl=3 * HOUR)), [0, 3, 6]),
        ("not found", scripted(failed(404)), [0, 2, 6]),
        ("broken", scripted(failed(500)), [0, 2, 6]),
        ("not reached", scripted(failed()), [0, 1, 2, 3, 5]),
        ("too many requests", scripted(failed(429)), [0, 2, 6]),
        ("too many, Retry-After 2.5 h", scripted(failed(429, retry_after=2.5 * HOUR), unchanged()), [0, 3, 4, 6]),
        ("busy, Retry-After 2.5 h", scripted(failed(503, retry_after=2.5 * HOUR), unchanged()), [0, 3, 4, 6]),
        ("gone after a success", scripted(fresh(), GONE), [0, 1]),
    ],
)
def test_the_rounds_in_which_a_source_is_asked_when_every_round_is_an_hour(server, answer, rounds_asked):
    assert Newsroom(answer).run(every=HOUR, rounds=8) == rounds_asked, server


def publishing(gap, *, until=None):
    """A server with validators on which one item appears each `gap`, until a time."""

    def answer(n, now, state):
        newest = min(now, until or now)
        last = state.last_success or START
        new = (newest - START) // gap - (last - START) // gap
        if new <= 0 and n:
            return unchanged(), None, 0
        return fresh(b"%d" % ((newest - START) // gap)), Parsed(()), new

    return answer


@pytest.mark.parametrize(
    ("gap", "most_between", "visits_an_item"),
    [
        (5 * MINUTE, 10 * MINUTE, (0.4, 0.6)),  # held by poll_min
        (HOUR, 40 * MINUTE, (1.6, 2.6)),
        (6 * HOUR, 4 * HOUR, (1.6, 2.6)),
        (DAY, 6 * HOUR, (3.5, 4.5)),  # held by poll_max
    ],
)
def test_the_pace_settles_near_half_the_gap_between_items(gap, most_between, visits_an_item):
    asked = Newsroom(publishing(gap)).run(every=5 * MINUTE, rounds=12 * 24 * 28)
    settled = [n for n in asked if n > 12 * 24 * 7]
    assert max(b - a for a, b in pairwise(settled)) * 5 * MINUTE <= most_between
    low, high = visits_an_item
    assert low <= len(settled) / (21 * DAY / gap) <= high


def test_a_burst_of_news_quickens_the_pace_and_silence_slows_it_again():
    state = replace(step(NEW, fresh()), interval=4 * HOUR, first_success=START - 60 * DAY)
    news = step(state, fresh(b"2"), Parsed(()), new_items=3, recent_items=80, now=START + 4 * HOUR)
    again = step(news, fresh(b"3"), Parsed(()), new_items=3, recent_items=80, now=START + 6 * HOUR)
    assert (news.interval, again.interval) == (2 * HOUR, HOUR)
    calm = step(again, unchanged(), recent_items=80, now=START + 7 * HOUR)
    assert calm.interval == 1.25 * HOUR


def test_silence_never_makes_the_pace_quicker():
    state = replace(step(NEW, fresh()), interval=5 * HOUR, first_success=START - 60 * DAY)
    assert step(state, unchanged(), recent_items=5000).interval == 5 * HOUR


def test_the_backlog_is_no_sign_of_the_pace():
    state = replace(NEW, first_success=START)
    assert recent(state, [START] * 50 + [START + HOUR, START + 2 * HOUR], START + 3 * HOUR) == 2
    assert recent(state, [START + DAY, START + 20 * DAY], START + 40 * DAY) == 1
    assert recent(NEW, [START] * 50, START) == 0


@pytest.mark.parametrize(
    ("limits", "interval"),
    [
        (PaceLimits(), HOUR),
        (PaceLimits(2 * HOUR, 6 * HOUR), 2 * HOUR),
        (PaceLimits(MINUTE, 5 * MINUTE), 5 * MINUTE),
        (PaceLimits(2 * HOUR, HOUR), 2 * HOUR),
    ],
)
def test_the_first_interval_is_an_hour_within_the_limits(limits, interval):
    assert step(NEW, fresh(), limits=limits).due == START + interval


@pytest.mark.parametrize(
    ("asked_for", "wait"),
    [
        ({"max_age": 5 * MINUTE}, HOUR),
        ({"max_age": 7 * HOUR}, 7 * HOUR),
        ({"max_age": 365 * DAY}, DAY),
    ],
)
def test_freshness_is_honoured_up_to_a_day(asked_for, wait):
    assert step(NEW, fresh(**asked_for)).due == START + wait


def test_ttl_and_quiet_hours_outlive_a_304_and_end_with_the_next_document():
    said = Parsed((), ttl=5 * HOUR, skip_hours=frozenset({20}), skip_days=frozenset({6}))
    state = step(step(NEW, fresh(), said), unchanged(), now=START + 5 * HOUR)
    assert state.due == START + 10 * HOUR
    assert (state.ttl, state.skip_hours, state.skip_days) == (said.ttl, said.skip_hours, said.skip_days)
    state = step(state, fresh(b"2"), Parsed(()), now=START + 10 * HOUR)
    assert (state.ttl, state.skip_hours, state.skip_days) == (None, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("hours", "days", "due"),
    [
        ({7}, set(), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ({7, 8, 9}, set(), datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (set(range(24)) - {5}, set(), datetime(2026, 11, 24, 5, tzinfo=UTC)),
        (set(range(24)), set(), datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
        (set(), {0}, datetime(2026, 11, 24, tzinfo=UTC)),
        (set(), {0, 1, 2}, datetime(2026, 11, 26, tzinfo=UTC)),
        (set(), set(range(7)), datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
        ({0, 1}, {0}, datetime(2026, 11, 24, 2, tzinfo=UTC)),
        ({8}, {1}, datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
    ],
)
def test_hours_and_days_in_which_the_source_wants_no_visits(hours, days, due):
    said = Parsed((), skip_hours=frozenset(hours), skip_days=frozenset(days))
    assert step(NEW, fresh(), said, now=START + 30 * MINUTE).due == due


def test_failures_double_the_wait_up_to_a_day_and_a_success_ends_that():
    state, waits = step(NEW, fresh()), []
    for _ in range(7):
        state = step(state, failed(502))
        waits.append((state.due - START) / HOUR)
    assert waits == [2, 4, 8, 16, 24, 24, 24]
    assert (state.failures, state.last_error) == (7, "no")
    state = step(state, unchanged())
    assert (state.failures, state.last_error) == (0, None)
    assert state.due == START + 1.25 * HOUR


def test_a_quick_source_that_hiccups_is_asked_again_soon():
    state = replace(step(NEW, fresh()), interval=10 * MINUTE)
    assert step(state, failed(503)).due == START + 20 * MINUTE
    assert step(state, failed()).due == START + 10 * MINUTE


@pytest.mark.parametrize("interval", [None, 10 * MINUTE, 6 * HOUR])
def test_too_many_requests_without_retry_after_waits_two_hours_at_least_and_longer_each_time(interval):
    state = replace(NEW, interval=interval)
    first = step(state, failed(429))
    second = step(first, failed(429))
    assert START + 2 * HOUR <= first.due < second.due <= START + DAY


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [(MINUTE, 2 * HOUR), (5 * HOUR, 5 * HOUR), (3 * DAY, 3 * DAY), (700 * DAY, 7 * DAY)],
)
def test_retry_after_is_honoured_for_up_to_a_week(retry_after, wait):
    assert step(NEW, failed(503, retry_after=retry_after)).due == START + wait


def test_ten_thousand_failures_do_not_overflow():
    assert step(replace(NEW, failures=10_000), failed(429)).due == START + DAY


def test_a_failure_keeps_what_was_known():
    before = step(NEW, fresh(b"old"), Parsed((), title="Wire", home="http://h/"))
    state = step(before, failed(validators=Validators(b'"torn"'), body=b"to"), now=START + HOUR)
    assert state.validators == TAGGED
    assert state.body_hash == body_hash(b"old")
    assert (state.title, state.home, state.last_success) == ("Wire", "http://h/", START)
    assert (state.last_attempt, state.interval) == (START + HOUR, before.interval)


def test_a_success_keeps_what_the_next_poll_needs():
    state = step(NEW, fresh(b"1", Validators(b'"a"', b"x")), Parsed((), title="Wire"))
    assert (state.first_success, state.last_success, state.last_attempt) == (START, START, START)
    state = step(state, unchanged(validators=Validators(b'"b"')), now=START + HOUR)
    assert (state.first_success, state.last_success) == (START, START + HOUR)
    assert state.validators == Validators(b'"b"')
    assert (state.body_hash, state.title) == (body_hash(b"1"), "Wire")
    assert step(state, fresh(b"1", Validators()), now=START + 2 * HOUR).validators == Validators()


def test_a_body_taken_in_before_is_no_news_whatever_is_counted():
    state = step(NEW, fresh(b"1"))
    assert is_news(NEW, fresh(b"1"))
    assert not is_news(state, fresh(b"1"))
    assert not is_news(NEW, unchanged())
    assert not is_news(NEW, failed())
    assert step(state, fresh(b"1"), new_items=9).interval == step(state, unchanged()).interval


def test_a_permanent_move_is_remembered_until_it_leads_nowhere():
    state = step(NEW, fresh(moved_to="http://b/"))
    state = step(state, unchanged())
    assert state.moved_to == "http://b/"
    for _ in range(4):
        state = step(state, failed(404))
    assert state.moved_to == "http://b/"
    assert step(state, failed(404)).moved_to is None


def test_a_failure_does_not_make_a_move_permanent():
    assert step(NEW, failed(404, moved_to="http://b/")).moved_to is None


def test_gone_is_for_ever():
    state = step(step(NEW, fresh()), GONE)
    assert state.gone
    assert state.last_error == "HTTP 410 Gone"


def test_gone_where_a_source_moved_to_is_first_asked_for_at_the_old_place():
    state = step(step(NEW, fresh(moved_to="http://b/")), GONE)
    assert (state.gone, state.moved_to) == (False, None)
    assert step(state, GONE).gone


def test_a_folder_is_always_due():
    trouble = after_look(NEW, "the folder can't be read", now=START)
    assert (trouble.due, trouble.failures, trouble.last_success) == (START, 1, None)
    well = after_look(trouble, None, now=START + MINUTE)
    assert (well.due, well.failures, well.last_error) == (START + MINUTE, 0, None)
    assert well.first_success == well.last_success == START + MINUTE
    refused = after_look(well, None, refusal="bad.json: not JSON", now=START + 2 * MINUTE)
    assert (refused.failures, refused.last_error) == (0, "bad.json: not JSON")


def test_a_clock_set_back_neither_crashes_nor_hurries():
    state = replace(step(NEW, fresh()), first_success=START + 90 * DAY, last_success=START + 90 * DAY)
    assert START + HOUR <= step(state, unchanged()).due <= START + 2 * HOUR
