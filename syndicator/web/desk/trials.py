"""How often tests may be sent, so that nobody is flooded through the desk by whoever may press a button there.

Two purses (see web.limits): each person's own, and each destination's for all who test it.
"""

import time
from collections.abc import Callable

from syndicator.plurals import counted
from syndicator.store import UserRow
from syndicator.web.limits import Purse

# Tests a minute, and how many may come at once: an address is tried, mended and tried again.
_PERSON, _PERSON_AT_ONCE = 3, 6
_DESTINATION, _DESTINATION_AT_ONCE = 1, 3


class Trials:
    """Counts tests. For the event loop's thread alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._people = Purse(_PERSON, clock, at_once=_PERSON_AT_ONCE)
        self._destinations = Purse(_DESTINATION, clock, at_once=_DESTINATION_AT_ONCE)

    def refuse_after(self, user: UserRow, destination: str) -> int | None:
        """None if this test may be sent, and is counted; else the seconds until one may.

        `destination` is its name as it is kept. Whoever has none left takes none of the destination's.
        """
        seconds = self._people.refuse_after(str(user.id))
        return self._destinations.refuse_after(destination) if seconds is None else seconds


def too_often(destination: str, seconds: int) -> str:
    """What is said to whoever has to wait."""
    wait = counted(seconds, "second")
    return f"No test was sent to {destination}: there were several just now. Wait {wait}, then send it again."
