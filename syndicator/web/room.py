"""The room that connections take up: who keeps us waiting, since when, and who goes where there is no more of it.

Whoever waits for an answer of ours is left alone. Everybody else has a place in a queue, and goes when its time is up,
or earlier where others need the room: so ten thousand connections that say nothing lock nobody out.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Protocol


class Wait(Enum):
    """What we wait for."""

    HEAD = auto()  # the first line and the headers of a request
    BODY = auto()  # the rest of it
    READING = auto()  # that an answer is read
    IDLE = auto()  # the next request
    GOODBYE = auto()  # that the other side reads why it was refused, and closes


class Guest(Protocol):
    """Who takes up room. `address` is whose share it takes of; None: of nobody's."""

    address: str | None

    def cut_off(self) -> None:
        """Go now."""

    def late(self, wait: Wait) -> None:
        """Its time is up: go, or wait anew."""


class Room:
    """Places for `size` guests, at most `share` of them of one address. For the event loop's thread alone."""

    def __init__(self, size: int, share: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = size
        self._share = share
        self._clock = clock
        self._guests: dict[Guest, Wait | None] = {}
        # Since when each one waits. Who has waited longest stands first.
        self._queues: dict[Wait, OrderedDict[Guest, float]] = {wait: OrderedDict() for wait in Wait}
        # Those of one address, in the order in which they came.
        self._of: dict[str, dict[Guest, None]] = {}

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest) -> bool:
        """Take a place, if need be that of whoever keeps us waiting longest; False if nobody does."""
        fellows = self._of.get(guest.address, {}) if guest.address is not None else {}
        if len(fellows) >= self._share:
            if not self._send_off(fellow for fellow in fellows if self._guests[fellow] is not None):
                return False
        elif len(self._guests) >= self.size and not self.make_way(*Wait):
            return False
        self._guests[guest] = None
        if guest.address is not None:
            self._of.setdefault(guest.address, {})[guest] = None
        return True

    def leave(self, guest: Guest) -> None:
        """Give its place up. Who has none any more may do so too."""
        if guest not in self._guests:
            return
        self.wait(guest, None)
        del self._guests[guest]
        if guest.address is not None:
            fellows = self._of[guest.address]
            del fellows[guest]
            if not fellows:
                del self._of[guest.address]

    def wait(self, guest: Guest, wait: Wait | None, *, afresh: bool = False) -> None:
        """What we wait for now; None: nothing, it is our turn. The same as before goes on, if not `afresh`."""
        before = self._guests.get(guest, wait)
        if guest not in self._guests or (before is wait and not afresh):
            return
        if before is not None:
            del self._queues[before][guest]
        if wait is not None:
            self._queues[wait][guest] = self._clock()
        self._guests[guest] = wait

    def make_way(self, *waits: Wait) -> bool:
        """Send off whoever has kept us waiting longest for one of these; False if nobody does."""
        fronts = [next(iter(self._queues[wait].items())) for wait in waits if self._queues[wait]]
        return self._send_off(guest for guest, _ in sorted(fronts, key=lambda front: front[1]))

    def hurry(self, limits: Mapping[Wait, float]) -> None:
        """Tell everybody who has waited for longer than these limits, in seconds."""
        now = self._clock()
        for wait, seconds in limits.items():
            queue = self._queues[wait]
            while queue:
                guest, since = next(iter(queue.items()))
                if now - since < seconds:
                    break
                # To the end of the queue, so that this ends whatever the guest makes of it.
                self.wait(guest, wait, afresh=True)
                guest.late(wait)

    def _send_off(self, guests: Iterable[Guest]) -> bool:
        for guest in guests:
            self.leave(guest)
            guest.cut_off()
            return True
        return False
