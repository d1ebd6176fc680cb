"""Signing in by the header of a proxy: whom it is believed from, and who may not make it up."""

import pytest
from asgi import ask
from deskroom import PASSWORD, desk_room
from newsroom import BOATS, HEAD, WIRE, newsroom
from starlette.requests import Request

from syndicator.errors import ConflictError
from syndicator.people import Role
from syndicator.web.desk.introduced import Introduced

pytestmark = pytest.mark.usefixtures("quick_hashes")
HEADER = '[desk]\ntrusted_header = "X-Forwarded-User"\n'
ELSEWHERE = '[server]\ntrusted_proxies = ["192.0.2.0/24"]\n'


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, BOATS, WIRE, HEADER) as room:
        yield room


def introduced(desk, name):
    return desk.browser(x_forwarded_user=name)


@pytest.mark.parametrize("said", ["Anna", "anna", " Anna "], ids=["as written", "in small letters", "with blanks"])
def test_whom_the_proxy_names_is_signed_in_and_led_on(desk, said):
    desk.invite("Anna", Role.EDITOR)
    page = introduced(desk, said).get("/desk/account")
    assert (page.status, page.url) == (200, "/desk/account")
    assert "You are Anna, editor." in page.words


def test_a_name_that_is_not_ascii_is_read_as_its_bytes_are_meant(desk):
    desk.invite("Zoë", Role.EDITOR)
    browser = introduced(desk, "Zoë".encode().decode("latin-1"))
    assert "You are Zoë" in browser.get("/desk/account").words
    assert "You are Zoë" in introduced(desk, "Zoë").get("/desk/account").words


def test_nobody_is_made_by_a_header(desk):
    page = introduced(desk, "Mallory").get("/desk/account")
    assert page.url.startswith("/desk/sign-in")
    assert page.told == [
        "Your organisation knows you as Mallory, and nobody at this desk is called so. An admin can add you by this name."
    ]
    assert desk.room.store.users.named("Mallory") is None


def test_who_was_locked_out_stays_out(desk):
    desk.invite("Anna", Role.EDITOR)
    browser = introduced(desk, "Anna")
    browser.get("/desk/account")
    desk.users.set_enabled("Anna", False, desk.now)
    page = browser.get("/desk/account")
    assert page.url.startswith("/desk/sign-in")
    assert page.told == [
        "Your organisation knows you as Anna, who may not sign in at this desk any more. An admin can change that."
    ]


def test_a_session_of_somebody_else_than_the_header_names_is_over(desk):
    desk.invite("Anna", Role.ADMIN)
    desk.invite("Ben", Role.VIEWER)
    browser = introduced(desk, "Anna")
    browser.get("/desk/account")
    before = dict(browser.cookies)
    browser.headers = {"x-forwarded-user": "Ben"}
    assert "You are Ben, viewer." in browser.get("/desk/account").words
    # Also where the proxy falls silent again.
    browser.headers, browser.cookies = {}, before
    assert browser.get("/desk/account").url.startswith("/desk/sign-in")


def test_a_header_that_names_nobody_of_ours_ends_a_session_too(desk):
    browser = desk.signed_in("Anna")
    browser.headers = {"x-forwarded-user": "Mallory"}
    assert browser.get("/desk/account").url.startswith("/desk/sign-in")


def test_who_signs_out_is_not_signed_in_again_at_once(desk):
    desk.invite("Anna", Role.EDITOR)
    browser = introduced(desk, "Anna")
    browser.get("/desk/account")
    page = browser.press("Sign out")
    assert "You have left the desk." in page.words
    assert not list(desk.room.store.users.sessions(desk.room.store.users.named("Anna").id))
    assert browser.get("/desk/sign-in").url == "/desk/"


def test_the_address_to_lead_on_to_is_a_page_of_ours(desk):
    desk.invite("Anna", Role.EDITOR)
    assert introduced(desk, "Anna").get("/desk/sign-in?next=https://evil.example/desk/").url == "/desk/"


@pytest.mark.parametrize(
    "parts",
    [(), (HEADER, ELSEWHERE)],
    ids=["without the header in config", "from an address that is no proxy of ours"],
)
def test_the_header_is_ignored(tmp_path, parts):
    with desk_room(tmp_path, BOATS, WIRE, *parts) as desk:
        desk.invite("Anna", Role.ADMIN)
        page = introduced(desk, "Anna").get("/desk/account")
        assert page.url.startswith("/desk/sign-in")
        # Nor can a stranger end somebody's session by it.
        browser = desk.signed_in("Ben")
        browser.headers = {"x-forwarded-user": "Mallory"}
        assert browser.get("/desk/account").url == "/desk/account"


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-user", "Anna"), ("x-forwarded-for", "192.0.2.7")],
        [("x-forwarded-user", "Anna"), ("forwarded", "for=192.0.2.7")],
        [("x-forwarded-user", "Anna"), ("x-real-ip", "192.0.2.7")],
    ],
    ids=["X-Forwarded-For", "Forwarded", "X-Real-IP"],
)
def test_nobody_makes_themselves_a_proxy_by_another_header(tmp_path, headers):
    with desk_room(tmp_path, BOATS, WIRE, HEADER, ELSEWHERE) as desk:
        desk.invite("Anna", Role.ADMIN)
        assert ask(desk.app, "/desk/sign-in", headers=headers).status == 200


def test_what_a_client_smuggles_past_its_proxy_makes_both_unbelievable(desk):
    desk.invite("Anna", Role.ADMIN)
    desk.invite("Mallory", Role.VIEWER)
    for names in (("Anna", "Mallory"), ("Mallory", "Anna")):
        headers = [("x-forwarded-user", name) for name in names]
        assert ask(desk.app, "/desk/sign-in", headers=headers).status == 200
    (reply,) = [ask(desk.app, "/desk/sign-in", headers=[("x-forwarded-user", "Anna")])]
    assert (reply.status, reply["location"]) == (303, "/desk/")


@pytest.mark.parametrize(
    ("client", "name"),
    [(("127.0.0.1", 1), "Anna"), (("::ffff:127.0.0.1", 1), "Anna"), (("192.0.2.7", 1), ""), (None, "")],
    ids=["our proxy", "our proxy in IPv6 clothes", "a stranger", "a socket without an address"],
)
def test_whose_connection_it_is_decides(desk, client, name):

    scope = {"type": "http", "headers": [(b"x-forwarded-user", b"Anna")], "client": client}
    assert Introduced(desk.house).name(Request(scope)) == name


def test_passwords_work_beside_it_where_the_proxy_names_nobody(desk):
    desk.signed_in("Anna")
    browser = desk.browser()
    browser.get("/desk/sign-in")
    assert browser.press("Sign in", name="Anna", password=PASSWORD).url == "/desk/"


def test_config_reads_its_desk(tmp_path):
    part = '[desk]\nenabled = false\nidle = "1h"\nlifetime = "2d"\ntrusted_header = "X-Forwarded-User"\n'
    with newsroom(tmp_path, BOATS, WIRE, part, head=HEAD) as room:
        desk = room.settings.desk
    assert (desk.enabled, desk.idle.total_seconds(), desk.lifetime.days) == (False, 3600, 2)
    assert desk.trusted_header == "X-Forwarded-User"


def test_once_an_admin_has_come_in_by_the_header_no_link_is_printed_any_more(desk):
    assert desk.users.first_link(desk.now)
    introduced(desk, "admin").get("/desk/account")
    assert desk.users.first_link(desk.now) is None
    with pytest.raises(ConflictError, match="only admin"):
        desk.users.set_enabled("admin", False, desk.now)
    desk.invite("Ben", Role.ADMIN)
    introduced(desk, "Ben").get("/desk/account")
    desk.users.set_enabled("admin", False, desk.now)
    assert desk.users.first_link(desk.now) is None
    with desk.room.store.transaction():
        desk.room.store.users.set_disabled(desk.room.store.users.named("Ben").id, desk.now)
    assert desk.users.first_link(desk.now)
