"""A hundred other services (Slack, Teams, Telegram, ntfy, …) through Apprise, in a process of its own.

Importing Apprise costs a second and 40 MB, and it blocks and sleeps while it sends. So one child process
(`apprise_child`) imports it once, when first needed, and forks for each message: the fork shares that memory, and can
be killed at its deadline, whatever it hangs in.
"""

import asyncio
import contextlib
import itertools
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from syndicator.alerts.message import Answer, Message, Verdict
from syndicator.alerts.wording import plain, subject
from syndicator.config import apprise_url
from syndicator.network import Network

TIMEOUT = timedelta(seconds=60)
"""The time a service may take for one message, all its parts and Apprise's pauses between them included."""

_SENDERS = 8
# How much longer than a message's deadline the child may take to say so, its own start included.
_GRACE_S = 30.0
_CLOSING_S = 5.0
# What the child needs of our environment. Proxies would hide from its guard where it connects to, and our own secrets
# are none of its business.
_ENVIRONMENT = frozenset(
    {"LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ"}
)


class AppriseProcess:
    """The child process, shared by all Apprise destinations and used from one event loop. Close it in the end.

    `allow` are the networks that services may be reached in although they are not public. At most `senders` messages
    are under way at once; one that waits for its turn longer than `timeout` is answered as not delivered.
    """

    def __init__(
        self, allow: tuple[Network, ...] = (), timeout: timedelta = TIMEOUT, *, senders: int = _SENDERS
    ) -> None:
        self._allow = [str(network) for network in allow]
        self._timeout_s = timeout.total_seconds()
        self._turn = asyncio.Semaphore(senders)
        self._starting = asyncio.Lock()
        self._child: _Child | None = None
        self._closed = False

    async def check(self, url: str) -> None:
        """Let Apprise read `url`, sending nothing. Raises ValueError if it can't, without showing the URL."""
        apprise_url(url)
        answer = await self._ask({"url": url})
        if answer.verdict is not Verdict.DELIVERED:
            raise ValueError(answer.said)

    async def send(self, url: str, title: str, body: str) -> Answer:
        """Send plain text to one service."""
        return await self._ask({"url": url, "title": title, "body": body})

    async def close(self) -> None:
        """End the child, and with it what it still sends: those messages are answered as not delivered."""
        self._closed = True
        async with self._starting:
            child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _ask(self, job: dict[str, object]) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._turn.acquire()
        except TimeoutError:
            return _unsent("every Apprise sender is busy with a service that does not answer")
        try:
            async with asyncio.timeout(self._timeout_s + _GRACE_S):
                child = await self._running()
                return await child.ask({**job, "allow": self._allow, "deadline_s": self._timeout_s})
        except TimeoutError:
            return _unsent("the Apprise process does not answer")
        except (OSError, _ChildEndedError) as error:
            return _unsent(f"the Apprise process could not be used: {error}")
        finally:
            self._turn.release()

    async def _running(self) -> "_Child":
        async with self._starting:
            if self._closed:
                raise _ChildEndedError("the program is ending")
            if self._child is None or self._child.ended:
                if self._child is not None:
                    await self._child.close()
                self._child = await _Child.start()
            return self._child


class AppriseChannel:
    """One service behind one Apprise URL. Raises ValueError where the URL has not the form of one."""

    def __init__(self, process: AppriseProcess, url: str) -> None:
        self._process = process
        self._url = apprise_url(url)

    async def send(self, message: Message) -> Answer:
        """Send the message as title and plain text; Apprise splits what is too long for the service."""
        return await self._process.send(self._url, subject(message), plain(message))

    async def close(self) -> None:
        """Nothing to give back: the process is shared."""


class _ChildEndedError(Exception):
    """The child is not there, or went while it worked for us."""


class _Child:
    """A running child process: jobs go to its standard input as lines of JSON, answers come back in any order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._jobs = process.stdin
        self._answers = process.stdout
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls) -> "_Child":
        """Start it, deaf to a Ctrl-C that is meant for us. It imports Apprise before it reads its first job."""
        environment = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        # `requests` would look for passwords in ~/.netrc; on macOS it asks the system for proxies, unsafe in a fork.
        environment |= {"NETRC": os.devnull, "no_proxy": "*"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "syndicator.delivery.apprise_child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback could show a URL, and every answer comes as an answer
            env=environment,
            start_new_session=True,
        )
        return cls(process)

    @property
    def ended(self) -> bool:
        return self._reading.done() or self._process.returncode is not None

    async def ask(self, job: dict[str, object]) -> Answer:
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._jobs.write(json.dumps({**job, "n": number}).encode("ascii") + b"\n")
            await self._jobs.drain()
            if self.ended and not answer.done():
                raise _ChildEndedError("it has ended")
            return await answer
        finally:
            del self._waiting[number]

    async def close(self) -> None:
        self._jobs.close()
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        try:
            while line := await self._answers.readline():
                fields = json.loads(line)
                waiting = self._waiting.get(fields["n"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(_answer(fields))
        except (OSError, ValueError, KeyError, TypeError):
            with contextlib.suppress(ProcessLookupError):  # it speaks no sense: start another
                self._process.kill()
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(_ChildEndedError("it ended unexpectedly"))


def _answer(fields: dict[str, object]) -> Answer:
    status, wait = fields["status"], fields["retry_after_s"]
    return Answer(
        Verdict(str(fields["verdict"])),
        str(fields["said"]),
        status if isinstance(status, int) else None,
        answered=bool(fields["answered"]),
        retry_after=timedelta(seconds=wait) if isinstance(wait, int | float) else None,
    )


def _unsent(said: str) -> Answer:
    return Answer(Verdict.TEMPORARY, said, answered=False)
