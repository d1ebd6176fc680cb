"""How well topic queries find labelled articles: worked out beside the pages, which never wait for it.

One thread at a time reads and scores the file that `labelled` of [desk] names, when it is another than the last time.
Queries are those that the service began with, so a changed one is scored with its next start.
"""

import logging
import stat
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from syndicator.config import Settings
from syndicator.errors import UsageError
from syndicator.scoring import Mistake, Score, Scores
from syndicator.topicdesk import scored

log = logging.getLogger(__name__)

MOST_BYTES = 32_000_000
_SHOWN = 5  # mistakes of a kind
_LONGEST = 200  # characters of a headline

# What tells one state of a file from another.
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Wrong:
    """An article that a query should not have found, with the words that it went by; or missed, then without."""

    title: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class TopicScore:
    """A topic's score in a sentence and in figures, and the first of its mistakes, with how many more there are."""

    sentence: str
    figures: str
    missed: tuple[Wrong, ...]
    found: tuple[Wrong, ...]
    more_missed: int
    more_found: int


@dataclass(frozen=True, slots=True)
class Board:
    """What the page says of scores: one sentence where there are none, each topic's by its name where there are."""

    said: str = ""
    topics: dict[str, TopicScore] | None = None


PENDING = Board("The scores are being worked out. Load this page again in a moment.")


class Scoreboard:
    """Keeps the last scores. `look` may be called in any thread, and reads the file's date and size alone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: tuple[Stamp, Board] | None = None
        self._thread: Thread | None = None
        self._starting = Lock()

    def look(self) -> Board | None:
        """The scores, or what there is to say in their place; None where config names no file."""
        file = self._settings.desk.labelled
        if file is None:
            return None
        try:
            stamp = _stamp(file)
        except UsageError as error:
            return _refused(error)
        known = self._known
        if known is not None and known[0] == stamp:
            return known[1]
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._work, args=(file, stamp), name="scores", daemon=True)
                self._thread.start()
        return PENDING

    def _work(self, file: Path, stamp: Stamp) -> None:
        try:
            board = _board(scored(self._settings, file, file.name))
        except UsageError as error:
            board = _refused(error)
        except Exception:
            log.exception("scoring %s", file)
            board = _refused("a defect of ours, which stands in the log")
        self._known = stamp, board


def _stamp(file: Path) -> Stamp:
    """Raises UsageError where this can be no such file."""
    try:
        found = file.stat()
    except OSError as error:
        raise UsageError(f"{file.name} can't be read: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{file.name} is not a file.")
    if found.st_size > MOST_BYTES:
        raise UsageError(f"{file.name} is larger than {MOST_BYTES // 1_000_000} MB.")
    return found.st_mtime_ns, found.st_size, found.st_ino


def _refused(why: object) -> Board:
    return Board(_fit(f"There are no scores: {why}"))


def _board(scores: Scores) -> Board:
    return Board(topics={name: _topic(name, each, scores.mistakes) for name, each in scores.topics.items()})


def _topic(name: str, score: Score, mistakes: tuple[Mistake, ...]) -> TopicScore:
    ours = [each for each in mistakes if each.topic == name]
    missed = tuple(_wrong(each) for each in ours if each.missed)
    found = tuple(_wrong(each) for each in ours if not each.missed)
    return TopicScore(
        _sentence(score),
        f"precision {score.precision:.3f} · recall {score.recall:.3f} · F1 {score.f1:.3f}",
        missed[:_SHOWN],
        found[:_SHOWN],
        len(missed[_SHOWN:]),
        len(found[_SHOWN:]),
    )


def _sentence(score: Score) -> str:
    """As in "Right: 38 of 39 found. Missed: 2 of 40."."""
    due, given = score.right + score.missed, score.right + score.wrong
    right = f"Right: {score.right:,} of {given:,} found." if given else "Found: none."
    missed = f"Missed: {score.missed:,} of {due:,}." if due else "No labelled article belongs here."
    return f"{right} {missed}"


def _wrong(mistake: Mistake) -> Wrong:
    words = ", ".join(dict.fromkeys(reason.words for reason in mistake.reasons))
    return Wrong(_fit(mistake.title.strip() or mistake.id), _fit(words))


def _fit(text: str) -> str:
    """Whatever a file says, as a page can say it: JSON may hold half a character."""
    text = " ".join(text.encode(errors="replace").decode().split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
