"""What people decide by hand about an article's topics holds: over retags, new versions and restarts; and leaves again."""

from datetime import timedelta

import pytest
from newsroom import BOATS, COURTS, NOW, WIRE, newsroom, rss
from outbox import DESK, alert, desk

from syndicator.alertdesk import AlertDesk
from syndicator.errors import NotFoundError, UsageError
from syndicator.model import State
from syndicator.previewing import draft, look_back
from syndicator.query import parse

HOUR = timedelta(hours=1)
BOAT = ("one", "A boat came in", "It was towed to Dover.")
RAIN = ("two", "Rain on Tuesday", "It will be wet.")


@pytest.fixture
def room(tmp_path):
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as it:
        say(it, BOAT, RAIN)
        yield it


def say(room, *items, now=NOW):
    room.web.pages["https://wire.example/rss"] = rss(*items)
    return room.cycle(now)


def sort(room, title, topic, inside, now=NOW):
    article = next(each for each in room.store.search.everything() if each.content.title == title)
    room.desk.sort(article.id, topic, inside, now, by="Anna")
    room.publish(now)
    return article.id


@pytest.mark.parametrize(
    ("title", "inside", "titles"),
    [
        pytest.param("Rain on Tuesday", True, ["Rain on Tuesday", "A boat came in"], id="added"),
        pytest.param("A boat came in", False, [], id="removed"),
    ],
)
def test_a_decision_is_in_the_feed_at_once_and_survives_a_retag(room, title, inside, titles):
    assert room.titles("boats") == ["A boat came in"]
    id_ = sort(room, title, "boats", inside)
    assert sorted(room.titles("boats")) == sorted(titles)
    with room.store.transaction():
        room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish()
    assert sorted(room.titles("boats")) == sorted(titles)
    assert room.store.placements.of(id_)["boats"].who == "Anna"
    assert [(row.who, row.act, row.thing, row.detail) for row in room.store.audit.newest(limit=1)] == [
        ("Anna", f"topic {'added' if inside else 'removed'} by hand", f"article {id_}", "boats")
    ]


@pytest.mark.parametrize("inside", [True, False], ids=["added", "removed"])
def test_a_decision_holds_for_the_next_version_whatever_it_says(room, inside):
    title, text = ("Rain on Tuesday", "It will be wetter.") if inside else ("A boat came in", "The boat was towed.")
    sort(room, title, "boats", inside)
    items = (BOAT, ("two", title, text)) if inside else (("one", title, text), RAIN)
    say(room, *items, now=NOW + HOUR)
    assert (title in room.titles("boats")) is inside


@pytest.mark.parametrize("inside", [True, False], ids=["added", "removed"])
def test_a_decision_outlives_a_restart_with_another_query_and_a_topic_that_went_and_came_back(tmp_path, inside):
    with newsroom(tmp_path, BOATS, WIRE) as room:
        say(room, BOAT, RAIN)
        sort(room, "Rain on Tuesday" if inside else "A boat came in", "boats", inside)
    for parts in ((BOATS.replace("dinghy", "tow*"), WIRE), (COURTS, WIRE), (BOATS, WIRE)):
        with newsroom(tmp_path, *parts) as room:
            room.start()
            room.publish()
            if COURTS not in parts:
                assert len(room.titles("boats")) == (2 if inside else 0)


def test_a_corrected_article_leaves_a_topic_that_it_is_taken_out_of(room):
    id_ = sort(room, "Rain on Tuesday", "boats", inside=True)
    room.desk.correct(id_, "It was Wednesday.", NOW, by="Anna", title="Rain on Wednesday")
    room.publish()
    assert "Rain on Wednesday" in room.titles("boats")
    room.desk.sort(id_, "boats", False, NOW, by="Anna")
    room.desk.correct(id_, "It was Thursday.", NOW, by="Anna", title="Rain on a boat on Thursday")
    with room.store.transaction():
        room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish()
    assert room.titles("boats") == ["A boat came in"]


@pytest.mark.parametrize(("title", "inside"), [("Rain on Tuesday", True), ("A boat came in", False)])
def test_a_decision_can_be_left_to_the_query_again(room, title, inside):
    sort(room, title, "boats", inside)
    sort(room, title, "boats", None)
    assert room.titles("boats") == ["A boat came in"]
    assert "boats" not in room.store.placements.of(next(room.store.search.everything()).id)


def test_search_finds_what_was_added_by_hand_and_the_other_feeds_name_the_topic(room):
    sort(room, "Rain on Tuesday", "boats", inside=True)
    rain = next(item for item in room.feed("all")["items"] if item["title"] == "Rain on Tuesday")
    assert "boats" in str(rain)
    assert room.store.problems() == []


def test_a_killed_article_keeps_its_topics_and_takes_no_others(room):
    id_ = sort(room, "Rain on Tuesday", "boats", inside=True)
    room.desk.kill(id_, "Wrong.", NOW, by="Anna")
    with room.store.transaction():
        room.pipeline.filing.bring_up_to_date(everything=True)
    room.publish()
    assert any(title.startswith("Withdrawn") for title in room.titles("boats"))
    for topic, inside in (("boats", False), ("courts", True)):
        with pytest.raises(UsageError, match="its notice stays"):
            room.desk.sort(id_, topic, inside, NOW, by="Anna")
    (advice,) = [item for item in room.feed("boats")["items"] if item["title"].startswith("Advisory")]
    with pytest.raises(UsageError, match="an advisory"):
        room.desk.sort(advice["id"], "courts", True, NOW, by="Anna")


def test_a_held_article_gets_its_topic_when_it_is_released(room):
    id_ = sort(room, "Rain on Tuesday", "courts", inside=True)
    room.desk.embargo(id_, NOW + HOUR, NOW, by="Anna")
    room.desk.sort(id_, "boats", True, NOW, by="Anna")
    room.desk.sort(id_, "courts", False, NOW, by="Anna")
    room.publish()
    assert "Rain on Tuesday" not in room.titles("all")
    room.pipeline.keep_house(NOW + HOUR)
    room.publish(NOW + HOUR)
    assert sorted(room.titles("boats")) == ["A boat came in", "Rain on Tuesday"]
    assert room.titles("courts") == []


@pytest.mark.parametrize("how", ["by hand", "by its source"])
def test_whoever_reads_a_feed_that_an_article_left_is_told_of_its_withdrawal(room, how):
    if how == "by hand":
        id_ = sort(room, "A boat came in", "boats", inside=False)
    else:
        say(room, ("one", "A boat came in", "It was towed to Dover."), RAIN)
        id_ = next(each.id for each in room.store.search.everything() if each.content.title == "A boat came in")
        say(room, ("one", "Nothing came in", "It was quiet in Dover."), RAIN, now=NOW + HOUR)
    assert room.titles("boats") == []
    room.desk.kill(id_, "Libel.", NOW + HOUR, by="Anna")
    room.publish(NOW + HOUR)
    assert [title.partition(":")[0] for title in room.titles("boats")] == ["Advisory", "Withdrawn"]
    assert id_ in (room.root / "feeds/boats.atom").read_text("utf-8")
    assert room.titles("courts") == []


def test_whoever_reads_a_feed_that_an_article_left_is_told_of_its_correction_unless_it_was_taken_out(room):
    say(room, ("one", "Nothing came in", "It was quiet in Dover."), RAIN, now=NOW + HOUR)
    id_ = next(each.id for each in room.store.search.everything() if each.content.title == "Nothing came in")
    assert room.titles("boats") == []
    room.desk.correct(id_, "It was Deal.", NOW + HOUR, by="Anna", text="It was quiet in Deal.")
    room.publish(NOW + HOUR)
    assert room.titles("boats") == ["Nothing came in"]
    room.desk.sort(id_, "boats", None, NOW + HOUR, by="Anna")
    room.publish(NOW + HOUR)
    assert room.titles("boats") == ["Nothing came in"]
    room.desk.sort(id_, "boats", False, NOW + HOUR, by="Anna")
    room.desk.correct(id_, "It was Dover.", NOW + HOUR, by="Anna", text="It was quiet in Dover.")
    room.publish(NOW + HOUR)
    assert room.titles("boats") == []


def test_an_alert_on_a_topic_fires_on_what_was_sorted_while_it_was_held(tmp_path):
    with desk(tmp_path, DESK, BOATS, alert("Topic", "topic:boats")) as it:
        it.say("Rain on Tuesday", "A boat came in")
        assert it.titles() == ["A boat came in"]
        ids = [it.article(title) for title in ("Rain on Tuesday", "A boat came in")]
        for id_ in ids:
            it.room.desk.embargo(id_, it.now + HOUR, it.now, by="Anna")
        it.room.desk.sort(ids[0], "boats", True, it.now, by="Anna")
        it.after(2 * HOUR)
        assert it.titles() == ["A boat came in", "Rain on Tuesday"]


def test_an_alert_that_had_an_article_by_its_words_is_not_fired_again_by_its_topic(tmp_path):
    with desk(tmp_path, DESK, BOATS, alert("Either", "rain OR topic:boats")) as it:
        it.say("Rain on Tuesday")
        it.room.desk.sort(it.article("Rain on Tuesday"), "boats", True, it.now, by="Anna")
        it.deliver()
        assert it.titles() == ["Rain on Tuesday"]


def test_sorting_by_hand_fires_no_alert_that_the_article_matched_before(tmp_path):
    with desk(tmp_path, DESK, BOATS, COURTS) as it:
        it.say("A boat came in")
        alerts = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        alerts.add({"name": "Late", "query": "topic:boats", "destinations": ["desk"]}, it.now)
        it.room.desk.sort(it.article("A boat came in"), "courts", True, it.now, by="Anna")
        it.deliver()
        assert it.titles() == []


def test_a_topic_that_went_and_came_back_is_no_longer_that_of_what_it_does_not_ask_for(tmp_path):
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        say(room, BOAT, RAIN)
    for parts in ((COURTS, WIRE), (BOATS.replace("boat OR dinghy", "dinghy"), COURTS, WIRE)):
        with newsroom(tmp_path, *parts) as room:
            room.start()
    with newsroom(tmp_path, *parts) as room:
        found = {
            query: [hit.article.content.title for hit in room.store.search.find(parse(query))]
            for query in ("topic:boats", "dover -topic:boats")
        }
        assert found == {"topic:boats": [], "dover -topic:boats": ["A boat came in"]}
        assert look_back(room.store, room.settings, draft("topic:boats", room.settings), NOW).preview.hits == 0


def test_an_old_article_that_is_added_by_hand_comes_to_the_feeds_readers(tmp_path):
    with desk(tmp_path, DESK, BOATS, "[feeds]\nmin_items = 1\n") as it:
        it.now = NOW - 20 * 24 * HOUR
        it.say("Rain of old")
        it.now = NOW
        it.say("A boat came in")
        it.room.publish(NOW)
        assert it.room.titles("boats") == ["A boat came in"]
        it.room.desk.sort(it.article("Rain of old"), "boats", True, NOW, by="Anna")
        it.room.publish(NOW)
        assert it.room.titles("boats") == ["A boat came in", "Rain of old"]
        later = it.store.feeds.window("boats", NOW + HOUR, minimum=1, maximum=9)[0]
        assert [item.article.content.title for item in later] == ["A boat came in"]


def test_a_decision_on_a_topic_that_config_no_longer_has_puts_nothing_there(tmp_path):
    with newsroom(tmp_path, BOATS, COURTS, WIRE) as room:
        say(room, BOAT, RAIN)
        id_ = sort(room, "Rain on Tuesday", "boats", inside=True)
    with newsroom(tmp_path, COURTS, WIRE) as room:
        room.start()
        say(room, BOAT, ("two", "Rain on Tuesday", "It will be wetter."), now=NOW + HOUR)
        assert room.store.topics.of(id_) == {}


def test_a_decision_on_what_is_not_in_the_open_waits(room):
    ids = [sort(room, title, "boats", inside=True) for title in ("Rain on Tuesday", "A boat came in")]
    room.desk.embargo(ids[0], NOW + HOUR, NOW, by="Anna")
    room.desk.kill(ids[1], "Wrong.", NOW, by="Anna")
    assert room.store.placements.under("boats", inside=True) == frozenset()


@pytest.mark.parametrize(
    ("topic", "error"),
    [("boots", NotFoundError), ("all", UsageError), ("", NotFoundError)],
    ids=["unknown", "all", "empty"],
)
def test_only_topics_of_config_can_be_given(room, topic, error):
    id_ = next(room.store.search.everything()).id
    with pytest.raises(error):
        room.desk.sort(id_, topic, True, NOW, by="Anna")
    assert room.store.placements.of(id_) == {}


def test_a_retired_article_goes_under_no_topic(room):
    id_ = next(room.store.search.everything()).id
    with room.store.transaction():
        room.store.articles.retire(NOW + timedelta(days=1))
    with pytest.raises(UsageError, match="forgotten"):
        room.desk.sort(id_, "courts", True, NOW, by="Anna")
    with room.store.transaction():
        room.pipeline.filing.bring_up_to_date(everything=True)
    assert room.store.topics.under("courts") == frozenset()


def test_alerts_on_a_topic_fire_once_on_what_is_added_by_hand(tmp_path):
    with desk(tmp_path, BOATS, DESK, alert(query="tuesday", topics=["boats"]), alert("Rain", query="rain")) as it:
        it.say("Rain on Tuesday", guid="two")
        assert [(m.event, m.alert) for m in it.wire.sent["desk"]] == [("match", "Rain")]
        id_ = next(it.room.store.search.everything()).id
        for inside in (True, False, True):
            it.room.desk.sort(id_, "boats", inside, it.now, by="Anna")
            it.after(HOUR)
        it.say("Rain on Tuesday, it says", guid="two")
        assert [(m.event, m.alert) for m in it.wire.sent["desk"]] == [("match", "Rain"), ("match", "Boats")]
        assert it.room.store.articles.get(id_).state is State.LIVE
