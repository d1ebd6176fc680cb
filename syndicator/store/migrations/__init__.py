"""The schema's history. Imported in the order of the numbers, which is the order of applying."""

from syndicator.store.migrations import (
    m0001_news,
    m0004_alerts,
    m0007_tokens,
    m0008_hub,
    m0009_subscriptions,
    m0010_changes,
    m0011_operations,
    m0012_pushing,
    m0014_desk,
)
from syndicator.store.migrations.registry import migrations, split_applied

__all__ = [
    "m0001_news",
    "m0004_alerts",
    "m0007_tokens",
    "m0008_hub",
    "m0009_subscriptions",
    "m0010_changes",
    "m0011_operations",
    "m0012_pushing",
    "m0014_desk",
    "migrations",
    "split_applied",
]
