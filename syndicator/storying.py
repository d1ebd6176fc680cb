"""The story of an article: one that is known, or its own."""

from datetime import datetime
from uuid import uuid5

from syndicator.alerts import STORY_WINDOW, bands, choose, tell
from syndicator.identity import NAMESPACE
from syndicator.model import Article, State
from syndicator.store import Store

# An article may come in long after others of its story that it was published with: they are kept this much longer.
LATE = STORY_WINDOW


class Storying:
    """Puts articles into stories. Its writes belong inside the store's transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def story_of(self, article: Article) -> str:
        """The permanent id of the article's story (`urn:uuid:…`). It is chosen once, by what the article said first."""
        stories = self._store.stories
        known = stories.of(article.id)
        if known is not None:
            return known
        if article.state is State.KILLED:
            return _own(article)  # a notice is not the story
        told = tell(article.content, source=article.source, published=article.published)
        keys = bands(told)
        joined = choose(told, stories.candidates(keys, article.published - STORY_WINDOW))
        if joined is not None:
            stories.join(article.id, joined, article.published)
            return joined
        stories.open(article.id, _own(article), told, keys)
        return _own(article)

    def forget(self, now: datetime) -> None:
        """Let go of what no new article can join."""
        self._store.stories.forget(now - STORY_WINDOW - LATE)


def _own(article: Article) -> str:
    return uuid5(NAMESPACE, f"story {article.id}").urn
