"""Articles as far as alerts speak of them: what matched, and why."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from syndicator import model
from syndicator.model import Article, State
from syndicator.shapes.base import Moment, Shape
from syndicator.store import Hit


class Reason(Shape):
    """Why a query matched: the words as they stand in the text, and where."""

    clause: str = Field(description="The part of the query that these words satisfied.", examples=["hotel"])
    words: str = Field(examples=["hotels"])
    field: str = Field(description="title, text, source, author, topic or lang.", examples=["title"])
    start: int = Field(description="Characters from the beginning of that field.", examples=[7])
    end: int = Field(examples=[13])

    @classmethod
    def of(cls, reason: model.Reason) -> Self:
        """The shape of a reason."""
        return cls(clause=reason.clause, words=reason.words, field=reason.field, start=reason.start, end=reason.end)


def reasons_shown(article: Article, reasons: Sequence[model.Reason]) -> tuple[Reason, ...]:
    """Reasons as they may be told: none of an article that was withdrawn, for they are its words."""
    return () if article.state is State.KILLED else tuple(map(Reason.of, reasons))


class Match(Shape):
    """An article that a query matches."""

    id: str = Field(examples=["urn:uuid:6b8cc5f2-250c-514e-adc3-20c72938d061"])
    seq: int
    version: int
    state: State
    title: str
    url: str | None
    source: str
    published: Moment
    updated: Moment
    note: str | None = Field(description="What a correction or a withdrawal says of itself.")
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """The shape of a hit."""
        article = hit.article
        return cls(
            id=article.id,
            seq=article.seq,
            version=article.version,
            state=article.state,
            title=article.content.title,
            url=article.link,
            source=article.source,
            published=article.published,
            updated=article.updated,
            note=article.note,
            reasons=tuple(map(Reason.of, hit.reasons)),
        )
