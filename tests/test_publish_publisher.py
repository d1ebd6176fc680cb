"""The files: written whole, only when they change, taken down when their feed is, one bad article costing itself."""

import json
import logging
import os
import re
import stat
from datetime import datetime, timedelta

import pytest
from feed_validator import problems
from publish_samples import NOW, SITE, article, document, item

from syndicator.errors import PublishError
from syndicator.model import Republish, State
from syndicator.publish import FORMATS, FeedSummary, Publisher, budget, files
from syndicator.publish.entry import RenditionCache


@pytest.fixture
def publisher(tmp_path):
    return Publisher(tmp_path, SITE)


def names(folder, paths):
    return sorted(str(path.relative_to(folder)) for path in paths)


def ids(folder, name="asylum"):
    return [entry["id"] for entry in json.loads((folder / f"{name}.json").read_bytes())["items"]]


def test_write_tells_which_files_changed(publisher, tmp_path):
    feed = document(item(1))
    assert names(tmp_path, publisher.write(feed)) == ["asylum.atom", "asylum.html", "asylum.json", "asylum.rss"]
    assert publisher.write(feed) == []
    assert len(publisher.write(document(item(1, title="New")))) == 4


def test_has_tells_whether_every_format_is_there(publisher, tmp_path):
    assert not publisher.has("asylum")
    publisher.write(document(item(1)))
    assert publisher.has("asylum")
    (tmp_path / "asylum.json").unlink()
    assert not publisher.has("asylum")


@pytest.mark.parametrize("extension", FORMATS)
def test_a_format_that_cannot_be_written_keeps_nothing_from_the_others(publisher, tmp_path, extension):
    (tmp_path / f"asylum.{extension}").mkdir(parents=True)
    with pytest.raises(PublishError) as first:
        publisher.write(document(item(1)))
    with pytest.raises(PublishError) as second:
        publisher.write(document(item(1)))
    assert str(first.value) == str(second.value)  # which is then told once
    assert f"asylum.{extension}" in str(first.value)
    assert "unfinished" not in str(first.value)
    assert {path.suffix[1:] for path in tmp_path.glob("asylum.*") if path.is_file()} == {*FORMATS} - {extension}


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("left", [0, 100, -12])
def test_a_part_of_a_file_is_none(publisher, tmp_path, extension, left):
    publisher.write(document(item(1)))
    file = tmp_path / f"asylum.{extension}"
    file.write_bytes(file.read_bytes()[:left])
    assert not publisher.has("asylum")
    publisher.write(document(item(1)))
    assert publisher.has("asylum")


def test_an_archive_document_is_rss_and_atom_alone(publisher, tmp_path):
    changed = publisher.write(document(item(1), archive="2026-10"))
    assert names(tmp_path, changed) == ["archive/asylum/2026-10.atom", "archive/asylum/2026-10.rss"]


def test_another_process_writes_the_same_bytes(publisher, tmp_path):
    publisher.write(document(item(1), item(2)))
    publisher.write(document(item(2), item(3)))
    assert Publisher(tmp_path, SITE).write(document(item(2), item(3))) == []


def test_an_unchanged_file_is_not_touched(publisher, tmp_path):
    publisher.write(document(item(1)))
    before = (tmp_path / "asylum.atom").stat()
    publisher.write(document(item(1)))
    after = (tmp_path / "asylum.atom").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_index_is_a_page_a_style_sheet_and_a_subscription_list(publisher, tmp_path):
    feeds = [FeedSummary("all", "All", "Everything", 3, NOW), FeedSummary("asylum", "Asylum & <refuge>", "", 0, None)]
    assert names(tmp_path, publisher.write_index(feeds)) == ["index.html", "style.css", "subscriptions.opml"]
    assert publisher.write_index(feeds) == []
    assert problems(tmp_path / "subscriptions.opml", "opml") == []


def test_news_does_not_change_the_subscription_list(publisher, tmp_path):
    publisher.write_index([FeedSummary("all", "All", "", 3, NOW)])
    changed = publisher.write_index([FeedSummary("all", "All", "", 4, NOW + timedelta(hours=1))])
    assert names(tmp_path, changed) == ["index.html"]


BAD = {
    "a date without a zone": {"published": datetime(2026, 11, 1), "updated": datetime(2026, 11, 1)},  # noqa: DTZ001 - the point
    "text that is no text": {"text": None},
    "a title that is no text": {"title": 7},
    "an author that is no text": {"authors": (None,)},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_article_that_cannot_be_rendered_costs_itself_alone(publisher, tmp_path, caplog, bad):
    broken = item(2)
    object.__setattr__(broken, "article", article(2, **bad))
    feed = document(item(1), item(3), updated=NOW)
    object.__setattr__(feed, "items", (item(1), broken, item(3)))
    with caplog.at_level(logging.WARNING):
        publisher.write(feed)
    assert ids(tmp_path) == [article(1).id, article(3).id]
    for kind in ("atom", "rss", "json"):
        assert problems(tmp_path / f"asylum.{kind}", kind) == []
    assert article(2).id in caplog.text
    assert article(1).id not in caplog.text


def test_control_characters_and_surrogates_cost_nothing(publisher, tmp_path):
    dirty = "be\x00fore \ud800 and \ufffe after\x1b"
    publisher.write(
        document(
            item(
                1,
                title=dirty,
                text=dirty,
                html=f"<p>{dirty}</p>",
                summary=dirty,
                authors=(dirty,),
                categories=(dirty,),
                url=f"https://a.example/{dirty}",
            ),
            description=dirty,
        )
    )
    assert ids(tmp_path) == [article(1).id]
    for kind in ("atom", "rss", "json"):
        assert problems(tmp_path / f"asylum.{kind}", kind) == []


def test_an_id_given_twice_stands_once(publisher, tmp_path):
    publisher.write(document(item(1), item(1, title="Again"), item(2)))
    assert ids(tmp_path) == [article(1).id, article(2).id]


def test_a_document_that_grows_too_large_carries_its_older_items_in_brief(publisher, tmp_path):
    long = "Words that fill a paragraph and go on.\n\n" * 500
    feed = document(*(item(number, text=long) for number in range(1, 201)))
    publisher.write(feed)
    for kind in ("atom", "rss", "json"):
        size = (tmp_path / f"asylum.{kind}").stat().st_size
        assert 1_500_000 < size <= 2_000_000, kind
    items = json.loads((tmp_path / "asylum.json").read_bytes())["items"]
    assert len(items) == 200
    whole = ["Continue at" not in entry["content_html"] for entry in items]
    assert whole[0]
    assert not whole[-1]
    assert whole == sorted(whole, reverse=True), "the newest are the whole ones"


def test_the_last_step_down_is_the_link_and_notices_stay_whole():
    long = "Words that fill a paragraph. " * 40
    notice = item(9, state=State.KILLED, text=long)
    items = (item(1, text=long, republish=Republish.SUMMARY), item(2, text=long), item(3, text=long), notice)
    cache = RenditionCache()
    kept, made = budget.fit("asylum", items, lambda each, level: cache.rendition(each, level, "en"), 1)
    assert kept == items
    assert [b"Published by The Source" in each.rss for each in made] == [True, True, True, False]


def test_a_document_too_large_even_as_links_is_written_whole_and_logged(caplog):
    cache = RenditionCache()
    with caplog.at_level(logging.WARNING):
        kept, _ = budget.fit("asylum", (item(1), item(2)), lambda each, level: cache.rendition(each, level, "en"), 1)
    assert len(kept) == 2
    assert "fewer days" in caplog.text


def test_renditions_are_kept_within_their_room_and_made_again_when_dropped():
    cache = RenditionCache(limit=20_000)
    first = cache.rendition(item(1), Republish.FULL, "en")
    assert cache.rendition(item(1), Republish.FULL, "en") is first
    for number in range(2, 40):
        cache.rendition(item(number), Republish.FULL, "en")
        assert cache._bytes <= 20_000
    again = cache.rendition(item(1), Republish.FULL, "en")
    assert again is not first
    assert again == first


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 99},
        {"image": "https://source.example/new.jpg"},
        {"republish": Republish.LINK},
        {"source_title": "Renamed"},
        {"source_url": "https://moved.example/feed"},
        {"topics": ("asylum", "new")},
    ],
)
def test_whatever_an_item_is_made_from_makes_a_new_rendition(change):
    cache = RenditionCache()
    before, after = item(1), item(1, **change)
    kept = cache.rendition(before, before.republish, "en")
    assert cache.rendition(after, after.republish, "en") is not kept
    assert cache.rendition(before, before.republish, "sr") is not kept


def test_a_feed_that_is_gone_leaves_only_its_name(publisher, tmp_path):
    publisher.write(document(item(1)))
    publisher.write(document(item(1), archive="2026-10"))
    publisher.write(document(item(1), name="asylum-old"))
    gone = publisher.write_gone(["asylum"])
    assert names(tmp_path, gone) == ["archive/asylum/2026-10.atom", "archive/asylum/2026-10.rss", "asylum.atom", "asylum.html", "asylum.json", "asylum.rss", "gone.json", "gone.map"]  # fmt: skip
    left = names(tmp_path, (path for path in tmp_path.rglob("*") if path.is_file()))
    assert left == ["asylum-old.atom", "asylum-old.html", "asylum-old.json", "asylum-old.rss", "gone.json", "gone.map"]
    assert json.loads((tmp_path / "gone.json").read_bytes()) == {"gone": ["asylum"]}
    assert publisher.write_gone(["asylum"]) == []


def test_the_gone_list_grows_from_call_to_call_and_survives_a_restart(publisher, tmp_path):
    publisher.write_gone(["b"])
    Publisher(tmp_path, SITE).write_gone(["a"])
    assert json.loads((tmp_path / "gone.json").read_bytes()) == {"gone": ["a", "b"]}


def test_a_feed_that_comes_back_is_no_longer_gone(publisher, tmp_path):
    publisher.write_gone(["asylum", "other"])
    changed = publisher.write(document(item(1)))
    assert {"gone.json", "gone.map"} < set(names(tmp_path, changed))
    assert json.loads((tmp_path / "gone.json").read_bytes()) == {"gone": ["other"]}


def test_the_nginx_map_names_every_path_that_is_gone(publisher, tmp_path):
    publisher.write_gone(["v1.2"])
    lines = dict(
        re.fullmatch(r'"(.*)" (1);', line).groups() for line in (tmp_path / "gone.map").read_text().splitlines()
    )
    assert "/feeds/v1.2.rss" in lines
    (pattern,) = (key[1:] for key in lines if key.startswith("~"))
    assert re.match(pattern, "/feeds/archive/v1.2/2026-10.atom")
    assert not re.match(pattern, "/feeds/archive/v132/2026-10.atom")


def test_prune_keeps_the_months_it_is_given(publisher, tmp_path):
    for month in ("2026-08", "2026-09", "2026-10"):
        publisher.write(document(item(1), archive=month))
    gone = publisher.prune_archives("asylum", {"2026-09", "2026-10"})
    assert names(tmp_path, gone) == ["archive/asylum/2026-08.atom", "archive/asylum/2026-08.rss"]
    assert publisher.prune_archives("asylum", {"2026-09", "2026-10"}) == []
    assert publisher.prune_archives("never-was", ()) == []


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "index", "gone", "a b", "é"])
def test_a_name_that_is_no_file_name_is_refused(publisher, tmp_path, name):
    with pytest.raises(PublishError):
        publisher.write(document(item(1), name=name))
    with pytest.raises(PublishError):
        publisher.write_gone([name])
    with pytest.raises(PublishError):
        publisher.prune_archives(name, ())
    assert list(tmp_path.iterdir()) == []


def test_a_month_that_is_none_is_refused(publisher):
    with pytest.raises(PublishError, match="2026-13"):
        publisher.write(document(item(1), archive="2026-13"))


def test_when_the_disk_says_no_the_last_good_copy_stands(publisher, tmp_path, monkeypatch):
    publisher.write(document(item(1)))
    before = (tmp_path / "asylum.rss").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PublishError, match=r"asylum: can't write .*No space left"):
        publisher.write(document(item(2)))
    assert (tmp_path / "asylum.rss").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_writer_left_is_swept_away(tmp_path):
    (tmp_path / "archive").mkdir()
    left = [tmp_path / ".asylum.rss.0123.unfinished", tmp_path / "archive" / ".x.unfinished"]
    for path in left:
        path.write_bytes(b"half")
    Publisher(tmp_path, SITE).sweep()
    assert not any(path.exists() for path in left)


def test_replace_writes_what_other_users_may_read(tmp_path):
    umask = os.umask(0o022)
    try:
        assert files.replace(tmp_path / "deep" / "er" / "x", b"1")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "deep" / "er" / "x").stat().st_mode) == 0o644


def test_replace_never_shows_a_half_written_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    files.replace(path, b"old")
    seen = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(path.read_bytes()), real(handle)))
    files.replace(path, b"new")
    assert seen == [b"old", b"new"], "the file's own sync comes before the rename, the folder's after"


def test_feeds_url_must_be_a_folder(tmp_path):
    with pytest.raises(PublishError, match="end in '/'"):
        Publisher(tmp_path, type(SITE)("N", "https://n.example", "https://n.example/feeds", "en", None))
