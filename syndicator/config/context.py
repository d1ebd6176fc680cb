"""What a value is read against: the folder of relative paths, the newsroom's zone, the names there are."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo

_UTC = ZoneInfo("UTC")
_MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a section. Names that are None are not known yet, and nothing is held against them."""

    root: Path = field(default_factory=Path.cwd)
    zone: ZoneInfo = _UTC
    topics: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    destinations: tuple[str, ...] | None = None


def context_of(info: ValidationInfo) -> Context:
    """The context that a section is validated in, or an empty one."""
    return info.context if isinstance(info.context, Context) else Context()


def known_topic(value: str, info: ValidationInfo) -> str:
    """The name of a topic."""
    return _known("topic", value, context_of(info).topics)


def known_source(value: str, info: ValidationInfo) -> str:
    """The name of a source, in any case; as the source itself spells it."""
    return _known("source", value, context_of(info).sources)


def known_destination(value: str, info: ValidationInfo) -> str:
    """The name of a destination."""
    return _known("destination", value, context_of(info).destinations)


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list of names in which none stands twice."""
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"names {value!r} twice: once will do")
    return values


def _known(kind: str, value: str, names: tuple[str, ...] | None) -> str:
    if names is None:
        return value
    folded = {name.casefold(): name for name in names}
    wanted = value.strip().casefold()
    if wanted in folded:
        return folded[wanted]
    near = get_close_matches(wanted, folded, n=1)
    if near:
        raise ValueError(f"is the name of no {kind}: did you mean {folded[near[0]]!r}?")
    if not names:
        raise ValueError(f"is the name of no {kind}: there is none yet")
    more = ", …" if len(names) > _MOST_LISTED else ""
    raise ValueError(f"is the name of no {kind}: known are {', '.join(map(repr, names[:_MOST_LISTED]))}{more}")
