"""How long it takes to know the story of an article, among many that are kept.

    python bench/bench_stories.py [COUNT …]         default 1000 10000 100000

Articles are 300 made-up words, drawn by Zipf's law from 20,000. One article in five is a rewriting of the one before (a
word in thirty changed, a paragraph on top), as agency copy is. The yardsticks of the same run are hashing the text once
(SHA-256, the floor) and identity.sketch, which every article pays for anyway. The lookup is what the store does: bands
into an SQLite table in memory, the records of those that share most, then `choose`. Half of the articles looked up
have their story in the table; some are taken for another, where the rewriting changed a name in the lead. Medians.
"""

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from syndicator.alerts.stories import Candidate, Told, bands, choose, same_story, tell
from syndicator.identity import sketch
from syndicator.model import Content

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
LOOKUPS = 300
MOST_CANDIDATES = 50
INDEX = "CREATE TABLE bands (band INTEGER, article INTEGER, PRIMARY KEY (band, article)) WITHOUT ROWID"
LOOKUP = """
    SELECT article FROM bands WHERE band IN (SELECT value FROM json_each(?))
    GROUP BY article ORDER BY count(*) DESC, article LIMIT ?"""


class Agency:
    """Made-up news: articles of 300 words, and rewritings of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        syllables = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
        self.words = ["".join(parts) for parts in itertools.islice(itertools.product(syllables, repeat=3), 20_000)]
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, len(self.words) + 1)))

    def text(self, count: int) -> list[str]:
        """Words, one in twelve with a capital."""
        drawn = self.random.choices(self.words, cum_weights=self.weights, k=count)
        return [word.capitalize() if self.random.random() < 0.08 else word for word in drawn]

    def article(self) -> Content:
        """A title of nine words and a text of 300."""
        return Content(" ".join(self.text(9)), " ".join(self.text(300)))

    def rewriting(self, of: Content) -> Content:
        """The same under another title, a word in thirty changed, and a paragraph of 25 words on top."""
        changed = [
            self.random.choice(self.words) if self.random.random() < 1 / 30 else word for word in of.text.split()
        ]
        return Content(" ".join(self.text(9)), " ".join([*self.text(25), *changed]))


def microseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1000


def told(content: Content, minutes: int = 0) -> Told:
    return tell(content, source="Wire", published=NOON + timedelta(minutes=minutes % 600))


def find(db: sqlite3.Connection, kept: list[Told], article: Told) -> str | None:
    keys = f"[{','.join(map(str, bands(article)))}]"
    rows = db.execute(LOOKUP, [keys, MOST_CANDIDATES])
    return choose(article, [Candidate(str(number), kept[number]) for (number,) in rows])


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    counts = arguments.parse_args().counts
    agency = Agency(7)
    sample = [agency.article() for _ in range(LOOKUPS)]
    records = [told(content) for content in sample]
    copies = [told(agency.rewriting(content), 5) for content in sample]
    floor = statistics.median(microseconds(lambda c=c: sha256(c.text.encode()).digest()) for c in sample)
    yardstick = statistics.median(microseconds(lambda c=c: sketch(c)) for c in sample)
    print(f"Python {sys.version.split()[0]}; articles of 300 words; medians of {LOOKUPS}")
    print(f"{'':>24} {'µs':>8} {'x SHA-256':>10} {'x sketch':>9}")
    works: list[tuple[str, list[Callable[[], object]]]] = [
        ("SHA-256 of the text", [lambda c=c: sha256(c.text.encode()).digest() for c in sample]),
        ("identity.sketch", [lambda c=c: sketch(c) for c in sample]),
        ("tell", [lambda c=c: told(c) for c in sample]),
        ("bands", [lambda r=r: bands(r) for r in records]),
        ("same_story, one story", [lambda r=r, c=c: same_story(r, c) for r, c in zip(records, copies, strict=True)]),
        ("same_story, two stories", [lambda r=r, c=c: same_story(r, c) for r, c in itertools.pairwise(records)]),
    ]
    for name, calls in works:
        took = statistics.median(microseconds(call) for call in calls)
        print(f"{name:>24} {took:>8.1f} {took / floor:>10.1f} {took / yardstick:>9.2f}")
    print()
    heads = ["kept", "rows", "find µs", "p99 µs", "x sketch", "found"]
    print(" ".join(f"{head:>10}" for head in heads))
    kept: list[Told] = []
    db = sqlite3.connect(":memory:")
    db.execute(INDEX)
    last = agency.article()
    for count in sorted(counts):
        while len(kept) < count:
            number = len(kept)
            last = agency.rewriting(last) if number % 5 == 0 else agency.article()
            record = told(last, number)
            kept.append(record)
            db.executemany("INSERT INTO bands VALUES (?, ?)", [(band, number) for band in bands(record)])
        rows = db.execute("SELECT count(*) FROM bands").fetchone()[0]
        # Half are new, half retell something kept: their records take the place of the last ones.
        for number, record in enumerate(records[: LOOKUPS // 2], count - LOOKUPS // 2):
            db.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(band, number) for band in bands(record)])
            kept[number] = record
        took: list[float] = []
        found = 0
        for article in copies:
            start = time.perf_counter_ns()
            story = find(db, kept, article)
            took.append((time.perf_counter_ns() - start) / 1000)
            found += story is not None
        median, late = statistics.median(took), statistics.quantiles(took, n=100)[98]
        ratio, share = median / yardstick, found / LOOKUPS
        print(f"{count:>10,} {rows:>10,} {median:>10.0f} {late:>10.0f} {ratio:>10.1f} {share:>10.0%}")


if __name__ == "__main__":
    main()
