"""From a destination's settings to its channel, and what channels share: a session, mail connections, a process."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self

from syndicator.config import DestinationKind, DestinationSettings, Smtp
from syndicator.delivery.apprise import AppriseChannel, AppriseProcess
from syndicator.delivery.channel import Channel
from syndicator.delivery.console import ConsoleChannel
from syndicator.delivery.email import EmailChannel
from syndicator.delivery.jsonlines import JsonLinesChannel
from syndicator.delivery.mailbox import Mailbox
from syndicator.delivery.smtp import SmtpRelay
from syndicator.delivery.smtp_server import SmtpServer
from syndicator.delivery.webhook import WebhookChannel, webhook_session
from syndicator.network import Network


class Channels:
    """Opens channels: `async with Channels(…) as channels: channels.open(destination)`.

    `allow` are private networks that may be reached. `write` prints for console destinations, with colour codes if
    `colour`.
    """

    def __init__(
        self,
        user_agent: str,
        *,
        smtp: Smtp | None,
        allow: tuple[Network, ...],
        write: Callable[[str], object],
        colour: bool = False,
    ) -> None:
        self._user_agent = user_agent
        self._smtp = smtp
        self._allow = allow
        self._write = write
        self._colour = colour

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._session = await self._stack.enter_async_context(webhook_session(self._user_agent, self._allow))
        self._apprise = AppriseProcess(self._allow)
        self._stack.push_async_callback(self._apprise.close)
        self._relay = SmtpRelay(_server(self._smtp)) if self._smtp else None
        if self._relay is not None:
            await self._stack.enter_async_context(self._relay)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def check(self, destination: DestinationSettings) -> None:
        """Have Apprise read the URL of a service, sending nothing. Raises ValueError, without secrets, if it can't."""
        if destination.kind is DestinationKind.APPRISE:
            await self._apprise.check(destination.url or "")

    def open(self, destination: DestinationSettings) -> Channel:
        """The channel of a destination. Raises ValueError, without secrets, for one that can't be used."""
        match destination.kind:
            case DestinationKind.EMAIL:
                if self._relay is None:
                    raise ValueError("mail needs a server: write [smtp] in config.toml")
                return EmailChannel(self._relay, destination.to or "")
            case DestinationKind.WEBHOOK:
                secrets = tuple(each for each in (destination.secret, destination.previous_secret) if each)
                return WebhookChannel(self._session, destination.url or "", secrets, destination.timeout)
            case DestinationKind.APPRISE:
                return AppriseChannel(self._apprise, destination.url or "")
            case DestinationKind.FILE:
                if destination.path is None:
                    raise ValueError("a file destination needs a path")
                return JsonLinesChannel(destination.path)
            case DestinationKind.CONSOLE:
                return ConsoleChannel(self._write, colour=self._colour)


def _server(smtp: Smtp) -> SmtpServer:
    return SmtpServer(
        host=smtp.host,
        sender=Mailbox.parse(smtp.sender),
        port=smtp.port,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password,
        timeout=smtp.timeout,
    )
