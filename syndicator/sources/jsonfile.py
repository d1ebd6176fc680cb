"""A dropped JSON file, taken apart into the articles it holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syndicator.errors import ParseError

_LISTS = ("articles", "items", "entries")
_KINDS = {list: "a list", str: "text", bool: "true or false", type(None): "nothing", int: "a number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Item:
    """One member of the file: its keys, or None where it is no object (`kind` says what it is).

    `number` counts from 1; `place` names it for people.
    """

    number: int
    place: str
    values: Mapping[str, Any] | None
    kind: str = "an object"


def json_items(name: str, document: str) -> list[Item] | None:
    """The articles of a JSON file: one object, a list, or a list under "articles"; None for a JSON Feed.

    Raises ParseError with the line and column where it is not JSON.
    """
    try:
        data = json.loads(document, strict=False)
    except json.JSONDecodeError as error:
        raise ParseError(name, f"this is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise ParseError(name, "this JSON can't be read: a number too large, or nested too deep") from error
    if isinstance(data, dict):
        version = data.get("version")
        if isinstance(version, str) and "jsonfeed.org/version" in version:
            return None
        listed = next((data[key] for key in _LISTS if isinstance(data.get(key), list)), None)
        if listed is None:
            return [Item(1, "the article", data)]
        data = listed
    if not isinstance(data, list):
        kind = _KINDS.get(type(data), "something else")
        raise ParseError(name, f"this JSON holds {kind}; it must be an article (an object) or a list of articles")
    return [
        Item(number, f"item {number}", value if isinstance(value, dict) else None, _KINDS.get(type(value), "an object"))
        for number, value in enumerate(data, start=1)
    ]
