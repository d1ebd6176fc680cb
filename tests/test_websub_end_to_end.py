"""One newsroom follows another: two real services on loopback, of which each is all that WebSub knows."""

import json
import sqlite3
from contextlib import closing, contextmanager

import pytest
from test_nginx import free_port
from test_run import running, wait_for

CONFIG = """
[site]
title = "{name}"
url = "http://127.0.0.1:{port}"
contact = "https://desk.example/contact"
[server]
port = {port}
[network]
allow_private = ["127.0.0.0/8"]
[schedule]
poll_min = "1h"
tick = "1s"
"""
INBOX = '[[sources]]\nname = "inbox"\nkind = "folder"\npath = "inbox"\n'
FOLLOWED = (
    '[[sources]]\nname = "agency"\nkind = "feed"\nurl = "http://127.0.0.1:{port}/feeds/all.atom"\nrepublish = "full"\n'
)
ALERT = """
[destinations.file]
kind = "file"
path = "alerts.jsonl"
[[alerts]]
name = "Boats"
query = "boat"
destinations = ["file"]
"""


def newsroom(root, name, port, *parts):
    (root / name / "inbox").mkdir(parents=True)
    (root / name / "config.toml").write_text(CONFIG.format(name=name, port=port) + "".join(parts), "utf-8")
    return root / name


def drop(room, title):
    (room / f"{title}.part").write_text(f"{title}\n\nForty came ashore from a boat near the old harbour.", "utf-8")
    (room / f"{title}.part").rename(room / "inbox" / f"{title}.txt")


def rows(room, question):
    if not (room / "syndicator.db").exists():
        return []
    with closing(sqlite3.connect(room / "syndicator.db")) as db:
        try:
            return db.execute(question).fetchall()
        except sqlite3.OperationalError:  # the schema is being made
            return []


def titles(room):
    return {title for (title,) in rows(room, "SELECT title FROM articles")}


@contextmanager
def served(room):
    with running(room) as service:
        try:
            yield service
        finally:
            service.terminate()
            output, _ = service.communicate(timeout=20)
            assert "Traceback" not in output, output


@pytest.mark.thorough
def test_what_one_newsroom_publishes_is_pushed_into_another(tmp_path):
    agency_port, desk_port = free_port(), free_port()
    agency = newsroom(tmp_path, "agency", agency_port, INBOX)
    desk = newsroom(tmp_path, "desk", desk_port, FOLLOWED.format(port=agency_port), ALERT)
    drop(agency, "First boat")
    with served(agency):
        wait_for(lambda: (agency / "feeds/all.atom").exists() and titles(agency) == {"First boat"}, 30)
        with served(desk):
            wait_for(lambda: rows(desk, "SELECT 1 FROM push_subscriptions WHERE standing = 'active'"), 30)
            drop(agency, "Second boat")
            wait_for(lambda: titles(desk) == {"First boat", "Second boat"}, 30)
            wait_for(lambda: (desk / "alerts.jsonl").exists() and (desk / "alerts.jsonl").read_text("utf-8"), 30)
            wait_for(lambda: "Second boat" in (desk / "feeds/all.json").read_text("utf-8"), 30)
            # Both polls were an hour apart at least, so it was the push.
            ((polls, pushes),) = rows(
                desk, "SELECT s.last_attempt = s.first_success, p.pushes FROM sources s, push_subscriptions p"
            )
            assert (polls, pushes) == (1, 1)
    messages = [json.loads(line) for line in (desk / "alerts.jsonl").read_text("utf-8").splitlines()]
    assert len(messages) == 1
    assert "Second boat" in json.dumps(messages[0])
