"""The built-in web server: feeds, pages, search, the API, and what only a program can answer."""

from syndicator.web.app import web_app
from syndicator.web.house import House
from syndicator.web.reading import ReadingRoom
from syndicator.web.serving import Serving

__all__ = ["House", "ReadingRoom", "Serving", "web_app"]
