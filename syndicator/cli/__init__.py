"""The command line: one module a group of commands."""

from syndicator.cli.app import app, main

__all__ = ["app", "main"]
