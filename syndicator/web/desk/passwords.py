"""Passwords hashed with argon2id, beside the event loop, a few at a time (RFC 9106 §4, second recommended option)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from syndicator.people import MOST_BYTES, normal_password

# Each takes 64 MB and a core for a while: strangers who try passwords wait for each other.
_AT_A_TIME = 2

Done = TypeVar("Done")


class Passwords:
    """Hashes and checks. Somebody who does not exist takes as long as somebody who does."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="passwords")
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await self._run(lambda: self._hasher.hash(normal_password(password)))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password of which `kept` was kept; None: nobody's."""
        if len(password.encode()) > MOST_BYTES:
            return False
        if not self._nobody:
            self._nobody = await self.hash("nobody has this password")
        return await self._run(lambda: self._check(kept or self._nobody, normal_password(password))) and bool(kept)

    def is_dated(self, kept: str) -> bool:
        """Whether it was hashed with less care than new ones are."""
        return self._hasher.check_needs_rehash(kept)

    def _check(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Done]) -> Done:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
