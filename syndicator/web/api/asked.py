"""What may be asked of the reading side of the API: the parameters of openapi.json."""

import re
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from syndicator.store import ALL
from syndicator.web.api.shapes import MAX_SEQ, Public

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def _a_moment(value: object) -> object:
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("write a moment as 2026-11-03T09:00:00Z (RFC 3339)")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_a_moment)]


class Asked(BaseModel):
    """The parameters of a request. One that is not known is refused, lest a slip ask for everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# A name of a hundred characters, in base64 of UTF-8, is the longest.
Cursor = Annotated[
    str | None, Field(description="`next` of the page before.", max_length=2000, pattern=r"^[A-Za-z0-9_-]+$")
]
_Limit = Annotated[int, Field(ge=1, le=200, description="How many at most. A page of long articles has fewer.")]
_Since = Annotated[Moment | None, Field(description="Published then or later.", examples=["2026-11-01T00:00:00Z"])]
_Until = Annotated[Moment | None, Field(description="Published before then.", examples=["2026-11-08T00:00:00Z"])]
_Query = Annotated[str, Field(description="A query in the language of the topics.", min_length=1, max_length=8192)]


class ArticlesAsked(Asked):
    """Which articles."""

    topic: str = Field(default=ALL, max_length=200, description="Under this topic.", examples=["boats"])
    source: str | None = Field(default=None, max_length=500, description="Carried by the source of this name.")
    q: _Query | None = Field(
        default=None, description="That this query matches. Notices of withdrawn articles match none."
    )
    state: Public | None = Field(default=None, description="In this state.")
    since: _Since = None
    until: _Until = None
    limit: _Limit = 50
    cursor: Cursor = None


class SearchAsked(Asked):
    """What to search for."""

    q: _Query
    since: _Since = None
    until: _Until = None
    limit: _Limit = 20
    cursor: Cursor = None


class ChangesAsked(Asked):
    """From where to follow, and how."""

    after: int = Field(default=0, ge=0, le=MAX_SEQ, description="`next` of the answer before; 0: from the beginning.")
    limit: _Limit = 100
    wait: int = Field(
        default=0, ge=0, le=30, description="Where there is nothing: wait up to so many seconds until there is."
    )


class StreamAsked(Asked):
    """From where to follow."""

    after: int | None = Field(
        default=None,
        ge=0,
        le=MAX_SEQ,
        description="The `seq` behind which to begin; without it, and without `Last-Event-ID`: with what comes next.",
    )
