"""The service's own commands: init, run, once, check."""

import asyncio
import logging
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from syndicator.alerts import Verdict
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, Verbose
from syndicator.cli.output import counted, note, say, show_json, with_progress
from syndicator.cli.session import Newsroom, note_warnings, open_newsroom, open_store, read_settings
from syndicator.courier import Delivered
from syndicator.errors import UsageError
from syndicator.intake import Taken
from syndicator.rendering import Published
from syndicator.web import House, ReadingRoom, Serving, web_app
from syndicator.worker import Worker, utc_now


@dataclass(slots=True)
class Tally:
    """What a cycle did, added up. Prints a line a source, unless a JSON document is to come."""

    quiet: bool
    taken: list[Taken]
    files: set[Path]
    problems: list[str]
    delivered: int = 0
    failed: int = 0
    refused: int = 0

    @classmethod
    def start(cls, *, quiet: bool) -> "Tally":
        """Nothing done yet."""
        return cls(quiet, [], set(), [])

    def add(self, what: Taken | Published | Delivered) -> None:
        """Count one step, and tell of it."""
        if isinstance(what, Delivered):
            self.delivered += what.answer.verdict is Verdict.DELIVERED
            self.failed += what.answer.verdict is Verdict.TEMPORARY
            self.refused += what.answer.verdict in {Verdict.PERMANENT, Verdict.GONE}
        elif isinstance(what, Published):
            self.files.update(what.files)
            self.problems += what.problems
        else:
            self.taken.append(what)
        if not self.quiet:
            tell(what)


def tell(what: Taken | Published | Delivered) -> None:
    """Say what a step did, and keep nothing: a service does this for years."""
    lines: Iterable[str]
    if isinstance(what, Delivered):
        lines = describe_delivery(what)
    elif isinstance(what, Published):
        lines = (f"feed {problem}" for problem in what.problems)
    else:
        lines = describe(what)
    for line in lines:
        say(line)


def describe(taken: Taken) -> list[str]:
    """What a look at a source brought, in lines for people; none when there was nothing."""
    counts = [f"{taken.new} new"] * bool(taken.new) + [f"{taken.changed} changed"] * bool(taken.changed)
    lines = [f"{taken.source}: {', '.join(counts)}"] if counts else []
    lines += [f"{taken.source}: {taken.error}"] if taken.error else []
    lines += [f"{taken.source}: warning: {line}" for line in taken.warnings]
    return [_printable(line) for line in lines]


def describe_delivery(delivered: Delivered) -> list[str]:
    """What went wrong with an alert's delivery, in lines for people; none when it arrived."""
    answer, name = delivered.answer, delivered.destination
    lines = []
    if answer.verdict is not Verdict.DELIVERED:
        tried = "" if delivered.attempts == 1 else f" (attempt {delivered.attempts})"
        lines.append(f"destination {name}: {answer.said}{tried}")
    if delivered.switched_off:
        lines.append(f"destination {name} is switched off: {delivered.switched_off}")
    return [_printable(line) for line in lines]


def _printable(line: str) -> str:
    """One line, whatever file names and feeds put into it: no terminal codes, no second line."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)


def add_to(app: typer.Typer) -> None:
    """Put these commands on the top level."""
    for command in (init, run, once, check):
        app.command()(command)


def init(directory: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")]) -> None:
    """Make a new newsroom: config.toml with comments, inbox/ and feeds/."""
    config = directory / "config.toml"
    if config.exists():
        raise UsageError(f"{config} is there already: nothing was changed.")
    for folder in (directory, directory / "inbox", directory / "feeds"):
        folder.mkdir(parents=True, exist_ok=True)
    with files("syndicator").joinpath("templates/config.toml").open("rb") as template, config.open("xb") as target:
        shutil.copyfileobj(template, target)
    say(f"Made {config}. Read it through, then: syndicator run --config {config}")


def run(config: Config = DEFAULT_CONFIG, verbose: Verbose = False) -> None:
    """Run the service: take news in, publish feeds, until stopped (Ctrl-C)."""
    _log(verbose)
    asyncio.run(_run(config))


async def _run(config: Path) -> None:
    async with open_newsroom(config) as room:
        with room.store.instance_lock():
            _start(room, utc_now())

            def told(what: Delivered) -> None:
                tell(what)
                if what.switched_off:  # its owner hears of it now, not at the next round
                    room.pipeline.look_after_ourselves(utc_now())

            courier = room.courier(utc_now, told)
            worker = Worker(room.pipeline, courier, tick=room.settings.schedule.tick, report=tell)
            say(f"Feeds are in {room.settings.feeds.dir}; open {room.settings.feeds.dir / 'index.html'}")
            say(f"Sources: {len(room.settings.sources)}, topics: {len(room.settings.topics)}. Stop with Ctrl-C.")
            server = room.settings.server
            with ReadingRoom(room.store.path, room.store.analyser) as reading:
                app = web_app(House(room.settings, room.store, room.pipeline, room.addresses, reading, utc_now))
                async with Serving(app, server.host, server.port, say):
                    await worker.run()
            say("Stopped.")


def once(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False, verbose: Verbose = False) -> None:
    """Do one full cycle, then exit: take in what is due, publish what changed."""
    _log(verbose)
    tally = Tally.start(quiet=as_json)

    async def cycle() -> None:
        async with open_newsroom(config, console=sys.stderr if as_json else sys.stdout) as room:
            with room.store.instance_lock():
                _start(room, now)
                courier = room.courier(lambda: now, tally.add)
                async for what in room.pipeline.once(now):
                    tally.add(what)
                    courier.start()
                room.pipeline.look_after_ourselves(now)
                await courier.drain()

    asyncio.run(cycle())
    report(tally, as_json=as_json)


def report(tally: Tally, *, as_json: bool) -> None:
    """The end of a cycle: a summary line or the JSON document, and the exit code."""
    if as_json:
        show_json(
            {
                "sources": tally.taken,
                "files": sorted(map(str, tally.files)),
                "problems": tally.problems,
                "alerts": {"delivered": tally.delivered, "failed": tally.failed, "refused": tally.refused},
            }
        )
    else:
        new, changed = (sum(getattr(taken, what) for taken in tally.taken) for what in ("new", "changed"))
        looked = f"{counted(len(tally.taken), 'source')} looked at" if tally.taken else "No source was due"
        written = counted(len(tally.files), "file")
        alerts = f" {counted(tally.delivered, 'alert')} delivered." if tally.delivered else ""
        alerts += f" {tally.failed} could not be, and will be tried again." if tally.failed else ""
        alerts += f" {counted(tally.refused, 'message')} was refused for good." if tally.refused else ""
        say(f"{looked}: {new} new, {changed} changed; {written} written.{alerts}")
    if tally.problems:
        raise typer.Exit(1)


def check(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check config, store and feeds, and say what is wrong."""
    settings = read_settings(config)
    note_warnings(settings)
    with open_store(settings) as store:
        found = store.problems()
        stale = [mark.name for mark in store.feeds.stale()]
        names = ["all", *(topic.name for topic in settings.topics)]
    missing = [
        str(settings.feeds.dir / f"{name}{ending}")
        for name in names
        for ending in (".rss", ".atom", ".json", ".html")
        if not (settings.feeds.dir / f"{name}{ending}").is_file()
    ]
    if as_json:
        show_json({"config": "sound", "store": found, "missing": missing, "stale": stale})
    else:
        known = f"{counted(len(settings.sources), 'source')}, {counted(len(settings.topics), 'topic')}"
        say(f"{config}: sound; {known}")
        for line in found or ["sound"]:
            say(f"{settings.store.path}: {line}")
        if missing:
            say(f"{settings.feeds.dir}: {counted(len(missing), 'file')} missing; the next cycle writes them")
        for name in stale:
            say(f"feed {name}: waits to be rendered")
    if found:
        raise typer.Exit(1)


def _start(room: Newsroom, now: datetime) -> None:
    """Bring the store in line with config. Whoever held a lease is gone: we hold the instance lock."""
    note_warnings(room.settings)
    room.store.sources.hand_back()
    with room.store.transaction():
        room.store.deliveries.hand_back(now)
    for topic, moved in room.pipeline.start(now, watched=with_progress).items():
        if moved:
            note(f"topic {topic}: its query is new or changed; {counted(moved, 'article')} came or went")


def _log(verbose: bool) -> None:
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for noisy in ("apscheduler", "asyncio", "aiohttp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
