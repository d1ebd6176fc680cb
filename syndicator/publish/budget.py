"""How much of each item fits: readers stop at documents of a few megabytes, and none may be cut short."""

import logging
from collections.abc import Callable, Sequence

from syndicator.model import FeedItem, Republish
from syndicator.publish.carried import LEVELS, allowance, is_notice
from syndicator.publish.entry import Rendition

_log = logging.getLogger(__name__)

# Uncompressed, with room for the shell under the 2 MB that cautious readers allow. An archive is read once.
SUBSCRIPTION_BYTES = 1_950_000
ARCHIVE_BYTES = 10_000_000

Render = Callable[[FeedItem, Republish], Rendition]


def fit(
    name: str, items: Sequence[FeedItem], render: Render, limit: int
) -> tuple[tuple[FeedItem, ...], tuple[Rendition, ...]]:
    """The items that can be rendered, and their renditions, in at most `limit` bytes if that can be had.

    An item that fails is left out of all formats with a line in the log; the others stand. Where the sum is
    over `limit`, the oldest items step down first: all that must to summaries, then to links. None is dropped
    for its size: that is for whoever chose the window, so a feed that is still too large is written and logged.
    """
    rendered: list[tuple[FeedItem, Rendition]] = []
    for item in items:
        made = _attempt(name, render, item, allowance(item))
        if made is not None:
            rendered.append((item, made))
    total = sum(made.size for _, made in rendered)
    for level in (Republish.SUMMARY, Republish.LINK):
        for index in range(len(rendered) - 1, -1, -1):
            if total <= limit:
                break
            item, made = rendered[index]
            smaller = _step_down(name, render, item, level)
            if smaller is not None and smaller.size < made.size:
                total += smaller.size - made.size
                rendered[index] = (item, smaller)
    if total > limit:
        _log.warning("feed %s: %d items are %d bytes even as links; give it fewer days", name, len(rendered), total)
    return tuple(item for item, _ in rendered), tuple(made for _, made in rendered)


def _step_down(name: str, render: Render, item: FeedItem, level: Republish) -> Rendition | None:
    """`item` at `level`, or None where it is no step down or the item is a notice, which stays whole."""
    if is_notice(item) or LEVELS.index(level) >= LEVELS.index(item.republish):
        return None
    return _attempt(name, render, item, level)


def _attempt(name: str, render: Render, item: FeedItem, level: Republish) -> Rendition | None:
    try:
        return render(item, level)
    except Exception:  # noqa: BLE001 - whatever is wrong with one article, the rest of the feed is not
        _log.warning("feed %s: %s can't be rendered, left out", name, item.article.id, exc_info=True)
        return None
