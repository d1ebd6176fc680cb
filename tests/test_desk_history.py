"""What fired, at the desk: why, who was told, what the other side answered, and another try for what was given up."""

import re
from datetime import timedelta

import pytest
from deskroom import desk_room
from newsroom import BOATS, WIRE
from outbox import DESK, PHONE, Desk

from syndicator.alertdesk import AlertDesk
from syndicator.alerts import Answer, DeliveryState, Event, Verdict
from syndicator.articledesk import ArticleDesk
from syndicator.desk import Desk as NewsDesk
from syndicator.people import Role
from syndicator.store import Queued

pytestmark = pytest.mark.usefixtures("quick_hashes")
EVIL = "<script>alert(1)</script>"
REFUSED = Answer(Verdict.PERMANENT, f"404 {EVIL}", 404)


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, DESK, PHONE, BOATS, WIRE) as room:
        room.alerts = AlertDesk(room.room.settings, room.room.store, room.room.pipeline.alerting)
        room.wire = Desk(room.room)
        yield room


def add(desk, name="Boats", owner="Anna", **more):
    raw = {"name": name, "query": "boat OR dinghy", "owner": owner, "destinations": ["desk"]} | more
    return desk.alerts.add(raw, desk.now)


def say(desk, *titles, **more):
    desk.wire.say(*titles, **more)
    desk.wire.after()


def titles(page):
    return [" ".join(each.text_content().split()) for each in page.tree.xpath("//article/*[self::h2 or self::h3]")]


def dead(desk):
    return desk.room.store.ledger.deliveries(state=DeliveryState.DEAD, limit=9)


@pytest.mark.parametrize("path", ["/desk/history", "/desk/alerts/{}/history", "/desk/alerts/{}"])
def test_what_fired_is_told_with_its_words_and_who_was_told(desk, path):
    mine = add(desk)
    say(desk, "A boat sank", text="Two dinghies were seen off Kent.")
    page = desk.signed_in("Anna").get(path.format(mine.id))
    assert titles(page) == ["A boat sank"]
    assert page.tree.xpath("//article//mark/text()") == ["boat", "dinghies"]
    assert page.tree.xpath("//article/*/a/@href")[0].startswith("/desk/articles/")
    assert "Because of boat (title), dinghies" in page.words
    assert "desk: told 12:00" in page.words
    assert "taken (200), “ok”" in page.words


def test_history_is_of_what_somebody_may_see(desk):
    add(desk, "Mine")
    add(desk, "Shared", "Ben", query="court")
    add(desk, "Private", "Ben", query="whistle", shared=False)
    say(desk, "A boat", "A court", "A whistle", text=".")
    assert titles(desk.signed_in("Anna").get("/desk/history")) == ["A court", "A boat"]
    assert titles(desk.signed_in("Vera", Role.VIEWER).get("/desk/history?alert=private")) == []
    assert titles(desk.signed_in("Ben").get("/desk/history")) == ["A whistle", "A court", "A boat"]
    assert titles(desk.signed_in("Chief", Role.CHIEF).get("/desk/history")) == ["A whistle", "A court", "A boat"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["A dinghy", "A ship", "A boat", "A ferry"]),
        ("alert=SHIPS", ["A ship", "A ferry"]),
        ("state=told", ["A boat"]),
        ("state=waiting", ["A dinghy"]),
        ("state=dead", ["A ship"]),
        ("state=silent", ["A ferry"]),
        ("state=silent&alert=boats", []),
        ("state=nonsense&before=x", ["A dinghy", "A ship", "A boat", "A ferry"]),
        ("before=1", []),
        ("before=99999999999999999999", ["A dinghy", "A ship", "A boat", "A ferry"]),
    ],
    ids=["all", "alert", "told", "waiting", "dead", "silent", "both", "nonsense", "before-all", "endless"],
)
def test_history_is_narrowed_to_an_alert_and_to_what_became_of_it(desk, asked, found):
    add(desk, "Boats", query="boat")
    add(desk, "Ships", query="ship OR ferry", destinations=["phone"])
    add(desk, "Dinghies", query="dinghy", schedule="hourly")
    desk.wire.wire.answers["phone"] = REFUSED
    say(desk, "A ferry", backlog=True)
    for title in ("A boat", "A ship", "A dinghy"):
        say(desk, title)
    assert titles(desk.signed_in("Anna").get(f"/desk/history?{asked}")) == found


def test_history_is_paged_without_a_gap_or_a_repeat(desk):
    mine = add(desk, group_stories=False)
    say(desk, *(f"Boat {number:02}" for number in range(30)))
    for path in ("/desk/history", f"/desk/alerts/{mine.id}/history"):
        browser = desk.signed_in("Anna")
        first = browser.get(path)
        (older,) = first.tree.xpath("//nav[@aria-label='Pages']/a[.='Older']/@href")
        second = browser.get(path + older)
        assert (len(titles(first)), len(titles(second))) == (25, 5)
        assert titles(first) + titles(second) == [f"Boat {number:02}" for number in reversed(range(30))]
        assert not second.tree.xpath("//a[.='Older']")


def test_what_is_withdrawn_is_not_told_again_at_the_desk(desk):
    mine = add(desk)
    say(desk, "A libellous boat", text="A libellous dinghy.")
    id_ = desk.wire.article("A libellous boat")
    room = desk.room
    news = NewsDesk(room.settings, room.store, room.pipeline, room.web, None)
    news.kill(id_, "wrong", desk.now + timedelta(minutes=1), by="Chief")
    browser = desk.signed_in("Anna")
    for path in ("/desk/history", f"/desk/alerts/{mine.id}", f"/desk/alerts/{mine.id}/why?about={id_}"):
        page = browser.get(path)
        assert page.status == 200
        assert b"libellous" not in page.reply.body
        assert "boat (title)" not in page.words
        assert "withdrawn" in page.words


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CHIEF])
def test_what_is_held_after_it_fired_is_shown_without_words_to_all_but_chiefs(desk, role):
    mine = add(desk, owner="Ben")
    text = " ".join(f"word{number}" for number in range(80)) + " secret dinghy."
    say(desk, "A secret boat", text=text)
    say(desk, "Another boat", text=text, source="wire")
    room = desk.room
    news = ArticleDesk(room.settings, room.store, room.pipeline)
    news.embargo(desk.wire.article("A secret boat"), desk.now + timedelta(days=1), desk.now, by="Chief", why="Wait.")
    browser = desk.signed_in("Anna", role)
    another = desk.wire.article("Another boat")
    for path in ("/desk/history", f"/desk/alerts/{mine.id}", f"/desk/alerts/{mine.id}/why?about={another}"):
        page = browser.get(path)
        assert page.status == 200
        assert "Another boat" in page.words
        if role is Role.VIEWER:
            assert "A secret boat" not in page.words
            assert "an article that is held back" in page.words
    assert titles(browser.get("/desk/history"))[-1] == (
        "A secret boat" if role is Role.CHIEF else "an article that is held back"
    )
    words = browser.page.tree.xpath("//article")[-1].text_content()
    assert ("Because of boat" in " ".join(words.split())) == (role is Role.CHIEF)


def test_a_story_names_its_other_sources_and_articles(desk):
    add(desk)
    text = " ".join(f"word{number}" for number in range(80)) + " boat."
    say(desk, "A boat sank off Kent", text=text)
    say(desk, "Boat sinks off Kent", text=text, source="wire")
    page = desk.signed_in("Anna").get("/desk/history")
    assert "Said nothing: this story had been told already." in page.words
    assert "The same story: The Wire" in page.words
    assert len(page.tree.xpath("//ul[@class='kin']/li/a")) == 2


@pytest.mark.parametrize(
    ("role", "name", "owner", "shared", "status"),
    [
        (Role.EDITOR, "Anna", "Anna", True, 200),
        (Role.CHIEF, "Carla", "Anna", False, 200),
        (Role.ADMIN, "Ada", "Anna", False, 200),
        (Role.EDITOR, "Ben", "Anna", True, 400),
        (Role.EDITOR, "Ben", "Anna", False, 404),
        (Role.VIEWER, "Vera", "Anna", True, 400),
        (Role.VIEWER, "Anna", "Anna", True, 400),
    ],
    ids=["owner", "chief", "admin", "another", "another-private", "viewer", "viewer-own"],
)
def test_what_was_given_up_is_sent_again_by_whoever_may_change_the_alert(desk, role, name, owner, shared, status):  # noqa: PLR0917
    mine = add(desk, owner=owner, shared=shared)
    desk.wire.wire.answers["desk"] = REFUSED
    say(desk, "A boat")
    (lost,) = dead(desk)
    browser = desk.signed_in(name, role)
    browser.get("/desk/history")
    assert bool(browser.page.tree.xpath("//button[starts-with(., 'Send again')]")) == (status == 200)
    given = browser.proof()
    for path in (f"/desk/alerts/{mine.id}/history", "/desk/history?state=dead"):
        if dead(desk):
            assert browser.post(path, {"proof": given, "delivery": lost.id}).status == status
    assert bool(dead(desk)) == (status != 200)
    noted = [each for each in desk.room.store.audit.newest(limit=9) if each.act == "delivery sent again"]
    assert [each.who for each in noted] == ([name] if status == 200 else [])


def test_send_again_keeps_the_page_and_says_what_comes_of_it(desk):
    mine = add(desk)
    desk.wire.wire.answers["desk"] = REFUSED
    say(desk, "A boat")
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{mine.id}/history?state=dead")
    page = browser.press("Send again")
    assert page.url.startswith(f"/desk/alerts/{mine.id}/history?state=dead&said=")
    assert page.told == ["It is queued again, and goes to desk now."]
    desk.wire.wire.answers.clear()
    desk.wire.after()
    page = browser.get(f"/desk/alerts/{mine.id}/history")
    assert "refused (404)" in page.words
    assert "taken (200)" in page.words


def test_nothing_is_sent_again_to_what_is_switched_off_or_was_taken(desk):
    add(desk)
    desk.wire.wire.answers["desk"] = [REFUSED, Answer(Verdict.DELIVERED, "ok", 200)]
    say(desk, "A boat")
    say(desk, "A dinghy capsized")
    (lost,) = dead(desk)
    (taken,) = desk.room.store.ledger.deliveries(state=DeliveryState.DELIVERED, limit=9)
    with desk.room.store.transaction():
        desk.room.store.destinations.switch_off("desk", "410", desk.now)
    browser = desk.signed_in("Anna")
    given = browser.proof()
    for delivery, status, said in (
        (lost.id, 400, "is switched off or gone"),
        (taken.id, 400, "only what is dead can be replayed"),
        ("msg_0123456789", 404, "No delivery"),
        ("", 404, "No delivery"),
    ):
        page = browser.post("/desk/history", {"proof": given, "delivery": delivery})
        assert (page.status, said in page.words) == (status, True)
    assert len(dead(desk)) == 1


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 404), (Role.CHIEF, 200)])
def test_what_tells_of_our_own_troubles_is_sent_again_by_chiefs(desk, role, status):
    store = desk.room.store
    with store.transaction():
        store.destinations.switch_off("desk", "410", desk.now)
        store.outbox.queue(Queued("trouble", Event.MAINTENANCE, None, lines=("It fails.",)), ["desk"], desk.now)
        store.destinations.switch_on("desk")
    (lost,) = dead(desk)
    browser = desk.signed_in("Anna", role)
    assert browser.post("/desk/history", {"proof": browser.proof(), "delivery": lost.id}).status == status
    assert bool(dead(desk)) == (status == 404)


def test_hostile_words_from_outside_are_shown_as_text(desk):
    mine = add(desk, EVIL, destinations=["phone"])
    desk.wire.wire.answers["phone"] = REFUSED
    say(desk, f"A boat {EVIL}", text=f"A dinghy {EVIL}")
    browser = desk.signed_in("Anna")
    for path in ("/desk/history", f"/desk/alerts/{mine.id}/history", f"/desk/alerts/{mine.id}/why?about=boat"):
        page = browser.get(path)
        assert f"404 {EVIL}" in page.words
        assert b"<script>alert" not in page.reply.body


def test_the_history_of_a_removed_alert_stays(desk):
    mine = add(desk)
    say(desk, "A boat")
    desk.alerts.remove(mine.id, desk.now)
    browser = desk.signed_in("Anna")
    assert titles(browser.get("/desk/history")) == ["A boat"]
    page = browser.get(f"/desk/alerts/{mine.id}/history")
    assert titles(page) == ["A boat"]
    assert "This alert was removed." in page.words


def test_an_empty_history_says_what_will_stand_there(desk):
    browser = desk.signed_in("Anna")
    assert "Nothing has fired yet." in browser.get("/desk/history").words
    assert "Nothing found." in browser.get("/desk/history?state=dead").words


def test_why_tells_of_deliveries_and_of_who_had_told_the_story(desk):
    mine = add(desk)
    text = " ".join(f"word{number}" for number in range(80)) + " boat."
    say(desk, "A boat sank off Kent", text=text)
    say(desk, "Boat sinks off Kent", text=text, source="wire")
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{mine.id}")
    page = browser.press("Tell me why", about="boat sinks")
    assert "It did fire" in page.words
    assert "It was told by A boat sank off Kent" in page.words
    page = browser.press("Tell me why", about=desk.wire.article("A boat sank off Kent"))
    assert "desk: told 12:00" in page.words


def test_a_page_that_may_take_long_is_read_where_it_holds_up_nobody(desk, monkeypatch):
    add(desk)
    say(desk, "A boat")
    browser = desk.signed_in("Anna")

    def refuse(*_args, **_more):
        raise AssertionError("it was read in the loop")

    for name in ("of", "latest"):
        monkeypatch.setattr(desk.room.store.hits, name, refuse)
    assert browser.get("/desk/history").status == 200


@pytest.mark.parametrize("path", ["/desk/history", "/desk/alerts"])
def test_whoever_is_not_signed_in_sees_nothing(desk, path):
    add(desk)
    page = desk.browser().get(path)
    assert "Sign in" in page.words
    assert "Boats" not in page.words


PLACES = ("/desk/alerts", "/desk/alerts/{}", "/desk/")


@pytest.mark.parametrize("path", PLACES, ids=["list", "alert", "overview"])
def test_an_alert_that_reaches_nobody_is_shown_as_failing_until_it_reaches_somebody(desk, path):
    mine = add(desk, destinations=["desk", "phone"])
    add(desk, "Ships", query="ship", destinations=["phone"])
    browser = desk.signed_in("Anna")
    wrong = "is failing: last 2 not delivered"
    say(desk, "A boat sank")
    assert "failing" not in browser.get(path.format(mine.id)).words
    desk.wire.wire.answers["phone"] = REFUSED
    say(desk, "A boat is late")
    say(desk, "A dinghy sank")
    words = browser.get(path.format(mine.id)).words
    assert words.count(wrong) == 1
    assert "desk is failing" not in words
    desk.wire.wire.answers["phone"] = Answer(Verdict.DELIVERED, "ok", 200)
    say(desk, "A ship sank")
    assert wrong in browser.get(path.format(mine.id)).words, "another alert's success is none of its own"
    say(desk, "A boat came in")
    assert "failing" not in browser.get(path.format(mine.id)).words


def test_an_alerts_page_tells_what_the_other_side_said_of_what_it_lost(desk):
    mine = add(desk, destinations=["phone"])
    desk.wire.wire.answers["phone"] = REFUSED
    say(desk, "A boat sank")
    page = desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}")
    (line,) = page.tree.xpath("//section[@aria-labelledby='tells']//li")
    assert "last one not delivered" in line.text_content()
    assert f"404 {EVIL}" in line.text_content()


def test_a_list_of_alerts_asks_for_what_was_lost_once(desk, monkeypatch):
    for number in range(5):
        add(desk, f"Boats {number}")
    asked = []
    ledger = type(desk.room.store.ledger)
    was = ledger.lost
    monkeypatch.setattr(ledger, "lost", lambda self, alerts: asked.append(len(alerts)) or was(self, alerts))
    desk.signed_in("Anna").get("/desk/alerts")
    assert asked[-1] == 5
    # The first page after signing in, and the list.
    assert len(asked) == 2


@pytest.mark.parametrize("path", ["/desk/destinations", "/desk/destinations/phone"], ids=["list", "one"])
def test_a_destination_that_takes_nothing_says_so(desk, path):
    add(desk, destinations=["phone"])
    desk.wire.wire.answers["phone"] = REFUSED
    say(desk, "A boat sank")
    say(desk, "A dinghy sank")
    browser = desk.signed_in("Ada", Role.ADMIN)
    page = browser.get(path)
    assert "last 2 not delivered" in page.words
    assert f"404 {EVIL}" in " ".join(page.tree.xpath("//p[@class='trouble']/text()"))
    desk.wire.wire.answers["phone"] = Answer(Verdict.DELIVERED, "ok", 200)
    say(desk, "A boat came in")
    page = browser.get(path)
    assert "not delivered" not in page.words
    assert not page.tree.xpath("//p[@class='trouble']")


@pytest.mark.parametrize("path", PLACES, ids=["list", "alert", "overview"])
def test_what_was_said_to_nobody_does_not_count_as_fired(desk, path):
    mine = add(desk)
    say(desk, "A boat sank", backlog=True)
    words = desk.signed_in("Anna").get(path.format(mine.id)).words
    assert "never fired" in words or path == "/desk/"
    assert not re.search(r"(?<!\d)1 in (7 days|a week)", words)
    say(desk, "A dinghy was seen")
    assert re.search(r"(?<!\d)1 in (7 days|a week)", desk.signed_in("Anna").get(path.format(mine.id)).words)


def test_an_articles_page_says_which_delivery_told_what(desk):
    add(desk, destinations=["desk", "phone"])
    say(desk, "A boat sank")
    id_ = desk.wire.article("A boat sank")
    at_desk = NewsDesk(desk.room.settings, desk.room.store, desk.room.pipeline, desk.room.web, None)
    at_desk.kill(id_, "wrong", desk.now, by="Chief")
    desk.wire.wire.answers["phone"] = REFUSED
    desk.wire.deliver()
    page = desk.signed_in("Anna").get(f"/desk/articles/{id_.removeprefix('urn:uuid:')}")
    lines = [
        " ".join(each.text_content().split()) for each in page.tree.xpath("//section[@aria-labelledby='alerts']//p")
    ]
    assert lines == ["Alert: desk told, phone told", "Withdrawal: desk told, phone given up"]


def test_a_withdrawal_that_reached_nobody_counts_as_well(desk):
    mine = add(desk, destinations=["phone"])
    say(desk, "A boat sank")
    desk.wire.wire.answers["phone"] = REFUSED
    at_desk = NewsDesk(desk.room.settings, desk.room.store, desk.room.pipeline, desk.room.web, None)
    at_desk.kill(desk.wire.article("A boat sank"), "wrong", desk.now, by="Chief")
    desk.wire.deliver()
    assert "is failing: last one not delivered" in desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}").words
