"""From what a source shows to what the store holds: fetch, parse, decide, write. One transaction a document.

That transaction takes a batch from "fetched" to "stored, tagged, indexed, matched, its alerts queued, its feeds marked
stale, its source's next poll set".
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from syndicator import pace
from syndicator.config import Settings, Source
from syndicator.errors import ParseError, StoreError
from syndicator.filing import Filing
from syndicator.ingest import Appeared, Late, decide
from syndicator.metrics import Stage, timed
from syndicator.model import Entry, Fetched, Outcome, Parsed, SourceKind, SourceState, Validators
from syndicator.sources import (
    FEED_ACCEPT,
    PAGE_ACCEPT,
    SETTLED,
    DropFolder,
    DroppedFile,
    parse_feed,
    parse_file,
    parse_page,
)
from syndicator.store import Store
from syndicator.websub import discover, is_told_by, subscribed

log = logging.getLogger(__name__)

# A file that was dropped a moment ago is waited for, so that one cycle takes it in; one still growing is left.
LOOKS = 3
# What was fetched is held for so long while another process writes: half of the time that a source is ours for.
HELD_S = 300.0


class Fetches(Protocol):
    """What asks servers: `sources.Fetcher`, or a fake in tests."""

    async def get(self, url: str, validators: Validators = ..., *, accept: str = ...) -> Fetched:
        """The answer to one GET; trouble is an outcome, not an exception."""


class Parses(Protocol):
    """What runs a parser on hostile bytes within bounds: `sources.Sandbox`, or a fake in tests."""

    async def run(self, source: str, parse: Callable[..., Parsed], /, *args: Any) -> Parsed:
        """The parser's result. Raises ParseError, also when it took too long or too much memory."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at one source brought. `error` is one line for people, None when all went well."""

    source: str
    new: int = 0
    changed: int = 0
    error: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a batch: how many articles are new and changed, and a line for each entry left out.

    `late` counts pushed entries that were left to the next poll, since the source may have changed them again.
    """

    new: int = 0
    changed: int = 0
    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    late: int = 0

    def __add__(self, other: "Accepted") -> "Accepted":
        return Accepted(
            self.new + other.new,
            self.changed + other.changed,
            self.refused + other.refused,
            self.warnings + other.warnings,
            self.late + other.late,
        )

    def as_taken(self, source: str, warnings: tuple[str, ...] = (), *, error: str | None = None) -> Taken:
        """The same, told of a source, with what its parser warned of."""
        return Taken(source, self.new, self.changed, error, (*warnings, *self.refused, *self.warnings))


class Intake:
    """Takes in what sources show, each at its own risk.

    `listening` is set while hubs can push to us, and what they push arrives: polls are patient only then.
    """

    listening = False

    def __init__(self, settings: Settings, store: Store, filing: Filing, fetches: Fetches, parses: Parses) -> None:
        self._settings = settings
        self._store = store
        self._filing = filing
        self._fetches = fetches
        self._parses = parses

    async def take(self, source: Source, state: SourceState, now: datetime) -> Taken:
        """One look at one claimed source. Never raises: what goes wrong is told in the result, and costs this look."""
        try:
            if source.kind is SourceKind.FOLDER:
                return await self._take_folder(source, state, now)
            return await self._take_url(source, state, now)
        except StoreError as error:
            # A full disk, say: the lease ends by itself, and the source is looked at again.
            return Taken(source.name, error=str(error))
        except Exception as error:
            # A defect of ours: the same.
            log.exception("%s: this look failed", source.name)
            return Taken(source.name, error=f"{type(error).__name__}: {error}")

    def accept(
        self, source: str, entries: Sequence[Entry], now: datetime, *, backlog: bool = False, pushed: bool = False
    ) -> Accepted:
        """Store, tag, index and match what a source published; a `backlog` alerts nobody.

        What a hub `pushed` may be late: such entries are counted, and not stored.

        Belongs inside a transaction. If the batch as a whole can't be written, its entries are tried one by one,
        so that a bad one costs itself alone. A store that can't write at all raises StoreError: nothing is left out.
        """
        try:
            return self._accept(source, entries, now, backlog=backlog, pushed=pushed)
        except StoreError:
            raise
        except Exception:
            log.exception("%s: a batch of %d could not be stored; trying its entries one by one", source, len(entries))
        accepted = Accepted()
        for entry in entries:
            try:
                accepted += self._accept(source, [entry], now, backlog=backlog, pushed=pushed)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - told in the log above and in the line below
                line = f"left out {(entry.guid or entry.url or entry.content.title)!r}: {error}"
                accepted += Accepted(refused=(line,))
        return accepted

    def _accept(self, source: str, entries: Sequence[Entry], now: datetime, *, backlog: bool, pushed: bool) -> Accepted:
        with self._store.savepoint():
            with timed(Stage.STORE):
                known = self._store.batches.snapshot(source, entries, pushed=pushed)
                intents = decide(source, entries, known, now)
                applied = self._store.batches.apply(intents, now)
            with timed(Stage.MATCH):
                for article in (*applied.new, *applied.changed):
                    self._filing.file(article, now, backlog=backlog)
                for article in applied.joined:
                    self._filing.file(article, now, backlog=backlog, joined=source)
        lines = (
            f"{each.appearance.title!r} was changed by its source, but the desk had corrected it: the correction stands"
            for each in intents
            if isinstance(each, Appeared) and each.overruled
        )
        late = sum(isinstance(each, Late) for each in intents)
        return Accepted(len(applied.new), len(applied.changed), warnings=tuple(lines), late=late)

    async def _take_url(self, source: Source, state: SourceState, now: datetime) -> Taken:
        url = state.moved_to or source.url or ""
        page = source.kind is SourceKind.PAGE
        with timed(Stage.FETCH):
            fetched = await self._fetches.get(url, state.validators, accept=PAGE_ACCEPT if page else FEED_ACCEPT)
        parsed: Parsed | None = None
        if pace.is_news(state, fetched):
            parser = parse_page if page else parse_feed
            try:
                document = (fetched.body, fetched.content_type, fetched.url)
                with timed(Stage.PARSE):
                    parsed = await self._parses.run(source.name, parser, *document)
            except ParseError as error:
                fetched = replace(fetched, outcome=Outcome.FAILED, error=error.message)
        await self._store.turn(seconds=HELD_S)
        return self._settle(source, state, fetched, parsed, now)

    async def take_pushed(
        self, source: Source, body: bytes, content_type: str | None, url: str, now: datetime, *, wait_s: float = HELD_S
    ) -> Taken:
        """Take in what a hub pushed, as a poll of `url` would: the same parser, the same transaction.

        While another process writes it waits, `wait_s` seconds at most. Nothing is awaited after the transaction.

        Hubs repeat themselves, and deliver out of order: what is older than what the source said last is not stored,
        and the source is asked. A push before the first poll only brings that forward: it may hold no more than the
        newest item, and what the poll then finds would alert as news.

        Raises ParseError for what can't be read, or has nothing in it, and StoreError.
        """
        parser = parse_page if source.kind is SourceKind.PAGE else parse_feed
        with timed(Stage.PARSE):
            parsed = await self._parses.run(source.name, parser, body, content_type, url)
        if not parsed.entries:
            raise ParseError(source.name, "has no entries")
        store = self._store
        await store.turn(seconds=wait_s)
        with store.transaction():
            state = store.sources.state(source.name)
            if state is None or state.first_success is None:
                self.look_again(source.name, now)
                return Taken(source.name)
            accepted = self.accept(source.name, _in_language(source, parsed), now, pushed=True)
            doubtful = accepted.changed + accepted.late > 0
            store.sources.heard(pace.after_push(state, now, edited=doubtful))
            if doubtful:
                store.subscriptions.ping(source.name, now, doubted=True)
        return accepted.as_taken(source.name, parsed.warnings)

    def look_again(self, source: str, now: datetime) -> None:
        """A hub says that there is something to be fetched. Belongs inside a transaction."""
        state = self._store.sources.state(source)
        if state is not None:
            self._store.sources.heard(pace.look_again(state, now))
            self._store.subscriptions.ping(source, now, doubted=False)

    def poll_by_itself(self, source: str, now: datetime) -> None:
        """Nothing is pushed any more: polls come at the source's own pace. Belongs inside a transaction."""
        state, own_due = self._store.sources.state(source), self._store.subscriptions.own_due(source)
        if state is not None and own_due is not None and not state.failures:
            self._store.sources.heard(replace(state, due=min(state.due, max(now, own_due))))

    def catch_up(self, now: datetime) -> None:
        """At a start: nobody listened, so the next poll comes soon, and what it finds is no hub's fault.

        Belongs inside a transaction.
        """
        for it in self._store.subscriptions.all():
            if it.polled_at is not None:
                self._store.subscriptions.save(replace(it, polled_at=None))
                self.poll_by_itself(it.source, now)

    def _settle(
        self, source: Source, state: SourceState, fetched: Fetched, parsed: Parsed | None, now: datetime
    ) -> Taken:
        """The one transaction: entries stored and filed, and the source's next poll set."""
        store = self._store
        limits = pace.PaceLimits(*self._settings.poll_range(source))
        with store.transaction():
            entries = _in_language(source, parsed) if parsed else []
            accepted = self.accept(source.name, entries, now, backlog=state.first_success is None)
            recent = pace.recent(state, store.sources.arrivals(source.name, now - pace.HISTORY), now)
            after = pace.after(
                state,
                fetched,
                parsed,
                new_items=accepted.new,
                recent_items=recent,
                now=now,
                limits=limits,
            )
            if fetched.outcome in {Outcome.FRESH, Outcome.UNCHANGED}:
                after = self._beside_hubs(after, accepted.new, limits, now)
            if is_told_by(fetched, parsed):
                store.subscriptions.offer(source.name, discover(fetched, parsed))
            store.sources.settle(after)
        log.debug("%s: %s, next look at %s", source.name, fetched.error or fetched.outcome, after.due)
        return accepted.as_taken(source.name, parsed.warnings if parsed else (), error=fetched.error)

    def _beside_hubs(self, after: SourceState, new: int, limits: pace.PaceLimits, now: datetime) -> SourceState:
        """What hubs change in what a good poll decided. The poll in turn tells how well they do."""
        subscriptions, name = self._store.subscriptions, after.name
        pinged = subscriptions.pinged(name)
        trusted = False
        for it in subscriptions.of(name):
            # What a hub told us to look for was not missed.
            told = pinged.at is not None and (it.polled_at is None or pinged.at >= it.polled_at)
            judged = subscribed.polled(it, 0 if told else new, now)
            if judged != it:
                subscriptions.save(judged)
            trusted = trusted or subscribed.is_trusted(judged, now)
        patient = trusted and self.listening
        subscriptions.put_off(name, after.due if patient else None)
        if patient:
            after = pace.patient(after, now, limits)
        if pinged.at is not None and pinged.at >= now:
            # A hub spoke while we looked: what we fetched may not yet have what it spoke of.
            doubted = pinged.doubted is not None and pinged.doubted >= now
            after = pace.look_again(after, pinged.at, doubted=doubted)
        return after

    async def _take_folder(self, source: Source, state: SourceState, now: datetime) -> Taken:
        """Every complete file, then the same for those that were still being written a moment ago."""
        assert source.path is not None
        folder = DropFolder(source.path)
        files: list[Taken] = []
        looks_left = LOOKS
        while looks_left:
            look = folder.look()
            files += [await self._take_file(source, folder, file, now) for file in look.ready]
            if look.more:
                continue
            looks_left -= 1
            if not look.waiting:
                break
            await asyncio.sleep(SETTLED)
        errors = [file.error for file in files if file.error] + [look.error] * bool(look.error)
        # What was wrong with a file is remembered until one is taken in well.
        refusal = errors[-1] if errors else None if files else state.last_error
        await self._store.turn(seconds=HELD_S)
        with self._store.transaction():
            self._store.sources.settle(pace.after_look(state, look.error, refusal=refusal, now=now))
        log.debug("%s: %d files", source.name, len(files))
        return Taken(
            source.name,
            sum(file.new for file in files),
            sum(file.changed for file in files),
            "; ".join(map(str, errors)) or None,
            tuple(line for file in files for line in file.warnings),
        )

    async def _take_file(self, source: Source, folder: DropFolder, file: DroppedFile, now: datetime) -> Taken:
        """One file in one transaction; it is moved only after what it said is stored."""
        try:
            with timed(Stage.PARSE):
                parsed = await self._parses.run(file.name, parse_file, file.name, file.read())
            await self._store.turn(seconds=HELD_S)
            with self._store.transaction(durable=True):
                accepted = self.accept(source.name, _in_language(source, parsed), now)
            if len(accepted.refused) == len(parsed.entries):
                raise ParseError(file.name, "; ".join(accepted.refused))
        except ParseError as error:
            problem = folder.settle_failed(file, error)
            return Taken(source.name, error=f"{file.name}: {error.message}", warnings=(problem,) if problem else ())
        problem = folder.settle_done(file)
        lines = [f"{file.name}: {line}" for line in (*parsed.warnings, *accepted.refused, *accepted.warnings)] + [
            problem
        ] * bool(problem)
        return Taken(source.name, accepted.new, accepted.changed, None, tuple(map(str, lines)))


def _in_language(source: Source, parsed: Parsed) -> list[Entry]:
    """The entries; those that don't say their language are in the source's."""
    return [
        entry if entry.content.language else replace(entry, content=replace(entry.content, language=source.language))
        for entry in parsed.entries
    ]
