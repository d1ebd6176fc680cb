"""What the documents say: the same items in all formats, feedgen's mistakes mended, as much as a source allows."""

import json
import locale
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from feed_validator import AT, ATOM, CONTENT, DC, FH, LANG, problems
from feedgen.entry import FeedEntry
from lxml import etree
from publish_samples import HARD_TITLES, NOW, SITE, article, document, item

from syndicator.model import Enclosure, Kind, Republish, State, Tombstone
from syndicator.publish import PublicSite, Publisher
from syndicator.publish.carried import CONTENT_BYTES, carry
from syndicator.publish.entry import feed_entry
from syndicator.publish.site import Address
from syndicator.publish.xmlfeed import atom_generator, rss_generator


class Written:
    """A document written in all formats and read back."""

    def __init__(self, folder, feed, site=SITE):
        self.folder = folder
        Publisher(folder, site).write(feed)
        stem = feed.name if feed.archive is None else f"archive/{feed.name}/{feed.archive}"
        self.bytes = {ext: (folder / f"{stem}.{ext}").read_bytes() for ext in ("atom", "rss")}
        self.atom = etree.fromstring(self.bytes["atom"])
        self.rss = etree.fromstring(self.bytes["rss"])[0]
        if feed.archive is None:
            self.bytes["json"] = (folder / f"{stem}.json").read_bytes()
            self.json = json.loads(self.bytes["json"])
            self.html = (folder / f"{stem}.html").read_text()
        for kind, data in self.bytes.items():
            assert problems(data, kind, now=NOW) == [], kind

    @property
    def entry(self):
        return self.atom.find(ATOM + "entry")

    @property
    def item(self):
        return self.rss.find("item")


@pytest.fixture
def written(tmp_path):
    return lambda *items, **changes: Written(tmp_path, document(*items, **changes))


def test_titles_come_back_from_all_formats_as_they_were(written):
    out = written(*(item(number, title=title) for number, title in enumerate(HARD_TITLES, 1)))
    # A reader that takes markup out of titles would show less; what is in the file is what counts here.
    for kind in ("atom", "rss"):
        parsed = feedparser.parse(out.bytes[kind], sanitize_html=False, resolve_relative_uris=False)
        assert not parsed.bozo
        assert [entry.title for entry in parsed.entries] == list(HARD_TITLES), kind
    assert [entry["title"] for entry in out.json["items"]] == list(HARD_TITLES)


def test_all_formats_carry_the_same_ids_in_the_same_order(written):
    out = written(*(item(number, title=title) for number, title in enumerate(HARD_TITLES, 1)))
    ids = [article(number).id for number in range(1, len(HARD_TITLES) + 1)]
    assert [entry.findtext(ATOM + "id") for entry in out.atom.iter(ATOM + "entry")] == ids
    assert [guid.text for guid in out.rss.iter("guid")] == ids
    assert [entry["id"] for entry in out.json["items"]] == ids
    assert [entry.id for entry in feedparser.parse(out.bytes["rss"]).entries] == ids


def test_text_and_authors_survive_as_the_titles_do(written):
    hard = " ".join(HARD_TITLES)
    out = written(item(1, text=hard, summary=hard, authors=HARD_TITLES[:3], categories=HARD_TITLES))
    assert out.entry.findtext(ATOM + "summary") == hard
    assert [name.text for name in out.entry.iterfind(f"{ATOM}author/{ATOM}name")] == list(HARD_TITLES[:3])
    assert [name.text for name in out.item.iterfind(DC + "creator")] == list(HARD_TITLES[:3])
    assert [tag.text for tag in out.item.iterfind("category")] == ["asylum", *HARD_TITLES]
    assert out.json["items"][0]["summary"] == hard
    assert "<script>" not in out.item.findtext("description")


def canonical(data):
    return etree.tostring(etree.fromstring(data, etree.XMLParser(remove_blank_text=True)), method="c14n")


def test_joined_fragments_are_what_feedgen_writes_of_the_whole(written, tmp_path):
    items = (
        item(
            1,
            language="ar",
            image="https://source.example/i.png",
            enclosures=(Enclosure("https://a.example/", "a/b", 1),),
        ),
        item(2, republish=Republish.SUMMARY, updated=NOW),
        item(3, source_url=None, url=None, title="]]>"),
    )
    feed = document(*items, previous="2026-10", hubs=("https://hub.example/",))
    out = Written(tmp_path, feed)
    address = Address(SITE, feed.name)
    for kind, generator in (("atom", atom_generator(feed, address)), ("rss", rss_generator(feed, address))):
        for each in items:
            generator.add_entry(feed_entry(carry(each, each.republish, "en")), order="append")
        whole = generator.atom_str() if kind == "atom" else generator.rss_str()
        assert canonical(out.bytes[kind]) == canonical(whole), kind


def test_prefixes_are_declared_once_on_the_root(written):
    out = written(item(1, image="https://source.example/i.png"), item(2, image="https://source.example/j.png"))
    for kind in ("atom", "rss"):
        assert out.bytes[kind].count(b"xmlns:media=") == 1
        assert b"ns0" not in out.bytes[kind]


def test_feedgen_is_not_asked_for_dates_that_set_the_locale(written, monkeypatch):
    monkeypatch.setattr(locale, "setlocale", lambda *_: pytest.fail("setlocale is process-wide"))
    assert written(item(1)).rss.findtext("lastBuildDate") == "Mon, 23 Nov 2026 13:05:00 GMT"


def test_entry_links_keep_what_feedgen_loses(written):
    files = (Enclosure("https://a.example/1.mp3", "audio/mpeg"), Enclosure("https://a.example/2.mp4", "", 9))
    out = written(item(1, enclosures=files))
    links = [dict(link.attrib) for link in out.entry.iterfind(ATOM + "link")]
    assert links == [
        {"href": "https://source.example/1", "rel": "alternate"},
        {"href": "https://a.example/1.mp3", "rel": "enclosure", "type": "audio/mpeg"},
        {"href": "https://a.example/2.mp4", "rel": "enclosure", "type": "application/octet-stream", "length": "9"},
    ]
    enclosures = [dict(file.attrib) for file in out.item.iterfind("enclosure")]
    assert enclosures == [{"url": "https://a.example/1.mp3", "type": "audio/mpeg", "length": "0"}]
    assert out.json["items"][0]["attachments"][1]["size_in_bytes"] == 9


def test_the_defects_that_the_extension_mends_are_still_feedgens():
    """When this fails, feedgen has mended something and our extension can shrink."""
    entry = FeedEntry()
    entry.id("urn:x")
    entry.title("x")
    entry.link(href="https://a.example/", rel="alternate")
    entry.enclosure("https://a.example/1.mp3", None, "audio/mpeg")
    entry.author({"name": "No Mail"})
    assert [set(link.attrib) for link in entry.atom_entry().iter("link")] == [{"href"}, {"href"}]
    assert entry.rss_entry().find("enclosure").get("length") == "None"
    assert entry.rss_entry().find("author") is None


def test_the_source_is_named_in_every_format(written):
    out = written(item(1, authors=()))
    source = out.entry.find(ATOM + "source")
    assert {child.tag.removeprefix(ATOM) for child in source} == {"id", "title", "updated", "author", "link"}
    assert (source.findtext(ATOM + "id"), source.findtext(ATOM + "title")) == (
        "https://source.example/feed.xml",
        "The Source",
    )
    links = {link.get("rel"): link.get("href") for link in source.iterfind(ATOM + "link")}
    assert links == {"self": "https://source.example/feed.xml", "alternate": "https://source.example/"}
    assert out.item.find("source").attrib == {"url": "https://source.example/feed.xml"}
    assert out.item.findtext("source") == "The Source"
    assert out.json["items"][0]["_syndicator"]["source"]["title"] == "The Source"
    assert "The Source" in out.html


def test_an_article_without_authors_is_not_put_in_the_newsrooms_mouth(written):
    out = written(item(1, authors=()))
    assert out.entry.find(ATOM + "author") is None
    assert out.entry.findtext(f"{ATOM}source/{ATOM}author/{ATOM}name") == "The Source"
    assert out.item.find(DC + "creator") is None
    assert out.json["items"][0]["authors"] == [{"name": "The Source"}]


def test_a_source_without_an_address_has_a_permanent_id_all_the_same(written):
    out = written(item(1, source_url=None, source_feed=None))
    assert out.entry.findtext(f"{ATOM}source/{ATOM}id").startswith("urn:uuid:")
    assert out.item.find("source") is None
    assert out.item.findtext(DC + "source") == "The Source"


def test_an_article_without_a_page_has_no_link(written):
    out = written(item(1, url=None, republish=Republish.SUMMARY))
    assert out.item.find("link") is None
    assert out.entry.find(ATOM + "link") is None
    assert "Published by The Source" in out.entry.findtext(ATOM + "content")
    assert "url" not in out.json["items"][0]


def test_full_carries_everything(written):
    out = written(item(1, html="<p>All of <b>it</b>.</p>", summary="In short & plain."))
    assert out.entry.find(ATOM + "content").attrib == {"type": "html"}
    assert out.entry.findtext(ATOM + "content") == "<p>All of <b>it</b>.</p>"
    assert out.entry.findtext(ATOM + "summary") == "In short & plain."
    assert out.item.findtext(CONTENT + "encoded") == "<p>All of <b>it</b>.</p>"
    assert out.item.findtext("description") == "In short &amp; plain."
    assert out.json["items"][0]["content_html"] == "<p>All of <b>it</b>.</p>"
    assert out.json["items"][0]["summary"] == "In short & plain."


def test_full_without_markup_makes_paragraphs_of_the_text(written):
    out = written(item(1, text="One <b>.\n\nTwo."))
    assert out.entry.findtext(ATOM + "content") == "<p>One &lt;b&gt;.</p><p>Two.</p>"


@pytest.mark.parametrize(
    ("summary", "said"), [("The source's own.", "The source's own."), ("", "The first paragraph of story 1.")]
)
def test_summary_carries_the_summary_and_a_way_on(written, summary, said):
    out = written(
        item(
            1,
            republish=Republish.SUMMARY,
            summary=summary,
            html="<p>SECRET</p>",
            text="The first paragraph of story 1. " + "More. " * 900 + "SECRET",
        )
    )
    for data in (*out.bytes.values(), out.html.encode()):
        assert b"SECRET" not in data
    html = out.entry.findtext(ATOM + "summary")
    assert html.startswith(f"<p>{said}")
    assert html.endswith('<p><a href="https://source.example/1">Continue at The Source</a></p>')
    assert out.entry.find(ATOM + "content") is None
    assert out.item.findtext("description") == html
    assert out.item.find(CONTENT + "encoded") is None
    assert out.json["items"][0]["content_html"] == html
    assert len(out.json["items"][0]["summary"]) <= 300


def test_link_carries_the_title_and_the_link_alone(written):
    everything = {"html": "<p>SECRET</p>", "text": "SECRET", "summary": "SECRET", "image": "https://a.example/SECRET"}
    out = written(
        item(1, republish=Republish.LINK, enclosures=(Enclosure("https://a.example/SECRET", "a/b"),), **everything)
    )
    for data in (*out.bytes.values(), out.html.encode()):
        assert b"SECRET" not in data
        assert b"https://source.example/1" in data
    assert out.item.findtext("description") == "<p>Published by The Source</p>"


@pytest.mark.parametrize("republish", list(Republish))
def test_a_correction_stands_at_the_top_of_what_is_carried(written, republish):
    corrected = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    out = written(
        item(1, republish=republish, state=State.CORRECTED, updated=corrected, note="Nine, not ten, <boats>.")
    )
    top = "<p><strong>Correction, 23 November 2026: Nine, not ten, &lt;boats&gt;.</strong></p>"
    entry = out.json["items"][0]
    assert entry["content_html"].startswith(top)
    assert entry["_syndicator"]["note"] == "Nine, not ten, <boats>."
    assert entry["_syndicator"]["state"] == "corrected"
    assert (out.item.findtext(CONTENT + "encoded") or out.item.findtext("description")).startswith(top)
    assert out.item.findtext(ATOM + "updated") == "2026-11-23T13:30:00Z"
    assert out.entry.findtext(ATOM + "updated") == "2026-11-23T13:30:00Z"
    assert "Correction, 23 November 2026: Nine, not ten, &lt;boats&gt;." in out.html


@pytest.mark.parametrize("ours", [{"state": State.KILLED}, {"kind": Kind.ADVISORY, "about": article(9).id}])
def test_a_notice_of_ours_is_whole_whatever_the_source_allows(written, ours):
    out = written(item(1, republish=Republish.LINK, text="This story was withdrawn.", **ours))
    assert out.entry.findtext(ATOM + "content") == "<p>This story was withdrawn.</p>"
    assert "This story was withdrawn." in out.html


def test_an_advisory_names_what_it_withdraws(written):
    entry = written(item(1, kind=Kind.ADVISORY, about=article(9).id)).json["items"][0]
    assert entry["_syndicator"]["about"] == article(9).id


def test_tombstones_are_one_an_id_and_the_newest(written):
    ref = "urn:uuid:00000000-0000-5000-8000-000000000000"
    stones = (Tombstone(ref, NOW - timedelta(hours=2), "Old."), Tombstone(ref, NOW - timedelta(hours=1), "New\n<one>."))
    out = written(tombstones=stones)
    (deleted,) = out.atom.iterfind(AT + "deleted-entry")
    assert dict(deleted.attrib) == {"ref": ref, "when": "2026-11-23T13:05:00Z"}
    assert deleted.findtext(AT + "comment") == "New <one>."
    assert out.json["_syndicator"]["deleted"] == [{"ref": ref, "when": "2026-11-23T13:05:00Z", "comment": "New <one>."}]
    assert out.atom.findtext(ATOM + "updated") == "2026-11-23T13:05:00Z"


def test_the_notice_of_a_killed_article_stands_beside_its_tombstone(written):
    killed = item(1, state=State.KILLED, updated=NOW, text="Withdrawn.")
    out = written(killed, tombstones=(Tombstone(killed.article.id, NOW),))
    assert out.atom.find(AT + "deleted-entry").get("when") == "2026-11-23T14:04:59Z"
    assert out.entry.findtext(ATOM + "updated") == "2026-11-23T14:05:00Z"


def test_a_killed_articles_address_is_not_given_on_since_it_often_spells_the_headline(written):
    out = written(item(1, state=State.KILLED, url="https://source.example/mayor-took-bribes", text="Withdrawn."))
    for made in (etree.tostring(out.atom), etree.tostring(out.rss), json.dumps(out.json).encode()):
        assert b"Withdrawn" in made
        assert b"mayor-took-bribes" not in made


def test_an_entrys_language_is_said_where_it_is_not_the_feeds(written):
    out = written(
        item(1, language="sr-Cyrl"), item(2, language="EN"), item(3, language=None), item(4, language="no tag!")
    )
    assert [entry.get(LANG) for entry in out.atom.iter(ATOM + "entry")] == ["sr-Cyrl", None, None, None]
    assert [entry.findtext(DC + "language") for entry in out.rss.iter("item")] == ["sr-Cyrl", None, None, None]
    assert [entry.get("language") for entry in out.json["items"]] == ["sr-Cyrl", None, None, None]
    assert out.atom.get(LANG) == out.rss.findtext("language") == out.json["language"] == "en"


def test_topics_come_before_the_sources_categories_and_none_twice(written):
    out = written(item(1, topics=("asylum", "return-hubs"), categories=("Politics", "ASYLUM", " politics ", "")))
    assert [tag.get("term") for tag in out.entry.iterfind(ATOM + "category")] == ["asylum", "return-hubs", "Politics"]
    assert out.json["items"][0]["tags"] == ["asylum", "return-hubs", "Politics"]


def links(parent):
    return [(link.get("rel"), link.get("href").removeprefix(SITE.feeds_url)) for link in parent.iterfind(ATOM + "link")]


def test_a_subscription_document_points_at_its_hub_and_its_newest_archive(written):
    out = written(item(1), previous="2026-10", following="2026-12", hubs=("https://hub.example/",))
    expected = [("self", "asylum.rss"), ("hub", "https://hub.example/"), ("prev-archive", "archive/asylum/2026-10.rss")]
    assert links(out.rss) == expected
    assert links(out.atom)[1:] == [(rel, href.replace(".rss", ".atom")) for rel, href in expected]
    assert out.rss.findtext("link") == "https://news.example/feeds/asylum.html"
    assert out.json["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert out.atom.find(FH + "archive") is None


def test_an_archive_document_is_marked_and_linked_both_ways(written):
    out = written(item(1), archive="2026-10", previous="2026-09", following="2026-11", hubs=("https://hub.example/",))
    assert links(out.atom)[1:] == [
        ("self", "archive/asylum/2026-10.atom"),
        ("current", "asylum.atom"),
        ("prev-archive", "archive/asylum/2026-09.atom"),
        ("next-archive", "archive/asylum/2026-11.atom"),
    ]
    assert out.atom.find(FH + "archive") is not None
    assert out.rss.find(FH + "archive") is not None
    assert not (out.folder / "archive/asylum/2026-10.json").exists()


def test_a_feeds_id_outlives_a_move_of_its_host_and_is_its_newsrooms_own(tmp_path):
    moved = replace(SITE, url="https://other.example", feeds_url="https://other.example/f/")
    ids = [
        Written(tmp_path / str(number), document(item(1), name=name), site).atom.findtext(ATOM + "id")
        for number, (name, site) in enumerate(
            [("asylum", SITE), ("asylum", moved), ("all", SITE), ("asylum", replace(SITE, title="Other"))]
        )
    ]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_an_empty_feed_is_a_feed_with_a_date_that_never_moves(written):
    out = written()
    assert out.atom.findtext(ATOM + "updated") == "1970-01-01T00:00:00Z"
    assert out.rss.find("lastBuildDate") is None
    assert out.json["items"] == []


def test_the_feed_is_never_older_than_what_it_holds(written):
    out = written(item(1, updated=NOW), updated=NOW - timedelta(days=1))
    assert out.atom.findtext(ATOM + "updated") == "2026-11-23T14:05:00Z"


@pytest.mark.parametrize(
    "big",
    [
        {"html": f"<p>{'x' * CONTENT_BYTES}</p>", "text": "Beginning.\n\n" + "x" * 300_000},
        {"text": "A paragraph of words.\n\n" * 20_000},
    ],
)
def test_content_beyond_reason_is_a_beginning_with_a_way_on(written, big):
    html = written(item(1, **big)).entry.findtext(ATOM + "summary")
    assert len(html.encode()) <= CONTENT_BYTES + 200
    assert html.startswith(("<p>Beginning.</p>", "<p>A paragraph of words.</p>"))
    assert html.endswith("Continue at The Source</a></p>")


def test_addresses_that_a_reader_should_not_follow_are_left_out(written):
    out = written(
        item(
            1,
            url="javascript:x",
            image="data:x",
            source_url="file:///etc/passwd",
            enclosures=(Enclosure("ftp://a/", "a/b"),),
        )
    )
    for data in out.bytes.values():
        assert not any(scheme in data for scheme in (b"javascript:", b"data:", b"file:", b"ftp:"))


def test_an_article_without_a_title_is_called_by_its_first_words(written):
    out = written(item(1, title=" ", text="Short text."), item(2, title="", text=""))
    assert [entry["title"] for entry in out.json["items"]] == ["Short text.", "Untitled"]


def test_a_newsroom_without_a_description_still_has_valid_feeds(tmp_path):
    bare = PublicSite(
        title="N", url="http://127.0.0.1:8080", feeds_url="http://127.0.0.1:8080/feeds/", language="en_GB", contact=None
    )
    Written(tmp_path, document(item(1), description="", title="", language="en_GB"), bare)
