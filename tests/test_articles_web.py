"""Article pages: what may be told of an article, and nothing that was held back, replaced or withdrawn."""

import re
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from asgi import ask
from house import house
from lxml import html
from newsroom import BOATS, COURTS
from outbox import DESK, alert, desk

from syndicator.model import Content, Entry
from syndicator.web import web_app

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def source(name, republish="full"):
    return (
        f'[[sources]]\nname = "{name}"\nkind = "feed"\nurl = "https://{name}.example/rss"\n'
        f'title = "The {name.title()}"\nrepublish = "{republish}"\n'
    )


SOURCES = source("wire") + source("mirror") + source("brief", "summary") + source("bare", "link")


class Web:
    """A newsroom's article pages, asked without a network."""

    def __init__(self, it, house):
        self.it, self.store, self.desk = it, it.store, it.room.desk
        self.app = web_app(house)

    def say(self, title="A boat came in", text="A small boat.\n\nSix people.", name="wire", **more):
        entry = Entry(Content(title, text), guid=more.pop("guid", title), published=self.it.now, **more)
        with self.store.transaction():
            self.it.room.pipeline.intake.accept(name, [entry], self.it.now)
        return self.it.article(title)

    def ask(self, id_, method="GET", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.app, f"/articles/{id_.removeprefix('urn:uuid:')}", method, headers=named)

    def page(self, id_):
        reply = self.ask(id_)
        assert reply.status == 200, reply.body
        return html.fromstring(reply.body)

    def words(self, id_):
        return " ".join(self.page(id_).find(".//main").text_content().split())

    def after(self, span=MINUTE):
        self.it.now += span


@contextmanager
def web(root, *parts):
    parts = parts or (DESK, alert(query="nothing"), SOURCES, BOATS, COURTS)
    with desk(root, *parts) as it, house(it.room, lambda: it.now) as open_house:
        yield Web(it, open_house)


def test_an_article_says_who_carries_it_since_when_and_how_it_became_what_it_is(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say(url="https://wire.example/boat")
        it.after()
        it.say(name="mirror", url="https://wire.example/boat", guid="other")
        it.after()
        it.say("A boat came in late", guid="A boat came in", url="https://wire.example/boat")
        words = it.words(id_)
        assert "The Wire carried it first, seen here 3 November 2026, 12:00 UTC" in words
        assert "The Mirror carries it too, seen here 3 November 2026, 12:01 UTC" in words
        assert "Version 1, 3 November 2026, 12:00 UTC: published" in words
        assert "Version 2, 3 November 2026, 12:02 UTC: changed by the source" in words
        page = it.page(id_)
        assert page.xpath("//p[@class='original']/a/@href") == ["https://wire.example/boat"]
        assert page.xpath("//link[@rel='canonical']/@href") == [f"https://desk.example/articles/{id_[9:]}"]
        assert [(link.get("type"), link.get("href")) for link in page.iterfind(".//link[@rel='alternate']")] == [
            ("application/atom+xml", "https://desk.example/feeds/boats.atom"),
            ("application/json", f"https://desk.example/api/v1/articles/{id_[9:]}"),
        ]


def test_a_topic_says_by_which_words_it_came_there(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say("Two boats at court", "A boat. The BOAT and a dinghy, says the court.")
        page = it.page(id_)
        why = {
            row.findtext("dt/a"): [mark.text for mark in row.iterfind("dd/mark")]
            for row in page.iterfind(".//dl[@class='whys']/div")
        }
        assert why == {"Boats": ["boats", "boat", "dinghy"], "Courts": ["court"]}
        assert page.xpath("//h1//mark/text()") == ["boats", "court"]
        assert page.xpath("//article/p//mark/text()") == ["boat", "BOAT", "dinghy", "court"]


@pytest.mark.parametrize(
    ("name", "shown", "told"),
    [
        ("wire", {"first", "last"}, "the whole text"),
        ("brief", {"first"}, "a summary"),
        ("bare", set(), "the headline only"),
    ],
)
def test_as_much_is_shown_as_the_source_allows(tmp_path, name, shown, told):
    with web(tmp_path) as it:
        text = "The first words of a boat. " + "It goes on and on. " * 40 + "\n\nThe last words."
        words = it.words(it.say("A headline", text, name, url="https://x.example/1"))
        assert {part for part in ("first", "last") if f"The {part} words" in words} == shown
        assert f"lets us carry {told}" in words
        assert "A headline" in words


def test_a_correction_is_told_with_its_note_and_never_with_a_login(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say("Forty boats came in", "Forty.")
        it.after()
        it.desk.correct(id_, "It was four.", it.it.now, by="anna.petrovic", title="Four boats came in", text="Four.")
        it.after()
        it.desk.correct(id_, "It was five.", it.it.now, by="bo", title="Five boats came in")
        words = it.words(id_)
        assert "Correction, 3 November 2026: It was five." in words
        assert "Version 2, 3 November 2026, 12:01 UTC: corrected by the newsroom It was four." in words
        assert "Version 3, 3 November 2026, 12:02 UTC: corrected by the newsroom It was five." in words
        body = it.ask(id_).body
        for secret in (b"anna", b"petrovic", b"Forty", b"Four boats"):
            assert secret not in body


def test_a_topic_of_the_wrong_version_does_not_tell_its_words(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say("A dinghy sank", "A dinghy.")
        it.after()
        it.desk.correct(id_, "It was no such thing.", it.it.now, by="anna", title="A raft sank", text="A raft.")
        assert "Boats An earlier version of it stood here." in it.words(id_)
        assert b"dinghy" not in it.ask(id_).body


def test_its_writers_are_named(tmp_path):
    with web(tmp_path) as it:
        content = Content("A boat came in", "A small boat.", authors=("Ana <b>Petrović</b>", "John Smith"))
        entry = Entry(content, guid="1", published=it.it.now)
        with it.store.transaction():
            it.it.room.pipeline.intake.accept("wire", [entry], it.it.now)
        id_ = it.it.article("A boat came in")
        (byline,) = it.page(id_).xpath("//article//p[@class='byline']")
        assert "by Ana <b>Petrović</b>, John Smith" in " ".join(byline.text_content().split())


def test_of_a_withdrawn_article_there_is_a_notice_and_its_advisory(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say("The boat of Mr Smith", "Smith's boat.", url="https://wire.example/smith")
        it.after()
        it.desk.correct(id_, "Mr Smith's boat was a dinghy.", it.it.now, by="anna")
        it.after()
        it.desk.kill(id_, "It was never his.", it.it.now, by="anna")
        page, reply = it.page(id_), it.ask(id_)
        words = it.words(id_)
        assert "has been withdrawn." in words
        assert "It was never his." in words
        assert "Version 3, 3 November 2026, 12:02 UTC: withdrawn by the newsroom" in words
        assert "Boats It stood here before it was withdrawn." in words
        for secret in (b"Smith", b"smith", b"anna"):
            assert secret not in reply.body
        (advisory,) = page.xpath("//section[@aria-labelledby='pair']//a/@href")
        told = it.words(advisory.rpartition("/")[2])
        assert "Advisory" in told
        assert "The newsroom wrote this." in told
        back = it.page(advisory.rpartition("/")[2]).xpath("//section[@aria-labelledby='pair']//a/@href")
        assert back == [f"https://desk.example/articles/{id_[9:]}"]


def test_what_is_held_back_is_not_told_from_what_never_was(tmp_path):
    with web(tmp_path) as it:
        seen = it.say("A boat, then held")
        it.desk.embargo(seen, it.it.now + DAY, it.it.now, by="anna")
        held = it.say("A boat, held at once", embargo_until=it.it.now + DAY)
        killed = it.say("A boat, never out", embargo_until=it.it.now + DAY)
        it.desk.kill(killed, "No.", it.it.now, by="anna")
        replies = [it.ask(id_) for id_ in (seen, held, killed, "urn:uuid:00000000-0000-5000-8000-000000000000")]
        assert {reply.status for reply in replies} == {404}
        assert len({(tuple(reply.headers), reply.body) for reply in replies}) == 1


def test_versions_that_were_held_back_are_not_told(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say("A boat", embargo_until=it.it.now + MINUTE)
        it.it.after(2 * MINUTE)
        words = it.words(id_)
        assert "Version 2, 3 November 2026, 12:02 UTC: published" in words
        assert "Version 1" not in words


def test_what_was_forgotten_for_its_age_is_gone(tmp_path):
    retention = '[schedule]\nretention = "30d"\n'
    with web(tmp_path, DESK, alert(query="nothing"), SOURCES, BOATS, retention) as it:
        id_ = it.say("An old boat")
        it.it.after(60 * DAY)
        reply = it.ask(id_)
        assert reply.status == 410
        assert b"no longer kept" in reply.body
        assert b"old boat" not in reply.body


def test_other_articles_of_the_story_are_named(tmp_path):
    with web(tmp_path) as it:
        text = "The crew of the boat said on Monday that they had seen nothing of the storm. " * 8
        first = it.say("A boat came in from the storm", text)
        other = it.say("From the storm came a boat", text, name="mirror", url="https://mirror.example/2")
        assert it.page(first).xpath("//section[@aria-labelledby='kin']//a/@href") == [
            f"https://desk.example/articles/{other[9:]}"
        ]
        it.after()
        it.desk.kill(other, "No.", it.it.now, by="anna")
        assert it.page(first).xpath("//section[@aria-labelledby='kin']") == []


def test_who_has_the_page_as_it_is_gets_it_once(tmp_path):
    with web(tmp_path) as it:
        id_ = it.say()
        first = it.ask(id_)
        assert first["cache-control"] == "public, max-age=60"
        assert it.ask(id_, if_none_match=first["etag"]).status == 304
        assert it.ask(id_, "HEAD")["etag"] == first["etag"]
        it.after()
        it.desk.correct(id_, "Two.", it.it.now, by="anna", title="Two boats came in")
        assert it.ask(id_, if_none_match=first["etag"]).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "00000000-0000-5000-8000-00000000000",
        "../config.toml",
        "%00",
        "00000000-0000-5000-8000-000000000000/",
        "é",
    ],
)
def test_what_is_no_id_names_nothing(tmp_path, path):
    with web(tmp_path) as it:
        assert it.ask(path).status == 404


def test_words_are_text_and_never_markup(tmp_path):
    with web(tmp_path) as it:
        hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)> boat'
        id_ = it.say(hostile, hostile + "\n\n" + hostile, url='https://x.example/?a="><b>')
        it.after()
        it.desk.correct(id_, hostile, it.it.now, by=hostile)
        reply, page = it.ask(id_), it.page(id_)
        assert page.find(".//script") is None
        assert page.find(".//img") is None
        assert page.find(".//h1").text_content() == hostile
        assert not re.search(r"\son[a-z]+=|javascript:", re.sub(r"&lt;.*?&gt;", "", reply.body.decode()))
        assert "default-src 'none'" in reply["content-security-policy"]


def test_a_page_has_the_landmarks_that_people_who_listen_steer_by(tmp_path):
    with web(tmp_path) as it:
        page = it.page(it.say())
        assert len(page.findall(".//main")) == len(page.findall(".//h1")) == 1
        assert page.get("lang")
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3")]
        assert all(after - before <= 1 for before, after in pairwise(levels))
        named = set(page.xpath("//*/@id"))
        assert set(page.xpath("//*/@aria-labelledby")) <= named


@pytest.mark.parametrize("public", [True, False])
def test_pages_in_the_folder_lead_here_where_the_public_can_follow(tmp_path, public):
    server = f"[server]\npublic = {str(public).lower()}\n"
    with web(tmp_path, DESK, alert(query="nothing"), SOURCES, BOATS, server) as it:
        it.say(url="https://wire.example/boat")
        it.it.room.publish()
        for name in ("boats.html", "index.html"):
            text = (tmp_path / "feeds" / name).read_text("utf-8")
            assert ("/search" in text) is public
            assert ("/articles/" in text) is (public and name != "index.html")


def test_going_public_renders_every_page_anew(tmp_path):
    for public in ("false", "true"):
        # The built-in hub comes and goes with the server; here pages alone are to change.
        server = f'[server]\npublic = {public}\n[websub]\nhub = "none"\n'
        with web(tmp_path, DESK, alert(query="nothing"), SOURCES, BOATS, server) as it:
            it.say(url="https://wire.example/boat")
            it.it.room.publish()
            assert ("/articles/" in (tmp_path / "feeds/boats.html").read_text("utf-8")) is (public == "true")
