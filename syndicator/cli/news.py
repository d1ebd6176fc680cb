"""Taking news in by hand, and finding it: ingest, search."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator import shapes
from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now
from syndicator.cli.output import highlighted, say, show_json, with_progress
from syndicator.cli.room import what_waits
from syndicator.cli.service import Tally
from syndicator.cli.session import Newsroom, open_newsroom, open_store, read_settings, start_unless_running
from syndicator.errors import UsageError
from syndicator.model import Article
from syndicator.plurals import counted
from syndicator.query import parse
from syndicator.store import Hit


def add_to(app: typer.Typer) -> None:
    """Put these commands on the top level."""
    app.command()(ingest)
    app.command()(search)


def ingest(
    locations: Annotated[list[str], typer.Argument(help="Files or URLs of articles or feeds.", metavar="PATH|URL …")],
    *,
    config: Config = DEFAULT_CONFIG,
    now: Now,
    as_json: Json = False,
) -> None:
    """Take these articles or feeds in now, and publish."""
    tally = Tally.start(quiet=as_json)
    waiting: list[str] = []

    async def take_all() -> None:
        async with open_newsroom(config) as room:
            start_unless_running(room, now)
            await _take_all(room)
            waiting.extend(what_waits(room))

    async def _take_all(room: Newsroom) -> None:
        for location in with_progress(locations, "Taking in"):
            tally.add(await room.desk.ingest(location, now))
        tally.add(room.pipeline.publish(now))

    asyncio.run(take_all())
    new, changed = sum(taken.new for taken in tally.taken), sum(taken.changed for taken in tally.taken)
    failed = [taken.source for taken in tally.taken if taken.error]
    if as_json:
        show_json({"locations": tally.taken, "files": sorted(map(str, tally.files)), "problems": tally.problems})
    else:
        read = f"{len(locations) - len(failed)} of {len(locations)}" if failed else str(len(locations))
        say(f"{read} taken in: {new} new, {changed} changed; {counted(len(tally.files), 'file')} written.")
        for line in waiting:
            say(line)
    if failed or tally.problems:
        raise typer.Exit(1)


def search(
    query: Annotated[str, typer.Argument(help="A query, as in docs/query-language.md.")],
    *,
    config: Config = DEFAULT_CONFIG,
    days: Annotated[int | None, typer.Option(min=1, help="Only what was published in the last N days.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many articles.")] = 20,
    now: Now,
    as_json: Json = False,
) -> None:
    """What matches a query, newest first, with the words that made it match."""
    settings = read_settings(config)
    wanted = parse(query, topics=[topic.name for topic in settings.topics])
    with open_store(settings) as store:
        since = None if days is None else now - timedelta(days=days)
        hits = list(store.search.find(wanted, since=since, limit=limit))
    if as_json:
        show_json([shapes.Match.of(hit).plain() for hit in hits])
        return
    for hit in hits:
        show_hit(hit)
    if not hits:
        say("Nothing matches." if days is None else f"Nothing of the last {counted(days, 'day')} matches.")


def show_hit(hit: Hit) -> None:
    """An article that a query found, with the words that made it match in bold."""
    article = hit.article
    say(f"{article.published:%Y-%m-%d %H:%M}  {article.source}  {article.id.removeprefix('urn:uuid:')[:8]}")
    say("  ", highlighted(article.content.title, hit.reasons, "title", around=10_000))
    if any(reason.field == "text" for reason in hit.reasons):
        say("  ", highlighted(article.content.text or article.content.summary, hit.reasons, "text"))
    if article.url:
        say(f"   {article.url}")


def summary_of(article: Article) -> dict[str, Any]:
    """An article's public facts, for `--json`."""
    return {
        "id": article.id,
        "seq": article.seq,
        "version": article.version,
        "state": article.state,
        "title": article.content.title,
        "url": article.url,
        "source": article.source,
        "published": article.published,
        "updated": article.updated,
        "note": article.note,
    }


def read_text(path: Path) -> str:
    """A text file's content, as plain text with paragraphs. Raises UsageError."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    paragraphs = [line.strip() for line in text.splitlines() if line.strip()]
    if not paragraphs:
        raise UsageError(f"{path} is empty.")
    return "\n\n".join(paragraphs)
