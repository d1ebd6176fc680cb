"""Deliveries over the API: what was told to whom, every attempt at it, and another try for what was given up."""

import pytest
from apiroom import api
from newsroom import BOATS, INBOX
from outbox import DESK, GONE, PHONE, REFUSED, alert

TITLES = ["A boat came in", "A boat went out", "A boat sank", "A boat was found", "A boat was sold"]


@pytest.fixture
def room(tmp_path):
    with api(tmp_path, INBOX, BOATS, DESK, PHONE, alert(), alert("Sunk", "sank", to=("phone",))) as opened:
        yield opened


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """One newsroom with a dead delivery for all requests that are refused: they change nothing."""
    with api(tmp_path_factory.mktemp("still"), INBOX, BOATS, DESK, alert()) as opened:
        dead(opened)
        yield opened
        assert len(opened.said("GET", "/deliveries?state=dead")["deliveries"]) == 1


def say(room, *titles):
    for title in titles:
        room.it.say(title, text=f"{title}, and nobody knows of another one like it: {title.upper()}.")


def dead(room):
    """Two deliveries of which the first was refused for good."""
    room.it.wire.answers["desk"] = REFUSED
    say(room, TITLES[0])
    room.it.wire.answers.clear()
    say(room, TITLES[1])
    (delivery,) = room.said("GET", "/deliveries?state=dead")["deliveries"]
    return delivery


def test_deliveries_are_told_newest_first_and_narrowed_by_what_is_asked(room):
    say(room, *TITLES[:3])

    def titles(query=""):
        return [each["title"] for each in room.said("GET", f"/deliveries{query}")["deliveries"]]

    assert titles() == [TITLES[2], TITLES[2], TITLES[1], TITLES[0]]
    assert titles("?destination=phone") == titles("?alert=sunk") == [TITLES[2]]
    assert titles("?state=dead") == []
    assert titles("?state=delivered&destination=desk&limit=1") == [TITLES[2]]


def test_deliveries_are_read_a_page_at_a_time_and_new_ones_disturb_nothing(room):
    say(room, *TITLES[:2])
    first = room.said("GET", "/deliveries?destination=desk&limit=1")
    say(room, TITLES[3])
    second = room.said("GET", f"/deliveries?destination=desk&limit=1&cursor={first['next']}")
    assert [each["title"] for page in (first, second) for each in page["deliveries"]] == [TITLES[1], TITLES[0]]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [("stat=dead", 422), ("state=deaf", 422), ("limit=201", 422), ("cursor=0", 422), ("alert=nothing", 404)],
    ids=str,
)
def test_a_slip_in_what_is_asked_does_not_ask_for_everything(still, query, status):
    still.refused(status, "GET", f"/deliveries?{query}")


def test_a_delivery_is_told_with_every_attempt(room):
    delivery = dead(room)
    told = room.said("GET", f"/deliveries/{delivery['id']}")
    assert {key: told[key] for key in delivery} == delivery
    assert [(each["verdict"], each["status"]) for each in told["tries"]] == [("permanent", 404)]
    assert room.said("GET", f"/deliveries/{delivery['id'][:14]}") == told
    room.refused(404, "GET", "/deliveries/msg_0")


def test_what_was_given_up_is_sent_again_under_its_old_id(room):
    delivery = dead(room)
    replayed = room.said("POST", f"/deliveries/{delivery['id']}/replay")
    assert (replayed["state"], replayed["id"], len(replayed["tries"])) == ("pending", delivery["id"], 1)
    room.it.after()
    assert room.it.wire.sent["desk"][-1].id == delivery["id"]
    assert "only what is dead" in room.refused(409, "POST", f"/deliveries/{delivery['id']}/replay")["detail"]
    room.refused(404, "POST", "/deliveries/msg_00000000/replay")


def test_what_goes_to_a_destination_that_is_off_is_not_replayed(room):
    room.it.wire.answers["desk"] = GONE
    say(room, TITLES[0])
    (delivery,) = room.said("GET", "/deliveries?state=dead")["deliveries"]
    assert "switched off" in room.refused(409, "POST", f"/deliveries/{delivery['id']}/replay")["detail"]
    told = room.said("POST", "/replay", {"all": True})
    assert told == {"queued": 0, "left": [{"destination": "desk", "deliveries": 1}]}


@pytest.mark.parametrize(
    ("body", "queued"),
    [({"all": True}, 1), ({"destination": "desk"}, 1), ({"destination": "phone"}, 0), ({"alert": "Boats"}, 1)],
    ids=["all", "destination", "other", "alert"],
)
def test_several_are_replayed_at_once(room, body, queued):
    dead(room)
    assert room.said("POST", "/replay", body)["queued"] == queued


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"all": False}, 422),
        ({"all": True, "alert": "Boats"}, 422),
        ({"all": 1}, 422),
        ({"every": True}, 422),
        ({"alert": "nothing"}, 404),
        ({"destination": "nowhere"}, 404),
    ],
    ids=["nothing", "not-all", "both", "number", "unknown", "no-alert", "no-destination"],
)
def test_a_replay_that_does_not_say_what_is_refused(still, body, status):
    still.refused(status, "POST", "/replay", body)
