"""Whom our proxy has signed in: the header in which it says so, believed from nobody else.

The proxy has to overwrite that header in whatever it passes on; where it only adds its own, there are two of them,
and neither is believed.
"""

from contextlib import suppress

from starlette.requests import Request

from syndicator.store import UserRow
from syndicator.web.clients import Clients
from syndicator.web.house import House

_LONGEST = 400


class Introduced:
    """Reads `desk.trusted_header`. Without one in config nobody is introduced."""

    def __init__(self, house: House) -> None:
        self._header = house.settings.desk.trusted_header
        self._clients = Clients(house.settings.server.trusted_proxies)
        self._users = house.store.users

    def name(self, request: Request) -> str:
        """The name that a proxy of ours says; "" where none does.

        What counts is whose connection it is, never what X-Forwarded-For says of it.
        """
        if self._header is None or request.client is None or not self._clients.trusts(request.client.host):
            return ""
        said = request.headers.getlist(self._header)
        return _text(said[0]) if len(said) == 1 else ""

    def user(self, request: Request) -> UserRow | None:
        """Whoever that is, if they may sign in. Nobody is made here: an admin adds people."""
        name = self.name(request)
        user = self._users.named(name) if name else None
        return None if user is None or user.disabled is not None else user

    def is_another(self, request: Request, user: UserRow) -> bool:
        """Whether our proxy says that this is somebody else than `user`."""
        name = self.name(request)
        return bool(name) and name.casefold() != user.name.casefold()


def _text(said: str) -> str:
    """A header's value, which is bytes: UTF-8 where it can be read so, else Latin-1."""
    said = said.strip()[:_LONGEST]
    with suppress(UnicodeDecodeError):
        said = said.encode("latin-1").decode()
    return said if said.isprintable() else ""
