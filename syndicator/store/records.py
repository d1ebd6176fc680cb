"""Records to rows and back. Nothing outside store/ sees a row."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from syndicator.model import (
    Article,
    Content,
    Enclosure,
    FeedItem,
    Kind,
    Reason,
    Republish,
    SourceState,
    State,
    Validators,
)

Row = Mapping[str, Any]

# Every published article stands under this topic too: its feed is `all`.
ALL = "all"
# The fact that restores leave: numbers of versions that others may hold from the stores that were replaced, as a JSON
# list of [behind which, up to which].
LOST_NUMBERS = "lost numbers"


def lost_numbers(db: Database) -> list[tuple[int, int]]:
    """The numbers that a restore skipped, as (behind which, up to which): nothing in this store has them."""
    rows = db.query("SELECT value FROM facts WHERE name = ?", [LOST_NUMBERS])
    return [(low, high) for row in rows for low, high in json.loads(row["value"])]


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC."""
    return int(moment.timestamp())


def optional_seconds(moment: datetime | None) -> int | None:
    """The same, None kept."""
    return None if moment is None else seconds(moment)


def moment(value: int) -> datetime:
    """The aware UTC datetime of whole seconds since 1970."""
    return datetime.fromtimestamp(value, UTC)


def optional_moment(value: int | None) -> datetime | None:
    """The same, None kept."""
    return None if value is None else moment(value)


def dump_content(content: Content) -> str:
    """Content as one JSON object; empty fields left out."""
    fields = {name: value for name, value in asdict(content).items() if value not in ("", None, ())}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def load_content(value: str) -> Content:
    """Content from the JSON that `dump_content` wrote."""
    fields = json.loads(value)
    return Content(
        title=fields.get("title", ""),
        text=fields.get("text", ""),
        html=fields.get("html", ""),
        summary=fields.get("summary", ""),
        authors=tuple(fields.get("authors", ())),
        language=fields.get("language"),
        categories=tuple(fields.get("categories", ())),
        image=fields.get("image"),
        enclosures=tuple(Enclosure(**each) for each in fields.get("enclosures", ())),
    )


def dump_reasons(reasons: Iterable[Reason]) -> str:
    """Match reasons as a JSON list of lists, in the order of the record's fields."""
    rows = [(each.clause, each.words, each.field, each.start, each.end) for each in reasons]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def load_reasons(value: str) -> tuple[Reason, ...]:
    """Match reasons from the JSON that `dump_reasons` wrote."""
    return tuple(Reason(*each) for each in json.loads(value))


def number(db: Database, id_: str) -> int:
    """The row number of an article in this database. KeyError when there is none with this id."""
    for row in db.query("SELECT n FROM articles WHERE id = ?", [id_]):
        return int(row["n"])
    raise KeyError(id_)


# The columns that make an Article, from `articles a JOIN versions v ON v.seq = a.seq`.
ARTICLE_COLUMNS = (
    "a.n, a.id, a.seq, a.version, a.state, a.kind, a.source, a.url, a.title AS headline, a.published, a.updated, "
    "a.first_seen, a.embargo_until, a.about, v.note, v.content"
)


def load_article(row: Row) -> Article:
    """An Article from a row of ARTICLE_COLUMNS. Of a retired one the headline is left."""
    content = load_content(row["content"])
    return Article(
        id=row["id"],
        seq=row["seq"],
        version=row["version"],
        state=State(row["state"]),
        kind=Kind(row["kind"]),
        source=row["source"],
        url=row["url"],
        content=content if content.title else replace(content, title=row["headline"]),
        published=moment(row["published"]),
        updated=moment(row["updated"]),
        first_seen=moment(row["first_seen"]),
        note=row["note"],
        embargo_until=optional_moment(row["embargo_until"]),
        about=row["about"],
    )


# The columns that make a FeedItem: those, with a LEFT JOIN of `sources s` by the article's source.
ITEM_COLUMNS = f"""{ARTICLE_COLUMNS}, s.label, s.title AS source_title, s.home, s.address, s.republish,
    (SELECT json_group_array(topic) FROM (SELECT topic FROM article_topics
     WHERE article = a.n AND topic <> '{ALL}' ORDER BY topic)) AS topics"""  # noqa: S608 - a constant


def load_item(row: Row) -> FeedItem:
    """A FeedItem from a row of ITEM_COLUMNS; an article whose source was never known may be carried in full."""
    article = load_article(row)
    return FeedItem(
        article=article,
        topics=tuple(json.loads(row["topics"])),
        source_title=row["label"] or row["source_title"] or article.source,
        source_url=row["home"],
        source_feed=row["address"],
        republish=Republish(row["republish"] or Republish.FULL),
    )


def load_source_state(row: Row) -> SourceState:
    """A SourceState from a row of `sources`."""
    return SourceState(
        name=row["name"],
        due=moment(row["due"]),
        validators=Validators(row["etag"], row["last_modified"], row["validators_url"]),
        moved_to=row["moved_to"],
        body_hash=row["body_hash"],
        gone=bool(row["gone"]),
        interval=None if row["interval"] is None else timedelta(seconds=row["interval"]),
        ttl=None if row["ttl"] is None else timedelta(seconds=row["ttl"]),
        skip_hours=frozenset(json.loads(row["skip_hours"])),
        skip_days=frozenset(json.loads(row["skip_days"])),
        failures=row["failures"],
        last_attempt=optional_moment(row["last_attempt"]),
        last_success=optional_moment(row["last_success"]),
        first_success=optional_moment(row["first_success"]),
        last_error=row["last_error"],
        failing_since=optional_moment(row["failing_since"]),
        alone_until=optional_moment(row["alone_until"]),
        home=row["home"],
        title=row["title"],
    )


def dump_source_state(state: SourceState) -> dict[str, Any]:
    """The columns of `sources` that a poll may change; title and home only when the source said them."""
    columns = {
        "due": seconds(state.due),
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "validators_url": state.validators.url,
        "moved_to": state.moved_to,
        "body_hash": state.body_hash,
        "gone": int(state.gone),
        "interval": None if state.interval is None else int(state.interval.total_seconds()),
        "ttl": None if state.ttl is None else int(state.ttl.total_seconds()),
        "skip_hours": json.dumps(sorted(state.skip_hours)),
        "skip_days": json.dumps(sorted(state.skip_days)),
        "failures": state.failures,
        "last_attempt": optional_seconds(state.last_attempt),
        "last_success": optional_seconds(state.last_success),
        "first_success": optional_seconds(state.first_success),
        "last_error": state.last_error,
        "failing_since": optional_seconds(state.failing_since),
        "alone_until": optional_seconds(state.alone_until),
    }
    said = {"title": state.title, "home": state.home}
    return columns | {name: value for name, value in said.items() if value}
