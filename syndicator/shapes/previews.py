"""Previews: what an alert would have caught, day by day."""

from datetime import date
from typing import Self

from pydantic import Field

from syndicator import previewing
from syndicator.alerts import Concern
from syndicator.shapes.articles import Match
from syndicator.shapes.base import Shape


class Day(Shape):
    """One day in the newsroom's zone."""

    day: date
    hits: int
    messages: int = Field(description="A story counts once, on the day of its first hit.")
    covered: bool = Field(description="The archive holds this day; if it does not, there may have been more.")


class Advice(Shape):
    """One thing that may be wrong with an alert."""

    concern: Concern
    text: str


class Past(Shape):
    """What a query would have caught."""

    query: str
    reading: str = Field(description="The whole query, its topics and sources too, in plain words.")
    hits: int
    messages: int
    a_day: float = Field(description="The mean number of messages on a day that the archive covers.")
    covered: int = Field(description="How many of these days the archive covers.")
    days: tuple[Day, ...] = Field(description="Oldest first; the last one is today.")
    advice: tuple[Advice, ...]

    @classmethod
    def of(cls, past: previewing.Past) -> Self:
        """The shape of a preview."""
        found = past.preview
        return cls(
            query=past.watched.alert.query,
            reading=past.reading,
            hits=found.hits,
            messages=found.messages,
            a_day=round(found.a_day, 2),
            covered=past.covered,
            days=tuple(
                Day(day=each.day, hits=each.hits, messages=each.messages, covered=each.covered) for each in found.days
            ),
            advice=tuple(Advice(concern=each.concern, text=each.text) for each in found.advice),
        )


class Preview(Past):
    """The same, with the newest articles of the period."""

    newest: tuple[Match, ...]

    @classmethod
    def with_newest(cls, past: previewing.Past) -> Self:
        """The shape of a preview and its newest articles."""
        return cls(**dict(Past.of(past)), newest=tuple(map(Match.of, past.newest)))
