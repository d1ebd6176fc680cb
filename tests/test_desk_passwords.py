"""Passwords under siege: strangers who guess wait for each other, and keep nobody out who is known."""

import asyncio
from threading import Event
from urllib.parse import urlencode

import pytest
from argon2 import PasswordHasher
from asgi import asked
from deskroom import PASSWORD, desk_room
from newsroom import BOATS, WIRE
from starlette.requests import ClientDisconnect

from syndicator.errors import CrowdedError
from syndicator.people import Role
from syndicator.web.desk import passwords
from syndicator.web.desk.passwords import MOST_WAITING, Lane

GUESS = "a guess that takes its time"
OTHER = "dinghies on the evening tide"


class Slow:
    """Real argon2id with less care; a guess is checked for as long as `free` is not set. Counts what is checked."""

    def __init__(self):
        self._quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        self.free, self.checked = Event(), []
        self.hash, self.check_needs_rehash = self._quick.hash, self._quick.check_needs_rehash

    def verify(self, kept, password):
        self.checked.append(password)
        if password == GUESS:
            self.free.wait(20)
        return self._quick.verify(kept, password)


@pytest.fixture
def slow(monkeypatch):
    it = Slow()
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: it)
    return it


@pytest.fixture
def desk(tmp_path, slow):
    with desk_room(tmp_path, BOATS, WIRE) as room:
        yield room


def guesses(desk, number):
    """So many strangers, who have left by the time that their guess is looked at."""
    for each in range(number):
        body = urlencode({"name": f"nobody {each}", "password": GUESS}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded", "x-forwarded-for": f"203.0.113.{each}"}
        yield asked(desk.app, "/desk/sign-in", "POST", headers=headers, body=body)


async def besieged(desk, slow, known):
    """The answers to a crowd of strangers, while one is checked, and to what is `known` and comes after them."""
    crowd = [asyncio.create_task(each) for each in guesses(desk, MOST_WAITING + 6)]
    refused = asyncio.as_completed(crowd)
    for _ in range(5):
        await next(refused)
    try:
        answer = await known
    finally:
        slow.free.set()
    return await asyncio.gather(*crowd), answer


def sent(browser, path, fields):
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
    }
    return asked(browser.app, path, "POST", headers=headers, body=urlencode(fields).encode())


@pytest.mark.parametrize("what", ["signing in", "a change", "a link"])
def test_a_crowd_of_strangers_keeps_nobody_out_who_is_known(desk, slow, what):
    browser = desk.signed_in("Anna")
    browser.get("/desk/account")
    proof = browser.page.proof
    new = {"password": OTHER, "again": OTHER}
    known = {
        "signing in": ("/desk/sign-in", {"name": "Anna", "password": PASSWORD}),
        "a change": ("/desk/account", {"do": "password", "proof": proof, "old": PASSWORD, **new}),
        "a link": (desk.invite("Ben", Role.VIEWER), new),
    }
    slow.checked.clear()
    crowd, answer = asyncio.run(besieged(desk, slow, sent(browser, *known[what])))
    assert answer.status == 303
    refused = [reply for reply in crowd if reply.status == 503]
    assert [reply["retry-after"] for reply in refused] == ["5"] * 5
    assert b"Very many people are signing in" in refused[0].body
    # Those who waited have left: of them nothing is hashed any more.
    assert slow.checked.count(GUESS) == 1


def test_a_lane_does_one_at_a_time_and_drops_what_nobody_waits_for():
    done = []

    async def here():
        return False

    async def left():
        return True

    async def run():
        lane = Lane("test")
        runs = [lane.run(lambda each=each: done.append(each), left if each % 2 else here) for each in range(7)]
        return await asyncio.gather(*runs, return_exceptions=True)

    results = asyncio.run(run())
    assert done == [0, 2, 4, 6]
    assert [isinstance(result, ClientDisconnect) for result in results] == [False, True] * 3 + [False]


def test_a_lane_takes_no_more_than_it_can_do_soon_and_goes_on_afterwards():
    async def here():
        return False

    async def run():
        lane = Lane("test")
        for _ in range(2):
            runs = [lane.run(lambda: None, here) for _ in range(MOST_WAITING + 3)]
            results = await asyncio.gather(*runs, return_exceptions=True)
            assert [isinstance(result, CrowdedError) for result in results] == [False] * (MOST_WAITING + 1) + [True] * 2

    asyncio.run(run())


def test_a_name_that_nobody_has_costs_as_much_as_one_that_somebody_has(desk, slow):
    desk.signed_in("Anna")
    for name in ("Anna", "nobody"):
        slow.checked.clear()
        browser = desk.browser()
        browser.get("/desk/sign-in")
        assert browser.press("Sign in", name=name, password="not this").status == 403
        assert slow.checked == ["not this"]


def test_who_is_known_and_comes_in_a_crowd_is_told_so_on_the_page_they_are_on(desk, monkeypatch):
    anna, ben = desk.signed_in("Anna"), desk.browser()
    anna.get("/desk/account")
    ben.get(desk.invite("Ben", Role.VIEWER))
    monkeypatch.setattr(passwords, "MOST_WAITING", -1)
    pages = [
        anna.press("Change password", old=PASSWORD, password=OTHER, again=OTHER),
        ben.press("Set password", password=PASSWORD, again=PASSWORD),
    ]
    assert [page.status for page in pages] == [503, 503]
    assert all("Very many people are signing in just now." in page.words for page in pages)
    monkeypatch.undo()
    assert ben.press("Set password", password=PASSWORD, again=PASSWORD).url == "/desk/"
