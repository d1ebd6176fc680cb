"""The API against its own openapi.json: Schemathesis asks whatever the document allows, and what it does not."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import schemathesis
from apiroom import API, LOOPBACK, api
from newsroom import BOATS, COURTS, INBOX, NOW, WIRE, rss
from outbox import DESK, alert
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema


def accepted(*statuses):
    """What may be answered to a request that keeps to the document."""
    return {"positive_data_acceptance": {"expected-statuses": ["2xx", 304, 401, 403, 404, 409, 410, *statuses]}}


def config(token, examples=3):
    """All checks; few examples of each operation, the same in every run."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {"max-examples": examples, "deterministic": True, "database": "none"},
            "phases": {"stateful": {"max-steps": 4}},
            "continue-on-failure": True,
            # A text may be no query (400), no time, and no name (422), though its length is right.
            "checks": accepted(400, 412, 422),
            "operations": [
                # Reading refuses nothing but what is no query and no cursor.
                {"include-path": path, "include-method": "GET", "checks": accepted(*statuses)}
                for path, statuses in {
                    "/articles": (400, 422),
                    "/search": (400, 422),
                    "/articles/{reference}": (),
                    "/articles/{reference}/versions": (),
                    "/topics": (),
                    "/topics/{name}": (),
                    "/sources": (),
                    "/changes": (),
                    "/stream": (),
                }.items()
            ],
        }
    )


@contextmanager
def opened(root, *parts):
    """A newsroom with news of every state, alerts, destinations and deliveries."""
    with api(root, INBOX, BOATS, COURTS, WIRE, DESK, LOOPBACK, alert(), *parts) as it:
        room = it.it.room
        room.web.pages["https://wire.example/rss"] = rss(
            *((f"{n}", f"Boat {n}", "A dinghy sank off Dover.") for n in range(6))
        )
        room.cycle()
        ids = [item["id"] for item in it.said("GET", "/articles")["articles"]]
        room.desk.correct(ids[0], "It floats.", NOW, by="ann", text="A dinghy floats.")
        room.desk.kill(ids[1], "Not so.", NOW, by="ann")
        room.desk.embargo(ids[2], NOW + timedelta(hours=1), NOW, by="ann")
        yield it


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("room")) as it:
        yield it


@pytest.fixture
def unhurried(monkeypatch):
    """Nothing waits: a long poll is over at once, and a stream after its first words."""

    async def over(*_):
        return False

    monkeypatch.setattr("syndicator.web.api.lookout.Lookout.beyond", over)
    monkeypatch.setattr("syndicator.web.api.changes.is_still_welcome", lambda *_: False)


def held_against(schema):
    """Everything that Schemathesis finds: (operations it asked, checks it made, lines about what is wrong)."""
    asked, made, wrong = set(), set(), []
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            for id_, checks in event.recorder.checks.items():
                case = event.recorder.cases[id_].value
                asked.add(case.operation.label)
                made |= {check.name for check in checks}
                wrong += [
                    f"{check.name}: {check.failure_info.failure}\n  {case.as_curl_command()}"
                    for check in checks
                    if check.failure_info is not None
                ]
        elif isinstance(event, events.NonFatalError):
            wrong.append(str(event.value))
        elif isinstance(event, events.FatalError):
            raise event.exception
    return asked, made, wrong


@pytest.mark.thorough
@pytest.mark.usefixtures("unhurried")
def test_the_api_does_what_its_document_says(room):
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", room.app, config=config(room.token()))
    asked, made, wrong = held_against(schema)
    assert not wrong, "\n".join(wrong[:10])
    document = room.said("GET", "/openapi.json")
    every = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert asked == every
    assert len(every) > 25
    assert made >= {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "positive_data_acceptance",
        "unsupported_method",
        "ignored_auth",
    }


@pytest.mark.usefixtures("unhurried")
def test_a_newsroom_that_is_read_by_token_does_what_its_own_document_says(tmp_path):
    with opened(tmp_path, '[api]\nread = "token"\n') as room:
        schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", room.app, config=config(room.token(), 1))
        asked, made, wrong = held_against(schema.exclude(tag=["alerts", "destinations", "deliveries"]))
    assert not wrong, "\n".join(wrong[:10])
    assert len(asked) == 9
    assert "ignored_auth" in made


@pytest.mark.thorough
@pytest.mark.usefixtures("unhurried")
def test_a_document_that_is_wrong_is_found_out(room, monkeypatch):
    """The test above would pass if it looked at nothing."""
    monkeypatch.setattr("syndicator.web.api.topics.as_json", lambda _: b'{"topics": "none"}')
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", room.app, config=config(room.token()))
    _, _, wrong = held_against(schema.include(path="/topics"))
    assert any(line.startswith("response_schema_conformance") for line in wrong)
