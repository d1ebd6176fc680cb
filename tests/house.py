"""What a test newsroom's web application answers from."""

from contextlib import contextmanager

from syndicator.addresses import Addresses
from syndicator.delivery import Channels
from syndicator.web import House, ReadingRoom


@contextmanager
def house(room, clock, settings=None):
    """The house of a `newsroom`, by this clock; `settings` in place of the room's own. Its console swallows all."""
    settings = settings or room.settings
    channels = Channels(
        settings.site.user_agent,
        smtp=settings.smtp,
        allow=settings.network.allow_private,
        write=lambda _: None,
        colour=False,
    )
    addresses = Addresses(room.store, settings, channels)
    path, analyser = room.store.path, room.store.analyser
    with ReadingRoom(path, analyser) as reading, ReadingRoom(path, analyser) as searching:
        yield House(settings, room.store, room.pipeline, addresses, reading, searching, clock)
