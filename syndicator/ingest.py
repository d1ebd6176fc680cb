"""What a source's entries mean for the store: new, changed, moved or the same. Pure: no I/O, no clock.

A source speaks for an article as long as what it last said is what the article says: its next change is then
an edit. A source that is out of step (another source's longer copy came first, or an editor corrected the
article by hand) is recorded, and changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from syndicator.identity import article_id, article_id_for_guid, canonical_url, fingerprint
from syndicator.model import Content, Entry, State

# Two headlines under one URL are one story's if they share at least this part of their words.
SAME_HEADLINE = 0.5
# The key of a dropped file is its name, which people use again: another headline in it is another article.
FILE = "file:"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of one article: enough to tell an edit from the same again."""

    id: str
    canonical: str | None
    url: str | None
    title: str
    fingerprint: str
    state: State


@dataclass(frozen=True, slots=True)
class Appearance:
    """One source's item of an article, under the source's own `key`, and the fingerprint it had last."""

    source: str
    key: str
    article: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article that no source had before."""

    id: str
    canonical: str | None
    entry: Entry
    state: State
    published: datetime
    updated: datetime
    appearance: Appearance


@dataclass(frozen=True, slots=True)
class Edited:
    """A source changed what an article says: a new version of the same id."""

    id: str
    content: Content
    appearance: Appearance


@dataclass(frozen=True, slots=True)
class Moved:
    """An article whose page has a new address; the id stays."""

    id: str
    url: str
    canonical: str | None


@dataclass(frozen=True, slots=True)
class Appeared:
    """A source carries an article that is known; nothing else changes."""

    appearance: Appearance


Intent = NewArticle | Edited | Moved | Appeared


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the store knows about a batch's keys and URLs, read in the transaction that will write."""

    appearances: Mapping[str, Appearance]
    articles: Mapping[str, Known]
    by_canonical: Mapping[str, Sequence[str]]


def keyed(entries: Iterable[Entry]) -> dict[str, Entry]:
    """A batch by the source's own name for each item, in document order: an item that stands twice counts once.

    The name is the guid where it names one item of the batch, else the canonical URL where that does, else what
    the item says.
    """
    entries = list(entries)
    shared_urls = _shared_urls(entries)
    pages = {(entry.guid, canonical_url(entry.url) or entry.content.title) for entry in entries if entry.guid}
    uses = Counter(guid for guid, _ in pages)
    batch: dict[str, Entry] = {}
    for entry in entries:
        canonical = canonical_url(entry.url)
        own_guid = entry.guid if entry.guid and uses[entry.guid] == 1 else None
        own_page = canonical if canonical not in shared_urls else None
        batch.setdefault(own_guid or own_page or f"sha256:{fingerprint(entry.content)}", entry)
    return batch


def decide(source: str, entries: Sequence[Entry], known: Snapshot, now: datetime) -> list[Intent]:
    """The intents that bring the store up to what `source` now publishes, in document order.

    Items that share a URL within the batch are told apart by their guids. Nothing is said of what is the same.
    """
    batch = _Batch(source, known, now, _shared_urls(entries))
    return [intent for key, entry in keyed(entries).items() for intent in batch.decide(key, entry)]


def published_at(entry: Entry, now: datetime) -> datetime:
    """When an entry counts as published: what its source says, but never after `now` nor before 1990."""
    said = entry.published or entry.updated
    if said is None or said < EARLIEST:
        return now
    return min(said, now).replace(microsecond=0)


def same_headline(one: str, other: str) -> bool:
    """Whether two titles under one URL are an old and a new headline of one story (Jaccard of their words)."""
    mine, theirs = set(one.casefold().split()), set(other.casefold().split())
    return len(mine & theirs) >= SAME_HEADLINE * len(mine | theirs)


def _shared_urls(entries: Iterable[Entry]) -> frozenset[str]:
    """Canonical URLs that several items of one batch point to, so that they name no single article."""
    items = {
        (canonical, entry.guid or fingerprint(entry.content))
        for entry in entries
        if (canonical := canonical_url(entry.url))
    }
    counts = Counter(canonical for canonical, _ in items)
    return frozenset(canonical for canonical, count in counts.items() if count > 1)


class _Batch:
    """One pass over a batch: what the store knew, and what this batch has added to it so far."""

    def __init__(self, source: str, known: Snapshot, now: datetime, shared: frozenset[str]) -> None:
        self._source = source
        self._known = known
        self._now = now
        self._shared = shared
        self._articles: dict[str, Known] = dict(known.articles)

    def decide(self, key: str, entry: Entry) -> list[Intent]:
        canonical = canonical_url(entry.url)
        mark = fingerprint(entry.content)
        before = self._known.appearances.get(key)
        if before is not None:
            return self._again(before, entry, canonical, mark)
        article = self._at(canonical, key, entry, mark)
        if article is not None:
            return self._joins(article, key, entry, mark)
        return [self._new(key, entry, canonical, mark)]

    def _again(self, before: Appearance, entry: Entry, canonical: str | None, mark: str) -> list[Intent]:
        """An item this source had before: the same, edited, or moved."""
        article = self._articles[before.article]
        if before.key.startswith(FILE) and not same_headline(article.title, entry.content.title):
            return [self._new(before.key, entry, canonical, mark, guid=f"{before.key}#{mark}")]
        now = replace(before, fingerprint=mark)
        intents: list[Intent] = []
        if mark != before.fingerprint:
            intents.append(self._edit(article, before.fingerprint, entry, now))
        in_step = before.fingerprint == article.fingerprint and article.state is not State.KILLED
        if entry.url and entry.guid and in_step and canonical != article.canonical and canonical not in self._shared:
            intents.append(Moved(article.id, entry.url, canonical))
        return intents

    def _joins(self, article: Known, key: str, entry: Entry, mark: str) -> list[Intent]:
        """Another appearance of a known article: from another source, or under a new guid of this one."""
        now = Appearance(self._source, key, article.id, mark)
        ours = [a for a in self._known.appearances.values() if a.article == article.id]
        if ours and mark != article.fingerprint:
            return [self._edit(article, ours[-1].fingerprint, entry, now)]
        return [Appeared(now)]

    def _edit(self, article: Known, last_said: str, entry: Entry, now: Appearance) -> Intent:
        """An edit if this source was in step with the article; killed articles stay killed."""
        in_step = last_said == article.fingerprint and now.fingerprint != article.fingerprint
        if not in_step or article.state is State.KILLED:
            return Appeared(now)
        self._articles[article.id] = replace(article, fingerprint=now.fingerprint, title=entry.content.title)
        return Edited(article.id, entry.content, now)

    def _at(self, canonical: str | None, key: str, entry: Entry, mark: str) -> Known | None:
        """The known article at this URL, if the entry is that piece and not another one on the same page."""
        if canonical is None or canonical in self._shared:
            return None
        for candidate in self._known.by_canonical.get(canonical, ()):
            article = self._articles[candidate]
            from_here = any(
                a.article == candidate and a.source == self._source and a.key != key
                for a in self._known.appearances.values()
            )
            if not from_here or article.fingerprint == mark or same_headline(article.title, entry.content.title):
                return article
        return None

    def _new(self, key: str, entry: Entry, canonical: str | None, mark: str, *, guid: str | None = None) -> NewArticle:
        own = canonical is not None and canonical not in self._shared
        ident = article_id(canonical) if own and canonical else None
        if ident is None or ident in self._articles:
            ident = article_id_for_guid(self._source, guid or key)
        held = entry.embargo_until is not None and entry.embargo_until > self._now
        state = State.EMBARGOED if held else State.LIVE
        published = published_at(entry, self._now)
        updated = min(max(published, entry.updated or published), self._now).replace(microsecond=0)
        self._articles[ident] = Known(ident, canonical, entry.url, entry.content.title, mark, state)
        appearance = Appearance(self._source, key, ident, mark)
        return NewArticle(ident, canonical, entry, state, published, updated, appearance)


def possible_ids(source: str, entries: Iterable[Entry]) -> frozenset[str]:
    """Every id `decide` may give to an entry of this batch, for the snapshot to look for beside keys and URLs."""
    batch = keyed(entries)
    by_guid = {article_id_for_guid(source, key) for key in batch}
    by_url = {article_id(canonical) for entry in batch.values() if (canonical := canonical_url(entry.url))}
    return frozenset(by_guid | by_url)
