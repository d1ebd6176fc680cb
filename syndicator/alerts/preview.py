"""What an alert would have caught: hits and messages day by day, and advice before it is switched on.

A preview is an alert run backwards over the archive, so it knows only what the archive does: days before the archive
begins are unknown, not empty, and rates are taken from the days it covers.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType

from syndicator.alerts.schedule import WEEKDAYS

# One message in ten minutes of a working day: nobody reads on beyond that, and people switch the alert off.
FLOOD_A_DAY = 50
# An alert for three articles in ten picks nothing out.
FLOOD_SHARE = 0.3
_FEWEST_ARTICLES = 20  # of fewer a share says nothing
_FEWEST_HITS = 5  # of fewer it says nothing that they are from one source
_MOST_TERMS = 8
_LONGEST_NAME = 60
_NARROWEST = 40  # columns of a chart

_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Caught:
    """An article that the query matches. `story` is None where the alert does not gather stories."""

    published: datetime
    source: str
    story: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the newsroom's zone. `messages` counts a story once, on the day of its first hit.

    `covered`: the archive holds this day. If it doesn't, there may have been more.
    """

    day: date
    hits: int
    messages: int
    covered: bool


class Concern(StrEnum):
    """What may be wrong with an alert."""

    FLOOD = "flood"
    SHARE = "share"
    NEVER = "never"
    UNSEEN = "unseen"
    ONE_SOURCE = "one source"
    SHORT_ARCHIVE = "short archive"
    CUT = "cut"
    JOINT = "joint"


@dataclass(frozen=True, slots=True)
class Advice:
    """One concern, and a sentence about it for the alert's author."""

    concern: Concern
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Every day of the period, oldest first, and what to think of it.

    `a_day` is the mean number of messages on a day that the archive covers.
    """

    days: tuple[Day, ...]
    hits: int
    messages: int
    a_day: float
    advice: tuple[Advice, ...]


def begin(now: datetime, days: int, zone: tzinfo) -> datetime:
    """When the period of so many days begins that ends with today, in UTC: the first day's midnight in `zone`.

    Where the clocks skip midnight it is the moment they do, where they repeat it the first.
    """
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time(), zone).astimezone(UTC)


def preview(
    caught: Iterable[Caught],
    *,
    now: datetime,
    days: int,
    zone: tzinfo,
    covered: int,
    cut: bool = False,
    articles: int | None = None,
    audible: int | None = None,
    unseen: Sequence[str] = (),
    meant: Sequence[str] = (),
    joints: Sequence[str] = (),
    titles: Mapping[str, str] = MappingProxyType({}),
) -> Preview:
    """Lay out what a query caught in the `days` days that end with today; what was published outside them is left out.

    `covered` is how many of these days, today among them, the archive covers; `cut`: it covers more, but there was so
    much that only these were looked at. `articles` is how many articles there
    were in the period, `audible` how many sources the alert can hear; None: unknown. `unseen` are words of the query
    that stand in no article of the archive, `meant` words of the archive that are spelt nearly so. `joints` are words
    of the query that would join others if they were written in capitals. `titles` are what sources are called.
    """
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    midnights = [begin(now, number, zone) for number in range(days, -1, -1)]
    hits: Counter[date] = Counter()
    messages: Counter[date] = Counter()
    sources: set[str] = set()
    stories: set[str] = set()
    for one in sorted(caught, key=attrgetter("published")):
        number = bisect_right(midnights, one.published) - 1
        if not 0 <= number < days:
            continue
        day = first + timedelta(days=number)
        hits[day] += 1
        sources.add(one.source)
        if one.story is None or one.story not in stories:
            messages[day] += 1
        if one.story is not None:
            stories.add(one.story)
    covered = max(0, min(covered, days))
    calendar = tuple(
        Day(day, hits[day], messages[day], covered=day > today - timedelta(days=covered))
        for day in (first + timedelta(days=number) for number in range(days))
    )
    a_day = sum(day.messages for day in calendar if day.covered) / max(covered, 1)
    advice = (
        _on_rate(calendar, a_day),
        _on_share(hits.total(), articles),
        _on_joints(joints),
        _on_spelling(unseen, meant, covered),
        _on_silence(hits.total(), covered),
        _on_sources(hits.total(), sources, audible, titles),
        _on_cut(covered) if cut else _on_archive(covered, days),
    )
    return Preview(calendar, hits.total(), messages.total(), a_day, tuple(said for said in advice if said is not None))


def bars(found: Preview, width: int, *, plain: bool = False) -> list[str]:
    """The hits of each day as lines of a bar chart, oldest first, no wider than `width` unless that is under 40.

    A day with hits shows at least an eighth of a block. Where stories were gathered, their number follows the hits'. A
    day that the archive does not cover and that has no hits shows a dash. `plain` draws with ASCII signs only.
    """
    counts = [_count(day, plain) for day in found.days]
    most = max((day.hits for day in found.days), default=0)
    room = max(width, _NARROWEST) - len(_label(found.days[0].day)) - 2 - max(map(len, counts), default=0)
    lines: list[str] = []
    for day, count in zip(found.days, counts, strict=True):
        bar = _bar(day.hits, most, max(room, 1), plain=plain)
        lines.append(f"{_label(day.day)} {bar}{' ' if bar else ''}{count}")
    return lines


def _bar(hits: int, most: int, room: int, *, plain: bool) -> str:
    if not hits:
        return ""
    if plain:
        return "#" * max(1, hits * room // most)
    whole, eighths = divmod(max(1, hits * room * 8 // most), 8)
    return _EIGHTHS[-1] * whole + _EIGHTHS[eighths].strip()


def _count(day: Day, plain: bool) -> str:
    if not day.covered and not day.hits:
        return "-" if plain else "–"
    if day.messages == day.hits:
        return str(day.hits)
    return f"{day.hits} ({day.messages} {'story' if day.messages == 1 else 'stories'})"


def _label(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3].capitalize()} {day.isoformat()}"


def _on_rate(calendar: Sequence[Day], a_day: float) -> Advice | None:
    if a_day <= FLOOD_A_DAY:
        return None
    busiest = max((day for day in calendar if day.covered), key=lambda day: day.messages)
    said = f"It would flood: about {a_day:.0f} messages a day, {busiest.messages} on {_label(busiest.day)}."
    return Advice(Concern.FLOOD, f"{said} Narrow the query, or let a digest gather them.")


def _on_share(hits: int, articles: int | None) -> Advice | None:
    if articles is None or articles < _FEWEST_ARTICLES or hits <= FLOOD_SHARE * articles:
        return None
    return Advice(Concern.SHARE, f"That is {min(hits / articles, 1):.0%} of all articles: too many for an alert.")


def _on_joints(joints: Sequence[str]) -> Advice | None:
    if not joints:
        return None
    said, capitals = (" and ".join(words) for words in ([f"“{word}”" for word in joints], map(str.upper, joints)))
    return Advice(Concern.JOINT, f"It looks for {said} like any other word: to join words, write {capitals}.")


def _on_spelling(unseen: Sequence[str], meant: Sequence[str], covered: int) -> Advice | None:
    if not unseen or not covered:
        return None
    said = ", ".join(_short(term) for term in unseen[:_MOST_TERMS])
    more = len(unseen) - _MOST_TERMS
    if more > 0:
        said += f" and {more} more"
    ask = f"Did you mean {' or '.join(map(_short, meant))}?" if meant else "Is that how the news spells it?"
    return Advice(Concern.UNSEEN, f"In no article of the archive: {said}. {ask}")


def _on_silence(hits: int, covered: int) -> Advice | None:
    if hits or not covered:
        return None
    return Advice(Concern.NEVER, f"It would not have fired once in {_days(covered)}.")


def _on_sources(hits: int, sources: set[str], audible: int | None, titles: Mapping[str, str]) -> Advice | None:
    if hits < _FEWEST_HITS or len(sources) != 1 or audible == 1:
        return None
    (name,) = sources
    return Advice(Concern.ONE_SOURCE, f"All of these came from {_short(titles.get(name, name))}.")


def _on_cut(covered: int) -> Advice:
    looked = "the newest" if covered <= 1 else f"those of the last {_days(covered)}"
    return Advice(Concern.CUT, f"So many articles have these words that only {looked} were looked at here.")


def _on_archive(covered: int, days: int) -> Advice | None:
    if not covered:
        return Advice(Concern.SHORT_ARCHIVE, "The archive is empty: there is nothing yet to try it on.")
    if covered * 2 >= days:
        return None
    return Advice(
        Concern.SHORT_ARCHIVE,
        f"The archive has {_days(covered)} of {days}: that is too little to tell how often it would fire.",
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _short(name: str) -> str:
    name = "".join(character if character.isprintable() else "�" for character in name[: _LONGEST_NAME + 1])
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
