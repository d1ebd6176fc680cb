"""The address book: destinations by name, whether config or the store has them, each with its open channel."""

import json
from urllib.parse import urlsplit

from syndicator.alerts import Answer, Message, Verdict, read_opt_out, sign_opt_out
from syndicator.config import DestinationKind, DestinationSettings, Settings, read_destination
from syndicator.delivery import Channel, Channels
from syndicator.errors import SyndicatorError, UsageError
from syndicator.store import DestinationRow, Store

_KEY = "opt-out key"


class Addresses:
    """Reaches destinations. Channels are kept open until what they were made of has changed."""

    def __init__(self, store: Store, settings: Settings, channels: Channels) -> None:
        self._store = store
        self._settings = settings
        self._channels = channels
        self._open: dict[str, tuple[tuple[bool, str], Channel]] = {}

    async def send(self, destination: str, message: Message) -> Answer:
        """One attempt. A destination that can't be used now may be mended, so its messages wait."""
        try:
            channel = await self._channel(destination)
        except (SyndicatorError, ValueError) as error:
            return Answer(Verdict.TEMPORARY, str(error), answered=False)
        return await channel.send(message)

    async def check(self, wanted: DestinationSettings) -> None:
        """Raises ValueError, without secrets, for a destination that can't work whatever the other side says."""
        await self._channels.check(wanted)

    async def _channel(self, name: str) -> Channel:
        row = self._store.destinations.get(name)
        if row is None or row.gone:
            raise UsageError(f"no destination is called {name!r}")
        made_of = (row.from_config, row.definition)
        kept = self._open.get(name)
        if kept is not None and kept[0] == made_of:
            return kept[1]
        wanted = destination_settings(row, self._settings)
        if kept is not None:
            await kept[1].close()
        channel = self._channels.open(wanted)
        self._open[name] = (made_of, channel)
        return channel

    def unsubscribe_url(self, alert: str, destination: str) -> str | None:
        """The link by which a recipient of mail ends this alert; other kinds have nobody to click."""
        row = self._store.destinations.get(destination)
        if row is None or row.kind != DestinationKind.EMAIL:
            return None
        return f"{self._settings.site.url}/unsubscribe/{sign_opt_out(opt_out_key(self._store), alert, destination)}"


def destination_settings(row: DestinationRow, settings: Settings) -> DestinationSettings:
    """What a destination is made of. Raises SyndicatorError where it can't be used."""
    if row.from_config:
        return settings.destination(row.name)
    return read_destination(row.name, json.loads(row.definition), settings)


def where_it_leads(destination: DestinationSettings) -> str:
    """A destination's address as far as it is no secret: a mail address, a path, of the rest scheme and host only."""
    match destination.kind:
        case DestinationKind.EMAIL:
            return destination.to or ""
        case DestinationKind.FILE:
            return str(destination.path)
        case DestinationKind.CONSOLE:
            return "the service's terminal"
        case DestinationKind.APPRISE:
            # Behind the scheme, hosts too are tokens.
            return f"{(destination.url or '').partition('://')[0]}://…"
        case DestinationKind.WEBHOOK:
            parts = urlsplit(destination.url or "")
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}/…"


def opt_out_key(store: Store) -> str:
    """The key that signs links to end an alert: made once a store, and kept in it."""
    return store.key(_KEY)


def opted_out(store: Store, token: str) -> tuple[str, str] | None:
    """The (alert, destination) that a link of ours ends; None for any other link."""
    return read_opt_out(opt_out_key(store), token)
