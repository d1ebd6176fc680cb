"""What it costs to push a feed to its subscribers.

    python bench/bench_hub.py [--subscribers 1000] [--kilobytes 10 100] [--rounds 5]

The built-in hub brings COUNT subscribers up to date with one feed: claimed, signed, posted, settled, a row each. They
have callbacks on 64 addresses of loopback, on a receiver in a process of its own. The yardstick is the bare floor: the
same bytes with the same headers, signed before, posted by aiohttp to the same callbacks, as many at a time, with
nothing read or written down.

Rounds are interleaved; figures are medians, ratios the medians of the rounds' own. One round more warms up.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import aiohttp
from bench_alerts import Newsroom, newsroom, receiver

from syndicator.pushing import Hub
from syndicator.pushing.distribution import HANDS
from syndicator.store import Question, Topic
from syndicator.websub import Asked, Mode, signature

HOSTS = 64
SECRET = "a secret of the subscribers"
FAR = timedelta(days=30)


class Feed:
    """One topic, whose bytes are made up anew for each round."""

    def __init__(self, room: Newsroom) -> None:
        self._room = room
        self._folder = room.settings.feeds.dir
        self._folder.mkdir(parents=True, exist_ok=True)
        self.url = f"{room.settings.feeds_url}bench.atom"
        self.body = b""

    def change(self, size: int) -> None:
        """Write and announce `size` other bytes."""
        self.body = random.randbytes(size)
        (self._folder / "bench.atom").write_bytes(self.body)
        with self._room.store.transaction():
            topic = Topic(self.url, "bench", "atom", sha256(self.body).hexdigest())
            self._room.store.announcements.announce("bench", [topic], now())

    def subscribe(self, callbacks: Sequence[str]) -> None:
        """As if all of these had confirmed."""
        store = self._room.store
        with store.transaction():
            for callback in callbacks:
                asked = Asked(Mode.SUBSCRIBE, self.url, callback, FAR, SECRET)
                store.followers.subscribe(Question(0, asked, 1, 1), now())


def now() -> datetime:
    return datetime.now(UTC)


async def push(room: Newsroom) -> float:
    """Let the hub do it; seconds."""
    async with Hub(room.store, room.settings, owner="bench", clock=now) as hub:
        began = time.perf_counter()
        await hub.drain()
        return time.perf_counter() - began


async def post(callbacks: Sequence[str], body: bytes, headers: dict[str, str]) -> float:
    """The bare floor; seconds."""
    waiting = iter(callbacks)

    async def hand(session: aiohttp.ClientSession) -> None:
        for url in waiting:
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        began = time.perf_counter()
        await asyncio.gather(*(hand(session) for _ in range(HANDS)))
        return time.perf_counter() - began


async def measure(subscribers: int, sizes: Sequence[int], rounds: int) -> None:
    """Print a line a size."""
    with receiver("0.0.0.0") as (port, line), newsroom() as room:
        feed = Feed(room)
        feed.change(1)
        callbacks = [f"http://127.0.1.{n % HOSTS + 1}:{port}/{n}" for n in range(subscribers)]
        feed.subscribe(callbacks)
        print(f"{subscribers:,} subscribers")
        heads = ["KB", "deliveries/s", "µs a delivery", "bare posts/s", "of a bare post"]
        print(" ".join(f"{head:>15}" for head in heads))
        for size in sizes:
            ours, bare = [], []
            for round_ in range(rounds + 1):
                feed.change(size)
                headers = {
                    "Content-Type": "application/atom+xml",
                    "Link": f'<{room.settings.hub_url}>; rel="hub", <{feed.url}>; rel="self"',
                    "X-Hub-Signature": signature(feed.body, SECRET),
                }
                took = await push(room), await post(callbacks, feed.body, headers)
                line.send("how many?")
                assert line.recv() == 2 * subscribers, "something did not arrive"
                if round_:
                    ours.append(took[0])
                    bare.append(took[1])
            ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
            mine, theirs = statistics.median(ours), statistics.median(bare)
            print(
                f"{size / 1000:15,.0f} {subscribers / mine:15,.0f} {mine / subscribers * 1e6:15,.0f}"
                f" {subscribers / theirs:15,.0f} {ratio:14.2f}x"
            )


def main() -> None:
    """Measure what the arguments say."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--subscribers", type=int, default=1000)
    arguments.add_argument("--kilobytes", type=int, nargs="+", default=[10, 100])
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    asyncio.run(measure(given.subscribers, [size * 1000 for size in given.kilobytes], given.rounds))


if __name__ == "__main__":
    main()
