"""Dropped files: text, Markdown, pages, JSON and feeds, each with what it says about itself."""

import json
import pickle
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicator.errors import ParseError
from syndicator.sources.textfile import parse_file

BODY = "Ministers met officials from three Balkan capitals on Monday to talk about returns.\n\nNo agreement was signed, but work goes on."
SHARED = Path(__file__).parents[2] / "shared"
SAMPLE = Path(__file__).parents[1] / "samples/return-hubs.txt"


def entry(text: str | bytes, name: str = "hubs.txt"):
    (found,) = parse_file(name, text.encode() if isinstance(text, str) else text).entries
    return found


def refused(text: str | bytes, name: str = "hubs.txt") -> str:
    with pytest.raises(ParseError) as caught:
        parse_file(name, text.encode() if isinstance(text, str) else text)
    assert caught.value.source == name
    assert "\n" not in caught.value.message
    return caught.value.message


# Plain text


def test_the_first_line_is_the_headline_and_not_in_the_text():
    found = entry(f"Britain looks at hubs\n\n{BODY}")
    assert found.content.title == "Britain looks at hubs"
    assert found.content.text == BODY
    assert found.content.html == ""


def test_a_text_without_a_headline_gets_one_and_keeps_its_first_sentence():
    found = entry(BODY)
    assert found.content.title == "Ministers met officials from three Balkan capitals on Monday to talk about returns"
    assert found.content.text == BODY


def test_hard_wrapped_lines_are_one_paragraph():
    found = entry(
        "Head of it\n\nMinisters met officials from three Balkan capitals\non Monday to talk about returns.\n\nNo agreement was signed.\n"
    )
    assert (
        found.content.text
        == "Ministers met officials from three Balkan capitals on Monday to talk about returns.\n\nNo agreement was signed."
    )


def test_the_name_of_the_file_is_the_identity():
    assert entry(BODY).guid == "file:hubs.txt"
    assert entry(BODY + " More.").guid == "file:hubs.txt"
    # The same name, composed or decomposed as file systems differ, is the same article.
    assert entry(BODY, "cafe\u0301.txt").guid == entry(BODY, "caf\u00e9.txt").guid


def test_a_url_is_a_better_identity_than_the_name_and_a_guid_better_still():
    assert entry(f"URL: https://example.org/a\n\n{BODY}").guid is None
    assert entry(f"URL: https://example.org/a\nId: 0012\n\n{BODY}").guid == "0012"


def test_header_lines_are_read():
    found = entry(
        f"Title: Hubs: a plan\nAuthor: Ana Hadžić and Ben Cole\nDate: 20 Nov 2026 10:15 GMT\nEmbargo: 2026-12-01T18:00+01:00\n\n{BODY}"
    )
    assert found.content.title == "Hubs: a plan"
    assert found.content.authors == ("Ana Hadžić", "Ben Cole")
    assert found.published == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert found.embargo_until == datetime(2026, 12, 1, 17, tzinfo=UTC)
    assert found.content.text == BODY


@pytest.mark.parametrize(
    "start",
    [
        "Warning: nobody knows the cost.\n\n",
        "Sarajevo: a city between two worlds\n\n",
        "Title: one\nthen prose goes on here\n\n",
    ],
)
def test_lines_that_only_look_like_headers_are_text(start):
    parsed = parse_file("a.txt", (start + BODY).encode())
    whole = parsed.entries[0].content
    assert start.split("\n")[0] in f"{whole.title}\n{whole.text}"


def test_boilerplate_is_no_part_of_the_article():
    found = entry(
        f"Head of it\n\n{BODY}\n\nCOMMENTS\nComments are moderated and will be published if they are polite.\n"
    )
    assert found.content.text == BODY


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("COMMENTS\n\nComments are closed.", "no article text"),
        (b"%PDF-1.7 rest", "a PDF document"),
        (b"PK\x03\x04rest", "Word"),
        (b"{\\rtf1 text}", "RTF"),
        (b"News\0\0\0\0", "not text"),
        (bytes(range(256)) * 10, "not text"),
        (b"\xff\xfe\x00\xd8" * 100, "not text"),
        ("word " * 500_000, "longer than"),
    ],
)
def test_what_is_no_article_is_refused_in_words(body, said):
    assert said in refused(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(encoding):
    parsed = parse_file("a.txt", f"Head of it\n\n“Café” – {BODY}".encode(encoding))
    assert parsed.entries[0].content.text.startswith("“Café” – ")
    assert bool(parsed.warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\f"])
def test_line_ends_of_every_system_are_read(end):
    assert entry(f"Title: Hubs\n\n{BODY}".replace("\n", end)).content.title == "Hubs"
    assert entry(f"---\ntitle: Hubs\n---\n{BODY}".replace("\n", end), "a.md").content.title == "Hubs"


def test_the_specified_article_gets_a_title_that_reads_well():
    article = SHARED / "data" / "article-return-hubs.txt"
    if not article.exists():
        pytest.skip("the shared data is not beside the checkout")
    found = entry(article.read_bytes(), article.name).content
    assert found.title.startswith("The UK government is considering plans")
    assert found.title.endswith('hubs"…')
    assert len(found.title) < 105
    assert "Comments" not in found.text
    assert found.text.split("\n\n")[-1].startswith("The government maintains")
    assert len(found.text.split("\n\n")) == 12


def test_the_sample_of_the_inbox_is_news_of_all_three_topics():
    found = entry(SAMPLE.read_bytes(), SAMPLE.name).content
    assert found.title == SAMPLE.read_text().split("\n")[0]
    assert found.text.endswith("this year.")
    for word in ("asylum", "western Balkans", "Channel", "small boats"):
        assert word in found.text


# Markdown and front matter


def markdown(front: str, body: str = BODY):
    return entry(f"---\n{front}\n---\n{body}", "hubs.md")


def test_markdown_becomes_html_and_text():
    found = entry(
        f"# Hubs & *plans*\n\nOne **bold** [link](https://example.org/a).\n\n- item\n\n{BODY}", "hubs.md"
    ).content
    assert found.title == "Hubs & plans"
    assert '<strong>bold</strong> <a href="https://example.org/a">link</a>' in found.html
    assert "<h1>" not in found.html
    assert found.text.startswith("One bold link.\n\nitem\n\nMinisters")


def test_html_in_markdown_is_sanitised():
    found = entry(
        f"# Hubs\n\n<script>x()</script><b onclick=x()>Bold</b> [x](javascript:x())\n\n{BODY}", "hubs.md"
    ).content
    assert "<b>Bold</b>" in found.html
    assert "<script" not in found.html
    assert "<a" not in found.html
    assert "onclick" not in found.html


def test_every_key_of_front_matter_is_read():
    found = markdown(
        "title: 'Hubs: a plan'\ndate: 2026-11-20 10:15:00 +01:00\nupdated: 2026-11-21\nauthors: [Ana Hadžić, Ben Cole]\n"
        "url: https://example.org/a\nguid: 0012\nlang: no\nsummary: What it\n  is about.\ntags:\n  - asylum\n  - Balkans\n"
        "image: https://example.org/a.jpg\nembargo: 2026-12-01T18:00:00Z"
    )
    content = found.content
    assert content.title == "Hubs: a plan"
    assert found.published == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert found.updated == datetime(2026, 11, 21, tzinfo=UTC)
    assert content.authors == ("Ana Hadžić", "Ben Cole")
    assert found.url == "https://example.org/a"
    assert found.guid == "0012"
    assert content.language == "no"
    assert content.summary == "What it is about."
    assert content.categories == ("asylum", "Balkans")
    assert content.image == "https://example.org/a.jpg"
    assert found.embargo_until == datetime(2026, 12, 1, 18, tzinfo=UTC)
    assert content.text == BODY


def test_toml_front_matter_is_read():
    found = entry(f'+++\ntitle = "Hubs"\ndate = 2026-11-20T10:15:00+01:00\ntags = ["asylum"]\n+++\n{BODY}', "hubs.md")
    assert found.content.title == "Hubs"
    assert found.published == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert found.content.categories == ("asylum",)


def test_a_title_that_is_also_the_first_heading_stands_once():
    assert markdown("title: Hubs", f"# Hubs\n\n{BODY}").content.text == BODY


@pytest.mark.parametrize(
    "rule", [f"---\n\n{BODY}\n\n---\n\nMore.", f"---\n\n{BODY}", f"---\nMinisters met again.\n---\n{BODY}"]
)
def test_a_rule_across_the_page_is_no_front_matter(rule):
    assert "Ministers met" in entry(rule, "a.md").content.text


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("colour: red", 'unknown key "colour"'),
        ("date: soon", '"date" is not a date'),
        ("url: /a/b", '"url" is not an absolute'),
        ("image: javascript:x()", '"image" is not an absolute'),
        ("lang: a language", '"lang" is not a language tag'),
        ("embargo: 2026-12-01 18:00", "has no time zone; it was read as 2026-12-01 18:00 UTC"),
    ],
)
def test_what_matters_little_is_left_out_with_a_warning(front, said):
    parsed = parse_file("a.md", f"---\ntitle: Hubs\n{front}\n---\n{BODY}".encode())
    assert parsed.entries[0].content.title == "Hubs"
    assert said in "; ".join(parsed.warnings)


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("title: [a", "line 3"),
        ("title: [a, b]", '"title" must be text, not a list'),
        ("a: &x [1]\nb: *x", "aliases"),
        ("title: !!python/object:os.system x\nb: [", "front matter can't be read"),
        ("title: " + "[" * 2_000, "front matter can't be read"),
        ("embargo: next Tuesday", "must not go out early"),
        ("embargo: 1 December 2026 18:00", "must not go out early"),
        ("embargo: 2026-12-01 18:00 Europe/Atlantis", "must not go out early"),
        ("embargo: [1]", "must not go out early"),
        ("title: " + "x" * 70_000, "longer than 64 KB"),
    ],
)
def test_front_matter_that_would_do_harm_is_refused(front, said):
    assert said in refused(f"---\n{front}\n---\n{BODY}", "a.md")


@pytest.mark.parametrize(
    ("stated", "hour"),
    [
        ("2026-12-01T18:00+01:00", 17),
        ("2026-12-01 18:00 Europe/Belgrade", 17),
        ("2026-07-01 18:00 Europe/London", 17),
        ("2026-12-01 18:00 GMT", 18),
        ("2026-12-01 18:00:00Z", 18),
        ("2026-12-01 18:00 -0500", 23),
    ],
)
def test_an_embargo_is_read_to_the_minute(stated, hour):
    parsed = parse_file("a.md", f"---\nembargo: {stated}\n---\n{BODY}".encode())
    assert parsed.entries[0].embargo_until.hour == hour
    assert parsed.warnings == ()


@pytest.mark.parametrize(
    "line",
    [
        "EMBARGOED UNTIL 00:01 GMT, THURSDAY 26 NOVEMBER",
        "Strictly embargoed for release until Friday",
        "Embargo: Friday, noon",
        "Not for publication before 6 pm",
        "** Under embargo until Monday **",
    ],
)
def test_an_embargo_in_words_is_not_published_over(line):
    assert "must not go out early" in refused(f"{line}\n\nHead of it\n\n{BODY}")
    assert "must not go out early" in refused(f"# Head of it\n\n{line}\n\n{BODY}", "a.md")
    assert "must not go out early" in refused(json.dumps({"title": "Hubs", "text": f"{line}\n\n{BODY}"}), "a.json")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.txt", "Title: Hubs\nEmbargo: 2026-12-01\nand a line that is no header\n\n"),
        ("a.md", "---\n.\nembargo: 2026-12-01\n---\n"),
        ("a.md", "---\ntitle: Hubs\nembargo: 2026-12-01\n\n"),
        ("a.md", "+++\nembargo = 2026-12-01\n"),
    ],
)
def test_an_embargo_in_front_matter_that_is_not_closed_or_not_recognised_holds(name, start):
    assert "must not go out early" in refused(f"{start}{BODY}", name)


def test_a_text_without_words_is_titled_by_its_file():
    assert entry("* * *\n\n. . .", "stars.txt").content.title == "* * *"
    assert entry(".\n\nx", "dot.txt").content.title == "dot"


def test_words_of_an_embargo_go_once_its_time_is_known():
    found = entry(f"Embargo: 2026-12-01T18:00Z\n\nEMBARGOED UNTIL 1 DECEMBER, 6PM\n\nHead of it\n\n{BODY}")
    assert found.content.title == "Head of it"
    assert found.content.text == BODY


@pytest.mark.parametrize(
    "title",
    ["Embargo on Russian oil until 2027 is agreed", "Embargoed goods seized in Bar", "Under embargo, Serbia traded on"],
)
def test_news_of_an_embargo_is_news(title):
    assert entry(f"{title}\n\n{BODY}").content.title == title


# JSON


def articles(*items, name: str = "news.json"):
    return parse_file(name, json.dumps(list(items)).encode())


def test_one_json_article_is_read():
    found = entry(
        json.dumps(
            {
                "title": "Hubs",
                "text": BODY,
                "date": "2026-11-20T10:15:00Z",
                "authors": [{"name": "Ana"}],
                "tags": ["asylum"],
            }
        ),
        "a.json",
    )
    assert found.content.title == "Hubs"
    assert found.content.text == BODY
    assert found.content.html == ""
    assert found.content.authors == ("Ana",)
    assert found.published == datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
    assert found.guid == "file:a.json"


def test_json_html_is_sanitised_and_gives_the_text():
    found = entry(
        json.dumps({"title": "Hubs", "content_html": f"<h2>Part</h2><p onclick=x>{BODY}</p>"}), "a.json"
    ).content
    assert "onclick" not in found.html
    assert found.text.startswith("Part\n\nMinisters")


def test_items_of_a_list_are_told_apart():
    parsed = articles({"text": BODY}, {"text": BODY, "id": 7}, {"text": BODY, "url": "https://example.org/a"})
    assert [found.guid for found in parsed.entries] == ["file:news.json#1", "7", None]


def test_a_bad_item_of_a_list_costs_itself_alone():
    parsed = articles(
        {"text": BODY},
        "no",
        {"title": "x"},
        {"title": ["x"], "text": BODY},
        {"text": BODY, "embargo": "soon"},
        {"text": BODY, "title": "Last"},
    )
    assert [found.content.title for found in parsed.entries][-1] == "Last"
    assert len(parsed.entries) == 2
    for line, said in zip(
        parsed.warnings,
        ["item 2: must be an article", "item 3: has no text", 'item 4: "title" must be text', 'item 5: "embargo"'],
        strict=True,
    ):
        assert said in line


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"title": ', "not JSON: Expecting value at line 1, column"),
        ("[]", "the list is empty"),
        ("7", "holds a number"),
        ('["a"]', "must be an article"),
        ('[{"title": "a"}, 7]', "no article in it can be read; left out: item 1: has no text"),
        ('{"title": "a"}', 'has no text; write it as "text" or "html"'),
        ('{"text": 7, "title": true}', '"title" must be text, not true or false'),
        ("[" * 100_000, "nested too deep"),
        ('{"text": ' + "7" * 5_000 + "}", "number too large"),
    ],
)
def test_json_that_is_no_news_is_refused_in_words(document, said):
    assert said in refused(document, "a.json")


def test_warnings_of_a_long_list_are_bounded():
    parsed = articles({"text": BODY}, *[7] * 1_000)
    assert len(parsed.warnings) < 60
    assert "more of these" in parsed.warnings[-1]


def test_a_list_may_stand_under_a_key():
    assert len(parse_file("a.json", json.dumps({"articles": [{"text": BODY}]}).encode()).entries) == 1


# Feeds and pages


def rss(*, guid: str = "12", link: str = "https://example.org/") -> str:
    return (
        f'<rss version="2.0"><channel><title>Example</title><link>{link}</link><description>d</description>'
        f"<item><title>Hubs</title><guid isPermaLink='false'>{guid}</guid><link>https://example.org/a</link><description>{BODY}</description></item></channel></rss>"
    )


@pytest.mark.parametrize("name", ["a.rss", "a.xml", "a.atom", "a", "a.dat", "a.html"])
def test_a_feed_is_known_by_its_name_or_its_content(name):
    found = entry(rss(), name)
    assert found.content.title == "Hubs"
    assert found.url == "https://example.org/a"


@pytest.mark.parametrize(
    ("guid", "expected"),
    [("12", "#12"), ("urn:uuid:1", "urn:uuid:1"), ("tag:example.org,2026:1", "tag:example.org,2026:1")],
)
def test_a_guid_that_is_no_uri_is_made_unique_by_its_feed(guid, expected):
    found = entry(rss(guid=guid), "a.rss").guid
    assert found.endswith(expected)
    assert found == expected or found.startswith("https://example.org")


def test_two_feeds_with_the_same_plain_guid_are_told_apart():
    assert entry(rss(), "a.rss").guid != entry(rss(link="https://other.example/"), "b.rss").guid


def test_a_json_feed_is_a_feed():
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Example",
        "items": [{"id": "1", "title": "Hubs", "content_text": BODY}],
    }
    assert entry(json.dumps(feed), "a.json").content.title == "Hubs"


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a", "a.xml"])
def test_a_page_is_known_by_its_name_or_its_content(name):
    markup = f"<!doctype html><html><head><title>Hubs</title></head><body><article><h1>Hubs</h1><p>{BODY}</p><p>{BODY}</p></article></body></html>"
    found = entry(markup, name)
    assert found.content.title == "Hubs"
    assert found.guid == f"file:{name}"
    assert found.url is None


@pytest.mark.parametrize(("name", "document"), [("a.rss", "no feed"), ("a.html", "<html><p>x</p></html>")])
def test_a_broken_feed_or_page_is_refused_under_the_files_name(name, document):
    assert refused(document, name)


@pytest.mark.parametrize("name", ["README", "a.log", "noext."])
def test_what_has_no_known_ending_is_text_if_it_reads_as_text(name):
    assert entry(f"Head of it\n\n{BODY}", name).content.title == "Head of it"


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("a.md", "[" * 50_000),
        ("a.md", ">" * 100_000),
        ("a.md", "*a " * 30_000),
        ("a.md", "`" * 50_000 + " a " + "`" * 49_999),
        ("a.md", "---\n" * 30_000),
        ("a.md", "<div>" * 100_000),
        ("a.txt", "Title: x\n" * 30_000),
        ("a.txt", ". " * 500_000),
        ("a.txt", "“" * 500_000),
        ("a.json", json.dumps([{"a": 1}] * 30_000)),
    ],
)
def test_hostile_files_cost_little_time(name, document):
    began = time.process_time()
    with suppress(ParseError):
        parse_file(name, document.encode())
    assert time.process_time() - began < 3


def test_the_parser_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(parse_file)) is parse_file
