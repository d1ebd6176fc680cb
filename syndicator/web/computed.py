"""Feeds that are made when somebody asks for them: kept for a moment, and answered as files are."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from syndicator.errors import StoreSlowError
from syndicator.web.answering import answered
from syndicator.web.conditional import told
from syndicator.web.copies import Copy
from syndicator.web.once import Once
from syndicator.web.sightings import Sightings

# How long a feed under which nothing has changed is taken for what it was.
KEPT = timedelta(seconds=30)
# And how long it is given out where there is no time to make it anew: only the window's edge moves meanwhile.
KEPT_WHILE_BUSY = timedelta(hours=1)
KEPT_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """A feed in one format."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Question:
    """A feed that is asked for: its address, how it is made, and what it is made of.

    As long as `revision` stays what it is, so does the feed, for KEPT, and longer while we are too busy to make it;
    None: it is made anew for everybody. `make` may raise what the asker should be told; `pay` is called before it is,
    and may refuse.
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

    def answers(self, question: Question, now: datetime, span: timedelta) -> bool:
        """Whether nothing was added, changed or taken back since it was made, and that is within `span`."""
        unchanged = question.revision is not None and question.revision == self.revision
        return unchanged and timedelta() <= now - self.at < span


class Computed:
    """Answers for feeds that are made when they are asked for. `clock` tells the time; for the event loop alone."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sightings = Sightings(clock())
        # Whichever was asked for longest ago stands first.
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._once = Once()

    async def answer(self, request: Request, question: Question, headers: Mapping[str, str]) -> Response:
        """200 with the feed in the coding that the asker likes best, or 304; `headers` go with either.

        A date is believed only where it is the very one that we gave: some readers send that of their own clock, which
        tells nothing of what they have (RFC 9110 §13.1.3 lets a server be strict; nginx is, too).
        """
        kept = await self._get(question)
        now = self._clock()
        modified = told(self._sightings.since(question.address, kept.copy.tag, now), now)
        return await answered(request, kept.copy, kept.media_type, modified=modified, headers=headers, exactly=True)

    async def _get(self, question: Question) -> _Kept:
        """The feed as it was kept, or made now: once for all who ask meanwhile."""
        kept = self._kept.get(question.address)
        if kept is not None and kept.answers(question, self._clock(), KEPT):
            self._kept.move_to_end(question.address)
            return kept

        def begin() -> Coroutine[None, None, _Kept]:
            question.pay()
            return self._make(question)

        try:
            return await self._once.get((question.address, question.revision), begin)
        except (StoreSlowError, HTTPException) as error:
            is_busy = isinstance(error, StoreSlowError) or error.status_code == HTTPStatus.TOO_MANY_REQUESTS
            if is_busy and kept is not None and kept.answers(question, self._clock(), KEPT_WHILE_BUSY):
                return kept
            raise

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
