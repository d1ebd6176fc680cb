"""Destinations that were added by hand are changed: where they lead, whose they are, what they sign with."""

import asyncio
import json
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from newsroom import NOW
from outbox import DESK, DOWN, ERROR, GONE, PHONE, TAKEN, alert, desk
from receiver import Receiver, Reply
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from test_cli_alerts import PREVIOUS, SECRET, Newsroom

from syndicator.alertdesk import AlertDesk
from syndicator.destinationdesk import DestinationDesk
from syndicator.errors import UsageError

SMTP = '[smtp]\nhost = "localhost"\nsender = "a@b.example"\nsecurity = "none"\n'
OTHER = "whsec_" + SECRET.removeprefix("whsec_")[::-1]


@pytest.fixture
def room(tmp_path):
    return Newsroom(tmp_path)


def add_hook(room, url="https://h.example/CANARYPATH", secret=SECRET):
    room.run(
        "destinations", "add", "mine", "--kind", "webhook", "--url", "-", "--secret", "-", input=f"{url}\n{secret}\n"
    )


def edit(room, *line, name="mine", **more):
    return room.run("destinations", "edit", name, *line, **more)


def signed_with(request, secret):
    try:
        Webhook(secret).verify(request.body, request.headers, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def secrets_that_sign(room, receiver, candidates):
    receiver.forget()
    room.run("destinations", "test", "mine", now=None)
    (request,) = receiver.requests
    assert len(request.headers["webhook-signature"].split()) == sum(signed_with(request, each) for each in candidates)
    return [each for each in candidates if signed_with(request, each)]


# Where it leads


def test_only_what_is_given_changes(room):
    room.run("destinations", "add", "mine", "--kind", "file", "--path", "a.jsonl", "--owner", "Anna")
    assert edit(room, "--path", "b.jsonl") == f"Changed mine. It leads to {room.root / 'b.jsonl'} now.\n"
    record = room.json("destinations", "edit", "mine", "--owner", "Ben")
    assert (record["where"], record["owner"], record["secret"]) == (str(room.root / "b.jsonl"), "Ben", None)
    assert edit(room, "--owner", "") == "Changed mine.\n"
    (record,) = [each for each in room.json("destinations") if each["name"] == "mine"]
    assert (record["where"], record["owner"]) == (str(room.root / "b.jsonl"), "")


def test_what_waits_goes_to_the_new_place_at_once(room):
    with Receiver() as old, Receiver() as new:
        old.answer("/hook", Reply(503, headers={"Retry-After": "7200"}))
        add_hook(room, old.url("/hook"))
        room.run("alerts", "add", "Hotels", "asylum", "--to", "mine")
        room.article("a.txt", "Asylum hotels to close\n\nAll of them.")
        room.article("b.txt", "Asylum claims rise\n\nMany more.")
        room.run("once")
        said = edit(room, "--url", "-", input=new.url("/hook") + "\n")
        assert said == f"Changed mine. It leads to {new.url('/…')} now. 2 messages that waited will go there.\n"
        (record,) = [each for each in room.json("destinations") if each["name"] == "mine"]
        assert (record["retry_at"], record["failing_since"], record["trouble"]) == (None, None, None)
        room.run("once")
        assert [each.json["items"][0]["article"]["title"] for each in new.requests] == [
            "Asylum hotels to close",
            "Asylum claims rise",
        ]
        assert new.requests[0].id == old.requests[0].id


def test_one_that_is_switched_off_stays_so_until_it_is_switched_on(room):
    with Receiver() as receiver:
        receiver.answer("/old", Reply(410))
        add_hook(room, receiver.url("/old"))
        room.run("alerts", "add", "Hotels", "asylum", "--to", "mine")
        room.article("a.txt", "Asylum hotels to close\n\nAll of them.")
        room.run("once")
        said = edit(room, "--url", receiver.url("/new"))
        assert "It is switched off (it is gone for ever: " in said
        assert said.endswith(": syndicator destinations on mine\n")
        assert "replay" not in said
        room.run("once")
        assert receiver.received("/new") == []
        room.run("destinations", "on", "mine")
        room.run("deliveries", "replay", "--all")
        room.run("once")
        assert len(receiver.received("/new")) == 1


def test_what_died_at_the_old_place_can_be_replayed_at_the_new_one(room):
    with Receiver() as receiver:
        receiver.answer("/old", Reply(404))
        add_hook(room, receiver.url("/old"))
        room.run("alerts", "add", "Hotels", "asylum", "--to", "mine")
        room.article("a.txt", "Asylum hotels to close\n\nAll of them.")
        room.run("once")
        assert "replay" not in edit(room, "--owner", "Anna")
        said = edit(room, "--url", receiver.url("/new"))
    assert "1 dead delivery can be replayed: syndicator deliveries replay --destination mine" in said


# Secrets


def test_a_new_secret_is_printed_once_and_both_sign_until_the_previous_is_dropped(room):
    with Receiver() as receiver:
        add_hook(room, receiver.url("/hook"))
        assert secrets_that_sign(room, receiver, [SECRET]) == [SECRET]
        said = edit(room, "--new-secret")
        (made,) = re.findall(r"whsec_\S+", said)
        assert "signs too, until: syndicator destinations edit mine --drop-previous" in said
        assert secrets_that_sign(room, receiver, [made, SECRET]) == [made, SECRET]
        later = edit(room, "--owner", "Anna") + room.run("destinations", "list", "--json")
        assert made not in later
        assert edit(room, "--drop-previous") == "Changed mine.\n"
        assert secrets_that_sign(room, receiver, [made, SECRET]) == [made]


def test_a_secret_that_the_receiver_made_rotates_as_well(room):
    with Receiver() as receiver:
        add_hook(room, receiver.url("/hook"))
        assert OTHER not in edit(room, "--secret", "-", input=OTHER + "\n")
        assert secrets_that_sign(room, receiver, [OTHER, SECRET]) == [OTHER, SECRET]


def test_a_secret_is_replaced_at_once_where_the_previous_one_is_dropped_with_it(room):
    with Receiver() as receiver:
        add_hook(room, receiver.url("/hook"))
        edit(room, "--secret", OTHER)
        record = room.json("destinations", "edit", "mine", "--new-secret", "--drop-previous")
        assert secrets_that_sign(room, receiver, [SECRET, OTHER, record["secret"]]) == [record["secret"]]


def test_the_same_secret_again_changes_nothing(room):
    with Receiver() as receiver:
        add_hook(room, receiver.url("/hook"))
        assert edit(room, "--secret", SECRET) == "Changed mine.\n"
        assert secrets_that_sign(room, receiver, [SECRET]) == [SECRET]


# Mistakes


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A newsroom with a destination of each kind, and a webhook that is changing its secret."""
    room = Newsroom(tmp_path_factory.mktemp("kinds"))
    add_hook(room)
    room.run("destinations", "add", "paper", "--kind", "email", "--to", "a@b.example")
    room.run("destinations", "add", "term", "--kind", "console")
    room.run("destinations", "add", "turning", "--kind", "webhook", "--url", "https://h.example", "--secret", SECRET)
    edit(room, "--secret", PREVIOUS, name="turning")
    return room


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["mine"], "Nothing to change"),
        (["nosuch", "--owner", "A"], "No destination is called 'nosuch'"),
        (["hook", "--owner", "A"], "config.toml: change it there."),
        (["paper", "--url", "https://h.example"], "is of kind email, which has no url. The kind of a destination"),
        (["paper", "--new-secret"], "which has no secret. The kind"),
        (["paper", "--drop-previous"], "which has no previous_secret. The kind"),
        (["term", "--path", "a.jsonl"], "is of kind console, which has no path"),
        (["mine", "--to", "a@b.example"], "is of kind webhook, which has no to."),
        (["paper", "--to", "nobody"], "to "),
        (["mine", "--url", "ftp://CANARYPATH"], "url "),
        (["mine", "--secret", "CANARYTOKEN"], "is not a signing secret"),
        (["mine", "--secret", SECRET, "--new-secret"], "one of --secret and --new-secret"),
        (["mine", "--url", "-"], "nothing on standard input"),
        (["mine", "--drop-previous"], "signs with one secret only"),
        (["turning", "--new-secret"], "edit turning --drop-previous. With both"),
        (["turning", "--secret", SECRET], "has a previous secret still"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_not_be_changed_is_told_and_nothing_changes(kinds, line, said):
    def kept():
        return json.loads(kinds.run("destinations", "list", "--json"))

    before = kept()
    refusal = edit(kinds, *line[1:], name=line[0], code=2, input="")
    assert said in refusal
    assert "CANARY" not in refusal
    assert "whsec_Q0" not in refusal
    assert kept() == before


# On the desk, with a courier at work


@contextmanager
def at_work(root, *parts):
    """A newsroom with a destination `line`, added by hand, and an alert that goes there."""
    with desk(root, *(parts or (DESK, PHONE, alert(to=("desk",))))) as it:
        it.desk = DestinationDesk(it.room.settings, it.store)
        it.desk.add("line", {"kind": "file", "path": "old.jsonl"}, NOW)
        it.alerts = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        it.alerts.add({"name": "All boats", "query": "boat", "destinations": ["line"]}, NOW)
        yield it


def test_what_was_set_aside_is_tried_at_the_new_place_in_its_old_order(tmp_path):
    with at_work(tmp_path) as it:
        set_aside(it)
        it.say("A boat went out")
        it.wire.answers["line"] = [DOWN, TAKEN]
        assert it.desk.edit("line", {"path": "new.jsonl"}, it.now).moved
        it.deliver()
        assert it.titles("line") == []
        it.after(timedelta(seconds=5))
        assert it.titles("line") == ["A boat came in", "A boat went out"]


def set_aside(it):
    """A message that is refused again and again has lost its place in line."""
    it.wire.answers["line"] = ERROR
    it.say("A boat came in")
    for _ in range(4):
        it.after(timedelta(minutes=3))
    (row,) = it.store._db.query("SELECT aside FROM deliveries WHERE destination = 'line'")
    assert row["aside"] == 1


@pytest.mark.parametrize("answer", [DOWN, ERROR], ids=["down", "error"])
def test_patience_begins_anew_at_the_new_place(tmp_path, answer):
    with at_work(tmp_path) as it:
        it.wire.answers["line"] = answer
        it.say("A boat came in")
        for _ in range(14):
            it.after(timedelta(hours=5))
        it.desk.edit("line", {"path": "new.jsonl"}, it.now)
        for _ in range(12):
            it.after(timedelta(hours=1))
        it.wire.answers["line"] = TAKEN
        it.after(timedelta(hours=13))
        assert it.titles("line") == ["A boat came in"]


def test_what_is_settled_stays_in_the_ledger_as_it_was(tmp_path):
    with at_work(tmp_path) as it:
        it.wire.answers["line"] = [DOWN, TAKEN]
        it.say("A boat came in")
        it.after(timedelta(minutes=1))
        before = it.store.ledger.deliveries(limit=5)
        assert ("line", "ok", 2) in [(row.destination, row.said, row.attempts) for row in before]
        it.desk.edit("line", {"path": "new.jsonl"}, it.now)
        assert it.store.ledger.deliveries(limit=5) == before


def test_what_is_no_new_address_leaves_the_wait_as_it_was(tmp_path):
    with at_work(tmp_path) as it:
        it.wire.answers["line"] = DOWN
        it.say("A boat came in")
        before = it.desk.find("line")
        edited = it.desk.edit("line", {"owner": "Anna", "path": "old.jsonl"}, it.now)
        assert not edited.moved
        assert (edited.row.failures, edited.row.retry_at) == (before.failures, before.retry_at)
        assert edited.row.failures == 1


def test_quiet_hours_hold_at_the_new_place_too(tmp_path):
    with at_work(tmp_path) as it:
        it.wire.answers["line"] = DOWN
        it.say("A boat came in")
        it.alerts.edit("All boats", {"quiet_hours": "00:00-23:59"}, it.now)
        it.after(timedelta(minutes=1))
        it.wire.answers["line"] = TAKEN
        it.desk.edit("line", {"path": "new.jsonl"}, it.now)
        it.deliver()
        assert it.titles("line") == []
        (row,) = it.store._db.query("SELECT due FROM deliveries WHERE destination = 'line'")
        assert row["due"] > it.now.timestamp()


def test_an_edit_while_it_is_off_switches_nothing_on(tmp_path):
    with at_work(tmp_path) as it:
        it.wire.answers["line"] = GONE
        it.say("A boat came in")
        row = it.desk.edit("line", {"path": "new.jsonl"}, it.now).row
        assert row.off is not None
        assert row.off == it.desk.find("line").off


def test_whoever_ended_an_alert_by_mail_is_told_of_and_not_written_to(tmp_path):
    with desk(tmp_path, DESK, SMTP) as it:
        destinations = DestinationDesk(it.room.settings, it.store)
        destinations.add("paper", {"kind": "email", "to": "a@b.example"}, NOW)
        row = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting).add(
            {"name": "Boats", "query": "boat", "destinations": ["paper"]}, NOW
        )
        with it.store.transaction():
            it.store.alerts.opt_out(row.id, "paper", NOW)
        assert destinations.edit("paper", {"owner": "Anna"}, NOW).ended == ()
        assert destinations.edit("paper", {"to": "c@b.example"}, NOW).ended == ("Boats",)
        it.say("A boat came in")
        assert it.titles("paper") == []


def test_the_kind_of_a_destination_stays(tmp_path):
    with at_work(tmp_path) as it:
        with pytest.raises(UsageError, match="is of kind file\\. The kind of a destination can't be changed"):
            it.desk.edit("line", {"kind": "console"}, NOW)
        assert it.desk.edit("line", {"kind": "file", "owner": "Anna"}, NOW).row.owner == "Anna"


def test_a_service_at_work_takes_up_the_change_by_itself(tmp_path):
    from syndicator.addresses import Addresses
    from syndicator.delivery import Channels

    with at_work(tmp_path) as it:

        async def working():
            async with Channels("test", smtp=None, allow=(), write=lambda _: None) as channels:
                it.courier._sends = Addresses(it.store, it.room.settings, channels)
                for title, path in (("A boat came in", "old.jsonl"), ("A boat went out", "new.jsonl")):
                    it.desk.edit("line", {"path": path}, it.now)
                    it.deliver = lambda: None
                    it.say(title)
                    await it.courier.drain()

        asyncio.run(working())
        for path, title in (("old.jsonl", "A boat came in"), ("new.jsonl", "A boat went out")):
            (line,) = (tmp_path / path).read_text("utf-8").splitlines()
            assert json.loads(line)["items"][0]["article"]["title"] == title
