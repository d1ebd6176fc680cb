"""A newsroom with its hub at work, and subscribers that confirm: real HTTP on loopback, a clock that tests move."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from urllib.parse import parse_qs, urlencode, urlsplit

from asgi import ask
from house import house
from newsroom import BOATS, INBOX, NOW, newsroom
from receiver import Reply
from starlette.applications import Starlette

from syndicator.model import Content, Entry
from syndicator.pushing import Hub
from syndicator.web.hub import hub_routes

LOOPBACK = '[network]\nallow_private = ["127.0.0.0/8"]\n'
HUB = "https://desk.example/websub/hub"
TOPIC = "https://desk.example/feeds/boats.atom"


def asked(received):
    """The hub.* parameters of a request's query, the last of each name."""
    found = parse_qs(urlsplit(received.target).query, keep_blank_values=True)
    return {name.removeprefix("hub."): values[-1] for name, values in found.items() if name.startswith("hub.")}


def confirming(received):
    """A subscriber that repeats every challenge, and takes what it is sent."""
    return Reply(body=asked(received).get("challenge", "").encode()) if received.method == "GET" else Reply(204)


def taken(receiver, path="/cb"):
    """What was posted there."""
    return [each for each in receiver.received(path) if each.method == "POST"]


def questions(receiver, path="/cb"):
    """What was asked there."""
    return [asked(each) for each in receiver.received(path) if each.method == "GET"]


class Pushing:
    """`say` publishes, `post` asks the hub, `work` lets it do everything that is due."""

    def __init__(self, room):
        self.room = room
        self.store = room.store
        self.now = NOW
        self.reports = []

    def clock(self):
        return self.now

    def say(self, *titles, publish=True):
        with self.store.transaction():
            entries = [Entry(Content(title, "It came in."), guid=title) for title in titles]
            self.room.pipeline.intake.accept("inbox", entries, self.now, backlog=False)
        if publish:
            self.publish()

    def publish(self):
        assert self.room.publish(self.now).problems == ()

    def kill(self, title):
        (id_,) = [row["id"] for row in self.store._db.query("SELECT id FROM articles WHERE title = ?", [title])]
        self.room.desk.kill(id_, "", self.now, by="Ana")

    def hub(self, **more):
        return Hub(
            self.store, self.room.settings, owner="test", clock=self.clock, report=self.reports.append,
            jitter=lambda: 0.0, **more,
        )  # fmt: skip

    def work(self):
        async def run():
            async with self.hub() as hub:
                await hub.drain()

        asyncio.run(run())

    def after(self, span=timedelta()):
        self.now += span
        self.work()

    def post(self, *, content_type="application/x-www-form-urlencoded", body=None, client=None, **fields):
        """A form to the hub: `post(mode="subscribe", topic=…, callback=…)`, names without their "hub.".

        A `client` has come through a proxy of ours.
        """
        form = urlencode({f"hub.{name}": value for name, value in fields.items()}) if body is None else body
        headers = {"content-type": content_type} | ({"x-forwarded-for": client} if client else {})
        return ask(self.web, "/websub/hub", "POST", headers=headers, body=form.encode())

    @cached_property
    def web(self):
        """The hub's address alone: the whole application takes a quarter of a second to build."""
        with house(self.room, self.clock) as it:
            return Starlette(routes=hub_routes(it))

    def subscribe(self, callback, topic=TOPIC, **more):
        """Ask, and have it verified."""
        reply = self.post(mode="subscribe", topic=topic, callback=callback, **more)
        assert reply.status == 202
        self.work()

    def subscriptions(self):
        rows = self.store._db.query("SELECT * FROM hub_followers WHERE kind = 'subscriber' ORDER BY n")
        return [(row["topic"], row["url"]) for row in rows]

    def waiting(self):
        return self.store.questions.waiting()

    def bytes(self, name="boats.atom"):
        return (self.room.root / "feeds" / name).read_bytes()


@contextmanager
def pushing(root, *parts):
    with newsroom(root, INBOX, BOATS, LOOPBACK, *parts) as room:
        room.start()
        it = Pushing(room)
        it.publish()
        yield it
