"""Why an alert fired on an article, or did not: the article that somebody means, and previewing's account of it."""

import re
from dataclasses import dataclass

from syndicator.alerts.wording import why
from syndicator.config import Settings
from syndicator.model import Article, State
from syndicator.previewing import Account, account
from syndicator.query import Query, parse
from syndicator.store import AlertRow, Store
from syndicator.web.desk.firings import SILENCES, shown
from syndicator.web.marking import Piece

MOST = 10
LONGEST = 2_000
_MOST_WORDS = 12
_WORD = re.compile(r"\w+")
# What is none of a headline's: an address or an id. Six characters of an id are the fewest that name an article.
_ADDRESS = re.compile(r"https?://|urn:uuid:|[0-9a-f]{6}[0-9a-f-]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """The account of an article, as the desk shows it. `silence` says why a hit said nothing."""

    account: Account
    heading: tuple[Piece, ...]
    passage: tuple[Piece, ...]
    words: str
    silence: str


def meant(store: Store, text: str) -> list[Article]:
    """Articles that somebody may mean by an address, an id or words of a headline; newest first, at most ten.

    Held and withdrawn ones are found by address and id alone.
    """
    if not text:
        return []
    if _ADDRESS.match(text):
        found = store.articles.find(text)
        if found:
            return found
    query = _headline(text)
    return [hit.article for hit in store.search.find(query, limit=MOST)] if query else []


def _headline(text: str) -> Query | None:
    """All of these words in the headline, in any form."""
    words = list(dict.fromkeys(_WORD.findall(text)))[:_MOST_WORDS]
    return parse(" ".join(f'title:"{word}"' for word in words)) if words else None


def answered(store: Store, settings: Settings, row: AlertRow, article: Article) -> Answered:
    """Why this alert fired on this article, or did not; of what was withdrawn no word again."""
    told = account(store, settings, row, article)
    hit = told.hit
    version = store.articles.version(hit.seq) if hit and article.state is not State.KILLED else None
    content = version.content if version else article.content
    heading, passage = shown(content.title, content.text or content.summary, told.reasons)
    silence = SILENCES[hit.silent] if hit and hit.silent else ""
    return Answered(told, heading, passage, why(told.reasons), silence)
