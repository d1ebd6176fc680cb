"""The desk's pages: templates, the clock of whoever looks, and the two files that pages bring along."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from syndicator.people import Role
from syndicator.publish import templates
from syndicator.web.desk.visitor import Visitor
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.pages import page_style

_HERE = Path(__file__).parent
ASSETS = {"desk.css": "text/css; charset=utf-8", "desk.js": "text/javascript; charset=utf-8"}
# Scripts and styles are our own two files; nothing is framed, embedded or sent elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
# With no referrer at all, older browsers say of our own forms that they come from nowhere (Origin: null).
GUARDS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the desk's menu, and the role that sees it."""

    path: str
    label: str
    role: Role


MENU = (
    Entry("/", "Overview", Role.VIEWER),
    Entry("/alerts", "Alerts", Role.VIEWER),
    Entry("/history", "History", Role.VIEWER),
    Entry("/articles", "Newsdesk", Role.VIEWER),
    Entry("/sources", "Sources", Role.VIEWER),
    Entry("/topics", "Topics", Role.VIEWER),
    Entry("/destinations", "Destinations", Role.EDITOR),
    Entry("/people", "People", Role.ADMIN),
    Entry("/tokens", "Tokens", Role.EDITOR),
    Entry("/audit", "Audit log", Role.CHIEF),
)


class DeskPages:
    """Fills templates in for whoever looks."""

    def __init__(self, house: House) -> None:
        self._house = house

    def page(self, template: str, visitor: Visitor | None, *, status: int = 200, **context: Any) -> Response:
        """A page; without a visitor in the site's zone, and without the menu."""
        zone = ZoneInfo(visitor.user.zone) if visitor else self._house.settings.site.zone
        base = f"{self._house.base}/desk"
        body = (
            _templates()
            .get_template(template)
            .render(
                site=self._house.settings.site,
                base=base,
                visitor=visitor,
                menu=list(menu(visitor)),
                now=self._house.clock(),
                clock=Clock(zone, self._house.clock()),
                zone=zone.key,
                assets={name: f"{base}/{name}?{mark(name)}" for name in ASSETS},
                Role=Role,
                **{"wrong": "", "here": "", **context},
            )
        )
        return HTMLResponse(body, status, {**UNSTORED, **GUARDS})


def menu(visitor: Visitor | None) -> Iterable[Entry]:
    """What somebody's menu has."""
    return (entry for entry in MENU if visitor is not None and visitor.user.role.reaches(entry.role))


class Clock:
    """Times as somebody reads them, by their own clock."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone = zone
        self._now = now

    @property
    def called(self) -> str:
        """As in "UTC" or "Europe/London time"."""
        return self._zone.key if self._zone.key == "UTC" else f"{self._zone.key} time"

    def full(self, moment: datetime) -> str:
        """As in "23 November 2026, 14:05"."""
        local = self._local(moment)
        return f"{local.day} {local:%B %Y, %H:%M}"

    def short(self, moment: datetime) -> str:
        """Of today the time alone ("14:05"), of this year without the year ("23 Nov, 14:05")."""
        local, today = self._local(moment), self._local(self._now)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        year = "" if local.year == today.year else f" {local.year}"
        return f"{local.day} {local:%b}{year}, {local:%H:%M}"

    def _local(self, moment: datetime) -> datetime:
        """By their clock; at the ends of the calendar, which some zones reach before others do, by UTC."""
        try:
            return moment.astimezone(self._zone)
        except OverflowError:
            return moment

    def ago(self, moment: datetime) -> str:
        """As in "just now", "5 minutes ago", "in 2 days"."""
        span = self._now - moment
        words = _words(abs(span))
        if words is None:
            return "just now"
        return f"{words} ago" if span > timedelta() else f"in {words}"


def _words(span: timedelta) -> str | None:
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        number = int(span.total_seconds() // unit)
        if number:
            return f"{number} {name}{'' if number == 1 else 's'}"
    return None


def asset(name: str) -> Callable[[Request], Awaitable[Response]]:
    """What answers for desk.css or desk.js, which change their addresses when they change."""

    async def get(_request: Request) -> Response:
        return Response(content(name), media_type=ASSETS[name], headers={"Cache-Control": _KEPT})

    return get


@cache
def content(name: str) -> bytes:
    """The bytes of an asset; the style begins with that of the public pages."""
    own = (_HERE / "assets" / name).read_text("utf-8")
    return (page_style() + own if name == "desk.css" else own).encode()


@cache
def mark(name: str) -> str:
    """What changes with an asset."""
    return sha256(content(name)).hexdigest()[:12]


@cache
def _templates() -> Environment:
    return templates(_HERE / "templates")
