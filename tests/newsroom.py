"""A newsroom for tests: a real config file, a real store and real feed files; servers and the sandbox are faked."""

import asyncio
import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from syndicator.config import load
from syndicator.desk import Desk
from syndicator.intake import Taken
from syndicator.model import Fetched, Outcome, Validators
from syndicator.pipeline import Pipeline, analyser
from syndicator.store import Store

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
HEAD = """
[site]
title = "Test Desk"
url = "https://desk.example"
contact = "https://desk.example/contact"
"""
BOATS = '[topics.boats]\ntitle = "Boats"\nquery = "boat OR dinghy"\n'
COURTS = '[topics.courts]\ntitle = "Courts"\nquery = "court AND NOT tennis"\n'
WIRE = '[[sources]]\nname = "wire"\nkind = "feed"\nurl = "https://wire.example/rss"\ntitle = "The Wire"\nrepublish = "full"\n'
INBOX = '[[sources]]\nname = "inbox"\nkind = "folder"\npath = "inbox"\n'


@dataclass
class FakeWeb:
    """Answers by URL: bytes of a feed, a ready Fetched, or an exception to raise. Counts what was asked."""

    pages: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def get(self, url, validators=Validators(), *, accept=""):  # noqa: ARG002 - the real one takes it
        self.asked.append(url)
        await asyncio.sleep(0)
        page = self.pages.get(url)
        if isinstance(page, Exception):
            raise page
        if isinstance(page, Fetched):
            return page
        if page is None:
            return Fetched(Outcome.FAILED, url, error="the name wire.example is not known")
        etag = b'"' + hashlib.sha256(page).hexdigest()[:8].encode() + b'"'
        if validators.etag == etag:
            return Fetched(Outcome.UNCHANGED, url, 304, validators=validators)
        return Fetched(Outcome.FRESH, url, 200, page, "application/rss+xml", Validators(etag))


class InProcess:
    """Parses without a sandbox."""

    async def run(self, _source, function, *args):
        return function(*args)


@dataclass
class Room:
    root: Path
    web: FakeWeb
    settings: object
    store: Store
    pipeline: Pipeline
    desk: Desk

    def start(self, now=NOW):
        return self.pipeline.start(now)

    def cycle(self, now=NOW):
        """One full cycle, as `syndicator once` does it; what was taken, by source."""

        async def run():
            return [what async for what in self.pipeline.once(now)]

        self.start(now)
        return {what.source: what for what in asyncio.run(run()) if isinstance(what, Taken)}

    def publish(self, now=NOW):
        return self.pipeline.publish(now)

    def titles(self, name):
        """Titles in a feed as it stands on disk, newest first."""
        return [item["title"] for item in self.feed(name)["items"]]

    def feed(self, name):
        return json.loads((self.root / "feeds" / f"{name}.json").read_text("utf-8"))

    def files(self):
        """Every file in feeds/, with its bytes."""
        folder = self.root / "feeds"
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def write_config(root, *parts, head=HEAD):
    (root / "config.toml").write_text("\n".join([head, *parts]), "utf-8")
    return root / "config.toml"


@contextmanager
def newsroom(root, *parts, web=None, head=HEAD):
    """Open a newsroom of these config parts in `root`; opening it again finds what was there."""
    settings = load(write_config(root, *parts, head=head), {})
    store = Store.open(settings.store.path, analyser(settings))
    web = web or FakeWeb()
    pipeline = Pipeline(settings, store, web, InProcess(), owner="test")
    try:
        yield Room(root, web, settings, store, pipeline, Desk(settings, store, pipeline, web, InProcess()))
    finally:
        store.close()


def rss(*items, ttl=""):
    """An RSS feed of (guid, title, text[, pubDate[, link]]) items."""
    parts = []
    for guid, title, text, *rest in items:
        date = rest[0] if rest else "Tue, 03 Nov 2026 09:00:00 GMT"
        link = rest[1] if len(rest) > 1 else f"https://wire.example/{guid}"
        parts.append(
            f'<item><guid isPermaLink="false">{guid}</guid><title>{title}</title><link>{link}</link>'
            f"<description>{text}</description><pubDate>{date}</pubDate></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Wire</title>'
        f"<link>https://wire.example/</link><description>d</description>{ttl}{''.join(parts)}</channel></rss>"
    ).encode()
