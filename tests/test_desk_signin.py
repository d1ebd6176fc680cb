"""Who gets into the desk, and how: links, passwords, sessions; and who does not."""

import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from asgi import ask
from deskroom import PASSWORD, desk_room
from itsdangerous import TimestampSigner

from syndicator.people import Role
from syndicator.web.desk import passwords


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Real argon2id, with less care."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: quick)


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path) as room:
        yield room


def test_who_is_not_signed_in_is_led_to_the_form_and_back(desk):
    desk.signed_in("Anna")
    browser = desk.browser()
    page = browser.get("/desk/account")
    assert (page.status, page.url) == (200, "/desk/sign-in?next=/desk/account")
    page = browser.press("Sign in", name="anna", password=PASSWORD)
    assert page.url == "/desk/account"
    assert "You are Anna, editor." in page.words


def test_the_first_admin_comes_by_a_link_which_works_once(desk):
    link = desk.users.first_link(desk.now)
    path = link.removeprefix("https://desk.example")
    browser = desk.browser()
    assert browser.get(path).words.startswith("Welcome, admin")
    assert browser.press("Set password", password=PASSWORD, again=PASSWORD).url == "/desk/"
    assert desk.users.first_link(desk.now) is None
    assert desk.browser().get(path).status == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "12 characters"),
        (PASSWORD, PASSWORD + "!", "not the same"),
        ("passwordpassword", "passwordpassword", "first that anybody would try"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "the same few characters"),
        ("x1y2" * 300, "x1y2" * 300, "1024 bytes"),
    ],
    ids=["short", "different", "common", "dull", "endless"],
)
def test_a_feeble_password_is_refused_with_what_to_do(desk, password, again, said):
    browser = desk.browser()
    browser.get(desk.invite("Anna", Role.EDITOR))
    page = browser.press("Set password", password=password, again=again)
    assert page.status == 400
    assert said in page.told[0]
    assert desk.room.store.users.named("Anna").password is None


@pytest.mark.parametrize("days", [2, 4])
def test_an_invitation_is_over_after_three_days(desk, days):
    path = desk.invite("Anna", Role.EDITOR)
    desk.after(timedelta(days=days))
    assert desk.browser().get(path).status == (200 if days < 3 else 404)


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_a_wrong_password_and_a_wrong_name_are_told_the_same(desk, name):
    desk.signed_in("Anna")
    browser = desk.browser()
    browser.get("/desk/sign-in")
    page = browser.press("Sign in", name=name, password="boats in the evening fog")
    assert (page.status, page.told) == (403, ["Name or password is wrong."])


def test_a_session_ends_when_nothing_is_seen_of_it_and_in_the_end_anyway(desk):
    browser = desk.signed_in("Anna")
    for _ in range(3):
        desk.after(timedelta(hours=11))
        assert browser.get("/desk/account").url == "/desk/account"
    desk.after(timedelta(hours=12))
    assert "sign-in" in browser.get("/desk/account").url
    browser = desk.signed_in("Anna")
    for _ in range(14 * 24 // 8 - 1):
        desk.after(timedelta(hours=8))
        assert browser.get("/desk/account").url == "/desk/account"
    desk.after(timedelta(hours=8))
    assert "sign-in" in browser.get("/desk/account").url


def test_a_session_is_new_at_each_sign_in_and_the_one_before_is_over(desk):
    browser = desk.signed_in("Anna")
    before = dict(browser.cookies)
    browser.get("/desk/account")
    browser.press("Sign out")
    browser.cookies["__Host-desk"] = before["__Host-desk"]
    assert "sign-in" in browser.get("/desk/account").url
    browser.cookies["__Host-desk"] = "chosen-by-somebody-else"
    browser.get("/desk/sign-in")
    browser.press("Sign in", name="Anna", password=PASSWORD)
    assert browser.cookies["__Host-desk"] not in {"chosen-by-somebody-else", before["__Host-desk"]}


def test_cookies_are_for_our_pages_alone(desk):
    browser = desk.browser()
    browser.get(desk.invite("Anna", Role.EDITOR))
    browser.post(browser.page.url, {"password": PASSWORD, "again": PASSWORD})
    reply = desk.browser()
    reply.get("/desk/sign-in")
    form, _ = reply.page.form("Sign in")
    assert form.get("action") == "/desk/sign-in"
    raw = ask(
        desk.app,
        "/desk/sign-in",
        "POST",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode({"name": "Anna", "password": PASSWORD}).encode(),
    )
    cookies = [value for name, value in raw.headers if name == "set-cookie"]
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-desk")
        for guard in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
            assert guard in cookie


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.CHIEF, Role.ADMIN])
def test_people_are_the_business_of_admins(desk, role):
    browser = desk.signed_in("Somebody", role)
    assert browser.get("/desk/people").status == (200 if role is Role.ADMIN else 403)
    assert ("People" in [link.text for link in browser.get("/desk/").tree.xpath("//nav//a")]) == (role is Role.ADMIN)


def test_a_form_of_another_session_or_another_site_changes_nothing(desk):
    admin, other = desk.signed_in("Boss", Role.ADMIN), desk.signed_in("Second", Role.ADMIN)
    other.get("/desk/people")
    proof = other.page.proof
    fields = {"do": "add", "name": "Eve", "role": "admin"}
    assert admin.post("/desk/people", fields).status == 403
    assert admin.post("/desk/people", {**fields, "proof": proof}).status == 403
    admin.get("/desk/people")
    mine = admin.page.proof
    for headers in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}):
        admin.headers = headers
        assert admin.post("/desk/people", {**fields, "proof": mine}).status == 403
    admin.headers = {}
    assert desk.room.store.users.named("Eve") is None
    assert admin.post("/desk/people", {**fields, "proof": mine}).status == 200
    assert desk.room.store.users.named("Eve").role is Role.ADMIN


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/",
        "//evil.example/desk/",
        "/\\evil.example",
        "/desk",
        "/feeds/",
        "javascript:alert(1)",
        "/desk/\n/x",
    ],
)
def test_signing_in_leads_to_the_desk_and_nowhere_else(desk, following):
    desk.signed_in("Anna")
    browser = desk.browser()
    browser.get("/desk/sign-in")
    assert browser.press("Sign in", name="Anna", password=PASSWORD, next=following).url == "/desk/"


def test_who_guesses_from_everywhere_keeps_nobody_from_signing_in_where_they_do_it_always(desk):
    owner = desk.signed_in("Anna")
    owner.get("/desk/account")
    owner.press("Sign out")
    for number in range(12):
        stranger = desk.browser(x_forwarded_for=f"203.0.113.{number}")
        stranger.get("/desk/sign-in")
        page = stranger.press("Sign in", name="Anna", password="wrong guess of the day")
    assert page.status == 429
    assert int(page.reply["retry-after"]) > 0
    owner.get("/desk/sign-in")
    assert owner.press("Sign in", name="Anna", password=PASSWORD).url == "/desk/"


def test_words_that_somebody_else_puts_into_an_address_are_not_shown(desk):
    browser = desk.signed_in("Anna")
    assert browser.get("/desk/account?said=Call+this+number").told == []


def test_what_the_last_act_came_to_is_not_told_beside_what_the_next_one_does(desk):
    """A form goes to the address of its page, which still has what was said there."""
    admin = desk.signed_in("Ada", Role.ADMIN)
    desk.invite("Ben", Role.EDITOR)
    admin.get("/desk/people")
    assert admin.press("Lock out Ben").told == ["Ben may not sign in."]
    assert "said=" in admin.page.url
    proof = admin.page.proof
    page = admin.post(admin.page.url, {"proof": proof, "do": "invite", "name": "Ben"})
    assert page.told == ["Ben may not sign in: let them in first."]


@pytest.mark.parametrize("path", ["nonsense", "alerts/x", "people/nonsense", "oidc", "a/b/c", "desk.map"])
def test_an_address_that_there_is_not_is_a_page_with_a_way_back_and_told_apart_by_nobody_outside(desk, path):
    page = desk.signed_in("Anna").get(f"/desk/{path}")
    assert (page.status, page.tree.xpath("string(//h1)")) == (404, "There is no such page")
    assert page.tree.xpath("//main//a/@href") == ["/desk/"]
    outside = [desk.browser().get(f"/desk/{each}") for each in (path, "account")]
    assert [each.url.partition("?")[0] for each in outside] == ["/desk/sign-in"] * 2


def test_somebody_is_removed_after_it_was_asked_once_more(desk):
    desk.invite("Ben & Co", Role.EDITOR)
    admin = desk.signed_in("Ada", Role.ADMIN)
    page = admin.get("/desk/people")
    assert not page.tree.xpath("//button[@value='remove']")
    (link,) = page.tree.xpath("//a[starts-with(., 'Remove Ben')]/@href")
    page = admin.get(link)
    assert page.tree.xpath("string(//h1)") == "Remove Ben & Co?"
    assert desk.room.store.users.named("Ben & Co") is not None
    assert admin.press("Remove Ben & Co").told == ["Ben & Co is removed. Their alerts stay."]
    assert desk.room.store.users.named("Ben & Co") is None
    assert admin.get(link).status == 404


@pytest.mark.parametrize(
    ("role", "path", "said"),
    [
        (Role.EDITOR, "people", "Only admins can open this page. You are an editor."),
        (Role.VIEWER, "audit", "Only chiefs and admins can open this page. You are a viewer."),
        (Role.VIEWER, "tokens", "Only editors, chiefs and admins can open this page. You are a viewer."),
    ],
    ids=["people", "audit", "tokens"],
)
def test_who_may_not_open_a_page_is_told_who_may(desk, role, path, said):
    assert said in desk.signed_in("Anna", role).get(f"/desk/{path}").words


def test_the_desk_has_a_policy_of_its_own_and_is_never_kept(desk):
    browser = desk.signed_in("Anna")
    reply = browser.get("/desk/").reply
    policy = reply["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply["cache-control"] == "no-store"


def test_who_is_locked_out_is_out_at_once_and_the_last_admin_stays(desk):
    admin, anna = desk.signed_in("Boss", Role.ADMIN), desk.signed_in("Anna")
    admin.get("/desk/people")
    proof = admin.page.proof
    assert "may not sign in" in admin.post("/desk/people", {"do": "disable", "name": "Anna", "proof": proof}).told[0]
    assert "sign-in" in anna.get("/desk/account").url
    for do in ("disable", "remove", "role"):
        page = admin.post("/desk/people", {"do": do, "name": "Boss", "role": "viewer", "proof": proof})
        assert (page.status, "only admin" in page.told[0]) == (400, True)


def test_a_changed_password_signs_out_everywhere_else(desk):
    here, there = desk.signed_in("Anna"), desk.signed_in("Anna")
    here.get("/desk/account")
    new = "dinghies on the evening tide"
    assert here.press("Change password", old="no", password=new, again=new).status == 400
    assert "is changed" in here.press("Change password", old=PASSWORD, password=new, again=new).told[0]
    assert "sign-in" in there.get("/desk/account").url
    assert here.get("/desk/account").url == "/desk/account"


def test_what_was_said_is_told_to_the_session_that_did_it_and_for_a_minute(desk, monkeypatch):
    anna, ben = desk.signed_in("Anna"), desk.signed_in("Ben")
    said = ["Times are now in Europe/Paris."]
    page = anna.post("/desk/account", {"do": "zone", "zone": "Europe/Paris", "proof": anna.proof()})
    assert page.told == said
    assert anna.get(page.url).told == said
    assert ben.get(page.url).told == []
    assert desk.signed_in("Anna").get(page.url).told == []
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) + 61)
    assert anna.get(page.url).told == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_of_another_site_signs_nobody_in_and_chooses_no_password(desk, site):
    desk.signed_in("Anna")
    browser, path = desk.browser(sec_fetch_site=site), desk.invite("Ben", Role.VIEWER)
    assert browser.post("/desk/sign-in", {"name": "Anna", "password": PASSWORD}).status == 403
    assert browser.post(path, {"password": PASSWORD, "again": PASSWORD}).status == 403
    assert browser.cookies == {}
    assert desk.room.store.users.named("Ben").password is None


def test_a_client_has_its_own_share_of_tries_whatever_names_it_makes_up(desk):
    tries = [desk.browser(x_forwarded_for="203.0.113.7") for _ in range(11)]
    pages = [each.post("/desk/sign-in", {"name": f"n{n}", "password": "wrong"}) for n, each in enumerate(tries)]
    assert [page.status for page in pages] == [403] * 10 + [429]
    other = desk.browser(x_forwarded_for="203.0.113.8")
    assert other.post("/desk/sign-in", {"name": "n11", "password": "wrong"}).status == 403


def test_a_known_browser_may_not_guess_for_ever_either(desk):
    browser = desk.signed_in("Anna")
    statuses = []
    for number in range(11):
        browser.headers = {"x_forwarded_for": f"203.0.113.{number}"}
        statuses.append(browser.post("/desk/sign-in", {"name": "Anna", "password": "wrong"}).status)
    assert statuses == [403] * 10 + [429]


def test_the_old_password_can_not_be_guessed_from_an_open_session(desk):
    browser = desk.signed_in("Anna")
    fields = {"do": "password", "old": "wrong", "password": PASSWORD, "again": PASSWORD, "proof": browser.proof()}
    statuses = []
    for number in range(12):
        browser.headers = {"x_forwarded_for": f"203.0.113.{number}"}
        statuses.append(browser.post("/desk/account", fields).status)
    assert set(statuses[:8]) == {400}
    assert statuses[-1] == 429


def test_a_password_chosen_by_a_link_signs_out_everywhere(desk):
    before, here = desk.signed_in("Anna"), desk.browser()
    here.get(desk.users.invite("Anna", desk.now).link.removeprefix("https://desk.example"))
    assert here.press("Set password", password=PASSWORD, again=PASSWORD).url == "/desk/"
    assert "sign-in" in before.get("/desk/account").url
    assert here.get("/desk/account").url == "/desk/account"


def test_signing_in_ends_the_session_that_was_in_this_browser(desk):
    browser, other = desk.signed_in("Anna"), desk.browser()
    other.cookies["__Host-desk"] = browser.cookies["__Host-desk"]
    assert other.get("/desk/account").url == "/desk/account"
    browser.post("/desk/sign-in", {"name": "Anna", "password": PASSWORD})
    assert "sign-in" in other.get("/desk/account").url
    assert browser.get("/desk/account").url == "/desk/account"
