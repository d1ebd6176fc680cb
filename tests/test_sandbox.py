"""What stalls, bursts or crashes in the sandbox costs one document; the next one is read."""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from syndicator.errors import FetchError, ParseError
from syndicator.sources.feed import parse_feed
from syndicator.sources.page import parse_page
from syndicator.sources.sandbox import Sandbox

DEADLINE_S = 0.6
MEMORY_MB = 256


def echo(value, *, twice=False):
    return value * 2 if twice else value


def worker_pid():
    return os.getpid()


def hang():
    while True:
        pass


def hang_in_c():
    max(itertools.repeat(0))  # never comes back, and never lets Python run, its signal handlers included


def deaf_to_ctrl_c():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def fill_memory():
    kept = []
    while True:
        kept.append(bytearray(10_000_000))


def nest_without_end():
    return nest_without_end()


def exit_at_once():
    os._exit(3)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def raise_a_stranger():
    raise LookupError("no\nsuch thing")


def raise_our_own():
    raise FetchError("inner", "as it is")


def return_what_cannot_travel():
    return lambda: None


class UnpicklableError(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} of {two}")


def raise_what_cannot_travel():
    raise UnpicklableError(1, 2)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(deadline_s=DEADLINE_S, memory_mb=MEMORY_MB, workers=1) as ready:
        yield ready


@pytest.fixture(scope="module")
def patient_sandbox():
    with Sandbox() as ready:
        yield ready


def run(sandbox, function, *args, **kwargs):
    return asyncio.run(sandbox.run("the-source", function, *args, **kwargs))


def test_a_result_comes_back_as_it_is(sandbox):
    assert run(sandbox, echo, {"a": (1, 2)}) == {"a": (1, 2)}
    assert run(sandbox, echo, "ab", twice=True) == "abab"


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (hang, "took longer than 0.6 s to parse"),
        (hang_in_c, "took longer than 0.6 s to parse"),
        (fill_memory, "needed more than 256 MB to parse"),
        (nest_without_end, r"can't be parsed \(RecursionError: maximum recursion depth"),
        (exit_at_once, r"crashed the parser \(exit code 3\)"),
        (kill_itself, r"crashed the parser \(killed by SIGKILL\)"),
        (raise_a_stranger, r"can't be parsed \(LookupError: no such thing\)"),
        (raise_what_cannot_travel, r"can't be parsed \(UnpicklableError: 1 of 2\)"),
        (return_what_cannot_travel, "can't be parsed"),
    ],
)
def test_a_bad_document_costs_itself_and_the_next_one_is_read(sandbox, function, reason):
    began = time.perf_counter()
    with pytest.raises(ParseError, match=f"^the-source: {reason}") as caught:
        run(sandbox, function)
    assert "\n" not in str(caught.value)
    assert run(sandbox, echo, "next") == "next"
    assert time.perf_counter() - began < DEADLINE_S + 3


def test_an_error_of_ours_comes_through_as_it_is(sandbox):
    with pytest.raises(FetchError, match=r"^inner: as it is$"):
        run(sandbox, raise_our_own)


def test_an_idle_worker_that_is_killed_is_replaced(sandbox):
    os.kill(run(sandbox, worker_pid), signal.SIGKILL)
    assert run(sandbox, echo, "next") == "next"
    time.sleep(0.3)
    assert run(sandbox, echo, "next") == "next"


def test_many_documents_at_once_all_come_back(sandbox):
    async def gather():
        return await asyncio.gather(*(sandbox.run("s", echo, n) for n in range(200)))

    assert asyncio.run(gather()) == list(range(200))


def test_waiting_for_a_worker_does_not_count(sandbox):
    async def three():
        return await asyncio.gather(*(sandbox.run("s", time.sleep, 0.3) for _ in range(3)))

    assert asyncio.run(three()) == [None] * 3


def test_a_cancelled_call_ends_its_work(sandbox):
    async def cancelled():
        task = asyncio.create_task(sandbox.run("s", hang))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await sandbox.run("s", echo, "next")

    assert asyncio.run(cancelled()) == "next"


def test_closing_is_quick_ends_what_runs_and_leaves_no_worker():
    async def close_while_busy():
        sandbox = Sandbox(workers=1)
        pid = await sandbox.run("s", worker_pid)
        busy = asyncio.create_task(sandbox.run("s", hang_in_c))
        await asyncio.sleep(0.2)
        began = time.perf_counter()
        sandbox.close()
        took = time.perf_counter() - began
        with pytest.raises(ParseError, match="the program is ending"):
            await busy
        with pytest.raises(ParseError, match="the program is ending"):
            await sandbox.run("s", echo, 1)
        return pid, took

    pid, took = asyncio.run(close_while_busy())
    assert took < 1
    assert not alive(pid)


def test_a_sandbox_that_was_never_used_starts_nothing():
    with Sandbox() as unused:
        assert unused._pool is None


PARENT = """
import asyncio, os, signal, sys
# A shell that runs the tests in the background has its children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {tests!r})
import test_sandbox
from syndicator.sources.sandbox import Sandbox

async def main():
    with Sandbox(deadline_s={deadline_s}, workers=1) as sandbox:
        print(await sandbox.run("s", test_sandbox.worker_pid), flush=True)
        await sandbox.run("s", getattr(test_sandbox, {function!r}))

if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(130)
"""


def start_parent(tmp_path, function, deadline_s):
    script = tmp_path / "parent.py"
    script.write_text(
        PARENT.format(tests=str(Path(__file__).parent), function=function, deadline_s=deadline_s), "utf-8"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    return parent, int(parent.stdout.readline())


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize(("function", "deadline_s", "within_s"), [("hang", 60, 1), ("hang_in_c", 0.2, 5)])
def test_no_worker_outlives_a_parent_that_is_killed(tmp_path, function, deadline_s, within_s):
    parent, pid = start_parent(tmp_path, function, deadline_s)
    time.sleep(0.2)
    assert alive(pid)
    parent.kill()
    parent.wait()
    end = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    outlived = alive(pid)
    if outlived:
        os.kill(pid, signal.SIGKILL)
    parent.stdout.close()
    parent.stderr.close()
    assert not outlived


def test_a_worker_is_deaf_to_ctrl_c_from_its_first_moment(sandbox):
    # Inherited from the fork server: what a worker sets up itself would come after its imports.
    assert run(sandbox, deaf_to_ctrl_c)


def test_ctrl_c_is_the_parents_to_answer(tmp_path):
    parent, pid = start_parent(tmp_path, "hang", 60)
    time.sleep(0.2)
    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=60)
    assert errors == ""
    assert parent.returncode == 130
    assert not alive(pid)


def many(form, count=20_000):
    return " ".join(form.format(n) for n in range(count))


def feed(inside):
    return f"<rss><channel><item><title>T</title>{inside}</item></channel></rss>"


SURVEY = [
    pytest.param(parse_feed, lambda: feed("<x " + many('a{}="1"') + "/>"), id="feed-20,000-attributes"),
    pytest.param(parse_feed, lambda: feed("<x " + many('xmlns:n{0}="u{0}"') + "/>"), id="feed-20,000-namespaces"),
    pytest.param(parse_feed, lambda: feed("<a>" * 200_000), id="feed-200,000-levels"),
    pytest.param(parse_feed, lambda: feed("<link>&#xD800;</link>"), id="feed-surrogate-reference"),
    pytest.param(parse_feed, lambda: feed("&lt;div&gt;" * 20_000), id="feed-nested-div"),
    pytest.param(
        parse_feed, lambda: feed("<description>" + "&lt;a&gt;&lt;b&gt;" * 20_000 + "</description>"), id="feed-a-b"
    ),
    pytest.param(parse_feed, lambda: feed("<description>a\0\ufffe</description>"), id="feed-nul"),
    pytest.param(
        parse_feed, lambda: feed("<description>" + "y" * 11_000_000 + "</description>"), id="feed-11-mb-entry"
    ),
    pytest.param(
        parse_feed, lambda: '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + feed("&a;"), id="feed-entity-loop"
    ),
    pytest.param(parse_feed, lambda: '{"a":' * 1_000_000, id="json-1,000,000-levels"),
    pytest.param(
        parse_page, lambda: f"<html><body {many('a{}=1')}><p>{'word ' * 50}</p></body></html>", id="page-attributes"
    ),
    pytest.param(parse_page, lambda: "<html><body>" + "<div>" * 200_000 + "word " * 50, id="page-levels"),
]


@pytest.mark.parametrize(("parser", "make"), SURVEY)
def test_every_known_attack_on_parsers_ends_in_good_time(patient_sandbox, parser, make):
    began = time.perf_counter()
    with contextlib.suppress(ParseError):
        assert len(run(patient_sandbox, parser, make().encode(), None, "https://a.example/").entries) <= 1
    assert time.perf_counter() - began < 5
