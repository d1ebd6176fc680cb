"""The newsdesk: who sees which articles, and what chiefs do to them once they have seen what goes to whom."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from deskroom import desk_room
from newsroom import BOATS, COURTS, NOW, WIRE
from outbox import DESK, PHONE, Wire, alert
from outbox import desk as outbox_desk

from syndicator.composing import Composer
from syndicator.courier import Courier
from syndicator.model import Content, Entry, State
from syndicator.people import Role
from syndicator.reach import rehearse
from syndicator.store import Question
from syndicator.web.desk.pages import Clock
from syndicator.websub import Asked, Mode

pytestmark = pytest.mark.usefixtures("quick_hashes")

HOUR = timedelta(hours=1)
SMTP = '[smtp]\nhost = "localhost"\nsender = "desk@desk.example"\nsecurity = "none"\n'
OUT = (
    '[destinations.anna]\nkind = "email"\nto = "anna@desk.example"\n'
    '[destinations.ben]\nkind = "email"\nto = "ben@desk.example"\n'
    '[destinations.hook]\nkind = "webhook"\nurl = "https://hook.example/x"\nsecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\n'
)
ALERTS = (
    "[[alerts]]\nname = \"Boats\"\nquery = 'boat'\ndestinations = ['anna', 'ben', 'hook']\n"
    "[[alerts]]\nname = \"Dover\"\nquery = 'dover'\ndestinations = ['anna']\n"
    "[[alerts]]\nname = \"Daily\"\nquery = 'rain'\ndestinations = ['ben']\nschedule = \"daily at 07:30\"\n"
)
HOSTILE = '<script>alert("x")</script> & a boat'


class Newsdesk:
    """A desk with articles, alerts and destinations that only remember."""

    def __init__(self, desk):
        self.desk, self.room, self.store = desk, desk.room, desk.room.store
        self.wire = Wire()

    def say(self, title, text="It was towed to Dover.", held=None):
        entry = Entry(Content(title, text), guid=title, embargo_until=held)
        with self.store.transaction():
            self.room.pipeline.intake.accept("wire", [entry], self.desk.now)
        self.deliver()
        return self.store._db.execute("SELECT id FROM articles WHERE title = ?", [title]).fetchone()[0]

    def deliver(self):
        composer = Composer(self.store, self.room.settings)
        courier = Courier(
            self.store,
            composer,
            self.wire,
            owner="test",
            clock=lambda: self.desk.now,
            report=lambda _: None,
            jitter=lambda: 0.0,
        )
        asyncio.run(courier.drain())
        self.room.publish(self.desk.now)

    def events(self):
        return {name: [message.event.value for message in sent] for name, sent in self.wire.sent.items()}

    def path(self, id_):
        return f"/desk/articles/{id_.removeprefix('urn:uuid:')}"


@pytest.fixture
def it(tmp_path):
    with desk_room(tmp_path, BOATS, COURTS, WIRE, SMTP, OUT, ALERTS) as desk:
        yield Newsdesk(desk)


def titles(page):
    return [" ".join(each.text_content().split()) for each in page.tree.xpath("//ol[@class='articles']//h2")]


def test_the_list_says_where_articles_stand_and_why(it):
    it.say("A boat came in")
    it.say("Rain on Tuesday")
    browser = it.desk.signed_in("Vera", Role.VIEWER)
    page = browser.get("/desk/articles")
    assert titles(page) == ["Rain on Tuesday", "A boat came in"]
    (item,) = page.tree.xpath("//li[.//a[text()='A boat came in']]")
    assert item.xpath(".//span[@class='topic']/text()") == ["Boats"]
    assert item.xpath(".//mark/text()") == ["boat"]
    assert "The Wire" in item.text_content()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("topic=boats", ["A boat came in"]),
        ("source=wire", ["Held", "Rain on Tuesday", "A boat came in"]),
        ("state=killed", []),
        ("state=embargoed", ["Held"]),
        ("q=rain", ["Rain on Tuesday"]),
        ("q=dover&topic=boats", ["A boat came in"]),
        ("topic=nonsense&source=nobody&state=odd&after=x-y", ["Held", "Rain on Tuesday", "A boat came in"]),
        ("after=99999999999999999999-1", ["Held", "Rain on Tuesday", "A boat came in"]),
        ("after=-9999999999-1", []),
    ],
)
def test_the_list_is_narrowed(it, query, found):
    it.say("A boat came in")
    it.say("Rain on Tuesday")
    it.say("Held", held=NOW + HOUR)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    page = browser.get(f"/desk/articles?{query}")
    assert (page.status, titles(page)) == (200, found)


@pytest.mark.parametrize("words", ["", "boat"])
def test_the_list_goes_on_page_by_page_without_a_gap(it, words):
    for number in range(65):
        it.say(f"A boat came in, number {number}")
    browser = it.desk.signed_in("Vera", Role.VIEWER)
    page, seen = browser.get(f"/desk/articles?q={words}"), []
    while True:
        seen += titles(page)
        following = page.tree.xpath("//a[@class='next']/@href")
        if not following:
            break
        page = browser.get(following[0])
    assert seen == [f"A boat came in, number {number}" for number in reversed(range(65))]


def test_a_query_that_cannot_be_read_is_told_with_its_place(it):
    page = it.desk.signed_in("Vera", Role.VIEWER).get("/desk/articles?q=(boat")
    assert page.status == 400
    assert "at character" in page.told[0]


@pytest.mark.parametrize("role", list(Role), ids=[role.value for role in Role])
def test_what_is_held_back_is_for_chiefs(it, role):
    id_ = it.say("A secret boat", held=NOW + HOUR)
    browser = it.desk.signed_in("Somebody", role)
    chief = role.reaches(Role.CHIEF)
    for path in ("/desk/articles", "/desk/articles?state=embargoed", "/desk/articles?source=wire"):
        assert ("A secret boat" in titles(browser.get(path))) is chief
    page = browser.get(it.path(id_))
    assert page.status == (200 if chief else 404)
    assert ("secret" in page.words) is chief


@pytest.mark.parametrize("role", list(Role), ids=[role.value for role in Role])
def test_only_chiefs_have_forms_and_nobody_else_is_obeyed(it, role):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Somebody", role)
    page = browser.get(it.path(id_))
    chief = role.reaches(Role.CHIEF)
    assert bool(page.tree.xpath("//form[contains(@action, '/act')]")) is chief
    proof = page.proof
    done = browser.post(
        f"{it.path(id_)}/act", {"proof": proof, "do": "kill", "sure": "yes", "note": "x", "opened": _opened(it, id_)}
    )
    assert done.status == (200 if chief else 403)
    assert (it.store.articles.get(id_).state is State.KILLED) is chief


def _by_the_clock_of(it, name, zone):
    with it.store.transaction():
        it.store.users.set_zone(it.store.users.named(name).id, zone)


def _opened(it, id_):
    return f"{it.store.articles.get(id_).seq}.0"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "UTC"])
def test_an_end_of_time_is_shown_by_every_clock(zone):
    clock = Clock(ZoneInfo(zone), NOW)
    for moment in (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        assert str(moment.day) in clock.full(moment)
        assert str(moment.day) in clock.short(moment)


@pytest.mark.parametrize("role", list(Role), ids=[role.value for role in Role])
def test_notes_of_holds_are_for_chiefs(it, role):
    id_ = it.say("A boat came in")
    chief = it.desk.signed_in("Chief", Role.CHIEF)
    chief.get(it.path(id_))
    chief.press(ACTS["embargo"][0], until="2026-11-04T07:00", note="The minister asked us.")
    chief.press("Hold it now")
    chief.get(it.path(id_))
    chief.press("Show what goes to whom if it is released", note="All is confirmed.")
    chief.press("Release it now")
    page = it.desk.signed_in("Somebody", role).get(it.path(id_))
    assert page.status == 200
    assert ("The minister asked us." in page.words) == role.reaches(Role.CHIEF)
    assert ("What people did" in page.words) == role.reaches(Role.CHIEF)


@pytest.mark.parametrize(
    ("link", "leads"), [("https://wire.example/a", True), ("javascript:alert(1)", False)], ids=["web", "script"]
)
def test_an_articles_link_leads_to_the_web_or_nowhere(it, link, leads):
    id_ = it.say("A boat came in")
    with it.store.transaction():
        it.store._db.execute("UPDATE articles SET url = ?, canonical = NULL WHERE id = ?", [link, id_])
    links = it.desk.signed_in("Anna").get(it.path(id_)).tree.xpath("//a/@href")
    assert (link in links) is leads


@pytest.mark.parametrize("uuid", ["nonsense", "00000000-0000-4000-8000-000000000000", "a' OR 1=1 --"])
def test_an_article_that_is_not_there_is_a_page_that_says_so(it, uuid):
    assert it.desk.signed_in("Chief", Role.CHIEF).get(f"/desk/articles/{uuid}").status == 404


def test_what_sources_and_people_write_is_text_on_every_page(it):
    id_ = it.say(HOSTILE, text="<img src=x onerror=alert(1)> boat")
    browser = it.desk.signed_in("<b>Eve</b>", Role.CHIEF)
    browser.get(it.path(id_))
    browser.press("Add to this topic", topic="courts")
    for page in (
        browser.get(it.path(id_)),
        browser.get("/desk/articles"),
        browser.get("/desk/articles?q=%3Cscript%3Ealert(1)%3C/script%3E"),
    ):
        assert not page.tree.xpath("//img | //script[not(@src)] | //b | //*[@onerror]")
    browser.get(it.path(id_))
    page = browser.press("Show what goes to whom if it is withdrawn", note="<b>wrong</b>")
    assert not page.tree.xpath("//img | //script[not(@src)] | //b")
    assert "<b>wrong</b>" in page.words


ACTS = {
    "correct": ("Show what goes to whom if it is corrected", "Correct it now", {"title": "A dinghy came in"}),
    "kill": ("Show what goes to whom if it is withdrawn", "Withdraw it now", {}),
    "embargo": ("Show what goes to whom if it is held", "Hold it now", {"until": "2026-11-04T07:00"}),
}


@pytest.mark.parametrize(
    ("do", "sentence", "events"),
    [
        ("correct", "2 feeds, 2 people, 1 webhook will be told.", ["match", "correction"]),
        ("kill", "2 feeds, 2 people, 1 webhook will be told.", ["match", "kill"]),
        ("embargo", "2 feeds will lose it; nobody will be told.", ["match"]),
    ],
)
def test_first_it_is_shown_what_goes_to_whom_and_that_is_what_goes(it, do, sentence, events):
    id_ = it.say("A boat came in", text="It was towed.")
    before = it.store._db.execute("SELECT count(*) FROM versions").fetchone()
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    it.desk.after()
    first, second, more = ACTS[do]
    browser.get(it.path(id_))
    page = browser.press(first, note="It was wrong.", **more)
    assert page.tree.xpath("string(//h2[@id='reach'])") == sentence
    assert "Boats" in page.words
    assert it.store._db.execute("SELECT count(*) FROM versions").fetchone() == before
    assert it.store.feeds.stale() == []
    assert it.store.deliveries.backlog() == 0
    page = browser.press(second)
    assert page.url.startswith(it.path(id_))
    assert page.told
    it.deliver()
    assert it.events() == {"anna": events, "ben": events, "hook": events}
    entry = it.store.audit.newest(limit=1, thing=f"article {id_}")[0]
    assert entry.who == "Chief"
    assert "It was wrong." in entry.detail
    assert "It was wrong." in page.words


def test_followers_through_our_hub_are_told_too_and_each_counts_once(it):
    id_ = it.say("A boat came in", text="It was towed.")
    subscribe(it, ("boats", "atom"), ("boats", "json"), ("all", "rss"), callback="https://reader.example/both")
    subscribe(it, ("all", "rss"), callback="https://reader.example/all")
    subscribe(it, ("courts", "rss"), callback="https://reader.example/courts")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    for do, said in (
        ("kill", "2 feeds (with 2 followers through the hub), 2 people, 1 webhook will be told."),
        ("embargo", "2 feeds (with 2 followers through the hub) will lose it; nobody will be told."),
    ):
        browser.get(it.path(id_))
        page = browser.press(ACTS[do][0], note="It was wrong.", **ACTS[do][2])
        assert page.tree.xpath("string(//h2[@id='reach'])") == said


def test_an_archive_month_that_changes_is_sent_to_nobody(it):
    article = it.store.articles.get(it.say("A boat came in"))
    subscribe(it, ("boats", "atom"), callback="https://reader.example/both")
    alerting = it.room.pipeline.alerting
    for name, followers in (("boats/2026-10", 0), ("boats", 1)):
        reach = rehearse(it.store, alerting, article, lambda name=name: it.store.feeds.mark_stale([name]))
        assert (reach.feeds, reach.followers) == (("boats",), followers)


def subscribe(it, *feeds, callback):
    for feed, extension in feeds:
        asked = Asked(Mode.SUBSCRIBE, f"https://desk.example/feeds/{feed}.{extension}", callback)
        it.store.followers.subscribe(Question(1, asked, generation=1, attempts=1), NOW)


def test_who_is_told_twice_is_one_person_and_who_never_had_it_is_nobody(it):
    id_ = it.say("A boat came in")
    other = it.say("A raft drifts", text="Nobody heard of it.")
    assert it.events()["anna"] == ["match", "match"]
    desk, alerting = it.room.desk, it.room.pipeline.alerting
    for article, told in ((id_, {"email": 2, "webhook": 1}), (other, {})):
        reach = rehearse(
            it.store, alerting, it.store.articles.get(article), lambda id_=article: desk.kill(id_, "x", NOW, by="C")
        )
        assert reach.told == told


def test_what_is_switched_off_is_not_counted_among_those_who_are_told(it):
    id_ = it.say("A boat came in")
    with it.store.transaction():
        it.store.destinations.switch_off("hook", "410 gone", NOW)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["kill"][0], note="It was wrong.")
    assert page.tree.xpath("string(//h2[@id='reach'])") == "2 feeds, 2 people will be told."
    assert "Switched off, and told when switched on again: 1 webhook." in page.words


def test_where_one_of_a_story_speaks_in_the_place_of_another_its_digest_is_announced(tmp_path):
    text = "Forty people were brought ashore in Dover after their boat lost its engine in the Channel, they said."
    with outbox_desk(tmp_path, DESK, alert(schedule='"daily 07:30"')) as it:
        it.say("A boat came in", text=text, guid="one")
        it.say("A boat came in", text=text, guid="two", source="other")
        (spoke,) = [hit for hit in it.store.hits.latest(limit=9) if hit.silent is None]
        article = it.store.articles.get(spoke.article)
        reach = rehearse(
            it.store, it.room.pipeline.alerting, article, lambda: it.room.desk.kill(article.id, "x", NOW, by="C")
        )
    assert (reach.told, reach.later) == ({}, {"console": 1})


def test_who_waits_for_something_else_is_not_announced_and_who_is_told_at_once_is_not_told_later(tmp_path):
    daily = alert("Daily", "boat", to=("desk",), schedule='"daily 07:30"')
    other = alert("Other", "rain", to=("phone",), schedule='"daily 07:30"')
    with outbox_desk(tmp_path, DESK, PHONE, alert("Now", "boat"), daily, other) as it:
        it.say("Rain on Tuesday", "A raft drifts")
        article = it.store.articles.get(it.article("A raft drifts"))
        reach = rehearse(
            it.store,
            it.room.pipeline.alerting,
            article,
            lambda: it.room.desk.correct(article.id, "x", NOW, by="C", title="A boat drifts"),
        )
    assert (reach.told, reach.later) == ({"console": 1}, {})


def test_a_correction_that_makes_alerts_fire_says_so_and_a_digest_comes_later(it):
    id_ = it.say("A raft drifts", text="Nobody heard of it.")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], title="A boat drifts in the rain", note="It was a boat.")
    assert page.tree.xpath("string(//h2[@id='reach'])") == "2 feeds, 2 people, 1 webhook will be told."
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], title="A raft drifts in the rain", note="It rained.")
    assert page.tree.xpath("string(//h2[@id='reach'])") == "1 feed will be told."
    assert "1 person will be told later" in page.words


def test_a_held_article_is_released_into_its_feeds_and_alerts(it):
    id_ = it.say("A boat came in", text="It was towed.", held=NOW + HOUR)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press("Show what goes to whom if it is released", note="All is confirmed.")
    assert page.tree.xpath("string(//h2[@id='reach'])") == "2 feeds, 2 people, 1 webhook will be told."
    browser.press("Release it now")
    it.deliver()
    assert it.store.articles.get(id_).state is State.LIVE
    assert it.events()["hook"] == ["match"]
    assert it.room.titles("boats") == ["A boat came in"]


def test_an_embargo_says_who_had_it_already_and_ends_by_the_clock_of_whoever_set_it(it):
    id_ = it.say("A boat came in", text="It was towed.")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    _by_the_clock_of(it, "Chief", "America/New_York")
    browser.get(it.path(id_))
    page = browser.press(ACTS["embargo"][0], until="2026-11-04T07:00", note="Wait.")
    assert "2 people, 1 webhook may have had it already" in page.words
    assert "4 November 2026, 07:00" in page.words
    browser.press("Hold it now")
    assert f"{it.store.articles.get(id_).embargo_until:%d %H:%M}" == "04 12:00"


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("2027-03-28T01:30", None),
        ("2027-10-31T01:30", "01:30"),
        ("2026-11-03T11:59", None),
        ("", None),
        ("tomorrow", None),
        ("2031-11-02T11:59", "11:59"),
        ("2031-11-03T12:00", None),
        ("9999-12-31T23:59", None),
        ("0001-01-01T00:00", None),
    ],
    ids=["skipped", "twice", "past", "empty", "words", "years", "too many years", "end of time", "beginning of time"],
)
def test_an_embargo_ends_at_a_time_that_there_is_and_never_too_early(it, until, ends):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    _by_the_clock_of(it, "Chief", "Europe/London")
    browser.get(it.path(id_))
    page = browser.press(ACTS["embargo"][0], until=until, note="Wait.")
    assert page.status == (400 if ends is None else 200)
    if ends:
        browser.press("Hold it now")
        assert f"{it.store.articles.get(id_).embargo_until:%H:%M}" == ends


@pytest.mark.parametrize(
    ("do", "fields", "said"),
    [
        ("correct", {"note": ""}, "Write a note"),
        ("kill", {"note": "  "}, "Write a note"),
        ("embargo", {"note": "", "until": "2026-11-04T07:00"}, "Write a note"),
        ("correct", {"note": "x", "title": " "}, "headline"),
        ("kill", {"note": "x" * 2001}, "longer than 2000"),
    ],
    ids=["correct", "kill", "embargo", "no headline", "long"],
)
def test_what_is_missing_is_asked_for_and_nothing_is_lost(it, do, fields, said):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS[do][0], **fields)
    assert page.status == 400
    assert said in page.told[0]
    assert page.tree.xpath("//details[@open]")
    assert it.store.articles.get(id_).version == 1


@pytest.mark.parametrize("sure", [False, True], ids=["before it is shown", "before it is confirmed"])
def test_an_article_that_changed_meanwhile_is_shown_as_it_is_and_left_alone(it, sure):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    first, second, _ = ACTS["kill"]
    browser.get(it.path(id_))
    if sure:
        browser.press(first, note="Wrong.")
    it.room.desk.correct(id_, "It was a raft.", it.desk.now, by="Ben", title="A raft came in")
    page = browser.press(second) if sure else browser.press(first, note="Wrong.")
    assert page.status == 409
    assert "has changed since you opened it" in page.told[0]
    assert "A raft came in" in page.words
    assert page.tree.xpath("//details[summary='Text']/@open")
    assert it.store.articles.get(id_).state is State.CORRECTED


def test_another_end_of_an_embargo_is_a_change_too(it):
    id_ = it.say("A boat came in", held=NOW + HOUR)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    it.room.desk.embargo(id_, NOW + 3 * HOUR, NOW, by="Ben")
    assert browser.press("Show what goes to whom if it is released", note="Now.").status == 409


def test_a_form_that_only_names_a_note_changes_neither_headline_nor_text(it):
    text = "One\u00ad line.\n\nAnother\u200b line, about a boat."
    id_ = it.say("A boat came in", text=text)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    browser.press(ACTS["correct"][0], note="The picture was another one.")
    browser.press("Correct it now")
    article = it.store.articles.get(id_)
    assert (article.state, article.content.text, article.content.title) == (State.CORRECTED, text, "A boat came in")


def test_what_was_written_is_there_again_when_something_is_to_be_changed(it):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    browser.press(ACTS["correct"][0], title="A raft came in", text="Two\nlines.", note="It was a raft.")
    page = browser.press("Change something")
    assert page.tree.xpath("//input[@id='title']/@value") == ["A raft came in"]
    assert "Two\nlines." in page.tree.xpath("string(//textarea[@id='text'])")
    assert it.store.articles.get(id_).version == 1


def test_what_was_written_stays_when_the_article_changed_meanwhile_with_what_it_says_now_beside_it(it):
    """What somebody left alone is as it is now, so that sending it again takes nothing of the other change back."""
    id_ = it.say("A boat came in", text="It was towed.")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    it.room.desk.correct(id_, "A raft.", it.desk.now, by="Ben", title="A raft came in", text="It was rowed.")
    page = browser.press(ACTS["correct"][0], text="It was pulled.", note="Nobody towed it.")
    assert page.status == 409
    assert page.told[0].endswith("This is what it says now:")
    assert page.tree.xpath("//input[@id='title']/@value") == ["A raft came in"]
    assert page.tree.xpath("string(//textarea[@id='text'])").strip() == "It was pulled."
    assert page.tree.xpath("string(//textarea[@id='correct-note'])").strip() == "Nobody towed it."
    assert page.tree.xpath("//details[summary='The text as it is now']/pre/text()") == ["It was rowed."]
    assert "It now says" not in page.words
    browser.press(ACTS["correct"][0])
    browser.press("Correct it now")
    content = it.store.articles.get(id_).content
    assert (content.title, content.text) == ("A raft came in", "It was pulled.")


LONG = "\n\n".join(f"Paragraph {number}." for number in range(900))


@pytest.mark.parametrize(
    ("text", "fields", "gone", "come"),
    [
        ("One.\n\nTwo.\n\nThree.", {"text": "One.\n\n2.\n\nThree."}, ["Two."], ["2."]),
        ("One.\n\nTwo.", {"text": "Two."}, ["One."], []),
        ("One.", {"text": "One.\n\nTwo."}, [], ["Two."]),
        ("One.", {"title": "A raft"}, ["A boat"], ["A raft"]),
        (LONG, {"text": f"First.\n\n{LONG}\n\nLast."}, None, None),
        ("One.", {"text": "One.\n\n<b>x</b>"}, [], ["<b>x</b>"]),
    ],
    ids=["another", "taken out", "added", "headline", "long", "mark-up"],
)
def test_a_correction_shows_what_it_changes_before_it_is_published(it, text, fields, gone, come):
    id_ = it.say("A boat", text=text)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], note="So.", **fields)
    olds, news = ([each.text_content() for each in page.tree.xpath(f"//{kind}")] for kind in ("del", "ins"))
    if gone is None:
        assert olds
        assert all(len(each) <= 3000 for each in olds + news)
    else:
        assert (olds, news) == (gone, come)
    assert "Nothing has changed" not in page.words


def test_of_very_many_changes_the_first_are_shown_and_the_others_counted(it):
    text = "\n\n".join(f"{kept} {number}." for number in range(25) for kept in ("Changed", "Kept"))
    id_ = it.say("A boat", text=text)
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], note="So.", text=text.replace("Changed", "New"))
    assert len(page.tree.xpath("//ins")) == 20
    assert "and 5 more changes" in page.words


@pytest.mark.parametrize("opened", ["", "x", "9" * 40, "9" * 15, "-1.0"])
def test_an_edition_that_there_never_was_keeps_what_was_written(it, opened):
    id_ = it.say("A boat")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], opened=opened, title="A raft", note="So.")
    assert (page.status, page.tree.xpath("//input[@id='title']/@value")) == (409, ["A raft"])
    assert "It now says: A boat" in page.words


def test_a_correction_that_changes_nothing_says_so(it):
    id_ = it.say("A boat")
    browser = it.desk.signed_in("Chief", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press(ACTS["correct"][0], note="So.")
    assert "Nothing has changed in headline or text: readers are told of the note alone." in page.words


def test_the_page_says_of_each_telling_what_it_was_and_how_it_went(it):
    id_ = it.say("A boat came in", text="It was towed.")
    it.room.desk.correct(id_, "A slip.", it.desk.now, by="Ben", text="It was rowed.")
    it.deliver()
    it.room.desk.correct(id_, "Another.", it.desk.now, by="Ben", text="It was pulled.")
    page = it.desk.signed_in("Vera", Role.VIEWER).get(it.path(id_))
    told = [" ".join(line.text_content().split()) for line in page.tree.xpath("//section[h2[@id='alerts']]//li/p")]
    assert told == [
        "Alert: anna told, ben told, hook told",
        "Correction: anna told, ben told, hook told",
        "Correction: anna waits, ben waits, hook waits",
    ]


def test_a_topic_is_taken_out_by_a_short_button_and_named_to_those_who_do_not_see_it(it):
    id_ = it.say("A boat came in")
    page = it.desk.signed_in("Chief", Role.CHIEF).get(it.path(id_))
    (button,) = page.tree.xpath("//button[@value='remove']")
    assert (button.text, button.text_content()) == ("Take out", "Take out of Boats")


def test_topics_are_sorted_by_hand_and_the_page_says_by_whom(it):
    id_ = it.say("Rain on Tuesday")
    browser = it.desk.signed_in("Anna", Role.CHIEF)
    browser.get(it.path(id_))
    page = browser.press("Add to this topic", topic="boats")
    assert page.told == ["Added to Boats. That stays so, whatever its query says."]
    assert "added by Anna" in page.words
    it.deliver()
    assert it.room.titles("boats") == ["Rain on Tuesday"]
    assert "added by Anna" in browser.get("/desk/articles").words
    public = it.desk.browser().get(it.path(id_).removeprefix("/desk")).words
    assert "The editors put it here." in public
    assert "Anna" not in public
    browser.get(it.path(id_))
    page = browser.press("Take out of Boats")
    assert "taken out by Anna" in page.words
    it.deliver()
    assert it.room.titles("boats") == []
    page = browser.press("Let the query decide")
    assert "by Anna" not in re.sub("What people did.*", "", page.words)


def test_a_topic_that_is_not_there_is_refused(it):
    id_ = it.say("Rain on Tuesday")
    browser = it.desk.signed_in("Anna", Role.CHIEF)
    browser.get(it.path(id_))
    assert browser.press("Add to this topic", topic="<i>x</i>").status == 404
    assert it.store.placements.of(id_) == {}


def test_alerts_that_somebody_may_not_see_are_not_named(tmp_path):
    secret = "[[alerts]]\nname = \"Hush\"\nquery = 'boat'\nowner = \"Ben\"\nshared = false\ndestinations = ['hook']\n"
    with desk_room(tmp_path, BOATS, WIRE, SMTP, OUT, ALERTS, secret) as desk:
        it = Newsdesk(desk)
        id_ = it.say("A boat came in")
        for name, role, seen in (("Eve", Role.EDITOR, False), ("Ben", Role.EDITOR, True), ("Cleo", Role.CHIEF, True)):
            page = desk.signed_in(name, role).get(it.path(id_))
            assert ("Hush" in page.words) is seen
            assert "Boats" in page.words


def test_a_correction_outlives_the_session_in_which_it_was_written(it):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Cleo", Role.CHIEF)
    browser.get(it.path(id_))
    browser.cookies.clear()
    text = "It was a raft.\n\nIt came at <noon>."
    browser.press(ACTS["correct"][0], text=text, note="Wrong vessel.")
    browser.cookies |= it.desk.signed_in("Cleo").cookies
    page = browser.press("Show what I wrote")
    assert (page.status, it.store.articles.get(id_).version) == (403, 1)
    assert "nothing was saved" in page.told[0]
    assert "changed meanwhile" not in page.told[0]
    form, _ = page.form(ACTS["correct"][0])
    assert (form.fields["text"].strip(), form.fields["note"].strip()) == (text, "Wrong vessel.")
    browser.press(ACTS["correct"][0])
    browser.press(ACTS["correct"][1])
    assert it.store.articles.get(id_).content.text == text


def test_a_correction_written_on_an_earlier_version_says_so_when_it_comes_back(it):
    id_ = it.say("A boat came in")
    browser = it.desk.signed_in("Cleo", Role.CHIEF)
    browser.get(it.path(id_))
    it.room.desk.correct(id_, "It was a raft.", it.desk.now, by="Ben", title="A raft came in")
    browser.cookies |= it.desk.signed_in("Cleo").cookies
    page = browser.press(ACTS["correct"][0], title="A ferry came in", note="Wrong vessel.")
    assert "changed meanwhile" in page.told[0]
