"""The query language once more, as slowly and plainly as docs/query-language.md says it.

It shares nothing with the package but the syntax tree: what a written word is (its folded words and their stems) is
looked up in LEXICON, which people wrote. A story is given in its parts, so that nothing has to be found in a text.
"""

from dataclasses import dataclass

from syndicator.query.syntax import And, AtLeast, Field, Near, Node, Not, Or, Term

# As written: the words it is made of, each folded and stemmed.
LEXICON: dict[str, list[tuple[str, str]]] = {
    "asylum": [("asylum", "asylum")],
    "Asylum": [("asylum", "asylum")],
    "hotel": [("hotel", "hotel")],
    "hotels": [("hotels", "hotel")],
    "HOTELS": [("hotels", "hotel")],
    "migrate": [("migrate", "migrat")],
    "migrating": [("migrating", "migrat")],
    "mi\u00adgrant": [("migrant", "migrant")],
    "Starmer": [("starmer", "starmer")],
    "Starmer’s": [("starmer", "starmer")],
    "Starmer's": [("starmer", "starmer")],
    "O’Brien": [("obrien", "obrien")],
    "U.K.": [("uk", "uk")],
    "UK": [("uk", "uk")],
    "3,000": [("3000", "3000")],
    "3000": [("3000", "3000")],
    "café": [("cafe", "cafe")],
    "cafe\u0301": [("cafe", "cafe")],
    "Cafes": [("cafes", "cafe")],
    "Београд": [("beograd", "beograd")],
    "Beograd": [("beograd", "beograd")],
    "Ђоковић": [("djokovic", "djokov")],
    "Đoković": [("djokovic", "djokov")],
    "asylum-hotel": [("asylum", "asylum"), ("hotel", "hotel")],
    "asylum-hotels": [("asylum", "asylum"), ("hotels", "hotel")],
    "東京": [("東", "東"), ("京", "京")],
    "東": [("東", "東")],
    "l’asylum": [("l", "l"), ("asylum", "asylum")],
}

Words = list[tuple[str, str]]
Mention = tuple[str, int, int]  # section, first and last word


@dataclass(frozen=True)
class Story:
    """An article in its parts: words as written, by section and paragraph."""

    title: tuple[str, ...]
    paragraphs: tuple[tuple[str, ...], ...]
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: frozenset[str] = frozenset()
    language: str | None = None


def read(written: tuple[str, ...]) -> Words:
    return [word for piece in written for word in LEXICON[piece]]


def sections(story: Story, field: str) -> list[tuple[str, Words]]:
    if field == "author":
        return [(f"author {i}", read(tuple(name.split()))) for i, name in enumerate(story.authors)]
    title = ("title", read(story.title))
    if field == "title":
        return [title]
    words = [
        [word for paragraph in part for word in read(paragraph)] for part in (story.paragraphs[:2], story.paragraphs)
    ]
    return [title, ("text", words[0][:150] if field == "lead" else words[1])]


def mentions(term: Node, story: Story, field: str) -> set[Mention]:
    if isinstance(term, Or):
        return set().union(*(mentions(child, story, field) for child in term.children))
    assert isinstance(term, Term)
    wanted = read(tuple(term.text.split())) if not term.open_ended else None
    found = set()
    for section, words in sections(story, field):
        if wanted is None:
            for i, (folded, _) in enumerate(words):
                if folded.startswith(term.text):
                    found.add((section, i, i))
            continue
        form = 0 if term.quoted or field == "author" else 1
        for i in range(len(words) - len(wanted) + 1):
            if [w[form] for w in words[i : i + len(wanted)]] == [w[form] for w in wanted]:
                found.add((section, i, i + len(wanted) - 1))
    return found


def apart(one: Mention, other: Mention) -> int:
    """Words from one mention to the other; 1 for neighbours, 0 if they share a word."""
    assert one[0] == other[0]
    shared = set(range(one[1], one[2] + 1)) & set(range(other[1], other[2] + 1))
    return 0 if shared else max(other[1] - one[2], one[1] - other[2])


def chained(node: Near, story: Story, field: str) -> bool:
    ends = mentions(node.operands[0], story, field)
    for operand, limit in zip(node.operands[1:], node.distances, strict=True):
        ends = {
            mention
            for mention in mentions(operand, story, field)
            if any(mention[0] == end[0] and 1 <= apart(mention, end) <= limit for end in ends)
        }
    return bool(ends)


def named(term: Term, story: Story, field: str) -> bool:
    value = term.text.lower()
    if field == "source":
        return value in {source.lower() for source in story.sources}
    if field == "topic":
        return value in {topic.lower() for topic in story.topics}
    return story.language is not None and f"{story.language.lower()}-".startswith(f"{value}-")


def holds(node: Node, story: Story, field: str = "") -> bool:  # noqa: PLR0911 - one return a kind of node
    match node:
        case Term():
            if field in {"source", "topic", "lang"}:
                return named(node, story, field)
            return bool(mentions(node, story, field))
        case Field(name, child):
            return holds(child, story, name)
        case And(children):
            return all(holds(child, story, field) for child in children)
        case Or(children):
            return any(holds(child, story, field) for child in children)
        case Not(child):
            return not holds(child, story, field)
        case Near():
            return chained(node, story, field)
        case AtLeast(count, Field(name, child)):
            return len(mentions(child, story, name)) >= count
        case AtLeast(count, child):
            return len(mentions(child, story, field)) >= count
    raise AssertionError(node)
