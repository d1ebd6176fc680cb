"""The one error tree. Every error says what is wrong, where, and what to do about it.

SyndicatorError
├── ConfigError            config.toml can't be used: every mistake in one report        (exit 2)
├── UsageError             a command was called with something it can't take             (exit 2)
│   ├── DefinitionError    an alert or destination can't be kept: every mistake in one report
│   └── ConflictError      what is there already stands against it: a name that is taken, a state
├── QueryError             a query does not parse or is refused, with the position       (exit 2)
├── NotFoundError          no article, topic or source of that name                      (exit 2)
├── StoreError             the store can't do what was asked
│   ├── StoreTooNewError   the database was written by a newer program
│   ├── StoreBusyError     another instance holds the store, or another process writes for too long
│   └── StoreSlowError     a question took longer to answer than it may
├── SourceError            one source failed; it costs itself, never the cycle
│   ├── FetchError         the network or the server said no
│   └── ParseError         what came can't be read as news
├── SignOnError            the provider that signs people in can't be reached, or believed
├── CrowdedError           more people ask for the same just now than can be served
├── HubFullError           our WebSub hub takes no more at present
└── PublishError           one feed could not be written
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Self


class SyndicatorError(Exception):
    """Base of everything this program raises on purpose."""

    exit_code = 1


class ConfigError(SyndicatorError):
    """config.toml can't be used. `problems` holds every mistake found, one printable line (or block) each."""

    exit_code = 2

    def __init__(self, path: str, problems: Sequence[str]) -> None:
        self.path = path
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        super().__init__("\n".join([f"{path}: {count}", *self.problems]))


class UsageError(SyndicatorError):
    """A command was called with something it can't take."""

    exit_code = 2


class DefinitionError(UsageError):
    """An alert or a destination can't be kept as it is written. `mistakes` holds each: its key, and what is wrong."""

    def __init__(self, problems: Sequence[str], mistakes: Sequence[tuple[str, str]]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(problems))


class ConflictError(UsageError):
    """What is there already stands against it: a name that is taken, something in use, or in another state."""


class NotFoundError(SyndicatorError):
    """There is no such article, topic or source."""

    exit_code = 2

    @classmethod
    def among(cls, missing: str, name: str, known: Sequence[str], command: str) -> Self:
        """What is `missing` ("No token is called 'wier'"), and which of those `known` was meant, or what lists them."""
        near = get_close_matches(name, known, n=1)
        return cls(
            f"{missing}: did you mean {near[0]!r}?" if near else f"{missing}. `syndicator {command}` names them all."
        )


class QueryError(SyndicatorError):
    """A query that does not parse, or that is refused.

    `position` is an offset into `query` in characters, 0-based; `hint` says what to write instead.
    """

    exit_code = 2

    def __init__(self, message: str, query: str, position: int, hint: str = "") -> None:
        self.message = message
        self.query = query
        self.position = position
        self.hint = hint
        super().__init__(message)

    @property
    def sentence(self) -> str:
        """What is wrong and where, as a sentence begins; without a full stop."""
        return f"{self.message[:1].upper()}{self.message[1:]} (at character {self.position + 1})"

    @property
    def place(self) -> tuple[str, str]:
        """The line of the mistake, as much of it as fits, and a line of the same width with a caret below the place."""
        start = self.query.rfind("\n", 0, self.position) + 1
        end = self.query.find("\n", self.position)
        line = self.query[start : end if end >= 0 else None]
        column = self.position - start
        first = max(0, column - 60)
        return line[first : first + 100], " " * (column - first) + "^"

    def __str__(self) -> str:
        shown, caret = self.place
        parts = [f"{self.message} (at character {self.position + 1})", f"  {shown}", f"  {caret}"]
        if self.hint:
            parts.append(self.hint)
        return "\n".join(parts)

    def __reduce__(self) -> tuple[type["QueryError"], tuple[str, str, int, str]]:
        return type(self), (self.message, self.query, self.position, self.hint)


class StoreError(SyndicatorError):
    """The store can't do what was asked."""


class StoreTooNewError(StoreError):
    """The database was written by a newer program than this one."""

    exit_code = 2


class StoreBusyError(StoreError):
    """Another instance holds the store, or another process writes into it for too long."""

    exit_code = 2


class StoreSlowError(StoreError):
    """A question to the store took longer to answer than it may."""


class SourceError(SyndicatorError):
    """One source failed. `source` names it; the cycle goes on without it."""

    def __init__(self, source: str, message: str) -> None:
        self.source = source
        self.message = message
        super().__init__(f"{source}: {message}")

    def __reduce__(self) -> tuple[type["SourceError"], tuple[str, str]]:
        return type(self), (self.source, self.message)


class FetchError(SourceError):
    """The network or the server said no."""


class ParseError(SourceError):
    """What came can't be read as news: too large, too deep, not a feed, not a page, no text."""


class SignOnError(SyndicatorError):
    """The provider that signs people in can't be reached, or what it says can't be believed. The text is for admins."""


class CrowdedError(SyndicatorError):
    """More people ask for the same just now than can be served; they may come back in a moment."""


class HubFullError(SyndicatorError):
    """Our WebSub hub takes no more at present. The text is for whoever asked."""


class PublishError(SyndicatorError):
    """One feed could not be written; the last good copy stands."""
