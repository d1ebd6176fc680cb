"""What staff are told of our own trouble: once when it begins, once when it is over, never as feed items."""

import logging
from datetime import timedelta
from typing import NamedTuple

from newsroom import BOATS, NOW, WIRE, FakeWeb, rss
from outbox import DESK, DOWN, PHONE, REFUSED, TAKEN, alert, desk

HOUR = timedelta(hours=1)
STAFF = '[maintenance]\ndestinations = ["phone"]\n'


class Usage(NamedTuple):
    """As shutil.disk_usage gives it, in bytes."""

    total: int
    used: int
    free: int


def told(it):
    return [message.lines[0] for message in it.wire.sent["phone"]]


def look(it, span=timedelta()):
    it.now += span
    it.room.cycle(it.now)
    it.room.pipeline.look_after_ourselves(it.now)
    it.deliver()


def test_a_source_that_fails_for_a_day_is_told_once_and_again_when_it_is_over(tmp_path):
    web = FakeWeb({"https://wire.example/rss": rss(("1", "Boat sinks", "A boat."))})
    with desk(tmp_path, WIRE, BOATS, DESK, PHONE, STAFF, alert(), web=web) as it:
        look(it)
        before = it.room.files()
        del web.pages["https://wire.example/rss"]
        for _ in range(60):
            look(it, HOUR)
        assert told(it) == ["Source fails: wire"]
        web.pages["https://wire.example/rss"] = rss(("1", "Boat sinks", "A boat."))
        for _ in range(30):
            look(it, HOUR)
        assert told(it) == ["Source fails: wire", "Over: Source fails: wire"]
        titles = it.room.titles("all")
    assert titles == ["Boat sinks"]
    assert before


def test_a_destination_that_fails_for_a_day_is_told(tmp_path):
    with desk(tmp_path, DESK, PHONE, STAFF, alert()) as it:
        it.wire.answers["desk"] = DOWN
        it.say("A boat")
        for _ in range(40):
            look(it, HOUR)
        assert told(it) == ["Destination fails: desk"]
        assert "connection refused" in " ".join(it.wire.sent["phone"][0].lines)
        it.wire.answers["desk"] = TAKEN
        for _ in range(30):
            look(it, HOUR)
        assert told(it)[1:] == ["Over: Destination fails: desk"]


def test_a_destination_that_refuses_all_for_a_day_is_told(tmp_path):
    with desk(tmp_path, DESK, PHONE, STAFF, alert()) as it:
        it.wire.answers["desk"] = REFUSED
        it.say("A boat")
        for _ in range(40):
            look(it, HOUR)
        assert told(it) == ["Destination fails: desk"]


def test_what_nobody_is_there_to_be_told_of_is_logged_once(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("syndicator.maintenance.shutil.disk_usage", lambda _: Usage(10**12, 0, 10**8))
    with caplog.at_level(logging.WARNING, "syndicator.maintenance"), desk(tmp_path, DESK, alert()) as it:
        look(it)
        look(it, HOUR)
        (record,) = [each for each in caplog.records if each.name == "syndicator.maintenance"]
        assert record.levelno == logging.WARNING
        assert "Disk nearly full" in record.getMessage()
        assert "100" in record.getMessage(), "the lines, not only the subject"


def test_what_is_told_is_not_logged(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("syndicator.maintenance.shutil.disk_usage", lambda _: Usage(10**12, 0, 10**8))
    with desk(tmp_path, DESK, PHONE, STAFF, alert()) as it:
        look(it)
        assert told(it) == ["Disk nearly full"]
        assert not [each for each in caplog.records if each.name == "syndicator.maintenance"]


def test_a_disk_that_is_nearly_full_is_told(tmp_path, monkeypatch):
    with desk(tmp_path, DESK, PHONE, STAFF, alert()) as it:
        look(it)
        assert told(it) == []
        monkeypatch.setattr("syndicator.maintenance.shutil.disk_usage", lambda _: Usage(10**12, 0, 10**8))
        look(it, HOUR)
        look(it, HOUR)
        assert told(it) == ["Disk nearly full"]


def test_a_restart_does_not_tell_again(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.maintenance.shutil.disk_usage", lambda _: Usage(10**12, 0, 10**8))
    for expected in (["Disk nearly full"], []):
        with desk(tmp_path, DESK, PHONE, STAFF, alert()) as it:
            it.now = NOW + HOUR
            look(it)
            assert told(it) == expected
