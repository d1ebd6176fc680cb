"""The form that a destination is written in: what each kind is made of, and what is wrong with what was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from syndicator.config import DestinationKind
from syndicator.errors import DefinitionError, UsageError
from syndicator.web.desk.form import Form

# What each kind is made of; files and the terminal of this machine are for those who work at it.
KEYS: Mapping[DestinationKind, tuple[str, ...]] = MappingProxyType(
    {
        DestinationKind.EMAIL: ("to", "owner"),
        DestinationKind.WEBHOOK: ("url", "secret", "owner"),
        DestinationKind.APPRISE: ("url", "owner"),
    }
)
_SECRET = frozenset({"url", "secret"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that can't be kept: what was written in it, without what is secret, and what is wrong, by field."""

    kind: str
    filled: Mapping[str, str]
    mistakes: Mapping[str, str]


def kind_chosen(form: Form) -> DestinationKind:
    """The kind that was chosen, of those that can be made here. Raises UsageError."""
    for kind in KEYS:
        if form.text("kind") == kind.value:
            return kind
    raise UsageError(f"Choose one of {', '.join(KEYS)}: the others are added by command.")


def refused_form(kind: DestinationKind, raw: Mapping[str, str], error: UsageError) -> Refused:
    """The mistakes at their fields; what belongs to none of them stands above the form, under ""."""
    fields = {"name", *KEYS[kind]} if kind in KEYS else set()
    mistakes: dict[str, str] = {}
    for key, sentence in error.mistakes if isinstance(error, DefinitionError) else [("", str(error))]:
        at, said = (key, sentence) if key in fields else ("", f"{key} {sentence}".strip())
        mistakes[at] = f"{mistakes[at]} {said}" if at in mistakes else said
    return Refused(kind.value, {key: value for key, value in raw.items() if key not in _SECRET}, mistakes)
