"""`syndicator run` as a real process: it publishes at once, stands alone, and stops cleanly."""

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = ("all", "asylum", "balkans", "channel-crossings")


@pytest.fixture
def room(tmp_path):
    """A clone's own set-up and sample; its public sources have names that no resolver knows (RFC 2606)."""
    config = (ROOT / "config.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(re.sub(r"https://([^/\"]+)/", r"https://\1.invalid/", config), "utf-8")
    (tmp_path / "inbox").mkdir()
    shutil.copyfile(ROOT / "samples/return-hubs.txt", tmp_path / "inbox/return-hubs.txt")
    return tmp_path


@contextmanager
def running(room):
    service = subprocess.Popen(
        [sys.executable, "-m", "syndicator", "run"],
        cwd=room,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with service:
        try:
            yield service
        finally:
            if service.poll() is None:
                service.kill()


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def published(room):
    feeds = [room / "feeds" / f"{name}.rss" for name in NAMES]
    return all(path.exists() and b"<item>" in path.read_bytes() for path in feeds)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sample_is_published_and_the_service_stops_cleanly(room, number):
    with running(room) as service:
        wait_for(lambda: published(room), 30)
        service.send_signal(number)
        output, _ = service.communicate(timeout=20)
    assert service.returncode == 0, output
    assert "Feeds are in" in output
    assert "Inbox: 1 new" in output
    assert output.rstrip().endswith("Stopped.")
    assert "Traceback" not in output
    with closing(sqlite3.connect(room / "syndicator.db")) as db:
        assert db.execute("SELECT count(*) FROM sources WHERE owner IS NOT NULL").fetchone() == (0,)


def test_each_unreachable_source_is_told_in_one_line(room):
    with running(room) as service:
        wait_for(lambda: published(room), 30)
        time.sleep(1)
        service.terminate()
        output, _ = service.communicate(timeout=20)
    lines = [line for line in output.splitlines() if line.startswith("Balkan Insight: ")]
    assert len(lines) == 1, output


def test_a_second_instance_is_refused(room):
    with running(room) as service:
        wait_for(lambda: published(room), 30)
        for command in ("run", "once"):
            second = subprocess.run(
                [sys.executable, "-m", "syndicator", command],
                cwd=room,
                capture_output=True,
                text=True,
                timeout=30,
                check=False,
            )
            assert second.returncode == 2
            assert "another Syndicator is at work on this store" in second.stderr
            assert str(service.pid) in second.stderr
        service.terminate()
        service.communicate(timeout=20)


def test_a_file_dropped_while_the_service_runs_is_published(room):
    config = room / "config.toml"
    config.write_text(config.read_text("utf-8").replace("[schedule]", '[schedule]\ntick = "1s"'), "utf-8")
    with running(room) as service:
        wait_for(lambda: published(room), 30)
        (room / "inbox/late.txt").write_text("Late boat\n\nA small boat with migrants crossed the Channel.", "utf-8")
        wait_for(lambda: b"Late boat" in (room / "feeds/channel-crossings.rss").read_bytes(), 30)
        service.terminate()
        service.communicate(timeout=20)


def test_a_killed_service_leaves_no_process_behind_and_starts_again(room):
    with running(room) as service:
        wait_for(lambda: published(room), 30)
        children = descendants(service.pid)
        service.kill()
        service.communicate(timeout=20)
    wait_for(lambda: not [pid for pid in children if alive(pid)], 20)
    with running(room) as service:
        assert any("Stop with Ctrl-C" in line for line in service.stdout)
        time.sleep(1)
        service.terminate()
        assert service.wait(20) == 0


def descendants(pid):
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
