"""The face of this folder: feed documents in, files in `feeds/` out, any static server can take it from there."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace as changed
from hashlib import sha256
from pathlib import Path

from syndicator.errors import PublishError
from syndicator.model import FeedDocument
from syndicator.publish import files
from syndicator.publish.budget import ARCHIVE_BYTES, SUBSCRIPTION_BYTES, fit
from syndicator.publish.document import each_once, settled
from syndicator.publish.entry import RenditionCache
from syndicator.publish.gone import FORMATS, GoneList
from syndicator.publish.jsonfeed import json_document
from syndicator.publish.opml import subscriptions
from syndicator.publish.pages import Pages, stylesheet
from syndicator.publish.site import Address, FeedSummary, PublicSite
from syndicator.publish.text import language_tag
from syndicator.publish.xmlfeed import MEDIA_TYPES, atom_document, rss_document

INDEX_FILES = ("style.css", "index.html", "subscriptions.opml")


class Publisher:
    """Writes feeds, pages and lists into one folder, each file whole and only when its bytes change.

    One Publisher writes to a folder at a time. What writes returns the files that changed or went, and raises
    PublishError where a document can't be written: the last good copy stands.
    """

    def __init__(self, directory: Path, site: PublicSite) -> None:
        if not site.feeds_url.endswith("/"):
            raise PublishError(f"feeds_url must end in '/': {site.feeds_url}")
        self._directory = directory
        self._site = site
        self._cache = RenditionCache()
        self._pages = Pages(site)
        self._gone = GoneList(directory, site)

    def has(self, name: str, months: Collection[str] = ()) -> bool:
        """Whether every file of feed `name`, and of these months of its archive, is there and not empty."""
        feed = Address(self._site, name)
        names = [feed.file(extension) for extension in FORMATS]
        for month in months:
            names += [Address(self._site, name, month).file(extension) for extension in ("rss", "atom")]
        return all(files.is_whole(self._directory / each) for each in names)

    def has_index(self) -> bool:
        """Whether the files that `write_index` writes are there and not empty."""
        return all(files.is_whole(self._directory / name) for name in INDEX_FILES)

    def sweep(self) -> None:
        """Remove unfinished files that a killed process left. Nobody else may be writing to the folder."""
        files.sweep(self._directory)

    def write(self, document: FeedDocument) -> list[Path]:
        """Write NAME.rss, .atom, .json and .html; of an archive document archive/NAME/MONTH.rss and .atom."""
        with _failing_as(document.name):
            address = Address(self._site, document.name, document.archive)
            rendered = self._rendered(document, address, FORMATS)
            changes = self._replace({address.file(extension): data for extension, data in rendered.items()})
            gone = self._gone.names()
            if document.name in gone:
                changes += self._gone.keep(gone - {document.name})
            return changes

    def digests(self, name: str) -> dict[str, str]:
        """The SHA-256 (hex) of each of feed `name`'s subscription documents as it stands in the folder, by extension.

        For the one who writes: what it finds is what was written last, whoever that was.
        """
        with _failing_as(name):
            address = Address(self._site, name)
            paths = {extension: self._directory / address.file(extension) for extension in MEDIA_TYPES}
            return {extension: sha256(path.read_bytes()).hexdigest() for extension, path in paths.items()}

    def render(self, document: FeedDocument, extension: str, *, at: str, query: str = "") -> bytes:
        """The bytes of a feed that stands in no folder and no list, in one of FORMATS; nothing is written.

        It calls itself `at` with "." and the extension behind it, and "?" and the `query`. Raises PublishError.
        """
        with _failing_as(document.name):
            address = Address(self._site, document.name, stem=at, query=query)
            return self._rendered(document, address, (extension,))[extension]

    def write_index(self, feeds: Sequence[FeedSummary]) -> list[Path]:
        """Write index.html, style.css and subscriptions.opml, with the feeds in the order given."""
        with _failing_as("index"):
            texts = {
                "style.css": stylesheet(),
                "index.html": self._pages.index(feeds),
                "subscriptions.opml": subscriptions(feeds, self._site),
            }
            return self._replace(texts)

    def _replace(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Write files, each by itself: where one can't be written, the others still lose what was taken back."""
        changes, failed = [], []
        for name, data in contents.items():
            try:
                if files.replace(self._directory / name, data):
                    changes.append(self._directory / name)
            except OSError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return changes

    def write_gone(self, names: Collection[str]) -> list[Path]:
        """Take down the feeds `names` with their archives, and put them on the list of what is gone.

        The list is kept from call to call; a feed leaves it when it is written again.
        """
        with _failing_as("gone"):
            changes = []
            for name in sorted(names):
                address = Address(self._site, name)
                paths = [self._directory / address.file(extension) for extension in FORMATS]
                changes += [path for path in paths if files.remove(path)]
                changes += self.prune_archives(name, ())
            return changes + self._gone.keep(self._gone.names() | set(names))

    def prune_archives(self, name: str, months: Collection[str]) -> list[Path]:
        """Remove the archive documents of feed `name` except those of `months` ("2026-10"), which still stand."""
        with _failing_as(name):
            Address(self._site, name)
            folder = self._directory / "archive" / name
            documents = sorted(path for path in folder.glob("*") if path.suffix in (".rss", ".atom"))
            changes = [path for path in documents if path.stem not in months and files.remove(path)]
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            return changes

    def _rendered(self, document: FeedDocument, address: Address, wanted: Collection[str]) -> dict[str, bytes]:
        """The bytes of `document` in the `wanted` formats that it has: the same items in the same order in all."""
        language = language_tag(document.language) or "en"
        archived = document.archive is not None
        items, renditions = fit(
            document.name,
            each_once(document.name, document.items),
            lambda item, level: self._cache.rendition(item, level, language),
            ARCHIVE_BYTES if archived else SUBSCRIPTION_BYTES,
        )
        document = settled(changed(document, items=items))
        formats: dict[str, Callable[[], bytes]] = {
            "rss": lambda: rss_document(document, address, [r.rss for r in renditions]),
            "atom": lambda: atom_document(document, address, [r.atom for r in renditions]),
        }
        if not archived:
            formats["json"] = lambda: json_document(document, address, [r.json for r in renditions])
            formats["html"] = lambda: self._pages.feed(document, address)
        return {extension: written() for extension, written in formats.items() if extension in wanted}


@contextmanager
def _failing_as(name: str) -> Iterator[None]:
    """Whatever goes wrong inside becomes a PublishError that names the feed; the last good copy stands."""
    try:
        yield
    except PublishError:
        raise
    except OSError as error:
        raise PublishError(f"{name}: can't write {error.filename or 'its files'}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise PublishError(f"{name}: can't be rendered: {error}") from error
