"""Parsing in a worker process, with a deadline and a memory limit: what stalls or crashes there costs one document.

Workers come from a fork server: a small process that has the parsers imported and no threads, so that a
worker is there in milliseconds and nothing of this process (sockets, locks, the database) is copied into it.
"""

import asyncio
import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import pickle
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from syndicator.errors import ParseError, SourceError

try:
    import resource
except ImportError:  # Windows has no such limits; the deadline holds there too
    resource = None  # type: ignore[assignment]

DEADLINE_S = 20.0
"""Seconds that one document may take."""

MEMORY_MB = 1024
"""Megabytes of address space that a worker may take beyond what its imports need."""

_WORKERS = 2
# A worker is replaced after so many documents, so that a leak in a parser stays small.
_DOCUMENTS_PER_WORKER = 1_000
# What the fork server imports. A module that is missing is left out.
_PRELOADED = ["syndicator.sources.feed", "syndicator.sources.page"]
# Past the deadline by this much, a worker ends itself: its parent is no longer there to do it.
_GRACE_S = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class Sandbox:
    """Runs functions on documents in worker processes. Use it as a context manager, from one event loop.

    Processes start with the first document. Leaving the context ends them at once, with what they work on.
    """

    def __init__(self, *, deadline_s: float = DEADLINE_S, memory_mb: int = MEMORY_MB, workers: int = _WORKERS) -> None:
        self._deadline_s = deadline_s
        self._memory_mb = memory_mb
        self._workers = workers
        self._pool: ProcessPool | None = None
        self._starting = threading.Lock()
        self._pending: set[ProcessFuture[Any]] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def run(self, source: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function(*args, **kwargs)` returns in a worker; `source` names the document in errors.

        The function is importable by name; its arguments and its result are picklable. Raises ParseError when
        it takes longer than the deadline (waiting for a worker not counted), needs too much memory, crashes,
        or raises anything but a SourceError, which comes through as it is.
        """
        task = functools.partial(_limited, source, self._deadline_s, self._memory_mb, function, *args, **kwargs)
        for last_try in (False, True):
            pool = await asyncio.to_thread(self._running_pool, source) if self._pool is None else self._pool
            try:
                pickled = await self._done(pool.schedule(task, timeout=self._deadline_s))
            except TimeoutError:
                raise self._too_slow(source) from None
            except ProcessExpired as expired:
                if expired.exitcode == -signal.SIGALRM:
                    raise self._too_slow(source) from None
                raise ParseError(source, f"crashed the parser ({_ending(expired.exitcode)})") from None
            except RuntimeError as broken:  # the pool: an idle worker was killed, say, or close() was called
                if self._closed:
                    raise _closed(source) from None
                await asyncio.to_thread(self._discard, pool)
                if last_try:
                    raise ParseError(source, f"no parser could be started ({broken})") from None
            else:
                result: T = pickle.loads(pickled)  # noqa: S301 - it comes from our own worker
                return result
        raise AssertionError  # the second try returned or raised

    def close(self) -> None:
        """End the workers; every call that still runs gets a ParseError, and so does every later one."""
        self._closed = True
        if self._pool is not None:
            self._discard(self._pool)
        for future in tuple(self._pending):
            future.set_exception(RuntimeError("closed"))

    async def _done(self, future: ProcessFuture[bytes]) -> bytes:
        # Pebble leaves the futures of a pool that was stopped as they are, so close() has to end them.
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)

    def _running_pool(self, source: str) -> ProcessPool:
        with self._starting:
            if self._closed:
                raise _closed(source)
            if self._pool is None:
                _start_fork_server()
                pool = ProcessPool(
                    max_workers=self._workers,
                    max_tasks=_DOCUMENTS_PER_WORKER,
                    initializer=_confine,
                    initargs=(self._memory_mb,),
                    context=multiprocessing.get_context(_START_METHOD),
                )
                _ = pool.active  # starts the workers, in this thread rather than in the event loop's
                self._pool = pool
            return self._pool

    def _discard(self, pool: ProcessPool) -> None:
        with self._starting:
            if self._pool is not pool:
                return
            self._pool = None
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    def _too_slow(self, source: str) -> ParseError:
        return ParseError(source, f"took longer than {self._deadline_s:g} s to parse")


_START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _start_fork_server() -> None:
    """Start the fork server deaf to Ctrl-C, which the terminal sends to every process: workers inherit that."""
    if _START_METHOD != "forkserver":
        return
    multiprocessing.get_context("forkserver").set_forkserver_preload(_PRELOADED)
    # It is started along with the fork server, and would unblock the signal when it does.
    multiprocessing.resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _confine(memory_mb: int) -> None:
    """Set up a worker: its memory limit, an end with its parent, and death at the first SIGTERM."""
    # Pebble's own handler would wait for Python to run again, which a hanging C function does not let it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if resource is not None:
        limit = _address_space() + memory_mb * 1024 * 1024
        _, ceiling = resource.getrlimit(resource.RLIMIT_AS)
        limit = limit if ceiling == resource.RLIM_INFINITY else min(limit, ceiling)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (limit, ceiling))
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(0)


def _address_space() -> int:
    """Bytes of address space that this process has now; 0 where /proc does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _limited(
    source: str, deadline_s: float, memory_mb: int, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> bytes:
    """In the worker: run `function` with an alarm set, and bring home its result pickled, or a SourceError.

    Pebble would pickle the result outside of this guard, where one that can't be ends the worker.
    """
    has_alarm = hasattr(signal, "setitimer")
    if has_alarm:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, deadline_s + _GRACE_S)
    try:
        return pickle.dumps(function(*args, **kwargs), pickle.HIGHEST_PROTOCOL)
    except SourceError:
        raise
    except MemoryError:
        raise ParseError(source, f"needed more than {memory_mb:,} MB to parse") from None
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is about this document
        reason = " ".join(str(error).split())[:200]
        raise ParseError(source, f"can't be parsed ({type(error).__name__}: {reason})") from None
    finally:
        if has_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _closed(source: str) -> ParseError:
    return ParseError(source, "not parsed: the program is ending")


def _ending(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
