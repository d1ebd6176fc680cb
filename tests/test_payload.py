"""The JSON that other programs build on: docs/webhooks.md held against what `payload` gives."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example as tried
from hypothesis import given
from hypothesis import strategies as st

from syndicator.alerts.message import Event, Excerpt, Item, Message
from syndicator.delivery import payload
from syndicator.delivery.payload import VERSION
from syndicator.model import Reason, State

DOC = Path(__file__).parents[1] / "docs" / "webhooks.md"
ITEM = Item(
    article="urn:uuid:0c4f9a5e-6c1b-5a57-9d3c-2f1c7e0b8a11",
    seq=48213,
    version=1,
    state=State.LIVE,
    title=Excerpt("Appeal court halts first Rwanda flight", ((25, 31),)),
    excerpt=Excerpt("… lawyers for the asylum seekers said the Rwanda plan was unlawful …", ((18, 24), (42, 53))),
    url="https://news.example/2026/11/23/rwanda-flight",
    source="Example Wire",
    published=datetime(2026, 11, 23, 5, 58, tzinfo=UTC),
    updated=datetime(2026, 11, 23, 5, 58, tzinfo=UTC),
    story="urn:uuid:7d0a2b1e-93f4-5d0c-8a61-5b7f2f6f9c02",
    others=("The Daily Example",),
    topics=("asylum", "courts"),
    reasons=(
        Reason('"Rwanda plan"', "Rwanda plan", "text", 412, 423),
        Reason("asylum", "asylum", "text", 388, 394),
    ),
)
MESSAGE = Message(
    id="msg_2b9b6c1f0d5e4a7c",
    event=Event.MATCH,
    created=datetime(2026, 11, 23, 6, 1, 7, tzinfo=UTC),
    site="Example Newsroom",
    home="https://news.example",
    items=(ITEM,),
    alert="Rwanda plan",
    alert_id="alert_5f0c",
    query='asylum "Rwanda plan"',
)


def told(message):
    return json.loads(payload(message))


def example():
    """The first JSON block of the documentation."""
    return json.loads(re.search(r"```json\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)[1])


def paths(value, at=""):
    """Every key of a document, with the keys it is in: `items[].article.id`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{at}.{key}" if at else key
            yield path
            yield from paths(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{at}[]")


def test_the_documented_example_is_what_is_sent():
    assert example() == told(MESSAGE)
    assert list(paths(example())) == list(paths(told(MESSAGE)))  # in the same order, too


def test_every_key_is_documented():
    documented = set(re.findall(r"^\| `([^`]+)` \|", DOC.read_text("utf-8"), re.MULTILINE))
    assert set(paths(told(MESSAGE))) <= documented


@pytest.mark.parametrize("event", Event)
def test_every_event_is_documented_under_its_own_name(event):
    assert told(replace(MESSAGE, event=event))["type"] == event.value
    assert re.search(rf"^\| `{event.value}` \|", DOC.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("state", [State.LIVE, State.CORRECTED, State.KILLED])
def test_every_state_is_documented(state):
    assert f"`{state.value}`" in DOC.read_text("utf-8")


def test_the_same_message_gives_the_same_bytes():
    again = replace(MESSAGE, items=(replace(ITEM),))
    assert payload(again) == payload(MESSAGE)
    assert b"\n" not in payload(MESSAGE)


def test_times_are_utc_whatever_zone_they_come_in():
    zone = timezone(timedelta(hours=2))
    abroad = replace(MESSAGE, created=MESSAGE.created.astimezone(zone).replace(microsecond=999_999))
    assert payload(abroad) == payload(MESSAGE)


@pytest.mark.parametrize("items", [(), (ITEM,), (ITEM, replace(ITEM, seq=48214))], ids=["none", "one", "two"])
def test_one_shape_serves_none_one_and_many(items):
    body = told(replace(MESSAGE, items=items))
    assert [item["article"]["seq"] for item in body["items"]] == [item.seq for item in items]
    assert set(body) == set(example())


def test_maintenance_has_lines_and_no_alert():
    lines = ("Disk nearly full", "2 MB are left.")
    body = told(Message("msg_1", Event.MAINTENANCE, MESSAGE.created, "Desk", "", lines=lines))
    assert (body["alert"], body["items"], body["lines"]) == (None, [], list(lines))


def test_a_kill_repeats_nothing_of_what_was_withdrawn():
    killed = replace(ITEM, state=State.KILLED, title=Excerpt("Withdrawn: Example Wire", ((0, 9),)), note="Not so.")
    body = told(replace(MESSAGE, event=Event.KILL, items=(killed,), follows=("msg_0",)))
    (item,) = body["items"]
    assert item["article"] | {"state": "killed", "note": "Not so."} == item["article"]
    assert (item["excerpt"], item["matches"]) == ("", [])
    assert item["highlights"] == {"title": [], "excerpt": []}
    assert item["story_id"] == ITEM.story
    assert body["follows"] == ["msg_0"]


def test_the_link_that_ends_an_alert_is_not_in_it():
    assert payload(replace(MESSAGE, unsubscribe="https://news.example/stop/s1gned")) == payload(MESSAGE)


def test_offsets_count_characters():
    excerpt = Excerpt("🕊 Београд", ((2, 9),))
    (item,) = told(replace(MESSAGE, items=(replace(ITEM, excerpt=excerpt),)))["items"]
    (span,) = item["highlights"]["excerpt"]
    assert item["excerpt"][span["start"] : span["end"]] == "Београд"


def test_other_scripts_go_as_they_are():
    assert "Београд".encode() in payload(replace(MESSAGE, site="Београд"))


@tried("lone \ud800 surrogate")
@given(st.text(st.characters(exclude_categories=())))
def test_no_text_can_break_it(text):
    body = payload(replace(MESSAGE, site=text, items=(replace(ITEM, title=Excerpt(text)),)))
    assert b"\n" not in body
    assert json.loads(body)["site"]["title"] == text.encode("utf-8", "replace").decode()


def test_the_documentation_names_this_version():
    assert VERSION == 1
    assert '"version": 1' in DOC.read_text("utf-8")


def test_the_documented_verification_accepts_what_we_sign_and_nothing_else():
    """The Python of the documentation is run as it stands there."""
    from syndicator.delivery.signing import signature_headers

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)
    now = datetime.now(UTC)
    body = payload(MESSAGE)
    headers = signature_headers(MESSAGE.id, body, ("whsec_" + "A" * 32, secret), now)
    assert len(blocks) == 2
    for block in blocks:
        names = {"SECRET": secret}
        exec(block, names)
        accepted = names["accepted"]
        assert accepted(body, headers)
        assert not accepted(body + b" ", headers)
        assert not accepted(body, signature_headers(MESSAGE.id, body, (secret,), now - timedelta(minutes=10)))
        assert not accepted(body, headers | {"webhook-id": "msg_other"})
        assert not accepted(body, {})
