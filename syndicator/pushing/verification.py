"""Asks callbacks whether they meant it (W3C WebSub §5.3), and tells those whose subscription has ended (§5.2).

One request for each that was accepted, and no more: what does not confirm leaves everything as it was, in silence. Only
what the end of our own process interrupted is asked again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp

from syndicator.alerts import LONGEST_WAIT, Answer, Verdict, backoff
from syndicator.delivery import Reply, Sending, as_written, exchange
from syndicator.pushing.crew import Crew, written
from syndicator.store import Claim, Question, Store
from syndicator.websub import Mode, denial_url, is_confirmed, new_challenge, verification_url

log = logging.getLogger(__name__)

# Questions side by side: in all, at one host. Callbacks that hang hold a hand each, so they get little time.
HANDS = 32
SHARE = 4
WITHIN = timedelta(seconds=5)
# A denial is a courtesy: the feed itself says that it is gone.
MOST_ATTEMPTS = 4


class Verification:
    """Works at questions that are due."""

    def __init__(
        self, store: Store, session: aiohttp.ClientSession, *, owner: str, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._session = session
        self._owner = owner
        self._clock = clock
        self.crew: Crew[Question] = Crew(HANDS, self._claim, self._ask)

    def _claim(self, room: int) -> list[Question]:
        now, questions = self._clock(), self._store.questions
        if not questions.is_any_due(now, longest_wait=LONGEST_WAIT):
            return []
        claim = Claim(self._owner, now, room, SHARE, self.crew.busy, self.crew.under_way, LONGEST_WAIT)
        with self._store.transaction():
            return questions.claim(claim, most_attempts=MOST_ATTEMPTS)

    async def _ask(self, question: Question) -> None:
        asked = question.asked
        if asked.mode is Mode.DENIED:
            reply = await self._get(denial_url(asked.callback, asked.topic, question.reason))
            await written(self._store, lambda: self._told(question, reply))
            return
        challenge = new_challenge()
        url = verification_url(asked.callback, asked.mode, asked.topic, challenge, asked.lease)
        reply = await self._get(url)
        confirmed = is_confirmed(reply.answer.status or 0, reply.body, challenge)
        await written(self._store, lambda: self._decide(question, confirmed=confirmed))
        log.debug("%s at %s: %s", asked.mode, asked.host, "confirmed" if confirmed else "not confirmed")

    async def _get(self, url: str) -> Reply:
        try:
            return await exchange(self._session, Sending(as_written(url), WITHIN, reads=True), self._clock())
        except Exception as error:
            log.exception("a question to a callback")
            return Reply(Answer(Verdict.TEMPORARY, f"a defect of ours: {type(error).__name__}", answered=False))

    def _decide(self, question: Question, *, confirmed: bool) -> None:
        """What was confirmed counts from now on, unless it was asked anew or the topic went meanwhile."""
        store = self._store
        with store.transaction():
            stands = store.questions.settle(question.n)
            if stands and confirmed and question.asked.mode is Mode.SUBSCRIBE:
                store.followers.subscribe(question, self._clock())
            elif stands and confirmed:
                store.followers.unsubscribe(question)

    def _told(self, question: Question, reply: Reply) -> None:
        with self._store.transaction():
            if reply.answer.verdict is Verdict.DELIVERED or question.attempts >= MOST_ATTEMPTS:
                self._store.questions.settle(question.n)
            else:
                self._store.questions.postpone(question.n, self._clock() + backoff(question.attempts, 0.0))
