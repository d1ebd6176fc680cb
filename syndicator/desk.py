"""What people do by hand: give articles in, and what they do to those that are there."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from syndicator.articledesk import ArticleDesk
from syndicator.config import Settings
from syndicator.errors import FetchError, ParseError
from syndicator.intake import Fetches, Parses, Taken
from syndicator.model import Outcome, Parsed, Republish
from syndicator.people import COMMAND
from syndicator.pipeline import Pipeline
from syndicator.plurals import counted
from syndicator.sources import FILE_LENGTH, parse_feed, parse_file, parse_page
from syndicator.store import SourceRow, Store

# What is given in as a file of its own, and not as somebody's feed, comes under this name.
BY_HAND = "ingest"


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """A document given by hand, and the source it counts for."""

    source: SourceRow
    parsed: Parsed


class Desk(ArticleDesk):
    """The acts of people on one newsroom's articles, from taking them in."""

    def __init__(self, settings: Settings, store: Store, pipeline: Pipeline, fetches: Fetches, parses: Parses) -> None:
        super().__init__(settings, store, pipeline)
        self._fetches = fetches
        self._parses = parses

    async def ingest(self, location: str, now: datetime, *, by: str = COMMAND) -> Taken:
        """Take in an article or a feed from a path or a URL, now. Its trouble is in `Taken.error`."""
        try:
            handed = await (self._from_url(location) if "://" in location else self._from_file(Path(location)))
        except (ParseError, FetchError) as error:
            return Taken(location, error=error.message)
        source = handed.source
        with self._store.transaction():
            self._store.sources.remember(source, now, enabled=False)
            accepted = self._pipeline.intake.accept(source.name, handed.parsed.entries, now)
            taken = accepted.as_taken(location, handed.parsed.warnings)
            if taken.new or taken.changed:
                said = f"{counted(taken.new, 'new article')}, {taken.changed} changed"
                self._store.audit.note(now, by, "taken in by hand", f"source {source.name}", said)
        return taken

    async def _from_url(self, url: str) -> _HandedIn:
        """A feed or a page on the web; one that config knows counts for that source."""
        fetched = await self._fetches.get(url)
        if fetched.outcome is not Outcome.FRESH:
            raise FetchError(url, fetched.error or f"the server answered {fetched.status}")
        arguments = (fetched.body, fetched.content_type, fetched.url)
        try:
            parsed = await self._parses.run(url, parse_feed, *arguments)
        except ParseError as not_a_feed:
            try:
                parsed = await self._parses.run(url, parse_page, *arguments)
            except ParseError as not_a_page:
                raise ParseError(url, f"{not_a_feed.message}; as a page: {not_a_page.message}") from not_a_page
        for source in self._settings.sources:
            if source.url == url:
                return _HandedIn(SourceRow(source.name, url, source.title, source.republish), parsed)
        host = urlsplit(url).hostname or url
        row = SourceRow(url, url, parsed.title or host, Republish.SUMMARY, parsed.home, parsed.self_url)
        return _HandedIn(row, parsed)

    async def _from_file(self, path: Path) -> _HandedIn:
        """A file: articles of our own, or somebody's feed, which is then a source by that feed's name."""
        parsed = await self._parses.run(str(path), parse_file, path.name, _read(path))
        if parsed.title or parsed.self_url or parsed.home:
            name = parsed.self_url or parsed.home or path.name
            row = SourceRow(name, str(path), parsed.title or path.name, Republish.SUMMARY, parsed.home, parsed.self_url)
            return _HandedIn(row, parsed)
        return _HandedIn(SourceRow(BY_HAND, BY_HAND, self._settings.site.title, Republish.FULL), parsed)


def _read(path: Path) -> bytes:
    """The file's bytes. Raises ParseError with what is wrong with it."""
    try:
        if path.is_dir():
            raise ParseError(str(path), "is a folder: give its files, or name it in config.toml as a source")
        if not path.is_file() and path.exists():
            raise ParseError(str(path), "is not a plain file")
        if (size := path.stat().st_size) > FILE_LENGTH:
            raise ParseError(str(path), f"has {size / 2**20:.0f} MB; the limit is {FILE_LENGTH / 2**20:.0f} MB")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ParseError(str(path), "there is no such file") from error
    except OSError as error:
        raise ParseError(str(path), error.strerror or str(error)) from error
