"""The links in our mails that end an alert: a page with a button for people, one click for mail services (RFC 8058).

A GET never ends anything: mail scanners and browsers follow links ahead of people.
"""

from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.addresses import destination_settings, opted_out
from syndicator.errors import SyndicatorError
from syndicator.people import MAIL_LINK
from syndicator.web.form import form_fields
from syndicator.web.headers import UNSTORED
from syndicator.web.house import House
from syndicator.web.limits import Purse
from syndicator.web.pages import page
from syndicator.web.resource import Resource

# The form holds one field; what is larger is none of ours.
FORM_BYTES = 4096
# How often one link may begin its alert again in a minute, and how often at once: people change their minds.
_UNDONE, _UNDONE_AT_ONCE = 1, 5


def unsubscribe_routes(house: House) -> list[BaseRoute]:
    """`/unsubscribe/TOKEN`."""
    answers = Unsubscribing(house)
    resource = Resource(get=answers.get, post=answers.post)
    return [Route(f"{house.base}/unsubscribe/{{token}}", resource, max_body_size=FORM_BYTES)]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One alert at one destination, by their ids, and as people may be told of them."""

    alert: str
    destination: str
    name: str
    to: str


class Unsubscribing:
    """Answers for `/unsubscribe/TOKEN`."""

    def __init__(self, house: House) -> None:
        self._store = house.store
        self._turn = house.turn
        self._settings = house.settings
        self._clock = house.clock
        self._undone = Purse(_UNDONE, at_once=_UNDONE_AT_ONCE)

    async def get(self, request: Request) -> Response:
        """The page that asks. It changes nothing."""
        subscription = self._subscription(request)
        if subscription is None:
            return self._unknown()
        return self._page(subscription)

    async def post(self, request: Request) -> Response:
        """End the alert here, or begin it again; doing either twice is doing it once. Raises StoreError.

        Answered at once, without a redirect, as RFC 8058 §3.1 has it.
        """
        subscription = self._subscription(request)
        if subscription is None:
            return self._unknown()
        fields = form_fields(await request.body(), request.headers.get("content-type", ""))
        match fields.get("List-Unsubscribe", "").strip().lower():
            case "one-click":
                await self._end(subscription)
            case "undo":
                await self._begin_again(subscription)
            case _:
                return self._page(subscription, status=400)
        return self._page(subscription)

    async def _end(self, what: Subscription) -> None:
        await self._turn()
        now = self._clock()
        with self._store.transaction():
            if self._store.alerts.opt_out(what.alert, what.destination, now):
                self._note("alert ended by mail", what, now)

    async def _begin_again(self, what: Subscription) -> None:
        """Paid for, so that nobody fills the audit log by turns; ending is free, and comes at most once more."""
        seconds = self._undone.refuse_after(f"{what.alert} {what.destination}")
        if seconds is not None:
            raise HTTPException(429, headers={"Retry-After": str(seconds)})
        await self._turn()
        now = self._clock()
        with self._store.transaction():
            if self._store.alerts.opt_in(what.alert, what.destination):
                self._note("alert begun again by mail", what, now)

    def _note(self, act: str, what: Subscription, now: datetime) -> None:
        thing, detail = f"alert {what.alert}", f"{what.name}: {what.destination}"
        self._store.audit.note(now, MAIL_LINK, act, thing, detail)

    def _subscription(self, request: Request) -> Subscription | None:
        """What the link is about; None where we did not make it."""
        meant = opted_out(self._store, request.path_params["token"])
        if meant is None:
            return None
        alert, destination = meant
        try:
            name = self._store.alerts.get(alert).name
        except KeyError:
            return None
        return Subscription(alert, destination, name, self._where(destination))

    def _where(self, destination: str) -> str:
        """A destination in words that its owner knows and that tell a stranger little."""
        row = self._store.destinations.get(destination)
        try:
            address = destination_settings(row, self._settings).to if row is not None and not row.gone else None
        except (SyndicatorError, ValueError):
            address = None
        return masked(address) if address else destination

    def _page(self, subscription: Subscription, *, status: int = 200) -> Response:
        return page(
            "unsubscribe.html",
            status=status,
            headers=UNSTORED,
            site=self._settings.site,
            alert=subscription.name,
            to=subscription.to,
            ended=subscription.destination in self._store.alerts.opted_out(subscription.alert),
        )

    def _unknown(self) -> Response:
        return page("unknown_link.html", status=404, headers=UNSTORED, site=self._settings.site)


def masked(address: str) -> str:
    """A mail address with its middle hidden: "a•••@example.org"."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••{at}{domain}"
