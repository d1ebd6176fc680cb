"""The audit log at the desk: whose eyes it is for, and how it is narrowed and turned over."""

from urllib.parse import quote

import pytest
from deskroom import desk_room
from newsroom import NOW

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
    return [" ".join(each.text_content().split()) for each in page.tree.xpath("//tbody/tr/td[4]")]


@pytest.mark.parametrize(("role", "status"), list(zip(Role, (403, 403, 200, 200), strict=True)), ids=list(Role))
def test_it_is_for_chiefs_and_admins(desk, role, status):
    browser = desk.signed_in("Somebody", role)
    assert browser.get(PATH).status == status
    assert ("Audit log" in browser.get("/desk/account").words) is (status == 200)


def test_acts_are_shown_newest_first_with_all_that_is_known(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "Zoë", "killed", "article urn:uuid:1", "a legal note")
    row = browser.get(PATH).tree.xpath("//tbody/tr")[0]
    assert [" ".join(cell.text_content().split()) for cell in row] == [
        "12:00",
        "Zoë",
        "killed",
        "article urn:uuid:1",
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
    assert found or "Nothing in the log is so." in page.words


def test_the_thing_of_a_line_leads_to_all_that_was_done_to_it(desk):
    browser = desk.signed_in("Chris", Role.CHIEF)
    note(desk, "Zoë", "made", "alert a&b=c")
    note(desk, "Zoë", "made", "alert other")
    page = browser.get(PATH)
    (link,) = page.tree.xpath("//a[text()='alert a&b=c']/@href")
    assert things(browser.get(PATH + link)) == ["alert a&b=c"]


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
    proof = browser.get(PATH).tree.xpath("//input[@name='proof']/@value")[0]
    assert browser.post(PATH, {"proof": proof, "do": "remove"}).status == 405
