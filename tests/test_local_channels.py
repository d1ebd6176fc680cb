"""The file and the console: what is written, and what happens when it can't be."""

import asyncio
import errno
import fcntl
import io
import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syndicator.alerts.message import Event, Excerpt, Item, Message, Verdict
from syndicator.delivery import ConsoleChannel, JsonLinesChannel, payload
from syndicator.model import Reason, State

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ITEM = Item(
    article="urn:uuid:1",
    seq=7,
    version=1,
    state=State.LIVE,
    title=Excerpt("Asylum ruling delayed", ((0, 6),)),
    excerpt=Excerpt("The court said the asylum ruling would come later.", ((19, 25),)),
    url="https://news.example/asylum",
    source="Example Wire",
    published=NOON,
    updated=NOON,
    story="urn:uuid:9",
    others=("Second Daily",),
    reasons=(Reason("asylum", "Asylum", "title", 0, 6),),
)
MESSAGE = Message("msg_1", Event.MATCH, NOON, "Desk", "https://desk.example", (ITEM,), alert="Asylum", alert_id="a1")


def send(channel, message=MESSAGE):
    return asyncio.run(channel.send(message))


def test_a_message_is_one_line_of_the_webhooks_json(tmp_path):
    path = tmp_path / "made" / "on the way" / "alerts.jsonl"
    answer = send(JsonLinesChannel(path))
    send(JsonLinesChannel(path), replace(MESSAGE, id="msg_2"))
    first, second = path.read_bytes().splitlines()
    assert answer.verdict is Verdict.DELIVERED
    assert first == payload(MESSAGE)
    assert json.loads(second)["id"] == "msg_2"


def test_a_line_torn_by_a_crash_stands_alone(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"whole":1}\n{"to')
    send(JsonLinesChannel(path))
    assert path.read_bytes() == b'{"whole":1}\n{"to\n' + payload(MESSAGE) + b"\n"


def test_a_full_disk_is_worth_another_try_and_leaves_no_torn_line(tmp_path, monkeypatch):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b"{}\n")
    real, room = os.write, [20]

    def nearly_full(descriptor, data):
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[: room.pop()])

    monkeypatch.setattr("syndicator.delivery.jsonlines.os.write", nearly_full)
    answer = send(JsonLinesChannel(path))
    assert answer.verdict is Verdict.TEMPORARY
    assert "No space left on device" in answer.said
    assert answer.said.startswith(path.name)
    assert path.read_bytes() == b"{}\n"


def test_a_short_write_is_gone_on_with(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr("syndicator.delivery.jsonlines.os.write", lambda fd, data: real(fd, data[:7]))
    assert send(JsonLinesChannel(tmp_path / "a")).verdict is Verdict.DELIVERED
    assert (tmp_path / "a").read_bytes() == payload(MESSAGE) + b"\n"


def test_it_counts_as_sent_only_when_it_is_safe_on_disk(tmp_path, monkeypatch):
    def broken(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("syndicator.delivery.jsonlines.os.fsync", broken)
    assert send(JsonLinesChannel(tmp_path / "a")).verdict is Verdict.TEMPORARY
    assert (tmp_path / "a").read_bytes() == b""


def test_a_folder_that_can_not_be_made_is_worth_another_try(tmp_path):
    (tmp_path / "file").write_text("x")
    answer = send(JsonLinesChannel(tmp_path / "file" / "alerts.jsonl"))
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "Not a directory" in answer.said


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_regular_file_is_refused_without_hanging(tmp_path, kind):
    path = tmp_path / "x"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    answer = send(JsonLinesChannel(path))
    assert answer.verdict is Verdict.PERMANENT
    assert "not a regular file" in answer.said


def test_sends_at_once_never_mix_their_lines(tmp_path):
    path = tmp_path / "alerts.jsonl"
    many = [replace(MESSAGE, id=f"msg_{n}") for n in range(40)]

    async def all_at_once():
        channels = [JsonLinesChannel(path), JsonLinesChannel(path)]
        await asyncio.gather(*(channels[n % 2].send(message) for n, message in enumerate(many)))

    asyncio.run(all_at_once())
    assert sorted(path.read_bytes().splitlines()) == sorted(payload(message) for message in many)


def test_whoever_holds_the_file_is_waited_for(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"to')

    async def run():
        with path.open("ab") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            sending = asyncio.create_task(JsonLinesChannel(path).send(MESSAGE))
            await asyncio.sleep(0.1)
            other.write(b'rn":1}\n')
        await sending

    asyncio.run(run())
    assert path.read_bytes() == b'{"torn":1}\n' + payload(MESSAGE) + b"\n"


def test_whoever_holds_the_file_for_long_is_left_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr("syndicator.delivery.jsonlines._PATIENCE_S", 0.1)
    path = tmp_path / "alerts.jsonl"
    with path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        answer = send(JsonLinesChannel(path))
        assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
        assert answer.said == f"{path.name}: another program holds the file"
        assert path.read_bytes() == b""
    assert send(JsonLinesChannel(path)).verdict is Verdict.DELIVERED


def printed(message, *, colour=False):
    stream = io.StringIO()
    assert send(ConsoleChannel(stream.write, colour=colour), message).verdict is Verdict.DELIVERED
    return stream.getvalue()


def test_the_console_tells_what_matched_and_why():
    said = printed(MESSAGE)
    for part in (
        "Alert: Asylum",
        "Example Wire, 23 November 2026, 12:00 UTC",
        "The court said the asylum ruling would come later.",
        "why: Asylum (title)",
        "https://news.example/asylum",
        "Also in: Second Daily",
    ):
        assert part in said
    assert "\x1b" not in said
    assert said.endswith("\n")


def test_matched_words_are_bold_on_a_terminal():
    assert "the \x1b[1masylum\x1b[0m ruling" in printed(MESSAGE, colour=True)


def test_a_long_line_is_left_to_the_terminal():
    url = "https://news.example/" + "x" * 300
    assert url in printed(replace(MESSAGE, items=(replace(ITEM, url=url),)))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("\x1b]0;owned\x07title", id="window-title"),
        pytest.param("\x1b[2Jtitle", id="clear-screen"),
        pytest.param("\x9b31mtitle", id="c1-colour"),
        pytest.param("title\rover", id="carriage-return"),
        pytest.param("title \u202egnp.exe", id="right-to-left"),
    ],
)
def test_a_title_can_not_command_the_terminal(hostile):
    item = replace(ITEM, title=Excerpt(hostile), source=hostile, excerpt=Excerpt(hostile), others=(hostile,))
    said = printed(replace(MESSAGE, alert=hostile, items=(item,)))
    assert "title" in said
    assert not [each for each in said if not each.isprintable() and each != "\n"]


@pytest.mark.parametrize("marked", ["[bold]x[/bold]", "[/]", ":warning:"])
def test_a_title_is_never_read_as_mark_up(marked):
    assert marked in printed(replace(MESSAGE, items=(replace(ITEM, title=Excerpt(marked)),)))


def test_a_withdrawn_article_says_what_to_do_before_everything_else():
    killed = replace(ITEM, state=State.KILLED, title=Excerpt("Withdrawn: Example Wire"), note="Wrong person named.")
    said = printed(replace(MESSAGE, event=Event.KILL, items=(killed,)))
    assert said.index("Do not use") < said.index("Wrong person named.") < said.index("Example Wire, 23")
    assert "asylum ruling would" not in said


def test_a_maintenance_message_is_its_lines():
    said = printed(Message("msg_1", Event.MAINTENANCE, NOON, "Desk", "", lines=("Disk nearly full", "2 MB are left.")))
    assert "Disk nearly full" in said
    assert "  2 MB are left." in said


@pytest.mark.parametrize("error", [BrokenPipeError("gone"), ValueError("I/O operation on closed file")])
def test_a_console_that_is_gone_is_worth_another_try(error):
    def write(text):
        raise error

    answer = send(ConsoleChannel(write))
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)


def test_a_slow_terminal_does_not_stop_the_loop():
    go_on = threading.Event()

    async def run():
        sending = asyncio.create_task(ConsoleChannel(lambda _: go_on.wait(5)).send(MESSAGE))
        await asyncio.sleep(0.05)
        still_sending = not sending.done()
        go_on.set()
        await sending
        return still_sending

    assert asyncio.run(run())
