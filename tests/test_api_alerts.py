"""Alerts over the API: the same acts as the commands', on the same functions, told in the same shapes."""

import json
from datetime import timedelta

import pytest
from apiroom import api
from newsroom import NOW
from outbox import DESK, PHONE, alert

from syndicator.access import Scope
from syndicator.model import Content, Entry
from syndicator.previewing import look_back
from syndicator.web.api import lookback

BOATS = {"name": "Boats at sea", "query": "boat AND sea", "destinations": ["desk"]}
CONFIGURED = '[[sources]]\nname = "inbox"\nkind = "folder"\npath = "inbox"\n'


@pytest.fixture
def room(tmp_path):
    with api(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """One newsroom for all requests that are refused: they change nothing."""
    with api(tmp_path_factory.mktemp("still")) as opened:
        yield opened
        assert [each["name"] for each in opened.said("GET", "/alerts")["alerts"]] == ["Boats"]


def added(room, **more):
    return room.said("POST", "/alerts", BOATS | more, status=201)


def hold(it, title, hours=2):
    it.room.desk.embargo(it.article(title), it.now + timedelta(hours=hours), it.now, by="anna")


# List, add, look at, change, remove


def test_an_alert_is_kept_as_the_command_would_and_found_at_its_address(room):
    reply = room.call("POST", "/alerts", BOATS | {"schedule": "daily at 07:30", "cooldown": 600.0})
    assert reply.status == 201
    record = json.loads(reply.body)
    assert reply["location"] == f"/api/v1/alerts/{record['id']}"
    assert reply["etag"] == f'"{room.store.alerts.get(record["id"]).revision}"'
    shown = room.said("GET", f"/alerts/{record['id']}")
    assert shown == record
    assert (shown["schedule"], shown["cooldown"], shown["from_config"]) == ("daily at 07:30", 600.0, False)
    assert "boat" in shown["reading"]
    assert room.said("GET", "/alerts/boats at sea") == record
    assert room.said("GET", f"/alerts/{record['id'][:6]}") == record


def test_a_new_alert_fires_on_what_comes(room):
    added(room)
    room.it.say("A boat at sea")
    assert [m.alert for m in room.it.wire.sent["desk"]] == ["Boats", "Boats at sea"]


@pytest.mark.parametrize(
    ("given", "owner"), [({}, "Anna"), ({"owner": "Ben"}, "Ben"), ({"owner": ""}, "")], ids=["none", "other", "nobody"]
)
def test_what_a_token_creates_is_its_owners_unless_it_says_otherwise(room, given, owner):
    token = room.token(Scope.ALERTS_WRITE, owner="Anna")
    assert room.said("POST", "/alerts", BOATS | given, status=201, token=token)["owner"] == owner


def test_a_name_that_is_taken_is_a_conflict_so_that_trying_again_is_safe(room):
    added(room)
    problem = room.refused(409, "POST", "/alerts", BOATS | {"name": "BOATS AT SEA"})
    assert "there is an alert called 'BOATS AT SEA' already" in problem["detail"]
    assert len(room.said("GET", "/alerts")["alerts"]) == 2


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"query": "boat AND", "schedule": "sometimes", "zone": "Mars"}, {"query", "schedule", "zone"}),
        ({"destinations": ["nowhere"], "topics": ["nothing"]}, {"destinations[0]", "topics[0]"}),
        ({"colour": "red", "id": "x"}, {"colour", "id"}),
        ({"from_config": True, "feed_token": "x"}, {"from_config", "feed_token"}),
        ({"enabled": "yes", "group_stories": 1}, {"enabled", "group_stories"}),
        ({"name": 7, "query": ["boat"]}, {"name", "query"}),
        ({"name": " "}, {"name"}),
        ({"name": "\ud800"}, {"name"}),
        ({"query": "x" * 5000}, {"query"}),
        ({"query": "NOT boat"}, {"query"}),
        ({"cooldown": "long"}, {"cooldown"}),
        ({"cooldown": -1}, {"cooldown"}),
        ({"cooldown": 1e300}, {"cooldown"}),
        ({"mute_until": "9999-99-99T00:00:00Z"}, {"mute_until"}),
        ({"topics": "boats"}, {"topics"}),
    ],
    ids=[
        "several", "unknown-names", "unknown-keys", "our-own-keys", "no-booleans", "types", "blank", "surrogate", "long",
        "everything", "no-span", "negative", "huge", "no-day", "no-list",
    ],
)  # fmt: skip
def test_everything_wrong_with_an_alert_is_told_field_by_field(still, wrong, fields):
    problem = still.refused(422, "POST", "/alerts", BOATS | wrong)
    assert {each["field"].removeprefix("body.").split(".")[0] for each in problem["errors"]} == fields
    assert all(each["message"] for each in problem["errors"])


def test_a_query_that_does_not_parse_is_told_with_its_place(still):
    (error,) = still.refused(422, "POST", "/alerts", BOATS | {"query": "boat AND (sea"})["errors"]
    assert error["field"] == "body.query"
    assert "at character" in error["message"]


@pytest.mark.parametrize("body", [b"{", b"", b"null", b"[]", b'"x"', b"[" * 60_000], ids=lambda body: repr(body[:4]))
def test_a_body_that_is_no_object_is_refused(still, body):
    reply = still.call("POST", "/alerts", body)
    assert reply.status in {400, 422}
    assert reply["content-type"] == "application/problem+json"


def test_a_body_beyond_64_kb_is_not_read(still):
    body = json.dumps(BOATS | {"owner": "x" * 70_000}).encode()
    still.refused(413, "POST", "/alerts", body, headers={"Content-Length": str(len(body))})
    still.refused(413, "POST", "/alerts", body)


def test_only_what_is_given_changes_and_null_goes_back_to_the_default(room):
    record = added(room, schedule="hourly", owner="Anna")
    changed = room.said("PATCH", f"/alerts/{record['id']}", {"query": "sea", "schedule": None})
    assert (changed["query"], changed["schedule"], changed["owner"]) == ("sea", "immediate", "Anna")
    assert room.said("PATCH", f"/alerts/{record['id']}", {"enabled": False})["query"] == "sea"
    assert room.said("PATCH", f"/alerts/{record['id']}", {})["enabled"] is False


def test_what_an_alert_is_not_told_of_can_not_be_changed(room):
    record = added(room)
    for changes in ({"id": "x"}, {"created": "2020-01-01T00:00:00Z"}, {"week": 7}, {"revision": 1}):
        room.refused(422, "PATCH", f"/alerts/{record['id']}", changes)
    room.refused(422, "PATCH", f"/alerts/{record['id']}", {"name": None})
    assert room.said("GET", f"/alerts/{record['id']}") == record


def test_a_change_to_a_taken_name_is_a_conflict(room):
    record = added(room)
    room.refused(409, "PATCH", f"/alerts/{record['id']}", {"name": "boats"})


def test_an_alert_that_is_removed_is_gone_and_removing_it_again_is_404(room):
    record = added(room)
    reply = room.call("DELETE", f"/alerts/{record['id']}")
    assert (reply.status, reply.body) == (204, b"")
    room.refused(404, "GET", f"/alerts/{record['id']}")
    room.refused(404, "DELETE", f"/alerts/{record['id']}")


@pytest.mark.parametrize("reference", ["nothing", "", "0", "%00", "x" * 101, "..", "boats/x"], ids=repr)
def test_what_is_not_there_is_not_found(still, reference):
    assert still.call("GET", f"/alerts/{reference}").status in {404, 422}


def test_alerts_of_config_are_changed_there_alone(still):
    for method, body in (("PATCH", {"enabled": False}), ("DELETE", None)):
        problem = still.refused(409, method, "/alerts/boats", body)
        assert problem["type"] == "urn:syndicator:problem:in-config"
        assert "stands in config.toml: change it there" in problem["detail"]
        assert str(still.it.room.root) not in json.dumps(problem)


# Lost updates


def test_a_change_of_what_was_changed_meanwhile_is_refused(room):
    reply = room.call("POST", "/alerts", BOATS)
    place, seen = reply["location"].removeprefix("/api/v1"), reply["etag"]
    changed = room.call("PATCH", place, {"query": "sea"}, headers={"If-Match": seen})
    assert changed.status == 200
    assert changed["etag"] != seen
    assert room.refused(412, "PATCH", place, {"query": "boat"}, headers={"If-Match": seen})
    room.refused(412, "DELETE", place, headers={"If-Match": f"W/{changed['etag']}"})
    assert room.said("GET", place)["query"] == "sea"
    assert room.call("DELETE", place, headers={"If-Match": f'"x", {changed["etag"]}'}).status == 204


def test_a_star_matches_whatever_is_there(room):
    record = added(room)
    assert room.call("PATCH", f"/alerts/{record['id']}", {"enabled": False}, headers={"If-Match": "*"}).status == 200


def test_an_alert_that_fires_is_still_the_same(room):
    reply = room.call("POST", "/alerts", BOATS)
    room.it.say("A boat at sea")
    place = reply["location"].removeprefix("/api/v1")
    again = room.call("GET", place)
    assert again.body != reply.body
    assert again["etag"] == reply["etag"]


@pytest.mark.parametrize(
    ("method", "act", "body"),
    [("POST", "mute", {"until": None}), ("POST", "feed-token", None), ("DELETE", "feed-token", None)],
    ids=["mute", "renew", "close"],
)
def test_acts_on_an_alert_hold_only_for_the_state_that_was_seen(room, method, act, body):
    reply = room.call("POST", "/alerts", BOATS)
    place, seen = reply["location"].removeprefix("/api/v1"), reply["etag"]
    known = room.call("PATCH", place, {"query": "sea"})["etag"]
    before = room.store.alerts.named(BOATS["name"])
    assert room.refused(412, method, f"{place}/{act}", body, headers={"If-Match": seen})["type"].endswith(":changed")
    assert room.store.alerts.named(BOATS["name"]) == before
    assert room.call(method, f"{place}/{act}", body, headers={"If-Match": known}).status in {200, 204}
    assert room.call(method, f"{place}/{act}", body).status in {200, 204}


# Pages


def names(room, query=""):
    return [each["name"] for each in room.said("GET", f"/alerts{query}")["alerts"]]


def test_a_list_is_read_a_page_at_a_time_and_misses_nothing(room):
    for number in range(7):
        added(room, name=f"alert {number}")
    added(room, name="zoo")
    seen, cursor = [], None
    for _ in range(9):
        page = room.said("GET", "/alerts?limit=4" + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["name"] for each in page["alerts"]]
        assert len(page["alerts"]) <= 4
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [*(f"alert {number}" for number in range(7)), "Boats", "zoo"]


def test_a_page_goes_on_behind_an_alert_that_was_removed_meanwhile(room):
    for name in ("a", "b", "c"):
        added(room, name=name)
    page = room.said("GET", "/alerts?limit=1")
    assert room.call("DELETE", "/alerts/a").status == 204
    assert names(room, f"?cursor={page['next']}") == ["b", "Boats", "c"]


@pytest.mark.parametrize("name", ["Z", "ß", "日本語 🚢", "a\u0301 b"], ids=["late", "folds", "wide", "accent"])
def test_a_page_goes_on_where_it_was_when_an_alert_is_renamed_meanwhile(room, name):
    """Its last alert's name, whoever has it now, is the place between two pages."""
    for each in ("a", "b", "c"):
        added(room, name=each)
    page = room.said("GET", "/alerts?limit=1")
    assert room.call("PATCH", "/alerts/a", {"name": name}).status == 200
    assert {"b", "Boats", "c"} <= set(names(room, f"?cursor={page['next']}"))
    whole = names(room)
    behind = whole.index(name) + 1
    page = room.said("GET", f"/alerts?limit={behind}")
    assert (names(room, f"?cursor={page['next']}") if page["next"] else []) == whole[behind:]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%00", "curser=x"], ids=str)
def test_a_slip_in_what_is_asked_does_not_ask_for_everything(still, query):
    still.refused(422, "GET", f"/alerts?{query}")


@pytest.mark.parametrize("cursor", ["zzzz", "z", "bmFtZS4", "MTc5MzcwMDgwMC40Mg", "a" * 2000], ids=str)
def test_a_cursor_that_is_not_ours_is_refused(still, cursor):
    (error,) = still.refused(422, "GET", f"/alerts?cursor={cursor}")["errors"]
    assert error["field"] == "query.cursor"


# Mute


def test_a_mute_holds_messages_back_and_its_end_lets_them_go(room):
    until = (room.it.now + timedelta(hours=1)).isoformat()
    assert room.said("POST", "/alerts/boats/mute", {"until": until})["muted_until"] == "2026-11-03T13:00:00Z"
    room.it.say("A boat came in")
    room.it.after()
    assert room.it.titles() == []
    assert room.said("POST", "/alerts/boats/mute", {"until": None})["muted_until"] is None
    room.it.after()
    assert room.it.titles() == ["A boat came in"]


@pytest.mark.parametrize(
    "body",
    [{"until": "2026-11-03T11:59:59Z"}, {"until": "2026-12-01"}, {"until": "2026-12-01T00:00:00"}, {}, {"till": None}],
    ids=["over", "no-time", "no-zone", "nothing", "unknown"],
)
def test_a_mute_that_holds_nothing_back_is_refused(still, body):
    still.refused(422, "POST", "/alerts/boats/mute", body)


# History and why


def test_what_an_alert_found_is_told_with_its_deliveries(room):
    room.it.say("A boat came in", "Rain on Tuesday")
    (fired,) = room.said("GET", "/alerts/boats/history")["fired"]
    assert (fired["title"], fired["silent"]) == ("A boat came in", None)
    assert [(each["destination"], each["state"]) for each in fired["deliveries"]] == [("desk", "delivered")]
    assert fired["reasons"][0]["words"] == "boat"


def test_history_is_read_a_page_at_a_time(room):
    titles = [f"Boat {number} came in to a harbour of its own" for number in range(5)]
    for title in titles:
        room.it.say(title, text=f"{title} and this is its own story, number {title}.")
    first = room.said("GET", "/alerts/boats/history?limit=2")
    second = room.said("GET", f"/alerts/boats/history?limit=2&cursor={first['next']}")
    third = room.said("GET", f"/alerts/boats/history?limit=2&cursor={second['next']}")
    assert [each["title"] for page in (first, second, third) for each in page["fired"]] == titles[::-1]
    assert third["next"] is None


def test_what_is_held_back_is_told_by_no_address(room):
    room.it.say("A boat came in")
    id_ = room.it.article("A boat came in")
    hold(room.it, "A boat came in")
    assert room.said("GET", "/alerts/boats/history") == {"fired": [], "next": None}
    room.refused(404, "GET", f"/alerts/boats/why?article={id_}")
    (delivery,) = room.said("GET", "/deliveries")["deliveries"]
    said = [
        delivery,
        room.said("GET", f"/deliveries/{delivery['id']}"),
        room.said("POST", "/preview", {"query": "boat"}),
    ]
    assert delivery["title"] == ""
    assert "came in" not in json.dumps(said)


def test_why_an_alert_fired_is_told_with_every_attempt(room):
    room.it.say("A boat came in")
    told = room.said("GET", f"/alerts/boats/why?article={room.it.article('A boat came in')}")
    assert told["fired"] == "2026-11-03T12:00:00Z"
    assert [reason["words"] for reason in told["reasons"]] == ["boat"]
    (delivery,) = told["deliveries"]
    assert [(each["verdict"], each["status"]) for each in delivery["tries"]] == [("delivered", 200)]


def test_why_an_alert_did_not_fire_is_told_in_sentences(room):
    room.it.say("Rain on Tuesday")
    told = room.said("GET", f"/alerts/boats/why?article={room.it.article('Rain on Tuesday')[9:17]}")
    assert (told["fired"], told["matches"], told["reasons"]) == (None, False, [])
    assert told["why"]


def test_an_article_is_named_by_its_url_too(room):
    with room.store.transaction():
        entry = Entry(Content("A boat", "x"), url="https://wire.example/boat", published=NOW)
        room.it.room.pipeline.intake.accept("inbox", [entry], NOW)
    assert room.said("GET", "/alerts/boats/why?article=https%3A%2F%2Fwire.example%2Fboat")["title"] == "A boat"


def test_the_words_of_a_withdrawn_article_are_not_told_again(room):
    room.it.say("A boat came in with Jones")
    id_ = room.it.article("A boat came in with Jones")
    room.it.room.desk.kill(id_, "It was wrong.", room.it.now, by="anna")
    room.it.after()
    said = json.dumps([room.said("GET", f"/alerts/boats/why?article={id_}"), room.said("GET", "/alerts/boats/history")])
    assert "Jones" not in said
    assert json.loads(said)[0]["reasons"] == json.loads(said)[1]["fired"][0]["reasons"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("article=nothing", 404), ("article=http://[", 404), ("article=" + "x" * 2049, 422)],
    ids=["none", "unknown", "no-url", "long"],
)
def test_an_article_that_is_not_there_is_not_found(still, query, status):
    still.refused(status, "GET", f"/alerts/boats/why?{query}")


# Previews


def test_a_preview_tells_day_by_day_what_a_query_would_have_caught(room):
    room.it.say("A boat came in", "A boat went out", "Rain on Tuesday")
    found = room.said("POST", "/preview", {"query": "boat", "topics": ["boats"], "newest": 1})
    assert (found["hits"], len(found["days"]), found["days"][-1]["hits"]) == (2, 30, 2)
    assert found["days"][-1]["day"] == "2026-11-03"
    assert [each["title"] for each in found["newest"]] == ["A boat went out"]
    assert "too little to tell" in json.dumps(found["advice"])
    assert [each["name"] for each in room.said("GET", "/alerts")["alerts"]] == ["Boats"]


def test_a_saved_alert_is_held_against_the_past_too(room):
    room.it.say("A boat came in")
    assert room.said("GET", "/alerts/boats/preview?days=7&newest=0")["hits"] == 1
    room.refused(404, "GET", "/alerts/nothing/preview")


@pytest.mark.parametrize(
    "wrong",
    [{"query": "boat AND"}, {"query": "boat", "topics": ["nothing"]}, {"query": "boat", "days": 367}, {"days": 1}],
    ids=["query", "topic", "days", "none"],
)
def test_a_preview_that_can_not_be_made_is_refused_field_by_field(still, wrong):
    assert still.refused(422, "POST", "/preview", wrong)["errors"]


def test_a_preview_that_takes_too_long_is_put_off_and_others_are_answered(room, monkeypatch):
    room.it.say("A boat came in")

    def slow(store, *arguments, **more):
        for _ in store._db.query(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0"
        ):
            pass
        return look_back(store, *arguments, **more)

    monkeypatch.setattr(lookback, "look_back", slow)
    monkeypatch.setattr("syndicator.web.reading.DEADLINE_S", 0.1)
    monkeypatch.setattr(type(room.house.reading).read, "__kwdefaults__", {"seconds": 0.1})
    reply = room.call("POST", "/preview", {"query": "boat"})
    assert (reply.status, reply["retry-after"]) == (503, "60")
    assert room.said("GET", "/alerts/boats")


# The private feed


def test_a_private_feed_is_renewed_and_closed_and_its_address_is_told_once(room):
    before = room.store.alerts.named("Boats").feed_token
    told = room.said("POST", "/alerts/boats/feed-token")
    token = room.store.alerts.named("Boats").feed_token
    assert token != before
    assert told == {
        "alert": "Boats",
        **{kind: f"https://desk.example/alerts/{token}.{kind}" for kind in ("rss", "atom", "json")},
    }
    for path in ("/alerts", "/alerts/boats", "/alerts/boats/history"):
        assert token not in json.dumps(room.said("GET", path))
    assert room.call("DELETE", "/alerts/boats/feed-token").status == 204
    assert room.store.alerts.named("Boats").feed_token is None


def test_two_of_one_beginning_are_not_guessed_between(tmp_path):
    with api(tmp_path, CONFIGURED, DESK, PHONE, alert("A"), alert("B")) as room:
        for name in ("x", "y"):
            room.said("POST", "/alerts", BOATS | {"name": name}, status=201)
        room.store._db.execute("UPDATE alerts SET id = 'abcd1' WHERE name = 'x'")
        room.store._db.execute("UPDATE alerts SET id = 'abcd2' WHERE name = 'y'")
        room.refused(404, "GET", "/alerts/abcd")
        assert room.said("GET", "/alerts/abcd1")["name"] == "x"
