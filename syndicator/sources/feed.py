"""RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, read through feedparser; JSON Feed through `jsonfeed`.

feedparser reads what the elements say; what that means is decided here: which of several bodies is the
article, which address is its page, what a date can be. Its own sanitising, resolving of links and dates are
off or overruled (`clean`, `entries`, `dates`): they are slow, or guess where a feed reader may and a news
service may not.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import feedparser

from syndicator.errors import ParseError
from syndicator.model import Content, Enclosure, Entry, Parsed
from syndicator.sources import entries as common
from syndicator.sources.charset import decode
from syndicator.sources.clean import is_web_url, plain_title, shorten, text
from syndicator.sources.dates import in_range, parse_date
from syndicator.sources.discovery import feeds_of_page
from syndicator.sources.jsonfeed import parse_json_feed
from syndicator.sources.wellformed import mended, root_start

FEED_LENGTH = 32 * 1024 * 1024
"""The largest document that is looked at, in bytes."""

_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body)[\s>]", re.IGNORECASE)
_HEAD_LENGTH = 64 * 1024
_PERIODS_MINUTES = {"hourly": 60, "daily": 1_440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
_SKIP = re.compile(r"<skip(hours|days)\b[^<>]*>((?:[^<]|<(?!skip)){0,4000}?)</skip\1\s*>", re.IGNORECASE)
_SKIPPED = re.compile(r"<(?:hour|day)\b[^>]*>\s*([a-z0-9]{1,9})\s*<", re.IGNORECASE)
_WEEKDAYS = {"monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6}
_HTML_TYPES = {"text/html", "application/xhtml+xml"}
_MARKS_OF_BLOGGER = "http://schemas.google.com/g/2005#kind"
_IN_ANGLES = re.compile(r"<[^<>]*>?$")
_EMAIL = re.compile(r"(?<![^@\s()<>])[^@\s()<>]+@[^@\s()<>]+")

# A feedparser dictionary; its own get() would answer `updated` with `published`, so this module uses dict.get.
_Record = dict[str, Any]


def parse_feed(body: bytes, content_type: str | None = None, url: str = "") -> Parsed:
    """Read the feed in `body`, which came from `url` with this Content-Type header.

    Entries come in document order, cleaned. Raises ParseError (one line, about `url`) when it is no feed, is
    larger than `FEED_LENGTH`, or has a shape made to stall parsers. A bad entry costs itself: it is left out,
    and `warnings` says so. CPU-bound: call it in a `sandbox.Sandbox`.
    """
    if len(body) > FEED_LENGTH:
        raise ParseError(url, f"is larger than {FEED_LENGTH // 1024 // 1024} MB")
    source, wrong_encoding = decode(body, content_type)
    warnings = [f"the document {wrong_encoding}"] if wrong_encoding else []
    start = source.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise ParseError(url, "is empty: no feed in it")
    if start in "{[":
        return parse_json_feed(source, url=url)
    _must_be_feed(source, url)
    document = mended(source, url)
    warnings += [f"the document {note}" if not note.startswith("entry ") else note for note in document.warnings]
    # A fixed Content-Type: the encoding is settled, and feedparser must not settle it again.
    found = feedparser.parse(
        document.xml,
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not found["version"] and not found["entries"]:
        raise ParseError(url, f"is not a feed: it begins with {_beginning(source)}")
    return _Reader(found, url).read(source, warnings)


def _must_be_feed(source: str, url: str) -> None:
    place = root_start(source)
    if _PAGE.search(source, 0, _HEAD_LENGTH if place is None else place):
        feeds = feeds_of_page(source, url)
        advice = (
            f"configure the feed that it names: {' or '.join(feeds[:3])}"
            if feeds
            else 'it names no feed; try the source as kind = "page"'
        )
        raise ParseError(url, f"is a web page, not a feed; {advice}")
    if place is None:
        raise ParseError(url, f"is not a feed: it begins with {_beginning(source)}")


def _beginning(source: str) -> str:
    return f'"{shorten(text(source[:200]), 60)}"'


class _Reader:
    """One document as feedparser found it, on its way to a Parsed."""

    def __init__(self, found: _Record, url: str) -> None:
        self._channel: _Record = found["feed"]
        self._items: list[_Record] = found["entries"]
        self._atom = str(found["version"]).startswith("atom")
        self._url = url
        links = self._channel_links("alternate")
        self._home = common.link(_string(self._channel, "link"), url) or next(iter(common.web_urls(links, url)), None)
        # RSS says nothing of relative links. Its writers mean the site, which need not be where the feed is.
        self._base = url if self._atom else self._home or url
        self._language = common.language(_string(self._channel, "language"))
        self._authors = _authors(self._channel) if self._atom else ()

    def read(self, source: str, warnings: list[str]) -> Parsed:
        kept: list[Entry] = []
        for number, item in enumerate(self._items, start=1):
            try:
                entry = self._entry(item)
            except (ValueError, TypeError, KeyError, AttributeError, LookupError, OverflowError) as error:
                warnings.append(f"entry {number} left out: it can't be read ({type(error).__name__}: {error})")
                continue
            if common.is_empty(entry):
                warnings.append(f"entry {number} left out: it has no headline, no text and no link")
            else:
                kept.append(entry)
        entries, repeats = common.distinct(kept)
        selves = common.web_urls(self._channel_links("self"), self._url)
        return Parsed(
            entries=entries,
            title=self._title(self._channel),
            home=self._home,
            language=self._language,
            ttl=self._ttl(),
            skip_hours=frozenset(_skipped(source, "hours", _hour)),
            skip_days=frozenset(_skipped(source, "days", lambda day: _WEEKDAYS.get(day.lower()))),
            hubs=common.web_urls(self._channel_links("hub"), self._url),
            self_url=selves[0] if selves else None,
            warnings=(*warnings, *repeats),
        )

    def _entry(self, item: _Record) -> Entry:
        url = self._page(item)
        details = _details(item)
        bodies = [self._body(detail, url) for detail in details]
        body, summary = common.pick(bodies)
        published, updated = self._dates(item)
        spoken = [_string(item, "language"), *(_string(detail, "language") for detail in details)]
        title_detail = dict.get(item, "title_detail")
        if isinstance(title_detail, dict):
            spoken.append(_string(title_detail, "language"))
        return Entry(
            content=Content(
                title=self._title(item),
                text=body.text,
                html=body.html,
                summary=summary,
                authors=_authors(item) or self._authors,
                language=common.language(*spoken, self._language),
                categories=_categories(item),
                image=self._image(item),
                enclosures=self._enclosures(item),
            ),
            guid=common.guid(_string(item, "id") or ""),
            url=url,
            published=published,
            updated=updated,
        )

    def _title(self, record: _Record) -> str:
        """RSS titles are HTML in practice, whatever the specification says; Atom says which (RFC 4287 §3.1.1)."""
        detail = dict.get(record, "title_detail")
        declared = _string(detail, "type") if isinstance(detail, dict) else ""
        return plain_title(_string(record, "title"), markup=not self._atom or declared in _HTML_TYPES)

    def _page(self, item: _Record) -> str | None:
        """The article's page: what a proxy says it was, the alternate link, or a guid that is a permalink."""
        if is_web_url(original := _string(item, "feedburner_origlink").strip()):
            return common.link(original, None)
        alternates = [each for each in _records(item, "links") if _string(each, "rel") == "alternate"]
        alternates.sort(key=lambda each: _string(each, "type") not in _HTML_TYPES)
        for each in alternates:
            if where := common.link(_string(each, "href"), self._base):
                return where
        # feedparser puts a permalink guid into `link`; one that is no URL ("12345") is not made one.
        stated = _string(item, "link").strip()
        if self._atom or (stated == _string(item, "id").strip() and not is_web_url(stated)):
            return None
        return common.link(stated, self._base)

    def _body(self, detail: _Record, page: str | None) -> common.Body:
        value = _string(detail, "value")
        declared = _string(detail, "type")
        # Atom resolves against xml:base and the feed (RFC 4287 §2); RSS content is cut from the article's page.
        base = common.link(_string(detail, "base"), self._base) or (self._url if self._atom else page or self._base)
        markup = not self._atom or declared in _HTML_TYPES
        return common.body(value, markup=markup, base_url=base)

    def _dates(self, item: _Record) -> tuple[datetime | None, datetime | None]:
        published = _date(item, "published") or _date(item, "created")
        updated = _date(item, "updated")
        if published is None and not self._atom:
            # dc:date, which feedparser calls `updated`: the one date that RSS 1.0 has.
            return updated, None
        return published, updated

    def _image(self, item: _Record) -> str | None:
        pictures = [each for each in _records(item, "media_content") if _is_picture(each)]
        pictures.sort(key=lambda each: _number(each, "width") or 0, reverse=True)
        own = dict.get(item, "image")
        return next(
            iter(
                common.web_urls(
                    chain(
                        (_string(each, "url") for each in pictures),
                        (_string(each, "url") for each in _records(item, "media_thumbnail")),
                        [_string(own, "href")] if isinstance(own, dict) else [],
                        (
                            _string(each, "href")
                            for each in _records(item, "links")
                            if _string(each, "rel") == "enclosure" and _string(each, "type").startswith("image/")
                        ),
                    ),
                    self._base,
                )
            ),
            None,
        )

    def _enclosures(self, item: _Record) -> tuple[Enclosure, ...]:
        attached = (each for each in _records(item, "links") if _string(each, "rel") == "enclosure")
        media = (each for each in _records(item, "media_content") if not _is_picture(each) and _string(each, "type"))
        return common.enclosures(
            chain(
                ((_string(each, "href"), _string(each, "type"), _number(each, "length")) for each in attached),
                ((_string(each, "url"), _string(each, "type"), _number(each, "filesize")) for each in media),
            ),
            self._base,
        )

    def _ttl(self) -> timedelta | None:
        """The longer of RSS `ttl` (minutes) and `sy:updatePeriod` / `sy:updateFrequency` (RSS syndication module)."""
        asked = float(_number(self._channel, "ttl") or 0)
        period = _PERIODS_MINUTES.get(_string(self._channel, "sy_updateperiod").strip().lower())
        if period:
            asked = max(asked, period / max(1, _number(self._channel, "sy_updatefrequency") or 1))
        return common.minutes(asked)

    def _channel_links(self, rel: str) -> list[str]:
        return [_string(each, "href") for each in _records(self._channel, "links") if _string(each, "rel") == rel]


def _details(item: _Record) -> list[_Record]:
    """An item's bodies in order of preference: content elements, then the summary or description."""
    details = _records(item, "content")
    summary = dict.get(item, "summary_detail")
    if isinstance(summary, dict):
        return [*details, summary]
    plain = _string(item, "summary")
    # Where there is no summary, feedparser repeats the content as one.
    if not plain or any(_string(detail, "value") == plain for detail in details):
        return details
    return [*details, {"value": plain, "type": "text/html"}]


def _authors(record: _Record) -> tuple[str, ...]:
    """Names; where no author has one, the addresses without which nobody would be named."""
    people = _records(record, "authors")
    written = [f"{_string(each, 'name')} <{_string(each, 'email')}>" for each in people]
    if written and (last := _string(record, "author")):
        # The last author's element as it stands, before feedparser took the address out of it.
        written[-1] = last
    named = common.names(map(_name, written))
    return named or common.names(found[0] for each in written if (found := _EMAIL.search(each)))


def _name(written: str) -> str:
    """The person in "Ana <ana@example.org>" and "ana@example.org (Ana)".

    feedparser has taken the address out already, but knows top-level domains of four letters at most: of
    "ana@news.london (Ana)" it leaves "on (Ana".
    """
    name = _EMAIL.sub("", written)
    if name.count("(") != name.count(")"):
        name = name.rpartition("(")[2]
    return _IN_ANGLES.sub("", name).strip(" ()<>")


def _categories(item: _Record) -> tuple[str, ...]:
    tags = (each for each in _records(item, "tags") if _string(each, "scheme") != _MARKS_OF_BLOGGER)
    return common.names(plain_title(_string(each, "label") or _string(each, "term"), markup=True) for each in tags)


def _date(item: _Record, name: str) -> datetime | None:
    if found := parse_date(_string(item, name)):
        return found
    # feedparser knows some national forms that we do not (Korean, Greek, Hungarian).
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        year, month, day, hour, minute, second = tuple(dict.get(item, f"{name}_parsed") or ())[:6]
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return moment if in_range(moment) else None
    return None


def _skipped(source: str, which: str, read: Callable[[str], int | None]) -> Iterator[int]:
    for match in _SKIP.finditer(source):
        if match[1].lower() == which:
            yield from (value for value in map(read, _SKIPPED.findall(match[2])) if value is not None)


def _hour(written: str) -> int | None:
    """0 to 23; RSS 0.91 counted from 1 to 24."""
    return int(written) % 24 if written.isdecimal() and int(written) <= 24 else None  # noqa: PLR2004 - hours in a day


def _is_picture(media: _Record) -> bool:
    return _string(media, "medium") == "image" or _string(media, "type").startswith("image/")


def _string(record: _Record, name: str) -> str:
    value = dict.get(record, name)
    return value if isinstance(value, str) else ""


def _number(record: _Record, name: str) -> int | None:
    value = _string(record, name).strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else None  # noqa: PLR2004 - digits of any real length


def _records(record: _Record, name: str) -> list[_Record]:
    value = dict.get(record, name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
