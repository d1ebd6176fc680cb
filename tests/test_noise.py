"""The whole web application behind its server, asked by whoever means no good, or does not know better."""

import re
from contextlib import contextmanager

import pytest
from apiroom import api
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import beside, said

from syndicator.web import connection

# Every room of the house, and beside them.
PLACES = [
    *("/", "/feeds/", "/feeds/all.atom", "/feeds/boats.rss", "/feeds/archive/all/", "/feeds/subscriptions.opml"),
    *("/search", "/search.atom", "/search.json", "/articles/", "/topics/", "/alerts/", "/unsubscribe/"),
    *("/api/v1/articles", "/api/v1/changes", "/api/v1/search", "/api/v1/alerts", "/api/v1/preview", "/api/v1/topics/"),
    *("/websub/hub", "/websub/callback/", "/healthz", "/readyz", "/metrics", "*", "http://x/feeds/all.atom"),
]
METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"]
BITS = st.sampled_from(
    [
        *("%00", "%0d%0aX-Injected:%201", "%0a", "%ff%fe", "%ed%a0%80", "..", "%2e%2e%2f", "/", "//", "%2f", "\\", "%"),
        *(
            "%zz",
            ".atom",
            ".json",
            "é",
            "a" * 300,
            "urn:uuid:",
            "-1",
            "9" * 25,
            "NaN",
            ";",
            "{}",
            "<script>",
            "'",
            "%25",
        ),
    ]
)
TAIL = st.lists(st.one_of(BITS, st.text(max_size=8)), max_size=4).map("".join)
QUERY = st.one_of(
    st.just(""),
    st.lists(
        st.tuples(
            st.sampled_from(["q", "after", "limit", "wait", "before", "topic", "hub.mode", "hub.challenge", "x"]),
            st.one_of(TAIL, st.sampled_from(["boat", "1", "0", "-1", "(((", "a+OR", '"', "NEAR%2f5", "%28" * 40])),
        ).map("=".join),
        max_size=3,
    ).map(lambda pairs: "?" + "&".join(pairs)),
)
CONTROLS = r"[\x00-\x1f\x7f]"
NAMES = [
    *(
        "If-None-Match",
        "If-Modified-Since",
        "If-Match",
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Range",
        "Cookie",
    ),
    *("Authorization", "Content-Type", "Last-Event-ID", "X-Forwarded-For", "X-Forwarded-Host", "Origin", "Referer"),
    *("Content-Encoding", "Access-Control-Request-Method", "Expect", "TE", "Upgrade", "X-Hub-Signature", "Prefer"),
]
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *(
                "",
                "*",
                "W/",
                '"',
                '"a", W/"b",,',
                "bytes=0-",
                "bytes=9-1,-5",
                "gzip;q=nan, br;q=1e9, *;q=-1",
                "Bearer ",
            ),
            *(
                "Tue, 99 Xxx 2026 99:99:99 GMT",
                "Bearer \x7fx",
                "100-continue",
                "multipart/form-data",
                "sha1=",
                "9" * 400,
            ),
            *("application/json", "application/x-www-form-urlencoded", 'text/html; charset="x"', "::1, [", "websocket"),
        ]
    ),
)
BODY = st.one_of(
    st.just(b""),
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"{",
            b"[" * 5_000,
            b'{"a":' * 5_000,
            b"null",
            b'{"query": "boat"}',
            b"hub.mode=subscribe&hub.topic=%00",
            b"=&=&;",
        ]
    ),
)


@st.composite
def requests(draw):
    """A request whose frame is sound, so that what is in it gets inside; it closes the line, so that there is one answer."""
    target = draw(st.sampled_from(PLACES)) + draw(st.one_of(st.just(""), TAIL)) + draw(QUERY)
    target = re.sub(r"[\x00-\x20\x7f]", "%20", target).encode("utf-8", "replace")
    if draw(st.integers(0, 9)):  # most clients know that much
        target = re.sub(rb"[\x80-\xff\"<>\\^`{|}]", lambda found: b"%%%02X" % found[0][0], target)
    body = draw(BODY)
    lines = [draw(st.sampled_from(METHODS)).encode() + b" " + target + b" HTTP/1.1", b"Host: x", b"Connection: close"]
    for name, value in draw(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4)):
        lines.append(f"{name}: {re.sub(CONTROLS, '', value)}".encode("utf-8", "replace"))
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


@contextmanager
def whole(root):
    with api(root) as there:
        there.it.say("A boat came in")
        yield there.app


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("REQUEST_S", "IDLE_S", "GOODBYE_S"):
            patch.setattr(connection, limit, 0.3)
        with beside(whole(tmp_path_factory.mktemp("noise"))) as port:
            yield port


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=requests())
def test_whatever_is_asked_is_answered_in_order(port, data):
    answer = said(port, data, timeout=20)
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    head, _, body = answer.removeprefix(interim).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    status = int(re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Z].*", first)[1])
    where = data.split()[1]
    # We are no proxy, a feed may not be written yet, and there is no worker here to be ready.
    fitting = {501: data.startswith(b"CONNECT"), 503: b"/feeds/" in where or where.startswith(b"/readyz")}
    assert status < 500 or fitting.get(status)
    names = [line.partition(b":")[0].lower() for line in lines]
    assert len(set(names)) == len(names), "a header twice"
    assert not body or b"x-content-type-options" in names
    assert b"x-injected" not in names
    assert b"server" not in names
    assert b"set-cookie" not in names
    assert b"Traceback" not in body
    if status == 405:
        assert b"allow" in names
    if status == 429 or (status == 503 and b"/feeds/" in where):
        assert b"retry-after" in names


def test_a_trace_gives_nothing_back(port):
    """Or a script could read what a browser sends along (RFC 9110 §9.3.8)."""
    for place in PLACES[:-2]:
        request = b"TRACE %b HTTP/1.1\r\nHost: x\r\nCookie: secret\r\nConnection: close\r\n\r\n" % place.encode()
        answer = said(port, request)
        assert answer.split()[1] in (b"404", b"405"), (place, answer)
        assert b"secret" not in answer
