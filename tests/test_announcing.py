"""What feeds say is announced when it has changed: once, whatever ended us on the way, whoever wrote it."""

from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from newsroom import BOATS, COURTS, INBOX, newsroom
from pushing import LOOPBACK, TOPIC, Pushing, confirming, pushing, taken
from receiver import Receiver, Reply

from syndicator.store import FollowerKind

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOPICS = sorted(
    f"https://desk.example/feeds/{name}.{ext}" for name in ("all", "boats") for ext in ("atom", "json", "rss")
)


@pytest.fixture(scope="module")
def running():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(running):
    running.forget()
    running.answer("/hub", Reply(204))
    return running


@pytest.fixture
def elsewhere(receiver):
    return f'[websub]\nhub = "{receiver.url("/hub")}"\n'


def pings(receiver, path="/hub"):
    """The topics that a hub was told of, as it heard of them."""
    forms = [parse_qs(each.body.decode(), strict_parsing=True) for each in receiver.received(path)]
    assert all(
        form == {"hub.mode": ["publish"], "hub.url": form["hub.url"], "hub.topic": form["hub.url"]} for form in forms
    )
    return [form["hub.url"][0] for form in forms]


def announced(it):
    return {topic.url: (topic.generation, topic.digest) for topic in it.store.announcements.topics()}


def test_each_format_of_each_feed_is_a_topic_and_nothing_else_is(tmp_path):
    with pushing(tmp_path) as it:
        assert sorted(announced(it)) == TOPICS


def test_a_topic_changes_when_its_bytes_do(tmp_path):
    with pushing(tmp_path) as it:
        before = announced(it)
        it.store.feeds.mark_stale(["boats", "all"])
        it.publish()
        assert announced(it) == before
        it.say("A court sat")
        after = announced(it)
        assert {url for url in TOPICS if after[url] != before[url]} == {url for url in TOPICS if "/all." in url}


def test_a_hub_elsewhere_is_told_of_each_topic_and_then_of_what_changes(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        assert sorted(pings(receiver)) == TOPICS
        (ping, *_) = receiver.requests
        assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
        receiver.forget()
        it.work()
        assert pings(receiver) == []
        it.say("A court sat")
        it.work()
        it.work()
        assert sorted(pings(receiver)) == [url for url in TOPICS if "/all." in url]


@pytest.mark.parametrize(
    "answer", [Reply(500), Reply(404), Reply(410), Reply(301), Reply(drop=True)], ids=lambda a: a.status
)
def test_a_hub_is_told_until_it_has_heard(tmp_path, receiver, elsewhere, answer):
    with pushing(tmp_path, elsewhere) as it:
        receiver.answer("/hub", answer)
        it.work()
        assert sorted(pings(receiver)) == TOPICS
        it.work()
        assert len(pings(receiver)) == len(TOPICS)
        for _ in range(3):
            it.after(DAY)
        receiver.answer("/hub", Reply(202))
        receiver.forget()
        it.after(DAY)
        it.after(DAY)
        assert sorted(pings(receiver)) == TOPICS


def test_what_changed_often_while_the_hub_was_away_is_told_once(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        receiver.answer("/hub", Reply(503))
        for number in range(5):
            it.say(f"Boat number {number}")
            it.after(HOUR)
        receiver.answer("/hub", Reply(204))
        receiver.forget()
        it.after(DAY)
        it.after(DAY)
        assert sorted(pings(receiver)) == TOPICS


def test_a_crash_between_the_file_and_its_record_loses_nothing_and_tells_nothing_twice(
    tmp_path, receiver, elsewhere, monkeypatch
):
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        receiver.forget()
        it.say("A boat", publish=False)
        with monkeypatch.context() as crashing:
            crashing.setattr(it.store.announcements, "announce", lambda *_, **__: 1 / 0)
            assert len(it.room.publish(it.now).problems) == 2
        assert b"A boat" in it.bytes()
        it.work()
        assert pings(receiver) == []
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        assert sorted(pings(receiver)) == TOPICS


def test_a_crash_between_the_record_and_the_ping_loses_nothing(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        receiver.forget()
        it.say("A boat")
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        assert sorted(pings(receiver)) == TOPICS


def test_what_another_process_publishes_is_announced_by_the_service(tmp_path, receiver):
    receiver.answer("/cb", confirming)
    with pushing(tmp_path) as service:
        service.subscribe(receiver.url("/cb"))
        service.say("A boat with a wrong name")
        service.work()
        with newsroom(tmp_path, INBOX, BOATS, LOOPBACK) as room:
            command = Pushing(room)
            command.kill("A boat with a wrong name")
            command.publish()
        service.work()
        first, second = taken(receiver)
        assert b"wrong name" in first.body
        assert b"wrong name" not in second.body


def test_a_feed_that_is_gone_is_no_topic_and_comes_back_as_new(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        before = announced(it)
    with newsroom(tmp_path, INBOX, COURTS, LOOPBACK, elsewhere) as room:
        room.start()
        it = Pushing(room)
        it.publish()
        receiver.forget()
        it.work()
        assert TOPIC not in announced(it)
        assert {url for url in pings(receiver) if "/courts." not in url} <= set(TOPICS) - {TOPIC}
    with pushing(tmp_path, elsewhere) as it:
        assert announced(it)[TOPIC][0] > before[TOPIC][0]
        receiver.forget()
        it.work()
        assert TOPIC in pings(receiver)


def test_another_hub_hears_of_everything_and_the_old_one_of_nothing_more(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        it.work()
    with pushing(tmp_path, elsewhere.replace("/hub", "/other")) as it:
        receiver.forget()
        it.work()
        assert sorted(pings(receiver, "/other")) == TOPICS
        assert receiver.received("/hub") == []
    with pushing(tmp_path, '[websub]\nhub = "none"\n') as it:
        receiver.forget()
        it.say("A boat")
        it.work()
        assert receiver.requests == []
        assert it.store.followers.standing() == []


def test_feeds_name_the_hub_that_is_told(tmp_path, elsewhere, receiver):
    with pushing(tmp_path, elsewhere) as it:
        assert it.room.feed("boats")["hubs"] == [{"type": "WebSub", "url": receiver.url("/hub")}]


def test_what_an_older_program_published_is_announced_after_the_upgrade(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        it.say("A boat")
        with it.store.transaction():
            it.store._db.execute("DELETE FROM hub_followers")
            it.store._db.execute("DELETE FROM hub_topics")
            it.store.remember("look", "of an older program")
    with pushing(tmp_path, elsewhere) as it:
        it.work()
        assert sorted(pings(receiver)) == TOPICS


def test_how_pushing_stands_can_be_told(tmp_path, receiver, elsewhere):
    with pushing(tmp_path, elsewhere) as it:
        (before,) = it.store.followers.standing()
        assert (before.kind, before.followers, before.behind, before.failing) == (FollowerKind.HUB, 6, 6, 0)
        assert before.waiting_since == it.now
        receiver.answer("/hub", Reply(500))
        began = it.now
        it.work()
        it.after(DAY)
        (failing,) = it.store.followers.standing()
        assert (failing.behind, failing.failing, failing.waiting_since) == (6, 6, began)
        receiver.answer("/hub", Reply(204))
        it.after(DAY)
        (after,) = it.store.followers.standing()
        assert (after.behind, after.failing, after.waiting_since) == (0, 0, None)
