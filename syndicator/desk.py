"""What people do by hand: give articles in, correct, kill and hold them. Each act is one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from syndicator import editorial
from syndicator.config import Settings
from syndicator.errors import FetchError, NotFoundError, ParseError
from syndicator.intake import Fetches, Parses, Taken
from syndicator.model import Article, Outcome, Parsed, Republish, State
from syndicator.pipeline import Pipeline
from syndicator.sources import FILE_LENGTH, parse_feed, parse_file, parse_page
from syndicator.store import SourceRow, Store

# What is given in as a file of its own, and not as somebody's feed, comes under this name.
BY_HAND = "ingest"


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """A document given by hand, and the source it counts for."""

    source: SourceRow
    parsed: Parsed


class Desk:
    """The acts of people on one newsroom's articles."""

    def __init__(self, settings: Settings, store: Store, pipeline: Pipeline, fetches: Fetches, parses: Parses) -> None:
        self._settings = settings
        self._store = store
        self._pipeline = pipeline
        self._fetches = fetches
        self._parses = parses

    async def ingest(self, location: str, now: datetime) -> Taken:
        """Take in an article or a feed from a path or a URL, now. Its trouble is in `Taken.error`."""
        try:
            handed = await (self._from_url(location) if "://" in location else self._from_file(Path(location)))
        except (ParseError, FetchError) as error:
            return Taken(location, error=error.message)
        source = handed.source
        with self._store.transaction():
            self._store.sources.remember(source, now, enabled=False)
            accepted = self._pipeline.intake.accept(source.name, handed.parsed.entries, now)
        return accepted.as_taken(location, handed.parsed.warnings)

    def article(self, reference: str) -> Article:
        """The one article meant by an id, the start of one, or a URL. Raises NotFoundError."""
        found = self._store.articles.find(reference)
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(
                f"No article {reference!r}: give its id, six or more of its first characters, or its URL."
            )
        listed = "\n".join(f"  {article.id}  {article.content.title}" for article in found)
        raise NotFoundError(f"{reference!r} could be any of these; give more of the id:\n{listed}")

    def correct(
        self,
        reference: str,
        note: str,
        now: datetime,
        *,
        by: str,
        title: str | None = None,
        text: str | None = None,
    ) -> Article:
        """Correct an article: same id, a new version, a note that readers see."""
        with self._store.transaction():
            article = self.article(reference)
            content = editorial.correction(article, note, title=title, text=text)
            state = article.state if article.state is State.EMBARGOED else State.CORRECTED
            corrected = self._store.articles.add_version(
                article.id, content, author=by, now=now, state=state, note=note.strip()
            )
            self._pipeline.filing.file(corrected, now)
            if state is State.CORRECTED:
                self._pipeline.alerting.correct(corrected, now)
        return corrected

    def kill(self, reference: str, note: str, now: datetime, *, by: str) -> tuple[Article, Article | None]:
        """Withdraw an article: a notice under its id, and an advisory where it was seen (None where it never was)."""
        store, filing = self._store, self._pipeline.filing
        with store.transaction():
            article = self.article(reference)
            source_title = self._title_of(article)
            topics = store.topics.of(article.id)
            seen = any(version.state is not State.EMBARGOED for version in store.articles.history(article.id))
            content = editorial.notice(article, note, source_title)
            killed = store.articles.add_version(
                article.id, content, author=by, now=now, state=State.KILLED, note=note.strip() or None
            )
            store.articles.withdraw(killed.id)
            if seen:
                # Where it stood its notice stands, also where the article had left its topics, being retired.
                store.topics.tag(killed, topics)
            filing.withdraw(killed)
            self._pipeline.alerting.kill(killed, now)
            if not seen:
                return killed, None
            advice = store.articles.insert_advisory(
                editorial.id_of_advisory(killed),
                killed,
                editorial.advisory(killed, note, source_title),
                source=self._settings.site.title,
                author=by,
                now=now,
            )
            store.topics.tag(advice, dict.fromkeys(topics, ()))
            filing.file(advice, now)
        return killed, advice

    def embargo(self, reference: str, until: datetime, now: datetime, *, by: str) -> Article:
        """Hold an article back until a time; one that is out already leaves feeds and search until then."""
        with self._store.transaction():
            article = self.article(reference)
            editorial.may_embargo(article, until, now)
            if article.state is not State.EMBARGOED:
                article = self._store.articles.add_version(
                    article.id, article.content, author=by, now=now, state=State.EMBARGOED
                )
                self._pipeline.filing.withdraw(article)
                self._pipeline.alerting.settle_stories(article, now)
            self._store.articles.hold(article.id, until)
        return replace(article, embargo_until=until)

    def _title_of(self, article: Article) -> str:
        row = self._store.sources.get(article.source)
        return row.label if row else article.source

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
