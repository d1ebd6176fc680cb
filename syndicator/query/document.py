"""What of an article a query can see."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    r"""The searchable side of an article, as plain text.

    `text` has an empty line ("\n\n") between paragraphs. `sources` are the names of the sources it appeared in,
    `topics` the names of the topics it was sorted into, `language` a BCP 47 tag such as "en-GB".
    """

    title: str
    text: str
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: frozenset[str] = frozenset()
    language: str | None = None
