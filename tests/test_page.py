"""Article pages: the text, and everything a page says about itself, without losing the time of day."""

import json
import pickle
import time
from datetime import UTC, datetime

import pytest

from syndicator.errors import ParseError
from syndicator.sources.page import parse_page
from syndicator.sources.pagemeta import same_site

URL = "https://www.example.co.uk/news/2026/hubs?at=x"
PARAGRAPHS = [
    "Ministers met officials from three Balkan capitals on Monday to talk about returns.",
    "No agreement was signed, but both sides said that work would go on in the new year.",
    "Charities asked for the text of the plan to be published before Parliament votes on it.",
]


def page(head: str = "", *, lang: str = "en-GB", body: str = "", tail: str = "") -> bytes:
    paragraphs = body or "".join(f"<p>{paragraph}</p>\n" for paragraph in PARAGRAPHS)
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>UK looks at hubs - Example News</title>{head}</head>'
        f'<body><nav><ul><li><a href="/">Home</a></li><li><a href="/uk">UK</a></li></ul></nav>'
        f"<article><h1>UK looks at hubs</h1>{paragraphs}{tail}</article><footer>Example</footer></body></html>"
    ).encode()


def linked_data(**values) -> str:
    article = {"@context": "https://schema.org", "@type": "NewsArticle", **values}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


def entry(head: str = "", url: str = URL, **parts):
    (found,) = parse_page(page(head, **parts), "text/html; charset=utf-8", url).entries
    return found


def test_the_article_is_found_and_the_page_around_it_is_not():
    found = entry()
    assert found.content.title == "UK looks at hubs"
    assert found.content.text.split("\n\n") == PARAGRAPHS
    assert found.guid is None
    assert found.url == URL


def test_html_is_simple_and_links_are_absolute():
    found = entry(
        body=f'<p onclick="x()">{PARAGRAPHS[0]} <a href="/b">More on <b>this</b></a></p><p>{PARAGRAPHS[1]}</p><script>x()</script>'
    )
    assert 'href="https://www.example.co.uk/b"' in found.content.html
    assert "onclick" not in found.content.html
    assert "script" not in found.content.html
    assert "<h1>" not in found.content.html


def test_boilerplate_goes_from_text_and_html():
    found = entry(tail="<p>Share this article</p><p>Sign up to our daily newsletter.</p>")
    assert found.content.text.split("\n\n") == PARAGRAPHS
    assert "newsletter" not in found.content.html


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            '<meta property="article:published_time" content="2026-11-20T23:15:00+01:00">',
            datetime(2026, 11, 20, 22, 15, tzinfo=UTC),
        ),
        (linked_data(datePublished="2026-11-20T10:15:00-05:00"), datetime(2026, 11, 20, 15, 15, tzinfo=UTC)),
        # The finest statement of the same day wins, wherever it stands.
        (
            linked_data(datePublished="2026-11-20")
            + '<meta property="article:published_time" content="2026-11-20T08:00:00Z">',
            datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
        ),
        # A finer one of another day is about something else.
        (
            linked_data(datePublished="2026-11-20T09:00:00") + '<meta name="date" content="2024-01-01T08:00:00Z">',
            datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        ),
        ('<meta name="dc.date.issued" content="2026-11-20">', datetime(2026, 11, 20, tzinfo=UTC)),
        ('<meta itemprop="datePublished" content="2026-11-20T08:00:00Z">', datetime(2026, 11, 20, 8, tzinfo=UTC)),
        (linked_data(datePublished="never"), None),
        ("", None),
    ],
)
def test_the_time_of_publication_keeps_its_hour_and_zone(head, expected):
    assert entry(head).published == expected


def test_a_time_element_is_read_when_nothing_else_is():
    found = entry(
        body=f'<time datetime="2026-11-20T10:15:00+01:00">20 November</time><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>'
    )
    assert found.published == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


def test_a_date_that_the_text_mentions_is_not_the_articles():
    found = entry(
        body=f"<p>It began on 3 March 2019, on 2019-03-03.</p><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>",
        tail="<p>Copyright 2018</p>",
    )
    assert found.published is None


def test_a_date_printed_above_the_article_is_midnight_utc():
    found = parse_page(
        page().replace(b"<article>", b'<div class="date">20 November 2026</div><article>'),
        None,
        URL.replace("2026", "x"),
    ).entries[0]
    assert found.published == datetime(2026, 11, 20, tzinfo=UTC)


def test_a_date_in_the_url_is_midnight_utc():
    found = entry(url="https://www.example.co.uk/2026/11/20/hubs")
    assert found.published == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:modified_time" content="2026-11-21T12:00:00Z">',
        linked_data(dateModified="2026-11-21T13:00:00+01:00"),
    ],
)
def test_the_time_of_change_is_read(head):
    assert entry(head).updated == datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Ana Hadžić", ("Ana Hadžić",)),
        ({"@type": "Person", "name": "Ana Hadžić"}, ("Ana Hadžić",)),
        ([{"name": "Ana Hadžić"}, {"name": "Ben Cole", "url": "https://x.example/"}], ("Ana Hadžić", "Ben Cole")),
        (["https://example.org/ana"], ()),
        ({"name": {"deep": 1}}, ()),
        (7, ()),
    ],
)
def test_authors_come_in_every_shape_of_schema_org(author, expected):
    assert entry(linked_data(author=author)).content.authors == expected


def test_authors_of_meta_tags_are_read():
    assert entry('<meta name="author" content="Ana Hadžić">').content.authors == ("Ana Hadžić",)


def test_linked_data_is_found_in_a_graph_among_other_things():
    graph = {
        "@graph": [
            {"@type": "WebSite", "headline": "No"},
            {"@type": ["Thing", "ReportageNewsArticle"], "headline": "Hubs &amp; more"},
        ]
    }
    assert entry(f'<script type="application/ld+json">{json.dumps(graph)}</script>').content.title == "Hubs & more"


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, '{"@type": "NewsArticle", "headline": 7}', "null", '"text"'])
def test_broken_linked_data_costs_only_itself(broken):
    assert entry(f'<script type="application/ld+json">{broken}</script>').content.text.split("\n\n") == PARAGRAPHS


@pytest.mark.parametrize(
    ("canonical", "expected"),
    [
        ("/news/2026/hubs", "https://www.example.co.uk/news/2026/hubs"),
        ("https://example.co.uk/hubs", "https://example.co.uk/hubs"),
        # Another site's article is not ours to name, a front page is no article, and co.uk is no site.
        ("https://other.example/hubs", URL),
        ("https://elsewhere.co.uk/hubs", URL),
        ("https://www.example.co.uk/", URL),
        ("javascript:alert(1)", URL),
        ("http://[", URL),
        ("", URL),
    ],
)
def test_the_canonical_link_counts_where_it_is_plausible(canonical, expected):
    assert entry(f'<link rel="canonical" href="{canonical}">').url == expected


def test_a_page_without_an_address_of_its_own_takes_its_canonical_link():
    assert entry('<link rel="canonical" href="https://example.org/hubs">', url="").url == "https://example.org/hubs"
    assert entry('<link rel="canonical" href="/hubs">', url="").url is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example.com/x", "https://example.com/y", True),
        ("https://m.example.co.uk/x", "https://www.example.co.uk/y", True),
        ("https://a.co.uk/x", "https://b.co.uk/y", False),
        ("https://example.com/x", "https://example.org/x", False),
        ("http://127.0.0.1:8000/x", "http://127.0.0.1/y", True),
        ("http://127.0.0.1/x", "http://10.9.0.1/x", False),
        ("http://localhost/x", "http://localhost/y", True),
        ("https://example.com/", "https://example.com/", True),
    ],
)
def test_one_publisher_is_told_from_another(one, other, same):
    assert same_site(one, other) is same


def test_image_language_description_and_section_are_read():
    found = entry(
        '<meta property="og:image" content="/i/a.jpg"><meta name="description" content="What  it is about.">'
        '<meta property="article:section" content="Politics"><meta property="article:tag" content="asylum">'
    )
    assert found.content.image == "https://www.example.co.uk/i/a.jpg"
    assert found.content.summary == "What it is about."
    assert found.content.language == "en-GB"
    assert set(found.content.categories) >= {"Politics", "asylum"}


def test_the_site_names_itself():
    parsed = parse_page(page('<meta property="og:site_name" content="Example News">'), None, URL)
    assert parsed.title == "Example News"
    assert parsed.entries[0].content.title == "UK looks at hubs"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (
            page().decode().replace('<meta charset="utf-8">', "").replace("three", "još").encode("iso-8859-2"),
            "text/html; charset=iso-8859-2",
        ),
        (
            page()
            .decode()
            .replace('charset="utf-8"', 'charset="windows-1250"')
            .replace("three", "još")
            .encode("cp1250"),
            "text/html",
        ),
        (page().decode().replace("three", "još").encode("utf-16"), None),
        (page().decode().replace("three", "još").encode(), "text/html; charset=iso-8859-1"),
    ],
    ids=["by header", "by meta", "by mark", "by what it is"],
)
def test_the_encoding_is_found(body, content_type):

    assert "from još Balkan" in parse_page(body, content_type, URL).entries[0].content.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"<html><body><form><input name=user><button>Log in</button></form></body></html>",
        b"<html><head><title>T</title></head><body><nav><a href=/>Home</a></nav></body></html>",
        b"\x00\x01\x02\x03" * 100,
        b"%PDF-1.7",
    ],
)
def test_a_page_without_an_article_says_so_in_one_line(body):
    with pytest.raises(ParseError, match=r"no article text found at https://www\.example\.co\.uk") as caught:
        parse_page(body, "text/html", URL)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "markup",
    [
        "<p " + " ".join(f"a{i}=1" for i in range(20_000)) + ">",
        "<p title='>' " + " ".join(f"a{i}" for i in range(20_000)) + ">",
        "<p>x</p>" * 100_000,
        "<i>" * 100_000,
    ],
    ids=["attributes", "hidden attributes", "elements", "unclosed elements"],
)
def test_a_page_made_to_stall_parsers_is_refused_at_once(markup):
    began = time.process_time()
    with pytest.raises(ParseError, match="refused before parsing"):
        parse_page(page(body=markup), None, URL)
    assert time.process_time() - began < 1


def test_deep_nesting_costs_no_time():
    began = time.process_time()
    with pytest.raises(ParseError, match="no article text"):
        entry(body="<div>" * 20_000 + PARAGRAPHS[0] + "</div>" * 20_000)
    assert time.process_time() - began < 3


def test_control_characters_do_not_come_through():
    found = entry(body=f"<p>{PARAGRAPHS[0]}&#8238;\x00\x08\x0c\ufffe</p><p>{PARAGRAPHS[1]}</p>")
    assert not set("\x00\x08\x0c\ufffe\u202e") & set(found.content.text + found.content.html)


def test_the_parser_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(parse_page)) is parse_page
