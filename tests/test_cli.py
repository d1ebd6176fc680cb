"""What the commands say to people: counts in words, mistakes in one line, and never a traceback."""

import gc
import json
import subprocess
import sys
from contextlib import nullcontext

import pytest

from syndicator import __version__
from syndicator.cli import service
from syndicator.intake import Taken
from syndicator.plurals import counted
from syndicator.readiness import Pulse

CONFIG = """
[site]
title = "T"
url = "https://t.example"
contact = "a@t.example"

[[sources]]
name = "Inbox"
kind = "folder"
path = "inbox"

[topics.asylum]
title = "Asylum"
query = "asylum"
"""


@pytest.fixture
def say(tmp_path):
    """Run one command in a small newsroom: its exit code, what it printed, and what it noted."""
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "story.txt").write_text("Asylum claims rise\n\nMore claims were made.", "utf-8")
    (tmp_path / "latin1.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "empty.txt").write_text("\n", "utf-8")

    def run(*line):
        done = subprocess.run(
            [sys.executable, "-m", "syndicator", *line],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(("number", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_a_count_agrees_with_its_noun(number, said):
    assert counted(number, "file") == said


def test_the_version_is_told(say):
    assert say("--version") == (0, f"Syndicator {__version__}\n", "")


def test_the_check_of_an_unpublished_newsroom_is_short(say):
    code, printed, _ = say("check")
    assert code == 0
    assert printed.splitlines()[0] == "config.toml: sound; 1 source, 1 topic"
    assert printed.splitlines()[2].endswith("feeds: 8 files missing; the next cycle writes them")
    assert len(printed.splitlines()) == 3


def test_a_file_that_cannot_be_read_is_named_once(say):
    code, printed, noted = say("ingest", "story.txt", "nosuch.txt")
    assert code == 1
    assert (printed + noted).count("nosuch.txt") == 1
    assert "1 of 2 taken in: 1 new, 0 changed" in printed


def test_a_source_in_its_first_day_has_no_pace_yet(say):
    say("once")
    assert "–" in say("sources")[1].splitlines()[1]


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        (["article", "correct", "ID", "--note", "n", "--text", "latin1.txt"], "latin1.txt is not UTF-8 text"),
        (["article", "correct", "ID", "--note", "n", "--text", "empty.txt"], "empty.txt is empty"),
        (["topics", "score", "latin1.txt"], "latin1.txt is not UTF-8 text"),
        (["search", "asylum titel:x"], "there is no field titel:"),
        (["once", "--now", "noon"], "'noon' is not a time"),
        (["once", "--config", "nosuch.toml"], "there is no such file"),
        (["article", "show", "0123456789"], "No article '0123456789'"),
    ],
)
def test_wrong_use_is_told_in_a_line_and_ends_with_2(say, line, mistake):
    code, printed, noted = say(*line)
    assert code == 2
    assert mistake in noted
    assert printed == ""


def test_json_leaves_standard_output_to_one_document(say):
    code, printed, noted = say("ingest", "story.txt", "nosuch.txt", "--json")
    assert code == 1
    assert [taken["new"] for taken in json.loads(printed)["locations"]] == [1, 0]
    assert noted == ""


def test_a_service_tells_what_it_did_and_keeps_none_of_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "inbox").mkdir()
    kept = []

    class OneLook:
        def __init__(self, *_, report, **__):
            self.report = report
            self.pulse = Pulse()

        def heeding_signals(self):
            return nullcontext()

        async def run(self):
            taken = Taken("Inbox", new=7)
            before = len(gc.get_referrers(taken))
            self.report(taken)
            kept.append(len(gc.get_referrers(taken)) - before)

    monkeypatch.setattr(service, "Worker", OneLook)
    service.run(tmp_path / "config.toml")
    assert "Inbox: 7 new" in capsys.readouterr().err
    assert kept == [0]


def test_no_command_waits_for_the_web_servers_libraries():
    """Only `run` serves; to everybody else they would be a third of a second at each command."""
    code = "import sys, syndicator.cli.app; print(sorted({'fastapi', 'uvicorn', 'trafilatura', 'apprise'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
