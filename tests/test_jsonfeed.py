"""JSON Feed 1.0 and 1.1: wrong types cost the field, wrong items themselves, wrong documents are an error."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicator.errors import ParseError
from syndicator.model import Enclosure
from syndicator.sources.feed import parse_feed

FEEDS = Path(__file__).parent / "data" / "feeds"
URL = "https://json.example/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def read(name):
    return parse_feed((FEEDS / name).read_bytes(), "application/feed+json", URL)


def parse(*items, **channel):
    document = {"version": VERSION, "title": "T", "items": list(items), **channel}
    return parse_feed(json.dumps(document).encode(), None, URL)


class TestVersion11:
    parsed = read("jsonfeed11.json")

    def test_the_feed_speaks_for_itself(self):
        assert self.parsed.title == "JSON House"
        assert self.parsed.home == "https://json.example/"
        assert self.parsed.self_url == URL
        assert self.parsed.language == "en-GB"
        assert self.parsed.hubs == ("https://hub.example/j",)

    def test_an_item_in_full(self):
        found = self.parsed.entries[0]
        content = found.content
        assert found.guid == "17"
        assert found.url == "https://json.example/a"
        assert found.published == datetime(2026, 1, 5, 9, tzinfo=UTC)
        assert found.updated == datetime(2026, 1, 6, 10, tzinfo=UTC)
        assert content.title == "Ferry <b> stays text"
        assert content.html == '<p>Stuck <a href="https://json.example/map">here</a></p>'
        assert (content.text, content.summary) == ("Stuck here", "In short.")
        assert (content.authors, content.categories, content.language) == (("Ana", "Bo"), ("Transport",), "sr")
        assert content.image == "https://json.example/img/1.png"
        assert content.enclosures == (Enclosure("https://json.example/a.mp3", "audio/mpeg", 42),)

    def test_an_external_url_stands_in_and_plain_text_stays_plain(self):
        found = self.parsed.entries[1]
        assert found.url == "https://elsewhere.example/b"
        assert found.content.text == "First line.\n\nSecond <b>line</b>."
        assert (found.content.html, found.content.authors) == ("", ("House",))

    def test_a_summary_alone_is_the_text(self):
        assert self.parsed.entries[2].content.text == "Only a summary."
        assert self.parsed.entries[2].content.summary == ""

    def test_wrong_types_cost_the_field(self):
        found = self.parsed.entries[3]
        assert (found.content.title, found.url, found.content.html) == ("", None, "")
        assert found.content.text == "Wrong types cost the field."

    def test_wrong_items_cost_themselves(self):
        assert self.parsed.warnings == (
            "entry 4 left out: it is no JSON object",
            "entry 5 left out: it has no headline, no text and no link",
        )


def test_version_10_has_one_author():
    (found,) = read("jsonfeed10.json").entries
    assert found.content.authors == ("Old Style",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"version": "https://jsonfeed.org/version/1.1", "items": [', "can't be read"),
        ('{"title": "x", "items": []}', "is JSON but no JSON Feed"),
        ('{"version": "https://evil.example/?jsonfeed.org", "items": []}', "is JSON but no JSON Feed"),
        ('{"version": "http://[", "items": []}', "is JSON but no JSON Feed"),
        ('{"version": 1, "items": []}', "is JSON but no JSON Feed"),
        ("[1, 2]", "is JSON but no JSON Feed"),
        (f'{{"version": "{VERSION}"}}', 'without a list of "items"'),
        (f'{{"version": "{VERSION}", "items": {{}}}}', 'without a list of "items"'),
        ("[" * 200_000, "nested too deep"),
        ('{"a":' * 200_000, "nested too deep"),
        ('{"version": ' + "9" * 5_000 + "}", "can't be read"),
    ],
)
def test_what_is_no_json_feed_is_an_error_of_one_line(body, reason):
    with pytest.raises(ParseError, match=reason) as caught:
        parse_feed(body.encode(), None, URL)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_surrogates_and_controls_in_json_escapes_go():
    body = (
        f'\ufeff{{"version": "{VERSION}", "items": [{{"id": "\\u0000x\\ud800", "title": "a\\u0007\\ud800b\\u202e"}}]}}'
    )
    (found,) = parse_feed(body.encode(), None, URL).entries
    assert (found.guid, found.content.title) == ("x", "ab")


@pytest.mark.parametrize(
    ("given", "guid"), [(5, "5"), (5.5, "5.5"), (True, None), (None, None), ("", None), ([], None)]
)
def test_an_id_is_text_or_a_number(given, guid):
    (found,) = parse({"id": given, "title": "T"}).entries
    assert found.guid == guid


@pytest.mark.parametrize(
    ("size", "length"), [(5, 5), (5.0, 5), (-1, None), (float("nan"), None), (1e300, None), ("5", None), (True, None)]
)
def test_an_attachments_size_is_a_number_of_bytes(size, length):
    attachment = {"url": "https://a.example/x", "mime_type": "audio/mpeg", "size_in_bytes": size}
    (found,) = parse({"id": "1", "title": "T", "attachments": [attachment]}).entries
    assert found.content.enclosures == (Enclosure("https://a.example/x", "audio/mpeg", length),)


def test_scripts_in_content_html_go():
    (found,) = parse({"id": "1", "content_html": "<a href='jav&#x09;ascript:x'>y</a><script>z</script>"}).entries
    assert found.content.html == "<a>y</a>"


def test_an_item_given_twice_is_read_once():
    same = {"id": "1", "url": "https://a.example/1", "title": "T"}
    assert len(parse(same, same).entries) == 1
