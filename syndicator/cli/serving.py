"""The web server of `syndicator run`. No other command needs it, and its libraries are slow to import."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from syndicator.cli.journal import Journal
from syndicator.cli.session import Newsroom
from syndicator.readiness import Pulse
from syndicator.web import House, ReadingRoom, Serving, web_app
from syndicator.worker import utc_now


@contextmanager
def web_server(room: Newsroom, pulse: Pulse, journal: Journal) -> Iterator[Serving]:
    """The server over a newsroom whose worker has this `pulse`; it serves while it is open itself."""
    settings = room.settings
    path, analyser = room.store.path, room.store.analyser
    with ReadingRoom(path, analyser) as reading, ReadingRoom(path, analyser) as searching:
        house = House(settings, room.store, room.pipeline, room.addresses, reading, searching, utc_now, pulse)
        yield Serving(
            web_app(house),
            settings.server.host,
            settings.server.port,
            partial(_tell, journal),
            trusted_proxies=settings.server.trusted_proxies,
        )


def _tell(journal: Journal, line: str) -> None:
    """Where the web server listens, or why it can't."""
    journal.say("web_server", line, level=logging.INFO if line.startswith("Listening") else logging.WARNING)
