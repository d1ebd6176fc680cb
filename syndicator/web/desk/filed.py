"""Where an article stands and why, as the desk tells it: the words that matched, and what somebody decided by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syndicator.model import Article, State
from syndicator.provenance import Filed, standing
from syndicator.store import Placement, Store
from syndicator.web.articles import why


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic of an article. `inside`: it stands there; else it was taken out by hand, or waits for its release.

    `words` put it there, and `more` others; `placement` is what somebody decided.
    """

    topic: str
    title: str
    inside: bool
    words: tuple[str, ...]
    more: int
    placement: Placement | None


def standings(store: Store, article: Article, titles: Mapping[str, str]) -> Iterator[Standing]:
    """The topics that an article stands under, then those that people decided it does not (or does not yet)."""
    placements, topics = store.placements.of(article.id), store.topics.of(article.id)
    for topic, reasons in topics.items():
        kept = () if article.state is State.KILLED else tuple(standing(article, reasons))
        told = why(Filed(topic, kept))
        yield Standing(topic, titles.get(topic, topic), True, told.words, told.more, placements.get(topic))
    for topic, placement in placements.items():
        if topic in titles and topic not in topics:
            yield Standing(topic, titles[topic], False, (), 0, placement)
