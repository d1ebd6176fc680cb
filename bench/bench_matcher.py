"""How long one article takes against all saved queries, beside asking every query in turn.

    python bench/bench_matcher.py [COUNT …]         default 1000 10000 100000

Queries and articles are drawn from one vocabulary of 50,000 made-up words: articles by Zipf's law as words come
(about 600 of them), queries as people choose them: any but the commonest 300, and common ones more often, but less
so (by the root of the rank), so that a query fires on about one article in three hundred. Their shapes are words,
pairs, phrases, OR-groups, NEAR, exclusions, title: and beginnings. Medians over the articles; the loop, over plans
that are compiled already, is measured on a few articles only. Memory is what the matcher holds, by tracemalloc, in
a second building.
"""

import argparse
import gc
import itertools
import random
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable

from syndicator.query import Analysed, Analyser, Document, Matcher, Query, parse
from syndicator.query.compiler import compile_query
from syndicator.query.plan import Facts, Plan

WORDS = 50_000
TOO_COMMON = 300
ARTICLES = 60
NAIVE_CALLS = 200_000


class Language:
    """A vocabulary and its Zipf weights."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        syllables = [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"]
        made = itertools.count()
        self.words = ["".join(self._syllables(next(made), syllables)) for _ in range(WORDS)]
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self.query_weights = list(itertools.accumulate(rank**-0.5 for rank in range(TOO_COMMON + 1, WORDS + 1)))

    def _syllables(self, number: int, syllables: list[str]) -> list[str]:
        number = number * 7 + 81  # at least two syllables
        found = []
        while number:
            number, rest = divmod(number, len(syllables))
            found.append(syllables[rest])
        return found

    def article(self) -> Document:
        """600 words in paragraphs of 60, and a title of nine."""
        text = self.random.choices(self.words, cum_weights=self.weights, k=600)
        paragraphs = [" ".join(text[i : i + 60]) for i in range(0, len(text), 60)]
        title = " ".join(self.random.choices(self.words, cum_weights=self.weights, k=9))
        return Document(title, "\n\n".join(paragraphs), sources=("Wire",), language="en")

    def word(self) -> str:
        """A word as somebody would choose for a query."""
        return self.random.choices(self.words[TOO_COMMON:], cum_weights=self.query_weights)[0]

    def query(self) -> Query:
        """A query of one of ten shapes."""
        word = self.word
        shapes: list[tuple[int, Callable[[], str]]] = [
            (20, word),
            (25, lambda: f"{word()} {word()}"),
            (15, lambda: f'"{word()} {word()}"'),
            (10, lambda: f"{word()} ({word()} OR {word()} OR {word()})"),
            (10, lambda: f"{word()} NEAR/5 {word()}"),
            (8, lambda: f"{word()} OR {word()}"),
            (5, lambda: f"{word()} -{word()}"),
            (4, lambda: f"title:{word()}"),
            (2, lambda: f"{word()[:5]}*"),
            (1, lambda: f"ATLEAST/2 {word()}"),
        ]
        (shape,) = self.random.choices([s for _, s in shapes], weights=[w for w, _ in shapes])
        return parse(shape())


def microseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - start) / 1000


def naive(plans: list[Plan], article: Analysed) -> int:
    return sum(plan.holds(Facts(article)) for plan in plans)


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    counts = arguments.parse_args().counts
    language, analyser = Language(7), Analyser("en")
    documents = [language.article() for _ in range(ARTICLES)]
    for document in documents:
        analyser.analyse(document)  # warms the cache of words, as a running service has it
    analysis = statistics.median(microseconds(lambda d=document: analyser.analyse(d)) for document in documents)
    articles = [analyser.analyse(document) for document in documents]
    frequency = Counter(
        token
        for article in (analyser.analyse(language.article()) for _ in range(1000))
        for token in article.body.stem_at.keys() | article.body.word_at.keys()
    )
    print(f"Python {sys.version.split()[0]}; analysis of an article of 600 words: {analysis:.0f} µs")
    heads = ["queries", "matches", "µs", "with why µs", "loop µs", "ratio", "add µs", "MB"]
    print(" ".join(f"{head:>11}" for head in heads))
    for count in counts:
        queries = [language.query() for _ in range(count)]
        matcher: Matcher[int] = Matcher({}, analyser, frequency)
        adding = microseconds(lambda m=matcher, q=queries: [m.add(key, query) for key, query in enumerate(q)])
        gc.collect()
        gc.freeze()
        matched = [len(matcher.matching(article)) for article in articles]
        plain = statistics.median(microseconds(lambda a=a, m=matcher: m.matching(a)) for a in articles)
        why = statistics.median(microseconds(lambda a=a, m=matcher: m.match(a)) for a in articles)
        asked = articles[: max(1, min(ARTICLES, NAIVE_CALLS // count))]
        plans = [compile_query(query, analyser) for query in queries]
        slow = statistics.median(microseconds(lambda a=a, p=plans: naive(p, a)) for a in asked)
        for article, known in zip(asked, matched, strict=False):
            assert naive(plans, article) == known, "matcher and loop differ"
        del matcher, plans
        gc.collect()
        tracemalloc.start()
        held: Matcher[int] = Matcher(dict(enumerate(queries)), analyser, frequency)
        memory = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()
        assert len(held) == count
        figures = [count, statistics.median(matched), plain, why, slow]
        print(
            " ".join(f"{figure:>11,.0f}" for figure in figures),
            f"{slow / plain:>10.0f}x {adding / count:>11.1f} {memory:>11.1f}",
        )


if __name__ == "__main__":
    main()
