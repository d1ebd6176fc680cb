"""The built-in hub, by real HTTP: the cases that websub.rocks has for hubs (100 to 106), and what it leaves out."""

import asyncio
import hashlib
import hmac
import random
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web
from asgi import ask
from house import house
from newsroom import BOATS, COURTS, INBOX, NOW, newsroom
from pushing import HUB, LOOPBACK, TOPIC, Pushing, asked, confirming, pushing, questions, taken
from receiver import Receiver, Reply

from syndicator.errors import StoreError
from syndicator.pushing import distribution, reception
from syndicator.store import Claim, Topic
from syndicator.web import web_app
from syndicator.websub import Asked, Mode

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def running():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(running):
    running.forget()
    running.answer("/cb", confirming)
    return running


@pytest.fixture
def it(tmp_path):
    with pushing(tmp_path) as it:
        yield it


# The cases of websub.rocks


def test_100_a_subscriber_is_asked_and_then_sent_what_changes(it, receiver):
    assert it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 202
    assert questions(receiver) == []
    it.work()
    (question,) = questions(receiver)
    assert question.keys() == {"mode", "topic", "challenge", "lease_seconds"}
    assert (question["mode"], question["topic"], question["lease_seconds"]) == ("subscribe", TOPIC, "864000")
    assert taken(receiver) == []
    it.say("A boat")
    it.work()
    (sent,) = taken(receiver)
    assert sent.body == it.bytes()
    assert b"A boat" in sent.body
    assert sent.headers["link"] == f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"'
    assert "x-hub-signature" not in sent.headers


def test_101_what_a_subscriber_with_a_secret_is_sent_is_signed(it, receiver):
    it.subscribe(receiver.url("/cb"), secret="nobody knows")
    it.say("A boat")
    it.work()
    (sent,) = taken(receiver)
    expected = hmac.new(b"nobody knows", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["x-hub-signature"] == f"sha256={expected}"


def test_102_parameters_that_the_hub_does_not_know_are_ignored(it, receiver):
    it.subscribe(receiver.url("/cb"), verify="sync", verify_token="x", foo="bar")
    assert len(it.subscriptions()) == 1


def test_103_who_subscribes_again_is_sent_everything_once_under_the_new_secret(it, receiver):
    it.subscribe(receiver.url("/cb"), secret="old", lease_seconds=3600)
    it.now += HOUR / 2
    it.subscribe(receiver.url("/cb"), secret="new", lease_seconds=7200)
    it.now += HOUR
    it.say("A boat")
    it.work()
    (sent,) = taken(receiver)
    assert sent.headers["x-hub-signature"] == f"sha256={hmac.new(b'new', sent.body, hashlib.sha256).hexdigest()}"


def test_104_who_unsubscribes_is_asked_and_sent_nothing_more(it, receiver):
    it.subscribe(receiver.url("/cb"))
    assert it.post(mode="unsubscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 202
    it.work()
    question = questions(receiver)[-1]
    assert (question["mode"], question["topic"]) == ("unsubscribe", TOPIC)
    assert "lease_seconds" not in question
    it.say("A boat")
    it.work()
    assert taken(receiver) == []


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [("rss", "application/rss+xml"), ("atom", "application/atom+xml"), ("json", "application/feed+json")],
)
def test_105_106_each_format_comes_as_it_is_and_as_what_it_is(it, receiver, extension, media_type):
    topic = TOPIC.replace("atom", extension)
    it.subscribe(receiver.url("/cb"), topic=topic)
    it.say("A boat")
    it.work()
    (sent,) = taken(receiver)
    assert sent.body == it.bytes(f"boats.{extension}")
    assert sent.headers["content-type"] == media_type
    assert f'<{topic}>; rel="self"' in sent.headers["link"]


# Asking


def test_a_callbacks_own_query_stays_as_it_is_in_front_of_ours(it, receiver):
    query = "a=1&hub.mode=mine&b=%C3%A9%2f+x"
    it.subscribe(receiver.url(f"/cb?{query}"))
    (question,) = receiver.received("/cb")
    assert question.target.startswith(f"/cb?{query}&hub.mode=subscribe&hub.topic=")
    it.say("A boat")
    it.work()
    (sent,) = taken(receiver)
    assert sent.target == f"/cb?{query}"


@pytest.mark.parametrize(
    ("said", "given"),
    [("", 864_000), ("0", 864_000), ("1", 3600), ("7200", 7200), ("99999999999999999", 2_592_000)],
)
def test_a_lease_is_within_bounds_and_the_subscriber_is_told_which(it, receiver, said, given):
    it.subscribe(receiver.url("/cb"), lease_seconds=said)
    assert questions(receiver)[0]["lease_seconds"] == str(given)
    it.now += given * SECOND - SECOND
    it.say("A boat")
    it.work()
    assert len(taken(receiver)) == 1
    it.now += SECOND
    it.say("Another boat")
    it.work()
    assert len(taken(receiver)) == 1
    assert it.subscriptions() == []


CALLBACK = "https://reader.example/cb"
GOOD = {"mode": "subscribe", "topic": TOPIC, "callback": CALLBACK}


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"mode": ""}, 400, "hub.mode is missing"),
        ({"mode": "dance"}, 400, "hub.mode is not one"),
        ({"topic": ""}, 400, "hub.topic is missing"),
        ({"topic": "https://elsewhere.example/feed"}, 404, "its own feeds alone"),
        ({"topic": TOPIC + "#x"}, 404, "its own feeds alone"),
        ({"topic": TOPIC.replace(".atom", ".html")}, 404, "its own feeds alone"),
        ({"topic": "x" * 5000}, 400, "longer than"),
        ({"callback": ""}, 400, "hub.callback is missing"),
        ({"callback": "ftp://reader.example/"}, 400, "hub.callback is not a web address"),
        ({"callback": "https://user:word@reader.example/"}, 400, "name or password"),
        ({"callback": "https://reader.example/\r\nX: y"}, 400, "not a web address"),
        ({"callback": "https://reader.example/" + "x" * 3000}, 400, "not a web address"),
        ({"callback": "https://reader.example/bücher"}, 400, "characters that no URL has"),
        ({"callback": "https://bücher.example/"}, 400, "characters that no URL has"),
        ({"callback": "https://reader.example/?a={b}"}, 400, "characters that no URL has"),
        ({"lease_seconds": "soon"}, 400, "hub.lease_seconds is not a number"),
        ({"lease_seconds": "-1"}, 400, "hub.lease_seconds is not a number"),
        ({"secret": "é" * 100}, 400, "hub.secret is too long"),
        ({"mode": "publish", "url": "https://elsewhere.example/"}, 404, "its own feeds alone"),
        ({"mode": "publish", "topic": ""}, 400, "hub.url is missing"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_what_can_not_be_granted_is_refused_with_a_reason(it, change, status, words):
    reply = it.post(**{**GOOD, **change})
    assert reply.status == status
    assert reply["content-type"].startswith("text/plain")
    assert words in reply.body.decode()
    assert it.waiting() == 0


def test_a_secret_of_199_bytes_will_do(it):
    assert it.post(**GOOD, secret="s" * 199).status == 202


def test_a_form_is_wanted(it):
    assert it.post(content_type="application/json", body='{"hub.mode": "subscribe"}').status == 415
    assert it.post(body="hub.mode=subscribe&pad=" + "x" * 20_000).status == 413


def test_a_publishers_word_is_taken_and_changes_nothing(it, receiver):
    it.subscribe(receiver.url("/cb"))
    assert it.post(mode="publish", url=TOPIC).status == 204
    it.work()
    assert taken(receiver) == []


def test_who_comes_by_is_told_what_this_is(it):
    with house(it.room, it.clock) as rooms:
        reply = ask(web_app(rooms), "/websub/hub")
    assert reply.status == 200
    assert b"WebSub hub" in reply.body


@pytest.mark.parametrize("hub", ['"none"', '"https://hub.example/"'], ids=["none", "elsewhere"])
def test_there_is_no_hub_where_the_feeds_name_none_of_ours(tmp_path, hub):
    with pushing(tmp_path, f"[websub]\nhub = {hub}\n") as it:
        assert it.post(**GOOD).status == 404


@pytest.mark.parametrize("cap", ["SUBSCRIPTIONS", "SUBSCRIPTIONS_OF_HOST"])
def test_a_full_hub_renews_but_takes_nobody_new(it, receiver, monkeypatch, cap):
    monkeypatch.setattr(reception, cap, 1)
    it.subscribe(receiver.url("/cb"))
    full = it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/other"))
    assert full.status == 503
    assert int(full["retry-after"]) > 0
    assert it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 202
    assert it.post(mode="unsubscribe", topic=TOPIC, callback=receiver.url("/other")).status == 202


@pytest.mark.parametrize(
    ("cap", "other"), [("WAITING", "https://b.example/"), ("WAITING_OF_HOST", "https://reader.example:8443/x")]
)
def test_only_so_many_wait_to_be_verified(it, monkeypatch, cap, other):
    monkeypatch.setattr(reception, cap, 1)
    assert it.post(**GOOD).status == 202
    assert it.post(**{**GOOD, "callback": other}).status == 503
    assert it.waiting() == 1


def test_one_host_at_its_limit_leaves_the_hub_to_others(it, monkeypatch):
    monkeypatch.setattr(reception, "WAITING_OF_HOST", 1)
    assert it.post(**GOOD).status == 202
    assert it.post(**{**GOOD, "callback": "https://b.example/"}).status == 202


def test_one_client_at_its_limit_leaves_the_hub_to_others(it, monkeypatch):
    monkeypatch.setattr(reception, "WAITING_OF_CLIENT", 1)
    others = {name: {**GOOD, "callback": f"https://{name}.example/"} for name in "abc"}
    assert it.post(**others["a"]).status == 202
    refused = it.post(**others["b"])
    assert refused.status == 503
    assert int(refused["retry-after"]) > 0
    assert it.post(client="198.51.100.7", **others["c"]).status == 202
    assert it.waiting() == 2


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path):
    with pushing(tmp_path, "[server]\nrate = 4\n") as it:
        replies = [it.post() for _ in range(5)]
    assert [reply.status for reply in replies] == [400] * 4 + [429]
    assert int(replies[-1]["retry-after"]) > 0


# Verification


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: Reply(200, b""),
        lambda _: Reply(200, b"yes"),
        lambda it: Reply(200, asked(it)["challenge"].encode() + b"\n"),
        lambda it: Reply(200, asked(it)["challenge"].encode()[:-1]),
        lambda it: Reply(404, asked(it)["challenge"].encode()),
        lambda it: Reply(302, asked(it)["challenge"].encode(), {"Location": "/cb"}),
        lambda it: Reply(500, asked(it)["challenge"].encode()),
        lambda _: Reply(drop=True),
    ],
    ids=["empty", "other", "longer", "shorter", "404", "302", "500", "dropped"],
)
def test_who_does_not_confirm_changes_nothing_and_is_not_asked_again(it, receiver, answer):
    it.subscribe(receiver.url("/cb"), secret="first")
    receiver.answer("/cb", lambda received: answer(received) if received.method == "GET" else Reply())
    before = list(it.store._db.query("SELECT * FROM hub_followers"))
    it.subscribe(receiver.url("/cb"), secret="second", lease_seconds=1)
    assert it.post(mode="unsubscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 202
    it.work()
    it.after(DAY)
    assert [question["mode"] for question in questions(receiver)] == ["subscribe", "subscribe", "unsubscribe"]
    assert list(it.store._db.query("SELECT * FROM hub_followers")) == before


def test_a_subscriber_may_take_its_time_over_the_challenge(it, receiver, monkeypatch):
    monkeypatch.setattr("syndicator.delivery.http._BODY_SECONDS", 0.01)
    receiver.answer("/cb", lambda received: Reply(body=asked(received)["challenge"].encode(), drip_s=0.005))
    it.subscribe(receiver.url("/cb"))
    assert len(it.subscriptions()) == 1


def test_an_accepted_request_outlives_the_end_of_the_process(tmp_path, receiver):
    with pushing(tmp_path) as it:
        assert it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 202
        with it.store.transaction():
            (claimed,) = claim_questions(it)
    with pushing(tmp_path) as it:
        it.work()
        assert claimed.asked.callback == receiver.url("/cb")
        assert it.subscriptions() == [(TOPIC, receiver.url("/cb"))]


def claim_questions(it):
    return it.store.questions.claim(Claim("dead", it.now, 9, 9, {}, (), DAY), most_attempts=4)


def test_a_question_that_ends_us_each_time_is_dropped(it, receiver):
    it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb"))
    for _ in range(4):
        with it.store.transaction():
            it.store.questions.hand_back()
            assert len(claim_questions(it)) == 1
    it.work()
    assert questions(receiver) == []
    assert it.waiting() == 0


def test_who_was_never_asked_goes_before_those_that_are_asked_again(it):
    for name in "ab":
        assert it.post(**{**GOOD, "callback": f"https://{name}.example/"}).status == 202
    with it.store.transaction():
        it.store._db.execute("UPDATE hub_questions SET attempts = 1 WHERE host = 'a.example'")
        claim = Claim("we", it.now, 1, 9, {}, (), DAY)
        hosts = [question.host for _ in range(2) for question in it.store.questions.claim(claim, most_attempts=4)]
    assert hosts == ["b.example", "a.example"]


def test_a_later_request_takes_the_place_of_one_that_is_being_verified(it, receiver):
    def late(received):
        if len(questions(receiver)) == 1:
            with it.store.transaction():  # it comes in while the first is being asked
                it.store.questions.ask(Asked(Mode.UNSUBSCRIBE, TOPIC, receiver.url("/cb")), 1)
        return confirming(received)

    it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb"))
    receiver.answer("/cb", late)
    it.work()
    assert [question["mode"] for question in questions(receiver)] == ["subscribe", "unsubscribe"]
    assert it.subscriptions() == []


def test_who_confirms_for_a_feed_that_has_gone_meanwhile_is_told_so(it, receiver):
    def late(received):
        if asked(received)["mode"] == "subscribe":
            with it.store.transaction():
                it.store.announcements.retire(["boats"])
        return confirming(received)

    receiver.answer("/cb", late)
    it.subscribe(receiver.url("/cb"))
    assert [question["mode"] for question in questions(receiver)] == ["subscribe", "denied"]
    assert it.subscriptions() == []


def test_what_changes_between_the_request_and_its_verification_is_sent(it, receiver):
    it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb"))
    it.say("A boat")
    it.work()
    assert [sent.body for sent in taken(receiver)] == [it.bytes()]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
def test_no_callback_leads_into_our_own_network(tmp_path, receiver, host):
    with newsroom(tmp_path, INBOX, BOATS) as room:
        room.start()
        it = Pushing(room)
        it.publish()
        assert it.post(mode="subscribe", topic=TOPIC, callback=f"http://{host}:{receiver.port}/cb").status == 202
        it.work()
        assert receiver.requests == []
        assert (it.subscriptions(), it.waiting()) == ([], 0)


# Distribution


def test_nothing_is_sent_twice_and_nothing_where_nothing_changed(it, receiver):
    it.subscribe(receiver.url("/cb"))
    it.say("A boat")
    it.work()
    it.after(HOUR)
    it.store.feeds.mark_stale(["boats"])
    it.publish()
    it.work()
    assert len(taken(receiver)) == 1


def test_a_kill_reaches_subscribers(it, receiver):
    it.subscribe(receiver.url("/cb"))
    it.say("A boat with a wrong name")
    it.work()
    it.kill("A boat with a wrong name")
    it.publish()
    it.work()
    first, second = taken(receiver)
    assert b"wrong name" in first.body
    assert b"wrong name" not in second.body
    assert second.body == it.bytes()


def test_strangers_write_no_lines_into_the_log(it, receiver, caplog):
    caplog.set_level("INFO", "syndicator")
    it.subscribe(receiver.url("/cb"))
    it.subscribe(receiver.url("/refusing"))
    it.post(mode="unsubscribe", topic=TOPIC, callback=receiver.url("/cb"))
    it.work()
    assert it.subscriptions() == []
    assert [record.getMessage() for record in caplog.records if record.name.startswith("syndicator.pushing")] == []


@pytest.mark.parametrize("first", [204, 503], ids=["sent before", "failed before"])
def test_what_was_killed_goes_to_nobody_while_its_feed_waits_to_be_rendered(it, receiver, first):
    receiver.answer("/late", confirming)
    it.subscribe(receiver.url("/late"))
    it.subscribe(receiver.url("/cb"))
    receiver.answer("/cb", Reply(first))
    receiver.answer("/late", Reply(503))
    it.say("A boat with a wrong name")
    it.work()
    before = len(receiver.requests)
    receiver.answer("/cb", confirming)
    receiver.answer("/late", confirming)
    it.kill("A boat with a wrong name")
    it.after(HOUR)
    it.after(HOUR)
    assert len(receiver.requests) == before
    failures = [row["failures"] for row in it.store._db.query("SELECT failures FROM hub_followers ORDER BY n")]
    assert failures == [1, int(first == 503)]
    it.publish()
    it.work()
    for path in ("/cb", "/late"):
        assert taken(receiver, path)[-1].body == it.bytes()
    assert b"wrong name" not in it.bytes()
    assert len(receiver.requests) == before + 2


def test_a_kill_stops_what_was_claimed_and_waits_for_a_hand(it, receiver, monkeypatch):
    """All are claimed at once, and the first is held; a kill comes before the others have begun."""
    monkeypatch.setattr(distribution, "HANDS", 2)
    for n in range(4):
        receiver.answer(f"/{n}", confirming)
        it.subscribe(receiver.url(f"/{n}"))
    receiver.answer("/0", Reply(204, delay_s=0.3))
    receiver.answer("/1", Reply(204, delay_s=0.3))
    before = len(receiver.requests)

    async def run():
        async with it.hub() as hub:
            hub.start()
            await asyncio.to_thread(receiver.wait_for, before + 2)
            it.kill("A boat with a wrong name")
            await hub.drain()

    it.say("A boat with a wrong name")
    asyncio.run(run())
    assert len(receiver.requests) == before + 2
    it.publish()
    it.work()
    for n in range(4):
        assert taken(receiver, f"/{n}")[-1].body == it.bytes()
    assert len(receiver.requests) == before + 6


def test_one_feed_that_can_not_be_written_holds_up_no_other(tmp_path, receiver):
    with pushing(tmp_path, COURTS) as it:
        receiver.answer("/boats", confirming)
        receiver.answer("/courts", confirming)
        it.subscribe(receiver.url("/boats"))
        it.subscribe(receiver.url("/courts"), TOPIC.replace("boats", "courts"))
        it.say("A boat before the court")
        it.store.feeds.mark_stale(["boats"])
        it.work()
        assert (len(taken(receiver, "/boats")), len(taken(receiver, "/courts"))) == (0, 1)


def test_a_hub_elsewhere_is_not_told_to_fetch_what_was_killed(tmp_path, receiver):
    with pushing(tmp_path, f'[websub]\nhub = "{receiver.url("/hub")}"\n') as it:
        it.work()
        before = len(receiver.requests)
        it.say("A boat with a wrong name")
        it.kill("A boat with a wrong name")
        it.work()
        assert len(receiver.requests) == before
        it.publish()
        it.work()
        assert len(receiver.requests) > before


def test_after_days_of_outage_the_newest_comes_once(it, receiver):
    it.subscribe(receiver.url("/cb"), lease_seconds=20 * 86_400)
    receiver.answer("/cb", Reply(503))
    for day in range(3):
        it.say(f"Boat number {day}")
        it.after(DAY)
    tried = len(taken(receiver))
    assert 3 <= tried <= 12
    receiver.answer("/cb", confirming)
    it.after(DAY)
    assert [sent.body for sent in taken(receiver)[tried:]] == [it.bytes()]
    it.after(DAY)
    assert len(taken(receiver)) == tried + 1


def test_after_our_own_downtime_what_is_due_is_sent(tmp_path, receiver):
    with pushing(tmp_path) as it:
        it.subscribe(receiver.url("/cb"))
        it.say("A boat")
    with pushing(tmp_path) as it:
        it.after(3 * DAY)
        assert [sent.body for sent in taken(receiver)] == [it.bytes()]


def test_what_a_killed_process_was_sending_is_sent_again_at_once(tmp_path, receiver):
    with pushing(tmp_path) as it:
        it.subscribe(receiver.url("/cb"))
        it.say("A boat")
        with it.store.transaction():
            assert len(claim_followers(it)) == 1
            assert claim_followers(it) == []
    with pushing(tmp_path) as it:
        it.work()
        assert len(taken(receiver)) == 1


def claim_followers(it, room=9):
    return it.store.followers.claim(Claim("dead", it.now, room, 9, {}, (), DAY), lagging=False)


@pytest.mark.parametrize("away", [timedelta(minutes=3), -HOUR], ids=["ended", "clock set back"])
def test_a_lease_ends_by_itself(it, receiver, away):
    it.subscribe(receiver.url("/cb"))
    it.say("A boat")
    with it.store.transaction():
        assert len(claim_followers(it)) == 1
        it.now += away
        assert len(claim_followers(it)) == 1


@pytest.mark.parametrize("status", [300, 302, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_tried_again(it, receiver, status):
    it.subscribe(receiver.url("/cb"))
    receiver.answer("/cb", Reply(status, headers={"Location": "/elsewhere"}), confirming)
    it.say("A boat")
    it.work()
    it.work()
    assert len(taken(receiver)) == 1
    it.after(HOUR)
    assert len(taken(receiver)) == 2
    assert receiver.received("/elsewhere") == []
    it.after(HOUR)
    assert len(taken(receiver)) == 2


def test_a_subscriber_may_ask_for_time(it, receiver):
    it.subscribe(receiver.url("/cb"))
    receiver.answer("/cb", Reply(429, headers={"Retry-After": "3600"}), confirming)
    it.say("A boat")
    it.work()
    it.after(HOUR - SECOND)
    assert len(taken(receiver)) == 1
    it.after(SECOND)
    assert len(taken(receiver)) == 2


def test_410_ends_a_subscription(it, receiver):
    it.subscribe(receiver.url("/cb"))
    receiver.answer("/cb", Reply(410))
    it.say("A boat")
    it.work()
    assert it.subscriptions() == []


def test_a_renewal_tries_a_failing_subscriber_at_once(it, receiver):
    it.subscribe(receiver.url("/cb"))
    receiver.answer("/cb", Reply(503))
    it.say("A boat")
    it.work()
    it.after(10 * SECOND)
    receiver.answer("/cb", confirming)
    it.subscribe(receiver.url("/cb"))
    assert len(taken(receiver)) == 3


def test_what_can_not_be_written_down_is_not_sent_again(it, receiver, monkeypatch):
    monkeypatch.setattr("syndicator.pushing.crew.PAUSE_S", 0)
    it.subscribe(receiver.url("/cb"))
    reached, failures = it.store.followers.reached, [StoreError("disk full")] * 3

    def full(*args, **more):
        if failures:
            raise failures.pop()
        reached(*args, **more)

    monkeypatch.setattr(it.store.followers, "reached", full)
    it.say("A boat")
    it.work()
    it.after(HOUR)
    assert len(taken(receiver)) == 1


def test_a_defect_costs_itself_alone_and_is_tried_again(it, receiver, monkeypatch):
    receiver.answer("/other", confirming)
    it.subscribe(receiver.url("/cb"), secret="s")
    it.subscribe(receiver.url("/other"))
    tried = []
    with monkeypatch.context() as broken:
        broken.setattr(distribution, "signature", lambda *_: tried.append(1) or 1 / 0)
        it.say("A boat")
        it.work()
        it.work()
    assert len(tried) == 1
    assert (len(taken(receiver, "/cb")), len(taken(receiver, "/other"))) == (0, 1)
    it.after(HOUR)
    assert (len(taken(receiver, "/cb")), len(taken(receiver, "/other"))) == (1, 1)


def test_a_large_feed_is_sent_and_signed_whole(it, receiver):
    it.subscribe(receiver.url("/cb"), secret="s")
    large = random.randbytes(2_000_000)
    (it.room.root / "feeds/boats.atom").write_bytes(large)
    with it.store.transaction():
        it.store.announcements.announce(
            "boats", [Topic(TOPIC, "boats", "atom", it.room.pipeline.rendering.publisher.digests("boats")["atom"])], NOW
        )
    it.work()
    (sent,) = taken(receiver)
    assert sent.body == large
    assert sent.headers["x-hub-signature"] == f"sha256={hmac.new(b's', sent.body, hashlib.sha256).hexdigest()}"


def test_only_what_was_announced_is_sent(it, receiver):
    """Somebody wrote into the file: nobody is sent that, and the feed is rendered anew."""
    it.subscribe(receiver.url("/cb"))
    it.say("A boat")
    right = it.bytes()
    (it.room.root / "feeds/boats.atom").write_bytes(b"<html>oops</html>")
    it.work()
    assert taken(receiver) == []
    it.publish()
    it.after(10 * SECOND)
    assert [sent.body for sent in taken(receiver)] == [right]


def test_secrets_and_callbacks_stand_in_no_log(it, receiver, caplog):
    caplog.set_level("DEBUG", "syndicator")
    path = "/cb/Zm9vYmFyYmF6cXV4"
    receiver.answer(path, confirming)
    it.subscribe(receiver.url(path), secret="nobody knows")
    receiver.answer(path, lambda received: Reply(500, f"{received.path} {received.headers}".encode()))
    it.say("A boat")
    it.work()
    assert "500" in caplog.text
    assert "Zm9v" not in caplog.text
    assert "nobody knows" not in caplog.text


# The end of a topic, or of the hub


def test_when_a_feed_is_gone_its_subscribers_are_told(tmp_path, receiver):
    with pushing(tmp_path) as it:
        it.subscribe(receiver.url("/cb"))
        it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/late"))
        receiver.answer("/late", Reply(500), Reply())
    with newsroom(tmp_path, INBOX, COURTS, LOOPBACK) as room:
        room.start()
        it = Pushing(room)
        it.publish()
        it.work()
        assert it.subscriptions() == []
        denied = questions(receiver)[-1]
        assert (denied["mode"], denied["topic"], denied["reason"]) == ("denied", TOPIC, "This feed is gone.")
        assert "challenge" not in denied
        assert it.post(mode="subscribe", topic=TOPIC, callback=receiver.url("/cb")).status == 404
        it.after(HOUR)
        it.after(HOUR)
        assert [each["mode"] for each in questions(receiver, "/late")] == ["denied", "denied"]
        assert it.waiting() == 0
    with newsroom(tmp_path, INBOX, BOATS, LOOPBACK) as room:
        room.start()
        it = Pushing(room)
        it.publish()
        it.subscribe(receiver.url("/cb"))
        assert it.subscriptions() == [(TOPIC, receiver.url("/cb"))]


def test_when_the_newsroom_moves_its_subscribers_are_told(tmp_path, receiver):
    with pushing(tmp_path) as it:
        it.subscribe(receiver.url("/cb"))
    with pushing(tmp_path, '[feeds]\nurl = "https://new.example/feeds"\n') as it:
        it.work()
        assert "moved" in questions(receiver)[-1]["reason"]
        assert it.subscriptions() == []
        assert it.post(**GOOD).status == 404
        assert it.post(**{**GOOD, "topic": "https://new.example/feeds/boats.atom"}).status == 202


def test_when_the_hub_closes_its_subscribers_are_told(tmp_path, receiver):
    with pushing(tmp_path) as it:
        it.subscribe(receiver.url("/cb"))
    with pushing(tmp_path, '[websub]\nhub = "none"\n') as it:
        it.work()
        assert questions(receiver)[-1]["mode"] == "denied"
        assert it.subscriptions() == []
        it.say("A boat")
        it.work()
        assert taken(receiver) == []


# A thousand


@pytest.fixture
def patient(monkeypatch):
    """Attempts that hang are given up when these tests are long over."""
    monkeypatch.setattr(distribution, "WITHIN", timedelta(hours=1))


class Crowd:
    """Subscribers on a thousand addresses of loopback, one of which never answers."""

    def __init__(self, hanging):
        self.hanging = hanging
        self.slow = ()
        self.got = Counter()
        self.holding = 0
        self.heard = asyncio.Condition()
        self.held = asyncio.Event()

    async def __aenter__(self):
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/{n}", self._answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "0.0.0.0", 0, backlog=1024)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.held.set()
        await self.runner.cleanup()

    def url(self, n):
        return f"http://127.0.{n // 250}.{n % 250 + 1}:{self.port}/{n}"

    async def _answer(self, request):
        n = int(request.match_info["n"])
        if request.method == "GET":
            return web.Response(text=request.query["hub.challenge"])
        await request.read()
        if n in self.slow and n not in self.hanging:
            await asyncio.sleep(0.3)
        if n in self.hanging:
            self.holding += 1
            async with self.heard:
                self.heard.notify_all()
            await self.held.wait()
        self.got[n] += 1
        async with self.heard:
            self.heard.notify_all()
        return web.Response()

    async def holds(self, count):
        """Wait until so many hang."""
        async with asyncio.timeout(120), self.heard:
            await self.heard.wait_for(lambda: self.holding >= count)

    async def has(self, count):
        """Wait until so many were reached, which they are long before those that hang are given up."""
        async with asyncio.timeout(120), self.heard:
            await self.heard.wait_for(lambda: sum(self.got.values()) >= count)


def subscribe_all(it, crowd, numbers):
    with it.store.transaction():
        for n in numbers:
            it.store._db.execute(
                "INSERT INTO hub_followers (kind, topic, url, host, since, expires, sent, due)"
                " VALUES ('subscriber', ?, ?, ?, 0, ?, 1, 0)",
                [TOPIC, crowd.url(n), crowd.url(n).split("/")[2].split(":")[0], int((NOW + DAY).timestamp())],
            )


@pytest.mark.usefixtures("patient")
def test_of_a_thousand_subscribers_one_that_hangs_delays_none(it):
    async def run():
        async with Crowd(hanging={3}) as crowd, it.hub() as hub:
            subscribe_all(it, crowd, range(1000))
            it.say("A boat")
            hub.start()
            # It would hang until its deadline: all others have theirs while it still does.
            await crowd.has(999)
            assert len(hub.distribution.crew.under_way) >= 1
            assert crowd.got == Counter(n for n in range(1000) if n != 3)
            await hub.stop(0)
        (standing,) = it.store.followers.standing()
        assert (standing.followers, standing.behind) == (1000, 1)

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_many_that_hang_on_one_host_leave_hands_for_the_others(it):
    async def run():
        async with Crowd(hanging=set(range(200))) as crowd, it.hub() as hub:
            crowd.url = lambda n: f"http://127.0.0.{1 if n < 200 else 2}:{crowd.port}/{n}"
            subscribe_all(it, crowd, range(220))
            it.say("A boat")
            hub.start()
            await crowd.has(20)
            assert set(crowd.got) == set(range(200, 220))
            await hub.stop(0)

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_others_go_on_while_all_hands_but_one_are_held(it):
    async def run():
        hands = distribution.HANDS
        async with Crowd(hanging=set(range(hands - 1))) as crowd, it.hub() as hub:
            subscribe_all(it, crowd, range(500))
            it.say("A boat")
            hub.start()  # once: no later tick helps
            await crowd.has(500 - hands + 1)
            assert crowd.holding == hands - 1
            await hub.stop(0)

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_those_that_failed_before_take_half_the_hands_at_most(it):
    async def run():
        async with Crowd(hanging=set(range(100))) as crowd, it.hub() as hub:
            subscribe_all(it, crowd, range(200))
            with it.store.transaction():
                it.store._db.execute("UPDATE hub_followers SET failures = 3, due = -1 WHERE n <= 100")
            it.say("A boat")
            hub.start()
            await crowd.has(100)
            async with asyncio.timeout(120):
                while any(n > 100 for n in hub.distribution.crew.under_way):  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0.01)
            hub.start()
            assert len(hub.distribution.crew.under_way) == distribution.LAGGING
            await hub.stop(0)

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_those_that_were_slow_take_half_the_hands_at_most(it, monkeypatch):
    monkeypatch.setattr(distribution, "SLOW", timedelta(seconds=0.1))

    async def run():
        async with Crowd(hanging=set()) as crowd, it.hub() as hub:
            crowd.slow = range(100)
            subscribe_all(it, crowd, range(200))
            it.say("A boat")
            await hub.drain()
            slow = {row["n"] for row in it.store._db.query("SELECT n FROM hub_followers WHERE slow")}
            assert slow >= set(range(1, 101))
            with it.store.transaction():  # on a machine that has much to do all may have been slow
                it.store._db.execute("UPDATE hub_followers SET slow = 0 WHERE n > 100")
            crowd.hanging = set(range(100))
            it.say("Another boat")
            hub.start()
            assert sum(n <= 100 for n in hub.distribution.crew.under_way) <= distribution.LAGGING
            await crowd.has(300)
            assert all(crowd.got[n] == 2 for n in range(100, 200))
            hub.start()
            assert sum(n <= 100 for n in hub.distribution.crew.under_way) <= distribution.LAGGING
            # Who is quick again is one of the quick again.
            crowd.slow = ()
            crowd.held.set()
            monkeypatch.setattr(distribution, "SLOW", timedelta(hours=1))
            await hub.drain()
            assert sum(crowd.got.values()) == 400
            it.say("A third boat")
            await hub.drain()
            assert list(it.store._db.query("SELECT n FROM hub_followers WHERE slow")) == []

    asyncio.run(run())


def test_the_hub_ends_within_its_grace_and_gives_back_what_it_holds(it):
    async def run():
        async with Crowd(hanging={0}) as crowd, it.hub() as hub:
            subscribe_all(it, crowd, [0])
            it.say("A boat")
            hub.start()
            await asyncio.sleep(0)
            await hub.stop(0.05)
            hub.start()
            assert hub.distribution.crew.under_way == []
            with it.store.transaction():
                assert len(claim_followers(it)) == 1

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_a_hub_that_ends_finishes_what_it_has_begun_and_begins_nothing(it):
    async def run():
        hands = distribution.HANDS
        async with Crowd(hanging=set(range(hands))) as crowd, it.hub() as hub:
            subscribe_all(it, crowd, range(hands + 20))
            it.say("A boat")
            hub.start()
            await crowd.holds(hands)
            ending = asyncio.create_task(hub.stop(60))
            await asyncio.sleep(0)
            crowd.held.set()
            await ending
            assert set(crowd.got) == set(range(hands))
            with it.store.transaction():
                assert len(claim_followers(it, room=99)) == 20

    asyncio.run(run())
