"""What the reading side of the API says: the shapes of openapi.json."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from syndicator.model import Change, Kind, Republish

# The store's numbers are those of SQLite.
MAX_SEQ = 2**63 - 1

Id = Annotated[
    str,
    Field(
        description="The article's permanent id.",
        examples=["urn:uuid:6c2f1ab0-7f0e-5c3a-9a55-0d8f1d1f0b7e"],
        pattern=r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    ),
]
Seq = Annotated[
    int,
    Field(description="The number of this change, store-wide and rising.", examples=[4711], ge=1, le=MAX_SEQ),
]
Public = Literal["live", "corrected", "killed"]


class Shape(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class Source(Shape):
    """Who published an article first here."""

    name: str = Field(description="Its name in this newsroom.", examples=["BBC"])
    title: str = Field(description="What readers know it by.", examples=["BBC News"])
    url: str | None = Field(description="Its web page.", examples=["https://www.bbc.co.uk/news"])
    feed: str | None = Field(description="Its feed, where that is no secret.")


class Enclosure(Shape):
    """A file that goes with an article."""

    url: str
    mime_type: str = Field(examples=["audio/mpeg"])
    length: int | None = Field(description="Bytes, where the source said.")


class Article(Shape):
    """An article as it now is, with as much of it as its source allows to be published again."""

    id: Id
    seq: Seq
    version: int = Field(description="Counts its versions from 1.", ge=1, examples=[2])
    state: Public = Field(description="`killed`: withdrawn. What it says then is a notice of ours.")
    kind: Kind = Field(description="`advisory`: an item of ours that tells of a withdrawal.")
    title: str = Field(examples=["Twelve rescued from a boat off Dover"])
    url: str | None = Field(description="Its page.", examples=["https://news.example/2026/boats"])
    published: AwareDatetime = Field(description="When its source published it.", examples=["2026-11-03T09:00:00Z"])
    updated: AwareDatetime = Field(description="When what it says last changed.", examples=["2026-11-03T11:20:00Z"])
    language: str | None = Field(description="A BCP 47 tag.", examples=["en-GB"])
    authors: tuple[str, ...] = Field(examples=[["Ada Reporter"]])
    summary: str = Field(description="Plain text; empty where only a link is allowed, or there is none.")
    content_html: str = Field(
        description="What may be shown of it, as sanitised HTML. A correction's note stands at its beginning."
    )
    content_text: str | None = Field(
        description="The whole text, with a blank line between paragraphs; null where less may be published again."
    )
    complete: bool = Field(description="Whether `content_html` is the whole article.")
    carries: Republish = Field(description="How much of it the source allows: all, a summary, or a link.")
    image: str | None = Field(description="A picture of it.")
    enclosures: tuple[Enclosure, ...]
    topics: tuple[str, ...] = Field(description="The newsroom's topics that it is under.", examples=[["boats"]])
    categories: tuple[str, ...] = Field(description="What its source filed it under.", examples=[["UK"]])
    source: Source
    note: str | None = Field(description="What a correction or a withdrawal says of itself.")
    about: str | None = Field(description="The id of the withdrawn article that an advisory tells of.")


class ArticlePage(Shape):
    """Articles, newest first."""

    articles: tuple[Article, ...]
    next: str | None = Field(
        description="Ask for the next page with `cursor=` this. null: there is none.", examples=["MTc5MzcwMDgwMC40Mg"]
    )


class Version(Shape):
    """That a version was made, when and on whose side; what it said is only ever given for the newest."""

    seq: Seq
    version: int = Field(ge=1, description="Counts the article's versions from 1; those made in private are left out.")
    type: Change = Field(description="What it did.")
    state: Literal["live", "corrected", "killed", "embargoed"]
    at: AwareDatetime
    by: Literal["source", "newsroom"] = Field(description="Who made it. People are not named.")
    note: str | None = Field(description="What it says of itself.")


class History(Shape):
    """Where an article comes from, and what became of it."""

    id: Id
    source: Source
    versions: tuple[Version, ...] = Field(description="Oldest first.")


class Highlight(Shape):
    """Words of an article that a query matched."""

    clause: str = Field(description="The part of the query that they satisfy.", examples=["boat*"])
    field: str = Field(description="title, text, source, author, topic or lang.", examples=["title"])
    words: str = Field(description="As they stand there.", examples=["boats"])
    start: int | None = Field(
        ge=0,
        description="Where they begin in `title` or `content_text`, in characters (Unicode code points) from 0; null "
        "where they stand in words that may not be published again, or in neither.",
    )
    end: int | None = Field(ge=0, description="Where they end: the character behind the last.")


class Hit(Shape):
    """An article that a search found, and why."""

    article: Article
    reasons: tuple[Highlight, ...]


class HitPage(Shape):
    """What a search found, newest first."""

    query: str = Field(description="The query as it was understood.", examples=["boat* AND NOT tennis"])
    hits: tuple[Hit, ...]
    next: str | None = Field(description="Ask for the next page with `cursor=` this. null: there is none.")


class Feeds(Shape):
    """The addresses of a topic's feeds."""

    rss: str
    atom: str
    json_feed: str = Field(description="JSON Feed 1.1.")
    page: str = Field(description="The same for people.")


class Topic(Shape):
    """A saved query with a feed."""

    name: str = Field(examples=["boats"])
    title: str = Field(examples=["Small boats"])
    description: str
    query: str | None = Field(description="What stands under it; null for `all`.", examples=["boat* OR dinghy"])
    feeds: Feeds
    articles: int = Field(ge=0, description="How many stand under it.")
    recent: int = Field(ge=0, description="How many of them were published in the last seven days.")
    newest: AwareDatetime | None = Field(description="When the newest was published.")


class TopicList(Shape):
    """Every topic; `all` comes first."""

    topics: tuple[Topic, ...]


class SourceHealth(Shape):
    """A source and how it is doing."""

    name: str
    title: str
    kind: Literal["feed", "page", "folder"]
    url: str | None = Field(description="Its web page.")
    feed: str | None = Field(description="Its feed, where that is no secret.")
    carries: Republish = Field(description="How much of its articles is published again: all, a summary, or a link.")
    state: Literal["new", "well", "quiet", "failing", "gone"] = Field(
        description="`new`: not asked yet. `quiet`: it answers, and is silent for longer than is its habit. `gone`: it "
        "said that it is no longer there."
    )
    last_success: AwareDatetime | None = Field(description="When it last answered.")
    items_per_week: float = Field(ge=0, examples=[84.5])


class SourceList(Shape):
    """Every source that is followed."""

    sources: tuple[SourceHealth, ...]


class ChangeEvent(Shape):
    """One version of one article, and what it did."""

    seq: Seq
    type: Change = Field(
        description="`hold`: take it down until its `release`. `move`: its address changed, its words did not."
    )
    id: Id
    version: int = Field(ge=1)
    at: AwareDatetime = Field(description="When.")
    note: str | None = Field(description="What a correction or a withdrawal says of itself.")
    superseded_by: int | None = Field(description="The article's next change; null where this is its newest.")
    retired: bool = Field(description="Nothing is kept of the article any more: it is past the newsroom's retention.")
    article: Article | None = Field(
        description="The article as it now is. null for all but its newest version, while it is held, and when retired."
    )


class ChangeList(Shape):
    """Changes, in the order of `seq`."""

    changes: tuple[ChangeEvent, ...]
    next: int = Field(ge=0, le=MAX_SEQ, description="Ask with `after=` this for what comes next.", examples=[4711])
    more: bool = Field(description="There is more already: ask again at once.")
