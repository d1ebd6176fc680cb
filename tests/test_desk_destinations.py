"""Destinations at the desk: who sees which, who changes them, and what never comes out again."""

import asyncio
import socket

import pytest
from deskroom import desk_room
from newsroom import BOATS, NOW, WIRE

from syndicator.addresses import Addresses, destination_settings
from syndicator.alerts import Answer, Verdict
from syndicator.destinationdesk import DestinationDesk
from syndicator.people import Role

pytestmark = pytest.mark.usefixtures("quick_hashes")
SECRET = "whsec_" + "QUJD" * 8
TOKEN = "T0KEN-in-the-path"
CONFIG = f"""
[smtp]
host = "mail.example"
sender = "desk@desk.example"

[destinations.night]
kind = "email"
to = "night@desk.example"

[destinations.records]
kind = "file"
path = "deep/records.jsonl"

[destinations.hook]
kind = "webhook"
url = "https://hooks.example/{TOKEN}"
secret = "{SECRET}"
"""
PATH = "/desk/destinations"


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, BOATS, WIRE, CONFIG) as room:
        yield room


@pytest.fixture
def admin(desk):
    return desk.signed_in("Ada", Role.ADMIN)


def kept(desk, name):
    """A destination as the store has it."""
    return destination_settings(desk.room.store.destinations.get(name), desk.room.settings)


def notes(desk):
    return [(each.act, each.thing, each.detail) for each in desk.room.store.audit.newest(limit=9) if each.who == "Ada"]


def open_form(browser, kind):
    """The page with the form of this kind alone, as a browser shows it when that was opened."""
    page = browser.get(PATH)
    for other in page.tree.xpath(f"//details[not(.//input[@name='kind'][@value='{kind}'])]"):
        other.getparent().remove(other)
    return page


def test_editors_see_where_alerts_can_go_and_nothing_secret(desk):
    browser = desk.signed_in("Ed", Role.EDITOR)
    page = browser.get(PATH)
    assert "night@desk.example" in page.words
    assert "https://hooks.example/…" in page.words
    assert not page.tree.xpath("//main//form")
    assert not page.tree.xpath("//main//a[contains(@href, '/destinations/')]")
    # Nor what folders this machine has.
    assert "records.jsonl" in page.words
    assert str(desk.room.root) not in page.words
    assert str(desk.room.root) in desk.signed_in("Ada", Role.ADMIN).get(PATH).words


@pytest.mark.parametrize("path", ["", "/hook"], ids=["the list", "one of them"])
def test_no_page_shows_a_secret(desk, admin, path):
    body = admin.get(f"{PATH}{path}").reply.body.decode()
    assert SECRET not in body
    assert TOKEN not in body


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.CHIEF], ids=list(Role)[:3])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("", {"kind": "email", "name": "mine", "to": "me@evil.example"}),
        ("/night", {"do": "test"}),
        ("/night", {"do": "remove"}),
        ("/night", {"do": "on"}),
    ],
    ids=["add", "test", "remove", "switch on"],
)
def test_only_admins_do_anything(desk, role, path, fields):
    browser = desk.signed_in("Ed", role)
    proof = browser.proof()
    assert browser.post(f"{PATH}{path}", {"proof": proof, **fields}).status == 403
    assert desk.room.store.destinations.get("mine") is None
    assert [note.act for note in desk.room.store.audit.newest(limit=9) if "destination" in note.thing] == []


def test_an_admin_adds_a_mailbox(desk, admin):
    open_form(admin, "email")
    page = admin.press("Add", name="Day-Desk", to="day@desk.example", owner="Ada")
    assert (page.status, page.url.partition("?")[0]) == (200, f"{PATH}/day-desk")
    assert page.told == ["day-desk is added. Try it with a test."]
    assert (kept(desk, "day-desk").to, kept(desk, "day-desk").owner) == ("day@desk.example", "Ada")
    assert notes(desk)[0] == ("added", "destination day-desk", "email")


def test_a_secret_that_we_make_is_shown_once(desk, admin):
    open_form(admin, "webhook")
    page = admin.press("Add", name="wires", url="https://in.example/x")
    made = page.tree.xpath("//input[@id='made']/@value")[0]
    assert made == kept(desk, "wires").secret
    # The forms of that page are about the new destination, though its address is the list's.
    assert page.form("Send a test")[0].get("action") == f"{PATH}/wires"
    assert made not in admin.get(f"{PATH}/wires").reply.body.decode()


@pytest.mark.parametrize(
    ("kind", "fields", "at"),
    [
        ("email", {"name": "day", "to": "no address"}, ("to", "Mail address")),
        ("email", {"name": "Day Desk!", "to": "a@desk.example"}, ("name", "Name")),
        ("webhook", {"name": "day", "url": "ftp://in.example/x"}, ("url", "Address to post to")),
        ("webhook", {"name": "day", "url": "https://in.example/", "secret": "short-pw"}, ("secret", "Signing secret")),
        ("apprise", {"name": "day", "url": "nonsense"}, ("url", "Apprise address")),
    ],
    ids=["address", "name", "webhook", "secret", "apprise"],
)
def test_a_mistake_is_told_at_its_field_and_what_was_written_stays(desk, admin, kind, fields, at):
    key, said = at
    open_form(admin, kind)
    page = admin.press("Add", owner="Ann <b>", **fields)
    assert page.status == 400
    (field,) = page.tree.xpath(f"//details[@open]//input[@name='{key}']")
    assert field.get("aria-invalid") == "true"
    assert said in page.tree.get_element_by_id(field.get("aria-describedby")).text_content()
    assert page.tree.xpath("//details[@open]//input[@name='owner']/@value") == ["Ann <b>"]
    assert "short-pw" not in page.reply.body.decode()
    assert desk.room.store.destinations.get("day") is None
    assert (
        notes(desk)
        == [("signed in", "user Ada", "by their link"), ("password chosen", "user Ada", "")][: len(notes(desk))]
    )


@pytest.fixture
def with_apprise(monkeypatch):
    """The process that has Apprise, for as long as it is asked."""
    real = Addresses.check

    async def check(addresses, wanted):
        async with addresses._channels:
            await real(addresses, wanted)

    monkeypatch.setattr(Addresses, "check", check)


@pytest.mark.parametrize(
    ("kind", "url", "said"),
    [
        ("webhook", "http://10.0.0.1/x", "leads to 10.0.0.1, which is not public"),
        ("webhook", "http://[::1]/x", "leads to ::1, which is not public"),
        ("apprise", "json://192.168.1.1/x", "leads to 192.168.1.1, which is not public"),
        ("apprise", "slackk://abc", "Apprise can't use this slackk:// URL: it knows no such service"),
        ("apprise", "slack://abc", "Apprise can't use this slack:// URL"),
    ],
    ids=["private", "loopback", "apprise, private", "no service", "no token"],
)
@pytest.mark.usefixtures("with_apprise")
def test_what_can_not_work_is_refused_at_once(desk, admin, kind, url, said):
    open_form(admin, kind)
    page = admin.press("Add", name="day", url=url)
    assert page.status == 400
    (field,) = page.tree.xpath("//details[@open]//input[@name='url']")
    assert said in page.tree.get_element_by_id(field.get("aria-describedby")).text_content()
    assert desk.room.store.destinations.get("day") is None
    good = {"webhook": "https://in.example/x", "apprise": "json://in.example/x"}[kind]
    page = open_form(admin, kind)
    admin.press("Add", name="day", url=good)
    page = admin.get(f"{PATH}/day")
    assert admin.press("Save", url=url).status == 400
    assert kept(desk, "day").url == good


@pytest.mark.parametrize("kind", ["file", "console", "", "smtp"])
def test_what_writes_on_this_machine_can_not_be_made_here(desk, admin, kind):
    proof = admin.get(PATH).proof
    page = admin.post(PATH, {"proof": proof, "kind": kind, "name": "mine", "path": "/etc/cron.d/x"})
    assert page.status == 400
    assert desk.room.store.destinations.get("mine") is None


def test_only_the_fields_of_a_form_are_taken(desk, admin):
    proof = admin.get(PATH).proof
    fields = {"kind": "email", "name": "mine", "to": "a@desk.example", "path": "/etc/x", "timeout": "1s", "url": "x"}
    assert admin.post(PATH, {"proof": proof, **fields}).status == 200
    assert kept(desk, "mine").to_dict() == {"kind": "email", "to": "a@desk.example"}


def test_a_name_that_is_taken_is_refused(desk, admin):
    open_form(admin, "email")
    page = admin.press("Add", name="night", to="a@desk.example")
    assert page.status == 400
    assert "choose another name" in page.told[0]


def webhook(desk, admin, url="https://in.example/x"):
    open_form(admin, "webhook")
    admin.press("Add", name="wires", url=url, secret=SECRET, owner="Ada")
    return admin.get(f"{PATH}/wires")


def test_an_empty_field_keeps_what_is_secret(desk, admin):
    webhook(desk, admin)
    page = admin.press("Save", owner="")
    assert page.status == 200
    new = kept(desk, "wires")
    assert (new.url, new.secret, new.owner) == ("https://in.example/x", SECRET, "")
    assert notes(desk)[0] == ("changed", "destination wires", "owner")


def test_a_new_secret_signs_beside_the_old_until_that_is_dropped(desk, admin):
    webhook(desk, admin)
    page = admin.press("Make a new secret")
    made = page.tree.xpath("//input[@id='made']/@value")[0]
    assert (kept(desk, "wires").secret, kept(desk, "wires").previous_secret) == (made, SECRET)
    assert "Make a new secret" not in page.words
    assert admin.press("Save", secret="whsec_" + "REVG" * 8).told == [
        "It has two secrets already: drop the old one first."
    ]
    admin.press("Drop the old secret")
    assert (kept(desk, "wires").secret, kept(desk, "wires").previous_secret) == (made, None)
    assert all(SECRET not in detail and made not in detail for _, _, detail in notes(desk))


def test_what_stands_in_config_is_changed_there(desk, admin):
    page = admin.get(f"{PATH}/night")
    assert "It stands in config.toml" in page.words
    assert "Save" not in page.words
    proof = page.proof
    for fields in ({"do": "edit", "to": "x@evil.example"}, {"do": "remove"}):
        assert admin.post(f"{PATH}/night", {"proof": proof, **fields}).status == 400
    assert kept(desk, "night").to == "night@desk.example"


def test_what_alerts_use_is_removed_only_when_somebody_insists(desk, admin, monkeypatch):
    webhook(desk, admin)
    monkeypatch.setattr(DestinationDesk, "users", lambda _self, name: ("Boats at night",) if name == "wires" else ())
    page = admin.get(f"{PATH}/wires")
    proof = page.proof
    page = admin.post(f"{PATH}/wires", {"proof": proof, "do": "remove"})
    assert (page.status, page.told) == (409, ["1 alert would have nowhere to go."])
    page = admin.get(page.tree.xpath("//a[.='Remove this destination']/@href")[0])
    assert "1 alert would not go there any more: Boats at night." in page.words
    assert not desk.room.store.destinations.get("wires").gone
    page = admin.press("Remove wires")
    assert page.told == ["wires is removed."]
    assert desk.room.store.destinations.get("wires").gone
    assert notes(desk)[0] == ("removed", "destination wires", "")


def test_one_that_is_switched_off_says_why_and_is_switched_on(desk, admin):
    with desk.room.store.transaction():
        desk.room.store.destinations.switch_off("night", "<b>it refused</b> for a week", NOW)
    page = admin.get(f"{PATH}/night")
    assert "<b>it refused</b> for a week" in page.words
    assert not page.tree.xpath("//b")
    assert admin.press("Switch on").told == ["night is on. What waits is tried at once."]
    assert desk.room.store.destinations.get("night").off is None
    assert notes(desk)[0][:2] == ("switched on", "destination night")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [(Verdict.DELIVERED, "The test was taken: 250 fine"), (Verdict.PERMANENT, "The test was not taken: 250 fine")],
    ids=["taken", "not taken"],
)
def test_a_test_shows_what_the_other_side_said(desk, admin, monkeypatch, verdict, said):
    async def send(_self, name, _message):
        assert name == "night"
        return Answer(verdict, "250 fine", 250)

    monkeypatch.setattr(Addresses, "send", send)
    admin.get(f"{PATH}/night")
    assert admin.press("Send a test").told == [said]
    assert notes(desk)[0] == ("tested", "destination night", said.partition(":")[0].removeprefix("The test was "))


def test_who_never_answers_is_waited_for_so_long_and_no_longer(desk, admin, monkeypatch):
    async def send(_self, _name, _message):
        await asyncio.sleep(3600)

    monkeypatch.setattr(Addresses, "send", send)
    monkeypatch.setattr("syndicator.web.desk.destinations.TEST_S", 0.01)
    admin.get(f"{PATH}/night")
    assert "no answer within" in admin.press("Send a test").told[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "2130706433"])
def test_no_destination_leads_into_our_own_network(desk, admin, monkeypatch, host):
    real = Addresses.send

    async def send(addresses, name, message):
        async with addresses._channels:
            return await real(addresses, name, message)

    monkeypatch.setattr(Addresses, "send", send)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        open_form(admin, "webhook")
        page = admin.press("Add", name="inside", url=f"http://{host}:{port}/x")
        if page.status == 200:
            admin.get(f"{PATH}/inside")
            (told,) = admin.press("Send a test").told
            assert told.startswith("The test was not taken:")
            assert ("not valid" if host.isdigit() else "not a public address") in told
        else:
            assert page.status == 400
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("do", ["", "test"], ids=["looked-at", "acted-on"])
def test_a_destination_that_is_not_there_is_told_in_the_desks_words(admin, do):
    if do:
        admin.get(f"{PATH}/night")
        proof = admin.page.proof
        page = admin.post(f"{PATH}/nothere", {"proof": proof, "do": do})
    else:
        page = admin.get(f"{PATH}/nothere")
    assert (page.status, page.told) == (404, ["There is no destination “nothere”."])
    assert page.tree.xpath(f"//main//a[@href='{PATH}']/text()") == ["All destinations"]


def test_kinds_are_named_as_people_call_them(admin):
    words = admin.get(PATH).words
    assert [kind in words for kind in ("Mail night@", "File ", "Webhook https://")] == [True] * 3
    assert "Last delivered" in words
