"""Why an alert fired on an article, or did not: the article that somebody means, and previewing's account of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from syndicator.alerts.wording import why
from syndicator.config import Settings
from syndicator.identity import canonical_url
from syndicator.model import Article, State
from syndicator.previewing import Account, account
from syndicator.query import Query, parse
from syndicator.store import AlertRow, Store
from syndicator.web.desk.firings import shown, silence
from syndicator.web.marking import Piece

MOST = 10
LONGEST = 2_000
_MOST_WORDS = 12
_WORD = re.compile(r"\w+")
# What is none of a headline's: an id. Six characters of one are the fewest that name an article.
_ID = re.compile(r"urn:uuid:|[0-9a-f]{6}[0-9a-f-]*$", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+$|[\w-]+(?:\.[\w-]+)+(?::\d+)?/\S+$", re.IGNORECASE)
_OWN_PAGE = re.compile(r"(?:/desk)?/articles/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[/?]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """The account of an article, as the desk shows it. `silence` says why a hit said nothing."""

    account: Account
    heading: tuple[Piece, ...]
    passage: tuple[Piece, ...]
    words: str
    silence: str


def meant(store: Store, settings: Settings, text: str, *, held: bool) -> list[Article]:
    """Articles that somebody may mean by an address, an id or words of a headline; newest first, at most ten.

    Held and withdrawn ones are found by address and id alone, and `held` ones only by who may see them.
    """
    if not text:
        return []
    if _ID.match(text):
        found = _seen(store.articles.find(text.lower()), held=held)
        if found:
            return found
    if _ADDRESS.match(text):
        address = text if "://" in text else f"https://{text}"
        own = _of_ours(settings.site.url, address)
        found = store.articles.find(own or address) or ([] if own else store.articles.at(_spellings(address)))
        found = _seen(found, held=held)
        if found:
            return found
    query = _headline(text)
    return [hit.article for hit in store.search.find(query, limit=MOST)] if query else []


def _seen(found: list[Article], *, held: bool) -> list[Article]:
    return [each for each in found if held or each.state is not State.EMBARGOED]


def _of_ours(site: str, address: str) -> str | None:
    """The id of the article that a page of ours is about, for readers or at the desk; None of any other address."""
    ours, theirs = canonical_url(f"{site.rstrip('/')}/articles"), canonical_url(address)
    if ours is None or theirs is None:
        return None
    page = _OWN_PAGE.match(theirs.removeprefix(ours.removesuffix("/articles")))
    return f"urn:uuid:{page[1].lower()}" if page else None


def _spellings(address: str) -> list[str]:
    """The canonical addresses that may be meant by one: with www. and without, with a slash at its end and without."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    hosts = {parts.netloc, parts.netloc.removeprefix("www."), f"www.{parts.netloc}"}
    paths = {parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/"}
    spelt = (canonical_url(parts._replace(netloc=host, path=path).geturl()) for host in hosts for path in paths)
    return sorted({each for each in spelt if each})


def _headline(text: str) -> Query | None:
    """All of these words in the headline, in any form."""
    words = list(dict.fromkeys(_WORD.findall(text)))[:_MOST_WORDS]
    return parse(" ".join(f'title:"{word}"' for word in words)) if words else None


def answered(
    store: Store, settings: Settings, row: AlertRow, article: Article, at: Callable[[datetime], str]
) -> Answered:
    """Why this alert fired on this article, or did not; of what was withdrawn no word again. `at` words its times."""
    told = account(store, settings, row, article, at=at)
    hit = told.hit
    version = store.articles.version(hit.seq) if hit and article.state is not State.KILLED else None
    content = version.content if version else article.content
    heading, passage = shown(content.title, content.text or content.summary, told.reasons)
    return Answered(told, heading, passage, why(told.reasons), silence(hit) if hit else "")
