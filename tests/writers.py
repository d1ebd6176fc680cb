"""Hands that work on one newsroom's file at the same time, and a copy that is kept by following its changes.

Writers are threads, each with a store and a newsroom of its own on the same file, as other processes would have.
"""

import json
import threading
from contextlib import suppress
from datetime import timedelta

from newsroom import NOW, FakeWeb, InProcess

from syndicator.desk import Desk
from syndicator.errors import SyndicatorError
from syndicator.model import Content, Entry
from syndicator.pipeline import Pipeline
from syndicator.store import Narrowed, Store
from syndicator.web.api.representation import article, as_json

HOUR = timedelta(hours=1)


class Writer:
    """One hand at work on the newsroom's file."""

    def __init__(self, room):
        self.store = Store.open(room.settings.store.path, room.store.analyser)
        self.pipeline = Pipeline(room.settings, self.store, FakeWeb(), InProcess(), owner="writer")
        self.desk = Desk(room.settings, self.store, self.pipeline, FakeWeb(), InProcess())

    def act(self, act, number, variant):
        """What can't be done as things stand (a kill of what was killed) is left."""
        with suppress(SyndicatorError):
            getattr(self, act)(number, variant)

    def publish(self, number, variant, *, until=None):
        said = Content(f"Boat {number}", f"A boat of kind {variant % 2} sank.")
        url = f"https://wire.example/{number}/{variant // 2}"
        entry = Entry(said, f"g{number}", url, NOW, embargo_until=until)
        with self.store.transaction():
            self.pipeline.intake.accept("wire", [entry], NOW)

    def publish_held(self, number, variant):
        self.publish(number, variant, until=NOW + HOUR)

    def correct(self, number, variant):
        self.desk.correct(self._id(number), f"It was {variant}.", NOW, by="ann", text=f"A ship, {variant}.")

    def kill(self, number, variant):
        self.desk.kill(self._id(number), f"Not so, {variant}.", NOW, by="ann")

    def embargo(self, number, _variant):
        self.desk.embargo(self._id(number), NOW + HOUR, NOW, by="ann")

    def release(self, _number, _variant):
        self.pipeline.keep_house(NOW + HOUR * 2)

    def retire(self, _number, variant):
        if variant == 0:  # it takes all that is out
            with self.store.transaction():
                self.store.articles.retire(NOW + HOUR * 9)

    def _id(self, number):
        rows = self.store._db.query(
            "SELECT a.id FROM articles a JOIN appearances p ON p.article = a.n WHERE p.key = ?", [f"g{number}"]
        )
        return next((row["id"] for row in rows), f"urn:uuid:none-of-{number}")


class Mirror:
    """A copy kept by the rules of docs/api.md."""

    def __init__(self):
        self.articles = {}
        self.seen = []

    def apply(self, change):
        if change["article"] is not None:
            self.articles[change["id"]] = change["article"]
        elif change["type"] == "hold" or change["retired"]:
            self.articles.pop(change["id"], None)

    def forget(self, retired):
        for id_ in retired:
            self.articles.pop(id_, None)


def published(store):
    """What the public may see, read straight from the tables; and how the API says it."""
    rows = store._db.query(
        "SELECT id, seq, state, iif(state = 'killed', NULL, url) AS url, retired FROM articles a WHERE state <> 'embargoed' AND EXISTS"
        " (SELECT 1 FROM versions v WHERE v.article = a.n AND v.state IN ('live', 'corrected'))"
    )
    rows = list(rows)
    facts = {row["id"]: (row["seq"], row["state"], row["url"]) for row in rows if not row["retired"]}
    said = {item.article.id: json.loads(as_json(article(item))) for item in store.listing.page(Narrowed())}
    return facts, said, {row["id"] for row in rows if row["retired"]}


def facts_of(articles):
    return {id_: (each["seq"], each["state"], each["url"]) for id_, each in articles.items()}


class AtWork:
    """Threads that do these scripts, one each: lists of (act, number, variant)."""

    def __init__(self, room, scripts):
        self._room = room
        self._failures = []
        self._threads = [threading.Thread(target=self._work, args=(script,)) for script in scripts]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self._threads:
            thread.join()
        assert not self._failures

    @property
    def done(self):
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, script):
        try:
            writer = Writer(self._room)
            for act in script:
                writer.act(*act)
            writer.store.close()
        except Exception as error:  # noqa: BLE001 - raised where it is seen
            self._failures.append(error)
