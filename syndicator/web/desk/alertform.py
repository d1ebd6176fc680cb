"""The fields of the alert editor: from a saved alert, from what somebody sent, and to config.toml's keys."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syndicator.alerts import zone, zone_like
from syndicator.config import duration
from syndicator.errors import QueryError
from syndicator.query import MAX_BYTES, Boxes, boxes_of, parse
from syndicator.query import written as query_of
from syndicator.web.desk.form import Form

_SPEAKS = ("immediate", "hourly", "daily", "weekly")
_FURTHEST = 100
_BLANK = Boxes()
_NUMBER = re.compile(r"[0-9]{1,3}")
_BAD_NUMBER = "Write a number of words from 1 to 100."
_HALF = "Nearness takes two words: fill in both boxes, or use “All of these words”."
_NOTHING = "Say what to look for: fill in one of the boxes, besides “none of these”."


@dataclass(frozen=True, slots=True)
class AlertForm:
    """What stands in the editor. `boxed`: the query is written by the boxes; `within` is as it was typed.

    `seen` is the revision of the alert that the editor began with, "" of a new one.
    """

    name: str = ""
    query: str = ""
    boxed: bool = True
    boxes: Boxes = _BLANK
    within: str = "10"
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    speaks: str = "immediate"
    at: str = "07:30"
    day: str = "mon"
    zone: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    cooldown: str = ""
    grouped: bool = True
    shared: bool = False
    enabled: bool = True
    seen: str = ""

    @classmethod
    def sent(cls, form: Form) -> "AlertForm":
        """What somebody sent: these fields and no other. Boxes that are open write the query."""
        within = form.text("within")
        boxes = Boxes(
            all=form.text("all"),
            phrase=form.text("phrase"),
            any=form.text("any"),
            near=form.text("near"),
            near_to=form.text("near_to"),
            within=int(within) if is_distance(within) else _BLANK.within,
            none=form.text("none"),
            in_title=form.ticked("in_title"),
        )
        boxed = form.text("by") == "boxes"
        return cls(
            name=form.text("name"),
            query=_query(boxes) if boxed else form.text("query"),
            boxed=boxed,
            boxes=boxes,
            within=within,
            topics=form.all("topics"),
            sources=form.all("sources"),
            destinations=form.all("destinations"),
            speaks=form.text("speaks") if form.text("speaks") in _SPEAKS else "immediate",
            at=form.text("at"),
            day=form.text("day"),
            zone=form.text("zone"),
            quiet_from=form.text("quiet_from"),
            quiet_to=form.text("quiet_to"),
            cooldown=form.text("cooldown"),
            grouped=form.ticked("group_stories"),
            shared=form.ticked("shared"),
            enabled=form.ticked("enabled"),
            seen=form.text("seen"),
        )

    @classmethod
    def saved(cls, keys: Mapping[str, Any], revision: int) -> "AlertForm":
        """A saved alert's keys, as config.toml would have them."""
        speaks, _, rest = str(keys.get("schedule", "immediate")).partition(" ")
        day, _, at = rest.rpartition(" ")
        start, _, end = str(keys.get("quiet_hours", "")).partition("-")
        blank = cls()
        return cls(
            name=keys.get("name", ""),
            query=keys.get("query", ""),
            boxed=False,
            topics=tuple(keys.get("topics", ())),
            sources=tuple(keys.get("sources", ())),
            destinations=tuple(keys.get("destinations", ())),
            speaks=speaks,
            at=at or blank.at,
            day=day if speaks == "weekly" else blank.day,
            zone=keys.get("zone", ""),
            quiet_from=start,
            quiet_to=end,
            cooldown=keys.get("cooldown", ""),
            grouped=keys.get("group_stories", True),
            shared=keys.get("shared", True),
            enabled=keys.get("enabled", True),
            seen=str(revision),
        ).in_boxes()

    def in_boxes(self) -> "AlertForm":
        """The same with its query in the boxes, where they can say it; else as it was."""
        if not self.query:
            return replace(self, boxed=True, boxes=_BLANK)
        try:
            boxes = boxes_of(parse(self.query))
        except QueryError:
            boxes = None
        return self if boxes is None else replace(self, boxed=True, boxes=boxes, within=str(boxes.within))

    def keys(self) -> dict[str, object]:
        """The keys of [[alerts]]; None where one has its default."""
        spoken = {"daily": f"daily at {self.at}", "weekly": f"weekly {self.day} {self.at}", "hourly": "hourly"}
        quiet = f"{self.quiet_from}-{self.quiet_to}" if self.quiet_from or self.quiet_to else None
        return {
            "name": self.name,
            "query": self.query,
            "topics": list(self.topics) or None,
            "sources": list(self.sources) or None,
            "destinations": list(self.destinations) or None,
            "schedule": spoken.get(self.speaks),
            "zone": self.zone or None,
            "quiet_hours": quiet,
            "cooldown": self.cooldown or None,
            "group_stories": None if self.grouped else False,
            "shared": None if self.shared else False,
            "enabled": None if self.enabled else False,
        }

    def changes(self, keys: Mapping[str, Any]) -> dict[str, object]:
        """What of the saved keys this changes, so that nothing else of the alert is touched."""
        return {key: value for key, value in self.keys().items() if value != keys.get(key)}

    def mistakes(self) -> list[tuple[str, str]]:
        """What only the form can get wrong: each field, and what is wrong with it."""
        found: list[tuple[str, str]] = []
        if not self.name:
            found.append(("name", "Give the alert a name."))
        if unclear := self.unclear():
            found.append(unclear)
        elif self.boxed and not self.query:
            found.append(("query", _NOTHING))
        if bool(self.quiet_from) != bool(self.quiet_to):
            found.append(("quiet_hours", "Quiet hours have a beginning and an end: give both, or neither."))
        if self.speaks in {"daily", "weekly"} and not self.at:
            found.append(("schedule", "Say at what time."))
        if self.cooldown and not _is_read(duration, self.cooldown):
            found.append(("cooldown", "Write a time such as 10m, 2h or 1d."))
        if self.zone and not _is_read(zone, self.zone):
            found.append(("zone", f"Write a zone such as {zone_like(self.zone)}."))
        return found

    def unclear(self) -> tuple[str, str] | None:
        """What is filled in of the boxes and asks for nothing as it stands: the field, and a sentence about it."""
        if not self.boxed:
            return None
        if bool(self.boxes.near) != bool(self.boxes.near_to):
            return "within", _HALF
        if self.boxes.near and not is_distance(self.within):
            return "within", _BAD_NUMBER
        return ("query", _NOTHING) if self.boxes.none and not self.query else None


def _is_read(read: Callable[[str], object], typed: str) -> bool:
    """Whether what is typed is what this reads."""
    try:
        read(typed)
    except ValueError:
        return False
    return True


def _query(boxes: Boxes) -> str:
    """The query that boxes write. Of more than a query may have it is only what was typed, which is refused as such."""
    typed = " ".join(filter(None, (boxes.all, boxes.phrase, boxes.any, boxes.near, boxes.near_to, boxes.none)))
    return typed if len(typed.encode()) > MAX_BYTES else query_of(boxes)


def is_distance(typed: str) -> bool:
    """Whether this is a number of words that can lie between two."""
    return bool(_NUMBER.fullmatch(typed)) and 1 <= int(typed) <= _FURTHEST
