"""On which line of config.toml each key stands; tomllib does not say.

A scan of a file that tomllib has already read, so it need not judge, only follow strings and brackets. Quoted
and dotted keys are followed; keys within inline tables take the line of the key that holds them.
"""

import re

from syndicator.config.environment import Key

_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[|\[)\s*({_NAME})\s*\]")
_PAIR = re.compile(rf"\s*({_NAME})\s*=")
# What can open, close or hide a bracket: long strings first, since they begin like short ones.
_TOKEN = re.compile(r"\"\"\"|'''|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#.*|[\[{]|[\]}]")

# A long string may end in up to two quotes of its own before the three that close it.
_LONG_STRING_END = {
    '"""': re.compile(r"(?:\\.|[^\\])*?\"{3,5}"),
    "'''": re.compile(r".*?'{3,5}"),
}


def key_lines(text: str) -> dict[Key, int]:
    """The line (from 1) of every table header and key: {("sources", 2, "url"): 41, …}."""
    found: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    depth = 0
    closer = ""
    for number, line in enumerate(text.split("\n"), start=1):
        rest = line
        if not closer and depth == 0:
            if header := _HEADER.match(line):
                table = _names(header[2])
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                table = _numbered(table, counts)
                found.setdefault(table, number)
                continue
            if pair := _PAIR.match(line):
                found.setdefault(table + _names(pair[1]), number)
                rest = line[pair.end() :]
        depth, closer = _follow(rest, depth, closer)
    return found


def line_of(key: Key, lines: dict[Key, int]) -> int | None:
    """The line of a key, or of the nearest thing that holds it."""
    while key:
        if key in lines:
            return lines[key]
        key = key[:-1]
    return None


def _names(written: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(_PART, written))


def _numbered(table: Key, counts: dict[Key, int]) -> Key:
    """`sources.extra` under the third [[sources]] is ("sources", 2, "extra")."""
    key: Key = ()
    for end, part in enumerate(table, start=1):
        key = (*key, part, counts[table[:end]]) if table[:end] in counts else (*key, part)
    return key


def _follow(line: str, depth: int, closer: str) -> tuple[int, str]:
    """The bracket depth and the awaited end of a long string ("" for none) after this line."""
    position = 0
    while True:
        if closer:
            end = _LONG_STRING_END[closer].match(line, position)
            if end is None:
                return depth, closer
            position, closer = end.end(), ""
        token = _TOKEN.search(line, position)
        if token is None:
            return depth, closer
        position = token.end()
        if token[0] in {'"""', "'''"}:
            closer = token[0]
        else:
            depth += (token[0] in "[{") - (token[0] in "]}")
