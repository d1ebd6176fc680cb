"""The real command line on real files: what goes in comes out valid, the same in all formats, and only once."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from feed_validator import problems

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
OWN_FEEDS = sorted(
    path for path in (Path(__file__).parent / "data/feeds").iterdir() if path.suffix in {".xml", ".rdf", ".json"}
)
SHARED_FEEDS = sorted(path for path in (SHARED / "data/feeds").glob("*.*") if path.suffix != ".tsv")
needs_shared = pytest.mark.skipif(
    not SHARED_FEEDS, reason="the real feeds (../shared/data/feeds) are not beside this clone"
)
NOW = "2026-11-23T12:00:00Z"


def syndicator(room, *args, check=True):
    done = subprocess.run(
        [sys.executable, "-m", "syndicator", *args], cwd=room, capture_output=True, text=True, timeout=120, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def newsroom(tmp_path):
    """The shipped set-up without its public sources: a test asks nobody on the net."""
    syndicator(tmp_path, "init", ".")
    config = (tmp_path / "config.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(re.sub(r"https://([^/\"]+)/", r"https://\1.invalid/", config), "utf-8")
    return tmp_path


def feeds(room):
    """Every feed document, archives too, by path."""
    folder = room / "feeds"
    return {
        path: path.suffix.lstrip(".")
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".rss", ".atom", ".json", ".opml"} and path.name != "gone.json"
    }


def ids_and_titles(path):
    if path.suffix == ".json":
        return [(item["id"], item["title"]) for item in json.loads(path.read_bytes())["items"]]
    parsed = feedparser.parse(path.read_bytes())
    assert not parsed.bozo, (path, parsed.get("bozo_exception"))
    return [(entry.id, entry.title) for entry in parsed.entries]


def every_byte(room):
    return {str(path): path.read_bytes() for path in sorted((room / "feeds").rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(OWN_FEEDS, id="own"),
        pytest.param(SHARED_FEEDS, id="shared", marks=[needs_shared, pytest.mark.thorough]),
    ],
)
def test_feeds_taken_in_come_out_valid_and_equal_in_all_formats(tmp_path, given):
    room = newsroom(tmp_path)
    config = room / "config.toml"
    config.write_text(config.read_text("utf-8").replace("min_items = 20", "min_items = 500"), "utf-8")
    taken = json.loads(syndicator(room, "ingest", *map(str, given), "--now", NOW, "--json").stdout)
    assert [each["error"] for each in taken["locations"] if each["error"]] == []
    now = datetime.fromisoformat(NOW)
    found = {path: problems(path, kind, now=now) for path, kind in feeds(room).items()}
    assert {path: lines[:3] for path, lines in found.items() if lines} == {}
    for name in ("all", "asylum", "balkans", "channel-crossings"):
        rss, atom, plain = (ids_and_titles(room / "feeds" / f"{name}.{kind}") for kind in ("rss", "atom", "json"))
        assert rss == atom == plain
    assert len(ids_and_titles(room / "feeds/all.atom")) == min(500, sum(each["new"] for each in taken["locations"]))
    before = every_byte(room)
    again = json.loads(syndicator(room, "ingest", *map(str, given), "--now", NOW, "--json", check=False).stdout)
    assert sum(each["new"] + each["changed"] for each in again["locations"]) == 0
    assert every_byte(room) == before


SEED = SHARED / "data/article-return-hubs.txt"


@pytest.mark.parametrize(
    "article",
    [
        pytest.param((ROOT / "samples/return-hubs.txt"), id="sample"),
        pytest.param(
            SEED,
            id="seed",
            marks=pytest.mark.skipif(
                not SEED.exists(), reason="the seed article (../shared/data) is not beside this clone"
            ),
        ),
    ],
)
def test_a_dropped_article_stands_in_all_its_topics_without_its_boilerplate(tmp_path, article):
    room = newsroom(tmp_path)
    shutil.copyfile(article, room / "inbox" / article.name)
    syndicator(room, "once")
    for name in ("asylum", "balkans", "channel-crossings", "all"):
        (item,) = json.loads((room / f"feeds/{name}.json").read_bytes())["items"]
        assert item["tags"] == ["asylum", "balkans", "channel-crossings"]
        assert "comment" not in item["content_html"].lower()
        assert len(item["title"]) < 120
    assert (room / "inbox/done" / article.name).exists()


@pytest.mark.thorough
def test_an_attack_among_the_files_costs_itself_alone(tmp_path):
    room = newsroom(tmp_path)
    attacks = {
        "bomb.xml": '<!DOCTYPE r [<!ENTITY a "ha">' + "".join(
            f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(2, 12)
        ).replace("&a1;", "&a;") + "]><rss><channel><item><title>&a11;</title></item></channel></rss>",
        "deep.xml": "<rss>" + "<a>" * 200_000 + "</a>" * 200_000 + "</rss>",
        "wide.xml": "<rss " + " ".join(f'a{n}="x"' for n in range(20_000)) + "/>",
        "surrogate.xml": "<rss><channel><item><title>&#xD800; odd</title><guid>s</guid></item></channel></rss>",
        "nul.txt": "Head\x00line\n\nText with a NUL.",
        "huge.xml": "<rss><channel><item><title>t</title><description>" + "x" * 50_000_000 + "</description></item></channel></rss>",
    }  # fmt: skip
    for name, text in attacks.items():
        (tmp_path / name).write_text(text, "utf-8")
    good = tmp_path / "good.txt"
    good.write_text("Boats cross\n\nSixty migrants in small boats crossed the Channel to Dover.", "utf-8")
    done = syndicator(room, "ingest", *(str(tmp_path / name) for name in attacks), str(good), "--json", check=False)
    taken = {Path(each["source"]).name: each for each in json.loads(done.stdout)["locations"]}
    assert taken["good.txt"]["new"] == 1
    for name in attacks:
        assert taken[name]["new"] == 1 or "\n" not in taken[name]["error"], name
    for name in ("bomb.xml", "deep.xml", "wide.xml", "huge.xml"):
        assert taken[name]["error"], name
    now = datetime.now(UTC)
    assert [line for path, kind in feeds(room).items() for line in problems(path, kind, now=now)] == []
