"""What chiefs do to an article from its page: first it is shown what goes to whom, then it is done.

Every form carries the edition of the article that it was opened on. Where the article is another by then, nothing is
done, and the page shows it as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.articledesk import ArticleDesk
from syndicator.editorial import edition
from syndicator.errors import ConflictError, UsageError
from syndicator.model import Article
from syndicator.people import Role
from syndicator.reach import rehearse
from syndicator.web.desk.address import number_in
from syndicator.web.desk.article import ArticlePage, article_id, as_filled
from syndicator.web.desk.changes import changes
from syndicator.web.desk.door import ANEW, Behind, Desk
from syndicator.web.desk.form import FORM_BYTES, Form
from syndicator.web.desk.telling import announcement
from syndicator.web.desk.visitor import Visitor

_LONGEST_NOTE = 2000
_MOST_DIGITS = 15
_FIELDS = ("do", "title", "text", "note", "until")


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be done to an article: by what, how it is asked for, and what is said when it is done."""

    run: Callable[[datetime], object]
    question: str
    button: str
    said: str


def article_routes(desk: Desk) -> list[BaseRoute]:
    """`/desk/articles/UUID`, and `/desk/articles/UUID/act`, where its forms go."""
    page, acts = ArticlePage(desk), Acts(desk)
    place = f"{desk.base}/articles/{{uuid}}"
    return [
        Route(place, Behind(desk, Role.VIEWER, get=page.get)),
        Route(f"{place}/act", Behind(desk, Role.CHIEF, post=acts.post, restore=acts.restore), max_body_size=FORM_BYTES),
    ]


class Acts:
    """Answers for the forms on the page about an article."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = ArticlePage(desk)
        self._articles = ArticleDesk(desk.house.settings, desk.house.store, desk.house.pipeline)

    async def post(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """Show what would happen, or do it."""
        id_ = article_id(request)
        filled = {name: form.text(name) for name in _FIELDS}
        if form.ticked("change"):
            return await self._page.show(id_, visitor, filled=filled)
        try:
            return self._answer(id_, visitor, form)
        except ConflictError as error:
            kept = self._kept(filled, form.text("opened"))
            return await self._page.show(id_, visitor, wrong=str(error), status=409, filled=kept, beside=True)
        except UsageError as error:
            return await self._page.show(id_, visitor, wrong=str(error), status=400, filled=filled)

    async def restore(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """The page with its form as it was filled in before somebody signed in anew."""
        id_ = article_id(request)
        filled, opened = {name: form.text(name) for name in _FIELDS}, form.text("opened")
        if edition(self._articles.article(id_)) == opened:
            return await self._page.show(id_, visitor, wrong=ANEW, status=403, filled=filled)
        wrong, kept = f"{ANEW} The article has changed meanwhile.", self._kept(filled, opened)
        return await self._page.show(id_, visitor, wrong=wrong, status=403, filled=kept, beside=True)

    def _answer(self, id_: str, visitor: Visitor, form: Form) -> Response:
        """The act or its announcement; nothing is awaited, so that both have the turn that was waited for."""
        house, now = self._desk.house, self._desk.house.clock()
        article, uuid = self._articles.article(id_), id_.removeprefix("urn:uuid:")
        do = form.text("do")
        if do in {"add", "remove", "leave"}:
            said = self._sort(article, do, visitor, form, now)
            return self._desk.go(f"/articles/{uuid}", said=said)
        act = self._act(article, do, visitor, form)
        if form.ticked("sure"):
            act.run(now)
            return self._desk.go(f"/articles/{uuid}", said=act.said)
        reach = rehearse(house.store, house.pipeline.alerting, article, lambda: act.run(now))
        return self._desk.page(
            "rehearsal.html",
            visitor,
            here="/articles",
            article=article,
            uuid=uuid,
            act=act,
            do=do,
            opened=form.text("opened"),
            fields={name: form.text(name) for name in _FIELDS if name != "do"},
            until=_until(form, visitor) if do == "embargo" else None,
            changes=changes(as_filled(article.content), form) if do == "correct" else None,
            told=announcement(do, reach, self._desk.house.settings.topic_titles),
        )

    def _sort(self, article: Article, do: str, visitor: Visitor, form: Form, now: datetime) -> str:
        topic = form.text("topic")
        inside = {"add": True, "remove": False}.get(do)
        self._articles.sort(article.id, topic, inside, now, by=visitor.user.name, opened=form.text("opened"))
        title = self._desk.house.settings.topic_titles.get(topic, topic)
        if inside is None:
            return f"The query of {title} decides again."
        return f"{'Added to' if inside else 'Taken out of'} {title}. That stays so, whatever its query says."

    def _act(self, article: Article, do: str, visitor: Visitor, form: Form) -> Act:
        """What the form wants done. Raises UsageError where something is missing."""
        desk, id_ = self._articles, article.id
        by, opened = visitor.user.name, form.text("opened")
        note = _note(form)
        match do:
            case "correct":
                title, text = _changed(article, form)
                return Act(
                    lambda now: desk.correct(id_, note, now, by=by, title=title, text=text, opened=opened),
                    "Correct this article?",
                    "Correct it now",
                    "Corrected. The feeds follow within seconds.",
                )
            case "kill":
                return Act(
                    lambda now: desk.kill(id_, note, now, by=by, opened=opened),
                    "Withdraw this article?",
                    "Withdraw it now",
                    "Withdrawn. The feeds follow within seconds.",
                )
            case "embargo":
                until = _until(form, visitor)
                return Act(
                    lambda now: desk.embargo(id_, until, now, by=by, why=note, opened=opened),
                    "Hold this article back?",
                    "Hold it now",
                    "Held back.",
                )
            case "release":
                return Act(
                    lambda now: desk.release(id_, now, by=by, why=note, opened=opened),
                    "Release this article?",
                    "Release it now",
                    "Released. The feeds follow within seconds.",
                )
        raise UsageError("That can't be done here.")

    def _kept(self, filled: Mapping[str, str], opened: str) -> dict[str, str]:
        """What somebody wrote, without what they had left as it was when they opened the article."""
        number = number_in(opened.partition(".")[0], _MOST_DIGITS)
        version = None if number is None else self._desk.house.store.articles.version(number)
        if version is None:
            return dict(filled)
        shown = as_filled(version.content)
        return {name: value for name, value in filled.items() if shown.get(name) != value}


def _note(form: Form) -> str:
    note = form.text("note")
    if not note:
        raise UsageError("Write a note: why is this done?")
    if len(note) > _LONGEST_NOTE:
        raise UsageError(f"The note is longer than {_LONGEST_NOTE} characters.")
    return note


def _changed(article: Article, form: Form) -> tuple[str | None, str | None]:
    """The headline and the text, each None where it is as it was in the form: what a form can't hold is no change."""
    shown = as_filled(article.content)
    title = None if form.text("title") == shown["title"] else form.text("title")
    if title == "":
        raise UsageError("A headline can't be empty.")
    text = None if form.text("text") == shown["text"] else form.text("text")
    return title, text


def _until(form: Form, visitor: Visitor) -> datetime:
    """The moment that was chosen, by the visitor's clock. Raises UsageError.

    Of an hour that comes twice the second is meant: nothing gets out too early.
    """
    zone = ZoneInfo(visitor.user.zone)
    try:
        local = datetime.fromisoformat(form.text("until")).replace(second=0, microsecond=0, tzinfo=None)
        until = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        shown = until.astimezone(zone).replace(tzinfo=None, fold=0)
    except (ValueError, OverflowError):
        raise UsageError("Choose the day and the time until when it is held.") from None
    if shown != local:
        raise UsageError("There is no such time on that day, since clocks are put forward: choose another.")
    return until
