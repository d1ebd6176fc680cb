"""What is wrong with config.toml, in sentences an editor can act on."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from syndicator.config.environment import Key, from_environment
from syndicator.config.lines import line_of
from syndicator.config.section import Section
from syndicator.config.values import QuotedError

_LONGEST_SHOWN = 60
# Said of a value whose neighbour is wrong already.
_ECHOES = {"default_factory_not_called"}
_NO_NUMBER = "is not a whole number: write it without quotes, as in 14"
# Pydantic's names of what can be wrong, in our words; in braces what it says beside them.
_SENTENCES = {
    "missing": "is missing",
    "string_type": "is not text: write it in quotes",
    "string_too_long": "is too long: at most {max_length} characters",
    "int_type": _NO_NUMBER,
    "int_parsing": _NO_NUMBER,
    "int_from_float": _NO_NUMBER,
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "tuple_type": 'is not a list: write it in brackets, as in ["this", "that"]',
    "model_type": "is not a table: write it as a [section] of its own",
    "greater_than_equal": "is too small: at least {ge}",
    "less_than_equal": "is too large: at most {le}",
}


class Report:
    """Problems as they are found, each with its key and, where known, its line.

    `mistakes` are the same as pairs of a key, as people write it, and a sentence that goes on from it.
    """

    def __init__(self, lines: Mapping[Key, int], unset: Mapping[Key, str]) -> None:
        self._lines = dict(lines)
        self._unset = dict(unset)
        self._found: list[tuple[int, str]] = []
        self.mistakes: list[tuple[str, str]] = []
        for key, name in unset.items():
            self.say(key, f"asks for the environment variable {name}, which is not set")

    @property
    def problems(self) -> tuple[str, ...]:
        """Every problem, in the order of the file."""
        return tuple(text for _, text in sorted(self._found, key=lambda found: found[0]))

    def say(self, key: Key, sentence: str) -> None:
        """Add a problem: the sentence goes on from the key's name."""
        number = line_of(key, self._lines)
        where = f"line {number}: " if number else ""
        self._found.append((number or 0, f"{where}{written(key)} {sentence}".lstrip()))
        self.mistakes.append((written(key), sentence))

    def say_all(self, error: ValidationError, at: Key, section: type[Section]) -> None:
        """Add every problem that a model found in the section that stands at this key."""
        for detail in error.errors():
            key = at + detail["loc"]
            if detail["type"] not in _ECHOES and not any(key[: len(gone)] == gone for gone in self._unset):
                self.say(key, _sentence(detail, *_innermost(section, detail["loc"])))


def written(key: Key) -> str:
    """A key path as people write it: sources[2].url."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that a key is not known, and which one was perhaps meant."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    meant = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(names)}"
    return f"is not a known key: {meant}"


def _innermost(section: type[Section], place: Key) -> tuple[type[Section], Key]:
    """The section within this one that a place is in, and the place as it is called there."""
    field = section.model_fields.get(str(place[0])) if place else None
    for kind in get_args(field.annotation) or (field.annotation,) if field else ():
        if isinstance(kind, type) and issubclass(kind, Section):
            return _innermost(kind, place[1:])
    return section, place


def _sentence(detail: ErrorDetails, section: type[Section], place: Key) -> str:
    context = detail.get("ctx", {})
    shown = "" if _may_be_secret(place, section) else _shown(detail["input"])
    match detail["type"]:
        case "extra_forbidden":
            return unknown(str(detail["loc"][-1]), section.model_fields)
        case "value_error":
            error = context["error"]
            if isinstance(error, QuotedError):
                return "can't be used" + (shown if from_environment(detail["input"]) else f": {error}")
            return f"{error}{shown}"
        case "enum":
            choices = str(context["expected"]).replace("'", '"')
            return f"is none of {choices}{_nearest(detail['input'], choices)}{shown}"
        case kind if kind in _SENTENCES:
            return _SENTENCES[kind].format_map(context) + shown
        case _:
            return f"is not right: {detail['msg']}{shown}"


def _may_be_secret(place: Key, section: type[Section]) -> bool:
    """Whether what stands there is a secret, or was written where the section that holds secrets should be."""
    return place[0] in section.secrets if place else bool(section.secrets)


def _nearest(value: object, choices: str) -> str:
    words = choices.replace(" or ", ", ").replace('"', "").split(", ")
    near = get_close_matches(str(value).lower(), words, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ""


def _shown(value: object) -> str:
    """The value itself in brackets, unless it may be secret, is missing, or is too long to help."""
    if from_environment(value):
        return " (its value came from the environment)"
    if not isinstance(value, str | int | float) or len(text := str(value)) > _LONGEST_SHOWN or "\n" in text:
        return ""
    return f" (it says {text!r})" if isinstance(value, str) else f" (it says {text.lower()})"
