"""What the web server answers from: everything that its rooms may work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote, urlsplit

from syndicator.addresses import Addresses
from syndicator.config import Settings
from syndicator.pipeline import Pipeline
from syndicator.publish import Publisher
from syndicator.readiness import Pulse
from syndicator.store import Store
from syndicator.web.reading import ReadingRoom

# Whoever has something written waits no longer than this for another process's writes.
ASKER_S = 3.0


@dataclass(frozen=True, slots=True)
class House:
    """One newsroom, as the web server sees it.

    `store` is the service's own connection: for writes and for small reads, in the event loop's thread alone. What may
    take longer is read in the `reading` room, and what may take seconds in `searching`, so that quick looks never wait
    behind it. `pulse` is the worker's.
    """

    settings: Settings
    store: Store
    pipeline: Pipeline
    addresses: Addresses
    reading: ReadingRoom
    searching: ReadingRoom
    clock: Callable[[], datetime]
    pulse: Pulse = field(default_factory=Pulse)

    async def turn(self) -> None:
        """Wait a little until no other process writes, then write at once. Raises StoreBusyError: they may come back.

        For whatever an asker has written into the store.
        """
        await self.store.turn(seconds=ASKER_S)

    @property
    def base(self) -> str:
        """The path that all our addresses begin with, that of site.url, without a slash at its end."""
        return unquote(urlsplit(self.settings.site.url).path).rstrip("/")

    @property
    def publisher(self) -> Publisher:
        """The renderer of feeds, with what it has rendered before."""
        return self.pipeline.rendering.publisher
