"""Why an alert fired or did not, what it found, and its private feed."""

from datetime import datetime, tzinfo
from typing import Annotated

import typer

from syndicator import shapes
from syndicator.alertdesk import Fired
from syndicator.alerts import DeliveryState, Event
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import at, highlighted, say, show_json
from syndicator.cli.room import in_newsroom
from syndicator.cli.session import Newsroom
from syndicator.cli.telling import Reference, desk_of, short_id, words, zone_of_row
from syndicator.errors import UsageError
from syndicator.model import State
from syndicator.plurals import counted
from syndicator.previewing import SILENCES, Account, account
from syndicator.store import AlertRow, DeliveryRow, Silent

BRIEFLY = {
    Silent.BACKLOG: "silent: backlog of its source",
    Silent.EARLIER: "silent: an earlier version matched before",
    Silent.JOINED: "silent: the story was told already",
    Silent.WITHDRAWN: "silent: withdrawn before it was told",
    Silent.DROPPED: "silent: the alert was removed before it told",
}

# In the place of matched words: they are words of what nobody is to read again.
_WITHDRAWN = "words of the withdrawn text"


def why(
    reference: Reference,
    article: Annotated[
        str, typer.Argument(help="Its id, six or more of its first characters, or its URL.", metavar="ARTICLE")
    ],
    *,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Why an alert fired on an article or did not, and what became of each delivery."""

    def act(room: Newsroom) -> None:
        row = desk_of(room).find(reference)
        told = account(room.store, room.settings, row, room.desk.article(article))
        if as_json:
            show_json(shapes.Account.of(told).plain())
        else:
            _show_account(room, told, now)

    in_newsroom(config, act, start=now)


def _show_account(room: Newsroom, told: Account, now: datetime) -> None:
    article, hit = told.article, told.hit
    zone = zone_of_row(room, told.row)
    say(f"{told.row.name}, asked about {short_id(article.id)}:")
    _show_passages(room, told)
    say(f"   {article.source}, {at(article.published, zone)}")
    if article.url:
        say(f"   {article.url}")
    if hit is not None:
        on = _WITHDRAWN if article.state is State.KILLED else words(told.reasons)
        say(f"It fired at {at(hit.at, zone)}, on {on}.")
        say(*_silence(told) or _told(told, now, zone))
    else:
        say("It did not fire.")
        if told.matches:
            say(f"   matched by {words(told.reasons)}")
    for line in told.why:
        say(f"   {line}")
    for tried in told.tried:
        _show_tried(room, tried.delivery, zone)
        for attempt in tried.attempts:
            code = f" {attempt.status}" if attempt.status else ""
            say(f"      {at(attempt.at, zone)}  {attempt.verdict}{code}: {attempt.said} ({attempt.took_ms} ms)")


def _show_passages(room: Newsroom, told: Account) -> None:
    """The headline and the passage that matched; of what was withdrawn nothing is shown again."""
    now = told.article.content
    version = room.store.articles.version(told.hit.seq) if told.hit else None
    then = (version.content if version else None) if told.hit else now
    if told.article.state is State.KILLED or then is None:
        say(f"   {now.title or 'an article past its retention'}")
        return
    say("  ", highlighted(then.title, told.reasons, "title"))
    if any(reason.field == "text" for reason in told.reasons):
        say("  ", highlighted(then.text or then.summary, told.reasons, "text"))


def _silence(told: Account) -> tuple[str, ...]:
    """Why a hit said nothing."""
    if told.hit is None or told.hit.silent is None:
        return ()
    why_not = f"It said nothing: {SILENCES[told.hit.silent]}"
    if told.hit.silent is Silent.JOINED and told.told_by is not None:
        by = told.told_by
        return (f"{why_not} by “{by.content.title}” ({by.source}, {short_id(by.id)}).",)
    return (f"{why_not}.",)


def _told(told: Account, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """Whether a hit that speaks has spoken."""
    if told.hit is None or told.hit.message is None:
        return (_waiting(told, now, zone),)
    if not told.tried:
        return ("It was told to nobody: the alert had no destination then that wanted it.",)
    return ("Its deliveries:",)


def _waiting(told: Account, now: datetime, zone: tzinfo) -> str:
    if told.article.state is State.EMBARGOED:
        return "It waits for the end of the embargo."
    due = told.row.due
    if due is None:
        return "It waits, for the alert is off: it is told when that is switched on again."
    return f"It waits to be told until {at(due, zone)}." if due > now else "It waits for the next cycle to be told."


def _show_tried(room: Newsroom, delivery: DeliveryRow, zone: tzinfo) -> None:
    name = "" if delivery.event in {Event.MATCH, Event.DIGEST} else f"{delivery.event} "
    state = f"{delivery.state}"
    if delivery.settled is not None:
        state += f" {at(delivery.settled, zone)}"
    elif delivery.attempts:
        state += f", next try {at(delivery.due, zone)}"
    say(f"   {name}to {delivery.destination}: {state}  {delivery.id}")
    if delivery.said and not delivery.attempts:
        say(f"      {delivery.said}")
    row = room.store.destinations.get(delivery.destination)
    if delivery.state is DeliveryState.PENDING and not delivery.attempts and row is not None and row.failing_since:
        say(f"      what goes there has been failing since {at(row.failing_since, zone)}: it waits in line")


def history(
    reference: Reference,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 20,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """What an alert found, newest first, and what became of it."""

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        row = desk.find(reference)
        fired = desk.history(row.id, limit=limit)
        if as_json:
            show_json([shapes.Fired.of(each).plain() for each in fired])
            return
        zone = zone_of_row(room, row)
        for each in fired:
            _show_fired(each, row, zone, now)
        if not fired:
            say(f"{row.name} has not fired yet.")

    in_newsroom(config, act, start=now)


def _show_fired(each: Fired, row: AlertRow, zone: tzinfo, now: datetime) -> None:
    hit, article = each.hit, each.article
    more = f" +{counted(len(each.others), 'source')}" if each.others else ""
    say(f"{at(hit.at, zone)}  {article.source}{more}  {short_id(article.id)}")
    killed = article.state is State.KILLED
    say("  ", article.content.title if killed else highlighted(article.content.title, hit.reasons, "title"))
    say(f"   on {_WITHDRAWN if killed else words(hit.reasons)}")
    say(f"   {_fate(each, row, zone, now)}")


def _fate(each: Fired, row: AlertRow, zone: tzinfo, now: datetime) -> str:
    if each.hit.silent is not None:
        return BRIEFLY[each.hit.silent]
    if each.hit.message is None:
        if each.article.state is State.EMBARGOED:
            return "waits for the end of the embargo"
        if row.due is None:
            return "waits for the alert to be switched on"
        return f"waits until {at(row.due, zone)}" if row.due > now else "waits for the next cycle"
    told = [f"{delivery.destination}: {delivery.state}" for delivery in each.deliveries]
    return ", ".join(told) or "told to nobody: no destination"


def feed(
    reference: Reference,
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Give it a new address; the old one is dead.")] = False,
    close: Annotated[bool, typer.Option("--close", help="Take its address away.")] = False,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """The addresses of an alert's private feed. Whoever has one can read it."""
    if renew and close:
        raise UsageError("Give one of --renew and --close.")

    def act(room: Newsroom) -> None:
        desk = desk_of(room)
        row = desk.renew_feed(reference, now, close=close) if renew or close else desk.find(reference)
        addresses = shapes.PrivateFeed.of(row, room.settings)
        if as_json:
            show_json(addresses.plain())
            return
        if row.feed_token is None:
            say(f"The private feed of {row.name} is closed: --renew opens it under a new address.")
            return
        for address in (addresses.rss, addresses.atom, addresses.json_):
            say(str(address))
        say("Whoever has one of these addresses can read it: --renew gives it another, --close takes it away.")

    in_newsroom(config, act, start=now)
