"""Feeds that are made when somebody asks for them: kept for a moment, and answered as files are."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from syndicator.httptimes import http_date
from syndicator.web.codings import Coding, chosen
from syndicator.web.conditional import is_current, told
from syndicator.web.shelf import Copy
from syndicator.web.sightings import Sightings

# How long a feed under which nothing has changed is taken for what it was.
KEPT = timedelta(seconds=30)
KEPT_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """A feed in one format."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Question:
    """A feed that is asked for: its address, how it is made, and what it is made of.

    As long as `revision` stays what it is, so does the feed, for KEPT; None: it is made anew for everybody. `make`
    may raise what the asker should be told; `pay` is called before it is, and may refuse.
    """

    address: Hashable
    revision: Hashable | None
    make: Callable[[], Awaitable[Made]]
    pay: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class _Kept:
    media_type: str
    copy: Copy
    revision: Hashable | None
    at: datetime

    def answers(self, question: Question, now: datetime) -> bool:
        """Whether it is still what would be made."""
        unchanged = question.revision is not None and question.revision == self.revision
        return unchanged and timedelta() <= now - self.at < KEPT


class Computed:
    """Answers for feeds that are made when they are asked for. `clock` tells the time; for the event loop alone."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sightings = Sightings(clock())
        # Whichever was asked for longest ago stands first.
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[_Kept]] = {}

    async def answer(self, request: Request, question: Question, headers: Mapping[str, str]) -> Response:
        """200 with the feed in the coding that the asker likes best, or 304; `headers` go with either.

        A date is believed only where it is the very one that we gave: some readers send that of their own clock, which
        tells nothing of what they have (RFC 9110 §13.1.3 lets a server be strict; nginx is, too).
        """
        kept = await self._get(question)
        copy, now, asked = kept.copy, self._clock(), request.headers
        since = self._sightings.since(question.address, copy.tag, now)
        modified = told(since, now)
        coding = chosen(asked.getlist("accept-encoding"), len(copy.plain))
        fields = {**headers, "ETag": copy.etag(coding).decode(), "Vary": "Accept-Encoding"}
        ours = []
        if modified is not None:
            fields["Last-Modified"] = http_date(modified)
            ours = [date for date in asked.getlist("if-modified-since") if date == fields["Last-Modified"]]
        if is_current(asked.getlist("if-none-match"), ours, copy.tag, modified):
            return Response(status_code=304, headers=fields)
        if copy.body(coding) is None:
            await asyncio.to_thread(copy.pack, coding)
        if coding is not Coding.IDENTITY:
            fields["Content-Encoding"] = coding
        return Response(copy.body(coding), media_type=kept.media_type, headers=fields)

    async def _get(self, question: Question) -> _Kept:
        """The feed as it was kept, or made now: once for all who ask meanwhile."""
        kept = self._kept.get(question.address)
        if kept is not None and kept.answers(question, self._clock()):
            self._kept.move_to_end(question.address)
            return kept
        key = (question.address, question.revision)
        task = self._making.get(key)
        if task is None:
            question.pay()
            task = self._making[key] = asyncio.create_task(self._make(question))
            task.add_done_callback(lambda done: self._made(key, done))
        # Whoever goes away meanwhile does not take it from the others.
        return await asyncio.shield(task)

    def _made(self, key: Hashable, task: asyncio.Task[_Kept]) -> None:
        self._making.pop(key, None)
        if not task.cancelled():
            # Looked at, or asyncio would complain where all who waited have gone away.
            task.exception()

    async def _make(self, question: Question) -> _Kept:
        began = self._clock()
        made = await question.make()
        copy = Copy(made.body, began)
        before = self._kept.get(question.address)
        if before is not None and before.copy.tag == copy.tag:
            # The same bytes need not be packed again.
            copy = before.copy
        kept = self._kept[question.address] = _Kept(made.media_type, copy, question.revision, began)
        self._kept.move_to_end(question.address)
        self._trim()
        return kept

    def _trim(self) -> None:
        """Forget what was not asked for the longest, as far as there is no room."""
        taken = sum(kept.copy.size for kept in self._kept.values())
        while taken > KEPT_BYTES and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            taken -= forgotten.copy.size
