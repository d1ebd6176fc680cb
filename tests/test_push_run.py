"""The hub in a real service: killed between its 202 and the verification, and told of a kill by another process."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest
from newsroom import BOATS, INBOX
from pushing import LOOPBACK, TOPIC, confirming, questions, taken
from receiver import Receiver

SYNDICATOR = [sys.executable, "-m", "syndicator"]


@pytest.fixture
def room(tmp_path):
    site = '[site]\ntitle = "Test Desk"\nurl = "https://desk.example"\ncontact = "https://desk.example/contact"\n'
    parts = (site, INBOX, BOATS, LOOPBACK, '[server]\nport = 0\n[schedule]\ntick = "1s"\n')
    (tmp_path / "config.toml").write_text("\n".join(parts), "utf-8")
    (tmp_path / "inbox").mkdir()
    return tmp_path


@contextmanager
def running(room):
    """The service, and the address that its hub listens on."""
    command = [*SYNDICATOR, "run"]
    with subprocess.Popen(command, cwd=room, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as service:
        try:
            told = []
            while not (listening := re.search(r"http://127\.0\.0\.1:\d+", "".join(told))):
                line = service.stdout.readline()
                assert line, told
                told.append(line)
            yield service, f"{listening[0]}/websub/hub"
        finally:
            service.kill()


def subscribe(hub, callback):
    """Ask until the feed is there, which the service's first round publishes."""
    form = urllib.parse.urlencode({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": callback}).encode()
    while True:
        try:
            with urllib.request.urlopen(hub, form, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 404:
                raise
            time.sleep(0.5)


@pytest.mark.thorough
def test_a_subscriber_of_a_service_that_is_killed_hears_of_everything(room):
    with Receiver() as receiver:
        receiver.answer("/cb", confirming)
        with running(room) as (service, hub):
            assert subscribe(hub, receiver.url("/cb")) == 202
            service.kill()
        with running(room):
            receiver.wait_for(1, 30)
            (room / "inbox/boat.txt").write_text("A boat with a wrong name\n\nIt came in.", "utf-8")
            asked = len(questions(receiver))
            receiver.wait_for(asked + 1, 30)
            assert b"wrong name" in taken(receiver)[0].body
            (item,) = json.loads((room / "feeds/boats.json").read_bytes())["items"]
            command = [*SYNDICATOR, "article", "kill", item["id"]]
            subprocess.run(command, cwd=room, capture_output=True, timeout=60, check=True)
            receiver.wait_for(asked + 2, 30)
        bodies = [sent.body for sent in taken(receiver)]
        assert len(bodies) == 2
        assert b"wrong name" not in bodies[1]
        assert bodies[1] == (room / "feeds/boats.atom").read_bytes()
        assert {question["mode"] for question in questions(receiver)} == {"subscribe"}
