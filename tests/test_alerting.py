"""Alerts from an article to a delivery: what is told, once, to whom; and what is taken back."""

from datetime import timedelta

import pytest
from newsroom import NOW
from outbox import DESK, DOWN, PHONE, TAKEN, alert, desk

from syndicator.alerts import DeliveryState
from syndicator.model import Content, Entry

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WIRES = "".join(
    f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "https://{name}.example/rss"\ntitle = "{title}"\n'
    for name, title in (("wire", "The Wire"), ("other", "The Other"), ("third", "The Third"))
)
COPY = (
    "Coastguards brought forty people to Dover on Tuesday after their boat lost its engine in heavy seas off the Kent"
    " coast, a spokeswoman for the rescue service said. Two lifeboats and a helicopter took part in the search, which"
    " began before dawn when a fishing crew heard shouts. Nobody was hurt, and all were taken to the port for checks."
)


# What fires


def test_a_match_is_told_once_with_its_reasons(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat came in", "Rain on Tuesday")
        it.after(HOUR)
        (message,) = it.wire.sent["desk"]
    assert message.event == "match"
    assert message.alert == "Boats"
    assert message.query == "boat"
    (item,) = message.items
    assert item.title.text == "A boat came in"
    assert item.title.spans == ((2, 6),)
    assert [reason.words for reason in item.reasons] == ["boat"]


def test_an_edit_that_matches_already_says_nothing_and_one_that_newly_matches_does(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat came in", guid="one")
        it.say("A boat came into port", guid="one")
        it.say("A raft drifts", guid="two")
        it.say("A raft drifts, a boat follows", guid="two")
        assert it.titles() == ["A boat came in", "A raft drifts, a boat follows"]


def test_times_are_told_on_the_alerts_own_clock(tmp_path):
    with desk(tmp_path, DESK, alert(zone='"Europe/Belgrade"')) as it:
        it.say("A boat came in")
        (item,) = it.wire.sent["desk"][0].items
        assert (item.published, item.published.tzname()) == (NOW, "CET")


def test_a_backlog_is_silent_and_stays_so_when_it_is_edited(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat of old", guid="old", backlog=True)
        it.say("A boat of old, edited", guid="old")
        it.say("A boat of today")
        assert it.titles() == ["A boat of today"]


def test_an_alert_looks_forward_and_an_edit_of_what_it_would_have_matched_is_not_news(tmp_path):
    with desk(tmp_path, DESK) as it:
        it.say("A boat came in", guid="one")
    with desk(tmp_path, DESK, alert()) as it:
        it.say("A boat came into port", guid="one")
        assert it.titles() == []


def carried_by(it, source, title="A boat", text="It came in.", url="https://page.example/boat"):
    with it.store.transaction():
        it.room.pipeline.intake.accept(source, [Entry(Content(title, text), title + source, url)], it.now)
    it.deliver()


def test_a_source_that_carries_a_known_article_makes_the_alerts_on_that_source_fire(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert(sources='["wire"]'), alert(name="All")) as it:
        carried_by(it, "other")
        assert [message.alert for message in it.wire.sent["desk"]] == ["All"]
        carried_by(it, "wire")
        carried_by(it, "third")
        assert [message.alert for message in it.wire.sent["desk"]] == ["All", "Boats"]


def test_an_alert_within_a_topic_fires_on_that_topics_articles(tmp_path):
    topic = '[topics.ports]\ntitle = "Ports"\nquery = "harbour"\n'
    with desk(tmp_path, topic, DESK, alert(topics='["ports"]')) as it:
        it.say("A boat at sea", "A boat in harbour")
        assert it.titles() == ["A boat in harbour"]


def test_an_alert_that_is_switched_off_is_deaf(tmp_path):
    with desk(tmp_path, DESK, alert(enabled="false")) as it:
        it.say("A boat came in")
        assert it.titles() == []


def test_an_embargoed_article_is_told_when_it_is_released(tmp_path):
    with desk(tmp_path) as it:
        with it.store.transaction():
            entry = Entry(Content("A boat came in", ""), "g", None, embargo_until=NOW + HOUR)
            it.room.pipeline.intake.accept("inbox", [entry], NOW)
        it.after(MINUTE)
        assert it.titles() == []
        it.after(HOUR)
        assert it.titles() == ["A boat came in"]


# What is taken back


@pytest.fixture
def told(tmp_path):
    """Both destinations were told of one article; the alert sleeps at night."""
    night = alert(to=("desk", "phone"), quiet_hours='"12:30-07:00"')
    with desk(tmp_path, DESK, PHONE, night) as it:
        it.say("A boat sank", text="Forty drowned.")
        it.after(HOUR)  # quiet by now
        yield it


def test_a_correction_reaches_everybody_who_was_told_at_once_and_in_their_thread(told):
    first = told.wire.sent["desk"][0]
    told.room.desk.correct(
        told.article("A boat sank"), "Fourteen, not forty.", told.now, by="Ana", text="Fourteen drowned."
    )
    told.deliver()
    for name in ("desk", "phone"):
        assert told.heard(name) == [("match", ["A boat sank"]), ("correction", ["A boat sank"])]
    message = told.wire.sent["desk"][1]
    assert message.follows == (first.id,)
    assert message.items[0].note == "Fourteen, not forty."
    assert message.items[0].story == first.items[0].story
    assert message.items[0].state == "corrected"


def test_a_kill_reaches_everybody_who_was_told_once_and_without_the_words(told):
    told.room.desk.correct(told.article("A boat sank"), "Wrong number.", told.now, by="Ana", text="Fourteen drowned.")
    told.deliver()
    told.room.desk.kill(told.article("A boat sank"), "It was a drill.", told.now, by="Ana")
    told.deliver()
    told.after(DAY)
    for name in ("desk", "phone"):
        assert [event for event, _ in told.heard(name)] == ["match", "correction", "kill"]
    first, second, kill = told.wire.sent["desk"]
    assert kill.follows == (first.id, second.id)
    assert "boat" not in str(kill.items).lower()
    assert "drowned" not in str(kill.items)


def test_what_is_killed_before_it_was_sent_is_never_sent_and_nobody_is_alarmed(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = DOWN
        it.say("First boat")
        it.say("Second boat")
        it.room.desk.kill(it.article("Second boat"), "Never happened.", it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        it.after(HOUR)
        assert it.heard() == [("match", ["First boat"])]
        states = {row.title: row.state for row in it.store.ledger.deliveries(limit=9)}
        assert set(states.values()) == {DeliveryState.DELIVERED, DeliveryState.CANCELLED}


def test_a_kill_goes_to_whoever_may_have_had_an_attempt_that_was_not_acknowledged(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = DOWN
        it.say("A boat")
        it.room.desk.kill(it.article("A boat"), "", it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        it.after(HOUR)
        assert [event for event, _ in it.heard()] == ["kill"]


def test_a_message_that_waits_tells_of_a_correction_and_no_second_one_follows(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = DOWN
        it.say("First boat")
        it.say("Boat sinks", text="Forty drowned.")
        it.room.desk.correct(
            it.article("Boat sinks"), "Fourteen.", it.now, by="Ana", text="Fourteen drowned on the boat."
        )
        it.wire.answers["desk"] = TAKEN
        it.after(HOUR)
        assert it.heard() == [("match", ["First boat"]), ("match", ["Boat sinks"])]
        item = it.wire.sent["desk"][1].items[0]
        assert (item.state, item.note) == ("corrected", "Fourteen.")
        assert "Fourteen" in item.excerpt.text


def test_a_kill_leaves_the_rest_of_a_waiting_digest(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat", "Two boats", "Three boats")
        it.room.desk.kill(it.article("Two boats"), "", it.now, by="Ana")
        it.after(HOUR)
        assert sorted(it.titles()) == ["One boat", "Three boats"]


def test_an_article_that_is_held_again_waits_for_its_release(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat", "Two boats")
        it.room.desk.embargo(it.article("Two boats"), NOW + 3 * HOUR, it.now, by="Ana")
        it.after(HOUR)
        assert it.titles() == ["One boat"]
        it.after(2 * HOUR)
        it.after(HOUR)
        assert it.titles() == ["One boat", "Two boats"]


def test_an_article_that_is_held_while_its_message_waits_is_told_after_its_release(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat", "Two boats")
        it.wire.answers["desk"] = DOWN
        it.after(HOUR)
        it.room.desk.embargo(it.article("Two boats"), it.now + 3 * HOUR, it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        it.after(MINUTE)
        assert it.titles() == ["One boat"]
        it.after(3 * HOUR)
        it.after(MINUTE)
        assert it.titles() == ["One boat", "Two boats"]


def test_a_correction_goes_to_nobody_who_has_opted_out(told):
    row = told.store.alerts.all()[0]
    with told.store.transaction():
        told.store.alerts.opt_out(row.id, "phone", told.now)
    told.room.desk.correct(told.article("A boat sank"), "Note.", told.now, by="Ana", text="Other words.")
    told.deliver()
    assert [event for event, _ in told.heard("desk")] == ["match", "correction"]
    assert [event for event, _ in told.heard("phone")] == ["match"]


def test_what_waits_for_a_destination_that_opts_out_is_not_sent(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = DOWN
        it.say("A boat")
        with it.store.transaction():
            it.store.alerts.opt_out(it.store.alerts.all()[0].id, "desk", it.now)
        it.wire.answers["desk"] = TAKEN
        it.after(HOUR)
        assert it.titles() == []


def test_an_alert_that_was_removed_still_takes_back_what_it_told(tmp_path):
    with desk(tmp_path, DESK, alert()) as it:
        it.say("A boat sank")
    with desk(tmp_path, DESK) as it:
        it.room.desk.kill(it.article("A boat sank"), "", it.now, by="Ana")
        it.deliver()
        assert [event for event, _ in it.heard()] == ["kill"]


def test_a_correction_of_an_article_that_is_held_is_told_when_it_is_released(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat sank", text="Forty drowned.")
        id_ = it.article("A boat sank")
        it.room.desk.embargo(id_, NOW + HOUR, it.now, by="Ana")
        it.room.desk.correct(id_, "Nobody drowned.", it.now, by="Ana", text="A drill.")
        it.after(MINUTE)
        assert [event for event, _ in it.heard()] == ["match"]
        it.after(HOUR)
        assert [event for event, _ in it.heard()] == ["match", "correction"]
        (item,) = it.wire.sent["desk"][1].items
        assert (item.state, item.note) == ("corrected", "Nobody drowned.")


@pytest.mark.parametrize("schedule", ["immediate", "hourly"])
def test_what_was_put_right_while_it_was_held_is_never_told_as_it_was(tmp_path, schedule):
    with desk(tmp_path, DESK, alert(schedule=f'"{schedule}"')) as it:
        it.wire.answers["desk"] = DOWN
        it.say("Boat sinks", text="Forty drowned.")
        id_ = it.article("Boat sinks")
        it.room.desk.embargo(id_, NOW + 3 * HOUR, it.now, by="Ana")
        it.room.desk.correct(id_, "It did not.", it.now, by="Ana", title="Boat safe", text="Nobody was hurt.")
        it.wire.answers["desk"] = TAKEN
        for _ in range(5):
            it.after(HOUR)
        assert it.titles()[:1] == ["Boat safe"]
        assert "drowned" not in str(it.wire.sent["desk"])


def test_an_article_held_in_each_of_two_tries_is_told_after_its_release(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat", "Two boats", "Three boats")
        it.wire.answers["desk"] = DOWN
        it.after(HOUR)
        it.room.desk.embargo(it.article("Two boats"), it.now + 9 * HOUR, it.now, by="Ana")
        it.after(MINUTE)
        it.room.desk.embargo(it.article("Three boats"), it.now + 9 * HOUR, it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        for _ in range(20):
            it.after(HOUR)
        assert sorted(it.titles()) == ["One boat", "Three boats", "Two boats"]


def test_of_what_is_taken_back_several_times_the_last_is_told(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat sank", text="Forty drowned.")
        id_ = it.article("A boat sank")
        it.wire.answers["desk"] = DOWN
        for number in ("Fourteen", "Four"):
            it.room.desk.correct(id_, f"{number}.", it.now, by="Ana", text=f"{number} drowned.")
        it.wire.answers["desk"] = TAKEN
        it.after(MINUTE)
        assert [(m.event, m.items[0].note) for m in it.wire.sent["desk"]] == [("match", None), ("correction", "Four.")]
        it.wire.answers["desk"] = DOWN
        it.room.desk.correct(id_, "None.", it.now, by="Ana", text="None drowned.")
        it.deliver()
        it.room.desk.kill(id_, "A drill.", it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        it.after(HOUR)
        assert [event for event, _ in it.heard()] == ["match", "correction", "kill"]


def test_a_correction_that_waits_is_told_though_its_article_was_held_meanwhile(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat sank", text="Forty drowned.")
        id_ = it.article("A boat sank")
        it.wire.answers["desk"] = DOWN
        it.room.desk.correct(id_, "Four.", it.now, by="Ana", text="Four drowned.")
        it.room.desk.embargo(id_, NOW + HOUR, it.now, by="Ana")
        it.wire.answers["desk"] = TAKEN
        for _ in range(3):
            it.after(HOUR)
        assert [event for event, _ in it.heard()] == ["match", "correction"]


def test_a_kill_reaches_a_destination_that_was_away_when_it_was_given(tmp_path):
    parts = (DESK, PHONE, alert(to=("desk", "phone")))
    with desk(tmp_path, *parts) as it:
        it.say("A boat sank")
    with desk(tmp_path, DESK, alert()) as it:
        it.room.desk.kill(it.article("A boat sank"), "", it.now, by="Ana")
        it.say("Another boat")
    with desk(tmp_path, *parts) as it:
        it.deliver()
        assert [event for event, _ in it.heard("phone")] == ["kill"]


def test_an_alert_that_is_renamed_in_config_tells_what_waited(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("A boat")
    with desk(tmp_path, DESK, alert(name="Ships", schedule='"hourly"')) as it:
        it.deliver()
        assert it.titles() == ["A boat"]


def test_retention_spares_what_is_still_to_be_told(tmp_path):
    retention = '[schedule]\nretention = "30d"\n[feeds]\nwindow_days = 14\n'
    with desk(tmp_path, retention, DESK, alert(mute_until='"2026-12-30T00:00:00Z"')) as it:
        it.say("A boat came in")
        for _ in range(20):
            it.after(3 * DAY)
        assert it.titles() == ["A boat came in"]


def test_what_was_silent_as_a_backlog_speaks_when_another_source_brings_it_as_news(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert()) as it:
        with it.store.transaction():
            entry = Entry(Content("A boat", "It came in."), "1", "https://page.example/boat")
            it.room.pipeline.intake.accept("wire", [entry], it.now, backlog=True)
        it.deliver()
        assert it.titles() == []
        carried_by(it, "other")
        carried_by(it, "third")
        assert it.titles() == ["A boat"]


# Stories


def test_a_story_is_told_once_and_names_its_other_sources(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert(), alert(name="Digest", schedule='"hourly"')) as it:
        carried_by(it, "wire", "Boat rescue off Kent", COPY, "https://wire.example/1")
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        carried_by(it, "third", "Quite another boat", "It carried timber to Hull.", "https://third.example/1")
        assert it.titles() == ["Boat rescue off Kent", "Quite another boat"]
        it.after(HOUR)
        digest = it.wire.sent["desk"][-1]
        assert digest.event == "digest"
        assert {item.title.text: item.others for item in digest.items} == {
            "Boat rescue off Kent": ("The Other",),
            "Quite another boat": (),
        }


def test_without_grouping_every_article_is_told(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert(group_stories="false")) as it:
        carried_by(it, "wire", "Boat rescue off Kent", COPY, "https://wire.example/1")
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        assert len(it.titles()) == 2


def test_when_the_article_that_spoke_is_killed_the_next_of_its_story_speaks(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert()) as it:
        carried_by(it, "wire", "Boat rescue off Kent", COPY, "https://wire.example/1")
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        it.room.desk.kill(it.article("Boat rescue off Kent"), "", it.now, by="Ana")
        it.deliver()
        assert [event for event, _ in it.heard()] == ["match", "kill", "match"]
        assert it.titles()[-1] == "Forty brought ashore at Dover"


def test_a_story_known_from_a_backlog_still_speaks(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert()) as it:
        with it.store.transaction():
            old = Entry(Content("Boat rescue off Kent", COPY), "1", "https://wire.example/1")
            it.room.pipeline.intake.accept("wire", [old], it.now, backlog=True)
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        assert it.titles() == ["Forty brought ashore at Dover"]


@pytest.mark.parametrize("when_held", ["waiting", "told"])
def test_a_story_whose_article_is_held_is_told_once_by_one_that_stands(tmp_path, when_held):
    with desk(tmp_path, WIRES, DESK, alert(schedule='"hourly"')) as it:
        carried_by(it, "wire", "Boat rescue off Kent", COPY, "https://wire.example/1")
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        if when_held == "told":
            it.after(HOUR)
        it.room.desk.embargo(it.article("Boat rescue off Kent"), it.now + 5 * HOUR, it.now, by="Ana")
        for _ in range(10):
            it.after(HOUR)
        told = {"waiting": "Forty brought ashore at Dover", "told": "Boat rescue off Kent"}
        assert it.titles() == [told[when_held]]


def test_an_article_that_was_held_while_the_one_that_spoke_was_killed_speaks_when_it_is_released(tmp_path):
    with desk(tmp_path, WIRES, DESK, alert()) as it:
        carried_by(it, "wire", "Boat rescue off Kent", COPY, "https://wire.example/1")
        carried_by(it, "other", "Forty brought ashore at Dover", COPY, "https://other.example/1")
        it.room.desk.embargo(it.article("Forty brought ashore at Dover"), it.now + HOUR, it.now, by="Ana")
        it.room.desk.kill(it.article("Boat rescue off Kent"), "", it.now, by="Ana")
        it.after(HOUR)
        it.after(MINUTE)
        assert it.titles()[-1] == "Forty brought ashore at Dover"


# When


def test_quiet_hours_hold_messages_back_and_tell_them_together(tmp_path):
    with desk(tmp_path, DESK, alert(quiet_hours='"22:00-07:00"', zone='"Europe/London"')) as it:
        it.after(11 * HOUR)
        it.say("One boat", "Two boats")
        it.after(7 * HOUR)
        assert it.titles() == []
        it.after(HOUR)
        assert [event for event, _ in it.heard()] == ["digest"]
        assert sorted(it.titles()) == ["One boat", "Two boats"]


def test_quiet_hours_hold_back_retries_too(tmp_path):
    with desk(tmp_path, DESK, alert(quiet_hours='"13:00-14:00"')) as it:
        it.wire.answers["desk"] = DOWN
        it.after(59 * MINUTE)
        it.say("A boat")
        it.wire.answers["desk"] = TAKEN
        it.after(30 * MINUTE)
        assert it.titles() == []
        it.after(31 * MINUTE)
        assert it.titles() == ["A boat"]


def test_a_cooldown_tells_the_first_at_once_and_gathers_the_rest(tmp_path):
    with desk(tmp_path, DESK, alert(cooldown='"10m"')) as it:
        it.say("One boat", "Two boats", "Three boats")
        it.after(9 * MINUTE)
        it.say("Four boats")
        assert len(it.titles()) == 1
        it.after(MINUTE)
        assert [event for event, _ in it.heard()] == ["match", "digest"]
        assert sorted(it.titles()) == ["Four boats", "One boat", "Three boats", "Two boats"]


def test_what_a_muted_alert_finds_is_told_when_the_mute_ends(tmp_path):
    with desk(tmp_path) as it:
        row = it.store.alerts.all()[0]
        with it.store.transaction():
            it.store.alerts.mute(row.id, NOW + 100 * DAY)
        it.say("One boat", "Two boats")
        for _ in range(5):
            it.after(19 * DAY)
        assert it.titles() == []
        it.after(6 * DAY)
        assert [event for event, _ in it.heard()] == ["digest"]


def test_a_digest_has_everything_since_the_last_and_nothing_to_say_is_no_message(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"daily at 07:30"')) as it:
        it.say("One boat")
        it.after(DAY)
        it.after(DAY)
        it.say("Two boats")
        it.say("Three boats")
        it.after(DAY)
        assert it.heard() == [("digest", ["One boat"]), ("digest", ["Three boats", "Two boats"])]


def test_a_missed_run_is_made_up_for_once(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat")
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.after(30 * HOUR)
        assert it.heard() == [("digest", ["One boat"])]
        it.after(HOUR)
        assert len(it.heard()) == 1


def test_a_run_that_was_missed_while_the_service_was_down_is_made_up_for_at_its_start(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"daily at 12:30"')) as it:
        it.say("One boat")
        it.room.start(NOW + 31 * MINUTE)
        it.after(31 * MINUTE)
        assert it.heard() == [("digest", ["One boat"])]


def test_a_message_that_waits_tells_the_version_that_matched(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.say("One boat", guid="one")
        it.now += MINUTE
        it.say("One boat, then a storm", guid="one")
        it.after(HOUR)
        (item,) = it.wire.sent["desk"][0].items
        assert (item.title.text, item.version, item.updated) == ("One boat", 1, NOW)


def test_a_clock_that_was_set_back_does_not_hold_a_digest(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        it.now = NOW + 3 * DAY
        it.say("One boat")
        it.until(NOW)
        it.after(HOUR)
        assert it.titles() == ["One boat"]


def test_a_clock_that_was_set_back_does_not_hold_a_cooldown_longer_than_it_is(tmp_path):
    with desk(tmp_path, DESK, alert(cooldown='"10m"')) as it:
        it.now = NOW + 5 * HOUR
        it.say("One boat")
        it.now = NOW
        it.say("Two boats")
        it.after(10 * MINUTE)
        assert it.titles() == ["One boat", "Two boats"]


def test_a_long_digest_comes_in_parts_and_misses_nothing(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"hourly"')) as it:
        titles = [f"Boat number {n}" for n in range(230)]
        it.say(*titles)
        it.after(HOUR)
        assert [message.part for message in it.wire.sent["desk"]] == [(1, 3), (2, 3), (3, 3)]
        assert sorted(it.titles()) == sorted(titles)


def test_a_changed_schedule_counts_for_what_waits(tmp_path):
    with desk(tmp_path, DESK, alert(schedule='"weekly mon 08:00"')) as it:
        it.say("One boat")
    with desk(tmp_path, DESK, alert()) as it:
        it.after(MINUTE)
        assert it.titles() == ["One boat"]
