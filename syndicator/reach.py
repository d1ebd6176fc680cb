"""What an act on an article would set going: which feeds change, and who is told. It is done, looked at, and undone.

So what is announced is what happens: there is no second reckoning that could say something else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from syndicator.alerting import Alerting
from syndicator.model import Article
from syndicator.store import INDEX, Stale, Store


@dataclass(frozen=True, slots=True)
class Reach:
    """The feeds that change, by topic, and how many of their archive months; destinations by their kind.

    `followers` follow the feeds through our own hub, which sends them what changed. `told` are told at once, `later`
    when their digest or the end of their quiet hours comes, `off` when somebody switches them on again. `had` may have
    the article already, by the ledger.
    """

    feeds: tuple[str, ...]
    archives: int
    followers: int
    told: Mapping[str, int]
    off: Mapping[str, int]
    later: Mapping[str, int]
    had: Mapping[str, int]


class _UndoneError(Exception):
    """Ends a rehearsal: its transaction is taken back."""


def rehearse(store: Store, alerting: Alerting, article: Article, act: Callable[[], object]) -> Reach:
    """What `act` would set going for this article. Nothing stays of it. Raises what the act raises, and StoreError.

    It takes the store's turn, as the act itself does, and may not stand in a transaction.
    """
    found: list[Reach] = []
    try:
        with store.transaction():
            stale = _generations(store)
            newest, waiting = store.ledger.newest(), store.hits.all_waiting()
            had = {name for names in alerting.readers_of(article).values() for name in names}
            act()
            changed = [each for each in store.feeds.stale() if stale.get(each.name) != each.generation]
            rows = {row.name: row for row in store.destinations.all()}
            queued = store.ledger.pending_since(newest)
            off = {name for name in queued if name in rows and rows[name].off is not None}
            alerts = {alert for alert, _ in store.hits.all_waiting() - waiting}
            later = {name for alert in alerts for name in alerting.addressees(alert)} - queued
            kinds = {name: row.kind for name, row in rows.items()}
            documents = {each.topic for each in changed if each.month is None}
            found.append(
                Reach(
                    feeds=tuple(dict.fromkeys(each.topic for each in changed if each.topic != INDEX)),
                    archives=sum(_stands_in(store, article, each) for each in changed),
                    followers=store.followers.subscribers(documents),
                    told=_by_kind(queued - off, kinds),
                    off=_by_kind(off, kinds),
                    later=_by_kind(later, kinds),
                    had=_by_kind(had, kinds),
                )
            )
            raise _UndoneError
    except _UndoneError:
        return found[0]


def _generations(store: Store) -> dict[str, int]:
    return {each.name: each.generation for each in store.feeds.stale()}


def _stands_in(store: Store, article: Article, stale: Stale) -> bool:
    """Whether this is an archive month that has the article: it is behind the edge of its feed's window."""
    edge = store.feeds.last_edge(stale.topic)
    return stale.month == f"{article.published:%Y-%m}" and edge is not None and article.published <= edge.published


def _by_kind(names: Iterable[str], kinds: Mapping[str, str]) -> dict[str, int]:
    """Destinations in use, counted by kind."""
    return dict(sorted(Counter(kinds[name] for name in names if name in kinds).items()))
