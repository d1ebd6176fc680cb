"""What whoever watches over the service asks: /healthz, /readyz, /metrics."""

import asyncio
import logging
import re
import shutil
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import yaml
from asgi import ask
from documents import ROOT, read
from house import house
from newsroom import BOATS, COURTS, INBOX, NOW, WIRE, newsroom, rss
from outbox import DESK, DOWN, PHONE, REFUSED, TAKEN, alert, desk
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from syndicator import metrics
from syndicator.cli.logs import LOGGED
from syndicator.errors import StoreError
from syndicator.metrics import Since, Stage
from syndicator.model import Content, Entry
from syndicator.readiness import STALE_LATE, TICK_LATE, WRITE_LATE, Pulse, Waiting, unready
from syndicator.web import web_app
from syndicator.web.counting import KINDS, Counting
from syndicator.worker import Worker

SECOND = timedelta(seconds=1)
LIVELY = (BOATS, COURTS, INBOX, WIRE, DESK, PHONE, alert(to=("desk", "phone")))
WIRE_URL = "https://wire.example/rss"


@contextmanager
def watched(root, *parts, settings=None):
    """A newsroom with alerts, its web application, and a Pulse that is well."""
    with desk(root, *(parts or LIVELY)) as it, house(it.room, lambda: it.now, settings) as open_house:
        it.pulse = open_house.pulse
        it.pulse.ticked = it.pulse.wrote = it.pulse.rendered = it.now
        it.app = web_app(open_house)
        yield it


def scrape(it, **more):
    """Every sample of /metrics by name and labels, as Prometheus would read it."""
    answer = ask(it.app, "/metrics", **more)
    assert answer.status == 200
    return samples(parser.text_string_to_metric_families(answer.body.decode()))


def samples(families):
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def since(before, after, *key):
    """How much a counter of this process grew: others before this test have counted too."""
    return after.get(key, 0) - before.get(key, 0)


# Health


def test_a_process_that_answers_is_alive(tmp_path):
    with watched(tmp_path) as it:
        it.pulse.ticked = None
        answer = ask(it.app, "/healthz")
    assert (answer.status, answer.body, answer["cache-control"]) == (200, b"ok\n", "no-store")


def test_a_service_at_work_is_ready(tmp_path):
    with watched(tmp_path) as it:
        it.room.publish()
        answer = ask(it.app, "/readyz")
    assert (answer.status, answer.body) == (200, b'{"status":"ready","reasons":[]}')
    assert answer["cache-control"] == "no-store"
    assert answer["content-type"] == "application/json"


def test_a_service_that_can_not_do_its_work_says_why(tmp_path):
    with watched(tmp_path) as it:
        it.room.publish()
        it.now += TICK_LATE + SECOND
        answer = ask(it.app, "/readyz")
    assert answer.status == 503
    assert answer.body == b'{"status":"unready","reasons":["the worker last came round 61 seconds ago"]}'
    assert answer["cache-control"] == "no-store"


def test_a_store_that_can_not_be_read_is_no_defect_of_the_answer(tmp_path, monkeypatch):
    with watched(tmp_path) as it:
        for error in (StoreError("no"), sqlite3.OperationalError("disk I/O error")):
            monkeypatch.setattr(type(it.store.figures), "stale_feeds", lambda _, error=error: raise_(error))
            answer = ask(it.app, "/readyz")
            assert answer.status == 503
            assert b"the store can't be read" in answer.body
            assert b"disk" not in answer.body


def raise_(error):
    raise error


WELL = Pulse(NOW, NOW, NOW)
IDLE = Waiting(0, None)


@pytest.mark.parametrize(
    ("pulse", "stale", "after", "reasons"),
    [
        (WELL, IDLE, SECOND, []),
        (WELL, IDLE, TICK_LATE, []),
        (WELL, IDLE, -TICK_LATE, []),
        (Pulse(), IDLE, SECOND, ["has not begun", "nothing has been written", "not been rendered yet"]),
        (WELL, IDLE, TICK_LATE + SECOND, ["last came round 61 seconds ago"]),
        (Pulse(NOW + WRITE_LATE, NOW, NOW), IDLE, WRITE_LATE + SECOND, ["could be written to the store for 181 s"]),
        (Pulse(NOW, NOW, None), IDLE, SECOND, ["not been rendered yet"]),
        (WELL, None, SECOND, ["can't be read"]),
        (WELL, Waiting(2, NOW - STALE_LATE), timedelta(), []),
        (WELL, Waiting(2, NOW - STALE_LATE - SECOND), timedelta(), ["rendered: 2, the oldest for 901 seconds"]),
        (WELL, Waiting(2, NOW + STALE_LATE), timedelta(), []),
    ],
    ids=[
        "well", "a tick ago", "the clock was set back", "just begun", "no ticks", "no writes", "never rendered",
        "no store", "stale for a while", "stale for long", "stale in the future",
    ],
)  # fmt: skip
def test_readiness(pulse, stale, after, reasons):
    found = unready(pulse, stale, NOW + after)
    assert len(found) == len(reasons)
    assert all(part in line for part, line in zip(reasons, found, strict=True))


class StubCourier:
    def start(self):
        pass

    async def stop(self, grace_s):
        pass


def test_the_worker_leaves_its_pulse_and_a_sign_in_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.worker.RENDERING", timedelta(milliseconds=20))
    with newsroom(tmp_path, BOATS, INBOX) as room:
        room.start()
        worker = Worker(room.pipeline, StubCourier(), tick=SECOND, report=lambda _: None, clock=lambda: NOW + SECOND)
        assert worker.pulse == Pulse()
        wrote = room.store.fact("kept house")

        async def some_ticks():
            task = asyncio.create_task(worker.run())
            while worker.pulse.rendered is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
            worker.stop()
            await task

        asyncio.run(some_ticks())
        assert worker.pulse == Pulse(NOW + SECOND, NOW + SECOND, NOW + SECOND)
        assert room.store.fact("kept house") != wrote


def test_a_worker_whose_steps_fail_does_not_pass_for_well(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.worker.RENDERING", timedelta(milliseconds=20))
    with newsroom(tmp_path, BOATS, INBOX) as room:
        room.start()
        worker = Worker(room.pipeline, StubCourier(), tick=SECOND, report=lambda _: None)
        for step in ("keep_house", "publish"):
            monkeypatch.setattr(room.pipeline, step, lambda _now: raise_(StoreError("disk full")))

        async def some_ticks():
            task = asyncio.create_task(worker.run())
            while worker.pulse.ticked is None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            worker.stop()
            await task

        asyncio.run(some_ticks())
    assert worker.pulse.wrote is None
    assert worker.pulse.rendered is None


def test_a_feed_that_was_marked_again_while_it_was_rendered_waits_anew(tmp_path):
    with newsroom(tmp_path, BOATS, INBOX) as room:
        room.start()
        room.publish()
        feeds, db = room.store.feeds, room.store._db
        assert room.store.figures.stale_feeds() == Waiting(0, None)
        feeds.mark_stale(["boats"])
        db.execute("UPDATE stale_feeds SET since = 1000")
        (mark,) = feeds.stale()
        feeds.mark_stale(["boats"])
        assert room.store.figures.stale_feeds().oldest.timestamp() == 1000
        feeds.rendered(mark)
        assert room.store.figures.stale_feeds().oldest.timestamp() == pytest.approx(time.time(), abs=60)


# Metrics: who may read them


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 9), {}, 200),
        (("::1", 9), {}, 200),
        (("::ffff:127.0.0.1", 9), {}, 200),
        (("10.1.2.3", 9), {}, 200),
        (("10.2.0.1", 9), {}, 404),
        (("192.168.0.9", 9), {}, 404),
        (("8.8.8.8", 9), {}, 404),
        (None, {}, 404),
        (("127.0.0.1", 9), {"X-Forwarded-For": "127.0.0.1"}, 404),
        (("127.0.0.1", 9), {"Forwarded": "for=127.0.0.1"}, 404),
        (("127.0.0.1", 9), {"X-Real-IP": "127.0.0.1"}, 404),
        (("10.1.2.3", 9), {"Via": "1.1 cdn"}, 404),
    ],
    ids=[
        "loopback", "loopback 6", "loopback 4 in 6", "trusted", "private", "home", "public", "no address",
        "passed on", "passed on by the standard", "passed on by nginx", "passed on by a cache",
    ],
)  # fmt: skip
def test_figures_are_for_this_machine_and_the_trusted_alone(tmp_path, client, headers, status):
    trusting = '[server]\ntrusted_proxies = ["10.1.0.0/16"]\n'
    with watched(tmp_path, *LIVELY, trusting) as it:

        async def from_there(scope, receive, send):
            await it.app({**scope, "client": client}, receive, send)

        answer = ask(from_there, "/metrics", headers=headers)
    assert answer.status == status
    assert (b"syndicator_" in answer.body) is (status == 200)


def test_nothing_else_may_be_done_there(tmp_path):
    with watched(tmp_path) as it:
        assert ask(it.app, "/metrics", "POST").status == 405
        assert ask(it.app, "/healthz", "DELETE").status == 405
        assert ask(it.app, "/readyz", "HEAD").status == 200


# Metrics: what they say


def test_what_stands_in_the_store_is_counted(tmp_path):
    with watched(tmp_path) as it:
        it.room.web.pages[WIRE_URL] = rss(("1", "Boat sinks", "x"), ("2", "Court rules", "y"))
        it.room.cycle(it.now)
        it.say("Boat one", "Boat two")
        article = it.article("Boat one")
        it.room.desk.kill(article, "", it.now, by="anna")
        it.room.desk.correct(it.article("Boat two"), "so it is", it.now, by="anna", title="Boat three")
        it.room.desk.embargo(it.article("Court rules"), it.now + timedelta(hours=2), it.now, by="anna")
        it.room.publish()
        found = scrape(it)
    states = {labels[1]: value for labels, value in found.items() if labels[0] == "syndicator_articles"}
    # The advisory of the kill is an article, too.
    assert states == {"live": 2, "corrected": 1, "killed": 1, "embargoed": 1}
    assert found["syndicator_topics",] == 2
    assert found["syndicator_newest_seq",] == 8
    assert found["syndicator_feed_items", "boats"] == 4
    assert found["syndicator_feed_newest_timestamp_seconds", "boats"] == NOW.timestamp()
    assert found["syndicator_store_readable",] == 1
    assert found["syndicator_source_up", "wire"] == 1
    assert found["syndicator_source_entries_last_day", "wire"] == 2
    assert found["syndicator_source_entries_last_day", "inbox"] == 2
    assert found["syndicator_source_last_success_timestamp_seconds", "wire"] == NOW.timestamp()
    assert found["syndicator_source_newest_entry_timestamp_seconds", "wire"] == NOW.timestamp()
    assert found["syndicator_queue_items", "feeds"] == 0


def test_a_source_that_fails_is_down(tmp_path):
    with watched(tmp_path) as it:
        it.room.cycle(it.now)
        it.now += timedelta(hours=12)
        it.room.cycle(it.now)
        found = scrape(it)
    assert found["syndicator_source_up", "wire"] == 0
    assert found["syndicator_source_failures", "wire"] == 2
    assert ("syndicator_source_last_success_timestamp_seconds", "wire") not in found
    assert found["syndicator_source_up", "inbox"] == 1


def test_what_waits_is_told_with_the_age_of_its_oldest(tmp_path):
    with watched(tmp_path) as it:
        it.room.cycle(it.now)
        it.wire.answers["phone"] = DOWN
        it.say("Boat one")
        it.store._db.execute("UPDATE stale_feeds SET since = ?", [int(it.now.timestamp())])
        it.now += timedelta(minutes=20)
        found = scrape(it)
        due = len([state for state in it.store.sources.all() if state.due <= it.now])
    assert found["syndicator_queue_items", "deliveries_console"] == 1
    assert found["syndicator_queue_oldest_seconds", "deliveries_console"] == 1200
    assert found["syndicator_queue_items", "feeds"] >= 2
    assert found["syndicator_queue_oldest_seconds", "feeds"] == 1200
    assert found["syndicator_queue_items", "sources"] == due > 0
    assert found["syndicator_queue_oldest_seconds", "sources"] > 0
    for queue in ("hub_pushes", "hub_questions", "hub_pings", "subscriptions"):
        assert found["syndicator_queue_oldest_seconds", queue] == 0


def test_attempts_are_counted_from_the_ledger_by_whomever_they_were_made(tmp_path):
    key = "syndicator_delivery_attempts_total"
    with watched(tmp_path) as it:
        it.wire.answers["phone"] = [DOWN, REFUSED]
        it.say("Boat one")
        first = scrape(it)
        it.after(timedelta(minutes=5))
        it.say("Boat two")
        second, third = scrape(it), scrape(it)
        with house(it.room, lambda: it.now) as another:
            it.app = web_app(another)
            anew = scrape(it)
    assert first[key, "console", "delivered"] == 1
    assert first[key, "console", "temporary"] == 1
    assert (key, "console", "permanent") not in first
    assert second[key, "console", "delivered"] == 2
    assert second[key, "console", "permanent"] == 2
    ledger = {name: value for name, value in second.items() if name[0] == key}
    assert ledger == {name: value for name, value in third.items() if name[0] == key}
    assert ledger == {name: value for name, value in anew.items() if name[0] == key}
    assert second["syndicator_deliveries_dead",] == 2
    assert second["syndicator_destinations_off",] == 0


def test_names_of_sources_can_not_break_the_lines(tmp_path):
    name = 'w"i\\re } 1\\n# HELP'
    source = f'[[sources]]\nname = \'{name}\'\nkind = "feed"\nurl = "https://wire.example/rss"\n'
    with watched(tmp_path, BOATS, source) as it:
        found = scrape(it)
    assert ("syndicator_source_up", name) in found


def test_a_store_that_can_not_be_read_still_leaves_the_figures_of_the_process(tmp_path, monkeypatch):
    with watched(tmp_path) as it:
        monkeypatch.setattr(type(it.store.figures), "articles", lambda _: raise_(StoreError("slow")))
        found = scrape(it)
    assert found["syndicator_store_readable",] == 0
    assert any(name[0] == "syndicator_build_info" for name in found)
    assert not any(name[0] == "syndicator_source_up" for name in found)


def test_openmetrics_is_spoken_to_those_who_ask_for_it(tmp_path):
    with watched(tmp_path) as it:
        it.say("Boat one")
        answer = ask(it.app, "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    found = samples(openmetrics_parser.text_string_to_metric_families(answer.body.decode()))
    assert found["syndicator_delivery_attempts_total", "console", "delivered"] == 2


def test_every_family_has_a_name_of_ours_and_says_what_it_is(tmp_path):
    with watched(tmp_path) as it:
        text = ask(it.app, "/metrics").body.decode()
    families = list(parser.text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    for family in families:
        assert family.name.startswith(("syndicator_", "process_"))
        assert family.documentation
        assert family.type != "unknown"
    assert "_created" not in text


# Metrics: stages and lags


def test_every_stage_is_timed(tmp_path):
    with watched(tmp_path) as it:
        before = scrape(it)
        it.room.web.pages[WIRE_URL] = rss(("1", "Boat sinks", "x"))
        it.room.cycle(it.now)
        it.say("Boat one")
        after = scrape(it)
    counts = {stage: since(before, after, "syndicator_stage_seconds_count", stage.value) for stage in Stage}
    # Two batches: what the wire and what the desk brought. Two deliveries. Each of three feeds and the index.
    assert counts == {
        Stage.FETCH: 1, Stage.PARSE: 1, Stage.STORE: 2, Stage.MATCH: 2, Stage.DELIVER: 2, Stage.RENDER: counts[Stage.RENDER]
    }  # fmt: skip
    assert counts[Stage.RENDER] >= 4


def lag(found, of, since_):
    return found[f"syndicator_{of}_lag_seconds_sum", since_.value], found[
        f"syndicator_{of}_lag_seconds_count", since_.value
    ]


def test_the_lag_to_the_feeds_is_that_of_news_alone(tmp_path):
    with watched(tmp_path) as it:
        it.room.web.pages[WIRE_URL] = rss(("1", "Old boat", "x", "Mon, 02 Nov 2026 09:00:00 GMT"))
        it.room.publish(it.now)
        before = scrape(it)
        it.room.cycle(it.now)  # a backlog
        it.now += timedelta(hours=12)
        news = ("2", "Boat sinks", "y", "Tue, 03 Nov 2026 23:50:00 GMT")
        it.room.web.pages[WIRE_URL] = rss(news, ("1", "Old boat", "x", "Mon, 02 Nov 2026 09:00:00 GMT"))
        it.room.cycle(it.now)
        after = scrape(it)
        it.room.web.pages[WIRE_URL] = rss(("2", "Boat sinks off Kent", "y"))
        it.now += timedelta(hours=12)
        it.room.cycle(it.now)  # an edit
        again = scrape(it)
    for since_, seconds in ((Since.PUBLISHED, 600), (Since.FIRST_SEEN, 0)):
        (sum0, count0), (sum1, count1) = lag(before, "feed", since_), lag(after, "feed", since_)
        assert count1 - count0 == 1
        assert sum1 - sum0 == pytest.approx(seconds, abs=30)
        assert lag(again, "feed", since_) == (sum1, count1)


def test_what_was_published_but_not_rendered_before_a_restart_is_counted_after_it(tmp_path):
    with newsroom(tmp_path, BOATS, INBOX, WIRE) as room:
        room.cycle()
    with desk(tmp_path, BOATS, INBOX, WIRE) as it:
        it.now += timedelta(minutes=1)
        before = scrape_of(it)
        it.say("Boat one")
    with desk(tmp_path, BOATS, INBOX, WIRE) as it:
        it.now += timedelta(minutes=6)
        it.room.publish(it.now)
        after = scrape_of(it)
    (sum0, count0), (sum1, count1) = lag(before, "feed", Since.PUBLISHED), lag(after, "feed", Since.PUBLISHED)
    assert count1 - count0 == 1
    assert sum1 - sum0 == pytest.approx(300, abs=30)


def test_the_lag_counts_what_is_dropped_first_into_a_new_folder(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/boat.txt").write_text("A boat\n\nIt came in.", "utf-8")
    with desk(tmp_path, BOATS, INBOX) as it:
        before = scrape_of(it)
        it.room.cycle(it.now)
        after = scrape_of(it)
        assert it.room.titles("boats") == ["A boat"]
    (sum0, count0), (sum1, count1) = lag(before, "feed", Since.FIRST_SEEN), lag(after, "feed", Since.FIRST_SEEN)
    assert count1 - count0 == 1
    assert sum1 - sum0 < 30


def scrape_of(it):
    with house(it.room, lambda: it.now) as open_house:
        it.app = web_app(open_house)
        return scrape(it)


def test_an_embargo_is_no_lag(tmp_path):
    with watched(tmp_path) as it:
        it.room.cycle(it.now)
        it.now += timedelta(minutes=1)
        held = Entry(Content("Boat one", "x"), "1", None, published=it.now, embargo_until=it.now + timedelta(hours=2))
        with it.store.transaction():
            it.room.pipeline.intake.accept("inbox", [held], it.now)
        it.room.publish(it.now)
        before = scrape(it)
        it.now += timedelta(hours=3)
        it.room.pipeline.keep_house(it.now)
        it.now += timedelta(seconds=30)
        it.room.publish(it.now)
        after = scrape(it)
    for since_ in Since:
        (sum0, count0), (sum1, count1) = lag(before, "feed", since_), lag(after, "feed", since_)
        assert count1 - count0 == 1
        assert sum1 - sum0 == pytest.approx(30, abs=5)


def test_the_lag_to_alerts_is_that_of_immediate_ones(tmp_path):
    digest = alert("Daily", to=("phone",), schedule='"daily at 18:00"')
    with watched(tmp_path, BOATS, INBOX, DESK, PHONE, alert(), digest) as it:
        before = scrape(it)
        it.wire.answers["desk"] = [DOWN, TAKEN]
        it.say("Boat one")
        it.after(timedelta(seconds=30))
        it.after(timedelta(hours=23))
        after = scrape(it)
    assert it.heard("phone")
    for since_ in Since:
        (sum0, count0), (sum1, count1) = lag(before, "alert", since_), lag(after, "alert", since_)
        assert count1 - count0 == 1
        assert sum1 - sum0 == pytest.approx(30, abs=1)


# Web requests


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/news/feeds/asylum.rss", "feeds"),
        ("/news/feeds/archive/asylum/2026-10.atom", "feeds"),
        ("/news/feeds/", "feeds"),
        ("/news/search.atom", "search"),
        ("/news/search", "search"),
        ("/news/api/v1/articles", "api"),
        ("/news/articles/00000000-0000-0000-0000-000000000000", "pages"),
        ("/news/alerts/secret.atom", "private"),
        ("/news/unsubscribe/secret", "private"),
        ("/news/websub/hub", "websub"),
        ("/news/metrics", "operations"),
        ("/news/", "pages"),
        ("/news/feedsy", "other"),
        ("/news/wp-login.php", "other"),
        ("/news/" + "x" * 100_000, "other"),
        ("/elsewhere/search", "other"),
        ("/", "other"),
        ("", "other"),
    ],
)
def test_kinds_of_addresses(path, kind):
    assert Counting(None, "/news", "/news/feeds/").kind(path) == kind


def test_answers_are_counted_by_kind_and_status_whatever_is_asked_for(tmp_path):
    name = "syndicator_http_requests_total"
    with watched(tmp_path) as it:
        it.room.publish()
        before = scrape(it)
        assert ask(it.app, "/feeds/boats.rss").status == 200
        for number in range(50):
            assert ask(it.app, f"/nothing/{number}").status == 404
        after = scrape(it)
    assert since(before, after, name, "200", "feeds") == 1
    assert since(before, after, name, "404", "other") == 50
    assert since(before, after, "syndicator_http_request_seconds_count", "other") == 50
    assert {key[2] for key in after if key[0] == name} <= {
        "feeds",
        "other",
        "operations",
        "api",
        "desk",
        "pages",
        "private",
        "refused",
        "search",
        "websub",
    }


def test_what_somebody_should_look_at_is_counted_from_zero(tmp_path):
    """A series that comes with its first defect is no increase to Prometheus."""
    with watched(tmp_path) as it:
        found = scrape(it)
    for kind in {*KINDS.values(), "feeds", "other", "refused"}:
        for status in ("429", "500", "503"):
            assert ("syndicator_http_requests_total", status, kind) in found


def test_secrets_in_addresses_stay_out_of_the_access_log(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "syndicator.web.counting")
    with watched(tmp_path) as it:
        for path in ("/alerts/SECRET.atom", "/unsubscribe/SECRET", "/websub/SECRET", "/SECRET", "/api/v1/SECRET"):
            ask(it.app, path)
        ask(it.app, "/feeds/boats.rss")
    lines = [record.getMessage() for record in caplog.records if record.name == "syndicator.web.counting"]
    assert len(lines) == 6
    assert not [line for line in lines if "SECRET" in line]
    assert lines[-1].startswith("GET /feeds/boats.rss ")


def test_what_is_measured_costs_next_to_nothing():
    """Against a database write of some hundred microseconds, and by the processor's time, not the clock on the wall."""
    rounds = 2000
    began = time.process_time()
    for _ in range(rounds):
        with metrics.timed(Stage.STORE):
            pass
        metrics.answered("feeds", 200, 0.001)
    assert (time.process_time() - began) / rounds < 0.0005


# What docs/deploy.md says of it


def documented(*infos):
    return [block.body for block in read("docs/deploy.md").blocks(*infos)]


def test_every_metric_is_on_its_page_with_its_labels(tmp_path):
    rows = read("docs/deploy.md").table("metric", "labels", "meaning")
    shown = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows}
    with watched(tmp_path) as it:
        it.room.web.pages[WIRE_URL] = rss(("1", "Boat sinks", "x"))
        it.room.cycle(it.now)
        it.say("Boat one")
        scrape(it)
        text = ask(it.app, "/metrics").body.decode()
    found = {}
    for family in parser.text_string_to_metric_families(text):
        if not family.name.startswith("process_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    assert shown == found


def test_every_alert_rule_asks_for_what_is_there():
    (scraping, rules) = map(yaml.safe_load, documented("yaml"))
    assert scraping["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:8080"]
    known = {row[0].strip("`") for row in read("docs/deploy.md").table("metric", "labels", "meaning")}
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(asked) > 5
    for expression in asked:
        named = re.findall(r"syndicator_\w+", expression)
        assert named
        assert {name.removesuffix("_bucket") for name in named} <= known


def test_every_event_is_on_its_page():
    rows = read("docs/deploy.md").table("event", "level", "when")
    shown = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    told = {LOGGED, "cycle"}
    for module in ("journal", "service", "serving"):
        source = (ROOT / f"syndicator/cli/{module}.py").read_text("utf-8")
        told |= set(re.findall(r'(?:Told\(|journal\.say\(|journal\.say, )\s*"(\w+)"', source))
    assert shown == told


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_units_are_as_systemd_wants_them(tmp_path):
    service, backup, timer = documented("ini")
    for name, unit in (("syndicator", service), ("syndicator-backup", backup)):
        here = re.sub(r"/opt/syndicator/.venv/bin/syndicator (?=run)|/usr/bin/find", "/bin/true ", unit)
        (tmp_path / f"{name}.service").write_text(here.replace("User=news", "User=root"), "utf-8")
    (tmp_path / "syndicator-backup.timer").write_text(timer, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "syndicator" in line]
    assert ours == []
    assert done.returncode == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_a_unit_that_systemd_does_not_want_is_found_out(tmp_path):
    (tmp_path / "syndicator.service").write_text("[Service]\nExecStart=/bin/true\nTypo=1\n", "utf-8")
    line = ["systemd-analyze", "verify", tmp_path / "syndicator.service"]
    assert "Typo" in subprocess.run(line, capture_output=True, text=True, timeout=60, check=False).stderr
