"""docs/api.md against the API: its addresses, types, objects, and the mirror that it shows."""

import json
import re
from contextlib import nullcontext

import pytest
from apiroom import api
from documents import ROOT, read
from house import house
from newsroom import BOATS, NOW, WIRE, newsroom
from wire import beside
from writers import Writer, published

from syndicator.model import Change
from syndicator.web import web_app
from syndicator.web.api import shapes

PAGE = read("docs/api.md")


def test_every_request_is_described_and_no_other(tmp_path):
    described = set(re.findall(r"^\| `([A-Z]+ /[^`?]*)(?:\?[^`]*)?` \|", PAGE.text, re.MULTILINE))
    with api(tmp_path) as room:
        paths = room.said("GET", "/openapi.json")["paths"]
    assert described == {f"{method.upper()} {path}" for path, item in paths.items() for method in item}


def test_every_parameter_of_reading_is_named(tmp_path):
    rows = {row[0].strip("`"): row[1] for row in PAGE.table("request", "what it gives")}
    with api(tmp_path) as room:
        paths = room.said("GET", "/openapi.json")["paths"]
    for request, text in rows.items():
        operation = paths[request.removeprefix("GET ")]["get"]
        named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        assert named <= set(re.findall(r"`(\w+)`", text)), request


def test_every_type_of_change_is_described():
    assert {row[0].strip("`") for row in PAGE.table("type", "what happened")} == {change.value for change in Change}


def test_every_type_of_problem_is_described():
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "syndicator" / "web" / "api").glob("*.py"))
    rows = PAGE.table("type, behind `urn:syndicator:problem:`", "status", "what more it holds")
    made = set(re.findall(r'^\s+name="([a-z-]+)",$|[( ]name="([a-z-]+)", title=', code, re.MULTILINE))
    assert {row[0].strip("`") for row in rows} == {one or other for one, other in made}


@pytest.mark.parametrize(("first", "shape"), [("id", shapes.Article), ("changes", shapes.ChangeList)])
def test_objects_that_are_shown_are_of_their_shape(first, shape):
    documents = [json.loads(block.body) for block in PAGE.blocks("json")]
    (shown,) = [each for each in documents if next(iter(each)) == first]
    assert shape.model_validate(shown).model_dump(mode="json") == shown


def test_the_mirror_that_is_shown_keeps_an_exact_copy(tmp_path):
    (block,) = PAGE.blocks("python")
    with newsroom(tmp_path, BOATS, WIRE) as room, house(room, lambda: NOW) as home:
        room.start()
        writer = Writer(room)
        with beside(nullcontext(web_app(home))) as port:
            names = {}
            exec(block.body.replace("https://news.example.org", f"http://127.0.0.1:{port}"), names)
            articles, after = {}, 0
            for acts in (
                [("publish", 0, 0), ("publish", 1, 0), ("publish", 2, 0)],
                [("publish", 0, 1), ("correct", 1, 0), ("embargo", 2, 0)],
                [("kill", 0, 0), ("release", 0, 0)],
                [("embargo", 1, 0)],
            ):
                for act in acts:
                    writer.act(*act)
                after = names["follow"](articles, after)
                assert articles == published(room.store)[1]
        writer.store.close()
    assert {article["state"] for article in articles.values()} == {"killed", "live"}
