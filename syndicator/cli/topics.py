"""The topics: how full they are, how well their queries tag, and applying changed ones to the archive."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator.cli.options import DEFAULT_CONFIG, Config, Json, Now, refuse_options_before
from syndicator.cli.output import ago, say, show_json, show_table, with_progress
from syndicator.cli.session import open_newsroom, open_store, read_settings
from syndicator.plurals import counted
from syndicator.scoring import Mistake, Score
from syndicator.store import ALL
from syndicator.topicdesk import scored

app = typer.Typer(help="The topics with their counts.", invoke_without_command=True)


@app.callback()
def list_topics(context: typer.Context, *, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Every topic with how many articles stand under it, and how many of the last seven days."""
    if context.invoked_subcommand:
        refuse_options_before(context, context.invoked_subcommand)
        return
    settings = read_settings(config)
    titles = {ALL: settings.site.title} | settings.topic_titles
    with open_store(settings) as store:
        counts = {name: store.topics.count(name, now - timedelta(days=7)) for name in titles}
    if as_json:
        show_json(
            [
                {"name": name, "title": titles[name], "articles": c.articles, "week": c.recent, "newest": c.newest}
                for name, c in counts.items()
            ]
        )
        return
    rows = [(name, titles[name], str(c.articles), str(c.recent), ago(c.newest, now)) for name, c in counts.items()]
    show_table(("topic", "title", ">articles", ">7 days", "newest"), rows)


@app.command("score")
def score_topics(
    file: Annotated[Path, typer.Argument(help="Lines of JSON: id, title, text, labels.", exists=True, dir_okay=False)],
    *,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """How well the topic queries tag labelled articles: precision, recall, F1, and every error with its reasons."""
    settings = read_settings(config)
    scores = scored(settings, file, str(file))
    if as_json:
        show_json(
            {
                "micro": _figures(scores.micro),
                "topics": {name: _figures(each) | _counts(each) for name, each in scores.topics.items()},
                "errors": [_as_record(mistake) for mistake in scores.mistakes],
            }
        )
        return
    rows = [*scores.topics.items(), ("all together", scores.micro)]
    show_table(
        ("topic", ">precision", ">recall", ">F1", ">right", ">wrong", ">missed"),
        [
            (
                name,
                f"{s.precision:.3f}",
                f"{s.recall:.3f}",
                f"{s.f1:.3f}",
                str(s.right),
                str(s.wrong),
                str(s.missed),
            )
            for name, s in rows
        ],
    )
    for mistake in scores.mistakes:
        words = dict.fromkeys(reason.words for reason in mistake.reasons)
        say(f"{'missed' if mistake.missed else 'wrong '}  {mistake.topic}  {mistake.id}  {mistake.title}")
        if words:
            say(f"        because of {', '.join(words)}")


@app.command()
def retag(*, config: Config = DEFAULT_CONFIG, now: Now, as_json: Json = False) -> None:
    """Apply the topic queries to the whole archive, and publish the feeds that change."""

    async def apply() -> None:
        async with open_newsroom(config) as room:
            with room.store.instance_lock():
                room.pipeline.start(now)
                moved = room.pipeline.filing.bring_up_to_date(everything=True, watched=with_progress)
                published = room.pipeline.publish(now)
        if as_json:
            show_json({"topics": moved, "files": published.files, "problems": published.problems})
        else:
            for name, count in moved.items():
                say(f"{name}: {counted(count, 'article')} came or went")
            say(f"{counted(len(published.files), 'file')} written.")
        if published.problems:
            raise typer.Exit(1)

    asyncio.run(apply())


def _figures(score: Score) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1}


def _counts(score: Score) -> dict[str, int]:
    return {"right": score.right, "wrong": score.wrong, "missed": score.missed}


def _as_record(mistake: Mistake) -> dict[str, Any]:
    return {
        "id": mistake.id,
        "title": mistake.title,
        "topic": mistake.topic,
        "error": "missed" if mistake.missed else "wrong",
        "reasons": mistake.reasons,
    }
