"""The drop folder: complete files only, in order, each moved once, none lost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from syndicator.errors import ParseError
from syndicator.sources.folder import DropFolder, DroppedFile

OLD = 3600  # seconds


def drop(folder: Path, name: str, text: str = "News.", age: float = OLD) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def names(folder: DropFolder) -> list[str]:
    return [file.name for file in folder.look().ready]


def only(folder: DropFolder) -> DroppedFile:
    (file,) = folder.look().ready
    return file


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_complete_files_come_in_order_of_arrival(inbox):
    drop(inbox, "late.txt", age=10)
    drop(inbox, "first.txt", age=30)
    drop(inbox, "b.txt", age=20)
    assert names(DropFolder(inbox)) == ["first.txt", "b.txt", "late.txt"]


def test_files_of_the_same_moment_come_by_name(inbox):
    for name in ("b.txt", "a.txt", "c.txt"):
        drop(inbox, name)
        os.utime(inbox / name, ns=(10**18, 10**18))
    assert names(DropFolder(inbox)) == ["a.txt", "b.txt", "c.txt"]


def test_a_file_just_written_waits(inbox):
    drop(inbox, "young.txt", age=0)
    look = DropFolder(inbox).look()
    assert look.ready == ()
    assert look.waiting == ("young.txt",)


def test_a_file_renamed_in_is_ready_at_once(inbox, tmp_path):
    drop(tmp_path, "elsewhere.txt").rename(inbox / "moved.txt")
    assert names(DropFolder(inbox)) == ["moved.txt"]


def test_a_file_from_the_future_is_not_waited_for(inbox):
    drop(inbox, "clock-set-back.txt", age=-86400)
    assert names(DropFolder(inbox)) == ["clock-set-back.txt"]


def test_a_slow_writer_is_not_read_before_it_is_done(inbox):
    script = (
        "import os, sys, time\n"
        "path = sys.argv[1]\n"
        "f = open(path, 'w')\n"
        "f.write('one '); f.flush(); os.utime(path, (1, 1)); print('half', flush=True)\n"
        "sys.stdin.readline()\n"
        "f.write('two'); f.close(); os.utime(path, (2, 2)); print('whole', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(inbox / "slow.txt")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout.readline() == "half\n"
        folder = DropFolder(inbox)
        # The half file looks old: only that it is open for writing gives it away.
        assert folder.look().waiting == ("slow.txt",)
        writer.stdin.write("\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "whole\n"
        assert only(folder).read() == b"one two"


def test_a_reader_does_not_hold_a_file_up(inbox):
    path = drop(inbox, "a.txt")
    with path.open("rb"):
        assert names(DropFolder(inbox)) == ["a.txt"]


@pytest.mark.parametrize(
    "name",
    [
        ".hidden",
        ".a.txt.swp",
        "a.txt.part",
        "a.tmp",
        "a.TMP",
        "a.crdownload",
        "a.txt~",
        "~$report.txt",
        "a.swp",
        "Thumbs.db",
        "a.txt.error.txt",
    ],
)
def test_unfinished_and_foreign_files_are_left_alone(inbox, name):
    drop(inbox, name)
    look = DropFolder(inbox).look()
    assert (look.ready, look.waiting) == ((), ())


def test_folders_links_and_pipes_are_left_alone(inbox, tmp_path):
    secret = drop(tmp_path, "secret.txt")
    (inbox / "link.txt").symlink_to(secret)
    (inbox / "sub").mkdir()
    drop(inbox / "sub", "inner.txt")
    for name in ("done", "failed"):
        (inbox / name).mkdir()
        drop(inbox / name, "old.txt")
    os.mkfifo(inbox / "pipe.txt")
    assert names(DropFolder(inbox)) == []


def test_one_look_brings_a_bounded_number_of_the_oldest(inbox):
    for number in range(7):
        drop(inbox, f"{number}.txt", age=100 - number)
    look = DropFolder(inbox, most=3).look()
    assert [file.name for file in look.ready] == ["0.txt", "1.txt", "2.txt"]
    assert look.more
    assert not DropFolder(inbox, most=7).look().more


def test_a_missing_folder_is_made(tmp_path):
    assert DropFolder(tmp_path / "inbox").look().error is None
    assert (tmp_path / "inbox").is_dir()


def test_a_folder_on_a_share_that_is_gone_is_an_error_and_not_made(tmp_path):
    look = DropFolder(tmp_path / "share" / "inbox").look()
    assert "can't be read" in look.error
    assert not (tmp_path / "share").exists()


def test_a_file_in_the_folders_place_is_an_error(tmp_path):
    drop(tmp_path, "inbox")
    assert "can't be read" in DropFolder(tmp_path / "inbox").look().error


def test_a_file_too_large_is_refused_before_it_is_read(inbox):
    path = drop(inbox, "big.txt", "x" * 101)
    os.truncate(path, 10**12)  # sparse: reading it would not end well
    os.utime(path, (1, 1))
    with pytest.raises(ParseError, match="larger than"):
        only(DropFolder(inbox)).read()


def test_a_file_that_grew_past_the_limit_is_refused(inbox):
    path = drop(inbox, "a.txt", "x" * 90)
    file = only(DropFolder(inbox, limit=100))
    path.write_text("x" * 200)
    with pytest.raises(ParseError, match="grew"):
        file.read()


def test_a_link_put_in_a_files_place_is_not_followed(inbox, tmp_path):
    path = drop(inbox, "a.txt")
    file = only(DropFolder(inbox))
    path.unlink()
    path.symlink_to(drop(tmp_path, "secret.txt"))
    with pytest.raises(ParseError, match="can't be read"):
        file.read()


def test_a_pipe_put_in_a_files_place_is_not_waited_for(inbox):
    path = drop(inbox, "a.txt")
    file = only(DropFolder(inbox))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ParseError, match="not a plain file"):
        file.read()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_fails_with_the_reason(inbox):
    path = drop(inbox, "a.txt")
    path.chmod(0)
    with pytest.raises(ParseError, match="Permission denied"):
        only(DropFolder(inbox)).read()


def test_what_is_taken_in_moves_to_done(inbox):
    drop(inbox, "a.txt", "text")
    folder = DropFolder(inbox)
    assert folder.settle_done(only(folder)) is None
    assert (inbox / "done" / "a.txt").read_text() == "text"
    assert names(folder) == []


def test_names_that_are_taken_get_a_number(inbox):
    folder = DropFolder(inbox)
    for text in ("one", "two", "three"):
        drop(inbox, "a.b.txt", text)
        folder.settle_done(only(folder))
    done = inbox / "done"
    assert {path.name: path.read_text() for path in done.iterdir()} == {
        "a.b.txt": "one",
        "a.b-2.txt": "two",
        "a.b-3.txt": "three",
    }


def test_the_longest_name_can_get_a_number_too(inbox):
    folder = DropFolder(inbox)
    name = "ж" * 125 + ".txt"
    for text in ("one", "two"):
        drop(inbox, name, text)
        assert folder.settle_done(only(folder)) is None
    drop(inbox, name, "three")
    assert folder.settle_failed(only(folder), "no") is None
    assert len(list((inbox / "done").iterdir())) == 2
    assert len(list((inbox / "failed").iterdir())) == 2


def test_a_name_that_is_no_unicode_is_no_obstacle(inbox):
    raw = os.fsencode(inbox) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"News.")
    except OSError:
        pytest.skip("this file system allows Unicode names only")
    os.utime(raw, (1, 1))
    folder = DropFolder(inbox)
    file = only(folder)
    assert file.name == "caf\ufffd.txt"
    assert file.read() == b"News."
    assert folder.settle_failed(file, "no") is None
    assert names(folder) == []


def test_a_failed_file_comes_with_a_note(inbox):
    drop(inbox, "a.json", "{")
    folder = DropFolder(inbox)
    assert folder.settle_failed(only(folder), ParseError("a.json", "this is not JSON: line 1")) is None
    assert (inbox / "failed" / "a.json").read_text() == "{"
    note = (inbox / "failed" / "a.json.error.txt").read_text()
    assert "What is wrong: this is not JSON: line 1\n" in note
    assert str(inbox) in note


def test_a_version_that_came_after_reading_is_put_back_not_buried(inbox):
    drop(inbox, "a.txt", "first")
    folder = DropFolder(inbox)
    file = only(folder)
    assert file.read() == b"first"
    drop(inbox, "a.txt", "second, corrected", age=1000)
    folder.settle_done(file)
    assert only(folder).read() == b"second, corrected"
    assert list((inbox / "done").iterdir()) == []


def test_a_crash_before_the_move_reads_the_file_again(inbox):
    drop(inbox, "a.txt")
    folder = DropFolder(inbox)
    before = only(folder)
    assert only(DropFolder(inbox)) == before


def test_a_file_that_vanished_is_a_line_for_people_not_an_error(inbox):
    path = drop(inbox, "a.txt")
    folder = DropFolder(inbox)
    file = only(folder)
    path.unlink()
    with pytest.raises(ParseError, match="can't be read"):
        file.read()
    assert "gone" in folder.settle_done(file)
    assert "gone" in folder.settle_failed(file, "no")
    assert not list((inbox / "done").iterdir())


def test_a_done_folder_that_can_not_be_made_stops_nothing(inbox):
    drop(inbox, "done", "a file in the way")
    drop(inbox, "a.txt")
    folder = DropFolder(inbox)
    file = next(file for file in folder.look().ready if file.name == "a.txt")
    assert "can't be moved" in folder.settle_done(file)
    assert file.path.exists()
