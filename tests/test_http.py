"""The polite fetcher against a server that is scripted byte for byte on loopback."""

import asyncio
import contextlib
import gzip
import shutil
import socket
import ssl
import subprocess
import time
import tracemalloc
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.model import Outcome, Validators
from syndicator.sources.body import BodyError, read_body
from syndicator.sources.headers import Headers
from syndicator.sources.http import PAGE_ACCEPT, Fetcher, _hop
from syndicator.sources.target import Target, redacted

AGENT = "Syndicator/0.1.0 (+https://example.org/contact)"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
FEED = b"<rss><channel><title>x</title></channel></rss>"
MIB = 2**20


def gzipped(data):
    """The same bytes on every run: test names carry them."""
    return gzip.compress(data, mtime=0)


@pytest.fixture(autouse=True)
def _no_name_but_localhost(monkeypatch):
    real = socket.getaddrinfo

    def getaddrinfo(host, *rest, **more):
        if host == "localhost":
            return real(host, *rest, **more)
        str(host).encode("idna")  # as the real one does, which fails for a name that is no name
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def answer(status=200, body=FEED, *fields, length=True):
    head = [b"HTTP/1.1 %d Whatever" % status, *fields]
    if length:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*head, b"Connection: close", b"", body])


def moved(status, to):
    return answer(status, b"", b"Location: " + to)


@dataclass
class Site:
    """A server on loopback. `answers` are by path: bytes, or a coroutine function of the writer."""

    answers: dict
    heads: list = field(default_factory=list)
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0
    talks: set = field(default_factory=set)

    async def respond(self, reader, writer):
        self.talks.add(asyncio.current_task())
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            said = self.answers.get(self.paths[-1], answer(404, b""))
            if isinstance(said, bytes):
                writer.write(said.replace(b"{port}", b"%d" % self.port))
            else:
                await said(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.at_once -= 1
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    @contextlib.asynccontextmanager
    async def open(self, host="127.0.0.1"):
        server = await asyncio.start_server(self.respond, host, 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        for talk in self.talks:
            talk.cancel()
        await asyncio.gather(*self.talks, return_exceptions=True)

    @property
    def paths(self):
        return [head.split(b" ", 2)[1].decode("latin-1") for head in self.heads]

    def fields(self, n):
        lines = self.heads[n].rstrip(b"\r\n").split(b"\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(b": ") for line in lines)}


def visit(answers, job, **options):
    """Run `job(fetcher, site)` with a server that gives these answers."""

    async def run():
        async with (
            Site(answers).open() as site,
            Fetcher(**({"user_agent": AGENT, "allow_private": LOOPBACK} | options)) as fetcher,
        ):
            return await job(fetcher, site), site

    return asyncio.run(run())


def get(answers, path="/", validators=Validators(), host="127.0.0.1", **options):
    """One fetch; the answer and the site that gave it. `{site}` in a validator's URL is the site."""
    answers = answers if isinstance(answers, dict) else {"/": answers}

    async def job(fetcher, site):
        root = f"http://{host}:{site.port}"
        given = Validators(validators.etag, validators.last_modified, validators.url and root + validators.url)
        return await fetcher.get(root + path, given)

    return visit(answers, job, **options)


def test_one_plain_get_and_nothing_else():
    fetched, site = get(answer(200, FEED, b"Content-Type: application/rss+xml; charset=utf-8", b"Set-Cookie: a=b"))
    assert (fetched.outcome, fetched.status, fetched.body, fetched.error) == (Outcome.FRESH, 200, FEED, None)
    assert fetched.content_type == "application/rss+xml; charset=utf-8"
    assert fetched.url == f"http://127.0.0.1:{site.port}/"
    assert fetched.moved_to is None
    assert site.heads[0].startswith(b"GET / HTTP/1.1\r\n")
    sent = site.fields(0)
    assert set(sent) == {b"host", b"user-agent", b"accept", b"accept-encoding"}
    assert sent[b"user-agent"] == AGENT.encode()
    assert sent[b"accept-encoding"] == b"gzip, deflate"
    assert b"application/rss+xml" in sent[b"accept"]


def test_pages_are_asked_for_as_pages():
    async def job(fetcher, site):
        return await fetcher.get(f"http://127.0.0.1:{site.port}/", accept=PAGE_ACCEPT)

    _, site = visit({"/": answer()}, job)
    assert site.fields(0)[b"accept"] == PAGE_ACCEPT.encode()


def test_cookies_are_not_sent_back():
    async def job(fetcher, site):
        return [await fetcher.get(f"http://127.0.0.1:{site.port}/") for _ in range(2)]

    _, site = visit({"/": answer(200, FEED, b"Set-Cookie: sid=1; Path=/")}, job)
    assert not any(b"cookie:" in head.lower() for head in site.heads)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fetched, _ = get(answer())
    assert fetched.outcome is Outcome.FRESH


# Validators


ODD = [
    b'"plain"',
    b'W/"a,b;\'c -gzip+/=\xe9"',
    '"naïve €"'.encode(),
    bytes(range(0x80, 0x100)),
    b"no quotes at all",
    b'"tab\there"',
]


@pytest.mark.parametrize("etag", ODD)
def test_validators_come_back_byte_for_byte(etag):
    date = b"Fri Nov 20 \xe9 2026 weird"

    async def job(fetcher, site):
        url = f"http://127.0.0.1:{site.port}/"
        return await fetcher.get(url, (await fetcher.get(url)).validators)

    _, site = visit({"/": answer(200, FEED, b"ETag: " + etag, b"Last-Modified: " + date)}, job)
    assert not {b"if-none-match", b"if-modified-since"} & set(site.fields(0))
    assert site.fields(1)[b"if-none-match"] == etag
    assert site.fields(1)[b"if-modified-since"] == date


@pytest.mark.parametrize("end", [b"\r\nX-Evil: 1", b"\nX-Evil: 1", b"\x00", b"\r", b"\x7f", b"x" * 5000])
def test_a_stored_validator_can_not_inject_a_header(end):
    fetched, site = get(answer(), validators=Validators(b'"a"' + end, b"b" + end))
    assert fetched.outcome is Outcome.FRESH
    assert set(site.fields(0)) == {b"host", b"user-agent", b"accept", b"accept-encoding"}


def test_a_validator_too_long_to_be_sent_back_is_not_stored():
    fetched, _ = get(answer(200, FEED, b'ETag: "' + b"x" * 5000 + b'"'))
    assert fetched.validators.etag is None


OLD = Validators(b'"old"', b"then", "/")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([], (b'"old"', b"then")),
        ([b'ETag: "new"'], (b'"new"', b"then")),
        ([b'ETag: "new"', b"Last-Modified: now"], (b'"new"', b"now")),
    ],
)
def test_a_304_updates_the_validators_it_names_and_keeps_the_others(fields, expected):
    fetched, site = get(answer(304, b"", *fields, length=False), validators=OLD)
    assert (fetched.outcome, fetched.status, fetched.body) == (Outcome.UNCHANGED, 304, b"")
    assert fetched.validators == Validators(*expected, f"http://127.0.0.1:{site.port}/")


def test_a_200_without_validators_has_none():
    fetched, _ = get(answer(), validators=OLD)
    assert (fetched.validators.etag, fetched.validators.last_modified) == (None, None)


def test_a_304_that_was_not_asked_for_is_a_failure():
    fetched, _ = get(answer(304, b"", length=False))
    assert fetched.outcome is Outcome.FAILED
    assert "no validators" in fetched.error


@pytest.mark.parametrize(
    ("belong_to", "conditional"),
    [("/end", {"/end"}), ("/start", {"/start"}), (None, {"/start"}), ("/elsewhere", set())],
)
def test_validators_are_sent_only_to_the_resource_that_gave_them(belong_to, conditional):
    site = {"/start": moved(302, b"/end"), "/end": answer()}
    _, seen = get(site, "/start", Validators(b'"old"', b"then", belong_to))
    assert {path for n, path in enumerate(seen.paths) if b"if-none-match" in seen.fields(n)} == conditional
    assert {path for n, path in enumerate(seen.paths) if b"if-modified-since" in seen.fields(n)} == conditional


# Redirects


@pytest.mark.parametrize(
    ("hops", "remembered"),
    [
        ([301], True),
        ([308], True),
        ([301, 308, 301], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([302, 301], False),
        ([301, 302], False),
    ],
)
def test_a_move_is_remembered_only_when_every_hop_was_permanent(hops, remembered):
    site = {f"/{n}": moved(status, b"/%d" % (n + 1)) for n, status in enumerate(hops)}
    fetched, seen = get(site | {f"/{len(hops)}": answer()}, "/0")
    end = f"http://127.0.0.1:{seen.port}/{len(hops)}"
    assert (fetched.outcome, fetched.url) == (Outcome.FRESH, end)
    assert fetched.moved_to == (end if remembered else None)


def test_a_304_at_the_end_of_a_permanent_move_is_remembered_too():
    site = {"/a": moved(301, b"/b"), "/b": answer(304, b"", length=False)}
    fetched, seen = get(site, "/a", Validators(b'"x"', None, "/b"))
    assert (fetched.outcome, fetched.moved_to) == (Outcome.UNCHANGED, f"http://127.0.0.1:{seen.port}/b")


@pytest.mark.parametrize("status", [404, 410, 500])
def test_a_move_that_ends_in_trouble_is_not_remembered(status):
    fetched, _ = get({"/a": moved(301, b"/b"), "/b": answer(status)}, "/a")
    assert fetched.moved_to is None
    assert fetched.error.startswith(f"HTTP {status} ")


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        (b"/b?x=%2F&y=a+b", "/b?x=%2F&y=a+b"),
        (b"b", "/a/b"),
        (b"../b/./c", "/b/c"),
        (b"//127.0.0.1:{port}/b", "/b"),
        (b"/b#fragment", "/b"),
        (b"/caf\xc3\xa9 1", "/caf%C3%A9%201"),
        (b"/caf\xe9", "/caf%E9"),
        (b"?page=2", "/a/?page=2"),
    ],
)
def test_locations_are_resolved_and_encoded(location, asked):
    _, seen = get({"/a/": moved(302, location)}, "/a/")
    assert seen.paths == ["/a/", asked]


@pytest.mark.parametrize(
    ("location", "error"),
    [
        (b"ftp://h/x", "only http and https"),
        (b"file:///etc/passwd", "only http and https"),
        (b"javascript:alert(1)", "only http and https"),
        (b"http://[::1", "not a valid URL"),
        (b"http://u:secret@\xe2\x84\x80/", "not a valid URL"),
        (b"http://h:99999999/", "not a valid URL"),
        (b"/" + b"x" * 9000, "longer than"),
        (b"", "does not say where to"),
        (b"http://10.0.0.1/", "not a public address"),
        (b"http://[::ffff:192.168.0.1]/", "not a public address"),
        (b"http://169.254.169.254/latest/meta-data", "not a public address"),
    ],
)
def test_a_redirect_that_can_not_be_followed_is_a_failure(location, error):
    fetched, seen = get(moved(302, location))
    assert fetched.outcome is Outcome.FAILED
    assert error in fetched.error
    assert len(seen.heads) == 1


def test_a_loop_ends_when_it_closes():
    fetched, seen = get({"/a": moved(302, b"/b"), "/b": moved(301, b"/a")}, "/a")
    assert (fetched.outcome, seen.paths) == (Outcome.FAILED, ["/a", "/b"])
    assert "in a circle" in fetched.error


def test_ten_hops_are_followed_and_no_more():
    site = {f"/{n}": moved(302, b"/%d" % (n + 1)) for n in range(40)}
    fetched, seen = get(site | {"/10": answer()}, "/0")
    assert (fetched.outcome, len(seen.heads)) == (Outcome.FRESH, 11)
    fetched, seen = get(site, "/0")
    assert (fetched.outcome, len(seen.heads)) == (Outcome.FAILED, 11)
    assert "more than 10 times" in fetched.error


def test_no_referer_on_a_redirect():
    _, seen = get({"/a": moved(302, b"/b"), "/b": answer()}, "/a")
    assert b"referer" not in seen.fields(1)


@pytest.mark.parametrize(
    ("start", "status", "location", "permanent"),
    [
        ("https://h/a", 301, b"/b", True),
        ("https://h/a", 301, b"http://h/a", False),
        ("https://h/a", 302, b"/b", False),
        ("http://h/a", 308, b"https://h/a", True),
        ("http://h/a", 301, b"http://other/a", True),
    ],
)
def test_a_move_from_https_to_http_is_followed_but_not_remembered(start, status, location, permanent):
    assert _hop(Target.parse(start), status, location).permanent is permanent


# Credentials


def test_credentials_go_to_their_own_origin_and_nowhere_else():
    async def job(fetcher, site):
        return await fetcher.get(f"http://me:p%40ss@127.0.0.1:{site.port}/a")

    site = {"/a": moved(301, b"/b"), "/b": moved(301, b"http://localhost:{port}/c"), "/c": answer()}
    fetched, seen = visit(site, job)
    assert [seen.fields(n).get(b"authorization") for n in range(3)] == [b"Basic bWU6cEBzcw=="] * 2 + [None]
    assert fetched.moved_to == f"http://localhost:{seen.port}/c"


def test_credentials_stay_out_of_everything_but_the_remembered_url():
    async def job(fetcher, site):
        return [await fetcher.get(f"http://me:secret@127.0.0.1:{site.port}/{path}") for path in "abcd"]

    site = {"/a": moved(301, b"/b"), "/b": answer(200, FEED, b'ETag: "x"'), "/d": moved(302, b"/d")}
    (fetched, *others), seen = visit(site, job)
    assert fetched.moved_to == f"http://me:secret@127.0.0.1:{seen.port}/b"
    assert fetched.url == fetched.validators.url == f"http://127.0.0.1:{seen.port}/b"
    assert "secret" not in repr(others)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://me:secret@h/",
        "http://me:secret@h:port/",
        "http://me:secret@[::1/",
        "http://me:secret@/",
        "//me:secret@h/",
    ],
)
def test_an_error_about_a_url_does_not_repeat_its_credentials(url):
    async def job(fetcher, site):
        return await fetcher.get(url)

    fetched, _ = visit({}, job)
    assert fetched.outcome is Outcome.FAILED
    assert fetched.error
    assert "secr" not in repr(fetched)


@pytest.mark.parametrize(
    ("start", "location", "kept"),
    [
        ("http://u:p@h/", b"/x", True),
        ("http://u:p@h/", b"https://h/", True),
        ("http://u:p@h/", b"http://h:8080/", False),
        ("https://u:p@h/", b"http://h/", False),
        ("http://u:p@h/", b"http://evil/", False),
        ("http://u:p@h/", b"http://u:p@evil/", False),
        ("http://h/", b"http://theirs:choice@h/", False),
    ],
)
def test_which_redirects_keep_credentials(start, location, kept):
    assert bool(Target.parse(start).redirected(location).authorization) is kept


# Bodies


def raw_deflate(data):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"gzip", gzipped(FEED)),
        (b"x-gzip", gzipped(FEED)),
        (b"GZIP", gzipped(FEED)),
        (b"gzip, identity", gzipped(FEED)),
        (b"gzip", gzipped(FEED[:9]) + gzipped(b"") + gzipped(FEED[9:])),
        (b"gzip", gzipped(FEED) + b"\0" * 512),
        (b"deflate", zlib.compress(FEED)),
        (b"deflate", raw_deflate(FEED)),
        (b"identity", FEED),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_compressed_bodies(coding, body, piece):
    async def dribble(writer):
        writer.write(answer(200, body, b"Content-Encoding: " + coding)[: -len(body)])
        for n in range(0, len(body), piece):
            writer.write(body[n : n + piece])
            await asyncio.sleep(0)

    fetched, _ = get({"/": dribble})
    assert (fetched.outcome, fetched.body) == (Outcome.FRESH, FEED)


@pytest.mark.parametrize(
    ("coding", "body", "error"),
    [
        (b"gzip", FEED, "not in the coding it claims"),
        (b"gzip", gzipped(FEED)[:-3], "cut off"),
        (b"gzip", gzipped(FEED)[:1], "cut off"),
        (b"gzip", gzipped(FEED)[:-8] + b"\0" * 8, "not in the coding it claims"),
        (b"deflate", zlib.compress(FEED)[:-6], "cut off"),
        (b"br", FEED, "a coding we did not ask for: 'br'"),
        (b"gzip, gzip", gzipped(gzipped(FEED)), "a coding we did not ask for"),
        (b"\xe9" * 200, FEED, "a coding we did not ask for"),
        (b"gzip", gzipped(b"") * 200, "gzip members"),
    ],
)
def test_a_body_that_is_not_what_it_claims_is_a_failure(coding, body, error):
    fetched, _ = get(answer(200, body, b'ETag: "torn"', b"Content-Encoding: " + coding))
    assert (fetched.outcome, fetched.body) == (Outcome.FAILED, b"")
    assert error in fetched.error
    assert fetched.validators == Validators()


def test_an_empty_body_is_a_body_even_when_it_claims_a_coding():
    fetched, _ = get(answer(200, b"", b"Content-Encoding: gzip"))
    assert (fetched.outcome, fetched.body) == (Outcome.FRESH, b"")


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + FEED,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ],
)
def test_a_body_cut_off_is_a_failure(said):
    fetched, _ = get(said)
    assert (fetched.outcome, fetched.body, fetched.validators) == (Outcome.FAILED, b"", Validators())
    assert "cut off" in fetched.error


def test_an_endless_body_is_left_when_it_is_too_large():
    sent = 0

    async def endless(writer):
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(500):
            writer.write(bytes(MIB))
            await writer.drain()
            sent += 1

    fetched, _ = get({"/": endless}, max_body=MIB)
    assert (fetched.outcome, fetched.error) == (Outcome.FAILED, "the body is larger than 1 MiB")
    assert sent < 100


@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_compression_bomb_is_never_unfolded(coding, wbits):
    stream = zlib.compressobj(9, wbits=wbits)
    bomb = b"".join(stream.compress(bytes(MIB)) for _ in range(200)) + stream.flush()

    async def chunks():
        yield bomb

    tracemalloc.start()
    try:
        with pytest.raises(BodyError, match="larger than 1 MiB"):
            asyncio.run(read_body(chunks(), (coding,), MIB))
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


def test_a_body_that_says_it_is_too_large_is_not_waited_for():
    async def promise(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        await asyncio.sleep(5)

    fetched, _ = get({"/": promise}, timeout=timedelta(seconds=1))
    assert fetched.error == "the body is larger than 8 MiB"


@pytest.mark.parametrize("coding", [None, b"gzip"])
def test_a_body_may_be_as_large_as_the_limit(coding):
    body = gzipped(b"x" * MIB) if coding else b"x" * MIB
    said = answer(200, body, *([b"Content-Encoding: " + coding] if coding else []))
    assert len(get(said, max_body=MIB)[0].body) == MIB
    assert get(said, max_body=MIB - 1)[0].error == "the body is larger than 1 MiB"


def test_a_dribble_is_cut_off_at_the_deadline():
    async def dribble(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
        for _ in range(500):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    began = time.monotonic()
    fetched, _ = get({"/": dribble}, timeout=timedelta(seconds=0.3))
    assert time.monotonic() - began < 5
    assert (fetched.outcome, fetched.error) == (Outcome.FAILED, "no complete answer from 127.0.0.1 in 0.3 seconds")


def test_the_deadline_is_for_all_hops_together():
    async def slow_move(writer):
        await asyncio.sleep(0.3)
        writer.write(moved(302, b"/b"))

    async def slow_answer(writer):
        await asyncio.sleep(0.3)
        writer.write(answer())

    fetched, seen = get({"/": slow_move, "/b": slow_answer}, timeout=timedelta(seconds=0.45))
    assert (fetched.outcome, seen.paths) == (Outcome.FAILED, ["/", "/b"])


# Trouble


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (203, Outcome.FRESH),
        (204, Outcome.FAILED),
        (206, Outcome.FAILED),
        (226, Outcome.FAILED),
        (300, Outcome.FAILED),
        (400, Outcome.FAILED),
        (404, Outcome.FAILED),
        (410, Outcome.GONE),
        (429, Outcome.FAILED),
        (451, Outcome.FAILED),
        (500, Outcome.FAILED),
        (599, Outcome.FAILED),
    ],
)
def test_what_a_status_means(status, outcome):
    fetched, _ = get(answer(status, b"" if status == 204 else FEED, length=status != 204))
    assert (fetched.outcome, fetched.status) == (outcome, status)
    assert fetched.error is None if outcome is Outcome.FRESH else fetched.error.startswith(f"HTTP {status}")


def test_gone_behind_a_temporary_redirect_is_only_a_failure():
    fetched, _ = get({"/a": moved(302, b"/b"), "/b": answer(410)}, "/a")
    assert (fetched.outcome, fetched.status) == (Outcome.FAILED, 410)
    fetched, _ = get({"/a": moved(301, b"/b"), "/b": answer(410)}, "/a")
    assert fetched.outcome is Outcome.GONE


async def hang_up(writer):
    writer.close()


async def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def reset_in_the_body(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nxx")
    await writer.drain()
    await asyncio.sleep(0.05)
    await reset(writer)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (hang_up, "127.0.0.1 closed the connection before its answer was complete"),
        (reset, "127.0.0.1 closed the connection before its answer was complete"),
        (reset_in_the_body, "the body was cut off before its end, or is badly framed"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
            "what 127.0.0.1 answered is not valid HTTP",
        ),
        (b"220 smtp ready\r\n", "what 127.0.0.1 answered is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "what 127.0.0.1 answered is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n", "what 127.0.0.1 answered is not valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "what 127.0.0.1 answered is not valid HTTP"),
        (b"HTTP/1.1 404 \x1b[31mred\x1b[0m\r\nContent-Length: 0\r\n\r\n", None),
    ],
)
def test_trouble_is_a_line_for_people(said, error):
    fetched, _ = get({"/": said})
    assert fetched.outcome is Outcome.FAILED
    assert fetched.error == error if error else fetched.error.isprintable()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    ("url", "error"),
    [
        pytest.param(f"http://127.0.0.1:{free_port()}/", ": Connection refused", id="nobody listens"),
        ("http://does-not-exist.invalid/", "does-not-exist.invalid was not found (DNS)"),
        ("http://" + "a" * 300 + "/", ""),
        ("http://a..b/", ""),
        ("http://127.1/", ""),
        ("", "only http and https"),
        ("feed.xml", "only http and https"),
        ("file:///etc/passwd", "only http and https"),
        ("http://", "names no host"),
        ("http://h:0x50/", "not a valid URL"),
        ("http://h h/", "not a valid URL"),
        ("http://h/" + "x" * 9000, "longer than 8000"),
    ],
)
def test_a_url_that_can_not_be_asked(url, error):
    async def job(fetcher, site):
        return await fetcher.get(url)

    fetched, _ = visit({}, job)
    assert fetched.outcome is Outcome.FAILED
    assert error in fetched.error
    assert len(fetched.error) <= 300


def test_plain_http_on_a_tls_port():
    async def run():
        async def not_tls(_reader, writer):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(not_tls, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Fetcher(AGENT, allow_private=LOOPBACK) as fetcher:
            return await fetcher.get(f"https://127.0.0.1:{port}/"), port

    fetched, port = asyncio.run(run())
    assert fetched.error == f"no TLS connection to 127.0.0.1, port {port}"


def test_a_certificate_nobody_vouches_for(tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def run():
        async def silent(_reader, writer):
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with server, Fetcher(AGENT, allow_private=LOOPBACK) as fetcher:
            return await fetcher.get(f"https://localhost:{port}/")

    fetched = asyncio.run(run())
    assert fetched.error.startswith("the certificate of localhost is not to be trusted: self")


def test_private_addresses_are_refused_unless_named():
    fetched, seen = get(answer(), allow_private=())
    assert fetched.error.startswith("127.0.0.1 (127.0.0.1) was not asked: not a public address")
    fetched, _ = get(answer(), host="localhost", allow_private=())
    assert "was not asked" in fetched.error
    assert seen.heads == []


def test_a_user_agent_must_be_one_line():
    with pytest.raises(ValueError, match="one line"):
        Fetcher("Syndicator/0.1\r\nX-Evil: 1")


def test_a_user_agent_may_name_its_contact_in_any_script():
    _, seen = get(answer(), user_agent="Syndicator/0.1.0 (+Редакција)")
    assert seen.fields(0)[b"user-agent"].decode() == "Syndicator/0.1.0 (+Редакција)"


# Politeness


@pytest.mark.parametrize(("limits", "most"), [({}, 2), ({"per_host": 4}, 4), ({"per_host": 9, "concurrency": 3}, 3)])
def test_few_requests_at_once(limits, most):
    async def slow(writer):
        await asyncio.sleep(0.03)
        writer.write(answer())

    async def job(fetcher, site):
        return await asyncio.gather(*(fetcher.get(f"http://127.0.0.1:{site.port}/") for _ in range(12)))

    fetched, seen = visit({"/": slow}, job, **limits)
    assert {each.outcome for each in fetched} == {Outcome.FRESH}
    assert seen.most_at_once == most


def test_waiting_for_a_free_slot_does_not_use_up_the_deadline():
    async def slow(writer):
        await asyncio.sleep(0.1)
        writer.write(answer())

    async def job(fetcher, site):
        return await asyncio.gather(*(fetcher.get(f"http://127.0.0.1:{site.port}/") for _ in range(4)))

    fetched, _ = visit({"/": slow}, job, per_host=1, timeout=timedelta(seconds=0.25))
    assert {each.outcome for each in fetched} == {Outcome.FRESH}


def test_a_cancelled_fetch_is_cancelled():
    async def never(writer):
        await asyncio.sleep(5)

    async def job(fetcher, site):
        task = asyncio.create_task(fetcher.get(f"http://127.0.0.1:{site.port}/"))
        await asyncio.sleep(0.1)
        task.cancel()
        return await asyncio.gather(task, return_exceptions=True)

    ((result,), _) = visit({"/": never}, job)
    assert isinstance(result, asyncio.CancelledError)


# Reading header fields


RECEIVED = datetime(2026, 11, 23, 9, tzinfo=UTC)
SERVER_TIME = datetime(2031, 1, 1, tzinfo=UTC)  # a clock that is years off
DATE = b"Date: " + format_datetime(SERVER_TIME, usegmt=True).encode()


def read(*lines):
    pairs = (line.partition(b":")[::2] for line in lines)
    return Headers([(name, value.strip()) for name, value in pairs], RECEIVED)


def stamp(moment):
    return format_datetime(moment, usegmt=True).encode()


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([b"Retry-After: 120"], 120),
        ([b"retry-after:  120 "], 120),
        ([b"Retry-After: " + stamp(SERVER_TIME + timedelta(hours=2)), DATE], 7200),
        ([b"Retry-After: " + stamp(RECEIVED + timedelta(hours=2))], 7200),
        ([b"Retry-After: " + stamp(RECEIVED + timedelta(hours=2)), b"Date: nonsense"], 7200),
        ([b"Retry-After: Monday, 23-Nov-26 10:00:00 GMT"], 3600),
        ([b"Retry-After: Mon Nov 23 10:00:00 2026"], 3600),
        ([b"Retry-After: 99999999999999999999"], 7 * 86400),
        ([b"Retry-After: " + b"9" * 20_000], 7 * 86400),
        ([b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"], 7 * 86400),
        ([b"Retry-After: 0"], None),
        ([b"Retry-After: -5"], None),
        ([b"Retry-After: 1.5"], None),
        ([b"Retry-After: soon"], None),
        ([b"Retry-After: \xc2\xb2"], None),
        ([b"Retry-After: Mon, 23 Nov 2026 10:00:00 +9999999999999999999"], None),
        ([b"Retry-After: Mon, 23 Nov 1926 10:00:00 GMT"], None),
        ([b"Retry-After: " + b"," * 20_000], None),
        ([], None),
    ],
)
def test_retry_after(lines, seconds):
    assert read(*lines).retry_after() == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([b"Cache-Control: max-age=600"], 600),
        ([b"Cache-Control: public, Max-Age=600, must-revalidate"], 600),
        ([b'Cache-Control: max-age="600"'], 600),
        ([b"Cache-Control: public", b"Cache-Control: max-age=600"], 600),
        ([b"Cache-Control: max-age=600, max-age=9"], 600),
        ([b"Cache-Control: max-age=600", b"Age: 100"], 500),
        ([b"Cache-Control: max-age=600", b"Age: 700"], None),
        ([b"Cache-Control: max-age=600", b"Age: old"], 600),
        ([b"Cache-Control: max-age=31536000000000"], 7 * 86400),
        ([b"Cache-Control: max-age=0"], None),
        ([b"Cache-Control: max-age=-1"], None),
        ([b"Cache-Control: max-age"], None),
        ([b"Cache-Control: s-maxage=600"], None),
        ([b'Cache-Control: private="max-age=600"'], None),
        ([b"Cache-Control: no-cache, max-age=600"], None),
        ([b"Cache-Control: max-age=600, no-store"], None),
        ([b"Expires: " + stamp(SERVER_TIME + timedelta(seconds=90)), DATE], 90),
        ([b"Expires: " + stamp(RECEIVED + timedelta(seconds=90))], 90),
        ([b"Expires: " + stamp(RECEIVED - timedelta(seconds=90))], None),
        ([b"Expires: 0"], None),
        ([b"Expires: -1"], None),
        ([b"Cache-Control: max-age=5", b"Expires: " + stamp(RECEIVED + timedelta(hours=9))], 5),
        ([b"Cache-Control: max-age=x", b"Expires: " + stamp(RECEIVED + timedelta(hours=9))], None),
        ([b"Cache-Control: \xff,,,=;max-age===\x80"], None),
        ([b'Cache-Control: a="' + b"x" * 30_000], None),
        ([b"Cache-Control: " + b"a" * 30_000 + b",max-age=5"], 5),
        ([], None),
    ],
)
def test_max_age(lines, seconds):
    assert read(*lines).max_age() == (None if seconds is None else timedelta(seconds=seconds))


def test_what_a_server_asks_for_is_in_the_answer():
    fetched, _ = get(answer(503, b"", b"Retry-After: 90"))
    assert fetched.retry_after == timedelta(seconds=90)
    fetched, _ = get(answer(200, FEED, b"Cache-Control: max-age=60"))
    assert fetched.max_age == timedelta(seconds=60)
    fetched, _ = get(answer(304, b"", b"Cache-Control: max-age=60", length=False), validators=OLD)
    assert fetched.max_age == timedelta(seconds=60)


# URLs


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("http://h/a%2fb%7Ec?sig=a%2Fb%20+c=&x", "http://h/a%2fb%7Ec?sig=a%2Fb%20+c=&x"),
        ("http://h/a b?q=c d", "http://h/a%20b?q=c%20d"),
        ("http://h/žurnal?q=čć", "http://h/%C5%BEurnal?q=%C4%8D%C4%87"),
        ("http://h/a%zz", "http://h/a%zz"),
        ("http://h/a/../b//c/.", "http://h/a/../b//c/."),
        ("http://h/a|b[1]{2}", "http://h/a|b[1]%7B2%7D"),
        ("http://h", "http://h/"),
        ("http://h?x", "http://h/?x"),
        ("HTTP://H.Example:80/X#frag", "http://h.example:80/X"),
        ("  http://h/x\n", "http://h/x"),
        ("http://žurnal.rs/", "http://xn--urnal-tib.rs/"),
        ("http://xn--urnal-tib.rs/", "http://xn--urnal-tib.rs/"),
        ("http://[2001:DB8::1]:81/x", "http://[2001:db8::1]:81/x"),
        ("http://u:p@h/x", "http://h/x"),
    ],
)
def test_urls_are_asked_for_as_they_are_written(given, sent):
    assert Target.parse(given).url == sent


URL_PIECES = [
    "http",
    "https",
    ":",
    "/",
    "//",
    "@",
    "u:secret@",
    "[",
    "]",
    "::1",
    "%",
    "?",
    "#",
    "\\",
    " ",
    "h",
    ".",
    ":8",
    "ž",
    "\n",
    "\x00",
    "\udce9",
    "℀",
    "ﬀ",
    "。",
]


@given(st.lists(st.one_of(st.sampled_from(URL_PIECES), st.text(max_size=3)), max_size=12).map("".join))
def test_a_url_is_read_or_refused_and_never_more(text):
    start = Target.parse("http://h/")
    for read_url in (Target.parse, lambda url: start.redirected(url.encode("utf-8", "surrogateescape"))):
        error, target = None, None
        try:
            target = read_url(text)
        except ValueError as refusal:
            error = str(refusal)
        if target is None:
            assert error.isprintable()
            assert "u:secret" not in error
        else:
            assert target.url.isascii()
            assert target.url.isprintable()
            assert not {" ", "#"} & set(target.url)
            assert Target.parse(target.url).url == target.url


FIELD_NAMES = [
    b"retry-after",
    b"cache-control",
    b"expires",
    b"date",
    b"age",
    b"etag",
    b"last-modified",
    b"content-encoding",
]


@given(st.lists(st.tuples(st.sampled_from(FIELD_NAMES), st.binary(max_size=40)), max_size=6))
def test_no_field_is_too_strange_to_read(fields):
    headers = Headers(fields, RECEIVED)
    for span in (headers.retry_after(), headers.max_age()):
        assert span is None or timedelta() < span <= timedelta(days=7)
    assert all(isinstance(coding, str) for coding in headers.codings)
    assert b"\n" not in (headers.validators("http://h/").etag or b"")


def test_a_signed_url_goes_out_unchanged():
    path = "/f%2Fe%7Ed?sig=a%2Fb%3D%3D&t=1+2%20~*!'()&%zz"
    _, seen = get({}, path)
    assert seen.paths == [path]


def test_ipv6_hosts_are_reached():
    async def run():
        async with Site({"/": answer()}).open("::1") as site, Fetcher(AGENT, allow_private=LOOPBACK) as fetcher:
            return await fetcher.get(f"http://[::1]:{site.port}/"), site

    try:
        fetched, seen = asyncio.run(run())
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert (fetched.outcome, seen.fields(0)[b"host"]) == (Outcome.FRESH, b"[::1]:%d" % seen.port)


def test_a_redacted_url_is_short_printable_and_without_credentials():
    assert redacted("https://me:secret@h/x") == "https://…@h/x"
    assert redacted("me:secret@h/x") == "…@h/x"
    assert redacted("https://me:sec/r#et@h/x") == "https://…@h/x"
    assert redacted("https://h/x") == "https://h/x"
    assert redacted("http://h/\x1b[31m\n" + "x" * 500).isprintable()
    assert len(redacted("http://h/" + "x" * 500)) == 200
