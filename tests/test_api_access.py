"""Tokens at the API's door: RFC 6750, scopes, and that nothing of a token ever comes out."""

import json
import logging
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from apiroom import API, api
from asgi import ask
from newsroom import BOATS

from syndicator.access import SECRET_BYTES, Scope, written
from syndicator.tokendesk import TokenDesk
from syndicator.web.api.access import is_still_welcome

UNKNOWN = written(b"\x5a" * SECRET_BYTES)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """One newsroom for all: every test brings tokens of its own, and changes nothing else."""
    with api(tmp_path_factory.mktemp("room")) as opened:
        yield opened


def endpoints(room):
    """Every operation of the API about alerts: (method, path, the scope that its description names)."""
    schema = json.loads(ask(room.app, f"{API}/openapi.json").body)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if {} not in operation["security"]:
                (security,) = operation["security"]
                yield method.upper(), path, Scope(security["token"][0])


def test_every_address_about_alerts_takes_a_token_and_the_right_one(room):
    seen = list(endpoints(room))
    assert len(seen) >= 20
    for method, path, scope in seen:
        place = path.format(reference="boats", name="desk")
        reply = room.call(method, place, {} if method in {"POST", "PATCH"} else None, token="")
        assert (reply.status, reply["www-authenticate"]) == (401, "Bearer"), (method, path)
        others = room.token(*set(Scope) - {scope, Scope(scope.replace("read", "write"))})
        reply = room.call(method, place, {} if method in {"POST", "PATCH"} else None, token=others)
        assert reply.status == 403, (method, path)
        assert reply["www-authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
        assert json.loads(reply.body)["type"] == "urn:syndicator:problem:scope"


def test_reading_takes_a_reading_scope_and_changing_takes_a_writing_one(room):
    harmless = {("POST", "/preview")}
    for method, path, scope in endpoints(room):
        verb = "read" if method == "GET" or (method, path) in harmless else "write"
        assert scope.endswith(f":{verb}"), (method, path)


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {UNKNOWN}",
        "Bearer",
        "Bearer ",
        "Bearer x",
        f"bearer {UNKNOWN}",
        f"Bearer {UNKNOWN} {UNKNOWN}",
        f"Bearer {'x' * 8000}",
        "Bearer \xff",
    ],
    ids=["unknown", "bare", "empty", "malformed", "small-letters", "two", "long", "latin"],
)
def test_a_token_that_opens_nothing_is_told_so(room, header):
    reply = ask(room.app, f"{API}/alerts", headers={"Authorization": header})
    assert (reply.status, reply["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    problem = json.loads(reply.body)
    assert problem["type"] == "urn:syndicator:problem:token"
    assert UNKNOWN not in reply.body.decode()


@pytest.mark.parametrize("scheme", ["Basic YTpi", "Digest x", ""], ids=["basic", "digest", "empty"])
def test_other_ways_to_say_who_one_is_are_none_of_ours(room, scheme):
    reply = ask(room.app, f"{API}/alerts", headers={"Authorization": scheme})
    assert (reply.status, reply["www-authenticate"]) == (401, "Bearer")


def test_the_schemes_name_is_taken_in_any_case(room):
    reply = ask(room.app, f"{API}/alerts", headers={"Authorization": f"bEaReR {room.token()}"})
    assert reply.status == 200


def test_two_tokens_at_once_are_none(room):
    token = room.token()
    pairs = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert ask(room.app, f"{API}/alerts", headers=pairs).status == 401


def test_a_token_in_the_address_is_not_looked_at(room):
    reply = ask(room.app, f"{API}/alerts?access_token={room.token()}")
    assert reply.status == 401


def test_a_token_that_another_process_revokes_opens_nothing_from_then_on(room):
    token = TokenDesk(room.store).add("theirs", [Scope.ALERTS_READ], room.it.now).secret
    assert room.call("GET", "/alerts", token=token).status == 200
    done = subprocess.run(
        [sys.executable, "-m", "syndicator", "tokens", "rm", "theirs", "--config", room.it.room.root / "config.toml"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "Revoked theirs.\n"
    assert room.call("GET", "/alerts", token=token).status == 401


def test_a_token_past_its_time_opens_nothing(room, monkeypatch):
    token = room.token(Scope.ALERTS_READ, lifetime=timedelta(hours=1))
    assert room.call("GET", "/alerts", token=token).status == 200
    monkeypatch.setattr(room.it, "now", room.it.now + timedelta(hours=1))
    assert room.call("GET", "/alerts", token=token).status == 401


def test_whoever_was_let_in_stays_only_while_the_token_is_good(room):
    given = TokenDesk(room.store).add("stream", [Scope.NEWS_READ], room.it.now)
    request = SimpleNamespace(state=SimpleNamespace(token=given.row))
    assert is_still_welcome(request, room.house)
    room.store.tokens.revoke(given.row.id, room.it.now)
    assert not is_still_welcome(request, room.house)
    assert is_still_welcome(SimpleNamespace(state=SimpleNamespace()), room.house)


def test_no_token_is_ever_logged(room, caplog):
    caplog.set_level(logging.DEBUG)
    token = room.token(Scope.ALERTS_READ)
    for method, path, body in (
        ("GET", "/alerts", None),
        ("POST", "/alerts", {"name": "x"}),
        ("GET", "/nothing", None),
        ("POST", "/preview", b"{"),
    ):
        room.call(method, path, body, token=token)
    assert token not in caplog.text


def test_what_is_about_alerts_is_kept_by_nobody(room):
    for path in (
        "/alerts",
        "/alerts/boats",
        "/alerts/boats/history",
        "/destinations",
        "/destinations/desk",
        "/deliveries",
    ):
        assert room.call("GET", path)["cache-control"] == "no-store", path
    assert room.call("GET", "/alerts", token="")["cache-control"] == "no-store"


# What is public, and what is not


@pytest.mark.parametrize("path", ["/articles", "/topics", "/search?q=boat", "/changes"])
def test_what_is_public_is_read_without_a_token_but_not_with_a_bad_one(room, path):
    assert room.call("GET", path, token="").status == 200
    assert room.call("GET", path, token=room.token(Scope.ALERTS_READ)).status == 200
    reply = room.call("GET", path, token=UNKNOWN)
    assert (reply.status, reply["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_newsroom_that_reads_by_token_is_read_with_the_right_one_alone(tmp_path):
    with api(tmp_path, BOATS, '[api]\nread = "token"\n') as room:
        for path in ("/articles", "/topics", "/search?q=boat", "/changes"):
            reply = room.call("GET", path, token="")
            assert (reply.status, reply["www-authenticate"]) == (401, "Bearer"), path
            reply = room.call("GET", path, token=room.token(Scope.ALERTS_WRITE))
            assert (reply.status, reply["www-authenticate"]) == (
                403,
                'Bearer error="insufficient_scope", scope="news:read"',
            )
            assert room.call("GET", path, token=room.token(Scope.NEWS_READ)).status == 200


def test_guessing_tokens_is_paid_for_like_any_request(tmp_path):
    with api(tmp_path, BOATS, rate=4) as room:
        statuses = [room.call("GET", "/alerts", token=UNKNOWN).status for _ in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
