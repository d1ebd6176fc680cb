"""The feed validator finds what it says it finds: each broken document gives its problem, the good ones none."""

import json
from datetime import timedelta

import pytest
from feed_validator import problems
from publish_samples import NOW, SITE, article, document, item

from syndicator.model import Enclosure, Tombstone
from syndicator.publish import FeedSummary, Publisher

GONE = "urn:uuid:00000000-0000-5000-8000-000000000000"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A good document of each kind, as text, with something of everything in it."""
    folder = tmp_path_factory.mktemp("feeds")
    publisher = Publisher(folder, SITE)
    enclosure = Enclosure("https://source.example/a.mp3", "audio/mpeg", 1234)
    items = (
        item(1, enclosures=(enclosure,), image="https://source.example/a.jpg", summary="Short."),
        item(2, html='<p>See <a href="https://other.example/">there</a>.</p>', updated=NOW - timedelta(minutes=1)),
    )
    stones = (Tombstone(GONE, NOW - timedelta(hours=3), "Withdrawn."),)
    publisher.write(document(*items, tombstones=stones, previous="2026-10"))
    publisher.write(document(*items, archive="2026-10", previous="2026-09", following="2026-11"))
    publisher.write_index([FeedSummary("asylum", "Asylum", "", 2, NOW), FeedSummary("all", "All", "", 2, NOW)])
    files = {"atom": "asylum.atom", "rss": "asylum.rss", "json": "asylum.json", "opml": "subscriptions.opml"}
    archives = {f"archive {kind}": f"archive/asylum/2026-10.{kind}" for kind in ("atom", "rss")}
    return {kind: (folder / file).read_text() for kind, file in (files | archives).items()}


@pytest.mark.parametrize("which", ["atom", "rss", "json", "opml", "archive atom", "archive rss"])
def test_a_good_document_has_no_problems(good, which):
    assert problems(good[which].encode(), which.split()[-1], now=NOW) == []


def test_a_path_does_as_well_as_bytes(good, tmp_path):
    path = tmp_path / "x.atom"
    path.write_text(good["atom"])
    assert problems(path, "atom") == []


FIRST = article(1).id
SECOND = article(2).id

BROKEN_XML = [
    ("atom", "</entry>", "", "not well-formed"),
    ("rss", "Story 1", "Story \x01", "control character"),
    ("rss", "Story 1", "Story &#x85;", "control character"),
    ("atom", "<feed ", "<!DOCTYPE feed [<!ENTITY x 'y'>]><feed ", "document type"),
    ("atom", "<entry>", "<!-- hello --><entry>", "comment or processing instruction"),
    ("atom", 'xmlns="http://www.w3.org/2005/Atom"', 'xmlns="http://purl.org/atom/ns#"', "root is"),
    ("atom", "<subtitle>", '<subtitle xmlns="http://other.example/">', "unexpected element"),
    ("atom", "<generator>Syndicator</generator>", "<bogus xmlns=''/>", "unexpected element"),
    ("atom", "<subtitle>", "<id>urn:x</id><subtitle>", "2 of id, must be 1"),
    ("atom", "<title>Asylum</title>", "<title> </title>", "title is empty"),
    ("atom", ' xml:lang="en"', "", "feed xml:lang"),
    ("atom", f"<id>{FIRST}</id>", "<id>1234</id>", "no permanent URI"),
    ("atom", f"<id>{FIRST}</id>", f"<id>{SECOND}</id>", "id 2 times"),
    ("atom", f"<id>{FIRST}</id>", "", "0 of id, must be 1"),
    ("atom", 'rel="self" type="application/atom+xml"', 'rel="self" type="text/xml"', "link rel=self: type"),
    ("atom", '"https://news.example/feeds/asylum.atom" rel="self"', '"https://news.example/feeds/asylum.atom" rel="via"', "0 of link rel=self"),
    ("atom", '"https://news.example/feeds/asylum.html" rel="alternate"', '"/asylum.html" rel="alternate"', "not an absolute web address"),
    ("atom", '"https://source.example/1" rel="alternate"', '"javascript:x" rel="alternate"', "not an absolute web address"),
    ("atom", '"https://source.example/1" rel="alternate"', '"https://source.example/ü" rel="alternate"', "not an absolute web address"),
    ("atom", '"https://source.example/1" rel="alternate"', '"https://source.example/1" rel="next"', "link rel=next in an entry"),
    ("atom", 'type="html">&lt;p&gt;See', 'type="CDATA">&lt;p&gt;See', "type 'CDATA'"),
    ("atom", "&lt;p&gt;See", "&lt;script&gt;x&lt;/script&gt;", "HTML element <script>"),
    ("atom", "&lt;p&gt;See", "&lt;p onclick='x'&gt;See", "HTML event handler onclick"),
    ("atom", "&lt;p&gt;See", "&lt;p style='x'&gt;See", "HTML attribute style"),
    ("atom", "https://other.example/", "jav&amp;#x09;ascript:x", "HTML href is not an absolute"),
    ("atom", "https://other.example/", "/there", "HTML href is not an absolute"),
    ("atom", 'length="1234"', 'length="None"', "enclosure length"),
    ("atom", 'type="audio/mpeg"', "", "enclosure type"),
    ("atom", "<updated>2026-11-23T14:04:00Z</updated>", "<updated>2026-11-23T14:04:00</updated>", "RFC 3339 date with a zone"),
    ("atom", "<published>2026-11-23T13:05:00Z", "<published>2026-13-23T13:05:00Z", "RFC 3339 date with a zone"),
    ("atom", "<published>2026-11-23T13:05:00Z", "<published>2026-11-24T13:05:00Z", "in the future"),
    ("atom", "<published>2026-11-23T13:05:00Z", "<published>2026-11-23T13:06:00Z", "updated before it was published"),
    ("atom", "<published>2026-11-23T13:05:00Z", "<published>2026-11-23T01:05:00Z", "not newest first"),
    ("atom", "<title>Asylum</title>\n  <updated>2026-11-23T14:04:00Z", "<title>Asylum</title>\n  <updated>2026-11-23T14:00:00Z", "updated after the feed"),
    ("atom", "<name>Ana Petrović</name>", "<name/>", "author without a name"),
    ("atom", '<category term="asylum"/>', "<category/>", "category without a term"),
    ("atom", "<source><id>https://source.example/feed.xml</id>", "<source>", "0 of id, must be 1"),
    ("atom", "</feed>", "<rights>x</rights></feed>", "metadata after entries"),
    ("atom", f'ref="{GONE}"', "", "tombstone without ref"),
    ("atom", 'when="2026-11-23T11:05:00Z"', 'when="yesterday"', "RFC 3339"),
    ("atom", f'ref="{GONE}" when="2026-11-23T11:05:00Z"', f'ref="{FIRST}" when="2026-11-23T13:05:00Z"', "live and not newer"),
    ("atom", 'when="2026-11-23T11:05:00Z"', 'when="2026-11-23T14:05:00Z"', "newer than the feed"),
    ("atom", 'rel="prev-archive"', 'rel="next-archive"', "no archive"),
    ("atom", 'rel="prev-archive"', 'rel="current"', "rel=current in a document that is no archive"),
    ("archive atom", 'rel="current"', 'rel="related"', "without link rel=current"),
    ("archive atom", "<fh:archive/>", "<fh:archive/><fh:complete/>", "both fh:archive and fh:complete"),
    ("archive rss", "feeds/asylum.rss", "feeds/archive/asylum/2026-10.rss", "calls itself current"),
    ("archive rss", 'rel="prev-archive"', 'rel="hub"', "archive document with link rel=hub"),
    ("rss", 'version="2.0"', 'version="0.92"', "root is rss 0.92"),
    ("rss", "<link>https://news.example/feeds/asylum.html</link>", "", "0 of link, must be 1"),
    ("rss", "<language>en</language>", "<language>english (UK)</language>", "no language tag"),
    ("rss", "<description>People who seek protection.</description>", "<description/>", "description is empty"),
    ("rss", 'isPermaLink="false"', 'isPermaLink="true"', "permalink"),
    ("rss", f">{FIRST}</guid>", f">{SECOND}</guid>", "id 2 times"),
    ("rss", "Mon, 23 Nov 2026 13:05:00 GMT", "Tue, 23 Nov 2026 13:05:00 GMT", "wrong day of the week"),
    ("rss", "Mon, 23 Nov 2026 13:05:00 GMT", "Mon, 23 Nov 2026 13:05:00", "RFC 822 date with a zone"),
    ("rss", "Mon, 23 Nov 2026 13:05:00 GMT", "2026-11-23T13:05:00Z", "RFC 822 date with a zone"),
    ("rss", "Mon, 23 Nov 2026 13:05:00 GMT", "Mon, 23 Nov 2026 01:05:00 GMT", "not newest first"),
    ("rss", "<lastBuildDate>Mon, 23 Nov 2026 14:04:00 GMT", "<lastBuildDate>Mon, 23 Nov 2026 10:04:00 GMT", "published after lastBuildDate"),
    ("rss", 'length="1234"', 'length="None"', "enclosure length"),
    ("rss", "<description>Short.</description>", "", "content:encoded without a description"),
    ("rss", "&lt;p&gt;See", "&lt;iframe&gt;", "HTML element <iframe>"),
    ("rss", '<source url="https://source.example/feed.xml">', '<source url="feed.xml">', "not an absolute web address"),
    ("rss", "<dc:creator>Ana Petrović</dc:creator>", "<author>Ana Petrović</author>", "author without a mail address"),
    ("rss", "</channel>", "<ttl>5</ttl></channel>", "metadata after items"),
    ("rss", "<category>asylum</category>", "<category/>", "empty category"),
    ("opml", 'version="2.0"', 'version="1.0"', "root is opml 1.0"),
    ("opml", "<title>Tidewater News</title>", "<title/>", "head: no title"),
    ("opml", 'text="All"', 'text=""', "outline without text"),
    ("opml", 'type="rss"', 'type="link"', "must be rss"),
    ("opml", "feeds/all.atom", "feeds/asylum.atom", "xmlUrl 2 times"),
    ("opml", 'xmlUrl="https://news.example/feeds/all.atom"', 'xmlUrl="all.atom"', "not an absolute web address"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("which", "old", "new", "problem"), BROKEN_XML, ids=[f"{row[0]}: {row[3]}" for row in BROKEN_XML]
)
def test_a_broken_document_gives_its_problem(good, which, old, new, problem):
    assert old in good[which]
    found = problems(good[which].replace(old, new, 1).encode(), which.split()[-1], now=NOW)
    assert any(problem in line for line in found), found


def feed(key, value):
    return lambda parsed: parsed.__setitem__(key, value)


def entry(key, value):
    return lambda parsed: parsed["items"][0].__setitem__(key, value)


BROKEN_JSON = [
    (feed("version", "https://jsonfeed.org/version/1"), "version is"),
    (feed("title", ""), "no title"),
    (feed("feed_url", "asylum.json"), "not an absolute web address"),
    (feed("items", None), "no items"),
    (feed("hubs", [{"url": "https://hub.example/"}]), "hub without type"),
    (feed("ttl", 5), "unknown key 'ttl'"),
    (feed("_mine", "text"), "extension _mine is no object"),
    (feed("authors", [{"name": ""}]), "author without a name"),
    (feed("description", None), "description is NoneType"),
    (entry("id", 7), "id is int"),
    (entry("id", SECOND), "id 2 times"),
    (entry("id", "7"), "no permanent URI"),
    (entry("content_html", "<p>x<script>y</script>"), "HTML element <script>"),
    (entry("content_html", None), "content_html is NoneType"),
    (lambda parsed: parsed["items"][0].pop("content_html"), "neither content_html nor content_text"),
    (entry("url", "/1"), "not an absolute web address"),
    (entry("date_published", "2026-11-23"), "RFC 3339"),
    (entry("date_published", "2026-11-23T13:06:00Z"), "modified before"),
    (entry("date_modified", "2027-11-23T13:06:00Z"), "in the future"),
    (entry("tags", [""]), "tags"),
    (entry("attachments", [{"url": "https://source.example/a.mp3"}]), "mime_type"),
    (entry("language", "english (UK)"), "no language tag"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "problem"), BROKEN_JSON)
def test_a_broken_json_feed_gives_its_problem(good, spoil, problem):
    parsed = json.loads(good["json"])
    spoil(parsed)
    found = problems(json.dumps(parsed).encode(), "json", now=NOW)
    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    ("data", "kind", "problem"),
    [
        (b"\xff\xfe", "json", "not UTF-8"),
        (b"{", "json", "not JSON"),
        (b"[]", "json", "not a JSON object"),
        (b'{"a": 1, "a": 2}', "json", "key 'a' 2 times"),
        (b"\xef\xbb\xbf<feed/>", "atom", "byte order mark"),
        (b"<rss version='2.0'/>", "rss", "not exactly one channel"),
    ],
)
def test_what_is_no_document_at_all_is_said_so(data, kind, problem):
    assert any(problem in line for line in problems(data, kind))


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_a_document_fetched_from_elsewhere_is_found_out(good, kind):
    assert any("fetched as" in line for line in problems(good[kind].encode(), kind, url="https://elsewhere.example/x"))
