"""What the service tells of its work while it runs: an event for whatever brought something or went wrong, and one
for each round of the work in which something happened.

A round begins with the worker's look for due sources (every `schedule.tick`) and ends with the next one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from structlog.stdlib import BoundLogger

from syndicator.alerts import Verdict
from syndicator.courier import Delivered
from syndicator.intake import Taken
from syndicator.plurals import counted
from syndicator.rendering import Published
from syndicator.worker import StoreTrouble


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its name for programs, its line for people, and how grave it is."""

    event: str
    message: str
    fields: Mapping[str, object]
    level: int = logging.INFO


def told(what: Taken | Published | Delivered | StoreTrouble) -> Iterator[Told]:
    """What is to be told of a step; nothing where it brought nothing and nothing went wrong."""
    if isinstance(what, Delivered):
        yield from _of_delivery(what)
    elif isinstance(what, StoreTrouble):
        yield Told("store_failed", f"store {what.problem}", {"problem": what.problem}, logging.ERROR)
    elif isinstance(what, Published):
        for problem in what.problems:
            yield Told("feed_failed", f"feed {problem}", {"problem": problem}, logging.ERROR)
    else:
        yield from _of_source(what)


def _of_source(taken: Taken) -> Iterator[Told]:
    name = taken.source
    counts = [f"{taken.new} new"] * bool(taken.new) + [f"{taken.changed} changed"] * bool(taken.changed)
    if counts:
        fields = {"source": name, "new": taken.new, "changed": taken.changed}
        yield Told("source", f"{name}: {', '.join(counts)}", fields)
    if taken.error:
        fields = {"source": name, "error": taken.error}
        yield Told("source_failed", f"{name}: {taken.error}", fields, logging.WARNING)
    for line in taken.warnings:
        yield Told("source_warning", f"{name}: warning: {line}", {"source": name, "warning": line}, logging.WARNING)


def _of_delivery(delivered: Delivered) -> Iterator[Told]:
    answer, name = delivered.answer, delivered.destination
    if answer.verdict is not Verdict.DELIVERED:
        tried = "" if delivered.attempts == 1 else f" (attempt {delivered.attempts})"
        fields = {
            "destination": name,
            "outcome": answer.verdict.value,
            "status": answer.status,
            "attempt": delivered.attempts,
            "said": answer.said,
        }
        yield Told("delivery_failed", f"destination {name}: {answer.said}{tried}", fields, logging.WARNING)
    if delivered.switched_off:
        fields = {"destination": name, "why": delivered.switched_off}
        line = f"destination {name} is switched off: {delivered.switched_off}"
        yield Told("destination_off", line, fields, logging.ERROR)


@dataclass(slots=True)
class Round:
    """What a round of the work came to. `took_ms` is from its beginning to the last thing that was done in it."""

    looked: int = 0
    new: int = 0
    changed: int = 0
    files: int = 0
    delivered: int = 0
    failed: int = 0
    problems: int = 0
    took_ms: int = 0

    @property
    def is_news(self) -> bool:
        """Whether it did more than look in vain."""
        return bool(self.new or self.changed or self.files or self.delivered or self.failed or self.problems)

    def add(self, what: Taken | Published | Delivered | StoreTrouble) -> None:
        """Count one step."""
        if isinstance(what, Delivered):
            arrived = what.answer.verdict is Verdict.DELIVERED
            self.delivered += arrived
            self.failed += not arrived
        elif isinstance(what, Published):
            self.files += len(what.files)
            self.problems += len(what.problems)
        elif isinstance(what, StoreTrouble):
            self.problems += 1
        else:
            self.looked += 1
            self.new += what.new
            self.changed += what.changed
            self.problems += what.error is not None

    def in_words(self) -> str:
        """The same, for people."""
        parts = [
            f"{counted(self.looked, 'source')} looked at",
            f"{self.new} new",
            f"{self.changed} changed",
            f"{counted(self.files, 'file')} written",
            f"{counted(self.delivered, 'alert')} delivered",
            f"{self.failed} failed",
            *[counted(self.problems, "problem")] * bool(self.problems),
        ]
        return f"{', '.join(parts)} ({self.took_ms} ms)"


@dataclass(slots=True)
class Journal:
    """Tells `events` of the work, and adds it up. `clock` gives seconds that never go back."""

    events: BoundLogger
    clock: Callable[[], float] = time.monotonic
    _round: Round = field(default_factory=Round)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def say(self, event: str, message: str, *, level: int = logging.INFO, **fields: object) -> None:
        """An event that is no step of the work."""
        self.events.log(level, event, message=message, **fields)

    def tell(self, what: Taken | Published | Delivered | StoreTrouble) -> None:
        """One step of the work."""
        for each in told(what):
            self.events.log(each.level, each.event, message=each.message, **each.fields)
        self._round.add(what)
        self._round.took_ms = int((self.clock() - self._began) * 1000)

    def next_round(self) -> None:
        """A round is over: one line, for those who want to know all also if nothing came of it."""
        done, self._round, self._began = self._round, Round(), self.clock()
        if done.looked or done.is_news:
            level = logging.INFO if done.is_news else logging.DEBUG
            self.events.log(level, "cycle", message=done.in_words(), **asdict(done))
