"""SIGKILL at every step of `syndicator once`, then `once` again: nothing lost, nothing twice.

What must be the same in the end as without the crash: every byte in feeds/, every article with all its versions and
topics, and the inbox.
"""

import http.server
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from conftest import THOROUGH
from newsroom import rss

# Of so many steps one is tried, another one each time; CI tries them all.
STRIDE = 1 if THOROUGH else 13
NOW = "2026-11-03T12:00:00Z"
LATER = "2026-11-03T16:00:00Z"
FIRST = rss(("1", "Boat sinks", "Forty aboard a dinghy."), ("2", "Court rules", "The judge spoke."))
SECOND = rss(
    ("3", "Dinghy lands", "Ten reached Kent."),
    ("1", "Boat sinks off Kent", "Fifty aboard a dinghy."),
    ("2", "Court rules", "The judge spoke."),
)
CONFIG = """
[site]
title = "Crash Desk"
url = "https://desk.example"
contact = "https://desk.example/contact"
[network]
allow_private = ["127.0.0.0/8"]
[websub]
hub = "{hub}"
[[sources]]
name = "wire"
kind = "feed"
url = "{url}"
republish = "full"
[[sources]]
name = "inbox"
kind = "folder"
path = "inbox"
[topics.boats]
title = "Boats"
query = "boat OR dinghy"
[destinations.file]
kind = "file"
path = "alerts.jsonl"
[[alerts]]
name = "Boats"
query = "boat OR dinghy"
destinations = ["file"]
[[alerts]]
name = "Crossings"
query = "boat OR lifeboat OR Kent"
destinations = ["file"]
cooldown = "1h"
"""
TABLES = {
    "articles": "SELECT id, version, state, kind, source, url, title, fingerprint, published, updated, first_seen FROM articles",
    "versions": "SELECT a.id, v.version, v.state, v.at, v.author, v.content FROM versions v JOIN articles a ON a.n = v.article",
    "appearances": "SELECT p.source, p.key, a.id, p.fingerprint FROM appearances p JOIN articles a ON a.n = p.article",
    "topics": "SELECT t.topic, t.published, a.id, t.reasons FROM article_topics t JOIN articles a ON a.n = t.article",
    "index": "SELECT a.id, f.title, f.text, f.meta FROM article_fts f JOIN articles a ON a.n = f.rowid",
    "stale": "SELECT name FROM stale_feeds",
    "hits": "SELECT h.alert, a.id, h.seq, h.silent, h.reasons FROM hits h JOIN articles a ON a.n = h.article",
    "stories": "SELECT a.id, s.story FROM story_articles s JOIN articles a ON a.n = s.article",
    "told": "SELECT m.alert, a.id, d.destination, d.state FROM deliveries d JOIN messages m ON m.id = d.message"
    " JOIN message_items i ON i.message = m.id JOIN articles a ON a.n = i.article",
    "leases": "SELECT name, owner, etag FROM sources",
    "announced": "SELECT url, digest, gone FROM hub_topics",
    "pushed": "SELECT f.kind, f.topic, f.sent = t.generation, f.owner FROM hub_followers f JOIN hub_topics t ON t.url = f.topic",
}


class Wire(http.server.BaseHTTPRequestHandler):
    body = FIRST

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("ETag", f'"{len(self.server.body)}"')
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def do_POST(self):
        """A hub, which is told of what changed."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def wire():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wire)
    server.body = FIRST
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def run():
    """Run a command in a child, to its end or to its death before step `die_at`."""
    program = Path(__file__).with_name("crashing.py")
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as zygote:

        def ask(cwd, *args, die_at=None):
            zygote.stdin.write(json.dumps({"cwd": str(cwd), "args": args, "die_at": die_at}) + "\n")
            zygote.stdin.flush()
            return json.loads(zygote.stdout.readline())

        yield ask
        zygote.stdin.close()


def drop(room, name, text):
    path = room / "inbox" / name
    path.write_text(text, "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))


def outcome(room):
    """Everything that must not depend on a crash."""
    feeds = {str(p.relative_to(room)): p.read_bytes() for p in sorted((room / "feeds").rglob("*")) if p.is_file()}
    inbox = sorted(str(p.relative_to(room)) for p in (room / "inbox").rglob("*") if p.is_file())
    with closing(sqlite3.connect(room / "syndicator.db")) as db:
        kept = {name: sorted(db.execute(query).fetchall(), key=repr) for name, query in TABLES.items()}
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    return feeds, inbox, kept


def told(room):
    """What arrived at the destination: by the id of the message, what it says. A repeat says the same."""
    arrived = {}
    for line in (room / "alerts.jsonl").read_text("utf-8").splitlines():
        message = json.loads(line)
        assert arrived.setdefault(message["id"], message) == message
    return sorted(
        (message["alert"]["name"], item["article"]["id"]) for message in arrived.values() for item in message["items"]
    )


@pytest.fixture(scope="module")
def before(tmp_path_factory, wire):
    """A newsroom with news waiting, and nothing done yet."""
    room = tmp_path_factory.mktemp("before")
    (room / "inbox").mkdir()
    address = f"http://127.0.0.1:{wire.server_address[1]}"
    (room / "config.toml").write_text(CONFIG.format(url=f"{address}/rss", hub=f"{address}/hub"), "utf-8")
    drop(room, "harbour.txt", "Boats leave\n\nThree boats left the harbour of Calais before dawn on Tuesday.")
    return room


@pytest.fixture(scope="module")
def after_one(before, tmp_path_factory, run, wire):
    """The same after a first cycle, with an edit, a new item and a new file waiting."""
    room = tmp_path_factory.mktemp("after") / "room"
    shutil.copytree(before, room)
    wire.body = FIRST
    assert run(room, "once", "--now", NOW)["status"] == 0
    drop(room, "lifeboat.txt", "Lifeboat called\n\nA lifeboat was called out twice in one night, its crew said.")
    return room


def copied(room, tmp_path, name):
    target = tmp_path / name
    shutil.copytree(room, target)
    return target


def differences(expected, found):
    """What is not the same, in lines."""
    for kind, mine, theirs in zip(("feeds", "inbox", "kept"), expected, found, strict=True):
        if isinstance(mine, dict):
            yield from (f"{kind} {name}" for name in sorted(mine | theirs) if mine.get(name) != theirs.get(name))
        elif mine != theirs:
            yield f"{kind} {theirs}"


def every_step(room, tmp_path, run, now, recover=("once",)):
    """Kill at step 1, 2, 3 … (or at one in STRIDE), run again, compare; the number of steps there are."""
    whole = copied(room, tmp_path, "whole")
    ran = run(whole, "once", "--now", now)
    assert ran["status"] == 0
    expected = outcome(whole)
    differing, survived = [], 0
    for step in range(random.randint(1, STRIDE), ran["steps"] + 1, STRIDE):
        crashed = copied(room, tmp_path, f"step-{step}")
        # Deliveries run beside each other, so not every run has as many steps: one may come to its end alive.
        status = run(crashed, "once", "--now", now, die_at=step)["status"]
        assert status in (-signal.SIGKILL, 0)
        survived += status == 0
        assert run(crashed, *recover, "--now", now)["status"] == 0
        differing += [f"{step}: {line}" for line in differences(expected, outcome(crashed))]
        differing += [f"{step}: told {told(crashed)}"] * (told(crashed) != told(whole))
        shutil.rmtree(crashed)
    assert differing == []
    assert survived < ran["steps"] / STRIDE / 5
    return ran["steps"]


def test_a_first_cycle_killed_at_any_step(before, tmp_path, run, wire):
    wire.body = FIRST
    assert every_step(before, tmp_path, run, NOW) > 100


def test_a_later_cycle_with_an_edit_killed_at_any_step(after_one, tmp_path, run, wire):
    wire.body = SECOND
    assert every_step(after_one, tmp_path, run, LATER) > 50


def test_the_whole_did_what_it_should(after_one, tmp_path, run, wire):
    """The comparison above is worth something only if the uncrashed run is right."""
    wire.body = SECOND
    room = copied(after_one, tmp_path, "room")
    assert run(room, "once", "--now", LATER)["status"] == 0
    feeds, inbox, kept = outcome(room)
    titles = {item["title"] for item in json.loads(feeds["feeds/all.json"])["items"]}
    assert titles == {"Boats leave", "Lifeboat called", "Dinghy lands", "Boat sinks off Kent", "Court rules"}
    assert inbox == ["inbox/done/harbour.txt", "inbox/done/lifeboat.txt"]
    assert sorted(version for _, version, *_ in kept["versions"]) == [1, 1, 1, 1, 1, 2]
    assert kept["stale"] == []
    assert all(owner is None for _, owner, _ in kept["leases"])
    names = [f"{name}.{extension}" for name in ("all", "boats") for extension in ("atom", "json", "rss")]
    pushed = [("hub", f"https://desk.example/feeds/{name}", 1, None) for name in names]
    assert kept["pushed"] == sorted(pushed, key=repr)
    # The wire's first items are its backlog and alert nobody, edited or not; the last hit waits for its cooldown.
    titles = {row[0]: row[6] for row in kept["articles"]}
    assert {(name, titles[id_]) for name, id_ in told(room)} == {
        ("Boats", "Boats leave"),
        ("Boats", "Dinghy lands"),
        ("Crossings", "Boats leave"),
        ("Crossings", "Lifeboat called"),
    }
