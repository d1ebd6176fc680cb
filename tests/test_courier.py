"""The courier: at least once, in order, every destination on its own; and what becomes of what can't be delivered."""

import asyncio
from datetime import timedelta

import pytest
from newsroom import NOW
from outbox import DESK, DOWN, ERROR, GONE, PHONE, REFUSED, TAKEN, alert, desk

from syndicator.alerts import Answer, DeliveryState, Event, Verdict
from syndicator.errors import StoreError
from syndicator.store import Queued

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOTH = (DESK, PHONE, alert(to=("desk", "phone")))


def states(it, destination="desk"):
    return [row.state.value for row in reversed(it.store.ledger.deliveries(destination=destination, limit=1000))]


def test_three_days_of_outage_lose_nothing_and_all_arrives_in_order(tmp_path):
    with desk(tmp_path, *BOTH) as it:
        it.wire.answers["desk"] = DOWN
        for hour in range(72):
            it.say(f"Boat number {hour}")
            for _ in range(4):
                it.after(15 * MINUTE)
        titles = [f"Boat number {hour}" for hour in range(72)]
        assert it.titles("phone") == titles
        assert it.titles("desk") == []
        it.wire.answers["desk"] = TAKEN
        for _ in range(15):
            it.after(HOUR)
        assert it.titles("desk") == titles
        assert states(it) == ["delivered"] * 72


@pytest.mark.parametrize(
    "answer",
    [DOWN, ERROR, REFUSED, GONE, Answer(Verdict.TEMPORARY, "429", 429, retry_after=HOUR)],
    ids=["down", "500", "404", "410", "429"],
)
def test_what_one_destination_answers_does_not_touch_the_others(tmp_path, answer):
    with desk(tmp_path, *BOTH) as it:
        it.wire.answers["desk"] = answer
        for number in range(5):
            it.say(f"Boat number {number}")
        assert len(it.titles("phone")) == 5
        assert it.titles("desk") == []


def test_a_slow_destination_does_not_delay_the_others(tmp_path):
    with desk(tmp_path, *BOTH) as it:
        released = None
        order = []

        async def run():
            nonlocal released
            released = asyncio.Event()
            send = it.wire.send

            async def slow(destination, message):
                if destination == "desk":
                    await released.wait()
                order.append(destination)
                return await send(destination, message)

            it.wire.send = slow
            it.courier.start()
            for _ in range(200):
                await asyncio.sleep(0)
            assert order == ["phone"] * 3
            released.set()
            await it.courier.drain()

        it.deliver = lambda: None
        it.say("One boat", "Two boats", "Three boats")
        asyncio.run(run())
        assert order == ["phone"] * 3 + ["desk"] * 3


def test_one_destination_gets_one_message_at_a_time(tmp_path):
    with desk(tmp_path) as it:
        under_way = []
        send = it.wire.send

        async def watched(destination, message):
            under_way.append(destination)
            assert len(under_way) == 1
            await asyncio.sleep(0)
            under_way.remove(destination)
            return await send(destination, message)

        it.wire.send = watched
        it.say("One boat", "Two boats", "Three boats")
        assert it.titles() == ["One boat", "Two boats", "Three boats"]


def test_a_retry_has_the_same_id_and_every_attempt_is_in_the_ledger(tmp_path):
    with desk(tmp_path) as it:
        ids = []
        it.wire.answers["desk"] = lambda message: ids.append(message.id) or (DOWN if len(ids) < 3 else TAKEN)
        it.say("A boat")
        it.after(HOUR)
        it.after(HOUR)
        assert len(ids) == 3
        assert len(set(ids)) == 1
        (row,) = it.store.ledger.deliveries(limit=9)
        assert [each.verdict for each in it.store.ledger.attempts(row.n)] == ["temporary", "temporary", "delivered"]
        assert row.attempts == 3


def test_what_a_killed_process_was_sending_is_sent_again_under_its_id(tmp_path):
    with desk(tmp_path) as it:
        it.deliver = lambda: None
        it.say("A boat")
        with it.store.transaction():
            (claimed,) = it.store.deliveries.claim("dead", it.now, longest_wait=DAY)
    with desk(tmp_path) as it:
        it.deliver()
        assert it.titles() == []  # the lease still stands
        with it.store.transaction():
            assert it.store.deliveries.hand_back(it.now) == 1
        it.deliver()
        assert [message.id for message in it.wire.sent["desk"]] == [claimed.id]
        (row,) = it.store.ledger.deliveries(limit=9)
        assert [each.verdict for each in it.store.ledger.attempts(row.n)] == ["interrupted", "delivered"]


@pytest.mark.parametrize("away", [timedelta(minutes=6), -HOUR], ids=["ended", "clock set back"])
def test_a_lease_ends_by_itself_and_one_from_a_clock_that_was_set_back_is_over(tmp_path, away):
    with desk(tmp_path) as it:
        it.deliver = lambda: None
        it.say("A boat")
        with it.store.transaction():
            it.store.deliveries.claim("dead", it.now, longest_wait=DAY)
        asyncio.run(it.courier.drain())
        assert it.titles() == []
        it.now += away
        asyncio.run(it.courier.drain())
        assert it.titles() == ["A boat"]


@pytest.mark.parametrize("step", [-1 * SECOND, 6 * MINUTE], ids=["back", "forward"])
def test_a_clock_that_steps_during_an_attempt_does_not_make_it_twice(tmp_path, step):
    with desk(tmp_path) as it:
        send = it.wire.send

        async def stepping(destination, message):
            it.now += step
            it.courier.start()
            await asyncio.sleep(0)
            return await send(destination, message)

        it.wire.send = stepping
        it.say("A boat")
        it.after(HOUR)
        assert it.titles() == ["A boat"]


def test_a_long_mute_of_what_waits_leaves_the_house_at_work(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = DOWN
        it.say("A boat")
        with it.store.transaction():
            it.store.alerts.mute(it.store.alerts.all()[0].id, NOW + 5 * DAY)
        it.wire.answers["desk"] = TAKEN
        for _ in range(5):
            it.after(DAY - MINUTE)
        assert it.titles() == []
        it.after(HOUR)
        it.after(DAY)
        assert it.titles() == ["A boat"]


def test_an_attempt_that_can_not_be_written_down_is_not_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.courier.PAUSE_S", 0)
    with desk(tmp_path) as it:
        settle, failures = it.store.deliveries.settle, [StoreError("disk full")] * 3

        def full(*args):
            if failures:
                raise failures.pop()
            settle(*args)

        monkeypatch.setattr(it.store.deliveries, "settle", full)
        it.say("A boat")
        assert it.titles() == ["A boat"]
        (row,) = it.store.ledger.deliveries(limit=9)
        assert row.state is DeliveryState.DELIVERED
        assert len(it.store.ledger.attempts(row.n)) == 1


def test_a_refused_message_is_dead_and_can_be_replayed_under_its_id(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = [REFUSED, TAKEN]
        it.say("One boat")
        it.say("Two boats")
        assert states(it) == ["dead", "delivered"]
        dead = it.store.ledger.deliveries(state=DeliveryState.DEAD, limit=9)
        with it.store.transaction():
            assert it.store.deliveries.replay([row.n for row in dead], it.now) == 1
        it.deliver()
        assert it.titles() == ["Two boats", "One boat"]
        assert it.wire.sent["desk"][1].id == dead[0].id


def test_a_replay_of_what_was_killed_meanwhile_sends_nothing(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = [REFUSED, TAKEN]
        it.say("One boat")
        it.room.desk.kill(it.article("One boat"), "", it.now, by="Ana")
        with it.store.transaction():
            it.store.deliveries.replay([row.n for row in it.store.ledger.deliveries(limit=9)], it.now)
        it.deliver()
        assert it.heard() == []
        assert states(it) == ["cancelled"]


def test_a_destination_that_is_gone_is_switched_off_and_what_waits_is_kept(tmp_path):
    with desk(tmp_path, *BOTH) as it:
        it.deliver_later, deliver = it.deliver, it.deliver
        it.deliver = lambda: None
        it.say("One boat", "Two boats", "Three boats")
        it.wire.answers["desk"] = GONE
        deliver()
        row = it.store.destinations.get("desk")
        assert "gone for ever" in row.off
        (line,) = it.store.audit.newest(limit=9)
        noted = ("the service", "switched off", "destination desk", "")
        assert (line.who, line.act, line.thing, line.detail) == noted, (
            "what it said may quote us: an address, a headline"
        )
        assert states(it) == ["dead"] * 3
        it.say("Four boats")
        deliver()
        assert states(it) == ["dead"] * 4
        assert len(it.titles("phone")) == 4
        it.wire.answers["desk"] = TAKEN
        with it.store.transaction():
            it.store.destinations.switch_on("desk")
            it.store.deliveries.replay(
                [row.n for row in it.store.ledger.deliveries(destination="desk", limit=9)], it.now
            )
        deliver()
        assert it.titles("desk") == ["One boat", "Two boats", "Three boats", "Four boats"]


def test_the_first_reason_why_a_destination_is_off_stands_until_it_is_removed(tmp_path):
    with desk(tmp_path) as it, it.store.transaction():
        places = it.store.destinations
        assert places.switch_off("desk", "410 gone", it.now) is True
        assert places.switch_off("desk", "550 refused", it.now + MINUTE) is False
        assert (places.get("desk").off, places.get("desk").off_since) == ("410 gone", it.now)
        places.remove("desk", "it was removed", it.now + 2 * MINUTE)
        assert (places.get("desk").off, places.get("desk").off_since) == ("it was removed", it.now + 2 * MINUTE)


def test_a_burst_of_refusals_switches_nothing_off(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = REFUSED
        for number in range(20):
            it.say(f"Boat number {number}")
            it.after(2 * SECOND)
        it.wire.answers["desk"] = TAKEN
        it.say("A later boat")
        assert it.store.destinations.get("desk").off is None
        assert it.titles() == ["A later boat"]


def test_five_refusals_in_a_row_switch_a_destination_off_and_its_owner_is_told(tmp_path):
    parts = (
        '[destinations.desk]\nkind = "console"\nowner = "Ana"\n',
        '[destinations.ana]\nkind = "console"\nowner = "Ana"\n',
        PHONE,
        '[maintenance]\ndestinations = ["phone"]\n',
        alert(),
    )
    with desk(tmp_path, *parts) as it:
        it.wire.answers["desk"] = REFUSED
        for number in range(6):
            it.say(f"Boat number {number}")
            it.after(16 * MINUTE)
            assert (it.store.destinations.get("desk").off is not None) == (number >= 4)
        assert states(it) == ["dead"] * 6
        it.room.pipeline.look_after_ourselves(it.now)
        it.deliver()
        for name in ("ana", "phone"):
            (message,) = it.wire.sent[name]
            assert message.event == "maintenance"
            assert message.lines[0] == "Destination switched off: desk"
        assert it.wire.sent["desk"] == []


def test_a_poisonous_message_holds_the_others_up_for_minutes_not_days(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = lambda message: ERROR if message.items[0].title.text == "Bad boat" else TAKEN
        it.deliver, deliver = (lambda: None), it.deliver
        it.say("Bad boat", "One boat", "Two boats")
        for _ in range(10):
            it.after(MINUTE)
            deliver()
        assert it.titles() == ["One boat", "Two boats"]
        assert states(it) == ["pending", "delivered", "delivered"]
        it.deliver = deliver
        for _ in range(90):
            it.after(HOUR)
        assert states(it) == ["dead", "delivered", "delivered"]


def test_a_correction_overtakes_what_waits(tmp_path):
    with desk(tmp_path) as it:
        it.say("First boat")
        it.deliver, deliver = (lambda: None), it.deliver
        it.say("Two boats", "Three boats")
        it.room.desk.kill(it.article("First boat"), "", it.now, by="Ana")
        deliver()
        assert [event for event, _ in it.heard()] == ["match", "kill", "match", "match"]


def test_what_can_not_be_composed_costs_itself_alone(tmp_path, monkeypatch):
    with desk(tmp_path) as it:
        compose = it.courier._composer.compose

        def broken(claimed, now, **more):
            if claimed.n == 1:
                raise ValueError("a defect")
            return compose(claimed, now, **more)

        monkeypatch.setattr(it.courier._composer, "compose", broken)
        it.deliver, deliver = (lambda: None), it.deliver
        it.say("One boat", "Two boats")
        for _ in range(10):
            it.after(MINUTE)
            deliver()
        assert it.titles() == ["Two boats"]


def test_a_destination_that_was_taken_out_of_config_keeps_what_waited_as_dead(tmp_path):
    with desk(tmp_path, *BOTH) as it:
        it.wire.answers["desk"] = DOWN
        it.say("One boat")
    with desk(tmp_path, PHONE, alert(to=("phone",))) as it:
        assert states(it) == ["dead"]
        assert it.store.destinations.get("desk").off == "it is no longer in config.toml"
    with desk(tmp_path, *BOTH) as it:
        it.say("Two boats")
        assert it.titles("desk") == ["Two boats"]


def test_nothing_is_queued_twice_under_one_key(tmp_path):
    with desk(tmp_path, *BOTH) as it:
        message = Queued("maintenance:1", Event.MAINTENANCE, None, lines=("Disk nearly full",))
        with it.store.transaction():
            assert it.store.outbox.queue(message, ["desk", "phone"], NOW) == 2
            assert it.store.outbox.queue(message, ["desk", "phone"], NOW) == 0
            assert it.store.outbox.queue(message, ["nobody"], NOW) == 0
