"""Syndicator: news in, topic feeds out. See docs/design.md for the way through the house."""

__version__ = "0.1.0"
