"""What a correction changes, to be looked at before it is published: paragraphs as they were and as they will be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from syndicator.web.desk.form import Form

# Comparing takes the square of these in the worst case.
_MOST_COMPARED = 400
_SHOWN = 20
_LONGEST = 3000  # characters of one side of a change
_BETWEEN = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Change:
    """Some words as they were and as they will be; "" where there were none, or will be none."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changes:
    """A new headline, if it is one, and the changed paragraphs in their order, with how many `more` there are."""

    title: Change | None
    text: tuple[Change, ...]
    more: int


def changes(shown: Mapping[str, str], form: Form) -> Changes:
    """What a form changes in the headline and the text that it was `shown` with."""
    title = Change(shown["title"], form.text("title"))
    found = list(_changed(_paragraphs(shown["text"]), _paragraphs(form.text("text"))))
    if not found and shown["text"] != form.text("text"):
        found = [Change(shown["text"], form.text("text"))]
    return Changes(
        title if title.old != title.new else None,
        tuple(Change(_fit(each.old), _fit(each.new)) for each in found[:_SHOWN]),
        len(found[_SHOWN:]),
    )


def _paragraphs(text: str) -> list[str]:
    return [each.strip() for each in _BETWEEN.split(text) if each.strip()]


def _changed(old: list[str], new: list[str]) -> Iterator[Change]:
    """Where texts are too long to be compared paragraph by paragraph, all from the first change to the last is one."""
    alike = 0
    while alike < min(len(old), len(new)) and old[alike] == new[alike]:
        alike += 1
    old, new = old[alike:], new[alike:]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    whole = [("replace", 0, len(old), 0, len(new))] if old or new else []
    is_long = max(len(old), len(new)) > _MOST_COMPARED
    steps = whole if is_long else SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for kind, first, last, begin, end in steps:
        if kind != "equal":
            yield Change("\n\n".join(old[first:last]), "\n\n".join(new[begin:end]))


def _fit(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
