"""Where an article belongs: its topics, its place in the search index, the feeds that must show it, who is told.

A topic is a saved query. A new version of an article is held against all of them; a changed query is held
against the whole archive.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from syndicator.alerting import Alerting
from syndicator.model import Article, Kind, Reason, State
from syndicator.query import ANALYSIS_VERSION, Analysed, Matcher, Query, evaluate
from syndicator.store import ALL, INDEX, Store

Watched = Callable[[Sequence[str], str], Iterable[str]]
Reasons = tuple[Reason, ...]


def unwatched(names: Sequence[str], _doing: str) -> Iterable[str]:
    """The names, with nobody looking on."""
    return names


def feeds_of(article: Article, topics: Iterable[str]) -> set[str]:
    """The feeds, and their archive months, in which an article under these topics may stand."""
    month = f"{article.published:%Y-%m}"
    return {name for topic in topics for name in (topic, f"{topic}/{month}")}


class Filing:
    """Files articles under topics. Its writes belong inside the store's transaction."""

    def __init__(self, store: Store, queries: Mapping[str, Query], alerting: Alerting) -> None:
        self._store = store
        self._alerting = alerting
        self._queries = dict(queries)
        self._matcher = Matcher(self._queries, store.analyser)

    def file(self, article: Article, now: datetime, *, backlog: bool = False, joined: str | None = None) -> None:
        """Tag and index an article's newest version, mark the feeds it stands in, or stood in, stale, make alerts fire.

        `backlog`: it came with what its source had before we knew it, and makes nobody's phone ring. `joined` is a
        source that carries the article for the first time, which is all that is new.
        """
        store = self._store
        if article.state is State.EMBARGOED:
            return
        if article.state is State.KILLED or article.kind is Kind.ADVISORY:
            store.feeds.mark_stale(feeds_of(article, {ALL, *store.topics.of(article.id)}))
            return
        analysed = store.search.analyse(article)
        topics = {match.key: match.reasons for match in self._matcher.match(analysed)}
        if article.state is State.CORRECTED:
            # Whoever had the wrong version is told where they had it, even if the right one is about something else.
            left = store.topics.left(article.id) & self._queries.keys()
            topics = dict.fromkeys(left, ()) | store.topics.of(article.id) | topics
        topics = self._as_decided(article, topics)
        before = store.topics.tag(article, topics)
        analysed = analysed.with_topics(frozenset(topics))
        store.search.index(article, analysed)
        store.feeds.mark_stale(feeds_of(article, before | topics.keys() | {ALL}))
        self._alerting.consider(
            article,
            analysed,
            now,
            backlog=backlog,
            joined=joined is not None,
            before=lambda: self._before(article, joined, before - {ALL}),
        )

    def _before(self, article: Article, joined: str | None, topics: frozenset[str]) -> Analysed | None:
        """The article as queries saw it before, under these topics: without its new source, or its last version that
        was in the open. None where it is new.
        """
        if joined is not None:
            document = self._store.search.document(article, frozenset())
            sources = tuple(source for source in document.sources if source != joined)
            return self._store.analyser.analyse(replace(document, sources=sources)).with_topics(topics)
        for version in reversed(self._store.articles.history(article.id)[:-1]):
            if version.state in (State.LIVE, State.CORRECTED):
                return self._store.search.analyse(replace(article, content=version.content), topics)
        return None

    def _as_decided(self, article: Article, topics: Mapping[str, Reasons]) -> dict[str, Reasons]:
        """An article's topics by what people decided by hand. A topic that config no longer has is left out."""
        decided = self._store.placements.of(article.id)
        added = {name: () for name, each in decided.items() if each.inside and name in self._queries}
        return added | {name: why for name, why in topics.items() if name not in decided or decided[name].inside}

    def sort(self, article: Article, topic: str, now: datetime) -> bool:
        """Put an article in the open where its topic's query, and before it a decision by hand, says it stands.

        Returns whether it stands there now. Alerts that it matches by that alone fire; feeds that it leaves lose it
        without a word, but for a corrected one, which leaves by a decision alone. The topic must be one of config's.
        """
        store = self._store
        stood = store.topics.of(article.id)
        before = frozenset(stood)
        analysed = store.search.analyse(article)
        match = evaluate(self._queries[topic], analysed)
        matched = {} if match is None else {topic: match.reasons}
        if article.state is State.CORRECTED:
            matched = {name: why for name, why in stood.items() if name == topic} | matched
        stands = self._as_decided(article, matched)
        if topic in stands:
            store.topics.add(article, topic, stands[topic])
        else:
            store.topics.remove(article, topic)
        if (topic in before) != (topic in stands):
            self._refile(article, topic)
            now_under = analysed.with_topics((before | {topic}) if topic in stands else (before - {topic}))
            earlier = analysed.with_topics(before)
            self._alerting.consider(article, now_under, now, backlog=False, joined=False, before=lambda: earlier)
        return topic in stands

    def withdraw(self, article: Article) -> None:
        """Take an article's words out of the search index; its topics stay, so that its feeds show the notice."""
        self._store.search.remove(article)
        self._store.feeds.mark_stale(feeds_of(article, {ALL, *self._store.topics.of(article.id)}))

    def meanings(self) -> dict[str, str]:
        """For each topic a digest of what its query means: equal digests tag every article equally."""
        analysis = f"{ANALYSIS_VERSION} {self._store.analyser.language}"
        return {name: sha256(f"{analysis}\n{query}".encode()).hexdigest()[:16] for name, query in self._queries.items()}

    def bring_up_to_date(self, *, everything: bool = False, watched: Watched = unwatched) -> dict[str, int]:
        """Apply to the archive what has changed in the topics since they were last applied.

        Returns, for each topic that was re-applied, how many articles came under it or left it. Topics that are no
        longer there lose their tags and are remembered as gone. With `everything`, unchanged ones are applied too.
        `watched` passes the topics through, and may show how far the work is.
        """
        store = self._store
        moved: dict[str, int] = {}
        with store.transaction():
            self._renew_index()
            known, wanted = store.topics.meanings(), self.meanings()
            for name in known.keys() - wanted.keys() - {ALL}:
                stood = store.topics.under(name)
                store.topics.drop(name)
                store.feeds.mark_stale([INDEX])
                for id_ in stood:
                    self._refile(store.articles.get(id_))
            store.topics.remember(ALL, "")
            changed = [name for name in wanted if everything or known.get(name) != wanted[name]]
            for name in watched(changed, "Applying topics"):
                moved[name] = self._reapply(name)
                store.topics.remember(name, wanted[name])
                store.feeds.mark_stale([name])
        return moved

    def _reapply(self, name: str) -> int:
        """Hold one topic's query against the archive; returns how many articles it gained and lost."""
        store = self._store
        before = store.topics.under(name)
        # All hits first: the index must not change under the search that reads it.
        reasons: dict[str, Reasons] = dict.fromkeys(store.placements.under(name, inside=True), ())
        taken_out = store.placements.under(name, inside=False)
        for hit in store.search.find(self._queries[name]):
            if hit.article.id not in taken_out:
                reasons[hit.article.id] = hit.reasons
        for id_ in before | reasons.keys():
            article = store.articles.get(id_)
            if article.state is State.CORRECTED and id_ not in reasons and id_ not in taken_out:
                continue
            if id_ in reasons:
                store.topics.add(article, name, reasons[id_])
            else:
                store.topics.remove(article, name)
            if (id_ in before) != (id_ in reasons):
                self._refile(article, name)
        return len(before ^ reasons.keys())

    def _refile(self, article: Article, *names: str) -> None:
        """The index knows an article's topics, and the other feeds it stands in name them as categories."""
        store = self._store
        topics = frozenset(store.topics.of(article.id))
        store.search.index(article, store.search.analyse(article, topics))
        store.feeds.mark_stale(feeds_of(article, {ALL, *names, *topics}))

    def _renew_index(self) -> None:
        """Build the index anew when the analysis that filled it is no longer ours."""
        store = self._store
        ours = f"{ANALYSIS_VERSION} {store.analyser.language}"
        if store.fact("analysis") == ours:
            return
        store.search.clear()
        for article in store.search.everything():
            topics = frozenset(store.topics.of(article.id))
            store.search.index(article, store.search.analyse(article, topics))
        store.remember("analysis", ours)
