"""The store: what was taken in, what became of it, and what is still to do. The only holder of a connection."""

from syndicator.store.alerts import AlertDefinition, AlertRow, new_token
from syndicator.store.articles import StoredVersion
from syndicator.store.database import InstanceLock
from syndicator.store.deliveries import Claimed
from syndicator.store.destinations import DestinationDefinition, DestinationRow
from syndicator.store.feeds import ALL, INDEX, Edge, Stale
from syndicator.store.hits import HitRow, Silent
from syndicator.store.ledger import AttemptRow, DeliveryRow
from syndicator.store.outbox import Carried, Queued
from syndicator.store.search import Hit
from syndicator.store.sources import SourceRow
from syndicator.store.store import Store
from syndicator.store.topics import TopicCount

__all__ = [
    "ALL",
    "INDEX",
    "AlertDefinition",
    "AlertRow",
    "AttemptRow",
    "Carried",
    "Claimed",
    "DeliveryRow",
    "DestinationDefinition",
    "DestinationRow",
    "Edge",
    "Hit",
    "HitRow",
    "InstanceLock",
    "Queued",
    "Silent",
    "SourceRow",
    "Stale",
    "Store",
    "StoredVersion",
    "TopicCount",
    "new_token",
]
