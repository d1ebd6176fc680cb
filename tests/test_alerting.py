"""Alerts from an article to a delivery: what is told, once, to whom; and what is taken back."""

from datetime import timedelta

import pytest
from newsroom import BOATS, NOW
from outbox import DESK, DOWN, ERROR, GONE, PHONE, REFUSED, alert, desk

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


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


def test_a_source_that_joins_makes_the_alerts_on_it_fire(tmp_path):
    with desk(tmp_path, DESK, '[[sources]]\nname = "wire"\nkind = "feed"\nurl = "https://wire.example/rss"\n',
              '[[sources]]\nname = "other"\nkind = "feed"\nurl = "https://other.example/rss"\n',
              alert(sources='["wire"]'), alert(name="All")) as it:
        url = "https://page.example/boat"
        from syndicator.model import Content, Entry
        for source in ("other", "wire"):
            with it.store.transaction():
                it.room.pipeline.intake.accept(source, [Entry(Content("A boat", "text"), "g", url)], it.now)
            it.deliver()
        assert sorted(m.alert for m in it.wire.sent["desk"]) == ["All", "Boats"]
