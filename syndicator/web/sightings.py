"""Since when an address has had the bytes that it has: Last-Modified for what is made when it is asked for."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime

# Addresses that are remembered; two megabytes of them.
MOST = 8_192


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an address had when it was last asked for: bytes by their tag, since when, and when that was."""

    tag: str
    since: int
    asked: int


class Sightings:
    """Whole seconds from which on the bytes of an address were seen to be what they are.

    No moment stands for two sets of bytes of one address, and none for bytes that came while others were still given
    out in that second. So nobody who asks by date alone, by ours or by that of an answer, is told that nothing has
    changed when something has; not even where we have forgotten the address, or are started anew. The price is that a
    moment may lie a second ahead: it is told (`conditional.told`) once it has come.
    """

    def __init__(self, began: datetime, most: int = MOST) -> None:
        self._most = most
        self._seen: OrderedDict[Hashable, _Seen] = OrderedDict()
        # Whatever is not remembered may have had other bytes until then.
        self._unknown_until = int(began.timestamp())

    def since(self, address: Hashable, tag: str, now: datetime) -> datetime:
        """Since when `address` has had the bytes that `tag` names, which are about to be given out."""
        second = int(now.timestamp())
        before = self._seen.pop(address, None)
        if before is None:
            seen = _Seen(tag, max(second, self._unknown_until + 1), second)
        elif before.tag == tag:
            seen = _Seen(tag, before.since, max(before.asked, second))
        else:
            # A clock that was set back makes no moment earlier than one that was told.
            seen = _Seen(tag, max(second, before.asked + 1, before.since + 1), max(before.asked, second))
        self._seen[address] = seen
        if len(self._seen) > self._most:
            _, forgotten = self._seen.popitem(last=False)
            self._unknown_until = max(self._unknown_until, forgotten.asked, forgotten.since)
        return datetime.fromtimestamp(seen.since, UTC)
