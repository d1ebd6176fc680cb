"""Pages of the web server, in the style of the feeds' pages: no script, nothing fetched."""

from functools import cache
from pathlib import Path

from jinja2 import Environment
from starlette.responses import HTMLResponse

from syndicator.publish import PublicSite, page_context, stylesheet, templates

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def page_style() -> str:
    """The style that stands in every page: that of the feeds' pages, and forms."""
    return stylesheet().decode() + (_TEMPLATES / "forms.css").read_text("utf-8")


def page(template: str, *, status: int = 200, headers: dict[str, str], **context: object) -> HTMLResponse:
    """A page from one of our templates, filled in with `context`."""
    return HTMLResponse(_filled(template, **context), status_code=status, headers=headers)


def site_page(template: str, site: PublicSite, **context: object) -> bytes:
    """A page that looks like those in the feeds folder, and leads back to them."""
    return _filled(template, folder=site.feeds_url, **page_context(site), **context).encode()


def _filled(template: str, **context: object) -> str:
    return _templates().get_template(template).render(style=page_style(), **context)


@cache
def _templates() -> Environment:
    """The templates, compiled once a process."""
    return templates(_TEMPLATES)
