"""How fast feeds are published: fresh entries, a feed joined from kept ones, the same feed by feedgen alone.

    .venv/bin/python bench/bench_publish.py [--items 50] [--seconds 2] [--json]

Medians of repeated runs; files go to a temporary folder, each changed one synced to disk.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from syndicator.model import Article, Content, FeedDocument, FeedItem, Kind, Republish, State
from syndicator.publish import PublicSite, Publisher
from syndicator.publish.carried import carry
from syndicator.publish.entry import RenditionCache, feed_entry, render
from syndicator.publish.site import Address
from syndicator.publish.xmlfeed import atom_document, atom_generator, rss_document, rss_generator

SITE = PublicSite("Bench", "https://news.example", "https://news.example/feeds/", "en", None)
START = datetime(2026, 11, 23, 12, tzinfo=UTC)
PARAGRAPH = 'Officials said on Monday that the plan, which "moves" people & files, costs < 5 million. ' * 6


def item(number: int) -> FeedItem:
    text = "\n\n".join([f"Story {number}."] + [PARAGRAPH] * 9)
    html = "".join(f"<p>{part.replace('&', '&amp;').replace('<', '&lt;')}</p>" for part in text.split("\n\n"))
    content = Content(f"Story number {number} & more", text, html, authors=("A. Writer",), categories=("Politics",))
    at = START - timedelta(minutes=number)
    url = f"https://source.example/{number}"
    article_id = uuid5(NAMESPACE_URL, url).urn
    article = Article(article_id, number, 1, State.LIVE, Kind.NEWS, "source", url, content, at, at, at)
    return FeedItem(article, ("asylum", "return-hubs"), "The Source", "https://source.example/feed", Republish.FULL)


def median_seconds(work: Callable[[], object], budget_s: float) -> float:
    times: list[float] = []
    until = time.perf_counter() + budget_s
    while not times or time.perf_counter() < until:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    items = tuple(item(number) for number in range(options.items))
    feed = FeedDocument("asylum", "Asylum", "Bench", "en", items, updated=START)
    address = Address(SITE, feed.name)

    def fresh() -> None:
        for each in items:
            render(carry(each, each.republish, "en"))

    def feedgen_alone() -> None:
        for generator in (atom_generator(feed, address), rss_generator(feed, address)):
            for each in items:
                generator.add_entry(feed_entry(carry(each, each.republish, "en")), order="append")
            generator.atom_str() if hasattr(generator, "mended_atom") else generator.rss_str()

    cache = RenditionCache()

    def joined() -> None:
        renditions = [cache.rendition(each, each.republish, "en") for each in items]
        atom_document(feed, address, [r.atom for r in renditions])
        rss_document(feed, address, [r.rss for r in renditions])

    with tempfile.TemporaryDirectory() as folder:
        publisher = Publisher(Path(folder), SITE)
        turn = [0]

        def one_new_item() -> None:
            turn[0] += 1
            newest = item(-turn[0])
            publisher.write(replace(feed, items=(newest, *items[:-1]), updated=newest.article.updated))

        figures = {
            "entry_fresh_us": 1e6 * median_seconds(fresh, options.seconds) / options.items,
            "atom_rss_joined_ms": 1e3 * median_seconds(joined, options.seconds),
            "atom_rss_feedgen_ms": 1e3 * median_seconds(feedgen_alone, options.seconds),
            "write_one_new_item_ms": 1e3 * median_seconds(one_new_item, options.seconds),
            "write_unchanged_ms": 1e3 * median_seconds(lambda: publisher.write(feed), options.seconds),
            "atom_bytes": float((Path(folder) / "asylum.atom").stat().st_size),
        }
    if options.json:
        print(json.dumps({"items": options.items, **figures}))
        return
    print(f"{options.items} items of about {len(items[0].article.content.html)} bytes")
    for name, value in figures.items():
        print(f"  {name:24} {value:12.3f}")


if __name__ == "__main__":
    main()
