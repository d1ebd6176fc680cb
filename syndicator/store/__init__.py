"""The store: what was taken in, what became of it, and what is still to do. The only holder of a connection."""

from syndicator.store.alerts import AlertDefinition, AlertRow, new_token
from syndicator.store.announcements import Topic
from syndicator.store.articles import Carrier, StoredVersion
from syndicator.store.audit import AuditRow
from syndicator.store.backup import BackedUp, back_up
from syndicator.store.changes import PAGE_CHARACTERS, Changed, ChangesPage, size
from syndicator.store.claims import Claim
from syndicator.store.database import BUSY_TIMEOUT_S, InstanceLock
from syndicator.store.deliveries import Claimed
from syndicator.store.destinations import DestinationDefinition, DestinationRow
from syndicator.store.feeds import INDEX, Edge, Stale
from syndicator.store.figures import Attempts, SourceFigures
from syndicator.store.followers import Follower, FollowerKind, PushStanding
from syndicator.store.hits import Fate, HitRow, Silent
from syndicator.store.ledger import AttemptRow, DeliveryRow, LastAttempts, Lost
from syndicator.store.listing import Narrowed, Place, PublicCount, Retired
from syndicator.store.newsdesk import Sought
from syndicator.store.outbox import Carried, Queued
from syndicator.store.placements import Placement
from syndicator.store.questions import Question
from syndicator.store.records import ALL
from syndicator.store.restoring import Restored, restore
from syndicator.store.search import Hit
from syndicator.store.sources import SourceRow
from syndicator.store.store import Store
from syndicator.store.tokens import TokenRow
from syndicator.store.topics import TopicCount
from syndicator.store.users import SessionRow, UserRow

__all__ = [
    "ALL",
    "BUSY_TIMEOUT_S",
    "INDEX",
    "PAGE_CHARACTERS",
    "AlertDefinition",
    "AlertRow",
    "AttemptRow",
    "Attempts",
    "AuditRow",
    "BackedUp",
    "Carried",
    "Carrier",
    "Changed",
    "ChangesPage",
    "Claim",
    "Claimed",
    "DeliveryRow",
    "DestinationDefinition",
    "DestinationRow",
    "Edge",
    "Fate",
    "Follower",
    "FollowerKind",
    "Hit",
    "HitRow",
    "InstanceLock",
    "LastAttempts",
    "Lost",
    "Narrowed",
    "Place",
    "Placement",
    "PublicCount",
    "PushStanding",
    "Question",
    "Queued",
    "Restored",
    "Retired",
    "SessionRow",
    "Silent",
    "Sought",
    "SourceFigures",
    "SourceRow",
    "Stale",
    "Store",
    "StoredVersion",
    "TokenRow",
    "Topic",
    "TopicCount",
    "UserRow",
    "back_up",
    "new_token",
    "restore",
    "size",
]
