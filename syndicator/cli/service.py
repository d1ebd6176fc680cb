"""The service's own commands: init, run, once, check."""

import asyncio
import logging
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from syndicator import __version__
from syndicator.alerts import Verdict
from syndicator.cli.journal import Journal, told
from syndicator.cli.logs import events, start_logging
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, Verbose
from syndicator.cli.output import note, say, show_json, with_progress
from syndicator.cli.session import Newsroom, note_warnings, open_newsroom, open_store, read_settings
from syndicator.cli.systemd import Systemd
from syndicator.config import Log, LogFormat, LogLevel, Settings
from syndicator.courier import Delivered
from syndicator.errors import SyndicatorError, UsageError
from syndicator.filing import unwatched
from syndicator.intake import Taken
from syndicator.plurals import counted
from syndicator.rendering import Published
from syndicator.userdesk import UserDesk
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
    """Say what a step did, in lines for people."""
    for each in told(what):
        say(each.message)


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
    settings = read_settings(config)
    start_logging(settings.log, verbose=verbose)
    journal = Journal(events())
    try:
        asyncio.run(_run(settings, journal))
    except SyndicatorError as error:
        if settings.log.format is LogFormat.CONSOLE:
            raise
        journal.say("ended", str(error), level=logging.ERROR)
        raise typer.Exit(error.exit_code) from None


async def _run(settings: Settings, journal: Journal) -> None:
    from syndicator.cli.serving import web_server  # noqa: PLC0415 - it is slow to import, and no other command's

    async with open_newsroom(settings) as room:
        with room.store.instance_lock():
            _start(room, utc_now(), journal)
            room.store.wait_briefly()

            def delivered(what: Delivered) -> None:
                journal.tell(what)
                if what.switched_off:  # its owner hears of it now, not at the next round
                    room.pipeline.look_after_ourselves(utc_now())

            courier = room.courier(utc_now, delivered)
            hub = room.hub(utc_now)
            tick, beside = room.settings.schedule.tick, (hub, room.subscribing(utc_now))
            worker = Worker(
                room.pipeline, courier, tick=tick, report=journal.tell, beside=beside, each_look=journal.next_round
            )
            with worker.heeding_signals():
                _announce(settings, journal)
                _invite(room, journal)
                with web_server(room, worker.pulse, journal) as serving:
                    async with hub, serving, Systemd(os.environ):
                        await worker.run()
            journal.next_round()
            journal.say("stopped", "Stopped.")


def _announce(settings: Settings, journal: Journal) -> None:
    """The first lines of a service, for whoever started it."""
    feeds, sources, topics = settings.feeds.dir, len(settings.sources), len(settings.topics)
    journal.say("feeds", f"Feeds are in {feeds}; open {feeds / 'index.html'}", dir=feeds)
    line = f"Sources: {sources}, topics: {topics}. Stop with Ctrl-C."
    journal.say("started", line, version=__version__, pid=os.getpid(), sources=sources, topics=topics)


def _invite(room: Newsroom, journal: Journal) -> None:
    """Where the first admin of the desk chooses a password, until one has come in."""
    link = UserDesk(room.settings, room.store).first_link(utc_now()) if room.settings.desk.enabled else None
    if link is not None:
        journal.say("desk", f"Set up the newsroom desk, within three days: {link}")


def once(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False, verbose: Verbose = False) -> None:
    """Do one full cycle, then exit: take in what is due, publish what changed."""
    settings = read_settings(config)
    start_logging(_warnings_alone(settings.log), verbose=verbose, yielding=True)
    tally = Tally.start(quiet=as_json)

    async def cycle() -> None:
        async with open_newsroom(settings, console=sys.stderr if as_json else sys.stdout) as room:
            with room.store.instance_lock():
                _start(room, now)
                courier = room.courier(lambda: now, tally.add)
                async with room.hub(lambda: now) as hub:
                    async for what in room.pipeline.once(now):
                        tally.add(what)
                        courier.start()
                    room.pipeline.look_after_ourselves(now)
                    await asyncio.gather(courier.drain(), hub.drain())

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


def _start(room: Newsroom, now: datetime, journal: Journal | None = None) -> None:
    """Bring the store in line with config. Whoever held a lease is gone: we hold the instance lock."""
    if journal is None:
        note_warnings(room.settings)
    else:
        for line in room.settings.warnings:
            journal.say("config_warning", f"warning: {line}", level=logging.WARNING)
    with room.store.transaction():
        room.store.sources.hand_back()
        room.store.subscriptions.hand_back()
        room.store.deliveries.hand_back(now)
    plain = room.settings.log.format is LogFormat.CONSOLE
    for topic, moved in room.pipeline.start(now, watched=with_progress if plain else unwatched).items():
        if moved:
            line = f"topic {topic}: its query is new or changed; {counted(moved, 'article')} came or went"
            if journal is None:
                note(line)
            else:
                journal.say("topic_applied", line, topic=topic, moved=moved)


def _warnings_alone(log: Log) -> Log:
    """[log] for a command whose own lines tell what it does."""
    return log.model_copy(update={"level": LogLevel.WARNING})
