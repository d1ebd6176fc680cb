"""What people do with alerts and destinations: each act is whole, and says what is wrong in sentences."""

import asyncio
import tomllib
from contextlib import contextmanager
from datetime import timedelta

import pytest
from newsroom import NOW
from outbox import DESK, GONE, PHONE, alert, desk

from syndicator.addresses import where_it_leads
from syndicator.alertdesk import AlertDesk
from syndicator.alerts import DeliveryState
from syndicator.deliverydesk import DeliveryDesk
from syndicator.destinationdesk import DestinationDesk
from syndicator.errors import NotFoundError, UsageError

HOUR = timedelta(hours=1)
SECRET = "whsec_Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ"


@contextmanager
def desks(root, *parts):
    """A newsroom with its desks."""
    with desk(root, *(parts or (DESK, PHONE))) as it:
        it.alerts = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        it.destinations = DestinationDesk(it.room.settings, it.store)
        it.deliveries = DeliveryDesk(it.room.settings, it.store)
        yield it


def boats(**more):
    return {"name": "Boats", "query": "boat", "destinations": ["desk"]} | more


def test_an_alert_is_found_by_name_in_any_capitals_or_by_the_start_of_its_id(tmp_path):
    with desks(tmp_path) as it:
        row = it.alerts.add(boats(), NOW)
        assert it.alerts.find("BOATS") == it.alerts.find(row.id[:4]) == row
        with pytest.raises(NotFoundError, match="did you mean 'Boats'"):
            it.alerts.find("Boots")
        with pytest.raises(NotFoundError, match="alerts list"):
            it.alerts.find(row.id[:3])


def test_a_name_is_given_once(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(), NOW)
        with pytest.raises(UsageError, match="already"):
            it.alerts.add(boats(name="boats"), NOW)
        other = it.alerts.add(boats(name="Ships"), NOW)
        with pytest.raises(UsageError, match="already"):
            it.alerts.edit(other.id, {"name": "BOATS"}, NOW)
        assert it.alerts.edit(other.id, {"name": "SHIPS"}, NOW).name == "SHIPS"


def test_every_mistake_is_told_at_once(tmp_path):
    with desks(tmp_path) as it, pytest.raises(UsageError) as refused:
        it.alerts.add({"name": "", "query": "(", "destinations": ["nosuch"], "zone": "Mars"}, NOW)
    for key in ("name", "query", "destinations", "zone"):
        assert key in str(refused.value)


def test_an_edit_changes_what_is_given_and_clears_what_is_none(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(cooldown="10m", owner="Anna"), NOW)
        it.alerts.edit("boats", {"query": "ship", "cooldown": None}, NOW)
        standing = it.alerts.standing(it.alerts.find("boats"), NOW)
    assert standing.alert.query == "ship"
    assert standing.alert.owner == "Anna"
    assert standing.alert.timing.cooldown == timedelta()


def test_whoever_ended_an_alert_hears_of_it_again_only_when_named_again(tmp_path):
    with desks(tmp_path) as it:
        row = it.alerts.add(boats(), NOW)
        with it.store.transaction():
            it.store.alerts.opt_out(row.id, "desk", NOW)
        it.alerts.edit("boats", {"schedule": "hourly"}, NOW)
        assert it.store.alerts.opted_out(row.id) == {"desk"}
        it.alerts.edit("boats", {"destinations": ["desk", "phone"]}, NOW)
        assert it.store.alerts.opted_out(row.id) == frozenset()


def test_a_shorter_schedule_brings_forward_what_waits(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(schedule="daily at 07:30"), NOW)
        it.say("A boat came in")
        assert it.alerts.standing(it.alerts.find("boats"), NOW).waiting == 1
        it.alerts.edit("boats", {"schedule": None}, NOW)
        it.after(HOUR)
        assert it.titles() == ["A boat came in"]


def test_a_mute_holds_back_and_its_end_lets_go(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(), NOW)
        it.alerts.mute("boats", NOW + 5 * HOUR, NOW)
        it.say("A boat came in")
        it.after(HOUR)
        assert it.titles() == []
        it.alerts.mute("boats", None, it.now)
        it.after()
        assert it.titles() == ["A boat came in"]


def test_a_mute_that_came_with_an_import_can_be_ended_too(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(mute_until="2027-01-01T00:00:00Z"), NOW)
        it.alerts.mute("boats", None, NOW)
        assert it.alerts.standing(it.alerts.find("boats"), NOW).alert.timing.muted_until is None


def test_alerts_of_config_can_be_muted_and_are_changed_there(tmp_path):
    with desks(tmp_path, DESK, alert()) as it:
        for act in (
            lambda: it.alerts.edit("boats", {"query": "x"}, NOW),
            lambda: it.alerts.remove("boats", NOW),
            lambda: it.alerts.import_("[[alerts]]\nname = 'boats'\nquery = 'x'\n", NOW, replace=True),
        ):
            with pytest.raises(UsageError, match=r"stands in .*config.toml: change it there"):
                act()
        assert it.alerts.mute("boats", NOW + HOUR, NOW).muted_until == NOW + HOUR


def test_what_is_exported_is_imported_as_it_was(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(
            boats(
                query='boat OR\n"the ship"',
                schedule="weekly mon 08:00",
                zone="Europe/London",
                quiet_hours="22:00-07:00",
            ),
            NOW,
        )
        it.alerts.add(boats(name="Ships", group_stories=False), NOW)
        it.alerts.mute("ships", NOW + timedelta(days=2), NOW)
        text = it.alerts.export()
        assert 'mute_until = "2026-11-05T12:00:00Z"' in text
        before = [it.alerts.standing(row, NOW).alert.timing for row in it.store.alerts.all()]
        for name in ("boats", "ships"):
            it.alerts.remove(name, NOW)
        assert [row.name for row in it.alerts.import_(text, NOW)] == ["Boats", "Ships"]
        assert tomllib.loads(it.alerts.export()) == tomllib.loads(text)
        assert [it.alerts.standing(row, NOW).alert.timing for row in it.store.alerts.all()] == before
        assert [table["name"] for table in tomllib.loads(it.alerts.export(["ships"]))["alerts"]] == ["Ships"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "not TOML"),
        ("x = 1", "no alert in it"),
        ("alerts = 1", "no alert in it"),
        ("[[alerts]]\nname = 'A'\nquery = 'x'\n[[alerts]]\nquery = 'x'\n", "alert 2 (without a name): name"),
        ("[[alerts]]\nname = 'A'\nquery = 'x'\n[[alerts]]\nname = 'a'\nquery = 'y'\n", "already"),
        ("[[alerts]]\nname = 'A'\nquery = 'x'\nfeed_token = 'y'\n", "feed_token"),
        ("[[alerts]]\nname = 'A'\nquery = 'env:HOME'\ndestinations = ['env:HOME']\n", "destinations"),
    ],
    ids=["no-toml", "no-alerts", "no-tables", "no-name", "twice", "unknown-key", "environment"],
)
@pytest.mark.parametrize("replace", [False, True], ids=["add", "replace"])
def test_an_import_is_whole_or_nothing(tmp_path, text, said, replace):
    with desks(tmp_path) as it:
        with pytest.raises(UsageError) as refused:
            it.alerts.import_(text, NOW, replace=replace)
        assert said in str(refused.value)
        assert it.store.alerts.all() == []


def test_a_history_tells_what_became_of_each_hit(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(destinations=["desk", "phone"]), NOW)
        it.wire.answers["phone"] = GONE
        it.say("A boat came in")
        it.say("A boat of old", backlog=True)
        old, told = it.alerts.history("boats", limit=5)
    assert [old.article.content.title, told.article.content.title] == ["A boat of old", "A boat came in"]
    assert old.hit.silent == "backlog"
    assert [(each.destination, each.state) for each in told.deliveries] == [("desk", "delivered"), ("phone", "dead")]


# Destinations


def test_a_destination_added_by_hand_works_and_keeps_its_secret(tmp_path):
    with desks(tmp_path) as it:
        raw = {"kind": "webhook", "url": "https://hook.example:8443/CANARY?t=CANARY", "secret": SECRET}
        it.destinations.add("hook", raw, NOW)
        reached = it.destinations.standing(it.destinations.find("hook"))
    assert reached.where == "https://hook.example:8443/…"
    assert "CANARY" not in repr(reached.where)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"kind": "email", "to": "a@b.example"}, "a@b.example"),
        ({"kind": "apprise", "url": "slack://CANARYA/CANARYB/CANARYC"}, "slack://…"),
        ({"kind": "webhook", "url": "https://[2001:db8::1]/x", "secret": SECRET}, "https://[2001:db8::1]/…"),
        ({"kind": "console"}, "the service's terminal"),
    ],
    ids=["email", "apprise", "webhook", "console"],
)
def test_where_a_destination_leads_is_told_without_secrets(tmp_path, raw, where):
    from syndicator.config import read_destination

    smtp = '[smtp]\nhost = "localhost"\nsender = "a@b.example"\nsecurity = "none"\n'
    with desks(tmp_path, DESK, smtp) as it:
        assert where_it_leads(read_destination("x", raw, it.room.settings)) == where


def test_a_destination_that_is_used_is_removed_by_force_only_and_what_waits_is_kept_as_dead(tmp_path):
    with desks(tmp_path) as it:
        it.destinations.add("log", {"kind": "console"}, NOW)
        it.alerts.add(boats(destinations=["log"]), NOW)
        with pytest.raises(UsageError, match="1 alert uses 'log': Boats"):
            it.destinations.remove("log", NOW)
        it.wire.answers["log"] = GONE
        with it.store.transaction():
            it.store.destinations.switch_on("log")
        it.courier.start = lambda: None
        it.say("A boat came in")
        assert it.destinations.remove("log", NOW, force=True) == 1
        (row,) = it.store.ledger.deliveries(limit=5)
        assert row.state is DeliveryState.DEAD
        with pytest.raises(NotFoundError):
            it.destinations.find("log")
        assert it.destinations.add("log", {"kind": "console"}, NOW).off is None


def test_a_destination_of_config_is_neither_removed_nor_doubled(tmp_path):
    with desks(tmp_path) as it:
        with pytest.raises(UsageError, match=r"stands in .*config.toml"):
            it.destinations.remove("desk", NOW, force=True)
        with pytest.raises(UsageError, match="already"):
            it.destinations.add("desk", {"kind": "console"}, NOW)


def test_what_died_is_replayed_once_its_destination_is_on_again(tmp_path):
    with desks(tmp_path) as it:
        it.alerts.add(boats(destinations=["desk", "phone"]), NOW)
        it.wire.answers["phone"] = GONE
        it.say("A boat came in", "A boat went out")
        left = it.deliveries.replay(NOW)
        assert (left.queued, left.left) == (0, {"phone": 2})
        it.wire.answers.clear()
        assert it.destinations.switch_on("phone", it.now).off is None
        row = it.alerts.find("boats")
        assert it.deliveries.replay(NOW, destination="phone", alert=row.id).queued == 2
        it.after()
        assert it.titles("phone") == ["A boat came in", "A boat went out"]
        (delivered, *_) = it.store.ledger.deliveries(limit=1)
        with pytest.raises(UsageError, match="only what is dead"):
            it.deliveries.replay(NOW, references=[delivered.id])


def test_a_test_goes_through_the_destinations_own_channel(tmp_path):
    with desks(tmp_path) as it:
        answer = asyncio.run(it.destinations.test("desk", it.wire, NOW))
        (message,) = it.wire.sent["desk"]
    assert answer.said == "ok"
    assert message.event == "test"
    assert message.id.startswith("msg_test")
    assert it.store.path.exists()
