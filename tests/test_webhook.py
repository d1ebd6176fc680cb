"""Webhooks against a real receiver: what is sent, what each answer means, what is never shown."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
from receiver import Received, Receiver, Reply
from standardwebhooks.webhooks import Webhook

from syndicator.alerts.message import Event, Message, Verdict
from syndicator.config import webhook_secret
from syndicator.delivery import WebhookChannel, new_secret, payload, webhook_session
from syndicator.delivery.answers import LONGEST_WAIT, one_line, verdict
from syndicator.delivery.signing import signature_headers
from syndicator.httptimes import retry_after

AGENT = "Syndicator/0.1.0 (+https://desk.example/contact)"
LOOPBACK = (ip_network("127.0.0.0/8"),)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a" * 32).decode()
OLDER = "whsec_" + base64.b64encode(b"b" * 24).decode()
MESSAGE = Message("msg_1", Event.TEST, NOON, "Desk", "https://desk.example")


@pytest.fixture(scope="module")
def receiver():
    with Receiver(SECRET) as running:
        yield running


def post(url, *, allow=LOOPBACK, secrets=(SECRET,), timeout_s=5.0, message=MESSAGE, times=1, **options):
    """Send `message`; the answer, or the list of them where `times` is more than one."""

    async def run():
        async with webhook_session(AGENT, allow) as session:
            channel = WebhookChannel(session, url, secrets, timedelta(seconds=timeout_s), **options)
            answers = [await channel.send(message) for _ in range(times)]
            await channel.close()
            return answers if times > 1 else answers[0]

    return asyncio.run(run())


def replying(receiver, path, *replies):
    receiver.answer(path, *replies)
    return receiver.url(path)


def test_a_message_arrives_signed_and_whole(receiver):
    answer = post(receiver.url("/whole"))
    (request,) = receiver.received("/whole")
    assert (answer.verdict, answer.status, answer.said) == (Verdict.DELIVERED, 200, "HTTP 200 OK")
    assert request.method == "POST"
    assert request.body == payload(MESSAGE)
    assert request.verified is True
    assert request.id == "msg_1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == AGENT
    assert "cookie" not in request.headers


def test_a_repeat_has_the_same_id_and_body_and_its_own_time(receiver):
    clock = iter([NOON, NOON + timedelta(hours=3)])
    url = replying(receiver, "/again", Reply(503), Reply(200))
    first, second = post(url, times=2, now=lambda: next(clock))
    one, two = receiver.received("/again")
    assert (first.verdict, second.verdict) == (Verdict.TEMPORARY, Verdict.DELIVERED)
    assert (one.id, one.body) == (two.id, two.body)
    assert int(two.headers["webhook-timestamp"]) - int(one.headers["webhook-timestamp"]) == 3 * 3600
    assert one.headers["webhook-signature"] != two.headers["webhook-signature"]


def test_the_signature_is_that_of_the_specification():
    body = '{"title":"Београд"}'.encode()
    headers = signature_headers("msg_1", body, [SECRET], NOON)
    stamp = str(int(NOON.timestamp()))
    digest = hmac.new(b"a" * 32, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_a_clock_in_another_zone_signs_the_same_moment():
    abroad = NOON.astimezone(timezone(timedelta(hours=9)))
    assert signature_headers("m", b"{}", [SECRET], abroad) == signature_headers("m", b"{}", [SECRET], NOON)


def test_while_secrets_rotate_either_verifies(receiver):
    post(receiver.url("/rotating"), secrets=(OLDER, SECRET))
    (request,) = receiver.received("/rotating")
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OLDER):
        assert Webhook(secret).verify(request.body, request.headers)["id"] == "msg_1"


def test_the_receiver_of_these_tests_sees_a_wrong_signature(receiver):
    post(receiver.url("/forged"), secrets=(OLDER,))
    assert receiver.received("/forged")[0].verified is False


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Verdict.DELIVERED),
        (202, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (299, Verdict.DELIVERED),
        (301, Verdict.PERMANENT),
        (304, Verdict.PERMANENT),
        (307, Verdict.PERMANENT),
        (400, Verdict.PERMANENT),
        (401, Verdict.PERMANENT),
        (404, Verdict.PERMANENT),
        (408, Verdict.TEMPORARY),
        (410, Verdict.GONE),
        (413, Verdict.PERMANENT),
        (425, Verdict.TEMPORARY),
        (429, Verdict.TEMPORARY),
        (500, Verdict.TEMPORARY),
        (501, Verdict.TEMPORARY),
        (503, Verdict.TEMPORARY),
        (599, Verdict.TEMPORARY),
        (999, Verdict.TEMPORARY),
    ],
)
def test_what_each_status_means(status, expected):
    assert verdict(status) is expected


@pytest.mark.parametrize("status", [202, 204, 410, 404, 429, 503])
def test_an_answer_is_told_with_its_status(receiver, status):
    answer = post(replying(receiver, f"/status/{status}", Reply(status)))
    assert (answer.verdict, answer.status, answer.answered) == (verdict(status), status, True)
    assert answer.said.startswith(f"HTTP {status} ")


def test_the_beginning_of_an_answers_body_is_told(receiver):
    said = post(replying(receiver, "/words", Reply(400, b'{"error": "no such\n team"}\n'))).said
    assert said == 'HTTP 400 Bad Request: {"error": "no such team"}'


def test_a_long_answer_is_cut_and_not_read_to_its_end(receiver):
    began = time.monotonic()
    answer = post(replying(receiver, "/long", Reply(500, b"x" * 50_000_000)))
    assert len(answer.said) <= 300
    assert time.monotonic() - began < 2


def test_a_packed_answer_is_not_unpacked(receiver):
    reply = Reply(500, b"\x1f\x8bwhatever", {"Content-Encoding": "gzip"})
    assert post(replying(receiver, "/packed", reply)).said == "HTTP 500 Internal Server Error"


def test_codes_for_a_terminal_are_taken_out_of_what_is_told(receiver):
    said = post(replying(receiver, "/codes", Reply(500, b"\x1b[2J\x1b]0;owned\x07no\x00 \xc2\x9b31mluck\r\n\xff"))).said
    assert said == "HTTP 500 Internal Server Error: no luck �"


def test_neither_the_secret_nor_the_urls_secret_parts_are_ever_told(receiver):
    token = "T0K3N-in-a-path-segment"
    path = f"/hooks/{token}"
    url = receiver.url(f"{path}?key=q%2Fuery&v=1")
    body = f"{url} {path} key=q%2Fuery q/uery {SECRET} {SECRET[6:]} {token}".encode()
    said = []
    for reply in (Reply(400, body), Reply(302, headers={"Location": url}), Reply(500, body), Reply(drop=True)):
        receiver.answer(path, reply)
        said.append(post(url).said)
    said.append(post(url, allow=()).said)
    for secret in (token, "uery", SECRET[6:]):
        assert not [line for line in said if secret in line], secret
    assert receiver.received(path)[0].verified


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_and_final(receiver, status):
    target = receiver.url(f"/redirected/{status}")
    answer = post(replying(receiver, f"/moved/{status}", Reply(status, headers={"Location": target})))
    assert answer.verdict is Verdict.PERMANENT
    assert "put the new address" in answer.said
    assert not receiver.received(f"/redirected/{status}")


def test_a_redirect_tells_the_new_host_alone(receiver):
    reply = Reply(308, headers={"Location": "https://new.example/hooks/secret?key=1"})
    said = post(replying(receiver, "/moved-away", reply)).said
    assert "(at https://new.example)" in said
    assert "hooks" not in said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", timedelta(seconds=7)),
        (" 120 ", timedelta(minutes=2)),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("999999999", LONGEST_WAIT),
        ("9" * 5_000, LONGEST_WAIT),
        (format_datetime(NOON + timedelta(minutes=5), usegmt=True), timedelta(minutes=10)),
        (format_datetime(NOON - timedelta(minutes=30), usegmt=True), None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Wed, 99 Foo 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(value, expected):
    servers_clock = format_datetime(NOON - timedelta(minutes=5), usegmt=True)
    assert retry_after(value, servers_clock, NOON, longest=LONGEST_WAIT) == expected


def test_without_a_date_of_its_own_retry_after_is_reckoned_from_ours():
    in_five = format_datetime(NOON + timedelta(minutes=5))
    assert retry_after(in_five, "", NOON, longest=LONGEST_WAIT) == timedelta(minutes=5)


def test_retry_after_comes_with_what_is_tried_again(receiver):
    wait = {"Retry-After": "7"}
    assert post(replying(receiver, "/wait", Reply(429, headers=wait))).retry_after == timedelta(seconds=7)
    assert post(replying(receiver, "/wait", Reply(404, headers=wait))).retry_after is None


def test_a_receiver_that_hangs_is_given_up_at_the_deadline(receiver):
    began = time.monotonic()
    answer = post(replying(receiver, "/hang", Reply(hang=True)), timeout_s=0.3)
    assert (answer.verdict, answer.answered, answer.status) == (Verdict.TEMPORARY, False, None)
    assert answer.said == "no answer from 127.0.0.1 in 0.3 seconds"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(("status", "timeout_s"), [(200, 1.0), (410, 1.0), (200, 30.0)])
def test_a_status_counts_however_slowly_the_body_drips(receiver, monkeypatch, status, timeout_s):
    monkeypatch.setattr("syndicator.delivery.http._BODY_SECONDS", 0.3 if timeout_s > 1 else 9.0)
    began = time.monotonic()
    answer = post(replying(receiver, "/drip", Reply(status, b"x" * 600, drip_s=0.05)), timeout_s=timeout_s)
    assert (answer.verdict, answer.status) == (verdict(status), status)
    assert time.monotonic() - began < 2


def test_a_connection_dropped_after_reading_is_no_answer(receiver):
    answer = post(replying(receiver, "/drop", Reply(drop=True)))
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "without an answer" in answer.said
    assert len(receiver.received("/drop")) == 1


def test_a_port_where_nobody_listens_is_trouble_of_the_moment():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = post(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "Connection refused" in answer.said


def test_a_host_that_is_not_found_is_trouble_of_the_moment(monkeypatch):
    def getaddrinfo(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    answer = post("https://nowhere.example/")
    assert (answer.verdict, answer.said) == (Verdict.TEMPORARY, "nowhere.example was not found (DNS)")


def test_an_answer_that_is_not_http_is_trouble_of_the_moment():
    with socket.create_server(("127.0.0.1", 0)) as server:

        async def run():
            async def respond(reader, writer):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
                writer.close()

            async with (
                await asyncio.start_server(respond, sock=server) as listening,
                webhook_session(AGENT, LOOPBACK) as session,
            ):
                port = listening.sockets[0].getsockname()[1]
                return await WebhookChannel(session, f"http://127.0.0.1:{port}/", (SECRET,)).send(MESSAGE)

        answer = asyncio.run(run())
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "not valid HTTP" in answer.said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_however_it_is_written(receiver, host):
    answer = post(f"http://{host}:{receiver.port}/private", allow=())
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "allow_private under [network]" in answer.said
    assert not receiver.received("/private")


def test_an_address_written_as_a_number_leads_nowhere(receiver):
    answer = post(f"http://2130706433:{receiver.port}/number", allow=())
    assert answer.verdict is not Verdict.DELIVERED
    assert not receiver.received("/number")


@pytest.mark.parametrize("written", ["/a%2Fb?sig=q%2Fu%2b%3d&x=a+b", "/%C5%BE?q=%c4%87"])
def test_the_url_is_asked_as_it_is_written(receiver, written):
    post(receiver.url(written))
    assert receiver.requests[-1].target == written


def test_a_url_in_any_script_is_encoded(receiver):
    post(receiver.url("/ž?q=ć"))
    assert receiver.requests[-1].target == "/%C5%BE?q=%C4%87"


def test_a_name_that_turns_private_after_it_was_checked_is_refused(receiver, monkeypatch):
    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    answer = post("http://rebinding.example/rebound", allow=())
    assert answer.verdict is Verdict.TEMPORARY, "a captive network's DNS answers so for a while"
    assert "allow_private under [network]" in answer.said
    assert not receiver.received("/rebound")


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert post(receiver.url("/direct")).verdict is Verdict.DELIVERED


def test_a_certificate_that_can_not_be_trusted_is_trouble_of_the_moment(tmp_path):
    pem = tmp_path / "self.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-keyout", pem, "-out", tmp_path / "c"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "c", pem)

    async def run():
        async with (
            await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context) as server,
            webhook_session(AGENT, LOOPBACK) as session,
        ):
            port = server.sockets[0].getsockname()[1]
            return await WebhookChannel(session, f"https://127.0.0.1:{port}/", (SECRET,)).send(MESSAGE)

    answer = asyncio.run(run())
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert answer.said == "the certificate of 127.0.0.1 is not to be trusted: self-signed certificate"


def test_one_that_hangs_never_delays_the_others(receiver):
    receiver.answer("/stuck", Reply(hang=True))

    async def run():
        async with webhook_session(AGENT, LOOPBACK) as session:
            stuck = [
                asyncio.create_task(WebhookChannel(session, receiver.url("/stuck"), (SECRET,)).send(MESSAGE))
                for _ in range(150)
            ]
            await asyncio.sleep(0.3)
            began = time.monotonic()
            answer = await WebhookChannel(session, receiver.url("/quick"), (SECRET,)).send(MESSAGE)
            took = time.monotonic() - began
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)
            return answer, took

    answer, took = asyncio.run(run())
    assert answer.verdict is Verdict.DELIVERED
    assert took < 1


def test_a_new_secret_is_a_good_one_and_never_the_same():
    first, second = new_secret(), new_secret()
    assert webhook_secret(first) == first
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32


def test_a_webhook_without_a_secret_can_not_be_made():
    with pytest.raises(ValueError, match="at least one secret"):
        WebhookChannel(None, "https://host.example/", ())


def test_short_words_are_not_taken_for_secrets():
    assert one_line("HTTP 401: v1 of 1", ["1", "v1", ""]) == "HTTP 401: v1 of 1"


def test_the_receiver_of_these_tests_can_answer_by_what_it_got(receiver):
    def reply(request: Received):
        return Reply(200 if json.loads(request.body)["id"] == "msg_1" else 500)

    assert post(replying(receiver, "/function", reply)).verdict is Verdict.DELIVERED
