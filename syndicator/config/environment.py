"""Values kept out of the file: `"env:NAME"` stands for the environment variable NAME."""

from collections.abc import Mapping

_PREFIX = "env:"
Key = tuple[str | int, ...]


class FromEnvironment(str):
    """Text that came from an environment variable: it may be a secret, so nothing prints it."""

    __slots__ = ()


def from_environment(value: object) -> bool:
    """Whether this value, or anything in it, came from the environment."""
    if isinstance(value, list):
        return any(from_environment(one) for one in value)
    if isinstance(value, dict):
        return any(from_environment(one) for one in value.values())
    return isinstance(value, FromEnvironment)


def fill_in(value: object, environ: Mapping[str, str], at: Key = ()) -> tuple[object, dict[Key, str]]:
    """Replace every `"env:NAME"` in a TOML value by its variable.

    Returns the new value and, by key path, the names of the variables that are not set; there the text
    stays as it was, so that the rest of the file can still be checked.
    """
    unset: dict[Key, str] = {}
    if isinstance(value, dict):
        table: dict[str, object] = {}
        for key, one in value.items():
            table[key], more = fill_in(one, environ, (*at, key))
            unset |= more
        return table, unset
    if isinstance(value, list):
        array: list[object] = []
        for index, one in enumerate(value):
            item, more = fill_in(one, environ, (*at, index))
            array.append(item)
            unset |= more
        return array, unset
    if isinstance(value, str) and value.startswith(_PREFIX):
        name = value.removeprefix(_PREFIX)
        return (FromEnvironment(environ[name]), unset) if name in environ else (value, {at: name})
    return value, unset
