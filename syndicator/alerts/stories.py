"""Are these two articles the same story? Near-identical texts are; two texts cut from one pattern are not.

Agency copy comes again under another headline, shortened, with a local paragraph, with a newer toll. What all of these
share is most of the shorter text, run for run. So do today's weather warning and yesterday's, or two arrests written
up on one form; but there each side names people, places or days that the other never mentions. Hence two tests. The
texts must share their runs of four words, reckoned on the shorter one: containment (Broder, On the resemblance and
containment of documents, 1997). And their leads must not contradict each other: names or figures of its own on one
side are more news, on both sides they are other news. In doubt they are two: merging two stories is worse than sending
one twice.

What text alone can do, on the labelled set's pairs of more than a teaser (tests/data/stories.jsonl), each threshold
just above the highest pair of two stories in the part for tuning: recall there, and in the parts written afterwards.

    SimHash, 64 bits, runs of 2 words       0.10   0.07
    MinHash, 128 slots, runs of 5           0.16   0.11
    MinHash exactly, runs of 4 (2 to 8)     0.16   0.11   (0.16 to 0.20, 0.11 to 0.16)
    containment, runs of 4 (3 to 8)         0.53   0.51   (0.53 to 0.58, 0.51 to 0.52)
    containment, and leads that agree       0.96   0.96

What is kept of an article are the words its text begins with, each as a CRC-32: nothing is estimated, and no threshold
is frozen into the store. Sketches are smaller, but the libraries that make them do not keep their values: rensa 0.5
and datasketch 2.0 both ask that stored signatures be built anew. To be found again, an article leaves bands in an
index: the runs that winnowing picks (Schleimer, Wilkerson, Aiken, Winnowing, 2003), of which any two texts that share
19 words in a row have one in common.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from struct import pack
from zlib import crc32

from syndicator.model import Content
from syndicator.query.tokens import chunks, fold_word, words

SIGNATURE_VERSION = 1
"""Raised with every change that gives a text other hashes or positions; records of two versions never meet."""

WINDOW = timedelta(hours=48)
"""How far apart two articles of one story may be published: copy travels within a day or two."""

# A rewriting or a newer toll comes on the same day. What comes later and is not a plain copy is the next day's news.
_SAME_DAY = timedelta(hours=12)

# News says first what is new and is cut from its end; behind these words stands background that many stories share.
_WORDS = 256
_LEAD = 64
_OPENING = 20
_TITLE = 24
_CHARACTERS = 32 * _WORDS

_RUN = 4
_WINNOW = 16  # runs of which the least is picked: RUN + WINNOW - 1 = 19 words in a row are always found again

_CONTAINED = 0.75
_OPENING_CONTAINED = 0.4
_OPENING_CONTAINED_LATER = 0.75
_COPY_CONTAINED = 0.9  # a plain copy: asked of teasers, and where no names can tell two uses of a form apart

_SHORT = 30  # a text of no more words is a teaser,
_TEASER = 12  # and needs as many as this to be told from a formula;
_HEADLINE = 7  # a headline without a text needs these
_TOPICAL = 2  # words of its headline that say that a long text is about what a short one tells
_TELLING = 4  # letters of a word in a headline that says what the article is about

_SENTENCE_ENDS = frozenset('.!?:…\n"“”„«»')
_CACHED = 1 << 13  # chunks, mostly words: what a running service reads again and again


@dataclass(frozen=True, slots=True)
class Told:
    """What is kept of an article to know its story again: about 1 KB, made by `tell`.

    `title` and `words`, the text's beginning, are CRC-32s of folded words in order; in `title` a short word, which says
    little, is 0. `names` and `figures` are the places of both in the title and lead, ascending, counted through `title`
    and on into `words`. A title has figures only: in many houses its words have capitals all alike.
    """

    source: str
    published: datetime
    title: tuple[int, ...]
    words: tuple[int, ...]
    names: tuple[int, ...]
    figures: tuple[int, ...]
    version: int = SIGNATURE_VERSION


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story that an article may belong to, known by the article that opened it."""

    story: str
    first: Told


def tell(content: Content, *, source: str, published: datetime) -> Told:
    """Read the beginning of an article, in time bounded whatever it holds.

    The summary is read where there is no text. `source` is the source's name: one source does not tell the same
    story twice in a teaser, but it does use its teasers again.
    """
    title = list(islice(_read(content.title), _TITLE))
    text = list(islice(_read(content.text or content.summary), _WORDS))
    marked = list(enumerate([*title, *text[:_LEAD]]))
    names_from = len(title) if text else 0
    return Told(
        source=source,
        published=published,
        title=tuple(word.hashed if word.tells else 0 for word, _ in title),
        words=tuple(word.hashed for word, _ in text),
        names=tuple(at for at, (word, opens) in marked if word.capital and not opens and at >= names_from),
        figures=tuple(at for at, (word, _) in marked if word.figure),
    )


def bands(told: Told) -> tuple[int, ...]:
    """The keys under which an article is looked up, ascending, each from 0 to 2³³-1: about 30 for 250 words.

    Articles of one story share at least one. None where there is too little text to tell.
    """
    said, run = pack(f"<{len(told.words)}I", *told.words), 4 * _RUN
    keys = [crc32(said[at : at + run], told.version) for at in range(0, len(said) - run + 1, 4)]
    picked = {min(keys[at : at + _WINNOW]) for at in range(max(len(keys) - _WINNOW + 1, 1))} if keys else set()
    if len(told.title) >= _HEADLINE:
        picked.add((1 << 32) + crc32(pack(f"<{len(told.title)}I", *told.title), told.version))
    return tuple(sorted(picked))


def same_story(one: Told, other: Told) -> bool:
    """Whether two articles are one story. Symmetric; never true of two that share no band."""
    apart = abs(one.published - other.published)
    if one.version != other.version or apart > WINDOW:
        return False
    later = apart > _SAME_DAY
    length = min(len(one.words), len(other.words))
    if length == 0:
        same = not later and _same_headline(one, other)
    elif length <= _SHORT:
        same = _same_teaser(one, other)
    else:
        same = _same_text(one, other, later=later)
    return same and not set(bands(one)).isdisjoint(bands(other))


def overlap(one: Told, other: Told) -> float:
    """The share of the shorter text's runs of four words that the longer one has too, from 0 to 1."""
    runs, others = set(_runs(one.words)), set(_runs(other.words))
    return len(runs & others) / min(len(runs), len(others)) if runs and others else 0.0


def choose(article: Told, candidates: Iterable[Candidate]) -> str | None:
    """The story that an article joins; None: it opens its own.

    It must be the same story as the article that *opened* one: were any member enough, a round-up or a chain of updates
    would draw stories together step by step. Of several it joins the one it shares most with, then the oldest.
    """
    fitting = [candidate for candidate in candidates if same_story(article, candidate.first)]
    if not fitting:
        return None
    return min(fitting, key=lambda c: (-overlap(article, c.first), c.first.published, c.story)).story


@dataclass(frozen=True, slots=True)
class _Word:
    """A folded word. `capital`: it was written with one; where none is due, it is a name. Many scripts have none.

    `figure`: it has a digit. `tells`: in a headline it says what the article is about.
    """

    hashed: int
    capital: bool
    figure: bool
    tells: bool


def _read(text: str) -> Iterator[tuple[_Word, bool]]:
    """The words, and whether each opens a sentence."""
    text = text[:_CHARACTERS]
    end = 0
    for found in chunks(text):
        opens = end == 0 or not _SENTENCE_ENDS.isdisjoint(text[end : found.start()])
        end = found.end()
        for word in _words(found.group()):
            yield word, opens
            opens = False


@lru_cache(_CACHED)
def _words(chunk: str) -> tuple[_Word, ...]:
    read: list[_Word] = []
    for _, _, written in words(chunk):
        if folded := fold_word(written):
            figure = any(character.isdecimal() for character in folded)
            tells = figure or len(folded) >= _TELLING or not folded.isascii()
            read.append(_Word(crc32(folded.encode()), written[0].isupper() and not figure, figure, tells))
    return tuple(read)


def _runs(hashes: Sequence[int]) -> Iterable[tuple[int, ...]]:
    if len(hashes) < _RUN:
        return [tuple(hashes)] if hashes else []
    return zip(*(hashes[at:] for at in range(_RUN)), strict=False)


def _same_text(one: Told, other: Told, *, later: bool) -> bool:
    least, least_opening = _CONTAINED, _OPENING_CONTAINED_LATER if later else _OPENING_CONTAINED
    if not one.names and not other.names:
        least = least_opening = _COPY_CONTAINED
    brief = min(len(one.words), len(other.words)) <= _LEAD
    return (
        not _both_own(one, one.names, other, other.names)
        and not ((later or brief) and _both_own(one, one.figures, other, other.figures))
        and not (brief and _within_a_round_up(one, other))
        and not _of_a_series(one, other)
        and max(_opening_told(one, other), _opening_told(other, one)) >= least_opening
        and overlap(one, other) >= least
    )


def _opening_told(one: Told, other: Told) -> float:
    """The share of the opening's runs that the other text has. Yesterday's copy under a new opening is today's news."""
    opening = set(_runs(one.words[:_OPENING]))
    return len(opening.intersection(_runs(other.words))) / len(opening)


def _both_own(one: Told, marks: tuple[int, ...], other: Told, other_marks: tuple[int, ...]) -> bool:
    """Whether each side has marks that the other lacks. Leads are read to the length of the shorter text."""
    return bool(_own(one, marks, other) and _own(other, other_marks, one))


def _own(one: Told, marks: tuple[int, ...], other: Told) -> set[int]:
    said = one.title + one.words[: len(other.words)]
    return {said[at] for at in marks if at < len(said)}.difference(other.words, other.title)


def _of_a_series(one: Told, other: Told) -> bool:
    """Whether one source numbers them: both titles have a figure of which neither text speaks."""
    return one.source == other.source and all(
        not _own(told, tuple(at for at in told.figures if at < len(told.title)), against) <= set(told.words)
        for told, against in ((one, other), (other, one))
    )


def _same_teaser(one: Told, other: Told) -> bool:
    """Whether a text of a sentence or two is told, almost word for word, where the other begins.

    Formulas are short too ("the stories behind the headlines"): the text must speak of what stands above it.
    """
    short, long = sorted((one, other), key=lambda told: len(told.words))
    return (
        len(short.words) >= _TEASER
        and (one.source != other.source or one.title == other.title)
        and (_mentioned(short.title, short) + _mentioned(long.title, short) > 0)
        and not _within_a_round_up(one, other)
        and not _both_own(one, one.names, other, other.names)
        and not _both_own(one, one.figures, other, other.figures)
        and overlap(one, other) >= _COPY_CONTAINED
    )


def _within_a_round_up(one: Told, other: Told) -> bool:
    """Whether one text is but a part of the other, and of no more than a passing interest to that one's headline."""
    short, long = sorted((one, other), key=lambda told: len(told.words))
    return len(long.words) > 2 * len(short.words) and _mentioned(long.title, short) < _TOPICAL


def _mentioned(title: tuple[int, ...], told: Told) -> int:
    """How many of a headline's telling words a text has."""
    return len(set(told.words).intersection(value for value in title if value))


def _same_headline(one: Told, other: Told) -> bool:
    """Whether a headline that came without a text is that of the other, from another source, and names something."""
    bare = one if not one.words else other
    return (
        one.source != other.source
        and one.title == other.title
        and len(one.title) >= _HEADLINE
        and bool(bare.names or bare.figures)
    )
