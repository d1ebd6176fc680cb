"""What a browser carries while it is away at the provider to sign in: known again when it comes back, once.

All of it is in a cookie which we sign, so that nobody can send somebody back to us with an answer that was not asked
for in their browser (RFC 6749 §10.12), and strangers can't fill our memory.
"""

import hmac
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from syndicator.web.desk.cookie import Cookie
from syndicator.web.house import House

# For typing a password elsewhere, and whatever else is asked for there.
LASTS = timedelta(minutes=10)
# Those that are over are remembered until they would be over anyway, this many at most.
_REMEMBERED = 10_000
_KEY = "desk errand key"
# Browsers keep 4 KB in a cookie.
_LONGEST_FOLLOWING = 1_000


@dataclass(frozen=True, slots=True)
class Errand:
    """One way to the provider and back: 256 random bits each for `state`, `nonce` and `verifier` (RFC 7636 §4.1).

    `following` is where to go afterwards; `until`, in seconds of UTC, when it is too late to come back.
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    following: str
    until: float


class Errands:
    """Sends browsers off, and knows them again. For the event loop's thread alone."""

    def __init__(self, house: House) -> None:
        self._clock = house.clock
        self._signed = URLSafeSerializer(house.store.key(_KEY), salt="desk errand")
        self._cookie = Cookie("desk-errand", house)
        self._over: OrderedDict[str, float] = OrderedDict()

    def begun(self, following: str) -> Errand:
        """A new one."""
        following = following if len(following) <= _LONGEST_FOLLOWING else ""
        until = (self._clock() + LASTS).timestamp()
        return Errand(token_urlsafe(32), token_urlsafe(32), token_urlsafe(32), following, until)

    def give(self, answer: Response, errand: Errand) -> None:
        """Have the browser carry it; one it carried before is over."""
        self._cookie.give(answer, self._signed.dumps(asdict(errand)), LASTS)

    def ended(self, request: Request, state: str) -> Errand | None:
        """The errand on which this browser was sent with `state`, if it comes back in time and for the first time."""
        try:
            errand = Errand(**self._signed.loads(self._cookie.of(request)))
        except BadSignature:
            return None
        now = self._clock()
        if not hmac.compare_digest(errand.state.encode(), state.encode()) or errand.until <= now.timestamp():
            return None
        return errand if self._is_first(errand, now) else None

    def forget(self, answer: Response) -> None:
        """Have the browser carry none."""
        self._cookie.take_back(answer)

    def _is_first(self, errand: Errand, now: datetime) -> bool:
        while self._over and (next(iter(self._over.values())) <= now.timestamp() or len(self._over) >= _REMEMBERED):
            self._over.popitem(last=False)
        if errand.state in self._over:
            return False
        self._over[errand.state] = errand.until
        return True
