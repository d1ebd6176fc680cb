"""An alert held against the archive: what it would have caught, and why it fired on one article or did not.

Both ask the query that the live alert asks, over the articles as they are now.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from operator import attrgetter
from types import MappingProxyType

from syndicator.alerts import Alert, Caught, Preview, begin, preview, scoped
from syndicator.config import Settings, read_alert
from syndicator.errors import SyndicatorError
from syndicator.model import Article, Kind, Reason, State
from syndicator.query import Query, Titles, describe, evaluate, explain, failures, parse
from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Term
from syndicator.store import AlertRow, AttemptRow, DeliveryRow, Hit, HitRow, Silent, Store
from syndicator.watch import Watched, watched_alert

DAYS = 30
NEWEST = 5
_MOST_WORDS = 40  # of a query, that are looked up in the archive one by one
_MOST_MEANT = 3
# In small letters these are words like any other.
_JOINTS = {"and", "or", "not"}
_NAMES = {"source", "topic", "lang"}
# Why a hit said nothing, in a clause.
SILENCES: Mapping[Silent, str] = MappingProxyType(
    {
        Silent.BACKLOG: "the article came with what its source already had when we first looked there",
        Silent.EARLIER: "an earlier version of the article matched already, before the alert was there",
        Silent.JOINED: "this story had been told already",
        Silent.WITHDRAWN: "the article was withdrawn before anybody had been told",
        Silent.DROPPED: "the alert was removed before anybody had been told",
    }
)


@dataclass(frozen=True, slots=True)
class Past:
    """What a query would have done: the preview day by day, the newest articles of the period, and the period itself.

    `covered` is how many of the `days` that end with today the archive covers or, where there was so much that not all
    of them were looked at (`cut`), how many were: none where not even today was, as a whole.
    """

    watched: Watched
    preview: Preview
    newest: tuple[Hit, ...]
    days: int
    covered: int
    cut: bool
    titles: Titles

    @property
    def reading(self) -> str:
        """What it asks for in plain words; topics and sources are called by their `titles`."""
        return describe(self.watched.query, self.titles)


@dataclass(frozen=True, slots=True)
class Tried:
    """One delivery with every attempt at it, oldest first."""

    delivery: DeliveryRow
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Why an alert fired on an article, or did not.

    `hit` is None where it did not; `matches` is then whether it would match the article as it is now, and `why` says
    what stands against it, a sentence each. `reasons` are the words that matched: of the hit, or of the article as it
    is now; none of an article that was withdrawn. `told_by` is the article that had told the story before, where that
    is why this one was silent.
    """

    row: AlertRow
    article: Article
    hit: HitRow | None
    matches: bool
    reasons: tuple[Reason, ...]
    why: tuple[str, ...]
    told_by: Article | None
    tried: tuple[Tried, ...]


def draft(
    query: str,
    settings: Settings,
    *,
    topics: Sequence[str] = (),
    sources: Sequence[str] = (),
    grouped: bool = True,
) -> Watched:
    """An alert that nobody has saved yet, to be looked back with. Raises UsageError, as saving it would."""
    raw = {"name": "preview", "query": query, "topics": list(topics), "sources": list(sources)}
    alert = read_alert(raw | {"group_stories": grouped}, settings, None).as_alert(
        "", from_config=False, feed_token=None
    )
    return watching(alert)


def watching(alert: Alert) -> Watched:
    """An alert with the whole query it asks. Raises QueryError."""
    return Watched(alert, scoped(parse(alert.query), alert.topics, alert.sources))


def look_back(
    store: Store,
    settings: Settings,
    watched: Watched,
    now: datetime,
    *,
    days: int = DAYS,
    newest: int = NEWEST,
    quick: bool = False,
) -> Past:
    """What an alert would have caught in the `days` days that end with today, in the newsroom's zone.

    Days before the archive began are not covered, even where a source's backlog fell on them: what a feed still
    shows of last month is what it chose to keep, and a rate taken from it would be wrong.
    """
    zone, alert = settings.site.zone, watched.alert
    asked = begin(now, days, zone)
    seen = store.lookback.sightings(watched.query, asked, quick=quick)
    cut = seen.since > asked
    covered, since, sightings = _covered(store, settings, now, days), asked, seen.sightings
    if cut:
        # Of the first day only a part was looked at: it is left out, unless it is today, of which nobody knows more.
        whole = (now.astimezone(zone).date() - seen.since.astimezone(zone).date()).days
        covered, since = min(covered, max(whole, 0)), begin(now, max(whole, 1), zone)
        sightings = [one for one in sightings if one.published >= since.timestamp()]
    caught = [
        Caught(datetime.fromtimestamp(one.published, UTC), one.source, one.story if alert.grouped else None)
        for one in sightings
    ]
    latest = nlargest(newest, sightings, key=attrgetter("published", "number"))
    shown = store.lookback.hits(watched.query, [one.number for one in latest])
    unseen = () if caught else tuple(_unseen(store, watched.query))
    found = preview(
        caught,
        now=now,
        days=days,
        zone=zone,
        covered=covered,
        cut=cut,
        articles=store.lookback.articles(since),
        audible=len(alert.sources) or sum(source.enabled for source in settings.sources),
        unseen=tuple(map(str, unseen)),
        meant=tuple(_meant(store, unseen)),
        joints=tuple(dict.fromkeys(_joints(watched.query.root))),
        titles=settings.source_titles,
    )
    return Past(watched, found, tuple(shown), days, covered, cut, settings.titles)


def _covered(store: Store, settings: Settings, now: datetime, days: int) -> int:
    began = store.articles.began()
    if began is None:
        return 0
    zone = settings.site.zone
    covered = (now.astimezone(zone).date() - began.astimezone(zone).date()).days + 1
    retention = settings.schedule.retention
    return max(0, min(covered, days, days if retention is None else retention.days + 1))


def _unseen(store: Store, query: Query) -> Iterator[Node]:
    """Words and phrases that the query wants and that stand in no article of the archive, wherever it wants them."""
    for node in list(dict.fromkeys(_wanted(query.root)))[:_MOST_WORDS]:
        if not store.lookback.is_anywhere(Query(str(node), node)):
            yield node


def _meant(store: Store, unseen: Iterable[Node]) -> Iterator[str]:
    """Words of the archive that are spelt nearly as the first few of these."""
    words = [node.text for node in unseen if isinstance(node, Term) and not node.open_ended]
    for word in words[:_MOST_MEANT]:
        if (like := store.lookback.word_like(word)) is not None:
            yield like


def _joints(node: Node) -> Iterator[str]:
    """What is looked for as a word, and was perhaps to join others."""
    match node:
        case Term(text, quoted=False) if text in _JOINTS:
            yield text
        case And(children) | Or(children) | Near(children):
            for child in children:
                yield from _joints(child)
        case Not(child) | Field(_, child) | AtLeast(_, child):
            yield from _joints(child)


def _wanted(node: Node, field: str = "") -> Iterator[Node]:
    match node:
        case Term(text, quoted=False) if text in _JOINTS:
            return
        case Term():
            yield Field(field, node) if field == "author" else node
        case Field(name, child) if name not in _NAMES:
            yield from _wanted(child, name)
        case And(children) | Or(children):
            for child in children:
                yield from _wanted(child, field)
        case Near(operands):
            for operand in operands:
                yield from _wanted(operand, field)
        case AtLeast(_, child):
            yield from _wanted(child, field)
        case Not() | Field():
            return


def in_utc(moment: datetime) -> str:
    """A time as it is told to whoever has told us no clock of their own."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def account(
    store: Store, settings: Settings, row: AlertRow, article: Article, *, at: Callable[[datetime], str] = in_utc
) -> Account:
    """Why this alert fired on this article, and what became of that; or why it did not. `at` words its times."""
    hit = store.hits.get(row.id, article.id)
    withdrawn = article.state is State.KILLED
    matches, reasons, why = False, hit.reasons if hit and not withdrawn else (), []
    try:
        watched = watched_alert(row, settings)
    except SyndicatorError as error:
        why.append(f"The alert can't be used: {error}")
        watched = None
    if watched is not None and not withdrawn:
        analysed = store.search.analyse(article, frozenset(store.topics.of(article.id)))
        found = evaluate(watched.query, analysed)
        matches = found is not None
        if hit is None:
            reasons = found.reasons if found else ()
            why += failures(explain(watched.query, analysed))
    told_by = None
    if hit is None:
        if matches:
            why += _why_not_though_it_matches(row, article, at)
        if watched is not None and not watched.alert.enabled:
            why.append("The alert is switched off: it finds nothing.")
    elif hit.silent is Silent.JOINED:
        told_by = _spoke(store, hit)
    tried = tuple(
        Tried(delivery, tuple(store.ledger.attempts(delivery.n))) for delivery in store.ledger.about(row.id, article.id)
    )
    return Account(row, article, hit, matches, reasons, (*_on_state(article, hit, at), *why), told_by, tried)


def _on_state(article: Article, hit: HitRow | None, at: Callable[[datetime], str]) -> Iterator[str]:
    """What the article's own life has to do with it."""
    if article.state is State.KILLED:
        yield "The article was withdrawn" + (": nothing matches it any more." if hit is None else ".")
    if article.state is State.EMBARGOED:
        until = f" until {at(article.embargo_until)}" if article.embargo_until else ""
        yield f"The article is held{until}: nobody is told of it before."


def _why_not_though_it_matches(row: AlertRow, article: Article, at: Callable[[datetime], str]) -> Iterator[str]:
    """The likely reason: alerts look forward, from the moment they are made."""
    came = max(article.first_seen, article.updated)
    if article.kind is Kind.ADVISORY:
        yield "It is an advisory of ours: whoever was told of the withdrawn article is told of its end by that."
    elif article.state is State.EMBARGOED:
        return
    elif came < row.created:
        yield (
            f"It matches, but we have had it since {at(came)}, before the alert was made ({at(row.created)}): "
            "alerts look forward."
        )
    else:
        yield (
            "It matches now, but did not when it came: since then the alert, or a topic that it asks for, was changed, "
            "or the alert was switched on."
        )


def _spoke(store: Store, hit: HitRow) -> Article | None:
    """The article by which the alert had told this story."""
    spoken = store.hits.spoken(hit.alert, hit.story)
    return None if spoken is None else store.articles.get(spoken.article)
