"""The feeds folder over HTTP, as a raw ASGI endpoint: readers poll it day and night, and a framework's answer to them
costs several times as much.

What the server in front of a folder does is done here too: one answer for each file and coding, validators that
follow the bytes, and nothing that differs from reader to reader, so that any cache may keep it.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from starlette.types import Scope, Send

from syndicator.errors import StoreError
from syndicator.publish import FORMATS, INDEX_FILES, MEDIA_TYPES, PAGE_TYPE, Address, PublicSite
from syndicator.store import ALL
from syndicator.web.answering import Headers, judged
from syndicator.web.conditional import told
from syndicator.web.copies import Copy
from syndicator.web.headers import ON_PAGES_OF_FILES, PREFLIGHT, SHARED, lasting
from syndicator.web.house import House
from syndicator.web.shelf import Absence, Shelf

ALLOW = PREFLIGHT["Access-Control-Allow-Methods"].encode()
ARCHIVE_AGE = timedelta(days=1)
STYLE_AGE = timedelta(days=7)
RETRY_AFTER_S = 30
INDEX = "index.html"
# "archive/", the longest name of a feed, a month.
_LONGEST_PATH = 125

_TYPES = {
    **MEDIA_TYPES,
    "html": f"{PAGE_TYPE}; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "opml": "text/x-opml; charset=utf-8",
}


def _raw(headers: Mapping[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


# Whoever reads feeds in a browser may, from any site, and see what it needs to ask again.
_FOR_ANY_SITE = _raw(SHARED)
_PREFLIGHT = [(b"allow", ALLOW), *_FOR_ANY_SITE, *_raw(PREFLIGHT)]


class FeedPath:
    """Answers for the files of the feeds folder."""

    def __init__(self, house: House) -> None:
        self._settings = house.settings
        self._store = house.store
        self._clock = house.clock
        self._names = {ALL, *(topic.name for topic in house.settings.topics)}
        self._site = PublicSite("", house.settings.site.url, house.settings.feeds_url, "", None)
        kept = [f"{name}.{extension}" for name in self._names for extension in FORMATS]
        self._shelf = Shelf(house.settings.feeds.dir, [*kept, *INDEX_FILES], self._stands)
        # What is worked out for a path once. Strangers make up paths, hence the bounds.
        self._feed_of = lru_cache(maxsize=4096)(self._feed_of_file)
        self._standing = lru_cache(maxsize=4096)(self._standing_headers)

    async def serve(self, file: str, scope: Scope, send: Send) -> bool:
        """Answer a request for `file`, the path below the folder's; False, and no answer, where there is none.

        What is no name of a file that we write never gets as far as the disk.
        """
        file = file or INDEX
        feed = self._feed_of(file) if len(file) <= _LONGEST_PATH else None
        if feed is None and file not in INDEX_FILES:
            return False
        found = await self._shelf.find(file, feed)
        if found is Absence.UNKNOWN:
            return False
        if scope["method"] == "OPTIONS":
            await _send(send, 204, _PREFLIGHT)
        elif scope["method"] not in {"GET", "HEAD"}:
            await _tell(scope, send, 405, "This can only be read.", [(b"allow", ALLOW)])
        elif isinstance(found, Copy):
            await self._answer(file, found, scope, send)
        elif found is Absence.GONE:
            await _tell(scope, send, 410, "This feed has ended, and will not come back.", [self._life(INDEX)])
        else:
            retry = (b"retry-after", b"%d" % RETRY_AFTER_S)
            await _tell(scope, send, 503, "This is being written. Please come again.", [retry])
        return True

    async def _answer(self, file: str, copy: Copy, scope: Scope, send: Send) -> None:
        """200 with the bytes in the coding that the reader likes best, or 304."""
        verdict = judged(scope, copy, told(copy.modified, self._clock()))
        always, whole = self._standing(file)
        headers = [*verdict.headers, *always]
        if verdict.status == 304:  # noqa: PLR2004 - RFC 9110 §15.4.5
            await _send(send, 304, headers)
            return
        body = copy.body(verdict.coding)
        if body is None:
            body = await self._shelf.packed(copy, verdict.coding)
        headers += whole
        headers.append((b"content-length", b"%d" % len(body)))
        await _send(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    def _standing_headers(self, file: str) -> tuple[Headers, Headers]:
        """What every answer for `file` says, and what those with the bytes say besides."""
        extension = file.rpartition(".")[2]
        always = [self._life(file), *_FOR_ANY_SITE]
        whole = [
            (b"content-type", _TYPES[extension].encode()),
            (b"accept-ranges", b"none"),
        ]
        if extension in MEDIA_TYPES:
            always.append((b"link", self._links(file).encode()))
        if extension == "html":
            whole += _raw(ON_PAGES_OF_FILES)
        else:
            whole += [(b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"cross-origin")]
        if self._settings.server.robots:
            whole.append((b"x-robots-tag", self._settings.server.robots.encode()))
        return always, whole

    def _life(self, file: str) -> tuple[bytes, bytes]:
        """How long caches may keep `file`."""
        age = self._settings.server.max_age
        if file.startswith("archive/"):
            age = max(age, ARCHIVE_AGE)
        elif file.endswith(".css"):
            age = max(age, STYLE_AGE)
        return b"cache-control", lasting(age).encode()

    def _links(self, file: str) -> str:
        """What the document says of itself and its hub, said before it is opened (WebSub §4, RFC 8288)."""
        links = [f'<{self._site.feeds_url}{file}>; rel="self"']
        if self._settings.hub_url and not file.startswith("archive/"):
            links.append(f'<{self._settings.hub_url}>; rel="hub"')
        return ", ".join(links)

    def _feed_of_file(self, file: str) -> str | None:
        found = Address.of_file(self._site, file)
        return found and found[0].name

    def _stands(self, file: str) -> bool:
        """Whether a file that can't be found on disk should be there: it will be written again."""
        if file in INDEX_FILES:
            return True
        found = Address.of_file(self._site, file)
        if found is None or found[0].name not in self._names:
            return False
        if found[0].archive is None:
            return True
        try:
            edge = self._store.feeds.last_edge(found[0].name)
        except StoreError:
            return True
        return edge is not None and found[0].archive in edge.months


async def _tell(scope: Scope, send: Send, status: int, text: str, headers: Headers) -> None:
    """A refusal, in one line."""
    body = f"{text}\n".encode()
    plain = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    kept = [] if any(name == b"cache-control" for name, _ in headers) else [(b"cache-control", b"no-store")]
    await _send(
        send,
        status,
        [*headers, *kept, *plain, *_FOR_ANY_SITE, (b"x-content-type-options", b"nosniff")],
        b"" if scope["method"] == "HEAD" else body,
    )


async def _send(send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
