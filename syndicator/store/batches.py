"""A batch of entries: what the store knows of them, and writing what was decided about them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from syndicator.identity import canonical_url, fingerprint
from syndicator.ingest import (
    Appearance,
    Appeared,
    Edited,
    Held,
    Intent,
    Known,
    Moved,
    NewArticle,
    Snapshot,
    keyed,
    names,
    possible_ids,
)
from syndicator.model import Article, Entry, Kind, State
from syndicator.store.articles import Articles
from syndicator.store.records import load_content, number, optional_moment, optional_seconds, seconds


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to: new articles, those with a new version or address, and known ones that this source
    carries for the first time.
    """

    new: tuple[Article, ...]
    changed: tuple[Article, ...]
    joined: tuple[Article, ...]


class Batches:
    """Reads before `ingest.decide` and writes after it; both inside one transaction of the store."""

    def __init__(self, db: Database, articles: Articles) -> None:
        self._db = db
        self._articles = articles

    def snapshot(self, source: str, entries: Sequence[Entry], *, pushed: bool = False) -> Snapshot:
        """What `ingest.decide` has to know about these entries of this source, which a hub `pushed` or a poll found."""
        batch = keyed(entries)
        keys = json.dumps(sorted({*batch, *(name for entry in entries for name in names(entry))}))
        urls = json.dumps([canonical for entry in entries if (canonical := canonical_url(entry.url))])
        ids = json.dumps(sorted(possible_ids(source, batch)))
        known = {
            row["n"]: Known(
                id=row["id"],
                canonical=row["canonical"],
                title=row["title"],
                fingerprint=row["fingerprint"],
                sketch=tuple(json.loads(row["sketch"])),
                state=State(row["state"]),
                embargo_until=optional_moment(row["embargo_until"]),
            )
            for row in self._db.query(
                """
                SELECT n, id, canonical, title, fingerprint, sketch, state, embargo_until FROM articles
                WHERE canonical IN (SELECT value FROM json_each(:urls))
                   OR id IN (SELECT value FROM json_each(:ids))
                   OR n IN (SELECT article FROM appearances
                            WHERE source = :source AND key IN (SELECT value FROM json_each(:keys)))
                ORDER BY n
                """,
                {"urls": urls, "ids": ids, "source": source, "keys": keys},
            )
        }
        appearances = {
            row["key"]: Appearance(
                source,
                row["key"],
                known[row["article"]].id,
                row["fingerprint"],
                row["canonical"],
                row["title"],
                tuple(json.loads(row["sketch"])),
                optional_moment(row["updated"]),
            )
            for row in self._db.query(
                """
                SELECT key, article, fingerprint, canonical, title, sketch, updated FROM appearances
                WHERE source = :source AND article IN (SELECT value FROM json_each(:articles)) ORDER BY first_seen
                """,
                {"source": source, "articles": json.dumps(list(known))},
            )
        }
        by_canonical: dict[str, list[str]] = {}
        for article in known.values():
            if article.canonical is not None:
                by_canonical.setdefault(article.canonical, []).append(article.id)
        articles = {article.id: article for article in known.values()}
        earlier = self._earlier(known) if pushed else None
        return Snapshot(appearances, articles, by_canonical, self._withdrawn(entries), earlier)

    def _earlier(self, known: Mapping[int, Known]) -> dict[str, frozenset[str]]:
        """The fingerprints of what these articles, by their numbers, said before what they say now."""
        said: dict[str, set[str]] = {}
        for row in self._db.query(
            "SELECT v.article, v.content FROM versions v JOIN articles a ON a.n = v.article AND v.seq <> a.seq"
            " WHERE a.n IN (SELECT value FROM json_each(?))",
            [json.dumps(list(known))],
        ):
            said.setdefault(known[row["article"]].id, set()).add(fingerprint(load_content(row["content"])))
        return {id_: frozenset(marks) for id_, marks in said.items()}

    def _withdrawn(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Of what these entries say, what was withdrawn: fingerprints, with the killed article's id."""
        marks = json.dumps(sorted({fingerprint(entry.content) for entry in entries}))
        rows = self._db.query(
            "SELECT w.fingerprint, a.id FROM withdrawn w JOIN articles a ON a.n = w.article"
            " WHERE w.fingerprint IN (SELECT value FROM json_each(?))",
            [marks],
        )
        return {row["fingerprint"]: row["id"] for row in rows}

    def apply(self, intents: Iterable[Intent], now: datetime) -> Applied:
        """Write what was decided. Of what is Late nothing is written."""
        new: dict[str, None] = {}
        changed: dict[str, None] = {}
        joined: dict[str, None] = {}
        said_by: dict[str, str] = {}
        for intent in intents:
            if isinstance(intent, NewArticle | Edited | Appeared):
                said_by[intent.appearance.article] = intent.appearance.source
            match intent:
                case NewArticle():
                    self._insert(intent, now)
                    new[intent.id] = None
                case Edited():
                    self._articles.add_version(intent.id, intent.content, author=intent.appearance.source, now=now)
                    self._appear(intent.appearance, now)
                    changed[intent.id] = None
                case Moved():
                    # A version that this batch has made is seen by nobody before its address is there too.
                    unseen = intent.id in new or intent.id in changed
                    if unseen or self._articles.is_retired(intent.id):
                        self._articles.readdress(intent.id, intent.url, intent.canonical)
                    else:
                        author = said_by.get(intent.id, "")
                        self._articles.move(intent.id, intent.url, intent.canonical, author=author, now=now)
                        changed[intent.id] = None
                case Held():
                    self._articles.hold(intent.id, intent.until)
                case Appeared():
                    if not self._carries(intent.appearance):
                        joined[intent.appearance.article] = None
                    self._appear(intent.appearance, now)
        get = self._articles.get
        return Applied(
            tuple(get(id_) for id_ in new),
            tuple(get(id_) for id_ in changed if id_ not in new),
            tuple(get(id_) for id_ in joined if id_ not in new and id_ not in changed),
        )

    def _carries(self, appearance: Appearance) -> bool:
        """Whether this source is known to carry this article, under any key."""
        rows = self._db.query(
            "SELECT 1 FROM appearances WHERE article = ? AND source = ? LIMIT 1",
            [number(self._db, appearance.article), appearance.source],
        )
        return any(True for _ in rows)

    def _insert(self, new: NewArticle, now: datetime) -> None:
        self._articles.insert(
            {
                "id": new.id,
                "version": 1,
                "state": new.state,
                "kind": Kind.NEWS,
                "source": new.appearance.source,
                "url": new.entry.url,
                "canonical": new.canonical,
                "published": seconds(new.published),
                "updated": seconds(new.updated),
                "first_seen": seconds(now),
                "embargo_until": optional_seconds(new.entry.embargo_until) if new.state is State.EMBARGOED else None,
            },
            new.entry.content,
            author=new.appearance.source,
            at=seconds(now),
        )
        self._appear(new.appearance, now)

    def _appear(self, appearance: Appearance, now: datetime) -> None:
        self._db.execute(
            """
            INSERT INTO appearances (source, key, article, fingerprint, canonical, title, sketch, updated, first_seen)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source, key) DO UPDATE SET article = excluded.article, fingerprint = excluded.fingerprint,
                canonical = excluded.canonical, title = excluded.title, sketch = excluded.sketch,
                updated = excluded.updated
            """,
            [
                appearance.source,
                appearance.key,
                number(self._db, appearance.article),
                appearance.fingerprint,
                appearance.canonical,
                appearance.title,
                json.dumps(appearance.sketch),
                optional_seconds(appearance.updated),
                seconds(now),
            ],
        )
