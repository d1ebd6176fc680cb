"""A newsroom whose alerts go to destinations that only remember, with answers that a test can set."""

import asyncio
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from newsroom import NOW, newsroom

from syndicator.alerts import Answer, Verdict
from syndicator.composing import Composer
from syndicator.courier import Courier
from syndicator.model import Content, Entry

TAKEN = Answer(Verdict.DELIVERED, "ok", 200)
DOWN = Answer(Verdict.TEMPORARY, "connection refused", answered=False)
ERROR = Answer(Verdict.TEMPORARY, "500", 500)
REFUSED = Answer(Verdict.PERMANENT, "404", 404)
GONE = Answer(Verdict.GONE, "410", 410)

DESK = '[destinations.desk]\nkind = "console"\n'
PHONE = '[destinations.phone]\nkind = "console"\n'


def alert(name="Boats", query="boat", to=("desk",), **more):
    keys = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f"[[alerts]]\nname = \"{name}\"\nquery = '{query}'\ndestinations = {list(to)!r}\n{keys}"


@dataclass
class Wire:
    """Destinations: what each was sent, in order, and what each answers (a list is used up, its last one stays)."""

    sent: dict = field(default_factory=lambda: defaultdict(list))
    answers: dict = field(default_factory=dict)

    def unsubscribe_url(self, alert, destination):  # noqa: ARG002 - as the real one
        return None

    async def send(self, destination, message):
        await asyncio.sleep(0)
        answer = self.answers.get(destination, TAKEN)
        if callable(answer):
            answer = answer(message)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer.verdict is Verdict.DELIVERED:
            self.sent[destination].append(message)
        return answer


class Desk:
    """A newsroom with a clock: `say` takes articles in, `after` lets time pass and works as the service does."""

    def __init__(self, room):
        self.room = room
        self.store = room.store
        self.wire = Wire()
        self.now = NOW
        self.reports = []
        self.courier = Courier(
            room.store,
            Composer(room.store, room.settings),
            self.wire,
            owner="test",
            clock=lambda: self.now,
            report=self.reports.append,
            jitter=lambda: 0.0,
        )

    def say(self, *titles, text="It came in.", source="inbox", backlog=False, guid=None):
        entries = [
            Entry(Content(title, text), guid=guid or title, url=None, published=self.now, embargo_until=None)
            for title in titles
        ]
        with self.store.transaction():
            self.room.pipeline.intake.accept(source, entries, self.now, backlog=backlog)
        self.deliver()

    def deliver(self):
        asyncio.run(self.courier.drain())

    def after(self, span=timedelta()):
        self.now += span
        self.room.pipeline.keep_house(self.now)
        self.deliver()

    def until(self, moment):
        self.after(moment - self.now)

    def heard(self, destination="desk"):
        """What a destination got: (event, the titles in it)."""
        return [(m.event.value, [item.title.text for item in m.items]) for m in self.wire.sent[destination]]

    def titles(self, destination="desk"):
        return [title for _, titles in self.heard(destination) for title in titles]

    def article(self, title):
        (id_,) = [row["id"] for row in self.store._db.query("SELECT id FROM articles WHERE title = ?", [title])]
        return id_


@contextmanager
def desk(root, *parts, **more):
    with newsroom(root, *(parts or (DESK, alert())), **more) as room:
        room.start(NOW)
        yield Desk(room)
