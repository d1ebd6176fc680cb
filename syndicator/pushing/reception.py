"""The hub's front desk: who may subscribe to what, and how much of it. What it accepts is still to be verified."""

from collections.abc import Mapping

from syndicator.errors import HubFullError
from syndicator.store import Store
from syndicator.websub import Announced, Asked, AskingError, Mode, read_asked

# Subscriptions in all, and of callbacks on one host.
SUBSCRIPTIONS = 20_000
SUBSCRIPTIONS_OF_HOST = 5_000
# Requests that wait for their callback's word, in all, on one host, and of one client.
WAITING = 2_000
WAITING_OF_HOST = 400
WAITING_OF_CLIENT = 100


class UnknownTopicError(AskingError):
    """What was asked for is no feed of ours."""


class Reception:
    """Takes requests in. Each that is accepted is a row before it is answered, so that a crash forgets none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def receive(self, fields: Mapping[str, str], *, client: str) -> Asked | Announced:
        """Accept a hub's form, from a client of this name.

        Raises AskingError, UnknownTopicError, HubFullError, StoreError.

        A publisher's word is checked and has no effect: what our feeds say is announced when they are written.
        """
        asked = read_asked(fields)
        if isinstance(asked, Announced):
            self._generation(asked.topic)
            return asked
        with self._store.transaction():
            generation = self._generation(asked.topic)
            self._make_room(asked, client)
            self._store.questions.ask(asked, generation, client=client)
        return asked

    def _generation(self, url: str) -> int:
        topic = self._store.announcements.topic(url)
        if topic is None:
            raise UnknownTopicError(
                "There is no such topic here: this hub serves its own feeds alone, by their rel=self links."
            )
        return topic.generation

    def _make_room(self, asked: Asked, client: str) -> None:
        questions, followers = self._store.questions, self._store.followers
        if questions.waiting(client=client) >= WAITING_OF_CLIENT:
            raise HubFullError("Too many of your requests are waiting to be verified. Please try again later.")
        if questions.waiting() >= WAITING or questions.waiting(asked.host) >= WAITING_OF_HOST:
            raise HubFullError("Too many requests are waiting to be verified. Please try again later.")
        if asked.mode is Mode.UNSUBSCRIBE or followers.is_subscribed(asked.topic, asked.callback):
            return
        if followers.subscriptions() >= SUBSCRIPTIONS or followers.subscriptions(asked.host) >= SUBSCRIPTIONS_OF_HOST:
            raise HubFullError("This hub has as many subscriptions as it can serve. Please poll the feed instead.")
