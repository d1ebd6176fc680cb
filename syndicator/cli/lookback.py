"""What an alert would have caught: days, hits, and advice."""

import sys
from typing import Annotated

import typer

from syndicator import shapes
from syndicator.alerts import bars
from syndicator.cli.news import show_hit
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import say, show_json, width
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.cli.telling import desk_of
from syndicator.errors import UsageError
from syndicator.plurals import counted
from syndicator.previewing import DAYS, NEWEST, Past, draft, look_back
from syndicator.watch import watched_alert


def preview(
    query: Annotated[
        str | None, typer.Argument(help="A query, as in docs/query-language.md.", metavar="[QUERY]")
    ] = None,
    *,
    alert: Annotated[
        str | None, typer.Option("--alert", help="A saved alert in place of a query.", metavar="NAME")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Over how many days, today among them.")] = DAYS,
    newest: Annotated[int, typer.Option("--newest", min=0, help="How many of the newest articles to show.")] = NEWEST,
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Only articles of this topic, or these.")] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only articles from this source, or these.")
    ] = None,
    no_grouping: Annotated[
        bool, typer.Option("--no-grouping", help="Count every article, not each story once.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """What an alert would have caught, day by day, and whether it would flood or never fire."""
    if (query is None) == (alert is None):
        raise UsageError("Give a query, or --alert and the name of a saved alert.")
    if alert is not None and (topic or source or no_grouping):
        raise UsageError(
            "A saved alert has its own topics, sources and grouping: leave --topic, --source and --no-grouping out."
        )

    def act(room: Newsroom) -> None:
        if alert is not None:
            watched = watched_alert(desk_of(room).find(alert), room.settings)
        else:
            watched = draft(
                query or "", room.settings, topics=topic or (), sources=source or (), grouped=not no_grouping
            )
        past = look_back(room.store, room.settings, watched, now, days=days, newest=newest)
        if as_json:
            show_json(shapes.Preview.with_newest(past).plain())
        else:
            _show_past(past)

    in_newsroom(config, act, start=now)


def _show_past(past: Past) -> None:
    found = past.preview
    say(past.reading)
    lines = bars(found, min(width(), 100), plain=not _draws_blocks())
    # Days before the archive, but for those on which a backlog fell, would only be a column of dashes.
    known = next((number for number, day in enumerate(found.days) if day.covered or day.hits), len(lines))
    if known:
        say(f"The archive has nothing yet of the {counted(known, 'day')} before.")
    for line in lines[known:]:
        say(line)
    stories = f", {found.messages} {'story' if found.messages == 1 else 'stories'}"
    total = f"{counted(found.hits, 'hit')}{stories if found.messages != found.hits else ''}"
    say(f"{total} in {counted(past.days, 'day')}{_rate(past)}.")
    for advice in found.advice:
        say(f"! {advice.text}")
    for hit in past.newest:
        show_hit(hit)


def _rate(past: Past) -> str:
    """How often it would speak; nothing where too few days are known to tell."""
    if past.covered * 2 < past.days or not past.preview.messages:
        return ""
    a_day = past.preview.a_day
    number, span = (a_day, "day") if a_day >= 1 else (a_day * 7, "week") if a_day * 7 >= 1 else (a_day * 30, "month")
    return f": about {counted(max(round(number), 1), 'message')} a {span}"


def _draws_blocks() -> bool:
    try:
        "█".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def would_have(past: Past) -> str:
    """The same in a sentence; "" where the archive is empty."""
    hits, messages = past.preview.hits, past.preview.messages
    if not past.covered:
        return ""
    if not hits:
        return f"It would not have fired in the last {counted(past.days, 'day')}."
    stories = f", on {messages} {'story' if messages == 1 else 'stories'}" if messages != hits else ""
    short_of = f" ({counted(past.covered, 'day')} of them in the archive)" if past.covered < past.days else ""
    return f"It would have fired {counted(hits, 'time')}{stories} in the last {counted(past.days, 'day')}{short_of}."
