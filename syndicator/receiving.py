"""What hubs say to us: they ask back whether we meant it, and they push (W3C WebSub §5.2, §5.3, §7, §8)."""

import logging
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from syndicator.config import Settings
from syndicator.errors import NotFoundError, ParseError
from syndicator.intake import Intake
from syndicator.sources import BodyError, read_body
from syndicator.store import Store
from syndicator.websub import Mode, Standing, Subscribed, is_signed, subscribed

log = logging.getLogger(__name__)

_REASON_CHARACTERS = 200
# A hub that pushes waits for its answer; one that is told to come back does so.
_WAIT_S = 3.0


class Receipt(StrEnum):
    """What became of a push."""

    TAKEN = "taken"
    PINGED = "pinged"
    IGNORED = "ignored"
    GONE = "gone"


class Receiving:
    """Answers hubs. A token that we do not know, or no longer want, is answered as if it had never been."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        intake: Intake,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._store = store
        self._intake = intake
        self._clock = clock
        self._jitter = jitter

    def is_ours(self, token: str) -> bool:
        """Whether what is pushed to this callback is still wanted: asked before a body is read."""
        return self._wanted(token) is not None

    def confirm(self, token: str, mode: str, topic: str, lease_s: int | None) -> bool:
        """Whether we meant what the hub asks about (§5.3). A yes is written before it is given. Raises StoreError."""
        now, rows = self._clock(), self._store.subscriptions
        with self._store.transaction():
            it = rows.get(token)
            subscribing = mode == Mode.SUBSCRIBE
            if it is None or mode not in {Mode.SUBSCRIBE, Mode.UNSUBSCRIBE}:
                return False
            if not subscribed.may_be_verified(it, subscribing=subscribing, topic=topic):
                return False
            if subscribing:
                rows.save(subscribed.verified(it, lease_s, now, self._jitter()))
            else:
                rows.forget(token)
        log.info("%s: %s at %s is confirmed", it.source, mode, it.hub)
        return True

    def deny(self, token: str, topic: str, reason: str) -> bool:
        """The hub will not push this to us (§5.2). False where it is not about anything of ours. Raises StoreError."""
        now, rows = self._clock(), self._store.subscriptions
        with self._store.transaction():
            it = rows.get(token)
            if it is None or topic != it.topic or it.asked_at is None:
                return False
            then = subscribed.denied(it, _printable(reason), now)
            if then is None:
                rows.forget(token)
            else:
                rows.save(then)
            if it.standing is Standing.ACTIVE:
                self._intake.poll_by_itself(it.source, now)
        log.info("%s: %s denied the subscription", it.source, it.hub)
        return True

    async def receive(
        self, token: str, body: bytes, *, signature: str | None, codings: tuple[str, ...], content_type: str | None
    ) -> Receipt:
        """Take in what was pushed to a callback. `body` is as it was sent, which is what is signed (§8).

        What is not signed with our secret is ignored. What is signed, but is not the feed, tells that there is
        something to be fetched. It is stored when this returns. Raises StoreError: then the hub should try again.
        """
        it = self._wanted(token)
        if it is None:
            return Receipt.GONE
        await self._store.turn(seconds=_WAIT_S)
        now = self._clock()
        if not is_signed(body, it.secret, signature):
            self._ignored(it, "without a signature" if signature is None else "with a wrong signature")
            return Receipt.IGNORED
        try:
            await self._take(it, body, codings, content_type, now)
        except (BodyError, ParseError) as error:
            said = error.message if isinstance(error, ParseError) else str(error)
            await self._store.turn(seconds=_WAIT_S)
            with self._store.transaction():
                self._intake.look_again(it.source, now)
                self._came(token, now, f"what was pushed {said}" if body else None)
            return Receipt.PINGED
        return Receipt.TAKEN

    def turned_away(self, token: str) -> None:
        """There was no room for a push: the source is asked instead. Raises StoreError."""
        it = self._wanted(token)
        if it is not None:
            with self._store.transaction():
                self._intake.look_again(it.source, self._clock())

    async def _take(
        self, it: Subscribed, body: bytes, codings: tuple[str, ...], content_type: str | None, now: datetime
    ) -> None:
        document = await read_body(_chunks(body), codings, self._settings.network.max_body)
        source = self._settings.source(it.source)
        offer = self._store.subscriptions.offers().get(it.source)
        url = it.topic if offer is None else offer.url
        taken = await self._intake.take_pushed(source, document, content_type, url, now, wait_s=_WAIT_S)
        with self._store.transaction():
            self._came(it.token, now, None)
        log.info("%s: pushed: %d new, %d changed", it.source, taken.new, taken.changed)

    def _ignored(self, it: Subscribed, why: str) -> None:
        """Write it down once: whoever sends a thousand of them shall not fill our log."""
        said = f"a push {why} was ignored"
        if it.error == said:
            return
        with self._store.transaction():
            self._store.subscriptions.save(replace(it, error=said))
        log.warning("%s: %s", it.source, said)

    def _came(self, token: str, now: datetime, error: str | None) -> None:
        """Write down that the hub pushed. It may have been ended while the document was read."""
        it = self._store.subscriptions.get(token)
        if it is not None:
            self._store.subscriptions.save(replace(subscribed.pushed(it, now), error=error))

    def _wanted(self, token: str) -> Subscribed | None:
        it = self._store.subscriptions.get(token)
        if it is None or it.standing in {Standing.ENDING, Standing.REFUSED}:
            return None
        state = self._store.sources.state(it.source)
        if state is None or state.gone or not self._is_followed(it.source):
            return None
        return it

    def _is_followed(self, name: str) -> bool:
        try:
            return self._settings.websub.subscribe and self._settings.source(name).enabled
        except NotFoundError:
            return False


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _printable(text: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text[:_REASON_CHARACTERS])
    return " ".join(shown.split())
