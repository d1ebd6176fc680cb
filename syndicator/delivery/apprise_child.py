"""The child process behind `apprise.AppriseProcess`: reads jobs, forks for each, and writes what came of it.

A job is a line of JSON on standard input: `n`, `url`, `allow`, `deadline_s`, and `title` and `body` unless the URL is
only to be checked. An answer is a line on standard output: `n` and the fields of an Answer. It ends with its parent.
Start it as `python -m syndicator.delivery.apprise_child`.
"""

import gc
import json
import os
import resource
import selectors
import signal
import sys
from dataclasses import dataclass, field
from typing import Any, NoReturn

from syndicator.delivery.apprise_send import Fields, Sender, crashed, too_slow

_CHUNK = 65_536
_MEMORY_BYTES = 512 * 2**20


@dataclass(slots=True)
class _Fork:
    """A process that works on job `n`. `said` is what it has written so far."""

    n: int
    pid: int
    deadline_s: float
    said: bytearray = field(default_factory=bytearray)


class _Server:
    """Takes jobs and gives answers in one thread, since only such a process may fork without care."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._selector = selectors.DefaultSelector()
        self._forks: dict[int, _Fork] = {}
        self._unread = bytearray()

    def serve(self) -> None:
        """Work until standard input ends; what is still under way then is killed."""
        self._selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == 0:
                    if not self._read_jobs():
                        self._end_forks()
                        return
                else:
                    self._read_answer(key.fd)

    def _read_jobs(self) -> bool:
        chunk = os.read(0, _CHUNK)
        self._unread += chunk
        *lines, rest = self._unread.split(b"\n")
        self._unread = bytearray(rest)
        for line in lines:
            self._start(json.loads(line))
        return bool(chunk)

    def _start(self, job: dict[str, Any]) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._work(job, writing)
        os.close(writing)  # or the next fork would hold it open
        self._forks[reading] = _Fork(job["n"], pid, job["deadline_s"])
        self._selector.register(reading, selectors.EVENT_READ)

    def _work(self, job: dict[str, Any], writing: int) -> NoReturn:
        try:
            # What a library prints must not get between our answers, and our jobs are not its input.
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            # The kernel's own ending of the process: Python's would wait for C code that hangs.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, job["deadline_s"])
            _limit_memory()
            os.write(writing, json.dumps(self._sender.answer(job)).encode("ascii"))
            self._sender.release()
        finally:
            os._exit(0)

    def _read_answer(self, reading: int) -> None:
        fork = self._forks[reading]
        if chunk := os.read(reading, _CHUNK):
            fork.said += chunk
            return
        self._selector.unregister(reading)
        os.close(reading)
        del self._forks[reading]
        _, status = os.waitpid(fork.pid, 0)
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if fork.said:  # even if its goodbye took too long
            answer: Fields = json.loads(fork.said)
        elif killed_by == signal.SIGALRM:
            answer = too_slow(fork.deadline_s)
        else:
            answer = crashed(f"killed by {signal.Signals(killed_by).name}" if killed_by else "without a word")
        _write({"n": fork.n, **answer})

    def _end_forks(self) -> None:
        for fork in self._forks.values():
            os.kill(fork.pid, signal.SIGKILL)
            os.waitpid(fork.pid, 0)


def _write(answer: dict[str, Any]) -> None:
    rest = json.dumps(answer).encode("ascii") + b"\n"
    while rest:
        rest = rest[os.write(1, rest) :]


def _limit_memory() -> None:
    """A service that answers without end fills its fork's share of memory, not the machine's. No core dump is left."""
    _, ceiling = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _MEMORY_BYTES if ceiling == resource.RLIM_INFINITY else min(_MEMORY_BYTES, ceiling)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Serve until standard input ends."""
    server = _Server(Sender())
    gc.freeze()  # forks share these pages as long as nobody touches them
    try:
        server.serve()
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
