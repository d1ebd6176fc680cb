"""The built-in web server: what only a program can serve. Private feeds of alerts, and the links that end alerts."""

from syndicator.web.app import web_app
from syndicator.web.serving import Serving

__all__ = ["Serving", "web_app"]
