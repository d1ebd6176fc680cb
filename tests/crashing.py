"""Runs `syndicator` commands in children that kill themselves with SIGKILL at a given step. A program, not a test.

Reads lines of JSON {"cwd", "args", "die_at"} from standard input; for each it forks, runs the command line for real in
the child, and answers {"steps", "status"}. A step is what changes something outside the process: a file opened
for writing, renamed, removed or made; a transaction begun or committed; and within a transaction the first insert, the
first update, the first delete. With `die_at` N the child kills itself right before step N.

Forking from a process that has everything imported makes a trial cost a tenth of a second, so that every step can be
tried. Documents are parsed in the child itself: the sandbox keeps nothing that a crash could lose.
"""

import contextlib
import gc
import io
import json
import os
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

import syndicator.cli.session
from syndicator.cli.app import main

WRITES = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE")
FILE_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"}


class InProcess:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    async def run(self, _source, function, *args):
        return function(*args)


class Steps:
    def __init__(self, die_at, pipe):
        self.count = 0
        self.die_at = die_at
        self.pipe = pipe
        self.seen = set()

    def step(self):
        self.count += 1
        if self.count == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_statement(self, statement):
        kind = statement.split(None, 1)[0].upper() if statement.strip() else ""
        if kind == "BEGIN":
            self.seen = set()
        if kind in WRITES and kind not in self.seen:
            self.seen.add(kind)
            self.step()

    def on_event(self, event, arguments):
        if event in FILE_EVENTS or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            self.step()


def run(job, pipe):
    os.chdir(job["cwd"])
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    steps = Steps(job.get("die_at"), pipe)
    sys.argv = ["syndicator", *job["args"]]
    sys.addaudithook(steps.on_event)
    connect = sqlite3.connect

    def counted(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(steps.on_statement)
        return connection

    sqlite3.connect = counted
    try:
        main()
    except SystemExit as end:
        os.write(pipe, str(steps.count).encode())
        os._exit(end.code or 0)
    os._exit(99)


def warm_up():
    """Run once in this process: what the first run imports and compiles, no child has to do again."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        site = '[site]\ntitle = "Warm"\nurl = "https://warm.example"\ncontact = "https://warm.example/us"\n'
        config.write_text(f'{site}[[sources]]\nname = "inbox"\nkind = "folder"\npath = "inbox"\n', "utf-8")
        (config.parent / "inbox").mkdir()
        (config.parent / "inbox/a.txt").write_text("A boat\n\nA boat came in.", "utf-8")
        os.utime(config.parent / "inbox/a.txt", (1_700_000_000, 1_700_000_000))
        sys.argv = ["syndicator", "once", "--json", "--config", str(config)]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            main()
    gc.collect()
    gc.freeze()


def serve():
    warm_up()
    for line in sys.stdin:
        job = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            run(job, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            counted = pipe.read()
        _, status = os.waitpid(child, 0)
        answer = {"steps": int(counted or 0), "status": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    syndicator.cli.session.Sandbox = InProcess
    serve()
