"""How well topic queries tag: precision, recall and F1 on labelled articles, with every error explained. Pure.

Precision, recall and F1 as in van Rijsbergen, Information Retrieval (1979), ch. 7; "micro" pools the decisions of
all topics.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from syndicator.errors import UsageError
from syndicator.model import Reason
from syndicator.query import Analyser, Document, Matcher, Query


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article that a person has tagged."""

    id: str
    title: str
    text: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of right and wrong decisions, and what follows from them (each 1.0 where there was nothing to decide)."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """The part of the given tags that is right."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The part of the right tags that was given."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        counted = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / counted if counted else 1.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong decision: a tag given that should not be (`reasons` say why), or one that was missed."""

    id: str
    title: str
    topic: str
    missed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of all topics together, of each, and every mistake."""

    micro: Score
    topics: dict[str, Score]
    mistakes: tuple[Mistake, ...]


def read_labelled(lines: Iterable[str], name: str) -> list[Labelled]:
    """Labelled articles from JSON Lines: objects with id, title, text, and labels (a list of topic names).

    Every line of a text is a paragraph, as in a file that is dropped.

    Raises UsageError that names the file, the line, and what is wrong with it.
    """
    articles = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            labels = found["labels"]
            if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
                raise UsageError(f"{name}, line {number}: labels must be a list of topic names")
            text = "\n\n".join(filter(None, map(str.strip, str(found["text"]).splitlines())))
            articles.append(Labelled(str(found["id"]), str(found["title"]), text, frozenset(labels)))
        except KeyError as error:
            raise UsageError(f"{name}, line {number}: {error.args[0]} is missing") from error
        except (ValueError, TypeError, RecursionError) as error:
            raise UsageError(f"{name}, line {number}: not a JSON object ({error})") from error
    return articles


def score(queries: Mapping[str, Query], articles: Sequence[Labelled], analyser: Analyser) -> Scores:
    """Hold topic queries against labelled articles. Labels that are no topic of ours count for nothing."""
    matcher = Matcher(queries, analyser)
    right, wrong, missed = (dict.fromkeys(queries, 0) for _ in range(3))
    mistakes: list[Mistake] = []
    for article in articles:
        found = {m.key: m.reasons for m in matcher.match(analyser.analyse(Document(article.title, article.text)))}
        for name in queries:
            given, due = name in found, name in article.labels
            if given and due:
                right[name] += 1
            elif given:
                wrong[name] += 1
                mistakes.append(Mistake(article.id, article.title, name, missed=False, reasons=found[name]))
            elif due:
                missed[name] += 1
                mistakes.append(Mistake(article.id, article.title, name, missed=True, reasons=()))
    topics = {name: Score(right[name], wrong[name], missed[name]) for name in queries}
    micro = Score(sum(right.values()), sum(wrong.values()), sum(missed.values()))
    return Scores(micro, topics, tuple(mistakes))
