"""The deliveries: what was told to whom, every attempt at it, and another try for what was given up."""

from datetime import datetime
from typing import Annotated

import typer

from syndicator import shapes
from syndicator.alerts import DeliveryState
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, refuse_options_before
from syndicator.cli.output import at, say, show_json
from syndicator.cli.room import in_newsroom, what_waits
from syndicator.cli.session import Newsroom
from syndicator.cli.telling import desk_of
from syndicator.deliverydesk import DeliveryDesk
from syndicator.destinationdesk import DestinationDesk
from syndicator.errors import UsageError
from syndicator.plurals import counted
from syndicator.store import DeliveryRow

app = typer.Typer(help="What was told to whom, and what could not be.", invoke_without_command=True)

_SHOWN = 20

State = Annotated[DeliveryState | None, typer.Option("--state", help="Only those that stand so.")]
Destination = Annotated[str | None, typer.Option("--destination", help="Only those to it.", metavar="NAME")]
OfAlert = Annotated[str | None, typer.Option("--alert", help="Only those of this alert.", metavar="NAME")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


@app.callback()
def deliveries(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """The newest deliveries: what was told to whom, or waits, or was given up."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json), start=now)


@app.command("list")
def list_deliveries(
    *,
    state: State = None,
    destination: Destination = None,
    alert: OfAlert = None,
    limit: Limit = _SHOWN,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Deliveries, newest first: what was told to whom, or waits, or was given up."""
    in_newsroom(
        config,
        lambda room: _list(room, now, state=state, destination=destination, alert=alert, limit=limit, as_json=as_json),
        start=now,
    )


@app.command()
def show(
    reference: Annotated[str, typer.Argument(help="Its id, or eight or more of its first characters.", metavar="ID")],
    *,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """One delivery with every attempt at it, and what the other side said."""

    def act(room: Newsroom) -> None:
        desk = DeliveryDesk(room.settings, room.store)
        row = desk.delivery(reference)
        attempts = desk.attempts(row)
        if as_json:
            show_json(shapes.Tried.with_tries(row, attempts).plain())
            return
        zone = room.settings.site.zone
        _show(room, row)
        say(f"   {row.id}")
        for attempt in attempts:
            code = f" {attempt.status}" if attempt.status else ""
            say(f"   {at(attempt.at, zone)}  {attempt.verdict}{code}: {attempt.said} ({attempt.took_ms} ms)")
        if not attempts:
            say("   not tried yet" if row.state is DeliveryState.PENDING else "   never tried")

    in_newsroom(config, act)


@app.command()
def replay(
    references: Annotated[
        list[str] | None, typer.Argument(help="Their ids, or the beginnings of them.", metavar="[ID …]")
    ] = None,
    *,
    destination: Destination = None,
    alert: OfAlert = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is dead.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Queue dead deliveries again, under their old ids, so that a receiver can tell a repeat."""
    if bool(references) + (destination is not None or alert is not None) + everything != 1:
        raise UsageError("Say which: ids, --destination NAME, --alert NAME, or --all.")

    def act(room: Newsroom) -> bool:
        id_ = desk_of(room).find(alert).id if alert is not None else None
        done = DeliveryDesk(room.settings, room.store).replay(
            now, references=references or (), destination=destination, alert=id_
        )
        if as_json:
            left = [{"destination": name, "deliveries": count} for name, count in sorted(done.left.items())]
            show_json({"queued": done.queued, "left": left})
            return not done.left
        say(f"{counted(done.queued, 'delivery', 'deliveries')} queued again.")
        for name, count in sorted(done.left.items()):
            row = room.store.destinations.get(name)
            gone = row is None or row.gone
            mend = "which was removed" if gone else f"which is switched off: syndicator destinations on {name}"
            say(f"{counted(count, 'delivery', 'deliveries')} left, to {name}, {mend}")
        for line in what_waits(room):
            say(line)
        return not done.left

    if not in_newsroom(config, act, start=now):
        raise typer.Exit(1)


def _list(
    room: Newsroom,
    now: datetime,
    *,
    state: DeliveryState | None = None,
    destination: str | None = None,
    alert: str | None = None,
    limit: int = _SHOWN,
    as_json: bool,
) -> None:
    id_ = desk_of(room).find(alert).id if alert is not None else None
    if destination is not None and room.store.destinations.get(destination) is None:
        DestinationDesk(room.settings, room.store).find(destination)
    rows = room.store.ledger.deliveries(state=state, destination=destination, alert=id_, limit=limit)
    if as_json:
        show_json([shapes.Delivery.of(row).plain() for row in rows])
        return
    for row in rows:
        _show(room, row, now)
    if not rows:
        say("No delivery." if state is None else f"No delivery is {state}.")
    elif len(rows) == limit:
        say(f"These are the newest {limit}: --limit shows more.")


def _show(room: Newsroom, row: DeliveryRow, now: datetime | None = None) -> None:
    zone = room.settings.site.zone
    state = str(row.state)
    if row.state is DeliveryState.PENDING and row.attempts:
        state += f" after {counted(row.attempts, 'attempt')}"
    if row.state is DeliveryState.PENDING and (now is None or row.due > now):
        state += f", next try {at(row.due, zone)}"
    short_id = row.id.removeprefix("msg_")[:8]
    say(f"{at(row.queued, zone)}  {row.alert_name or 'the newsroom'} to {row.destination}  {short_id}  {state}")
    more = f" (+{row.items - 1} more)" if row.items > 1 else ""
    kind = f"{row.event}: " if row.event not in {"match", "digest"} else ""
    say(f"   {kind}{row.title}{more}")
    if row.said and row.state is not DeliveryState.DELIVERED:
        say(f"   {row.said}")
