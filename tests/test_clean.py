"""Text and HTML from outside come out fit to keep, in linear time."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.clean import (
    TITLE_LENGTH,
    absolute,
    from_text,
    is_web_url,
    paragraphs,
    plain_title,
    sanitise,
    shorten,
    text,
    to_text,
)

BASE = "https://news.example/2026/story.html"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  a \t b\r\n c ", "a b c"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("a\x0bb\x0cc\x85d\u2028e\u00a0f", "a b c d e f"),
        ("a\ud800b\udfffc", "abc"),
        ("a\ufffeb\uffffc\ufdd0d", "abcd"),
        ("\ufeffstart", "start"),
        ("evil\u202egnp.exe\u2066x\u2069", "evilgnp.exex"),
        ("asy\u00adlum", "asylum"),
        ("e\u0301", "é"),
        ("नमस्\u200dते \U0001f469\u200d\U0001f4bb", "नमस्\u200dते \U0001f469\u200d\U0001f4bb"),
    ],
)
def test_a_line_of_text_is_clean(given, kept):
    assert text(given) == kept


@given(st.text())
def test_cleaning_text_twice_changes_nothing(value):
    once = text(value)
    assert text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("given", "markup", "title"),
    [
        ("<b>Bold</b> news", True, "Bold news"),
        ("One<br>two<p>three", True, "One two three"),
        ("a < b and c > d", True, "a < b and c > d"),
        ("List<String> explained", True, "List<String> explained"),
        ("I <3 news", True, "I <3 news"),
        ("AT&amp;T", True, "AT&T"),
        ("&amp;lt;b&amp;gt;", True, "&lt;b&gt;"),
        ("&lt;b&gt; is a tag", True, "<b> is a tag"),
        ("x<script>alert(1)</script>y", True, "x y"),
        ("x<!-- not this -->y", True, "xy"),
        ("<b>Bold</b> &amp; literal", False, "<b>Bold</b> &amp; literal"),
        ("&#xD800;&#0;ok", True, "\ufffd\ufffdok"),
        ("&#" + "9" * 5_000 + ";", True, "\ufffd"),
    ],
)
def test_a_headline_is_plain_text(given, markup, title):
    assert plain_title(given, markup=markup) == title


def test_a_long_headline_is_cut_at_a_word():
    title = plain_title("word " * 400, markup=False)
    assert len(title) <= TITLE_LENGTH
    assert title.endswith("word…")


def test_a_long_headline_without_spaces_is_cut_where_the_room_ends():
    assert shorten("語" * 600, 10) == "語" * 9 + "…"


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("One.\n\nTwo.\n\n\n\nThree.", ["One.", "Two.", "Three."]),
        ("First sentence of a paragraph.\nSecond paragraph here.\nA third.", None),
        ("A line of more than one hundred characters " + "goes on " * 10 + "\nNext.", None),
        ("\r\nWindows.\r\n\r\nLines.\r\n", ["Windows.", "Lines."]),
        ("Separated\u2029by its own character", ["Separated", "by its own character"]),
        ("", []),
    ],
)
def test_text_falls_into_paragraphs(given, parts):
    expected = [" ".join(line.split()) for line in given.split("\n")] if parts is None else parts
    assert paragraphs(given) == "\n\n".join(expected)


def test_hard_wrapped_lines_are_joined_and_lists_are_not():
    wrapped = (
        "The ferry that carries most of the island's traffic has been out of\n"
        "service since the morning, and will stay so until the weekend, said\n"
        "the harbour office.\n"
        "\n"
        "What is closed:\n"
        "- the ferry\n"
        "- the bridge\n"
    )
    first, *rest = paragraphs(wrapped).split("\n\n")
    assert first.startswith("The ferry that carries")
    assert first.endswith("said the harbour office.")
    assert rest == ["What is closed:", "- the ferry", "- the bridge"]


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>a<br>b<br><br>c</div>", "a b\n\nc"),
        ("<p>in<b>li</b>ne</p>", "inline"),
        ("<ul><li>x<li>y</ul>", "x\n\ny"),
        ("<table><tr><td>1<td>2<tr><td>3</table>", "1 2\n\n3"),
        ("a<style>p{}</style><script>if(a<b){}</script>b", "ab"),
        ("a<!-- <p>no</p> -->b<!---->c<!-->d", "abcd"),
        ("5 &lt; 6 &amp;amp; <p title='a>b'>x", "5 < 6 &amp;\n\nx"),
        ('<a href="x>unclosed', ""),
        ("a < b", "a < b"),
    ],
)
def test_html_reads_as_plain_text(markup, plain):
    assert to_text(markup) == plain


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ('<a href="jav&#x09;ascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href=" javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="JaVaScRiPt:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="data:text/html,x">x</a>', "<a>x</a>"),
        ('<a href="vbscript:x" onclick="x">x</a>', "<a>x</a>"),
        ('<a href="mailto:a@b.example">x</a>', '<a href="mailto:a@b.example">x</a>'),
        ('<svg><a xlink:href="javascript:alert(1)"><animate values="x"/>t</a></svg>ok', "ok"),
        ('<p style="position:fixed" onclick="x()" class="y" id="z">t</p>', "<p>t</p>"),
        ("<script>alert(1)</script><style>p{}</style>ok", "ok"),
        ("<iframe src='https://x.example'></iframe><form><input></form><template>t</template>ok", "ok"),
        ("<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", ""),
        ("a&#x202e;b&#xfffe;c", "abc"),
        ('<img src="https://t.example/p.gif" width="1" height="1">ok', "ok"),
        ("<img src=https://t.example/p.gif width=0 height=0 />ok", "ok"),
        ('<img src="data:image/gif;base64,R0lGOD">ok', "ok"),
        (
            '<p lang="sr" dir="ltr"><q cite="https://c.example/">q</q></p>',
            '<p lang="sr" dir="ltr"><q cite="https://c.example/">q</q></p>',
        ),
        ("<h2>H</h2><pre>a  b</pre><hr>", "<h2>H</h2><pre>a  b</pre><hr>"),
        ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
        ("no markup", "no markup"),
    ],
)
def test_markup_keeps_what_news_needs_and_nothing_else(markup, clean):
    result = sanitise(markup, BASE)
    assert result == clean
    for never in ("javascript", "onerror", "onclick", "<script", "<svg", "<style", "data:", "t.example"):
        assert never not in result


@pytest.mark.parametrize(
    ("markup", "with_base", "without"),
    [
        ('<a href="/map">x</a>', '<a href="https://news.example/map">x</a>', "<a>x</a>"),
        ('<a href="map">x</a>', '<a href="https://news.example/2026/map">x</a>', "<a>x</a>"),
        ('<img src="//cdn.example/a.png">', '<img src="https://cdn.example/a.png">', ""),
        (
            '<img src="https://c.example/a.png" srcset="b.png 1x, data:x 2x, //c.example/d.png 3x">',
            '<img src="https://c.example/a.png" srcset="https://news.example/2026/b.png 1x, https://c.example/d.png 3x">',
            '<img src="https://c.example/a.png">',
        ),
    ],
)
def test_relative_addresses_become_absolute_or_go(markup, with_base, without):
    assert sanitise(markup, BASE) == with_base
    assert sanitise(markup, None) == without
    assert sanitise(markup, "not a url") == without


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<div>" * 20_000 + "kept", id="nested-div"),
        pytest.param("<a><b>" * 20_000 + "kept", id="nested-formatting"),
        pytest.param("<div><object></div></object>" * 4_000 + "kept", id="scope-boundary"),
        pytest.param("<div><select></div></select>" * 4_000 + "kept", id="select"),
        pytest.param("".join(f"<div><b a={n}></div>" for n in range(4_000)) + "kept", id="reopened-formatting"),
        pytest.param("<b><div></b>" * 4_000 + "kept", id="adoption-agency"),
        pytest.param("<svg><style>" + "<div>" * 10_000 + "</style></svg>kept", id="foreign-style"),
        pytest.param('<p a=b="' + "<div>" * 19_000 + "kept", id="quote-in-value"),
        pytest.param("<!-->" + "<div>" * 19_000 + "kept", id="empty-comment"),
        pytest.param("<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">kept", id="attributes"),
        pytest.param("&" * 400_000 + "<b>kept</b>", id="ampersands"),
        pytest.param("<" * 500_000 + " kept", id="angles"),
        pytest.param("<p>x" * 30_000 + "kept", id="too-many-tags"),
        pytest.param("<p>" + "word " * 200_000 + "kept", id="too-long"),
    ],
)
def test_markup_made_to_stall_parsers_comes_back_as_text_in_good_time(markup):
    began = time.process_time()
    result = sanitise(markup, BASE)
    assert time.process_time() - began < 4
    assert "kept" in to_text(result)


@pytest.mark.parametrize("function", [to_text, text, paragraphs, lambda value: plain_title(value, markup=True)])
@pytest.mark.parametrize(
    "unit", ["<p a", "<!--", "<a b=\"'", "&#", "</", "<script>", "a\u0316\u0301", "\u0316\u0301", "\n", " \n.\n", "=<"]
)
def test_no_repeated_input_takes_more_than_linear_time(function, unit):
    began = time.process_time()
    function("a" + unit * 100_000)
    assert time.process_time() - began < 4


def test_plain_text_becomes_escaped_paragraphs():
    assert from_text("a < b\n\n<script>") == "<p>a &lt; b</p><p>&lt;script&gt;</p>"


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://a.example/x", True),
        ("http://a.example", True),
        ("ftp://a.example/", False),
        ("/path", False),
        ("https://", False),
        ("http://[bad", False),
        ("mailto:a@b.example", False),
    ],
)
def test_only_absolute_http_addresses_are_web_urls(url, web):
    assert is_web_url(url) is web
    assert (absolute(url, None) is not None) is web
