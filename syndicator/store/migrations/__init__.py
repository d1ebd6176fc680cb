"""The schema's history. Imported in the order of the numbers, which is the order of applying."""

from syndicator.store.migrations import m0001_news, m0004_alerts
from syndicator.store.migrations.registry import migrations

__all__ = ["m0001_news", "m0004_alerts", "migrations"]
