"""From what a source shows to what the store holds: fetch, parse, decide, write. One transaction a document.

That transaction takes a batch from "fetched" to "stored, tagged, indexed, its feeds marked stale, its source's next
poll set".
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
from syndicator.ingest import decide
from syndicator.model import Article, Entry, Fetched, Outcome, Parsed, SourceKind, SourceState, Validators
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

log = logging.getLogger(__name__)

# A file that was dropped a moment ago is waited for, so that one cycle takes it in; one still growing is left.
LOOKS = 3


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


class Intake:
    """Takes in what sources show, each at its own risk."""

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
        except Exception as error:
            # A defect of ours or a full disk: the lease ends by itself, and the source is looked at again.
            log.exception("%s: this look failed", source.name)
            return Taken(source.name, error=f"{type(error).__name__}: {error}")

    def accept(self, source: str, entries: Sequence[Entry], now: datetime) -> tuple[list[Article], tuple[str, ...]]:
        """Store, tag and index what a source published; the new and changed articles, and a line for each refused.

        Belongs inside a transaction. If the batch as a whole can't be written, its entries are tried one by one,
        so that a bad one costs itself alone. A store that can't write at all raises StoreError: nothing is left out.
        """
        try:
            with self._store.savepoint():
                return self._accept(source, entries, now), ()
        except StoreError:
            raise
        except Exception:
            log.exception("%s: a batch of %d could not be stored; trying its entries one by one", source, len(entries))
        articles: list[Article] = []
        refused: list[str] = []
        for entry in entries:
            try:
                with self._store.savepoint():
                    articles += self._accept(source, [entry], now)
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001 - told in the log above and in the line below
                refused.append(f"left out {(entry.guid or entry.url or entry.content.title)!r}: {error}")
        return articles, tuple(refused)

    def _accept(self, source: str, entries: Sequence[Entry], now: datetime) -> list[Article]:
        known = self._store.batches.snapshot(source, entries)
        articles = self._store.batches.apply(decide(source, entries, known, now), now)
        for article in articles:
            self._filing.file(article)
        return articles

    async def _take_url(self, source: Source, state: SourceState, now: datetime) -> Taken:
        url = state.moved_to or source.url or ""
        page = source.kind is SourceKind.PAGE
        fetched = await self._fetches.get(url, state.validators, accept=PAGE_ACCEPT if page else FEED_ACCEPT)
        parsed: Parsed | None = None
        if pace.is_news(state, fetched):
            parser = parse_page if page else parse_feed
            try:
                parsed = await self._parses.run(source.name, parser, fetched.body, fetched.content_type, fetched.url)
            except ParseError as error:
                fetched = replace(fetched, outcome=Outcome.FAILED, error=error.message)
        return self._settle(source, state, fetched, parsed, now)

    def _settle(
        self, source: Source, state: SourceState, fetched: Fetched, parsed: Parsed | None, now: datetime
    ) -> Taken:
        """The one transaction: entries stored and filed, and the source's next poll set."""
        store = self._store
        poll_min, poll_max = self._settings.poll_range(source)
        with store.transaction():
            articles, refused = self.accept(source.name, parsed.entries, now) if parsed else ([], ())
            new = sum(article.version == 1 for article in articles)
            recent = pace.recent(state, store.sources.arrivals(source.name, now - pace.HISTORY), now)
            after = pace.after(
                state,
                fetched,
                parsed,
                new_items=new,
                recent_items=recent,
                now=now,
                limits=pace.PaceLimits(poll_min, poll_max),
            )
            store.sources.settle(after)
        warnings = (*(parsed.warnings if parsed else ()), *refused)
        return Taken(source.name, new, len(articles) - new, fetched.error, warnings)

    async def _take_folder(self, source: Source, state: SourceState, now: datetime) -> Taken:
        """Every complete file, then the same for those that were still being written a moment ago."""
        assert source.path is not None
        folder = DropFolder(source.path)
        files: list[Taken] = []
        for looks_left in reversed(range(LOOKS)):
            look = folder.look()
            files += [await self._take_file(source, folder, file, now) for file in look.ready]
            if not look.waiting or not looks_left:
                break
            await asyncio.sleep(SETTLED)
        with self._store.transaction():
            again_in = self._settings.schedule.tick
            self._store.sources.settle(pace.after_look(state, look.error, now=now, again_in=again_in))
        errors = [file.error for file in files if file.error] + [look.error] * bool(look.error)
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
            parsed = await self._parses.run(file.name, parse_file, file.name, file.read())
            with self._store.transaction():
                articles, refused = self.accept(source.name, parsed.entries, now)
            if refused and not articles:
                raise ParseError(file.name, "; ".join(refused))
        except ParseError as error:
            problem = folder.settle_failed(file, error)
            return Taken(source.name, error=f"{file.name}: {error.message}", warnings=(problem,) if problem else ())
        problem = folder.settle_done(file)
        lines = [f"{file.name}: {line}" for line in (*parsed.warnings, *refused)] + [problem] * bool(problem)
        new = sum(article.version == 1 for article in articles)
        return Taken(source.name, new, len(articles) - new, None, tuple(map(str, lines)))
