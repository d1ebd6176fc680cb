"""The audit log at the desk: whose eyes it is for, and how it is narrowed and turned over."""

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote

import pytest
from deskroom import PASSWORD, DeskRoom, desk_room
from newsroom import NOW

from syndicator.alertdesk import AlertDesk
from syndicator.model import Content, Entry
from syndicator.people import Role
from syndicator.web.desk.audit import PAGE

pytestmark = pytest.mark.usefixtures("quick_hashes")
PATH = "/desk/audit"


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path) as room:
        yield room


def note(desk, who, act, thing, detail=""):
    with desk.room.store.transaction():
        desk.room.store.audit.note(NOW, who, act, thing, detail)


def things(page):
    return [text(each).removesuffix(f" all of it about {title(each)}") for each in page.tree.xpath("//tbody/tr/td[4]")]


def title(cell):
    """What the thing of a line is called, with a link or without."""
    return text(cell.xpath(".//*[self::a or self::bdi]")[0])


def text(element):
    return " ".join(element.text_content().split())


def line(page, number=0):
    """Act, kind, title, path and detail of a line, the newest first."""
    _, _, act, thing, detail = page.tree.xpath("//tbody/tr")[number]
    paths = thing.xpath(".//a[not(@class)]/@href")
    return text(act), text(thing.xpath(".//span[@class='meta']")[0]), title(thing), "".join(paths), text(detail)


@pytest.mark.parametrize(("role", "status"), list(zip(Role, (403, 403, 200, 200), strict=True)), ids=list(Role))
def test_it_is_for_chiefs_and_admins(desk, role, status):
    browser = desk.signed_in("Somebody", role)
    assert browser.get(PATH).status == status
    assert ("Audit log" in browser.get("/desk/account").words) is (status == 200)


def test_acts_are_shown_newest_first_with_all_that_is_known(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "Zoë", "killed", "article urn:uuid:1", "a legal note")
    row = browser.get(PATH).tree.xpath("//tbody/tr")[0]
    assert [text(cell) for cell in row] == [
        "12:00",
        "Zoë",
        "killed",
        "article urn:uuid:1 all of it about urn:uuid:1",
        "a legal note",
    ]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"who": "Zoë"}, ["alert two", "alert one"]),
        ({"about": "ONE"}, ["alert one"]),
        ({"about": "legal"}, ["alert two"]),
        ({"who": "Chris", "about": "alert"}, []),
        ({"about": "%"}, []),
        ({"about": "' OR 1=1 --"}, []),
    ],
    ids=["a person", "a thing", "a detail", "both", "a wildcard is none", "nor is SQL"],
)
def test_it_is_narrowed_to_a_person_and_a_thing(desk, fields, found):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "Zoë", "made", "alert one")
    note(desk, "Zoë", "made", "alert two", "a legal note")
    browser.get(PATH)
    page = browser.press("Show", **fields)
    assert page.status == 200
    assert things(page) == found
    assert page.tree.xpath("//input[@id='about']/@value") == [fields.get("about", "")]
    assert found or "Nothing found." in page.words


def test_the_thing_of_a_line_leads_to_all_that_was_done_to_it(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "Zoë", "made", "alert a&b=c")
    note(desk, "Zoë", "made", "alert other")
    page = browser.get(PATH)
    (link,) = page.tree.xpath("//tr[contains(., 'a&b=c')]//a[starts-with(., 'all of it')]/@href")
    assert things(browser.get(PATH + link)) == ["alert a&b=c"]


class World(NamedTuple):
    desk: DeskRoom
    alerts: AlertDesk
    one: str
    id: str


@pytest.fixture
def newsroom_of(desk):
    """An article and an alert, with a desk that acts on them."""
    store = desk.room.store
    entry = Entry(Content("A BOAT came in", "It was towed."), guid="1")
    with store.transaction():
        desk.room.pipeline.intake.accept("wire", [entry], NOW)
    alerts = AlertDesk(desk.room.settings, store, desk.room.pipeline.alerting)
    mine = alerts.add({"name": "Größe: boats", "query": "boat", "owner": "Zoë"}, NOW, by="Zoë")
    return World(desk, alerts, mine.id, store._db.execute("SELECT id FROM articles").fetchone()[0])


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (
            lambda it: it.alerts.mute(it.one, NOW + timedelta(hours=2), NOW),
            ("muted", "alert", "Größe: boats", "/desk/alerts/{0}", "until 3 November 2026, 19:45"),
        ),
        (
            lambda it: it.alerts.edit(it.one, {"cooldown": "2h", "quiet_hours": "22:00-06:00"}, NOW),
            ("changed", "alert", "Größe: boats", "/desk/alerts/{0}", "at most once in, quiet hours"),
        ),
        (
            lambda it: (
                it.alerts.edit(it.one, {"query": "ship"}, NOW),
                it.alerts.edit(it.one, {"name": "Ships"}, NOW),
            ),
            ("changed", "alert", "Ships", "/desk/alerts/{0}", "name"),
        ),
        (
            lambda it: it.alerts.remove(it.one, NOW),
            ("removed", "alert", "Größe: boats", "/desk/alerts/{0}/history", ""),
        ),
        (
            lambda it: it.desk.room.desk.sort(it.id, "boats", False, NOW, by="Zoë"),
            ("took out of a topic", "article", "A BOAT came in", "/desk/articles/{1}", "Boats"),
        ),
        (
            lambda it: it.desk.room.desk.embargo(
                it.id, NOW + timedelta(hours=2), NOW, by="Zoë", why="Not until 2026-01-01 00:00 UTC."
            ),
            (
                "held back",
                "article",
                "A BOAT came in",
                "/desk/articles/{1}",
                "until 3 November 2026, 19:45. Not until 2026-01-01 00:00 UTC.",
            ),
        ),
        (
            lambda it: it.desk.users.set_enabled("Ben", False, NOW, by="Zoë"),
            ("locked out", "person", "Ben", "/desk/people", ""),
        ),
        (
            lambda it: note(it.desk, "Zoë", "asked to look now", "source wire"),
            ("polled now", "source", "The Wire", "/desk/sources", ""),
        ),
        (
            lambda it: note(it.desk, "Zoë", "changed", "destination gone", "previous_secret, url"),
            ("changed", "destination", "gone", "", "old signing secret, address"),
        ),
        (
            lambda it: note(it.desk, "Zoë", "delivery sent again", "delivery msg_0123456789", "to x"),
            ("sent again", "message", "msg_0123456789", "", "to x"),
        ),
    ],
    ids=["mute", "edit", "rename", "removed", "topic", "embargo", "locked out", "source", "destination", "message"],
)
def test_things_are_called_what_people_call_them_and_times_are_by_the_clock_of_whoever_looks(newsroom_of, act, told):
    desk, _, one, id_ = newsroom_of
    desk.invite("Ben", Role.EDITOR)
    browser = desk.signed_in("Ada", Role.ADMIN)
    browser.get("/desk/account")
    browser.press("Show times", zone="Asia/Kathmandu")
    act(newsroom_of)
    assert line(browser.get(PATH)) == tuple(part.format(one, id_.removeprefix("urn:uuid:")) for part in told)


@pytest.mark.parametrize(
    ("about", "acts"),
    [
        ("grösse", ["muted", "added"]),
        ("boat came", ["released"]),
        ("MUTED", ["muted"]),
        ("locked out", ["locked out"]),
        ("nothing of the kind", []),
    ],
    ids=["a name", "a headline", "an act", "an act as its button has it", "nothing"],
)
def test_it_is_searched_by_what_it_shows(newsroom_of, about, acts):
    desk, alerts, one, id_ = newsroom_of
    alerts.mute(one, NOW + timedelta(hours=2), NOW)
    note(desk, "Zoë", "article released", f"article {id_}")
    note(desk, "Zoë", "disabled", "user Ben")
    page = desk.signed_in("Chris", Role.CHIEF).get(f"{PATH}?about={quote(about)}")
    assert [text(each) for each in page.tree.xpath("//tbody/tr/td[3]")] == sorted(acts, key=acts.index)


@pytest.mark.parametrize(
    "headline", ["هواپیما می\u200cرود", "क्\u200dष in Kent", "Le ministre\u00a0: non", "Elf\u00adenbein"]
)
def test_a_headline_is_found_letter_by_letter(newsroom_of, headline):
    desk, *_, id_ = newsroom_of
    with desk.room.store.transaction():
        desk.room.store._db.execute("UPDATE articles SET title = ?", [headline])
    note(desk, "Zoë", "article released", f"article {id_}")
    page = desk.signed_in("Chris", Role.CHIEF).get(f"{PATH}?about={quote(headline)}")
    assert [text(each) for each in page.tree.xpath("//tbody/tr/td[3]")] == ["released"]
    assert page.tree.xpath("//input[@id='about']/@value") == [headline]


def test_who_may_not_open_a_page_is_not_led_there(newsroom_of):
    desk, *_ = newsroom_of
    note(desk, "Zoë", "disabled", "user Ben")
    assert line(desk.signed_in("Chris", Role.CHIEF).get(f"{PATH}?about=Ben"))[1:4] == ("person", "Ben", "")


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "by password, Firefox on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "by password, Safari on iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36 Edg/140.0", "by password, Edge on Linux"),
        ("curl/8.5.0", "by password, curl/8.5.0"),
        ("x; y" * 50, "by password, x; yx; yx; yx; yx; yx; yx; yx; yx; yx; y"),
        ("", "by password"),
    ],
    ids=["firefox", "an iphone", "edge", "a program", "long", "none"],
)
def test_a_browser_is_named_in_short(desk, client, said):
    desk.signed_in("Chris", Role.CHIEF)
    browser = desk.browser(**({"user_agent": client} if client else {}))
    browser.get("/desk/sign-in")
    browser.press("Sign in", name="Chris", password=PASSWORD)
    assert line(browser.get(PATH))[4] == said


def test_pages_follow_each_other_and_miss_nothing(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    for number in range(2 * PAGE + 1):
        note(desk, "Zoë", "did", f"thing {number:03}")
    page, seen = browser.get(f"{PATH}?who=Zo%C3%AB"), []
    while True:
        seen += things(page)
        older = page.tree.xpath("//a[@rel='next']/@href")
        if not older:
            break
        page = browser.get(PATH + older[0])
    assert seen == [f"thing {number:03}" for number in reversed(range(2 * PAGE + 1))]
    assert page.tree.xpath("//a[text()='Newest']")


@pytest.mark.parametrize(
    "before", ["", "x", "-1", "9" * 40, "٣", "1e3"], ids=["none", "a letter", "below", "endless", "Arabic", "a float"]
)
def test_a_page_that_there_is_not_is_the_first(desk, before):
    browser = desk.signed_in("Chris", Role.CHIEF)
    assert things(browser.get(f"{PATH}?before={quote(before)}"))


def test_what_people_wrote_is_text(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "<img src=x>", "<b>made</b>", "<script>alert(1)</script>", "<i>x</i>")
    page = browser.get(PATH)
    assert not page.tree.xpath("//main//script | //img | //b | //i")
    assert "<script>alert(1)</script>" in page.words


def test_nothing_in_it_can_be_changed(desk):
    browser = desk.signed_in("Ada", Role.ADMIN)
    proof = browser.get(PATH).proof
    assert browser.post(PATH, {"proof": proof, "do": "remove"}).status == 405
