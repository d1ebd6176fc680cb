"""The acts of people on articles: correct, kill, hold, release, sort under topics by hand. Each is one transaction.

Each is noted in the audit log, and may say which edition of the article it was decided on: where the article has
changed since, nothing is done.
"""

from dataclasses import replace
from datetime import datetime

from syndicator import editorial
from syndicator.config import Settings
from syndicator.errors import NotFoundError, UsageError
from syndicator.model import Article, State
from syndicator.pipeline import Pipeline
from syndicator.store import ALL, Placement, Store


class ArticleDesk:
    """The acts of people on one newsroom's articles. `opened`: the edition that somebody saw."""

    def __init__(self, settings: Settings, store: Store, pipeline: Pipeline) -> None:
        self._settings = settings
        self._store = store
        self._pipeline = pipeline

    def article(self, reference: str) -> Article:
        """The one article meant by an id, the start of one, or a URL. Raises NotFoundError."""
        found = self._store.articles.find(reference)
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFoundError(
                f"No article {reference!r}: give its id, six or more of its first characters, or its URL."
            )
        listed = "\n".join(f"  {article.id}  {article.content.title}" for article in found)
        raise NotFoundError(f"{reference!r} could be any of these; give more of the id:\n{listed}")

    def correct(
        self,
        reference: str,
        note: str,
        now: datetime,
        *,
        by: str,
        title: str | None = None,
        text: str | None = None,
        opened: str | None = None,
    ) -> Article:
        """Correct an article: same id, a new version, a note that readers see."""
        with self._store.transaction():
            article = self._as_opened(reference, opened)
            content = editorial.correction(article, note, title=title, text=text)
            state = article.state if article.state is State.EMBARGOED else State.CORRECTED
            corrected = self._store.articles.add_version(
                article.id, content, author=by, now=now, state=state, note=note.strip()
            )
            self._pipeline.filing.file(corrected, now)
            if state is State.CORRECTED:
                self._pipeline.alerting.correct(corrected, now)
            self._note(now, by, "article corrected", article, note)
        return corrected

    def kill(
        self, reference: str, note: str, now: datetime, *, by: str, opened: str | None = None
    ) -> tuple[Article, Article | None]:
        """Withdraw an article: a notice under its id, and an advisory where it was seen (None where it never was)."""
        store, filing = self._store, self._pipeline.filing
        with store.transaction():
            article = self._as_opened(reference, opened)
            source_title = self._title_of(article)
            # What stood there once may stand with its readers still.
            topics = dict.fromkeys(store.topics.left(article.id), ()) | store.topics.of(article.id)
            seen = any(version.state is not State.EMBARGOED for version in store.articles.history(article.id))
            content = editorial.notice(article, note, source_title)
            killed = store.articles.add_version(
                article.id, content, author=by, now=now, state=State.KILLED, note=note.strip() or None
            )
            self._note(now, by, "article withdrawn", article, note)
            store.articles.withdraw(killed.id)
            if seen:
                # Where it stood its notice stands, also where the article had left its topics, being retired.
                store.topics.tag(killed, topics)
            filing.withdraw(killed)
            self._pipeline.alerting.kill(killed, now)
            if not seen:
                return killed, None
            advice = store.articles.insert_advisory(
                editorial.id_of_advisory(killed),
                killed,
                editorial.advisory(killed, note, source_title),
                source=self._settings.site.title,
                author=by,
                now=now,
            )
            store.topics.tag(advice, dict.fromkeys(topics, ()))
            filing.file(advice, now)
        return killed, advice

    def embargo(
        self, reference: str, until: datetime, now: datetime, *, by: str, why: str = "", opened: str | None = None
    ) -> Article:
        """Hold an article back until a time; one that is out already leaves feeds and search until then."""
        with self._store.transaction():
            article = self._as_opened(reference, opened)
            editorial.may_embargo(article, until, now)
            if article.state is not State.EMBARGOED:
                article = self._store.articles.add_version(
                    article.id, article.content, author=by, now=now, state=State.EMBARGOED
                )
                self._pipeline.filing.withdraw(article)
                self._pipeline.alerting.settle_stories(article, now)
            self._store.articles.hold(article.id, until)
            self._note(now, by, "article held", article, f"until {until:%Y-%m-%d %H:%M} UTC. {why}")
        return replace(article, embargo_until=until)

    def release(self, reference: str, now: datetime, *, by: str, why: str = "", opened: str | None = None) -> Article:
        """Let a held article out before its time."""
        with self._store.transaction():
            article = self._as_opened(reference, opened)
            if article.state is not State.EMBARGOED:
                raise UsageError(f"{article.id} is not held back: there is nothing to release.")
            released = self._pipeline.release(article, now, author=by)
            self._note(now, by, "article released", article, why)
        return released

    def sort(
        self, reference: str, topic: str, inside: bool | None, now: datetime, *, by: str, opened: str | None = None
    ) -> Article:
        """Put an article under a topic by hand, or take it out; None: leave it to the topic's query again.

        The decision holds whatever the article or the query says later. On a held article it takes effect with its
        release. Raises NotFoundError where there is no such topic.
        """
        names = [each.name for each in self._settings.topics]
        if topic not in names:
            if topic == ALL:
                raise UsageError(f"Every article stands under {ALL!r}: withdraw or hold it instead.")
            raise NotFoundError.among(f"There is no topic {topic!r}", topic, names, "topics list")
        with self._store.transaction():
            article = self._as_opened(reference, opened)
            editorial.must_be_sortable(article)
            if self._store.articles.is_retired(article.id):
                raise UsageError(f"{article.id} was forgotten for its age: it stands in no feed any more.")
            if inside is None:
                self._store.placements.forget(article.id, topic)
            else:
                self._store.placements.decide(article.id, Placement(topic, inside, by, now))
            if article.state is not State.EMBARGOED:
                self._pipeline.filing.sort(article, topic, now)
            act = "left to the query" if inside is None else "added by hand" if inside else "removed by hand"
            self._note(now, by, f"topic {act}", article, topic)
        return article

    def _as_opened(self, reference: str, opened: str | None) -> Article:
        article = self.article(reference)
        editorial.must_be_as_opened(article, opened)
        return article

    def _note(self, now: datetime, by: str, act: str, article: Article, detail: str) -> None:
        self._store.audit.note(now, by, act, f"article {article.id}", detail.strip())

    def _title_of(self, article: Article) -> str:
        row = self._store.sources.get(article.source)
        return row.label if row else article.source
