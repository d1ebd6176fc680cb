"""The alerts: list, show, add, change, mute and remove them, and carry them from one newsroom to another."""

from datetime import datetime
from typing import Annotated, Any

import typer

from syndicator import shapes
from syndicator.alertdesk import Standing, written
from syndicator.cli import alertfiles, alerting, lookback
from syndicator.cli.lookback import would_have
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Moment, Now, refuse_options_before
from syndicator.cli.output import ago, at, is_narrow, say, short, show_json, show_table, width
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.cli.telling import Reference, desk_of, destinations_of, state_of, unheard, zone_of
from syndicator.config.values import duration
from syndicator.errors import SyndicatorError, UsageError
from syndicator.plurals import counted
from syndicator.previewing import look_back
from syndicator.query import describe
from syndicator.store import AlertRow
from syndicator.watch import watched_alert

app = typer.Typer(help="Saved queries that tell somebody.", invoke_without_command=True)

_QUERY_SHOWN = 50

To = Annotated[list[str] | None, typer.Option("--to", help="A destination's name; once for each.", metavar="DEST")]
Topics = Annotated[list[str] | None, typer.Option("--topic", help="Only articles of this topic, or these.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only articles from this source, or these.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Whose it is: a name or a mail address.")]
When = Annotated[
    str | None,
    typer.Option("--schedule", help='"immediate", "hourly", "daily at 07:30", "weekly mon 08:00".', metavar="WHEN"),
]
Zone = Annotated[str | None, typer.Option("--zone", help="The time zone of its hours: Europe/London.")]
Quiet = Annotated[str | None, typer.Option("--quiet-hours", help="When it waits: 22:00-07:00.", metavar="FROM-TO")]
Cooldown = Annotated[
    str | None, typer.Option("--cooldown", help="The least time between two messages: 10m.", metavar="SPAN")
]

# What `edit --clear` takes, and the keys that it clears.
_CLEARABLE = {
    "to": "destinations",
    "topic": "topics",
    "source": "sources",
    "owner": "owner",
    "schedule": "schedule",
    "zone": "zone",
    "quiet-hours": "quiet_hours",
    "cooldown": "cooldown",
}


@app.callback()
def alerts(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every alert: what it asks, when it speaks and to whom, and how it does."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json), start=now)


@app.command("list")
def list_alerts(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every alert: what it asks, when it speaks and to whom, and how it does."""
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json), start=now)


@app.command()
def show(reference: Reference, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """One alert: all of it, with its query in plain words."""

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        _show(room, desk.standing(desk.find(reference), now), now, as_json=as_json)

    in_newsroom(config, act, start=now)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    query: Annotated[str, typer.Argument(help="A query, as in docs/query-language.md.")],
    *,
    to: To = None,
    topic: Topics = None,
    source: Sources = None,
    owner: Owner = None,
    schedule: When = None,
    zone: Zone = None,
    quiet_hours: Quiet = None,
    cooldown: Cooldown = None,
    no_grouping: Annotated[
        bool, typer.Option("--no-grouping", help="Tell of every article, not once a story.")
    ] = False,
    disabled: Annotated[bool, typer.Option("--disabled", help="Keep it switched off for now.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Save an alert, and see what it would have caught."""
    keys = _keys(to, topic, source, owner, schedule, zone, quiet_hours, cooldown)
    keys |= {"group_stories": False} if no_grouping else {}
    keys |= {"enabled": False} if disabled else {}

    def act(room: Newsroom) -> None:
        row = desk_of(room).add({"name": name, "query": query, **keys}, now)
        _kept(room, row, now, "Added", as_json=as_json)

    in_newsroom(config, act, start=now)


@app.command()
def edit(
    reference: Reference,
    *,
    name: Annotated[str | None, typer.Option("--name", help="Another name.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="Another query.")] = None,
    to: To = None,
    topic: Topics = None,
    source: Sources = None,
    owner: Owner = None,
    schedule: When = None,
    zone: Zone = None,
    quiet_hours: Quiet = None,
    cooldown: Cooldown = None,
    grouping: Annotated[bool, typer.Option("--grouping", help="Tell of a story once.")] = False,
    no_grouping: Annotated[bool, typer.Option("--no-grouping", help="Tell of every article.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Switch it on.")] = False,
    disable: Annotated[bool, typer.Option("--disable", help="Switch it off.")] = False,
    clear: Annotated[
        list[str] | None, typer.Option("--clear", help=f"Take back: {', '.join(_CLEARABLE)}.", metavar="KEY")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Change an alert: only what is given changes. It looks forward from now."""
    if (grouping and no_grouping) or (enable and disable):
        raise UsageError("Give one of two opposites: --grouping or --no-grouping, --enable or --disable.")
    changes = _keys(to, topic, source, owner, schedule, zone, quiet_hours, cooldown)
    changes |= {key: value for key, value in (("name", name), ("query", query)) if value is not None}
    changes |= {"group_stories": grouping} if grouping or no_grouping else {}
    changes |= {"enabled": enable} if enable or disable else {}
    for key in clear or ():
        if key not in _CLEARABLE:
            raise UsageError(f"--clear takes {', '.join(_CLEARABLE)}; {key!r} is none of them.")
        if _CLEARABLE[key] in changes:
            raise UsageError(f"--{key} and --clear {key} can't both be meant.")
        changes[_CLEARABLE[key]] = None
    if not changes:
        raise UsageError("Nothing to change: say what, such as --schedule hourly.")

    def act(room: Newsroom) -> None:
        row = desk_of(room).edit(reference, changes, now)
        _kept(room, row, now, "Changed", as_json=as_json)

    in_newsroom(config, act, start=now)


@app.command("rm")
def remove(reference: Reference, *, config: Config = DEFAULT_CONFIG, now: Now) -> None:
    """Remove an alert. Whoever was told of an article still hears when that is corrected or withdrawn."""

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        waiting = desk.standing(desk.find(reference), now).waiting
        row = desk.remove(reference, now)
        dropped = f" {counted(waiting, 'match', 'matches')} that waited will not be told."
        say(f"Removed {row.name}.{dropped if waiting else ''}")

    in_newsroom(config, act)


@app.command()
def mute(
    reference: Reference,
    *,
    until: Annotated[datetime | None, Moment("--until", help="When it may speak again.")] = None,
    for_: Annotated[str | None, typer.Option("--for", help="For how long: 2h.", metavar="SPAN")] = None,
    off: Annotated[bool, typer.Option("--off", help="End the mute.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Hold an alert's messages back for a while. What it finds meanwhile is told afterwards."""
    if (until is not None) + (for_ is not None) + off != 1:
        raise UsageError("Say until when: --until TIME, --for 2h, or --off to end the mute.")
    if for_ is not None:
        try:
            until = now + duration(for_)
        except ValueError as error:
            raise UsageError(f"--for {error}.") from None
    if until is not None and until <= now:
        raise UsageError("That time is over: nothing would be held back.")

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        standing = desk.standing(desk.mute(reference, until, now), now)
        if as_json:
            show_json(shapes.Alert.of(standing, now).plain())
        elif until is None:
            say(f"{standing.row.name} may speak again.{_waits(standing, now, zone_of(room, standing.alert))}")
        else:
            say(f"{standing.row.name} is muted until {at(until, zone_of(room, standing.alert))}.")

    in_newsroom(config, act, start=now)


def _keys(  # noqa: PLR0917 - the options that `add` and `edit` share
    to: list[str] | None,
    topic: list[str] | None,
    source: list[str] | None,
    owner: str | None,
    schedule: str | None,
    zone: str | None,
    quiet_hours: str | None,
    cooldown: str | None,
) -> dict[str, object]:
    """The options that were given, as the keys of [[alerts]]."""
    keys = {
        "destinations": to or None,
        "topics": topic or None,
        "sources": source or None,
        "owner": owner,
        "schedule": schedule,
        "zone": zone,
        "quiet_hours": quiet_hours,
        "cooldown": cooldown,
    }
    return {key: value for key, value in keys.items() if value is not None}


def _kept(room: Newsroom, row: AlertRow, now: datetime, done: str, *, as_json: bool) -> None:
    """An alert was added or changed: what it would have caught lately, so that people see at once what they did."""
    standing = desk_of(room).standing(row, now)
    past = look_back(room.store, room.settings, watched_alert(row, room.settings), now)
    if as_json:
        show_json(shapes.Alert.of(standing, now).plain() | {"preview": shapes.Past.of(past).plain()})
        return
    say(f"{done} {row.name}. {would_have(past)}".rstrip())
    for advice in past.preview.advice:
        say(f"! {advice.text}")
    for line in unheard(room, standing):
        say(line)


def _list(room: Newsroom, now: datetime, *, as_json: bool) -> None:
    standings = desk_of(room).all(now)
    if as_json:
        show_json([shapes.Alert.of(standing, now).plain() for standing in standings])
        return
    if not standings:
        say("No alert yet: syndicator alerts add NAME QUERY --to DEST")
        return
    if is_narrow():
        for standing in standings:
            _show_briefly(room, standing, now)
        return
    owned = any(standing.row.owner for standing in standings)
    rows = []
    for standing in standings:
        keys = written(standing.row)
        rows.append(
            (
                standing.row.name,
                *([standing.row.owner] if owned else []),
                short(str(keys.get("query", "")), _QUERY_SHOWN),
                str(keys.get("schedule", "immediate")),
                destinations_of(room, keys),
                str(standing.week),
                ago(standing.last_fired, now),
                state_of(room, standing, now),
            )
        )
    owner = ["owner"] if owned else []
    show_table(("alert", *owner, "asks", "speaks", "to", ">7 days", "last", "state"), rows)


def _show_briefly(room: Newsroom, standing: Standing, now: datetime) -> None:
    """The same in three lines."""
    keys = written(standing.row)
    owner = f" ({standing.row.owner})" if standing.row.owner else ""
    say(f"{standing.row.name}{owner}: {keys.get('schedule', 'immediate')}, to {destinations_of(room, keys)}")
    say(f"   {short(str(keys.get('query', '')), width() - 4)}")
    last = f", last {ago(standing.last_fired, now)}" if standing.last_fired else ""
    say(f"   {state_of(room, standing, now)}; {counted(standing.week, 'hit')} in 7 days{last}")


def _waits(standing: Standing, now: datetime, zone: Any) -> str:
    if not standing.waiting:
        return ""
    due = standing.row.due
    told = f"told at {at(due, zone)}" if due is not None and due > now else "told by the next cycle"
    return f" {standing.waiting} that waited {'is' if standing.waiting == 1 else 'are'} {told}."


def _show(room: Newsroom, standing: Standing, now: datetime, *, as_json: bool) -> None:
    row, alert, keys = standing.row, standing.alert, written(standing.row)
    reading = None
    try:
        reading = describe(watched_alert(row, room.settings).query, room.settings.titles)
    except SyndicatorError as error:
        problem = str(error)
    if as_json:
        show_json(shapes.Alert.of(standing, now).plain() | {"reading": reading})
        return
    zone = zone_of(room, alert)
    say(f"{row.name}  {row.id[:8]}{'  in config.toml' if row.from_config else ''}")
    for line in str(keys.get("query", "")).splitlines():
        say(f"   {line}")
    lines: list[tuple[str, object]] = [("finds", reading)]
    lines.append(("topics", ", ".join(keys.get("topics", ()))))
    lines.append(("sources", ", ".join(keys.get("sources", ()))))
    lines.append(("owner", row.owner))
    lines.append(("speaks", f"{keys.get('schedule', 'immediate')}{f', {alert.timing.zone.key}' if alert else ''}"))
    lines.append(("quiet hours", keys.get("quiet_hours")))
    lines.append(("cooldown", keys.get("cooldown")))
    lines.append(("to", destinations_of(room, keys)))
    lines.append(("tells", "each story once" if keys.get("group_stories", True) else "of every article"))
    lines.append(("state", state_of(room, standing, now)))
    lines.append(("7 days", counted(standing.week, "hit")))
    lines.append(("last fired", at(standing.last_fired, zone) if standing.last_fired else "never"))
    lines.append(("last spoke", at(row.last_message, zone) if row.last_message else "never"))
    lines.append(("made", at(row.created, zone)))
    lines.append(("feed", "open (`syndicator alerts feed` prints its addresses)" if row.feed_token else "closed"))
    for label, value in lines:
        if value:
            say(f"{label:>11}  {value}")
    if alert is None or reading is None:
        say(f"It can't be used: {problem}")
    for line in unheard(room, standing):
        say(line)


for command in (lookback.preview, alerting.why, alerting.history, alerting.feed):
    app.command()(command)
app.command("export")(alertfiles.export_alerts)
app.command("import")(alertfiles.import_alerts)
