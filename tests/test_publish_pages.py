"""The pages for people: readable without a script, true to the feeds, linked to them and to each other."""

import re
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from lxml import html
from publish_samples import HARD_TITLES, NOW, SITE, article, document, item

from syndicator.model import Kind, Republish, State
from syndicator.publish import FeedSummary, Headline, Publisher
from syndicator.publish.pages import PAGE_ITEMS, stylesheet

FEEDS = (FeedSummary("all", "All & more", "Everything", 3, NOW), FeedSummary("asylum", "Asylum", "", 1, None))


@pytest.fixture
def page(tmp_path):
    def write(*items, **changes):
        Publisher(tmp_path, SITE).write(document(*items, **changes))
        return html.fromstring((tmp_path / "asylum.html").read_bytes().decode())

    return write


@pytest.fixture
def index(tmp_path):
    Publisher(tmp_path, SITE).write_index(FEEDS)
    return html.fromstring((tmp_path / "index.html").read_bytes().decode())


def test_a_page_offers_all_three_formats_to_browsers_and_to_people(page):
    tree = page(item(1))
    found = [
        (link.get("type"), link.get("title"), link.get("href")) for link in tree.iterfind(".//link[@rel='alternate']")
    ]
    assert found == [
        ("application/rss+xml", "Asylum (RSS)", "https://news.example/feeds/asylum.rss"),
        ("application/atom+xml", "Asylum (Atom)", "https://news.example/feeds/asylum.atom"),
        ("application/feed+json", "Asylum (JSON Feed)", "https://news.example/feeds/asylum.json"),
    ]
    assert tree.xpath("//ul[@class='subscribe']//a/@href") == ["asylum.rss", "asylum.atom", "asylum.json"]
    assert tree.xpath("//link[@rel='canonical']/@href") == ["https://news.example/feeds/asylum.html"]


def test_the_plus_in_the_media_types_is_literal(page, tmp_path):
    page(item(1))
    assert b'type="application/rss+xml"' in (tmp_path / "asylum.html").read_bytes()


def test_an_article_is_title_source_time_and_summary(page):
    tree = page(item(1, title="Boats & <b>bridges</b>", topics=("asylum", "return-hubs")))
    (entry,) = tree.iterfind(".//article")
    assert entry.find("h2/a").text == "Boats & <b>bridges</b>"
    assert entry.find("h2/a").get("href") == "https://source.example/1"
    assert entry.findtext(".//span[@class='source']") == "The Source"
    time = entry.find(".//time")
    assert (time.get("datetime"), time.text) == ("2026-11-23T13:05:00Z", "23 November 2026, 13:05 UTC")
    assert "The first paragraph of story 1." in entry.text_content()
    assert entry.xpath(".//ul[@class='topics']//a/@href") == ["return-hubs.html"]


def test_titles_are_text_and_never_markup(page):
    tree = page(*(item(number, title=title, summary=title) for number, title in enumerate(HARD_TITLES, 1)))
    assert [heading.text_content() for heading in tree.iterfind(".//article/h2")] == list(HARD_TITLES)
    assert tree.find(".//script") is None


def test_the_newest_are_listed_and_the_rest_left_to_the_feed(page):
    tree = page(*(item(number) for number in range(1, PAGE_ITEMS + 6)))
    assert len(tree.findall(".//article")) == PAGE_ITEMS
    assert f"newest {PAGE_ITEMS} of {PAGE_ITEMS + 5}" in tree.text_content()


def test_an_empty_feed_says_so(page):
    assert "Nothing has been published here yet" in page().text_content()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"state": State.CORRECTED, "note": "Nine boats.", "updated": NOW},
            "Correction, 23 November 2026: Nine boats.",
        ),
        ({"state": State.KILLED, "note": "Forged.", "text": "Taken back."}, "Withdrawn"),
        ({"kind": Kind.ADVISORY, "text": "Do not use it."}, "Advisory"),
    ],
)
def test_notices_are_seen(page, changes, said):
    assert said in page(item(1, republish=Republish.LINK, **changes)).find(".//article").text_content()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": State.CORRECTED, "note": "Nine."}, "corrected 23 November 2026, 14:05 UTC"),
        ({"state": State.KILLED, "note": "Forged."}, "withdrawn 23 November 2026, 14:05 UTC"),
        ({}, ""),
    ],
    ids=["corrected", "withdrawn", "live"],
)
def test_when_an_article_was_put_right_stands_beside_when_it_came(page, changes, said):
    (byline,) = page(item(1, updated=NOW, **changes)).xpath("//p[@class='byline']")
    (_, *changed) = [" ".join(time.getparent().text_content().split()) for time in byline.iterfind(".//time")]
    assert changed == ([said] if said else [])


@pytest.mark.parametrize("state", [State.LIVE, State.KILLED])
def test_a_headline_without_an_address_to_lead_to_leads_to_the_articles_page(tmp_path, state):
    url = None if state is State.LIVE else "https://source.example/1"
    page, _ = rendered(tmp_path, PUBLIC, item(1, url=url, state=state, note="No."))
    assert page.xpath("//article/h2/a/@href") == [f"https://news.example/articles/{article(1).id[9:]}"]


def test_another_language_is_marked_so_that_it_is_read_out_right(page):
    tree = page(item(1, language="ar", title=HARD_TITLES[5]), item(2))
    assert [entry.get("lang") for entry in tree.iterfind(".//article")] == ["ar", None]
    assert tree.get("lang") == "en"
    assert tree.find(".//article/h2").get("dir") == "auto"


def test_an_article_can_be_linked_to(page):
    anchor = article(1).id.removeprefix("urn:uuid:")
    assert page(item(1)).find(".//article").get("id") == anchor


def test_the_index_lists_every_feed(index):
    assert [link.text for link in index.iterfind(".//section/h2/a")] == ["All & more", "Asylum"]
    assert index.xpath("//section/h2/a/@href") == ["all.html", "asylum.html"]
    assert len(index.xpath("//link[@rel='alternate']")) == 6
    assert index.xpath("//section//time/@datetime") == ["2026-11-23T14:05:00Z"]
    assert "1 article" in index.text_content()
    assert index.xpath("//footer//a/@href") == [
        "subscriptions.opml",
        "https://news.example",
        "mailto:desk@news.example",
    ]


PUBLIC = replace(SITE, service="https://news.example", topics=(("return-hubs", "Return hubs & <more>"),))


def rendered(folder, site, *items):
    publisher = Publisher(folder, site)
    publisher.write(document(*items))
    publisher.write_index((FeedSummary("asylum", "Asylum", "", 1, NOW, (Headline("urn:uuid:1-2", "A & B", "The S"),)),))
    return [html.fromstring((folder / name).read_bytes().decode()) for name in ("asylum.html", "index.html")]


def test_a_feeds_address_can_be_copied_and_opened_without_a_script(page):
    tree = page(item(1))
    (field,) = tree.xpath("//input[@readonly]")
    assert field.get("value") == "https://news.example/feeds/asylum.atom"
    assert tree.xpath(f"//label[@for='{field.get('id')}']")
    assert tree.xpath("//a[starts-with(@href, 'feed:')]/@href") == ["feed:https://news.example/feeds/asylum.atom"]


def test_topics_are_called_by_their_titles(tmp_path):
    page, _ = rendered(tmp_path, PUBLIC, item(1, topics=("asylum", "return-hubs", "nameless")))
    found = [(link.get("href"), link.text) for link in page.iterfind(".//ul[@class='topics']//a")]
    assert found == [("return-hubs.html", "Return hubs & <more>"), ("nameless.html", "nameless")]


def test_where_the_public_reaches_our_server_pages_lead_to_search_and_to_articles(tmp_path):
    for page in rendered(tmp_path, PUBLIC, item(1)):
        assert page.xpath("//form[@role='search']/@action") == ["/search"]
        assert page.xpath("//form[@role='search']//input/@name") == ["q"]
    (link,) = rendered(tmp_path, PUBLIC, item(1))[0].xpath("//div[@class='tail']/p/a")
    assert link.get("href") == f"https://news.example/articles/{article(1).id[9:]}"
    assert link.text_content() == "Sources and history of Story 1"


def test_where_there_are_only_files_pages_name_nothing_else(tmp_path):
    for page in rendered(tmp_path, SITE, item(1)):
        assert page.find(".//form") is None
        assert not [link for link in page.xpath("//a/@href") if "search" in link or "articles" in link]


def test_a_form_stays_on_its_host_and_elsewhere_a_link_leads_to_the_search(tmp_path):
    """A page's security policy lets its forms go to its own host alone."""
    for page in rendered(tmp_path, replace(PUBLIC, service="https://other.example/desk"), item(1)):
        assert page.find(".//form") is None
        assert page.xpath("//p[@class='find']/a/@href") == ["https://other.example/desk/search"]


def test_the_index_has_the_newest_headlines(tmp_path):
    _, index = rendered(tmp_path, SITE)
    (line,) = index.iterfind(".//ul[@class='newest']/li")
    assert (line.find("a").get("href"), line.text_content()) == ("asylum.html#1-2", "A & B The S")


def test_a_title_is_not_said_twice(page):
    assert page(description="Asylum").find(".//p[@class='standfirst']") is None


def test_an_index_without_feeds_is_a_page_all_the_same(tmp_path):
    Publisher(tmp_path, SITE).write_index([])
    assert "No feeds yet" in (tmp_path / "index.html").read_text()


@pytest.fixture(params=["asylum.html", "index.html"])
def any_page(request, tmp_path):
    publisher = Publisher(tmp_path, SITE)
    publisher.write(document(item(1), item(2, state=State.KILLED, note="Why")))
    publisher.write(document(item(1), name="all"))
    publisher.write_index(FEEDS)
    return tmp_path, (tmp_path / request.param).read_text()


def test_a_page_opened_from_the_folder_finds_its_neighbours(any_page):
    folder, text = any_page
    relative = [
        urlsplit(target).path
        for target in re.findall(r'href="([^"]+)"', text)
        if not urlsplit(target).scheme and not target.startswith("#")
    ]
    assert "style.css" in relative
    assert [target for target in relative if not (folder / target).is_file()] == []


def test_a_page_runs_nothing_and_asks_nobody_else(any_page):
    _, text = any_page
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|<img|<iframe|@import", text)
    tree = html.fromstring(text)
    assert tree.xpath("//*/@src") == []
    mark = sha256(stylesheet()).hexdigest()[:8]
    assert tree.xpath("//link[@rel='stylesheet']/@href") == [f"style.css?{mark}"]


def test_a_page_has_the_landmarks_that_people_who_listen_steer_by(any_page):
    tree = html.fromstring(any_page[1])
    assert len(tree.findall(".//h1")) == 1
    assert len(tree.findall(".//main")) == 1
    assert tree.get("lang")
    assert tree.xpath("//body/a[1]/@href") == ["#main"]
    assert tree.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


class Balance(HTMLParser):
    void = frozenset({"meta", "link", "br", "input"})

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_every_element_is_closed(any_page):
    parser = Balance()
    parser.feed(any_page[1])
    assert parser.open == []


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("quiet", "paper"),
        ("quiet", "card"),
        ("accent", "paper"),
        ("accent", "card"),
        ("notice-ink", "notice"),
    ],
)
def test_every_pair_of_colours_can_be_read(scheme, ink, paper):
    """WCAG 2.2 §1.4.3: at least 4.5 to 1."""
    colours = [
        re.search(rf"--{name}: (#[0-9a-f]{{6}})", stylesheet().decode().split(":root {")[1 + scheme])
        for name in (ink, paper)
    ]
    light, dark = sorted((luminance(found.group(1)) for found in colours), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_page_is_the_same_bytes_until_the_news_change(tmp_path):
    publisher = Publisher(tmp_path, SITE)
    publisher.write(document(item(1)))
    before = (tmp_path / "asylum.html").read_bytes()
    publisher.write(document(item(1, updated=NOW - timedelta(minutes=5))))
    assert (tmp_path / "asylum.html").read_bytes() != before
