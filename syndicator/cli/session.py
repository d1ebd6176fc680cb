"""An opened newsroom: settings, store, fetcher, sandbox and pipeline, for as long as a command needs them."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from syndicator.addresses import Addresses
from syndicator.cli.output import note, print_plainly
from syndicator.composing import Composer
from syndicator.config import Settings, load
from syndicator.courier import Courier, Delivered
from syndicator.delivery import Channels
from syndicator.desk import Desk
from syndicator.errors import StoreBusyError
from syndicator.pipeline import Pipeline, analyser
from syndicator.pushing import Hub
from syndicator.sources import Fetcher, HubClient, Sandbox
from syndicator.store import Store
from syndicator.subscribing import Subscribing


@dataclass(frozen=True, slots=True)
class Newsroom:
    """Everything a command may work with."""

    settings: Settings
    store: Store
    pipeline: Pipeline
    desk: Desk
    addresses: Addresses
    owner: str

    def subscribing(self, clock: Callable[[], datetime]) -> Subscribing:
        """What keeps our subscriptions at the hubs of our sources, by this clock."""
        hubs = HubClient(self.settings.site.user_agent, allow_private=self.settings.network.allow_private)
        return Subscribing(self.settings, self.store, self.pipeline.intake, hubs, owner=self.owner, clock=clock)

    def courier(self, clock: Callable[[], datetime], report: Callable[[Delivered], None]) -> Courier:
        """What delivers alerts, by this clock."""
        composer = Composer(self.store, self.settings)
        return Courier(self.store, composer, self.addresses, owner=self.owner, clock=clock, report=report)

    def hub(self, clock: Callable[[], datetime]) -> Hub:
        """What pushes our feeds, by this clock. For whoever holds the store's instance lock."""
        return Hub(self.store, self.settings, owner=self.owner, clock=clock)


def read_settings(config: Path) -> Settings:
    """The settings. Raises ConfigError."""
    return load(config, os.environ)


def note_warnings(settings: Settings) -> None:
    """What is not wrong in config, but should be looked at, on standard error."""
    for line in settings.warnings:
        note(f"warning: {line}")


def start_unless_running(room: Newsroom, now: datetime) -> None:
    """Bring the store in line with config, unless a service is at work on it: that has done so by its own config."""
    with suppress(StoreBusyError), room.store.instance_lock():
        room.pipeline.start(now)


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The store of these settings."""
    store = Store.open(settings.store.path, analyser(settings))
    try:
        yield store
    finally:
        store.close()


@asynccontextmanager
async def open_newsroom(config: Path | Settings, *, console: TextIO | None = None) -> AsyncIterator[Newsroom]:
    """Everything, ready to work. Nothing is fetched or started yet. `console`: where alerts to a console are shown."""
    settings = config if isinstance(config, Settings) else read_settings(config)
    network = settings.network
    # Names are looked up in threads: as many as may wait for a dead name server, and some for everybody else.
    lookups = ThreadPoolExecutor(network.concurrency + 8, thread_name_prefix="lookup")
    asyncio.get_running_loop().set_default_executor(lookups)
    # Without a network the C library would wait half a minute for each name, and our end would wait for it.
    os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")
    with open_store(settings) as store, Sandbox() as sandbox:
        async with (
            Fetcher(
                settings.site.user_agent,
                allow_private=network.allow_private,
                timeout=network.timeout,
                max_body=network.max_body,
                per_host=network.per_host,
                concurrency=network.concurrency,
            ) as fetcher,
            _channels(settings, console or sys.stdout) as channels,
        ):
            owner = f"{socket.gethostname()}:{os.getpid()}"
            pipeline = Pipeline(settings, store, fetcher, sandbox, owner=owner)
            desk = Desk(settings, store, pipeline, fetcher, sandbox)
            yield Newsroom(settings, store, pipeline, desk, Addresses(store, settings, channels), owner)


def _channels(settings: Settings, console: TextIO) -> Channels:
    return Channels(
        settings.site.user_agent,
        smtp=settings.smtp,
        allow=settings.network.allow_private,
        write=lambda text: print_plainly(text, console),
        colour=console.isatty(),
    )
