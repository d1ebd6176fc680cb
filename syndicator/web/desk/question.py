"""The page that asks before something goes for good: what goes with it, a button that does it, and a way back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import Response

from syndicator.web.desk.door import Desk
from syndicator.web.desk.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of `name`: to `verb` it, what that means (`lines`), and where the form goes with what.

    `path` and `back` are paths below the desk; `keep` is what not doing it is called.
    """

    verb: str
    name: str
    lines: tuple[str, ...]
    path: str
    back: str
    do: str = "remove"
    keep: str = "Keep it"
    fields: Mapping[str, str] = field(default_factory=dict)

    def page(self, desk: Desk, visitor: Visitor, here: str) -> Response:
        """The page that asks, where the menu has it `here`."""
        return desk.page("question.html", visitor, here=here, asked=self)
