"""Whoever follows the changes, however often they stop and whatever they lose, ends with what is published."""

import json

import pytest
from asgi import ask
from house import house
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from newsroom import BOATS, NOW, WIRE, newsroom
from starlette.applications import Starlette
from writers import AtWork, Mirror, facts_of, published

from syndicator.web.api import api_routes

RATE = "[server]\nrate = 1000000\n"

ACTS = st.tuples(
    st.sampled_from(
        ["publish"] * 6 + ["publish_held", "correct", "correct", "kill", "embargo", "embargo", "release", "retire"]
    ),
    st.integers(0, 4),
    st.integers(0, 3),
)
POLLS = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["kept", "kept", "lost before", "lost after"])), min_size=1
)
RUNS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.thorough
@RUNS
@given(scripts=st.lists(st.lists(ACTS, min_size=5, max_size=25), min_size=2, max_size=3), polls=POLLS)
def test_a_poller_that_stops_and_resumes_ends_with_what_is_published(tmp_path_factory, scripts, polls):
    root = tmp_path_factory.mktemp("poller")
    with newsroom(root, BOATS, WIRE, RATE) as room, house(room, lambda: NOW) as home:
        room.start()
        app = Starlette(routes=api_routes(home))
        mirror, after, turn, seen = Mirror(), 0, 0, []
        with AtWork(room, scripts) as writers:
            while True:
                over = writers.done
                limit, fate = polls[turn % len(polls)]
                turn += 1
                reply = ask(app, f"/api/v1/changes?after={after}&limit={limit}")
                assert reply.status == 200, reply.body
                page = json.loads(reply.body)
                assert page["next"] >= after
                if fate == "lost before" and not over:
                    continue
                for change in page["changes"]:
                    mirror.apply(change)
                if fate == "lost after" and not over:
                    continue  # the changes were kept, the cursor was not: they come again, and do no harm
                seen += [change["seq"] for change in page["changes"]]
                after = page["next"]
                if over and not page["more"]:
                    break
        # Nothing missed, nothing twice: the numbers as one poller gets who asks at the end.
        assert seen == [change.seq for change in room.store.changes.after(0, limit=10_000).changes]
        facts, said, retired = published(room.store)
        mirror.forget(retired)
        assert facts_of(mirror.articles) == facts
        assert mirror.articles == said
