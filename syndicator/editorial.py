"""The editorial life of an article: correcting, killing, holding and releasing. Pure: what is said, not how kept.

embargoed → live → corrected → killed. A killed article stays killed. What was published is never unsaid in
silence: a correction carries a note, a kill leaves a notice under the old id and a new advisory item, since
readers do not show an edit again.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from syndicator.errors import ConflictError, UsageError
from syndicator.identity import advisory_id
from syndicator.model import Article, Content, Kind, State

# What is held for longer is a year that was mistyped.
LONGEST_EMBARGO = timedelta(days=5 * 365)


def correction(article: Article, note: str, *, title: str | None, text: str | None) -> Content:
    """What a corrected article says; title and text stay unless given. Raises UsageError where it may not be."""
    _must_be_news(article, "corrected")
    if article.state is State.KILLED:
        raise UsageError(f"{article.id} was killed, and stays so: publish a new article instead.")
    if not note.strip():
        raise UsageError("A correction needs a note that tells readers what was wrong: --note TEXT.")
    if title is not None and not title.strip():
        raise UsageError("A headline can't be empty: leave --title out to keep the one there is.")
    content = article.content
    if title is not None:
        content = replace(content, title=title.strip())
    if text is not None:
        content = replace(content, text=text, html="", summary="")
    return content


def notice(article: Article, note: str, source_title: str) -> Content:
    """What stands under a killed article's id from now on. Its own words do not stand in it."""
    _must_be_news(article, "killed")
    if article.state is State.KILLED:
        raise UsageError(f"{article.id} was killed already.")
    said = f"This article, published by {source_title} on {_day(article.published)}, has been withdrawn."
    text = "\n\n".join([said, _sentence(note)] if note.strip() else [said])
    return Content(title=f"Withdrawn: {_described(article, source_title)}", text=text, summary=text)


def advisory(article: Article, note: str, source_title: str) -> Content:
    """A new item that tells readers of the kill. It names the article by source and date, neither by its words
    nor by its address, in which they often stand.
    """
    published = f"published by {source_title} on {_day(article.published)}"
    lines = [
        f"An article {published} has been withdrawn and must not be used.",
        _sentence(note),
        f"Its identifier is {article.id}.",
    ]
    text = "\n\n".join(line for line in lines if line)
    return Content(title=f"Advisory: {_described(article, source_title)} is withdrawn", text=text, summary=text)


def id_of_advisory(killed: Article) -> str:
    """The permanent id of the advisory about `killed` (the article in its killed version)."""
    return advisory_id(killed.id, killed.seq)


def may_embargo(article: Article, until: datetime, now: datetime) -> None:
    """Raise UsageError unless `article` may be held until `until`."""
    _must_be_news(article, "embargoed")
    if article.state is State.KILLED:
        raise UsageError(f"{article.id} was killed, and stays so.")
    if until <= now:
        raise UsageError("That time has already passed: an embargo ends in the future.")
    if until > now + LONGEST_EMBARGO:
        raise UsageError(f"{until:%Y-%m-%d} is too far away: an embargo ends within five years.")


def edition(article: Article) -> str:
    """What moves with everything that an editor sees of an article: its version, and until when it is held."""
    held = article.embargo_until
    return f"{article.seq}.{int(held.timestamp()) if held else 0}"


def must_be_as_opened(article: Article, opened: str | None) -> None:
    """Raise ConflictError where an article has changed since somebody opened it; None: nobody says what they saw."""
    if opened is not None and opened != edition(article):
        raise ConflictError(
            "This article has changed since you opened it, and nothing was done. This is what it says now:"
        )


def must_be_sortable(article: Article) -> None:
    """Raise UsageError where nobody may put an article under topics, or take it out of them."""
    if article.kind is not Kind.NEWS:
        raise UsageError(f"{article.id} is an advisory: it stands where the article stood that it is about.")
    if article.state is State.KILLED:
        raise UsageError(f"{article.id} was killed: its notice stays where it stood.")


def _must_be_news(article: Article, done: str) -> None:
    if article.kind is not Kind.NEWS:
        raise UsageError(f"{article.id} is an advisory: it can't be {done}.")


def _sentence(note: str) -> str:
    """A note that other words may follow on the same line."""
    note = note.strip()
    return f"{note}." if note and note[-1].isalnum() else note


def _described(article: Article, source_title: str) -> str:
    return f"article of {_day(article.published)} ({source_title})"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
