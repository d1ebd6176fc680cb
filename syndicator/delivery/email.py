"""The e-mail channel: one destination's address behind the newsroom's mail server."""

import logging

from syndicator.alerts.message import Answer, Message, Verdict
from syndicator.delivery.letter import letter
from syndicator.delivery.mailbox import Mailbox
from syndicator.delivery.smtp import SmtpRelay

_log = logging.getLogger(__name__)


class EmailChannel:
    """Messages as mails to one address. The relay is shared by all channels of its server, and not closed here."""

    def __init__(self, relay: SmtpRelay, to: str) -> None:
        """`to` is an address, with or without a name before it. One that can't be used is answered for in `send`."""
        self._relay = relay
        self._to = to

    async def send(self, message: Message) -> Answer:
        """Send `message`. Never raises but CancelledError; a retry of one message is the same mail, byte for byte."""
        try:
            to = Mailbox.parse(self._to)
        except ValueError as error:
            return Answer(Verdict.PERMANENT, str(error), answered=False)
        try:
            content = letter(message, self._relay.server.sender, to)
        except Exception:  # noqa: BLE001 - written to take anything; what fails all the same must cost itself alone
            _log.exception("the mail %s could not be written", message.id)
            return Answer(Verdict.PERMANENT, "the mail could not be written: the log says why", answered=False)
        return await self._relay.send(to.address, content)

    async def close(self) -> None:
        """Nothing to give back: the connections are the relay's."""
