"""Small pages of the web server, in the style of the feeds' pages: no script, nothing fetched."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from syndicator.publish import stylesheet

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def page_style() -> str:
    """The style that stands in every page: that of the feeds' pages, and forms."""
    return stylesheet().decode() + (_TEMPLATES / "forms.css").read_text("utf-8")


def page(template: str, *, status: int = 200, headers: dict[str, str], **context: object) -> HTMLResponse:
    """A page from one of our templates, filled in with `context`."""
    html = _templates().get_template(template).render(style=page_style(), **context)
    return HTMLResponse(html, status_code=status, headers=headers)


@cache
def _templates() -> Environment:
    """The templates, compiled once a process."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
