"""Alerts, decided without I/O: what they ask, when they speak, what they say, and what becomes of a delivery.

The modules in reading order: `alert` (a saved query with destinations), `scope` (the whole query it asks), `schedule`,
`quiet`, `timing` (when it may speak), `stories` (what is one story), `message`, `excerpt`, `wording` (what it says),
`retry` (after an attempt), `optout`, `preview` (an alert run backwards), `trouble` (what staff are told of us).
"""

from syndicator.alerts.alert import Alert, Timing
from syndicator.alerts.excerpt import excerpt, marked, spans
from syndicator.alerts.message import URGENT, Answer, Event, Excerpt, Item, Message, Verdict
from syndicator.alerts.notices import Changes, Notice, changes, notices
from syndicator.alerts.notices import Told as ToldTrouble
from syndicator.alerts.optout import read_opt_out, sign_opt_out
from syndicator.alerts.preview import Advice, Caught, Concern, Day, Preview, bars, begin, preview
from syndicator.alerts.quiet import QuietHours, parse_quiet_hours, quiet_until
from syndicator.alerts.retry import (
    LONGEST_WAIT,
    DeliveryState,
    Line,
    Outcome,
    Pending,
    after,
    backoff,
    restores_order,
)
from syndicator.alerts.schedule import IMMEDIATE, LONGEST, Every, Schedule, next_run, parse_schedule, zone
from syndicator.alerts.scope import scoped
from syndicator.alerts.stories import WINDOW as STORY_WINDOW
from syndicator.alerts.stories import Candidate, Told, bands, choose, tell
from syndicator.alerts.timing import held_until, is_due, speaks_at
from syndicator.alerts.trouble import (
    DestinationCondition,
    Disk,
    Limits,
    SourceCondition,
    Trouble,
    troubles,
)
from syndicator.alerts.wallclock import zone_like
from syndicator.alerts.wording import plain, subject

__all__ = [
    "IMMEDIATE",
    "LONGEST",
    "LONGEST_WAIT",
    "STORY_WINDOW",
    "URGENT",
    "Advice",
    "Alert",
    "Answer",
    "Candidate",
    "Caught",
    "Changes",
    "Concern",
    "Day",
    "DeliveryState",
    "DestinationCondition",
    "Disk",
    "Event",
    "Every",
    "Excerpt",
    "Item",
    "Limits",
    "Line",
    "Message",
    "Notice",
    "Outcome",
    "Pending",
    "Preview",
    "QuietHours",
    "Schedule",
    "SourceCondition",
    "Timing",
    "Told",
    "ToldTrouble",
    "Trouble",
    "Verdict",
    "after",
    "backoff",
    "bands",
    "bars",
    "begin",
    "changes",
    "choose",
    "excerpt",
    "held_until",
    "is_due",
    "marked",
    "next_run",
    "notices",
    "parse_quiet_hours",
    "parse_schedule",
    "plain",
    "preview",
    "quiet_until",
    "read_opt_out",
    "restores_order",
    "scoped",
    "sign_opt_out",
    "spans",
    "speaks_at",
    "subject",
    "tell",
    "troubles",
    "zone",
    "zone_like",
]
