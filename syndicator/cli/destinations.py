"""The destinations: list, add, change, test and remove them, and switch them on again."""

import asyncio
import sys
from datetime import datetime
from typing import Annotated

import typer

from syndicator import shapes
from syndicator.alerts import Verdict
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, refuse_options_before
from syndicator.cli.output import ago, is_narrow, say, short, show_json, show_table
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom, open_newsroom, start_unless_running
from syndicator.config import DestinationKind
from syndicator.delivery import new_secret as random_secret
from syndicator.destinationdesk import DestinationDesk, Edited, Reached
from syndicator.errors import UsageError
from syndicator.plurals import counted

app = typer.Typer(help="Where alerts go.", invoke_without_command=True)

_LONGEST_SECRET = 10_000  # characters of a line on standard input

Name = Annotated[str, typer.Argument(help="Its name.")]
To = Annotated[str | None, typer.Option("--to", help="The mail address.", metavar="ADDRESS")]
Url = Annotated[str | None, typer.Option("--url", help="The webhook's or Apprise URL; - reads it from standard input.")]
Secret = Annotated[
    str | None, typer.Option("--secret", help="The webhook's signing secret; - reads it from standard input.")
]
NewSecret = Annotated[bool, typer.Option("--new-secret", help="Make a signing secret, and print it this once.")]
FilePath = Annotated[str | None, typer.Option("--path", help="The file; a relative one is beside config.toml.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Who is told when it is switched off.")]


@app.callback()
def destinations(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every destination: where it leads, how it does, and what waits for it."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json), start=now)


@app.command("list")
def list_destinations(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every destination: where it leads, how it does, and what waits for it."""
    in_newsroom(config, lambda room: _list(room, now, as_json=as_json), start=now)


@app.command()
def add(
    name: Name,
    *,
    kind: Annotated[DestinationKind, typer.Option("--kind", help="How it is reached.")],
    to: To = None,
    url: Url = None,
    secret: Secret = None,
    new_secret: NewSecret = False,
    path: FilePath = None,
    owner: Owner = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Save a destination. An address with a token in it, or a secret, is best given as - on standard input."""
    made = _made(secret, new_secret=new_secret)
    raw = {"kind": kind.value, **_keys(to, url, made or secret, path, owner)}

    def act(room: Newsroom) -> None:
        desk = DestinationDesk(room.settings, room.store)
        row = desk.add(name, raw, now)
        if as_json:
            show_json(shapes.Destination.of(desk.standing(row)).plain() | {"secret": made})
            return
        say(f"Added {row.name}. Try it: syndicator destinations test {row.name}")
        _show_secret(made)

    in_newsroom(config, act, start=now)


@app.command()
def edit(
    name: Name,
    *,
    to: To = None,
    url: Url = None,
    secret: Secret = None,
    new_secret: NewSecret = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="Sign with the newer secret only: the receiver has it now.")
    ] = False,
    path: FilePath = None,
    owner: Owner = None,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Change a destination that was added by hand: only what is given changes. Its kind stays."""
    made = _made(secret, new_secret=new_secret)
    changes: dict[str, str | None] = {**_keys(to, url, made or secret, path, owner)}
    changes |= {"previous_secret": None} if drop_previous else {}
    changes |= {"owner": None} if owner == "" else {}
    if not changes:
        raise UsageError("Nothing to change: say what, such as --owner Anna.")

    def act(room: Newsroom) -> None:
        desk = DestinationDesk(room.settings, room.store)
        edited = desk.edit(name, changes, now)
        reached = desk.standing(edited.row)
        if as_json:
            show_json(shapes.Destination.of(reached).plain() | {"secret": made})
            return
        _changed(edited, reached)
        _show_secret(made)
        if edited.both_sign:
            say(f"Its previous secret signs too, until: syndicator destinations edit {edited.row.name} --drop-previous")

    in_newsroom(config, act, start=now)


@app.command("test")
def try_out(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Send a real test message there, now, and print what the other side says."""

    async def acting() -> bool:
        async with open_newsroom(config, console=sys.stderr if as_json else sys.stdout) as room:
            start_unless_running(room, now)
            desk = DestinationDesk(room.settings, room.store)
            row = desk.find(name)
            answer = await desk.test(name, room.addresses, now)
        taken = answer.verdict is Verdict.DELIVERED
        if as_json:
            show_json(shapes.TestAnswer.of(row, answer).plain())
            return taken
        code = f" ({answer.status})" if answer.status and str(answer.status) not in answer.said else ""
        say(f"{row.name}: {'taken' if taken else 'not taken'}: {answer.said}{code}")
        if row.off is not None:
            say(f"It is switched off ({row.off}): syndicator destinations on {row.name}")
        return taken

    if not asyncio.run(acting()):
        raise typer.Exit(1)


@app.command("rm")
def remove(
    name: Name,
    *,
    force: Annotated[bool, typer.Option("--force", help="Although alerts use it.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
) -> None:
    """Remove a destination that no alert uses."""

    def act(room: Newsroom) -> None:
        buried = DestinationDesk(room.settings, room.store).remove(name, now, force=force)
        lost = f" {counted(buried, 'message')} that waited will not be sent." if buried else ""
        say(f"Removed {name}.{lost}")

    # The store is not brought in line with config before: two of one name may be just what has to be mended.
    in_newsroom(config, act)


@app.command("on")
def switch_on(name: Name, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Send there again, after it was switched off or while it waits for its next try."""

    def act(room: Newsroom) -> None:
        desk = DestinationDesk(room.settings, room.store)
        was = desk.find(name)
        reached = desk.standing(desk.switch_on(name, now))
        if as_json:
            show_json(shapes.Destination.of(reached).plain())
            return
        waiting = f" {counted(reached.waiting, 'message')} to be tried at once." if reached.waiting else ""
        say(f"{was.name} is {'on again' if was.off is not None else 'on'}.{waiting}")
        _say_what_is_dead(reached)

    in_newsroom(config, act, start=now)


def _keys(
    to: str | None, url: str | None, secret: str | None, path: str | None, owner: str | None
) -> dict[str, str | None]:
    """The options that `add` and `edit` share, as keys: those that were given."""
    given = {"to": to, "url": _from_input(url, "--url"), "secret": _from_input(secret, "--secret")}
    given |= {"path": path, "owner": owner}
    return {key: value for key, value in given.items() if value is not None}


def _made(secret: str | None, *, new_secret: bool) -> str | None:
    """A new signing secret, where one is asked for."""
    if new_secret and secret is not None:
        raise UsageError("Give one of --secret and --new-secret.")
    return random_secret() if new_secret else None


def _show_secret(made: str | None) -> None:
    if made is not None:
        say("Its signing secret, which is not shown again:")
        say(f"   {made}")


def _changed(edited: Edited, reached: Reached) -> None:
    """What a change comes to, and what is left to do."""
    row = edited.row
    there = f" It leads to {reached.where} now." if edited.moved else ""
    waiting = f" {counted(reached.waiting, 'message')} that waited will go there." if reached.waiting else ""
    say(f"Changed {row.name}.{there}{waiting if edited.moved else ''}")
    if edited.ended:
        say(f"Ended by a link in a mail to its old address, and still so: {', '.join(edited.ended)}")
    if row.off is not None:
        say(f"It is switched off ({row.off}): syndicator destinations on {row.name}")
    elif edited.moved:
        _say_what_is_dead(reached)


def _say_what_is_dead(reached: Reached) -> None:
    if reached.dead:
        what = "dead delivery" if reached.dead == 1 else "dead deliveries"
        say(f"{reached.dead} {what} can be replayed: syndicator deliveries replay --destination {reached.row.name}")


def _from_input(value: str | None, option: str) -> str | None:
    """An option's value; "-" stands for a line of standard input, where no other process and no history sees it."""
    if value != "-":
        return value
    line = sys.stdin.readline(_LONGEST_SECRET).strip()
    if not line:
        raise UsageError(f"{option} -: there is nothing on standard input.")
    return line


def _list(room: Newsroom, now: datetime, *, as_json: bool) -> None:
    standing = DestinationDesk(room.settings, room.store).all()
    if as_json:
        show_json([shapes.Destination.of(each).plain() for each in standing])
        return
    if not standing:
        say("No destination yet: syndicator destinations add NAME --kind email --to ADDRESS")
        return
    if is_narrow():
        for each in standing:
            owner = f" ({each.row.owner})" if each.row.owner else ""
            say(f"{each.row.name}{owner}: {each.row.kind}, {each.where or '–'}")
            say(f"   {each.waiting} waiting, {each.delivered} sent, {each.dead} dead; {_state(each, now)}")
        return
    owned = any(each.row.owner for each in standing)
    show_table(
        ("destination", "kind", *(["owner"] if owned else []), "where", ">waiting", ">sent", ">dead", "state"),
        [
            (
                each.row.name,
                each.row.kind,
                *([each.row.owner] if owned else []),
                each.where or "–",
                str(each.waiting),
                str(each.delivered),
                str(each.dead),
                _state(each, now),
            )
            for each in standing
        ],
    )


def _state(each: Reached, now: datetime) -> str:
    """How a destination does, in a few words."""
    row = each.row
    said = f": {short(each.trouble, 80)}" if each.trouble else ""
    if each.problem is not None:
        return f"can't be used: {short(each.problem, 80)}"
    if row.off is not None:
        return f"off, {ago(row.off_since, now)}: {row.off}"
    if row.failing_since is not None:
        following = f", next try {ago(row.retry_at, now)}" if row.retry_at and row.retry_at > now else ""
        return f"failing, first {ago(row.failing_since, now)}{following}{said}"
    return f"on, {each.lost.words}{said}" if each.lost else "on"
