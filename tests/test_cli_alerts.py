"""The commands about alerts, destinations and deliveries, as an editor types them."""

import json
import logging
import re

import pytest
from receiver import Receiver, Reply
from typer.testing import CliRunner

from syndicator.cli import alerting
from syndicator.cli.app import app
from syndicator.cli.output import printable
from syndicator.errors import SyndicatorError
from syndicator.previewing import SILENCES
from syndicator.store import Silent

SECRET = "whsec_Q0FOQVJZQ0FOQVJZQ0FOQVJZQ0FOQVJZ"
PREVIOUS = "whsec_T0xEQ0FOQVJZT0xEQ0FOQVJZT0xEQ0FO"
CANARIES = (
    SECRET, PREVIOUS, SECRET.removeprefix("whsec_"), "CANARYPATH", "CANARYQUERY", "CANARYTOKEN", "CANARYPASS",
)  # fmt: skip
CONFIG = f"""
[site]
title = "Desk"
url = "https://desk.example"
contact = "a@desk.example"
zone = "Europe/London"

[network]
allow_private = ["127.0.0.0/8"]

[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"

[topics.asylum]
title = "Asylum"
query = "asylum"

[destinations.log]
kind = "file"
path = "alerts.jsonl"
owner = "Anna"

[destinations.hook]
kind = "webhook"
url = "http://127.0.0.1:9/CANARYPATH?key=CANARYQUERY"
secret = "{SECRET}"
previous_secret = "{PREVIOUS}"

[destinations.chat]
kind = "apprise"
url = "jsons://CANARYTOKEN:CANARYPASS@127.0.0.1:9/CANARYPATH"

[destinations.mail]
kind = "email"
to = "desk@desk.example"

[smtp]
host = "127.0.0.1"
port = 9
security = "none"
sender = "a@desk.example"

[maintenance]
destinations = ["log"]
"""
CONFIGURED = """
[[alerts]]
name = "Hubs"
query = "hub NEAR/5 asylum"
destinations = ["log"]
"""
MORNING = "2026-11-23T09:00:00Z"


class Newsroom:
    """A newsroom on disk, and the commands in it."""

    def __init__(self, root):
        self.root = root
        self.write(CONFIG)
        (root / "inbox").mkdir()

    def write(self, config):
        (self.root / "config.toml").write_text(config, "utf-8")

    def run(self, *line, code=0, input=None, now=MORNING):  # noqa: A002 - as CliRunner names it
        """What a command printed, results and notes; it must end with this code."""
        arguments = [*line, "--config", str(self.root / "config.toml")]
        if now and line[:2] not in {("deliveries", "show"), ("article", "show")}:
            arguments += ["--now", now]
        done = CliRunner().invoke(app, arguments, input=input)
        said = done.output
        ended = done.exit_code
        if isinstance(done.exception, SyndicatorError):
            ended, said = done.exception.exit_code, f"{said}{done.exception}"
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert ended == code, said
        return said

    def json(self, *line, **more):
        return json.loads(self.run(*line, "--json", **more))

    def article(self, name, text, now=MORNING):
        (self.root / name).write_text(text, "utf-8")
        return self.run("ingest", str(self.root / name), now=now)


@pytest.fixture
def desk(tmp_path):
    return Newsroom(tmp_path)


def hotels(desk, *more):
    return desk.run("alerts", "add", "Hotels", "asylum NEAR/8 hotel", "--to", "log", *more)


# Alerts


def test_an_alert_tells_at_once_what_it_would_have_caught(desk):
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    said = hotels(desk)
    assert said.splitlines()[0] == (
        "Added Hotels. It would have fired 1 time in the last 30 days (1 day of them in the archive)."
    )
    assert "too little to tell" in said


def test_the_list_tells_what_waits_and_until_when_on_the_alerts_own_clock(desk):
    hotels(desk, "--schedule", "daily at 07:30", "--zone", "Europe/Belgrade", "--owner", "Anna")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    said = desk.run("alerts")
    assert said == desk.run("alerts", "list")
    assert re.search(r"Hotels +Anna +asylum NEAR/8 hotel +daily at 07:30 +log +1 +0 s ago", said)
    assert "1 waits until 2026-11-24 07:30 CET" in said
    (record,) = desk.json("alerts")
    assert (record["waiting"], record["due"], record["week"]) == (1, "2026-11-24T06:30:00Z", 1)


def test_an_empty_newsroom_says_how_to_begin(desk):
    assert "syndicator alerts add NAME QUERY" in desk.run("alerts")
    assert desk.run("deliveries") == "No delivery.\n"
    assert desk.json("alerts") == []


def test_alerts_of_config_are_there_before_anything_ran(desk):
    desk.write(CONFIG + CONFIGURED)
    assert "Hubs" in desk.run("alerts")
    assert "in config.toml" in desk.run("alerts", "show", "hubs")
    assert "change it there" in desk.run("alerts", "edit", "hubs", "--query", "x", code=2)
    assert "muted until 2026-11-23 11:00 GMT" in desk.run("alerts", "mute", "hubs", "--for", "2h")
    assert "muted until 2026-11-23 11:00 GMT" in desk.run("alerts")


def test_an_edit_changes_only_what_is_given(desk):
    hotels(desk, "--cooldown", "10m", "--quiet-hours", "22:00-07:00", "--topic", "asylum")
    before = desk.json("alerts")[0]
    desk.run(
        "alerts", "edit", "hotels", "--query", "asylum hostel", "--clear", "cooldown", "--no-grouping", "--disable"
    )
    after = desk.json("alerts")[0]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"query", "cooldown", "group_stories", "enabled"}
    assert "off" in desk.run("alerts")


def test_an_alert_is_shown_with_its_reading(desk):
    hotels(desk, "--source", "inbox")
    said = desk.run("alerts", "show", "HOTELS")
    assert "any form of asylum within 8 words of any form of hotel and from the source Inbox" in said
    assert "Europe/London" in said


def test_what_nobody_will_hear_of_is_told(desk):
    desk.run("alerts", "add", "Quiet", "asylum")
    assert "It has no destination" in desk.run("alerts", "show", "quiet")
    desk.run("destinations", "add", "more", "--kind", "console")
    desk.run("alerts", "edit", "quiet", "--to", "more")
    desk.run("destinations", "rm", "more", "--force")
    assert "Its destination more is gone" in desk.run("alerts", "show", "quiet")
    assert "more (gone)" in desk.run("alerts")


def test_an_alert_is_removed(desk):
    hotels(desk)
    assert desk.run("alerts", "rm", "hotels") == "Removed Hotels.\n"
    assert desk.json("alerts") == []


def test_a_removed_alert_says_what_it_did_not_tell(desk):
    hotels(desk, "--schedule", "hourly")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    assert desk.run("alerts", "rm", "hotels") == "Removed Hotels. 1 match that waited will not be told.\n"


def test_alerts_travel_as_toml(desk):
    hotels(desk, "--schedule", "daily at 07:30")
    text = desk.run("alerts", "export")
    assert "CANARY" not in text
    assert "already" in desk.run("alerts", "import", "-", input=text, code=2)
    assert desk.run("alerts", "import", "-", "--replace", input=text).endswith("1 alert imported.\n")
    assert desk.run("alerts", "export", "--output", str(desk.root / "out.toml")) == f"Wrote {desk.root / 'out.toml'}.\n"
    assert (desk.root / "out.toml").read_text("utf-8") == text
    desk.run("alerts", "rm", "hotels")
    desk.run("alerts", "import", str(desk.root / "out.toml"))
    assert desk.run("alerts", "export") == text


def test_a_private_feed_has_addresses_that_can_be_renewed_and_closed(desk):
    hotels(desk)
    first = desk.json("alerts", "feed", "hotels")
    assert first["atom"].startswith("https://desk.example/alerts/")
    assert first["rss"].removesuffix(".rss") == first["json"].removesuffix(".json")
    said = desk.run("alerts", "feed", "hotels", "--renew")
    assert first["atom"] not in said
    assert "Whoever has one of these addresses can read it" in said
    token = first["atom"].split("/")[-1].removesuffix(".atom")
    assert token not in desk.run("alerts", "show", "hotels", "--json") + desk.run("alerts", "export")
    assert "closed" in desk.run("alerts", "feed", "hotels", "--close")
    assert desk.json("alerts", "feed", "hotels")["rss"] is None


# Preview, why, history


def test_a_preview_draws_days_and_shows_the_newest_with_reasons(desk):
    for number in range(3):
        desk.article(
            f"{number}.md", f"---\ndate: 2026-11-2{number}T10:00:00Z\n---\n# Asylum case {number}\n\nText {number}."
        )
    said = desk.run("alerts", "preview", "asylum", "--days", "5", "--newest", "1")
    lines = said.splitlines()
    assert lines[0] == "articles that mention any form of asylum"
    assert sum("█" in line for line in lines) == 3
    assert "3 hits in 5 days" in said
    assert said.count("Asylum case") == 1
    assert "Asylum case 2" in said
    found = desk.json("alerts", "preview", "asylum", "--days", "5")
    assert [len(found["days"]), found["hits"], len(found["newest"])] == [5, 3, 3]


def test_days_begin_at_the_newsrooms_midnight(desk):
    desk.write(CONFIG.replace("Europe/London", "Asia/Tokyo"))
    desk.article("a.md", "---\ndate: 2026-11-22T16:00:00Z\n---\n# Asylum case\n\nText.")
    days = desk.json("alerts", "preview", "asylum")["days"]
    assert [day["day"] for day in days if day["hits"]] == ["2026-11-23"]


def test_a_preview_of_a_misspelt_query_names_the_word(desk):
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    assert "In no article of the archive: asylm." in desk.run("alerts", "preview", "asylm")


def test_a_saved_alert_is_previewed_as_it_is(desk):
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    hotels(desk)
    assert desk.json("alerts", "preview", "--alert", "hotels")["hits"] == 1


def test_why_tells_the_clause_that_failed_and_every_attempt(desk):
    hotels(desk)
    desk.run("alerts", "add", "Boats", "asylum NEAR/3 boat", "--to", "hook")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    id_ = desk.json("search", "asylum")[0]["id"]
    desk.run("alerts", "edit", "hotels", "--to", "hook")
    desk.run("once")
    said = desk.run("alerts", "why", "hotels", id_)
    assert "It fired at 2026-11-23 09:00 GMT, on Asylum, hotels." in said
    assert re.search(r"to log: delivered 2026-11-23 09:00 GMT  msg_\w+\n +2026.* delivered: .* ms\)", said)
    missed = desk.run("alerts", "why", "boats", id_[9:17])
    assert "It did not fire." in missed
    assert "‘boat’ is not in it (wanted within 3 words of ‘asylum’)." in missed
    record = desk.json("alerts", "why", "hotels", id_)
    assert [each["verdict"] for each in record["deliveries"][0]["tries"]] == ["delivered"]


def test_why_says_until_when_it_waits(desk):
    hotels(desk, "--schedule", "hourly")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    id_ = desk.json("search", "asylum")[0]["id"]
    assert "It waits to be told until 2026-11-23 10:00 GMT." in desk.run("alerts", "why", "hotels", id_)
    desk.run("alerts", "edit", "hotels", "--disable")
    assert "the alert is off" in desk.run("alerts", "why", "hotels", id_)
    assert "waits for the alert to be switched on" in desk.run("alerts", "history", "hotels")


def test_why_tells_of_a_kill_without_what_was_withdrawn(desk):
    hotels(desk)
    desk.article("a.txt", "Asylum hotels of Mr Smith to close\n\nAll of them.")
    id_ = desk.json("search", "asylum")[0]["id"]
    desk.run("once")
    desk.run("article", "kill", id_, "--note", "Wrong.", now="2026-11-23T10:00:00Z")
    said = desk.run("alerts", "why", "hotels", id_) + desk.run("alerts", "history", "hotels")
    assert "Mr Smith" not in said
    assert "hotels" not in said
    assert "It fired at 2026-11-23 09:00 GMT, on words of the withdrawn text." in said
    assert "   on words of the withdrawn text" in said.splitlines()
    for records in (desk.json("alerts", "why", "hotels", id_), desk.json("alerts", "history", "hotels")[0]):
        assert records["reasons"] == []
        assert "hotels" not in json.dumps(records)
    assert "The article was withdrawn." in said
    assert "kill to log: pending" in said


def test_an_alert_that_was_off_and_left_config_says_what_it_dropped_when_it_is_back(desk):
    configured = CONFIGURED.replace("hub", "hotel") + 'schedule = "hourly"\n'
    desk.write(CONFIG + configured)
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    id_ = desk.json("search", "asylum")[0]["id"]
    for config in (CONFIG + configured + "enabled = false\n", CONFIG, CONFIG + configured):
        desk.write(config)
        desk.run("once")
    why = desk.run("alerts", "why", "hubs", id_)
    assert "It said nothing: the alert was removed before anybody had been told." in why
    assert "silent: the alert was removed before it told" in desk.run("alerts", "history", "hubs")


@pytest.mark.parametrize("silence", Silent)
def test_every_silence_has_its_words(silence):
    assert SILENCES[silence]
    assert alerting.BRIEFLY[silence]


def test_why_shows_the_version_that_matched(desk):
    hotels(desk)
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    id_ = desk.json("search", "asylum")[0]["id"]
    desk.run("article", "correct", id_, "--title", "Rain on Tuesday", "--note", "n")
    assert "   Asylum hotels to close" in desk.run("alerts", "why", "hotels", id_).splitlines()


def test_a_history_says_who_was_told(desk):
    hotels(desk)
    assert desk.run("alerts", "history", "hotels") == "Hotels has not fired yet.\n"
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    desk.run("once")
    said = desk.run("alerts", "history", "hotels")
    assert "on Asylum, hotels" in said
    assert "log: delivered" in said


# What waits


@pytest.mark.parametrize("command", ["ingest", "correct", "kill"])
def test_whoever_works_without_the_service_hears_that_messages_wait(desk, command):
    hotels(desk)
    said = desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    assert "1 message waits: `syndicator once` sends what is due." in said
    if command != "ingest":
        desk.run("once")
        id_ = desk.json("search", "asylum")[0]["id"]
        said = desk.run("article", command, id_, "--note", "n")
        assert "1 message waits" in said
    desk.run("once")
    assert "wait" not in desk.article("b.txt", "Rain on Tuesday\n\nA lot.")


# Destinations and deliveries


def test_destinations_are_listed_with_how_they_do(desk):
    hotels(desk, "--to", "hook")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    desk.run("once")
    said = desk.run("destinations")
    assert re.search(
        r"hook +webhook +http://127\.0\.0\.1:9/… +1 +0 +0 +failing, first 0 s ago, next try in \d+ s", said
    )
    log = next(each for each in desk.json("destinations") if each["name"] == "log")
    assert (log["owner"], log["where"], log["waiting"]) == ("Anna", str(desk.root / "alerts.jsonl"), 0)
    record = next(each for each in desk.json("destinations") if each["name"] == "hook")
    assert record["alerts"] == ["Hotels"]
    assert "refused" in record["trouble"]


def test_a_test_is_really_sent_and_its_answer_shown(desk):
    with Receiver() as receiver:
        desk.run(
            "destinations", "add", "mine", "--kind", "webhook", "--url", "-", "--secret", "-",
            input=f"{receiver.url('/hook')}\n{SECRET}\n",
        )  # fmt: skip
        said = desk.run("destinations", "test", "mine")
        (request,) = receiver.requests
    assert said.startswith("mine: taken: ")
    assert request.json["type"] == "test"
    assert "not taken: " in desk.run("destinations", "test", "mine", code=1)
    assert desk.json("destinations", "test", "mine", code=1)["taken"] is False


def test_a_new_secret_is_shown_once(desk):
    line = ("destinations", "add", "mine", "--kind", "webhook", "--url", "https://h.example/x", "--new-secret")
    said = desk.run(*line)
    (secret,) = re.findall(r"whsec_\S+", said)
    assert secret not in desk.run("destinations") + desk.run("destinations", "list", "--json")
    assert "already" in desk.run(*line, code=2)


def test_two_destinations_of_one_name_are_mended_by_removing_one(desk):
    desk.run("destinations", "add", "mine", "--kind", "console")
    desk.write(CONFIG + '[destinations.mine]\nkind = "file"\npath = "mine.jsonl"\n')
    assert "syndicator destinations rm mine" in desk.run("destinations", code=2)
    assert desk.run("destinations", "rm", "mine") == "Removed mine.\n"
    assert re.search(r"mine +file", desk.run("destinations"))


def test_dead_deliveries_are_listed_shown_and_replayed(desk):
    with Receiver() as receiver:
        receiver.answer("/hook", Reply(410))
        desk.run("destinations", "add", "mine", "--kind", "webhook", "--url", receiver.url("/hook"), "--secret", SECRET)
        desk.run("alerts", "add", "Hotels", "asylum", "--to", "mine")
        desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
        desk.run("once")
        listed = desk.run("deliveries", "list", "--state", "dead", "--destination", "mine", "--alert", "hotels")
        assert "Hotels to mine" in listed
        (dead,) = desk.json("deliveries", "list", "--state", "dead")
        assert "gone 410" in desk.run("deliveries", "show", dead["id"][4:12])
        assert "off, 0 s ago" in desk.run("destinations")
        assert desk.run("deliveries", "replay", "--all", code=1) == (
            "0 deliveries queued again.\n"
            "1 delivery left, to mine, which is switched off: syndicator destinations on mine\n"
        )
        assert "1 dead delivery can be replayed" in desk.run("destinations", "on", "mine")
        assert desk.run("deliveries", "replay", dead["id"]).startswith("1 delivery queued again.\n1 message waits")
        receiver.answer("/hook", Reply(200))
        desk.run("once")
        assert [request.id for request in receiver.requests] == [dead["id"]] * 2
    assert "is delivered: only what is dead" in desk.run("deliveries", "replay", dead["id"], code=2)


# Mistakes


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    """A newsroom with one alert, which no mistake changes."""
    desk = Newsroom(tmp_path_factory.mktemp("settled"))
    hotels(desk)
    return desk


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["alerts", "show", "nosuch"], "No alert is called 'nosuch'"),
        (["alerts", "add", "A", "asylum ("], "query"),
        (["alerts", "add", "A", "asylum", "--to", "lgo"], "did you mean 'log'?"),
        (["alerts", "add", "A", "asylum", "--schedule", "dayly"], "write immediate, hourly"),
        (["alerts", "edit", "hotels"], "Nothing to change"),
        (["alerts", "edit", "hotels", "--clear", "name"], "--clear takes"),
        (["alerts", "edit", "hotels", "--owner", "A", "--clear", "owner"], "can't both be meant"),
        (["alerts", "edit", "hotels", "--enable", "--disable"], "opposites"),
        (["alerts", "mute", "hotels"], "Say until when"),
        (["alerts", "mute", "hotels", "--for", "2x"], "--for is not a duration"),
        (["alerts", "mute", "hotels", "--until", "2020-01-01"], "That time is over"),
        (["alerts", "preview"], "Give a query"),
        (["alerts", "preview", "x", "--alert", "hotels"], "Give a query"),
        (["alerts", "preview", "--alert", "hotels", "--topic", "asylum"], "A saved alert has its own"),
        (["alerts", "why", "hotels", "0123456789"], "No article '0123456789'"),
        (["alerts", "feed", "hotels", "--renew", "--close"], "one of --renew and --close"),
        (["alerts", "import", "nosuch.toml"], "No such file"),
        (["destinations", "add", "Big Name", "--kind", "console"], "is not a destination name"),
        (["destinations", "add", "x", "--kind", "webhook", "--url", "https://x.example"], "secret is missing"),
        (["destinations", "add", "x", "--kind", "webhook", "--secret", "-", "--url", "-"], "nothing on standard input"),
        (["destinations", "test", "nosuch"], "No destination is called 'nosuch'"),
        (["destinations", "rm", "log"], "stands in"),
        (["deliveries", "show", "12345678"], "No delivery '12345678'"),
        (["deliveries", "list", "--destination", "hok"], "did you mean 'hook'?"),
        (["deliveries", "replay"], "Say which"),
        (["deliveries", "replay", "12345678", "--all"], "Say which"),
        (["alerts", "--json", "list"], "Options go behind the command: syndicator alerts list"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_told_and_changes_nothing(settled, line, said):
    desk = settled
    if "--json" in line:
        done = CliRunner().invoke(app, [*line, "--config", str(desk.root / "config.toml")])
        assert said in str(done.exception)
        return
    assert said in desk.run(*line, code=2, input="")
    kept = [json.loads(desk.run(group, "list", "--json")) for group in ("alerts", "destinations")]
    assert ([each["name"] for each in kept[0]], len(kept[1])) == (["Hotels"], 4)
    assert kept[0][0]["owner"] == ""


# Secrets


LINES = [
    ["alerts"], ["alerts", "list"], ["alerts", "show", "hotels"], ["alerts", "export"],
    ["alerts", "preview", "--alert", "hotels"], ["alerts", "why", "hotels", "ARTICLE"], ["alerts", "history", "hotels"],
    ["alerts", "mute", "hotels", "--for", "1h"], ["alerts", "edit", "hotels", "--owner", "Anna"],
    ["destinations"], ["destinations", "list"], ["destinations", "test", "hook"], ["destinations", "test", "chat"],
    ["destinations", "test", "mail"], ["destinations", "test", "mine"], ["destinations", "on", "hook"],
    ["destinations", "edit", "mine", "--owner", "Anna"], ["destinations", "edit", "mine", "--url", "CANARYPATH"],
    ["destinations", "edit", "mine", "--secret", "CANARYTOKEN"], ["destinations", "edit", "mine", "--secret", PREVIOUS],
    ["destinations", "edit", "mine", "--secret", PREVIOUS], ["destinations", "edit", "mine", "--drop-previous"],
    ["destinations", "edit", "mine", "--url", "http://127.0.0.1:9/CANARYTOKEN"], ["destinations", "edit", "hook", "--to", "-"],
    ["destinations", "rm", "mine"], ["destinations", "add", "mine", "--kind", "console"],
    ["destinations", "add", "bad", "--kind", "webhook", "--url", "CANARYPATH", "--secret", "CANARYTOKEN"],
    ["destinations", "add", "bad", "--kind", "apprise", "--url", "nosuch:/CANARYTOKEN"],
    ["deliveries"], ["deliveries", "list"], ["deliveries", "show", "DELIVERY"], ["deliveries", "replay", "--all"],
    ["once", "--verbose"], ["check"],
]  # fmt: skip
NO_JSON = {("alerts", "export"), ("destinations", "rm")}


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A newsroom with secrets in every place, and something that could not be delivered to each of them."""
    desk = Newsroom(tmp_path_factory.mktemp("busy"))
    desk.run(
        "destinations", "add", "mine", "--kind", "webhook", "--url", "-", "--secret", "-",
        input=f"http://127.0.0.1:9/CANARYPATH?key=CANARYQUERY\n{SECRET}\n",
    )  # fmt: skip
    hotels(desk, "--to", "hook", "--to", "mail", "--to", "mine")
    desk.article("a.txt", "Asylum hotels to close\n\nAll of them.")
    desk.run("once")
    desk.known = {
        "ARTICLE": desk.json("search", "asylum")[0]["id"],
        "DELIVERY": desk.json("deliveries", "list", "--destination", "hook")[0]["id"],
    }
    return desk


@pytest.mark.parametrize("as_json", [False, True], ids=["lines", "json"])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_no_command_shows_a_secret(busy, line, as_json, caplog):
    if as_json and tuple(line[:2]) in NO_JSON:
        pytest.skip("it prints no JSON")
    caplog.set_level(logging.DEBUG)
    words = [busy.known.get(word, word) for word in line]
    arguments = [*words, *(["--json"] if as_json else []), "--config", str(busy.root / "config.toml")]
    done = CliRunner().invoke(app, arguments)
    said = done.output + str(done.exception) + caplog.text
    assert [canary for canary in CANARIES if canary in said] == []
    assert done.exit_code in {0, 1, 2}


# What comes from outside


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\ufffd[31mb"),
        ("a\nb\tc\r\u2028d", "a b c  d"),
        ("a\u202eb", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("Überprüfung\u00a0— ا\u200cب", "Überprüfung\u00a0— ا\u200cب"),
    ],
    ids=["escape", "breaks", "reversed", "surrogate", "letters"],
)
def test_what_comes_from_outside_stays_harmless_on_its_line(text, shown):
    assert printable(text) == shown
    assert len(printable(text)) == len(text)


def test_answers_of_the_other_side_cannot_write_to_the_terminal(desk):
    with Receiver() as receiver:
        receiver.answer("/hook", Reply(400, b"\x1b]0;owned\x07\nDelivered."))
        desk.run("destinations", "add", "mine", "--kind", "webhook", "--url", receiver.url("/hook"), "--secret", SECRET)
        said = desk.run("destinations", "test", "mine", code=1)
    assert "\x1b" not in said
    assert "\x07" not in said
    assert len(said.splitlines()) == 1
