"""How alerts, destinations and deliveries are told to programs: by commands with `--json`, and by the API.

One shape for both, so that a script that reads the one can read the other.
"""

from syndicator.shapes.accounts import Account, Fired
from syndicator.shapes.alerts import Alert, PrivateFeed
from syndicator.shapes.articles import Match, Reason
from syndicator.shapes.base import Moment, Shape
from syndicator.shapes.deliveries import Attempt, Delivery, Tried
from syndicator.shapes.destinations import Destination, TestAnswer
from syndicator.shapes.previews import Past, Preview

__all__ = [
    "Account",
    "Alert",
    "Attempt",
    "Delivery",
    "Destination",
    "Fired",
    "Match",
    "Moment",
    "Past",
    "Preview",
    "PrivateFeed",
    "Reason",
    "Shape",
    "TestAnswer",
    "Tried",
]
