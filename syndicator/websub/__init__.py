"""WebSub (W3C Recommendation, 23 January 2018): what hub and subscriber decide, without I/O and without the clock."""

from syndicator.websub.asking import (
    LEASE,
    LONGEST_LEASE,
    SHORTEST_LEASE,
    Announced,
    Asked,
    AskingError,
    Mode,
    host_of,
    read_asked,
)
from syndicator.websub.intent import denial_url, is_confirmed, new_challenge, verification_url
from syndicator.websub.offer import Offer, discover, is_told_by
from syndicator.websub.plan import Course, Wish, plan
from syndicator.websub.signature import METHODS, is_signed, signature
from syndicator.websub.subscribed import HubAnswer, Standing, Subscribed

__all__ = [
    "LEASE",
    "LONGEST_LEASE",
    "METHODS",
    "SHORTEST_LEASE",
    "Announced",
    "Asked",
    "AskingError",
    "Course",
    "HubAnswer",
    "Mode",
    "Offer",
    "Standing",
    "Subscribed",
    "Wish",
    "denial_url",
    "discover",
    "host_of",
    "is_confirmed",
    "is_signed",
    "is_told_by",
    "new_challenge",
    "plan",
    "read_asked",
    "signature",
    "verification_url",
]
