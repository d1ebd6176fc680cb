"""Articles and their versions."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from syndicator.identity import canonical_url, fingerprint, sketch
from syndicator.model import Article, Change, Content, Kind, State
from syndicator.store.records import (
    ARTICLE_COLUMNS,
    Row,
    dump_content,
    load_article,
    load_content,
    moment,
    number,
    optional_seconds,
    seconds,
)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One row of an article's history; `author` is the source or the person that made it."""

    seq: int
    version: int
    state: State
    at: datetime
    author: str
    note: str | None
    content: Content


@dataclass(frozen=True, slots=True)
class Carrier:
    """A source that carries an article: its name, its title, its web page if that is known, and since when."""

    source: str
    title: str
    home: str | None
    first_seen: datetime


class Articles:
    """The articles and versions tables. Writes belong inside the store's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_version(
        self,
        id_: str,
        content: Content,
        *,
        author: str,
        now: datetime,
        state: State | None = None,
        note: str | None = None,
        published: datetime | None = None,
    ) -> Article:
        """A new version of a known article, with the next `seq`.

        Without a `state` it stays what it is, and keeps its note; with one, the note is the one given, or none.

        `updated` always moves forward, even when the clock went back, so that readers see the change.
        """
        before = self.get(id_)
        change = _change(before.state, state)
        state, note = (before.state, before.note) if state is None else (state, note)
        stamp = max(seconds(now), seconds(before.updated) + 1)
        n = number(self._db, id_)
        seq = self._insert_version(
            n, before.version + 1, state, change, at=stamp, author=author, note=note, content=content
        )
        self._db.execute(
            """
            UPDATE articles SET seq = :seq, version = version + 1, state = :state, title = :title,
                fingerprint = :fingerprint, sketch = :sketch, updated = :updated, retired = 0,
                published = coalesce(:published, published),
                embargo_until = CASE WHEN :state = 'embargoed' THEN embargo_until END
            WHERE n = :n
            """,
            {
                "seq": seq,
                "state": state,
                "title": content.title,
                "fingerprint": fingerprint(content),
                "sketch": json.dumps(sketch(content)),
                "updated": stamp,
                "published": optional_seconds(published),
                "n": n,
            },
        )
        return self.get(id_)

    def move(self, id_: str, url: str, canonical: str | None, *, author: str, now: datetime) -> Article:
        """A version at a new address, for those that follow changes. It says what the one before said.

        So `updated` stays: readers must not believe that there is something new to read.
        """
        before = self.get(id_)
        n = number(self._db, id_)
        seq = self._insert_version(
            n,
            before.version + 1,
            before.state,
            Change.MOVE,
            at=seconds(now),
            author=author,
            note=before.note,
            content=before.content,
        )
        self._db.execute(
            "UPDATE articles SET seq = ?, version = version + 1, url = ?, canonical = ? WHERE n = ?",
            [seq, url, canonical, n],
        )
        return self.get(id_)

    def readdress(self, id_: str, url: str, canonical: str | None) -> None:
        """Give an article another address without a word: one that nobody has seen yet, or that was retired."""
        self._db.execute("UPDATE articles SET url = ?, canonical = ? WHERE id = ?", [url, canonical, id_])

    def insert_advisory(
        self, id_: str, about: Article, content: Content, *, source: str, author: str, now: datetime
    ) -> Article:
        """A new item of our own, under our own name as its `source`, that says that `about` was withdrawn."""
        self.insert(
            {
                "id": id_,
                "version": 1,
                "state": State.LIVE,
                "kind": Kind.ADVISORY,
                "source": source,
                "url": None,
                "canonical": None,
                "published": seconds(now),
                "updated": seconds(now),
                "first_seen": seconds(now),
                "about": about.id,
            },
            content,
            author=author,
            at=seconds(now),
        )
        return self.get(id_)

    def hold(self, id_: str, until: datetime) -> None:
        """Set until when an embargoed article is held."""
        self._db.execute("UPDATE articles SET embargo_until = ? WHERE id = ?", [seconds(until), id_])

    def withdraw(self, id_: str) -> None:
        """Remember everything a killed article ever said, so that none of it comes in again."""
        n = number(self._db, id_)
        said = {fingerprint(version.content) for version in self.history(id_) if version.state is not State.KILLED}
        said |= {
            row["fingerprint"] for row in self._db.query("SELECT fingerprint FROM appearances WHERE article = ?", [n])
        }
        for mark in sorted(said):
            self._db.execute("INSERT OR IGNORE INTO withdrawn VALUES (?, ?)", [mark, n])

    def released_by(self, now: datetime) -> list[Article]:
        """Embargoed articles whose time has come."""
        rows = self._db.query(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - a constant
            " WHERE a.state = 'embargoed' AND a.retired = 0"
            " AND (a.embargo_until IS NULL OR a.embargo_until <= ?) ORDER BY a.seq",
            [seconds(now)],
        )
        return [load_article(row) for row in rows]

    def get(self, id_: str) -> Article:
        """The article with this id, in its newest version. KeyError when there is none."""
        rows = self._db.query(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq WHERE a.id = ?",  # noqa: S608
            [id_],
        )
        for row in rows:
            return load_article(row)
        raise KeyError(id_)

    def find(self, reference: str) -> list[Article]:
        """Articles meant by an id, the start of one, or a URL; at most ten."""
        bare = reference.removeprefix("urn:uuid:")
        rows = self._db.query(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - a constant
            " WHERE a.canonical = :canonical OR a.url = :url"
            " OR (length(:bare) >= 6 AND substr(a.id, 10, length(:bare)) = :bare) ORDER BY a.n LIMIT 10",
            {"canonical": canonical_url(reference), "url": reference, "bare": bare},
        )
        return [load_article(row) for row in rows]

    def at(self, canonical: Collection[str]) -> list[Article]:
        """Articles at any of these canonical addresses; at most ten."""
        rows = self._db.query(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN versions v ON v.seq = a.seq"  # noqa: S608 - a constant
            " WHERE a.canonical IN (SELECT value FROM json_each(?)) ORDER BY a.n LIMIT 10",
            [json.dumps(list(canonical))],
        )
        return [load_article(row) for row in rows]

    def history(self, id_: str) -> list[StoredVersion]:
        """Every version of an article, oldest first."""
        rows = self._db.query("SELECT * FROM versions WHERE article = ? ORDER BY version", [number(self._db, id_)])
        return [_load_version(row) for row in rows]

    def version(self, seq: int) -> StoredVersion | None:
        """The version of this number; None where what it said was retired since."""
        rows = self._db.query("SELECT * FROM versions WHERE seq = ? AND content <> '{}'", [seq])
        return next((_load_version(row) for row in rows), None)

    def was_held(self, id_: str, *, since: int) -> bool:
        """Whether the article was held back after this version: what it said until then may be why."""
        rows = self._db.query(
            "SELECT 1 FROM versions WHERE article = ? AND seq > ? AND state = 'embargoed' LIMIT 1",
            [number(self._db, id_), since],
        )
        return any(True for _ in rows)

    def appearances(self, id_: str) -> list[tuple[str, str]]:
        """The (source, key) pairs under which an article is carried, first seen first."""
        rows = self._db.query(
            "SELECT source, key FROM appearances WHERE article = ? ORDER BY first_seen, source",
            [number(self._db, id_)],
        )
        return [(row["source"], row["key"]) for row in rows]

    def carriers(self, id_: str) -> list[Carrier]:
        """The sources that carry an article, first seen first; none of an advisory of ours."""
        rows = self._db.query(
            """
            SELECT p.source, min(p.first_seen) AS first_seen, s.label, s.title, s.home
            FROM appearances p LEFT JOIN sources s ON s.name = p.source
            WHERE p.article = ? GROUP BY p.source ORDER BY min(p.first_seen), p.source
            """,
            [number(self._db, id_)],
        )
        return [
            Carrier(
                row["source"], row["label"] or row["title"] or row["source"], row["home"], moment(row["first_seen"])
            )
            for row in rows
        ]

    def is_retired(self, id_: str) -> bool:
        """Whether what the article said was forgotten, for its age. KeyError when there is none with this id."""
        for row in self._db.query("SELECT retired FROM articles WHERE id = ?", [id_]):
            return bool(row["retired"])
        raise KeyError(id_)

    def began(self) -> datetime | None:
        """When the first article came in; None where there is none."""
        for row in self._db.query("SELECT first_seen FROM articles ORDER BY n LIMIT 1"):
            return moment(row["first_seen"])
        return None

    def retire(self, before: datetime) -> int:
        """Forget what articles published before then say; their ids and keys stay, so that none comes back as new.

        They leave feeds, archives and search. One that is still held back, or of which somebody is still to be told,
        stays. Returns how many were retired.
        """
        old = """
            SELECT n FROM articles WHERE retired = 0 AND state <> 'embargoed' AND published < ? AND updated < ?
              AND NOT EXISTS (SELECT 1 FROM hits h
                WHERE h.article = articles.n AND h.message IS NULL AND h.silent IS NULL)
              AND NOT EXISTS (SELECT 1 FROM message_items i JOIN deliveries d ON d.message = i.message
                WHERE i.article = articles.n AND d.state = 'pending')
        """
        numbers = [row["n"] for row in self._db.query(old, [seconds(before), seconds(before)])]
        chosen = json.dumps(numbers)
        for statement in (
            "DELETE FROM article_topics WHERE article IN (SELECT value FROM json_each(?))",
            "DELETE FROM left_topics WHERE article IN (SELECT value FROM json_each(?))",
            "DELETE FROM article_fts WHERE rowid IN (SELECT value FROM json_each(?))",
            "UPDATE versions SET content = '{}' WHERE article IN (SELECT value FROM json_each(?))",
            "UPDATE articles SET retired = 1 WHERE n IN (SELECT value FROM json_each(?))",
        ):
            self._db.execute(statement, [chosen])
        return len(numbers)

    def insert(self, columns: dict[str, Any], content: Content, *, author: str, at: int) -> None:
        """An articles row and its first version, which point at each other."""
        next_n = next(iter(self._db.query("SELECT coalesce(max(n), 0) + 1 AS n FROM articles")))["n"]
        seq = self._insert_version(
            next_n, 1, columns["state"], Change.INSERT, at=at, author=author, note=None, content=content
        )
        mark = {"n": next_n, "seq": seq, "title": content.title, "fingerprint": fingerprint(content)}
        mark["sketch"] = json.dumps(sketch(content))
        self._db.table("articles").insert(columns | mark)

    def _insert_version(
        self,
        article: int,
        version: int,
        state: State,
        change: Change,
        *,
        at: int,
        author: str,
        note: str | None,
        content: Content,
    ) -> int:
        cursor = self._db.execute(
            "INSERT INTO versions (article, version, state, change, at, author, note, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [article, version, state, change, at, author, note, dump_content(content)],
        )
        return int(cursor.lastrowid or 0)


def _change(before: State, after: State | None) -> Change:
    """What a version does that gives its article this state, or with None none of its own."""
    match before, after:
        case _, None:
            return Change.EDIT
        case _, State.KILLED:
            return Change.KILL
        case State.EMBARGOED, State.LIVE | State.CORRECTED:
            return Change.RELEASE
        case State.LIVE | State.CORRECTED, State.EMBARGOED:
            return Change.HOLD
    return Change.CORRECTION


def _load_version(row: Row) -> StoredVersion:
    return StoredVersion(
        row["seq"],
        row["version"],
        State(row["state"]),
        moment(row["at"]),
        row["author"],
        row["note"],
        load_content(row["content"]),
    )
