"""What an alert found, what became of it, and why it fired or did not."""

from typing import Self

from pydantic import Field

from syndicator import alertdesk, previewing
from syndicator.model import State
from syndicator.shapes.articles import Reason, reasons_shown
from syndicator.shapes.base import Moment, Shape
from syndicator.shapes.deliveries import Delivery, Tried
from syndicator.store import Silent

_SILENT = "Why it said nothing by itself: backlog, earlier, joined, withdrawn or dropped. null: it spoke, or will."


class Fired(Shape):
    """An article that an alert fired on, and the deliveries that told of it."""

    at: Moment
    article: str = Field(examples=["urn:uuid:6b8cc5f2-250c-514e-adc3-20c72938d061"])
    state: State
    title: str
    url: str | None
    source: str
    story: str
    other_sources: tuple[str, ...] = Field(description="Other sources that carry the same story.")
    silent: Silent | None = Field(description=_SILENT)
    reasons: tuple[Reason, ...]
    deliveries: tuple[Delivery, ...]

    @classmethod
    def of(cls, fired: alertdesk.Fired) -> Self:
        """The shape of what an alert found."""
        hit, article = fired.hit, fired.article
        return cls(
            at=hit.at,
            article=article.id,
            state=article.state,
            title=article.content.title,
            url=article.link,
            source=article.source,
            story=hit.story,
            other_sources=fired.others,
            silent=hit.silent,
            reasons=reasons_shown(article, hit.reasons),
            deliveries=tuple(map(Delivery.of, fired.deliveries)),
        )


class Account(Shape):
    """Why an alert fired on an article or did not, and every attempt to tell of it."""

    alert: str
    article: str = Field(examples=["urn:uuid:6b8cc5f2-250c-514e-adc3-20c72938d061"])
    state: State
    title: str
    fired: Moment | None = Field(description="When it fired; null: it did not.")
    silent: Silent | None = Field(description=_SILENT)
    told_by: str | None = Field(description="The article that had told the story before, where that is why.")
    waits_until: Moment | None
    matches: bool = Field(description="Whether it would match the article as it is now.")
    why: tuple[str, ...] = Field(description="What stands against it, a sentence each.")
    reasons: tuple[Reason, ...]
    deliveries: tuple[Tried, ...]

    @classmethod
    def of(cls, told: previewing.Account) -> Self:
        """The shape of an account."""
        hit = told.hit
        waits = hit is not None and hit.silent is None and hit.message is None
        return cls(
            alert=told.row.name,
            article=told.article.id,
            state=told.article.state,
            title=told.article.content.title,
            fired=hit.at if hit else None,
            silent=hit.silent if hit else None,
            told_by=told.told_by.id if told.told_by else None,
            waits_until=told.row.due if waits else None,
            matches=told.matches,
            why=told.why,
            reasons=reasons_shown(told.article, told.reasons),
            deliveries=tuple(Tried.with_tries(each.delivery, each.attempts) for each in told.tried),
        )
