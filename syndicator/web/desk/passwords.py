"""Passwords hashed with argon2id, beside the event loop, one at a time (RFC 9106 §4, second recommended option).

There are two lanes, each with a thread of its own, since each hash takes 64 MB and a core for a while: one for
strangers, and one for those who have shown something already. So strangers who guess keep each other waiting, and
nobody else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.requests import ClientDisconnect

from syndicator.errors import CrowdedError
from syndicator.people import MOST_BYTES, normal_password

# What waits in a lane is done within seconds; whoever comes then had better come again.
MOST_WAITING = 16
AGAIN_S = 5

Done = TypeVar("Done")
# Whether whoever asked has gone meanwhile, as starlette's Request.is_disconnected says.
Gone = Callable[[], Awaitable[bool]]


class Lane:
    """Work on passwords in the order in which it came, of which so much may wait. For one event loop."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._free = asyncio.Lock()
        self._waiting = 0

    async def run(self, work: Callable[[], Done], gone: Gone) -> Done:
        """Do it when its turn comes. Raises CrowdedError, and ClientDisconnect where nobody waits for it any more."""
        if self._waiting > MOST_WAITING:
            raise CrowdedError("Very many people are signing in just now. Please wait a few seconds, then try again.")
        at_once = not self._waiting
        self._waiting += 1
        try:
            async with self._free:
                if not at_once and await gone():
                    raise ClientDisconnect
                return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1


class Passwords:
    """Hashes and checks. Somebody who does not exist takes as long as somebody who does."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._known = Lane("known passwords")
        self._strangers = Lane("passwords")
        self._nobody = ""

    async def hash(self, password: str, gone: Gone, *, known: bool) -> str:
        """What is kept of a password. `known`: who asks has shown a session, a link, or a browser that we know."""
        return await self._lane(known=known).run(lambda: self._hasher.hash(normal_password(password)), gone)

    async def fits(self, password: str, kept: str | None, gone: Gone, *, known: bool) -> bool:
        """Whether this is the password of which `kept` was kept; None: nobody's."""
        if len(password.encode()) > MOST_BYTES:
            return False
        return await self._lane(known=known).run(lambda: self._check(kept, normal_password(password)), gone)

    def is_dated(self, kept: str) -> bool:
        """Whether it was hashed with less care than new ones are."""
        return self._hasher.check_needs_rehash(kept)

    def _lane(self, *, known: bool) -> Lane:
        return self._known if known else self._strangers

    def _check(self, kept: str | None, password: str) -> bool:
        if not self._nobody:
            self._nobody = self._hasher.hash("nobody has this password")
        try:
            return self._hasher.verify(kept or self._nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
