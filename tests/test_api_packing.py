"""Which answers of the API are packed, and what they say of it."""

import asyncio
import gzip
import json

import pytest
from asgi import ask
from starlette.responses import Response, StreamingResponse

from syndicator.web.packing import Packing

LONG = json.dumps(["news"] * 200).encode()
GZIP = {"Accept-Encoding": "gzip"}


def asked(response, headers=GZIP, method="GET"):
    return ask(Packing(response), "/", method, headers=headers)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("gzip", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, br", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("gzip;q=0.5, identity;q=1", None),
        ("xgzip", None),
    ],
)
def test_an_answer_is_packed_as_its_asker_likes_it(accepted, coding):
    reply = asked(
        Response(LONG, media_type="application/json"), {} if accepted is None else {"Accept-Encoding": accepted}
    )
    assert reply.get("content-encoding") == coding
    assert (reply.body == LONG) is (coding is None)
    assert reply["content-length"] == str(len(reply.body))
    assert reply["vary"] == "Accept-Encoding"


def test_what_is_packed_is_the_same_inside():
    assert gzip.decompress(asked(Response(LONG)).body) == LONG


@pytest.mark.parametrize(
    "response", [Response(status_code=304), Response(status_code=204), Response(b"{}")], ids=["304", "204", "short"]
)
def test_what_has_nothing_to_pack_says_what_it_would_hang_on(response):
    reply = asked(response)
    assert (reply["vary"], reply.get("content-encoding"), reply.body) == ("Accept-Encoding", None, response.body)


def test_what_is_packed_already_stays_as_it_is():
    headers = {"Content-Encoding": "br", "Vary": "Accept-Encoding"}
    reply = asked(Response(LONG, headers=headers))
    assert (reply["content-encoding"], reply["vary"], reply.body) == ("br", "Accept-Encoding", LONG)


def test_a_stream_goes_out_as_it_comes():
    async def news():
        for part in (LONG, LONG):
            yield part

    sent = []

    async def run():
        async def send(message):
            sent.append((message["type"], message.get("body"), dict(message.get("headers", ()))))

        scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")], "asgi": {"spec_version": "2.4"}}
        await Packing(StreamingResponse(news(), media_type="text/event-stream"))(scope, None, send)

    asyncio.run(run())
    assert [body for _, body, _ in sent[1:]] == [LONG, LONG, b""]
    assert b"content-encoding" not in sent[0][2]
