"""Another process that writes into the store, and a disk that is full: nobody else waits, and nothing is lost."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from apiroom import api
from newsroom import BOATS, INBOX, NOW, WIRE, FakeWeb, newsroom, rss
from outbox import DESK, TAKEN, alert, desk
from pushing import TOPIC, pushing
from subscriber import feed, subscriber
from test_operations import StubCourier
from test_run import wait_for
from test_web import ONE_CLICK, web

from syndicator.errors import StoreBusyError, StoreError
from syndicator.rendering import Published
from syndicator.store import Store
from syndicator.worker import StoreTrouble, Worker

FULL = "database or disk is full"
SOON = timedelta(milliseconds=20)


class OtherProcess:
    """Another connection to the store, which can hold the write lock as another process would."""

    def __init__(self, path):
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)

    def begin(self):
        self._db.execute("BEGIN IMMEDIATE")

    def end(self):
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self):
        self._db.close()


@contextmanager
def other(store_or_path):
    path = getattr(store_or_path, "path", store_or_path)
    with closing(OtherProcess(path)) as process:
        try:
            yield process
        finally:
            process.end()


async def ticks(seen, every=0.01):
    """What else the event loop has to do."""
    while True:
        await asyncio.sleep(every)
        seen.append(time.monotonic())


@pytest.fixture
def it(tmp_path):
    with desk(tmp_path, INBOX, BOATS, DESK, alert()) as it:
        (tmp_path / "inbox").mkdir()
        it.store.wait_briefly()
        yield it


def test_a_turn_comes_without_an_await_when_nobody_writes(it):
    coroutine = it.store.turn(seconds=0)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert it.store.is_free()


def test_a_turn_is_waited_for_while_others_work(it):
    async def wait(process):
        seen = []
        work = asyncio.create_task(ticks(seen))
        process.begin()
        assert not it.store.is_free()
        turn = asyncio.create_task(it.store.turn())
        await until(lambda: len(seen) >= 20)
        assert not turn.done()
        process.end()
        await turn
        with it.store.transaction():
            it.store.remember("written", "yes")
        work.cancel()

    with other(it.store) as process:
        asyncio.run(wait(process))
    assert it.store.fact("written") == "yes"


def test_a_turn_that_does_not_come_is_an_error_that_says_why(it):
    with other(it.store) as process:
        process.begin()
        with pytest.raises(StoreBusyError, match=r"another process has been writing for longer than 0\.1 seconds"):
            asyncio.run(it.store.turn(seconds=0.1))


def test_what_slips_in_between_holds_up_the_thread_for_an_instant_only(it):
    with other(it.store) as process:
        process.begin()
        began = time.monotonic()
        with pytest.raises(StoreError, match="database is locked"), it.store.transaction():
            pass
        assert time.monotonic() - began < 15  # a command would have waited for 30


def test_a_command_goes_on_waiting_as_long_as_ever(tmp_path):
    with newsroom(tmp_path) as room:
        before = room.store._db.execute("PRAGMA busy_timeout").fetchone()
        assert room.store.is_free()
        assert room.store._db.execute("PRAGMA busy_timeout").fetchone() == before == (30_000,)


def test_feeds_that_another_process_is_writing_are_left_to_it(it):
    it.say("A boat")
    with newsroom_of(it) as elsewhere, elsewhere.publishing(), pytest.raises(StoreBusyError, match="writing feeds"):
        it.room.publish(it.now)
    assert it.room.publish(it.now).files


@contextmanager
def newsroom_of(it):
    """The same store as another process has it open."""
    with closing(type(it.store).open(it.store.path, it.store.analyser)) as store:
        yield store


def test_what_was_sent_is_settled_when_the_lock_goes_and_is_not_sent_again(it):
    seen, settled_after = [], []

    async def deliver(process):
        def lock(_message):
            process.begin()
            return TAKEN

        it.wire.answers["desk"] = lock
        work = asyncio.create_task(ticks(seen))
        courier = asyncio.create_task(it.courier.drain())
        await until(lambda: len(seen) >= 20)
        settled_after.append(len(it.reports))
        process.end()
        await courier
        work.cancel()
        # Somebody who waits as a command does would have held up everything for half a minute.
        assert max(later - sooner for sooner, later in pairwise(seen)) < 15

    it.store._db.execute("PRAGMA busy_timeout = 30000")
    with other(it.store) as process:
        it.deliver = lambda: asyncio.run(deliver(process))
        it.say("A boat")
    assert settled_after == [0]
    assert it.titles() == ["A boat"]
    it.wire.answers["desk"] = TAKEN
    asyncio.run(it.courier.drain())
    assert it.titles() == ["A boat"]
    assert [row.state.value for row in it.store.ledger.deliveries(limit=10)] == ["delivered"]


def test_a_stop_waits_for_what_was_sent_to_be_written_down(it):
    async def deliver(process):
        def lock(_message):
            process.begin()
            return TAKEN

        it.wire.answers["desk"] = lock
        it.courier.start()
        await until(lambda: it.wire.sent["desk"])
        asyncio.get_running_loop().call_later(0.3, process.end)
        await it.courier.stop(0.01)

    with other(it.store) as process:
        it.deliver = lambda: None
        it.say("A boat")
        asyncio.run(deliver(process))
    assert [row.state.value for row in it.store.ledger.deliveries(limit=10)] == ["delivered"]


class LockedMeanwhile(FakeWeb):
    """While it answers, another process begins to write."""

    async def get(self, url, *args, **more):
        self.process.begin()
        return await super().get(url, *args, **more)


def test_what_was_fetched_while_another_process_wrote_is_stored_when_it_is_done(tmp_path):
    web = LockedMeanwhile({"https://wire.example/rss": rss(("1", "A boat", "It came in."))})

    async def take(process):
        web.process = process
        (state,) = room.pipeline.claim(NOW)
        asyncio.get_running_loop().call_later(0.3, process.end)
        return await room.pipeline.take(state, NOW)

    with newsroom(tmp_path, BOATS, WIRE, web=web) as room:
        room.start()
        room.store.wait_briefly()
        with other(room.store) as process:
            taken = asyncio.run(take(process))
        assert (taken.new, taken.error) == (1, None)
        room.publish()
        assert room.titles("boats") == ["A boat"]


# The web's writes


@pytest.fixture
def locked(monkeypatch):
    monkeypatch.setattr("syndicator.web.house.ASKER_S", 0.05)
    monkeypatch.setattr("syndicator.receiving._WAIT_S", 0.05)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/alerts", {"name": "Ships", "query": "ship", "destinations": ["desk"]}),
        ("POST", "/alerts/Boats/mute", {"until": None}),
        ("POST", "/alerts/Boats/feed-token", None),
        ("POST", "/destinations", {"name": "hook", "kind": "email", "to": "a@desk.example"}),
        ("POST", "/replay", {}),
    ],
    ids=["alert", "mute", "private feed", "destination", "replay"],
)
@pytest.mark.usefixtures("locked")
def test_the_api_asks_writers_to_come_back_and_answers_readers(tmp_path, method, path, body):
    with api(tmp_path) as room, other(room.store) as process:
        room.store.wait_briefly()
        room.token()
        process.begin()
        answer = room.call(method, path, body)
        assert answer.status == 503
        assert answer["retry-after"]
        assert room.call("GET", "/alerts").status == 200
        assert room.call("POST", "/preview", {"query": "boat"}).status == 200


@pytest.mark.usefixtures("locked")
def test_an_unsubscribe_that_can_not_be_written_is_not_told_as_done(tmp_path):
    with web(tmp_path) as it, other(it.store) as process:
        link = it.link()
        process.begin()
        began = time.monotonic()
        answer = it.ask(link, "POST", **ONE_CLICK)
        assert time.monotonic() - began < 15
        assert answer.status == 503
        assert answer["retry-after"]
        assert it.opted_out() == set()
        process.end()
        assert it.ask(link, "POST", **ONE_CLICK).status == 200
        assert it.opted_out() == {"anna"}


@pytest.mark.usefixtures("locked")
def test_a_subscriber_is_asked_to_come_back(tmp_path):
    with pushing(tmp_path) as it, other(it.room.store) as process:
        it.room.store.wait_briefly()
        process.begin()
        asked = {"mode": "subscribe", "topic": TOPIC, "callback": "http://127.0.0.1:1/cb"}
        with pytest.raises(StoreBusyError):  # which the whole application answers with 503
            it.post(**asked)
        process.end()
        assert it.post(**asked).status == 202
        assert it.waiting() == 1


@pytest.mark.usefixtures("locked")
def test_a_hub_is_asked_to_push_again_and_what_it_pushes_is_stored_once(tmp_path):
    with subscriber(tmp_path) as sub, other(sub.it.store) as process:
        sub.active()
        sub.it.store.wait_briefly()
        process.begin()
        sub.push(feed("A boat"), status=503)
        process.end()
        sub.push(feed("A boat"))
        sub.push(feed("A boat"))
        assert sub.titles() == ["A boat"]


# The worker


@pytest.fixture
def quick(monkeypatch):
    """Steps that come every 20 milliseconds."""
    for name in ("RENDERING", "DELIVERING", "HOUSEKEEPING"):
        monkeypatch.setattr(f"syndicator.worker.{name}", SOON)


def fill(store, monkeypatch):
    """A disk that is full from now on; what ends that."""
    db, full = store._db, [True]

    def writing(act):
        def acts(sql, *more):
            if full and sql.lstrip().startswith(("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE")):
                error = sqlite3.OperationalError(FULL)
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return act(sql, *more)

        return acts

    for name in ("execute", "query"):
        monkeypatch.setattr(db, name, writing(getattr(db, name)))
    return full.clear


def work(room, act, **more):
    """Run a worker while `act(worker, told)` goes on; what it told."""
    told = []
    worker = Worker(room.pipeline, StubCourier(), tick=SOON, report=told.append, clock=lambda: NOW, **more)

    async def run():
        task = asyncio.create_task(worker.run())
        await act(worker, told)
        worker.stop()
        await asyncio.wait_for(task, 30)

    asyncio.run(run())
    return told


@pytest.mark.usefixtures("quick")
def test_a_command_that_is_writing_feeds_is_no_trouble(tmp_path):
    tried = []

    async def act(_worker, told):
        await until(lambda: len(tried) > 5)
        assert told == []
        command.close()
        await until(lambda: told)

    with newsroom(tmp_path, BOATS) as room, ExitStack() as command:
        room.start()
        room.store.wait_briefly()
        elsewhere = command.enter_context(closing(Store.open(room.store.path, room.store.analyser)))
        command.enter_context(elsewhere.publishing())
        publish = room.pipeline.publish
        room.pipeline.publish = lambda now: tried.append(now) or publish(now)
        told = work(room, act)
    assert {type(each) for each in told} == {Published}
    assert not any(each.problems for each in told)


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_told_once_and_ends_nothing(tmp_path, monkeypatch, caplog):
    page = FakeWeb({"https://wire.example/rss": rss(("1", "A boat", "It came in."))})
    rounds = []

    async def act(_worker, told):
        await until(lambda: len(rounds) > 15)
        assert [type(each) for each in told] == [StoreTrouble]
        assert FULL in told[0].problem
        ends()
        await until(lambda: any(isinstance(each, Published) and each.files for each in told))

    with newsroom(tmp_path, BOATS, WIRE, web=page) as room:
        room.start()
        ends = fill(room.store, monkeypatch)
        told = work(room, act, each_look=lambda: rounds.append(1))
        assert room.titles("boats") == ["A boat"]
    assert len([each for each in told if isinstance(each, StoreTrouble)]) == 1
    assert [record.message for record in caplog.records if record.exc_info] == []


@pytest.mark.usefixtures("quick")
def test_troubles_of_two_steps_are_told_once_each_and_again_when_they_come_back(tmp_path, monkeypatch):
    rounds, wrong = [], []

    def step(problem):
        def fails(_now):
            rounds.append(1)
            if wrong:
                raise StoreError(problem)
            return Published()

        return fails

    async def act(_worker, told):
        for _ in range(2):
            wrong.append(1)
            rounds.clear()
            await until(lambda: len(rounds) > 20)
            wrong.clear()
            rounds.clear()
            await until(lambda: len(rounds) > 20)

    with newsroom(tmp_path) as room:
        room.start()
        monkeypatch.setattr(room.pipeline, "keep_house", step("one"))
        monkeypatch.setattr(room.pipeline, "publish", step("two"))
        told = work(room, act)
    assert sorted(each.problem.partition(" ")[0] for each in told) == ["one", "one", "two", "two"]


@pytest.mark.usefixtures("quick")
def test_a_step_that_waits_for_its_turn_is_not_begun_again_nor_complained_of(tmp_path, caplog):
    seen = []

    async def act(worker, told):
        process.begin()
        ticking = asyncio.create_task(ticks(seen))
        await until(lambda: len(seen) > 50)
        ticking.cancel()
        assert told == []
        assert worker.pulse.ticked == NOW
        assert len(worker._tasks) < 8
        process.end()

    with newsroom(tmp_path) as room, other(room.store) as process:
        room.start()
        room.store.wait_briefly()
        work(room, act)
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.01)


# The service as a process


@contextmanager
def running(room):
    """The service; its address and, for a look afterwards, what it said."""
    lines = []
    command = [sys.executable, "-m", "syndicator", "run"]
    with subprocess.Popen(command, cwd=room, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as service:
        reader = threading.Thread(target=lambda: lines.extend(service.stdout))
        reader.start()
        try:
            wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", "".join(lines)), 30)
            yield re.search(r"http://127\.0\.0\.1:\d+", "".join(lines))[0], lines
        finally:
            service.terminate()
            service.wait(30)
            reader.join()


@pytest.mark.thorough
def test_a_service_serves_on_while_another_process_writes_and_does_its_work_once_after_that(tmp_path):
    out = tmp_path / "alerts.jsonl"
    config = (
        '[site]\ntitle = "Test Desk"\nurl = "https://desk.example"\ncontact = "https://desk.example/contact"\n'
        f'[server]\nport = 0\n[schedule]\ntick = "1s"\n{INBOX}{BOATS}'
        f'[destinations.desk]\nkind = "file"\npath = "{out.name}"\n{alert(group_stories="false")}'
    )
    (tmp_path / "config.toml").write_text(config, "utf-8")
    (tmp_path / "inbox").mkdir()

    def titles():
        return [item["title"] for item in json.loads((tmp_path / "feeds/boats.json").read_bytes())["items"]]

    with running(tmp_path) as (base, lines):
        (tmp_path / "inbox/first.txt").write_text("A first boat\n\nIt came in.", "utf-8")
        wait_for(lambda: out.exists() and out.read_text("utf-8"), 30)
        with other(tmp_path / "syndicator.db") as process:
            process.begin()
            (tmp_path / "inbox/second.txt").write_text("A second boat\n\nIt came in.", "utf-8")
            # The lock goes only when all of this was answered.
            end = time.monotonic() + 3
            while time.monotonic() < end:
                for path in ("/healthz", "/readyz", "/feeds/boats.rss", "/metrics", "/api/v1/articles"):
                    with urllib.request.urlopen(base + path, timeout=10) as answer:
                        assert answer.status == 200
                time.sleep(0.1)
            assert titles() == ["A first boat"]
        wait_for(lambda: len(out.read_text("utf-8").splitlines()) == 2, 30)
        wait_for(lambda: titles() == ["A second boat", "A first boat"], 30)
        time.sleep(1.5)
    assert ["A first boat" in line for line in out.read_text("utf-8").splitlines()] == [True, False]
    assert not any("Traceback" in line or "skipped" in line for line in lines), lines
    with closing(sqlite3.connect(tmp_path / "syndicator.db")) as db:
        assert db.execute("SELECT state, count(*) FROM deliveries GROUP BY 1").fetchall() == [("delivered", 2)]
