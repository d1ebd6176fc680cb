"""From the store's records to what the API says of them.

How much of an article may be said is for `publish.carried`, which decides it for feeds too.
"""

from syndicator.model import Change, FeedItem, Reason, Republish
from syndicator.publish.carried import Carried, allowance, carry
from syndicator.publish.text import clean, one_line
from syndicator.store import Changed
from syndicator.web.api import shapes


def article(item: FeedItem) -> shapes.Article:
    """An article as our feeds carry it, in JSON."""
    level = allowance(item)
    carried = carry(item, level, "")
    known = item.article
    whole = level is Republish.FULL and carried.complete
    filed = {topic.casefold() for topic in map(one_line, item.topics)}
    return shapes.Article.model_construct(
        id=known.id,
        seq=known.seq,
        version=known.version,
        state=known.state.value,
        kind=known.kind,
        title=carried.title,
        url=carried.url,
        published=carried.published,
        updated=carried.updated,
        language=carried.language,
        authors=carried.authors,
        summary=carried.summary,
        content_html=carried.html,
        content_text=clean(known.content.text or known.content.summary) if whole else None,
        complete=carried.complete,
        carries=level,
        image=carried.image,
        enclosures=tuple(
            shapes.Enclosure.model_construct(url=each.url, mime_type=each.mime_type, length=each.length)
            for each in carried.enclosures
        ),
        topics=item.topics,
        categories=tuple(name for name in carried.categories if name.casefold() not in filed),
        source=_source(carried),
        note=one_line(known.note or "") or None,
        about=known.about,
    )


def _source(carried: Carried) -> shapes.Source:
    return shapes.Source.model_construct(
        name=carried.article.source, title=carried.source_title, url=carried.source_url, feed=carried.source_feed
    )


def source(item: FeedItem) -> shapes.Source:
    """Where an article comes from."""
    return _source(carry(item, Republish.LINK, ""))


def hit(item: FeedItem, reasons: tuple[Reason, ...]) -> shapes.Hit:
    """A search hit; its reasons point to where the words stand in the very strings that go out with it."""
    shown = article(item)
    texts = {"title": shown.title, "text": shown.content_text or ""}
    return shapes.Hit.model_construct(article=shown, reasons=tuple(_highlight(each, texts) for each in reasons))


def _highlight(reason: Reason, texts: dict[str, str]) -> shapes.Highlight:
    there = texts.get(reason.field, "")[reason.start : reason.end] == reason.words
    return shapes.Highlight.model_construct(
        clause=reason.clause,
        field=reason.field,
        words=reason.words,
        start=reason.start if there else None,
        end=reason.end if there else None,
    )


def change(changed: Changed) -> shapes.ChangeEvent:
    """An event of the stream."""
    return shapes.ChangeEvent.model_construct(
        seq=changed.seq,
        type=changed.type,
        id=changed.id,
        version=changed.version,
        at=changed.at,
        note=one_line(changed.note or "") or None,
        superseded_by=changed.superseded_by,
        retired=changed.retired,
        article=None if changed.item is None else article(changed.item),
    )


_NEWSROOMS = {Change.CORRECTION, Change.KILL, Change.HOLD, Change.RELEASE}


def version(changed: Changed, *, ours: bool) -> shapes.Version:
    """A line of an article's history; `ours` where the article itself is of the newsroom."""
    return shapes.Version.model_construct(
        seq=changed.seq,
        version=changed.version,
        type=changed.type,
        state=changed.state.value,
        at=changed.at,
        by="newsroom" if ours or changed.type in _NEWSROOMS else "source",
        note=one_line(changed.note or "") or None,
    )


def as_json(shape: shapes.Shape) -> bytes:
    """A shape as UTF-8. What a source wrote is never able to make it fail."""
    return shape.model_dump_json().encode(errors="replace")
