"""What somebody filled in: a form's fields, bounded, as text without control characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request

# The longest form corrects an article: its text, in letters that take three bytes and are sent as nine.
FORM_BYTES = 2_000_000
_FIELDS = 500
_KIND = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form by name, each with its values. What a form does not have reads as empty."""

    fields: Mapping[str, list[str]]

    @classmethod
    def of(cls, body: bytes, content_type: str) -> "Form":
        """Read a URL-encoded form; without fields where it is none."""
        if content_type.partition(";")[0].strip().lower() != _KIND:
            return cls({})
        try:
            return cls(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS))
        except ValueError:
            return cls({})

    @classmethod
    async def sent(cls, request: Request) -> "Form":
        """The form that a request brings."""
        return cls.of(await request.body(), request.headers.get("content-type", ""))

    def text(self, name: str) -> str:
        """One line or several, with line ends as they are elsewhere, without blanks around."""
        return self.lines(name).strip()

    def lines(self, name: str) -> str:
        """The same, blanks and all: for passwords and texts."""
        value = next(iter(self.fields.get(name, ())), "")
        return "".join(sign for sign in value.replace("\r\n", "\n") if sign.isprintable() or sign in "\n\t")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field that may be ticked more than once."""
        return tuple(value for value in self.fields.get(name, ()) if value.isprintable())

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.fields.get(name))
