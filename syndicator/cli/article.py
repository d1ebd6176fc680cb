"""The editorial life of one article: show, correct, kill, embargo."""

import os
import pwd
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator.cli.news import read_text, summary_of
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Moment, Now
from syndicator.cli.output import say, show_json
from syndicator.cli.room import in_newsroom, what_waits
from syndicator.cli.session import Newsroom
from syndicator.errors import UsageError
from syndicator.model import Article
from syndicator.people import account
from syndicator.plurals import counted

app = typer.Typer(help="Show, correct, kill or hold one article.", no_args_is_help=True)

Reference = Annotated[
    str, typer.Argument(help="Its id, six or more of its first characters, or its URL.", metavar="ID")
]
Note = Annotated[str, typer.Option("--note", help="What readers are told.")]


@app.command()
def show(reference: Reference, *, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """An article with its versions, its sources, and its topics with the reasons for each."""
    in_newsroom(config, lambda room: _show(room, reference, as_json=as_json))


@app.command()
def correct(
    reference: Reference,
    *,
    note: Note,
    title: Annotated[str | None, typer.Option(help="The corrected headline.")] = None,
    text: Annotated[
        Path | None, typer.Option(help="A file with the corrected text.", exists=True, dir_okay=False)
    ] = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Correct an article: the same id, a new version, and a note that readers see."""
    corrected = None if text is None else read_text(text)

    def act(room: Newsroom) -> None:
        article = room.desk.correct(reference, note, now, by=_who(), title=title, text=corrected)
        _done(room, article, now, f"Corrected; version {article.version}.", as_json=as_json)

    in_newsroom(config, act)


@app.command()
def kill(
    reference: Reference,
    *,
    note: Note = "",
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Withdraw an article: a notice in its place, a tombstone, and an advisory item in its feeds."""

    def act(room: Newsroom) -> None:
        article, advice = room.desk.kill(reference, note, now, by=_who())
        told = f"; readers are told by {advice.id}" if advice else "; nobody had seen it"
        _done(room, article, now, f"Killed{told}.", as_json=as_json)

    in_newsroom(config, act)


@app.command()
def embargo(
    reference: Reference,
    *,
    until: Annotated[datetime, Moment("--until", help="When it may be published.")],
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Hold an article out of feeds and search until a time."""

    def act(room: Newsroom) -> None:
        article = room.desk.embargo(reference, until, now, by=_who())
        _done(room, article, now, f"Held until {until:%Y-%m-%d %H:%M} UTC.", as_json=as_json)

    in_newsroom(config, act)


@app.command()
def topic(
    reference: Reference,
    name: Annotated[str, typer.Argument(help="The topic's name.", metavar="TOPIC")],
    *,
    add: Annotated[bool, typer.Option("--add", help="It stands there, whatever the query says.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="It does not stand there, whatever the query says.")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="The query decides again.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Put an article under a topic by hand, or take it out. That is kept when topics are applied anew."""
    if add + remove + leave != 1:
        raise UsageError("Say one of --add, --remove and --leave.")

    def act(room: Newsroom) -> None:
        article = room.desk.sort(reference, name, None if leave else add, now, by=_who())
        said = f"The query of {name} decides." if leave else f"{'Added to' if add else 'Removed from'} {name}."
        _done(room, article, now, said, as_json=as_json)

    in_newsroom(config, act)


def _who() -> str:
    """The account that runs this, whatever its environment says."""
    number = os.getuid()
    try:
        return account(pwd.getpwuid(number).pw_name)
    except KeyError:
        return account(str(number))


def _done(room: Newsroom, article: Article, now: datetime, said: str, *, as_json: bool) -> None:
    published = room.pipeline.publish(now)
    if as_json:
        show_json(summary_of(article) | {"files": published.files, "problems": published.problems})
    else:
        say(f"{article.id}  {article.content.title}")
        say(f"{said} {counted(len(published.files), 'file')} written.")
        for problem in published.problems:
            say(f"feed {problem}")
        for line in what_waits(room):
            say(line)
    if published.problems:
        raise typer.Exit(1)


def _show(room: Newsroom, reference: str, *, as_json: bool) -> None:
    article = room.desk.article(reference)
    store = room.store
    history = store.articles.history(article.id)
    topics, placements = store.topics.of(article.id), store.placements.of(article.id)
    appearances = store.articles.appearances(article.id)
    if as_json:
        record: dict[str, Any] = summary_of(article) | {
            "text": article.content.text,
            "authors": article.content.authors,
            "embargo_until": article.embargo_until,
            "about": article.about,
            "topics": topics,
            "placements": list(placements.values()),
            "sources": [{"source": source, "key": key} for source, key in appearances],
            "versions": history,
        }
        show_json(record)
        return
    say(article.content.title)
    say(f"{article.id}  {article.state}, version {article.version}, seq {article.seq}")
    say(f"published {article.published:%Y-%m-%d %H:%M} UTC, updated {article.updated:%Y-%m-%d %H:%M} UTC")
    if article.embargo_until:
        say(f"held until {article.embargo_until:%Y-%m-%d %H:%M} UTC")
    if article.url:
        say(article.url)
    for source, key in appearances:
        say(f"from {source} as {key}")
    for name, reasons in topics.items():
        words = dict.fromkeys(f"{reason.words} ({reason.field})" for reason in reasons)
        by_hand = f"added by {placements[name].who}" if name in placements else "by its withdrawn article"
        say(f"topic {name}: {', '.join(words) or by_hand}")
    for name in placements.keys() - topics.keys():
        said = "added" if placements[name].inside else "taken out"
        say(f"not under {name}: {said} by {placements[name].who}")
    for version in history:
        told = f": {version.note}" if version.note else ""
        say(f"version {version.version}  {version.at:%Y-%m-%d %H:%M} UTC  {version.state} by {version.author}{told}")
