"""Every change leaves its line in the audit log, whoever makes it: by a command, with a token, or at the desk."""

import json
import os
import pwd
import sqlite3
from contextlib import closing
from typing import NamedTuple

import pytest
from apiroom import api
from deskroom import DeskRoom
from newsroom import BOATS, COURTS, INBOX, NOW
from outbox import DESK, REFUSED, alert
from test_backup import run

from syndicator.access import Scope
from syndicator.addresses import Addresses
from syndicator.alertdesk import AlertDesk
from syndicator.alerts import Answer, Verdict
from syndicator.deliverydesk import DeliveryDesk
from syndicator.destinationdesk import DestinationDesk
from syndicator.errors import StoreError, UsageError
from syndicator.people import COMMAND, Role, account
from syndicator.tokendesk import TokenDesk

pytestmark = pytest.mark.usefixtures("quick_hashes")
SECRET = "whsec_" + "Q0FOQVJZ" * 4
URL = "https://hooks.example/CANARY"
PROGRAM = "token CMS"


# What is done, what is written down of it, and how each does it: a command, a request to the API, a form at the desk.
# A command on an article goes by the account that it runs under, who is then the version's author.
class Act(NamedTuple):
    line: tuple
    command: tuple | None = None
    api: tuple | None = None
    desk: tuple | None = None


def alerts(*fields):
    return "/desk/alerts/{alert}", fields


def hook(*fields):
    return "/desk/destinations/hook", fields


def people(*fields):
    return "/desk/people", fields


def article(*fields):
    return "/desk/articles/{uuid}/act", (("sure", "on"), *fields)


NEW_ALERT = (
    ("do", "save"),
    ("by", "boxes"),
    ("name", "Ferries"),
    ("all", "ferry"),
    ("within", "10"),
    ("enabled", "on"),
)
ACTS = {
    "alert added": Act(
        ("alert added", "alert {new}", "Ferries"),
        ("alerts", "add", "Ferries", "ferry"),
        ("POST", "/alerts", {"name": "Ferries", "query": "ferry"}),
        ("/desk/alerts/new", NEW_ALERT),
    ),
    "alert imported": Act(("alert added", "alert {new}", "Ferries"), ("alerts", "import", "{file}")),
    "alert replaced": Act(
        ("alert changed", "alert {alert}", "Mine: destinations, owner, query"),
        ("alerts", "import", "{other}", "--replace"),
    ),
    "alert duplicated": Act(
        ("alert added", "alert {new}", "Mine (copy): a copy of Mine"), desk=alerts(("do", "duplicate"))
    ),
    "alert changed": Act(
        ("alert changed", "alert {alert}", "Mine: cooldown, query"),
        ("alerts", "edit", "Mine", "--query", "ferry", "--cooldown", "10m"),
        ("PATCH", "/alerts/Mine", {"query": "ferry", "cooldown": "10m"}),
    ),
    "alert off": Act(
        ("alert off", "alert {alert}", "Mine"),
        ("alerts", "edit", "Mine", "--disable"),
        ("PATCH", "/alerts/Mine", {"enabled": False}),
        alerts(("do", "disable")),
    ),
    "alert handed over": Act(
        ("alert handed over", "alert {alert}", "Mine: Ada → Ben"),
        ("alerts", "edit", "Mine", "--owner", "Ben"),
        ("PATCH", "/alerts/Mine", {"owner": "Ben"}),
        alerts(("do", "hand"), ("to", "Ben")),
    ),
    "alert muted": Act(
        ("alert muted", "alert {alert}", "Mine: until 2026-11-03 13:00 UTC"),
        ("alerts", "mute", "Mine", "--for", "1h"),
        ("POST", "/alerts/Mine/mute", {"until": "2026-11-03T13:00:00Z"}),
        alerts(("do", "mute"), ("span", "hour")),
    ),
    "alert unmuted": Act(
        ("alert unmuted", "alert {alert}", "Mine"),
        ("alerts", "mute", "Mine", "--off"),
        ("POST", "/alerts/Mine/mute", {"until": None}),
        alerts(("do", "unmute")),
    ),
    "feed renewed": Act(
        ("alert’s feed given a new address", "alert {alert}", "Mine"),
        ("alerts", "feed", "Mine", "--renew"),
        ("POST", "/alerts/Mine/feed-token"),
        alerts(("do", "feed")),
    ),
    "feed opened": Act(
        ("alert’s feed opened", "alert {boats}", "Boats"),
        ("alerts", "feed", "Boats", "--renew"),
        ("POST", "/alerts/Boats/feed-token"),
        ("/desk/alerts/{boats}", (("do", "feed"),)),
    ),
    "feed closed": Act(
        ("alert’s feed closed", "alert {alert}", "Mine"),
        ("alerts", "feed", "Mine", "--close"),
        ("DELETE", "/alerts/Mine/feed-token"),
        alerts(("do", "close")),
    ),
    "alert removed": Act(
        ("alert removed", "alert {alert}", "Mine"),
        ("alerts", "rm", "Mine"),
        ("DELETE", "/alerts/Mine"),
        alerts(("do", "remove")),
    ),
    "destination added": Act(
        ("added", "destination new", "webhook"),
        ("destinations", "add", "new", "--kind", "webhook", "--url", URL, "--secret", SECRET),
        ("POST", "/destinations", {"name": "new", "kind": "webhook", "url": URL, "secret": SECRET}),
        ("/desk/destinations", (("kind", "webhook"), ("name", "new"), ("url", URL), ("secret", SECRET))),
    ),
    "destination changed": Act(
        ("changed", "destination hook", "owner, url"),
        ("destinations", "edit", "hook", "--url", f"{URL}2", "--owner", "Ben"),
        ("PATCH", "/destinations/hook", {"url": f"{URL}2", "owner": "Ben"}),
        hook(("do", "edit"), ("url", f"{URL}2"), ("owner", "Ben")),
    ),
    "destination's secret": Act(
        ("changed", "destination hook", "previous_secret, secret"),
        ("destinations", "edit", "hook", "--new-secret"),
        ("PATCH", "/destinations/hook", {"secret": "whsec_" + "TkVXRVI5" * 4}),
        hook(("do", "new secret")),
    ),
    "destination switched on": Act(
        ("switched on", "destination hook", ""),
        ("destinations", "on", "hook"),
        ("POST", "/destinations/hook/on"),
        hook(("do", "on")),
    ),
    "destination tested": Act(
        ("tested", "destination hook", "not taken"),
        ("destinations", "test", "hook"),
        ("POST", "/destinations/hook/test"),
        hook(("do", "test")),
    ),
    "destination removed": Act(
        ("removed", "destination hook", ""),
        ("destinations", "rm", "hook"),
        ("DELETE", "/destinations/hook"),
        hook(("do", "remove")),
    ),
    "delivery sent again": Act(
        ("delivery sent again", "delivery {delivery}", "to desk"),
        ("deliveries", "replay", "{delivery}"),
        ("POST", "/deliveries/{delivery}/replay"),
        ("/desk/history", (("delivery", "{delivery}"),)),
    ),
    "deliveries to one sent again": Act(
        ("deliveries sent again", "destination desk", "1 to desk"),
        ("deliveries", "replay", "--destination", "desk"),
        ("POST", "/replay", {"destination": "desk"}),
    ),
    "deliveries of an alert sent again": Act(
        ("deliveries sent again", "alert {boats}", "1"),
        ("deliveries", "replay", "--alert", "Boats"),
        ("POST", "/replay", {"alert": "Boats"}),
    ),
    "all deliveries sent again": Act(
        ("deliveries sent again", "deliveries", "1"),
        ("deliveries", "replay", "--all"),
        ("POST", "/replay", {"all": True}),
    ),
    "token made": Act(
        ("made", "token board", "news:read"),
        ("tokens", "add", "board", "--scope", "news:read"),
        desk=("/desk/tokens", (("do", "add"), ("name", "board"), ("scope", "news:read"), ("days", "90"))),
    ),
    "token revoked": Act(
        ("revoked", "token old", ""),
        ("tokens", "rm", "old"),
        desk=("/desk/tokens", (("do", "revoke"), ("name", "old"))),
    ),
    "somebody added": Act(
        ("user added", "user Eve", "viewer"),
        ("users", "add", "Eve", "--role", "viewer"),
        desk=people(("do", "add"), ("name", "Eve"), ("role", "viewer")),
    ),
    "link made": Act(
        ("link made", "user Ben", ""), ("users", "link", "Ben"), desk=people(("do", "invite"), ("name", "Ben"))
    ),
    "role changed": Act(
        ("role changed", "user Ben", "editor → viewer"),
        ("users", "role", "Ben", "viewer"),
        desk=people(("do", "role"), ("name", "Ben"), ("role", "viewer")),
    ),
    "somebody locked out": Act(
        ("disabled", "user Ben", ""), ("users", "disable", "Ben"), desk=people(("do", "disable"), ("name", "Ben"))
    ),
    "somebody removed": Act(
        ("user removed", "user Ben", "editor"), ("users", "rm", "Ben"), desk=people(("do", "remove"), ("name", "Ben"))
    ),
    "zone changed": Act(
        ("zone changed", "user Ada", "UTC → Asia/Kathmandu"),
        desk=("/desk/account", (("do", "zone"), ("zone", "Asia/Kathmandu"))),
    ),
    "signed out everywhere else": Act(
        ("signed out everywhere else", "user Ada", ""), desk=("/desk/account", (("do", "elsewhere"),))
    ),
    "signed out": Act(("signed out", "user Ada", ""), desk=("/desk/sign-out", ())),
    "article corrected": Act(
        ("article corrected", "article {article}", "A slip."),
        ("article", "correct", "{article}", "--note", "A slip.", "--title", "A boat came out"),
        desk=article(("do", "correct"), ("note", "A slip."), ("title", "A boat came out"), ("text", "It came in.")),
    ),
    "article withdrawn": Act(
        ("article withdrawn", "article {article}", "Wrong."),
        ("article", "kill", "{article}", "--note", "Wrong."),
        desk=article(("do", "kill"), ("note", "Wrong.")),
    ),
    "article held": Act(
        ("article held", "article {article}", "until 2026-11-04 12:00 UTC."),
        ("article", "embargo", "{article}", "--until", "2026-11-04T12:00:00Z"),
    ),
    "article sorted": Act(
        ("topic added by hand", "article {article}", "courts"),
        ("article", "topic", "{article}", "courts", "--add"),
        desk=article(("do", "add"), ("topic", "courts")),
    ),
    "article given in": Act(
        ("taken in by hand", "source ingest", "1 new article, 0 changed"), ("ingest", "{text}")
    ),
}  # fmt: skip
PARTS = {"Mine": "{reference}", "Boats": "{reference}", "hook": "{name}", "{delivery}": "{reference}"}
WAYS = ("command", "api", "desk")


def as_pattern(path):
    """An address as the API's own document has it."""
    return "/" + "/".join(PARTS.get(part, part) for part in path.split("/")[1:])


class World:
    """A newsroom with one of everything, and somebody for each way to change it."""

    def __init__(self, room):
        self.room, self.store, self.root = room, room.store, room.it.room.root
        self.alerts = AlertDesk(room.it.room.settings, room.store, room.it.room.pipeline.alerting)
        mine = self.alerts.add({"name": "Mine", "query": "boat", "owner": "Ada", "destinations": ["desk"]}, NOW)
        boats = self.store.alerts.named("Boats").id
        self.alerts.renew_feed(boats, NOW, close=True)
        destinations = DestinationDesk(room.it.room.settings, room.store)
        destinations.add("hook", {"kind": "webhook", "url": URL, "secret": SECRET}, NOW)
        tokens = TokenDesk(room.store)
        tokens.add("old", [Scope.NEWS_READ], NOW)
        self.token = tokens.add("CMS", list(Scope), NOW).secret
        self.alerts.mute(mine.id, NOW.replace(year=2027), NOW)
        self.alerts.edit(mine.id, {"enabled": False}, NOW)
        room.it.wire.answers["desk"] = REFUSED
        room.it.say("A boat came in")
        self.alerts.edit(mine.id, {"enabled": True}, NOW)
        (dead,) = room.said("GET", "/deliveries?state=dead", token=self.token)["deliveries"]
        (self.root / "new.toml").write_text('[[alerts]]\nname = "Ferries"\nquery = "ferry"\n')
        (self.root / "text.txt").write_text("A ferry came in\n\nIt was late.")
        (self.root / "other.toml").write_text('[[alerts]]\nname = "Mine"\nquery = "ferry"\n')
        id_ = room.it.article("A boat came in")
        self.names = {
            "alert": mine.id,
            "boats": boats,
            "delivery": dead["id"],
            "article": id_,
            "uuid": id_.removeprefix("urn:uuid:"),
            "file": str(self.root / "new.toml"),
            "other": str(self.root / "other.toml"),
            "text": str(self.root / "text.txt"),
        }
        self.desk = DeskRoom(room.it.room)
        self.desk.app = room.app
        self.desk.users.add("Ben", Role.EDITOR, NOW)
        self.admin = self.desk.signed_in("Ada", Role.ADMIN)
        self.cookies = dict(self.admin.cookies)

    def begin(self):
        """What is written down from here on counts."""
        self.admin.cookies = dict(self.cookies)
        self.last = self.store.audit.newest(limit=1)[0].number

    def told(self, text, **more):
        for name, value in {**self.names, **more}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def command(self, *words):
        done = run(self.root, *map(self.told, words), "--now", "2026-11-03T12:00:00Z")
        assert not isinstance(done.exception, Exception), done.output
        return account(pwd.getpwuid(os.getuid()).pw_name) if words[0] == "article" else COMMAND

    def api(self, method, path, body=None):
        reply = self.room.call(method, self.told(path), body, token=self.token)
        assert reply.status < 300, reply.body
        return PROGRAM

    def at_the_desk(self, path, fields):
        self.admin.get("/desk/account")
        proof = self.admin.page.proof
        opened = [("opened", self.opened())] if "articles" in path else []
        sent = [("proof", proof), *opened, *((name, self.told(value)) for name, value in fields)]
        page = self.admin.post(self.told(path), sent)
        assert page.status == 200, page.words
        return "Ada"

    def opened(self):
        page = self.admin.get(f"/desk/articles/{self.names['uuid']}")
        return page.tree.xpath("//input[@name='opened']/@value")[0]

    def lines(self):
        """What was written down since: who, act, thing, detail."""
        rows = reversed(self.store.audit.newest(limit=99))
        return [(row.who, row.act, row.thing, row.detail) for row in rows if row.number > self.last]


@pytest.fixture(scope="module")
def only(tmp_path_factory):
    """One newsroom for all of these, since its application takes long to build; and what its store was."""
    with api(tmp_path_factory.mktemp("audited"), INBOX, BOATS, COURTS, DESK, alert()) as room:
        it = World(room)
        with closing(sqlite3.connect(":memory:")) as was:
            it.store._db.conn.backup(was)
            yield it, was


@pytest.fixture
def world(only):
    it, was = only
    was.backup(it.store._db.conn)
    it.begin()
    return it


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch):
    # Whatever the environment says, a command is run by the account of its process.
    monkeypatch.setenv("LOGNAME", "Ada")

    async def send(_self, _name, _message):
        return Answer(Verdict.PERMANENT, f"CANARY {SECRET}", 404)

    monkeypatch.setattr(Addresses, "send", send)


@pytest.mark.parametrize(
    ("act", "way"),
    [
        pytest.param(act, way, id=f"{name} by {way}")
        for name, act in ACTS.items()
        for way in WAYS
        if getattr(act, way) is not None
    ],
)
def test_a_change_is_written_down_with_who_made_it_and_without_what_is_secret(world, act, way):
    do = world.at_the_desk if way == "desk" else getattr(world, way)
    who = do(*getattr(act, way))
    new = [row.id for row in world.store.alerts.all() if row.id not in world.names.values()]
    names = {"new": new[0] if new else ""}
    said = world.lines()
    assert said == [(who, *(world.told(part, **names) for part in act.line))]
    assert not any(secret in repr(said) for secret in ("CANARY", "whsec", SECRET, world.token))


def test_every_address_of_the_api_that_changes_something_is_among_these(world):
    """But those that only look, and the stream's."""
    document = json.loads(world.room.call("GET", "/openapi.json", token=world.token).body)
    changing = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get" and ":write" in json.dumps(operation.get("security"))
    }
    assert changing == {
        (method, pattern)
        for act in ACTS.values()
        if act.api
        for method, path, *_ in [act.api]
        for pattern in [as_pattern(path)]
    }


def test_what_changes_nothing_leaves_no_line(world):
    world.alerts.mute("Mine", None, NOW)
    world.begin()
    world.api("PATCH", "/alerts/Mine", {"query": "boat"})
    world.api("PATCH", "/destinations/hook", {"url": URL})
    world.api("DELETE", "/alerts/Boats/feed-token")
    world.at_the_desk("/desk/account", [("do", "zone"), ("zone", "UTC")])
    world.alerts.import_(world.alerts.export(["Mine"]), NOW, replace=True)
    assert world.lines() == []


def test_an_act_and_its_line_happen_together_or_not_at_all(world, monkeypatch):
    def full(*_):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(world.store.audit, "note", full)
    destinations, tokens = DestinationDesk(world.alerts._settings, world.store), TokenDesk(world.store)
    before = "\n".join(world.store._db.conn.iterdump())
    for act in (
        lambda: world.alerts.add({"name": "Ferries", "query": "ferry"}, NOW),
        lambda: world.alerts.edit("Mine", {"query": "ferry"}, NOW),
        lambda: world.alerts.mute("Mine", None, NOW),
        lambda: world.alerts.renew_feed("Mine", NOW),
        lambda: world.alerts.remove("Mine", NOW),
        lambda: destinations.add("new", {"kind": "webhook", "url": URL, "secret": SECRET}, NOW),
        lambda: destinations.edit("hook", {"owner": "Ben"}, NOW),
        lambda: destinations.switch_on("hook", NOW),
        lambda: destinations.remove("hook", NOW),
        lambda: DeliveryDesk(world.alerts._settings, world.store).replay(NOW),
        lambda: tokens.add("board", [Scope.NEWS_READ], NOW),
        lambda: tokens.revoke("old", NOW),
        lambda: world.desk.users.remove("Ben", NOW),
    ):
        with pytest.raises(StoreError):
            act()
        assert "\n".join(world.store._db.conn.iterdump()) == before


@pytest.mark.parametrize(
    "name", ["a command", "A Command", "token CMS", "Token x", "The link in a mail", "the service"]
)
def test_nobody_is_called_what_the_log_says_of_what_no_person_does(world, name):
    with pytest.raises(UsageError, match="no person"):
        world.desk.users.add(name, Role.VIEWER, NOW)


# A token ends with whoever it belongs to


def theirs(world):
    """Ben's tokens, a chief's, with somebody else's beside them; their secrets by name."""
    tokens = TokenDesk(world.store)
    world.desk.users.set_role("Ben", Role.CHIEF, NOW)
    made = {
        "news": tokens.add("news", [Scope.NEWS_READ], NOW, owner="Ben"),
        "writes": tokens.add("writes", [Scope.NEWS_READ, Scope.ALERTS_WRITE], NOW, owner="BEN"),
        "other": tokens.add("other", list(Scope), NOW, owner="Benny"),
    }
    world.begin()
    return {name: given.secret for name, given in made.items()}


@pytest.mark.parametrize("way", ["command", "desk"])
@pytest.mark.parametrize(
    ("command", "fields", "left", "said", "why"),
    [
        (("disable", "Ben"), {"do": "disable"}, {"other"}, "2 of their tokens are revoked", "Ben is disabled"),
        (("rm", "Ben"), {"do": "remove"}, {"other"}, "2 of their tokens are revoked", "Ben is removed"),
        (
            ("role", "Ben", "editor"),
            {"do": "role", "role": "editor"},
            {"other", "news"},
            "1 of their tokens is revoked",
            "Ben is editor now",
        ),
        (
            ("role", "Ben", "viewer"),
            {"do": "role", "role": "viewer"},
            {"other"},
            "2 of their tokens",
            "Ben is viewer now",
        ),
        (("role", "Ben", "admin"), {"do": "role", "role": "admin"}, {"other", "news", "writes"}, "", ""),
    ],
    ids=["locked out", "removed", "editor", "viewer", "admin"],
)
def test_a_token_ends_with_what_its_owner_may_do(world, way, command, fields, left, said, why):  # noqa: PLR0917
    secrets = theirs(world)
    for secret in secrets.values():
        assert world.room.call("GET", "/articles", token=secret).status == 200
    if way == "command":
        done = run(world.root, "users", *command)
        who, told = COMMAND, done.output
    else:
        who = world.at_the_desk("/desk/people", [("name", "Ben"), *fields.items()])
        told = " ".join(world.admin.page.told)
    assert said in told
    assert ("revoked" in told) is bool(said)
    opened = {
        name for name, secret in secrets.items() if world.room.call("GET", "/articles", token=secret).status == 200
    }
    assert opened == left
    for name in secrets.keys() - left:
        assert world.room.refused(401, "GET", "/articles", token=secrets[name])["type"].endswith("token")
    ended = {(line[0], line[2], line[3]) for line in world.lines() if line[1] == "revoked"}
    assert ended == {(who, f"token {name}", why) for name in secrets.keys() - left}


def test_a_token_that_was_given_beyond_a_role_stands_until_the_role_shrinks(world):
    """Who is made a chief keeps what an admin gave them on purpose; an ended token stays ended when they are back."""
    tokens = TokenDesk(world.store)
    tokens.add("wide", [Scope.DESTINATIONS_WRITE], NOW, owner="Ben")
    assert world.desk.users.set_role("Ben", Role.EDITOR, NOW).revoked == 0
    assert world.desk.users.set_role("Ben", Role.CHIEF, NOW).revoked == 0
    assert world.desk.users.set_enabled("Ben", False, NOW).revoked == 1
    assert world.desk.users.set_enabled("Ben", True, NOW).revoked == 0
    assert not tokens.of("Ben")


def test_the_first_admins_link_is_written_down_and_its_name_is_a_free_one(world):
    """Somebody may be called admin and be none: as after a restore, or when roles changed hands."""
    world.desk.users.add("admin", Role.EDITOR, NOW)
    ada = world.store.users.named("Ada")
    with world.store.transaction():
        world.store.users.set_disabled(ada.id, NOW)
    world.begin()
    world.desk.users.first_link(NOW)
    world.desk.users.first_link(NOW)
    assert world.lines() == [
        (COMMAND, "user added", "user admin-2", "admin"),
        (COMMAND, "link made", "user admin-2", ""),
    ]
