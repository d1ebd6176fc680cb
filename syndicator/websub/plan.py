"""Which subscriptions there should be: what sources offer, against those we have. Pure; times in UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndicator.websub.offer import Offer
from syndicator.websub.subscribed import Standing, Subscribed, is_lost, is_over, lapsed, no_longer_wanted


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription to be asked for."""

    source: str
    hub: str
    topic: str


@dataclass(frozen=True, slots=True)
class Course:
    """What to do: subscriptions to make, those that stand otherwise from now on, and those to forget, by token."""

    wishes: tuple[Wish, ...] = ()
    changed: tuple[Subscribed, ...] = ()
    gone: tuple[str, ...] = ()


def plan(offers: Mapping[str, Offer], have: Iterable[Subscribed], callbacks: str, now: datetime) -> Course:
    """Bring what we `have` in line with what our sources offer, by their names.

    One hub a source: the first that works, in the publisher's order. A hub that does not answer, or refuses, is left
    to try again while the next is tried as well; once one works, the others are let go. `callbacks` is what our
    addresses for hubs begin with: after a move of ours the old ones are of no use.
    """
    by_source: dict[str, list[Subscribed]] = {name: [] for name in offers}
    for it in have:
        by_source.setdefault(it.source, []).append(it)
    wishes: list[Wish] = []
    changed: list[Subscribed] = []
    gone: list[str] = []
    for source, rows in by_source.items():
        kept, unwanted = _sorted(offers.get(source), rows, callbacks)
        changed += [lapsed(it, now) for it in kept if is_over(it, now)]
        for it in unwanted:
            ending = no_longer_wanted(it, now)
            if ending is None:
                gone.append(it.token)
            elif ending is not it:
                changed.append(ending)
        wishes += [Wish(source, hub, offers[source].topic) for hub in _next_hub(offers.get(source), kept)]
    return Course(tuple(wishes), tuple(changed), tuple(gone))


def _sorted(
    offer: Offer | None, rows: Iterable[Subscribed], callbacks: str
) -> tuple[list[Subscribed], list[Subscribed]]:
    """Those to keep, in the order of their hubs, and those to end."""
    fitting: list[Subscribed] = []
    unwanted: list[Subscribed] = []
    for it in rows:
        fits = offer is not None and it.topic == offer.topic and it.hub in offer.hubs
        ours = it.callback.startswith(callbacks) and it.standing is not Standing.ENDING
        (fitting if fits and ours else unwanted).append(it)
    if offer is not None:
        fitting.sort(key=lambda it: offer.hubs.index(it.hub))
    working = next((it for it in fitting if it.standing is Standing.ACTIVE), None)
    if working is None:
        return fitting, unwanted
    return [working], unwanted + [it for it in fitting if it is not working]


def _next_hub(offer: Offer | None, kept: list[Subscribed]) -> list[str]:
    """The hub to turn to, unless one works or is still being asked."""
    if offer is None or any(not is_lost(it) for it in kept):
        return []
    tried = {it.hub for it in kept}
    return [hub for hub in offer.hubs if hub not in tried][:1]
