"""Folding: what counts as the same letters. Language plays no part in it.

A word is folded alone, never a whole text: NFKC changes lengths, and a match must be able to point at the
characters of the original. `latin` works letter by letter, so that the folded beginning of a word is the
beginning of the folded word, and `бео*` finds `Beograd`.
"""

import re
import unicodedata

# Letters of the Serbian and Macedonian alphabets, as Gaj's Latin writes them, with its accents already folded
# (ч, ћ → c; ж → z; ш → s). Letters that only other Cyrillic alphabets have (ы, щ, я, й, і …) stay as they are:
# a Russian word then folds to a mixed form that nobody sees, and always to the same one.
_TO_LATIN = str.maketrans(
    dict(zip("абвгдежзијклмнопрстуфхцчш", "abvgdezzijklmnoprstufhccs", strict=True))
    | {"ђ": "dj", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz", "ѕ": "dz"}
    # Letters that Unicode does not take apart into a base and an accent.
    | {"đ": "dj", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
# Macedonian ѓ and ќ are letters, though Unicode takes them for г and к with an acute.
_MACEDONIAN = str.maketrans({"ѓ": "gj", "ќ": "kj"})

# Accents of the Latin, Greek and Cyrillic scripts, Hebrew points, Arabic vowel signs and tatweel, variation
# selectors. Marks of other scripts are vowels (Devanagari, Thai) or make another letter (kana), and stay. So does
# the breve of й.
_ACCENTS = re.compile(
    "(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    "\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def _ranges(points: list[int]) -> str:
    """These code points, ascending, as the inside of a regular expression's character class."""
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in spans)


# Combining marks, which Python's \w leaves out: without them Hindi falls into single consonants. All of plane 0;
# beyond it those of Chakma and Adlam, and the variation selectors (every range there slows each regular expression).
MARKS = (
    _ranges([point for point in range(0x10000) if unicodedata.category(chr(point)) in {"Mn", "Mc", "Me"}])
    + "\U00011100-\U00011102\U00011127-\U00011134\U0001e944-\U0001e94a\U000e0100-\U000e01ef"
)
# Soft hyphen, zero-width characters, direction marks: they are written inside words and mean nothing there.
INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
# What NFKC may bring in besides letters: ⑴ is `(1)`, ﷺ is four words. ½ is `1⁄2`, and keeps its bar: it is not 12.
_NOT_A_LETTER = re.compile(rf"[^\w\u2044{MARKS}]|_")


def accentless(word: str) -> str:
    """The word in lower case, without accents, in its own script: what a stemmer of that script takes."""
    if word.isascii():
        return _NOT_A_LETTER.sub("", word).lower()
    word = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold()).translate(_MACEDONIAN)
    word = _ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", _NOT_A_LETTER.sub("", word))


def latin(word: str) -> str:
    """Serbian and Macedonian Cyrillic letters of an accentless word in Latin; `đ` and `ђ` are `dj`."""
    return word if word.isascii() else word.translate(_TO_LATIN)


def fold(word: str) -> str:
    """The form in which words are compared: `Café` = `cafe`, `Београд` = `Beograd`, `Ђоковић` = `Djokovic`.

    Everything but letters, digits and vowel signs is dropped. May be empty.
    """
    return latin(accentless(word))


def fold_name(name: str) -> str:
    """A whole name (of a source, a topic, a language) as names are compared: folded, but with its punctuation."""
    return " ".join(fold(part) or part for part in re.findall(rf"[\w{MARKS}{INVISIBLE}]{{1,200}}|[^\w\s]", name))


def language_range(tag: str) -> list[str]:
    """A language tag as it is compared, and all it is a kind of: "en-GB" is `en-gb` and `en` (RFC 4647 §3.3.1).

    Empty if it is no tag at all.
    """
    parts = tag.strip().lower().replace("_", "-").split("-")
    if not all(part.isascii() and part.isalnum() for part in parts):
        return []
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
