"""Where the words of a text are. The same for articles and for queries, whatever the language.

Two steps, so that the first can be cached: the text falls into chunks (a run of letters, with the dots, commas
and apostrophes inside it), and a chunk into the words it holds, nearly always one. Both are linear.
"""

import re
from collections.abc import Iterator

from syndicator.query.folding import INVISIBLE, MARKS, fold

# Characters that stand for another one. One for one: offsets stay those of the original.
_STAND_INS = str.maketrans(dict.fromkeys("’‘ʼʻ‛＇′`´", "'") | {"_": " ", "．": ".", "，": ","})

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Bopomofo, Han. Each character is a word.
_UNSPACED = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e80-\u0ecf\u1000-\u103f\u1050-\u108f\u1780-\u17dd"
    "\u3005-\u3007\u3041-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U0001b000-\U0001b2ff\U00020000-\U000323af"
)
# The half-width voicing marks are letters to Unicode; they belong to the kana before them.
_MARK = rf"[{MARKS}{INVISIBLE}\uff9e\uff9f]"

# A run without a space is cut at 200 characters and 20 joints: nothing in a text may cost more than its length.
_RUN = rf"\w[\w{MARKS}{INVISIBLE}]{{0,199}}"
_CHUNK = re.compile(rf"{_RUN}+(?:(?=['.,])(?:(?:\.?'|[.,]){_RUN}){{0,20}})?")

_LETTER = rf"(?:(?![{_UNSPACED}])[\w{MARKS}{INVISIBLE}])"
_INITIAL = rf"(?:(?![{_UNSPACED}])[^\W\d]{_MARK}*)"
_WORD = re.compile(
    rf"""
      (?=\w)[{_UNSPACED}]{_MARK}*                                               # 東
    | (?: (?<!\d[.,]) (?: \d{{1,3}}(?:,\d{{3}})+(?!,?\d)(?:\.\d+)?              # 3,000  1,234.5
                        | \d+\.\d+(?!\.?\d) ) {_LETTER}*                        # 3.5bn
        | {_INITIAL}(?:\.{_INITIAL})+(?!\w)                                     # U.K
        | {_LETTER}+(?:'(?![sS](?!\w)){_LETTER}+)*                              # O'Brien
      )
      (?=(?P<possessive>\.?'[sS](?!\w))?)
    """,
    re.VERBOSE,
)
# Articles and pronouns that French, Italian and Catalan join to the next word: `l'asile` is two words.
_ELIDED = {*"cdjlmnst", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "all", "dall", "dell", "nell", "sull", "un"}

MIN_PREFIX = 2


def chunks(text: str) -> Iterator[re.Match[str]]:
    """The chunks of a text in order, apostrophes made straight."""
    return _CHUNK.finditer(text.translate(_STAND_INS))


def words(chunk: str) -> list[tuple[int, int, str]]:
    """The words of a chunk: start and end within it, and the word as it is to be folded.

    `Starmer's` is `Starmer`; `O'Brien` and `U.K` come joined, `3,000` without its comma, `l'asile` as two.
    """
    found: list[tuple[int, int, str]] = []
    at = 0
    while (match := _WORD.search(chunk, at)) is not None:
        start, at = match.span()
        if match["possessive"]:
            at = match.end("possessive")
        found.extend(_split_elisions(start, match.group()))
    return found


def _split_elisions(start: int, word: str) -> Iterator[tuple[int, int, str]]:
    while "'" in word:
        head, _, rest = word.partition("'")
        if fold(head) not in _ELIDED:
            break
        yield start, start + len(head), head
        start += len(head) + 1
        word = rest
    yield start, start + len(word), word


def fold_word(word: str) -> str:
    """Fold a word that `words` gave. Only a decimal number keeps a mark: its point."""
    if "." in word and word[0].isdecimal():
        return ".".join(fold(part) for part in word.split("."))
    return fold(word)


def is_unspaced(word: str) -> bool:
    """Whether this is one character of a script without spaces, which is a word by itself."""
    return re.match(rf"[{_UNSPACED}]", word) is not None


def fold_text(text: str) -> tuple[str, ...]:
    """The folded words of a short text (a name, a part of a query), in order."""
    folded = (fold_word(word) for chunk in chunks(text) for _, _, word in words(chunk.group()))
    return tuple(word for word in folded if word)
