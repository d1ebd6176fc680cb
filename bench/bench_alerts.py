"""What alerts cost: on an article's way in, and on a message's way out.

    python bench/bench_alerts.py [COUNT …] [--messages 2000] [--rounds 3]      default 1000 10000

In: the same batches of 40 made-up articles of 600 words are taken in by newsrooms with COUNT alerts each (analysed,
matched, hits and outbox rows written, one transaction a batch) and by one without any, the yardstick. Articles and
queries are those of bench_matcher: an alert fires on about one article in two hundred. All alerts speak at once, and
each to one destination. "learnt" is how long the queries take to be read from the store at the start.

Out: the courier empties an outbox of webhook deliveries to one destination, then to 16, on a receiver in a process of
its own. The yardstick is the bare floor: the same bodies, signed before, posted by aiohttp to the same receiver,
as many at a time, with nothing read or written down.

Rounds are interleaved, twice as many in as out; figures are medians, ratios the medians of the rounds' own. One round
more warms up.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count as counting
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from bench_ingest import NOW, settings_in, timed
from bench_matcher import TOO_COMMON, Language

from syndicator.addresses import Addresses
from syndicator.alerts import Answer, Event, Message
from syndicator.composing import Composer
from syndicator.config import Settings, load
from syndicator.courier import Courier, Sends
from syndicator.delivery import Channels, new_secret, payload
from syndicator.delivery.signing import signature_headers
from syndicator.model import Content, Entry, Republish
from syndicator.pipeline import Pipeline, analyser
from syndicator.sources import Fetcher, Sandbox
from syndicator.store import AlertDefinition, Carried, DestinationDefinition, Queued, SourceRow, Store

BATCH = 40
SIDES = 16
ARTICLES = 50
SECRET = new_secret()
Post = tuple[bytes, dict[str, str]]  # a body and the headers that sign it


class Newsroom:
    """A store in a folder of its own, and the pipeline on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store.open(settings.store.path, analyser(settings))
        self.pipeline = Pipeline(settings, self.store, Fetcher(settings.site.user_agent), Sandbox(), owner="bench")
        self.pipeline.start(NOW)
        self.store.sources.remember(SourceRow("wire", "wire", "Wire", Republish.FULL), NOW)

    def take(self, entries: Sequence[Entry], *, backlog: bool = False) -> None:
        """What a source published, in one transaction."""
        with self.store.transaction():
            self.pipeline.intake.accept("wire", entries, NOW, backlog=backlog)

    def save(self, queries: Sequence[str], destinations: Sequence[str]) -> None:
        """Alerts on these queries, each to one of the destinations."""
        with self.store.transaction():
            for number, query in enumerate(queries):
                raw = {"name": f"a{number}", "query": query, "destinations": [destinations[number % len(destinations)]]}
                self.store.alerts.put(AlertDefinition(f"{number:032x}", f"a{number}", "", json.dumps(raw)), NOW)


@contextmanager
def newsroom(more: str = "") -> Iterator[Newsroom]:
    """The shipped newsroom without its sources and its alert, with `more` config, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as name:
        settings_in(Path(name))
        config = Path(name, "config.toml")
        text = re.sub(r"\[\[alerts\]\].*?(?=\n\[)", "", config.read_text("utf-8"), flags=re.DOTALL)
        config.write_text(text.replace("allow_private = []", 'allow_private = ["127.0.0.0/8"]') + more, "utf-8")
        room = Newsroom(load(config, {}))
        try:
            yield room
        finally:
            room.store.close()


class Wire:
    """Articles and queries, without end."""

    def __init__(self) -> None:
        self._language = Language(7)
        self._words = self._language.words[TOO_COMMON:]
        self._language.word = self._word  # type: ignore[method-assign] # theirs copies its list for each word
        self._numbers = counting(1)

    def _word(self) -> str:
        return self._language.random.choices(self._words, cum_weights=self._language.query_weights)[0]

    def queries(self, count: int) -> list[str]:
        """Queries as people choose them."""
        return [self._language.query().text for _ in range(count)]

    def common(self) -> str:
        """A word that hardly an article is without."""
        return self._language.words[10]

    def entries(self, count: int) -> list[Entry]:
        """Articles of 600 words, each new."""
        made = [self._language.article() for _ in range(count)]
        return [
            Entry(Content(each.title, each.text), guid=f"g{next(self._numbers)}", url=None, published=NOW,
                  embargo_until=None)
            for each in made
        ]  # fmt: skip


# In


@dataclass
class Taken:
    """What the batches of one newsroom cost: µs an article and times the yardstick, a figure a round."""

    room: Newsroom
    learnt_s: float
    costs: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


def measure_in(wire: Wire, counts: Sequence[int], rounds: int) -> None:
    with ExitStack() as stack:
        taken = {}
        queries = wire.queries(max(counts))
        names = [f"d{number}" for number in range(SIDES)]
        for alerts in (0, *counts):
            room = stack.enter_context(newsroom())
            with room.store.transaction():
                for name in names:
                    room.store.destinations.put(DestinationDefinition(name, "console", ""))
            room.save(queries[:alerts], names)
            taken[alerts] = Taken(room, timed(room.pipeline.alerting._watch.refresh))  # noqa: SLF001 - what a start does
        gc.collect()
        gc.freeze()
        for round_ in range(rounds + 1):
            entries = wire.entries(BATCH)
            costs = {n: timed(lambda t=each, e=entries: t.room.take(e)) / BATCH * 1e6 for n, each in taken.items()}
            for alerts, each in taken.items() if round_ else ():
                each.costs.append(costs[alerts])
                each.ratios.append(costs[alerts] / costs[0])
        gc.unfreeze()
        heads = ["alerts", "hits an article", "µs an article", "of 0 alerts", "µs a hit", "learnt s"]
        print(" ".join(f"{head:>15}" for head in heads))
        yardstick = statistics.median(taken[0].costs)
        for alerts, each in taken.items():
            hits = each.room.store.deliveries.backlog() / BATCH / (rounds + 1)
            cost = statistics.median(each.costs)
            a_hit = f"{(cost - yardstick) / hits:15,.0f}" if hits else f"{'–':>15}"
            ratio = statistics.median(each.ratios)
            print(f"{alerts:15,} {hits:15,.1f} {cost:15,.0f} {ratio:14.2f}x {a_hit} {each.learnt_s:15.2f}")


# Out


class Receiving(asyncio.Protocol):
    """Reads requests with a Content-Length, one after the other, and answers each with 204."""

    posts = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio.Protocol has it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        """As asyncio.Protocol has it."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            Receiving.posts += 1
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def receive(line: Connection, host: str) -> None:
    """The receiver's process: tells its port; afterwards, whenever it is asked, how many posts came since."""

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Receiving, host, 0, backlog=1024)
        line.send(server.sockets[0].getsockname()[1])
        over = asyncio.Event()

        def asked() -> None:
            try:
                line.recv()
                line.send(Receiving.posts)
                Receiving.posts = 0
            except EOFError:
                over.set()

        loop.add_reader(line.fileno(), asked)
        await over.wait()

    asyncio.run(serve())


@contextmanager
def receiver(host: str = "127.0.0.1") -> Iterator[tuple[int, Connection]]:
    """A receiver in another process: its port, and the line to ask it on."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs, host), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv(), ours
    finally:
        ours.close()
        process.join(10)
        process.kill()


class Recorder:
    """Sends on, and keeps what was sent, signed."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self.sent: dict[str, list[Post]] = {}

    def unsubscribe_url(self, alert: str, destination: str) -> str | None:
        """As `courier.Sends` has it."""
        return self._addresses.unsubscribe_url(alert, destination)

    async def send(self, destination: str, message: Message) -> Answer:
        """As `courier.Sends` has it."""
        body = payload(message)
        headers = signature_headers(message.id, body, (SECRET,), datetime.now(UTC))
        headers["Content-Type"] = "application/json"
        self.sent.setdefault(destination, []).append((body, headers))
        return await self._addresses.send(destination, message)


class Outgoing:
    """An outbox that is filled and emptied again and again, with messages of one article each."""

    def __init__(self, room: Newsroom, wire: Wire, messages: int) -> None:
        self._room = room
        self._messages = messages
        self._numbers = counting(1)
        room.save([wire.common()], ["d0"])
        room.take(wire.entries(ARTICLES), backlog=True)
        (alert,) = room.store.alerts.all()
        self._alert = alert.id
        hits = room.store.hits.of(alert.id, limit=ARTICLES)
        self._items = [Carried(hit.article, hit.seq, hit.story, hit.reasons) for hit in hits]

    def fill(self, destinations: Sequence[str]) -> None:
        """The messages, shared out between these destinations."""
        store = self._room.store
        with store.transaction():
            for number in range(self._messages):
                item = self._items[number % len(self._items)]
                message = Queued(f"bench:{next(self._numbers)}", Event.MATCH, self._alert, (item,))
                store.outbox.queue(message, [destinations[number % len(destinations)]], NOW)

    async def empty(self, sends: Sends) -> float:
        """Let the courier deliver all of it; seconds."""
        room = self._room
        courier = Courier(
            room.store,
            Composer(room.store, room.settings),
            sends,
            owner="bench",
            clock=lambda: datetime.now(UTC),
            report=lambda _: None,
        )
        began = time.perf_counter()
        await courier.drain()
        took = time.perf_counter() - began
        assert not room.store.deliveries.is_any_waiting(), "something was not delivered"
        return took


async def post(session: aiohttp.ClientSession, url: str, posts: Sequence[Post]) -> None:
    for body, headers in posts:
        async with session.post(url, data=body, headers=headers) as response:
            await response.read()


async def measure_out(wire: Wire, messages: int, rounds: int) -> None:
    with ExitStack() as stack:
        port, line = stack.enter_context(receiver())
        urls = {f"d{number}": f"http://127.0.0.1:{port}/d{number}" for number in range(SIDES)}
        hooks = (
            f'[destinations.{n}]\nkind = "webhook"\nurl = "{url}"\nsecret = "{SECRET}"\n' for n, url in urls.items()
        )
        room = stack.enter_context(newsroom("".join(hooks)))
        outgoing = Outgoing(room, wire, messages)
        costs: dict[int, list[tuple[float, float]]] = {1: [], SIDES: []}
        agent, allow = room.settings.site.user_agent, room.settings.network.allow_private
        async with Channels(agent, smtp=None, allow=allow, write=print) as channels, aiohttp.ClientSession() as session:
            addresses = Addresses(room.store, room.settings, channels)
            sent: dict[int, dict[str, list[Post]]] = {}
            for round_ in range(rounds + 1):
                for sides, figures in costs.items():
                    outgoing.fill(list(urls)[:sides])
                    recorder = Recorder(addresses)
                    ours = await outgoing.empty(addresses if round_ else recorder)
                    sent.setdefault(sides, recorder.sent)
                    began = time.perf_counter()
                    await asyncio.gather(*(post(session, urls[name], posts) for name, posts in sent[sides].items()))
                    figures.append((ours, time.perf_counter() - began))
                    line.send("how many?")
                    assert line.recv() == 2 * messages, "something did not arrive"
        length = statistics.median(len(body) for posts in sent[1].values() for body, _ in posts)
        print(f"{messages:,} webhook messages of {length:,.0f} bytes")
        heads = ["destinations", "deliveries/s", "µs a delivery", "bare µs", "of bare"]
        print(" ".join(f"{head:>15}" for head in heads))
        for sides, figures in costs.items():
            ours, bare = (statistics.median(side) / messages * 1e6 for side in zip(*figures[1:], strict=True))
            ratio = statistics.median(mine / floor for mine, floor in figures[1:])
            print(f"{sides:15} {1e6 / ours:15,.0f} {ours:15,.0f} {bare:15,.0f} {ratio:14.1f}x")


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000])
    arguments.add_argument("--messages", type=int, default=2_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    print(f"Python {sys.version.split()[0]}")
    wire = Wire()
    measure_in(wire, sorted(given.counts), 2 * given.rounds)
    print()
    asyncio.run(measure_out(wire, given.messages, given.rounds))


if __name__ == "__main__":
    main()
