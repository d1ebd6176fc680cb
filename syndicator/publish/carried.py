"""What our feeds say of one article: as much as its source allows, in words that every format then carries."""

from dataclasses import dataclass
from datetime import datetime
from html import escape

from syndicator.model import Article, Enclosure, FeedItem, Kind, Republish, State
from syndicator.publish.text import clean, day, excerpt, language_tag, mime_type, one_line, paragraphs, web_url

EXCERPT_CHARACTERS = 300
SUMMARY_CHARACTERS = 1_000
CONTENT_BYTES = 200_000

# How much each level says, least first: what a document that has grown too large steps down.
LEVELS = (Republish.LINK, Republish.SUMMARY, Republish.FULL)


@dataclass(frozen=True, slots=True)
class Carried:
    """One item ready for rendering: clean text, ASCII URLs, sanitised HTML.

    `html` is the body, complete when `complete`; `summary` is plain text and "" where there is none to give.
    `language` is None where it is the feed's own. `categories` are the topics, then the article's own.
    """

    id: str
    title: str
    url: str | None
    html: str
    summary: str
    complete: bool
    published: datetime
    updated: datetime
    language: str | None
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    image: str | None
    enclosures: tuple[Enclosure, ...]
    source_title: str
    source_url: str | None
    source_feed: str | None
    article: Article


def is_notice(item: FeedItem) -> bool:
    """Whether what `item` says is our own: a withdrawal. It is always carried whole."""
    return item.article.state is State.KILLED or item.article.kind is Kind.ADVISORY


def allowance(item: FeedItem) -> Republish:
    """How much of `item` may be carried: what its source allows, or all of a notice."""
    return Republish.FULL if is_notice(item) else item.republish


def carry(item: FeedItem, level: Republish, feed_language: str) -> Carried:
    """`item` with as much of it as `level` says, in a feed whose language is `feed_language`."""
    article, content = item.article, item.article.content
    url = web_url(article.link)
    source = one_line(item.source_title) or article.source
    summary = _summary(article) if level is not Republish.LINK else ""
    if level is Republish.FULL:
        body, complete = _full(article, url, source)
    elif summary:
        body, complete = f"<p>{escape(summary, quote=False)}</p>{_continue(url, source)}", False
    else:
        body, complete = _continue(None, source), False
    language = language_tag(content.language)
    return Carried(
        id=article.id,
        title=one_line(content.title) or excerpt(content.text, 80) or "Untitled",
        url=url,
        html=_correction(article) + (body or _continue(None, source)),
        summary=summary,
        complete=complete,
        published=article.published,
        updated=max(article.updated, article.published),
        language=language if language and language.lower() != feed_language.lower() else None,
        authors=_each_once(content.authors),
        categories=_each_once((*item.topics, *content.categories)),
        image=web_url(content.image) if level is not Republish.LINK else None,
        enclosures=_enclosures(content.enclosures) if level is Republish.FULL else (),
        source_title=source,
        source_url=web_url(item.source_url),
        source_feed=web_url(item.source_feed),
        article=article,
    )


def _summary(article: Article) -> str:
    given = excerpt(article.content.summary, SUMMARY_CHARACTERS)
    return given or excerpt(article.content.text, EXCERPT_CHARACTERS)


def _full(article: Article, url: str | None, source: str) -> tuple[str, bool]:
    """The whole content and True; or, where it is over CONTENT_BYTES, its beginning with a link, and False.

    A cut copy is made from the plain text: mark-up can't be cut without parsing it.
    """
    content = article.content
    markup = clean(content.html)
    if markup and len(markup.encode()) <= CONTENT_BYTES:
        return markup, True
    blocks = paragraphs(content.text[:CONTENT_BYTES] or content.summary)
    kept, size = [], 0
    for block in blocks:
        size += len(block.encode())
        if size > CONTENT_BYTES:
            break
        kept.append(block)
    if len(kept) == len(blocks) and len(content.text) <= CONTENT_BYTES and (kept or not markup):
        return "".join(kept), True
    beginning = "".join(kept) or f"<p>{escape(_summary(article), quote=False)}</p>"
    return beginning + _continue(url, source), False


def _continue(url: str | None, source: str) -> str:
    name = escape(source, quote=False)
    return f'<p><a href="{escape(url)}">Continue at {name}</a></p>' if url else f"<p>Published by {name}</p>"


def correction(article: Article) -> str:
    """What a corrected article says of itself, for people; "" for any other."""
    if article.state is not State.CORRECTED:
        return ""
    note = one_line(article.note or "")
    return f"Correction, {day(article.updated)}: {note}" if note else f"Corrected, {day(article.updated)}."


def _correction(article: Article) -> str:
    said = correction(article)
    return f"<p><strong>{escape(said, quote=False)}</strong></p>" if said else ""


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names on one line each, empty ones left out, the first of those that differ only in case kept."""
    kept: dict[str, str] = {}
    for name in map(one_line, names):
        kept.setdefault(name.casefold(), name)
    return tuple(name for name in kept.values() if name)


def _enclosures(files: tuple[Enclosure, ...]) -> tuple[Enclosure, ...]:
    named = ((web_url(file.url), file) for file in files)
    return tuple(Enclosure(url, mime_type(file.mime_type), file.length) for url, file in named if url)
