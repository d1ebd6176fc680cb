"""The bytes of feeds as they were announced: what subscribers are sent."""

from collections import OrderedDict
from hashlib import sha256
from pathlib import Path

from syndicator.store import Topic

# Documents at hand: after midnight all feeds change at once, and each may have two megabytes.
KEPT = 32


class Contents:
    """Reads feeds from their folder, each version once for all its subscribers, as a rule."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def read(self, topic: Topic) -> bytes | None:
        """The bytes that were announced; None where others are there now, or none: they are about to be announced."""
        digest, body = self._kept.get(topic.url, ("", b""))
        if digest != topic.digest:
            try:
                body = (self._folder / f"{topic.feed}.{topic.extension}").read_bytes()
            except OSError:
                return None
            if sha256(body).hexdigest() != topic.digest:
                return None
            self._kept[topic.url] = (topic.digest, body)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return body

    def forget(self) -> None:
        """Keep nothing in memory while nobody is to be sent anything."""
        self._kept.clear()
