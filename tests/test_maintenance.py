"""What staff are told of our own trouble: once when it begins, once when it is over, never as feed items."""

from collections import namedtuple
from datetime import timedelta

from newsroom import BOATS, NOW, WIRE, FakeWeb, rss
from outbox import DESK, DOWN, PHONE, TAKEN, alert, desk

HOUR = timedelta(hours=1)
STAFF = '[maintenance]\ndestinations = ["phone"]\n'
Usage = namedtuple("Usage", "total used free")


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
