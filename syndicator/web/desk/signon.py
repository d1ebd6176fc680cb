"""Signing in through the organisation's own provider (OpenID Connect): off to it, and back from it.

Nobody is made by it: an admin adds people first, under the name that the provider has for them.
"""

import logging
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.config import Claim, Oidc
from syndicator.delivery import one_line
from syndicator.errors import SignOnError
from syndicator.oidc import Identified, Provider
from syndicator.store import UserRow
from syndicator.web.desk.attempts import TOO_OFTEN
from syndicator.web.desk.door import UNKEPT, Desk
from syndicator.web.desk.errand import Errands
from syndicator.web.limits import Limits
from syndicator.web.resource import Resource

log = logging.getLogger(__name__)

# For each client: setting off and coming back count one each.
_A_MINUTE = 20
_TROUBLE = (
    "{name} does not work at the moment. Try again in a minute, or sign in with a password. Should it go on, tell an"
    " admin: the reason is in the service's log."
)
_STRANGE = (
    "This sign-in was begun too long ago, in another browser, or a second time since. Nothing is wrong: begin again."
)
_REFUSED = "The sign-in was not completed: {name} says that it was called off, or that you may not come in this way."
_UNSURE = "{name} has not checked that {said} is your address, so we can't go by it. Confirm it there, or ask an admin."
_UNKNOWN = "{name} knows you as {said}, and nobody at this desk is called so. An admin can add you by this name."
_LOCKED = "{name} knows you as {said}, who may not sign in at this desk any more. An admin can change that."
# What a provider says where it was somebody's own doing or its own verdict, and not trouble (RFC 6749 §4.1.2.1).
_CALLED_OFF = "access_denied"


def signon_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/oidc` and `/desk/oidc/callback`; none where config has no provider."""
    settings = desk.house.settings.desk.oidc
    if settings is None:
        return []
    pages = SignOn(desk, settings)
    return [
        Route(f"{desk.base}/oidc", Resource(get=pages.leave)),
        Route(f"{desk.base}/oidc/callback", Resource(get=pages.come_back)),
    ]


class SignOn:
    """Answers for the way to the provider, and for the way back."""

    def __init__(self, desk: Desk, settings: Oidc) -> None:
        house = desk.house
        self._desk = desk
        self._settings = settings
        self._users = house.store.users
        self._errands = Errands(house)
        self._limits = Limits(_A_MINUTE, house.settings.server.trusted_proxies)
        self._provider = Provider(
            settings,
            f"{house.settings.site.url}/desk/oidc/callback",
            house.settings.site.user_agent,
            house.settings.network.allow_private,
            house.clock,
        )

    async def leave(self, request: Request) -> Response:
        """Send a browser to the provider; one in which somebody is signed in already, is led on."""
        following = request.query_params.get("next", "")
        if self._desk.sessions.of(request) is not None:
            return RedirectResponse(self._desk.after_sign_in(following), 303, UNKEPT)
        if (seconds := self._limits.refuse_after(request.scope)) is not None:
            return self._too_often(seconds)
        errand = self._errands.begun(following)
        try:
            where = await self._provider.way(errand.state, errand.nonce, errand.verifier)
        except SignOnError as error:
            return self._trouble(error)
        answer = RedirectResponse(where, 303, UNKEPT)
        self._errands.give(answer, errand)
        return answer

    async def come_back(self, request: Request) -> Response:
        """Sign in whoever the provider names, if they came the whole way in this browser."""
        if (seconds := self._limits.refuse_after(request.scope)) is not None:
            return self._too_often(seconds)
        answer = await self._received(request)
        self._errands.forget(answer)
        return answer

    async def _received(self, request: Request) -> Response:
        said = request.query_params
        errand = self._errands.ended(request, said.get("state", ""))
        if errand is None or len(said.multi_items()) > len(said):
            return self._refusal(_STRANGE, HTTPStatus.BAD_REQUEST)
        if "error" in said:
            return self._called_off(said["error"], said.get("error_description", ""))
        try:
            who = await self._provider.identify(said.get("code", ""), errand.nonce, errand.verifier, said.get("iss"))
        except SignOnError as error:
            return self._trouble(error)
        user = self._known(who)
        if isinstance(user, Response):
            return user
        answer = RedirectResponse(self._desk.after_sign_in(errand.following), 303, UNKEPT)
        if not await self._desk.sessions.begin(request, user, answer, by=self._settings.name):
            return self._refusal(_STRANGE, HTTPStatus.BAD_REQUEST)
        return answer

    def _known(self, who: Identified) -> UserRow | Response:
        """Whom the desk knows by that name, or why they can't come in."""
        if not who.is_sure:
            return self._turned_away(_UNSURE, who, "its email_verified is not true")
        user = self._users.named(who.name)
        if user is None or not self._is_name(who.name, user.name):
            return self._turned_away(_UNKNOWN, who, "nobody here is called so")
        if user.disabled is not None:
            return self._turned_away(_LOCKED, who, "who may not sign in")
        return user

    def _is_name(self, said: str, ours: str) -> bool:
        """Whether what a provider says is the name of somebody of ours: by the letter, or in small letters of ASCII.

        Elsewhere, letters that look and are otherwise may be the same when they are small, such as the kelvin sign
        and k; and to a provider `sub` may be another's by its capitals alone (Core §2).
        """
        return said == ours or (self._settings.claim is not Claim.SUBJECT and said.isascii() and ours.isascii())

    def _called_off(self, error: str, description: str) -> Response:
        why = one_line(f"{error}: {description}" if description else error)
        if error != _CALLED_OFF:
            return self._trouble(SignOnError(f"{self._settings.issuer} says {why}"))
        log.info("desk: %s turned somebody away: %s", self._settings.issuer, why)
        return self._refusal(_REFUSED, HTTPStatus.FORBIDDEN)

    def _turned_away(self, text: str, who: Identified, why: str) -> Response:
        log.warning("desk: %s sent %r, %s", self._settings.issuer, who.name, why)
        return self._refusal(text, HTTPStatus.FORBIDDEN, said=who.name)

    def _trouble(self, error: SignOnError) -> Response:
        log.warning("desk: signing in by OpenID Connect: %s", error)
        return self._refusal(_TROUBLE, HTTPStatus.BAD_GATEWAY)

    def _too_often(self, seconds: int) -> Response:
        answer = self._refusal(TOO_OFTEN.format(seconds), HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _refusal(self, text: str, status: HTTPStatus, *, said: str = "") -> Response:
        words = text.format(name=self._settings.name, said=said)
        return self._desk.page("not_signed_in.html", None, status=status, text=words, signon=self._settings.name)
