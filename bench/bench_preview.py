"""How long the editor's preview takes: an alert looked back over thirty days of the archive.

    python bench/bench_preview.py [COUNT …] [--queries 40] [--rounds 3]      default 1000 10000 100000

Archives of COUNT made-up articles of 600 words, all of the last thirty days, are asked queries of ten shapes, drawn as
in bench_matcher. Measured is what the desk does between request and answer, but for HTTP and the template: the draft
is read and checked, looked back with, and the chart and the newest hits with their marks are made. The yardstick is a
bare FTS5 `count(*)` of the same words on the same index in the same run; ratios are medians of the queries' own.

"exact" queries are those that FTS5 can say alone. "counted" are ATLEAST, whose mentions the index counts. "mixed" are
NEAR between a word's forms and an exact word. For "read", NEAR between a word's forms and a beginning, the index rows
of the candidates are read. "broad" is a word that about every fifth article has. "common" are the commonest words of
all: alone, together, often, and near a beginning; a quick look sees the latest days of them only. "unseen" is a word
that none has. Medians, the slowest twentieth, and the slowest, in milliseconds, of the best of all rounds for each
query; "days": how many of the thirty were looked at, the fewest of all.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from bench_ingest import NOW, settings_in
from bench_matcher import Language

from syndicator.config import Settings
from syndicator.model import Content, Kind, State
from syndicator.pipeline import analyser
from syndicator.previewing import DAYS, draft, look_back
from syndicator.query import Analyser, to_fts
from syndicator.store import Store
from syndicator.web.desk.lookback import looked

BATCH = 1_000
MONTH_S = DAYS * 86_400


def filled(settings: Settings, language: Language, count: int) -> Store:
    """A store with so many articles, spread over thirty days."""
    store = Store.open(settings.store.path, analyser(settings))
    for first in range(0, count, BATCH):
        with store.transaction():
            for number in range(first, min(first + BATCH, count)):
                document = language.article()
                content = Content(document.title, document.text)
                id_ = f"urn:uuid:{UUID(int=number + 1)}"
                at = int(NOW.timestamp()) - MONTH_S + 86_400 + (number * (MONTH_S - 86_400)) // count
                row = {"id": id_, "version": 1, "state": State.LIVE, "kind": Kind.NEWS, "source": f"wire {number % 7}"}
                row |= {"url": None, "canonical": None, "published": at, "updated": at, "first_seen": at}
                store.articles.insert(row, content, author="wire", at=at)
                article = store.articles.get(id_)
                store.topics.tag(article, {})
                store.search.index(article, store.search.analyse(article))
    return store


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def previewed(store: Store, settings: Settings, query: str) -> int:
    """How many days were looked at."""
    past = look_back(store, settings, draft(query, settings), NOW + timedelta(hours=1), quick=True)
    looked(past, settings, boxed=False)
    return past.covered


def measure(store: Store, settings: Settings, queries: dict[str, list[str]], rounds: int) -> None:
    for kind, asked in queries.items():
        ours, bare, hits = [], [], []
        days = min(previewed(store, settings, query) for query in asked)
        for query in asked:
            expression = to_fts(draft(query, settings).query, store.analyser).expression
            mine, theirs = [], []
            for _ in range(rounds):
                mine.append(milliseconds(lambda q=query: previewed(store, settings, q)))
                theirs.append(milliseconds(lambda e=expression: counted(store, e)))
            ours.append(min(mine))
            bare.append(min(theirs))
            hits.append(counted(store, expression))
        ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
        slow = sorted(ours)[int(len(ours) * 0.95)]
        figures = f"{statistics.median(hits):10,.0f} {statistics.median(ours):9.1f} {slow:9.1f} {max(ours):9.1f}"
        print(f"{kind:>9} {figures} {statistics.median(bare):9.2f} {ratio:9.1f} {days:9}")


def counted(store: Store, expression: str) -> int:
    """The yardstick."""
    with closing(sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)) as db:
        (count,) = db.execute("SELECT count(*) FROM article_fts WHERE article_fts MATCH ?", [expression]).fetchone()
    return count


def drawn(language: Language, count: int) -> dict[str, list[str]]:
    """Queries as people write them, exact and not; broad ones, and ones that never fire."""
    analysis, word = Analyser("en"), language.word
    found: dict[str, list[str]] = {"exact": [], "counted": [], "mixed": [], "read": []}
    while len(found["exact"]) < count:
        query = language.query()
        wanted = to_fts(query, analysis)
        if wanted.exact and not wanted.counts:
            found["exact"].append(query.text)
    for _ in range(count // 4):
        found["counted"].append(f"ATLEAST/2 {word()}")
        found["mixed"].append(f'"{word()}" NEAR/5 {word()}')
        found["read"].append(f"{word()} NEAR/5 {word()[:4]}*")
    found["broad"] = language.words[250:253]
    first, second = language.words[:2]
    found["common"] = [first, f"{first} OR {second}", f"ATLEAST/20 {first}", f"{first} NEAR/5 {second[:2]}*"]
    found["unseen"] = ["xylophonist", "xylophonist yurt OR zeugma"]
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    arguments.add_argument("--queries", type=int, default=40)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    print(f"Python {sys.version.split()[0]}")
    for count in given.counts:
        language = Language(7)
        with tempfile.TemporaryDirectory() as name:
            settings = settings_in(Path(name))
            store = filled(settings, language, count)
            try:
                heads = ["hits", "ms", "19 in 20", "most", "bare ms", "of bare", "days"]
                print(f"\n{count:,} articles\n{'queries':>9} {heads[0]:>10} " + " ".join(f"{h:>9}" for h in heads[1:]))
                measure(store, settings, drawn(language, given.queries), given.rounds)
            finally:
                store.close()


if __name__ == "__main__":
    main()
