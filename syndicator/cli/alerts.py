"""The alerts: list, show, add, change, mute and remove them, and carry them from one newsroom to another."""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator.alertdesk import Standing, written
from syndicator.cli import alerting
from syndicator.cli.alerting import Reference, desk_of, past_record, zone_of
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Moment, Now, refuse_options_before
from syndicator.cli.output import ago, at, counted, say, short, show_json, show_table
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.config.values import duration
from syndicator.errors import SyndicatorError, UsageError
from syndicator.previewing import Past, look_back
from syndicator.query import describe
from syndicator.store import AlertRow
from syndicator.watch import watched_alert

app = typer.Typer(help="Saved queries that tell somebody.", invoke_without_command=True)
alerting.add_to(app)

_LARGEST_IMPORT = 5_000_000  # characters
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
        row = desk.remove(reference)
        dropped = f" {counted(waiting, 'match')} that waited will not be told.".replace("matchs", "matches")
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
            show_json(_record(standing, now))
        elif until is None:
            say(f"{standing.row.name} may speak again.{_waits(standing, now, zone_of(room, standing.alert))}")
        else:
            say(f"{standing.row.name} is muted until {at(until, zone_of(room, standing.alert))}.")

    in_newsroom(config, act, start=now)


@app.command("export")
def export_alerts(
    references: Annotated[
        list[str] | None, typer.Argument(help="Their names; all alerts if none is named.", metavar="[NAME …]")
    ] = None,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.", metavar="FILE")] = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
) -> None:
    """Write alerts as TOML, such as `import` and config.toml read. No secret is in it."""
    text = in_newsroom(config, lambda room: desk_of(room).export(references or ()), start=now)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror or error}") from None
    say(f"Wrote {output}.")


@app.command("import")
def import_alerts(
    file: Annotated[Path, typer.Argument(help="TOML with [[alerts]]; - for standard input.", metavar="FILE")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Put them in the place of those of their names.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Save all alerts of a file, or none if one of them can't be used."""
    text = _read(file)

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        rows = desk.import_(text, now, replace=replace)
        if as_json:
            show_json([_record(desk.standing(row, now), now) for row in rows])
            return
        for row in rows:
            say(row.name)
        say(f"{counted(len(rows), 'alert')} imported.")

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


def _read(file: Path) -> str:
    """The text of a file, or of standard input. Raises UsageError."""
    try:
        if str(file) == "-":
            text = sys.stdin.read(_LARGEST_IMPORT + 1)
        else:
            with file.open(encoding="utf-8-sig") as stream:
                text = stream.read(_LARGEST_IMPORT + 1)
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text: save it as UTF-8.") from None
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from None
    if len(text) > _LARGEST_IMPORT:
        raise UsageError(f"{file} has more than {_LARGEST_IMPORT // 1_000_000} MB: that is no list of alerts.")
    return text


def _kept(room: Newsroom, row: AlertRow, now: datetime, done: str, *, as_json: bool) -> None:
    """An alert was added or changed: what it would have caught lately, so that people see at once what they did."""
    standing = desk_of(room).standing(row, now)
    past = look_back(room.store, room.settings, watched_alert(row, room.settings), now)
    if as_json:
        show_json(_record(standing, now) | {"preview": past_record(past)})
        return
    say(f"{done} {row.name}. {_would_have(past)}")
    for advice in past.preview.advice:
        say(f"! {advice.text}")
    for line in _unheard(room, standing):
        say(line)


def _would_have(past: Past) -> str:
    hits, messages = past.preview.hits, past.preview.messages
    if not hits:
        return f"It would not have fired in the last {counted(past.days, 'day')}."
    stories = f", on {messages} {'story' if messages == 1 else 'stories'}" if messages != hits else ""
    short_of = f" ({counted(past.covered, 'day')} of them in the archive)" if past.covered < past.days else ""
    return f"It would have fired {counted(hits, 'time')}{stories} in the last {counted(past.days, 'day')}{short_of}."


def _unheard(room: Newsroom, standing: Standing) -> list[str]:
    """Why nobody may hear of it."""
    if standing.alert is None:
        return []
    name = standing.row.name
    lines = [] if standing.alert.enabled else [f"It is off: syndicator alerts edit {name!r} --enable"]
    if not standing.alert.destinations:
        lines.append(f"It has no destination; what it finds is in its private feed: syndicator alerts feed {name!r}")
    for each in standing.alert.destinations:
        row = room.store.destinations.get(each)
        if row is None or row.gone:
            lines.append(f"Its destination {each} is gone: syndicator destinations list")
        elif row.off is not None:
            lines.append(f"Its destination {each} is switched off: {row.off}")
        elif each in standing.opted_out:
            lines.append(f"Its destination {each} has ended this alert by the link in a message.")
    return lines


def _list(room: Newsroom, now: datetime, *, as_json: bool) -> None:
    standings = desk_of(room).all(now)
    if as_json:
        show_json([_record(standing, now) for standing in standings])
        return
    if not standings:
        say("No alert yet: syndicator alerts add NAME QUERY --to DEST")
        return
    owned = any(standing.row.owner for standing in standings)
    columns = ("alert", *(["owner"] if owned else []), "asks", "speaks", "to", ">7 days", "last", "state")
    rows = []
    for standing in standings:
        keys = written(standing.row)
        rows.append(
            (
                standing.row.name,
                *([standing.row.owner] if owned else []),
                short(str(keys.get("query", "")), _QUERY_SHOWN),
                str(keys.get("schedule", "immediate")),
                _to(room, keys),
                str(standing.week),
                ago(standing.last_fired, now),
                _state(room, standing, now),
            )
        )
    show_table(columns, rows)


def _to(room: Newsroom, keys: Mapping[str, Any]) -> str:
    """The destinations, with those that are switched off or gone marked."""
    said = []
    for name in keys.get("destinations", ()):
        row = room.store.destinations.get(name)
        said.append(f"{name} (gone)" if row is None or row.gone else f"{name} (off)" if row.off is not None else name)
    return ", ".join(said) or "–"


def _state(room: Newsroom, standing: Standing, now: datetime) -> str:
    """How an alert does, in a few words."""
    alert = standing.alert
    if alert is None:
        return f"can't be used: {short(standing.problem or '', 60)}"
    zone = zone_of(room, alert)
    said = [] if alert.enabled else ["off"]
    muted = alert.timing.muted_until
    if muted is not None and muted > now:
        said.append(f"muted until {at(muted, zone)}")
    if standing.waiting:
        due = standing.row.due
        until = f" until {at(due, zone)}" if due is not None and due > now and due != muted else ""
        said.append(f"{standing.waiting} {'waits' if standing.waiting == 1 else 'wait'}{until}")
    return ", ".join(said) or "on"


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
        reading = describe(watched_alert(row, room.settings).query)
    except SyndicatorError as error:
        problem = str(error)
    if as_json:
        show_json(_record(standing, now) | {"reading": reading})
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
    lines.append(("to", _to(room, keys)))
    lines.append(("tells", "each story once" if keys.get("group_stories", True) else "of every article"))
    lines.append(("state", _state(room, standing, now)))
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
    for line in _unheard(room, standing):
        say(line)


def _record(standing: Standing, now: datetime) -> dict[str, Any]:
    """An alert for `--json`. Its private feed's address is left out: whoever has it can read the feed."""
    row, alert, keys = standing.row, standing.alert, written(standing.row)
    muted = alert.timing.muted_until if alert else row.muted_until
    return {
        "id": row.id,
        "name": row.name,
        "owner": row.owner,
        "query": keys.get("query", ""),
        "topics": keys.get("topics", []),
        "sources": keys.get("sources", []),
        "destinations": keys.get("destinations", []),
        "schedule": keys.get("schedule", "immediate"),
        "zone": alert.timing.zone.key if alert else keys.get("zone"),
        "quiet_hours": keys.get("quiet_hours"),
        "cooldown": (alert.timing.cooldown if alert else timedelta()) or None,
        "group_stories": keys.get("group_stories", True),
        "enabled": keys.get("enabled", True),
        "muted_until": muted if muted is not None and muted > now else None,
        "from_config": row.from_config,
        "created": row.created,
        "week": standing.week,
        "last_fired": standing.last_fired,
        "last_message": row.last_message,
        "waiting": standing.waiting,
        "due": row.due,
        "opted_out": standing.opted_out,
        "problem": standing.problem,
    }
