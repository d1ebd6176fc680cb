"""The editor's preview: what a draft would have caught, as a page shows it. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicator.alerts import Alert, Concern, Day, Excerpt, excerpt, marked
from syndicator.alerts.schedule import WEEKDAYS
from syndicator.config import Settings
from syndicator.errors import DefinitionError, QueryError
from syndicator.plurals import counted
from syndicator.previewing import Past
from syndicator.publish.text import web_url
from syndicator.query import describe, parse
from syndicator.store import Hit
from syndicator.web.marking import Piece, pieces

HEIGHT = 100  # of the chart
STEP = 20  # from one day's bar to the next
_GAP = 4
_LEAST = 3  # a day with one hit is seen beside one with a thousand
# What to do about it, where the advice itself does not say so.
_REMEDIES = {
    Concern.SHARE: "Ask for more words at once, for words near each other, or for words in the title.",
    Concern.NEVER: "Look for fewer words at once, for one of several, or for other spellings.",
    Concern.ONE_SOURCE: "That is fine if you meant it; else look for words that others use as well.",
    Concern.CUT: "Ask for something narrower to see all thirty days.",
    Concern.SHORT_ARCHIVE: "You can save it all the same, and look back again in some days.",
}
# Boxes have no capitals that mean more.
_JOINT = "You typed “and”, “or” or “not”, and it is looked for like any word. Leave it out."


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: where its bar stands, and what it says. No `height`: no hits; not `covered`: nobody knows."""

    x: int
    y: int
    width: int
    height: int
    words: str
    covered: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """An article that it would have caught, with the matched words marked. `link` is "" where there is none."""

    heading: tuple[Piece, ...]
    passage: tuple[Piece, ...]
    source: str
    link: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a query, where (the line, and a caret below it), and what to write instead."""

    message: str
    line: str
    caret: str
    hint: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The whole preview. `told` is it in a sentence. `mistake` or `excuse` stand for the rest."""

    query: str
    told: str
    reading: str = ""
    summary: str = ""
    bars: tuple[Bar, ...] = ()
    first: str = ""
    width: int = 0
    height: int = HEIGHT
    newest: tuple[Shown, ...] = ()
    advice: tuple[str, ...] = ()
    mistake: Mistake | None = None
    excuse: str = ""


def looked(past: Past, settings: Settings, *, boxed: bool) -> Looked:
    """A look back, as it is shown. `boxed`: the query was written by boxes."""
    found, titles = past.preview, settings.source_titles
    summary = _summary(past)
    most = max((day.hits for day in found.days), default=0)
    unknown = "not looked at" if past.cut else "before the archive"
    bars = tuple(_bar(number, day, most, unknown) for number, day in enumerate(found.days))
    advice = tuple(_advice(past, boxed=boxed))
    return Looked(
        query=past.watched.alert.query,
        told=" ".join((summary, *advice)),
        reading=_reading(past.watched.alert, settings),
        summary=summary,
        bars=bars if found.hits else (),
        first=_day(found.days[0]),
        width=STEP * len(bars) - _GAP,
        newest=tuple(_shown(hit, titles) for hit in past.newest),
        advice=advice,
    )


def wrong(query: str, error: QueryError) -> Looked:
    """A query that can't be read."""
    message = f"{error.sentence}."
    return Looked(query, f"{message} {error.hint}", mistake=Mistake(message, *error.place, error.hint))


def excused(query: str, excuse: str) -> Looked:
    """No look back, and why."""
    return Looked(query, excuse, excuse=excuse)


def refused(query: str, error: DefinitionError) -> Looked:
    """A draft that could not be saved either, for other reasons than its query."""
    return excused(query, " ".join(f"{key}: {sentence}." for key, sentence in error.mistakes))


def _reading(alert: Alert, settings: Settings) -> str:
    """What it asks for in plain words, and in a sentence each among what."""
    topics, sources = settings.topic_titles, settings.source_titles
    said = [f"It finds {describe(parse(alert.query), settings.titles)}."]
    for before, among, names in (("Only in", topics, alert.topics), ("Only from", sources, alert.sources)):
        if names:
            said.append(f"{before} {' or '.join(among.get(name, name) for name in names)}.")
    return " ".join(said)


def _advice(past: Past, *, boxed: bool) -> Iterator[str]:
    """What to think of it and what to do, but for what the summary says already."""
    concerns = {each.concern for each in past.preview.advice}
    for each in past.preview.advice:
        remedy = _REMEDIES.get(each.concern, "")
        if each.concern is Concern.JOINT and boxed:
            yield _JOINT
        elif each.concern is not Concern.NEVER:
            yield f"{each.text} {remedy}".strip()
        elif Concern.SHORT_ARCHIVE not in concerns:
            yield remedy


def _summary(past: Past) -> str:
    found = past.preview
    if not past.covered:
        return "There is no archive yet to look back over."
    span = f"the last {past.days} days"
    if past.cut:
        span = f"the last {past.covered} days" if past.covered > 1 else "what was looked at"
    elif past.covered < past.days:
        span = f"the {counted(past.covered, 'day')} that the archive has"
    if not found.hits:
        return f"It would not have fired in {span}."
    messages = "" if found.messages == found.hits else f", in {counted(found.messages, 'story', 'stories')}"
    where = f" in {span}"
    if not past.cut and (before := sum(day.hits for day in found.days if not day.covered)):
        where = f": {found.hits - before} in {span}, and {before} from before it that sources still showed"
    busiest = max(found.days, key=lambda day: day.hits)
    about = f", about {_rate(found.a_day)}" if past.cut or past.covered * 2 >= past.days else ""
    return (
        f"It would have found {counted(found.hits, 'article')}{messages}{where}{about}; "
        f"most on {_day(busiest)}: {busiest.hits}."
    )


def _rate(a_day: float) -> str:
    number, span = (a_day, "day") if a_day >= 1 else (a_day * 7, "week") if a_day * 7 >= 1 else (a_day * 30, "month")
    return f"{counted(max(round(number), 1), 'message')} a {span}"


def _bar(number: int, day: Day, most: int, unknown: str) -> Bar:
    height = max(_LEAST, round(day.hits / most * HEIGHT)) if day.hits else 0
    known = counted(day.hits, "article") if day.hits or day.covered else unknown
    words = f"{_day(day)}: {known}"
    return Bar(number * STEP, HEIGHT - height, STEP - _GAP, height, words, day.covered)


def _shown(hit: Hit, titles: dict[str, str]) -> Shown:
    content = hit.article.content
    heading = marked(content.title, hit.reasons)
    body = content.text or content.summary
    passage = excerpt(body, hit.reasons, "text")
    return Shown(
        pieces(heading if heading.text.strip() else Excerpt("(without a title)")),
        pieces(passage),
        titles.get(hit.article.source, hit.article.source),
        web_url(hit.article.link) or "",
        hit.article.published,
    )


def _day(day: Day) -> str:
    return f"{WEEKDAYS[day.day.weekday()][:3].capitalize()} {day.day.day} {_MONTHS[day.day.month - 1]}"


# strftime's follow the process's locale.
_MONTHS: Sequence[str] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
