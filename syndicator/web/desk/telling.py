"""What an act would set going, in words: how many feeds, people and webhooks, and what it does not reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from syndicator.config import DestinationKind
from syndicator.plurals import counted
from syndicator.reach import Reach
from syndicator.store import ALL

_KINDS = {
    DestinationKind.EMAIL: ("person", "people"),
    DestinationKind.WEBHOOK: ("webhook", "webhooks"),
    DestinationKind.APPRISE: ("chat service", "chat services"),
    DestinationKind.FILE: ("file", "files"),
    DestinationKind.CONSOLE: ("terminal", "terminals"),
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One sentence that says it all, and the lines that say the rest; the feeds by their titles."""

    sentence: str
    lines: tuple[str, ...]
    feeds: tuple[str, ...]


def announcement(do: str, reach: Reach, titles: Mapping[str, str]) -> Announcement:
    """What is said before something is done: `do` is "correct", "kill", "embargo" or "release"."""
    feeds = counted(len(reach.feeds), "feed") if reach.feeds else "no feeds"
    if reach.followers:
        feeds += f" (with {counted(reach.followers, 'follower')} through the hub)"
    people = _listed(reach.told)
    if do == "embargo":
        sentence = f"{_capital(feeds)} will lose it. {_capital(people)} will be told." if people else ""
        sentence = sentence or f"{_capital(feeds)} will lose it; nobody will be told."
    else:
        sentence = _capital(", ".join(part for part in (feeds, people) if part)) + " will be told."
    return Announcement(
        sentence,
        tuple(_lines(do, reach)),
        tuple("All articles" if name == ALL else titles.get(name, name) for name in reach.feeds),
    )


def _lines(do: str, reach: Reach) -> list[str]:
    lines = []
    if do != "embargo" and not reach.told:
        lines.append("No alert tells anybody of this at once.")
    if reach.later:
        later = _listed(reach.later)
        lines.append(f"{_capital(later)} will be told later, with a digest or after quiet hours.")
    if reach.off:
        lines.append(f"Switched off, and told when switched on again: {_listed(reach.off)}.")
    if reach.archives:
        lines.append(f"{_capital(counted(reach.archives, 'archive month'))} will change as well.")
    if do == "kill" and reach.feeds:
        lines.append("A notice takes its place, and an advisory appears in the same feeds as a new item.")
    if do == "embargo" and reach.had:
        had = _listed(reach.had)
        lines.append(
            f"{_capital(had)} may have had it already, and holding it does not take that back."
            " Withdraw it if they must know."
        )
    lines.append("Search, private feeds and the API follow at once.")
    return lines


def _listed(kinds: Mapping[str, int]) -> str:
    """As in "12 people, 2 webhooks"; people first."""
    return ", ".join(counted(kinds[kind], *names) for kind, names in _KINDS.items() if kinds.get(kind))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
