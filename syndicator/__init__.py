"""Syndicator: news in, topic feeds and alerts out. See docs/design.md for the way through the house."""

__version__ = "0.1.0"
