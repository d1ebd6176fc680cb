"""What a source's entries mean for the store: new, changed, moved or the same. Pure: no I/O, no clock.

A source speaks for an article as long as what it last said is what the article says: its next change is then
an edit. A source that is out of step (another source's longer copy came first, or an editor corrected the
article by hand) is recorded, and changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from syndicator.identity import alike, article_id, article_id_for_guid, canonical_url, fingerprint, sketch
from syndicator.model import Content, Entry, State

# Two headlines are one story's if they share at least this part of their words.
SAME_HEADLINE = 0.5
# The key of a dropped file is its name, which people use again: another headline in it is another article.
FILE = "file:"
# A sketch of this many runs is enough to tell texts apart by.
ENOUGH_RUNS = 8
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of one article: enough to tell an edit from the same again, or from another article."""

    id: str
    canonical: str | None
    title: str
    fingerprint: str
    sketch: tuple[int, ...]
    state: State
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appearance:
    """One source's item of an article under the source's own `key`, and what that source said last.

    It is what the source's next word is held against: the article itself may say something else by then, because
    another source or an editor spoke, or because it was withdrawn.
    """

    source: str
    key: str
    article: str
    fingerprint: str
    canonical: str | None
    title: str
    sketch: tuple[int, ...]
    # When the source says that it was last touched. A date that was touched alone is nothing to write down.
    updated: datetime | None = field(default=None, compare=False)


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
class Held:
    """A held article whose source now gives another time until which it is held."""

    id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Appeared:
    """A source carries an article that is known; nothing else changes.

    `overruled` tells that the source changed its copy of an article that an editor had corrected: ours stands.
    """

    appearance: Appearance
    overruled: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """What a hub pushed of an item is older than what the source said last, or may be: the source has to be asked."""

    appearance: Appearance


Intent = NewArticle | Edited | Moved | Held | Appeared | Late


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the store knows about a batch's keys, URLs and words, read in the transaction that will write.

    `withdrawn` holds fingerprints of what killed articles said, with their ids. `earlier` is None where the source
    itself was asked; for what a hub pushed it holds the fingerprints of earlier versions, by article.
    """

    appearances: Mapping[str, Appearance]
    articles: Mapping[str, Known]
    by_canonical: Mapping[str, Sequence[str]]
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, frozenset[str]] | None = None


def names(entry: Entry) -> list[str]:
    """Everything a source may know an item by, best first: its guid, its canonical URL, what it says."""
    known_by = (entry.guid, canonical_url(entry.url), f"sha256:{fingerprint(entry.content)}")
    return [name for name in known_by if name]


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
        key = own_guid or own_page or names(entry)[-1]
        if key in batch and not _one_piece(_said("", key, entry), _said("", key, batch[key])):
            key = names(entry)[-1]
        batch.setdefault(key, entry)
    return batch


def decide(source: str, entries: Sequence[Entry], known: Snapshot, now: datetime) -> list[Intent]:
    """The intents that bring the store up to what `source` now publishes, in document order.

    Items that share a URL within the batch are told apart by their guids. Nothing is said of what is the same.
    """
    batch = _Batch(known, now, _shared_urls(entries))
    return [
        intent for key, entry in keyed(entries).items() for intent in batch.decide(entry, _said(source, key, entry))
    ]


def published_at(entry: Entry, now: datetime) -> datetime:
    """When an entry counts as published: what its source says, but never after `now` nor before 1990."""
    said = entry.published or entry.updated
    if said is None or said < EARLIEST:
        return now
    return min(said, now).replace(microsecond=0)


def same_headline(one: str, other: str) -> bool:
    """Whether two titles are an old and a new headline of one story (Jaccard of their words)."""
    mine, theirs = set(one.casefold().split()), set(other.casefold().split())
    return len(mine & theirs) >= SAME_HEADLINE * len(mine | theirs)


def _said(source: str, key: str, entry: Entry) -> Appearance:
    """What a source says now, read once; of which article is for the batch to find out."""
    said = entry.content
    updated = entry.updated and entry.updated.replace(microsecond=0)
    return Appearance(source, key, "", fingerprint(said), canonical_url(entry.url), said.title, sketch(said), updated)


def _one_piece(now: Appearance | Known, before: Appearance | Known) -> bool:
    """Whether what is said now is the same article as was said before, under a new headline or with a new text."""
    return same_headline(now.title, before.title) or alike(now.sketch, before.sketch)


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

    def __init__(self, known: Snapshot, now: datetime, shared: frozenset[str]) -> None:
        self._known = known
        self._now = now
        self._shared = shared
        self._articles: dict[str, Known] = dict(known.articles)

    def decide(self, entry: Entry, said: Appearance) -> list[Intent]:
        before = self._known.appearances.get(said.key)
        withdrawn = self._known.withdrawn.get(said.fingerprint)
        if withdrawn is not None:
            # Word for word what was taken back: from whatever source, under whatever name, it stays so.
            now = replace(said, article=withdrawn)
            return [] if now == before else [Appeared(now)]
        sure = before is not None and entry.guid == said.key and not said.key.startswith(FILE)
        if before is None:
            known = (self._known.appearances.get(name) for name in names(entry))
            before = next((each for each in known if each is not None), None)
        if before is not None and self._is_that_item(before, said, sure=sure):
            return self._again(before, entry, replace(said, article=before.article))
        article = self._at(said) if before is None else None
        if article is not None:
            return self._joins(article, entry, replace(said, article=article.id))
        return [self._new(entry, said, again=before is not None)]

    def _is_that_item(self, before: Appearance, said: Appearance, *, sure: bool) -> bool:
        """Whether an item is the one its name stood for last time: guids, file names and links get used again.

        A guid is believed while the link stays; anything less only while the words are alike.
        """
        if sure and (said.canonical is None or before.canonical in (None, said.canonical)):
            return True
        if before.key.startswith(FILE) and min(len(said.sketch), len(before.sketch)) >= ENOUGH_RUNS:
            # Every day's briefing.txt may have the same headline: here the text alone tells.
            return alike(said.sketch, before.sketch)
        return _one_piece(said, before)

    def _again(self, before: Appearance, entry: Entry, now: Appearance) -> list[Intent]:
        """An item this source had before: the same, edited, moved, or held until another time."""
        if self._is_late(before, now):
            return [Late(now)]
        article = self._articles[before.article]
        intents: list[Intent] = []
        if now.fingerprint != before.fingerprint:
            intents.append(self._edit(article, before.fingerprint, entry, now))
        elif now != before:
            intents.append(Appeared(now))
        if self._moves(article, before, now.canonical) and entry.url:
            intents.append(Moved(article.id, entry.url, now.canonical))
        until = entry.embargo_until
        if article.state is State.EMBARGOED and until is not None and until != article.embargo_until:
            intents.append(Held(article.id, until))
        return intents

    def _is_late(self, before: Appearance, now: Appearance) -> bool:
        """Whether a push may say what the source has since said otherwise: hubs repeat, and deliver out of order."""
        if self._known.earlier is None or now == before:
            return False
        if before.updated is not None and now.updated is not None and before.updated != now.updated:
            return now.updated < before.updated
        said_before = self._known.earlier.get(now.article, frozenset())
        return now.fingerprint != before.fingerprint and now.fingerprint in said_before

    def _moves(self, article: Known, before: Appearance, canonical: str | None) -> bool:
        """Whether the source itself gave its item a new address, and the article was at the old one."""
        in_step = before.fingerprint == article.fingerprint and article.state is not State.KILLED
        return in_step and canonical not in {before.canonical, article.canonical, *self._shared}

    def _joins(self, article: Known, entry: Entry, now: Appearance) -> list[Intent]:
        """Another appearance of a known article: from another source, or under a new guid of this one."""
        ours = [a for a in self._known.appearances.values() if a.article == article.id]
        if ours and now.fingerprint not in (article.fingerprint, ours[-1].fingerprint):
            late = self._is_late(ours[-1], now)
            return [Late(now) if late else self._edit(article, ours[-1].fingerprint, entry, now)]
        return [Appeared(now)]

    def _edit(self, article: Known, last_said: str, entry: Entry, now: Appearance) -> Intent:
        """An edit if this source was in step with the article; killed articles stay killed."""
        in_step = last_said == article.fingerprint and now.fingerprint != article.fingerprint
        if not in_step or article.state is State.KILLED:
            return Appeared(now, overruled=article.state is State.CORRECTED and last_said != article.fingerprint)
        self._articles[article.id] = replace(article, fingerprint=now.fingerprint, title=now.title, sketch=now.sketch)
        return Edited(article.id, entry.content, now)

    def _at(self, said: Appearance) -> Known | None:
        """The known article at this URL, if the entry is that piece and not another one on the same page."""
        if said.canonical is None or said.canonical in self._shared:
            return None
        for candidate in self._known.by_canonical.get(said.canonical, ()):
            article = self._articles[candidate]
            ours = [a for a in self._known.appearances.values() if a.article == candidate and a.key != said.key]
            # Another source's. What a withdrawn article said is gone: at its URL nothing may come back.
            if not ours and article.state is State.KILLED:
                return article
            earlier: Sequence[Appearance | Known] = ours or [article]
            if any(_one_piece(said, before) for before in earlier):
                return article
        return None

    def _new(self, entry: Entry, said: Appearance, *, again: bool) -> Intent:
        """A new article. Its id is of its URL, or of its key; where both are taken, of its key and what it says.

        Where that one is there too, it is the same article, shown again after another one took its place.
        """
        canonical, mark = said.canonical, said.fingerprint
        own = article_id(canonical) if canonical is not None and canonical not in self._shared else None
        possible = (own, None if again else article_id_for_guid(said.source, said.key))
        fallback = article_id_for_guid(said.source, f"{said.key}#{mark}")
        there = [id_ for id_ in (*possible, fallback) if id_ in self._articles]
        shown = next((id_ for id_ in there if id_ == fallback or self._articles[id_].fingerprint == mark), None)
        if shown is not None:
            return Appeared(replace(said, article=shown))
        ident = next((id_ for id_ in possible if id_ and id_ not in self._articles), fallback)
        held = entry.embargo_until is not None and entry.embargo_until > self._now
        state = State.EMBARGOED if held else State.LIVE
        published = published_at(entry, self._now)
        updated = min(max(published, entry.updated or published), self._now).replace(microsecond=0)
        self._articles[ident] = Known(ident, canonical, said.title, mark, said.sketch, state)
        return NewArticle(ident, canonical, entry, state, published, updated, replace(said, article=ident))


def possible_ids(source: str, batch: Mapping[str, Entry]) -> frozenset[str]:
    """Every id `decide` may give to an entry of this keyed batch, for the snapshot to look for beside keys and URLs."""
    by_guid = {
        article_id_for_guid(source, name)
        for key, entry in batch.items()
        for name in (key, f"{key}#{fingerprint(entry.content)}")
    }
    by_url = {article_id(canonical) for entry in batch.values() if (canonical := canonical_url(entry.url))}
    return frozenset(by_guid | by_url)
