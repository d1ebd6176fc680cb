"""What a page says about itself in JSON-LD (schema.org), meta tags (Open Graph, Dublin Core) and `<time>`.

Pages say when they were published in several places, with more or less precision. The best is taken: an instant
with its zone before a time of day, before a bare date; a vaguer statement of higher standing vouches for
a finer one only if they agree on the day.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from syndicator.sources.clean import absolute
from syndicator.sources.dates import parse_date

_SCRIPT_LENGTH = 512 * 1024  # characters of JSON-LD looked at
_MOST_NODES = 2_000
_MOST_TIMES = 5
_ARTICLE_TYPE = re.compile(r".*(?:Article|Posting)\Z|Report\Z")
_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "datepublished", "parsely-pub-date", "sailthru.date",
    "pubdate", "publishdate", "publish-date", "publication_date", "date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "dcterms.date", "citation_publication_date",
)  # fmt: skip
_UPDATED_META = (
    "article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified", "revised",
    "lastmod",
)  # fmt: skip
_WITH_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_WITH_ZONE = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[zZ]\b|[+-]\d{2}:?\d{2}|[A-Z]{2,5}\b)")
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "gob", "gov", "in", "net", "ne", "nhs", "or", "org", "police"))


@dataclass(frozen=True, slots=True)
class PageMeta:
    """The statements of one page, as they stand; only times and URLs are read. `languages` go best first."""

    headline: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    canonical: str | None = None
    image: str | None = None
    languages: tuple[str | None, ...] = ()
    categories: tuple[str, ...] = ()


def page_meta(tree: HtmlElement, url: str) -> PageMeta:
    """Read a parsed page that came from `url`."""
    article = _article(tree)
    metas = _metas(tree)
    times = [stated for element in tree.iterfind(".//time[@datetime]") if (stated := element.get("datetime"))]
    published = [*_strings(article.get("datePublished")), *_named(metas, _PUBLISHED_META)]
    updated = [*_strings(article.get("dateModified")), *_named(metas, _UPDATED_META)]
    return PageMeta(
        headline=next(iter(_strings(article.get("headline"))), ""),
        published=_finest([*published, *times[:_MOST_TIMES]]),
        updated=_finest(updated),
        authors=tuple(_names(article.get("author"))),
        canonical=_canonical(tree, url),
        image=next(iter([*_named(metas, ("og:image",)), *_urls(article.get("image"))]), None),
        languages=(tree.get("lang"), *_named(metas, ("og:locale",)), *_strings(article.get("inLanguage"))),
        categories=(
            *_strings(article.get("articleSection")),
            *_named(metas, ("article:section", "article:tag")),
        ),
    )


def same_site(one: str, other: str) -> bool:
    """Whether two URLs belong to one publisher: the same registered name, as far as a short list tells.

    A link to a site's front page is no article's address, whatever the page claims.
    """
    ours, theirs = urlsplit(one), urlsplit(other)
    if ours.path in {"", "/"} and not ours.query and theirs.path not in {"", "/"}:
        return False
    return _registered(ours.hostname or "") == _registered(theirs.hostname or "")


def _registered(host: str) -> str:
    labels = host.lower().rstrip(".").split(".")
    if labels[-1].isdigit():
        return host
    # "example.co.uk" is a name, "co.uk" is not.
    count = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2  # noqa: PLR2004 - country codes
    return ".".join(labels[-count:])


def _finest(stated: Sequence[str]) -> datetime | None:
    """The first of the finest statements, if it agrees on the day (in any zone) with the first one of all."""
    read = [(moment, value) for value in stated if (moment := parse_date(value)) is not None]
    if not read:
        return None
    first = read[0][0]
    near = [(moment, value) for moment, value in read if abs(moment - first) < timedelta(hours=38)]
    return max(near, key=lambda pair: _precision(pair[1]))[0]


def _precision(stated: str) -> int:
    return bool(_WITH_CLOCK.search(stated)) + bool(_WITH_ZONE.search(stated))


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    """The contents of meta tags (and of elements with `itemprop`) by lower-case name."""
    found: dict[str, list[str]] = {}
    for element in tree.iterfind(".//meta[@content]"):
        for key in ("property", "name", "itemprop"):
            if name := element.get(key):
                found.setdefault(name.lower(), []).append(element.get("content", ""))
    for name in ("datePublished", "dateModified"):
        for element in tree.iterfind(f".//*[@itemprop='{name}']"):
            found.setdefault(name.lower(), []).append(element.get("datetime", ""))
    return found


def _named(metas: dict[str, list[str]], wanted: Sequence[str]) -> list[str]:
    return [value for name in wanted for value in metas.get(name, ()) if value.strip()]


def _canonical(tree: HtmlElement, url: str) -> str | None:
    for element in tree.iterfind(".//link[@href]"):
        if "canonical" in (element.get("rel") or "").lower().split():
            return absolute((element.get("href") or "").strip(), url or None)
    return None


def _article(tree: HtmlElement) -> dict[str, Any]:
    """The first article object of the page's JSON-LD, or an empty one."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        source = (script.text or "").strip()
        if len(source) > _SCRIPT_LENGTH:
            continue
        try:
            data = json.loads(source, strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(data):
            if any(_ARTICLE_TYPE.match(kind) for kind in _strings(node.get("@type"))):
                return node
    return {}


def _nodes(data: object) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD document, outer ones first, at most `_MOST_NODES` values of it."""
    waiting = deque([data])
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        value = waiting.popleft()
        if isinstance(value, list):
            waiting.extend(value[:_MOST_NODES])
        elif isinstance(value, dict):
            yield value
            waiting.extend(value.get(key) for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"))


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str) and item.strip()]


def _names(value: object) -> list[str]:
    """Authors as schema.org allows them: a name, an object with one, or a list of either."""
    values = value if isinstance(value, list) else [value]
    found = [name for item in values for name in _strings(item.get("name") if isinstance(item, dict) else item)]
    return [name for name in found if "://" not in name]


def _urls(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [url for item in values for url in _strings(item.get("url") if isinstance(item, dict) else item)]
