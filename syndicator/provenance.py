"""What may be told of an article to whoever asks: who carries it, how it came to be what it says, where it stands.

Only what is out in the open: no version that was held back, no words that were replaced or withdrawn, no person's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicator.alerts import spans
from syndicator.editorial import id_of_advisory
from syndicator.model import Article, FeedItem, Kind, Reason, State
from syndicator.store import Carrier, Store, StoredVersion

# Other articles of the same story that are named.
MOST_KIN = 10
_SHOWN = (State.LIVE, State.CORRECTED, State.KILLED)


@dataclass(frozen=True, slots=True)
class Edition:
    """One version that was out in the open. `ours`: the newsroom made it, not the source.

    `note` is what a correction said of itself, "" where there is none.
    """

    number: int
    at: datetime
    state: State
    ours: bool
    note: str


@dataclass(frozen=True, slots=True)
class Filed:
    """A topic that an article stands under, and the words that put it there and still stand in it.

    `by_hand`: somebody put it there.
    """

    topic: str
    reasons: tuple[Reason, ...]
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Retired:
    """An article that was forgotten for its age."""

    id: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """An article with where it comes from.

    `carriers` have who carried it first in front; `editions` are oldest first; `kin` tell the same story. `pair` is
    the advisory of a withdrawn article, or the withdrawn article that an advisory is about.
    """

    item: FeedItem
    carriers: tuple[Carrier, ...]
    editions: tuple[Edition, ...]
    filed: tuple[Filed, ...]
    kin: tuple[FeedItem, ...]
    pair: FeedItem | None


def provenance(store: Store, id_: str) -> Provenance | Retired | None:
    """What may be told of the article with this id. None where the public has never seen one, or does not now."""
    try:
        article = store.articles.get(id_)
    except KeyError:
        return None
    versions = store.articles.history(id_)
    if article.state is State.EMBARGOED or all(version.state not in _SHOWN[:2] for version in versions):
        return None
    items = store.feeds.items([id_])
    if not items:
        return Retired(id_)
    carriers = tuple(store.articles.carriers(id_))
    withdrawn = article.state is State.KILLED
    by_hand = {topic for topic, each in store.placements.of(id_).items() if each.inside}
    return Provenance(
        item=items[0],
        carriers=carriers,
        editions=_editions(versions, {article.source, *(carrier.source for carrier in carriers)}, withdrawn=withdrawn),
        filed=tuple(
            Filed(topic, () if withdrawn else tuple(standing(article, reasons)), topic in by_hand and not withdrawn)
            for topic, reasons in store.topics.of(id_).items()
        ),
        kin=() if withdrawn else tuple(store.feeds.items(store.stories.others(id_, limit=MOST_KIN))),
        pair=_pair(store, article),
    )


def standing(article: Article, reasons: Iterable[Reason]) -> list[Reason]:
    """Those of the reasons whose words are still in the article.

    An article that was corrected stays in the topics of its wrong version; that version's words are not to be told.
    """
    content = article.content
    fields = {"title": content.title, "text": content.text or content.summary}
    kept = []
    for reason in reasons:
        if reason.field in fields:
            still = bool(spans(fields[reason.field], [reason], reason.field))
        else:
            still = reason.field != "author" or reason.words in content.authors
        if still:
            kept.append(reason)
    return kept


def _editions(versions: Iterable[StoredVersion], sources: set[str], *, withdrawn: bool) -> tuple[Edition, ...]:
    """The versions that were out in the open. A withdrawn article's earlier notes may name what had to go: they go too.

    A correction's note stays with the versions that follow it; it is told once.
    """
    editions: list[Edition] = []
    said = ""
    for version in versions:
        if version.state not in _SHOWN:
            continue
        note = version.note or ""
        told = note if note != said and version.state is State.CORRECTED and not withdrawn else ""
        said = note
        editions.append(Edition(version.version, version.at, version.state, version.author not in sources, told))
    return tuple(editions)


def _pair(store: Store, article: Article) -> FeedItem | None:
    if article.state is State.KILLED:
        other: str | None = id_of_advisory(article)
    else:
        other = article.about if article.kind is Kind.ADVISORY else None
    return next(iter(store.feeds.items([other])), None) if other else None
