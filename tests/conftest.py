"""What holds for all tests.

Tests marked `thorough` take ten seconds and more to prove in full what others prove in part. CI runs them all, with
THOROUGH in the environment; `make test` says which it leaves out.
"""

import os

import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from syndicator.web.desk import passwords

# How long one example takes says nothing on a machine that does other things as well.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
THOROUGH = bool(os.environ.get("THOROUGH"))


def pytest_collection_modifyitems(items):
    if not THOROUGH:
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="it takes long: THOROUGH=1 make test runs it, as CI does"))


@pytest.fixture
def quick_hashes(monkeypatch):
    """Real argon2id, with less care: for tests in which people sign in."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: quick)
