"""Whose alert is whose: who may see one, and who may change it. Decided here alone, without I/O.

An alert belongs to whoever its `owner` names. Shared ones are seen by everybody; all are seen, and may be changed, by
chiefs and admins. An alert that somebody may not see is to them as if there were none.
"""

from pathlib import PurePath

from syndicator.alertdesk import written
from syndicator.config import DestinationKind
from syndicator.errors import NotFoundError, UsageError
from syndicator.people import Role
from syndicator.store import AlertRow, DestinationRow, UserRow

# Of one that is not there, and of one that somebody may not see.
UNKNOWN = "There is no such alert: perhaps it was removed."


def is_own(user: UserRow, alert: AlertRow) -> bool:
    """Whether an alert is this person's: by its owner's name, in any case."""
    return bool(alert.owner) and alert.owner.strip().casefold() == user.name.casefold()


def is_shared(alert: AlertRow) -> bool:
    """Whether everybody at the desk sees an alert: unless it says otherwise."""
    return written(alert).get("shared", True) is not False


def sees_all(user: UserRow) -> bool:
    """Whether somebody sees every alert, and may change it."""
    return user.role.reaches(Role.CHIEF)


def may_see(user: UserRow, alert: AlertRow) -> bool:
    """Whether somebody is shown an alert and what it found."""
    return sees_all(user) or is_own(user, alert) or is_shared(alert)


def may_change(user: UserRow, alert: AlertRow) -> bool:
    """Whether an alert does what somebody tells it: editors have their own ones, chiefs and admins all."""
    return sees_all(user) or (user.role.reaches(Role.EDITOR) and is_own(user, alert))


def place_shown(user: UserRow, row: DestinationRow, where: str) -> str:
    """Where a destination leads, as somebody may know it: what folders this machine has is for admins."""
    return PurePath(where).name if row.kind == DestinationKind.FILE and not user.role.reaches(Role.ADMIN) else where


def check_sight(user: UserRow, alert: AlertRow) -> AlertRow:
    """The alert, where somebody may see it. Raises NotFoundError, as for one that is not there."""
    if not may_see(user, alert):
        raise NotFoundError(UNKNOWN)
    return alert


def check_change(user: UserRow, alert: AlertRow) -> AlertRow:
    """The alert, where somebody may change it. Raises NotFoundError where they may not even see it, UsageError."""
    if not may_change(user, check_sight(user, alert)):
        if is_own(user, alert):
            raise UsageError("To change your alert you need the role editor: ask an admin.")
        raise UsageError(f"{alert.name} is {alert.owner or 'nobody'}’s: ask them, or a chief.")
    return alert
