"""What is wrong with a body that can't be read is told in words; and none is read in two ways."""

import json

import pytest
from apiroom import api

from syndicator.web.api.jsonbodies import read

UNREADABLE = {
    "deep": (b"[" * 60_000, "nested too deeply"),
    "deep-object": (b'{"a":' * 10_000, "nested too deeply"),
    "no-utf-8": (b'{"query": "\xff"}', "byte 12 is not UTF-8"),
    "utf-16": ('{"query": "boat"}'.encode("utf-16"), "byte 1 is not UTF-8"),
    "mark": ('\ufeff{"query": "boat"}'.encode(), "UTF-8 BOM"),
    "digits": (b'{"days": ' + b"1" * 5000 + b"}", "too many digits"),
    "twice": (b'{"query": "boat", "query": "sea"}', "it has the key 'query' twice"),
    "twice-within": (b'{"query": "boat", "topics": [{"a": 1, "a": 1}]}', "it has the key 'a' twice"),
    "nan": (b'{"query": NaN}', "NaN is no number"),
    "torn": (b'{"query"', "at character 9"),
    "empty": (b" ", "at character 2"),
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with api(tmp_path_factory.mktemp("room")) as opened:
        yield opened


@pytest.mark.parametrize(("body", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_can_not_be_read_is_told_why(room, body, said):
    for path in ("/preview", "/alerts", "/destinations", "/replay"):
        detail = room.refused(400, "POST", path, body)["detail"]
        assert detail.startswith("The body can't be read as JSON: "), path
        assert said in detail


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/preview", {"query": "boat \ud800"}, "body.query"),
        ("/alerts", {"name": "x", "query": "\udfff"}, "body.query"),
        ("/alerts", {"name": "\ud800", "query": "boat"}, "body.name"),
        ("/alerts", {"name": "x", "query": "boat", "topics": ["boats", "\ud800"]}, "body.topics"),
        ("/destinations", {"name": "x", "kind": "email", "to": "\ud800@desk.example"}, "body.to"),
    ],
    ids=["preview", "query", "name", "list", "destination"],
)
def test_half_a_character_is_told_where_it_stands(room, path, body, field):
    (error,) = room.refused(422, "POST", path, body)["errors"]
    assert (error["field"], error["message"]) == (field, "half of a surrogate pair is no character")


def test_both_halves_are_a_character(room):
    assert room.said("POST", "/preview", b'{"query": "\\ud800\\udf48 OR boat"}')["query"] == "\U00010348 OR boat"


@pytest.mark.parametrize("said", [{}, [], None, {"a": {"b": [1, 2.5, True, "\u00e4"]}}, {"a": {"a": 1}}], ids=repr)
def test_what_can_be_read_is_read_as_it_is(said):
    assert read(json.dumps(said).encode()) == read(json.dumps(said, ensure_ascii=False).encode()) == said
