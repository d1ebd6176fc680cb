"""The alert editor without a script: boxes and queries, mistakes where they are, and the preview."""

from datetime import timedelta

import pytest
from asgi import ask
from deskroom import desk_room
from lxml import html
from newsroom import BOATS, COURTS, NOW, WIRE, rss
from test_busy import other
from test_desk_signin import quick_hashes  # noqa: F401 - a fixture

from syndicator import shapes
from syndicator.addresses import Addresses
from syndicator.alertdesk import AlertDesk, written
from syndicator.alerts import Answer, Verdict
from syndicator.errors import ConflictError
from syndicator.people import Role
from syndicator.web.desk import alertform, editor
from syndicator.web.house import House

LINES = '[destinations.lines]\nkind = "file"\npath = "alerts.jsonl"\n'
LOG = '[destinations.log]\nkind = "console"\n'
CONFIGURED = '[[alerts]]\nname = "Configured"\nquery = "court"\n'
EVIL = "<script>alert(1)</script>"
NEWS = (
    ("a", "Boat found off Dover", "The asylum hotel in Kent was full, and a second boat came."),
    ("b", f"{EVIL} court", "A court sat on Tuesday over the hotel."),
    ("c", "Tennis", "A court of grass."),
)


@pytest.fixture
def desk(tmp_path):
    with desk_room(tmp_path, BOATS, COURTS, WIRE, LINES, LOG, CONFIGURED) as room:
        room.room.web.pages["https://wire.example/rss"] = rss(*NEWS)
        room.room.cycle()
        room.now = NOW + timedelta(hours=1)
        yield room


def saved(desk, name):
    return desk.room.store.alerts.named(name)


def keys(desk, name):
    return written(saved(desk, name))


def value(page, name):
    (found,) = page.tree.xpath(f"//*[@name='{name}'][not(@type='checkbox')]")
    return found.text or "" if found.tag == "textarea" else found.get("value")


def test_an_alert_built_in_boxes_is_looked_back_with_and_saved(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    page = browser.press("Look back", name="Boats", all="boat", none="tennis")
    assert "It finds articles that mention any form of boat, but none that mention any form of tennis." in page.words
    assert "It would have found 1 article" in page.words
    assert [mark.text for mark in page.tree.xpath("//mark")] == ["Boat", "boat"]
    page = browser.press("Save the alert", destinations=["lines"], speaks="daily", at="07:15", cooldown="10m")
    assert page.told == ["Boats is saved. It tells of what comes from now on."]
    assert saved(desk, "Boats").owner == "Anna"
    assert keys(desk, "Boats") == {
        "name": "Boats",
        "query": "boat -tennis",
        "owner": "Anna",
        "destinations": ["lines"],
        "schedule": "daily at 07:15",
        "cooldown": "10m",
        "shared": False,
    }
    assert value(page, "all") == "boat"
    assert "desk.example/alerts/" in value_of_feed(page)
    (note,) = [row for row in desk.room.store.audit.newest(limit=5) if row.act == "alert added"]
    assert (note.who, note.detail) == ("Anna", "Boats")


def value_of_feed(page):
    return page.tree.get_element_by_id("feed").get("value")


def test_only_what_was_changed_is_changed(desk):
    browser = desk.signed_in("Anna")
    desk_of(desk).add({"name": "Boats", "query": "boat", "owner": "Anna", "destinations": ["lines"]}, desk.now)
    row = saved(desk, "Boats")
    with desk.room.store.transaction():
        desk.room.store.alerts.opt_out(row.id, "lines", desk.now)
    browser.get(f"/desk/alerts/{row.id}/edit")
    browser.press("Save the alert", all="dinghy", quiet_from="22:00", quiet_to="07:00")
    assert keys(desk, "Boats") == {
        "name": "Boats", "query": "dinghy", "owner": "Anna", "destinations": ["lines"], "quiet_hours": "22:00-07:00",
    }  # fmt: skip
    assert desk.room.store.alerts.opted_out(row.id) == {"lines"}
    (note,) = [note for note in desk.room.store.audit.newest(limit=5) if note.act == "alert changed"]
    assert note.detail == "Boats: query, quiet_hours"
    page = browser.get(f"/desk/alerts/{row.id}/edit")
    browser.press("Save the alert", quiet_from="", quiet_to="")
    assert "quiet_hours" not in keys(desk, "Boats")
    assert page.status == 200


def desk_of(desk):
    return AlertDesk(desk.room.settings, desk.room.store, desk.room.pipeline.alerting)


@pytest.mark.parametrize(
    ("field", "typed", "shown", "said"),
    [
        ("name", "", "name", "Give the alert a name."),
        ("name", "configured", "name", "There is an alert called 'configured' already: choose another name."),
        ("cooldown", "soon", "cooldown", "Write a time such as 10m, 2h or 1d."),
        ("zone", "Mars/Olympus", "zone", "Write a zone such as Europe/London."),
        ("zone", "belgrade", "zone", "Write a zone such as Europe/Belgrade."),
        ("quiet_from", "22:00", "quiet_hours", "give both, or neither"),
        ("at", "", "schedule", "at what time"),
        ("destinations", "nowhere", "destinations", "nowhere"),
        ("topics", "nothing", "topics", "nothing"),
        ("within", "many", "within", "1 to 100"),
        ("all", "", "query", "Say what to look for"),
    ],
    ids=[
        "no name",
        "taken name",
        "cooldown",
        "zone",
        "city",
        "quiet",
        "at",
        "destination",
        "topic",
        "within",
        "nothing",
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_typed_is_kept(desk, field, typed, shown, said):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    typed_in = {"name": "Mine", "all": "boat", "speaks": "daily", "cooldown": "2h", "zone": "Europe/Paris"}
    near = {"near": "boat", "near_to": "dover"} if field == "within" else {}
    page = browser.press("Save the alert", **typed_in | near | {field: typed})
    assert page.status == 400
    (told,) = page.tree.xpath(f"//*[@id='wrong-{shown}']")
    assert said in told.text_content()
    kept = typed_in | {field: typed}
    assert [value(page, name) for name in ("name", "all", "cooldown", "zone")] == [
        kept[name] for name in ("name", "all", "cooldown", "zone")
    ]
    assert saved(desk, "Mine") is None


def test_a_query_with_a_mistake_shows_where_and_what_to_write(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    browser.press("Write the query myself", all="boat")
    assert value(browser.page, "query") == "boat"
    page = browser.press("Look back", query="boat OR (dinghy <b>", name="Mine")
    assert "This ( is never closed (at character 9)." in page.words
    assert page.tree.xpath("//pre")[0].text_content() == "boat OR (dinghy <b>\n        ^"
    assert "Close it with )." in page.words
    page = browser.press("Save the alert")
    assert page.status == 400
    assert "Close it with )." in page.tree.get_element_by_id("wrong-query").text_content()
    assert "Did you mean boats?" in browser.press("Look back", query="topic:boat", name="Mine").words


def test_a_simple_query_goes_into_the_boxes_and_any_other_stays(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    browser.press("Write the query myself")
    page = browser.press("Fill in boxes instead", query='(boat OR dinghy) "gravy train" a NEAR/4 b -x')
    assert [value(page, name) for name in ("all", "any", "phrase", "near", "within", "near_to", "none")] == [
        "", "boat dinghy", "gravy train", "a", "4", "b", "x",
    ]  # fmt: skip
    browser.press("Write the query myself")
    page = browser.press("Fill in boxes instead", query="ATLEAST/3 boat")
    assert "more than the boxes can" in page.told[0]
    assert value(page, "query") == "ATLEAST/3 boat"


def test_the_preview_alone_is_a_piece_of_the_page(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    proof = browser.page.proof
    fields = {"by": "query", "query": "court", "group_stories": "1"}
    assert browser.post("/desk/alerts/preview", fields).status == 403
    page = browser.post("/desk/alerts/preview", {**fields, "proof": proof})
    assert page.status == 200
    assert b"<html" not in page.reply.body
    assert EVIL.encode() not in page.reply.body
    assert b"style=" not in page.reply.body
    heading = page.tree.xpath("//p[@class='heading']")[0]
    assert heading.text_content() in {f"{EVIL} court", "Tennis"}
    bars = [title.text for title in page.tree.xpath("//*[name()='rect']/*[name()='title']")]
    assert (len(bars), bars[-1]) == (30, "Tue 3 Nov: 2 articles")
    assert page.tree.get("data-told").startswith("It would have found 2 articles")
    page = browser.post("/desk/alerts/preview", {**fields, "proof": proof, "query": "zeppelin"})
    assert "In no article of the archive: zeppelin." in page.words
    assert "It would not have fired" in page.words
    page = browser.post("/desk/alerts/preview", {**fields, "proof": proof, "topics": "boats", "query": "hotel"})
    assert page.tree.get("data-told").startswith("It would have found 1 article")


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("Anna", Role.EDITOR, 200),
        ("Ben", Role.EDITOR, 404),
        ("Cleo", Role.CHIEF, 200),
        ("Dora", Role.ADMIN, 200),
        ("Vic", Role.VIEWER, 403),
    ],
    ids=["owner", "editor", "chief", "admin", "viewer"],
)
def test_who_may_change_an_alert(desk, name, role, status):
    owner = desk.signed_in("Anna")
    desk_of(desk).add({"name": "Boats", "query": "boat", "owner": "Anna", "shared": False}, desk.now)
    browser = owner if name == "Anna" else desk.signed_in(name, role)
    path = f"/desk/alerts/{saved(desk, 'Boats').id}/edit"
    assert browser.get(path).status == status
    owner.get("/desk/alerts/new")
    browser.get("/desk/")
    proof = browser.page.proof
    fields = {"proof": proof, "do": "save", "by": "query", "query": "dinghy", "name": "Boats", "owner": name}
    fields |= {"seen": str(saved(desk, "Boats").revision), "feed_token": "x", "from_config": "1"}
    assert browser.post(path, fields).status == status
    assert (keys(desk, "Boats")["query"] == "dinghy") is (status == 200)
    assert saved(desk, "Boats").owner == "Anna"


def test_an_alert_of_config_and_one_that_is_not_there(desk):
    boss = desk.signed_in("Boss", Role.ADMIN)
    page = boss.get(f"/desk/alerts/{saved(desk, 'Configured').id}/edit")
    assert (page.status, "stands in config.toml" in page.words) == (400, True)
    assert boss.get(f"/desk/alerts/{'0' * 32}/edit").status == 404


def test_who_saves_over_somebody_elses_change_is_asked_first(desk):
    first, second = desk.signed_in("Anna"), desk.signed_in("Cleo", Role.CHIEF)
    desk_of(desk).add({"name": "Boats", "query": "boat", "owner": "Anna"}, desk.now)
    path = f"/desk/alerts/{saved(desk, 'Boats').id}/edit"
    first.get(path)
    second.get(path)
    second.press("Save the alert", all="dinghy")
    page = first.press("Save the alert", all="ferry")
    assert "Somebody else has changed this alert" in page.told[0]
    assert keys(desk, "Boats")["query"] == "dinghy"
    page = first.press("Save the alert")
    assert keys(desk, "Boats")["query"] == "ferry"


def test_a_test_goes_to_the_chosen_destination_and_what_was_typed_stays(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    page = browser.press("Send me a test by lines", name="Mine", all="boat")
    assert page.told[0].startswith("The test to lines was taken")
    assert '"test"' in (desk.room.root / "alerts.jsonl").read_text("utf-8")
    assert (value(page, "name"), value(page, "all")) == ("Mine", "boat")
    assert [row.thing for row in desk.room.store.audit.newest(limit=9) if row.act == "tested"] == ["destination lines"]


def test_nobody_is_flooded_with_tests(desk, monkeypatch):
    """One destination by several people, or several destinations by one, in whatever way its name is written."""
    sent = []

    async def send(_self, name, _message):
        sent.append(name)
        return Answer(Verdict.DELIVERED, "fine", answered=True)

    monkeypatch.setattr(Addresses, "send", send)
    anna, ben = desk.signed_in("Anna"), desk.signed_in("Ben", Role.ADMIN)
    names = {each: f"Send me a test by {each}" for each in ("lines", "log")}
    for _ in range(3):
        anna.get("/desk/alerts/new")
        assert anna.press(names["lines"]).status == 200
    for browser, path, button in (
        (anna, "/desk/alerts/new", names["lines"]),
        (ben, "/desk/destinations/lines", "Send a test"),
    ):
        browser.get(path)
        page = browser.press(button, all="boat") if browser is anna else browser.press(button)
        assert page.status == 429
        (told,) = page.told
        assert told.startswith("No test was sent to lines: there were several just now. Wait ")
        assert told.endswith(" seconds, then send it again.")
        assert page.reply["retry-after"] in told.split()
    for _ in range(2):
        anna.get("/desk/alerts/new")
        assert anna.press(names["log"]).status == 200
    anna.get("/desk/alerts/new")
    assert (anna.press(names["log"]).status, value(anna.page, "name")) == (429, "")
    assert sent == ["lines"] * 3 + ["log"] * 2


@pytest.mark.parametrize("path", ["new", "preview"])
def test_looking_back_waits_for_nobody_who_writes(desk, path, monkeypatch):
    waited, turn = [], House.turn

    async def counted(house):
        waited.append(house)
        await turn(house)

    monkeypatch.setattr("syndicator.web.house.ASKER_S", 0.0)
    monkeypatch.setattr(House, "turn", counted)
    browser = desk.signed_in("Anna")
    page = browser.get("/desk/alerts/new")
    desk.after(timedelta(minutes=5))  # a sign of life is due
    fields = {"proof": page.form("Save the alert")[0].fields["proof"], "do": "look", "by": "boxes", "all": "boat"}
    with other(desk.room.store) as process:
        process.begin()
        waited.clear()
        assert "It would have found 1 article" in browser.post(f"/desk/alerts/{path}", list(fields.items())).words
        assert browser.post("/desk/alerts/new", list({**fields, "do": "save", "name": "A"}.items())).status == 503
        assert len(waited) == 1  # for what is saved


def test_the_first_button_of_the_form_saves_nothing(desk):
    """It is the one that Enter presses."""
    browser = desk.signed_in("Anna")
    page = browser.get("/desk/alerts/new")
    buttons = page.tree.xpath("//form[@data-preview]//button")
    assert (buttons[0].get("name"), buttons[0].get("value")) == ("do", "look")


HALF = "Nearness takes two words: fill in both boxes, or use “All of these words”."


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ({"near": "boat"}, HALF),
        ({"near_to": "boat", "all": "dover"}, HALF),
        ({"near": "boat", "near_to": "dover", "within": "abc"}, "Write a number of words from 1 to 100."),
        ({"near": "boat", "near_to": "dover", "within": "0"}, "Write a number of words from 1 to 100."),
        ({"none": "boat"}, "Say what to look for: fill in one of the boxes, besides “none of these”."),
    ],
    ids=["one near word", "the other", "no number", "nought", "none alone"],
)
def test_the_preview_says_what_saving_would(desk, boxes, said):
    browser = desk.signed_in("Anna")
    page = browser.get("/desk/alerts/new")
    fields = {"proof": page.form("Save the alert")[0].fields["proof"], "by": "boxes", "within": "10", **boxes}
    assert f'data-told="{said}"' in browser.post("/desk/alerts/preview", fields).reply.body.decode()
    browser.get("/desk/alerts/new")
    page = browser.press("Save the alert", name="Mine", **boxes)
    assert [each.text_content() for each in page.tree.find_class("mistake")] == [said]
    assert saved(desk, "Mine") is None


def previewed(desk, **fields):
    """The preview of a new alert's form, as words."""
    browser = desk.signed_in("Anna")
    fields["proof"] = browser.get("/desk/alerts/new").form("Save the alert")[0].fields["proof"]
    body = browser.post("/desk/alerts/preview", list(fields.items())).reply.body
    return " ".join(html.fromstring(body.decode()).text_content().split())


def test_in_boxes_a_word_that_was_to_join_others_is_better_left_out(desk):
    said = "You typed “and”, “or” or “not”, and it is looked for like any word. Leave it out."
    assert said in previewed(desk, by="boxes", any="boat or dinghy")
    assert said not in previewed(desk, by="boxes", any="boat dinghy")
    assert "to join words, write OR." in previewed(desk, by="query", query="boat or dinghy")


def test_a_young_archive_is_not_said_to_be_older(desk):
    page = rss(("d", "Zebra", "A zebra."), ("e", "Zebra two", "A zebra.", "20 Oct 2026 09:00:00 GMT"))
    desk.room.web.pages["https://wire.example/rss"] = page
    desk.room.cycle(NOW + timedelta(hours=1))
    words = previewed(desk, by="boxes", all="zebra")
    assert (
        "It would have found 2 articles: 1 in the 1 day that the archive has, and 1 from before it that sources still"
        " showed; most on" in words
    )
    assert "The archive has 1 day of 30: that is too little to tell how often it would fire." in words
    desk.after(timedelta(days=3))
    words = previewed(desk, by="boxes", all="zeppelin")
    assert words.count("not have fired") == 1
    assert "It would not have fired in the 4 days that the archive has." in words
    assert "The same in numbers" not in words
    assert "Look for fewer words" not in words


def test_where_it_listens_is_told_by_title_and_apart(desk):
    words = previewed(desk, by="boxes", all="boat", topics="boats", sources="wire")
    assert "It finds articles that mention any form of boat. Only in Boats. Only from The Wire." in words


def test_folders_of_this_machine_are_for_admins(desk):
    assert str(desk.room.root) not in desk.signed_in("Anna").get("/desk/alerts/new").words
    assert str(desk.room.root) in desk.signed_in("Ada", Role.ADMIN).get("/desk/alerts/new").words


def test_the_hours_of_a_new_alert_are_by_its_writers_clock(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/account")
    browser.press("Show times by this clock", zone="Asia/Kathmandu")
    assert value(browser.get("/desk/alerts/new"), "zone") == "Asia/Kathmandu"
    browser.press("Save the alert", name="Mine", all="boat")
    assert keys(desk, "Mine")["zone"] == "Asia/Kathmandu"


def test_who_is_not_signed_in_gets_no_preview(desk):
    reply = ask(desk.app, "/desk/alerts/preview", "POST")
    assert reply.status == 403
    assert b"You were signed out" in reply.body


def signed_out_while_writing(desk, **fields):
    """A browser whose session ended before it sent the form, and the page that it got."""
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    browser.cookies.clear()
    return browser, browser.press("Save the alert", **fields)


def signed_in_again(desk, browser):
    browser.cookies |= desk.signed_in("Anna").cookies


def test_what_was_written_outlives_the_session_and_is_saved_only_by_who_is_signed_in(desk):
    browser, page = signed_out_while_writing(
        desk, name="Mine", all=f"boat {EVIL}", cooldown="2h", destinations=["lines"]
    )
    assert (page.status, page.told) == (403, ["You were signed out; nothing was saved."])
    assert not page.tree.xpath("//input[@name='proof']")
    assert page.tree.xpath("//a[@target='_blank']/@href") == ["/desk/sign-in"]
    assert browser.press("Show what I wrote").status == 403
    signed_in_again(desk, browser)
    page = browser.press("Show what I wrote")
    assert page.status == 403
    assert "nothing was saved" in page.told[0]
    assert saved(desk, "Mine") is None
    assert [value(page, name) for name in ("name", "all", "cooldown")] == ["Mine", f"boat {EVIL}", "2h"]
    assert page.tree.xpath("//input[@name='destinations'][@checked]/@value") == ["lines"]
    browser.press("Save the alert")
    assert keys(desk, "Mine")["cooldown"] == "2h"


def test_what_is_too_long_to_be_handed_back_is_not_read_to_its_end(desk):
    browser, page = signed_out_while_writing(desk, name="Mine", all="boat")
    assert page.tree.xpath("//input[@name='all']/@value") == ["boat"]
    page = browser.post(f"/desk/articles/{'0' * 8}-0000-0000-0000-{'0' * 12}/act", {"text": "x" * 300_000})
    assert (page.status, page.tree.xpath("//input")) == (403, [])
    assert page.told == ["You were signed out; nothing was saved."]


def test_a_form_with_a_password_is_not_handed_back(desk):
    browser = desk.signed_in("Anna")
    browser.get("/desk/account")
    browser.cookies.clear()
    page = browser.press("Change password", old="once upon a time")
    assert page.status == 403
    assert page.tree.xpath("//main//a/@href") == ["/desk/sign-in?next=/desk/account"]
    assert not page.tree.xpath("//input")


def test_an_alert_that_is_not_shared_stays_so_when_it_is_carried_elsewhere(desk):
    at_desk = desk_of(desk)
    for name, more in (("Mine", {"shared": False}), ("Ours", {}), ("Told", {"shared": True})):
        at_desk.add({"name": name, "query": "boat", "owner": "Anna", **more}, desk.now)
    at_desk.import_(at_desk.export(["Mine", "Ours", "Told"]), desk.now, replace=True)
    shapes_of = {
        row.name: shapes.Alert.of(at_desk.standing(row, desk.now), desk.now) for row in desk.room.store.alerts.all()
    }
    assert {name: shape.shared for name, shape in shapes_of.items()} == {
        "Configured": True, "Mine": False, "Ours": True, "Told": True,
    }  # fmt: skip


@pytest.mark.parametrize("box", ["all", "phrase", "any", "near", "near_to", "none"])
def test_boxes_that_hold_more_than_a_query_may_are_refused_before_one_is_written(desk, monkeypatch, box):
    browser = desk.signed_in("Anna")
    near = {"near": "boat", "near_to": "dover", "within": "10"} if box.startswith("near") else {}
    fields = {"proof": browser.proof(), "by": "boxes", "all": "boat", **near, box: "ab " * 1400}
    with monkeypatch.context() as patched:
        patched.setattr(alertform, "query_of", None)
        page = browser.post("/desk/alerts/preview", fields)
        assert page.status == 200
        assert "The query is too long" in page.words
        assert browser.post("/desk/alerts/new", {**fields, "name": "Boats", "do": "save"}).status == 400
    assert saved(desk, "Boats") is None


@pytest.mark.parametrize("path", ["/desk/alerts/preview", "/desk/alerts/new"])
def test_nobody_looks_back_faster_than_anybody_types_and_keeps_only_themselves(tmp_path, monkeypatch, path):
    monkeypatch.setattr(editor, "_LOOKS", 1)
    with desk_room(tmp_path, BOATS, WIRE) as desk:
        anna, ben = desk.signed_in("Anna"), desk.signed_in("Ben")
        fields = {"proof": anna.proof(), "by": "query", "query": ""}
        assert [anna.post(path, fields).status for _ in range(20)] == [200] * 20
        reply = anna.post(path, fields).reply
        assert reply.status == 429
        assert int(reply["retry-after"]) > 0
        assert ben.post(path, {**fields, "proof": ben.proof()}).status == 200


def test_looking_back_is_for_who_may_have_alerts(desk):
    browser = desk.signed_in("Anna", Role.VIEWER)
    fields = {"proof": browser.proof(), "by": "query", "query": "boat"}
    assert browser.post("/desk/alerts/preview", fields).status == 403


@pytest.mark.parametrize(
    ("link", "leads"), [("https://wire.example/x", True), ("javascript:alert(1)", False)], ids=["web", "script"]
)
def test_what_would_have_been_found_links_to_the_web_or_nowhere(desk, link, leads):
    with desk.room.store.transaction():
        desk.room.store._db.execute("UPDATE articles SET url = ?, canonical = NULL", [link])
    browser = desk.signed_in("Anna")
    page = browser.post("/desk/alerts/preview", {"proof": browser.proof(), "by": "query", "query": "boat"})
    assert "Boat found off Dover" in page.words
    assert (link in page.tree.xpath("//a/@href")) is leads


def test_a_name_that_is_taken_is_not_told_as_whoever_has_it_spells_it(desk):
    desk_of(desk).add({"name": "RAID on Ministry", "query": "boat", "owner": "Ben", "shared": False}, desk.now)
    browser = desk.signed_in("Anna")
    browser.get("/desk/alerts/new")
    page = browser.press("Save the alert", name="raid on ministry", all="boat")
    assert page.status == 400
    assert "there is an alert called 'raid on ministry' already" in page.words.lower()
    assert "RAID" not in page.words
    with pytest.raises(ConflictError, match="there is an alert called 'raid on Ministry' already"):
        desk_of(desk).add({"name": "raid on Ministry", "query": "boat"}, desk.now)
