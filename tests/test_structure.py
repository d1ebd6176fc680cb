"""Structural attacks are refused before any parser sees them, and honest documents pass."""

import time

import pytest

from syndicator.errors import ParseError
from syndicator.sources.structure import html_excess, xml_outline
from syndicator.sources.wellformed import ENTRY_LENGTH, MOST_ENTRIES, mended

LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><rss>&c;</rss>'
QUADRATIC = f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}">]><rss>{"&a;" * 50_000}</rss>'


def many(form, count):
    return " ".join(form.format(n) for n in range(count))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param("<rss>" + "<a>" * 10_000 + "</a>" * 10_000 + "</rss>", "nested more than 128", id="10,000-levels"),
        pytest.param("<rss>" + "<a>" * 200_000, "nested more than 128", id="200,000-levels-unclosed"),
        pytest.param("<rss " + many('a{}="1"', 20_000) + "/>", "200 attributes", id="20,000-attributes"),
        pytest.param("<rss>" + many('<a xmlns:n{0}="u{0}"/>', 20_000) + "</rss>", "200 namespaces", id="namespaces"),
        pytest.param("<rss " + many('xmlns:n{0}="u{0}"', 20_000) + "/>", "200 attributes", id="namespaces-on-one"),
        pytest.param("<rss>" + "<a/>" * 1_000_001 + "</rss>", "1,000,000 elements", id="elements"),
        pytest.param(LAUGHS, "entities that expand", id="billion-laughs"),
        pytest.param(QUADRATIC, "entities that expand", id="quadratic-blow-up"),
        pytest.param("<rss></b>" + "<a>" * 1_000, "nested more than 128", id="levels-behind-an-error"),
        pytest.param(
            "<rss></b><a " + many('a{}="1"', 20_000) + "/>", "200 attributes", id="attributes-behind-an-error"
        ),
        pytest.param("<rss>" + "&" * 500_000 + "</rss>", "more than double", id="ampersands"),
    ],
)
def test_a_structural_attack_is_refused_in_good_time(document, reason):
    began = time.process_time()
    with pytest.raises(ParseError, match=reason):
        mended(document, "https://a.example/feed")
    assert time.process_time() - began < 4


def test_an_external_entity_is_never_fetched_and_stays_as_text(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    text = f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]><rss><title>&x;</title></rss>'
    assert b"<title>&amp;x;</title>" in mended(text, "s").xml


def test_the_outline_tells_where_entries_stand():
    document = "<rss><channel><title>é</title><item a='>'><b/></item>\n<item/><ITEM>x</ITEM ></channel></rss>".encode()
    outline = xml_outline(document, "s")
    assert outline.root == "rss"
    assert outline.error is None
    spans = [document[entry.start : entry.stop] for entry in outline.entries]
    assert spans == [b"<item a='>'><b/></item>", b"<ITEM>x</ITEM >"]
    assert [entry.elements for entry in outline.entries] == [1, 0]


def test_an_entry_within_an_entry_counts_once():
    outline = xml_outline(b"<feed><entry><content><entry/></content></entry></feed>", "s")
    assert len(outline.entries) == 1


@pytest.mark.parametrize(
    ("text", "xml", "note"),
    [
        ("<rss><a/></rss>", "<rss><a/></rss>", None),
        ('\ufeff <?xml version="1.0"?>\n<!-- <rss> --><?style x?><rss/>', "<rss/>", None),
        ('<br/><b>Warning</b>: x\n<?xml version="1.0"?><rss/>', "<rss/>", "begins with something else"),
        ("<rss/>\n<script>x", "<rss/>\n", "goes on after its end"),
        ("<rss><channel><item>1</item><item>2", "<rss><channel><item>1</item></channel></rss>", "cut off"),
        ("<feed><entry>1</entry><entry>2</en", "<feed><entry>1</entry></feed>", "cut off"),
        ("<rss>caf&eacute; &nbsp;&AMP;&amp;</rss>", "<rss>café \u00a0&amp;&amp;</rss>", "mended"),
        ("<rss>R&D a < b &nosuch; &</rss>", "<rss>R&amp;D a &lt; b &amp;nosuch; &amp;</rss>", "mended"),
        ("<rss>&#xD800;&#0;&#31;&#x41;&#xFFFFFFF;</rss>", "<rss>&#65;</rss>", "mended"),
        ("<rss>&nbsp;<![CDATA[R&D &nbsp; <b]]></rss>", "<rss>\u00a0<![CDATA[R&D &nbsp; <b]]></rss>", "mended"),
        ("<rss>a\x00b\x0bc\ufffe</rss>", "<rss>abc</rss>", None),
        ('<!DOCTYPE rss [<!ENTITY w "W&#246;rld <b>">]><rss>&w;</rss>', "<rss>Wörld &lt;b&gt;</rss>", "mended"),
        ("<rss><b></rss>", "<rss><b></rss>", "by guessing"),
    ],
)
def test_broken_xml_is_mended_and_said_so(text, xml, note):
    document = mended(text, "s")
    assert document.xml.decode() == xml
    if note is None:
        assert document.warnings == ()
    else:
        assert any(note in warning for warning in document.warnings)


def test_an_entry_too_large_costs_itself_alone():
    big = "<item><title>big</title><description>" + "x" * ENTRY_LENGTH + "</description></item>"
    document = mended(f"<rss><item>1</item>{big}<item>3</item></rss>", "s")
    assert document.xml == b"<rss><item>1</item><item>3</item></rss>"
    assert document.warnings == ("entry 2 left out: it is larger than 2,048 KB",)


def test_an_entry_of_too_many_elements_costs_itself_alone():
    document = mended(f"<rss><item>{'<b/>' * 20_001}</item><item>2</item></rss>", "s")
    assert document.xml == b"<rss><item>2</item></rss>"


def test_only_so_many_entries_are_read_from_the_top():
    document = mended("<rss>" + "<item>x</item>" * (MOST_ENTRIES + 5) + "</rss>", "s")
    assert document.xml.count(b"<item>") == MOST_ENTRIES
    assert document.warnings == (f"holds {MOST_ENTRIES + 5:,} entries; the first {MOST_ENTRIES:,} were read",)


@pytest.mark.parametrize(
    ("markup", "excess"),
    [
        ("<p>x<br>" * 5_000, None),
        ("<ul>" + "<li>x<p>y" * 3_000 + "</ul>", None),
        ("<div>" * 150 + "</div>" * 150, None),
        ("<p><b>x</p></b>" * 3_000, None),
        ("<div>" * 201, "nested more than 200 deep"),
        ("<b a=1>" * 201, "nested more than 200 deep"),
        ("<DIV>" * 201, "nested more than 200 deep"),
        ("x" * (512 * 1024 + 1), "longer than 512 KB"),
        ("<b>" * 20_001, "more than 20,000 tags"),
    ],
)
def test_html_is_measured_by_what_makes_it_slow(markup, excess):
    # Padding: short markup with few tags is not looked at at all.
    found = html_excess(markup + " " * 4_000 if len(markup) < 500_000 else markup)
    assert found is None if excess is None else excess in found
