"""Alerts, destinations, the mail server and maintenance in config.toml, and the same by themselves as dicts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from syndicator.alerts.alert import Alert, Timing
from syndicator.alerts.quiet import parse_quiet_hours
from syndicator.alerts.schedule import parse_schedule
from syndicator.config import DestinationKind, Security, Settings, load, read_alert, read_destination
from syndicator.config.endpoints import apprise_url, mail_address, sender, webhook_secret
from syndicator.config.values import duration, duration_text, moment, moment_text
from syndicator.delivery.mailbox import Mailbox
from syndicator.errors import ConfigError, NotFoundError, UsageError

HEAD = """\
[site]
title = "The Example"
url = "https://news.example.net/"
contact = "desk@news.example.net"
zone = "Europe/London"
[[sources]]
name = "Wire"
kind = "feed"
url = "https://wire.example.net/rss"
[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"
[topics.asylum]
title = "Asylum"
query = "asylum OR refugee"
[maintenance]
destinations = ["console"]
[destinations.console]
kind = "console"
"""
LINES = HEAD.count("\n")
SMTP = '[smtp]\nhost = "mail.example.net"\nsender = "alerts@example.net"\n'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
HOOK = f'[destinations.hook]\nkind = "webhook"\nurl = "https://hooks.example.net/in?key=t0ken"\nsecret = "{SECRET}"\n'
ALERT = '[[alerts]]\nname = "Hubs"\nquery = "hub"\ndestinations = ["console"]\n'


def read(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ)


def problems(folder: Path, text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environ)
    return caught.value.problems


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory):
    return read(tmp_path_factory.mktemp("newsroom"), HEAD)


# What is accepted


def test_an_alert_gets_every_default_and_the_sites_zone(tmp_path):
    (alert,) = read(tmp_path, HEAD + ALERT).alerts
    assert alert.as_alert("a1", from_config=True, feed_token=None) == Alert(
        id="a1",
        name="Hubs",
        query="hub",
        destinations=("console",),
        timing=Timing(zone=ZoneInfo("Europe/London")),
        from_config=True,
    )


def test_an_alert_with_every_key_becomes_its_working_record(tmp_path):
    text = """
[[alerts]]
name = " Hubs "
query = "hub topic:asylum"
owner = "Anna"
topics = ["asylum"]
sources = ["WIRE", "inbox"]
destinations = ["console", "hook"]
schedule = "Weekly on Monday 8:00"
zone = "europe/belgrade"
quiet_hours = "22:00 – 7:00"
cooldown = "10m"
mute_until = 2026-12-01T08:00:00
group_stories = false
enabled = false
"""
    (alert,) = read(tmp_path, HEAD + HOOK + text).alerts
    assert alert.as_alert("a1", from_config=False, feed_token="t") == Alert(
        id="a1",
        name="Hubs",
        query="hub topic:asylum",
        owner="Anna",
        topics=("asylum",),
        sources=("Wire", "Inbox"),
        destinations=("console", "hook"),
        timing=Timing(
            schedule=parse_schedule("weekly mon 08:00"),
            zone=ZoneInfo("Europe/Belgrade"),
            quiet=parse_quiet_hours("22:00-07:00"),
            cooldown=timedelta(minutes=10),
            muted_until=datetime(2026, 12, 1, 7, tzinfo=UTC),
        ),
        grouped=False,
        enabled=False,
        feed_token="t",
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-01T08:00:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01T08:00:00+02:00", datetime(2026, 12, 1, 6, tzinfo=UTC)),
        ("2026-06-01T08:00:00", datetime(2026, 6, 1, 7, tzinfo=UTC)),
        ('"2026-12-01t08:00:00.25z"', datetime(2026, 12, 1, 8, 0, 0, 250_000, tzinfo=UTC)),
        ('"2026-06-01T08:00"', datetime(2026, 6, 1, 7, tzinfo=UTC)),
    ],
    ids=["toml", "toml-offset", "toml-local", "text", "text-local"],
)
def test_the_end_of_a_mute(tmp_path, written, meant):
    (alert,) = read(tmp_path, HEAD + ALERT + f"mute_until = {written}").alerts
    assert alert.mute_until == meant


def test_destinations_of_every_kind(tmp_path):
    text = (
        HEAD
        + SMTP
        + HOOK
        + f'previous_secret = "{OLD_SECRET}"\ntimeout = "60s"\nowner = "Anna"\n'
        + '[destinations.mail]\nkind = "email"\nto = "desk@example.net"\n'
        + '[destinations.chat]\nkind = "apprise"\nurl = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#news"\n'
        + '[destinations.lines]\nkind = "file"\npath = "out/alerts.jsonl"\n'
    )
    found = read(tmp_path, text)
    assert [each.kind for each in found.destinations] == [
        DestinationKind.CONSOLE,
        DestinationKind.WEBHOOK,
        DestinationKind.EMAIL,
        DestinationKind.APPRISE,
        DestinationKind.FILE,
    ]
    hook = found.destination("hook")
    assert (hook.secret, hook.previous_secret, hook.timeout) == (SECRET, OLD_SECRET, timedelta(seconds=60))
    assert found.destination("mail").to == "desk@example.net"
    assert found.destination("lines").path == tmp_path / "out/alerts.jsonl"
    assert found.warnings == ()
    with pytest.raises(NotFoundError, match="did you mean 'hook'"):
        found.destination("hooks")


@pytest.mark.parametrize(
    ("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)], ids=["starttls", "tls", "none"]
)
def test_the_port_of_the_mail_server_goes_with_its_security(tmp_path, security, port):
    smtp = read(tmp_path, HEAD + SMTP + f'security = "{security}"').smtp
    assert (smtp.port, smtp.security) == (port, Security(security))
    assert (smtp.username, smtp.password, smtp.timeout) == (None, None, timedelta(seconds=30))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]"])
def test_a_password_may_go_unencrypted_to_this_machine(tmp_path, host):
    text = SMTP.replace("mail.example.net", host) + 'security = "none"\nport = 2525\nusername = "u"\npassword = " p w"'
    smtp = read(tmp_path, HEAD + text).smtp
    assert (smtp.password, smtp.port) == (" p w", 2525)


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("alerts@example.net", "", "alerts@example.net"),
        ("<alerts@example.net>", "", "alerts@example.net"),
        ("Vijesti iz  Šapca <alerts@example.net>", "Vijesti iz Šapca", "alerts@example.net"),
        ("'\"Desk, Night\" <alerts@example.net>'", "Desk, Night", "alerts@example.net"),
    ],
    ids=["bare", "brackets", "named", "quoted"],
)
def test_the_sender_may_have_a_name(tmp_path, written, name, address):
    quoted = written if written.startswith("'") else f'"{written}"'
    smtp = read(tmp_path, HEAD + SMTP.replace('"alerts@example.net"', quoted)).smtp
    assert Mailbox.parse(smtp.sender) == Mailbox(address, name)


# What is refused


def destination(text):
    return f"{HEAD}[destinations.x]\n{text}"


REFUSED = [
    # (what is written behind HEAD, the line below HEAD, the key that is named, words that have to be in the sentence)
    (ALERT.replace('"hub"', '"hub OR"'), 3, "alerts[0].query", "can't be used"),
    (ALERT.replace('"hub"', '"topic:asylm"'), 3, "alerts[0].query", "asylum"),
    (ALERT.replace('"hub"', "5"), 3, "alerts[0].query", "write it in quotes"),
    (ALERT.replace('name = "Hubs"\n', ""), 1, "alerts[0].name", "is missing"),
    (ALERT.replace("Hubs", "H" * 101), 2, "alerts[0].name", "at most 100 characters"),
    (ALERT.replace("Hubs", "a\\u001bb"), 2, "alerts[0].name", "control characters"),
    (ALERT + ALERT.replace("Hubs", "HUBS "), 6, "alerts[1].name", "is the name of alerts[0] too"),
    (ALERT.replace('"console"', '"consol"'), 4, "alerts[0].destinations[0]", "no destination: did you mean 'console'?"),
    (ALERT.replace('"console"', '"xyz"'), 4, "alerts[0].destinations[0]", "no destination: known are 'console'"),
    (ALERT.replace('"console"', '"console", "console"'), 4, "alerts[0].destinations", "names 'console' twice"),
    (ALERT.replace('["console"]', '"console"'), 4, "alerts[0].destinations", "is not a list"),
    (ALERT + 'topics = ["asylm"]', 5, "alerts[0].topics[0]", "no topic: did you mean 'asylum'?"),
    (ALERT + 'topics = ["all"]', 5, "alerts[0].topics[0]", "is the name of no topic"),
    (ALERT + 'sources = ["Wire", "Wyre"]', 5, "alerts[0].sources[1]", "no source: did you mean 'Wire'?"),
    (ALERT + 'schedule = "daily"', 5, "alerts[0].schedule", "daily needs a time"),
    (ALERT + "schedule = 5", 5, "alerts[0].schedule", 'write it in quotes, as "daily at 07:30" (it says 5)'),
    (ALERT + 'zone = "Europe/Londn"', 5, "alerts[0].zone", "Europe/London"),
    (ALERT + "zone = 1", 5, "alerts[0].zone", "write it in quotes"),
    (ALERT + 'quiet_hours = "22:00"', 5, "alerts[0].quiet_hours", "22:00-07:00"),
    (ALERT + "quiet_hours = 22", 5, "alerts[0].quiet_hours", "write it in quotes"),
    (ALERT + 'cooldown = "8d"', 5, "alerts[0].cooldown", "at most 7 days"),
    (ALERT + "cooldown = 0", 5, "alerts[0].cooldown", "at least one second"),
    (ALERT + "mute_until = 2026-12-01", 5, "alerts[0].mute_until", "is not a point in time"),
    (ALERT + 'mute_until = "tomorrow"', 5, "alerts[0].mute_until", "is not a point in time"),
    (ALERT + 'mute_until = "2026-02-30T08:00:00Z"', 5, "alerts[0].mute_until", "no calendar has"),
    (ALERT + "mute_until = 0001-01-01T00:00:00+14:00", 5, "alerts[0].mute_until", "too early or too late"),
    (ALERT + 'shedule = "hourly"', 5, "alerts[0].shedule", "did you mean `schedule`?"),
    (ALERT + 'enabled = "perhaps"', 5, "alerts[0].enabled", "neither true nor false"),
    ("[alerts]\nname = 'x'", 1, "alerts", "[[alerts]]"),
    ("[destinations.Desk]\nkind = 'console'", 1, "destinations.Desk.name", "is not a destination name"),
    ("[destinations.a]\nname = 'a'\nkind = 'console'", 2, "destinations.a.name", "stands in its header"),
    ("[destinations.a]\nkind = 'emial'", 2, "destinations.a.kind", "did you mean email?"),
    ("[destinations.a]\nkind = 'email'", 1, "destinations.a.to", 'is missing: kind = "email" needs the mail address'),
    ("[destinations.a]\nkind = 'webhook'", 1, "destinations.a.url", "needs the address to post to"),
    ("[destinations.a]\nkind = 'webhook'", 1, "destinations.a.secret", "needs the secret to sign with"),
    ("[destinations.a]\nkind = 'apprise'", 1, "destinations.a.url", "needs the Apprise URL"),
    ("[destinations.a]\nkind = 'file'", 1, "destinations.a.path", "needs the file"),
    ("[destinations.a]\nkind = 'console'\nto = 'a@b.net'", 3, "destinations.a.to", 'it belongs to kind = "email"'),
    ("[destinations.a]\nkind = 'console'\nurl = 'https://b.net'", 3, "destinations.a.url", '"apprise" or "webhook"'),
    (HOOK + "path = 'x'", 5, "destinations.hook.path", 'does not go with kind = "webhook"'),
    (HOOK + "timeout = '61s'", 5, "destinations.hook.timeout", "at most 1 minute"),
    (HOOK + f"previous_secret = '{SECRET}'", 5, "destinations.hook.previous_secret", "is the same as secret"),
    ("[destinations.a]\nkind = 'console'\ntimeout = 5", 3, "destinations.a.timeout", 'does not go with kind = "console"'),
    ("[destinations.a]\nkind = 'email'\nto = 'a@b.net'", 2, "destinations.a.kind", "name yours in a section [smtp]"),
    (SMTP + "[destinations.a]\nkind = 'email'\nto = 'a@b.net, c@d.net'", 6, "destinations.a.to", "not one mail address"),
    ("[destinations.a]\nkind = 'file'\npath = 'feeds/x'", 3, "destinations.a.path", "lies in the feeds folder"),
    ("[destinations.a]\nkind = 'file'\npath = 'inbox/x'", 3, "destinations.a.path", "the source 'Inbox'"),
    ("[destinations.a]\nkind = 'file'\npath = 'config.toml'", 3, "destinations.a.path", "is this config file"),
    ("[destinations.a]\nkind = 'file'\npath = 'syndicator.db-wal'", 3, "destinations.a.path", "is the database"),
    (SMTP.replace("mail.", "smtp://mail."), 2, "smtp.host", "without smtp://"),
    (SMTP.replace("mail.example.net", "mail.example.net:25"), 2, "smtp.host", "without a port"),
    (SMTP + "port = 0", 4, "smtp.port", "at least 1"),
    (SMTP + "security = 'ssl'", 4, "smtp.security", 'none of "starttls", "tls" or "none"'),
    (SMTP + "username = 'u'", 1, "smtp.password", "is missing: username is given"),
    (SMTP + "password = 'p'", 4, "smtp.password", "without a username"),
    (SMTP + "security = 'none'\nusername = 'u'\npassword = 'p'", 6, "smtp.password", "unencrypted"),
    (SMTP + "username = 'u'\npassword = 'a\\nb'".replace("'a\\nb'", '"a\\nb"'), 5, "smtp.password", "line breaks"),
    (SMTP.replace("alerts@", "alerts\\n@"), 3, "smtp.sender", "on one line"),
    (SMTP.replace('"alerts@example.net"', "'A <a@b.net> <c@d.net>'"), 3, "smtp.sender", "is not a sender"),
    (SMTP.replace('sender = "alerts@example.net"', ""), 1, "smtp.sender", "is missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "key", "words"), REFUSED, ids=[f"{row[2]}-{number}" for number, row in enumerate(REFUSED)]
)
def test_mistakes_are_named_with_line_key_and_remedy(tmp_path, text, line, key, words):
    said = problems(tmp_path, HEAD + text)
    assert len([one for one in said if one.startswith(f"line {LINES + line}: {key} ") and words in one]) == 1, said


def test_maintenance_knows_its_destinations(tmp_path):
    (problem,) = problems(tmp_path, HEAD.replace('["console"]', '["konsole"]'))
    assert "maintenance.destinations[0] is the name of no destination: did you mean 'console'?" in problem


def test_sizes_of_disks_go_beyond_those_of_documents(tmp_path):
    text = HEAD.replace("[maintenance]\n", '[maintenance]\nfailing_after = "2h"\ndisk_free = "20GB"\n')
    found = read(tmp_path, text).maintenance
    assert (found.failing_after, found.disk_free) == (timedelta(hours=2), 20 * 10**9)


def test_a_name_counts_as_known_where_its_own_table_has_a_mistake(tmp_path):
    text = HEAD.replace('"asylum OR refugee"', '"asylum OR"').replace('kind = "console"', 'kind = "cons"')
    said = problems(tmp_path, text + ALERT + 'topics = ["asylum"]\n')
    assert [problem.split(": ")[1].split()[0] for problem in said] == [
        "topics.asylum.query",
        "destinations.console.kind",
    ]


@pytest.mark.parametrize(
    "address",
    ["", "desk", "desk@localhost", "@example.net", "a b@example.net", ".a@example.net", "a..b@example.net", "a@-x.net",
     "a@example..net", "Anna <a@example.net>", "a@example.net,b@example.net", "ä@example.net", "a@müller.net",
     f"{'a' * 65}@example.net", f"a@{'x.' * 130}net", "a@example.net\r\nBcc: b@c.net"],
)  # fmt: skip
def test_what_is_not_one_mail_address(address):
    with pytest.raises(ValueError, match=r"mail address|ASCII"):
        mail_address(address)


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64!", "whsec_AAAA", f"whsec_{'A' * 92}",
     "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"],
)  # fmt: skip
def test_what_is_not_a_signing_secret(text):
    with pytest.raises(ValueError, match="openssl rand -base64 32") as caught:
        webhook_secret(text)
    assert not text or text == "whsec_" or text not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ntfy", "is not an Apprise URL"),
        ("://x", "is not an Apprise URL"),
        ("slack://", "is not an Apprise URL"),
        ("https://hooks.example.net/x", 'kind = "webhook", or json://'),
        ("HTTP://hooks.example.net/x", 'kind = "webhook"'),
        ("Slack://a/b/c", "capitals"),
        ("slack://a/b/c, ntfy://x", "one URL a destination"),
        ("slack://a/b/c\tx", "no line breaks"),
        ("slack://" + "a" * 8000, "at most 8000"),
        *((f"{scheme}://x", "acts on the machine") for scheme in
          ("file", "dbus", "glib", "qt", "kde", "gnome", "macosx", "windows", "syslog", "gio", "blink1")),
    ],
)  # fmt: skip
def test_what_is_not_an_apprise_url(url, words):
    with pytest.raises(ValueError) as caught:
        apprise_url(url)
    assert words in str(caught.value)
    assert url.partition("://")[2] in {"", "x"} or url not in str(caught.value)


@settings(max_examples=50)
@given(st.emails())
def test_addresses_that_config_takes_the_channel_takes(address):
    try:
        taken = mail_address(address)
    except ValueError:
        return
    assert Mailbox.parse(taken).address.lower() == address.lower()
    assert Mailbox.parse(sender(f"The Desk <{address}>")).name == "The Desk"


# Secrets


def test_secrets_are_in_no_repr(tmp_path):
    text = HEAD + SMTP + 'username = "u"\npassword = "passw0rd"\n' + HOOK + f'previous_secret = "{OLD_SECRET}"\n'
    text += '[destinations.chat]\nkind = "apprise"\nurl = "slack://t0kenA/t0kenB/t0kenC"\n'
    found = read(tmp_path, text)
    for shown in (repr(found), str(found), f"{found.destinations}", repr(found.smtp), str(found.destination("hook"))):
        assert "(secret)" in shown
        for secret in ("passw0rd", SECRET, OLD_SECRET, "t0ken"):
            assert secret not in shown
    assert "hook" in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        SMTP + 'username = "u"\npassword = "pässw0rd\\n"',
        SMTP + 'password = "passw0rd"',
        SMTP + "password = ['passw0rd']",
        SMTP + 'pasword = "passw0rd"',
        'smtp = "smtp://u:passw0rd@mail.example.net"\n',
        "[destinations]\nhook = 'https://passw0rd@x'",
        HOOK.replace("https://hooks.example.net", "https://u:passw0rd@hooks.example.net"),
        HOOK.replace("https://hooks.example.net/in?key=", "passw0rd"),
        HOOK.replace(SECRET, "passw0rd"),
        HOOK + "previous_secret = 'passw0rd'",
        '[destinations.x]\nkind = "apprise"\nurl = "https://passw0rd"',
        '[destinations.x]\nkind = "apprise"\nurl = "file://passw0rd"',
        '[destinations.x]\nkind = "console"\nurl = "https://passw0rd"',
        '[destinations.x]\nkind = "console"\nsecret = "passw0rd"',
        "[destinations.x]\nkind = 'webhook'\nurl = 5\nsecret = 'passw0rd'",
    ],
    ids=range(15),
)
def test_secrets_are_in_no_report(tmp_path, text):
    text = (
        text + HEAD
        if text.startswith("smtp")
        else HEAD.replace('\n[destinations.console]\nkind = "console"', "").replace('destinations = ["console"]', "")
        + text
    )
    said = "\n".join(problems(tmp_path, text))
    assert said
    assert "ssw0rd" not in said


def test_a_bare_validation_error_does_not_quote_what_it_refused(tmp_path):
    found = read(tmp_path, HEAD + HOOK)
    with pytest.raises(ValidationError) as caught:
        type(found.destinations[0]).model_validate(
            {"name": "x", "kind": "webhook", "url": "s3cret", "secret": "s3cret"}
        )
    assert "s3cret" not in str(caught.value)


def test_a_schedule_from_the_environment_is_not_printed(tmp_path):
    said = problems(tmp_path, HEAD + ALERT + 'schedule = "env:WHEN"\nzone = "env:WHERE"', WHEN="s3cret", WHERE="s3cret")
    assert [problem.partition("alerts[0].")[2] for problem in said] == [
        "schedule can't be used (its value came from the environment)",
        "zone can't be used (its value came from the environment)",
    ]


# Warnings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + HOOK + HOOK.replace("hook]", "other]").replace("https://hooks", "HTTPS://Hooks"), "destinations.hook and destinations.other are the same place"),
        (HEAD + "[destinations.a]\nkind = 'file'\npath = 'x'\n[destinations.b]\nkind = 'file'\npath = 'y/../x'", "the same place"),
        (HEAD + ALERT.replace('["console"]', "[]"), "the alert 'Hubs' has no destinations"),
        (HEAD.replace('["console"]', "[]") + ALERT, "maintenance.destinations is empty"),
    ],
    ids=["webhooks", "files", "silent", "maintenance"],
)  # fmt: skip
def test_what_is_allowed_but_hardly_meant_is_a_warning(tmp_path, text, words):
    (warning,) = read(tmp_path, text).warnings
    assert words in warning
    assert "t0ken" not in warning


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace('["console"]', "[]"),
        HEAD + "[destinations.again]\nkind = 'console'\n",
        HEAD + ALERT.replace('["console"]', "[]") + "enabled = false",
        HEAD + HOOK + HOOK.replace("hook]", "other]").replace("key=", "key=2"),
    ],
    ids=["no-alerts", "two-consoles", "switched-off", "other-query"],
)
def test_what_is_plainly_meant_is_no_warning(tmp_path, text):
    assert read(tmp_path, text).warnings == ()


# One at a time


def test_a_single_alert_is_refused_with_every_mistake_in_the_same_words(newsroom):
    raw = {"name": "", "query": "(", "topics": ["asylm"], "destinations": ["desk"], "cooldwn": "5m"}
    with pytest.raises(UsageError) as caught:
        read_alert(raw, newsroom, ["console"])
    said = str(caught.value)
    assert said.startswith("name is empty: write some text between the quotes (it says '')\n")
    for words in (
        "\nquery can't be used: ",
        "\ntopics[0] is the name of no topic: did you mean 'asylum'? (it says 'asylm')\n",
        "\ndestinations[0] is the name of no destination: known are 'console' (it says 'desk')\n",
        "\ncooldwn is not a known key: did you mean `cooldown`?",
    ):
        assert words in said


def test_a_single_alert_may_use_the_destinations_it_is_given(newsroom):
    raw = {"name": "x", "query": "hub", "destinations": ["annas-mail"]}
    assert read_alert(raw, newsroom, ["annas-mail"]).destinations == ("annas-mail",)
    assert read_alert(raw, newsroom, None).destinations == ("annas-mail",)
    with pytest.raises(UsageError, match="there is none yet"):
        read_alert(raw, newsroom, [])


def test_nothing_of_the_environment_is_told_to_whoever_adds_an_alert(newsroom, monkeypatch):
    monkeypatch.setenv("HOOK", SECRET)
    raw = {"kind": "webhook", "url": "https://x.example.net", "secret": "env:HOOK"}
    with pytest.raises(UsageError, match="secret is not a signing secret"):
        read_destination("x", raw, newsroom)
    assert read_alert({"name": "x", "query": "x", "owner": "env:HOOK"}, newsroom, []).owner == "env:HOOK"


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("X", {"kind": "console"}, "name is not a destination name"),
        ("x", {"kind": "console", "name": "y"}, "name is not a known key"),
        ("x", {"kind": "email", "to": "a@b.net"}, 'kind is "email", which needs a mail server'),
        ("x", {"kind": "file", "path": "feeds/x"}, "path lies in the feeds folder"),
        ("x", {"kind": "file", "path": "config.toml"}, "path is this config file"),
        ("x", {}, "kind is missing"),
    ],
    ids=["name", "two-names", "no-server", "public", "config", "empty"],
)  # fmt: skip
def test_a_single_destination_is_refused_in_the_same_words(newsroom, name, raw, words):
    with pytest.raises(UsageError) as caught:
        read_destination(name, raw, newsroom)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "console"},
        {"kind": "file", "path": "out.jsonl", "owner": "Anna"},
        {"kind": "apprise", "url": "slack://a/b/c"},
        {"kind": "webhook", "url": "https://x.example.net/a", "secret": SECRET, "previous_secret": OLD_SECRET, "timeout": "20s"},
    ],
    ids=["console", "file", "apprise", "webhook"],
)  # fmt: skip
def test_a_destination_as_a_dict_reads_back_as_itself(newsroom, raw):
    once = read_destination("x", raw, newsroom)
    assert once.to_dict().keys() == raw.keys()
    assert read_destination("x", once.to_dict(), newsroom) == once


def test_an_alert_as_a_dict_has_only_what_was_written(newsroom):
    raw = {"name": "x", "query": "hub", "schedule": "Immediate", "group_stories": True, "owner": "", "cooldown": 600}
    assert read_alert(raw, newsroom, []).to_dict() == {"name": "x", "query": "hub", "cooldown": "10m"}


CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ALERTS = st.fixed_dictionaries(
    {
        "name": st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20),
        "query": st.sampled_from(["hub", '"return hubs" OR\n centre', "topic:asylum -football"]),
    },
    optional={
        "owner": st.sampled_from(["", "Anna", 'A "B" \\ C', "Ђорђе"]),
        "topics": st.sampled_from([[], ["asylum"]]),
        "sources": st.sampled_from([[], ["Wire"], ["inbox", "WIRE"]]),
        "destinations": st.sampled_from([[], ["console"], ["hook", "console"]]),
        "schedule": st.sampled_from(["immediate", "hourly"])
        | st.builds("daily at {}".format, CLOCK)
        | st.builds("weekly {} {}".format, st.sampled_from(["mon", "Wednesday", "sun"]), CLOCK),
        "zone": st.sampled_from(["Europe/London", "UTC", "asia/kolkata"]),
        "quiet_hours": st.tuples(CLOCK, CLOCK).filter(lambda pair: pair[0] != pair[1]).map("-".join),
        "cooldown": st.integers(1, 7 * 86_400) | st.sampled_from(["10m", "90s", "7d", "1w", "36 h"]),
        "mute_until": st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC) | st.none()),  # noqa: DTZ001
        "group_stories": st.booleans(),
        "enabled": st.booleans(),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(raw=ALERTS)
def test_an_alert_as_a_dict_reads_back_as_itself(newsroom, raw):
    destinations = ["console", "hook"]
    once = read_alert(raw, newsroom, destinations)
    written = once.to_dict()
    assert written.keys() <= raw.keys()
    again = read_alert(written, newsroom, destinations)
    assert again == once
    assert again.to_dict() == written
    assert again.as_alert("a", from_config=False, feed_token=None) == once.as_alert(
        "a", from_config=False, feed_token=None
    )


def test_an_exported_alert_is_one_that_config_takes(tmp_path, newsroom):
    raw = {"name": 'A "b"', "query": "a OR\nb", "schedule": "daily at 07:30", "mute_until": "2026-12-01T08:00:00Z"}
    raw |= {"destinations": ["console"], "zone": "Europe/Belgrade", "enabled": False, "cooldown": "36h"}
    alert = read_alert(raw, newsroom, ["console"])
    text = tomli_w.dumps({"alerts": [alert.to_dict()]}, multiline_strings=True)
    assert read(tmp_path, HEAD + text).alerts == (alert,)


@given(st.integers(1, 100 * 366 * 86_400))
def test_durations_read_back(seconds):
    assert duration(duration_text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_read_back(when):
    assert moment(moment_text(when), ZoneInfo("Europe/London")) == when
