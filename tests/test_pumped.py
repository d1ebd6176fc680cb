"""Text made to make a regular expression try again and again costs what its size costs: no more than linear work."""

import signal
from contextlib import contextmanager, suppress

import pytest

from syndicator.alerts import excerpt
from syndicator.delivery.answers import one_line
from syndicator.delivery.mime import unstructured
from syndicator.errors import SyndicatorError
from syndicator.identity import canonical_url
from syndicator.model import Reason
from syndicator.publish import text as published
from syndicator.query import parse
from syndicator.query.builder import Boxes, written
from syndicator.query.folding import fold_name
from syndicator.sources import boilerplate, clean, dates, entries, headline, links, target
from syndicator.sources.charset import decode
from syndicator.sources.feed import parse_feed
from syndicator.sources.page import parse_page
from syndicator.sources.textfile import parse_file
from syndicator.sources.wellformed import mended
from syndicator.web.form import form_fields
from syndicator.web.marking import paragraphs

SIZE = 400_000
# Of CPU time: what grows with the square of the size takes a minute and longer, and none of these a second.
MOST_S = 8.0

RSS = '<rss version="2.0"><channel><title>t</title>{}<item><title>i</title>{}</item></channel></rss>'


def feed(head="", item=""):
    def read(text):
        return parse_feed(
            RSS.format(head.format(text), item.format(text)).encode("utf-8", "replace"), "application/rss+xml"
        )

    return read


def form(text):
    head = f"--x\r\ncontent-disposition: form-data;{text}\r\n\r\nvalue\r\n--x--"
    return form_fields(head.encode(), "multipart/form-data; boundary=x"), form_fields(b"", f"multipart/form-data{text}")


def cut(text):
    return excerpt(text, [Reason("x", "x", "text", 0, 1)], "text"), list(paragraphs(text, []))


READERS = {
    "text": clean.text,
    "title": lambda text: clean.plain_title(text, markup=True),
    "markup": lambda text: clean.sanitise(text, "https://e.example/"),
    "srcset": lambda text: clean.sanitise(f'<img src="/a" srcset="{text}">', "https://e.example/"),
    "date": dates.parse_date,
    "body": lambda text: entries.body(text, markup=True, base_url=None),
    "headline": lambda text: headline.take_headline([text, text]),
    "boilerplate": lambda text: boilerplate.strip([text, text]),
    "boilerplate in markup": lambda text: boilerplate.strip_html(f"<p>{text}</p>"),
    "Link": lambda text: links.hub_links(f"<https://e.example/>{text}", "https://e.example/"),
    "head of a page": lambda text: links.hub_links_of_page(text, "https://e.example/"),
    "a URL": target.redacted,
    "its identity": lambda text: canonical_url(f"https://e.example/{text}"),
    "characters": lambda text: decode(text.encode(), f"text/html; {text}"),
    "feed": feed("{}"),
    "author": feed(item="<author>{}</author>"),
    "mended": lambda text: mended(text, "s"),
    "page": lambda text: parse_page(text.encode(), "text/html"),
    "file": lambda text: parse_file("a.txt", text.encode()),
    "front matter": lambda text: parse_file("a.md", f"---\ntitle: {text}\n".encode()),
    "form": form,
    "excerpt": cut,
    "published": lambda text: (published.excerpt(text, 300), published.paragraphs(text)),
    "answer": one_line,
    "mail header": unstructured,
    "boxes": lambda text: written(Boxes(all=text)),
    "name": fold_name,
    "query": parse,
}

# What each of them reads, again and again; each at the most that is read of its kind, and in proportion.
PUMPS = {
    "text": ("a", " ", "\n ", "&#", "\u0301"),
    "title": ("<", "<a ", "&#1"),
    "markup": ("<img ", "<!--", "width="),
    "srcset": ("a", "a ", ","),
    "date": ("a", "1 ", " "),
    "body": ("<", "&#", "</"),
    "headline": ("A.", ". ", '."'),
    "boilerplate": ("a ", "\u00bb", ". "),
    "boilerplate in markup": ("<", "a ", "&"),
    "Link": (";", '; a="', ";a=b", "\\"),
    "head of a page": ("<", "<!--", "<a "),
    "a URL": ("/", "@", "a"),
    "its identity": ("/", "%", "/amp"),
    "characters": ("<?xml ", "charset=", "<meta "),
    "feed": ("<skiphours ", "<skiphours>", "<skiphours><hour ", "<!--"),
    "author": ('"', '!"', "/"),
    "mended": ("<!DOCTYPE [", "&", "<![CDATA[", "<?"),
    "page": ("<!--", "<meta "),
    "file": (" ", "\n", "embargo "),
    "front matter": ("a", "- "),
    "form": (';name="', " ", "; boundary="),
    "excerpt": ("\n ", '."', ".", "\n"),
    "published": ("\n ", '."', "\n"),
    "answer": ("\x1b[", "\x1b]", "\x9b1"),
    "mail header": (" ", "\u00e9", '"'),
    "boxes": ('"', "-"),
    "name": ("a", "\u0301", "."),
    "query": ("(", '"', "a ", "NEAR/"),
}


@contextmanager
def at_most(seconds):
    """Of this process's own CPU time, so that a busy machine changes nothing; regular expressions look out for it."""

    def end(*_):
        raise AssertionError(f"it took more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("reader", READERS)
def test_work_grows_with_the_size_and_not_with_its_square(reader):
    for pump in PUMPS[reader]:
        with at_most(MOST_S), suppress(SyndicatorError, ValueError):
            READERS[reader](pump * (SIZE // len(pump)))
