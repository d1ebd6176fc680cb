"""What it costs to take a feed in, stage by stage, beside feedparser alone on the same bytes.

    python bench/bench_ingest.py [--entries 200] [--rounds 5]

A made-up feed of articles of about 300 words is parsed by feedparser alone (its sanitiser and resolver off: the
yardstick), by our parser (which also cleans, sanitises and checks), stored (decided, tagged by the shipped topics,
indexed, in one transaction), and rendered. Rounds are interleaved; figures are medians in microseconds an entry.
"""

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from syndicator.config import Settings, load
from syndicator.model import Republish
from syndicator.pipeline import Pipeline, analyser
from syndicator.sources import Fetcher, Sandbox, parse_feed
from syndicator.store import SourceRow, Store

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBJECTS = (
    *("asylum", "boat", "Channel", "court", "minister", "council"),
    *("police", "border", "Serbia", "Tirana", "Dover", "refugee"),
)
FILLER = [f"w{random.Random(n).randrange(36**4):x}" for n in range(5000)]
SHARE_OF_SUBJECTS = 0.03


def feed(entries: int, round_: int) -> bytes:
    """An RSS feed of made-up articles; no two rounds share one."""
    chance = random.Random(round_)

    def words(count: int) -> str:
        lists = chance.choices((SUBJECTS, FILLER), (SHARE_OF_SUBJECTS, 1 - SHARE_OF_SUBJECTS), k=count)
        return " ".join(chance.choice(each) for each in lists)

    items = []
    for n in range(entries):
        paragraphs = "".join(f"<p>{words(60)}.</p>" for _ in range(5))
        items.append(
            f"<item><title>{words(8)}</title><guid isPermaLink='false'>{round_}-{n}</guid>"
            f"<link>https://wire.example/{round_}/{n}</link><pubDate>Mon, 23 Nov 2026 09:00:00 GMT</pubDate>"
            f"<description><![CDATA[{paragraphs}]]></description></item>"
        )
    head = "<rss version='2.0'><channel><title>Wire</title><link>https://wire.example/</link><description/>"
    return f"{head}{''.join(items)}</channel></rss>".encode()


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def settings_in(folder: Path) -> Settings:
    """The shipped newsroom, without its sources."""
    text = (ROOT / "config.toml").read_text("utf-8")
    (folder / "config.toml").write_text(re.sub(r"\[\[sources\]\].*?(?=\n# Topics)", "", text, flags=re.DOTALL), "utf-8")
    return load(folder / "config.toml", {})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--entries", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    costs: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        settings = settings_in(Path(name))
        store = Store.open(settings.store.path, analyser(settings))
        pipeline = Pipeline(settings, store, Fetcher(settings.site.user_agent), Sandbox(), owner="bench")
        pipeline.start(NOW)
        store.sources.remember(SourceRow("wire", "wire", "Wire", Republish.FULL), NOW)
        for round_ in range(given.rounds + 1):
            body = feed(given.entries, round_)

            def alone(body: bytes = body) -> object:
                return feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)

            parsed = parse_feed(body, content_type=None, url="https://wire.example/rss")

            def take(entries: tuple = parsed.entries) -> None:
                with store.transaction():
                    pipeline.intake.accept("wire", entries, NOW)

            stages = {
                "feedparser alone": alone,
                "our parser": lambda body=body: parse_feed(body, content_type=None, url="https://wire.example/rss"),
                "stored, tagged, indexed": take,
                "rendered": lambda: pipeline.publish(NOW),
            }
            for stage, work in stages.items():
                seconds = timed(work)
                if round_:  # the first round warms up
                    costs.setdefault(stage, []).append(seconds / given.entries * 1e6)
        store.close()
    yardstick = statistics.median(costs["feedparser alone"])
    print(f"{'stage':26}{'µs an entry':>14}{'of feedparser':>16}")
    for stage, figures in costs.items():
        median = statistics.median(figures)
        print(f"{stage:26}{median:14,.0f}{median / yardstick:16.2f}")
    whole = sum(statistics.median(figures) for stage, figures in costs.items() if stage != "feedparser alone")
    print(f"{'all of ours':26}{whole:14,.0f}{whole / yardstick:16.2f}   {1e6 / whole:,.0f} entries/s")


if __name__ == "__main__":
    main()
