"""Destinations over the API: where they lead, what they sign with, and that no secret ever comes out again."""

import json

import pytest
from apiroom import LOOPBACK, api
from newsroom import BOATS, INBOX
from outbox import DESK, alert
from receiver import Receiver, Reply
from test_cli_alerts import PREVIOUS, SECRET

from syndicator.access import Scope
from syndicator.destinationdesk import DestinationDesk
from syndicator.web.api import destinations

SMTP = '[smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\nsender = "a@desk.example"\npassword = "CANARYPASS"\nusername = "u"\n'
FILE = '[destinations.log]\nkind = "file"\npath = "log.jsonl"\n'
HOOK = {"name": "hook", "kind": "webhook", "url": "https://h.example/CANARYPATH?k=CANARYQUERY", "secret": SECRET}
CHAT = {"name": "chat", "kind": "apprise", "url": "slack://CANARYTOKEN/CANARYTOKEN/CANARYTOKEN"}
CANARIES = (SECRET, PREVIOUS, SECRET.removeprefix("whsec_"), "CANARY")


@pytest.fixture
def room(tmp_path):
    with api(tmp_path, LOOPBACK, INBOX, BOATS, DESK, FILE, SMTP, alert()) as opened:
        yield opened


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """One newsroom for all requests that are refused: they change nothing."""
    with api(tmp_path_factory.mktemp("still"), LOOPBACK, INBOX, BOATS, DESK, FILE, SMTP, alert()) as opened:
        yield opened
        assert [each["name"] for each in opened.said("GET", "/destinations")["destinations"]] == ["desk", "log"]


def added(room, **more):
    return room.said("POST", "/destinations", HOOK | more, status=201)


# Add, look at, change, remove


def test_a_destination_is_kept_and_found_at_its_address_without_its_secrets(room):
    reply = room.call("POST", "/destinations", HOOK)
    assert (reply.status, reply["location"]) == (201, "/api/v1/destinations/hook")
    record = json.loads(reply.body)
    assert (record["where"], record["kind"], record["from_config"]) == ("https://h.example/…", "webhook", False)
    assert room.said("GET", "/destinations/hook") == record
    assert json.loads(room.store.destinations.get("hook").definition)["secret"] == SECRET


@pytest.mark.parametrize(
    ("given", "owner"), [({}, "Anna"), ({"owner": "Ben"}, "Ben"), ({"owner": ""}, "")], ids=["none", "other", "nobody"]
)
def test_what_a_token_creates_is_its_owners_unless_it_says_otherwise(room, given, owner):
    token = room.token(Scope.DESTINATIONS_WRITE, owner="Anna")
    assert room.said("POST", "/destinations", HOOK | given, status=201, token=token)["owner"] == owner


def test_nothing_that_is_secret_ever_comes_out(room):
    said = [added(room), room.said("POST", "/destinations", CHAT, status=201)]
    said.append(room.said("PATCH", "/destinations/hook", {"secret": PREVIOUS}))
    for wrong in (
        HOOK | {"secret": SECRET[:-3], "url": "ftp://CANARYPATH"},
        HOOK | {"name": "x", "previous_secret": SECRET},
        CHAT | {"name": "x", "url": "http://CANARYTOKEN"},
        CHAT | {"name": "x", "url": ["slack://CANARYTOKEN"]},
        HOOK,
    ):
        reply = room.call("POST", "/destinations", wrong)
        assert reply.status in {409, 422}
        said.append(json.loads(reply.body))
    said.append(room.said("POST", "/destinations/chat/test"))
    said += [room.said("GET", place) for place in ("/destinations", "/destinations/hook", "/destinations/chat")]
    assert not [canary for canary in CANARIES if canary in json.dumps(said)]


def test_what_folders_the_machine_has_is_not_told(room):
    """Alerts may go to a file of config's, and a test is written there; where that lies is the newsroom's business."""
    said = [room.said("POST", "/destinations/log/test"), room.said("GET", "/destinations/log")]
    assert (said[0]["said"], said[1]["where"]) == ("written to log.jsonl", "log.jsonl")
    path = room.it.room.root / "log.jsonl"
    path.unlink()
    path.mkdir()
    said += [room.said("POST", "/destinations/log/test"), room.said("GET", "/destinations")]
    assert said[2]["taken"] is False
    assert str(room.it.room.root) not in json.dumps(said)


def test_a_destination_is_switched_on_only_from_the_state_that_was_seen(room):
    added(room)
    seen = room.call("GET", "/destinations/hook")["etag"]
    known = room.call("PATCH", "/destinations/hook", {"owner": "Ben"})["etag"]
    room.refused(412, "POST", "/destinations/hook/on", headers={"If-Match": seen})
    assert room.call("POST", "/destinations/hook/on", headers={"If-Match": known}).status == 200


@pytest.mark.parametrize("kind", ["file", "console"])
def test_a_token_can_not_have_the_server_write_to_its_own_disk_or_terminal(still, kind):
    body = {"name": "mine", "kind": kind} | ({"path": "/tmp/x"} if kind == "file" else {})
    problem = still.refused(422, "POST", "/destinations", body)
    told = {each["field"]: each["message"] for each in problem["errors"]}
    assert "can't have this server write files or to its terminal" in told["body.kind"]


def test_a_file_that_was_added_by_command_can_not_be_led_elsewhere(room):
    DestinationDesk(room.house.settings, room.store).add("mine", {"kind": "file", "path": "mine.jsonl"}, room.it.now)
    for change in ({"path": "other.jsonl"}, {"url": "https://h.example/"}, {"to": "a@b.example"}, {"kind": "webhook"}):
        room.refused(422, "PATCH", "/destinations/mine", change)
    assert room.said("PATCH", "/destinations/mine", {"owner": "Ben"})["where"] == "mine.jsonl"


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"url": "nowhere", "secret": "short"}, {"url", "secret"}),
        ({"name": "Not A Name"}, {"name"}),
        ({"to": "a@b.example"}, {"to"}),
        ({"kind": "email", "url": None, "secret": None}, {"to"}),
        ({"colour": "red", "off": None}, {"colour", "off"}),
        ({"kind": "pigeon"}, {"kind"}),
        ({"timeout": 61.0}, {"timeout"}),
        ({"url": "https://user:pass@h.example/"}, {"url"}),
        ({"url": "file:///etc/passwd"}, {"url"}),
        ({"secret": "env:HOME"}, {"secret"}),
        ({"kind": "apprise", "url": "syslog://", "secret": None}, {"url"}),
    ],
    ids=[
        "several",
        "name",
        "other-kind",
        "needed",
        "unknown",
        "kind",
        "timeout",
        "password",
        "scheme",
        "env",
        "machine",
    ],
)
def test_everything_wrong_with_a_destination_is_told_field_by_field(still, wrong, fields):
    problem = still.refused(422, "POST", "/destinations", HOOK | wrong)
    assert {each["field"].removeprefix("body.") for each in problem["errors"]} == fields


def test_a_name_that_is_taken_is_a_conflict_so_that_trying_again_is_safe(room):
    added(room)
    assert "already" in room.refused(409, "POST", "/destinations", HOOK)["detail"]
    room.refused(409, "POST", "/destinations", HOOK | {"name": "desk"})


def test_destinations_of_config_are_changed_there_alone(still):
    for method, body in (("PATCH", {"owner": "Ben"}), ("DELETE", None)):
        problem = still.refused(409, method, "/destinations/desk", body)
        assert problem["type"] == "urn:syndicator:problem:in-config"
        assert str(still.it.room.root) not in json.dumps(problem)


def test_only_what_is_given_changes_and_the_secret_before_goes_on_signing(room):
    added(room)
    changed = room.said("PATCH", "/destinations/hook", {"owner": "Ben", "secret": PREVIOUS, "timeout": 5})
    assert (changed["owner"], changed["where"]) == ("Ben", "https://h.example/…")
    kept = json.loads(room.store.destinations.get("hook").definition)
    assert (kept["secret"], kept["previous_secret"], kept["timeout"]) == (PREVIOUS, SECRET, "5s")
    room.said("PATCH", "/destinations/hook", {"previous_secret": None, "timeout": None})
    kept = json.loads(room.store.destinations.get("hook").definition)
    assert "previous_secret" not in kept
    assert "timeout" not in kept
    room.refused(422, "PATCH", "/destinations/hook", {"kind": "email"})
    room.refused(422, "PATCH", "/destinations/hook", {"url": None})
    assert room.said("PATCH", "/destinations/hook", {})["owner"] == "Ben"


def test_a_destination_in_use_is_removed_only_by_force(room):
    added(room)
    room.said("POST", "/alerts", {"name": "B", "query": "boat", "destinations": ["hook"]}, status=201)
    assert "Alerts use it: B" in room.refused(409, "DELETE", "/destinations/hook")["detail"]
    room.refused(422, "DELETE", "/destinations/hook?forse=true")
    assert room.call("DELETE", "/destinations/hook?force=true").status == 204
    room.refused(404, "GET", "/destinations/hook")


@pytest.mark.parametrize("scope", [Scope.ALERTS_READ, Scope.ALERTS_WRITE, None], ids=["reads", "writes", "neither"])
def test_what_alerts_are_called_is_told_to_those_who_may_read_them(room, scope):
    added(room)
    room.said("POST", "/alerts", {"name": "Raid", "query": "boat", "destinations": ["hook"]}, status=201)
    token = room.token(Scope.DESTINATIONS_WRITE, *filter(None, [scope]))
    named = ["Raid"] if scope else []
    listed = room.said("GET", "/destinations", token=token)["destinations"]
    assert [each["alerts"] for each in listed if each["name"] == "hook"] == [named]
    assert room.said("GET", "/destinations/hook", token=token)["alerts"] == named
    assert room.said("PATCH", "/destinations/hook", {"owner": "Ben"}, token=token)["alerts"] == named
    assert room.said("POST", "/destinations/hook/on", token=token)["alerts"] == named
    assert ("Raid" in room.refused(409, "DELETE", "/destinations/hook", token=token)["detail"]) == bool(scope)


def test_a_destination_that_is_not_there_is_not_found(still):
    for method, place in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/on")):
        still.refused(404, method, f"/destinations/nowhere{place}", {} if method == "PATCH" else None)


# Lost updates


def test_a_change_of_what_was_changed_meanwhile_is_refused(room):
    added(room)
    seen = room.call("GET", "/destinations/hook")["etag"]
    changed = room.call("PATCH", "/destinations/hook", {"secret": PREVIOUS}, headers={"If-Match": seen})
    assert changed.status == 200
    assert changed["etag"] != seen
    room.refused(412, "PATCH", "/destinations/hook", {"owner": "Ben"}, headers={"If-Match": seen})
    room.refused(412, "DELETE", "/destinations/hook", headers={"If-Match": seen})
    assert room.call("DELETE", "/destinations/hook", headers={"If-Match": changed["etag"]}).status == 204


def test_a_destinations_tag_is_of_use_to_nobody_who_guesses_at_its_secret(tmp_path):
    """The same definition has another tag in another newsroom: it is keyed."""
    tags = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with api(tmp_path / name, BOATS) as room:
            tags.add(room.call("POST", "/destinations", HOOK)["etag"])
    assert len(tags) == 2


# A real test message


def test_a_test_sends_a_real_signed_message_and_tells_the_answer(room):
    with Receiver(SECRET) as receiver:
        receiver.answer("/hook", Reply(204), Reply(410))
        added(room, url=receiver.url("/hook"))
        told = room.said("POST", "/destinations/hook/test")
        assert (told["taken"], told["status"]) == (True, 204)
        (request,) = receiver.requests
        assert request.verified
        assert request.json["type"] == "test"
        told = room.said("POST", "/destinations/hook/test")
        assert (told["taken"], told["status"]) == (False, 410)


def test_a_test_reaches_no_private_address_that_config_does_not_name(tmp_path):
    with Receiver(SECRET) as receiver, api(tmp_path, BOATS) as room:
        room.said("POST", "/destinations", HOOK | {"url": receiver.url("/hook")}, status=422)
        added(room, url=receiver.url("/hook").replace("127.0.0.1", "localhost"))
        told = room.said("POST", "/destinations/hook/test")
        assert told["taken"] is False
        assert "private" in told["said"]
        assert receiver.requests == []


def test_a_test_that_nobody_answers_ends(room, monkeypatch):
    monkeypatch.setattr(destinations, "TEST_S", 0.3)
    with Receiver(SECRET) as receiver:
        receiver.answer("/hook", Reply(hang=True))
        added(room, url=receiver.url("/hook"))
        told = room.said("POST", "/destinations/hook/test")
    assert (told["taken"], told["said"]) == (False, "no answer within 0 seconds")


def test_a_destination_that_was_switched_off_is_switched_on_again(room):
    added(room)
    with room.store.transaction():
        room.store.destinations.switch_off("hook", "it is gone for ever", room.it.now)
    assert room.said("GET", "/destinations/hook")["off"] == "it is gone for ever"
    assert room.said("POST", "/destinations/hook/on")["off"] is None
