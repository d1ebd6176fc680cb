"""The JSON API, `/api/v1`: what is published and every change of it; the newsroom's alerts, with a token."""

from syndicator.web.api.app import api_routes

__all__ = ["api_routes"]
