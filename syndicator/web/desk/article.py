"""The page about an article: what it says, how it came to, where it stands and why, who was told, what was done."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from syndicator.alerts import Event, marked
from syndicator.editorial import edition
from syndicator.errors import NotFoundError
from syndicator.model import Content, FeedItem, Kind, Reason, State
from syndicator.people import Role
from syndicator.provenance import standing
from syndicator.publish.text import web_url
from syndicator.store import AlertRow, Carrier, DeliveryRow, HitRow, Store, StoredVersion
from syndicator.web.articles import MOST_TEXT
from syndicator.web.desk.articles import STATES
from syndicator.web.desk.deeds import Deed, Deeds
from syndicator.web.desk.door import Desk
from syndicator.web.desk.filed import Standing, standings
from syndicator.web.desk.firings import silence
from syndicator.web.desk.form import Form
from syndicator.web.desk.rights import may_see
from syndicator.web.desk.visitor import Visitor
from syndicator.web.marking import paragraphs, pieces

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ACTS = 50
_TOLD = {Event.CORRECTION: "Correction", Event.KILL: "Withdrawal"}


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that fired on the article, and the deliveries that told of it, by what they told."""

    alert: AlertRow
    hit: HitRow
    told: tuple[tuple[str, tuple[DeliveryRow, ...]], ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that the newsroom knows of an article. `versions` and `trail` are newest first; the latter is for chiefs."""

    item: FeedItem
    retired: bool
    reasons: tuple[Reason, ...]
    standings: tuple[Standing, ...]
    versions: tuple[StoredVersion, ...]
    carriers: tuple[Carrier, ...]
    fired: tuple[Fired, ...]
    trail: tuple[Deed, ...]


class ArticlePage:
    """Answers for the page about an article."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._topics = desk.house.settings.topic_titles

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """The page. Raises NotFoundError; for those who are no chiefs, also for what is held back."""
        return await self.show(article_id(request), visitor)

    async def show(
        self,
        id_: str,
        visitor: Visitor,
        *,
        wrong: str = "",
        status: int = 200,
        filled: Mapping[str, str] | None = None,
        beside: bool = False,
    ) -> Response:
        """The page as things stand now, its forms filled in as they were sent.

        `beside` each field of a correction it says what is there now, where that is something else.
        """
        told = await self._desk.house.reading.read(partial(self._dossier, id_, visitor))
        article = told.item.article
        text = article.content.text or article.content.summary
        now_says = as_filled(article.content)
        untouched = {"title": article.content.title, "text": text, "note": "", "until": "", "do": ""}
        fields = {**untouched, **(filled or {})}
        return self._desk.page(
            "article.html",
            visitor,
            status=status,
            wrong=wrong,
            here="/articles",
            told=told,
            article=article,
            uuid=id_.removeprefix("urn:uuid:"),
            about=(article.about or "").removeprefix("urn:uuid:"),
            edition=edition(article),
            label=STATES[article.state],
            labels=STATES,
            link=web_url(article.link),
            heading=pieces(marked(article.content.title, told.reasons)),
            text=list(paragraphs(text[:MOST_TEXT], told.reasons)),
            cut=len(text) > MOST_TEXT,
            silence=silence,
            others={name: title for name, title in self._topics.items() if not _stands(told, name)},
            may=_may(told, visitor),
            filled=fields,
            shows_text=beside and fields["do"] != "correct",
            beside={
                name: said if beside and fields["do"] == "correct" and said != fields[name] else ""
                for name, said in now_says.items()
            },
        )

    def _dossier(self, id_: str, visitor: Visitor, store: Store) -> Dossier:
        house = self._desk.house
        item = visible(store, id_, visitor)
        article, chief = item.article, visitor.user.role.reaches(Role.CHIEF)
        reasons = [each for why in store.topics.of(id_).values() for each in standing(article, why)]
        return Dossier(
            item=item,
            retired=store.articles.is_retired(id_),
            reasons=() if article.state is State.KILLED else tuple(reasons),
            standings=tuple(standings(store, article, self._topics)),
            versions=tuple(reversed(store.articles.history(id_))),
            carriers=tuple(store.articles.carriers(id_)),
            fired=tuple(
                Fired(alert, hit, _told(store.ledger.about(alert.id, id_)))
                for hit in store.hits.on(id_)
                for alert in [store.alerts.get(hit.alert)]
                if may_see(visitor.user, alert)
            ),
            trail=Deeds(store, house.settings, visitor.user, house.clock()).read(
                store.audit.newest(limit=_ACTS, thing=f"article {id_}")
            )
            if chief
            else (),
        )


def article_id(request: Request) -> str:
    """The article's id that an address names. Raises NotFoundError where it can be none."""
    uuid = request.path_params["uuid"]
    if not _UUID.fullmatch(uuid):
        raise NotFoundError("There is no such article.")
    return f"urn:uuid:{uuid}"


def as_filled(content: Content) -> dict[str, str]:
    """The headline and the text as a form gives them back that nobody touched: it can't hold every character."""
    form = Form({"title": [content.title], "text": [content.text or content.summary]})
    return {name: form.text(name) for name in form.fields}


def visible(store: Store, id_: str, visitor: Visitor) -> FeedItem:
    """The article, where this visitor may see it. Raises NotFoundError."""
    try:
        item = store.newsdesk.item(id_)
    except KeyError:
        raise NotFoundError("There is no such article.") from None
    if item.article.state is State.EMBARGOED and not visitor.user.role.reaches(Role.CHIEF):
        raise NotFoundError("There is no such article.")
    return item


def _told(deliveries: Iterable[DeliveryRow]) -> tuple[tuple[str, tuple[DeliveryRow, ...]], ...]:
    """The deliveries of an alert about an article: those of the alert itself, of each correction, of the withdrawal."""
    told: list[tuple[str, list[DeliveryRow]]] = []
    for row in deliveries:
        label = _TOLD.get(row.event, "Alert")
        # What a destination was told twice of is two: a second correction, say.
        for known, rows in told:
            if known == label and row.destination not in {each.destination for each in rows}:
                rows.append(row)
                break
        else:
            told.append((label, [row]))
    return tuple((label, tuple(rows)) for label, rows in told)


def _stands(told: Dossier, topic: str) -> bool:
    return any(each.topic == topic and each.inside for each in told.standings)


def _may(told: Dossier, visitor: Visitor) -> frozenset[str]:
    """What this visitor may do with the article as it is."""
    article = told.item.article
    if not visitor.user.role.reaches(Role.CHIEF) or article.kind is Kind.ADVISORY or article.state is State.KILLED:
        return frozenset()
    if told.retired:
        return frozenset({"kill"})
    held = {"release"} if article.state is State.EMBARGOED else set()
    return frozenset({"sort", "correct", "kill", "embargo"} | held)
