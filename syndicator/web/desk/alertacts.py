"""What people do to one alert at the desk, each in one transaction."""

from datetime import datetime
from itertools import chain, count
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request

from syndicator.alertdesk import AlertDesk, written
from syndicator.errors import NotFoundError, UsageError
from syndicator.people import Role
from syndicator.store import AlertRow, UserRow
from syndicator.web.desk.alertwords import mute_end
from syndicator.web.desk.form import Form
from syndicator.web.desk.rights import UNKNOWN, check_change, check_sight, is_own, may_see
from syndicator.web.desk.visitor import Visitor
from syndicator.web.house import House

# An alert's name has at most so many characters (config's).
_LONGEST_NAME = 100


def alert_id(request: Request) -> str:
    """The id of the alert that an address is about; "" where it is about none."""
    id_ = request.path_params.get("id")
    return id_.hex if isinstance(id_, UUID) else ""


class AlertActs:
    """The acts on alerts. Each checks whether this person may. Raises NotFoundError, UsageError."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._desk = AlertDesk(house.settings, house.store, house.pipeline.alerting)

    def row(self, id_: str) -> AlertRow:
        """The alert of this very id, in use. Raises NotFoundError."""
        try:
            row = self._house.store.alerts.get(id_)
        except KeyError:
            row = None
        if row is None or row.gone:
            raise NotFoundError(UNKNOWN)
        return row

    def one(self, id_: str, form: Form, visitor: Visitor) -> tuple[str, str]:
        """Do what a form says. Which page of the desk to go to, and what to say there."""
        do, user = form.text("do"), visitor.user
        with self._house.store.transaction():
            if do == "duplicate":
                return self._duplicate(check_sight(user, self.row(id_)), user)
            row = check_change(user, self.row(id_))
            here = f"/alerts/{row.id}"
            match do:
                case "mute" | "unmute" | "enable" | "disable":
                    return here, self.several(do, row, visitor, form)
                case "hand":
                    said = self._hand(row, form.text("to"), user)
                    return here if may_see(user, self.row(row.id)) else "/alerts", said
                case "feed" | "close":
                    return here, self._feed(row, user, close=do == "close")
                case "remove":
                    return "/alerts", self._remove(row, user)
        raise UsageError("That can't be done here.")

    def several(self, do: str, row: AlertRow, visitor: Visitor, form: Form) -> str:
        """What can be done to many at once: mute, unmute, enable, disable. For whoever was checked already."""
        now, user = self._house.clock(), visitor.user
        match do:
            case "mute":
                zone = ZoneInfo(user.zone)
                until = mute_end(form.text("span"), now, zone)
                self._desk.mute(row.id, until, now, by=user.name)
                return f"{row.name} is muted until {_told(until, zone)}. What it finds meanwhile is told afterwards."
            case "unmute":
                self._desk.mute(row.id, None, now, by=user.name)
                return f"{row.name} may speak again."
            case "enable" | "disable":
                self._in_hand(row)
                self._desk.edit(row.id, {"enabled": do == "enable"}, now, by=user.name)
                return f"{row.name} is {'on, and looks forward from now' if do == 'enable' else 'off'}."
        raise UsageError("That can't be done here.")

    def _hand(self, row: AlertRow, name: str, user: UserRow) -> str:
        self._in_hand(row)
        heir = self._house.store.users.named(name)
        if heir is None or heir.disabled is not None or not heir.role.reaches(Role.EDITOR):
            raise UsageError("Choose somebody who may have alerts: an editor, a chief or an admin.")
        self._desk.edit(row.id, {"owner": heir.name}, self._house.clock(), by=user.name)
        return f"{row.name} is {heir.name}’s now."

    def _feed(self, row: AlertRow, user: UserRow, *, close: bool) -> str:
        self._desk.renew_feed(row.id, self._house.clock(), close=close, by=user.name)
        if close:
            return "The private feed is closed."
        if row.feed_token is None:
            return "The private feed is open."
        return "The private feed has a new address; the old one is dead."

    def _remove(self, row: AlertRow, user: UserRow) -> str:
        self._in_hand(row)
        self._desk.remove(row.id, self._house.clock(), by=user.name)
        return f"{row.name} is removed."

    def _duplicate(self, row: AlertRow, user: UserRow) -> tuple[str, str]:
        """A copy of one's own, switched off. Of somebody else's it goes nowhere yet: their destinations are theirs."""
        if not user.role.reaches(Role.EDITOR):
            raise UsageError("Alerts of their own are for editors; an admin can give you that role.")
        keys = written(row)
        keys.pop("mute_until", None)
        if not is_own(user, row):
            keys.pop("destinations", None)
        keys |= {"name": self._free(row.name), "owner": user.name, "enabled": False}
        copy = self._desk.add(keys, self._house.clock(), by=user.name, copied=row.name)
        return f"/alerts/{copy.id}", f"This is a copy of {row.name}, and yours. It is off until you switch it on."

    def _free(self, name: str) -> str:
        """A name for a copy that nothing has yet."""
        for suffix in chain([" (copy)"], (f" (copy {number})" for number in count(2))):
            free = name[: _LONGEST_NAME - len(suffix)].rstrip() + suffix
            if self._house.store.alerts.named(free) is None:
                return free
        raise AssertionError

    @staticmethod
    def _in_hand(row: AlertRow) -> None:
        if row.from_config:
            raise UsageError(f"{row.name} is made in config.toml, and changed there. Here it can be muted.")


def _told(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B, %H:%M}"
