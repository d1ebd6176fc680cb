"""openapi.json: what it says of tokens and of conditions, which schemas alone do not show."""

import pytest
from apiroom import api
from newsroom import BOATS, INBOX

CONDITIONS = {"304": "If-None-Match", "412": "If-Match"}


@pytest.fixture(scope="module", params=["public", "token"])
def told(request, tmp_path_factory):
    """The document of a newsroom that everybody may read, and that of one that wants a token: (mode, operations)."""
    with api(tmp_path_factory.mktemp("room"), INBOX, BOATS, f'[api]\nread = "{request.param}"\n') as room:
        paths = room.said("GET", "/openapi.json")["paths"]
    return request.param, {
        (method.upper(), path): each for path, item in paths.items() for method, each in item.items()
    }


def test_reading_wants_a_token_where_config_says_so_and_takes_one_elsewhere(told):
    mode, operations = told
    wanted = {"public": [{}, {"token": []}], "token": [{"token": ["news:read"]}]}[mode]
    reading = {path for (_, path), each in operations.items() if each["security"] == wanted}
    assert reading == {
        "/articles", "/articles/{reference}", "/articles/{reference}/versions", "/search", "/topics", "/topics/{name}",
        "/sources", "/changes", "/stream",
    }  # fmt: skip
    assert all(each["security"] for each in operations.values())


def test_every_condition_that_is_looked_at_is_a_parameter_and_no_other(told):
    _, operations = told
    for name, each in operations.items():
        headers = {parameter["name"] for parameter in each.get("parameters", ()) if parameter["in"] == "header"}
        assert headers - {"Last-Event-ID", "last-event-id"} == {
            CONDITIONS[status] for status in CONDITIONS if status in each["responses"]
        }, name
    assert {name for name, each in operations.items() if "412" in each["responses"]} == {
        ("PATCH", "/alerts/{reference}"),
        ("DELETE", "/alerts/{reference}"),
        ("POST", "/alerts/{reference}/mute"),
        ("POST", "/alerts/{reference}/feed-token"),
        ("DELETE", "/alerts/{reference}/feed-token"),
        ("PATCH", "/destinations/{name}"),
        ("DELETE", "/destinations/{name}"),
        ("POST", "/destinations/{name}/on"),
    }


def test_tags_and_addresses_of_what_can_be_changed_are_told(told):
    _, operations = told
    for thing in ("/alerts", "/destinations"):
        one = f"{thing}/{{{'reference' if thing == '/alerts' else 'name'}}}"
        assert set(operations["POST", thing]["responses"]["201"]["headers"]) == {"ETag", "Location"}
        for method in ("GET", "PATCH"):
            assert set(operations[method, one]["responses"]["200"]["headers"]) == {"ETag"}
        assert set(operations["PATCH", one]["responses"]["412"]["headers"]) == {"ETag"}
