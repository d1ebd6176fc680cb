"""An article as the row of the FTS5 index that it is searched in: written, and read again.

The tokens in the row are ours, already folded and stemmed, so FTS5's own tokenizer has only to leave them alone:
`ascii` takes every non-ASCII character for a letter and splits at ASCII signs and spaces, which no token has (the
point of a decimal, and of our own marks, is named in `tokenchars`). Stems and words have columns of their own, for
a phrase must lie within one column; so does the lead, though its words are also in the text.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from syndicator.query.analysis import GAP, Analysed
from syndicator.query.atoms import Where


class FtsRow(NamedTuple):
    """The columns of the index, in order; each a string of tokens joined by spaces."""

    title: str
    lead: str
    text: str
    title_stem: str
    lead_stem: str
    text_stem: str
    author: str
    meta: str


COLUMNS = FtsRow._fields
TOKENIZE = "ascii tokenchars '.'"
# A token that no word can be: it stands between two authors, and no phrase can reach over it.
_BARRIER = "."
_GAP = ("",) * GAP


def create_fts(table: str) -> str:
    """The statement that makes the index.

    It keeps its own copy of the tokens. A contentless index would be smaller, but SQLite before 3.43 needs the exact
    old values to delete a row, and one slip would corrupt the index unseen.
    """
    columns = ", ".join(COLUMNS)
    return f'CREATE VIRTUAL TABLE {table} USING fts5({columns}, tokenize="{TOKENIZE}")'


def create_terms(name: str, table: str) -> str:
    """The statement that makes the table in which each token of the index stands with each of its places."""
    return f"CREATE VIRTUAL TABLE {name} USING fts5vocab({table}, instance)"


def index_row(article: Analysed) -> FtsRow:
    """The row under which an article is found."""
    body, authors = article.body, article.authors
    title, text = slice(article.title_end), slice(article.text_start, None)
    lead = slice(article.text_start, article.lead_end)
    meta = itertools.chain(
        (name_token(Where.SOURCE, name) for name in article.sources),
        (name_token(Where.TOPIC, name) for name in article.topics),
        (name_token(Where.LANG, name) for name in article.languages),
    )
    return FtsRow(
        title=" ".join(body.words[title]),
        lead=" ".join(body.words[lead]),
        text=" ".join(body.words[text]),
        title_stem=" ".join(body.stems[title]),
        lead_stem=" ".join(body.stems[lead]),
        text_stem=" ".join(body.stems[text]),
        author=" ".join(_with_barriers(authors.words)),
        meta=" ".join(meta),
    )


def name_token(where: Where, name: str) -> str:
    """A name as one token: hexadecimal, for it may hold anything."""
    return f"{where.name.lower()}.{name.encode('utf-8', 'surrogatepass').hex()}"


def names_in(meta: str) -> dict[Where, dict[str, str]]:
    """The names of a row's `meta`, by what they are of; each mapped to itself, for the form as given is not there."""
    found: dict[Where, dict[str, str]] = {Where.SOURCE: {}, Where.TOPIC: {}, Where.LANG: {}}
    for token in tokens_of(meta):
        where, _, name = token.partition(".")
        folded = bytes.fromhex(name).decode("utf-8", "surrogatepass")
        found[Where[where.upper()]][folded] = folded
    return found


def authors_in(author: str) -> list[str]:
    """The words of a row's `author`, with the gaps between the names as they were read."""
    return [word for token in tokens_of(author) for word in (_GAP if token == _BARRIER else (token,))]


def tokens_of(column: str) -> list[str]:
    """The tokens of any column."""
    return column.split(" ") if column else []


def _with_barriers(words: list[str]) -> Iterator[str]:
    """The authors' words, with one barrier for each gap."""
    before = ""
    for word in words:
        if word or before:
            yield word or _BARRIER
        before = word
