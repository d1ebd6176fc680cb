"""Analysis: a document's words, their stems, and where each stands. One analysis serves the whole store.

All words lie on one line of positions: the title, a gap, the text. The gap is wider than any NEAR, so no phrase
and no NEAR can cross from title to text, and each field is simply a limit on that line:

    title │ gap │ first two paragraphs │ the rest
    0     └ title_end                  └ lead_end
"""

import re
import sys
import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import Stemmer

from syndicator.query.document import Document
from syndicator.query.folding import accentless, fold_name, language_range, latin
from syndicator.query.tokens import chunks, fold_word, words

ANALYSIS_VERSION = 1
"""Raised with every change that gives an article other words, stems or positions: indexes are then built anew."""

GAP = 128  # words between title and text, and between two authors; more than NEAR can reach
LEAD_PARAGRAPHS = 2
LEAD_WORDS = 150  # a text that came as one block has no paragraphs, and its lead would be all of it

_SNOWBALL = {
    "ar": "arabic", "bs": "serbian", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german",
    "el": "greek", "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque",
    "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hr": "serbian",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sh": "serbian", "sr": "serbian", "st": "sesotho",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_CACHE_SIZE = 1 << 16
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")

# A word of a chunk: folded form, stem, start and end within the chunk.
_Word = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Words on a line of positions. In a gap, and only there, the word is the empty string.

    `words` and `stems` are read by position; `word_at` and `stem_at` give the ascending positions of a word.
    `starts` and `ends` are character offsets into the original (title, text or author's name).
    """

    words: list[str]
    stems: list[str]
    starts: list[int]
    ends: list[int]
    word_at: dict[str, list[int]]
    stem_at: dict[str, list[int]]
    vocabulary: list[str] = field(default_factory=list)

    def beginning_with(self, prefix: str) -> list[str]:
        """The distinct words that begin so. Sorts the vocabulary the first time it is asked."""
        if len(self.vocabulary) != len(self.word_at):
            self.vocabulary[:] = sorted(self.word_at)
        first = bisect_left(self.vocabulary, prefix)
        last = bisect_left(self.vocabulary, prefix + chr(sys.maxunicode), first)
        return self.vocabulary[first:last]


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A document, analysed: what queries are held against. Positions are as the module says.

    `text_start` is the position of the text's first word. `sources`, `topics` and `languages` map the form that is
    compared to the name as it was given; a language is there with all it is a kind of ("en-gb", "en").
    """

    document: Document
    analyser: "Analyser"
    body: Tokens
    title_end: int
    text_start: int
    lead_end: int
    authors: Tokens
    author_of: list[int]
    sources: dict[str, str]
    topics: dict[str, str]
    languages: dict[str, str]

    def with_topics(self, topics: frozenset[str]) -> "Analysed":
        """The same article under these topics; its words are not read again."""
        return replace(self, document=replace(self.document, topics=topics), topics=_names(sorted(topics)))


class Analyser:
    """Analyses articles and queries alike, with the Snowball stemmer of the site's language.

    `language` is a BCP 47 tag; a language without a stemmer gets none, so that every form is its own stem. Analysers
    of one language are equal. Safe to share between threads.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        name = _SNOWBALL.get(language.replace("_", "-").partition("-")[0].lower(), "")
        self._stemmer = Stemmer.Stemmer(name, 0) if name in Stemmer.algorithms() else None
        self._cyrillic = name == "russian"
        self._stemming = threading.Lock()  # a Stemmer is not thread-safe
        self._chunks: dict[str, tuple[_Word, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Analyser) and self.language == other.language

    def __hash__(self) -> int:
        return hash(self.language)

    def __reduce__(self) -> tuple[type["Analyser"], tuple[str]]:
        return type(self), (self.language,)

    def __repr__(self) -> str:
        return f"Analyser({self.language!r})"

    def stems(self, text: str) -> tuple[str, ...]:
        """The stems of a few words, in order."""
        return tuple(stem for chunk in chunks(text) for _, stem, _, _ in self._words(chunk.group()))

    def stem_of(self, word: str) -> str | None:
        """The stem that a folded word has wherever it stands; None where that depends on how it was written there."""
        return None if self._cyrillic else self._stem(word, word)

    def analyse(self, document: Document) -> Analysed:
        """Read a document once, in time linear to its length."""
        body = Tokens([], [], [], [], {}, {})
        self._read(document.title, body)
        title_end = len(body.words)
        _leave_gap(body)
        text_start = len(body.words)
        self._read(document.text, body)
        lead_chars = _lead_length(document.text)
        lead_end = text_start
        furthest = min(len(body.words), text_start + LEAD_WORDS)
        while lead_end < furthest and body.starts[lead_end] < lead_chars:
            lead_end += 1
        authors = Tokens([], [], [], [], {}, {})
        author_of: list[int] = []
        for number, author in enumerate(document.authors):
            self._read(author, authors)
            _leave_gap(authors)
            author_of.extend([number] * (len(authors.words) - len(author_of)))
        for tokens in (body, authors):
            _index(tokens.words, tokens.word_at)
            _index(tokens.stems, tokens.stem_at)
        return Analysed(
            document=document,
            analyser=self,
            body=body,
            title_end=title_end,
            text_start=text_start,
            lead_end=lead_end,
            authors=authors,
            author_of=author_of,
            sources=_names(document.sources),
            topics=_names(sorted(document.topics)),
            languages=dict.fromkeys(language_range(document.language or ""), document.language or ""),
        )

    def _read(self, text: str, into: Tokens) -> None:
        all_words, all_stems, starts, ends = into.words, into.stems, into.starts, into.ends
        for found in chunks(text):
            at = found.start()
            for word, stem, start, end in self._words(found.group()):
                all_words.append(word)
                all_stems.append(stem)
                starts.append(at + start)
                ends.append(at + end)

    def _words(self, chunk: str) -> tuple[_Word, ...]:
        known = self._chunks.get(chunk)
        if known is None:
            if len(self._chunks) >= _CACHE_SIZE:
                self._chunks.clear()
            known = self._chunks[chunk] = tuple(self._analyse_chunk(chunk))
        return known

    def _analyse_chunk(self, chunk: str) -> Iterator[_Word]:
        for start, end, word in words(chunk):
            folded = fold_word(word)
            if folded:
                yield folded, self._stem(word, folded), start, end

    def _stem(self, word: str, folded: str) -> str:
        # A stem is made from the folded form, so that `société` and `societe` have one. Only the Russian stemmer
        # reads Cyrillic, and is given it.
        if self._stemmer is None:
            return folded
        with self._stemming:
            if self._cyrillic:
                return latin(self._stemmer.stemWord(accentless(word))) or folded
            return str(self._stemmer.stemWord(folded)) or folded


def _leave_gap(tokens: Tokens) -> None:
    tokens.words.extend([""] * GAP)
    tokens.stems.extend([""] * GAP)
    tokens.starts.extend([0] * GAP)
    tokens.ends.extend([0] * GAP)


def _lead_length(text: str) -> int:
    """Where the second paragraph ends, in characters. Empty paragraphs do not count."""
    end, seen = 0, 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        if text[end : gap.start()].strip():
            seen += 1
            if seen == LEAD_PARAGRAPHS:
                return gap.start()
        end = gap.end()
    return len(text)


def _index(words: list[str], at: dict[str, list[int]]) -> None:
    for position, word in enumerate(words):
        places = at.get(word)
        if places is None:
            at[word] = [position]
        else:
            places.append(position)
    at.pop("", None)


def _names(names: Iterable[str]) -> dict[str, str]:
    return {folded: name for name in names if (folded := fold_name(name))}
