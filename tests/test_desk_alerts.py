"""Alerts at the desk: who sees and changes which, and what can be done to one or several."""

from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from deskroom import desk_room
from newsroom import BOATS, NOW, WIRE, rss
from outbox import DESK, PHONE, Desk, alert

from syndicator.alertdesk import AlertDesk, written
from syndicator.articledesk import ArticleDesk
from syndicator.destinationdesk import DestinationDesk
from syndicator.people import COMMAND, Role
from syndicator.store import AlertRow, UserRow
from syndicator.web.desk.alertwords import mute_end
from syndicator.web.desk.rights import may_change, may_see

pytestmark = pytest.mark.usefixtures("quick_hashes")
UNKNOWN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, DESK, PHONE, BOATS, WIRE, alert("Floods", "flood", cooldown='"10m"')) as room:
        room.alerts = AlertDesk(room.room.settings, room.room.store, room.room.pipeline.alerting)
        yield room


def add(desk, name="Boats", owner="Anna", **more):
    raw = {"name": name, "query": "boat OR dinghy", "owner": owner, "destinations": ["desk"]} | more
    return desk.alerts.add(raw, desk.now)


def private(desk, name="Secret", owner="Ben", **more):
    return add(desk, name, owner, shared=False, **more)


def row(desk, id_):
    return desk.room.store.alerts.get(id_)


def enabled(desk, id_):
    return written(row(desk, id_)).get("enabled", True)


def acts(desk):
    rows = desk.room.store.audit.newest(limit=50)
    return [(each.who, each.act) for each in rows if "alert" in each.thing and each.who != COMMAND]


def as_row(owner, *, shared=True):
    definition = '{"shared": false}' if not shared else "{}"
    return AlertRow("1", "Boats", owner, definition, False, 1, None, None, NOW, None, None, False)


@pytest.mark.parametrize(
    ("role", "owner", "shared", "sees", "changes"),
    [
        (Role.VIEWER, "Ben", True, True, False),
        (Role.VIEWER, "Ben", False, False, False),
        (Role.VIEWER, "Anna", False, True, False),
        (Role.EDITOR, "Ben", True, True, False),
        (Role.EDITOR, "Ben", False, False, False),
        (Role.EDITOR, "ANNA", False, True, True),
        (Role.EDITOR, "", True, True, False),
        (Role.CHIEF, "Ben", False, True, True),
        (Role.ADMIN, "", False, True, True),
    ],
    ids=[
        "a-viewer-and-a-shared-one",
        "a-viewer-and-a-private-one",
        "a-viewer-and-their-own",
        "an-editor-and-a-shared-one",
        "an-editor-and-a-private-one",
        "an-editor-and-their-own",
        "an-editor-and-nobodys",
        "a-chief-and-a-private-one",
        "an-admin-and-nobodys",
    ],
)
def test_who_may_see_and_change_an_alert(role, owner, shared, sees, changes):
    user = UserRow(1, "Anna", role, None, "UTC", NOW, None, None)
    one = as_row(owner, shared=shared)
    assert (may_see(user, one), may_change(user, one)) == (sees, changes)


@pytest.mark.parametrize(
    "path", ["/desk/alerts/{}", "/desk/alerts/{}/remove", "/desk/alerts/{}/why?about=x", "/desk/alerts/{}/history"]
)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.CHIEF])
def test_a_private_alert_is_for_its_owner_and_chiefs_on_every_page(desk, path, role):
    secret = private(desk, query="'whistle'")
    browser = desk.signed_in("Anna", role)
    page = browser.get(path.format(secret.id))
    if role is Role.CHIEF:
        assert (page.status, "Secret" in page.words) == (200, True)
    else:
        assert page.status == (403 if role is Role.VIEWER and "remove" in path else 404)
        assert "Secret" not in page.words
        assert page.words == browser.get(path.format(UNKNOWN)).words


ACTS = ("mute", "unmute", "enable", "disable", "hand", "feed", "close", "remove")


@pytest.mark.parametrize("do", ACTS)
@pytest.mark.parametrize(
    ("role", "shared", "status"),
    [(Role.VIEWER, True, 400), (Role.EDITOR, True, 400), (Role.EDITOR, False, 404)],
    ids=["viewer-shared", "editor-shared", "editor-private"],
)
def test_nobody_does_anything_to_somebody_elses_alert(desk, do, role, shared, status):
    theirs = add(desk, "Theirs", "Ben", **({} if shared else {"shared": False}))
    browser = desk.signed_in("Anna", role)
    given = browser.proof()
    fields = {"proof": given, "do": do, "span": "week", "to": "Anna", "alert": theirs.id, "owner": "Anna"}
    for path in (f"/desk/alerts/{theirs.id}", "/desk/alerts"):
        assert browser.post(path, fields).status == status
    assert row(desk, theirs.id) == theirs
    assert not [each for each in acts(desk) if each[0] == "Anna"]


@pytest.mark.parametrize("shared", [True, False])
def test_nobody_but_a_chief_copies_what_is_not_theirs_to_see(desk, shared):
    theirs = add(desk, "Theirs", "Ben", **({} if shared else {"shared": False}))
    browser = desk.signed_in("Anna")
    page = browser.post(f"/desk/alerts/{theirs.id}", {"proof": browser.proof(), "do": "duplicate"})
    assert page.status == (200 if shared else 404)
    assert (desk.room.store.alerts.named("Theirs (copy)") is not None) == shared


def test_a_viewer_makes_no_alert_by_copying_one(desk):
    shared = add(desk, "Theirs", "Ben")
    browser = desk.signed_in("Anna", Role.VIEWER)
    page = browser.post(f"/desk/alerts/{shared.id}", {"proof": browser.proof(), "do": "duplicate"})
    assert (page.status, "for editors" in page.told[0]) == (400, True)
    assert desk.room.store.alerts.named("Theirs (copy)") is None


def test_every_act_needs_the_proof_of_this_session(desk):
    mine = add(desk)
    browser = desk.signed_in("Anna")
    for path in (f"/desk/alerts/{mine.id}", "/desk/alerts", "/desk/history", f"/desk/alerts/{mine.id}/history"):
        assert browser.post(path, {"do": "disable", "alert": mine.id}).status == 403
    assert enabled(desk, mine.id)


def test_an_alert_named_like_another_ones_id_is_never_taken_for_it(desk):
    ours = add(desk, "Ours", "Ben")
    add(desk, ours.id, "Anna")
    browser = desk.signed_in("Chief", Role.CHIEF)
    browser.get(f"/desk/alerts/{ours.id}")
    browser.press("Switch off")
    assert not enabled(desk, ours.id)
    assert written(desk.room.store.alerts.named(ours.id)).get("enabled", True)


def test_the_list_has_own_alerts_first_and_of_others_the_shared_ones(desk):
    add(desk, "Zebras", "anna")
    add(desk, "Ships", "Ben")
    private(desk)
    browser = desk.signed_in("Anna")
    page = browser.get("/desk/alerts")
    assert page.tree.xpath("//table//th/a/text()") == ["Zebras", "Floods", "Ships"]
    assert len(page.tree.xpath("//input[@name='alert']")) == 1
    chief = desk.signed_in("Chief", Role.CHIEF).get("/desk/alerts")
    assert chief.tree.xpath("//table//th/a/text()") == ["Floods", "Secret", "Ships", "Zebras"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=zebra", ["Zebras"]),
        ("q=DINGHY+zeb", ["Zebras"]),
        ("q=ben", ["Ships"]),
        ("q=flood", ["Floods"]),
        ("q=whistle", []),
        ("whose=mine", ["Zebras"]),
        ("whose=others", ["Floods", "Ships"]),
        ("whose=%00&page=x", ["Zebras", "Floods", "Ships"]),
        ("page=99999999999999999999", ["Zebras", "Floods", "Ships"]),
    ],
    ids=["name", "query-and-name", "owner", "query", "private", "mine", "others", "nonsense", "endless"],
)
def test_the_list_is_searched_by_name_query_and_owner(desk, asked, found):
    add(desk, "Zebras", "Anna")
    add(desk, "Ships", "Ben", query="ship")
    private(desk, query="whistle")
    page = desk.signed_in("Anna").get(f"/desk/alerts?{asked}")
    assert page.tree.xpath("//table//th/a/text()") == found


def test_a_long_list_is_paged_and_keeps_what_was_asked(desk):
    for number in range(51):
        add(desk, f"Boats {number:02}")
    browser = desk.signed_in("Anna")
    page = browser.get("/desk/alerts?q=boats")
    assert len(page.tree.xpath("//table//th/a")) == 50
    (following,) = page.tree.xpath("//nav[@aria-label='Pages']/a/@href")
    assert browser.get(following).tree.xpath("//table//th/a/text()") == ["Boats 50"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_an_empty_list_says_what_to_do(tmp_path, role):
    with desk_room(tmp_path) as room:
        page = room.signed_in("Anna", role).get("/desk/alerts")
    assert bool(page.tree.xpath("//main//a[@href='/desk/alerts/new']")) == (role is Role.EDITOR)


def test_the_list_says_what_keeps_an_alert_from_being_heard(desk):
    now = desk.now
    add(desk, "Nowhere", destinations=[])
    add(desk, "Off", enabled=False)
    add(desk, "Quiet", mute_until="2026-11-03T14:00:00Z")
    add(desk, "Lost", destinations=["phone"])
    with desk.room.store.transaction():
        desk.room.store.destinations.switch_off("phone", "410 gone", now)
    lines = {
        line.xpath("string(th/a)"): " ".join(line.text_content().split())
        for line in desk.signed_in("Anna").get("/desk/alerts").tree.xpath("//tbody/tr")
    }
    assert "no destination" in lines["Nowhere"]
    assert "Off offboat" in lines["Off"]
    assert "muted until 14:00" in lines["Quiet"]
    assert "phone is switched off" in lines["Lost"]
    assert "never" in lines["Lost"]


def test_several_are_switched_and_muted_at_once(desk):
    rows = [add(desk, name) for name in ("Boats", "Ships", "Ports")]
    ticked = [rows[0].id, rows[1].id]
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts")
    assert browser.press("Switch off", alert=ticked).told == ["2 alerts are off."]
    assert [enabled(desk, each.id) for each in rows] == [False, False, True]
    assert browser.press("Switch on", alert=ticked).told == ["2 alerts are on."]
    assert browser.press("Mute", alert=ticked, span="week").told == ["2 alerts are muted."]
    assert [row(desk, each.id).muted_until for each in rows] == [desk.now + timedelta(days=7)] * 2 + [None]
    assert browser.press("End the mute", alert=ticked[:1]).told == ["1 alert is no longer muted."]
    assert row(desk, ticked[0]).muted_until is None
    assert browser.press("Switch off").told == ["Tick the alerts first."]
    assert [act for _, act in acts(desk)].count("alert off") == 2


def test_several_are_changed_all_or_none(desk):
    mine, theirs = add(desk), add(desk, "Theirs", "Ben")
    browser = desk.signed_in("Anna")
    fields = {"proof": browser.proof(), "do": "disable"}
    page = browser.post("/desk/alerts", [*fields.items(), ("alert", mine.id), ("alert", theirs.id)])
    assert (page.status, page.told) == (400, ["Theirs is Ben’s: ask them, or a chief."])
    assert browser.post("/desk/alerts", [*fields.items(), ("alert", mine.id), ("alert", UNKNOWN)]).status == 404
    assert enabled(desk, mine.id)


def test_what_was_refused_for_one_of_several_is_undone_for_those_before_it_too(desk):
    destinations = DestinationDesk(desk.room.settings, desk.room.store)
    destinations.add("pager", {"kind": "console"}, desk.now)
    rows = [add(desk, name, destinations=["pager"] if name == "Ships" else []) for name in ("Boats", "Ships")]
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts")
    browser.press("Switch off", alert=[each.id for each in rows])
    destinations.remove("pager", desk.now, force=True)
    page = browser.press("Switch on", alert=[each.id for each in rows])
    assert page.status == 400
    assert page.told[0].startswith("Ships: ")
    later = add(desk, "Giraffes", query="giraffe")
    Desk(desk.room).say("A boat at sea", "A giraffe on land")
    fired = {each.id: len(desk.room.store.hits.of(each.id, limit=9)) for each in (*rows, later)}
    assert fired == {rows[0].id: 0, rows[1].id: 0, later.id: 1}


def test_alerts_of_config_are_muted_here_and_changed_there(desk):
    floods = desk.room.store.alerts.named("Floods")
    browser = desk.signed_in("Chief", Role.CHIEF)
    page = browser.get(f"/desk/alerts/{floods.id}")
    assert "Made in config.toml" in page.words
    assert not page.tree.xpath("//a[contains(@href, '/edit') or contains(@href, '/remove')]")
    given = browser.proof()
    for do in ("enable", "disable", "hand", "remove"):
        page = browser.post(f"/desk/alerts/{floods.id}", {"proof": given, "do": do, "to": "Chief"})
        assert (page.status, "config.toml" in page.told[0]) == (400, True)
        assert str(desk.room.root) not in page.words
    assert browser.get(f"/desk/alerts/{floods.id}/remove").status == 400
    browser.get("/desk/alerts")
    assert browser.press("Switch off", alert=[floods.id]).told == ["Floods: made in config.toml, and changed there."]
    browser.get(f"/desk/alerts/{floods.id}")
    assert "is muted until" in browser.press("Mute", span="hour").told[0]
    assert row(desk, floods.id).muted_until == desk.now + timedelta(hours=1)


def test_an_alerts_page_says_what_it_asks_when_it_speaks_and_where_it_goes(desk):
    mine = add(
        desk, schedule="weekly mon 08:00", quiet_hours="22:00-07:00", cooldown="10m", destinations=["desk", "phone"]
    )
    with desk.room.store.transaction():
        desk.room.store.destinations.switch_off("phone", "410 gone", desk.now)
        desk.room.store.alerts.opt_out(mine.id, "desk", desk.now)
    words = desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}").words
    for said in (
        "any form of",
        "every Monday at 08:00",
        "quiet between 22:00 and 07:00",
        "waits 10m at least",
        "each story once",
        "phone Terminal is switched off 410 gone",
        "desk Terminal has ended this alert",
        "Nothing yet.",
    ):
        assert said in words


@pytest.mark.parametrize(
    ("span", "said", "hours"),
    [("hour", "3 November, 13:00", 1), ("tomorrow", "4 November, 07:00", 19), ("week", "10 November, 12:00", 168)],
    ids=["hour", "tomorrow", "week"],
)
def test_a_mute_ends_when_it_says(desk, span, said, hours):
    mine = add(desk)
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{mine.id}")
    assert said in browser.press("Mute", span=span).told[0]
    assert row(desk, mine.id).muted_until == desk.now + timedelta(hours=hours)
    assert browser.press("End the mute").told == ["Boats may speak again."]
    assert row(desk, mine.id).muted_until is None
    assert browser.press("Mute", span="ever").status == 400


def test_tomorrow_is_by_the_clock_of_whoever_mutes(desk):
    end = mute_end("tomorrow", NOW.replace(hour=23, minute=30), ZoneInfo("Asia/Tokyo"))
    assert end.isoformat() == "2026-11-04T22:00:00+00:00"


def test_an_alert_is_switched_off_and_on_and_that_is_noted(desk):
    mine = add(desk)
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{mine.id}")
    assert browser.press("Switch off").told == ["Boats is off."]
    assert not enabled(desk, mine.id)
    assert browser.press("Switch on").told == ["Boats is on, and looks forward from now."]
    assert enabled(desk, mine.id)
    assert acts(desk) == [("Anna", "alert on"), ("Anna", "alert off")]
    assert "Anna: switched off" in browser.get(f"/desk/alerts/{mine.id}").words


@pytest.mark.parametrize(("owner", "goes_to"), [("Anna", ["desk"]), ("Ben", [])], ids=["own", "shared"])
def test_a_copy_is_ones_own_and_off_and_goes_to_no_destination_of_others(desk, owner, goes_to):
    one = add(desk, owner=owner, schedule="hourly", mute_until="2026-11-04T12:00:00Z")
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{one.id}")
    assert "copy of Boats, and yours" in browser.press("Duplicate").told[0]
    copy = desk.room.store.alerts.named("Boats (copy)")
    assert browser.page.url.startswith(f"/desk/alerts/{copy.id}")
    keys = written(copy)
    assert (keys["owner"], keys["enabled"], keys["schedule"]) == ("Anna", False, "hourly")
    assert keys.get("destinations", []) == goes_to
    assert "mute_until" not in keys
    assert copy.feed_token != one.feed_token
    browser.get(f"/desk/alerts/{one.id}")
    browser.press("Duplicate")
    assert desk.room.store.alerts.named("Boats (copy 2)") is not None


def test_a_copy_of_a_long_name_fits(desk):
    one = add(desk, "B" * 100)
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{one.id}")
    browser.press("Duplicate")
    assert desk.room.store.alerts.named("B" * 93 + " (copy)") is not None


def test_an_alert_is_handed_over_to_somebody_who_may_have_alerts(desk):
    mine = add(desk, shared=False)
    ben = desk.signed_in("Ben")
    desk.signed_in("Vera", Role.VIEWER)
    desk.signed_in("Gone")
    desk.users.set_enabled("Gone", False, desk.now)
    browser = desk.signed_in("Anna")
    page = browser.get(f"/desk/alerts/{mine.id}")
    assert page.tree.xpath("//select[@name='to']/option/text()") == ["Ben"]
    for name in ("Vera", "Gone", "nobody", ""):
        assert browser.press("Hand over", to=name).status == 400
    assert row(desk, mine.id).owner == "Anna"
    assert ben.get(f"/desk/alerts/{mine.id}").status == 404
    browser.get(f"/desk/alerts/{mine.id}")
    page = browser.press("Hand over", to="ben")
    assert (page.status, page.told, page.url.partition("?")[0]) == (200, ["Boats is Ben’s now."], "/desk/alerts")
    assert row(desk, mine.id).owner == "Ben"
    assert ben.get(f"/desk/alerts/{mine.id}").status == 200
    assert browser.get(f"/desk/alerts/{mine.id}").status == 404
    (noted,) = desk.room.store.audit.newest(limit=1, thing=f"alert {mine.id}")
    assert (noted.act, noted.detail) == ("alert handed over", "Boats: Anna → Ben")


def test_a_private_feed_has_an_address_for_those_who_may_change_the_alert(desk):
    mine = add(desk)
    browser = desk.signed_in("Anna")
    token = row(desk, mine.id).feed_token
    assert token in " ".join(browser.get(f"/desk/alerts/{mine.id}").tree.xpath("//input/@value"))
    assert token.encode() not in desk.signed_in("Ben").get(f"/desk/alerts/{mine.id}").reply.body
    browser.press("Give it a new address")
    new = row(desk, mine.id).feed_token
    assert new not in {token, None}
    assert new in " ".join(browser.page.tree.xpath("//input/@value"))
    assert "is closed" in browser.press("Close the feed").told[0]
    assert row(desk, mine.id).feed_token is None
    browser.press("Open it")
    assert row(desk, mine.id).feed_token not in {token, new, None}
    assert not any(new in each.detail for each in desk.room.store.audit.newest(limit=9))


def test_an_alert_is_removed_after_it_was_asked_once_more(desk):
    mine = add(desk)
    browser = desk.signed_in("Anna")
    page = browser.get(f"/desk/alerts/{mine.id}/remove")
    assert "still hears when that is corrected" in page.words
    assert not row(desk, mine.id).gone
    assert browser.press("Remove Boats").told == ["Boats is removed."]
    assert row(desk, mine.id).gone
    assert browser.get(f"/desk/alerts/{mine.id}").status == 404
    assert acts(desk) == [("Anna", "alert removed")]


def test_hostile_names_and_queries_are_shown_as_text(desk):
    evil = "<script>alert(1)</script>"
    one = add(desk, evil, "Anna", query='"<img src=x onerror=alert(1)>" boat')
    browser = desk.signed_in("Anna")
    for path in ("/desk/alerts", f"/desk/alerts/{one.id}", f"/desk/alerts/{one.id}/remove", "/desk/alerts?q=<script>"):
        body = browser.get(path).reply.body
        assert b"<script>alert" not in body
        assert b"<img" not in body
    page = browser.get(f"/desk/alerts/{one.id}/why?about=%3Cscript%3Ealert(1)%3C/script%3E")
    assert b"<script>alert" not in page.reply.body


def said(desk, *titles, **more):
    """Articles come in, as the service takes them in."""
    it = Desk(desk.room)
    it.now = desk.now
    it.say(*titles, **more)
    it.after()
    return it


def test_an_alert_that_waits_says_how_many(desk):
    mine = add(desk, schedule="hourly")
    said(desk, "A boat", "Another dinghy sank off Kent")
    words = desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}").words
    assert "2 wait to be told" in words
    assert "2 will" not in words


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("{id}", "It did not fire."),
        ("{bare}", "It did not fire."),
        ("court case", "It did not fire."),
        ("case", "Which of these?"),
        ("nonsense", "We have no such article."),
        ("https://nowhere.example/", "We have no such article."),
        ("???", "We have no such article."),
        ("' OR 1=1 --", "We have no such article."),
    ],
    ids=["id", "bare-id", "headline", "several", "unknown", "elsewhere", "no-words", "hostile"],
)
def test_why_an_alert_did_not_fire_is_told_for_whatever_names_an_article(desk, about, told):
    mine = add(desk, query="boat AND kent")
    it = said(desk, "A court case in Dover", "The case of the ferry", text="Nothing afloat.")
    id_ = it.article("A court case in Dover")
    browser = desk.signed_in("Anna")
    browser.get(f"/desk/alerts/{mine.id}")
    page = browser.press("Tell me why", about=about.format(id=id_, bare=id_.removeprefix("urn:uuid:")[:8]))
    assert told in page.words
    if "not fire." in told:
        assert "any form of boat" in page.words or "boat" in page.words


@pytest.mark.parametrize(
    "about",
    [
        "https://desk.example/articles/{uuid}",
        "https://desk.example/desk/articles/{uuid}/",
        "http://desk.example/desk/articles/{UUID}?said=x#top",
        "desk.example/articles/{uuid}",
        "https://wire.example/one/",
        "https://www.wire.example/one",
        "wire.example/one",
        "www.wire.example/one/?utm_source=x",
    ],
    ids=["page", "desk-page", "said", "page-bare", "slash", "www", "bare", "all-of-it"],
)
def test_an_article_is_known_by_its_address_however_that_is_pasted(desk, about):
    mine = add(desk, query="boat NEAR/3 kent")
    desk.room.web.pages["https://wire.example/rss"] = rss(("one", "A boat", "It sank near Calais."))
    desk.room.cycle(desk.now)
    (uuid,) = [row["id"][9:] for row in desk.room.store._db.query("SELECT id FROM articles WHERE title = 'A boat'")]
    asked = quote(about.format(uuid=uuid, UUID=uuid.upper()))
    assert "It did not fire." in desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}/why?about={asked}").words


def test_an_address_with_www_is_known_without_it(desk):
    mine = add(desk, query="boat NEAR/3 kent")
    item = ("one", "A boat", "It sank.", "Tue, 03 Nov 2026 09:00:00 GMT", "https://www.other.example/boat/")
    desk.room.web.pages["https://wire.example/rss"] = rss(item)
    desk.room.cycle(desk.now)
    page = desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}/why?about=other.example/boat")
    assert "It did not fire." in page.words


@pytest.mark.parametrize(
    "about",
    ["https://elsewhere.example/articles/{uuid}", "https://desk.example/other/articles/{uuid}", "http://[/{uuid}"],
)
def test_an_address_elsewhere_names_no_article_by_an_id_in_it(desk, about):
    mine = add(desk)
    uuid = said(desk, "A court case").article("A court case")[9:]
    asked = quote(about.format(uuid=uuid))
    assert "We have no such article." in desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}/why?about={asked}").words


def test_the_times_of_why_are_by_the_clock_of_whoever_asks(desk):
    id_ = said(desk, "A boat").article("A boat")
    mine = add(desk)
    browser = desk.signed_in("Anna")
    with desk.room.store.transaction():
        desk.room.store.users.set_zone(desk.room.store.users.named("Anna").id, "Asia/Kathmandu")
        desk.room.store._db.execute("UPDATE alerts SET created = created + 3600 WHERE id = ?", [mine.id])
    words = browser.get(f"/desk/alerts/{mine.id}/why?about={id_}").words
    assert "since 3 November 2026, 17:45, before the alert was made (3 November 2026, 18:45)" in words


def test_why_is_told_for_an_address_with_what_comes_of_it(desk):
    mine = add(desk, query="boat NEAR/3 kent")
    desk.room.web.pages["https://wire.example/rss"] = rss(("one", "A boat", "It sank near Calais."))
    desk.room.cycle(desk.now)
    page = desk.signed_in("Anna").get(f"/desk/alerts/{mine.id}/why?about=https://wire.example/one%3Futm_source=x")
    assert "It did not fire." in page.words
    assert "kent" in page.words.lower()
    assert page.tree.xpath("//h2/a[starts-with(@href, '/desk/articles/')]")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.CHIEF])
def test_what_is_held_is_nobodys_business_but_chiefs_when_it_is_asked_about(desk, role):
    mine = add(desk, query="boat AND kent", owner="Ben")
    it = said(desk, "A secret boat", text="Nothing afloat.")
    id_ = it.article("A secret boat")
    hold(desk, id_)
    browser = desk.signed_in("Anna", role)
    for about in (id_, id_.removeprefix("urn:uuid:")[:8]):
        page = browser.get(f"/desk/alerts/{mine.id}/why?about={about}")
        assert page.status == 200
        assert ("A secret boat" in page.words) == (role is Role.CHIEF)
        assert ("We have no such article." in page.words) == (role is not Role.CHIEF)


def hold(desk, id_):
    room = desk.room
    news = ArticleDesk(room.settings, room.store, room.pipeline)
    news.embargo(id_, desk.now + timedelta(days=1), desk.now, by="Chief", why="Wait.")
