"""What fired, as the desk shows it: the article with the words that matched, its story, and every delivery."""

from dataclasses import dataclass
from datetime import datetime

from syndicator.alertdesk import written
from syndicator.alerts import DeliveryState, excerpt, marked
from syndicator.alerts.wording import why
from syndicator.config import Settings
from syndicator.model import Article, Reason, State
from syndicator.previewing import SILENCES, Tried
from syndicator.store import AlertRow, Fate, HitRow, Store, UserRow
from syndicator.web.desk.rights import may_change, sees_all
from syndicator.web.marking import Piece, pieces

_KIN = 5


@dataclass(frozen=True, slots=True)
class Named:
    """An article as a link: its path at the desk, its headline, the title of its source."""

    path: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Firing:
    """One hit. `heading` and `passage` are what matched, with its words marked; `words` names them.

    Of an article that was withdrawn only the notice is shown, and of one that is held nothing to who may not see it.
    `fate` says what became of it where no delivery does.
    """

    hit: HitRow
    alert: AlertRow
    article: Article
    named: Named
    heading: tuple[Piece, ...]
    passage: tuple[Piece, ...]
    words: str
    kin: tuple[Named, ...]
    carriers: tuple[str, ...]
    fate: str
    tried: tuple[Tried, ...]
    may_replay: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which hits: of these alerts (None: all), with this fate, before this one (`n`)."""

    alerts: tuple[str, ...] | None
    fate: Fate | None = None
    before: int | None = None


class Firings:
    """Reads what fired for whoever looks: whoever sees all alerts sees held articles, too."""

    def __init__(self, store: Store, settings: Settings, user: UserRow, now: datetime) -> None:
        self._store = store
        self._user = user
        self._now = now
        self._titles = settings.source_titles
        self._alerts: dict[str, AlertRow] = {}

    def read(self, wanted: Wanted, limit: int) -> list[Firing]:
        """At most so many hits, newest first."""
        hits = self._store.hits.latest(limit=limit, alerts=wanted.alerts, fate=wanted.fate, before=wanted.before)
        return [self._firing(hit) for hit in hits]

    def _firing(self, hit: HitRow) -> Firing:
        store = self._store
        article, alert = store.articles.get(hit.article), self._alert(hit.alert)
        heading, passage = self._shown(article, hit)
        tried = [Tried(row, tuple(store.ledger.attempts(row.n))) for row in store.ledger.about(hit.alert, hit.article)]
        kin = [self.named(store.articles.get(id_)) for id_ in store.stories.others(article.id, limit=_KIN)]
        carriers = [self._titles.get(name, name) for name in store.stories.sources(hit.story) if name != article.source]
        return Firing(
            hit,
            alert,
            article,
            self.named(article),
            heading,
            passage,
            "" if self._is_silenced(article) else why(hit.reasons),
            tuple(kin),
            tuple(dict.fromkeys(carriers)),
            self._fate(hit, alert, article, told=bool(tried)),
            tuple(tried),
            may_change(self._user, alert) and any(each.delivery.state is DeliveryState.DEAD for each in tried),
        )

    def named(self, article: Article) -> Named:
        """An article as a link."""
        title = article.content.title or "an article past its retention"
        if self._is_silenced(article) and article.state is State.EMBARGOED:
            title = "an article that is held back"
        source = self._titles.get(article.source, article.source)
        return Named(f"/articles/{article.id.removeprefix('urn:uuid:')}", title, source)

    def _shown(self, article: Article, hit: HitRow) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
        """The headline and the passage that matched, as they stood then; of what was withdrawn nothing again."""
        version = None if self._is_silenced(article) else self._store.articles.version(hit.seq)
        if version is None:
            return (Piece(self.named(article).title),), ()
        return shown(version.content.title, version.content.text or version.content.summary, hit.reasons)

    def _is_silenced(self, article: Article) -> bool:
        """Whether an article's words are not shown: withdrawn, or held back from whoever looks."""
        return article.state is State.KILLED or (article.state is State.EMBARGOED and not sees_all(self._user))

    def _alert(self, id_: str) -> AlertRow:
        if id_ not in self._alerts:
            self._alerts[id_] = self._store.alerts.get(id_)
        return self._alerts[id_]

    def _fate(self, hit: HitRow, alert: AlertRow, article: Article, *, told: bool) -> str:
        if hit.silent is not None:
            return silence(hit)
        if hit.message is not None:
            return "" if told else "Told nobody: the alert had no destination then that wanted it."
        if article.state is State.EMBARGOED:
            return "Waits for the end of the embargo."
        if alert.due is None:
            return "Waits for the alert to be switched on." if not written(alert).get("enabled", True) else "Waits."
        return "Waits for its time." if alert.due > self._now else "Is about to be told."


def silence(hit: HitRow) -> str:
    """Why a hit said nothing, in a sentence; "" where it spoke, or will."""
    return f"Said nothing: {SILENCES[hit.silent]}." if hit.silent else ""


def shown(title: str, text: str, reasons: tuple[Reason, ...]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """A headline and the passage of a text with the words that matched marked in both."""
    return pieces(marked(title, reasons)), pieces(excerpt(text, reasons, "text"))
