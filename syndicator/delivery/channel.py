"""What every way out of the house looks like to the courier."""

from typing import Protocol

from syndicator.alerts.message import Answer, Message


class Channel(Protocol):
    """One destination, ready to take messages. Used from one event loop, by any number of sends at once."""

    async def send(self, message: Message) -> Answer:
        """Try once to deliver `message`. Trouble of the other side is an Answer, never an exception.

        Ends within the channel's own deadline. The same message may come again, under the same id.
        """
        ...

    async def close(self) -> None:
        """Give back what the channel alone holds; what it shares with others stays open."""
        ...
