"""What `syndicator run` logs: pleasant for people, one JSON object a line for programs, and nobody's tool."""

import asyncio
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from newsroom import HEAD
from test_run import wait_for

from syndicator.alerts import Answer, Event, Verdict
from syndicator.cli.journal import Journal
from syndicator.cli.logs import EVENTS, events, start_logging
from syndicator.cli.systemd import Systemd
from syndicator.config import Log, LogFormat, LogLevel
from syndicator.courier import Delivered
from syndicator.intake import Taken
from syndicator.rendering import Published
from syndicator.worker import StoreTrouble

HOSTILE = "a\nINFO forged\r\x1b[2J\x9b31m\u202eevil\u2028x\ud800\x00"
LOOSE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")


@pytest.fixture(autouse=True)
def logging_as_before():
    """The root logger of the test run, whoever listens to it, and all levels."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level for name in ("syndicator", "apscheduler", "asyncio", "aiohttp", "uvicorn")
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def logged(format_, act, *, level=LogLevel.INFO, verbose=False):
    """What `act(events)` writes to the log, as lines."""
    stream = io.StringIO()
    start_logging(Log(format=format_, level=level), verbose=verbose, stream=stream)
    act(events())
    return stream.getvalue().splitlines()


def as_json(act, **more):
    return [json.loads(line) for line in logged(LogFormat.JSON, act, **more)]


def as_people(act, **more):
    return logged(LogFormat.CONSOLE, act, **more)


# The two forms


def test_an_event_is_a_plain_line_for_people():
    assert as_people(lambda events: events.info("source", message="Inbox: 1 new", source="Inbox", new=1)) == [
        "Inbox: 1 new"
    ]


def test_an_event_is_one_object_for_programs():
    (line,) = as_json(lambda events: events.info("source", message="Inbox: 1 new", source="Inbox", new=1))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("ts"))
    assert line == {"level": "info", "event": "source", "message": "Inbox: 1 new", "source": "Inbox", "new": 1}


def warn(_events):
    logging.getLogger("syndicator.courier").warning("%s: %s", "desk", "locked")


def test_what_the_logging_module_brings_goes_the_same_way():
    (line,) = as_people(warn)
    assert re.fullmatch(r"\S+Z WARNING syndicator\.courier: desk: locked", line)
    (line,) = as_json(warn)
    del line["ts"]
    assert line == {"level": "warning", "event": "log", "message": "desk: locked", "logger": "syndicator.courier"}


def test_times_are_those_of_the_record():
    record = logging.makeLogRecord({"name": "x", "levelno": 40, "levelname": "ERROR", "msg": "m", "created": 1.5})
    stream = io.StringIO()
    start_logging(Log(format=LogFormat.JSON), stream=stream)
    logging.getLogger().handle(record)
    assert json.loads(stream.getvalue())["ts"] == "1970-01-01T00:00:01.500Z"


def fail(_events):
    try:
        raise ValueError("bad\n2026-01-01T00:00:00Z CRITICAL forged: line")
    except ValueError:
        logging.getLogger("syndicator.feeds").exception("feed all")


def test_a_traceback_is_part_of_its_line():
    first, *rest = as_people(fail)
    assert first.endswith("ERROR syndicator.feeds: feed all")
    assert len(rest) > 3
    assert all(line.startswith("  ") for line in rest)
    (line,) = as_json(fail)
    assert line["message"] == "feed all"
    assert "ValueError: bad\n" in line["exception"]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (LogLevel.DEBUG, ["debug", "info", "warning", "error"]),
        (LogLevel.INFO, ["info", "warning", "error"]),
        (LogLevel.WARNING, ["warning", "error"]),
        (LogLevel.ERROR, ["error"]),
    ],
)
def test_what_is_too_light_is_left_out(level, said):
    def act(events):
        for name in ("debug", "info", "warning", "error"):
            getattr(events, name)("x", message=name)
            getattr(logging.getLogger("syndicator.x"), name)(name)

    assert as_people(act, level=level)[::2] == said
    assert [line["message"] for line in as_json(act, level=level)] == [each for name in said for each in (name, name)]


def test_verbose_is_for_our_own_steps_not_for_those_of_libraries():
    def act(_events):
        for name in ("syndicator.pipeline", "apscheduler.scheduler", "aiohttp.client", "somebody.else"):
            logging.getLogger(name).debug(name)
            logging.getLogger(name).info(name)

    assert {line["logger"] for line in as_json(act, verbose=True)} == {"syndicator.pipeline"}


# Injection, secrets, trouble


def hostile(events):
    events.warning("source_failed", message=f"wire: {HOSTILE}", source=HOSTILE, list=[HOSTILE], map={"k": HOSTILE})
    logging.getLogger("syndicator.x").warning("%s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("syndicator.x").exception("it")


def test_nothing_breaks_out_of_its_line_or_moves_the_cursor():
    people, programs = as_people(hostile), logged(LogFormat.JSON, hostile)
    assert len(programs) == 3
    assert not LOOSE.search("\n".join(programs))
    assert not LOOSE.search("\n".join(people))
    assert not [line for line in people if line.startswith(("INFO", "evil"))]
    first = json.loads(programs[0])
    for text in (first["source"], first["list"][0], first["map"]["k"]):
        assert not LOOSE.search(text)
        assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /alerts/AbCdEf012345.atom", "GET /alerts/…"),
        ("https://x.example/unsubscribe/abc.def-ghi?x=1", "https://x.example/unsubscribe/…?x=1"),
        ("/news/websub/callback/SECRETSECRET", "/news/websub/callback/…"),
        ("Authorization: Bearer abc123", "Authorization: Bearer …"),
        ("token syn_0123456789abcdef is", "token … is"),
        ("/feeds/asylum.rss", "/feeds/asylum.rss"),
        ("/alerts/", "/alerts/"),
    ],
    ids=["private feed", "end of an alert", "callback", "header", "token", "feed", "nothing"],
)
def test_secrets_stay_out(text, shown):
    def act(events):
        events.info("x", message=text)
        logging.getLogger("syndicator.x").warning(text)

    assert [line["message"] for line in as_json(act)] == [shown, shown]
    assert as_people(act)[0] == shown


class Gone(io.StringIO):
    def write(self, _text):
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_who_has_gone_ends_nothing(capsys):
    start_logging(Log(), stream=Gone())
    events().info("x", message="nobody hears this")
    assert capsys.readouterr() == ("", "")


# The journal


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def journal(act, **more):
    """What a journal tells, as JSON lines without their times."""

    def tell(events):
        clock = Clock()
        act(Journal(events, clock), clock)

    return [{key: value for key, value in line.items() if key != "ts"} for line in as_json(tell, **more)]


DOWN = Delivered("desk", Event.MATCH, Answer(Verdict.TEMPORARY, "500 Server Error", 500), 3)
ARRIVED = Delivered("desk", Event.MATCH, Answer(Verdict.DELIVERED, "ok", 200), 1)
OFF = Delivered("desk", Event.MATCH, Answer(Verdict.GONE, "410 Gone", 410), 1, "the receiver is gone")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (Taken("Inbox", 2, 1), [("info", "source", "Inbox: 2 new, 1 changed")]),
        (Taken("Inbox"), []),
        (Taken("Wire", error="404"), [("warning", "source_failed", "Wire: 404")]),
        (Taken("Wire", warnings=("odd",)), [("warning", "source_warning", "Wire: warning: odd")]),
        (Published((Path("all.rss"),)), []),
        (Published(problems=("all: full",)), [("error", "feed_failed", "feed all: full")]),
        (StoreTrouble("news.db: full"), [("error", "store_failed", "store news.db: full")]),
        (ARRIVED, []),
        (DOWN, [("warning", "delivery_failed", "destination desk: 500 Server Error (attempt 3)")]),
        (
            OFF,
            [
                ("warning", "delivery_failed", "destination desk: 410 Gone"),
                ("error", "destination_off", "destination desk is switched off: the receiver is gone"),
            ],
        ),
    ],
    ids=[
        "news",
        "nothing",
        "failed",
        "warned",
        "files",
        "feed failed",
        "store failed",
        "arrived",
        "not arrived",
        "switched off",
    ],
)
def test_what_brought_something_or_went_wrong_is_told(what, told):
    lines = journal(lambda journal, _: journal.tell(what))
    assert [(line["level"], line["event"], line["message"]) for line in lines] == told


def test_fields_are_for_programs():
    (line,) = journal(lambda journal, _: journal.tell(DOWN))
    fields = {key: line[key] for key in ("destination", "outcome", "status", "attempt", "said")}
    assert fields == {
        "destination": "desk", "outcome": "temporary", "status": 500, "attempt": 3, "said": "500 Server Error"
    }  # fmt: skip


def test_a_round_is_told_in_one_line():
    def act(journal, clock):
        for what in (Taken("a", 2, 1), Taken("b", error="404"), Published((Path("x"), Path("y"))), ARRIVED, DOWN):
            clock.now += 0.25
            journal.tell(what)
        clock.now += 10
        journal.next_round()
        journal.next_round()
        clock.now += 1
        journal.tell(Taken("a", 1))
        journal.next_round()

    cycles = [line for line in journal(act) if line["event"] == "cycle"]
    assert cycles == [
        {
            "level": "info", "event": "cycle",
            "message": "2 sources looked at, 2 new, 1 changed, 2 files written, 1 alert delivered, 1 failed, "
            "1 problem (1250 ms)",
            "looked": 2, "new": 2, "changed": 1, "files": 2, "delivered": 1, "failed": 1, "problems": 1, "took_ms": 1250,
        },
        {
            "level": "info", "event": "cycle",
            "message": "1 source looked at, 1 new, 0 changed, 0 files written, 0 alerts delivered, 0 failed (1000 ms)",
            "looked": 1, "new": 1, "changed": 0, "files": 0, "delivered": 0, "failed": 0, "problems": 0, "took_ms": 1000,
        },
    ]  # fmt: skip


def test_once_logs_as_the_service_does_what_is_secret_left_out(tmp_path):
    secret = "syn_0123456789abcdef"
    source = f'[[sources]]\nname = "{secret}"\nkind = "folder"\npath = "inbox"\n'
    (tmp_path / "config.toml").write_text(f'{HEAD}{source}[log]\nformat = "json"\n', "utf-8")
    (tmp_path / "inbox").mkdir()
    for flags, said in ((["-v"], ["claimed: …"]), ([], [])):
        command = [sys.executable, "-m", "syndicator", "once", *flags]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        assert [line["message"] for line in lines if line["message"].startswith("claimed: …")] == said
        assert secret not in done.stderr
        assert bool(lines) == bool(flags)


def test_logging_that_is_set_up_already_is_left_alone():
    handlers = logging.getLogger().handlers[:]
    level = logging.getLogger("syndicator").level
    assert handlers  # the test run's own
    start_logging(Log(), verbose=True, yielding=True)
    assert logging.getLogger().handlers == handlers
    assert logging.getLogger("syndicator").level == level


def test_a_round_that_looked_in_vain_is_for_those_who_want_to_know_all():
    def act(journal, _clock):
        journal.next_round()
        journal.tell(Taken("a"))
        journal.next_round()
        journal.next_round()

    assert journal(act) == []
    (line,) = journal(act, level=LogLevel.DEBUG)
    assert (line["level"], line["looked"]) == ("debug", 1)


# The service itself


@contextmanager
def service(root, config="", **environment):
    (root / "config.toml").write_text(
        f'{HEAD}[[sources]]\nname = "Inbox"\nkind = "folder"\npath = "inbox"\n'
        f'[topics.boats]\ntitle = "Boats"\nquery = "boat"\n[schedule]\ntick = "1s"\n{config}',
        "utf-8",
    )
    (root / "inbox").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "syndicator", "run"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def drop(root, name, text):
    (root / "inbox" / name).write_text(text, "utf-8")
    wait_for(lambda: (root / "inbox/done").exists() and any((root / "inbox/done").rglob(f"*{name}*")), 30)


@pytest.mark.thorough
def test_a_service_logs_its_work(tmp_path):
    with service(tmp_path, '[server]\nport = 0\n[log]\nformat = "json"\n') as process:
        wait_for((tmp_path / "feeds/boats.rss").exists, 30)
        drop(tmp_path, "late.txt", "Late boat\n\nA boat came in.")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    found = [json.loads(line) for line in err.splitlines()]
    assert all({"ts", "level", "event", "message"} <= line.keys() for line in found)
    assert [line["event"] for line in found if line["event"] != "cycle"] == [
        "feeds", "started", "desk", "web_server", "source", "stopped"
    ]  # fmt: skip
    cycles = [line for line in found if line["event"] == "cycle" and line["new"]]
    assert [(line["new"], line["files"] > 3, line["took_ms"] > 0) for line in cycles] == [(1, True, True)]


def test_a_service_that_may_not_start_says_so_in_the_form_that_was_asked_for(tmp_path):
    with service(tmp_path, '[server]\nport = 0\n[log]\nformat = "json"\n'):
        wait_for((tmp_path / "feeds/boats.rss").exists, 30)
        second = subprocess.run(
            [sys.executable, "-m", "syndicator", "run"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 2
    (line,) = map(json.loads, second.stderr.splitlines())
    assert (line["level"], line["event"]) == ("error", "ended")
    assert "another Syndicator is at work" in line["message"]


# systemd


class Manager:
    """The socket that systemd listens on."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(20)

    def heard(self):
        return self.socket.recv(100).decode()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_hears_when_we_are_up_alive_and_stopping(tmp_path, kind):
    address = str(tmp_path / "notify") if kind == "path" else f"@syndicator-test-{os.getpid()}"
    manager = Manager(address)

    async def live():
        async with Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "40000", "WATCHDOG_PID": str(os.getpid())}):
            await asyncio.sleep(0.15)

    asyncio.run(live())
    heard = [manager.heard()]
    while heard[-1] != "STOPPING=1":
        heard.append(manager.heard())
    manager.socket.close()
    assert heard[0] == "READY=1"
    assert len(heard) >= 4
    assert set(heard[1:-1]) == {"WATCHDOG=1"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "10000"},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "soon"},
    ],
    ids=["no systemd", "no socket", "no number"],
)
def test_without_systemd_nothing_happens(environment):
    async def live():
        async with Systemd(environment):
            await asyncio.sleep(0.03)

    asyncio.run(live())


def test_a_manager_that_does_not_listen_holds_up_nothing(tmp_path):
    address = str(tmp_path / "notify")
    manager = Manager(address)
    talking = threading.Thread(
        target=lambda: [Systemd({"NOTIFY_SOCKET": address}).tell("WATCHDOG=1") for _ in range(3000)]
    )
    talking.daemon = True
    talking.start()
    talking.join(30)
    assert not talking.is_alive()
    manager.socket.close()


def test_no_sign_of_life_is_given_where_it_is_asked_of_another_process(tmp_path):
    address = str(tmp_path / "notify")
    manager = Manager(address)

    async def live():
        async with Systemd({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "10000", "WATCHDOG_PID": "1"}):
            await asyncio.sleep(0.05)

    asyncio.run(live())
    assert [manager.heard(), manager.heard()] == ["READY=1", "STOPPING=1"]
    manager.socket.close()


def test_the_service_tells_systemd(tmp_path):
    address = str(tmp_path / "notify")
    manager = Manager(address)
    with service(tmp_path, "[server]\nport = 0\n", NOTIFY_SOCKET=address, WATCHDOG_USEC="2000000") as process:
        assert [manager.heard(), manager.heard(), manager.heard()] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        heard = manager.heard()
        while heard == "WATCHDOG=1":
            heard = manager.heard()
        out, err = process.communicate(timeout=20)
    manager.socket.close()
    assert heard == "STOPPING=1"
    lines = err.splitlines()
    assert out == ""
    assert lines[0].startswith("Feeds are in ")
    assert lines[1] == "Sources: 1, topics: 1. Stop with Ctrl-C."
    assert lines[2].startswith("Set up the newsroom desk, within three days: ")
    assert lines[3].startswith("Listening on http://127.0.0.1:")
    assert lines[-1] == "Stopped."


def test_the_name_of_the_events_is_below_ours():
    """Its level is that of [log], not the root's."""
    assert EVENTS.startswith("syndicator.")
