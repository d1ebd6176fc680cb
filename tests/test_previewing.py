"""An alert held against the archive: a preview catches what the live alert does, and every hit and miss is explained."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from newsroom import INBOX, NOW, newsroom
from outbox import DESK, DOWN, alert, desk
from test_query_engines import SOURCES, queries, stories, written

from syndicator.alertdesk import AlertDesk
from syndicator.alerts import Concern
from syndicator.errors import UsageError
from syndicator.model import Content, Entry
from syndicator.previewing import account, draft, look_back
from syndicator.store import Silent, lookback
from syndicator.watch import watched_alert

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TOPICS = '[topics.asylum]\ntitle = "A"\nquery = "asylum"\n[topics.channel]\ntitle = "C"\nquery = "hotel OR migra*"\n'
FEEDS = "".join(
    f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "https://{number}.example/"\n'
    for number, name in enumerate(SOURCES)
)
AGENCY = (
    "Forty people were brought ashore in Dover on Tuesday after their dinghy lost its engine in the middle of the "
    "Channel, the coastguard said in a statement that named two lifeboats and a helicopter from Lydd."
)
ASHORE = "Forty people brought ashore in Dover after dinghy loses engine"

batches = st.lists(st.tuples(st.sampled_from(SOURCES), stories), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with newsroom(tmp_path_factory.mktemp("room"), TOPICS, FEEDS) as opened:
        opened.start(NOW)
        yield opened


NUMBERS = count()


@given(
    batch=batches,
    query=queries(),
    topics=st.lists(st.sampled_from(["asylum", "channel"]), unique=True, max_size=2),
    sources=st.lists(st.sampled_from(SOURCES), unique=True, max_size=2),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_preview_finds_exactly_the_articles_that_make_the_live_alert_fire(room, batch, query, topics, sources):
    store, at_desk = room.store, AlertDesk(room.settings, room.store, room.pipeline.alerting)
    raw = {"name": f"alert {next(NUMBERS)}", "query": str(query), "topics": topics, "sources": sources}
    try:
        row = at_desk.add(raw | {"group_stories": False}, NOW)
    except UsageError:
        assume(False)
    before = store.articles.began() and {article.id for article in store.search.everything()}
    with store.transaction():
        for source, story in batch:
            document = written(story)
            content = Content(
                document.title or "Untitled", document.text, authors=document.authors, language=document.language
            )
            room.pipeline.intake.accept(source, [Entry(content, guid=f"guid {next(NUMBERS)}", published=NOW)], NOW)
    fired = {hit.article for hit in store.hits.of(row.id, limit=1000)}
    for watched in (
        watched_alert(store.alerts.get(row.id), room.settings),
        draft(str(query), room.settings, topics=topics, sources=sources, grouped=False),
    ):
        past = look_back(store, room.settings, watched, NOW, newest=10_000)
        assert {hit.article.id for hit in past.newest} - (before or set()) == fired
        assert past.preview.hits == past.preview.messages == len(past.newest)
    at_desk.remove(row.id, NOW)


def past_of(it, query, now=NOW, *, quick=False, **more):
    return look_back(it.store, it.room.settings, draft(query, it.room.settings, **more), now, quick=quick)


def test_a_story_counts_once_unless_it_is_not_grouped(tmp_path):
    with desk(tmp_path, DESK, INBOX, alert()) as it:
        it.say(ASHORE, text=AGENCY, guid="one")
        it.say(ASHORE, text=AGENCY, guid="two", source="other")
        grouped, every = past_of(it, "dinghy"), past_of(it, "dinghy", grouped=False)
    assert (grouped.preview.hits, grouped.preview.messages) == (2, 1)
    assert (every.preview.hits, every.preview.messages) == (2, 2)


def test_the_archive_covers_the_days_since_its_first_article_came_whatever_that_is_dated(tmp_path):
    with desk(tmp_path) as it:
        assert past_of(it, "boat").covered == 0
        entry = Entry(Content("A boat of old", "It came in."), guid="old", published=NOW - 9 * DAY)
        with it.store.transaction():
            it.room.pipeline.intake.accept("inbox", [entry], NOW)
        assert past_of(it, "boat").covered == 1
        assert past_of(it, "boat", NOW + 4 * DAY).covered == 5
        assert past_of(it, "boat", NOW + 90 * DAY).covered == 30
        assert past_of(it, "boat").preview.hits == 1
        assert past_of(it, "boat").preview.a_day == 0


def test_what_is_not_kept_so_long_is_not_covered(tmp_path):
    with desk(tmp_path, DESK, "[schedule]\nretention = '20d'\n") as it:
        it.say("A boat came in")
        assert past_of(it, "boat", NOW + 90 * DAY).covered == 21


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("asylumm", "asylum"),
        ("Ministrs", "ministers"),
        ('"ministrs" asylumm', "ministers or asylum"),
        ("ministrs*", None),
        ("hundrd", "hundred"),
        ("zzzzzz", None),
        ("asy", None),
        ("asylu", "asylum"),
    ],
)
def test_a_misspelt_word_is_answered_with_one_of_the_archive(tmp_path, query, meant):
    with desk(tmp_path, DESK, INBOX) as it:
        it.say("Ministers on asylum", "A hundred ministers met. The crises hundreds.")
        said = [each.text for each in past_of(it, query).preview.advice if each.concern is Concern.UNSEEN]
    ask = f"Did you mean {meant}?" if meant else "Is that how the news spells it?"
    assert [each.partition(". ")[2] for each in said] == [ask]


def test_no_stem_is_suggested(tmp_path):
    with desk(tmp_path, DESK, INBOX) as it:
        it.say("The ministries say")
        assert it.store.lookback.word_like("ministr") == "ministries"


def test_looking_for_a_word_like_one_takes_so_many_steps_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.store.lookback._MOST_TOKENS", 2)
    with desk(tmp_path, DESK, INBOX) as it:
        it.say("Minaret mineral mining ministers")
        assert it.store.lookback.word_like("minarets") == "minaret"
        assert it.store.lookback.word_like("ministrs") is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "boat and dinghy or hotel",
            "It looks for “and” and “or” like any other word: to join words, write AND and OR.",
        ),
        ("boat -(title:or)", "It looks for “or” like any other word: to join words, write OR."),
        ('boat AND "or"', ""),
        ("boat OR dinghy NOT cat", ""),
    ],
    ids=["joints", "within", "quoted", "capitals"],
)
def test_words_that_were_to_join_others_are_named(tmp_path, query, said):
    with desk(tmp_path, DESK, INBOX) as it:
        it.say("A boat came in")
        advice = past_of(it, query).preview.advice
    assert [each.text for each in advice if each.concern is Concern.JOINT] == ([said] if said else [])
    unseen = [each.text for each in advice if each.concern is Concern.UNSEEN]
    assert not any("and" in each or " or" in each for each in unseen)


@pytest.mark.parametrize(
    ("query", "unseen"),
    [
        ("boot", "boot"),
        ("boat bote", "bote"),
        ('"boat dinghy" -cat', '"boat dinghy"'),
        ("title:came NEAR/2 boot", None),
        ("NEAR", None),
        ("dingy OR zz*", "dingy, zz*"),
        ("boat source:wire", None),
        ("boat author:Smith", "author:Smith"),
        ("ATLEAST/9 boat", None),
    ],
)
def test_words_that_no_article_has_are_named_when_nothing_was_hit(tmp_path, query, unseen):
    with desk(tmp_path, DESK, INBOX) as it:
        it.say("A boat came in")
        try:
            advice = past_of(it, query).preview.advice
        except UsageError:
            assert unseen is None
            return
    said = [each.text for each in advice if each.concern is Concern.UNSEEN]
    assert said == (
        [] if unseen is None else [f"In no article of the archive: {unseen}. Is that how the news spells it?"]
    )


def accept(it, published, text):
    entry = Entry(Content(f"News {next(NUMBERS)}", text), guid=f"guid {next(NUMBERS)}", published=published)
    with it.store.transaction():
        it.room.pipeline.intake.accept("inbox", [entry], max(published, NOW - 12 * DAY))


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Twelve days of four articles a day, and one of the sixth day that comes last."""
    with desk(tmp_path_factory.mktemp("busy")) as it:
        for day in range(11, -1, -1):
            for hour in range(4):
                accept(it, NOW - day * DAY - hour * HOUR, "A boat came in. Another boat did not." * (1 + hour % 2))
        accept(it, NOW - 6 * DAY, "A boat came in late, and it was the last boat.")
        yield it


@pytest.mark.parametrize(
    ("query", "days"),
    [
        pytest.param("boat", 5, id="fts5 says it"),
        pytest.param("ATLEAST/3 boat", 10, id="counted in the index"),
        pytest.param("ATLEAST/3 bo*", 1, id="read"),
        pytest.param("boa* NEAR/2 came", 1, id="near, read"),
    ],
)
def test_a_quick_look_at_what_is_common_is_the_whole_look_at_fewer_days(busy, monkeypatch, query, days):
    monkeypatch.setattr(lookback, "MOST_COUNTED", 21)
    monkeypatch.setattr(lookback, "MOST_READ", 6)
    whole, quick = past_of(busy, query), past_of(busy, query, quick=True)
    assert not whole.cut
    assert quick.cut
    assert quick.covered == days
    assert quick.preview.days[-days:] == whole.preview.days[-days:]
    assert not any(day.hits or day.covered for day in quick.preview.days[:-days])
    assert quick.newest == whole.newest[: len(quick.newest)]
    assert quick.preview.a_day == pytest.approx(sum(day.hits for day in whole.preview.days[-days:]) / days)
    assert [each.concern for each in quick.preview.advice if each.concern in {Concern.CUT, Concern.SHORT_ARCHIVE}] == [
        Concern.CUT
    ]


@pytest.mark.parametrize("query", ["boat", "ATLEAST/3 boat", "ATLEAST/3 bo*", '"boat" NEAR/2 came', "boa* NEAR/2 came"])
def test_a_quick_look_at_what_is_not_common_is_the_whole_look(busy, query):
    assert past_of(busy, query, quick=True) == past_of(busy, query)


@pytest.mark.parametrize(
    ("query", "days"), [("ATLEAST/3 boat", 1), ('"came" NEAR/2 boa*', 1), ("came NEAR/9 lat*", 12)]
)
def test_words_that_stand_in_too_many_places_are_not_counted_but_read(busy, monkeypatch, query, days):
    monkeypatch.setattr(lookback, "MOST_PLACES", 10)
    assert past_of(busy, query, quick=True) == past_of(busy, query)
    monkeypatch.setattr(lookback, "MOST_READ", 6)
    assert past_of(busy, query, quick=True).covered == days


@pytest.mark.parametrize("query", ["boat", "ATLEAST/3 bo*"])
def test_one_that_was_held_for_long_changes_nothing_about_the_days_that_are_looked_at(tmp_path, monkeypatch, query):
    """It is as new as the newest, and came before all of them."""
    monkeypatch.setattr(lookback, "MOST_COUNTED", 14)
    monkeypatch.setattr(lookback, "MOST_READ", 14)
    with desk(tmp_path) as it:
        held = Entry(Content("Held", "A boat, a boat, a boat."), guid="held", embargo_until=NOW)
        with it.store.transaction():
            it.room.pipeline.intake.accept("inbox", [held], NOW - 12 * DAY)
        for day in range(11, -1, -1):
            for hour in range(4):
                accept(it, NOW - day * DAY - (5 + hour) * HOUR, "A boat came in. A boat, a boat.")
        before = past_of(it, query, quick=True)
        it.room.pipeline.keep_house(NOW)
        after, whole = past_of(it, query, quick=True), past_of(it, query)
        # So many of them that they can't be read: then only today can be spoken of, and not as a whole.
        monkeypatch.setattr(lookback, "MOST_LATE", 0)
        assert past_of(it, query, quick=True).covered == 0
    assert before.cut
    assert after.covered == before.covered == 3
    assert after.preview.days[-3:] == whole.preview.days[-3:]
    assert after.preview.hits == before.preview.hits + 1


def test_of_a_day_with_too_much_what_came_last_is_looked_at(busy, monkeypatch):
    monkeypatch.setattr(lookback, "MOST_COUNTED", 3)
    past = past_of(busy, "boat", quick=True)
    assert (past.covered, past.preview.hits, past.preview.a_day) == (0, 3, 0)
    assert past.preview.advice[-1].text == (
        "So many articles have these words that only the newest were looked at here."
    )


def test_a_draft_is_refused_as_the_alert_would_be(tmp_path):
    with desk(tmp_path) as it:
        for query, more in (
            ("boat topic:x", {}),
            ("boat", {"topics": ["x"]}),
            ("boat", {"sources": ["x"]}),
            ("-a", {}),
        ):
            with pytest.raises(UsageError):
                draft(query, it.room.settings, **more)


# Why


def asked(it, title, name="Boats"):
    row = it.store.alerts.named(name)
    return account(it.store, it.room.settings, row, it.store.articles.get(it.article(title)))


def test_a_hit_is_told_with_its_words_and_every_attempt(tmp_path):
    with desk(tmp_path) as it:
        it.wire.answers["desk"] = [DOWN, DOWN]
        it.say("A boat came in")
        told = asked(it, "A boat came in")
    assert told.hit is not None
    assert told.matches
    assert [reason.words for reason in told.reasons] == ["boat"]
    (tried,) = told.tried
    assert tried.delivery.state == "pending"
    assert [attempt.said for attempt in tried.attempts] == ["connection refused"]
    assert told.why == ()


def test_a_miss_names_the_clause_that_failed(tmp_path):
    with desk(tmp_path, DESK, alert(query="boat dinghy")) as it:
        it.say("A boat came in")
        told = asked(it, "A boat came in")
    assert (told.hit, told.matches, told.reasons) == (None, False, ())
    assert told.why == ("‘dinghy’ is not in it.",)


def test_a_scope_that_failed_is_named(tmp_path):
    with desk(tmp_path, DESK, INBOX, TOPICS, alert(topics='["asylum"]')) as it:
        it.say("A boat came in")
        assert asked(it, "A boat came in").why == ("It is not under the topic asylum.",)


def test_an_article_from_before_the_alert_is_told_to_be_so(tmp_path):
    with desk(tmp_path, DESK) as it:
        it.say("A boat came in")
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "boat"}, NOW + HOUR)
        told = asked(it, "A boat came in")
    assert told.matches
    (said,) = told.why
    assert "we have had it since 2026-11-03 12:00 UTC, before the alert was made (2026-11-03 13:00 UTC)" in said


def test_an_article_came_when_we_first_saw_it_whatever_its_dates_say(tmp_path):
    with desk(tmp_path, DESK) as it:
        it.say("A boat came in")
        with it.store.transaction():
            it.store._db.execute("UPDATE articles SET updated = updated - 86400")
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "boat"}, NOW + HOUR)
        (said,) = asked(it, "A boat came in").why
    assert "since 2026-11-03 12:00 UTC" in said


def test_an_article_that_came_after_the_alert_is_never_told_to_have_come_before_it(tmp_path):
    with desk(tmp_path, DESK) as it:
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "ship"}, NOW)
        it.say("A boat came in")
        with it.store.transaction():
            it.store._db.execute("UPDATE articles SET updated = updated - 86400")
        at_desk.edit("boats", {"query": "boat"}, NOW)
        (said,) = asked(it, "A boat came in").why
    assert "did not when it came" in said


def test_an_article_that_was_edited_came_when_it_came_to_say_what_it_says(tmp_path):
    with desk(tmp_path, DESK) as it:
        it.say("A boat came in", guid="one")
        it.now += HOUR
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "ship"}, it.now)
        it.now += HOUR
        it.say("A boat came in late", text="It was late.", guid="one")
        at_desk.edit("boats", {"query": "late"}, it.now)
        (said,) = asked(it, "A boat came in late").why
    assert "did not when it came" in said


def test_times_are_told_by_the_clock_of_whoever_asks(tmp_path):
    with desk(tmp_path) as it:
        content = Content("A boat came in", "It came in.")
        with it.store.transaction():
            it.room.pipeline.intake.accept("inbox", [Entry(content, guid="g", embargo_until=NOW + HOUR)], NOW)
        row, article = it.store.alerts.named("Boats"), it.store.articles.get(it.article("A boat came in"))
        told = account(it.store, it.room.settings, row, article, at=lambda moment: f"hour {moment.hour}")
    assert told.why == ("The article is held until hour 13: nobody is told of it before.",)


def test_an_alert_that_was_changed_since_is_told_to_be_so(tmp_path):
    with desk(tmp_path, DESK) as it:
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "ship", "enabled": False}, NOW)
        it.say("A boat came in")
        at_desk.edit("boats", {"query": "boat"}, NOW)
        told = asked(it, "A boat came in")
    assert told.hit is None
    assert "did not when it came" in told.why[0]
    assert told.why[1] == "The alert is switched off: it finds nothing."


def test_a_story_that_was_told_names_the_article_that_told_it(tmp_path):
    with desk(tmp_path, DESK, INBOX, alert(query="dinghy")) as it:
        it.say(ASHORE, text=AGENCY, guid="one")
        it.say(f"{ASHORE} at night", text=AGENCY, guid="two", source="other")
        told = asked(it, f"{ASHORE} at night", "Boats")
    assert told.hit.silent is Silent.JOINED
    assert told.told_by.content.title == ASHORE


def test_a_withdrawn_article_says_so(tmp_path):
    with desk(tmp_path) as it:
        it.say("A boat came in", "A raft came in")
        boat, raft = it.article("A boat came in"), it.article("A raft came in")
        for id_ in (boat, raft):
            it.room.desk.kill(id_, "wrong", NOW, by="Anna")
        row = it.store.alerts.named("Boats")
        of_boat, of_raft = (
            account(it.store, it.room.settings, row, it.store.articles.get(id_)) for id_ in (boat, raft)
        )
    assert of_boat.why == ("The article was withdrawn.",)
    assert of_boat.hit is not None
    assert of_boat.reasons == (), "they are words of what was withdrawn"
    assert [tried.delivery.event for tried in of_boat.tried] == ["match", "kill"]
    assert of_raft.why == ("The article was withdrawn: nothing matches it any more.",)
    assert not of_raft.matches


def test_a_held_article_says_until_when(tmp_path):
    with desk(tmp_path) as it:
        content = Content("A boat came in", "It came in.")
        with it.store.transaction():
            it.room.pipeline.intake.accept("inbox", [Entry(content, guid="g", embargo_until=NOW + HOUR)], NOW)
        told = asked(it, "A boat came in")
    assert told.hit is None
    assert told.why == ("The article is held until 2026-11-03 13:00 UTC: nobody is told of it before.",)


def test_an_alert_that_cannot_be_used_says_why(tmp_path):
    with desk(tmp_path, DESK, TOPICS) as it:
        at_desk = AlertDesk(it.room.settings, it.store, it.room.pipeline.alerting)
        at_desk.add({"name": "Boats", "query": "boat topic:asylum"}, NOW)
        it.say("A boat came in")
    with desk(tmp_path, DESK) as it:
        (said,) = asked(it, "A boat came in").why
    assert said.startswith("The alert can't be used: query")
