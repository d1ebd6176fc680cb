"""config.toml: what is accepted, what is refused and in which words, and that its documentation tells the truth."""

import re
import tomllib
from datetime import timedelta
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from syndicator import __version__
from syndicator.config import (
    WELL_KNOWN,
    AlertSettings,
    Api,
    Claim,
    Desk,
    DestinationKind,
    DestinationSettings,
    Feeds,
    Log,
    Maintenance,
    Network,
    Oidc,
    Schedule,
    Server,
    Settings,
    Site,
    Smtp,
    Source,
    Store,
    Topic,
    WebSub,
    load,
)
from syndicator.config.lines import key_lines
from syndicator.errors import ConfigError, NotFoundError
from syndicator.model import Republish, SourceKind
from syndicator.query import Analyser, Document, evaluate, parse

ROOT = Path(__file__).parents[1]
SITE = """\
[site]
title = "The Example"
url = "https://news.example.net/"
contact = "desk@news.example.net"
"""
FEED = """
[[sources]]
name = "Wire"
kind = "feed"
url = "https://wire.example.net/rss"
"""
OIDC = """[desk.oidc]
issuer = "https://id.example.net/"
client_id = "desk"
client_secret = "hunter2hunter2"
"""
TOPIC = """
[topics.asylum]
title = "Asylum"
query = "asylum OR refugee"
"""


def read(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ)


def problems(folder: Path, text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text, **environ)
    assert caught.value.exit_code == 2
    return caught.value.problems


# What is accepted


def test_smallest_file_gets_every_default(tmp_path):
    settings = read(tmp_path, SITE + FEED + TOPIC)
    assert settings.path == tmp_path / "config.toml"
    assert settings.root == tmp_path
    assert settings.site.url == "https://news.example.net"
    assert settings.site.language == "en"
    assert settings.site.zone == ZoneInfo("UTC")
    assert settings.feeds_url == "https://news.example.net/feeds/"
    assert settings.store.path == tmp_path / "syndicator.db"
    assert settings.feeds.dir == tmp_path / "feeds"
    assert (settings.feeds.window_days, settings.feeds.min_items, settings.feeds.max_items) == (14, 20, 500)
    assert settings.feeds.window == timedelta(days=14)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8080)
    assert settings.schedule == Schedule(poll_min=600, poll_max="6h", tick="10s", retention=None)
    assert settings.network == Network(timeout=30, max_body="8MB", per_host=2, concurrency=16)
    assert settings.topics == (Topic(name="asylum", title="Asylum", query="asylum OR refugee"),)
    assert (settings.destinations, settings.alerts, settings.smtp) == ((), (), None)
    assert settings.maintenance == Maintenance(destinations=(), failing_after="1d", disk_free="500MB")
    assert settings.warnings == ()


def test_source_defaults_depend_on_its_kind(tmp_path):
    page = FEED.replace("Wire", "Page").replace('"feed"', '"page"').replace("/rss", "/news")
    folder = '\n[[sources]]\nname = "Inbox"\nkind = "folder"\npath = "in/box"\ntitle = "The desk"\n'
    wire, page, inbox = read(tmp_path, SITE + FEED + page + folder).sources
    assert (wire.kind, wire.republish, wire.title, wire.enabled) == (
        SourceKind.FEED,
        Republish.SUMMARY,
        "Wire",
        True,
    )
    assert (page.kind, page.republish) == (SourceKind.PAGE, Republish.SUMMARY)
    assert (inbox.kind, inbox.republish, inbox.title) == (SourceKind.FOLDER, Republish.FULL, "The desk")
    assert inbox.path == tmp_path / "in/box"
    assert inbox.url is None
    assert wire.path is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"90s"', timedelta(seconds=90)),
        ('"15m"', timedelta(minutes=15)),
        ('"6 h"', timedelta(hours=6)),
        ('"14d"', timedelta(days=14)),
        ('"2w"', timedelta(weeks=2)),
        ("45", timedelta(seconds=45)),
    ],
)
def test_durations(tmp_path, written, meant):
    assert read(tmp_path, SITE + f"[schedule]\npoll_min = 1\npoll_max = {written}").schedule.poll_max == meant


@pytest.mark.parametrize(
    ("written", "meant"), [('"512KB"', 512_000), ('"8mb"', 8_000_000), ('"2 MiB"', 2_097_152), ("1000", 1000)]
)
def test_sizes(tmp_path, written, meant):
    assert read(tmp_path, SITE + f"[network]\nmax_body = {written}").network.max_body == meant


def test_networks_are_read_as_networks(tmp_path):
    settings = read(tmp_path, SITE + '[network]\nallow_private = ["127.0.0.0/8", "::1", "10.0.0.7"]')
    assert settings.network.allow_private == (ip_network("127.0.0.0/8"), ip_network("::1"), ip_network("10.0.0.7"))


def test_own_base_for_feeds(tmp_path):
    settings = read(tmp_path, SITE + '[feeds]\nurl = "https://cdn.example.net/f/"')
    assert settings.feeds_url == "https://cdn.example.net/f/"


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("desk@example.net", "mailto:desk@example.net"),
        ("mailto:desk@example.net", "mailto:desk@example.net"),
        ("https://example.net/about", "https://example.net/about"),
    ],
)
def test_user_agent_names_us_and_a_contact(tmp_path, contact, shown):
    agent = read(tmp_path, SITE.replace("desk@news.example.net", contact)).site.user_agent
    assert agent == f"Syndicator/{__version__} (+{shown})"
    assert re.search(r"^[\w.-]+/[\w.]+.*(\+?https?://|@)", agent)


def test_sources_override_the_pace_one_by_one(tmp_path):
    settings = read(tmp_path, SITE + "[schedule]\npoll_max = '2h'\n" + FEED + "poll_min = '1h'\n")
    assert settings.poll_range(settings.sources[0]) == (timedelta(hours=1), timedelta(hours=2))


def test_sources_and_topics_by_name(tmp_path):
    settings = read(tmp_path, SITE + FEED + TOPIC)
    assert settings.source("WIRE").name == "Wire"
    assert settings.topic("asylum").title == "Asylum"
    with pytest.raises(NotFoundError, match="did you mean 'asylum'"):
        settings.topic("asylums")
    with pytest.raises(NotFoundError, match="no source is called 'x'"):
        settings.source("x")


def test_absolute_paths_stay_and_others_follow_the_file(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = SITE + f'[store]\npath = "{tmp_path}/db/x.db"\n[feeds]\ndir = "../out"\n'
    text += '[[sources]]\nname = "Inbox"\nkind = "folder"\npath = "~/inbox"\n'
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.toml").write_text(text)
    settings = load(Path("../conf/config.toml"), {})
    assert settings.store.path == tmp_path / "db/x.db"
    assert settings.feeds.dir == tmp_path / "out"
    assert settings.sources[0].path == tmp_path / "home/inbox"


def test_windows_editors_are_understood(tmp_path):
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert load(tmp_path / "config.toml", {}).site.title == "The Example"


def test_settings_are_frozen(tmp_path):
    settings = read(tmp_path, SITE + FEED)
    with pytest.raises(ValidationError, match="frozen"):
        settings.sources[0].enabled = False


# What is refused

REFUSED = [
    # (what is written, the key that is named, words that have to be in the sentence)
    ("[site]\n", "line 1: site.title", "is missing"),
    (SITE.replace("https://news", "ftp://news"), "line 3: site.url", "https:// or http://"),
    (SITE.replace("https://news", "https://me:pw@news"), "line 3: site.url", "name or password"),
    (SITE.replace(".net/", ".net/?a=b"), "line 3: site.url", "question mark"),
    (SITE.replace("https://news.example.net/", "https://nëws.example/"), "line 3: site.url", "xn--"),
    (SITE.replace("https://news.example.net/", "https://a:99999/"), "line 3: site.url", "not a web address"),
    (SITE.replace("desk@news.example.net", "the desk"), "line 4: site.contact", "neither a mail address"),
    (SITE.replace("The Example", "The\\nExample"), "line 2: site.title", "on one line"),
    (SITE.replace('"The Example"', "7"), "line 2: site.title", "write it in quotes (it says 7)"),
    (SITE + 'language = "English"', "line 5: site.language", "not a language tag"),
    (SITE + 'langauge = "en"', "line 5: site.langauge", "did you mean `language`?"),
    (SITE + "[sourcs]\n", "line 5: sourcs", "did you mean `sources`?"),
    (SITE + "[users]\n", "line 5: users", "is not a known key"),
    (SITE + "[alert]\n", "line 5: alert", "did you mean `alerts`?"),
    (SITE + '[sources]\nname = "x"', "line 5: sources", "[[sources]]"),
    ("site = 5", "line 1: site", "is not a table"),
    (SITE + "[feeds]\nmin_items = 9\nmax_items = 8", "line 7: feeds.max_items", "is below min_items (9)"),
    (SITE + "[feeds]\nmin_items = 501", "line 5: feeds.max_items", "is below min_items (501)"),
    (SITE + "[feeds]\nwindow_days = 0", "line 6: feeds.window_days", "at least 1 (it says 0)"),
    (SITE + "[feeds]\nwindow_days = true", "line 6: feeds.window_days", "not a whole number"),
    (SITE + "[feeds]\nwindow_days = 1.5", "line 6: feeds.window_days", "not a whole number"),
    (SITE + "[feeds]\ndir = 5", "line 6: feeds.dir", "is not a path"),
    (SITE + "[feeds]\ndir = '.'", "line 6: feeds.dir", "holds this config file"),
    (SITE + "[server]\nport = 65536", "line 6: server.port", "at most 65535"),
    (SITE + "[server]\nmax_age = '2d'", "line 6: server.max_age", "at most 1 day"),
    (SITE + "[server]\nrobots = 'no index!'", "line 6: server.robots", "noindex, nofollow"),
    (SITE + "[server]\nrate = 0", "line 6: server.rate", "at least 1"),
    (SITE + "[server]\ntrusted_proxies = ['proxy']", "line 6: server.trusted_proxies[0]", "10.0.0.0/8"),
    (SITE + "[api]\nread = 'all'", "line 6: api.read", "token"),
    (SITE + "[desk]\noidc = 5", "line 6: desk.oidc", "is not a table"),
    (SITE + "[desk.oidc]\nissuer = 'https://id.example.net'", "line 5: desk.oidc.client_id", "is missing"),
    (SITE + OIDC.replace("https:", "http:"), "line 6: desk.oidc.issuer", "is not https"),
    (SITE + OIDC.replace("net/", "net?a=b"), "line 6: desk.oidc.issuer", "question mark"),
    (SITE + OIDC.replace("net/", f"net{WELL_KNOWN}"), "line 6: desk.oidc.issuer", f"in front of {WELL_KNOWN}"),
    (SITE + OIDC + "claim = 'name'", "line 9: desk.oidc.claim", '"email", "preferred_username" or "sub"'),
    (SITE + OIDC + "clam = 'email'", "line 9: desk.oidc.clam", "did you mean `claim`?"),
    (SITE + "[websub]\nhub = 'built in'", "line 6: websub.hub", '"built-in", "none"'),
    (SITE + "[log]\nformat = 'xml'", "line 6: log.format", "json"),
    (SITE + "[schedule]\npoll_min = '7h'", "line 5: schedule.poll_max", "shorter than poll_min"),
    (SITE + "[schedule]\npoll_min = '7 parsecs'", "line 6: schedule.poll_min", "is not a duration"),
    (SITE + "[schedule]\ntick = 0", "line 6: schedule.tick", "at least one second"),
    (SITE + "[schedule]\ntick = '2h'", "line 6: schedule.tick", "at most 1 hour"),
    (
        SITE + "[schedule]\nretention = '13d'",
        "line 6: schedule.retention",
        "shorter than feeds.window_days (14 days)",
    ),
    (SITE + "[schedule]\nretention = '999999999999w'", "line 6: schedule.retention", "a hundred years"),
    (SITE + "[network]\nallow_private = '10.0.0.0/8'", "line 6: network.allow_private", "is not a list"),
    (
        SITE + "[network]\nallow_private = [\n '127.0.0.0/8',\n '10.1.2.3/8',\n]",
        "line 6: network.allow_private[1]",
        "did you mean 10.0.0.0/8?",
    ),
    (SITE + "[network]\nmax_body = '8 megs'", "line 6: network.max_body", 'write it as "512KB" or "8MB"'),
    (SITE + "[network]\nper_host = 9", "line 6: network.per_host", "at most 8"),
    (SITE + FEED.replace('"feed"', '"fead"'), "line 8: sources[0].kind", "did you mean feed?"),
    (SITE + FEED.replace('url = "https://wire.example.net/rss"', ""), "line 6: sources[0].url", "is missing"),
    (SITE + FEED.replace("url =", "path ="), "line 6: sources[0].url", "is missing"),
    (SITE + FEED.replace("url =", "path ="), "line 9: sources[0].path", 'does not go with kind = "feed"'),
    (SITE + FEED.replace('"feed"', '"folder"'), "line 9: sources[0].url", 'does not go with kind = "folder"'),
    (SITE + FEED.replace('"feed"', '"folder"'), "line 6: sources[0].path", "is missing"),
    (SITE + FEED.replace("//wire", "//u:secret@wire"), "line 9: sources[0].url", "name or password"),
    (SITE + FEED.replace("https://wire", "file://wire"), "line 9: sources[0].url", "https:// or http://"),
    (SITE + FEED + 'republich = "full"', "line 10: sources[0].republich", "did you mean `republish`?"),
    (SITE + FEED + 'republish = "all"', "line 10: sources[0].republish", 'is none of "full", "summary" or "link"'),
    (SITE + FEED + 'enabled = "perhaps"', "line 10: sources[0].enabled", "neither true nor false"),
    (SITE + FEED + 'poll_min = "9h"', "line 10: sources[0].poll_min", "is longer than schedule.poll_max"),
    (SITE + FEED + 'poll_max = "9m"', "line 10: sources[0].poll_max", "is shorter than schedule.poll_min"),
    (SITE + FEED + 'poll_max = "9m"\npoll_min = "1h"', "line 10: sources[0].poll_max", "shorter than poll_min"),
    (SITE + FEED + FEED.replace("Wire", "WIRE "), "line 12: sources[1].name", "is the name of sources[0] too"),
    (
        SITE
        + FEED
        + FEED.replace("Wire", "Other").replace("https://wire.example.net/", "HTTPS://Wire.example.net:443/"),
        "line 14: sources[1].url",
        "is the address of sources[0] (Wire) too",
    ),
    (SITE + "[store]\npath = 'feeds/db/s.db'", "line 6: store.path", "lies in the feeds folder"),
    (SITE + "[topics.All]\ntitle = 'A'\nquery = 'a'", "line 5: topics.All", "is not a topic name"),
    (SITE + "[topics.all]\ntitle = 'A'\nquery = 'a'", "line 5: topics.all", "is a name of our own"),
    (SITE + "[topics.a--b]\ntitle = 'A'\nquery = 'a'", "line 5: topics.a--b", "is not a topic name"),
    (SITE + "[topics.a]\ntitle = 'A'\nquery = '''\na OR\n(b'''", "line 7: topics.a.query", "can't be used"),
    (SITE + "[topics.a]\ntitle = 'A'\nquery = 'x topic:b'", "line 7: topics.a.query", "can't refer to topics"),
    (SITE + "[topics.a]\ntitle = 'A'\nname = 'a'\nquery = 'a'", "line 7: topics.a.name", "stands in its header"),
    (SITE + "[topics.a]\nquery = 'a'", "line 5: topics.a.title", "is missing"),
    ("topics = 3\n" + SITE, "line 1: topics", "[topics.NAME]"),
]


@pytest.mark.parametrize(
    ("text", "key", "words"), REFUSED, ids=[f"{row[1]}-{number}" for number, row in enumerate(REFUSED)]
)
def test_mistakes_are_named_with_line_key_and_remedy(tmp_path, text, key, words):
    said = [problem for problem in problems(tmp_path, text) if problem.startswith(key) and words in problem]
    assert len(said) == 1, problems(tmp_path, text)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("feeds", "lies in the feeds folder"),
        ("feeds/in", "lies in the feeds folder"),
        (".", "holds the feeds folder"),
    ],
)
def test_what_comes_in_stays_apart_from_what_goes_out(tmp_path, path, words):
    text = SITE + f'[[sources]]\nname = "Inbox"\nkind = "folder"\npath = "{path}"\n'
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("line 8: sources[0].path")
    assert words in problem


def test_same_folder_twice_is_refused_even_when_written_differently(tmp_path):
    folder = '[[sources]]\nname = "A"\nkind = "folder"\npath = "inbox"\n'
    (problem,) = problems(tmp_path, SITE + folder + folder.replace('"A"', '"B"').replace("inbox", "x/../inbox"))
    assert "sources[1].path is the folder of sources[0] (A) too" in problem


def test_every_mistake_is_in_one_report_in_the_order_of_the_file(tmp_path):
    text = SITE.replace("https:", "gopher:") + "[feeds]\nwindow = 3\ndir = 'out'\n[store]\npath = 'out/x.db'\n"
    text += FEED.replace('"feed"', '"rss"') + FEED.replace("https", "htps") + "[topics.x]\ntitle = 'X'\nquery = '('\n"
    keys = [problem.split(": ")[1].split()[0] for problem in problems(tmp_path, text)]
    assert keys[0] == "site.url"
    assert keys == [
        "site.url", "feeds.window", "sources[0].kind", "sources[1].name", "sources[1].url", "topics.x.query",
    ]  # fmt: skip


def test_a_query_that_does_not_parse_shows_its_place(tmp_path):
    (problem,) = problems(tmp_path, SITE + "[topics.a]\ntitle = 'A'\nquery = '(asylum OR refugee'\n")
    lines = problem.split("\n")
    assert "(asylum OR refugee" in lines[1]
    assert lines[2].strip() == "^"


def test_a_file_that_is_not_toml_is_refused_with_line_and_column(tmp_path):
    (problem,) = problems(tmp_path, '[site]\ntitle = "A" b')
    assert "line 2, column 13" in problem


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="syndicator init"):
        load(tmp_path / "config.toml", {})


def test_a_folder_in_place_of_the_file(tmp_path):
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path, {})


def test_a_file_in_another_encoding(tmp_path):
    (tmp_path / "config.toml").write_bytes(SITE.encode() + 'language = "\xe9n"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="line 5: is not UTF-8"):
        load(tmp_path / "config.toml", {})


# The environment


def test_values_can_come_from_the_environment_and_stay_out_of_sight(tmp_path):
    text = SITE + "[server]\nport = 'env:PORT'\n[network]\nallow_private = ['env:NET']\n"
    text += FEED.replace("https://wire.example.net/rss", "env:WIRE")
    settings = read(tmp_path, text, PORT="9000", NET="10.7.0.0/16", WIRE="https://wire.example.net/rss?key=s3cret")
    assert settings.server.port == 9000
    assert settings.network.allow_private == (ip_network("10.7.0.0/16"),)
    assert settings.sources[0].url == "https://wire.example.net/rss?key=s3cret"
    for shown in (repr(settings), str(settings), repr(settings.sources), f"{settings.sources[0]}"):
        assert "s3cret" not in shown
    assert "Wire" in repr(settings)
    assert "10.7" not in repr(settings)


def test_a_variable_that_is_not_set_is_one_problem_with_its_key_and_name(tmp_path):
    (problem,) = problems(tmp_path, SITE + FEED.replace("https://wire.example.net/rss", "env:WIRE"))
    assert problem == "line 9: sources[0].url asks for the environment variable WIRE, which is not set"


def test_a_query_from_the_environment_is_not_printed(tmp_path):
    said = problems(tmp_path, SITE + "[topics.a]\ntitle = 'A'\nquery = 'env:QUERY'\n", QUERY="s3cret OR")
    assert said == ("line 7: topics.a.query can't be used (its value came from the environment)",)


def test_a_wrong_value_from_the_environment_is_not_printed(tmp_path):
    said = problems(tmp_path, SITE + FEED.replace("https://wire.example.net/rss", "env:WIRE"), WIRE="s3cret://x")
    assert len(said) == 1
    assert "came from the environment" in said[0]
    assert "s3cret" not in said[0]


@pytest.mark.parametrize(
    "text",
    [
        OIDC.replace('"hunter2hunter2"', '"hunter2\\nhunter2"'),
        OIDC.replace('desk"', '"'),
        '[desk]\noidc = "hunter2hunter2"',
    ],
    ids=["what is wrong with it", "beside a mistake", "in the wrong place"],
)
def test_a_secret_of_a_section_within_another_is_not_printed(tmp_path, text):
    assert "hunter2" not in "".join(problems(tmp_path, SITE + text))


@pytest.mark.parametrize("written", ["hunter2hunter2", "env:SECRET"])
def test_the_settings_of_a_provider_keep_its_secret_to_themselves(tmp_path, written):
    settings = read(tmp_path, SITE + OIDC.replace("hunter2hunter2", written), SECRET="hunter2hunter2")
    assert (settings.desk.oidc.issuer, settings.desk.oidc.claim) == ("https://id.example.net/", Claim.EMAIL)
    assert settings.desk.oidc.client_secret == "hunter2hunter2"
    assert "hunter2" not in f"{settings!r} {settings.desk} {settings.desk.oidc!r}"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]", "localhost"])
def test_a_provider_on_this_machine_needs_no_https(tmp_path, host):
    issuer = f"http://{host}/realms/desk"
    assert read(tmp_path, SITE + OIDC.replace("https://id.example.net/", issuer)).desk.oidc.issuer == issuer


# Warnings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            SITE.replace("desk@news.example.net", "https://example.org/contact") + FEED + TOPIC,
            "site.contact is still",
        ),
        (SITE + "[network]\nallow_private = ['0.0.0.0/0']\n" + FEED + TOPIC, "0.0.0.0/0"),
        (SITE + FEED + "enabled = false\n" + TOPIC, "no source that is enabled"),
        (SITE + FEED, "no topic"),
    ],
)
def test_what_is_allowed_but_hardly_meant_is_a_warning(tmp_path, text, words):
    (warning,) = read(tmp_path, text).warnings
    assert words in warning


# Where keys stand


def test_lines_of_keys_are_found_past_strings_and_brackets():
    basic, literal = '"' * 3, "'" * 3
    lines = [
        '# [not] = "a table"',
        '"quoted key" = 1',
        "a.b = 2",
        "[[sources]]",
        f"x = {basic}",
        "[no]",
        f"y = 3 \\{basic}",
        f'z = 4 "{basic}',
        "nets = [",
        '  "[",  # ]',
        '  "]"',
        "]",
        "w = { q = 1, r = [",
        "  2 ] }",
        "[[sources]]",
        f"x = {literal}it''s",
        f"k = 4'{literal}",
        "s = 'a # \"\" ['",
        "[sources.extra]",
        't = ""',
        '[topics."my topic"] # here',
        "t = 5",
    ]
    text = "\n".join(lines)
    assert tomllib.loads(text)["sources"][0]["x"].endswith('z = 4 "')
    assert key_lines(text) == {
        ("quoted key",): 2,
        ("a", "b"): 3,
        ("sources", 0): 4,
        ("sources", 0, "x"): 5,
        ("sources", 0, "nets"): 9,
        ("sources", 0, "w"): 13,
        ("sources", 1): 15,
        ("sources", 1, "x"): 16,
        ("sources", 1, "s"): 18,
        ("sources", 1, "extra"): 19,
        ("sources", 1, "extra", "t"): 20,
        ("topics", "my topic"): 21,
        ("topics", "my topic", "t"): 22,
    }


# The shipped file and the documentation


def test_the_shipped_file_is_the_template_and_loads():
    template = files("syndicator").joinpath("templates/config.toml").read_text(encoding="utf-8")
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == template
    settings = load(ROOT / "config.toml", {})
    assert [topic.name for topic in settings.topics] == ["asylum", "balkans", "channel-crossings"]
    assert any(source.kind is SourceKind.FOLDER for source in settings.sources)
    assert len(settings.sources) > 3
    assert all(source.republish is not Republish.FULL for source in settings.sources if source.url)
    assert settings.warnings == ("site.contact is still the example: publishers who want to reach you can't",)


def test_the_shipped_alert_speaks_of_the_shipped_sample():
    settings = load(ROOT / "config.toml", {})
    (alert,) = settings.alerts
    assert alert.destinations == ("console", "alerts-file")
    title, _, text = (ROOT / "samples/return-hubs.txt").read_text(encoding="utf-8").partition("\n\n")
    match = evaluate(parse(alert.query), Analyser(settings.site.language).analyse(Document(title, text)))
    assert match
    assert {reason.clause for reason in match.reasons} >= {"centre", "asylum", "Balkan*"}


def test_the_examples_in_the_shipped_file_are_in_order(tmp_path):
    """Every commented key and section, without its #, is one that is accepted."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    keys = re.findall(r"^# (\w+)\s*=|^# \[(.*)\]", text, re.MULTILINE)
    assert len(keys) > 10
    shown = re.sub(r"^# (?=\w+\s*=|\[.*\])", "", text, flags=re.MULTILINE)
    settings = read(tmp_path, shown, ARCHIVE_SECRET=f"whsec_{'A' * 32}", CHAT_URL="slack://a/b/c", SMTP_PASSWORD="s")
    assert {destination.kind for destination in settings.destinations} == set(DestinationKind)
    assert settings.smtp.port == 587
    assert settings.alerts[0].cooldown == timedelta(minutes=10)


SECTIONS = {
    "[site]": Site,
    "[store]": Store,
    "[feeds]": Feeds,
    "[server]": Server,
    "[api]": Api,
    "[desk]": Desk,
    "[desk.oidc]": Oidc,
    "[websub]": WebSub,
    "[log]": Log,
    "[schedule]": Schedule,
    "[network]": Network,
    "[[sources]]": Source,
    "[topics.NAME]": Topic,
    "[destinations.NAME]": DestinationSettings,
    "[smtp]": Smtp,
    "[[alerts]]": AlertSettings,
    "[maintenance]": Maintenance,
}
REQUIRED = {
    Oidc: {"issuer": "https://id.e.org", "client_id": "c", "client_secret": "s"},
    Site: {"title": "T", "url": "https://e.org", "contact": "a@e.org"},
    Source: {"name": "n", "kind": "feed", "url": "https://e.org"},
    Topic: {"name": "n", "title": "T", "query": "q"},
    DestinationSettings: {"name": "n", "kind": "webhook", "url": "https://e.org", "secret": f"whsec_{'A' * 32}"},
    Smtp: {"host": "mail.e.org", "sender": "a@e.org"},
    AlertSettings: {"name": "n", "query": "q"},
}


def documented() -> dict[str, dict[str, str]]:
    """Section heading -> key -> the cell with its default, from docs/configuration.md."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in (ROOT / "docs/configuration.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif row := re.match(r"\| `(\w+)` \|[^|]*\| ([^|]*) \|", line):
            found.setdefault(section, {})[row[1]] = row[2]
    return found


def test_documentation_and_models_have_the_same_keys():
    models = {heading: set(model.model_fields) for heading, model in SECTIONS.items()}
    models["[desk]"].remove("oidc")
    models["[topics.NAME]"].remove("name")
    models["[destinations.NAME]"].remove("name")
    assert {heading: set(keys) for heading, keys in documented().items()} == models


@pytest.mark.parametrize("heading", SECTIONS)
def test_documented_defaults_are_the_real_ones(heading, tmp_path):
    model = SECTIONS[heading]
    defaults = {key: cell for key, cell in documented()[heading].items() if re.fullmatch("`[^`]+`", cell)}
    needed = REQUIRED.get(model, {})
    assert {key for key, field in model.model_fields.items() if field.is_required()} <= needed.keys()
    real = model.model_validate(needed)
    written = model.model_validate(
        needed | tomllib.loads("\n".join(f"{k} = {v.strip('`')}" for k, v in defaults.items()))
    )
    assert written == real
