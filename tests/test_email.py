"""Mail as it leaves the house: what stands on the wire, what each answer of a server means, and what is never sent."""

import asyncio
import email
import email.policy
import re
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from mail_samples import ALL, CORRECTION, DIGEST, HOSTILE, ITEM, KILL, MAINTENANCE, MATCH
from mailserver import DROP, HANG, MailServer
from test_wording import hostile

from syndicator.alerts.message import Excerpt, Verdict
from syndicator.alerts.wording import plain, subject
from syndicator.delivery import smtp
from syndicator.delivery.email import EmailChannel
from syndicator.delivery.letter import html, letter
from syndicator.delivery.mailbox import Mailbox
from syndicator.delivery.mime import field
from syndicator.delivery.smtp import SmtpRelay
from syndicator.delivery.smtp_replies import Step, verdict
from syndicator.delivery.smtp_server import Security, SmtpServer

SENDER = Mailbox.parse("alerts@desk.example")
TO = Mailbox.parse("Jane Roe <jane@paper.example>")
USER, PASSWORD = "desk-login", "correct horse"


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.default)


def written(message, sender=SENDER, to=TO):
    return parsed(letter(message, sender, to))


@asynccontextmanager
async def relay(server, *, deadline=5.0, tls=None, security=Security.NONE, host="127.0.0.1", **login):
    settings = SmtpServer(host, SENDER, server.port, security, timeout=timedelta(seconds=deadline), **login)
    async with SmtpRelay(settings, tls) as opened:
        yield opened


def sent(server, message=MATCH, to="jane@paper.example", **settings):
    """The answer to one message."""

    async def run():
        async with relay(server, **settings) as out:
            return await EmailChannel(out, to).send(message)

    return asyncio.run(run())


@pytest.fixture
def server():
    with MailServer() as running:
        yield running


# What stands in the mail


@pytest.mark.parametrize("message", ALL.values(), ids=ALL)
def test_the_mail_arrives_whole_with_both_parts(server, message):
    answer = sent(server, message)
    assert (answer.verdict, answer.status, answer.said) == (Verdict.DELIVERED, 250, "250 2.0.0 queued as 1")
    [received] = server.received
    assert (received.sender, received.recipients) == ("alerts@desk.example", ["jane@paper.example"])
    assert received.content == letter(message, SENDER, Mailbox("jane@paper.example"))
    mail = received.mail
    assert mail.get_content_type() == "multipart/alternative"
    text, page = mail.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == plain(message)
    assert page.get_content().replace("\r\n", "\n") == html(message)
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert not [defect for part in mail.walk() for defect in part.defects]


@pytest.mark.parametrize("message", ALL.values(), ids=ALL)
def test_every_line_is_ascii_and_short_and_ends_with_crlf(message):
    content = letter(message, SENDER, TO)
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert content.isascii()
    for line in content.split(b"\r\n"):
        assert len(line) <= 78 or line.startswith(b"List-Unsubscribe: <https:")


def test_the_headers_of_a_match():
    mail = written(MATCH)
    assert dict(mail.items()) == {
        "From": "Test Desk <alerts@desk.example>",
        "To": "Jane Roe <jane@paper.example>",
        "Subject": "[Asylum watch] Minister defends asylum figures as crossings fall",
        "Date": "Tue, 03 Nov 2026 14:05:09 +0000",
        "Message-ID": "<msg_2Xk9@desk.example>",
        "List-Id": '"Asylum watch" <asylum-watch.alerts.desk.example>',
        "List-Unsubscribe": f"<{MATCH.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "X-Syndicator-Event": "match",
        "MIME-Version": "1.0",
        "Content-Type": mail["Content-Type"],
    }


def test_corrections_and_kills_join_the_thread_of_what_they_take_back():
    assert (written(CORRECTION)["In-Reply-To"], written(CORRECTION)["References"]) == (
        "<msg_2Xk9@desk.example>",
        "<msg_2Xk9@desk.example>",
    )
    assert written(KILL)["In-Reply-To"] == "<msg_2Xk9@desk.example>"
    assert written(KILL)["References"] == "<msg_2Xk9@desk.example> <msg_2Xka@desk.example>"
    assert written(KILL)["Importance"] == "high"
    assert written(MATCH)["In-Reply-To"] is None
    assert written(MATCH)["Importance"] is None


def test_a_long_thread_keeps_its_root_and_its_newest():
    ids = re.findall("<[^>]+>", written(replace(KILL, follows=tuple(f"msg_{n}" for n in range(500))))["References"])
    assert len(ids) == 21
    assert (ids[0], ids[-1]) == ("<msg_0@desk.example>", "<msg_499@desk.example>")


@pytest.mark.parametrize(
    ("unsubscribe", "header", "one_click"),
    [
        ("https://desk.example/stop/x", "<https://desk.example/stop/x>", True),
        ("http://desk.example/stop/x", "<http://desk.example/stop/x>", False),
        ("https://desk.example/" + "x" * 800, "<https://desk.example/" + "x" * 800 + ">", True),
        ("https://desk.example/" + "x" * 2_000, None, False),
        ("https://desk.example/a>, <mailto:x@y.example", None, False),
        ("https://desk.example/a\r\nBcc: x@y.example", None, False),
        ("mailto:x@y.example", None, False),
        (None, None, False),
    ],
    ids=["https", "http", "long", "too long", "bracket", "newline", "mailto", "none"],
)
def test_one_click_is_offered_over_https_only_and_its_url_stays_whole(unsubscribe, header, one_click):
    content = letter(replace(MATCH, unsubscribe=unsubscribe), SENDER, TO)
    assert parsed(content)["List-Unsubscribe"] == header
    assert (parsed(content)["List-Unsubscribe-Post"] is not None) == one_click
    assert header is None or header.encode() in content
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "title",
    [
        "Азил: све више захтева за азил у Београду овог новембра, кажу надлежни",
        "日本語" * 30,
        "\N{GRINNING FACE}" * 40,
        "é",
    ],
    ids=["cyrillic", "no spaces", "four bytes", "one letter"],
)
def test_a_subject_outside_ascii_reads_the_same_again(title):
    message = replace(MATCH, items=(replace(ITEM, title=Excerpt(title)),))
    content = letter(message, SENDER, TO)
    assert parsed(content)["Subject"] == subject(message)
    for line in re.search(rb"Subject: (.*?)\r\n(?! )", content, re.DOTALL)[1].split(b"\r\n "):
        assert re.fullmatch(rb"=\?utf-8\?b\?[A-Za-z0-9+/=]+\?=", line)
        assert len(line) <= 75


def test_text_in_cyrillic_goes_as_base64_and_english_as_quoted_printable():
    serbian = replace(MATCH, items=(replace(ITEM, excerpt=Excerpt("Азил у Београду. " * 50)),))
    encodings = [part["Content-Transfer-Encoding"] for part in written(serbian).iter_parts()]
    assert encodings[0] == "base64"
    assert [part["Content-Transfer-Encoding"] for part in written(MATCH).iter_parts()] == ["quoted-printable"] * 2


def test_lines_that_begin_with_a_dot_arrive_as_they_were(server):
    message = replace(MAINTENANCE, lines=("Disk", ".", "..", ".hidden", "From here"))
    sent(server, message)
    body = server.mails[0].get_body(("plain",)).get_content()
    assert "\n\n.\n\n..\n\n.hidden\n\nFrom here\n" in body.replace("\r\n", "\n")


@pytest.mark.parametrize("message", ALL.values(), ids=ALL)
def test_the_same_message_is_the_same_bytes(message):
    again = replace(message, items=tuple(replace(item) for item in message.items))
    assert letter(message, SENDER, TO) == letter(again, SENDER, TO)


def test_the_boundary_is_no_line_of_any_part():
    content = letter(replace(MATCH, items=(replace(ITEM, excerpt=Excerpt("--=_" + "0" * 40)),)), SENDER, TO)
    assert len(list(parsed(content).iter_parts())) == 2


@pytest.mark.parametrize(
    ("home", "host"),
    [
        ("https://desk.example/news", "desk.example"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("https://вести.срб/", "xn--b1aew7aa.xn--90a3ac"),
        ("", "syndicator.invalid"),
        ("http://[::1]/", "syndicator.invalid"),
        ("http://[broken", "syndicator.invalid"),
        ("https://a b>\r\nBcc: x/", "syndicator.invalid"),
    ],
)
def test_the_message_id_stands_on_the_newsrooms_host(home, host):
    message_id = written(replace(MATCH, home=home))["Message-ID"]
    assert message_id.startswith("<msg_2Xk9@")
    if not host.startswith("xn--"):
        assert message_id == f"<msg_2Xk9@{host}>"
    else:
        assert re.fullmatch(r"<msg_2Xk9@(xn--[a-z0-9]+\.){1}xn--[a-z0-9]+>", message_id)


def test_a_delivery_id_that_is_none_makes_no_header():
    mail = written(replace(MATCH, id="msg 1>\r\nBcc: x", follows=("msg\x00<0>",)))
    assert (mail["Message-ID"], mail["In-Reply-To"]) == ("<msg1Bccx@desk.example>", "<msg0@desk.example>")


@pytest.mark.parametrize("alert_id", ["a.b@c", "x" * 200, "ö", "a\r\nBcc: x", "-a", ""])
def test_an_alert_of_any_id_has_a_list_of_its_own_or_none(alert_id):
    value = written(replace(MATCH, alert_id=alert_id))["List-Id"]
    if alert_id:
        assert re.fullmatch(r'"Asylum watch" <alert-[0-9a-f]{16}\.alerts\.desk\.example>', value)
    else:
        assert value is None


# Hostile text

TAGS = {"html", "head", "meta", "title", "style", "body", "div", "p", "h1", "h2", "mark", "b", "a", "br", "bdi", "span"}
HEADERS = {name.lower() for name in written(KILL)} | {name.lower() for name in written(MATCH)}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_becomes_a_header_or_markup(text):
    for base in ALL.values():
        message = replace(hostile(text, base), home=text, alert_id=text or None)
        content = letter(message, Mailbox(SENDER.address, text), Mailbox(TO.address, text))
        mail = parsed(content)
        assert {name.lower() for name in mail} <= HEADERS
        assert len(mail.keys()) == len(set(mail.keys()))
        assert [address.addr_spec for address in mail["From"].addresses] == ["alerts@desk.example"]
        assert [address.addr_spec for address in mail["To"].addresses] == ["jane@paper.example"]
        assert mail["Subject"].isprintable()
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert len(content) < 100_000
        page = Elements()
        page.feed(mail.get_body(("html",)).get_content())
        assert page.tags <= TAGS
        assert not [name for name in page.attributes if name.startswith("on")]
        assert all(link.startswith("https://") for link in page.links)


class Elements(HTMLParser):
    """What a page is made of."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "background")]


@given(st.text(st.characters(), max_size=200))
def test_any_text_can_be_mailed(text):
    mail = written(hostile(text), to=Mailbox(TO.address, text), sender=Mailbox(SENDER.address, text))
    assert {name.lower() for name in mail} <= HEADERS
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\rb", "a\x00", "é", "a\r\n\r\nb"])
def test_a_field_that_would_begin_another_is_refused(value):
    with pytest.raises(ValueError, match="Subject is not one header field"):
        field("Subject", value)


def test_the_page_marks_words_links_to_the_article_and_fetches_nothing():
    page = html(MATCH)
    elements = Elements()
    elements.feed(page)
    assert elements.links == [ITEM.url, ITEM.url, MATCH.unsubscribe]
    assert re.findall("<b>(.*?)</b>", page) == ["asylum", "small boats", "asylum", "dinghy"]
    assert not re.search(r"url\(|@import|<img|<link|<script", page)
    assert html(KILL).count("<a ") == 1  # the way out of the list, and none to what was withdrawn
    assert html(DIGEST).count("<h2") == 12


# Addresses


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("jane@paper.example", "jane@paper.example", ""),
        ("  jane@paper.example ", "jane@paper.example", ""),
        ("Jane Roe <jane+news@paper.example>", "jane+news@paper.example", "Jane Roe"),
        ('"Roe, Jane" <jane@paper.example>', "jane@paper.example", "Roe, Jane"),
        ("Јана <jane@paper.example>", "jane@paper.example", "Јана"),
        ("jane@Bücher.example", "jane@xn--bcher-kva.example", ""),
        ("root@localhost", "root@localhost", ""),
    ],
)
def test_addresses_are_read_and_their_domains_made_ascii(text, address, name):
    assert Mailbox.parse(text) == Mailbox(address, name)


@pytest.mark.parametrize(
    "text",
    [
        *("", "jane", "@paper.example", "jane@", "jane@@paper.example", "a@b.example, c@d.example"),
        *("jane@paper.example>\r\nRCPT TO:<x@y.example", "ja ne@paper.example"),
        *("jane@pap er.example", "jane@[127.0.0.1]", '"ja ne"@paper.example', "jan\u00e9@paper.example"),
        *("Jane\r\nBcc: x <jane@paper.example>", "Ja\u202ene <jane@paper.example>"),
        *("jane@stra\u00dfe.example", "jane@-x.example", "jane@x..example", "jane@" + "a" * 64 + ".example"),
        *("x" * 65 + "@paper.example", "jane@paper.example\x00", "jane@" + "a." * 130 + "example", ".jane@x.example"),
        *("jane@\u202epaper.example", "Jane <jane@x.example> <y@z.example>", "jane@\ud800.example"),
    ],
)
def test_what_is_not_one_plain_address_is_refused(text, server):
    with pytest.raises(ValueError, match="address"):
        Mailbox.parse(text)
    answer = sent(server, to=text)
    assert (answer.verdict, answer.answered, server.commands) == (Verdict.PERMANENT, False, [])
    assert answer.said.isprintable()


def test_a_name_with_quotes_and_commas_is_one_name():
    mail = written(MATCH, to=Mailbox("jane@paper.example", 'Roe, "Jane" \\ <x@y.example>'))
    [address] = mail["To"].addresses
    assert (address.addr_spec, address.display_name) == ("jane@paper.example", 'Roe, "Jane" \\ <x@y.example>')


# What the server's answers mean


@pytest.mark.parametrize(
    ("step", "reply", "expected"),
    [
        (Step.CONNECT, "554 5.7.1 no service for you", Verdict.TEMPORARY),
        (Step.CONNECT, "421 too busy", Verdict.TEMPORARY),
        (Step.HELLO, "550 bad name", Verdict.TEMPORARY),
        (Step.TLS, "454 no TLS today", Verdict.TEMPORARY),
        (Step.LOGIN, "535 5.7.8 wrong password", Verdict.TEMPORARY),
        (Step.LOGIN, "534 5.7.9 needs an app password", Verdict.TEMPORARY),
        (Step.SENDER, "550 5.7.1 sender not yours", Verdict.TEMPORARY),
        (Step.SENDER, "530 5.7.0 must log in", Verdict.TEMPORARY),
        (Step.SENDER, "552 5.3.4 too large", Verdict.PERMANENT),
        (Step.SENDER, "552 too large", Verdict.PERMANENT),
        (Step.RECIPIENT, "550 5.1.1 unknown user", Verdict.PERMANENT),
        (Step.RECIPIENT, "550 no such user here", Verdict.PERMANENT),
        (Step.RECIPIENT, "551 user not local", Verdict.PERMANENT),
        (Step.RECIPIENT, "553 mailbox name not allowed", Verdict.PERMANENT),
        (Step.RECIPIENT, "556 5.1.10 null MX", Verdict.PERMANENT),
        (Step.RECIPIENT, "550 5.2.1 mailbox disabled", Verdict.PERMANENT),
        (Step.RECIPIENT, "552 5.2.2 mailbox full", Verdict.TEMPORARY),
        (Step.RECIPIENT, "552 mailbox full", Verdict.TEMPORARY),
        (Step.RECIPIENT, "553 5.1.8 sender domain unknown", Verdict.TEMPORARY),
        (Step.RECIPIENT, "550 relay not permitted", Verdict.TEMPORARY),
        (Step.RECIPIENT, "554 5.7.1 Relay access denied", Verdict.TEMPORARY),
        (Step.RECIPIENT, "530 log in first", Verdict.TEMPORARY),
        (Step.RECIPIENT, "450 4.2.0 greylisted", Verdict.TEMPORARY),
        (Step.RECIPIENT, "421 4.3.2 shutting down", Verdict.TEMPORARY),
        (Step.CONTENT, "550 5.7.1 looks like spam", Verdict.PERMANENT),
        (Step.CONTENT, "554 transaction failed", Verdict.PERMANENT),
        (Step.CONTENT, "552 5.3.4 too large", Verdict.PERMANENT),
        (Step.CONTENT, "550 5.7.26 not authenticated by SPF or DKIM", Verdict.TEMPORARY),
        (Step.CONTENT, "550 5.4.5 daily quota exceeded", Verdict.TEMPORARY),
        (Step.CONTENT, "503 5.5.1 bad sequence", Verdict.TEMPORARY),
        (Step.CONTENT, "451 4.3.0 try later", Verdict.TEMPORARY),
        (Step.CONTENT, "250 2.0.0 queued", Verdict.DELIVERED),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_only_the_address_and_the_content_are_refused_for_good(step, reply, expected):
    assert verdict(step, int(reply[:3]), reply[4:]) is expected


@pytest.mark.parametrize(
    ("step", "reply", "expected", "status"),
    [
        ("connect", "554 go away", Verdict.TEMPORARY, 554),
        ("connect", "421 busy", Verdict.TEMPORARY, 421),
        ("ehlo", "421 busy", Verdict.TEMPORARY, 421),
        ("mail", "451 4.3.0 later", Verdict.TEMPORARY, 451),
        ("mail", "550 5.7.1 not your address", Verdict.TEMPORARY, 550),
        ("rcpt", "550 5.1.1 unknown", Verdict.PERMANENT, 550),
        ("rcpt", "451 4.7.1 greylisted", Verdict.TEMPORARY, 451),
        ("rcpt", "421 4.3.2 bye", Verdict.TEMPORARY, 421),
        ("data", "554 5.6.0 content refused", Verdict.PERMANENT, 554),
        ("data", "452 4.3.1 disk full", Verdict.TEMPORARY, 452),
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_a_refusal_is_an_answer_with_its_code_and_its_words(server, step, reply, expected, status):
    server.on(step, reply)
    answer = sent(server)
    assert (answer.verdict, answer.status, answer.answered) == (expected, status, True)
    assert reply in answer.said
    assert server.received == []


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_dropped_line_is_worth_another_try(server, step):
    server.on(step, DROP)
    answer = sent(server)
    assert (answer.verdict, answer.status, answer.answered) == (Verdict.TEMPORARY, None, False)
    assert answer.said.isprintable()


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_hangs_is_left_at_the_deadline(server, step):
    server.on(step, HANG)
    start = time.monotonic()
    answer = sent(server, deadline=0.3)
    assert time.monotonic() - start < 2
    assert (answer.verdict, answer.status, answer.answered) == (Verdict.TEMPORARY, None, False)
    assert "took longer than 0.3 s" in answer.said


def test_a_lost_acknowledgement_is_tried_again_as_the_same_mail(server):
    server.on("data", DROP, times=1)

    async def run():
        async with relay(server) as out:
            channel = EmailChannel(out, "jane@paper.example")
            return [await channel.send(MATCH), await channel.send(MATCH)]

    lost, retried = asyncio.run(run())
    assert (lost.verdict, retried.verdict) == (Verdict.TEMPORARY, Verdict.DELIVERED)
    assert "may have taken the mail" in lost.said
    first, second = server.received
    assert first.content == second.content


def test_a_lost_acknowledgement_on_a_used_connection_is_not_sent_again_at_once(server):
    async def run():
        async with relay(server) as out:
            channel = EmailChannel(out, "jane@paper.example")
            await channel.send(MATCH)
            server.on("data", DROP, times=1)
            return await channel.send(CORRECTION)

    assert asyncio.run(run()).verdict is Verdict.TEMPORARY
    assert len(server.received) == 2


def test_greylisting_ends_in_delivery(server):
    server.on("rcpt", "451 4.7.1 come back", times=3)
    verdicts = [sent(server).verdict for _ in range(4)]
    assert verdicts == [Verdict.TEMPORARY] * 3 + [Verdict.DELIVERED]


def test_a_mail_over_the_servers_limit_is_refused_for_good_before_it_is_sent():
    with MailServer(data_size_limit=1_000) as server:
        answer = sent(server)
    assert (answer.verdict, answer.status) == (Verdict.PERMANENT, 552)
    assert "while naming the sender" in answer.said


def test_nobody_listening_is_worth_another_try():
    with MailServer() as server:
        pass
    answer = sent(server)
    assert (answer.verdict, answer.status, answer.answered) == (Verdict.TEMPORARY, None, False)
    assert f"127.0.0.1:{server.port} failed while connecting" in answer.said


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 80 + ".example", "a..b", "bad host"])
def test_a_host_that_can_not_be_found_is_an_answer(server, host):
    answer = sent(server, host=host)
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert answer.said.isprintable()


@pytest.mark.parametrize(
    "speech",
    [
        b"",
        b"hello\r\n",
        b"220 " + b"x" * 100_000,
        b"\xff\xfe\x00\r\n",
        b"220-a\r\n" * 9_000,
        b"220\x1b[2J \xc2\x9bok\r\n",
    ],
    ids=["nothing", "no code", "endless line", "binary", "endless reply", "escape"],
)
def test_a_server_that_speaks_no_smtp_is_an_answer(speech):
    async def talk(_reader, writer):
        writer.write(speech)
        await writer.drain()
        writer.close()

    async def run():
        listening = await asyncio.start_server(talk, "127.0.0.1", 0)
        async with listening:
            settings = SmtpServer(
                "127.0.0.1",
                SENDER,
                listening.sockets[0].getsockname()[1],
                Security.NONE,
                timeout=timedelta(seconds=1),
            )
            async with SmtpRelay(settings) as out:
                return await EmailChannel(out, "jane@paper.example").send(MATCH)

    answer = asyncio.run(run())
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert answer.said.isprintable()
    assert len(answer.said) <= 300


def test_a_server_that_drips_is_left_at_the_deadline():
    async def drip(_reader, writer):
        try:
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def run():
        listening = await asyncio.start_server(drip, "127.0.0.1", 0)
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            settings = SmtpServer("127.0.0.1", SENDER, port, Security.NONE, timeout=timedelta(seconds=0.3))
            async with SmtpRelay(settings) as out:
                start = time.monotonic()
                answer = await EmailChannel(out, "jane@paper.example").send(MATCH)
                return answer, time.monotonic() - start

    answer, took = asyncio.run(run())
    assert answer.verdict is Verdict.TEMPORARY
    assert took < 2


# Encryption and login


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority, name="127.0.0.1"):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def client_context(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_login_and_mail_go_over_the_encrypted_line(authority, implicit):
    with MailServer(users={USER: PASSWORD}, tls=server_context(authority), implicit=implicit) as server:
        answer = sent(
            server,
            security=Security.TLS if implicit else Security.STARTTLS,
            tls=client_context(authority),
            username=USER,
            password=PASSWORD,
        )
        assert answer.verdict is Verdict.DELIVERED
        assert (server.received[0].encrypted, server.logins[0]) == (True, (USER, PASSWORD))


def test_nothing_is_sent_in_the_clear_where_the_server_has_no_starttls():
    with MailServer(users={USER: PASSWORD}, auth_in_clear=True) as server:
        answer = sent(server, security=Security.STARTTLS, username=USER, password=PASSWORD)
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "STARTTLS" in answer.said
    assert (server.logins, server.received) == ([], [])
    assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown authority", "other name"])
def test_a_certificate_that_can_not_be_trusted_stops_the_mail(authority, implicit, fault):
    name = "other.example" if fault == "other name" else "127.0.0.1"
    trusted = authority if fault == "other name" else trustme.CA()
    with MailServer(users={USER: PASSWORD}, tls=server_context(authority, name), implicit=implicit) as server:
        answer = sent(
            server,
            security=Security.TLS if implicit else Security.STARTTLS,
            tls=client_context(trusted),
            username=USER,
            password=PASSWORD,
        )
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)
    assert "certificate" in answer.said
    assert "can't be trusted" in answer.said
    assert (server.logins, server.received) == ([], [])


def test_a_server_without_tls_where_tls_was_expected_is_an_answer(server):
    answer = sent(server, security=Security.TLS, deadline=2)
    assert (answer.verdict, answer.answered) == (Verdict.TEMPORARY, False)


def test_a_wrong_password_is_said_clearly_and_without_the_password(authority):
    with MailServer(users={USER: PASSWORD}, tls=server_context(authority)) as server:
        answer = sent(
            server, security=Security.STARTTLS, tls=client_context(authority), username=USER, password="hunter22"
        )
        assert server.logins
    assert (answer.verdict, answer.status, answer.answered) == (Verdict.TEMPORARY, 535, True)
    assert "check [smtp] username and password" in answer.said
    # The test's server quotes both.
    assert "hunter22" not in answer.said
    assert USER not in answer.said


def test_a_login_in_the_clear_is_for_loopback_alone(monkeypatch):
    with MailServer(users={USER: PASSWORD}, auth_in_clear=True) as server:
        login = {"username": USER, "password": PASSWORD}
        assert sent(server, **login).verdict is Verdict.DELIVERED
        monkeypatch.setattr("syndicator.delivery.smtp_session.SmtpSession._is_loopback", lambda _self: False)
        server.logins.clear()
        answer = sent(server, **login)
    assert (answer.verdict, server.logins) == (Verdict.TEMPORARY, [])
    assert 'set security = "starttls" or "tls"' in answer.said


def test_secrets_are_in_no_repr():
    shown = repr(SmtpServer("mail.example", SENDER, username=USER, password=PASSWORD))
    assert USER not in shown
    assert PASSWORD not in shown


def test_we_introduce_ourselves_without_asking_the_dns(server, monkeypatch):
    monkeypatch.setattr("socket.getfqdn", lambda *_: pytest.fail("getfqdn asks the DNS"))
    monkeypatch.setattr("socket.gethostname", lambda: "not_a_name")
    assert sent(server).verdict is Verdict.DELIVERED
    assert "EHLO [127.0.0.1]" in " ".join(server.commands)


# Connections


def test_a_connection_is_kept_for_the_next_mail_and_shared_by_addresses(server):
    async def run():
        async with relay(server) as out:
            for number in range(5):
                await EmailChannel(out, f"reader{number}@paper.example").send(MATCH)

    asyncio.run(run())
    assert (len(server.received), server.connections, server.quits) == (5, 1, 1)


def test_a_connection_that_the_server_closed_costs_no_attempt(server):
    async def run():
        async with relay(server) as out:
            channel = EmailChannel(out, "jane@paper.example")
            first = await channel.send(MATCH)
            server.hang_up()
            return [first, await channel.send(CORRECTION)]

    assert [answer.verdict for answer in asyncio.run(run())] == [Verdict.DELIVERED] * 2
    assert server.connections == 2


@pytest.mark.parametrize("reply", ["421 4.4.2 idle too long", DROP], ids=["421", "drop"])
def test_a_kept_connection_that_turns_out_dead_is_replaced_within_the_same_send(server, reply):
    async def run():
        async with relay(server) as out:
            channel = EmailChannel(out, "jane@paper.example")
            await channel.send(MATCH)
            server.on("mail", reply, times=1)
            return await channel.send(CORRECTION)

    assert asyncio.run(run()).verdict is Verdict.DELIVERED
    assert (len(server.received), server.connections) == (2, 2)


def test_a_fresh_connection_that_drops_is_not_tried_a_second_time(server):
    server.on("mail", DROP)
    assert sent(server).verdict is Verdict.TEMPORARY
    assert server.connections == 1


def test_an_idle_connection_says_goodbye(server, monkeypatch):
    monkeypatch.setattr(smtp, "IDLE_S", 0.05)

    async def run():
        async with relay(server) as out:
            await EmailChannel(out, "jane@paper.example").send(MATCH)
            await asyncio.to_thread(server.wait_until, lambda: server.quits)
            return server.quits

    assert asyncio.run(run()) == 1


def test_a_connection_is_changed_before_the_server_tires_of_it(server, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_MAILS", 3)

    async def run():
        async with relay(server) as out:
            for _ in range(7):
                assert (await EmailChannel(out, "jane@paper.example").send(MATCH)).status == 250

    asyncio.run(run())
    assert server.connections == 3


def test_a_slow_recipient_delays_nobody_else(server):
    server.on("rcpt", HANG, recipient="slow@paper.example")

    async def run():
        async with relay(server, deadline=1.5) as out:
            slow = asyncio.create_task(EmailChannel(out, "slow@paper.example").send(MATCH))
            await asyncio.to_thread(server.wait_until, lambda: any("slow@" in each for each in server.commands))
            start = time.monotonic()
            others = [await EmailChannel(out, f"r{n}@paper.example").send(MATCH) for n in range(10)]
            return others, time.monotonic() - start, slow.done(), await slow

    others, took, slow_was_done, slow = asyncio.run(run())
    assert [answer.verdict for answer in others] == [Verdict.DELIVERED] * 10
    assert took < 1
    assert not slow_was_done
    assert slow.verdict is Verdict.TEMPORARY


def test_many_at_once_share_a_few_connections(server):
    async def run():
        async with relay(server) as out:
            channels = [EmailChannel(out, f"r{number}@paper.example") for number in range(60)]
            return await asyncio.gather(*(channel.send(MATCH) for channel in channels))

    assert {answer.verdict for answer in asyncio.run(run())} == {Verdict.DELIVERED}
    assert len({mail.recipients[0] for mail in server.received}) == 60
    assert server.connections <= smtp.MAX_CONNECTIONS


def test_a_cancelled_send_is_cancelled_and_leaves_the_relay_well(server):
    server.on("data", HANG, times=1)

    async def run():
        async with relay(server) as out:
            channel = EmailChannel(out, "jane@paper.example")
            task = asyncio.create_task(channel.send(MATCH))
            await asyncio.to_thread(server.wait_until, lambda: "DATA" in server.commands)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await channel.send(CORRECTION)

    assert asyncio.run(run()).verdict is Verdict.DELIVERED
    assert [mail["Message-ID"] for mail in server.mails] == ["<msg_2Xka@desk.example>"]


def test_a_message_that_can_not_be_written_costs_itself_alone(server, monkeypatch):
    monkeypatch.setattr("syndicator.delivery.email.letter", lambda *_: 1 / 0)
    answer = sent(server)
    assert (answer.verdict, answer.answered, server.commands) == (Verdict.PERMANENT, False, [])


def test_a_title_that_looks_encoded_is_shown_and_not_decoded():
    title = "Calm =?utf-8?q?Evil?= sea"
    message = replace(MATCH, items=(replace(ITEM, title=Excerpt(title)),), alert=title)
    mail = written(message, to=Mailbox(TO.address, title))
    assert title in mail["Subject"]
    assert mail["To"].addresses[0].display_name == title
