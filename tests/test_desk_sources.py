"""Sources and topics at the desk: how they stand, and the look that somebody asks for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from deskroom import desk_room
from newsroom import BOATS, COURTS, INBOX, NOW, WIRE, rss

from syndicator.model import Fetched, Outcome
from syndicator.people import Role
from syndicator.web.desk.spark import HEIGHT, WIDTH, spark

URL = "https://wire.example/rss"
HOSTILE = "<script>alert(1)</script> boat in fog"
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "inbox").mkdir()
    with desk_room(tmp_path, BOATS, COURTS, WIRE, INBOX) as room:
        room.room.web.pages[URL] = rss(("a", HOSTILE.replace("<", "&amp;lt;"), "A boat came."), ("b", "Rain", "Wet."))
        yield room


def row(page, name):
    """The words of one source's line."""
    (found,) = [each for each in page.tree.xpath("//tbody/tr") if name in each.xpath("./th")[0].text_content()]
    return " ".join(found.text_content().split())


def state(desk, **changes):
    """Write what is remembered of the wire; return it."""
    store = desk.room.store
    with store.transaction():
        now = replace(store.sources.state("wire"), **changes)
        store.sources.settle(now)
    return now


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"last_attempt": NOW, "last_success": NOW, "first_success": NOW}, "well"),
        ({"failures": 3, "last_error": "the name is not known", "failing_since": NOW}, "Failed 3 times in a row: the"),
        ({"gone": True, "failures": 1}, "will not come back"),
        ({}, "not looked at yet"),
    ],
    ids=["well", "failing", "gone", "new"],
)
def test_a_source_says_in_plain_words_how_it_is(desk, changes, said):
    state(desk, **changes)
    page = desk.signed_in("Vera", Role.VIEWER).get("/desk/sources")
    assert said in row(page, "The Wire")


def test_what_is_in_trouble_comes_first_and_is_counted(desk):
    page = desk.signed_in().get("/desk/sources")
    state(desk, failures=1, last_error="no answer")
    page = desk.signed_in().get("/desk/sources")
    assert "1 of 2 wants a look" in page.words
    assert "The Wire" in page.tree.xpath("//tbody/tr[1]/th")[0].text_content()


def test_an_error_that_a_source_wrote_is_text_on_the_page(desk):
    state(desk, failures=1, last_error="<img src=x onerror=alert(1)>")
    page = desk.signed_in().get("/desk/sources")
    assert "<img src=x onerror=alert(1)>" in page.words
    assert not page.tree.xpath("//img")


def test_pages_hold_nothing_that_the_policy_refuses(desk):
    desk.room.cycle()
    browser = desk.signed_in("Ada", Role.ADMIN)
    for path in ("sources", "topics", "destinations", "tokens", "audit"):
        page = browser.get(f"/desk/{path}")
        assert page.status == 200
        assert not page.tree.xpath("//*[@style] | //style | //script[not(@src)] | //*[starts-with(name(@*), 'on')]")
        assert page.tree.xpath("//nav//a[@aria-current]/@href") == [f"/desk/{path}"]


def test_poll_now_makes_a_source_due_and_the_worker_takes_it(desk):
    desk.room.cycle()
    desk.after(5 * MINUTE)
    asked = len(desk.room.web.asked)
    assert desk.room.store.sources.state("wire").due > desk.now
    browser = desk.signed_in()
    browser.get("/desk/sources")
    assert browser.press("Poll now: wire").told == ["Looking at The Wire within 10 seconds."]
    assert desk.room.store.sources.state("wire").due == desk.now
    desk.room.cycle(desk.now)
    assert len(desk.room.web.asked) == asked + 1
    (note,) = desk.room.store.audit.newest(limit=1)
    assert (note.who, note.act, note.thing) == ("Anna", "asked to look now", "source wire")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gone": True}, "will not come back"),
        ({"alone_until": NOW + timedelta(hours=2)}, "left alone until 3 November, 19:45."),
        ({"skip_hours": frozenset({12, 13})}, "no visits before 3 November, 19:45."),
        ({"last_attempt": NOW - timedelta(seconds=59)}, "less than a minute ago"),
    ],
    ids=["gone", "left alone", "its hours", "just now"],
)
def test_a_source_that_wants_its_peace_is_not_asked(desk, changes, said):
    browser = desk.signed_in()
    browser.get("/desk/account")
    browser.press("Show times", zone="Asia/Kathmandu")
    browser.get("/desk/sources")
    due = NOW + timedelta(hours=3)
    state(desk, due=due, last_success=NOW - timedelta(hours=1), **changes)
    page = browser.press("Poll now: wire")
    assert page.status == 409
    assert said in page.told[0]
    assert said in row(page, "The Wire")
    assert not page.tree.xpath("//input[@name='name'][@value='wire']")
    assert desk.room.store.sources.state("wire").due == due
    assert not [each for each in desk.room.store.audit.newest(limit=9) if each.thing == "source wire"]


@pytest.mark.parametrize(
    "changes",
    [{"alone_until": NOW}, {"last_attempt": NOW - timedelta(seconds=60)}, {"alone_until": NOW + timedelta(days=8)}],
    ids=["its peace is over", "a minute ago", "written by a clock that was ahead"],
)
def test_a_source_may_be_asked_again(desk, changes):
    browser = desk.signed_in()
    state(desk, due=NOW + timedelta(hours=3), **changes)
    browser.get("/desk/sources")
    assert browser.press("Poll now: wire").status == 200
    assert desk.room.store.sources.state("wire").due == NOW


@pytest.mark.parametrize(
    ("fetched", "until"),
    [
        (Fetched(Outcome.FAILED, URL, 503, retry_after=timedelta(hours=5), error="503"), NOW + timedelta(hours=5)),
        (Fetched(Outcome.FAILED, URL, 429, error="429"), NOW + timedelta(hours=2)),
        (Fetched(Outcome.FAILED, URL, 500, error="500"), None),
    ],
    ids=["Retry-After", "too many requests", "a mere failure"],
)
def test_what_a_server_asks_for_is_kept(desk, fetched, until):
    desk.room.web.pages[URL] = fetched
    desk.room.cycle()
    assert desk.room.store.sources.state("wire").alone_until == until
    desk.room.web.pages[URL] = rss(("a", "Boat", "A boat."))
    desk.room.cycle(NOW + timedelta(days=2))
    assert desk.room.store.sources.state("wire").alone_until is None


def test_viewers_see_and_do_not_ask(desk):
    browser = desk.signed_in("Vera", Role.VIEWER)
    page = browser.get("/desk/sources")
    assert "Poll now" not in page.words
    proof = page.proof
    before = desk.room.store.sources.state("wire")
    assert browser.post("/desk/sources", {"proof": proof, "name": "wire"}).status == 403
    assert desk.room.store.sources.state("wire") == before


@pytest.mark.parametrize("name", ["nobody", "../wire", "<b>"], ids=["unknown", "a path", "marks"])
def test_a_source_that_is_not_there_can_not_be_asked(desk, name):
    browser = desk.signed_in()
    proof = browser.get("/desk/sources").proof
    page = browser.post("/desk/sources", {"proof": proof, "name": name})
    assert page.status == 404
    assert not page.tree.xpath("//b")


def test_a_form_without_its_proof_asks_nobody(desk):
    browser = desk.signed_in()
    before = desk.room.store.sources.state("wire")
    assert browser.post("/desk/sources", {"name": "wire"}).status == 403
    assert desk.room.store.sources.state("wire") == before


def test_a_topic_shows_what_it_means_what_it_caught_and_where_it_stands(desk):
    desk.room.cycle()
    page = desk.signed_in("Vera", Role.VIEWER).get("/desk/topics")
    (card,) = page.tree.xpath("//section[.//h2='Boats']")
    words = " ".join(card.text_content().split())
    assert "Articles that mention either any form of boat or any form of dinghy." in words
    text = (desk.room.root / "config.toml").read_text("utf-8").split("\n")
    assert f"config.toml, line {text.index('[topics.boats]') + 1}" in words
    assert "1 in 7 days · 1 in 30 days" in words
    assert [each.text_content() for each in card.xpath(".//mark")] == ["boat"]
    assert HOSTILE in words
    assert not card.xpath(".//script")
    assert "https://desk.example/feeds/boats.atom" in card.xpath(".//a/@href")
    assert "Nothing yet." in page.tree.xpath("//section[.//h2='Courts']")[0].text_content()


def test_what_is_held_back_is_not_among_the_hits(desk):
    desk.room.cycle()
    store = desk.room.store
    (item,) = [each for each in store.search.everything() if "boat" in each.content.title]
    desk.room.desk.embargo(item.id, NOW + timedelta(days=1), NOW, by="Vera")
    assert "boat in fog" not in desk.signed_in("Vera", Role.VIEWER).get("/desk/topics").words


def test_a_config_that_was_spoilt_since_costs_only_the_lines(desk):
    (desk.room.root / "config.toml").write_bytes(b"\xff\xfe")
    page = desk.signed_in().get("/desk/topics")
    assert page.status == 200
    assert "line" not in page.tree.xpath("//section[.//h2='Boats']/p[@class='meta']")[0].text_content()


def test_a_chart_has_a_bar_for_each_day_on_which_something_came():
    zone = ZoneInfo("Asia/Tokyo")
    # Ten in the evening in London is the next morning in Tokyo.
    late = datetime(2026, 11, 2, 22, tzinfo=UTC)
    chart = spark([(late, 4), (NOW - timedelta(days=29), 1), (NOW - timedelta(days=40), 9)], NOW, zone, noun="item")
    assert [(bar.x, bar.height) for bar in chart.bars] == [(0, 7), (WIDTH - 4, HEIGHT)]
    assert chart.words == "5 items in 30 days, most on 3 November: 4; today: 4"
    assert (chart.total, chart.week) == (5, 4)
    assert spark([], NOW, zone, noun="item").words == "No items in 30 days"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"failures": 1, "last_error": "x", "failing_since": NOW}, "The Wire: the last look failed"),
        ({"failures": 3, "last_error": "x", "failing_since": NOW}, "The Wire: the last 3 looks failed"),
        ({"last_attempt": NOW, "last_success": NOW, "gone": True}, "The Wire: it says that it will not come back"),
        ({}, "The Wire: not looked at yet"),
    ],
    ids=["once", "thrice", "gone", "new"],
)
def test_the_overview_says_which_sources_are_in_trouble_by_their_titles(desk, changes, said):
    state(desk, **changes)
    page = desk.signed_in().get("/desk/")
    (card,) = page.tree.xpath("//section[h2='Sources']")
    assert said in " ".join(card.text_content().split())
    assert card.xpath(".//a[@href='/desk/sources'][.='The Wire']")


def test_an_empty_newsroom_does_not_boast_of_its_sources(tmp_path):
    with desk_room(tmp_path, BOATS) as desk:
        page = desk.signed_in().get("/desk/")
        assert "There are no sources yet." in page.words
        assert page.words.endswith("Times are in UTC.")
        browser = desk.signed_in("Anna")
        browser.get("/desk/account")
        assert browser.press("Show times", zone="Europe/London").told == ["Times are now in Europe/London."]
        assert browser.page.words.endswith("Times are in Europe/London time.")
