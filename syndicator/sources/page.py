"""An article's web page, read with trafilatura: its text, and what it says about itself.

trafilatura (and htmldate behind it) finds the text and keeps dates only; the instant of publication, with its
time of day and zone, is read by `pagemeta`. A page is looked over before it is parsed: libxml2 needs minutes
for an element with 200,000 attributes, and trafilatura's time grows with the square of the elements.
"""

import logging
import re
from datetime import datetime
from typing import Any

from syndicator.errors import ParseError
from syndicator.model import Content, Entry, Parsed
from syndicator.sources import boilerplate
from syndicator.sources import markup as html
from syndicator.sources.charset import decode
from syndicator.sources.clean import absolute, plain_title, sanitise, shorten, text, to_text
from syndicator.sources.dates import parse_date
from syndicator.sources.entries import language, names
from syndicator.sources.links import hub_links_of_page
from syndicator.sources.pagemeta import PageMeta, page_meta, same_site

_LONGEST = 8 * 1024 * 1024  # characters of markup
_MOST_TAGS = 40_000  # start tags; a long live blog has 15,000
_MOST_ATTRIBUTES = 200
_ATTRIBUTES_LENGTH = 4_000  # characters; shorter ones can't be too many
_SHORTEST = 60  # characters of text; below it is a button or a notice
_SUMMARY_LENGTH = 2_000
_STATED_DATES = {"original_date": True, "extensive_search": False}
_FIRST_HEADING = re.compile(r"\s*<(h[1-6]|p)>(.{1,1000}?)</\1>", re.DOTALL)


def parse_page(body: bytes, content_type: str | None = None, url: str = "") -> Parsed:
    """Read one article page; `url` is where it came from, "" for a file.

    The entry's URL is the canonical link where that is of the same site, else `url`. It has no guid. Raises
    ParseError for a page that holds no article, or whose shape alone would take minutes to parse.
    """
    place = url or "this page"
    source, warning = decode(body, content_type)
    if excess := _excess(source):
        raise ParseError(place, f"refused before parsing: the page {excess}")
    # A NUL ends the document for libxml2, and a form feed is white space in HTML but no character of XML.
    extracted, meta, found = _extract(source.replace("\0", "").replace("\f", " "), url)
    title = _title(meta, found)
    markup = _without_headline(sanitise(extracted, url or None), title)
    paragraphs = boilerplate.strip(to_text(markup).split("\n\n"))
    content_text = "\n\n".join(paragraphs)
    if len(content_text) < _SHORTEST:
        raise ParseError(place, f"no article text found at {place}")
    entry_url = _entry_url(url, meta.canonical)
    content = Content(
        title=title or shorten(paragraphs[0], 90),
        text=content_text,
        html=boilerplate.strip_html(markup),
        summary=shorten(text(found.description or ""), _SUMMARY_LENGTH),
        authors=names(meta.authors or _authors(found.author)),
        language=language(*meta.languages),
        categories=names([*meta.categories, *(found.categories or ()), *(found.tags or ())]),
        image=absolute(meta.image or found.image or "", entry_url),
    )
    entry = Entry(
        content,
        url=entry_url,
        published=meta.published or _guessed(found.date, url, content_text),
        updated=meta.updated,
    )
    links = hub_links_of_page(source, url)
    return Parsed(
        entries=(entry,),
        title=text(found.sitename or ""),
        language=content.language,
        hubs=links.hubs,
        self_url=links.self_url,
        warnings=(warning,) if warning else (),
    )


def _extract(source: str, url: str) -> tuple[str, PageMeta, Any]:
    """The article as trafilatura's HTML, our metadata, and trafilatura's own (its `Document`)."""
    import trafilatura  # noqa: PLC0415 - it takes most of a second to import, and only pages need it

    for library in ("trafilatura", "htmldate", "courlan"):
        logging.getLogger(library).setLevel(logging.CRITICAL)  # what they log is told in our errors
    place = url or "this page"
    try:
        # One child too few and trafilatura takes a page for a fragment, and drops it.
        tree = trafilatura.load_html(source if "<html" in source[:1000].lower() else f"<html>{source}</html>")
        found = trafilatura.extract_metadata(tree, default_url=url or None, date_config=_STATED_DATES)
        meta = page_meta(tree, url)
        extracted = trafilatura.extract(
            tree,
            url=url or None,
            output_format="html",
            include_comments=False,
            include_formatting=True,
            include_links=True,
        )
    except Exception as error:
        raise ParseError(place, f"{place} can't be read as a page: {type(error).__name__}: {error}"[:300]) from error
    if not extracted:
        raise ParseError(place, f"no article text found at {place}")
    return extracted, meta, found


def _excess(source: str) -> str | None:
    """Why this page would be slow to parse, or None. Linear in its length."""
    if len(source) > _LONGEST:
        return f"is longer than {_LONGEST // 2**20} MB"
    tags = 0
    for token in html.tokens(source):
        if isinstance(token, html.Text) or token.end:
            continue
        tags += 1
        if tags > _MOST_TAGS:
            return f"has more than {_MOST_TAGS:,} elements"
        crowded = len(token.attributes) > _ATTRIBUTES_LENGTH
        if crowded and len(html.attributes(token.attributes)) > _MOST_ATTRIBUTES:
            return f"has more than {_MOST_ATTRIBUTES} attributes on one element"
    return None


def _title(meta: PageMeta, found: Any) -> str:
    """The headline without the site's name at its end ("Headline - Example News")."""
    title = plain_title(meta.headline or found.title or "", markup=True)
    site = text(found.sitename or "")
    for separator in (" - ", " | ", " – ", " — ", " · ", " :: "):
        if site and title.casefold().endswith(f"{separator}{site}".casefold()):
            return title[: -len(separator) - len(site)].rstrip()
    return title


def _without_headline(markup: str, title: str) -> str:
    """The body without its headline, which trafilatura keeps when it stands inside the article."""
    first = _FIRST_HEADING.match(markup)
    if first and title and to_text(first[2]).casefold() == title.casefold():
        return markup[first.end() :].lstrip()
    return markup


def _guessed(found: str | None, url: str, article: str) -> datetime | None:
    """A date that stands in the URL or around the article, at midnight UTC.

    htmldate also finds dates that the article speaks of. That is worse than none: news dated by a year that it
    mentions would never be seen. So its year must be in the URL, or must not be in the text.
    """
    if not found or (found[:4] not in url and found[:4] in article):
        return None
    return parse_date(found)


def _authors(joined: str | None) -> list[str]:
    return [name for name in (joined or "").split(";") if "://" not in name]


def _entry_url(asked: str, canonical: str | None) -> str | None:
    """The canonical link, unless it would make this article another site's, or a site's front page."""
    if not asked:
        return canonical
    return canonical if canonical and same_site(canonical, asked) else asked
