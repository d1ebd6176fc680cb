"""Brings followers up to date: subscribers are sent the feed (W3C WebSub §7), hubs elsewhere are told to fetch it.

A slow or failing one costs itself alone: attempts have a deadline, a host has its share of them, and those that failed
or were slow last time may take up half the hands.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

import aiohttp

from syndicator.alerts import LONGEST_WAIT, Answer, Verdict, backoff
from syndicator.config import Settings
from syndicator.delivery import Sending, as_written, exchange, secret_parts
from syndicator.publish import MEDIA_TYPES
from syndicator.pushing.contents import Contents
from syndicator.pushing.crew import Crew, written
from syndicator.store import Claim, Follower, FollowerKind, Store, Topic
from syndicator.websub import signature

log = logging.getLogger(__name__)

# Attempts side by side: in all, of followers that failed or were slow last time, at one host.
HANDS = 64
LAGGING = 32
SHARE = 8
# The time one attempt may take in all: name, connection, TLS, two megabytes out, answer. Most take far less.
WITHIN = timedelta(seconds=15)
SLOW = timedelta(seconds=3)
# When bytes are asked for again that others wrote over.
SOON = timedelta(seconds=5)
# From here on a signature takes long enough for others to be served meanwhile.
_LARGE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Pushed:
    """One attempt to reach a follower that was settled, for whoever looks on."""

    kind: FollowerKind
    topic: str
    host: str
    answer: Answer


class Distribution:
    """Works at followers that are behind."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        session: aiohttp.ClientSession,
        *,
        owner: str,
        clock: Callable[[], datetime],
        report: Callable[[Pushed], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._settings = settings
        self._session = session
        self._owner = owner
        self._clock = clock
        self._report = report
        self._jitter = jitter
        self._contents = Contents(settings.feeds.dir)
        self._lagging: set[int] = set()
        self.crew: Crew[Follower] = Crew(HANDS, self._claim, self._bring)

    def _claim(self, room: int) -> list[Follower]:
        now, followers, crew = self._clock(), self._store.followers, self.crew
        if not followers.is_any_due(now, longest_wait=LONGEST_WAIT):
            if not crew.under_way:
                self._contents.forget()
            return []
        claimed: list[Follower] = []
        with self._store.transaction():
            for lagging, most in ((False, room), (True, LAGGING - len(self._lagging))):
                hands = min(most, room - len(claimed))
                if hands > 0:
                    busy = crew.busy + Counter(each.host for each in claimed)
                    claim = Claim(self._owner, now, hands, SHARE, busy, crew.under_way, LONGEST_WAIT)
                    claimed += followers.claim(claim, lagging=lagging)
        self._lagging |= {each.n for each in claimed if each.failures or each.slow}
        return claimed

    async def _bring(self, follower: Follower) -> None:
        """One attempt to bring a follower up to date, and what came of it written down."""
        try:
            topic = self._store.announcements.topic(follower.topic)
            began = time.monotonic()
            answer = None if topic is None else await self._attempt(follower, topic)
            if topic is None or answer is None:
                await written(self._store, lambda: self._put_off(follower, topic))
                return
            slow = time.monotonic() - began > SLOW.total_seconds()
            await written(self._store, lambda: self._settle(follower, topic.generation, answer, slow=slow))
            self._report(Pushed(follower.kind, topic.url, follower.host, answer))
        finally:
            self._lagging.discard(follower.n)

    async def _attempt(self, follower: Follower, topic: Topic) -> Answer | None:
        """What one attempt brought; None where there is nothing to be sent at present: the feed is not what it was."""
        try:
            sending = await self._sending(follower, topic)
            # Asked at the last moment: an article may have been killed while this waited for a hand or was signed.
            if sending is None or not self._store.announcements.stands(topic):
                return None
            return (await exchange(self._session, sending, self._clock())).answer
        except Exception as error:
            log.exception("what changed in %s, to %s", topic.url, follower.host)
            return Answer(Verdict.TEMPORARY, f"a defect of ours: {type(error).__name__}", answered=False)

    async def _sending(self, follower: Follower, topic: Topic) -> Sending | None:
        """What goes out; None where the bytes that were announced are not the ones on disk."""
        if follower.kind is FollowerKind.HUB:
            # `hub.url` is what PubSubHubbub called it, and most hubs still do; some want `hub.topic`.
            form = urlencode({"hub.mode": "publish", "hub.url": topic.url, "hub.topic": topic.url})
            form_type = {"Content-Type": "application/x-www-form-urlencoded"}
            return Sending(as_written(follower.url), WITHIN, form.encode(), form_type)
        body = self._contents.read(topic)
        if body is None:
            return None
        headers = {
            "Content-Type": MEDIA_TYPES[topic.extension],
            "Link": f'<{self._settings.hub_url}>; rel="hub", <{topic.url}>; rel="self"',
        }
        if follower.secret is not None:
            headers["X-Hub-Signature"] = await _signed(body, follower.secret)
        hidden = secret_parts(follower.url, [follower.secret] if follower.secret else [])
        return Sending(as_written(follower.url), WITHIN, body, headers, hidden)

    def _put_off(self, follower: Follower, topic: Topic | None) -> None:
        """Give it back untried: until the feed is announced anew, or rendered, where others wrote into its file."""
        store, now = self._store, self._clock()
        with store.transaction():
            if topic is None or not store.announcements.stands(topic):
                store.followers.postpone(follower, now)
            else:
                store.feeds.mark_stale([topic.feed])
                store.followers.postpone(follower, now + SOON)

    def _settle(self, follower: Follower, generation: int, answer: Answer, *, slow: bool) -> None:
        now, followers = self._clock(), self._store.followers
        with self._store.transaction():
            if answer.verdict is Verdict.DELIVERED:
                followers.reached(follower, generation, slow=slow)
            elif answer.verdict is Verdict.GONE and follower.kind is FollowerKind.SUBSCRIBER:
                followers.remove(follower)
            else:
                wait = backoff(follower.failures + 1, self._jitter(), answer.retry_after)
                followers.missed(follower, now + wait, answer.said, now)
        if answer.verdict is not Verdict.DELIVERED:
            # Strangers come and go; that our hub can't be told is for our own people.
            weight = logging.WARNING if follower.kind is FollowerKind.HUB else logging.DEBUG
            log.log(
                weight, "the %s at %s was not told of %s: %s", follower.kind, follower.host, follower.topic, answer.said
            )


async def _signed(body: bytes, secret: str) -> str:
    if len(body) > _LARGE_BYTES:
        return await asyncio.to_thread(signature, body, secret)
    return signature(body, secret)
