"""The short soak: SIGKILL to a service at work, and everything told once all the same. `make soak` is the long one.

And the counting behind both: each way to break the promise is found by it.
"""

import json
import random
from dataclasses import replace

import pytest
from soak import SHORT, soak
from soak_count import TAKEN, Act, Receipt, count
from soak_news import make_alerts, make_news


@pytest.mark.thorough
def test_a_service_killed_at_work_loses_nothing_and_tells_nothing_twice(tmp_path):
    plan = replace(SHORT, seed=random.randrange(10**6))
    counts = soak(plan, tmp_path)
    assert not +counts.defects, (plan.seed, dict(counts.examples), counts.figures)
    assert counts.figures["kills (SIGKILL)"] == plan.kills
    assert counts.figures["deliveries told once, without repeats"] > plan.articles


# The counting


class Wire:
    """A run in which all went well, made up: what came, in order, and what the desk did. Tests break it."""

    def __init__(self):
        rng = random.Random(7)
        alerts = make_alerts(rng, ["w00", "w01"], ["m00"], share=1.0, cooldown_s=2, hourly=False)
        self.news = make_news(rng, 40, alerts, fates=2)
        self.receipts = []
        self.acts = []
        self.kills = []
        for number, key in enumerate(sorted(self.news.expected())):
            self.say(f"msg_{number:06}", "match", *key)
        self.queue = {r.id: (n, [(r.alert, r.items[0][0], r.destination)]) for n, r in enumerate(self.receipts)}
        for article in list(self.news.articles.values()):
            if article.fate:
                self.acts.append(Act(article.fate, article.token, 2.0, 3.0, 0))
                event = {"correct": "correction", "kill": "kill"}[article.fate]
                for alert, token, destination in sorted(self.news.expected()):
                    if token == article.token:
                        self.say(f"msg_{event}{len(self.receipts)}", event, alert, token, destination, at=4.0)

    def say(self, id_, event, alert, token, destination, *, at=1.0, emended=False, answer=TAKEN):
        raw = json.dumps({"items": [], "id": id_, "said": emended}).encode()
        self.receipts.append(Receipt(at, destination, answer, raw, id_, event, alert, ((token, emended),)))

    def first(self, event, fate=None):
        """The first receipt of this kind at a webhook that is about an article of this fate."""
        return next(
            each
            for each in self.receipts
            if each.event == event and self.news.articles[each.items[0][0]].fate == fate and each.destination[0] == "w"
        )

    def again(self, receipt, **changed):
        self.receipts.insert(self.receipts.index(receipt) + 1, replace(receipt, **changed))

    def defects(self):
        return dict(+count(self.news, self.receipts, self.acts, self.kills, self.queue).defects)


@pytest.fixture
def wire():
    return Wire()


def test_a_run_in_which_all_went_well_has_no_defects(wire):
    assert wire.defects() == {}
    assert len(wire.news.expected()) > 50
    assert {act.verb for act in wire.acts} == {"correct", "kill"}


def test_a_delivery_that_never_came_is_lost(wire):
    wire.receipts.remove(wire.first("match"))
    assert wire.defects() == {"lost": 1}


def test_a_delivery_that_was_only_refused_is_lost(wire):
    wire.first("match").answer = "500"
    assert wire.defects() == {"lost": 1}


def test_the_same_told_under_another_id_is_told_twice(wire):
    first = wire.first("match")
    wire.again(first, id="msg_other")
    wire.queue["msg_other"] = wire.queue[first.id]
    assert wire.defects() == {"told twice under two ids": 1}


def test_a_repeat_without_a_cause_is_found(wire):
    wire.again(wire.first("match"))
    assert wire.defects() == {"repeats without a cause": 1}


def test_a_repeat_after_a_kill_in_flight_is_explained_once(wire):
    first = wire.first("match")
    wire.kills.append((1.5, frozenset({first.id})))
    wire.again(first, at=1.6)
    assert wire.defects() == {}
    wire.again(first, at=1.7)
    assert wire.defects() == {"repeats without a cause": 1}


def test_a_kill_explains_nothing_that_came_before_it(wire):
    first = wire.first("match")
    wire.kills.append((9.0, frozenset({first.id})))
    wire.again(first, at=1.6)
    assert wire.defects() == {"repeats without a cause": 1}


def test_a_repeat_that_says_something_else_is_found(wire):
    first = wire.first("match")
    wire.kills.append((1.5, frozenset({first.id})))
    wire.again(first, at=1.6, raw=json.dumps({"items": [], "id": first.id, "said": "more"}).encode())
    assert wire.defects() == {"repeats that said something else for no reason": 1}


def test_what_nobody_asked_for_is_extra(wire):
    backlog = wire.news.backlog[0].token
    wire.say("msg_backlog", "match", "watch ferry", backlog, "w00")
    wire.queue["msg_backlog"] = (10**6, [])
    assert wire.defects() == {"extra": 1}


@pytest.mark.parametrize("event", ["correction", "kill"])
def test_who_had_the_first_version_must_be_told(wire, event):
    fate = {"correction": "correct", "kill": "kill"}[event]
    wire.receipts.remove(wire.first(event, fate))
    assert wire.defects() == {f"{event}s lost": 1}


@pytest.mark.parametrize("event", ["correction", "kill"])
def test_what_is_taken_back_is_taken_back_once(wire, event):
    fate = {"correction": "correct", "kill": "kill"}[event]
    wire.again(wire.first(event, fate), id="msg_other")
    assert wire.defects() == {f"{event}s told twice under two ids": 1}


def test_a_kill_told_to_one_who_never_had_it_is_extra(wire):
    kill = wire.first("kill", "kill")
    wire.again(kill, destination="w09", id="msg_other")
    assert wire.defects() == {"extra kills": 1}


@pytest.mark.parametrize("fate", ["correct", "kill"])
def test_the_first_version_told_after_it_was_taken_back_is_found(wire, fate):
    wire.first("match", fate).at = 9.0
    assert wire.defects() == {"told as it was after it was taken back": 1}


def test_a_correction_that_came_before_the_match_leaves_nothing_to_take_back(wire):
    match = wire.first("match", "correct")
    match.items = ((match.items[0][0], True),)
    about = (match.alert, match.items[0][0], match.destination)
    wire.receipts = [
        each
        for each in wire.receipts
        if each.event != "correction" or (each.alert, each.items[0][0], each.destination) != about
    ]
    assert wire.defects() == {}


def test_a_signature_that_does_not_fit_is_found(wire):
    wire.first("match").verified = False
    assert wire.defects()["signatures that do not fit"] == 1


def test_what_overtakes_without_a_cause_is_found(wire):
    first = wire.first("match")
    wire.queue[first.id] = (10**6, wire.queue[first.id][1])
    assert wire.defects().keys() == {"out of order though never set aside"}
