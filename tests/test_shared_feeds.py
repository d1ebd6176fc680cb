"""Real feeds as published parse to the entries that their index counts."""

import csv
from functools import cache
from pathlib import Path

import pytest

from syndicator.sources.clean import text
from syndicator.sources.feed import parse_feed

FEEDS = Path(__file__).parents[2] / "shared" / "data" / "feeds"
INDEX = FEEDS / "INDEX.tsv"
ROWS = list(csv.DictReader(INDEX.read_text("utf-8").splitlines(), delimiter="\t")) if INDEX.exists() else []

# Entries that the feed gives twice, word for word with the same guid and link: read once, said in a warning.
REPEATED = {"rss-30.rss": 1, "rss-44.rss": 9}

pytestmark = pytest.mark.skipif(not ROWS, reason="the shared feeds are not beside this checkout")


@cache
def read(name):
    return parse_feed((FEEDS / name).read_bytes(), None, "https://feeds.example/feed")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_real_feed_loses_no_entry(row):
    parsed = read(row["file"])
    repeated = REPEATED.get(row["file"], 0)
    assert len(parsed.entries) == int(row["entries"]) - repeated
    assert any("given twice" in warning for warning in parsed.warnings) == bool(repeated)
    assert not any("left out" in warning or "guessing" in warning for warning in parsed.warnings)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_real_feeds_entries_are_clean_and_can_be_told_apart(row):
    parsed = read(row["file"])
    for entry in parsed.entries:
        content = entry.content
        assert entry.url or entry.guid
        assert content.title or content.text
        assert content.title == text(content.title)
        assert content.text == "\n\n".join(text(part) for part in content.text.split("\n\n"))
        assert "<script" not in content.html
        for url in (entry.url, content.image, *(each.url for each in content.enclosures)):
            assert url is None or url.startswith(("http://", "https://"))
