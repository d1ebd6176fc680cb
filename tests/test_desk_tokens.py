"""Personal tokens: shown once, for no more than their owner may do, and seen by nobody else."""

from datetime import timedelta

import pytest
from asgi import ask
from deskroom import desk_room

from syndicator.access import Scope, may_give
from syndicator.people import Role
from syndicator.tokendesk import TokenDesk

pytestmark = pytest.mark.usefixtures("quick_hashes")
PATH = "/desk/tokens"


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path) as room:
        yield room


@pytest.fixture
def anna(desk):
    browser = desk.signed_in("Anna", Role.EDITOR)
    browser.get(PATH)
    return browser


def made(page):
    """The token that a page shows."""
    (secret,) = page.tree.xpath("//input[@id='token']/@value")
    return secret


def names(page):
    return [each.text_content().split()[0] for each in page.tree.xpath("//tbody//th")]


def test_a_token_opens_the_api_and_is_shown_once(desk, anna):
    secret = made(anna.press("Make it", name="board", scope="news:read", days="90"))
    row = TokenDesk(desk.room.store).holder(secret, desk.now)
    assert (row.name, row.owner, row.scopes) == ("board", "Anna", {Scope.NEWS_READ})
    assert row.expires == desk.now + timedelta(days=90)
    reply = ask(desk.app, "/api/v1/articles", headers={"authorization": f"Bearer {secret}"})
    assert reply.status == 200
    page = anna.get(PATH)
    assert names(page) == ["board"]
    assert secret not in page.reply.body.decode()


def test_making_and_revoking_is_written_down_without_the_secret(desk, anna):
    secret = made(anna.press("Make it", name="board", scope="news:read"))
    page = anna.get(f"{PATH}/revoke?name=board")
    assert "Whatever program uses it is turned away" in page.words
    assert TokenDesk(desk.room.store).holder(secret, desk.now) is not None
    assert anna.press("Revoke board").told == ["board is revoked: it opens nothing any more."]
    revoked, given = desk.room.store.audit.newest(limit=2)
    assert (given.who, given.act, given.thing, given.detail) == ("Anna", "made", "token board", "news:read")
    assert (revoked.who, revoked.act, revoked.thing) == ("Anna", "revoked", "token board")
    assert secret not in repr((given, revoked))
    assert TokenDesk(desk.room.store).holder(secret, desk.now) is None


@pytest.mark.parametrize(
    ("role", "kept"),
    [
        (Role.VIEWER, set()),
        (Role.EDITOR, {Scope.NEWS_READ, Scope.DESTINATIONS_READ}),
        (Role.CHIEF, set(Scope) - {Scope.DESTINATIONS_WRITE}),
        (Role.ADMIN, set(Scope)),
    ],
    ids=list(Role),
)
def test_a_token_may_do_no_more_than_whoever_makes_it(role, kept):
    assert may_give(role) == kept


@pytest.mark.parametrize("scope", sorted(set(Scope) - may_give(Role.EDITOR)))
def test_an_editor_can_not_tick_what_the_form_does_not_offer(desk, anna, scope):
    assert scope.value not in anna.page.words
    page = anna.press("Make it", name="board", scope=["news:read", scope.value], days="30")
    assert page.status == 400
    assert "more than you may do" in page.told[0]
    assert not TokenDesk(desk.room.store).all()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "board", "scope": [], "days": "30"}, "tick what it may do"),
        ({"name": "board", "scope": "all:write", "days": "30"}, "tick what it may do"),
        ({"name": "board", "scope": "news:read", "days": "100000"}, "how long it is good"),
        ({"name": "", "scope": "news:read", "days": "30"}, "name"),
        ({"name": "x" * 101, "scope": "news:read", "days": "30"}, "too long"),
    ],
    ids=["no scope", "no such scope", "another span", "no name", "a long name"],
)
def test_what_can_not_be_is_said_and_what_was_ticked_stays(desk, anna, fields, said):
    page = anna.press("Make it", **fields)
    assert page.status == 400
    assert said in page.told[0]
    assert page.tree.xpath("//input[@id='name']/@value") == [fields["name"]]
    assert len(page.tree.xpath("//input[@checked]")) == (fields["scope"] == "news:read")
    assert not TokenDesk(desk.room.store).all()


def test_the_owner_is_who_made_it_whatever_the_form_says(desk, anna):
    anna.press("Make it", name="board", scope="news:read", owner="Ada")
    assert TokenDesk(desk.room.store).find("board").owner == "Anna"


def test_nobody_sees_or_revokes_a_token_of_somebody_else(desk, anna):
    anna.press("Make it", name="board", scope="news:read")
    for name, role in (("Ben", Role.EDITOR), ("Chris", Role.CHIEF)):
        browser = desk.signed_in(name, role)
        page = browser.get(PATH)
        assert names(page) == []
        proof = page.proof
        there = browser.post(PATH, {"proof": proof, "do": "revoke", "name": "board"})
        nowhere = browser.post(PATH, {"proof": proof, "do": "revoke", "name": "nothing"})
        assert (there.status, there.words) == (nowhere.status, nowhere.words)
        assert there.status == 404
        assert browser.get(f"{PATH}/revoke?name=board").status == 404
    assert TokenDesk(desk.room.store).find("board").revoked is None


def test_an_admin_sees_all_and_revokes_any(desk, anna):
    anna.press("Make it", name="board", scope="news:read")
    browser = desk.signed_in("Ada", Role.ADMIN)
    page = browser.get(PATH)
    assert names(page) == ["board"]
    browser.get(page.tree.xpath("//a[starts-with(., 'Revoke')]/@href")[0])
    browser.press("Revoke board")
    assert not TokenDesk(desk.room.store).all()


def test_viewers_have_none(desk):
    assert desk.signed_in("Vera", Role.VIEWER).get(PATH).status == 403


def test_a_name_that_is_mark_up_is_text(desk, anna):
    page = anna.press("Make it", name="<script>alert(1)</script>", scope="news:read")
    assert not page.tree.xpath("//main//script")
    assert "<script>alert(1)</script>" in page.words


def test_a_form_without_its_proof_makes_nothing(desk, anna):
    assert anna.post(PATH, {"do": "add", "name": "board", "scope": "news:read", "days": "30"}).status == 403
    assert not TokenDesk(desk.room.store).all()


def test_one_past_its_time_says_so(desk, anna):
    anna.press("Make it", name="board", scope="news:read", days="30")
    desk.after(timedelta(days=30))
    page = desk.signed_in("Anna").get(PATH)
    assert "board over" in page.words
