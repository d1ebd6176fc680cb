"""Signing in at the desk through a provider of OpenID Connect: the whole way, and every way of cheating on it."""

import hmac
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from deskroom import PASSWORD, desk_room
from joserfc import jws, jwt
from newsroom import BOATS, WIRE
from oidc_provider import SECRET, OidcProvider, rsa
from receiver import Reply

from syndicator.errors import SignOnError
from syndicator.oidc import asking
from syndicator.oidc.metadata import Metadata
from syndicator.people import Role
from syndicator.web.desk import errand as errands

pytestmark = pytest.mark.usefixtures("quick_hashes")
ANNA = "anna@news.example"
COOKIE = "__Host-desk-errand"


class Newsroom:
    """A desk, its provider, and people who go from one to the other."""

    def __init__(self, desk, provider, log):
        self.desk, self.provider, self.log = desk, provider, log

    def browser(self):
        browser = self.desk.browser()
        browser.elsewhere = self.provider.visit
        return browser

    def arrive(self, following=""):
        """Somebody presses the button; the browser, and where it comes out."""
        browser = self.browser()
        return browser, browser.get("/desk/oidc" + (f"?next={following}" if following else ""))

    def kept_back(self):
        """A browser that has been to the provider, and the address it is to go back to."""
        browser, kept = self.browser(), []

        def keep(url):
            kept.append(self.provider.visit(url))
            return f"{browser.site}/desk/sign-in"

        browser.elsewhere = keep
        browser.get("/desk/oidc")
        return browser, kept[0].removeprefix(browser.site)

    def is_anybody_in(self):
        users = self.desk.room.store.users
        return any(list(users.sessions(user.id)) for user in users.all())


@contextmanager
def set_up(tmp_path, caplog, *more, people=((ANNA, Role.EDITOR),)):
    clock = []
    provider = OidcProvider(lambda: clock[0].now)
    with provider, desk_room(tmp_path, BOATS, WIRE, provider.config + "".join(more)) as desk:
        clock.append(desk)
        for name, role in people:
            desk.invite(name, role)
        yield Newsroom(desk, provider, caplog)


@pytest.fixture
def room(tmp_path, caplog):
    with set_up(tmp_path, caplog) as room:
        yield room


def refused(room, page, status, words, logged=""):
    """They are told so in plain words, the log says why, neither has a secret, and nobody is in."""
    assert (page.status, page.tree.findtext(".//h1")) == (status, "You are not signed in")
    assert words in page.words
    assert logged in room.log.text
    for secret in (SECRET, "let-me-read"):
        assert secret not in room.log.text
        assert secret not in page.words
    assert not room.is_anybody_in()


# The whole way


def test_the_button_leads_to_the_provider_and_back_to_where_somebody_wanted_to_go(room):
    browser = room.browser()
    page = browser.get("/desk/history?page=2")
    (button,) = page.tree.xpath("//main//a[@class='button']")
    assert button.text == "Newsroom single sign-on"
    page = browser.get(button.get("href"))
    assert (page.status, page.url) == (200, "/desk/history?page=2")
    assert f"You are {ANNA}, editor." in browser.get("/desk/account").words
    (note,) = [row for row in room.desk.room.store.audit.newest(limit=9) if row.act == "signed in"]
    assert (note.who, note.detail.partition(";")[0]) == (ANNA, "by Newsroom single sign-on")


def test_without_a_provider_there_is_no_button_and_no_such_address(tmp_path):
    with desk_room(tmp_path) as desk:
        assert not desk.browser().get("/desk/sign-in").tree.xpath("//a[@class='button']")
        browser = desk.signed_in("Anna")
        assert [browser.get(f"/desk/oidc{end}").status for end in ("", "/callback")] == [404, 404]


def test_what_is_asked_for_in_between_is_new_each_time_and_the_verifier_stays_here(room):
    went = []
    for _ in range(2):
        browser = room.browser()
        browser.elsewhere = lambda url: went.append(url) or room.provider.visit(url)
        browser.get("/desk/oidc")
    first, second = [parse_qs(urlsplit(url).query) for url in went]
    assert not {first[name][0] for name in ("state", "nonce", "code_challenge")} & {
        second[name][0] for name in ("state", "nonce", "code_challenge")
    }
    assert "code_verifier" not in first


def test_passwords_work_beside_it(room):
    assert room.desk.signed_in("Ben").page.url == "/desk/"
    page = room.browser().get("/desk/sign-in")
    assert page.form("Sign in")
    assert PASSWORD not in page.words


def test_a_session_is_new_and_the_one_before_is_over(room):
    browser = room.desk.signed_in("Ben")
    before = browser.cookies["__Host-desk"]
    browser.get("/desk/account")
    browser.press("Sign out")
    browser.cookies["__Host-desk"] = "chosen-by-somebody-else"
    browser.elsewhere = room.provider.visit
    browser.get("/desk/oidc")
    assert browser.cookies["__Host-desk"] not in {before, "chosen-by-somebody-else"}
    # Who is signed in is led on, without a word to the provider.
    browser.elsewhere = None
    assert browser.get("/desk/oidc?next=/desk/topics").url == "/desk/topics"


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/desk/",
        "//evil.example/desk/",
        "/elsewhere",
        "/desk/\\evil.example",
        "/desk/" + "a" * 2000,
    ],
    ids=["another site", "no scheme", "another room", "a backslash", "endless"],
)
def test_nobody_is_led_away_afterwards(room, following):
    browser, page = room.arrive(following)
    assert page.url == "/desk/"
    assert room.is_anybody_in()
    if len(following) < 1000:
        assert browser.get(f"/desk/oidc?next={following}").url == "/desk/"


def test_the_provider_may_change_its_keys(room):
    assert room.arrive()[1].url == "/desk/"
    room.provider.kid = "second"
    assert room.arrive()[1].url == "/desk/"
    assert len(room.provider.asked("/keys")) == 2


def test_what_a_provider_says_of_itself_is_asked_for_once_an_hour(room):
    for minutes in (0, 30, 31):
        room.desk.after(timedelta(minutes=minutes))
        assert room.arrive()[1].url == "/desk/"
    assert len(room.provider.asked("/.well-known/openid-configuration")) == 2


@pytest.mark.parametrize(
    "ways", [["client_secret_post"], ["client_secret_basic", "client_secret_post"]], ids=["post", "basic"]
)
def test_our_secret_goes_the_way_that_the_provider_wants(room, ways):
    room.provider.metadata["token_endpoint_auth_methods_supported"] = ways
    assert room.arrive()[1].url == "/desk/"
    (request,) = room.provider.asked("/token")
    assert ("authorization" in request.headers) is ("client_secret_basic" in ways)


# Who they are


@pytest.mark.parametrize(
    ("claim", "claims", "name"),
    [
        ("email", {"email": "Anna@NEWS.example"}, ANNA),
        ("preferred_username", {"preferred_username": "anna", "email_verified": False}, "Anna"),
        ("sub", {"sub": "248-X"}, "248-X"),
    ],
    ids=["address", "name", "id"],
)
def test_somebody_is_known_by_the_claim_in_config(tmp_path, caplog, claim, claims, name):
    with set_up(tmp_path, caplog, f'claim = "{claim}"\n', people=((name, Role.EDITOR),)) as room:
        room.provider.claims = claims
        browser, page = room.arrive()
        assert page.url == "/desk/"
        assert f"You are {name}, editor." in browser.get("/desk/account").words


def test_what_the_token_does_not_say_is_asked_for_apart(room):
    room.provider.claims = {"email": None, "email_verified": None}
    room.provider.info = {"email": ANNA, "email_verified": True}
    assert room.arrive()[1].url == "/desk/"


@pytest.mark.parametrize(
    ("claim", "said", "name"),
    [
        ("email", "mallory@news.example", ANNA),
        ("email", "erik@news.example".replace("k", "\u212a"), "erik@news.example"),
        ("preferred_username", "erik".replace("k", "\u212a"), "erik"),
        ("sub", "248-x", "248-X"),
    ],
    ids=["a stranger", "a look-alike address", "a look-alike name", "another's id by its capitals"],
)
def test_nobody_is_made_by_it_or_taken_for_somebody_else(tmp_path, caplog, claim, said, name):
    with set_up(tmp_path, caplog, f'claim = "{claim}"\n', people=((name, Role.ADMIN),)) as room:
        room.provider.claims = {claim: said}
        refused(room, room.arrive()[1], 403, f"knows you as {said}, and nobody at this desk", "nobody here")
        assert [user.name for user in room.desk.room.store.users.all()] == [name]


def test_who_was_locked_out_stays_out(room):
    room.desk.users.set_enabled(ANNA, False, room.desk.now)
    refused(room, room.arrive()[1], 403, "who may not sign in at this desk any more", "may not sign in")


@pytest.mark.parametrize("said", [False, None, "true", 1], ids=repr)
def test_an_address_that_the_provider_did_not_check_is_nobodys(room, said):
    room.provider.claims = {"email_verified": said}
    room.provider.info = {} if said is not None else {"email": ANNA}
    refused(room, room.arrive()[1], 403, f"has not checked that {ANNA} is your address", "email_verified")


@pytest.mark.parametrize(
    ("claims", "logged"),
    [
        ({"email": None}, "no usable email"),
        ({"email": ["a"]}, "no usable email"),
        ({"email": "a\n"}, "no usable email"),
    ],
    ids=["none", "a list", "with a line break"],
)
def test_a_provider_that_does_not_say_who_somebody_is_is_no_use(room, claims, logged):
    room.provider.claims = claims
    refused(room, room.arrive()[1], 502, "does not work at the moment", logged)


def test_what_is_said_apart_must_be_of_the_same_person(room):
    room.provider.claims = {"email": None}
    room.provider.info = {"sub": "another", "email": ANNA, "email_verified": True}
    refused(room, room.arrive()[1], 502, "does not work", "speaks of somebody else")


# The way back


def test_an_answer_that_was_not_asked_for_in_this_browser_signs_nobody_in(room):
    """Login CSRF: somebody is sent to the end of a stranger's way."""
    _, back = room.kept_back()
    refused(room, room.browser().get(back), 400, "begin again")
    browser, _ = room.kept_back()
    refused(room, browser.get(back), 400, "begin again")
    assert not room.provider.asked("/token")


def test_a_cookie_that_we_did_not_sign_is_none(room):
    browser, back = room.kept_back()
    browser.cookies[COOKIE] = browser.cookies[COOKIE][:-2] + "xx"
    refused(room, browser.get(back), 400, "begin again")


def test_an_answer_works_once(room):
    browser, back = room.kept_back()
    errand = browser.cookies[COOKIE]
    assert browser.get(back).url == "/desk/"
    assert not browser.cookies.pop(COOKIE).strip('"')
    browser.press("Sign out")
    refused(room, browser.get(back), 400, "begin again")
    browser.cookies[COOKIE] = errand
    refused(room, browser.get(back), 400, "begin again")
    assert len(room.provider.asked("/token")) == 1


def test_answers_that_are_over_do_not_fill_our_memory(room, monkeypatch):
    monkeypatch.setattr(errands, "_REMEMBERED", 3)
    kept = errands.Errands(room.desk.house)
    assert all(kept._is_first(kept.begun(""), room.desk.now) for _ in range(5))
    assert len(kept._over) == 3
    assert kept._is_first(kept.begun(""), room.desk.now + errands.LASTS)
    assert len(kept._over) == 1


def test_an_answer_that_comes_late_is_too_late(room):
    browser, back = room.kept_back()
    room.desk.after(errands.LASTS)
    refused(room, browser.get(back), 400, "begin again")


@pytest.mark.parametrize("name", ["code", "state", "iss"])
def test_an_answer_that_says_a_thing_twice_is_none(room, name):
    browser, back = room.kept_back()
    again = parse_qs(urlsplit(back).query).get(name, [room.provider.issuer])[0]
    refused(room, browser.get(f"{back}&{urlencode([(name, again), (name, again)])}"), 400, "begin again")


@pytest.mark.parametrize("is_promised", [True, False])
def test_a_provider_that_names_itself_must_be_ours(room, is_promised):
    room.provider.metadata = {"authorization_response_iss_parameter_supported": is_promised}
    room.provider.back = {"iss": room.provider.issuer}
    assert room.arrive()[1].url == "/desk/"
    room.desk.room.store.users.end_sessions(room.desk.room.store.users.named(ANNA).id)
    for says in ("https://evil.example", *([None] if is_promised else [])):
        room.provider.back = {"iss": says}
        refused(room, room.arrive()[1], 502, "does not work", "in the name of")
    assert len(room.provider.asked("/token")) == 1


@pytest.mark.parametrize(
    ("error", "status", "words", "logged"),
    [
        ("access_denied", 403, "was called off", "turned somebody away: access_denied: no \\x1b[31mway"),
        ("server_error", 502, "does not work at the moment", "says server_error"),
    ],
    ids=["by whoever wanted in", "by a fault there"],
)
def test_a_way_that_ends_at_the_provider_is_told_of(room, error, status, words, logged):
    room.log.set_level("INFO")
    room.provider.back = {"code": None, "error": error, "error_description": "no \\x1b[31mway" + "x" * 900}
    refused(room, room.arrive()[1], status, words, logged)
    assert "x" * 400 not in room.log.text


# The token


NOT_BELIEVED = {
    "made for another sign-in": ({"nonce": "another"}, "nonce"),
    "for no sign-in": ({"nonce": None}, "nonce"),
    "for somebody else": ({"aud": "another"}, "aud"),
    "for nobody": ({"aud": None}, "aud"),
    "for us and others": ({"aud": ["desk", "another"]}, "azp"),
    "given to somebody else": ({"azp": "another"}, "azp"),
    "of another provider": ({"iss": "https://evil.example"}, "iss"),
    "of no provider": ({"iss": None}, "iss"),
    "over": ({"exp": -61}, "exp"),
    "for ever": ({"exp": None}, "exp"),
    "until some day": ({"exp": "tomorrow"}, "exp"),
    "not made yet": ({"iat": 61}, "issued in the future"),
    "made nobody knows when": ({"iat": None}, "iat"),
    "not good yet": ({"nbf": 61}, "not yet valid"),
    "about nobody": ({"sub": None}, "sub"),
    "beside another access token": ({"at_hash": "another"}, "at_hash"),
}


@pytest.mark.parametrize(("claims", "logged"), NOT_BELIEVED.values(), ids=NOT_BELIEVED)
def test_claims_that_are_not_for_this_sign_in_are_not_believed(room, claims, logged):
    now = int(room.desk.now.timestamp())
    room.provider.claims = {name: now + said if isinstance(said, int) else said for name, said in claims.items()}
    page = room.arrive()[1]
    refused(room, page, 502, "does not work at the moment", "is not to be believed")
    assert logged in room.log.text.partition("not to be believed")[2]


@pytest.mark.parametrize("seconds", [59, -59], ids=["ahead", "behind"])
def test_clocks_may_be_a_minute_apart(room, seconds):
    now = int(room.desk.now.timestamp())
    room.provider.claims = {"iat": now + seconds, "exp": now + seconds}
    assert room.arrive()[1].url == "/desk/"


def encoded(part):
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def unsigned(header, claims):
    return ".".join([*(encoded(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims)), ""])


def of_public_key(header, claims):
    """What a library takes for good that lets the token choose: HMAC, with the key that everybody knows."""
    said = ".".join(encoded(json.dumps(part).encode()) for part in ({**header, "alg": "HS256"}, claims))
    return f"{said}.{encoded(hmac.digest(rsa('first').as_pem(private=False), said.encode(), 'sha256'))}"


FORGED = {
    "unsigned": unsigned,
    "by HMAC with the public key": of_public_key,
    "by a key under a known name": lambda header, claims: jwt.encode(header, claims, rsa("stranger")),
    "by an unknown key": lambda header, claims: jwt.encode({**header, "kid": "stranger"}, claims, rsa("stranger")),
    "by a key it brings along": lambda header, claims: jwt.encode(
        {**header, "kid": "stranger", "jwk": rsa("stranger").as_dict(private=False)}, claims, rsa("stranger")
    ),
    "no token": lambda _header, _claims: "let me in",
    "no claims": lambda header, _claims: jws.serialize_compact(header, b"[]", rsa("first"), ["RS256"]),
}


@pytest.mark.parametrize("sign", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("says_for_what", [True, False], ids=["a key for RS256", "a key for anything"])
def test_a_token_that_is_not_signed_by_the_provider_is_not_believed(room, sign, says_for_what):
    key = rsa("first").as_dict(private=False)
    room.provider.published = lambda: [key if says_for_what else {**key, "alg": None, "use": None}]
    room.provider.sign = sign
    refused(room, room.arrive()[1], 502, "does not work at the moment", "ID token")


def test_keys_that_can_only_be_secret_or_are_for_something_else_are_passed_by(room):
    ours = rsa("first").as_dict(private=False)
    others = [{"kty": "oct", "k": "AAAA", "kid": "first"}, {**ours, "use": "enc"}, {**ours, "kty": "OKP"}, "no key"]
    room.provider.published = lambda: [*others, ours]
    assert room.arrive()[1].url == "/desk/"


def test_a_token_without_the_name_of_its_key_is_believed_where_there_is_one_key(room):
    room.provider.sign = lambda _header, claims: jwt.encode({"alg": "RS256"}, claims, rsa("first"))
    browser, page = room.arrive()
    assert page.url == "/desk/"
    browser.press("Sign out")
    room.provider.published = lambda: [rsa(kid).as_dict(private=False) for kid in ("first", "stranger")]
    room.desk.after(timedelta(hours=1))
    refused(room, room.arrive()[1], 502, "does not work", "2 of the provider's keys")


# A provider in trouble


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(asking, "WITHIN", timedelta(seconds=0.3))


IN_TROUBLE = {
    "away": (Reply(drop=True), "closed the connection"),
    "hanging": (Reply(hang=True), "no answer from 127.0.0.1 in 0.3 seconds"),
    "broken": (Reply(503, b"tired"), "HTTP 503 Service Unavailable: tired"),
    "elsewhere now": (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), "redirects are not followed"),
    "endless": (Reply(body=b'{"issuer": "' + b"x" * 300_000 + b'"}'), "more than 256 KB"),
    "a page": (Reply(body=b"<html>Welcome"), "did not answer with a JSON object"),
    "a list": (Reply(body=b"[]"), "did not answer with a JSON object"),
    "a deep hole": (Reply(body=b"[" * 100_000), "did not answer with a JSON object"),
    "silent": (Reply(body=b"{}"), ""),
}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("reply", "logged"), IN_TROUBLE.values(), ids=IN_TROUBLE)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_provider_in_trouble_costs_one_page_in_plain_words(room, path, reply, logged):
    room.provider.answer(path, reply)
    refused(room, room.arrive()[1], 502, "Newsroom single sign-on does not work at the moment", logged)
    assert room.desk.browser().get("/desk/sign-in").status == 200


@pytest.mark.parametrize(
    "told",
    [lambda _: SECRET, lambda asked: asked.body.decode(), lambda asked: asked.headers["authorization"]],
    ids=["our secret", "the code and its verifier", "who we said we are"],
)
def test_what_a_provider_tells_us_of_our_own_secrets_is_not_passed_on(room, told):
    room.provider.answer("/token", lambda asked: Reply(400, told(asked).encode()))
    refused(room, room.arrive()[1], 502, "does not work", "HTTP 400 Bad Request")
    (request,) = room.provider.asked("/token")
    sent = parse_qs(request.body.decode())
    for secret in (sent["code"][0], sent["code_verifier"][0], request.headers["authorization"].split()[1]):
        assert secret not in room.log.text


@pytest.mark.parametrize(
    ("metadata", "logged"),
    [
        ({"issuer": "https://evil.example"}, "calls itself 'https://evil.example'"),
        ({"token_endpoint": "file:///etc/passwd"}, "no usable token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no usable authorization_endpoint"),
        ({"jwks_uri": None}, "no usable jwks_uri"),
        ({"token_endpoint": "http://10.1.2.3/token"}, "10.1.2.3 is not a public address"),
    ],
    ids=["another's", "a file", "a script", "no keys", "a private network that config does not name"],
)
def test_what_a_provider_says_of_itself_must_be_fit_for_use(room, metadata, logged):
    room.provider.metadata = metadata
    refused(room, room.arrive()[1], 502, "does not work", logged)


def test_a_provider_with_https_has_no_doors_without():
    said = {"issuer": "https://id.example", "authorization_endpoint": "https://id.example/a"}
    said |= {"token_endpoint": "https://id.example/t", "jwks_uri": "https://keys.example/"}
    assert Metadata.of(said, "https://id.example").keys == "https://keys.example/"
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        with pytest.raises(SignOnError, match=f"names a {name} that is not https"):
            Metadata.of({**said, name: "http://id.example/"}, "https://id.example")


def test_strangers_can_not_have_us_ask_all_day(room):
    statuses = [room.desk.browser().get("/desk/oidc/callback?state=x&code=y").status for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    page = room.desk.browser().get("/desk/oidc")
    assert (page.status, page.reply["retry-after"]) == (429, "3")


# Where Authlib is not installed


def test_everything_else_works_without_the_extra(tmp_path):
    """In an interpreter of its own, in which neither Authlib nor joserfc can be had."""
    program = """
import sys
sys.modules["authlib"] = sys.modules["joserfc"] = None
sys.path.insert(0, TESTS)
import syndicator.cli.app
from pathlib import Path
from deskroom import desk_room
from newsroom import BOATS, WIRE
OIDC = '[desk]\\noidc = {issuer = "https://id.example", client_id = "desk", client_secret = "x"}'
with desk_room(Path(ROOT), BOATS, WIRE, OIDC) as desk:
    print(desk.room.settings.warnings)
    print(desk.browser().get("/desk/sign-in").status)
    page = desk.browser().get("/desk/oidc")
    print(page.status, page.words)
"""
    names = f"TESTS, ROOT = {str(__file__).rpartition('/')[0]!r}, {str(tmp_path)!r}\n"
    done = subprocess.run([sys.executable, "-c", names + program], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'syndicator[oidc]'") == 1
    assert "\n200\n502 " in done.stdout
    assert "Single sign-on does not work at the moment" in done.stdout
    assert "pip install 'syndicator[oidc]'" in done.stderr
