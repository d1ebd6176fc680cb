"""How often one client may ask for what has to be computed."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from starlette.types import Scope

from syndicator.web.clients import Clients, Network

_MINUTE_S = 60.0
# A minute's share that may come at once: a reader that opens asks for all its search feeds in a second.
_AT_ONCE = 4
_AT_LEAST = 10
# Clients that are remembered; two megabytes of them.
CLIENTS = 16_384


class Purse:
    """One purse for each name: `rate_per_minute` acts a minute, of which a quarter or `at_once` may come at once.

    `clock` gives seconds that never go back. It is the generic cell rate algorithm (ITU-T I.371), a token bucket which
    keeps one number a name: the moment at which its purse will be full again.
    """

    def __init__(
        self,
        rate_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        at_once: int | None = None,
        names: int = CLIENTS,
    ) -> None:
        self.burst = at_once or min(rate_per_minute, max(_AT_LEAST, rate_per_minute // _AT_ONCE))
        self._price_s = _MINUTE_S / rate_per_minute
        self._clock = clock
        self._most = names
        # Whoever asked longest ago stands first.
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def refuse_after(self, name: str) -> int | None:
        """None if this act may pass, and is paid for; else the whole seconds until one may.

        A refused one costs nothing: who keeps asking gets through at the rate.
        """
        now = self._clock()
        full_at = max(self._full_at.get(name, now), now) + self._price_s
        early_s = full_at - now - self.burst * self._price_s
        # A float's rounding is no reason to send anybody away.
        if early_s > self._price_s * 1e-6:
            self._full_at.move_to_end(name)
            return math.ceil(early_s)
        self._full_at[name] = full_at
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return None


class Limits:
    """One purse for each client: `rate_per_minute` requests a minute.

    Make one for each thing that is to be paid for by itself, once, and ask it before the work is done:

        limits = Limits(settings.server.rate, settings.server.trusted_proxies)
        ...
        if (seconds := limits.refuse_after(request.scope)) is not None:
            raise HTTPException(429, headers={"Retry-After": str(seconds)})

    For the event loop's thread alone.
    """

    def __init__(
        self,
        rate_per_minute: int,
        trusted_proxies: Sequence[Network],
        clock: Callable[[], float] = time.monotonic,
        *,
        clients: int = CLIENTS,
    ) -> None:
        self._clients = Clients(trusted_proxies)
        self._purse = Purse(rate_per_minute, clock, names=clients)
        self.burst = self._purse.burst

    def refuse_after(self, scope: Scope) -> int | None:
        """None if this request may pass, and is paid for; else the whole seconds until one may (for Retry-After)."""
        return self._purse.refuse_after(self._clients.of(scope))
