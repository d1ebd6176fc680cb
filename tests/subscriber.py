"""A newsroom that follows one feed whose publisher names hubs. Poll, hub and clock are a test's; the rest is real."""

import asyncio
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from asgi import ask
from house import house
from outbox import DESK, alert, desk

from syndicator.intake import Taken
from syndicator.model import Fetched, Outcome, Validators
from syndicator.pace import body_hash
from syndicator.subscribing import Subscribing
from syndicator.web import web_app
from syndicator.websub import HubAnswer, signature

FEED = "https://wire.example/rss"
TOPIC = "https://wire.example/feed"
HUB = "https://hub.example/"
OTHER_HUB = "https://other.example/"
SOURCE = f'[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{FEED}"\nrepublish = "full"\n'
BOATS = '[topics.boats]\ntitle = "Boats"\nquery = "boat"\n'
YES = HubAnswer("HTTP 202 Accepted", 202)
NO = HubAnswer("HTTP 400 Bad Request", 400)
DOWN = HubAnswer("no connection to hub.example, port 443")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def feed(*titles, hubs=(HUB,), topic=TOPIC, texts=()):
    """An RSS feed of items with these titles; its links are as WebSub wants them."""
    links = "".join(f'<atom:link rel="hub" href="{hub}"/>' for hub in hubs)
    links += f'<atom:link rel="self" href="{topic}"/>' if topic else ""
    texts = dict(texts)
    items = "".join(
        f'<item><guid isPermaLink="false">{title.split(":")[0]}</guid><title>{title}</title>'
        f"<link>https://wire.example/{title.split(':')[0].replace(' ', '-')}</link>"
        f"<description>{texts.get(title, 'Forty came ashore at dawn near the old harbour.')}</description></item>"
        for title in titles
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Wire</title><link>https://wire.example/</link><description>d</description>{links}{items}</channel></rss>"
    ).encode()


def fetched(body, url=FEED, **more):
    return Fetched(Outcome.FRESH, url, 200, body, "application/rss+xml", **more)


class Publisher:
    """What the source's server says now, with validators as a good server has them."""

    def __init__(self):
        self.says = fetched(feed())
        self.asked = []

    async def get(self, url, validators=Validators(), *, accept=""):  # noqa: ARG002 - as the real one
        self.asked.append(url)
        await asyncio.sleep(0)
        if self.says.outcome is not Outcome.FRESH:
            return self.says
        tag = body_hash(self.says.body).encode()
        if validators.etag == tag:
            return Fetched(Outcome.UNCHANGED, self.says.url, 304, validators=validators)
        return Fetched(
            Outcome.FRESH,
            self.says.url,
            200,
            self.says.body,
            self.says.content_type,
            Validators(tag),
            hubs=self.says.hubs,
            self_url=self.says.self_url,
        )


@dataclass
class Hubs:
    """Every hub there is: what each was asked, and what it answers (a function is called with the form)."""

    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    closed: bool = False

    async def ask(self, hub, fields):
        self.asked.append((hub, dict(fields)))
        await asyncio.sleep(0)
        answer = self.answers.get(hub, YES)
        return answer(fields) if callable(answer) else answer

    async def close(self):
        self.closed = True

    def forms(self, hub=HUB, mode=None):
        return [form for to, form in self.asked if to == hub and mode in {None, form["hub.mode"]}]


class Subscriber:
    """The newsroom under test. `poll` looks at what is due, `tick` is a worker's, `after` lets time pass before both."""

    def __init__(self, it):
        self.it, self.store, self.room = it, it.store, it.room
        self.web = it.room.web
        self.hubs = Hubs()
        self.app = None
        self.begin()

    def begin(self, settings=None):
        """A new process, as far as what it remembers goes."""
        self.subscribing = Subscribing(
            settings or self.room.settings,
            self.store,
            self.room.pipeline.intake,
            self.hubs,
            owner=secrets.token_hex(4),
            clock=lambda: self.it.now,
            jitter=lambda: 0.0,
        )

    def poll(self):
        """Look at the source if it is due; what came of it, or None."""

        async def looks():
            pipeline, now = self.room.pipeline, self.it.now
            return [await pipeline.take(state, now) for state in pipeline.claim(now)]

        found = asyncio.run(looks())
        assert all(isinstance(what, Taken) for what in found)
        return found[0] if found else None

    def tick(self):
        asyncio.run(self.subscribing.drain())

    def after(self, span=timedelta()):
        self.it.now += span
        return self

    def verify(self, form=None, *, lease=864_000, status=200, **said):
        """The hub asks back, about the newest form unless told otherwise; whether we said what we should."""
        form = form or self.hubs.asked[-1][1]
        query = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": "c h&a=lle<nge",
            "hub.lease_seconds": str(lease),
        } | {name.replace("_", "."): value for name, value in said.items()}
        reply = self.get(form, query)
        assert reply.status == status, reply
        if status == 200:
            assert reply.body == query.get("hub.challenge", "").encode()
            assert reply["content-type"].startswith("text/plain")
            assert reply["x-content-type-options"] == "nosniff"
        return reply

    def get(self, form, query, method="GET"):
        return ask(self.app, f"{urlsplit(form['hub.callback']).path}?{urlencode(query)}", method)

    def push(self, body, *, form=None, status=202, sign="sha256", content_type="application/rss+xml", **headers):
        """The hub pushes: signed with what we gave it, unless told otherwise."""
        form = form or self.hubs.forms(mode="subscribe")[-1]
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Content-Type"] = content_type
        if sign in {"sha1", "sha256", "sha384", "sha512"}:
            headers["X-Hub-Signature"] = signature(body, form["hub.secret"], sign)
        elif sign:
            headers["X-Hub-Signature"] = sign
        path = urlsplit(form["hub.callback"]).path
        reply = ask(self.app, path, "POST", headers=headers, body=body, chunk=65_536)
        assert reply.status == status, reply
        return reply

    def one(self):
        (it,) = self.store.subscriptions.all()
        return it

    def state(self):
        return self.store.sources.state("wire")

    def titles(self):
        rows = self.store._db.query("SELECT title FROM articles WHERE kind = 'news' ORDER BY n")
        return [row["title"] for row in rows]

    def heard(self):
        self.it.after()
        return self.it.titles()

    def active(self, *titles):
        """Known, discovered, asked and verified."""
        self.web.says = fetched(feed(*titles))
        self.poll()
        self.tick()
        self.verify()
        return self


@contextmanager
def subscriber(root, *parts, source=SOURCE):
    with desk(root, *(parts or (BOATS, DESK, alert())), source, web=Publisher()) as it:
        sub = Subscriber(it)
        with house(it.room, lambda: it.now) as home:
            sub.app = web_app(home)
            yield sub
