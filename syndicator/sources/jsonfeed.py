"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), read by the specification and no further."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from syndicator.errors import ParseError
from syndicator.model import Content, Entry, Parsed
from syndicator.sources import entries as common
from syndicator.sources.clean import plain_title, text
from syndicator.sources.dates import parse_date
from syndicator.sources.wellformed import MOST_ENTRIES

_VERSION_HOST = "jsonfeed.org"


def parse_json_feed(source: str, *, url: str) -> Parsed:
    """Read the JSON Feed in `source`, which came from `url`. Raises ParseError when it is none.

    Wrong types cost the field, an item that is no object costs itself. An id may be a number (§items: it is
    read as a string). An `external_url` stands in where there is no `url`.
    """
    try:
        feed = json.loads(source.lstrip("\ufeff"))
    except RecursionError:
        raise ParseError(url, "refused: JSON nested too deep for a feed") from None
    except ValueError as error:
        raise ParseError(url, f"looks like JSON but can't be read: {error}") from None
    version = _string(feed, "version") if isinstance(feed, dict) else ""
    if _host(version) != _VERSION_HOST:
        raise ParseError(url, 'is JSON but no JSON Feed: "version" does not name jsonfeed.org')
    items = feed.get("items")
    if not isinstance(items, list):
        raise ParseError(url, 'is a JSON Feed without a list of "items"')
    home = common.link(_string(feed, "home_page_url"), url)
    warnings: list[str] = []
    if len(items) > MOST_ENTRIES:
        warnings.append(f"the document holds {len(items):,} entries; the first {MOST_ENTRIES:,} were read")
    kept: list[Entry] = []
    for number, item in enumerate(items[:MOST_ENTRIES], start=1):
        if not isinstance(item, dict):
            warnings.append(f"entry {number} left out: it is no JSON object")
            continue
        entry = _entry(item, feed, url)
        if common.is_empty(entry):
            warnings.append(f"entry {number} left out: it has no headline, no text and no link")
        else:
            kept.append(entry)
    entries, repeats = common.distinct(kept)
    hubs = (_string(hub, "url") for hub in _objects(feed, "hubs") if _string(hub, "type").lower() == "websub")
    return Parsed(
        entries=entries,
        title=text(_string(feed, "title")),
        home=home,
        language=common.language(_string(feed, "language")),
        hubs=common.web_urls(hubs, url),
        self_url=common.link(_string(feed, "feed_url"), url),
        warnings=(*warnings, *repeats),
    )


def _entry(item: dict[str, Any], feed: dict[str, Any], feed_url: str) -> Entry:
    base = common.link(_string(feed, "home_page_url"), feed_url) or feed_url
    page = common.link(_string(item, "url"), base) or common.link(_string(item, "external_url"), base)
    bodies = [common.body(_string(item, "content_html"), markup=True, base_url=page or base)]
    if not bodies[0].text:
        bodies.append(common.body(_string(item, "content_text"), markup=False, base_url=None))
    body, _ = common.pick(bodies)
    summary = text(_string(item, "summary"))
    # A summary is not a body, but where there is no other it is what the source says.
    body = body if body.text or body.html else common.body(summary, markup=False, base_url=None)
    return Entry(
        content=Content(
            title=plain_title(_string(item, "title"), markup=False),
            text=body.text,
            html=body.html,
            summary=summary if summary != body.text else "",
            authors=common.names(_authors(item)) or common.names(_authors(feed)),
            language=common.language(_string(item, "language"), _string(feed, "language")),
            categories=common.names(tag for tag in _list(item, "tags") if isinstance(tag, str)),
            image=common.link(_string(item, "image"), base) or common.link(_string(item, "banner_image"), base),
            enclosures=common.enclosures(
                (
                    (_string(each, "url"), _string(each, "mime_type"), _length(each.get("size_in_bytes")))
                    for each in _objects(item, "attachments")
                ),
                base,
            ),
        ),
        guid=common.guid(_id(item.get("id"))),
        url=page,
        published=parse_date(_string(item, "date_published")),
        updated=parse_date(_string(item, "date_modified")),
    )


def _authors(record: dict[str, Any]) -> Iterator[str]:
    """Version 1.1 has `authors`, 1.0 one `author`."""
    people = _objects(record, "authors")
    author = record.get("author")
    if not people and isinstance(author, dict):
        people = [author]
    return (_string(person, "name") for person in people)


def _id(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _length(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None


def _host(version: str) -> str:
    try:
        return (urlsplit(version).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _string(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _list(record: dict[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    return value if isinstance(value, list) else []


def _objects(record: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [each for each in _list(record, name) if isinstance(each, dict)]
