"""How often passwords may be tried, so that guessing gets nowhere and nobody can lock anybody else out.

Three purses (see web.limits): each client's own; for an account, one for browsers in which somebody has signed in to it
before, a purse for each, and one for all others together (OWASP, "device cookies"). Whoever guesses from a thousand
addresses empties the last, and the account's owner goes on signing in from where they always do.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from syndicator.web.desk.cookie import Cookie
from syndicator.web.house import House
from syndicator.web.limits import Limits, Purse

TOO_OFTEN = "That was tried very often. Please wait {} seconds, then try again."
# Tries a minute, of which ten may come at once.
_CLIENT, _KNOWN, _STRANGERS = 20, 10, 10
_KNOWN_FOR = timedelta(days=180)
_KEY = "desk device key"


class Attempts:
    """Counts tries at signing in. For the event loop's thread alone."""

    def __init__(self, house: House, clock: Callable[[], float] = time.monotonic) -> None:
        self._clients = Limits(_CLIENT, house.settings.server.trusted_proxies, clock)
        self._known = Purse(_KNOWN, clock)
        self._strangers = Purse(_STRANGERS, clock)
        self._signed = URLSafeTimedSerializer(house.store.key(_KEY), salt="desk device")
        self._cookie = Cookie("desk-known", house)

    def refuse_after(self, request: Request, account: str) -> int | None:
        """None if this try may be made, and is counted; else the seconds until one may."""
        seconds = self._clients.refuse_after(request.scope)
        if seconds is not None:
            return seconds
        device = self._device(request, account)
        return self._known.refuse_after(device) if device else self._strangers.refuse_after(account)

    def is_known(self, request: Request, account: str) -> bool:
        """Whether somebody has signed in to `account` in this browser before."""
        return bool(self._device(request, account))

    def know(self, request: Request, account: str, answer: Response) -> None:
        """Somebody has signed in to `account` in this browser."""
        device = self._device(request, account) or self._signed.dumps(account)
        self._cookie.give(answer, device, _KNOWN_FOR)

    def _device(self, request: Request, account: str) -> str:
        device = self._cookie.of(request)
        try:
            return device if self._signed.loads(device, max_age=int(_KNOWN_FOR.total_seconds())) == account else ""
        except BadSignature:
            return ""
