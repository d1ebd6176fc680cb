"""The tables of a file: which there are, how each is written, and what a model makes of it."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from syndicator.config.context import Context
from syndicator.config.environment import Key
from syndicator.config.report import Report, unknown
from syndicator.config.section import Section

_SINGLE = (
    "site",
    "store",
    "feeds",
    "server",
    "api",
    "desk",
    "websub",
    "log",
    "schedule",
    "network",
    "smtp",
    "maintenance",
)
# How those are begun that come in numbers: in double brackets, or by name.
_LISTED = {
    "sources": "is one table: begin each source with [[sources]], in double brackets",
    "alerts": "is one table: begin each alert with [[alerts]], in double brackets",
}
_NAMED = {
    "topics": ("topic", "is not a table: begin each topic with [topics.NAME]"),
    "destinations": ("destination", "is not a table: begin each destination with [destinations.NAME]"),
}
_KNOWN = (*_SINGLE, *_LISTED, *_NAMED)
_Model = TypeVar("_Model", bound=Section)


class Tables:
    """What TOML gave. Every mistake goes into the report, those of the outer form at once."""

    def __init__(self, raw: Mapping[str, object], report: Report) -> None:
        self._raw = raw
        self._report = report
        self._keyed = {name: self._of_list(name) for name in _LISTED} | {name: self._of_names(name) for name in _NAMED}
        for name in raw.keys() - set(_KNOWN):
            report.say((name,), unknown(name, _KNOWN))

    def keyed(self, section: str) -> list[tuple[Key, object]]:
        """Each table of a section that comes in numbers, as written, with the key it stands at."""
        return self._keyed[section]

    def names(self, section: str) -> tuple[str, ...]:
        """The names in a section that comes in numbers, whatever else its tables say."""
        named = (table.get("name") for _, table in self._keyed[section] if isinstance(table, dict))
        return tuple(name.strip() for name in named if isinstance(name, str))

    def single(self, model: type[_Model], section: str, context: Context) -> _Model | None:
        """A section that stands once; without a table it is all defaults. None where it has mistakes."""
        return validated(model, (section,), self._raw.get(section, {}), context, self._report)

    def several(self, model: type[_Model], section: str, context: Context) -> list[tuple[Key, _Model]]:
        """A section that comes in numbers: those without mistakes, each with the key it stands at."""
        read = [(key, validated(model, key, table, context, self._report)) for key, table in self._keyed[section]]
        return [(key, one) for key, one in read if one is not None]

    def _of_list(self, section: str) -> list[tuple[Key, object]]:
        tables = self._raw.get(section, [])
        if isinstance(tables, list):
            return [((section, index), table) for index, table in enumerate(tables)]
        self._report.say((section,), _LISTED[section])
        return []

    def _of_names(self, section: str) -> list[tuple[Key, object]]:
        noun, hint = _NAMED[section]
        tables = self._raw.get(section, {})
        if not isinstance(tables, dict):
            self._report.say((section,), hint)
            return []
        keyed: list[tuple[Key, object]] = []
        for name, table in tables.items():
            if isinstance(table, dict) and "name" in table:
                self._report.say((section, name, "name"), f"is not a known key: a {noun}'s name stands in its header")
            keyed.append(((section, name), {**table, "name": name} if isinstance(table, dict) else table))
        return keyed


def validated(model: type[_Model], at: Key, value: object, context: Context, report: Report) -> _Model | None:
    """One table as its model reads it. None where it has mistakes: they are then in the report."""
    try:
        return model.model_validate(value, context=context)
    except ValidationError as error:
        report.say_all(error, at, model)
        return None
