"""Apprise in its child process, against a real receiver: what arrives, what is refused, what ends in time."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from receiver import Receiver, Reply

from syndicator.alerts.message import Event, Message, Verdict
from syndicator.alerts.wording import plain, subject
from syndicator.delivery import AppriseChannel, AppriseProcess

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MESSAGE = Message("msg_1", Event.TEST, NOON, "Desk", "https://desk.example")
TOKEN = "T0K3N4567890"


@pytest.fixture(scope="module")
def receiver():
    with Receiver() as running:
        yield running


class House:
    """One event loop, and Apprise processes that live through the module: starting one takes a second.

    `narrow` starts under an environment of proxies and secrets, and may reach 127.0.0.1 alone.
    """

    def __init__(self):
        self.runner = asyncio.Runner()
        self.allowed = self.made(LOOPBACK)
        self.strict = self.made(())
        self.narrow = self.made((ip_network("127.0.0.1/32"),))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("http_proxy", "http://127.0.0.1:9")
            patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
            patch.setenv("SYNDICATOR_SMTP_PASSWORD", "hunter2")
            self.run(self.narrow.check("json://host.example/"))

    def made(self, allow, **options):
        async def make():
            return AppriseProcess(allow, **({"timeout": timedelta(seconds=20)} | options))

        return self.run(make())

    def run(self, job):
        return self.runner.run(job)

    def send(self, url, *, process=None, body="body"):
        return self.run((process or self.allowed).send(url, "title", body))

    def close(self):
        for process in (self.allowed, self.strict, self.narrow):
            self.run(process.close())
        self.runner.close()


@pytest.fixture(scope="module")
def house():
    made = House()
    yield made
    made.close()


def json_url(receiver, path="/"):
    return f"json://127.0.0.1:{receiver.port}{path}"


def test_a_message_arrives_as_title_and_text(house, receiver):
    answer = house.run(AppriseChannel(house.allowed, json_url(receiver, "/whole")).send(MESSAGE))
    (request,) = receiver.received("/whole")
    assert (answer.verdict, answer.status, answer.answered) == (Verdict.DELIVERED, 200, True)
    assert request.json["title"] == subject(MESSAGE)
    assert request.json["message"].strip() == plain(MESSAGE).strip()
    assert request.headers["user-agent"] == "Syndicator"


@pytest.mark.parametrize("scheme", ["json", "xml", "form", "ntfy", "gotify"])
def test_a_private_address_is_refused_for_every_service(house, receiver, scheme):
    count = len(receiver.requests)
    answer = house.send(f"{scheme}://127.0.0.1:{receiver.port}/{TOKEN}", process=house.strict)
    assert answer.verdict is Verdict.PERMANENT
    assert answer.said.startswith("127.0.0.1 is not a public address; to send there, name its network in allow_private")
    assert len(receiver.requests) == count


def test_a_name_that_leads_to_a_private_address_is_refused(house, receiver):
    answer = house.send(f"json://localhost:{receiver.port}/by-name", process=house.strict)
    assert answer.verdict is Verdict.PERMANENT
    assert not receiver.received("/by-name")


def test_a_datagram_to_a_private_address_is_refused(house):
    answer = house.send("rsyslog://10.0.0.1/", process=house.strict)
    assert answer.verdict is Verdict.PERMANENT
    assert "10.0.0.1 is not a public address" in answer.said


def test_a_redirect_to_a_private_address_is_refused(house, receiver):
    with Receiver() as private:
        # 127.0.0.1 is allowed here and 127.0.0.2 is not; both are this machine.
        where = f"http://127.0.0.2:{private.port}/inside"
        receiver.answer("/turn", Reply(307, headers={"Location": where}))
        answer = house.send(json_url(receiver, "/turn?redirect=yes"), process=house.narrow)
        assert answer.verdict is Verdict.PERMANENT
        assert "127.0.0.2 is not a public address" in answer.said
        assert len(receiver.received("/turn")) == 1
        assert not private.requests


def test_a_redirect_is_not_followed_lest_the_message_be_lost(house, receiver):
    receiver.answer("/moved", Reply(302, headers={"Location": receiver.url("/login")}))
    answer = house.send(json_url(receiver, "/moved"))
    assert (answer.verdict, answer.status) == (Verdict.PERMANENT, 302)
    assert not receiver.received("/login")


def test_proxies_of_the_environment_are_not_used(house, receiver):
    assert house.send(json_url(receiver), process=house.narrow).verdict is Verdict.DELIVERED


@pytest.mark.parametrize("template", ["{}", "file://{}"])
def test_a_file_of_this_machine_is_never_sent(house, receiver, tmp_path, template):
    secret = tmp_path / "secret.json"
    secret.write_text('{"text": "the house\'s secret"}')
    url = f"workflow://127.0.0.1:{receiver.port}/w0rkfl0w12345/s1gnature12345/?template={template.format(secret)}"
    answer = house.send(url)
    assert answer.verdict is Verdict.PERMANENT
    assert "to read a file on this machine, which is refused" in answer.said
    assert not [request for request in receiver.requests if b"secret" in request.body]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Verdict.PERMANENT),
        (403, Verdict.PERMANENT),
        (404, Verdict.PERMANENT),
        (410, Verdict.GONE),
        (429, Verdict.TEMPORARY),
        (500, Verdict.TEMPORARY),
        (503, Verdict.TEMPORARY),
    ],
)
def test_what_the_service_answered_is_told_and_judged(house, receiver, status, expected):
    receiver.answer("/judged", Reply(status, headers={"Retry-After": "9"}))
    answer = house.send(json_url(receiver, "/judged"))
    assert (answer.verdict, answer.status, answer.answered) == (expected, status, True)
    assert answer.said.startswith(f"HTTP {status} ")
    assert "Failed to send JSON" in answer.said
    assert answer.retry_after == (timedelta(seconds=9) if expected is Verdict.TEMPORARY else None)


def test_a_service_that_says_no_with_200_is_tried_again(house, receiver):
    receiver.answer("/send_private_msg", Reply(200, b'{"status": "failed", "retcode": 100}'))
    answer = house.send(f"onebot://127.0.0.1:{receiver.port}/12345/")
    assert (answer.verdict, answer.status) == (Verdict.TEMPORARY, 200)


def test_a_connection_that_can_not_be_made_is_no_answer(house):
    answer = house.send("json://127.0.0.1:9/")
    assert (answer.verdict, answer.answered, answer.status) == (Verdict.TEMPORARY, False, None)
    assert "onnection" in answer.said


@pytest.mark.parametrize(
    "url",
    [
        f"json://ann:{TOKEN}@127.0.0.1:9/{TOKEN}?key={TOKEN}",
        f"tgram://{TOKEN}/12345",
        f"slack://{TOKEN}",
        f"nosuchservice://{TOKEN}",
        f"discord://{TOKEN}",
        f"json://127.0.0.1:9/%54%304b3N4567890/?x={TOKEN}",
    ],
    ids=["json", "telegram", "slack", "unknown", "discord", "encoded"],
)
def test_nothing_of_the_url_behind_its_scheme_is_ever_told(house, url):
    answer = house.send(url)
    assert answer.verdict is not Verdict.DELIVERED
    assert TOKEN not in answer.said
    assert answer.said.isprintable()


@pytest.mark.parametrize("scheme", ["nosuchservice", "slack", "windows2"])
def test_a_url_that_apprise_can_not_read_is_refused_by_the_full_check(house, scheme):
    with pytest.raises(ValueError, match=f"Apprise can't use this {scheme}:// URL") as refusal:
        house.run(house.allowed.check(f"{scheme}://{TOKEN}"))
    assert TOKEN not in str(refusal.value)


def test_a_url_that_apprise_can_read_passes_the_full_check_and_nothing_is_sent(house, receiver):
    count = len(receiver.requests)
    house.run(house.allowed.check(json_url(receiver)))
    assert len(receiver.requests) == count


def test_a_text_too_long_for_the_service_comes_in_parts(house, receiver):
    words = " ".join(f"word{n}" for n in range(1_200))
    house.send(f"mmost://127.0.0.1:{receiver.port}/{TOKEN}{TOKEN}", body=words)
    parts = [request.json["text"] for request in receiver.received(f"/hooks/{TOKEN}{TOKEN}")]
    assert len(parts) > 1
    assert " ".join(parts).split() == ["title", *words.split()]


def test_a_service_that_hangs_is_ended_at_its_deadline_and_delays_nobody(house, receiver):
    receiver.answer("/stuck", Reply(hang=True))
    process = house.made(LOOPBACK, timeout=timedelta(seconds=1))

    async def run():
        await process.check(json_url(receiver))  # so that its start is not measured
        began = time.monotonic()
        stuck = asyncio.gather(*(process.send(json_url(receiver, "/stuck"), "t", "b") for _ in range(3)))
        quick = await process.send(json_url(receiver, "/quick"), "t", "b")
        quick_took = time.monotonic() - began
        answers = await stuck
        took = time.monotonic() - began
        await process.close()
        return answers, quick, quick_took, took

    answers, quick, quick_took, took = house.run(run())
    assert quick.verdict is Verdict.DELIVERED
    assert quick_took < 0.9
    assert took < 3
    assert {answer.said for answer in answers} == {"not sent within 1 seconds"}
    assert {answer.verdict for answer in answers} == {Verdict.TEMPORARY}


def test_waiting_for_a_turn_ends_too(house, receiver):
    receiver.answer("/stuck", Reply(hang=True))
    process = house.made(LOOPBACK, timeout=timedelta(seconds=0.5), senders=1)

    async def run():
        await process.check(json_url(receiver))
        began = time.monotonic()
        answers = await asyncio.gather(*(process.send(json_url(receiver, "/stuck"), "t", "b") for _ in range(5)))
        took = time.monotonic() - began
        await process.close()
        return answers, took

    answers, took = house.run(run())
    assert {answer.verdict for answer in answers} == {Verdict.TEMPORARY}
    assert "every Apprise sender is busy" in {answer.said.partition(" with")[0] for answer in answers}
    assert took < 2


def test_a_child_that_was_killed_is_started_anew(house, receiver):
    receiver.answer("/under-way", Reply(delay_s=20))
    process = house.allowed

    async def run():
        await process.check(json_url(receiver))
        sending = asyncio.create_task(process.send(json_url(receiver, "/under-way"), "t", "b"))
        await asyncio.to_thread(receiver.wait_for, len(receiver.requests) + 1)
        os.kill(process._child._process.pid, signal.SIGKILL)
        return await sending, await process.send(json_url(receiver), "t", "b")

    lost, again = house.run(run())
    assert (lost.verdict, lost.answered) == (Verdict.TEMPORARY, False)
    assert again.verdict is Verdict.DELIVERED


def test_closing_answers_what_is_under_way_and_all_that_comes_after(house, receiver):
    receiver.answer("/closing", Reply(delay_s=20))
    process = house.made(LOOPBACK)

    async def run():
        await process.check(json_url(receiver))
        sending = asyncio.create_task(process.send(json_url(receiver, "/closing"), "t", "b"))
        await asyncio.to_thread(receiver.wait_for, len(receiver.requests) + 1)
        began = time.monotonic()
        await process.close()
        return await sending, await process.send(json_url(receiver), "t", "b"), time.monotonic() - began

    under_way, after, took = house.run(run())
    assert (under_way.verdict, after.verdict) == (Verdict.TEMPORARY, Verdict.TEMPORARY)
    assert "the program is ending" in after.said
    assert took < 4


def test_closing_what_was_never_used_starts_nothing(house):
    process = house.made(LOOPBACK)
    house.run(process.close())
    assert process._child is None


def test_the_child_ends_with_its_parent():
    program = (
        "import asyncio, os\n"
        "from syndicator.delivery import AppriseProcess\n"
        "async def run():\n"
        "    process = AppriseProcess()\n"
        "    await process.check('json://host.example/')\n"
        "    print(process._child._process.pid, flush=True)\n"
        "    os._exit(9)\n"
        "asyncio.run(run())\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1]
    )
    child = int(said.stdout)
    gone = False
    for _ in range(50):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, 0)
            gone = Path(f"/proc/{child}/stat").exists() and " Z " in Path(f"/proc/{child}/stat").read_text()
            if not gone:
                time.sleep(0.1)
                continue
        gone = True
        break
    assert gone


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc to see a process's environment in")
def test_our_own_secrets_are_not_in_the_childs_environment(house):
    environment = Path(f"/proc/{house.narrow._child._process.pid}/environ").read_bytes()
    assert b"PYTHONPATH=" in environment
    assert b"hunter2" not in environment


def test_the_parent_never_imports_apprise():
    program = "import sys, syndicator.delivery; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[1]).returncode == 0
