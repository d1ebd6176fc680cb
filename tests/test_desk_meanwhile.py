"""What changes at the desk while somebody's form is on its way: nobody does what they may no longer do."""

import pytest
from deskroom import PASSWORD, desk_room
from newsroom import BOATS, WIRE

from syndicator.addresses import Addresses
from syndicator.destinationdesk import DestinationDesk
from syndicator.people import Role
from syndicator.web.desk.passwords import Passwords
from syndicator.web.house import House

pytestmark = pytest.mark.usefixtures("quick_hashes")
OTHER = "dinghies on the evening tide"
ADD = ("/desk/people", Role.ADMIN, {"do": "add", "name": "Eve", "role": "admin"})
SAVE = ("/desk/alerts/new", Role.EDITOR, {"do": "save", "name": "Boats", "by": "query", "query": "boat"})
LOOK = ("/desk/alerts/preview", Role.EDITOR, {"by": "query", "query": "boat"})


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, BOATS, WIRE) as room:
        room.signed_in("Boss", Role.ADMIN)
        yield room


def locked_out(desk):
    desk.users.set_enabled("Anna", False, desk.now)


def demoted(desk):
    desk.users.set_role("Anna", Role.VIEWER, desk.now)


def removed(desk):
    desk.users.remove("Anna", desk.now)


@pytest.mark.parametrize(
    ("act", "moment"),
    [(ADD, "body"), (ADD, "turn"), (SAVE, "body"), (SAVE, "turn"), (LOOK, "body")],
    ids=["add while sending", "add while waiting", "save while sending", "save while waiting", "look while sending"],
)
@pytest.mark.parametrize(
    ("change", "said"),
    [(locked_out, "You were signed out"), (demoted, "You are a viewer"), (removed, "You were signed out")],
    ids=["locked out", "demoted", "removed"],
)
def test_who_may_not_any_more_when_their_form_has_come_does_nothing(desk, monkeypatch, act, moment, change, said):  # noqa: PLR0917
    path, role, fields = act
    browser = desk.signed_in("Anna", role)
    fields = {**fields, "proof": browser.proof()}
    if moment == "body":
        browser.meanwhile = lambda: change(desk)
    else:

        async def turn(_house):
            change(desk)

        monkeypatch.setattr(House, "turn", turn)
    page = browser.post(path, fields)
    assert page.status == 403
    assert said in page.words
    assert desk.room.store.users.named("Eve") is None
    assert desk.room.store.alerts.named("Boats") is None


@pytest.mark.parametrize("act", ["add", "change"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (locked_out, "You were signed out"),
        (demoted, "Only admins can open this page"),
        (removed, "You were signed out"),
    ],
    ids=["locked out", "demoted", "removed"],
)
def test_who_may_not_any_more_when_an_address_was_looked_at_keeps_no_destination(desk, monkeypatch, act, change, said):
    browser = desk.signed_in("Anna", Role.ADMIN)
    given = browser.proof()
    desks = DestinationDesk(desk.room.settings, desk.room.store)
    desks.add("chat", {"kind": "apprise", "url": "json://one.example/a"}, desk.now)

    async def check(_addresses, _wanted):
        change(desk)

    monkeypatch.setattr(Addresses, "check", check)
    fields = {"proof": given, "kind": "apprise", "name": "night", "url": "json://two.example/b"}
    path = "/desk/destinations" if act == "add" else "/desk/destinations/chat"
    page = browser.post(path, fields if act == "add" else {**fields, "do": "edit"})
    assert page.status == 403
    assert said in page.words
    assert [each.row.name for each in desks.all()] == ["chat"]
    assert "one.example" in desks.find("chat").definition


def after(monkeypatch, step, change):
    """Have something change right after the password was looked at (`fits`), or the new one hashed (`hash`)."""
    real = getattr(Passwords, step)

    async def slow(*args, **more):
        result = await real(*args, **more)
        change()
        return result

    monkeypatch.setattr(Passwords, step, slow)


def set_password(desk, kept):
    with desk.room.store.transaction():
        desk.room.store.users.set_password(desk.room.store.users.named("Anna").id, kept)


@pytest.mark.parametrize("dated", [False, True], ids=["careful", "dated"])
@pytest.mark.parametrize("change", ["password", "locked out", "removed"])
def test_a_password_that_was_good_a_moment_ago_opens_nothing(desk, monkeypatch, change, dated):
    desk.signed_in("Anna")
    changes = {
        "password": lambda: set_password(desk, "another"),
        "locked out": lambda: locked_out(desk),
        "removed": lambda: removed(desk),
    }
    monkeypatch.setattr(Passwords, "is_dated", lambda *_: dated)
    after(monkeypatch, "fits", changes[change])
    browser = desk.browser()
    browser.get("/desk/sign-in")
    page = browser.press("Sign in", name="Anna", password=PASSWORD)
    assert (page.status, page.told) == (403, ["Name or password is wrong."])
    assert browser.get("/desk/account").url.startswith("/desk/sign-in")
    if change == "password":
        assert desk.room.store.users.named("Anna").password == "another"


def test_a_password_hashed_with_less_care_is_hashed_anew_when_somebody_signs_in(desk, monkeypatch):
    desk.signed_in("Anna")
    before = desk.room.store.users.named("Anna").password
    monkeypatch.setattr(Passwords, "is_dated", lambda *_: True)
    desk.signed_in("Anna")
    assert desk.room.store.users.named("Anna").password != before
    desk.signed_in("Anna")


def test_of_two_changes_of_one_password_at_a_time_the_second_is_refused(desk, monkeypatch):
    browser = desk.signed_in("Anna")
    browser.get("/desk/account")
    after(monkeypatch, "hash", lambda: set_password(desk, "another"))
    page = browser.press("Change password", old=PASSWORD, password=OTHER, again=OTHER)
    assert (page.status, page.told) == (400, ["That is not your old password."])
    assert desk.room.store.users.named("Anna").password == "another"


@pytest.mark.parametrize("change", ["used", "replaced", "locked out", "removed"])
def test_a_link_that_is_over_when_the_password_was_hashed_sets_none(desk, monkeypatch, change):
    path = desk.invite("Anna", Role.EDITOR)
    changes = {
        "used": lambda: set_password(desk, "another"),
        "replaced": lambda: desk.users.invite("Anna", desk.now),
        "locked out": lambda: locked_out(desk),
        "removed": lambda: removed(desk),
    }
    browser = desk.browser()
    browser.get(path)
    after(monkeypatch, "hash", changes[change])
    page = browser.press("Set password", password=PASSWORD, again=PASSWORD)
    assert page.status == 404
    assert "This link is over" in page.words
    anna = desk.room.store.users.named("Anna")
    assert change == "removed" or anna.password == ("another" if change == "used" else None)
    assert browser.get("/desk/account").url.startswith("/desk/sign-in")
