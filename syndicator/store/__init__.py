"""The store: what was taken in, what became of it, and what is still to do. The only holder of a connection."""

from syndicator.store.articles import StoredVersion
from syndicator.store.database import InstanceLock
from syndicator.store.feeds import ALL, INDEX, Edge, Stale
from syndicator.store.search import Hit
from syndicator.store.sources import SourceRow
from syndicator.store.store import Store
from syndicator.store.topics import TopicCount

__all__ = ["ALL", "INDEX", "Edge", "Hit", "InstanceLock", "SourceRow", "Stale", "Store", "StoredVersion", "TopicCount"]
