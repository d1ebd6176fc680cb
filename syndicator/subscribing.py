"""Subscribes to the hubs that our sources name: asks, asks again, renews, and takes its leave (W3C WebSub §5.1).

Subscriptions are work rows: the decision is in `websub`, what it comes to is written down before and after a hub is
asked, and a hub that is slow or down holds up nobody. What hubs ask back and push is `receiving`'s.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from syndicator.config import Settings
from syndicator.errors import StoreError
from syndicator.intake import Intake
from syndicator.model import SourceKind
from syndicator.store import Store
from syndicator.websub import HubAnswer, Mode, Offer, Standing, Subscribed, Wish, plan, subscribed

log = logging.getLogger(__name__)

CALLBACK = "/websub/callback/"
"""What our addresses for hubs begin with, below site.url."""

# Between two looks at what sources offer.
PLANNING = timedelta(seconds=5)
# Hubs that are asked at once: thousands of sources may name the same one.
AT_ONCE = 8


class Asks(Protocol):
    """What reaches hubs: `sources.HubClient`, or a fake in tests."""

    async def ask(self, hub: str, fields: Mapping[str, str]) -> HubAnswer:
        """One POST of a form. Trouble is an answer, not an exception."""

    async def close(self) -> None:
        """Let go of what connections there are."""


class Subscribing:
    """Keeps our subscriptions in line with what sources offer. `start` it again and again."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        intake: Intake,
        asks: Asks,
        *,
        owner: str,
        clock: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._store = store
        self._intake = intake
        self._asks = asks
        self._owner = owner
        self._clock = clock
        self._jitter = jitter
        self._requests: set[asyncio.Task[None]] = set()
        self._planned: datetime | None = None
        self._stopping = False
        self._callbacks = settings.site.url + CALLBACK
        self._open = settings.websub.subscribe and settings.server.public
        # What an address of config's keeps secret is not told to a hub; a folder has none.
        self._sources = frozenset(
            source.name
            for source in settings.sources
            if source.enabled and source.kind is not SourceKind.FOLDER and not source.is_hidden("url")
        )

    def start(self) -> None:
        """Begin to ask the hubs that are due, without waiting for them. From now on pushes are taken to arrive.

        Raises StoreError.
        """
        now = self._clock()
        self._intake.listening = self._open
        if self._planned is None or not timedelta() <= now - self._planned < PLANNING:
            self._plan(now)
            self._planned = now
        for it in self._claim(now):
            task = asyncio.create_task(self._ask(it), name=it.source)
            self._requests.add(task)
            task.add_done_callback(self._requests.discard)

    async def drain(self) -> None:
        """Ask every hub that is due now, then return."""
        self._planned = None
        await self._store.turn()
        self.start()
        while self._requests:
            await asyncio.gather(*self._requests)
            await self._store.turn()
            self.start()

    async def stop(self, grace_s: float) -> None:
        """Let requests that are under way end, within bounds, and give back the rest."""
        self._stopping = True
        if self._requests:
            _, late = await asyncio.wait(self._requests, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._asks.close()
        await self._store.turn(seconds=grace_s)
        with self._store.transaction():
            self._store.subscriptions.hand_back(self._owner)

    def _plan(self, now: datetime) -> None:
        """Bring what we have in line with what is offered."""
        rows = self._store.subscriptions
        have = {it.token: it for it in rows.all()}
        made = plan(self._offers(), have.values(), self._callbacks, now)
        if not (made.wishes or made.changed or made.gone):
            return
        with self._store.transaction():
            for it in made.changed:
                rows.save(it)
                if have[it.token].standing is Standing.ACTIVE:
                    log.info("%s: the subscription at %s is %s", it.source, it.hub, it.error or "ended")
                    self._intake.poll_by_itself(it.source, now)
            for token in made.gone:
                rows.forget(token)
            for wish in made.wishes:
                rows.save(self._new(wish, now))

    def _offers(self) -> dict[str, Offer]:
        if not self._open:
            return {}
        return {name: offer for name, offer in self._store.subscriptions.offers().items() if name in self._sources}

    def _new(self, wish: Wish, now: datetime) -> Subscribed:
        token = secrets.token_urlsafe(32)
        return Subscribed(
            token=token,
            source=wish.source,
            hub=wish.hub,
            topic=wish.topic,
            callback=self._callbacks + token,
            secret=secrets.token_hex(32),
            standing=Standing.WANTED,
            since=now,
            due=now,
        )

    def _claim(self, now: datetime) -> list[Subscribed]:
        """What is due, marked as asked: a hub may ask back before it has answered."""
        rows, free = self._store.subscriptions, AT_ONCE - len(self._requests)
        wait = subscribed.LONGEST_WAIT
        if self._stopping or free <= 0 or not rows.is_any_due(now, longest_wait=wait):
            return []
        with self._store.transaction():
            claimed = [subscribed.asked(it, now) for it in rows.claim(self._owner, now, free, longest_wait=wait)]
            for it in claimed:
                rows.save(it)
        return claimed

    async def _ask(self, it: Subscribed) -> None:
        try:
            answer = await self._asks.ask(it.hub, _form(it))
        except Exception as error:
            log.exception("%s: the hub could not be asked", it.source)
            answer = HubAnswer(f"a defect of ours: {type(error).__name__}")
        try:
            await self._store.turn()
            self._settle(it, answer)
        except StoreError as error:
            # Nothing is lost: the hold ends by itself, and the hub is asked again.
            log.warning("%s: %s", it.source, error)

    def _settle(self, asked: Subscribed, answer: HubAnswer) -> None:
        now, rows = self._clock(), self._store.subscriptions
        log.info("%s: asked %s: %s", asked.source, asked.hub, answer.said)
        with self._store.transaction():
            rows.let_go(asked.token)
            it = rows.get(asked.token)
            if it is None:
                return
            then = subscribed.answered(it, answer, now, self._jitter())
            if then is None:
                rows.forget(it.token)
            else:
                rows.save(then)


def _mode(it: Subscribed) -> Mode:
    return Mode.UNSUBSCRIBE if it.standing is Standing.ENDING else Mode.SUBSCRIBE


def _form(it: Subscribed) -> dict[str, str]:
    """The request of §5.1. The secret signs what is pushed, so that a callback that leaked out is not enough."""
    form = {"hub.callback": it.callback, "hub.mode": _mode(it).value, "hub.topic": it.topic}
    if it.standing is Standing.ENDING:
        return form
    lease_s = int(subscribed.LEASE.total_seconds())
    return {**form, "hub.lease_seconds": str(lease_s), "hub.secret": it.secret}
