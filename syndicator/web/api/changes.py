"""`/changes` and `/stream`: everything that happens to what is published, in order, for programs that keep a copy."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from starlette.requests import Request

from syndicator.web.api.access import READER, TheHouse, is_still_welcome, must_still_be_welcome
from syndicator.web.api.asked import ChangesAsked, StreamAsked
from syndicator.web.api.eventstream import EventStream
from syndicator.web.api.following import Events, Following, gone
from syndicator.web.api.problems import documented
from syndicator.web.api.shapes import MAX_SEQ, ChangeList
from syndicator.web.headers import UNSTORED

router = APIRouter(tags=["changes"], dependencies=[READER], responses=documented(401, 403, 409, 422, 429, 503))

# Two who poll at once may share an answer; nobody sees an old one for long.
_BRIEFLY = {"Cache-Control": "public, max-age=2"}
_PRIVATELY = {"Cache-Control": "private, max-age=2"}


@router.get("/changes", response_model=ChangeList, summary="What has changed since")
async def changes(request: Request, house: TheHouse, asked: Annotated[ChangesAsked, Query()]) -> Response:
    """Every change that the public may see, in the order of `seq`, which is the order of their commits.

    Begin with `after=0`, and ask again with `after=` what `next` says: nothing is missed and nothing comes twice,
    however often you stop. A change carries its article's words only if it is the article's newest.
    """
    following: Following = request.app.state.following
    events = await following.after(asked.after, asked.limit)
    if not events.events and asked.wait:
        with following.waits.one(request.scope):
            events = await _wait(request, following, events, asked)
        must_still_be_welcome(request, house)
    headers = _PRIVATELY if "authorization" in request.headers else _BRIEFLY
    if asked.wait:
        headers = UNSTORED
    more = "true" if events.more else "false"
    body = b",\n".join(event.body for event in events.events)
    body = b'{"changes":[%b],"next":%d,"more":%b}' % (body, events.next, more.encode())
    return Response(body, media_type="application/json", headers=headers)


async def _wait(request: Request, following: Following, events: Events, asked: ChangesAsked) -> Events:
    """Look again whenever something has come, until it is something public, the time is over, or the asker is gone."""
    loop = asyncio.get_running_loop()
    end = loop.time() + asked.wait
    leaving = asyncio.create_task(gone(request.receive))
    try:
        while not events.events and (left := end - loop.time()) > 0:
            come = asyncio.create_task(following.lookout.beyond(events.horizon, left))
            try:
                await asyncio.wait({come, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if leaving.done() or not await come:
                    break
            finally:
                come.cancel()
            events = await following.after(asked.after, asked.limit)
    finally:
        leaving.cancel()
    return events


@router.get(
    "/stream",
    status_code=200,
    response_class=EventStream,
    summary="The same, as server-sent events",
    responses={
        200: {
            "description": "Server-sent events: `id` is the `seq`, `event` the type, `data` a ChangeEvent as JSON.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def stream(
    request: Request,
    house: TheHouse,
    asked: Annotated[StreamAsked, Query()],
    last_event_id: Annotated[
        int | None, Header(ge=0, le=MAX_SEQ, description="The last `id` that was received, as browsers send it.")
    ] = None,
) -> Response:
    """Changes as they come. `Last-Event-ID` counts before `after`; without both, the stream begins now."""
    following: Following = request.app.state.following
    after = asked.after if last_event_id is None else last_event_id
    if after is None:
        # One look at an index, at our own connection: a crowd that comes back does not queue for it.
        after = house.store.changes.newest()
    await following.after(after, 1)
    return EventStream(following, after, welcome=lambda: is_still_welcome(request, house))
