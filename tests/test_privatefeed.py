"""Private feeds: what an alert found, in every format, for whoever has the address."""

import json
from contextlib import contextmanager
from datetime import timedelta

import feedparser
import pytest
from feed_validator import problems
from newsroom import BOATS, NOW
from outbox import DESK, alert, desk

from syndicator.pipeline import public_site
from syndicator.privatefeed import PrivateFeeds, private_address
from syndicator.publish import FORMATS, Publisher
from syndicator.publish.site import Address
from syndicator.store import new_token

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OTHER = '[[sources]]\nname = "other"\nkind = "feed"\nurl = "https://other.example/rss"\n'


class Reader:
    """A newsroom, and the private feed of one of its alerts."""

    def __init__(self, it, name="Boats"):
        self.it, self.store, self.settings = it, it.store, it.room.settings
        self.row = it.store.alerts.named(name)
        self.feeds = PrivateFeeds(
            it.store, self.settings, Publisher(self.settings.feeds.dir, public_site(self.settings))
        )

    @property
    def token(self):
        return self.store.alerts.get(self.row.id).feed_token

    def give(self, token):
        with self.store.transaction():
            self.store.alerts.give_token(self.row.id, token)

    def read(self, extension="json", now=None):
        return self.feeds.read(self.token, extension, now or self.it.now)

    def document(self, **more):
        return json.loads(self.read(**more).body)

    def titles(self, **more):
        return [item["title"] for item in self.document(**more)["items"]]

    def kill(self, title, note="It was wrong."):
        return self.it.room.desk.kill(self.it.article(title), note, self.it.now, by="anna")


@contextmanager
def reader(root, *parts, name="Boats"):
    with desk(root, *(parts or (DESK, alert()))) as it:
        yield Reader(it, name)


@pytest.mark.parametrize("extension", [name for name in FORMATS if name != "html"])
def test_every_format_is_valid_and_calls_itself_by_its_own_address(tmp_path, extension):
    with reader(tmp_path) as it:
        it.it.say("A boat came in", "A boat went out", "Rain on Tuesday")
        feed = it.read(extension)
        url = f"https://desk.example/alerts/{it.token}.{extension}"
        assert problems(feed.body, extension, now=NOW, url=url) == []
        assert feed.body.count(b"A boat came in") >= 1
        assert b"Rain" not in feed.body
        if extension != "json":
            parsed = feedparser.parse(feed.body)
            assert parsed.feed.title == "Alert: Boats"
            assert len(parsed.entries) == 2


def test_an_empty_feed_is_valid_too(tmp_path):
    with reader(tmp_path) as it:
        for extension in ("rss", "atom", "json"):
            assert problems(it.read(extension).body, extension, now=NOW) == []


def test_what_matched_in_silence_stands_in_the_feed(tmp_path):
    with reader(tmp_path, DESK, OTHER, alert(name="First", query="sail"), name="First") as it:
        it.it.say("An old boat", backlog=True)
        it.it.say("A boat with a sail of old", backlog=True)
        it.it.say("A boat", guid="edited")
        it.it.say("A boat, then a sail", guid="edited")
    with reader(tmp_path, DESK, OTHER, alert(name="First", query="sail"), alert()) as it:
        long = "The crew of the boat said on Monday that they had seen nothing of the storm. " * 8
        it.it.say("A boat came in from the storm", text=long)
        it.it.say("A boat came in from the storm", text=long, source="other")
        it.it.say("An old boat, seen again", guid="An old boat")
        silent = {hit.silent for hit in it.store.hits.of(it.row.id, limit=10)}
        assert silent == {None, "joined", "earlier"}
        assert sorted(it.titles()) == ["A boat came in from the storm"] * 2 + ["An old boat, seen again"]
        first = Reader(it.it, "First")
        assert {hit.silent for hit in it.store.hits.of(first.row.id, limit=10)} == {None, "backlog"}
        assert sorted(first.titles()) == ["A boat with a sail of old", "A boat, then a sail"]


def test_items_are_newest_first_and_of_this_alert_alone(tmp_path):
    with reader(tmp_path, DESK, alert(), alert(name="Courts", query="court")) as it:
        it.it.say("A court sits", "The first boat")
        it.it.now += MINUTE
        it.it.say("The second boat")
        assert it.titles() == ["The second boat", "The first boat"]


def test_the_window_is_that_of_the_feeds(tmp_path):
    limits = "[feeds]\nwindow_days = 2\nmin_items = 2\nmax_items = 3\n"
    with reader(tmp_path, DESK, alert(), limits) as it:
        for number in range(5):
            it.it.say(f"Boat {number}")
            it.it.now += MINUTE
        assert it.titles() == ["Boat 4", "Boat 3", "Boat 2"]
        assert it.titles(now=NOW + 10 * DAY) == ["Boat 4", "Boat 3"]
        assert it.titles(now=NOW.replace(hour=23) + 2 * DAY) == ["Boat 4", "Boat 3", "Boat 2"]


def test_what_left_the_window_and_was_put_right_stands_in_it_again(tmp_path):
    limits = "[feeds]\nwindow_days = 2\nmin_items = 1\n"
    with reader(tmp_path, DESK, alert(), limits) as it:
        it.it.say("An old boat")
        it.it.now += 10 * DAY
        it.it.say("A new boat")
        assert it.titles() == ["A new boat"]
        id_ = it.it.article("An old boat")
        it.it.room.desk.correct(id_, "It was a ship.", it.it.now, by="anna", title="An old ship")
        assert it.titles() == ["A new boat", "An old ship"]


def test_a_corrected_article_stands_there_in_its_newest_words_though_they_match_no_more(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat came in")
        id_ = it.it.article("A boat came in")
        it.it.now += MINUTE
        it.it.room.desk.correct(id_, "It was a ship.", it.it.now, by="anna", title="A ship came in")
        (item,) = it.document()["items"]
        assert item["id"] == id_
        assert item["title"] == "A ship came in"
        assert "It was a ship." in item["content_html"]


def test_a_killed_article_leaves_a_notice_a_tombstone_and_an_advisory(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat sank with slander aboard")
        id_ = it.it.article("A boat sank with slander aboard")
        it.it.now += MINUTE
        it.kill("A boat sank with slander aboard")
        titles = it.titles()
        assert len(titles) == 2
        assert titles[0].startswith("Advisory: ")
        assert titles[1].startswith("Withdrawn: ")
        for extension in FORMATS:
            body = it.read(extension).body
            assert b"slander" not in body
            if extension != "html":
                assert problems(body, extension, now=it.it.now) == []
        assert f'<at:deleted-entry ref="{id_}"'.encode() in it.read("atom").body
        (deleted,) = it.document()["_syndicator"]["deleted"]
        assert deleted["ref"] == id_


def test_what_was_told_by_nobody_but_stood_in_the_feed_is_taken_back_there(tmp_path):
    with reader(tmp_path, DESK, alert(schedule='"daily at 07:30"')) as it:
        it.it.say("A boat of slander")
        assert it.titles() == ["A boat of slander"]
        it.kill("A boat of slander")
        assert it.store.hits.get(it.row.id, it.store.hits.of(it.row.id, limit=1)[0].article).silent == "withdrawn"
        assert [title.split(":")[0] for title in it.titles()] == ["Advisory", "Withdrawn"]


def test_what_was_withdrawn_before_anybody_could_see_it_is_not_told_of(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat for tomorrow")
        id_ = it.it.article("A boat for tomorrow")
        # As if it had been held from the beginning.
        with it.store.transaction():
            it.store._db.execute("UPDATE versions SET state = 'embargoed'")
            it.store._db.execute("UPDATE articles SET state = 'embargoed'")
        it.it.room.desk.kill(id_, "Never mind.", it.it.now, by="anna")
        document = it.document()
        assert document["items"] == []
        assert "deleted" not in document["_syndicator"] if "_syndicator" in document else True


def test_a_held_article_is_left_out_until_its_time(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat came in", "A boat went out")
        id_ = it.it.article("A boat came in")
        it.it.room.desk.embargo(id_, it.it.now + DAY, it.it.now, by="anna")
        assert it.titles() == ["A boat went out"]
        body = it.read("atom").body
        assert b"A boat came in" not in body
        assert f'<at:deleted-entry ref="{id_}"'.encode() in body
        it.it.after(DAY + MINUTE)
        assert "A boat came in" in it.titles()


def test_what_was_retired_leaves_the_feed(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat came in")
        with it.store.transaction():
            it.store.articles.retire(it.it.now + DAY)
        assert it.titles() == []


def test_the_same_articles_give_the_same_bytes(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat came in", "A boat went out")
        before = {extension: it.read(extension).body for extension in FORMATS}
        assert {extension: it.read(extension, it.it.now + MINUTE).body for extension in FORMATS} == before
    with reader(tmp_path) as it:
        assert {extension: it.read(extension, NOW + MINUTE).body for extension in FORMATS} == before


def test_an_alert_that_is_off_or_muted_keeps_its_feed(tmp_path):
    with reader(tmp_path, DESK, alert(mute_until="2027-01-01T00:00:00Z")) as it:
        it.it.say("A boat came in")
        assert it.titles() == ["A boat came in"]
    with reader(tmp_path, DESK, alert(enabled="false")) as it:
        it.it.say("A boat went out")
        assert it.titles() == ["A boat came in"]


def test_a_new_address_closes_the_old_one_and_it_is_still_the_same_feed(tmp_path):
    with reader(tmp_path) as it:
        it.it.say("A boat came in")
        old, before = it.token, feedparser.parse(it.read("atom").body)
        it.give(new_token())
        assert it.feeds.read(old, "atom", NOW) is None
        after = feedparser.parse(it.read("atom").body)
        assert after.feed.id == before.feed.id
        assert after.feed.links != before.feed.links
        it.give(None)
        assert it.feeds.read(old, "atom", NOW) is None


def test_a_removed_alert_has_no_feed(tmp_path):
    with reader(tmp_path) as it:
        token = it.token
        with it.store.transaction():
            it.store.alerts.remove(it.row.id)
        assert it.feeds.read(token, "atom", NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda token: token[:-1], id="shortened"),
        pytest.param(lambda token: token[:8], id="the beginning that finds it"),
        pytest.param(lambda token: token[:4], id="less than that"),
        pytest.param(lambda _: "", id="nothing"),
        pytest.param(lambda token: token + "x", id="lengthened"),
        pytest.param(lambda token: token[:8] + token[:7:-1], id="the end reversed"),
        pytest.param(lambda token: token.swapcase(), id="in another case"),
        pytest.param(lambda token: token[:8] + "%", id="a pattern"),
        pytest.param(lambda _: "é\x00\U0001f6a2" * 9, id="no token at all"),
    ],
)
def test_only_the_whole_token_opens_a_feed(tmp_path, change):
    with reader(tmp_path) as it:
        it.give("Ab1-zZ9_abcdefghijKLMNOPQRST")
        assert it.read() is not None
        assert it.feeds.read(change(it.token), "json", NOW) is None


def test_a_token_without_a_secret_part_opens_nothing(tmp_path):
    """Nor does it make every alert be looked at."""
    with reader(tmp_path) as it:
        it.give("12345678")
        assert it.read() is None


def test_there_is_no_other_format(tmp_path):
    with reader(tmp_path) as it:
        assert it.feeds.read(it.token, "csv", NOW) is None


def test_the_feed_is_in_no_file_and_no_log(tmp_path, caplog, monkeypatch):
    with reader(tmp_path, DESK, alert(), BOATS) as it:
        it.it.say("A boat came in")
        it.it.room.publish()
        caplog.set_level("DEBUG")
        monkeypatch.setattr("syndicator.publish.entry.render", lambda _: 1 / 0)
        assert b"A boat" not in it.read("atom").body
        assert f"feed alert.{it.row.id}: " in caplog.text
        assert it.token not in caplog.text
        for path, data in it.it.room.files().items():
            assert it.token.encode() not in data, path
            assert b"Alert: " not in data, path


def test_a_private_address_is_not_shown_by_accident(tmp_path):
    with reader(tmp_path) as it:
        site = public_site(it.settings)
        assert "secret" not in repr(Address(site, "alert.1", stem="https://desk.example/alerts/secret"))


def test_the_page_stands_alone_and_leads_back_to_the_public_ones(tmp_path):
    with reader(tmp_path, DESK, alert(), BOATS) as it:
        it.it.say("A boat came in")
        page = it.read("html").body.decode()
        assert '<meta name="robots" content="noindex">' in page
        assert 'rel="stylesheet"' not in page
        assert 'rel="canonical"' not in page
        assert 'href="https://desk.example/feeds/index.html"' in page
        assert 'href="https://desk.example/feeds/boats.html"' in page
        assert f'href="{private_address(it.settings, it.token)}.atom"' in page
        assert f'href="{it.token}.rss"' in page
