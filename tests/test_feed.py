"""Feeds as they are on the web: each oddity has one decided reading."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicator.errors import ParseError
from syndicator.model import Enclosure
from syndicator.sources.feed import FEED_LENGTH, parse_feed

FEEDS = Path(__file__).parent / "data" / "feeds"
URL = "https://feeds.example/x/feed.xml"
ITEM = "<item><title>T</title><link>https://a.example/1</link></item>"


def read(name):
    return parse_feed((FEEDS / name).read_bytes(), "application/xml", URL)


def rss(items, channel="<title>C</title><link>https://a.example/</link>"):
    namespaces = (
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    return f'<rss version="2.0" {namespaces}><channel>{channel}{items}</channel></rss>'


def atom(entries, head=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>{head}{entries}</feed>'


def many(form):
    return " ".join(form.format(n) for n in range(20_000))


def parse(document, content_type=None):
    return parse_feed(document.encode() if isinstance(document, str) else document, content_type, URL)


def item(inside):
    """The one entry of an RSS feed whose item holds `inside`."""
    (entry,) = parse(rss(f"<item>{inside}</item>")).entries
    return entry


def entry(inside, head=""):
    (found,) = parse(atom(f"<entry>{inside}</entry>", head)).entries
    return found


class TestRss20:
    parsed = read("rss20.xml")

    def test_the_channel_speaks_for_itself(self):
        assert self.parsed.title == "Harbour & Town"
        assert self.parsed.home == "https://harbour.example/"
        assert self.parsed.language == "en-GB"
        assert self.parsed.self_url == "https://feeds.example/harbour.xml"
        assert self.parsed.hubs == ("https://hub.example/",)
        assert self.parsed.warnings == ()

    def test_the_longer_pause_counts(self):
        assert self.parsed.ttl == timedelta(minutes=30)

    def test_hours_and_days_to_skip_are_read_and_nonsense_is_not(self):
        assert self.parsed.skip_hours == {0, 1}
        assert self.parsed.skip_days == {5, 6}

    def test_an_item_in_full(self):
        found = self.parsed.entries[0]
        content = found.content
        assert found.guid == "ferry-1"
        assert found.url == "https://harbour.example/ferry"
        assert found.published == datetime(2026, 1, 5, 9, tzinfo=UTC)
        assert found.updated is None
        assert content.title == "Ferry stuck again"
        assert content.text == "The ferry is stuck here.\n\nNobody was hurt & nobody swam."
        assert content.html.startswith('<p>The ferry is stuck <a href="https://harbour.example/map">here</a>.</p>')
        assert content.summary == "The ferry is stuck."
        assert content.authors == ("Ana Horvat", "Bo Lindqvist", "Cy Young")
        assert content.categories == ("Transport", "Ferries")
        assert content.image == "https://img.example/large.jpg"
        assert content.enclosures == (Enclosure("https://harbour.example/audio/ferry.mp3", "audio/mpeg", 1234),)

    def test_a_bare_item(self):
        found = self.parsed.entries[1]
        assert found.content.title == "AT&T and a < b"
        assert found.content.text == "Plain text with a 5 < 6 in it."
        assert found.content.html == ""
        assert found.url == "https://harbour.example/second"
        assert found.guid == "not a link"
        assert (found.published, found.updated) == (None, None)
        assert found.content.image == "https://img.example/show.jpg"


class TestAtom10:
    parsed = read("atom10.xml")

    def test_the_feed_speaks_for_itself(self):
        assert self.parsed.title == "Café News"
        assert self.parsed.language == "de"
        assert self.parsed.self_url == "https://base.example/feed"
        assert self.parsed.hubs == ("https://hub.example/a",)

    def test_an_entry_in_full(self):
        found = self.parsed.entries[0]
        assert found.content.title == "One two three"
        assert found.url == "https://base.example/blog/one"
        assert found.guid == "tag:base.example,2026:1"
        assert found.published == datetime(2026, 1, 5, 9, tzinfo=UTC)
        assert found.updated == datetime(2026, 1, 6, tzinfo=UTC)
        assert found.content.categories == ("Politics", "Sport")
        assert found.content.authors == ("House Style",)
        assert found.content.summary == "In short."
        assert '<img src="https://base.example/blog/img/a.png" alt="a">' in found.content.html
        assert found.content.enclosures[0].url == "https://base.example/blog/one.mp3"

    def test_an_entry_of_its_own_language_and_authors(self):
        found = self.parsed.entries[1]
        assert found.content.title == "Tags <b> stay &amp; text is text"
        assert found.content.language == "sr-Latn"
        assert found.content.authors == ("Guest", "Other")
        assert found.content.summary == ""

    def test_an_id_is_no_link(self):
        assert self.parsed.entries[1].url is None


def test_atom_03_issued_is_the_date_of_publication():
    (found,) = read("atom03.xml").entries
    assert found.content.title == "Issued & dated"
    assert found.content.html == "<p>Body</p>"
    assert found.published == datetime(2004, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert found.updated == datetime(2004, 5, 7, 7, 8, 9, tzinfo=UTC)


def test_rss_10_has_one_date_and_it_is_that_of_publication():
    (found,) = read("rss10.rdf").entries
    assert found.published == datetime(2026, 2, 3, 2, 5, 6, tzinfo=UTC)
    assert found.updated is None
    assert found.guid == "https://rdf.example/1"
    assert (found.content.authors, found.content.categories, found.content.language) == (("Ina",), ("Sea",), "fr")


def test_rss_091_with_its_doctype_keeps_html_entities_and_bare_ampersands():
    parsed = read("rss091.xml")
    (found,) = parsed.entries
    assert parsed.title == "Café"
    assert found.content.title == "Déjà vu !"
    assert found.content.text == "R&D, Tom & Jerry — &unknown;"
    assert found.url == "https://nine.example/?a=1&b=2"
    assert len(parsed.warnings) == 1


def test_of_a_feed_that_is_cut_off_the_complete_entries_are_read():
    parsed = read("truncated.xml")
    assert [each.content.title for each in parsed.entries] == ["Whole", "Also whole"]
    assert parsed.warnings == ("the document is cut off; its complete entries were read",)


def test_a_feed_of_mismatched_tags_is_guessed_at_and_says_so():
    parsed = read("mismatched.xml")
    assert [each.content.text for each in parsed.entries] == ["Open ended", "Fine"]
    assert "guessing" in parsed.warnings[0]


def test_of_mismatched_tags_that_are_cut_off_the_half_entry_goes():
    whole = (FEEDS / "mismatched.xml").read_text()
    parsed = parse(whole[: whole.index("Fine")])
    assert [each.content.title for each in parsed.entries] == ["One"]


def test_a_web_page_names_the_feed_to_use_instead():
    with pytest.raises(
        ParseError,
        match=r"is a web page, not a feed; .*: https://site.example/sub/news.xml or https://site.example/feed.json$",
    ):
        read("page.html")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is empty"),
        (b" \n\xef\xbb\xbf", "is empty"),
        (
            b"<html><body>Not found</body></html>",
            'web page, not a feed; it names no feed; try the source as kind = "page"',
        ),
        (b"Service unavailable", 'is not a feed: it begins with "Service unavailable"'),
        (b"<opml version='2.0'><body/></opml>", "is a web page|is not a feed"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a feed"),
        (b"\x1f\x8b\x08\0\0", "is not a feed"),
        (b'{"error": "gone"}', "no JSON Feed"),
        (b"<sitemap><url/></sitemap>", "is not a feed"),
        (b"x" * (FEED_LENGTH + 1), "is larger than 32 MB"),
    ],
)
def test_what_is_no_feed_is_an_error_of_one_line(body, reason):
    with pytest.raises(ParseError, match=reason) as caught:
        parse(body)
    assert "\n" not in str(caught.value)
    assert caught.value.source == URL


def test_a_feed_without_items_is_a_feed():
    assert parse(rss("")).entries == ()
    assert parse(atom("")).title == "F"


WORDS = "Čačak, “naïve” café"


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        pytest.param("\ufeff{}".encode(), None, WORDS, id="utf-8-mark"),
        pytest.param("\ufeff{}".encode("utf-16-le"), "text/xml; charset=iso-8859-1", WORDS, id="utf-16-le-mark"),
        pytest.param("\ufeff{}".encode("utf-16-be"), None, WORDS, id="utf-16-be-mark"),
        pytest.param("\ufeff{}".encode("utf-32-le"), None, WORDS, id="utf-32-mark"),
        pytest.param("{}".encode("utf-16-le"), None, WORDS, id="utf-16-without-mark"),
        pytest.param(b'<?xml version="1.0" encoding="ISO-8859-1"?>{}', None, WORDS, id="declared-latin-1-is-utf-8"),
        pytest.param(b"{}", "text/xml", WORDS, id="us-ascii-by-rfc-3023-is-utf-8"),
        pytest.param(b"{}", "text/xml; charset=windows-1252", WORDS, id="served-windows-1252-is-utf-8"),
    ],
)
def test_utf_text_is_read_whatever_is_declared(body, content_type, title):
    document = rss(f"<item><title>{WORDS}</title></item>")
    codec = next(
        (name for name in ("utf-16-le", "utf-16-be", "utf-32-le") if body.endswith("{}".encode(name))), "utf-8"
    )
    (found,) = parse(body.replace("{}".encode(codec), document.encode(codec)), content_type).entries
    assert found.content.title == title


@pytest.mark.parametrize(
    ("declared", "served", "codec", "words"),
    [
        ("windows-1252", None, "cp1252", "“naïve” café"),
        ("ISO-8859-1", None, "cp1252", "“naïve” café"),
        ("iso-8859-2", None, "iso8859-2", "Čačak"),
        ("windows-1251", None, "cp1251", "Београд"),
        (None, "windows-1251", "cp1251", "Београд"),
        ("gb2312", None, "gb18030", "新闻㐀"),
        ("Shift_JIS", None, "shift_jis", "ニュース"),
        ("ISO-2022-JP", None, "iso2022_jp", "ニュース"),
        ("utf-8", None, "cp1252", "“naïve” café"),
        ("no-such-charset", None, "cp1252", "“naïve” café"),
        ("punycode", None, "cp1252", "“naïve” café"),
        ("zlib", None, "cp1252", "“naïve” café"),
        ("utf-8", "iso-8859-2", "iso8859-2", "Čačak"),
    ],
)
def test_other_encodings_are_read_as_declared_by_the_document_then_the_server(declared, served, codec, words):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    document = head + rss(f"<item><title>{words}</title></item>")
    content_type = f'text/xml; charset="{served}"' if served else "application/rss+xml"
    (found,) = parse(document.encode(codec), content_type).entries
    assert found.content.title == words


def test_utf_8_with_windows_quotes_pasted_in_keeps_both():
    body = rss("<item><title>Čačak @x@</title></item>").encode().replace(b"@x@", b"\x93quoted\x94")
    parsed = parse(body)
    assert parsed.entries[0].content.title == "Čačak “quoted”"
    assert "not UTF-8" in parsed.warnings[0]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("&lt;b&gt;x&lt;/b&gt;", "x"),
        ("<![CDATA[<em>x</em> & y]]>", "x & y"),
        ("AT&amp;amp;T", "AT&T"),
        ("It&amp;#8217;s", "It’s"),
        ("R&amp;D", "R&D"),
        ("a &lt; b", "a < b"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", ""),
        ("a&#x202e;b\x0cc\n  d", "abc d"),
        ("Real <b>markup</b> inside", "Real markup inside"),
    ],
)
def test_an_rss_title_is_html_made_plain(title, shown):
    assert item(f"<title>{title}</title><link>https://a.example/</link>").content.title == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("<title>&lt;b&gt; &amp;amp;</title>", "<b> &amp;"),
        ('<title type="text">&lt;b&gt;</title>', "<b>"),
        ('<title type="html">&lt;b&gt;x&lt;/b&gt; &amp;amp; y</title>', "x & y"),
        ('<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x &lt; <b>y</b></div></title>', "x < y"),
    ],
)
def test_an_atom_title_is_what_its_type_says(title, shown):
    assert entry(f"{title}<id>i</id>").content.title == shown


@pytest.mark.parametrize(
    ("inside", "url", "guid"),
    [
        ("<link>https://a.example/1</link><guid>g</guid>", "https://a.example/1", "g"),
        ("<guid>https://a.example/p</guid>", "https://a.example/p", "https://a.example/p"),
        ('<guid isPermaLink="false">https://a.example/p</guid>', None, "https://a.example/p"),
        ("<guid>12345</guid>", None, "12345"),
        ("<link>/rel</link>", "https://a.example/rel", None),
        ("<link>rel?a=1&amp;b=2</link>", "https://a.example/rel?a=1&b=2", None),
        ('<link xml:base="https://b.example/d/">rel</link>', "https://b.example/d/rel", None),
        ("<link>javascript:alert(1)</link>", None, None),
        ("<link> https://a.example/a b </link>", "https://a.example/a%20b", None),
        ('<atom:link rel="alternate" href="https://a.example/at"/>', "https://a.example/at", None),
        (
            '<link>https://a.example/1</link><atom:link rel="self" href="https://a.example/s"/>',
            "https://a.example/1",
            None,
        ),
        ('<enclosure url="https://a.example/x.mp3" type="audio/mpeg" length="1"/>', None, None),
    ],
)
def test_an_items_address_is_its_link_or_a_permalink_guid(inside, url, guid):
    found = item(f"<title>T</title>{inside}")
    assert (found.url, found.guid) == (url, guid)


def test_relative_links_of_rss_belong_to_the_site_and_without_one_to_the_feed():
    items = "<item><title>T</title><link>1.html</link></item>"
    assert parse(rss(items)).entries[0].url == "https://a.example/1.html"
    assert parse(rss(items, "<title>C</title>")).entries[0].url == "https://feeds.example/x/1.html"
    assert parse(rss(items, "<title>C</title><link>/site/</link>")).home == "https://feeds.example/site/"


def test_relative_links_in_rss_content_belong_to_the_articles_page():
    found = item('<link>https://a.example/d/1</link><description>&lt;img src="p.png"&gt;</description>')
    assert found.content.html == '<img src="https://a.example/d/p.png">'


@pytest.mark.parametrize(
    ("inside", "published", "updated"),
    [
        ("<pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate>", datetime(2026, 1, 5, 10, tzinfo=UTC), None),
        ("<dc:date>2026-01-05</dc:date>", datetime(2026, 1, 5, tzinfo=UTC), None),
        ("<pubDate>Fri, 31 Dec 2049 00:00:00 GMT</pubDate>", datetime(2049, 12, 31, tzinfo=UTC), None),
        ("<pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>", None, None),
        ("<pubDate>9999-12-31T23:59:59Z</pubDate>", None, None),
        ("<pubDate>soon</pubDate>", None, None),
        ("<pubDate/>", None, None),
        ("", None, None),
        (
            "<pubDate>Mon, 05 Jan 2026 10:00:00 EST</pubDate><dc:date>2026-01-06T00:00:00Z</dc:date>",
            datetime(2026, 1, 5, 15, tzinfo=UTC),
            datetime(2026, 1, 6, tzinfo=UTC),
        ),
    ],
)
def test_an_items_dates_are_what_the_source_said_or_none(inside, published, updated):
    found = item(f"<title>T</title>{inside}")
    assert (found.published, found.updated) == (published, updated)


def test_an_atom_entry_with_one_date_was_updated_then():
    found = entry("<title>T</title><updated>2026-01-05T10:00:00+02:00</updated>")
    assert (found.published, found.updated) == (None, datetime(2026, 1, 5, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("<author>Ana</author>", ("Ana",)),
        ("<author>ana@a.example</author>", ("ana@a.example",)),
        ("<author>ana@news.london (Ana Horvat)</author>", ("Ana Horvat",)),
        ("<author>Ana Horvat &lt;ana@news.london&gt;</author>", ("Ana Horvat",)),
        ("<author>ana@a.com (Ana)</author><dc:creator>Bo</dc:creator>", ("Ana", "Bo")),
        ("<dc:creator>Ana</dc:creator><dc:creator>ANA</dc:creator>", ("Ana",)),
        ("<author>ana@news.london (Ana)</author><author>Bo</author>", ("Ana", "Bo")),
        ("<dc:creator></dc:creator>", ()),
    ],
)
def test_authors_are_names_each_once(written, authors):
    assert item(f"<title>T</title>{written}").content.authors == authors


@pytest.mark.parametrize(
    ("inside", "text", "html", "summary"),
    [
        ("<description>Words</description>", "Words", "", ""),
        ("<description>A &amp;amp; B</description>", "A & B", "", ""),
        ("<description>&lt;p&gt;A&lt;/p&gt;&lt;p&gt;B&lt;/p&gt;</description>", "A\n\nB", "<p>A</p><p>B</p>", ""),
        (
            "<description>Short</description><content:encoded>&lt;p&gt;Longer&lt;/p&gt;</content:encoded>",
            "Longer",
            "<p>Longer</p>",
            "Short",
        ),
        (
            "<description>The description is longer here</description><content:encoded>Short</content:encoded>",
            "The description is longer here",
            "",
            "Short",
        ),
        ("<description>Same</description><content:encoded>Same</content:encoded>", "Same", "", ""),
        ("<content:encoded>Alone</content:encoded>", "Alone", "", ""),
        (
            "<description>&lt;img src='https://a.example/p.png'&gt;</description>",
            "",
            '<img src="https://a.example/p.png">',
            "",
        ),
        ("<description>&lt;script&gt;x&lt;/script&gt;</description>", "", "", ""),
        ("<description>&lt;!-- c --&gt;&lt;p&gt;&lt;/p&gt;</description>", "", "", ""),
    ],
)
def test_the_fullest_body_is_the_article_and_the_other_its_summary(inside, text, html, summary):
    content = item(f"<title>T</title>{inside}").content
    assert (content.text, content.html, content.summary) == (text, html, summary)


def test_media_descriptions_do_not_replace_the_article():
    content = item(
        "<title>T</title><description>The article itself, at some length.</description>"
        "<media:content url='https://a.example/p.jpg' medium='image'><media:description>A boat</media:description>"
        "<media:title>Photo</media:title></media:content>"
    ).content
    assert content.title == "T"
    assert content.text == "The article itself, at some length."
    assert content.image == "https://a.example/p.jpg"


@pytest.mark.parametrize(
    ("inside", "image"),
    [
        ('<media:thumbnail url="https://a.example/t.jpg"/>', "https://a.example/t.jpg"),
        ('<enclosure url="https://a.example/e.png" type="image/png" length="1"/>', "https://a.example/e.png"),
        ('<media:group><media:content url="/g.jpg" type="image/jpeg"/></media:group>', "https://a.example/g.jpg"),
        ('<media:content url="https://a.example/v.mp4" type="video/mp4"/>', None),
        ('<media:content url="javascript:x" medium="image"/>', None),
    ],
)
def test_the_image_is_media_content_then_a_thumbnail_then_an_enclosure(inside, image):
    assert item(f"<title>T</title>{inside}").content.image == image


def test_enclosures_are_kept_once_with_what_is_known_of_them():
    found = item(
        "<title>T</title>"
        '<enclosure url="https://a.example/a.mp3" length="12 MB" type="audio/mpeg"/>'
        '<enclosure url="https://a.example/b" length="7" type=""/>'
        '<media:content url="https://a.example/a.mp3" type="audio/mpeg" filesize="9"/>'
        '<media:content url="https://a.example/v.mp4" type="video/mp4" filesize="99"/>'
        '<enclosure length="1" type="x/y"/>'
    )
    assert found.content.enclosures == (
        Enclosure("https://a.example/a.mp3", "audio/mpeg", None),
        Enclosure("https://a.example/b", "application/octet-stream", 7),
        Enclosure("https://a.example/v.mp4", "video/mp4", 99),
    )


@pytest.mark.parametrize(
    ("channel", "ttl"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<ttl>-5</ttl>", None),
        ("<ttl>often</ttl>", None),
        ("<ttl>99999999999</ttl>", timedelta(days=31)),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", timedelta(hours=12)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", timedelta(hours=1)),
        ("<sy:updatePeriod> weekly </sy:updatePeriod><ttl>5</ttl>", timedelta(days=7)),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", None),
    ],
)
def test_the_pause_that_a_feed_asks_for_is_bounded(channel, ttl):
    assert parse(rss(ITEM, channel)).ttl == ttl


def test_an_item_without_anything_is_left_out_with_a_warning():
    parsed = parse(rss("<item/><item><guid>g</guid><pubDate>2026-01-01</pubDate></item>" + ITEM))
    assert len(parsed.entries) == 1
    assert parsed.warnings == tuple(f"entry {n} left out: it has no headline, no text and no link" for n in (1, 2))


def test_an_item_given_twice_is_read_once_in_its_newest_version():
    old = "<item><title>T</title><guid>g</guid><description>old</description><pubDate>2026-01-01</pubDate></item>"
    parsed = parse(rss(old + ITEM + old.replace("old", "new").replace("01-01", "01-02") + old))
    assert [each.content.text for each in parsed.entries] == ["new", ""]
    assert parsed.warnings == ("entries given twice, read once: 2",)


def test_items_that_share_a_link_and_a_guid_stay_apart_by_their_headlines():
    shared = "<item><title>{}</title><link>https://a.example/</link><guid>https://a.example/</guid></item>"
    parsed = parse(rss(shared.format("One") + shared.format("Two")))
    assert [each.content.title for each in parsed.entries] == ["One", "Two"]


def test_a_bad_entry_costs_itself_alone(monkeypatch):
    from syndicator.sources import feed as module

    real = module._categories
    monkeypatch.setattr(module, "_categories", lambda each: real(each) if each["title"] != "bad" else 1 / 0 or ())
    monkeypatch.setattr(module, "_authors", lambda each: () if each.get("title") != "bad" else int("bad"))
    parsed = parse(rss(ITEM + "<item><title>bad</title></item>" + ITEM.replace("/1", "/2")))
    assert len(parsed.entries) == 2
    assert parsed.warnings == (
        "entry 2 left out: it can't be read (ValueError: invalid literal for int() with base 10: 'bad')",
    )


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(rss("<item><title>a&#xD800;b</title></item>"), id="surrogate-reference"),
        pytest.param(rss("<item><title>a\x00b</title></item>"), id="nul"),
        pytest.param(rss("<item><title>a&#0;&#x1f;b</title></item>"), id="control-references"),
        pytest.param(rss("<item><title>a\ufffeb</title></item>"), id="noncharacter"),
        pytest.param(
            rss("<item><title><![CDATA[a\ud800b]]></title></item>").encode("utf-8", "surrogatepass"), id="cesu"
        ),
    ],
)
def test_characters_that_are_none_go(document):
    (found,) = parse(document).entries
    assert found.content.title == "ab"


@pytest.mark.parametrize(
    "link", ["jav&amp;#x09;ascript:alert(1)", "javascript:alert(1)", "data:text/html,x", "//", "http://[x"]
)
def test_no_address_is_anything_but_http(link):
    found = item(f"<title>T</title><link>{link}</link><description>&lt;a href='{link}'&gt;x&lt;/a&gt;</description>")
    assert found.url is None or found.url.startswith(("https://a.example/", "http://a.example/"))
    assert 'href="javascript' not in found.content.html
    assert 'href="data' not in found.content.html


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: rss("<item " + many('a{}="1"') + "/>"), id="attributes"),
        pytest.param(lambda: "<rss " + many('xmlns:n{0}="u{0}"') + "/>", id="namespaces"),
        pytest.param(lambda: rss("<item>" + "<a>" * 200_000), id="levels"),
        pytest.param(lambda: rss(f"<item><title>{'<x>' * 5_000}</title></item>"), id="title-levels"),
        pytest.param(
            lambda: rss(f"<item><description>{'&lt;div&gt;' * 20_000}</description></item>"), id="div-in-item"
        ),
        pytest.param(lambda: rss(f"<item><description>{'&lt;a&gt;&lt;b&gt;' * 20_000}</description></item>"), id="a-b"),
        pytest.param(
            lambda: rss("<item><title>x</title><description>" + "y" * 11_000_000 + "</description></item>"), id="11-mb"
        ),
        pytest.param(
            lambda: rss("<item><title>x</title>" + "<category>c</category>" * 25_000 + "</item>"), id="categories"
        ),
    ],
)
def test_what_breaks_other_readers_ends_in_good_time(make):
    document = make()
    began = time.process_time()
    with contextlib.suppress(ParseError):
        assert len(parse(document).entries) <= 1
    assert time.process_time() - began < 5


def test_a_file_has_no_address_and_is_read_all_the_same():
    parsed = parse_feed(rss(ITEM + "<item><title>T</title><link>rel</link></item>", "").encode())
    assert [each.url for each in parsed.entries] == ["https://a.example/1", None]
