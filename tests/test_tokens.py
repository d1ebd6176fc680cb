"""Tokens: what they look like, what they may do, and the commands that give them out and revoke them."""

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from newsroom import NOW, newsroom
from test_cli_alerts import Newsroom

from syndicator.access import SECRET_BYTES, Scope, fingerprint, is_written_right, may, written
from syndicator.errors import NotFoundError, StoreError, UsageError
from syndicator.tokendesk import TokenDesk

DAY = timedelta(days=1)
READ = (Scope.NEWS_READ,)


@pytest.fixture
def room(tmp_path):
    with newsroom(tmp_path) as opened:
        yield opened


@pytest.fixture
def tokens(room):
    return TokenDesk(room.store)


# What one looks like


@pytest.mark.parametrize("secret", [bytes(SECRET_BYTES), b"\xff" * SECRET_BYTES], ids=["least", "most"])
def test_a_token_is_of_one_form_whatever_its_bits(secret):
    assert re.fullmatch(r"syn_[0-9A-Za-z]{49}", written(secret))
    assert is_written_right(written(secret))


def test_no_two_numbers_make_the_same_token():
    assert len({written(number.to_bytes(SECRET_BYTES)) for number in (0, 1, 61, 62, 2**255, 2**256 - 1)}) == 6


def test_a_number_that_is_too_short_makes_no_token():
    with pytest.raises(ValueError, match="32 random bytes, not 16"):
        written(bytes(16))


def test_every_slip_of_the_pen_is_seen():
    good = written(b"\x5a" * SECRET_BYTES)
    for place in range(4, len(good)):
        other = "B" if good[place] == "A" else "A"
        assert not is_written_right(good[:place] + other + good[place + 1 :]), place


@pytest.mark.parametrize(
    "wrong",
    ["", "syn_", "syn_" + "A" * 49, "{}\n", " {}", "{}A", "SYN_{}", "{}\u0660"],
    ids=["nothing", "beginning", "no-check", "newline", "blank", "longer", "capitals", "other-digits"],
)
def test_what_is_no_token_is_told_by_its_form(wrong):
    good = written(b"\x5a" * SECRET_BYTES)
    assert not is_written_right(wrong.format(good.removeprefix("syn_") if wrong.startswith("SYN") else good))


@pytest.mark.parametrize(
    ("scopes", "wanted", "allowed"),
    [
        ({Scope.ALERTS_READ}, Scope.ALERTS_READ, True),
        ({Scope.ALERTS_WRITE}, Scope.ALERTS_READ, True),
        ({Scope.ALERTS_WRITE}, Scope.ALERTS_WRITE, True),
        ({Scope.ALERTS_READ}, Scope.ALERTS_WRITE, False),
        ({Scope.ALERTS_WRITE}, Scope.DESTINATIONS_READ, False),
        (set(Scope) - {Scope.DELIVERIES_WRITE}, Scope.DELIVERIES_WRITE, False),
        (set(), Scope.NEWS_READ, False),
    ],
    ids=["same", "write-reads", "write", "read-does-not-write", "other-noun", "all-others", "none"],
)
def test_what_a_token_may_do(scopes, wanted, allowed):
    assert may(scopes, wanted) is allowed


# Giving out and revoking


def test_a_token_is_known_again_and_its_secret_is_nowhere_kept(room, tokens):
    given = tokens.add("cms", [Scope.ALERTS_WRITE], NOW, owner="Anna")
    assert tokens.holder(given.secret, NOW).name == "cms"
    assert given.row.owner == "Anna"
    assert given.secret not in repr(given)
    assert fingerprint(given.secret) == hashlib.sha256(given.secret.encode()).hexdigest()
    body = given.secret.removeprefix("syn_").encode()
    assert all(body not in path.read_bytes() for path in room.root.glob("syndicator.db*"))


def test_a_secret_that_was_never_given_out_opens_nothing(tokens):
    tokens.add("cms", READ, NOW)
    assert tokens.holder(written(b"\x5a" * SECRET_BYTES), NOW) is None
    assert tokens.holder("x" * 1_000_000, NOW) is None


def test_a_hash_opens_nothing(tokens):
    given = tokens.add("cms", READ, NOW)
    assert tokens.holder(fingerprint(given.secret), NOW) is None


def test_a_token_revoked_by_another_process_opens_nothing_from_then_on(room, tokens):
    given = tokens.add("cms", READ, NOW)
    assert tokens.holder(given.secret, NOW)
    with newsroom(room.root) as other:
        TokenDesk(other.store).revoke("CMS", NOW)
    assert tokens.holder(given.secret, NOW) is None
    assert not room.store.tokens.is_live(given.row.id, NOW)
    assert tokens.all() == []


def test_a_token_is_good_until_its_time_is_over(room, tokens):
    given = tokens.add("cms", READ, NOW, lifetime=DAY)
    assert tokens.holder(given.secret, NOW + DAY - timedelta(seconds=1))
    assert room.store.tokens.is_live(given.row.id, NOW + DAY - timedelta(seconds=1))
    assert tokens.holder(given.secret, NOW + DAY) is None
    assert not room.store.tokens.is_live(given.row.id, NOW + DAY)


def test_a_name_is_taken_while_its_token_is_good(tokens):
    tokens.add("cms", READ, NOW, lifetime=DAY)
    with pytest.raises(UsageError, match="There is a token called 'cms' already"):
        tokens.add("CMS", READ, NOW)
    again = tokens.add("CMS", READ, NOW + DAY)
    assert [row.name for row in tokens.all()] == ["CMS"]
    tokens.revoke("cms", NOW)
    tokens.add("cms", READ, NOW)
    assert tokens.holder(again.secret, NOW) is None


@pytest.mark.parametrize(
    ("name", "scopes", "owner", "wrong"),
    [
        ("", READ, "", "name is empty"),
        ("a\nb", READ, "", "name has line breaks"),
        ("n" * 101, READ, "", "name is too long"),
        ("cms", READ, "a\x1b[2J", "owner has line breaks or control"),
        ("cms", READ, "o" * 201, "owner is too long"),
        ("cms", (), "", "without a scope would open nothing: name some of news:read"),
    ],
    ids=["empty", "two-lines", "long", "owner-control", "owner-long", "no-scope"],
)
def test_what_can_not_be_given_out(tokens, name, scopes, owner, wrong):
    with pytest.raises(UsageError, match=wrong):
        tokens.add(name, scopes, NOW, owner=owner)
    assert tokens.all() == []


def test_a_lifetime_beyond_the_calendar_is_refused(tokens):
    with pytest.raises(UsageError, match="later than any calendar goes"):
        tokens.add("cms", READ, NOW, lifetime=timedelta(days=99 * 36_600))


def test_the_last_use_is_noted_once_a_day(room, tokens):
    given = tokens.add("cms", READ, NOW)
    changes = room.store._db.conn.total_changes
    tokens.holder(given.secret, NOW)
    tokens.holder(given.secret, NOW + timedelta(hours=11))
    assert room.store._db.conn.total_changes == changes + 1
    assert tokens.find("cms").last_used == NOW.replace(hour=0)
    tokens.holder(given.secret, NOW + timedelta(hours=12))
    assert tokens.find("cms").last_used == NOW.replace(hour=0) + DAY


def test_a_use_that_can_not_be_noted_keeps_nobody_out(room, tokens, monkeypatch, caplog):
    given = tokens.add("cms", READ, NOW)

    def full(*_):
        raise StoreError("the disk is full")

    monkeypatch.setattr(room.store.tokens, "used", full)
    assert tokens.holder(given.secret, NOW)
    assert "the disk is full" in caplog.text
    assert given.secret not in caplog.text


def test_a_misspelt_name_gets_a_hint_and_a_token_in_its_place_is_not_repeated(tokens):
    given = tokens.add("newsletter", READ, NOW)
    with pytest.raises(NotFoundError, match="did you mean 'newsletter'"):
        tokens.find("newsleter")
    with pytest.raises(NotFoundError) as caught:
        tokens.find(given.secret)
    assert given.secret not in str(caught.value)


# The commands


def test_a_token_is_printed_once_and_listed_without_its_secret(tmp_path):
    room = Newsroom(tmp_path)
    line = ["tokens", "add", "cms", "--scope", "news:read", "--scope", "alerts:write"]
    said = room.run(*line, "--owner", "Anna", "--expires", "90d")
    (secret,) = re.findall(r"syn_[0-9A-Za-z]{49}", said)
    assert said.startswith("cms may alerts:write, news:read. Its token, which is not shown again:\n")
    (record,) = room.json("tokens", "list")
    assert record == {
        "name": "cms",
        "scopes": ["alerts:write", "news:read"],
        "owner": "Anna",
        "created": "2026-11-23T09:00:00Z",
        "expires": "2027-02-21T09:00:00Z",
        "expired": False,
        "last_used": None,
    }
    listed = room.run("tokens")
    assert "cms" in listed
    assert "in 90 d" in listed
    assert secret not in listed + json.dumps(record)
    assert "expired" in room.run("tokens", now="2027-03-01T00:00:00Z")
    with closing(sqlite3.connect(tmp_path / "syndicator.db")) as connection:
        assert connection.execute("SELECT hash FROM tokens").fetchall() == [(fingerprint(secret),)]


def test_the_json_of_a_new_token_holds_it(tmp_path):
    record = Newsroom(tmp_path).json("tokens", "add", "cms", "--scope", "deliveries:read")
    assert is_written_right(record["token"])


def test_a_token_is_revoked_by_its_name(tmp_path):
    room = Newsroom(tmp_path)
    room.run("tokens", "add", "cms", "--scope", "news:read")
    assert room.run("tokens", "rm", "CMS") == "Revoked cms.\n"
    assert room.json("tokens") == []
    assert room.run("tokens") == "No token yet: syndicator tokens add NAME --scope news:read\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("rm", "cms"), "No token is called 'cms'"),
        (("add", "cms", "--scope", "news:write"), "news:write"),
        (("add", "cms"), "--scope"),
        (("add", "cms", "--scope", "news:read", "--expires", "soon"), "--expires is not a duration"),
        (("add", " ", "--scope", "news:read"), "name is empty"),
    ],
    ids=["unknown", "no-such-scope", "no-scope", "no-span", "no-name"],
)
def test_wrong_use_is_refused(tmp_path, line, said):
    assert said in Newsroom(tmp_path).run("tokens", *line, code=2)
