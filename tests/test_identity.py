"""Who an article is: canonical URLs, ids, fingerprints."""

import pytest

from syndicator.identity import article_id, article_id_for_guid, canonical_url, fingerprint
from syndicator.model import Content


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://News.Example/a", "https://news.example/a"),
        ("HTTPS://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80/a", "https://news.example/a"),
        ("http://news.example:8080/a", "http://news.example:8080/a"),
        ("https://news.example./a", "https://news.example/a"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/a?utm_source=rss&utm_medium=x", "https://news.example/a"),
        ("https://news.example/a?id=7&fbclid=abc&page=2", "https://news.example/a?id=7&page=2"),
        ("https://news.example/a?id=7&empty=", "https://news.example/a?id=7&empty="),
        ("https://news.example/a?q=caf%C3%A9+noir", "https://news.example/a?q=caf%C3%A9+noir"),
        ("https://news.example/a?at_medium=RSS&at_campaign=KARANGA", "https://news.example/a"),
        ("https://news.example/a/amp", "https://news.example/a"),
        ("https://news.example/a/amp/", "https://news.example/a"),
        ("https://news.example/a?amp=1", "https://news.example/a"),
        ("https://news-example.cdn.ampproject.org/c/s/news.example/a", "https://news.example/a"),
        ("https://www.google.com/amp/s/news.example/a/amp", "https://news.example/a"),
        ("https://news.example/%7ejo/caf%c3%a9", "https://news.example/~jo/caf%C3%A9"),
        ("https://news.example/a%2fb", "https://news.example/a%2Fb"),
        ("https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
        ("https://news.example/?p=123", "https://news.example/?p=123"),
        ("  https://news.example/a ", "https://news.example/a"),
    ],
)
def test_one_page_has_one_canonical_url(given, meant):
    assert canonical_url(given) == meant
    assert canonical_url(meant) == meant


@pytest.mark.parametrize(
    "given",
    [None, "", "https://news.example", "https://news.example/", "mailto:x@y.example", "/relative", "javascript:x",
     "https:///a", "https://news.example:port/a", "http://[::1/a", "https://news.example/#top"],
)  # fmt: skip
def test_what_names_no_single_article_has_none(given):
    assert canonical_url(given) is None


def test_case_of_path_and_order_of_parameters_are_the_sites_own():
    assert canonical_url("https://x.example/A?b=1&a=2") == "https://x.example/A?b=1&a=2"


def test_ids_are_permanent():
    # Literal values: a change of namespace or recipe would give every article in every store a new id.
    assert article_id("https://news.example/a") == "urn:uuid:08aade38-725e-5cc2-8ef7-068229e7711e"
    assert article_id_for_guid("bbc", "1") == "urn:uuid:7b0e6ba9-7431-5a2c-9a24-3344c1880fa7"


def test_the_same_guid_of_two_sources_is_two_articles():
    assert article_id_for_guid("one", "7") != article_id_for_guid("two", "7")


def test_fingerprint_follows_the_words_and_nothing_else():
    story = Content(title="Boats", text="Forty crossed.\n\nNone drowned.")
    same = Content(title=" Boats ", text="Forty crossed. None drowned.", html="<p>x</p>", image="https://i.example/1")
    assert fingerprint(story) == fingerprint(same)
    assert fingerprint(story) != fingerprint(Content(title="Boats", text="Fifty crossed.\n\nNone drowned."))
    assert fingerprint(story) != fingerprint(Content(title="Boat", text=story.text))


def test_summary_counts_only_without_text():
    assert fingerprint(Content("T", "text", summary="a")) == fingerprint(Content("T", "text", summary="b"))
    assert fingerprint(Content("T", "", summary="a")) != fingerprint(Content("T", "", summary="b"))
