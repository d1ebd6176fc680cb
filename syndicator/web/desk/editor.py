"""The alert editor: `/desk/alerts/new`, `/desk/alerts/{id}/edit`, and the preview that both have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicator.addresses import destination_settings, where_it_leads
from syndicator.alertdesk import AlertDesk, written
from syndicator.alerts import Verdict
from syndicator.config import read_alert
from syndicator.destinationdesk import TEST_S, DestinationDesk
from syndicator.errors import ConflictError, DefinitionError, QueryError, StoreSlowError, SyndicatorError
from syndicator.people import Role
from syndicator.previewing import draft, look_back
from syndicator.privatefeed import private_address
from syndicator.query import parse
from syndicator.store import AlertRow, DestinationRow, Store, UserRow
from syndicator.web.desk.alertacts import AlertActs, alert_id
from syndicator.web.desk.alertform import AlertForm
from syndicator.web.desk.door import ANEW, Behind, Desk
from syndicator.web.desk.form import Form
from syndicator.web.desk.lookback import Looked, excused, looked, refused, wrong
from syndicator.web.desk.rights import check_change, place_shown
from syndicator.web.desk.trials import too_often
from syndicator.web.desk.visitor import Visitor
from syndicator.web.limits import Purse

FORM_BYTES = 65_536
# Who types wants an answer or none: the next letter asks again.
PREVIEW_S = 3.0
_KEY = re.compile(r"[a-z_]+")
_WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_TOO_SLOW = (
    "This takes too long to look back over just now. You can save it all the same, or ask for something narrower."
)
_TOO_OFTEN = "That was very often. Wait a few seconds, then look back again."
# Looks back a minute, for each person, and how many may come at once.
_LOOKS, _LOOKS_AT_ONCE = 300, 20
_UNBOXED = "This query says more than the boxes can. Change it as it is written here."
_CHANGED = "Somebody else has changed this alert since you opened it. Save again to put yours in its place."


@dataclass(frozen=True, slots=True)
class Place:
    """A destination that can be ticked. `where` says where it leads; `trouble` why it can't be used at present."""

    name: str
    kind: str
    where: str
    trouble: str


def editor_routes(desk: Desk) -> list[BaseRoute]:
    """The editor's three addresses."""
    editor = Editor(desk)
    edit = Behind(desk, Role.EDITOR, get=editor.get, post=editor.post, restore=editor.restore, writes=False)
    preview = Behind(desk, Role.EDITOR, post=editor.preview, writes=False)
    return [
        Route(f"{desk.base}/alerts/new", edit, max_body_size=FORM_BYTES),
        Route(f"{desk.base}/alerts/preview", preview, max_body_size=FORM_BYTES),
        Route(f"{desk.base}/alerts/{{id:uuid}}/edit", edit, max_body_size=FORM_BYTES),
    ]


class Editor:
    """Answers for the editor."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._house = desk.house
        self._alerts = AlertDesk(desk.house.settings, desk.house.store, desk.house.pipeline.alerting)
        self._destinations = DestinationDesk(desk.house.settings, desk.house.store)
        self._acts = AlertActs(desk.house)
        self._looks = Purse(_LOOKS, at_once=_LOOKS_AT_ONCE)

    async def get(self, request: Request, visitor: Visitor) -> Response:
        """An empty form, or a saved alert in it, with what it would have caught."""
        row = self._row(request, visitor)
        if row is None:
            zone = visitor.user.zone
            form = AlertForm(zone="" if zone == self._house.settings.site.zone.key else zone)
        else:
            form = AlertForm.saved(written(row), row.revision)
        return await self._page(visitor, row, form)

    async def post(self, request: Request, visitor: Visitor, sent: Form) -> Response:
        """Save it; or show the page again as it was filled in: looked back, the other way to write, or a test sent."""
        self._pay(visitor)
        do, destination = sent.text("do"), sent.text("test")
        if do == "save" and not destination:
            # Before the alert is read: nobody else changes it between that and the write.
            visitor = await self._desk.turn(request, Role.EDITOR)
        row, form = self._row(request, visitor), AlertForm.sent(sent)
        if destination:
            return await self._test(visitor, row, form, destination)
        match do:
            case "save":
                return await self._save(visitor, row, form)
            case "boxes":
                boxed = form.in_boxes()
                return await self._page(visitor, row, boxed, wrong="" if boxed.boxed else _UNBOXED)
            case "query":
                return await self._page(visitor, row, replace(form, boxed=False))
        return await self._page(visitor, row, form)

    async def restore(self, request: Request, visitor: Visitor, sent: Form) -> Response:
        """The form as it was filled in before somebody signed in anew."""
        return await self._page(visitor, self._row(request, visitor), AlertForm.sent(sent), wrong=ANEW, status=403)

    async def preview(self, _request: Request, visitor: Visitor, sent: Form) -> Response:
        """The preview alone: for the script, as somebody types."""
        self._pay(visitor)
        return self._desk.page("preview.html", visitor, look=await self._look(AlertForm.sent(sent)))

    def _pay(self, visitor: Visitor) -> None:
        """Refuse with 429 whoever asks faster than anybody types: each look is read before it is looked up."""
        if (wait := self._looks.refuse_after(str(visitor.user.id))) is not None:
            raise HTTPException(429, headers={"Retry-After": str(wait)})

    def _row(self, request: Request, visitor: Visitor) -> AlertRow | None:
        """The alert that the address names, None for a new one. Raises NotFoundError, UsageError."""
        if "id" not in request.path_params:
            return None
        row = check_change(visitor.user, self._acts.row(alert_id(request)))
        if row.from_config:
            raise ConflictError(f"The alert {row.name} stands in config.toml: it is changed there.")
        return row

    async def _save(self, visitor: Visitor, row: AlertRow | None, form: AlertForm) -> Response:
        mistakes = self._mistakes(form)
        if mistakes:
            return await self._page(visitor, row, form, mistakes=mistakes)
        if row is not None and form.seen != str(row.revision):
            form = replace(form, seen=str(row.revision))
            return await self._page(visitor, row, form, wrong=_CHANGED)
        try:
            kept = self._kept(visitor, row, form)
        except ConflictError as error:
            field, _, sentence = str(error).rpartition("name: ")
            if field or not sentence:
                raise
            return await self._page(visitor, row, form, mistakes={"name": sentence[:1].upper() + sentence[1:]})
        return self._desk.go(
            f"/alerts/{kept.id}/edit", said=f"{kept.name} is saved. It tells of what comes from now on."
        )

    def _kept(self, visitor: Visitor, row: AlertRow | None, form: AlertForm) -> AlertRow:
        """The alert as it is kept. Raises UsageError."""
        now, user = self._house.clock(), visitor.user
        if row is None:
            raw = {key: value for key, value in form.keys().items() if value is not None}
            return self._alerts.add(raw | {"owner": user.name}, now, by=user.name)
        changes = form.changes(written(row))
        return self._alerts.edit(row.id, changes, now, by=user.name) if changes else row

    def _mistakes(self, form: AlertForm) -> dict[str, str]:
        """What is wrong, by field: a sentence each."""
        found = dict(form.mistakes())
        raw = {key: value for key, value in form.keys().items() if value is not None}
        try:
            read_alert(raw, self._house.settings, [row.name for row in self._house.store.destinations.all()])
        except DefinitionError as error:
            for key, sentence in error.mistakes:
                field = _KEY.match(key)
                found.setdefault(field.group() if field else "name", _sentence(sentence))
        if "query" in found and not form.boxed and not form.query:
            found["query"] = "Say what to look for, as in asylum or “Rwanda plan”."
        elif "query" in found and form.query:
            found["query"] = _in_short(self._query_error(form.query), found["query"])
        return found

    def _query_error(self, query: str) -> QueryError | None:
        try:
            parse(query, topics=[topic.name for topic in self._house.settings.topics])
        except QueryError as error:
            return error
        return None

    async def _look(self, form: AlertForm) -> Looked | None:
        """What it would have caught; None where nothing is asked yet."""
        query, settings = form.query, self._house.settings
        unclear = form.unclear()
        if unclear or not query:
            return excused(query, unclear[1]) if unclear else None
        if unread := self._query_error(query):
            return wrong(query, unread)
        known = {"topics": {each.name for each in settings.topics}, "sources": {each.name for each in settings.sources}}
        try:
            watched = draft(
                query,
                settings,
                topics=[name for name in form.topics if name in known["topics"]],
                sources=[name for name in form.sources if name in known["sources"]],
                grouped=form.grouped,
            )
        except DefinitionError as error:
            return refused(query, error)
        now = self._house.clock()

        def look(store: Store) -> Looked:
            return looked(look_back(store, settings, watched, now, quick=True), settings, boxed=form.boxed)

        try:
            return await self._house.searching.read(look, seconds=PREVIEW_S)
        except StoreSlowError:
            return excused(query, _TOO_SLOW)
        except HTTPException:  # this client has had its share
            return excused(query, _TOO_OFTEN)

    async def _test(self, visitor: Visitor, row: AlertRow | None, form: AlertForm, name: str) -> Response:
        """A test sent to one destination, with what the other side said to it."""
        house = self._house
        name = self._destinations.find(name).name
        if (wait := self._desk.trials.refuse_after(visitor.user, name)) is not None:
            refused = await self._page(visitor, row, form, wrong=too_often(name, wait), status=429)
            refused.headers["Retry-After"] = str(wait)
            return refused
        answer = await self._destinations.test(
            name, house.addresses, house.clock(), by=visitor.user.name, seconds=TEST_S
        )
        taken = answer.verdict is Verdict.DELIVERED
        said = f"The test to {name} was {'taken' if taken else 'not taken'}: {answer.said}"
        if taken:
            return await self._page(replace(visitor, said=said), row, form)
        return await self._page(visitor, row, form, wrong=said)

    async def _page(
        self,
        visitor: Visitor,
        row: AlertRow | None,
        form: AlertForm,
        *,
        mistakes: Mapping[str, str] | None = None,
        wrong: str = "",
        status: int = 200,
    ) -> Response:
        look = await self._look(form)
        settings = self._house.settings
        if mistakes and not wrong:
            wrong = "It is not saved yet: see what is said in the form."
        return self._desk.page(
            "alert_edit.html",
            visitor,
            status=400 if mistakes else status,
            row=row,
            form=form,
            look=look,
            mistakes=mistakes or {},
            wrong=wrong,
            places=self._places(visitor.user),
            topics=list(settings.topic_titles.items()),
            sources=list(settings.source_titles.items()),
            weekdays=_WEEKDAYS,
            site_zone=settings.site.zone.key,
            feed=private_address(settings, row.feed_token) if row is not None and row.feed_token else "",
            here="/alerts",
        )

    def _places(self, user: UserRow) -> Sequence[Place]:
        return [self._place(user, row) for row in self._house.store.destinations.all()]

    def _place(self, user: UserRow, row: DestinationRow) -> Place:
        trouble = "switched off" if row.off else "failing" if row.failing_since else ""
        try:
            where = where_it_leads(destination_settings(row, self._house.settings))
        except SyndicatorError:
            return Place(row.name, row.kind, "", "can’t be used")
        return Place(row.name, row.kind, place_shown(user, row, where), trouble)


def _sentence(text: str) -> str:
    """A mistake as a sentence of its own, where it goes on from a key's name."""
    first = text.partition("\n")[0].strip()
    return (
        f"This {first}" if first.split(" ", 1)[0] in {"is", "can't", "are", "names"} else first[:1].upper() + first[1:]
    )


def _in_short(error: QueryError | None, otherwise: str) -> str:
    """What is wrong with a query, in a line; the preview shows where."""
    if error is None:
        return otherwise
    return f"{error.sentence}. {error.hint}"
