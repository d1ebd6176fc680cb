"""The newsroom desk: pages at /desk for the people who work here. Everything works without a script."""

from syndicator.web.desk.app import desk_routes

__all__ = ["desk_routes"]
