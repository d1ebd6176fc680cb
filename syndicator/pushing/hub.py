"""Everything that is pushed: the built-in hub at work, and word to a hub elsewhere."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from typing import Self

from syndicator.config import Settings
from syndicator.delivery import guarded_session
from syndicator.pushing.distribution import Distribution, Pushed
from syndicator.pushing.verification import Verification
from syndicator.store import Store


class Hub:
    """Works at what is due to be pushed, as long as it is open: `async with Hub(…) as hub: hub.start()`.

    For whoever holds the store's instance lock: what others were at is taken over at once. `report` hears of every
    attempt that was settled.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        owner: str,
        clock: Callable[[], datetime],
        report: Callable[[Pushed], None] = lambda _: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._settings = settings
        self._owner = owner
        self._clock = clock
        self._report = report
        self._jitter = jitter

    async def __aenter__(self) -> Self:
        store, settings = self._store, self._settings
        await store.turn()
        with store.transaction():
            store.followers.hand_back()
            store.questions.hand_back()
            if not settings.has_hub:
                store.announcements.close()
        self._session = guarded_session(settings.site.user_agent, settings.network.allow_private)
        self.distribution = Distribution(
            store,
            settings,
            self._session,
            owner=self._owner,
            clock=self._clock,
            report=self._report,
            jitter=self._jitter,
        )
        self.verification = Verification(store, self._session, owner=self._owner, clock=self._clock)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop(0.0)
        await self._session.close()

    def start(self) -> None:
        """Begin on everything that is due, without waiting for it. Raises StoreError."""
        self.verification.crew.start()
        self.distribution.crew.start()

    async def drain(self) -> None:
        """Do everything that is due now, then return. What fails waits for its next time."""
        await self._store.turn()
        await self.verification.crew.drain()
        await self._store.turn()
        await self.distribution.crew.drain()

    async def stop(self, grace_s: float) -> None:
        """Let attempts that are under way end, within bounds, and give back what is not settled."""
        await asyncio.gather(self.verification.crew.stop(grace_s), self.distribution.crew.stop(grace_s))
        await self._store.turn(seconds=grace_s)
        with self._store.transaction():
            self._store.followers.hand_back(self._owner)
            self._store.questions.hand_back(self._owner)
